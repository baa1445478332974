"""The process in which programs run. It reports each seed before it runs, so that its parent knows which one killed it."""

import faulthandler
import gc
import importlib
import os
import resource
import sys

from . import program, world

#: A program that takes longer hangs, in seconds.
PATIENCE = int(os.environ.get("LUPA_FUZZ_PATIENCE", 60))
MEMORY = int(os.environ.get("LUPA_FUZZ_MEMORY", 3 << 30))

#: The runtime of the second module of a program.
OTHER = {"lua54": "luajit21", "lua51": "lua54"}


def modules(flavour):
    """The runtime's module, and another one, if there is one."""
    other = OTHER.get(flavour, "lua54")
    lupa = importlib.import_module("lupa." + flavour)
    try:
        return lupa, flavour, importlib.import_module("lupa." + other), other
    except ImportError:
        return lupa, flavour, lupa, flavour


class Runner:
    """Runs programs in this process."""

    def __init__(self, flavour):
        self.modules = modules(flavour)
        self.unraisable = []

    def run(self, one):
        """What was wrong, and what happened."""
        findings, events = world.run(one, *self.modules)
        findings += self.unraisable
        self.unraisable.clear()
        return findings, events


def prepared(flavour):
    """A runner, and this process as programs want it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    runner = Runner(flavour)
    world.watch_unraisable(runner.unraisable)
    world.lasting_classes(runner.modules[0]), world.lasting_classes(runner.modules[2])
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    return runner


def seeds_and_programs(inputs):
    for text in inputs:
        if text.endswith(".json"):
            with open(text, encoding="utf-8") as file:
                yield text, program.Program.parse(file.read())
        else:
            first, _, last = text.partition("-")
            for seed in range(int(first), int(last or first) + 1):
                yield seed, program.generate(seed)


def main(flavour, inputs, report_events=False):
    # Programs may close or fill the standard streams.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    errors = os.fdopen(os.dup(2), "w")
    faulthandler.enable(errors)
    runner = prepared(flavour)
    for name, one in seeds_and_programs(inputs):
        print("begin", name, file=channel, flush=True)
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=errors)
        findings, events = runner.run(one)
        for finding in findings:
            print("finding", name, finding.replace("\n", " "), file=channel, flush=True)
        if report_events:
            print("events", name, *("/".join(event) for event in sorted(events)), file=channel, flush=True)
    faulthandler.cancel_dump_traceback_later()
    print("end", file=channel, flush=True)
    channel.flush()
