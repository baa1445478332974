"""A build with the trace writes what ARCHITECTURE.md shows, without the notes on the right."""

import doctest
import os
import re
import subprocess
import sys

import audit_source as source
import pytest

NOTE = " ← "


def shown():
    """The program of the page, and the lines of its trace."""
    section = (source.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("\n## Both walks as a trace\n")[1]
    program, trace = re.findall(r"```\w+\n(.*?)```", section, re.S)[:2]
    program = "".join(example.source for example in doctest.DocTestParser().get_examples(program))
    return program, [line.partition(NOTE)[0].rstrip() for line in trace.splitlines()]


@pytest.fixture
def traced(runtime_name, tmp_path):
    """Runs a program; what the build writes of it, or a skip where the trace is not compiled in."""

    def run(program):
        file = tmp_path / "trace.txt"
        header = f"import lupa, lupa.{runtime_name}\nlupa.LuaRuntime = lupa.{runtime_name}.LuaRuntime\n"
        environment = {**os.environ, "LUPA_TRACE_FILE": str(file)}
        subprocess.run([sys.executable, "-c", header + program], env=environment, check=True)
        if not file.exists():
            (pytest.fail if os.environ.get("LUPA_TRACE") else pytest.skip)("needs a build with the trace (LUPA_TRACE=1)")
        return file.read_text(encoding="utf-8").splitlines()

    return run


def test_the_trace_is_the_one_that_the_page_shows(traced):
    program, expected = shown()
    written = traced(program)
    last_operation = max(number for number, line in enumerate(written) if line.startswith("1 operation"))
    assert written[last_operation:][: len(expected)] == expected


def test_what_is_begun_is_ended(traced):
    program, _ = shown()
    lines = traced(program + "\nfor _ in range(3):\n    try:\n        f(1, lambda n: 1 / 0)\n    except ZeroDivisionError:\n        pass\n")
    text = "\n".join(lines)
    for beginning, end in (
        ("operation: the lock", "end of the operation:"), ("into Lua", "out of Lua"),
        ("Lua asks", "back to Lua"), ("the GIL is given up", "the GIL is taken"),
    ):  # fmt: skip
        assert text.count(f" {beginning}") == text.count(f" {end}") > 0, beginning


def test_lines_of_threads_have_their_number(traced):
    lines = traced("import threading\nlua = lupa.LuaRuntime()\nthread = threading.Thread(target=lua.eval, args=('1',))\nthread.start(); thread.join()\n")
    assert {line.split(" ")[0] for line in lines} == {"1", "2"}
