"""One operation under injection: every request for memory fails once, and what is left is looked at.

Two sides can fail: Lua's allocator (checked builds of the crate), and CPython's (`_testcapi.set_nomemory`). Rust's own
allocations come from the system and do not fail here.
"""

import gc
import itertools
import re
import sys
import traceback

from fault_operations import Failure, Thing, echo, fail

#: So many successes in a row are the end, where nothing says whether a request was refused.
PATIENCE = 15

#: How many requests in a row fail; 0 for all from the n-th on. Where Lua collects garbage and asks again, it takes two for
#: one failure.
EXTENTS = {"one": 1, "two": 2, "all": 0}
ALL = 2**63

#: Objects that operations use, and that must have as many references afterwards as before.
WATCHED = (echo, fail, Thing, Failure, len, eval, sys.modules["builtins"])


class LuaSide:
    """Growing requests of Lua's allocator fail."""

    def __init__(self, module):
        self.module = module

    def start(self, number, extent):
        self.module._start_faults(number, EXTENTS[extent] or ALL)

    def stop(self):
        """Whether requests have failed since the start."""
        return self.module._stop_faults()[1] > 0

    def is_memory_error(self, error):
        return isinstance(error, self.module.LuaMemoryError)


class PythonSide:
    """Requests of CPython's allocators fail."""

    def __init__(self, module):
        import _testcapi

        self.start_failing, self.stop_failing = _testcapi.set_nomemory, _testcapi.remove_mem_hooks

    def start(self, number, extent):
        if number > 0:
            self.start_failing(number - 1, EXTENTS[extent] and number - 1 + EXTENTS[extent])

    def stop(self):
        self.stop_failing()

    def is_memory_error(self, error):
        return isinstance(error, MemoryError) or is_lost_by_python(error)


def is_lost_by_python(error):
    """CPython 3.11 forgets an exception when it cannot make the frame object for its traceback; this is what it says then of
    a function written in Python."""
    lost = sys.version_info[:2] == (3, 11) and isinstance(error, SystemError)
    return lost and re.match("error return without exception set|<function .* returned NULL without setting", str(error))


SIDES = {"lua": LuaSide, "python": PythonSide}


class Report:
    """What has come of the points of one operation."""

    def __init__(self, title):
        self.title = title
        self.points = self.errors = self.recovered = 0
        self.problems = []


class Injection:
    def __init__(self, module, title, operation, side, extent):
        self.module, self.title, self.operation, self.extent = module, title, operation, extent
        self.side = SIDES[side](module)
        self.report = Report(title)
        self.lua = module.LuaRuntime(max_memory=0, **operation.options)
        self.count_registry = self.lua.eval(
            "function(pairs, registry) local n = 0 for _, v in pairs(registry) do if v then n = n + 1 end end return n end"
        )
        self.make = self.lua.eval("function() return {} end")
        self.pairs, self.registry = self.lua.eval("pairs, debug.getregistry()")

    def run(self, first, progress):
        """All points from `first` on. Without injection the operation has to work."""
        for _ in range(3):
            self.point(0)
        self.found = None
        self.found = self.settled()
        successes = 0
        for number in itertools.count(first):
            progress(number)
            end, failed = self.point(number)
            successes = successes + 1 if not failed else 0
            if end or successes > PATIENCE and self.side.__class__ is PythonSide:
                break
            self.look(number)
        return self.report

    def point(self, number):
        """Prepare, run with the n-th request failing, judge; (is this the end?, was it an error?)."""
        action, expected = self.operation.prepare(self.lua, self.module)
        wrappers = self.take_free_slots()
        error = result = None
        self.side.start(number, self.extent)
        try:
            result = action()
        except BaseException as exception:
            error = exception
        fired = self.side.stop()
        if number == 0:
            if error is not None:
                raise error
            assert self.is_right(result, expected), f"{self.title}: {result!r}"
            return False, False
        del wrappers
        end = fired is False
        self.judge(number, error, result, expected, end)
        return end, error is not None

    def take_free_slots(self):
        """Wrappers for all registry slots that are reserved: the next one has to reserve more."""
        return [self.make() for _ in range(self.lua._census()["free registry slots"])]

    def judge(self, number, error, result, expected, end):
        if error is None:
            if not self.is_right(result, expected):
                self.problem(number, f"wrong result {result!r}")
        elif not self.side.is_memory_error(error) and not any(text in str(error) for text in self.operation.accepts):
            self.problem(number, "".join(traceback.format_exception(type(error), error, error.__traceback__)))
        if not end:
            self.report.points += 1
            self.report.errors += error is not None
            self.report.recovered += error is None

    def is_right(self, result, expected):
        try:
            return expected(result) if callable(expected) else result == expected
        except Exception as error:
            return self.problem(0, f"{error!r} while looking at {result!r}")

    def look(self, number):
        """The runtime works, and holds what it held before."""
        try:
            self.use()
            found = self.settled()
        except Exception:
            self.problem(number, "afterwards: " + traceback.format_exc())
            return
        if found != self.found:
            changes = {key: (self.found[key], found[key]) for key in found if found[key] != self.found[key]}
            self.problem(number, f"before and after: {changes}")
            self.found = found

    def use(self):
        lua, thing = self.lua, Thing()
        assert lua.eval("1 + 1") == 2
        identity = lua.eval("function(...) return ... end")
        assert identity(thing) is thing
        assert list(lua.table_from([1, "two"]).values()) == [1, "two"]
        assert lua.eval("function(f) return f('x' .. 1) end")(echo) == "x1"

    def settled(self):
        """What is held, when both collectors find nothing new."""
        for turn in range(5):
            self.lua.gccollect()
            if turn or self.found is None:
                gc.collect()
            found = self.held()
            if found == self.found:
                break
        return found

    def held(self):
        found = self.lua._census()
        del found["free registry slots"]
        found["occupied in the registry"] = self.count_registry(self.pairs, self.registry)
        found["things"] = Thing.count()
        for watched in WATCHED:
            found[f"references to {watched.__name__}"] = sys.getrefcount(watched)
        return found

    def problem(self, number, text):
        self.report.problems.append(f"{self.title}, request {number}: {text}")
