"""Subinterpreters, one after the other and at the same time, with the GIL that all share and, on CPython 3.12 and newer, with
one of their own."""

import sys
import textwrap

import pytest


def interpreters():
    """The module of subinterpreters under the name it has on this Python, or None."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            continue
    return None


pytestmark = [
    pytest.mark.deviation,
    pytest.mark.skipif(interpreters() is None, reason="this Python was built without its module for subinterpreters"),
]

#: Python: what every script here needs. `create()` makes an interpreter of the kind that the first argument names.
HEADER = """
    import os, threading, time
    sys.setswitchinterval(1e-5)
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters

    def create():
        if sys.version_info >= (3, 13):
            return interpreters.create("isolated" if sys.argv[1] == "own" else "legacy")
        return interpreters.create(isolated=sys.argv[1] == "own")

    BEGIN = f'''
    import sys
    sys.path[:] = {sys.path!r}
    import lupa as package, {lupa.__name__} as lupa
    from {lupa.__name__} import *
    '''

    def run(identity, source):
        failure = interpreters.run_string(identity, textwrap.dedent(BEGIN) + textwrap.dedent(source))
        assert failure is None, failure

    def in_threads(*targets):
        failures = []
        def guarded(target):
            try: target()
            except BaseException as error: failures.append(error)
        threads = [threading.Thread(target=guarded, args=(target,)) for target in targets]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert not failures, failures
"""


@pytest.fixture(params=["shared", "own"])
def gil(request):
    if request.param == "own" and sys.version_info < (3, 12):
        pytest.skip("before CPython 3.12 all interpreters share one GIL")
    return request.param


@pytest.fixture
def script(run_script, gil):
    def run(source):
        text = "import textwrap\n" + textwrap.dedent(HEADER) + textwrap.dedent(source)
        return run_script(text, gil, timeout=20)

    return run


class TestOne:
    def test_a_runtime_works_there(self, script):
        output = script("""
            identity = create()
            run(identity, '''
                lua = LuaRuntime()
                print(lua.eval("1 + 1"), lua.eval("function(f) return f(20) end")(lambda n: n + 1), flush=True)
            ''')
            run(identity, "print(lua.table_from([[1], 2], recursive=True)[1][1], flush=True)")
            interpreters.destroy(identity)
            print(LuaRuntime().eval("'still here'"))
        """)
        assert output.split() == ["2", "21", "1", "still", "here"]

    def test_exceptions_pass_through_lua(self, script):
        script("""
            run(create(), '''
                lua = LuaRuntime()
                problem = KeyError("x")
                def fail(): raise problem
                try: lua.eval("function(f) f() end")(fail)
                except KeyError as error: assert error is problem
                try: lua.execute("error({code = 42})")
                except package.LuaError as error: assert error.value.code == 42
                else: raise AssertionError
            ''')
        """)

    def test_the_classes_are_its_own(self, script):
        """A class of one interpreter is no business of another: each imports modules, types and exceptions of its own."""
        output = script("""
            identity = create()
            run(identity, "print(id(LuaError), id(LuaRuntime), id(lupa), flush=True)")
            print(id(LuaError), id(LuaRuntime), id(lupa))
        """)
        theirs, ours = (set(line.split()) for line in output.splitlines())
        assert len(theirs | ours) == 6

    def test_it_may_end_with_everything_alive(self, script, lua_version):
        make = (
            "local u = newproxy(true) getmetatable(u).__gc = f return u"
            if lua_version == (5, 1)
            else "return setmetatable({}, {__gc = f})"
        )
        output = script(f"""
            for _ in range(4):
                identity = create()
                run(identity, '''
                    class Final:
                        def __del__(self): self.lua.eval("1")
                    lua = LuaRuntime()
                    lua.globals().f = lambda: lua
                    lua.globals().final = final = Final()
                    final.lua = LuaRuntime()
                    lua.globals().kept = lua.eval("function(f) {make} end")(lambda *rest: final.lua.eval("2"))
                    sys.modules["table"], sys.modules["walk"] = lua.table(1), iter(lua.table(1))
                    step = lua.eval("function() coroutine.yield(1) end").coroutine()
                    next(step)
                ''')
                interpreters.destroy(identity)
            print("ended")
        """)
        assert output.strip() == "ended"

    def test_the_process_may_end_before_it(self, script):
        assert script('run(create(), "lua = LuaRuntime(); lua.globals().lua = lua"); print("end")').strip() == "end"

    def test_a_runtime_may_be_the_first_of_the_process(self, run_script, runtime_name, gil):
        output = run_script(f"""
            import subprocess
            program = '''
            import sys
            try: import _interpreters as interpreters
            except ImportError: import _xxsubinterpreters as interpreters
            own = sys.argv[1] == "own"
            if sys.version_info >= (3, 13): identity = interpreters.create("isolated" if own else "legacy")
            else: identity = interpreters.create(isolated=own)
            source = f"import sys; sys.path[:] = {{sys.path!r}}; import lupa.{runtime_name} as m; m.LuaRuntime().eval('1')"
            failure = interpreters.run_string(identity, source)
            assert failure is None, failure
            interpreters.destroy(identity)
            import lupa.{runtime_name} as m
            print(m.LuaRuntime().eval("'both'"))
            '''
            import textwrap
            print(subprocess.run([sys.executable, "-c", textwrap.dedent(program), {gil!r}], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout)
        """)
        assert output.strip() == "both"


class TestNested:
    def test_two_interpreters_in_one_thread(self, script):
        """A callback enters another interpreter, whose runtime calls Python again, and everything finds its way back."""
        output = script("""
            lua = LuaRuntime()
            lua.execute("n = 0")
            identities = [create() for _ in range(3)]
            def callback(depth):
                lua.execute("n = n + 1")
                run(identities[depth % 3], '''
                    lua = LuaRuntime()
                    assert lua.eval("function(f) return f(lua_value) end")(lambda x: [x]) == [None]
                    assert list(lua.eval("function(f) for i = 1, 3 do coroutine.yield(f(i)) end end").coroutine(int)) == [1, 2, 3]
                ''')
                return down(callback, depth - 1) if depth else "bottom"
            down = lua.eval("function(f, depth) local result = f(depth) n = n + 1 return result end")
            print(down(callback, 6), lua.eval("n"))
        """)
        assert output.split() == ["bottom", "14"]

    @pytest.mark.skipif(sys.version_info < (3, 13), reason="before CPython 3.13 no thread enters an interpreter that has others")
    def test_waiting_across_interpreters(self, script):
        """Threads that hold a runtime of one interpreter and want that of another, crosswise: one gets the error."""
        output = script("""
            identities = [create(), create()]
            (met, meet), (going, go), (result, tell) = os.pipe(), os.pipe(), os.pipe()
            want = f'''if True:
                try: lua.eval('1'); os.write({tell}, b'crossed ')
                except RuntimeError: os.write({tell}, b'error ')
            '''
            source = f'''
                import os, threading
                try: import _interpreters as interpreters
                except ImportError: import _xxsubinterpreters as interpreters
                lua = LuaRuntime()
                def callback():
                    os.write({meet}, b"x")
                    os.read({going}, 1)
                    interpreters.run_string(OTHER, {want!r})
                thread = threading.Thread(target=lua.eval("function(f) return f() end"), args=(callback,))
                thread.start()
            '''
            for mine, other in (identities, identities[::-1]):
                run(mine, source.replace("OTHER", str(int(other))))
            os.read(met, 1); os.read(met, 1)
            os.write(go, b"xx")
            text = b""
            while text.count(b" ") < 2: text += os.read(result, 100)
            print(text.decode())
            for identity in identities:
                run(identity, "thread.join(); assert lua.eval('6') == 6")
                interpreters.destroy(identity)
        """)
        assert sorted(output.split()) == ["crossed", "error"]


class TestManyAtOnce:
    WORK = """
        import gc
        lua = LuaRuntime()
        sum_of = lua.eval("function(f, n) local s = 0 for i = 1, n do s = s + f(i) end return s end")
        walk = lua.eval("function(n) for i = 1, n do coroutine.yield({i}) end end")
        for turn in range(15):
            assert sum_of(lambda n: n, 300) == 45150
            assert [t[1] for t in walk.coroutine(20)] == list(range(1, 21))
            lua.globals().kept = lua.table_from([[turn], {"a": lua}], recursive=True)
            try: lua.eval("function(f) f() end")(lambda: {}[1])
            except KeyError: pass
            other = LuaRuntime()
            other.globals().lua = lua
            lua.globals().other = other
            lua.gccollect()
            gc.collect()
    """

    def test_in_threads(self, script):
        output = script(f"""
            WORK = {self.WORK!r}
            def one():
                for _ in range(2):
                    identity = create()
                    run(identity, WORK)
                    interpreters.destroy(identity)
            in_threads(one, one, one, lambda: exec(textwrap.dedent(BEGIN) + textwrap.dedent(WORK), {{}}))
            print("done")
        """)
        assert output.strip() == "done"

    def test_imports_at_the_same_moment(self, script):
        output = script("""
            identities = [create() for _ in range(6)]
            barrier = threading.Barrier(6)
            def one(identity):
                barrier.wait(30)
                run(identity, "LuaRuntime().eval('1')")
            in_threads(*[lambda i=i: one(i) for i in identities])
            print("done")
        """)
        assert output.strip() == "done"

    def test_threads_of_their_own(self, script):
        output = script("""
            def one():
                identity = create()
                run(identity, '''
                    import threading
                    lua = LuaRuntime()
                    lua.execute("n = 0")
                    step = lua.eval("function(f) n = n + f(1) end")
                    def work():
                        for _ in range(200): step(lambda x: x)
                    threads = [threading.Thread(target=work) for _ in range(3)]
                    for thread in threads: thread.start()
                    for thread in threads: thread.join()
                    assert lua.eval("n") == 600, lua.eval("n")
                ''')
                interpreters.destroy(identity)
            in_threads(one, one)
            print("done")
        """)
        assert output.strip() == "done"
