"""Outcomes of all programs on one Python and one runtime, and the command that compares two Pythons.

Usage: python collect.py LEFT_PYTHON RIGHT_PYTHON [--runtime NAME ...] [PROGRAM_PATTERN ...]

Prints every program whose outcome differs, with both outcomes; given the same Python twice, it shows programs that
are not deterministic.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess

RUNTIMES = ("lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21")
WORKER = pathlib.Path(__file__).with_name("worker.py")


class WorkerFailed(Exception):
    """The worker could not run at all; the text is what it wrote to stderr."""


def outcomes(python, runtime, patterns=()):
    """`{program: outcome}`, from a worker process under that Python."""
    # The checkout must not shadow the package under test, and hash order must not make runs differ.
    environment = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    environment.pop("PYTHONPATH", None)
    command = [python, str(WORKER), runtime, *patterns]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8")
    if result.returncode:
        raise WorkerFailed(f"{' '.join(command)}\n{result.stderr}")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["program"]: line["outcome"] for line in lines}


def pool():
    """Room for as many workers as there are processors."""
    return concurrent.futures.ThreadPoolExecutor(os.cpu_count())


def differences_between(left, right):
    """The names of the programs whose outcomes differ."""
    return [name for name in left if left[name] != right[name]]


def main():
    """Compare two Pythons, the same differences on several runtimes together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs=2, metavar="PYTHON")
    parser.add_argument("patterns", nargs="*", metavar="PROGRAM_PATTERN")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES)
    arguments = parser.parse_args()
    runtimes = arguments.runtime or RUNTIMES
    found = collections.defaultdict(list)
    with pool() as executor:
        futures = {
            runtime: [executor.submit(outcomes, python, runtime, arguments.patterns) for python in arguments.pythons]
            for runtime in runtimes
        }
        for runtime, (left_future, right_future) in futures.items():
            left, right = left_future.result(), right_future.result()
            for name in differences_between(left, right):
                found[name, left[name], right[name]].append(runtime)
    for (name, left, right), where in found.items():
        print(f"== {name}  {' '.join(where)}\n-- {left}\n++ {right}\n")
    print(f"{len({name for name, _, _ in found})} programs differ")


if __name__ == "__main__":
    main()
