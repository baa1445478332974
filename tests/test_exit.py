"""The end of Python while threads are inside of runtimes, and while runtimes and wrappers are everywhere.

CPython stops a daemon thread where it asks for the GIL: with frames of Lua below, in the middle of a conversion, in a finalizer.
"""

import textwrap

import pytest

#: Python: what every script here needs. `work()` runs in daemon threads when the main thread ends.
HEADER = """
    import gc, random, threading, time
    sys.setswitchinterval(1e-5)
    deep_inside = threading.Event()

    def is_main():
        return threading.current_thread() is threading.main_thread()

    def linger():
        "A place in a daemon thread where Python stops it."
        if not is_main():
            deep_inside.set()
            while True: time.sleep(0.0005)

    def start(work, count=1):
        for _ in range(count):
            threading.Thread(target=work, daemon=True).start()
"""


@pytest.fixture
def quiet_end(run_script):
    """Run a script that has to end by itself, without a word on stderr."""

    def run(source, *arguments):
        return run_script(textwrap.dedent(HEADER) + textwrap.dedent(source), *arguments, timeout=30, stderr="")

    return run


@pytest.fixture
def finalizer(lua_version):
    """Lua: makes an object whose finalizer calls the argument."""
    if lua_version == (5, 1):
        return "function(f) local u = newproxy(true) getmetatable(u).__gc = function() f() end return u end"
    return "function(f) return setmetatable({}, {__gc = function() f() end}) end"


#: What threads do all the time when Python ends. Each line is the body of an endless loop.
BUSY = {
    "calls": "call(int)",
    "callbacks": "lua.eval('function(f) for i = 1, 1000 do f(i) end end')(float)",
    "pure Lua": "lua.execute('for i = 1, 10000000 do x = i end')",
    "new runtimes": "LuaRuntime().globals().f = lambda: 1",
    "coroutines": "list(lua.eval('function(f) for i = 1, 100 do coroutine.yield(f(i)) end end').coroutine(float))",
    "tables": "t = lua.table_from({i: [i] for i in range(50)}, recursive=True); list(t.items()); dict(t)",
    "exceptions": """
        try: call(lambda: {}[1])
        except KeyError: pass
    """,
    "errors of Lua": """
        try: lua.execute("error({})")
        except LuaError: pass
    """,
    "objects": "lua.eval('function(o) for i = 1, 100 do o.x = {i} o.y = o.x end collectgarbage() end')(Item())",
    "wrappers": "kept.extend(lua.table() for _ in range(10)); random.random() < 0.1 and kept.clear()",
    "collectors": "lua.gccollect(); gc.collect()",
}


class TestBusyDaemonThreads:
    @pytest.mark.parametrize("runtimes", ["shared", "separate"])
    @pytest.mark.parametrize("code", BUSY.values(), ids=BUSY.keys())
    def test_python_ends(self, quiet_end, code, runtimes):
        source = f"""
shared = LuaRuntime() if sys.argv[1] == "shared" else None
class Item: pass
def work():
    lua = shared or LuaRuntime()
    call, kept = lua.eval("function(f) return f() end"), []
    begun.release()
    while True:
{textwrap.indent(textwrap.dedent(code).strip(), " " * 8)}
begun = threading.Semaphore(0)
start(work, 3)
for _ in range(3): begun.acquire()
time.sleep(random.uniform(0, 0.05))
"""
        quiet_end(source, runtimes)


class TestStoppedInside:
    """Threads that are stopped deep inside: their stacks, with frames of Lua and Rust, must not be unwound."""

    @pytest.mark.parametrize(
        "code",
        [
            "call(linger)",
            "call(lambda: call(lambda: LuaRuntime().eval('...')(call(linger))))",
            "lua.eval('pcall')(linger)",
            "next(lua.eval('function(f) f() end').coroutine(linger))",
            "lua.eval('function(o) return o.x end')(as_attrgetter(Slow()))",
            "lua.eval('function(o) o.x = 1 end')(as_attrgetter(Slow()))",
            "lua.eval('function(o) o.x = 1 end')(Slow())",
            "lua.eval('function(o) return o[1] end')(Slow())",
            "lua.eval('function(o) return #tostring(o) end')(Slow())",
            "lua.eval('function(o) for x in python.iter(o) do end end')(Slow())",
            "lua.eval('function(o) for x in python.iter(o) do end end')(lazy())",
            "lua.table_from(lazy())",
            "lua.table_from(Slow())",
            "call(lambda: 2**70)",
            "lua.eval('...', 2**70)",
            "call(python_name)",
            "call(Drop)",
            "lua.eval('function(f) for i = 1, 1000 do f() collectgarbage() end end')(Drop)",
            "lua.globals()[Slow()] = 1",
        ],
    )
    def test_in_code_that_the_crossing_runs(self, quiet_end, code):
        quiet_end(
            """
            class Slow:
                def __getattr__(self, name):
                    if name[:2] == "__": raise AttributeError(name)
                    linger()
                def __setattr__(self, name, value): linger()
                def __str__(self): linger()
                def __iter__(self): linger()
                def __hash__(self): linger()
                def keys(self): linger()
                def __getitem__(self, key): linger()
                def __setitem__(self, key, value): linger()
            class Drop:
                def __del__(self): linger()
            def lazy():
                yield 1
                linger()
            def python_name():
                drop = Drop()
                drop.drop = drop
                del drop
                gc.collect()
            lua = LuaRuntime(overflow_handler=lambda n: linger())
            call = lua.eval("function(f) return f() end")
            def work():
                exec(sys.argv[1])
                for _ in range(100): call(Drop); lua.gccollect()
                linger()
            start(work)
            assert deep_inside.wait(20)
            """,
            code,
        )

    def test_in_a_finalizer_that_a_conversion_starts(self, quiet_end):
        """Python's collector runs where objects are allocated, so anywhere in a conversion (until CPython 3.12)."""
        quiet_end("""
            class Final:
                def __del__(self): linger()
            lua = LuaRuntime()
            kept = []
            gc.collect(); gc.disable()
            final = Final(); final.self = final; del final
            def work():
                run = lua.eval("function(f) return function() for i = 1, 10000 do f({}) end end end")(kept.append)
                gc.set_threshold(5)
                gc.enable()
                run()
                linger()
            start(work)
            assert deep_inside.wait(20)
        """)

    def test_in_a_finalizer_of_lua(self, quiet_end, finalizer):
        quiet_end(
            """
            lua = LuaRuntime()
            make = lua.eval(sys.argv[1])
            def work():
                for _ in range(100): make(linger); lua.gccollect()
            start(work)
            assert deep_inside.wait(20)
            """,
            finalizer,
        )

    def test_while_a_runtime_is_closed(self, quiet_end, finalizer):
        quiet_end(
            """
            def work():
                lua = LuaRuntime()
                lua.globals().kept = lua.eval(sys.argv[1])(linger)
                del lua
            start(work)
            assert deep_inside.wait(20)
            """,
            finalizer,
        )

    def test_while_the_helpers_of_the_core_allocate(self, quiet_end):
        quiet_end("""
            class Final:
                def __del__(self): linger()
            def work():
                numbers, kept = list(range(1000)), [None] * 1000
                gc.collect()
                final = Final(); final.self = final; del final
                gc.enable()
                for i in numbers: kept[i] = as_attrgetter(1)    # nothing else here counts for the collector
                linger()
            gc.disable()
            gc.set_threshold(500)
            start(work)
            assert deep_inside.wait(20)
        """)

    def test_while_the_process_lives_on(self, quiet_end):
        """Exit handlers of C run after the end of Python; threads that come back from Lua meanwhile find no Python."""
        quiet_end("""
            import ctypes
            process = ctypes.CDLL(None)
            usleep = ctypes.cast(process.usleep, ctypes.c_void_p)
            assert process["__cxa_atexit"](usleep, ctypes.c_void_p(300_000), None) == 0
            def work():
                lua = LuaRuntime()
                begun.release()
                while True:
                    lua.eval("function(f) for i = 1, 100 do f(i) for j = 1, 10000 do end end end")(float)
            begun = threading.Semaphore(0)
            start(work, 4)
            for _ in range(4): begun.acquire()
            time.sleep(0.02)
        """)


@pytest.mark.deviation
class TestRuntimesThatStoppedThreadsHold:
    AT_THE_END = """
        class Final:
            def __del__(self):
                for attempt in range(3):
                    try:
                        print(self.lua.eval("1 + 1"), flush=True)
                    except RuntimeError as error:
                        print(error, flush=True)
        sys.modules["final"] = Final()      # nowhere else: the stopped thread keeps the globals alive
        lua = sys.modules["final"].lua = LuaRuntime()
    """

    @pytest.mark.parametrize("work", ["call(linger)", "call(deep_inside.set); lua.execute('while true do end')"])
    def test_using_one_in_a_finalizer_is_an_error(self, quiet_end, work):
        output = quiet_end(
            textwrap.dedent(self.AT_THE_END)
            + textwrap.dedent("""
            call = lua.eval("function(f) return f() end")
            start(lambda: exec(sys.argv[1]))
            assert deep_inside.wait(20)
            time.sleep(0.02)
            """),
            work,
        )
        message = "failed to acquire thread lock: Python exits, and the thread that holds it was stopped"
        assert output.splitlines() == [message] * 3

    def test_one_that_was_handed_to_a_stopped_thread_is_free(self, quiet_end):
        output = quiet_end(
            textwrap.dedent(self.AT_THE_END)
            + textwrap.dedent("""
            sys.setswitchinterval(1000)
            def work():
                deep_inside.wait()
                lua.eval("1")
            start(work)
            def callback():
                deep_inside.set()
                time.sleep(0.2)
            lua.eval("function(f) f() end")(callback)   # the waiting thread gets the lock now, but never the GIL
            """)
        )
        assert output.split() == ["2"] * 3


class TestEverythingAlive:
    """Runtimes, wrappers and finalizers at the end, without threads or with such that end in time."""

    @pytest.mark.parametrize(
        "source",
        [
            "import atexit; lua = LuaRuntime(); atexit.register(lua.execute, 'x = 1'); atexit.register(lua.gccollect)",
            "import atexit; atexit.register(lambda: LuaRuntime().eval('function(f) return f() end')(lambda: 1))",
            "import atexit; lua = LuaRuntime(); atexit.register(lambda: [start(lambda: lua.eval('1')) for _ in range(3)])",
            "sys.modules['a'] = LuaRuntime(); sys.modules['b'] = sys.modules['a'].table(); sys.modules['c'] = LuaRuntime",
            "import builtins; builtins.lua = LuaRuntime(); builtins.walk = iter(builtins.lua.table(1)); next(builtins.walk)",
            "local = threading.local(); local.lua = LuaRuntime(); local.lua.globals().local_ = local",
            "lua = LuaRuntime(); t = threading.Thread(target=lambda: time.sleep(.05) or lua.execute('x = 1')); t.start()",
            "class D:\n    def __del__(self): D.kept = self\nD.lua = LuaRuntime(); D.lua.globals().d = D()",
            "a, b = LuaRuntime(), LuaRuntime(); a.globals().b = b; b.globals().a = a; a.globals().f = lambda: (a, b)",
            "co = LuaRuntime().eval('function(f) while true do coroutine.yield(f) end end').coroutine(linger); next(co)",
            "with LuaRuntime().nogc(): sys.exit()",
        ],
        ids=[
            "atexit", "new runtime in atexit", "threads in atexit", "modules", "builtins", "thread-local", "thread",
            "resurrecting", "crosswise", "coroutine", "nogc",
        ],
    )  # fmt: skip
    def test_it_is_quiet(self, quiet_end, source):
        assert quiet_end(source) == ""

    def test_thread_local_runtimes_end_with_their_threads(self, quiet_end, finalizer):
        output = quiet_end(
            """
            local = threading.local()
            ended = []
            def work(last):
                local.lua = LuaRuntime()
                local.lua.globals().kept = local.lua.eval(sys.argv[1])(lambda: ended.append(1))
                local.table = local.lua.table(1)
                if last: linger()
            threads = [threading.Thread(target=work, args=(False,)) for _ in range(5)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            gc.collect()
            print(len(ended))
            start(lambda: work(True), 2)
            assert deep_inside.wait(20)
            """,
            finalizer,
        )
        assert output.strip() == "5"

    def test_finalizers_of_both_sides(self, quiet_end, finalizer):
        """Each side's finalizers use the other's objects, in runtimes that are about to end or have ended."""
        quiet_end(
            """
            class Final:
                def __init__(self, *uses): self.uses = uses
                def __del__(self):
                    for use in self.uses:
                        try: use.eval("1 + 1")
                        except (LuaError, AttributeError): pass
            def attempt(f):
                try: f()
                except LuaError: pass
            first, second = LuaRuntime(), LuaRuntime()
            for lua, other in ((first, second), (second, first)):
                make = lua.eval(sys.argv[1])
                lua.globals().kept = make(lambda f=other.eval("function() return {} end"): attempt(f))
                lua.globals().final = Final(first, second)
                lua.globals().other = other
            sys.modules["final"] = Final(first, second)
            """,
            finalizer,
        )
