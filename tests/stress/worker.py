"""Threads that do everything at once to a few runtimes, after a seeded plan. Run by test_stress.py, in a process of its own.

    python worker.py lua54 SCENARIO --seed 1 --threads 6 --operations 300 [--seconds 60]

Prints what was done as JSON. Whatever is wrong in the end (a lost update, an item twice, an object that is still alive, a
finalizer that has not run) is an assertion; a deadlock ends with the stacks of all threads.
"""

import argparse
import collections
import faulthandler
import gc
import importlib
import json
import random
import sys
import threading
import time
import weakref

#: How many runtimes the threads have: one for all, one for each, or few for many.
SCENARIOS = {"shared": lambda threads: 1, "separate": lambda threads: threads, "crosswise": lambda threads: 3}

PREPARE = """
    n = 0
    ended = 0
    function step() n = n + 1 end
    function step_at_the_end() ended = ended + 1 end
    function step_around(f) local before = n; f(); n = before + 1 end
    function call(f, ...) return f(...) end
    function count_up() local i = 0; while true do i = i + 1; coroutine.yield(i) end end
    function put(slot, object) slots[slot] = object end
    slots = {}
"""

FINALIZER = """
    function(f)
        if newproxy then
            local u = newproxy(true)
            getmetatable(u).__gc = function() f() end
        else
            setmetatable({}, {__gc = function() f() end})
        end
    end
"""


class Item:
    """An object of Python in Lua; all of them are gone in the end."""

    alive = weakref.WeakSet()

    def __init__(self):
        self.alive.add(self)
        self.value = 1


class Runtime:
    """A runtime, what is expected of it, and the coroutines that all threads step."""

    def __init__(self, module):
        self.lua = module.LuaRuntime()
        self.lua.execute(PREPARE)
        names = ("step", "step_at_the_end", "step_around", "call", "put", "count_up")
        self.step, self.step_at_the_end, self.step_around, self.call, self.put, count_up = map(self.lua.eval, names)
        self.ended = collections.deque()    # one entry for each finalizer of Python: in any thread, so no counter
        self.make_finalizer = self.lua.eval(FINALIZER)
        self.coroutines = [count_up.coroutine() for _ in range(3)]


class World:
    """What the threads share."""

    def __init__(self, module, count):
        self.module = module
        self.runtimes = [Runtime(module) for _ in range(count)]
        self.exchange = collections.deque(maxlen=50)
        self.finalizers_run = collections.deque()

    def dropped_here(self, wrapper):
        """Give a wrapper to whoever comes next, who may drop it in another thread."""
        self.exchange.append(wrapper)


class Worker:
    """One thread. Its plan comes from the seed; how the threads interleave does not."""

    def __init__(self, world, number, seed):
        self.world = world
        self.number = number
        self.random = random.Random(f"{seed}/{number}")
        self.done = collections.Counter()
        self.steps = collections.Counter()
        self.items = collections.defaultdict(list)
        self.failure = None

    def run(self, operations, until):
        try:
            while sum(self.done.values()) < operations or time.monotonic() < until:
                self.operate(self.choose_runtime(), depth=0)
        except BaseException as error:
            self.failure = error

    def choose_runtime(self):
        runtimes = self.world.runtimes
        # Each thread of `separate` has its own, and leaves it now and then.
        if len(runtimes) > 3 and self.random.random() < 0.95:
            return runtimes[self.number]
        return self.random.choice(runtimes)

    def operate(self, runtime, depth):
        operation = self.random.choice(OPERATIONS)
        try:
            operation(self, runtime, depth)
        except RuntimeError as error:
            # The ring of waits: what was refused has not happened.
            if "the thread that holds it waits for this thread" not in str(error):
                raise
            self.done["refused"] += 1
        else:
            self.done[operation.__name__] += 1

    # ---- operations; each that counts is one crossing ----

    def step(self, runtime, depth):
        runtime.step()
        self.steps[runtime] += 1

    def step_around_a_callback(self, runtime, depth):
        """A read and a write of the counter, with Python and other runtimes in between: still one operation.

        Not so for finalizers, which may run in the callback: they have a counter of their own.
        """
        others = [other for other in self.world.runtimes if other is not runtime]

        def callback():
            if others and depth < 3:
                self.operate(self.random.choice(others), depth=9)

        # What the callback does to other runtimes must not come back to this one.
        runtime.step_around(callback if depth == 0 else int)
        self.steps[runtime] += 1

    def nest(self, runtime, depth):
        if depth < 3:
            runtime.call(lambda: self.operate(self.choose_runtime() if depth < 2 else runtime, depth + 1))

    def resume(self, runtime, depth):
        coroutine = self.random.choice(runtime.coroutines)
        self.items[coroutine].append(next(coroutine))

    def exchange(self, runtime, depth):
        lua = runtime.lua
        self.world.dropped_here(self.random.choice([lua.table, lambda: lua.eval("function() end"), lambda: iter(lua.table(1))])())
        try:
            other = self.world.exchange.popleft()
        except IndexError:
            return
        if self.random.random() < 0.5:
            repr(other)

    def tables(self, runtime, depth):
        table = runtime.lua.table_from({"a": [1, 2], "b": {"c": 3}}, recursive=True)
        assert sorted(table) == ["a", "b"] and table.a[2] == 2 and table["b"].c == 3
        del table["a"]
        assert len(list(table.items())) == 1

    def objects(self, runtime, depth):
        item = Item()
        runtime.put(self.random.randrange(20), item)
        assert runtime.call(lambda other: other.value, item) == 1
        assert runtime.call(lambda other: other, item) is item

    def exceptions(self, runtime, depth):
        problem = KeyError(self.number)

        def fail():
            raise problem

        try:
            runtime.call(fail)
        except KeyError as error:
            assert error is problem
            error.__traceback__ = None
        else:
            raise AssertionError("no exception")

    def errors(self, runtime, depth):
        try:
            runtime.lua.execute("error({number = ...})", self.number)
        except self.world.module.LuaError as error:
            assert error.value.number == self.number

    def collect(self, runtime, depth):
        if self.random.random() < 0.5:
            runtime.lua.gccollect()
        elif self.random.random() < 0.2:
            gc.collect()

    def finalizers_of_lua(self, runtime, depth):
        runtime.make_finalizer(lambda: self.world.finalizers_run.append(1))

    def finalizers_of_python(self, runtime, depth):
        class Final:
            def __del__(self):
                try:
                    runtime.step_at_the_end()
                except RuntimeError:
                    return
                runtime.ended.append(1)

        runtime.put(0, Final())

    def new_runtimes(self, runtime, depth):
        if self.random.random() < 0.2:
            lua = self.world.module.LuaRuntime()
            lua.globals().item = Item()
            lua.globals().lua = lua
            assert lua.eval("function(f) return f() end")(lambda: lua.eval("7")) == 7

    def closures(self, runtime, depth):
        keep = Item()
        add = runtime.call(lambda f: f, runtime.lua.eval("function(o) return function(x) return o.value + x end end")(keep))
        assert add(2) == 3


OPERATIONS = [
    Worker.step, Worker.step_around_a_callback, Worker.nest, Worker.resume, Worker.exchange, Worker.tables, Worker.objects,
    Worker.exceptions, Worker.errors, Worker.collect, Worker.finalizers_of_lua, Worker.finalizers_of_python,
    Worker.new_runtimes, Worker.closures,
]  # fmt: skip


def check(world, workers):
    """What must hold when all threads have ended."""
    for worker in workers:
        if worker.failure is not None:
            raise worker.failure
    world.exchange.clear()
    for runtime in world.runtimes:
        runtime.lua.execute("slots = {}")
    for _ in range(4):
        for runtime in world.runtimes:
            runtime.lua.gccollect()
        gc.collect()
    for runtime in world.runtimes:
        expected = sum(worker.steps[runtime] for worker in workers)
        assert runtime.lua.eval("n") == expected, f"lost updates: {runtime.lua.eval('n')} of {expected}"
        assert runtime.lua.eval("ended") == len(runtime.ended), "lost updates in finalizers"
        for coroutine in runtime.coroutines:
            items = sorted(item for worker in workers for item in worker.items[coroutine])
            assert items == list(range(1, len(items) + 1)), "items of a coroutine are lost or came twice"
            assert all(worker.items[coroutine] == sorted(worker.items[coroutine]) for worker in workers)
    made = sum(worker.done["finalizers_of_lua"] for worker in workers)
    assert len(world.finalizers_run) == made, f"{len(world.finalizers_run)} finalizers of {made}"
    assert len(Item.alive) == 0, f"{len(Item.alive)} objects are still alive"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runtime")
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--operations", type=int, default=300, help="for each thread, at least")
    parser.add_argument("--seconds", type=float, default=0, help="for so long, at least")
    parser.add_argument("--patience", type=float, default=60, help="seconds after which it is a deadlock")
    options = parser.parse_args()
    faulthandler.dump_traceback_later(options.seconds + options.patience, exit=True)
    sys.setswitchinterval(1e-5)
    world = World(importlib.import_module("lupa." + options.runtime), SCENARIOS[options.scenario](options.threads))
    workers = [Worker(world, number, options.seed) for number in range(options.threads)]
    until = time.monotonic() + options.seconds if options.seconds else 0
    threads = [threading.Thread(target=worker.run, args=(options.operations, until)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(world, workers)
    done = sum((worker.done for worker in workers), collections.Counter())
    print(json.dumps({"threads": len(threads), "operations": sum(done.values()), **dict(sorted(done.items()))}))


if __name__ == "__main__":
    main()
