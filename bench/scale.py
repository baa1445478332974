"""The third mode: what does not show in a single operation.

Threads, numbers of elements, numbers of live wrappers and objects, memory, and the time to import. Each figure comes
from processes of its own, lupa's and ours one after the other.
"""

import statistics
import subprocess
from dataclasses import dataclass

from bench.process import ROOT, Failed, WorkerProcess
from bench.rounds import progress

ELEMENTS = ["keys", "values", "items", "table_from", "table_from_dict", "python_iter"]
#: How many wrappers or objects are alive.
LIVE = [10, 1000, 100_000, 1_000_000]
#: One workload of each group that is not about elements, with the number of times that it runs.
CROWDED = {
    "call/3 mixed": 20_000,
    "callback/1 integer": 20_000,
    "table/get by string": 20_000,
    "wrap/object in, known": 20_000,
    "wrap/object in, new": 20_000,
    "wrap/table out, new": 20_000,
    "create/table(1, 2, 3)": 20_000,
    "attribute/read an integer": 20_000,
    "string/in, 10 B, ASCII": 20_000,
    "coroutine/next": 20_000,
    "coroutine/creation and end": 5_000,
    "error/exception through Lua and back": 5_000,
    "eval/eval": 5_000,
}
CROWDS = ["wrappers", "objects"]
MEMORY = {"object": 200_000, "wrapper": 200_000, "runtime": 300}
IMPORT = "import time; start = time.process_time(); import lupa.{}; print(time.process_time() - start)"
IMPORTS = 15


@dataclass(frozen=True)
class Row:
    """One figure of both packages; None where a package failed."""

    section: str
    name: str
    number: int
    unit: str
    lupa: float
    ours: float


def powers(largest):
    """10, 100, ... up to the largest."""
    number = 10
    while number <= largest:
        yield number
        number *= 10


def measure(packages, runtime, sections, largest):
    """The rows of the sections, as they come."""
    for section in sections:
        yield from SECTIONS[section](packages, runtime, largest)
    progress("")


def ask_both(packages, runtime, *request):
    """The answers of lupa and ours, each from a new process."""
    progress(f"{runtime}: {' '.join(map(str, request))}")
    answers = []
    for package in packages:
        with WorkerProcess(package, runtime, module="bench.scale_worker") as worker:
            worker.PATIENCE = 600
            try:
                answers.append(worker.ask(*request))
            except Failed:
                answers.append(None)
    return answers


def threads(packages, runtime, _):
    """How much of the work of one thread two of them do in the same time: 2 is all that can be had."""
    one, two = (ask_both(packages, runtime, "threads", number, 5) for number in (1, 2))
    speedups = [2 * single / double if single and double else None for single, double in zip(one, two)]
    yield Row("threads", "work of two threads, two runtimes", 2, "times", *speedups)


def elements(packages, runtime, largest):
    for kind in ELEMENTS:
        for number in powers(largest):
            yield Row("elements", kind, number, "ns", *ask_both(packages, runtime, "elements", kind, number))


def crowds(packages, runtime, largest):
    for kind in CROWDS:
        for path, operations in CROWDED.items():
            for number in (live for live in LIVE if live <= largest):
                found = ask_both(packages, runtime, "crowded", kind, number, path, operations)
                yield Row(f"live {kind}", path, number, "ns", *found)


def memory(packages, runtime, _):
    for kind, number in MEMORY.items():
        yield Row("memory", kind, number, "bytes", *ask_both(packages, runtime, "memory", kind, number))


def imports(packages, runtime, _):
    """The time that the first import of a runtime takes, in processes that have imported nothing else."""
    seconds = {package: [] for package in packages}
    for _ in range(IMPORTS):
        for package in packages:
            command = [package.python, "-c", IMPORT.format(runtime)]
            done = subprocess.run(command, cwd=ROOT, env=package.environment(0), capture_output=True, check=True)
            seconds[package].append(float(done.stdout))
    yield Row("import", "first import", IMPORTS, "ns", *(statistics.median(each) * 1e9 for each in seconds.values()))


SECTIONS = {"threads": threads, "elements": elements, "crowds": crowds, "memory": memory, "import": imports}
