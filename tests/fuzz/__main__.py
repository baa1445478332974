"""Runs generated programs against lupa; see README.md.

    python tests/fuzz --hours 1                         all runtimes, for an hour
    python tests/fuzz --hours 0.1 --runtimes lua54      one runtime
    python tests/fuzz replay lua54 1234 file.json       seeds or files
    python tests/fuzz minimise lua54 file.json          make a failing program smaller
    python tests/fuzz corpus lua54 1-5000               choose programs for the corpus
"""

import argparse
import pathlib
import sys
import time

from luafuzz import corpus, driver, minimise, worker


def run(arguments):
    parser = argparse.ArgumentParser(prog="tests/fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--runtimes", default="all", help="names with commas between them, or all")
    parser.add_argument("--first", type=int, default=None, help="the first seed; default: another one each time")
    parser.add_argument("--findings", default="fuzz-findings", help="folder for the programs that fail")
    options = parser.parse_args(arguments)
    runtimes = driver.RUNTIMES if options.runtimes == "all" else options.runtimes.split(",")
    first = int(time.time()) * 1000 if options.first is None else options.first
    print(f"seeds from {first}", flush=True)
    campaign = driver.Campaign(runtimes, first, options.findings)
    try:
        campaign.run(time.time() + options.hours * 3600)
    finally:
        print("\n".join(campaign.summary()), flush=True)
    return 1 if campaign.found else 0


def replay(arguments):
    flavour, *inputs = arguments
    findings, _ = driver.run_worker(flavour, inputs)
    for finding in findings:
        print(f"{finding.name}: {finding.text}\n{finding.details}")
    return 1 if findings else 0


def make_smaller(arguments):
    flavour, name, *times = arguments
    [(_, one)] = worker.seeds_and_programs([name])
    small = minimise.minimise(flavour, one, *map(int, times))
    place = pathlib.Path(name if name.endswith(".json") else f"{flavour}-{name}.json").with_suffix(".small.json")
    place.write_text(small.text())
    print(small.text(), place, sep="\n")
    return 0


def choose(arguments):
    flavour, *inputs = arguments
    for seed in corpus.choose(flavour, inputs):
        corpus.keep(seed)
    return 0


def work(arguments):
    flavour, *inputs = arguments
    events = "--events" in inputs
    worker.main(flavour, [text for text in inputs if text != "--events"], events)
    return 0


COMMANDS = {"worker": work, "replay": replay, "minimise": make_smaller, "corpus": choose}

if __name__ == "__main__":
    command = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    sys.exit(command(sys.argv[2:]) if command else run(sys.argv[1:]))
