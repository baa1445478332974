"""Run the programs with the `lupa` of this Python and one runtime; print one JSON line per program.

Usage: python worker.py RUNTIME [PROGRAM_PATTERN ...]

Needs nothing but the standard library and `import lupa`. Each program runs in a forked process of its own, so that one
that kills or hangs the interpreter is an outcome like any other.
"""

import fnmatch
import gc
import importlib
import json
import os
import resource
import select
import signal
import sys

from catalogue import CRASH, HANG, load_programs
from describe import describe, describe_exception


def outcome_of(program, package, lupa):
    """The program's result or exception as text."""
    try:
        return describe(program.run(package, lupa))
    except BaseException as exception:
        return describe_exception(exception)


def run_in_child(program, package, lupa, pipe):
    """Write the outcome to the pipe once everything that the program made is gone, which is part of the program."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    outcome = outcome_of(program, package, lupa)
    gc.collect()
    with os.fdopen(pipe, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(outcome)


def isolated_outcome(program, package, lupa):
    """Fork, run, and wait for the outcome; no outcome means a crash, none in time a hang."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            run_in_child(program, package, lupa, writing)
        finally:
            os._exit(0)
    os.close(writing)
    text = read_until_closed(reading, program.limit)
    if text is None:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    if text is None:
        return HANG
    return text.decode("utf-8", "backslashreplace") or CRASH


def read_until_closed(descriptor, seconds):
    """Everything written to a pipe, or None when its writer is still there after that time without a word."""
    chunks = []
    while select.select([descriptor], [], [], seconds)[0]:
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return None


def main(runtime, *patterns):
    """Print the outcome of every program that matches one of the patterns, or of all."""
    package = importlib.import_module("lupa")
    lupa = importlib.import_module("lupa." + runtime)
    programs = load_programs()
    gc.freeze()
    for program in programs:
        if not patterns or any(fnmatch.fnmatchcase(program.name, pattern) for pattern in patterns):
            outcome = isolated_outcome(program, package, lupa)
            print(json.dumps({"program": program.name, "outcome": outcome}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
