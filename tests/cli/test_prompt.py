"""What the prompt does with what it is given; here through a pipe."""

import pathlib
import re

import pytest

pytestmark = pytest.mark.deviation


def test_it_greets_with_the_version_and_leaves_with_a_line(lupa_command, lua):
    assert lupa_command("-i").out == f"{lua.lua_implementation} (lupa-rs 3.0.0)\n> \n"


@pytest.mark.parametrize("line, shown", [
    ("1 + 1", "2"),
    ("= 1 + 1", "2"),
    ("=1 + 1", "2"),
    ("1, nil, true", "1\nnil\ntrue"),
    ("'text'", '"text"'),
    ("'\\255'", '"\\255"'),
    ("('f'):rep(3);", '"fff"'),
    ("{1, 2, x = {}}", "{1, 2, x = {}}"),
    ("python.builtins.len", "<built-in function len>"),
    ("select('#', ...)", "0"),
    ("return 7", "7"),
    ("x = 5", ""),
    ("-- a comment", ""),
    ("", ""),
    ("print('printed')", "printed"),
    ("(function() end)()", ""),
])  # fmt: skip
def test_a_line_and_its_answer(prompt, line, shown):
    outcome = prompt(line)
    assert (outcome.err, outcome.out) == ("", f"> {shown}\n> \n" if shown else "> > \n")


def test_globals_stay(prompt):
    assert prompt("x = 20", "x + 1").out == "> > 21\n> \n"


@pytest.mark.parametrize("lines, shown", [
    (["function f(a)", "  return a * 2", "end", "f(4)"], "> >> >> > 8\n"),
    (["x = 1 +", "2", "x"], "> >> > 3\n"),
    (["1 +", "2"], "> >> 3\n"),
    (["{", "1,", "2}"], "> >> >> {1, 2}\n"),
    (["= {", "}"], "> >> {}\n"),
    (["x = [[a", "b]]", "x"], '> >> > "a\\nb"\n'),
    (["for i = 1, 2 do", "print(i)", "end"], "> >> >> 1\n2\n"),
    (["--[[ a", "comment ]] 5"], "> >> 5\n"),
])  # fmt: skip
def test_a_chunk_may_have_several_lines(prompt, lines, shown):
    assert prompt(*lines).out == shown + "> \n"


def test_an_error_is_shown_and_the_prompt_goes_on(prompt):
    outcome = prompt("error('boom')", "1")
    assert outcome.out == "> > 1\n> \n"
    assert outcome.err.splitlines()[:2] == ["stdin:1: boom", "stack traceback:"]
    assert "in main chunk" in outcome.err and "lupa" not in outcome.err


@pytest.mark.parametrize("line", ["x = = 1", "= = 1", "x = 'not finished", "end"])
def test_a_syntax_error_is_shown_and_the_prompt_goes_on(prompt, line):
    outcome = prompt(line, "1")
    assert outcome.out == "> > 1\n> \n"
    assert outcome.err.startswith("stdin:1: ") and outcome.err.count("\n") == 1


def test_a_chunk_that_is_never_finished_is_an_error(prompt):
    outcome = prompt("x = 1", "function f()")
    assert outcome.out == "> > >> > \n"
    assert outcome.err.startswith("stdin:2: ") and "<eof>" in outcome.err


def test_a_python_exception_shows_where_both_languages_were(prompt):
    error = prompt("python.eval('[][1]')", "1").err
    assert error.startswith("IndexError: list index out of range\nTraceback ")
    assert "stdin:1:" in error and "_cli" not in error and "_interactive" not in error


def test_a_python_exception_without_a_python_frame_has_no_python_traceback(prompt):
    error = prompt("python.builtins.int('x')").err
    assert error.startswith("ValueError: invalid literal for int() with base 10: 'x'\nstack traceback:\n")


def test_what_a_chunk_reads_is_no_code(prompt):
    assert prompt("line = io.read()", "this is data", "line").out == '> > "this is data"\n> \n'


def test_a_last_line_needs_no_end(prompt):
    assert prompt("1", "2", ending="").out == "> 1\n> 2\n> \n"


def test_code_is_bytes(prompt):
    assert prompt(b"#'\xff\xfe', 'caf\xc3\xa9'").out == '> 2\n"café"\n> \n'


def test_the_prompts_can_be_chosen(prompt):
    assert prompt("_PROMPT = 'lua> ' _PROMPT2 = '... '", "1 +", "2").out == "> lua> ... 3\nlua> \n"


def test_a_prompt_that_cannot_be_shown_is_the_usual_one(prompt):
    assert prompt("_PROMPT = setmetatable({}, {__tostring = function() error('no') end})", "1").out == "> > 1\n> \n"


def test_exit_leaves(prompt):
    assert prompt("os.exit(3)", "print('not reached')", status=3).out == "> "
    assert prompt("python.builtins.exit(4)", "print('not reached')", status=4).out == "> "


def test_a_closed_input_is_its_end(prompt):
    assert prompt("io.stdin:close()", "1").err == ""


def test_the_options_come_first(lupa_command):
    assert lupa_command("-e", "x = 8", "-i", stdin=b"x\n").out.endswith("\n> 8\n> \n")


def test_the_script_comes_first(lupa_command, script):
    name = script("y = ...")
    assert lupa_command("-i", name, "argument", stdin=b"y, arg[0]\n").out.endswith(f'\n> "argument"\n"{name}"\n> \n')


def test_a_script_that_fails_has_no_prompt(lupa_command, script):
    assert "> " not in lupa_command("-i", script("error('no')"), status=1).out


def test_a_script_may_take_everything_away(prompt):
    outcome = prompt("local g = _G for name in pairs(g) do g[name] = nil end", "1 + 1", "error_of_mine()")
    assert outcome.out == "> > 2\n> > \n"
    assert "error_of_mine" in outcome.err


def test_the_example_of_the_readme(prompt):
    text = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    typed, expected = [], ""
    for line in re.search(r"^```text\n(> .*?)^```", text, re.MULTILINE | re.DOTALL)[1].splitlines():
        prompted = re.match(r"(>>? )(.*)", line)
        # A pipe shows no echo of what comes through it.
        expected += prompted[1] if prompted else line + "\n"
        typed += [prompted[2]] if prompted else []
    assert len(typed) > 3
    assert prompt(*typed).out == expected + "> \n"


def test_a_hook_that_raises_does_not_end_it(prompt):
    outcome = prompt("debug.sethook(function() error('in the hook', 0) end, 'l')", "x = 1", "x = 2")
    assert outcome.out == "> > > > \n"
    assert outcome.err.count("in the hook\n") >= 2


def test_output_of_both_languages_keeps_its_order(prompt):
    line = "io.write('lua ') python.builtins.print('python') io.write('end\\n')"
    assert prompt(line).out == "> lua python\nend\n> \n"
