"""The GIL is kept where Lua is quick, and given up where it is not: nobody who wants it waits for long.

Every test crosses often before it begins, so that the GIL would be kept.
"""

import ctypes
import itertools
import os
import signal
import sys
import threading
import time

import pytest
from helpers import PATIENCE, daemon, run_to_the_end

#: Seconds that Lua is to take in one go, and the longest that others may be kept from the GIL. It is given up after 2 ms; the rest is
#: patience with a machine that has other things to do.
LONG, LONGEST_WAIT = 0.6, 0.3

#: Name of the thread that watches.
WATCH = "lupa watch"


@pytest.fixture(autouse=True)
def linux_only():
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("the GIL is kept on Linux only")


def warm_up(lua, crossings=300):
    """Cross so often that the GIL is kept; the last crossings say whether it is."""
    f = lua.eval("function() end")
    for _ in range(crossings):
        f()


def stays(lua, call, crossings=200, wanted=0):
    """How many of so many crossings kept the GIL, at best: others may want it now and then, and it is given up for half a second
    where that has happened again and again."""
    found, end = 0, time.monotonic() + (PATIENCE / 4 if wanted else 0.4)
    while time.monotonic() < end and (found <= wanted or not wanted):
        before = lua._stays()
        for _ in range(crossings):
            call()
        found = max(found, lua._stays() - before)
        time.sleep(0.02)
    return found


def watchers():
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as file:
                names.append(file.read().strip())
        except OSError:
            continue
    return names.count(WATCH)


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happens"
        time.sleep(0.001)


def calibrated(call):
    """An argument with which the call takes about LONG."""
    size = 1
    while True:
        start = time.thread_time()
        call(size)
        seconds = time.thread_time() - start
        if seconds > LONG / 4:
            return max(1, int(size * LONG / seconds))
        size *= 2


class Watcher(threading.Thread):
    """A thread of Python that notes when it had the GIL."""

    def __init__(self):
        super().__init__(daemon=True)
        self.times = []
        self.ends = threading.Event()

    def run(self):
        while not self.ends.is_set():
            self.times.append(time.perf_counter())
            time.sleep(0.002)

    def longest_wait(self, call):
        """How long it had to wait while the call ran."""
        self.start()
        wait_until(lambda: self.times)
        start = time.perf_counter()
        call()
        end = time.perf_counter()
        self.ends.set()
        self.join(PATIENCE)
        assert end - start > LONG / 4, "Lua was too quick for this test"
        inside = [moment for moment in self.times if start < moment < end]
        return max(later - earlier for earlier, later in zip([start, *inside], [*inside, end]))


#: Lua functions that take the longer, the larger their argument is, without asking anybody.
LONG_RUNS = {
    "a loop": "function(n) local x = 0 for i = 1, n * 10000 do x = (x + i * 7) % 1013 end return x end",
    "a loop over a table": "function(n) local t = {} for i = 1, 100 do t[i] = i end local x = 0 "
    "for i = 1, n * 100 do for k, v in ipairs(t) do x = x + v end end return x end",
    "a C function": "function(n) local s = ('a'):rep(200 * n) for i = 1, 10 do local _ = s:upper():lower():reverse() end end",
    "one pattern": "function(n) return (('a'):rep(60 * n)):find('.-b') end",
    "errors": "function(n) for i = 1, n * 1000 do pcall(error, 'x') end end",
    "a coroutine": "function(n) local f = coroutine.wrap(function() for i = 1, n * 1000 do coroutine.yield(i) end end) "
    "for i = 1, n * 1000 do f() end end",
}


class TestOthersRun:
    @pytest.mark.parametrize("what", LONG_RUNS)
    def test_while_lua_takes_its_time(self, lua, what):
        run = lua.eval(LONG_RUNS[what])
        size = calibrated(run)
        warm_up(lua)
        assert Watcher().longest_wait(lambda: run(size)) < LONGEST_WAIT

    @pytest.mark.parametrize(
        "enter",
        {
            "a call": lambda lua, f, n: f(n),
            "eval": lambda lua, f, n: lua.eval("(function(f, n) return f(n) end)(...)", f, n),
            "execute": lambda lua, f, n: lua.execute("local f, n = ... f(n)", f, n),
            "a coroutine": lambda lua, f, n: next(lua.eval("function(f, n) coroutine.yield(f(n)) end").coroutine(f, n)),
            "__index": lambda lua, f, n: lua.eval("function(f, n) return setmetatable({}, {__index = function() return f(n) end}) end")(f, n).x,
            "__newindex": lambda lua, f, n: setattr(
                lua.eval("function(f, n) return setmetatable({}, {__newindex = function() f(n) end}) end")(f, n), "x", 1
            ),
            "__tostring": lambda lua, f, n: str(
                lua.eval("function(f, n) return setmetatable({}, {__tostring = function() f(n) return 'x' end}) end")(f, n)
            ),
        }.values(),
        ids=["a call", "eval", "execute", "a coroutine", "__index", "__newindex", "__tostring"],
    )  # fmt: skip
    def test_whichever_way_lua_was_entered(self, lua, enter):
        run = lua.eval(LONG_RUNS["a loop"])
        size = calibrated(run)
        warm_up(lua)
        assert Watcher().longest_wait(lambda: enter(lua, run, size)) < LONGEST_WAIT

    def test_while_lua_calls_builtins_again_and_again(self, lua):
        """Neither Lua nor Python is long in its turn, and no code of Python looks whether others wait."""
        run = lua.eval("function(len, n) local x = 0 for i = 1, n * 100 do x = x + len('abc') end return x end")
        size = calibrated(lambda n: run(len, n))
        warm_up(lua)
        assert Watcher().longest_wait(lambda: run(len, size)) < LONGEST_WAIT

    def test_while_a_builtin_calls_lua_again_and_again(self, lua):
        f = lua.eval("function(x) return x end")
        size = calibrated(lambda n: sum(map(f, itertools.repeat(1, 100 * n))))
        warm_up(lua)
        assert Watcher().longest_wait(lambda: sum(map(f, itertools.repeat(1, 100 * size)))) < LONGEST_WAIT

    def test_while_lua_and_python_call_each_other(self, lua):
        run = lua.eval("function(f, n) for i = 1, n do f(i) end end")
        inner = lua.eval("function(n) local x = 0 for i = 1, 20000 do x = x + i end return x end")
        size = calibrated(lambda n: run(inner, n))
        warm_up(lua)
        assert Watcher().longest_wait(lambda: run(lambda i: inner(i), size)) < LONGEST_WAIT

    def test_while_lua_reads_from_a_pipe(self, lua, tmp_path):
        """The thread that writes needs the GIL for that."""
        path = str(tmp_path / "pipe")
        os.mkfifo(path)
        read = lua.eval("function(path) local file = io.open(path) local text = file:read('*a') file:close() return text end")
        warm_up(lua)
        found = []

        def write():
            time.sleep(0.05)
            with open(path, "w") as file:
                for _ in range(20):
                    file.write("x")
                    file.flush()
                    time.sleep(0.005)

        run_to_the_end([daemon(lambda: (warm_up(lua), found.append(read(path)))), daemon(write)])
        assert found == ["x" * 20]

    def test_while_lua_waits_for_another_process(self, lua):
        warm_up(lua)
        run = lua.eval("function() return os.execute('sleep 0.6') end")
        assert Watcher().longest_wait(run) < LONGEST_WAIT

    def test_a_native_thread(self, lua):
        """It is none of Python's until it asks for the GIL."""
        run = lua.eval(LONG_RUNS["a loop"])
        size = calibrated(run)
        moments = []
        callback = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: moments.append(time.perf_counter()))
        libc, thread = ctypes.CDLL(None), ctypes.c_ulong()
        warm_up(lua)
        threading.Timer(0.05, lambda: libc.pthread_create(ctypes.byref(thread), None, callback, None)).start()
        start = time.perf_counter()
        run(size)
        end = time.perf_counter()
        libc.pthread_join(thread, None)
        assert start < moments[0] < end - LONG / 4

    def test_a_thread_that_blocks_all_signals(self, lua):
        run = lua.eval(LONG_RUNS["a loop"])
        size = calibrated(run)
        waits = []

        def thread():
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            warm_up(lua)
            waits.append(Watcher().longest_wait(lambda: run(size)))
            assert stays(lua, lua.eval("function() end")) == 0

        run_to_the_end([daemon(thread)])
        assert waits[0] < LONGEST_WAIT

    def test_many_runtimes_and_threads(self, new_runtime):
        """Whose turn it is changes all the time, and nothing is lost or mixed up."""
        def work(lua, results):
            f = lua.eval("function(g, n) local x = 0 for i = 1, n do x = x + g(i) end return x end")
            inner = lua.eval("function(i) return i end")
            results.append([f(inner if n % 2 else lambda i: inner(i), n) for n in range(300)])

        results = []
        run_to_the_end([daemon(work, new_runtime(), results) for _ in range(4)])
        assert results == [[n * (n + 1) // 2 for n in range(300)]] * 4


class TestTheGilIsKept:
    """What a checked build counts."""

    @pytest.fixture(autouse=True)
    def counting_build(self, lua, bundled):
        if not hasattr(lua, "_stays"):
            pytest.skip("only checked builds count")

    def test_where_calls_are_short_and_many(self, lua):
        f = lua.eval("function() end")
        assert stays(lua, f, wanted=150) > 150
        assert watchers() == 1

    def test_in_callbacks(self, lua):
        f = lua.eval("function(g) g() g() g() g() end")
        assert stays(lua, lambda: f(lambda: None), wanted=600) > 600

    def test_not_for_few_calls(self, new_runtime):
        lua = new_runtime()
        f = lua.eval("function() end")
        for _ in range(20):
            f()
        assert lua._stays() == 0 or watchers() == 1

    def test_given_up_once_in_a_while(self, lua):
        f = lua.eval("function() end")
        stays(lua, f)
        end, crossings, before = time.perf_counter() + 0.2, 0, lua._stays()
        while time.perf_counter() < end:
            f()
            crossings += 1
        assert 20 <= crossings - (lua._stays() - before)

    def test_not_where_threads_are_to_switch_fast(self, lua):
        interval = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        try:
            time.sleep(0.01)
            assert stays(lua, lua.eval("function() end")) == 0
        finally:
            sys.setswitchinterval(interval)

    def test_not_while_others_wait(self, lua):
        """A thread that computes always wants the GIL."""
        f, ends = lua.eval("function() end"), []
        thread = daemon(lambda: [None for _ in iter(lambda: bool(ends), True)])
        thread.start()
        before, crossings = lua._stays(), 0
        end = time.perf_counter() + 0.5
        while time.perf_counter() < end:
            f()
            crossings += 1
        kept = lua._stays() - before
        ends.append(True)
        thread.join(PATIENCE)
        assert kept <= crossings - kept + 64

    def test_not_once_a_native_library_is_loaded(self, new_runtime):
        lua, other = new_runtime(), new_runtime()
        assert stays(lua, lua.eval("function() end"), wanted=150) > 150
        lua.execute("package.loadlib('/nonexistent/library.so', '*')")
        assert stays(lua, lua.eval("function() end")) == 0
        assert stays(other, other.eval("function() end"), wanted=150) > 150

    def test_not_once_a_native_module_was_looked_for(self, lua, tmp_path):
        (tmp_path / "broken.so").write_text("no library")
        lua.execute(f"package.cpath = '{tmp_path}/?.so'  pcall(require, 'broken')")
        assert stays(lua, lua.eval("function() end")) == 0

    def test_not_once_the_ffi_is_open(self, lua, flavour):
        if not flavour.is_luajit:
            pytest.skip("only LuaJIT has it")
        assert stays(lua, lua.eval("function() end"), wanted=150) > 150
        assert lua.eval("require('ffi').sizeof('int')") == 4
        assert stays(lua, lua.eval("function() end")) == 0

    def test_a_library_that_is_loaded_in_a_long_run(self, lua):
        """From there on the GIL is given up, in the very crossing."""
        warm_up(lua)
        run = lua.eval(LONG_RUNS["a loop"])
        size = calibrated(run)
        load = lua.eval("function(run, n) package.loadlib('/nonexistent/library.so', '*') return run(n) end")
        warm_up(lua)
        assert Watcher().longest_wait(lambda: load(run, size)) < LONGEST_WAIT


class TestTheWatch:
    def test_ends_when_nobody_crosses(self, lua):
        warm_up(lua)
        wait_until(lambda: watchers() == 0)
        warm_up(lua)

    def test_its_signal_does_not_reach_python(self, lua, run_script):
        """A signal that arrives late would interrupt a call of the system."""
        output = run_script("""
            import ctypes, time
            libc = ctypes.CDLL(None, use_errno=True)
            lua = LuaRuntime()
            f = lua.eval('function(n) local x = 0 for i = 1, n do x = (x + i * 7) % 1013 end return x end')
            size, seconds = 1000, 0
            while seconds < 0.002:
                size *= 2
                start = time.perf_counter()
                f(size)
                seconds = time.perf_counter() - start
            interrupted = 0
            for i in range(300):
                for _ in range(5):
                    f(10)
                f(size + i * size // 100)
                interrupted += libc.usleep(200) != 0
            print(interrupted)
        """)
        assert output == "0\n"

    def test_a_program_takes_the_signal(self, run_script):
        """Then another one is used."""
        output = run_script("""
            import os, signal, threading, time
            lua = LuaRuntime()
            f = lua.eval('function(n) local x = 0 for i = 1, n do x = (x + i * 7) % 1013 end return x end')
            def cross():
                for _ in range(300):
                    f(1)
            def longest_wait():
                times, ends = [], []
                def look():
                    while not ends:
                        times.append(time.perf_counter())
                        time.sleep(0.002)
                thread = threading.Thread(target=look, daemon=True)
                thread.start()
                time.sleep(0.05)
                cross()
                start = time.perf_counter()
                while time.perf_counter() < start + 0.5:
                    f(20_000_000)
                ends.append(1)
                thread.join()
                inside = [t for t in times if t > start]
                return max(b - a for a, b in zip([start, *inside], inside))
            cross()
            seen = []
            for number in range(signal.SIGRTMAX, signal.SIGRTMAX - 3, -1):
                signal.signal(number, lambda number, frame: seen.append(number))
                cross()
                assert longest_wait() < 0.3
            assert seen == []
            os.kill(os.getpid(), signal.SIGRTMAX)
            assert seen == [signal.SIGRTMAX]
            print('others ran')
        """)
        assert output == "others ran\n"

    def test_a_signal_of_somebody_else(self, lua, run_script):
        """Whoever sends the number of the signal by other means changes nothing."""
        output = run_script("""
            import os, signal, threading
            lua = LuaRuntime()
            f = lua.eval('function() end')
            for _ in range(300):
                f()
            os.kill(os.getpid(), signal.SIGRTMAX)
            signal.pthread_kill(threading.get_ident(), signal.SIGRTMAX)
            for _ in range(300):
                f()
            print('alive')
        """)
        assert output == "alive\n"

    def test_can_be_forbidden(self, run_script):
        output = run_script(
            """
            import os
            f = LuaRuntime().eval('function() end')
            for _ in range(3000):
                f()
            names = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
            print("lupa watch\\n" in names)
            """,
            env={"LUPA_KEEP_GIL": "0"},
        )
        assert output == "False\n"

    def test_does_not_take_part_in_a_fork(self, run_script):
        """Python warns where there are other threads."""
        output = run_script("""
            import os, warnings
            warnings.simplefilter('error')
            lua = LuaRuntime()
            f = lua.eval('function(x) return x end')
            for turn in range(20):
                for i in range(300):
                    f(i)
                child = os.fork()
                if not child:
                    alone = len(os.listdir('/proc/self/task')) == 1
                    for i in range(3000):
                        assert f(i) == i
                    os._exit(0 if alone else 1)
                names = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
                assert "lupa watch\\n" not in names
                _, status = os.waitpid(child, 0)
                assert status == 0, status
            print('forked')
        """)
        assert output == "forked\n"

    def test_a_fork_while_another_thread_is_in_lua(self, run_script):
        output = run_script("""
            import os, threading, time
            lua, other = LuaRuntime(), LuaRuntime()
            run = lua.eval('function(n) local x = 0 for i = 1, n do x = (x + i * 7) % 1013 end return x end')
            f = other.eval('function(x) return x end')
            ends = []
            def busy():
                while not ends:
                    for _ in range(100):
                        run(10)
                    run(2_000_000)
            thread = threading.Thread(target=busy)
            thread.start()
            for turn in range(20):
                for i in range(200):
                    f(i)
                child = os.fork()
                if not child:
                    for i in range(1000):
                        assert f(i) == i
                    os._exit(0)
                _, status = os.waitpid(child, 0)
                assert status == 0, status
            ends.append(1)
            thread.join(30)
            assert not thread.is_alive()
            print('forked')
        """)
        assert output == "forked\n"

    def test_python_exits_while_threads_stay(self, run_script):
        output = run_script("""
            import threading, time
            def busy(lua):
                f = lua.eval('function(g) for i = 1, 1000 do g(i) end local x = 0 for i = 1, 1e12 do x = x + i % 7 end end')
                inner = lua.eval('function(i) return i end')
                for _ in range(200):
                    inner(1)
                f(inner)
            for _ in range(3):
                threading.Thread(target=busy, args=[LuaRuntime()], daemon=True).start()
            time.sleep(0.3)
            print('done')
        """)
        assert output == "done\n"

    def test_runtimes_that_come_and_go(self, new_runtime):
        for _ in range(30):
            warm_up(new_runtime(), 100)
        run = new_runtime().eval(LONG_RUNS["a loop"])
        size = calibrated(run)
        assert Watcher().longest_wait(lambda: run(size)) < LONGEST_WAIT

    def test_a_thread_that_the_system_stops_anywhere(self, run_script):
        """Where others compete for the processors, a thread can be away for periods between any two instructions."""
        output = run_script("""
            import itertools, subprocess, time
            busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(4)]
            try:
                f = LuaRuntime().eval('function(x) return x end')
                g = LuaRuntime().eval('function(f, n) local s = 0 for i = 1, n do s = s + f(i) end return s end')
                end = time.monotonic() + 5
                while time.monotonic() < end:
                    assert sum(map(f, itertools.repeat(1, 20_000))) == 20_000
                    assert g(float, 20_000) == 200_010_000
            finally:
                for process in busy:
                    process.kill()
                    process.wait()
            print('alive')
        """)
        assert output == "alive\n"
