"""The worker of `bench.scale`: what grows with the number of elements, wrappers, objects or threads.

    python -m bench.scale_worker RUNTIME DESCRIPTOR

Every figure is the best of some attempts: here it is the machine that makes the difference between them.
"""

import gc
import importlib
import os
import sys
import threading
import time
from multiprocessing.connection import Connection

from bench.worker import serve
from bench.workloads import find

ATTEMPTS = 3
#: As many elements, or operations, as one attempt has at least.
ENOUGH = 100_000

LUA_WORK = "function(n) local x = 0 for i = 1, n do x = (x + i * 7) % 1013 end return x end"
LUA_SUM = "function(v) local sum = 0 for x in python.iter(v) do sum = sum + x end return sum end"


class ScaleWorker:
    """Each method measures one thing, with everything new."""

    def __init__(self, runtime):
        self.lupa = importlib.import_module("lupa." + runtime)

    def threads(self, number, milliseconds):
        """Seconds of `number` threads, each with a runtime and the same work of about so many milliseconds."""
        works = [self.lupa.LuaRuntime().eval(LUA_WORK) for _ in range(number)]
        size = calibrated(works[0], milliseconds / 1000)
        return min(together(works, size) for _ in range(ATTEMPTS))

    def elements(self, kind, number):
        """Nanoseconds for one element."""
        lua = self.lupa.LuaRuntime()
        once = getattr(Elements, kind)(lua, number)
        times = max(1, ENOUGH // number)
        return best(lambda: [once() for _ in range(times)]) * 1e9 / (times * number)

    def crowded(self, kind, number, path, operations):
        """Nanoseconds of a workload while `number` wrappers, or wrapped objects, are alive."""
        workload = find(path)
        lua = workload.runtime(self.lupa)
        crowd = getattr(Crowd, kind)(lua, number)
        run = workload.prepare(lua)
        gc.collect()
        run(operations // 10)
        seconds = best(lambda: run(operations))
        del crowd
        return seconds * 1e9 / operations

    def memory(self, kind, number):
        """Bytes of the process for one object."""
        return getattr(Memory, kind)(self.lupa, number)


def best(call):
    return min(timed(call) for _ in range(ATTEMPTS))


def timed(call, *arguments):
    start = time.thread_time_ns()
    call(*arguments)
    return (time.thread_time_ns() - start) / 1e9


def calibrated(work, seconds):
    """The argument with which the work takes about so long."""
    size = 1000
    while timed(work, size) < seconds:
        size *= 2
    return size


def together(works, size):
    """Seconds of the day until all threads are done."""
    gate = threading.Barrier(len(works) + 1)

    def thread(work):
        gate.wait()
        for _ in range(20):
            work(size)

    threads = [threading.Thread(target=thread, args=[work]) for work in works]
    for each in threads:
        each.start()
    start = time.perf_counter()
    gate.wait()
    for each in threads:
        each.join()
    return time.perf_counter() - start


class Elements:
    """What is done once with so many elements."""

    @staticmethod
    def array(lua, number):
        return lua.table_from(range(number))

    @classmethod
    def keys(cls, lua, number):
        table = cls.array(lua, number)
        return lambda: sum(1 for _ in table)

    @classmethod
    def values(cls, lua, number):
        table = cls.array(lua, number)
        return lambda: sum(1 for _ in table.values())

    @classmethod
    def items(cls, lua, number):
        table = cls.array(lua, number)
        return lambda: sum(1 for _ in table.items())

    @staticmethod
    def table_from(lua, number):
        items = list(range(number))
        return lambda: lua.table_from(items)

    @staticmethod
    def table_from_dict(lua, number):
        items = dict.fromkeys(range(number), 1)
        return lambda: lua.table_from(items)

    @staticmethod
    def python_iter(lua, number):
        items, consume = range(number), lua.eval(LUA_SUM)
        return lambda: consume(items)


class Thing:
    """A Python object to be held."""


class Crowd:
    """Many that are alive; the value keeps them so."""

    @staticmethod
    def wrappers(lua, number):
        new = lua.eval("function() return {} end")
        return [new() for _ in range(number)]

    @staticmethod
    def objects(lua, number):
        return lua.table_from(Thing() for _ in range(number))


class Memory:
    """The resident memory before and after, with what is not of interest allocated before."""

    @staticmethod
    def object(lupa, number):
        """A Python object that Lua holds, in a table that has room already."""
        lua = lupa.LuaRuntime()
        hold = lua.execute(
            "local n, t = ..., {} for i = 1, n do t[i] = false end return function(i, o) t[i] = o end", number
        )
        things = [Thing() for _ in range(number)]

        def fill():
            for i, thing in enumerate(things, 1):
                hold(i, thing)

        return grown(fill, number)

    @staticmethod
    def wrapper(lupa, number):
        """A wrapper of a table that Lua has already, in a list that has room already."""
        lua = lupa.LuaRuntime()
        get = lua.execute(
            "local n, t = ..., {} for i = 1, n do t[i] = {} end return function(i) return t[i] end", number
        )
        wrappers = [None] * number

        def fill():
            for i in range(number):
                wrappers[i] = get(i + 1)

        return grown(fill, number)

    @staticmethod
    def runtime(lupa, number):
        """A runtime, as it comes."""
        first = lupa.LuaRuntime()
        runtimes = [first] * number

        def fill():
            for i in range(number):
                runtimes[i] = lupa.LuaRuntime()

        return grown(fill, number)


def grown(call, number):
    """The growth of the process during a call, by the number of what it makes."""
    gc.collect()
    before = resident()
    call()
    gc.collect()
    return (resident() - before) / number


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    serve(Connection(int(sys.argv[2])), ScaleWorker(sys.argv[1]))
