"""The prompt on a terminal, as a user has it: with prompt_toolkit, and with what Python brings."""

import importlib.util
import os
import subprocess
import sys

import pytest

import lupa

pytestmark = [
    pytest.mark.deviation,
    pytest.mark.skipif(os.name == "nt", reason="the tests need pseudo-terminals"),
]

NEEDED = ("pexpect", "pyte", "prompt_toolkit")
if all(map(importlib.util.find_spec, NEEDED)):
    from terminal import CONTROL_C, CONTROL_D, TAB, UP, Terminal

READERS = {"prompt_toolkit": [], "readline": ["prompt_toolkit"], "input": ["prompt_toolkit", "readline"]}


@pytest.fixture(params=READERS)
def reader(request):
    if request.param == "readline" and importlib.util.find_spec("readline") is None:
        pytest.skip("this Python was built without readline")
    return request.param


@pytest.fixture
def terminal(tmp_path):
    """Start the command line in a terminal."""
    for needed in NEEDED:
        if importlib.util.find_spec(needed) is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{needed} is not installed")
    started = []

    def start(*words, reader="prompt_toolkit", **env):
        environment = {"LUPA_HISTORY": str(tmp_path / "history"), **env}
        started.append(Terminal(*words, missing=READERS[reader], env=environment))
        return started[-1]

    yield start
    for each in started:
        each.program.close(force=True)


@pytest.fixture
def prompt(terminal, reader):
    opened = terminal(reader=reader)
    opened.shows(">")
    return opened


def test_it_greets_and_ends(prompt):
    assert prompt.lines[0].startswith(lupa.LuaRuntime().lua_implementation + " (lupa-rs ")
    prompt.type(CONTROL_D)
    assert prompt.end() == 0


def test_a_value_is_shown(prompt):
    prompt.type("{1, 2, x = 'three'}\r")
    prompt.shows('{1, 2, x = "three"}', ">")


def test_a_chunk_of_several_lines(prompt):
    for line in ("function f(a)", "return a * 2", "end"):
        prompt.type(line + "\r")
    prompt.shows("> function f(a)", ">> return a * 2", ">> end", ">")
    prompt.type("f(21)\r")
    prompt.shows("> f(21)", "42", ">")


def test_ctrl_c_gives_up_a_line_and_a_chunk(prompt):
    prompt.type("x = 'given up'")
    prompt.shows("> x = 'given up'")
    prompt.type(CONTROL_C)
    prompt.wait_for(lambda lines: lines[-1] == ">", "a new prompt")
    prompt.type("function f()\r")
    prompt.shows(">>")
    prompt.type(CONTROL_C)
    prompt.wait_for(lambda lines: lines[-1] == ">", "a new prompt")
    prompt.type("x, f\r")
    prompt.shows("nil", "nil", ">")


def test_ctrl_c_in_a_callback_comes_back_to_the_prompt(prompt):
    prompt.type("python.builtins.print('sleeping') python.builtins.__import__('time').sleep(60)\r")
    prompt.shows("sleeping")
    prompt.type(CONTROL_C)
    prompt.shows("^Cinterrupted", ">")


def test_the_history_is_kept(terminal, reader):
    if reader == "input":
        pytest.skip("input() has no history without readline")
    first = terminal(reader=reader)
    first.shows(">")
    first.type("40 + 2\r")
    first.shows("42", ">")
    first.type(CONTROL_D)
    assert first.end() == 0
    second = terminal(reader=reader)
    second.shows(">")
    second.type(UP)
    second.shows("> 40 + 2")
    second.type("0\r")
    second.shows("60", ">")


def test_names_are_completed(terminal, reader):
    if reader == "input":
        pytest.skip("input() completes nothing without readline")
    prompt = terminal(reader=reader)
    prompt.shows(">")
    prompt.type("longname = 7\r")
    for typed, completed, answer in [
        ("longn", "longname", "7"),
        ("python.builtins.isinst", "python.builtins.isinstance", "<built-in function isinstance>"),
    ]:
        prompt.wait_for(lambda lines: lines[-1] == ">", "a prompt")
        prompt.type(typed + TAB)
        prompt.shows(f"> {completed}")
        prompt.type("\r")
        prompt.shows(answer, ">")


@pytest.mark.parametrize("how", ["prompt", "script"])
def test_errors_are_coloured(terminal, how):
    if how == "prompt":
        opened = terminal()
        opened.type("error('boom')\r")
    else:
        opened = terminal("-e", "error('boom')")
    opened.shows_somewhere("stack traceback:")
    opened.shows_somewhere("in main chunk")
    assert opened.colours_of(":1: boom") == {"red"}
    assert "cyan" in opened.colours_of("[C]:")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_errors_are_not_coloured_where_that_is_not_wanted(terminal, env):
    opened = terminal("-e", "error('boom')", **env)
    opened.shows_somewhere("in main chunk")
    assert opened.colours_of(":1: boom") == {"default"}
    assert opened.end() == 1


def test_errors_are_not_coloured_in_a_pipe(lupa_command):
    assert "\x1b" not in lupa_command("-e", "error('boom')", status=1).err


def test_a_dumb_terminal_has_a_plain_prompt(terminal):
    opened = terminal(TERM="dumb")
    opened.shows(">")
    opened.type("1 + 1\r")
    opened.shows("2", ">")


def test_no_history_is_kept_where_none_is_wanted(terminal, reader, tmp_path):
    opened = terminal(reader=reader, LUPA_HISTORY="", XDG_STATE_HOME=str(tmp_path))
    opened.shows(">")
    opened.type("1\r")
    opened.shows("1", ">")
    opened.type(CONTROL_D)
    assert opened.end() == 0
    assert list(tmp_path.iterdir()) == []


def test_the_history_is_among_the_states_of_programs(terminal, tmp_path):
    opened = terminal(LUPA_HISTORY=None, XDG_STATE_HOME=str(tmp_path))
    opened.shows(">")
    opened.type("40 + 2\r")
    opened.shows("42", ">")
    opened.type(CONTROL_D)
    assert opened.end() == 0
    assert "40 + 2" in (tmp_path / "lupa" / "history").read_text()


def test_a_history_that_cannot_be_kept_is_not(terminal, tmp_path):
    (tmp_path / "file").write_text("")
    opened = terminal(LUPA_HISTORY=None, XDG_STATE_HOME=str(tmp_path / "file"))
    opened.shows(">")
    opened.type("1 + 1\r")
    opened.shows("2", ">")


def test_scripts_do_not_load_what_the_prompt_needs():
    program = "import sys; from lupa.__main__ import main; main(['-e', '']); print('prompt_toolkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
