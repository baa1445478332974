"""Waits that would never end: threads in a ring of runtimes, by every way in. One gets an error, the others go on."""

import textwrap

import pytest

pytestmark = pytest.mark.deviation

#: Python: `ring(ways)` makes one runtime and one thread for each way; each thread is inside of its own runtime when it wants
#: into the next one, by its way. Prints what came of it.
RING = """
    import gc, threading, time
    sys.setswitchinterval(1e-5)

    CALL = "function(f) return f() end"

    def use(way, lua, parts):
        "One operation on another thread's runtime."
        if way == "eval": return lua.eval("'crossed'")
        if way == "call": return parts["function"]("crossed")
        if way == "table": return parts["table"][1]
        if way == "iterator": return next(iter(parts["table"].values()))
        if way == "coroutine": return next(parts["coroutine"])
        if way == "callback": return lua.eval(CALL)(lambda: "crossed")
        if way == "collect": return lua.gccollect() or "crossed"
        raise ValueError(way)

    def parts_of(lua):
        return {
            "function": lua.eval("function(x) return x end"),
            "table": lua.table("crossed"),
            "coroutine": lua.eval("function() while true do coroutine.yield('crossed') end end").coroutine(),
        }

    def ring(ways, inside="callback"):
        count = len(ways)
        runtimes = [LuaRuntime() for _ in ways]
        parts = [parts_of(lua) for lua in runtimes]
        enter = {
            "callback": CALL,
            "coroutine": "function(f) return coroutine.wrap(function() return f() end)() end",
            "pcall": "function(f) local _, result = pcall(f) return result end",
            "index": "function(f) return setmetatable({}, {__index = function(t, k) return f() end}).x end",
        }[inside]
        calls = [lua.eval(enter) for lua in runtimes]
        barrier = threading.Barrier(count)
        outcomes = [None] * count

        def work(i):
            def callback():
                barrier.wait(30)
                other = (i + 1) % count
                return use(ways[i], runtimes[other], parts[other])
            try:
                outcome = calls[i](callback)
            except RuntimeError as error:
                outcome = error
            outcomes[i] = "error" if isinstance(outcome, RuntimeError) else outcome
            if isinstance(outcome, RuntimeError):
                assert "the thread that holds it waits for this thread" in str(outcome), outcome

        threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert [lua.eval("'alive'") for lua in runtimes] == ["alive"] * count
        return outcomes
"""


@pytest.fixture
def ring_script(run_script):
    def run(source, *arguments):
        return run_script(textwrap.dedent(RING) + textwrap.dedent(source), *arguments, timeout=30)

    return run


def is_one_error(outcomes):
    return outcomes.count("error") == 1 and outcomes.count("crossed") == len(outcomes) - 1


class TestRings:
    @pytest.mark.parametrize("way", ["eval", "call", "table", "iterator", "coroutine", "callback", "collect"])
    def test_of_two(self, ring_script, way):
        output = ring_script(f"for _ in range(5): print(*ring(['{way}', '{way}']))")
        for line in output.splitlines():
            assert is_one_error(line.split()), output

    @pytest.mark.parametrize("inside", ["callback", "coroutine", "pcall", "index"])
    def test_of_three(self, ring_script, inside):
        output = ring_script(f"for _ in range(5): print(*ring(['eval', 'coroutine', 'callback'], '{inside}'))")
        for line in output.splitlines():
            assert is_one_error(line.split()), output

    def test_of_many(self, ring_script):
        output = ring_script("print(*ring(['eval', 'call', 'table', 'coroutine', 'callback'] * 4))")
        assert is_one_error(output.split())

    def test_a_chain_has_an_end(self, ring_script):
        """Nobody waits for ever: the last runtime of the chain comes free."""
        output = ring_script("""
            runtimes = [LuaRuntime() for _ in range(6)]
            calls = [lua.eval(CALL) for lua in runtimes]
            barrier = threading.Barrier(5)
            outcomes = []
            def work(i):
                def callback():
                    barrier.wait(30)
                    return runtimes[i + 1].eval("'crossed'")
                outcomes.append(calls[i](callback))
            def last():
                def callback():
                    time.sleep(0.3)
                    return "crossed"
                outcomes.append(calls[5](callback))
            threads = [threading.Thread(target=last)] + [threading.Thread(target=work, args=(i,)) for i in range(5)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*outcomes)
        """)
        assert output.split() == ["crossed"] * 6


class TestFinalizers:
    """Finalizers that want into a runtime whose owner waits for them: the error is theirs, and nobody waits."""

    def test_of_python(self, ring_script):
        output = ring_script("""
            class Final:
                def __init__(self, other): self.other = other
                def __del__(self):
                    barrier.wait(30)
                    try: outcomes.append(self.other.eval("'crossed'"))
                    except RuntimeError: outcomes.append("error")
            outcomes = []
            runtimes = [LuaRuntime(), LuaRuntime()]
            barrier = threading.Barrier(2)
            def work(mine, other):
                box = [Final(other)]
                mine.eval(CALL)(box.clear)      # the finalizer runs inside of the callback
            threads = [threading.Thread(target=work, args=pair) for pair in (runtimes, runtimes[::-1])]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*outcomes)
        """)
        assert is_one_error(output.split())

    def test_of_lua(self, ring_script, lua_version):
        if lua_version == (5, 1):
            make = "function(f) local u = newproxy(true) getmetatable(u).__gc = function() f() end end"
        else:
            make = "function(f) setmetatable({}, {__gc = function() f() end}) end"
        output = ring_script(
            """
            outcomes = []
            runtimes = [LuaRuntime(), LuaRuntime()]
            barrier = threading.Barrier(2)
            def work(mine, other):
                def final():
                    barrier.wait(30)
                    try: outcomes.append(other.eval("'crossed'"))
                    except RuntimeError: outcomes.append("error")
                mine.eval(sys.argv[1])(final)
                while not outcomes: mine.gccollect()
            threads = [threading.Thread(target=work, args=pair) for pair in (runtimes, runtimes[::-1])]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*outcomes)
            """,
            make,
        )
        assert is_one_error(output.split())

    def test_in_pythons_collector(self, ring_script):
        """The collector runs in a callback of one runtime, and finds garbage that wants into another one."""
        output = ring_script("""
            outcomes = []
            class Final:
                def __init__(self, other): self.other, self.self = other, self
                def __del__(self):
                    try: outcomes.append(self.other.eval("'crossed'"))
                    except RuntimeError: outcomes.append("error")
            first, second = LuaRuntime(), LuaRuntime()
            inside = threading.Event()
            def holder():
                def callback():
                    inside.set()
                    time.sleep(0.2)
                    try: return first.eval("'crossed'")
                    except RuntimeError: return "error"
                outcomes.append(second.eval(CALL)(callback))
            thread = threading.Thread(target=holder)
            def callback():
                gc.disable()
                Final(second)
                thread.start()
                inside.wait()
                gc.collect()
            first.eval(CALL)(callback)
            thread.join()
            print(*outcomes)
        """)
        assert is_one_error(output.split())


class TestAfterwards:
    def test_the_graph_forgets_refused_waits(self, ring_script):
        output = ring_script("""
            for _ in range(30): assert ring(["eval", "eval"]).count("error") == 1
            outcomes = []
            lua = LuaRuntime()
            def work():
                for _ in range(200): outcomes.append(lua.eval(CALL)(lambda: "crossed"))
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(outcomes.count("crossed"))
        """)
        assert output.strip() == "800"

    def test_retrying_gets_both_through(self, ring_script):
        """Who gets the error may leave its own runtime and try again."""
        output = ring_script("""
            runtimes = [LuaRuntime(), LuaRuntime()]
            def work(mine, other):
                for turn in range(100):
                    while True:
                        try:
                            mine.eval(CALL)(lambda: other.execute("n = (n or 0) + 1"))
                            break
                        except RuntimeError:
                            time.sleep(0.0001)
            threads = [threading.Thread(target=work, args=pair) for pair in (runtimes, runtimes[::-1])]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*[lua.eval("n") for lua in runtimes])
        """)
        assert output.split() == ["100", "100"]
