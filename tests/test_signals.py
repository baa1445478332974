"""Signal handlers that use the runtime which the main thread is in, or waits for: they work, and nothing hangs."""

import signal
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this platform has no timers that raise signals")

#: Python: `tick(f)` calls f from a signal handler, again and again; `hold()` makes a thread that is inside of a runtime.
HEADER = """
    import signal, threading, time
    ticks, wanted = [], []

    def tick(work, interval=0.002):
        "Handlers do not interrupt each other: the next signal is asked for at the end."
        def handler(*args):
            ticks.append(1)
            work()
            if wanted: signal.setitimer(signal.ITIMER_REAL, interval)
        signal.signal(signal.SIGALRM, handler)
        wanted.append(1)
        signal.setitimer(signal.ITIMER_REAL, interval)

    def quiet():
        wanted.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def hold(lua, leave):
        inside = threading.Event()
        thread = threading.Thread(target=lua.eval("function(f, g) f() g() end"), args=(inside.set, lambda: leave.wait(50)))
        thread.start()
        assert inside.wait(30)
        return thread
"""


@pytest.fixture
def signal_script(run_script):
    def run(source, *arguments):
        # A signal that comes when Python has given its handlers up would end the process.
        return run_script(textwrap.dedent(HEADER) + textwrap.dedent(source) + "\nquiet()\n", *arguments, timeout=40)

    return run


class TestWhileTheMainThreadIsInside:
    @pytest.mark.parametrize(
        "code",
        [
            "call(lambda: 1)",
            "assert lua.eval('function(f) local n = 0 for i = 1, 200 do n = n + f(i) end return n end')(float) == 20100",
            "assert list(lua.eval('function(f) for i = 1, 20 do coroutine.yield(f(i)) end end').coroutine(int)) == list(range(1, 21))",
            "assert len(lua.table_from([[i] for i in range(50)], recursive=True)) == 50",
            "assert list(lua.table_from(range(50)).values()) == list(range(50))",
            "assert lua.eval('function(o) local s = 0 for x in python.iter(o) do s = s + x end return s end')(range(99)) == 4851",
            "lua.eval('function(o) o.x = {} return o.x end')(Item())",
            "assert lua.eval('pcall')(lambda: {}[1])[0] is False",
            "lua.gccollect(); assert lua.eval('...', lua.table(), 2.5)[1] == 2.5",
        ],
    )
    def test_handlers_may_use_it(self, signal_script, code):
        output = signal_script(
            """
            class Item: pass
            lua = LuaRuntime()
            call = lua.eval("function(f) return f() end")
            count = lua.eval("function() n = (n or 0) + 1 return n end")
            walk = lua.eval("function(f) for i = 1, 3 do coroutine.yield(f(i)) end end")
            def work():
                assert count() == len(ticks)
                assert call(lambda: lua.table(1, 2))[2] == 2
                assert list(walk.coroutine(int)) == [1, 2, 3]
            tick(work)
            end = time.monotonic() + 20
            while len(ticks) < 25 and time.monotonic() < end:
                exec(sys.argv[1])
            quiet()
            print(len(ticks) >= 25, lua.eval("n") == len(ticks))
            """,
            code,
        )
        assert output.split() == ["True", "True"]

    def test_a_handler_that_raises_ends_the_call(self, signal_script):
        output = signal_script("""
            lua = LuaRuntime()
            class Alarm(Exception): pass
            def work():
                raise Alarm
            raised = 0
            for _ in range(20):
                try:
                    tick(work, 0.003)
                    lua.eval("function(f) while true do f() end end")(lambda: None)
                except Alarm:
                    raised += 1
            print(raised, lua.eval("1 + 1"))
        """)
        assert output.split() == ["20", "2"]

    def test_a_handler_may_drop_the_runtime(self, signal_script):
        output = signal_script("""
            box = [LuaRuntime()]
            function = box[0].eval("function(f) for i = 1, 5000 do f(i) end return 'done' end")
            def work():
                global function
                box.clear()
                function = None
                quiet()
            tick(work)
            print(function(int))
        """)
        assert output.strip() == "done"


class TestWhileTheMainThreadWaits:
    def test_handlers_may_use_other_runtimes(self, signal_script):
        output = signal_script("""
            lua, other, leave = LuaRuntime(), LuaRuntime(), threading.Event()
            thread = hold(lua, leave)
            def work():
                other.execute("n = (n or 0) + 1")
                if len(ticks) == 20:
                    quiet()
                    leave.set()
            tick(work)
            print(lua.eval("'free'"), other.eval("n"))
            thread.join()
        """)
        assert output.split() == ["free", "20"]

    def test_handlers_may_wait_for_the_same_runtime(self, signal_script):
        """The handler comes first, then what it interrupted; both get the runtime in the end."""
        output = signal_script("""
            lua, leave, order = LuaRuntime(), threading.Event(), []
            thread = hold(lua, leave)
            note = lambda x: lua.eval("function(f, x) f(x) end")(order.append, x)
            def work():
                quiet()
                threading.Timer(0.05, leave.set).start()
                note("handler")
            tick(work)
            note("main")
            print(*order)
            thread.join()
        """)
        assert output.split() == ["handler", "main"]

    def test_a_handler_may_raise_again_and_again(self, signal_script):
        output = signal_script("""
            lua, leave = LuaRuntime(), threading.Event()
            thread = hold(lua, leave)
            def work():
                raise KeyboardInterrupt
            interrupted = 0
            for _ in range(30):
                try:
                    tick(work, 0.003)
                    lua.eval("1")
                except KeyboardInterrupt:
                    interrupted += 1
            leave.set()
            thread.join()
            print(interrupted, lua.eval("1 + 1"))
        """)
        assert output.split() == ["30", "2"]

    def test_in_a_ring_a_handler_gets_the_error(self, signal_script):
        """The main thread waits inside of one runtime for another; its handler closes a ring."""
        output = signal_script("""
            mine, other = LuaRuntime(), LuaRuntime()
            inside, blocked = threading.Event(), threading.Event()
            outcomes = []
            def holder():
                def callback():
                    inside.set()
                    blocked.wait(30)
                    try: return mine.eval("'crossed'")
                    except RuntimeError: return "error"
                outcomes.append(other.eval("function(f) return f() end")(callback))
            thread = threading.Thread(target=holder)
            thread.start()
            inside.wait()
            def work():
                quiet()
                blocked.set()
                time.sleep(0.1)
                try: outcomes.append(other.eval("'crossed'"))
                except RuntimeError: outcomes.append("error")
            def callback():
                tick(work, 0.02)
                try: return other.eval("'crossed'")
                except RuntimeError: return "error"
            print(mine.eval("function(f) return f() end")(callback) in ("crossed", "error"))
            thread.join()
            print(len(outcomes), "error" in outcomes, mine.eval("1"), other.eval("2"))
        """)
        assert output.split() == ["True", "2", "True", "1", "2"]

    def test_signals_during_contention(self, signal_script):
        """Wake-ups and hand-overs that a signal comes between are passed on."""
        output = signal_script("""
            sys.setswitchinterval(1e-5)
            lua = LuaRuntime()
            lua.execute("n = 0")
            step = lua.eval("function() n = n + 1 end")
            tick(step, 0.0005)
            def work():
                for _ in range(2000): step()
            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads: thread.start()
            work()
            for thread in threads: thread.join()
            quiet()
            print(lua.eval("n") - len(ticks))
        """)
        assert output.split() == ["8000"]

    def test_a_lock_that_is_handed_to_a_thread_which_a_signal_takes_away(self, signal_script):
        """The hand-over and the signal come together; the handler raises, so that the others must get the lock."""
        output = signal_script("""
            lua = LuaRuntime()
            call = lua.eval("function(f) f() end")
            progress = []
            def spin():
                progress.append(1)
                end = time.monotonic() + 0.004      # with the GIL held, so that who is woken has to wait for it
                while time.monotonic() < end: pass
            def work():
                while not done: call(spin)
            def interrupt():
                raise InterruptedError
            done = []
            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads: thread.start()
            raised = 0
            for _ in range(60):
                try:
                    tick(interrupt, 0.009)
                    while True: lua.eval("1")
                except InterruptedError:
                    raised += 1
                before, patience = len(progress), time.monotonic() + 10
                while len(progress) == before:
                    assert time.monotonic() < patience, "nobody gets the lock"
                    time.sleep(0.001)
            done.append(1)
            for thread in threads: thread.join()
            print(raised)
        """)
        assert output.strip() == "60"
