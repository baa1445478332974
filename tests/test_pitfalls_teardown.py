"""The end of runtimes, deep recursion, subinterpreters: no crash, no hang.

In lupa 2.8 a finalizer of Lua that calls Python at the end crashes, deep recursion overflows the C stack on LuaJIT, and
a runtime in a subinterpreter deadlocks.
"""

import gc
import sys

import pytest

pytestmark = pytest.mark.deviation


@pytest.fixture
def make_finalizer(lua_version):
    """Lua: an object whose finalizer calls the first argument with the rest."""
    if lua_version == (5, 1):
        return """
            function(f, ...)
                local args, u = {...}, newproxy(true)
                getmetatable(u).__gc = function() f((table.unpack or unpack)(args)) end
                return u
            end
        """
    return """
        function(f, ...)
            local args = {...}
            return setmetatable({}, {__gc = function() f((table.unpack or unpack)(args)) end})
        end
    """


class TestFinalizersAtTheEnd:
    def end(self, lua):
        """Drop the last reference of the caller."""

    @pytest.mark.parametrize("arguments", ["", "{}", "function() end", "io.stdout", "1, 'text', true", "coroutine.create(function() end)"])
    def test_they_may_call_python_with_anything(self, new_runtime, make_finalizer, arguments):
        received = []
        lua = new_runtime()
        code = f"function(make, f) kept = make(f{', ' + arguments if arguments else ''}) end"
        lua.eval(code)(lua.eval(make_finalizer), lambda *values: received.extend(values))
        del lua
        gc.collect()
        gc.collect()

    def test_wrappers_made_then_give_a_clean_error(self, new_runtime, lupa_module, make_finalizer):
        received = []
        lua = new_runtime()
        lua.eval("function(make, f) kept = make(f, {1, 2}, function() return 1 end) end")(
            lua.eval(make_finalizer), lambda *values: received.extend(values)
        )
        del lua
        gc.collect()
        for wrapper in received:
            for attempt in (lambda: wrapper[1], lambda: wrapper(), lambda: list(wrapper), lambda: wrapper.x, lambda: str(wrapper)):
                try:
                    attempt()
                except (lupa_module.LuaError, TypeError, AttributeError):
                    pass
            repr(wrapper)

    def test_they_may_use_the_dying_runtime(self, new_runtime, lupa_module, make_finalizer):
        outcomes = []
        holder = {}

        def use():
            for attempt in (
                lambda: holder["lua"].eval("1 + 1"),
                lambda: holder["lua"].table(1),
                lambda: holder["table"].x,
                lambda: holder["function"](),
            ):
                try:
                    outcomes.append(attempt())
                except (lupa_module.LuaError, KeyError, ReferenceError) as error:
                    outcomes.append(error)

        class Owner:
            pass

        owner = Owner()
        owner.lua = holder["lua"] = new_runtime()
        owner.lua.globals().kept = owner.lua.eval(make_finalizer)(use)
        holder["table"], holder["function"] = owner.lua.table(), owner.lua.eval("function() return 1 end")
        owner.lua.globals().owner = owner
        owner.lua.globals().holder = holder
        del owner, holder
        for _ in range(3):
            gc.collect()

    def test_they_may_raise(self, new_runtime, make_finalizer):
        def fail():
            raise ZeroDivisionError("at the end")

        for _ in range(10):
            lua = new_runtime()
            lua.globals().kept = lua.eval(make_finalizer)(fail)
            del lua
            gc.collect()

    def test_they_may_touch_python_objects_that_lua_holds(self, new_runtime, make_finalizer):
        seen = []
        lua = new_runtime()
        lua.eval("""
            function(make, note, item)
                before = item
                kept = make(function() note(pcall(tostring, item)) note(pcall(function() return item[1] end)) end)
                after = item
            end
        """)(lua.eval(make_finalizer), lambda *values: seen.append(values[0]), [1, 2])
        del lua
        gc.collect()

    def test_python_finalizers_may_use_another_runtime(self, new_runtime):
        other = new_runtime()
        results = []

        class Final:
            def __del__(self):
                results.append(other.eval("1 + 1"))

        lua = new_runtime()
        lua.globals().item = Final()
        del lua
        gc.collect()
        assert results == [2]

    def test_a_runtime_that_dies_inside_of_another_one(self, new_runtime):
        outer = new_runtime()
        box = [new_runtime()]
        box[0].globals().item = object()

        def drop():
            box.clear()
            gc.collect()
            return "dropped"

        assert outer.eval("function(f) return f() end")(drop) == "dropped"

    def test_in_a_process_that_ends(self, run_script, make_finalizer):
        run_script(f"""
            lua = LuaRuntime()
            make = lua.eval({make_finalizer!r})
            lua.globals().kept = make(lambda *args: lua.eval('1 + 1'), lua.table(), print)
            other = LuaRuntime()
            other.globals().kept = other.eval({make_finalizer!r})(lambda: lua.table(1))
        """)


class TestDeepRecursion:
    """Python and Lua calling each other without end is an error on every runtime."""

    @pytest.mark.parametrize("limit", [1000, 10**6])
    @pytest.mark.parametrize(
        "descend",
        [
            "f = lua.eval('function(g) return g() end')\ndef down(): return f(down)",
            "def down(): return lua.eval('(...)()', down)",
            "t = lua.eval('function(g) return setmetatable({}, {__index = function(t, k) return g() end}) end')\ndef down(): return x.k\nx = t(lambda: down())",
            "class O:\n    def __getattr__(self, n):\n        if n[:2] == '__': raise AttributeError(n)\n        return f(self)\nf = lua.eval('function(o) return o.x end')\ndown = lambda: f(O())",
            "class O:\n    def __str__(self): return f(self)\nf = lua.eval('tostring')\ndown = lambda: f(O())",
            "f = lua.eval('function(g) return pcall(g) end')\ndef down():\n    ok, e = f(down)\n    if not ok: raise e if isinstance(e, BaseException) else LuaError(e)\n    return e",
            "c = lua.eval('function(g) coroutine.yield(g()) end')\ndef down(): return next(c.coroutine(down))",
            "f = lua.eval('function(g) return coroutine.wrap(function() return g() end)() end')\ndef down(): return f(down)",
            "f = lua.eval('function(g) table.sort({2, 1}, function() return g() end) end')\ndef down(): return f(down)",
        ],
        ids=["call", "eval", "index", "attribute", "text", "pcall", "coroutine", "wrap", "sort"],
    )
    def test_it_ends_in_an_error(self, run_script, descend, limit):
        source = f"""
sys.setrecursionlimit({limit})
lua = LuaRuntime()
{descend}
for turn in range(3):
    try:
        down()
        print("no error")
    except (RecursionError, LuaError, MemoryError) as error:
        print(type(error).__name__)
sys.setrecursionlimit(1000)
print(lua.eval("1 + 1"))
"""
        *kinds, last = run_script(source, timeout=120).split()
        assert set(kinds) <= {"RecursionError", "LuaError", "LuaSyntaxError", "LuaMemoryError"}
        assert len(kinds) == 3
        assert last == "2"

    def test_it_ends_at_the_same_depth_everywhere(self, run_script):
        """However large the stacks are."""
        output = run_script("""
            import threading
            sys.setrecursionlimit(10**6)
            threading.stack_size(512 * 1024 * 1024)
            lua = LuaRuntime()
            f = lua.eval('function(g) return g() end')
            depth = 0
            def down():
                global depth
                depth += 1
                return f(down)
            def work():
                try:
                    down()
                except (RecursionError, LuaError):
                    print(depth)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        """)
        assert 50 < int(output) < 250

    @pytest.mark.parametrize("kilobytes", [256, 512, 1024, 2048])
    def test_in_a_thread_with_a_small_stack(self, run_script, kilobytes):
        output = run_script(f"""
            import threading
            sys.setrecursionlimit(10**6)
            threading.stack_size({kilobytes} * 1024)
            lua = LuaRuntime()
            f = lua.eval('function(g) return g() end')
            def down():
                return f(down)
            def work():
                try:
                    down()
                except (RecursionError, LuaError) as error:
                    print(type(error).__name__)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            print(lua.eval("1 + 1"))
        """)
        kind, last = output.split()
        assert kind in ("RecursionError", "LuaError")
        assert last == "2"

    def test_in_a_thread_whose_stack_is_too_small_for_any_call(self, run_script):
        output = run_script("""
            import threading
            threading.stack_size(96 * 1024)
            lua = LuaRuntime()
            def work():
                try:
                    print(lua.eval("1 + 1"))
                except RecursionError as error:
                    print(type(error).__name__)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            print(lua.eval("1 + 1"))
        """)
        assert output.split() == ["RecursionError", "2"]

    def test_an_overflow_handler_that_returns_an_integer(self, run_script):
        output = run_script("""
            lua = LuaRuntime(overflow_handler=lambda n: n)
            for turn in range(3):
                try:
                    lua.eval("...", 2**70)
                    print("no error")
                except (OverflowError, RecursionError) as error:
                    print(type(error).__name__)
            lua.set_overflow_handler(lua.eval("function(n) return n end"))
            try:
                lua.eval("...", 2**70)
            except (OverflowError, RecursionError, LuaError) as error:
                pass
            print(lua.eval("1 + 1"))
        """)
        *kinds, last = output.split()
        assert set(kinds) <= {"OverflowError", "RecursionError", "error", "no"}
        assert last == "2"

    def test_endless_recursion_inside_of_lua(self, lua, lupa_module):
        for code in (
            "local function f() return 1 + f() end f()",
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x",
            "local function f() return pcall(f) end error(select('#', f()))",
        ):
            with pytest.raises(lupa_module.LuaError):
                lua.execute(code)
                raise lupa_module.LuaError("it may also end without an error")
            assert lua.eval("1 + 1") == 2

    def test_endless_recursion_through_a_library_function(self, run_script, flavour):
        if flavour.is_luajit:
            pytest.skip("LuaJIT does not bound recursion through its own C functions")
        output = run_script("""
            lua = LuaRuntime()
            for turn in range(3):
                try:
                    lua.execute("local function f(s) return (s:gsub('.', f)) end f('x')")
                except LuaError as error:
                    assert "stack overflow" in str(error)
            print(lua.eval("1 + 1"))
        """)
        assert output.strip() == "2"

    def test_more_arguments_than_lua_takes(self, lua, lupa_module):
        select = lua.eval("function(...) return select('#', ...) end")
        for count in (10_000, 300_000, 2_000_000):
            try:
                assert select(*range(count)) == count
            except (lupa_module.LuaError, MemoryError) as error:
                assert error is not None
        assert select(1, 2) == 2

    def test_more_arguments_in_a_table_than_lua_takes(self, lua, lupa_module):
        count = lua.eval("function(f, n) local t = {} for i = 1, n do t[i] = i end return f(python.args(t)) end")
        for size in (100, 3_000, 10_000, 300_000, 2_000_000):
            try:
                assert count(lambda *args: len(args), size) == size
            except (lupa_module.LuaError, MemoryError) as error:
                assert size > 3_000 and error is not None
        assert lua.eval("1 + 1") == 2

    def test_more_values_than_lua_takes_from_a_coroutine(self, lua, lupa_module):
        for size in (100, 3_000, 7_000, 200_000, 900_000):
            code = f"""
                function()
                    local t = {{}}
                    for i = 1, {size} do t[i] = i end
                    coroutine.yield((table.unpack or unpack)(t))
                    return 'end'
                end
            """
            coroutine = lua.eval(code).coroutine()
            try:
                assert next(coroutine) == tuple(range(1, size + 1))
            except (lupa_module.LuaError, MemoryError) as error:
                assert size > 3_000 and error is not None
            try:
                assert next(coroutine) == "end"
            except (lupa_module.LuaError, StopIteration):
                assert size > 3_000
        assert lua.eval("1 + 1") == 2

    def test_more_results_than_lua_takes(self, new_runtime, lupa_module):
        lua = new_runtime(unpack_returned_tuples=True)
        count = lua.eval("function(f) return select('#', f()) end")
        for size in (10_000, 300_000, 2_000_000):
            try:
                assert count(lambda: tuple(range(size))) == size
            except (lupa_module.LuaError, MemoryError):
                pass
        assert lua.eval("1 + 1") == 2
        assert sys.getrefcount(None) > 0
