"""Runs the catalogue under injection, in processes of their own, so that a crash has a name and a number.

    python tests/faults/fault_runner.py lua54 luajit21

prints a table for each runtime. As a worker it runs some operations and says on its output where it is.
"""

import argparse
import contextlib
import faulthandler
import gc
import importlib
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
#: Seconds that one operation may take with all its points.
PATIENCE = int(os.environ.get("LUPA_TEST_FAULTS_PATIENCE", 120))
#: After so many crashes an operation is given up.
CRASHES = 3


def titles(module, side):
    import fault_operations

    return [title for title, operation in fault_operations.load().items() if operation.runs_on(module, side)]


# ---- in the worker ----


def work(runtime, side, extent, first, operations):
    """Run the operations, the first of them from point `first` on."""
    import fault_injection
    import fault_operations

    module = importlib.import_module(f"lupa.{runtime}")
    catalogue = fault_operations.load()
    sys.unraisablehook = lambda unraisable: None
    gc.collect()
    gc.freeze()
    for title in operations:
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        say(at=title, number=0)
        injection = fault_injection.Injection(module, title, catalogue[title], side, extent)
        report = injection.run(first, lambda number, title=title: say(at=title, number=number))
        say(report=vars(report))
        first = 1


def say(**message):
    os.write(1, json.dumps(message).encode() + b"\n")


# ---- in the process that starts workers ----


def run(runtime, side, extent, operations):
    """The reports of all operations, by title."""
    reports, waiting, first, crashes = {}, list(operations), 1, 0
    while waiting:
        command = [sys.executable, "-X", "faulthandler", __file__, "--work", runtime, side, extent, str(first), *waiting]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
        at, number = waiting[0], 0
        for line in done.stdout.splitlines():
            with contextlib.suppress(ValueError):
                message = json.loads(line)
                if "report" in message:
                    add(reports, message["report"])
                    waiting.remove(message["report"]["title"])
                    crashes = 0
                else:
                    at, number = message["at"], message["number"]
        if done.returncode == 0:
            break
        crashes += 1
        add(reports, {"title": at, "points": 0, "errors": 0, "recovered": 0, "problems": [
            f"{at}, request {number}: exit status {done.returncode}\n{done.stderr[:3000]}"]})  # fmt: skip
        first = number + 1
        if crashes >= CRASHES or number == 0:
            waiting.remove(at)
            first, crashes = 1, 0
    return reports


def add(reports, report):
    """Adds the report of a part of the points of an operation."""
    known = reports.setdefault(report["title"], {"title": report["title"], "points": 0, "errors": 0, "recovered": 0, "problems": []})
    for key in ("points", "errors", "recovered", "problems"):
        known[key] += report[key]


def summary(runtime, side, extent, reports):
    counts = [sum(report[key] for report in reports.values()) for key in ("points", "errors", "recovered")]
    problems = sum(len(report["problems"]) for report in reports.values())
    return [runtime, side, extent, len(reports), *counts, problems]


HEADINGS = ["runtime", "allocator", "fails", "operations", "points", "errors", "recovered", "problems"]


def table(rows):
    """Rows as a Markdown table."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtimes", nargs="*", default=["lua54"])
    parser.add_argument("--side", choices=["lua", "python"], action="append")
    parser.add_argument("--extent", choices=["one", "two", "all"], action="append")
    parser.add_argument("--only", help="operations whose title contains this")
    options = parser.parse_args()
    rows = []
    for runtime in options.runtimes:
        module = importlib.import_module(f"lupa.{runtime}")
        for side in options.side or ["lua", "python"]:
            operations = [title for title in titles(module, side) if not options.only or options.only in title]
            for extent in options.extent or ["one", "two", "all"]:
                reports = run(runtime, side, extent, operations)
                for report in reports.values():
                    print(*report["problems"], sep="\n", end="\n" if report["problems"] else "")
                rows.append(summary(runtime, side, extent, reports))
    print(table(rows))
    return any(row[-1] for row in rows)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    if sys.argv[1:2] == ["--work"]:
        _, _, runtime, side, extent, first, *operations = sys.argv
        work(runtime, side, extent, int(first), operations)
    else:
        sys.exit(main())
