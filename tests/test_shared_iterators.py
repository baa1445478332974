"""Iterators and coroutines that several threads step: nothing comes twice, nothing is lost, or a clear error says why."""

import sys
import threading

import pytest
from helpers import PATIENCE, daemon, run_to_the_end
THREADS = 4


def in_threads(work, count=THREADS):
    """Run `work` in several threads at once; its results, or the exceptions that ended it."""
    outcomes, barrier = [], threading.Barrier(count)

    def run():
        barrier.wait(PATIENCE)
        try:
            outcomes.append(work())
        except Exception as error:
            outcomes.append(error)

    run_to_the_end([daemon(run) for _ in range(count)])
    return outcomes


@pytest.fixture(autouse=True)
def busy_switching():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


class TestTables:
    @pytest.mark.parametrize("what", ["keys", "values", "items"])
    def test_each_entry_goes_to_one_thread(self, lua, what):
        table = lua.table_from({f"k{i}": i for i in range(1000)})
        walk = getattr(table, what)()
        parts = in_threads(lambda: list(walk))
        assert all(isinstance(part, list) for part in parts), parts
        found = [entry for part in parts for entry in part]
        assert sorted(found) == sorted(getattr(table, what)())
        assert list(walk) == []

    def test_one_walk_for_each_thread(self, lua):
        table = lua.table_from(range(500))
        assert in_threads(lambda: sum(table.values())) == [sum(range(500))] * THREADS

    def test_the_end_is_seen_by_all(self, lua):
        walk = iter(lua.table())
        assert in_threads(lambda: list(walk)) == [[]] * THREADS

    def test_filling_while_walking(self, lua, lupa_module):
        """Lua forbids new keys in a walk: an error, or a walk that may have seen them; never a crash."""
        table = lua.table_from({i: i for i in range(300)})
        counter = iter(range(10**6))

        def work():
            for _ in range(100):
                key = next(counter)
                table[f"new{key}"] = key
                try:
                    assert all(value is not None for value in table.values())
                except lupa_module.LuaError as error:
                    assert "next" in str(error)
            return "done"

        assert in_threads(work) == ["done"] * THREADS

    def test_emptying_while_walking(self, lua):
        """Existing entries may be taken out during a walk."""
        table = lua.table_from({i: i for i in range(2000)})

        def work():
            seen = 0
            for key, _ in table.items():
                del table[key]
                seen += 1
            return seen

        outcomes = in_threads(work)
        assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
        assert sum(outcomes) >= 2000
        assert list(table) == []


class TestCoroutines:
    def test_each_item_goes_to_one_thread(self, lua):
        walk = lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end").coroutine(2000)
        parts = in_threads(lambda: list(walk))
        assert all(isinstance(part, list) for part in parts), parts
        assert sorted(item for part in parts for item in part) == list(range(1, 2001))
        assert all(part == sorted(part) for part in parts)

    def test_with_callbacks_inside(self, lua):
        """A coroutine that runs a callback is inside of its runtime: the others wait for their turn."""
        walk = lua.eval("function(f) for i = 1, 500 do coroutine.yield(f(i)) end end").coroutine(lambda i: [i])
        parts = in_threads(lambda: [item[0] for item in walk])
        assert all(isinstance(part, list) for part in parts), parts
        assert sorted(item for part in parts for item in part) == list(range(1, 501))

    def test_one_that_fails_fails_once(self, lua, lupa_module):
        walk = lua.eval("function() for i = 1, 100 do coroutine.yield(i) end error('spoiled') end").coroutine()
        outcomes = in_threads(lambda: list(walk))
        errors = [str(outcome) for outcome in outcomes if isinstance(outcome, lupa_module.LuaError)]
        assert sum("spoiled" in error for error in errors) == 1
        assert all("spoiled" in error or "cannot resume" in error for error in errors), errors

    def test_sending_and_closing(self, lua):
        echo = lua.eval("function() local x = 0 while true do x = coroutine.yield(x) end end").coroutine()
        next(echo)

        def work():
            for i in range(300):
                assert echo.send(i) == i
            return "done"

        assert in_threads(work) == ["done"] * THREADS
        in_threads(echo.close)
        assert not echo

    def test_arguments_of_the_first_resume_are_used_once(self, lua):
        for _ in range(50):
            walk = lua.eval("function(...) coroutine.yield(select('#', ...)) coroutine.yield(select('#', ...)) end").coroutine(1, 2)
            parts = in_threads(lambda walk=walk: list(walk))
            assert sorted(item for part in parts for item in part) == [2, 2]


class TestPythonIteratorsInLua:
    LOOP = "function(walk) local n = 0 for x in python.iter(walk) do n = n + 1 seen[#seen + 1] = x end return n end"

    def test_a_builtin_iterator_in_several_runtimes(self, new_runtime):
        walk = iter(range(3000))
        runtimes = [new_runtime() for _ in range(THREADS)]
        free = iter(runtimes)
        for lua in runtimes:
            lua.execute("seen = {}")
        outcomes = in_threads(lambda: next(free).eval(self.LOOP)(walk))
        assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
        assert sum(outcomes) == 3000
        assert sorted(x for lua in runtimes for x in lua.eval("seen").values()) == list(range(3000))

    def test_a_generator_is_one_or_pythons_own_error(self, new_runtime):
        walk = (i for i in range(3000))
        runtimes = [new_runtime() for _ in range(THREADS)]
        free = iter(runtimes)
        for lua in runtimes:
            lua.execute("seen = {}")
        outcomes = in_threads(lambda: next(free).eval(self.LOOP)(walk))
        assert all(isinstance(outcome, (int, ValueError)) for outcome in outcomes), outcomes
        seen = [x for lua in runtimes for x in lua.eval("seen").values()]
        assert len(seen) == len(set(seen))
        assert sorted(seen + list(walk)) == list(range(3000))

    def test_in_one_runtime(self, lua):
        lua.execute("seen = {}")
        walk = iter(range(2000))
        assert sum(in_threads(lambda: lua.eval(self.LOOP)(walk))) == 2000
        assert sorted(lua.eval("seen").values()) == list(range(2000))

    def test_the_iterator_of_one_runtime_in_another(self, new_runtime):
        first, second = new_runtime(), new_runtime()
        second.execute("seen = {}")
        values = first.table_from(range(500)).values()
        assert sum(in_threads(lambda: second.eval(self.LOOP)(values))) == 500
        assert sorted(second.eval("seen").values()) == list(range(500))
