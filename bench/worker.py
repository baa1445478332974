"""One process with one of the two packages: it does what the driver asks, and answers through a connection.

    python -m bench.worker RUNTIME DESCRIPTOR

The requests are tuples: the name of a method of `Worker`, and its arguments. An answer is `(True, result)` or
`(False, the text of an exception)`.
"""

import gc
import importlib
import os
import sys
import time
from multiprocessing.connection import Connection

from bench.workloads import find

#: The workloads have one thread and wait for nothing, so that both clocks agree on an idle machine. On a busy one the
#: first leaves out what the scheduler gives to others.
CLOCKS = {"cpu": time.thread_time_ns, "wall": time.perf_counter_ns}
#: A calibration ends when a run takes this part of a turn.
ENOUGH = 0.25
#: No more than this at once, however fast: callgrind and clocks alike are happy with less.
MOST = 10_000_000


class Worker:
    """Holds one workload at a time."""

    def __init__(self, runtime):
        self.clock = CLOCKS["cpu"]
        self.lupa = importlib.import_module("lupa." + runtime)
        self.workload = self.run = None
        self.count = 1
        gc.collect()
        gc.freeze()

    def about(self):
        """What is measured here."""
        package = importlib.import_module("lupa")
        return {
            "lupa": package.__version__,
            "implementation": self.lupa.LuaRuntime().lua_implementation,
            "python": sys.version.split()[0],
        }

    def use_clock(self, name):
        self.clock = CLOCKS[name]

    def prepare(self, path, turn):
        """Build a workload, look at its result, and find out how often it runs in `turn` seconds."""
        self.run = None
        gc.collect()
        self.workload = find(path)
        self.run = self.workload.prepare(self.workload.runtime(self.lupa))
        self.count = 1
        while self.count < MOST:
            seconds = max(self.seconds(self.count), 1e-9)
            if seconds >= ENOUGH * turn:
                self.count = max(1, round(self.count * turn / seconds))
                break
            self.count *= 2
        return self.count

    def seconds(self, count):
        start = self.clock()
        self.run(count)
        return (self.clock() - start) / 1e9

    def turn(self):
        """Run the workload for one turn: nanoseconds for one operation."""
        return self.seconds(self.count) * 1e9 / (self.count * self.workload.elements)

    def run_marked(self, count):
        """Run the workload `count` times and twice as often, with a sign for callgrind before, between and after."""
        self.run(count)
        os.getloadavg()
        self.run(count)
        os.getloadavg()
        self.run(2 * count)
        os.getloadavg()
        return count


def serve(connection, worker):
    """Answer requests until the driver has gone."""
    while True:
        try:
            name, *arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = True, getattr(worker, name)(*arguments)
        except Exception as exception:
            answer = False, f"{type(exception).__name__}: {exception}"
        connection.send(answer)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[2])), Worker(sys.argv[1]))
