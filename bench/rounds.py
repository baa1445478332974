"""Measuring time: both packages at work alternately, in turns of a few milliseconds.

A pair of processes takes one workload after the other. Within a round each of the two has one turn, in random order,
so that whatever else the machine does falls on both. Several pairs of processes, one after the other, see to it that
an accident of one process (addresses, hash seeds) stays one of many samples.
"""

import contextlib
import random
import sys
from dataclasses import dataclass, field

from bench.process import Died, Failed, WorkerProcess


@dataclass
class Plan:
    """How long to measure."""

    processes: int = 3
    rounds: int = 20
    turn: float = 0.004
    """Seconds of one turn."""
    clock: str = "cpu"
    """A name of `bench.worker.CLOCKS`."""


@dataclass
class Samples:
    """What was measured for one workload on one runtime."""

    runtime: str
    workload: object
    rounds: list = field(default_factory=list)
    """One list for each pair of processes, of pairs (ns of lupa, ns of ours)."""
    failures: list = field(default_factory=list)
    """Pairs (title of the package, what went wrong)."""


def measure(packages, runtime, workloads, plan, random=random):
    """All samples of the workloads on one runtime. `packages` are lupa and ours, in this order."""
    samples = {workload.path: Samples(runtime, workload) for workload in workloads}
    about = None
    for number in range(plan.processes):
        seed = random.randrange(2**32)
        with contextlib.ExitStack() as stack:
            workers = [stack.enter_context(WorkerProcess(package, runtime, seed)) for package in packages]
            about = about or {worker.package.title: worker.ask("about") for worker in workers}
            for worker in workers:
                worker.ask("use_clock", plan.clock)
            # A random order, so that no workload always follows the same one.
            for position, workload in enumerate(random.sample(workloads, len(workloads))):
                progress(f"{runtime}: process {number + 1} of {plan.processes}, {position + 1} of {len(workloads)}")
                measure_one(workers, samples[workload.path], plan, random)
    progress("")
    return about, list(samples.values())


def measure_one(workers, samples, plan, random):
    """One workload in one pair of processes. A package that fails costs the workload this pair."""
    rounds = []
    for worker in workers:
        if not attempt(samples, worker, "prepare", samples.workload.path, plan.turn):
            return
    for _ in range(plan.rounds):
        turns = {}
        for worker in random.sample(workers, len(workers)):
            turns[worker.package] = attempt(samples, worker, "turn")
        if None in turns.values():
            return
        rounds.append(tuple(turns[worker.package] for worker in workers))
    samples.rounds.append(rounds)


def attempt(samples, worker, *request):
    """The worker's answer, or None; then the failure is among the samples."""
    try:
        return worker.ask(*request)
    except (Died, Failed) as failure:
        samples.failures.append((worker.package.title, str(failure)))
        return None


def progress(text):
    """One line that is written over, if somebody looks."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}", end="\r" if not text else "", file=sys.stderr, flush=True)
