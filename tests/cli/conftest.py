"""Running `python -m lupa` as a user does: a process of its own, bytes in and bytes out."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def command_line(tmp_path):
    """Run the command line in an empty folder; the words may be `str` or `bytes`."""

    def run(*words, stdin=b"", status=0, env=()):
        done = subprocess.run(
            [sys.executable, "-m", "lupa", *words], input=stdin, capture_output=True, cwd=tmp_path, timeout=60,
            env={**os.environ, "PYTHONUTF8": "1", **dict(env)})
        outcome = Outcome(done.returncode, *(stream.decode(errors="surrogateescape").replace("\r\n", "\n")
                                             for stream in (done.stdout, done.stderr)))
        assert outcome.status == status, outcome
        return outcome
    return run


@pytest.fixture
def lupa_command(command_line, runtime_name, lupa_module):
    """The command line on one runtime."""

    def run(*words, **keywords):
        return command_line("--runtime", runtime_name, *words, **keywords)
    return run


@pytest.fixture
def script(tmp_path):
    """Write a script; returns the name to give on the command line."""

    def write(code, name="script.lua"):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(code if isinstance(code, bytes) else code.encode())
        return name
    return write


@pytest.fixture
def prompt(lupa_command):
    """What the prompt answers to lines from a pipe, without its greeting; prompts are on the line of what follows."""

    def talk(*lines, ending="\n", **keywords):
        text = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
        outcome = lupa_command("-i", stdin=text + ending.encode(), **keywords)
        greeting, _, rest = outcome.out.partition("\n")
        assert "(lupa-rs " in greeting
        return Outcome(outcome.status, rest, outcome.err)

    return talk
