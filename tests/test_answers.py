"""What a callback gives back belongs to the runtime until Lua has it. Where pushing it fails, an error jumps over the callback to
Lua's own `pcall`, and what was left is released all the same."""

import gc
import sys

import pytest

pytestmark = pytest.mark.deviation


@pytest.fixture
def value():
    """A string of its own, whose references can be counted."""
    return "".join(["x"] * 50)


@pytest.fixture
def too_many(flavour):
    """More values than a function of this Lua can return."""
    return 1_000_001 if flavour.version >= (5, 2) else 10_000


@pytest.fixture
def unpacking(new_runtime):
    return new_runtime(unpack_returned_tuples=True)


class TestArrived:
    """An answer that Lua has got is released before the run ends."""

    @pytest.mark.parametrize("answer", ["text", "several values", "an exception"])
    def test_they_do_not_pile_up_in_one_run(self, unpacking, value, answer):
        counts = []

        class Problem(Exception):
            pass

        problem = Problem()

        def give():
            counts.append(sys.getrefcount(value) + sys.getrefcount(problem))
            if answer == "an exception":
                raise problem
            return value if answer == "text" else (value, [], value)

        unpacking.eval("function(f) for i = 1, 10000 do pcall(f) end end")(give)
        problem.__traceback__ = None
        assert len(counts) == 10000
        assert max(counts) <= counts[0] + 20

    def test_they_do_not_pile_up_in_nested_runs(self, unpacking, value):
        counts = []

        def descend(depth):
            counts.append(sys.getrefcount(value))
            return value if depth == 0 else run(descend, depth - 1)

        run = unpacking.eval("function(f, depth) local last for i = 1, 3 do last = f(depth) end return last end")
        assert run(descend, 5) == value
        assert len(counts) > 1000
        assert max(counts) <= counts[0] + 20


class TestTooManyValues:
    """An answer that has no room on the stack."""

    def test_they_do_not_pile_up_in_one_run(self, unpacking, too_many, value):
        lua, counts = unpacking, []
        values = (value,) * too_many

        def answer():
            counts.append(sys.getrefcount(value))
            return values

        failures = lua.eval("""
            function(f)
                local failures = 0
                for i = 1, 6 do
                    local ok, message = pcall(f)
                    if not ok and tostring(message):find('too many') then failures = failures + 1 end
                end
                return failures
            end
        """)(answer)
        assert failures == 6
        # The values of one answer wait at most.
        assert max(counts) <= 2 * too_many + 100
        assert sys.getrefcount(value) < too_many + 100

    def test_nothing_is_left_after_the_run(self, unpacking, lupa_module, too_many, value):
        lua = unpacking
        values = (value,) * too_many
        for code in ("function(f) pcall(f) end", "function(f) f() end", "function(f) coroutine.wrap(function() f() end)() end"):
            try:
                lua.eval(code)(lambda: values)
            except lupa_module.LuaError as error:
                assert "too many" in str(error)
            assert sys.getrefcount(value) < too_many + 100
        assert lua.eval("1 + 1") == 2

    def test_in_the_callback_of_a_callback(self, unpacking, too_many, value):
        lua, counts = unpacking, []
        values = (value,) * too_many
        inner = lua.eval("function(f) for i = 1, 2 do pcall(f) end return 'inner' end")

        def outer():
            result = inner(lambda: values)
            counts.append(sys.getrefcount(value))
            return result, value

        assert list(lua.eval("function(f) local a = {} for i = 1, 3 do a[i] = f() end return a end")(outer).values()) == ["inner"] * 3
        assert max(counts) < too_many + 100


@pytest.mark.usefixtures("needs_allocator")
class TestNoMemory:
    """An answer that the limit leaves no memory for."""

    @pytest.fixture
    def limited(self, new_runtime):
        return new_runtime(max_memory=1_000_000)

    def test_they_do_not_pile_up_in_one_run(self, limited):
        counts, text = [], b"x" * 2_000_000

        def answer():
            counts.append(sys.getrefcount(text))
            return text

        failures = limited.eval("""
            function(f)
                local failures = 0
                for i = 1, 10000 do
                    local ok, message = pcall(f)
                    if not ok then failures = failures + 1 end
                end
                return failures
            end
        """)(answer)
        assert failures == 10000
        assert max(counts) <= counts[0] + 2

    def test_deeper_and_shallower_by_turns(self, limited):
        counts, text = [], b"x" * 2_000_000

        def answer():
            counts.append(sys.getrefcount(text))
            return text

        limited.eval("""
            function(f)
                local function deep(n)
                    if n == 0 then return pcall(f) end
                    return pcall(function() local a, b = deep(n - 1) return a, b end)
                end
                for i = 1, 500 do deep(i % 20) end
            end
        """)(answer)
        assert len(counts) == 500
        # One for each depth at most: a shallower call shows that a deeper one has gone, but not the other way round.
        assert max(counts) <= counts[0] + 20

    def test_exceptions_that_cannot_become_values(self, limited, lupa_module):
        """An exception is an object too, for which there may be no memory."""
        alive = []

        class Problem(Exception):
            def __init__(self):
                alive.append(id(self))

            def __del__(self):
                alive.remove(id(self))

        def fail():
            raise Problem

        waste = limited.eval("function(f) local t = {} for i = 1, 1e7 do t[i] = {} if i % 100 == 0 then pcall(f) end end end")
        with pytest.raises(lupa_module.LuaMemoryError):
            waste(fail)
        limited.gccollect()
        gc.collect()
        limited.gccollect()
        assert len(alive) <= 1
        assert limited.eval("1 + 1") == 2


class TestLostReferences:
    def test_they_do_not_pile_up(self, unpacking, value):
        """An answer that refers to what a script has taken out of the registry."""
        lua, counts = unpacking, []
        table = lua.table(1)
        lua.eval("""
            function(t)
                local found
                for slot, held in pairs(debug.getregistry()) do if rawequal(held, t) then found = slot end end
                debug.getregistry()[found] = true
            end
        """)(table)

        def answer():
            counts.append((sys.getrefcount(value), sys.getrefcount(table)))
            return value, table

        failures = lua.eval("""
            function(f)
                local failures = 0
                for i = 1, 1000 do
                    local ok, message = pcall(function() f() end)
                    if not ok and tostring(message):find('lost reference') then failures = failures + 1 end
                end
                return failures
            end
        """)
        assert failures(answer) == 1000
        assert max(counts)[0] <= counts[0][0] + 2
        assert max(counts, key=lambda count: count[1])[1] <= counts[0][1] + 2
