"""Threads: runtimes in parallel, one runtime shared, waiting, deadlocks."""

import contextlib
import threading
import time

import pytest
from helpers import PATIENCE, daemon, run_to_the_end


def in_threads(*targets):
    """Run each target in a thread of its own; their results, or the exceptions that ended them."""
    outcomes = [None] * len(targets)

    def run(position, target):
        try:
            outcomes[position] = target()
        except BaseException as error:
            outcomes[position] = error

    run_to_the_end([daemon(run, *pair) for pair in enumerate(targets)])
    return outcomes


MEET = """
    function(mine, other)
        io.open(mine, 'w'):close()
        local patience = os.time() + 20
        while os.time() < patience do
            local file = io.open(other)
            if file then file:close() return 'met' end
        end
        return 'alone'
    end
"""


class TestParallelRuntimes:
    def test_two_are_in_lua_at_the_same_time(self, new_runtime, tmp_path):
        first, second = (new_runtime().eval(MEET) for _ in range(2))
        a, b = str(tmp_path / "a"), str(tmp_path / "b")
        assert in_threads(lambda: first(a, b), lambda: second(b, a)) == ["met", "met"]

    def test_python_runs_while_lua_runs(self, new_runtime, tmp_path):
        meet = new_runtime().eval(MEET)
        a, b = tmp_path / "a", tmp_path / "b"

        def python():
            while not a.exists():
                time.sleep(0.001)
            b.touch()
            return "seen"

        assert in_threads(lambda: meet(str(a), str(b)), python) == ["met", "seen"]

    @pytest.mark.parametrize(
        "start",
        [
            lambda lua, code: lua.execute(code),
            lambda lua, code: lua.eval(f"(function() {code} end)()"),
            lambda lua, code: lua.compile(code)(),
            lambda lua, code: next(lua.eval(f"function() {code} end").coroutine()),
        ],
        ids=["execute", "eval", "call", "coroutine"],
    )
    def test_every_way_to_run_code_releases_the_gil(self, new_runtime, tmp_path, start):
        flag = tmp_path / "flag"
        code = f"""
            local patience = os.time() + 20
            while os.time() < patience do
                local file = io.open('{flag}')
                if file then file:close() return 'seen' end
            end
            return 'alone'
        """
        lua = new_runtime()

        def python():
            time.sleep(0.02)
            flag.touch()

        assert in_threads(lambda: start(lua, code), python)[0] == "seen"

    def test_many_threads_compute_what_one_computes(self, new_runtime):
        code = "function(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end"
        functions = [new_runtime().eval(code) for _ in range(6)]
        expected = functions[0](20_000)
        assert in_threads(*[lambda f=f: f(20_000) for f in functions]) == [expected] * 6

    def test_runtimes_are_made_and_dropped_in_threads(self, new_runtime):
        def work():
            return [new_runtime().eval("1 + 1") for _ in range(20)]

        assert in_threads(*[work] * 4) == [[2] * 20] * 4

    def test_callbacks_in_parallel(self, new_runtime):
        def work():
            lua = new_runtime()
            return lua.eval("function(f) local s = 0 for i = 1, 2000 do s = s + f(i) end return s end")(lambda i: i)

        assert in_threads(*[work] * 4) == [2001000] * 4


#: What runs the function `meet` of Lua when a new field of the table `t` is set.
ASSIGNMENTS = {
    "a hook": ("debug.sethook(meet, 'c')", 1),
    "a metamethod": ("setmetatable(t, {__newindex = meet})", 1),
    "a traceback of the script's own": ("debug.traceback = meet", float("nan")),
}


class TestAssignments:
    @pytest.mark.parametrize("way", ASSIGNMENTS)
    def test_code_that_an_assignment_runs_has_not_the_gil(self, new_runtime, lupa_module, tmp_path, way):
        prepare, key = ASSIGNMENTS[way]
        lua, (a, b) = new_runtime(), (tmp_path / "a", tmp_path / "b")
        t = lua.table()
        lua.globals().found = found = lua.table("alone")
        lua.execute(f"local t, meet_with, a, b = ... function meet() debug.sethook() found[1] = meet_with(a, b) end {prepare}",
                    t, lua.eval(MEET), str(a), str(b))  # fmt: skip

        def assign():
            with contextlib.suppress(lupa_module.LuaError):
                t[key] = 1
            return found[1]

        def python():
            while not a.exists():
                time.sleep(0.001)
            b.touch()

        assert in_threads(assign, python)[0] == "met"

    @pytest.mark.usefixtures("needs_allocator")
    def test_a_table_that_cannot_grow(self, new_runtime):
        lua = new_runtime(max_memory=200_000)
        t = lua.table()
        with pytest.raises(MemoryError):
            for number in range(100_000):
                t[number + 0.5] = number
        assert lua.eval("1 + 1") == 2
        assert t[1.5] == 1


class TestSharedRuntime:
    def test_calls_do_not_interleave(self, lua):
        lua.execute("counter = 0")
        step = lua.eval("function() local c = counter; for i = 1, 50 do end; counter = c + 1 end")

        def work():
            for _ in range(500):
                step()

        assert in_threads(*[work] * 4) == [None] * 4
        assert lua.globals().counter == 2000

    def test_a_thread_in_a_callback_keeps_the_others_out(self, lua):
        events = []
        inside, leave = threading.Event(), threading.Event()

        def callback():
            inside.set()
            leave.wait(PATIENCE)
            events.append("callback ends")

        def first():
            lua.eval("function(f) f() end")(callback)

        def second():
            inside.wait(PATIENCE)
            threading.Timer(0.05, leave.set).start()
            lua.execute("x = 1")
            events.append("second runs")

        in_threads(first, second)
        assert events == ["callback ends", "second runs"]

    def test_every_operation_can_be_shared(self, lua):
        table = lua.table_from({f"k{i}": i for i in range(50)})
        function = lua.eval("function(...) return ... end")

        def work():
            for i in range(100):
                assert table["k1"] == table.k1 == 1
                assert len(list(table.items())) >= 50
                assert function(i, "text", [i]) == (i, "text", [i])
                lua.table_from([i] * 10)
                lua.execute("local t = {} for i = 1, 10 do t[i] = i end")
                assert sum(lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end").coroutine(5)) == 15
                if i % 20 == 0:
                    lua.gccollect()
            return "done"

        assert in_threads(*[work] * 4) == ["done"] * 4

    def test_each_thread_gets_its_own_exceptions(self, lua):
        fail = lua.eval("function(f) f() end")

        def work(number):
            for _ in range(200):
                problem = KeyError(number)

                def callback(problem=problem):
                    raise problem

                try:
                    fail(callback)
                except KeyError as error:
                    assert error is problem
                else:
                    raise AssertionError("no exception")
            return number

        assert in_threads(*[lambda n=n: work(n) for n in range(4)]) == [0, 1, 2, 3]

    def test_wrappers_are_dropped_while_others_work(self, lua):
        make = lua.eval("function() return {}, function() end end")

        def work():
            for _ in range(500):
                make()
            return "done"

        assert in_threads(*[work] * 4) == ["done"] * 4
        lua.gccollect()

    def test_a_coroutine_moves_between_threads(self, lua):
        coroutine = lua.eval("function() for i = 1, 6 do coroutine.yield(i) end end").coroutine()
        taken = []
        for _ in range(3):
            in_threads(lambda: taken.append(next(coroutine)))
            taken.append(next(coroutine))
        assert taken == [1, 2, 3, 4, 5, 6]

    def test_a_thread_may_call_back_into_its_own_runtime(self, lua):
        def nested(n):
            return n if n == 0 else lua.eval("function(f, n) return f(n) end")(nested, n - 1)

        assert in_threads(lambda: nested(10), lambda: nested(10)) == [0, 0]


class TestFairness:
    def test_a_thread_that_asks_all_the_time_does_not_starve_another(self, lua):
        run = lua.eval("function() for i = 1, 20000 do end end")
        stop, turns = threading.Event(), []

        def ask_all_the_time():
            while not stop.is_set():
                run()

        busy = threading.Thread(target=ask_all_the_time)
        busy.start()
        try:
            for _ in range(20):
                waiting = threading.Thread(target=lambda: turns.append(lua.eval("1 + 1")))
                waiting.start()
                waiting.join(20)
                assert not waiting.is_alive()
        finally:
            stop.set()
            busy.join(60)
        assert turns == [2] * 20


class TestDroppingWhileBusy:
    def test_a_wrapper_is_dropped_without_waiting(self, run_script):
        output = run_script("""
            import threading
            lua = LuaRuntime()
            table, function = lua.table(), lua.eval("function() end")
            inside, leave = threading.Event(), threading.Event()
            def callback():
                inside.set()
                assert leave.wait(30)
            thread = threading.Thread(target=lua.eval("function(f) f() end"), args=(callback,))
            thread.start()
            inside.wait()
            del table, function
            leave.set()
            thread.join()
            print("dropped")
        """)
        assert output.strip() == "dropped"


@pytest.mark.deviation
class TestWaiting:
    def test_a_signal_handler_interrupts_it(self, run_script):
        output = run_script("""
            import signal, threading, time
            lua = LuaRuntime()
            inside, leave = threading.Event(), threading.Event()
            def callback():
                inside.set()
                leave.wait(50)
            thread = threading.Thread(target=lua.eval("function(f) f() end"), args=(callback,), daemon=True)
            thread.start()
            inside.wait()
            def handler(*args):
                raise KeyboardInterrupt
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            begin = time.monotonic()
            try:
                lua.execute("x = 1")
            except KeyboardInterrupt:
                print("interrupted", time.monotonic() - begin < 10)
            leave.set()
            thread.join()
            print(lua.eval("x"), lua.eval("1 + 1"))
        """)
        assert output.split() == ["interrupted", "True", "None", "2"]

    def test_ctrl_c_interrupts_it(self, run_script):
        output = run_script("""
            import os, signal, threading, time
            lua = LuaRuntime()
            table = lua.table()
            inside, leave = threading.Event(), threading.Event()
            # A job in the background of a shell inherits that it is ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            def callback():
                inside.set()
                leave.wait(50)
            threading.Thread(target=lua.eval("function(f) f() end"), args=(callback,), daemon=True).start()
            inside.wait()
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                table[1] = 1
            except KeyboardInterrupt:
                print("interrupted")
            leave.set()
        """)
        assert output.strip() == "interrupted"

    def test_a_handler_that_raises_nothing_does_not_end_it(self, run_script):
        output = run_script("""
            import signal, threading
            lua = LuaRuntime()
            inside, leave = threading.Event(), threading.Event()
            def callback():
                inside.set()
                leave.wait(50)
            threading.Thread(target=lua.eval("function(f) f() end"), args=(callback,)).start()
            inside.wait()
            signal.signal(signal.SIGALRM, lambda *args: leave.set())
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            print(lua.eval("'waited'"))
        """)
        assert output.strip() == "waited"


@pytest.mark.deviation
class TestDeadlock:
    """More of them in test_deadlocks.py."""

    def test_lua_can_catch_it(self, run_script):
        output = run_script("""
            import threading
            first, second = LuaRuntime(), LuaRuntime()
            barrier = threading.Barrier(2)
            def work(mine, other):
                def callback():
                    barrier.wait(30)
                    other.execute("x = 1")
                outcomes.append(mine.eval("function(f) return (pcall(f)) end")(callback))
            outcomes = []
            threads = [threading.Thread(target=work, args=pair) for pair in [(first, second), (second, first)]]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*sorted(outcomes))
        """)
        assert output.split()[-1] == "True"
        assert "False" in output

    def test_waiting_without_a_cycle_is_no_deadlock(self, run_script):
        output = run_script("""
            import threading, time
            first, second = LuaRuntime(), LuaRuntime()
            inside = threading.Event()
            def hold():
                inside.set()
                time.sleep(0.3)
            holder = threading.Thread(target=second.eval("function(f) f() end"), args=(hold,))
            holder.start()
            inside.wait()
            print(first.eval("function(f) return f() end")(lambda: second.eval("'patient'")))
            holder.join()
        """)
        assert output.strip() == "patient"

    @pytest.mark.usefixtures("all_runtimes")
    def test_runtimes_of_two_modules(self, run_script, runtime_name):
        other = "lua54" if runtime_name != "lua54" else "lua53"
        output = run_script(f"""
            import threading
            import lupa.{other}
            first, second = LuaRuntime(), lupa.{other}.LuaRuntime()
            barrier = threading.Barrier(2)
            outcomes = []
            def work(mine, other):
                def callback():
                    barrier.wait(30)
                    other.execute("x = 1")
                try:
                    mine.eval("function(f) f() end")(callback)
                    outcomes.append("crossed")
                except RuntimeError:
                    outcomes.append("error")
            threads = [threading.Thread(target=work, args=pair) for pair in [(first, second), (second, first)]]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*sorted(outcomes))
        """)
        assert output.split() in (["crossed", "error"], ["error", "error"])

