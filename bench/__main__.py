"""`python -m bench MODE`: see `--help`, and README.md beside this file."""

import argparse
import os
import pathlib
import sys

from bench import instructions, pages, report, scale, table
from bench.figures import figure
from bench.process import Package
from bench.rounds import Plan, measure
from bench.workloads import GROUPS, selected

RUNTIMES = ["lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21"]


def packages(options):
    """lupa and ours, in this order."""
    if not options.lupa:
        sys.exit("--lupa, or LUPA_ORACLE_PYTHON, must name the Python of an environment with lupa 2.8")
    return [Package("lupa", options.lupa, options.lupa_path), Package("ours", options.ours, options.ours_path)]


def workloads(options):
    found = selected(options.patterns)
    if not found:
        sys.exit(f"no workload matches {' '.join(options.patterns)}; `python -m bench list` shows them")
    return found


def show_list(_):
    """The groups and their workloads."""
    for group in GROUPS:
        print(f"{group.name}: {group.about}")
        for workload in group.workloads:
            print(f"    {workload.path}")


def measure_time(options):
    """Nanoseconds of both packages, and their ratio."""
    plan = Plan(options.processes, options.rounds, options.turn / 1000, options.clock)
    on_each_runtime(options, "ns", plan, lambda *arguments: measure(*arguments, plan))


def count_instructions(options):
    """Instructions of both packages under callgrind, and their ratio."""
    if not instructions.available():
        sys.exit("counting instructions needs valgrind")
    on_each_runtime(options, "instructions", None, instructions.count)


def on_each_runtime(options, unit, plan, measured):
    """Print the table of each runtime, and write the file, as soon as there is something new."""
    about, figures = {}, []
    for runtime in options.runtimes:
        about[runtime], samples = measured(packages(options), runtime, workloads(options))
        figures += map(figure, samples)
        content = report.document(about, figures, unit, plan)
        print(table.text(content, runtime), end="\n\n", flush=True)
        if options.json:
            report.save(options.json, content)
    if any(package == "ours" for each in figures for package, _ in each.failures):
        sys.exit("a workload failed with our package")


def measure_scale(options):
    """Threads, numbers of elements and objects, memory, import."""
    rows = {}
    for runtime in options.runtimes:
        rows[runtime] = []
        print(f"{runtime}: {table.SCALE_COLUMNS}")
        for row in scale.measure(packages(options), runtime, options.sections or scale.SECTIONS, options.largest):
            rows[runtime].append(row)
            print(table.scale_line(row), flush=True)
        if options.json:
            report.save(options.json, report.scale_document(rows))


def write_page(options):
    """The figures of a file of `time` into README.md, with the plot."""
    content = report.load(options.file)
    if content["about"].get("unit") != "ns":
        sys.exit(f"{options.file} has no times in it")
    pages.write(content)


def runtime_list(text):
    names = text.split(",")
    unknown = [name for name in names if name not in RUNTIMES]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown runtime {', '.join(unknown)}")
    return names


def section(text):
    if text not in scale.SECTIONS:
        raise argparse.ArgumentTypeError(f"there is no section {text}")
    return text


def add_selection(mode):
    mode.add_argument("patterns", nargs="*", metavar="PATTERN", help="group or group/name, with * and ?; default: all")
    add_packages(mode)


def add_packages(mode):
    oracle = os.environ.get("LUPA_ORACLE_PYTHON")
    mode.add_argument("--lupa", metavar="PYTHON", default=oracle, help="has lupa 2.8; default: LUPA_ORACLE_PYTHON")
    mode.add_argument("--lupa-path", metavar="FOLDER", default="", help="holds lupa, where it is not installed")
    mode.add_argument("--ours", metavar="PYTHON", default=sys.executable, help="has our package; default: this one")
    mode.add_argument("--ours-path", metavar="FOLDER", default="", help="holds our package, where it is not installed")
    mode.add_argument("--runtimes", type=runtime_list, default=["lua54"], help="default: lua54", metavar="NAME,...")
    mode.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures there too")


def parser():
    main = argparse.ArgumentParser(prog="python -m bench", description="lupa 2.8 and this package side by side")
    modes = main.add_subparsers(required=True, metavar="MODE")

    listing = modes.add_parser("list", help="show the workloads")
    listing.set_defaults(run=show_list)

    timing = modes.add_parser("time", help="nanoseconds per operation of both, and the ratio")
    timing.set_defaults(run=measure_time)
    add_selection(timing)
    timing.add_argument("--processes", type=int, default=3, help="pairs of fresh processes; default: 3")
    timing.add_argument("--rounds", type=int, default=20, help="rounds in each pair; default: 20")
    timing.add_argument("--turn", type=float, default=4, metavar="MS", help="milliseconds of a turn; default: 4")
    timing.add_argument("--clock", choices=["cpu", "wall"], default="cpu", help="default: cpu")

    counting = modes.add_parser("instructions", help="instructions per operation of both, under callgrind")
    counting.set_defaults(run=count_instructions)
    add_selection(counting)

    scaling = modes.add_parser("scale", help="threads, numbers of elements and of live objects, memory, import")
    scaling.set_defaults(run=measure_scale)
    sections = ", ".join(scale.SECTIONS)
    scaling.add_argument("sections", nargs="*", type=section, metavar="SECTION", help=f"{sections}; default: all")
    scaling.add_argument("--largest", type=int, default=10_000_000, metavar="N", help="elements; default: 10 million")
    add_packages(scaling)

    page = modes.add_parser("page", help="write the figures of a file of `time` to README.md, and the plot")
    page.set_defaults(run=write_page)
    page.add_argument("file", type=pathlib.Path, metavar="FILE")
    return main


if __name__ == "__main__":
    options = parser().parse_args()
    options.run(options)
