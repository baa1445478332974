"""Counting instructions: the second mode, for changes that are too small for clocks.

Both packages run under valgrind's callgrind. A workload runs `count` times, then twice as often; the difference, by
`count`, is what one operation costs, without anything around it. callgrind writes its counter to a file whenever
`getloadavg` is called, which nothing but a worker does.
"""

import contextlib
import pathlib
import re
import shutil
import tempfile

from bench.process import WorkerProcess
from bench.rounds import Samples, attempt, progress

#: Seconds, under callgrind, that a run should take; and the most operations of one.
TURN, MOST = 0.1, 1024


class Counter(WorkerProcess):
    """A worker under callgrind."""

    PATIENCE = 600

    def __init__(self, package, runtime):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.file = pathlib.Path(self.folder.name, "callgrind")
        callgrind = ["valgrind", "--quiet", "--tool=callgrind", "--dump-before=getloadavg"]
        super().__init__(package, runtime, prefix=[*callgrind, f"--callgrind-out-file={self.file}"])

    def take(self):
        """The counters that were written since the last call, in their order."""
        files = sorted(self.file.parent.glob("callgrind.*"), key=lambda file: int(file.suffix[1:]))
        counters = [int(re.search(r"^summary: (\d+)", file.read_text(), re.MULTILINE)[1]) for file in files]
        for file in files:
            file.unlink()
        return counters

    def __exit__(self, *_):
        self.close()
        self.folder.cleanup()


def available():
    return shutil.which("valgrind") is not None


def count(packages, runtime, workloads):
    """What `bench.rounds.measure` gives, with one round, of instructions instead of nanoseconds."""
    samples = [Samples(runtime, workload) for workload in workloads]
    with contextlib.ExitStack() as stack:
        counters = [stack.enter_context(Counter(package, runtime)) for package in packages]
        about = {counter.package.title: counter.ask("about") for counter in counters}
        for position, each in enumerate(samples):
            progress(f"{runtime}: {position + 1} of {len(samples)}")
            count_one(counters, each)
    progress("")
    return about, samples


def count_one(counters, samples):
    """Both packages run the workload equally often, so that whatever grows has grown alike."""
    runs = [attempt(samples, counter, "prepare", samples.workload.path, TURN) for counter in counters]
    if None in runs:
        return
    often = power_of_two(min(*runs, MOST))
    found = []
    for counter in counters:
        counter.take()
        if attempt(samples, counter, "run_marked", often) is None:
            return
        _, once, twice = counter.take()
        found.append((twice - once) / (often * samples.workload.elements))
    samples.rounds.append([tuple(found)])


def power_of_two(number):
    """The greatest one that is not above the number, so that small differences of speed do not matter."""
    return 1 << (max(1, number).bit_length() - 1)
