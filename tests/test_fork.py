"""fork: the child has one thread. Runtimes that were idle work there; one that another thread was using is an error."""

import os
import textwrap
import threading

import pytest

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

#: Python: what every script here needs. `child(f)` runs f in a child and returns what it printed.
FORK = """
    import gc, os, signal, threading, time, warnings
    warnings.simplefilter("ignore", DeprecationWarning)

    def child(work):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.alarm(30)
            status = 1
            try:
                os.write(writing, str(work()).encode())
                status = 0
            except BaseException as error:
                os.write(writing, f"{type(error).__name__}: {error}".encode())
            os._exit(status)
        os.close(writing)
        with open(reading) as pipe:
            text = pipe.read()
        _, status = os.waitpid(pid, 0)
        assert os.WIFEXITED(status), f"the child ended with {status}"
        return text

    class Holder:
        "A thread inside of a runtime, in a callback or in Lua code, until `stop()`."
        def __init__(self, lua, code="function(enter, rest) enter() rest() end"):
            inside, self.leave = threading.Event(), threading.Event()
            rest = lambda: self.leave.wait(50)
            self.thread = threading.Thread(target=lua.eval(code), args=(inside.set, rest))
            self.thread.start()
            assert inside.wait(30)
        def stop(self):
            self.leave.set()
            self.thread.join()

    HELD = "RuntimeError: failed to acquire thread lock: another thread held it when the process was forked"
"""


@pytest.fixture
def fork_script(run_script):
    def run(source, *arguments):
        return run_script(textwrap.dedent(FORK) + textwrap.dedent(source), *arguments, timeout=40)

    return run


class TestIdleRuntimes:
    def test_they_work_in_the_child_and_in_the_parent(self, fork_script):
        output = fork_script("""
            lua = LuaRuntime()
            add, numbers = lua.eval("function(a, b) n = (n or 0) + 1 return a + b end"), lua.table(1, 2)
            add(1, 1)
            print(child(lambda: (add(1, 2), list(numbers.values()), lua.eval("n"), LuaRuntime().eval("6"))))
            print(add(2, 2), lua.eval("n"))
        """)
        assert output.splitlines() == ["(3, [1, 2], 2, 6)", "4 2"]

    def test_next_to_one_that_another_thread_uses(self, fork_script):
        output = fork_script("""
            busy, idle = LuaRuntime(), LuaRuntime()
            holder = Holder(busy)
            print(child(lambda: idle.eval("function(f) return f(20) end")(lambda n: n + 1)))
            holder.stop()
            print(busy.eval("'free'"), idle.eval("'idle'"))
        """)
        assert output.splitlines() == ["21", "free idle"]

    def test_objects_are_released_in_the_child(self, fork_script):
        output = fork_script("""
            class Final:
                def __del__(self): gone.append(os.getpid())
            gone = []
            lua = LuaRuntime()
            lua.globals().item = Final()
            def work():
                lua.globals().item = None
                lua.gccollect()
                lua.eval("1")
                return gone == [os.getpid()]
            print(child(work), gone)
        """)
        assert output.strip() == "True []"

    def test_a_suspended_coroutine_goes_on_in_both(self, fork_script):
        output = fork_script("""
            numbers = LuaRuntime().eval("function() for i = 1, 9 do coroutine.yield(i) end end").coroutine()
            next(numbers)
            print(child(lambda: sum(numbers)), sum(numbers))
        """)
        assert output.strip() == "44 44"


@pytest.mark.deviation
class TestRuntimesInUse:
    @pytest.mark.parametrize(
        "code",
        [
            "function(enter, rest) enter() rest() end",
            "function(enter, rest) coroutine.wrap(function() enter() rest() end)() end",
            "function(enter, rest) pcall(function() enter() rest() end) end",
        ],
        ids=["callback", "coroutine", "pcall"],
    )
    def test_a_callback_of_another_thread_is_an_error(self, fork_script, code):
        output = fork_script(
            """
            lua = LuaRuntime()
            table, function = lua.table(1), lua.eval("function() return 1 end")
            walk = iter(lua.table(1, 2))
            holder = Holder(lua, sys.argv[1])
            def attempts():
                for attempt in (lambda: lua.eval("1"), function, lambda: table[1], lambda: list(walk), lua.gccollect):
                    try:
                        yield attempt()
                    except RuntimeError as error:
                        yield f"RuntimeError: {error}" == HELD
            print(child(lambda: list(attempts())))
            holder.stop()
            print(lua.eval("'free'"))
            """,
            code,
        )
        assert output.splitlines() == [str([True] * 5), "free"]

    def test_lua_code_of_another_thread_is_an_error(self, fork_script):
        output = fork_script("""
            lua = LuaRuntime()
            spin = "function(enter, rest) local o = python.builtins.object enter() while not stop do end end"
            inside = threading.Event()
            thread = threading.Thread(target=lua.eval(spin), args=(inside.set, None), daemon=True)
            thread.start()
            inside.wait()
            time.sleep(0.05)
            print(child(lambda: lua.eval("1")) == HELD)
            sys.stdout.flush()
            os._exit(0)
        """)
        assert output.strip() == "True"

    def test_a_new_thread_of_the_child_is_not_taken_for_the_owner(self, fork_script):
        """The C library gives new threads the identity of dead ones."""
        output = fork_script("""
            lua = LuaRuntime()
            holder = Holder(lua)
            def work(deeper):
                outcomes = []
                def use():
                    try:
                        outcomes.append(child(lambda: work(False)) == "True" if deeper else lua.eval("1"))
                    except RuntimeError as error:
                        outcomes.append(f"RuntimeError: {error}" == HELD)
                for _ in range(1 if deeper else 4):
                    thread = threading.Thread(target=use)
                    thread.start()
                    thread.join()
                return all(outcome is True for outcome in outcomes)
            print(child(lambda: work(False)), child(lambda: work(True)))
            holder.stop()
        """)
        assert output.strip() == "True True"

    def test_dropping_it_does_no_harm(self, fork_script):
        output = fork_script("""
            box = [LuaRuntime()]
            box[0].globals().box = box
            table = box[0].table()
            holder = Holder(box[0])
            def work():
                global table
                del table, holder.thread
                box.clear()
                for _ in range(3):
                    gc.collect()
                return "dropped"
            print(child(work))
            holder.stop()
        """)
        assert output.strip() == "dropped"

    def test_it_does_not_hinder_the_end_of_the_child(self, fork_script):
        output = fork_script("""
            lua = LuaRuntime()
            lua.globals().lua = lua
            holder = Holder(lua)
            faulthandler.cancel_dump_traceback_later()      # its thread is another one that a child lacks
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                signal.alarm(30)
                print("child")
                sys.exit(3)
            _, status = os.waitpid(pid, 0)
            holder.stop()
            print(os.WEXITSTATUS(status))
        """)
        assert output.split() == ["child", "3"]


class TestForkInsideOfACallback:
    def test_the_child_goes_on_with_the_runtime(self, fork_script):
        output = fork_script("""
            lua = LuaRuntime()
            def callback():
                print(child(lambda: lua.eval("function(f) return f(x) end")(lambda x: x + 1)), flush=True)
                return "parent"
            lua.execute("x = 1")
            print(lua.eval("function(f) return f() .. x end")(callback))
        """)
        assert output.split() == ["2", "parent1"]

    def test_the_child_may_return_into_lua(self, fork_script):
        output = fork_script("""
            lua = LuaRuntime()
            print(flush=True)
            pid = lua.eval("function(fork) local pid = fork() kept = {pid} collectgarbage() return kept[1] end")(os.fork)
            if pid == 0:
                signal.alarm(30)
                assert lua.eval("kept[1]") == 0
                os._exit(7)
            print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]), lua.eval("kept[1]") == pid)
        """)
        assert output.split() == ["7", "True"]

    def test_threads_that_waited_are_forgotten(self, fork_script):
        """The lock is not handed to a thread that the child does not have, and no wait of the parent is counted."""
        output = fork_script("""
            lua, other = LuaRuntime(), LuaRuntime()
            waiting = []
            def wait():
                waiting.append(1)
                lua.eval("1")
            threads = [threading.Thread(target=wait) for _ in range(3)]
            def callback():
                for thread in threads: thread.start()
                while len(waiting) < 3: time.sleep(0.001)
                time.sleep(0.1)
                return os.fork()
            sys.stdout.flush()
            pid = lua.eval("function(f) return f() end")(callback)
            if pid == 0:
                signal.alarm(30)
                outcomes = []
                def work():
                    outcomes.append(lua.eval("function(f) return f() end")(lambda: other.eval("2")))
                news = [threading.Thread(target=work) for _ in range(4)]
                for thread in news: thread.start()
                for thread in news: thread.join()
                os._exit(len(outcomes) * 10 + lua.eval("3"))
            for thread in threads: thread.join()
            print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
        """)
        assert output.strip() == "43"

    def test_again_and_again(self, fork_script):
        output = fork_script("""
            lua = LuaRuntime()
            call = lua.eval("function(f) return f() end")
            def deeper(n):
                return "bottom" if n == 0 else child(lambda: call(lambda: deeper(n - 1)))
            print(call(lambda: deeper(4)), call(lambda: child(lambda: child(lambda: lua.eval("5")))))
        """)
        assert output.strip() == "bottom 5"


class TestProcessPools:
    """Work in processes, by fork or fresh: the runtimes are made there."""

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_of_concurrent_futures(self, run_script, runtime_name, tmp_path, method):
        (tmp_path / "pool_work.py").write_text(f"""
import lupa.{runtime_name} as lupa
lua = lupa.LuaRuntime()
square = lua.eval("function(n, f) return f(n * n) end")
def work(n):
    return square(n, int)
""")
        output = run_script(f"""
            import concurrent.futures, multiprocessing
            if __name__ == "__main__":
                sys.path.insert(0, {str(tmp_path)!r})
                from pool_work import work
                context = multiprocessing.get_context({method!r})
                with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                    print(sum(pool.map(work, range(20))))
        """)
        assert output.strip() == str(sum(n * n for n in range(20)))

    def test_results_that_are_lua_objects_say_what_is_wrong(self, run_script):
        output = run_script("""
            import multiprocessing
            lua = LuaRuntime()
            def work(n):
                return lua.eval("print")
            with multiprocessing.get_context("fork").Pool(1) as pool:
                try:
                    pool.apply(work, (1,))
                except multiprocessing.pool.MaybeEncodingError as error:
                    print("cannot pickle" in str(error))
        """)
        assert output.strip() == "True"

    def test_results_that_are_tables_are_data(self, run_script):
        output = run_script("""
            import multiprocessing
            lua = LuaRuntime()
            def work(n):
                return lua.table(n, lua.table(n + 1))
            with multiprocessing.get_context("fork").Pool(1) as pool:
                print(pool.apply(work, (1,)))
        """)
        assert output.strip() == "[1, [2]]"

    def test_of_threads(self, new_runtime):
        from concurrent.futures import ThreadPoolExecutor

        runtimes = threading.local()

        def work(n):
            if not hasattr(runtimes, "square"):
                runtimes.square = new_runtime().eval("function(n, f) return f(n * n) end")
            return runtimes.square(n, int)

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(work, range(400))) == sum(n * n for n in range(400))
