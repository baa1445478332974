"""Scripts that meddle: with metatables of Python objects, with finalizers, with the debug library.

In lupa 2.8 most of these crash the process or turn one object into another.
"""

import pytest

pytestmark = pytest.mark.deviation


class Item:
    x = 1

    def method(self):
        return "called"

    def __str__(self):
        return "an item"


def works(lua, item):
    """Whether everything that Lua can do with an object gives what it should."""
    code = """
        function(o, f)
            o.y = 5
            return o.x, o.y, o:method(), tostring(o), f('abc'), type(o)
        end
    """
    return lua.eval(code)(item, len) == (1, 5, "called", "an item", 3, "userdata")


def survives(lua, lupa_module, code, *args):
    """Run hostile code; whatever happens must be an exception."""
    try:
        return lua.execute(code, *args)
    except (lupa_module.LuaError, ReferenceError, TypeError, AttributeError, ValueError, KeyError) as error:
        return error


EVENTS = ["__call", "__index", "__newindex", "__tostring", "__gc"]


class TestMetatableFacade:
    """`getmetatable(object)` shows the metamethods, but changing them changes nothing."""

    @pytest.mark.parametrize("event", EVENTS)
    def test_the_metamethods_are_there(self, lua, event):
        assert lua.eval("function(o, event) return getmetatable(o)[event] ~= nil end")(Item(), event) is True

    @pytest.mark.parametrize("event", [*EVENTS, "__eq", "__len", "__name", "__metatable", "__mode"])
    @pytest.mark.parametrize("value", ["nil", "false", "function() return 'forged' end", "print", "{}", "5"])
    def test_changes_have_no_effect(self, lua, lupa_module, event, value):
        survives(lua, lupa_module, f"getmetatable(...)['{event}'] = {value}", Item())
        survives(lua, lupa_module, f"rawset(getmetatable(...), '{event}', {value})", Item())
        lua.gccollect()
        assert works(lua, Item())

    def test_emptying_it_has_no_effect(self, lua, lupa_module):
        survives(lua, lupa_module, "local m = getmetatable(...) for k in pairs(m) do m[k] = nil end", Item())
        assert works(lua, Item())

    def test_its_own_metatable_has_no_effect(self, lua, lupa_module):
        survives(lua, lupa_module, "setmetatable(getmetatable(...), {__index = function() return print end})", Item())
        assert works(lua, Item())

    def test_calling_its_functions_by_hand_does_no_harm(self, lua, lupa_module):
        item = Item()
        for event in EVENTS:
            for arguments in ("", "o", "nil", "5", "{}", "print", "io.stdout", "'text'", "coroutine.create(print)", "o, 'x'", "io.stdout, 'x', 1"):
                survives(lua, lupa_module, f"local o = ...; return getmetatable(o).{event}({arguments})", item)
        assert works(lua, Item())


class TestFinalizedByHand:
    @pytest.fixture(params=["getmetatable", "debug.getmetatable"])
    def finalize(self, request, lua, lupa_module):
        """Call the finalizer of an object that Lua keeps as `kept`."""

        def finalize(item):
            lua.globals().kept = item
            survives(lua, lupa_module, f"{request.param}(kept).__gc(kept)")

        return finalize

    @pytest.mark.parametrize(
        "use",
        [
            "kept.x", "kept()", "tostring(kept)", "python.iter(kept)", "python.as_attrgetter(kept)",
            "python.as_function(kept)", "kept", "python.enumerate(kept)", "python.builtins.len(kept)",
        ],
    )  # fmt: skip
    def test_it_is_deleted_ever_after_or_untouched(self, lua, lupa_module, finalize, use):
        item = Item()
        finalize(item)
        for _ in range(3):
            try:
                lua.eval(use)
            except (ReferenceError, lupa_module.LuaError) as error:
                assert "deleted python object" in str(error)
            except TypeError as error:
                assert "Item" in str(error)
            lua.gccollect()

    def test_twice_does_no_harm(self, lua, finalize):
        item = Item()
        for _ in range(5):
            finalize(item)
            lua.gccollect()
        lua.globals().kept = None
        lua.gccollect()
        assert works(lua, item)

    def test_the_real_finalizer_makes_a_reference_error(self, lua):
        lua.globals().kept = Item()
        lua.execute("debug.getmetatable(kept).__gc(kept)")
        for _ in range(3):
            with pytest.raises(ReferenceError, match="deleted python object"):
                lua.eval("kept.x")
            with pytest.raises(ReferenceError, match="deleted python object"):
                lua.eval("kept")

    def test_the_object_itself_can_be_passed_again(self, lua, finalize):
        item = Item()
        finalize(item)
        assert works(lua, item)

    def test_python_none_survives_its_finalizer(self, lua, lupa_module):
        survives(lua, lupa_module, "debug.getmetatable(python.none).__gc(python.none)")
        lua.gccollect()
        try:
            assert lua.eval("python.none") is None
        except ReferenceError as error:
            assert "deleted python object" in str(error)
        assert lua.eval("1 + 1") == 2


FORGERIES = {
    "a file": "io.stdout",
    "a closed file": "(function() local f = io.tmpfile() f:close() return f end)()",
    "a table": "{}",
    "a proxy": "newproxy and newproxy(true) or io.stdout",
    "an empty proxy": "newproxy and newproxy(false) or io.stdout",
    "light userdata": "debug.upvalueid and debug.upvalueid(function() return USES end, 1) or io.stdout",
}
USES = [
    "forged.x", "forged[1]", "forged()", "tostring(forged)", "python.iter(forged)", "python.as_attrgetter(forged)",
    "python.as_function(forged)", "python.builtins.len(forged)", "python.builtins.str(forged)", "forged",
    "python.args{forged}", "python.set_overflow_handler(forged)",
]  # fmt: skip


class TestForgedObjects:
    """A userdata with the metatable of Python objects is not yet a Python object."""

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_they_are_told_from_real_ones(self, lua, lupa_module, forgery):
        survives(lua, lupa_module, f"local USES = 1; forged = {FORGERIES[forgery]}")
        survives(lua, lupa_module, "debug.setmetatable(forged, debug.getmetatable(python.none))")
        for use in USES:
            survives(lua, lupa_module, f"return {use}")
        survives(lua, lupa_module, "forged.x = 1")
        survives(lua, lupa_module, "debug.getmetatable(python.none).__gc(forged)")
        survives(lua, lupa_module, "debug.setmetatable(forged, nil)")
        lua.execute("forged = nil")
        lua.gccollect()
        assert works(lua, Item())

    @pytest.mark.parametrize("event", EVENTS)
    @pytest.mark.parametrize("value", ["nil", "5", "{}", "print", "io.stdout", "'text'"])
    def test_real_metamethods_check_their_argument(self, lua, lupa_module, event, value):
        survives(lua, lupa_module, f"return debug.getmetatable(python.none).{event}({value}, 'x', 1)")
        assert works(lua, Item())

    def test_a_python_object_without_its_metatable(self, lua, lupa_module, collect):
        item = Item()
        lua.globals().kept = item
        survives(lua, lupa_module, "debug.setmetatable(kept, nil)")
        for use in ("kept.x", "kept()", "tostring(kept)", "kept", "python.builtins.str(kept)", "python.iter(kept)"):
            survives(lua, lupa_module, f"return {use}")
        lua.globals().kept = None
        collect(lua)
        assert works(lua, Item())

    def test_a_python_object_with_another_metatable(self, lua, lupa_module, collect):
        lua.globals().kept = Item()
        survives(lua, lupa_module, "debug.setmetatable(kept, {__index = function() return 'fake' end, __gc = print})")
        survives(lua, lupa_module, "return kept.x")
        lua.globals().kept = None
        collect(lua)
        assert works(lua, Item())

    def test_the_real_metatable_changed_through_the_debug_library(self, lua, lupa_module, collect):
        for change in ("__index = nil", "__gc = nil", "__call = 5", "__tostring = error", "__newindex = {}", "__metatable = nil", "__name = 5"):
            survives(lua, lupa_module, f"debug.getmetatable(python.none).{change}")
            for use in ("...", "(...).x", "(...)()", "tostring(...)"):
                survives(lua, lupa_module, f"return {use}", Item())
            collect(lua)
        assert lua.eval("1 + 1") == 2

    def test_protocol_and_identity_cannot_be_exchanged(self, lua):
        first, second = Item(), Item()
        lua.globals().first, lua.globals().second = first, second
        lua.execute("debug.setmetatable(first, debug.getmetatable(second))")
        assert lua.eval("first") is first
        assert lua.eval("second") is second


class TestDebugLibrary:
    def test_upvalues_of_functions_can_be_changed(self, lua, lupa_module):
        functions = "python.as_function(python.builtins.len)", "python.iter", "python.args", "python.as_attrgetter", "(python.iter(python.builtins.list()))"
        for function in functions:
            for value in ("nil", "5", "{}", "print", "io.stdout", "python.none"):
                survives(
                    lua, lupa_module,
                    f"local f = {function}; for i = 1, 3 do debug.setupvalue(f, i, {value}) end; forged = f",
                )  # fmt: skip
                survives(lua, lupa_module, "return forged")
                survives(lua, lupa_module, "return forged('abc')")
                survives(lua, lupa_module, "return forged(python.builtins.list())")
        lua.gccollect()
        assert lua.eval("1 + 1") == 2

    def test_names_in_the_registry_can_be_removed(self, lua, lupa_module, collect):
        lua.execute("""
            local registry = debug.getregistry()
            for key, value in pairs(registry) do
                if type(key) == 'string' and key ~= '_LOADED' and key ~= '_PRELOAD' and key ~= '_CLIBS' then registry[key] = nil end
            end
        """)
        for code in ("return python.none", "return python.builtins.len('abc')", "return tostring(...)", "return (...).x"):
            survives(lua, lupa_module, code, Item())
        collect(lua)

    @pytest.mark.parametrize("value", ["nil", "5", "'text'", "{}", "print", "io.stdout"])
    def test_everything_in_the_registry_can_be_replaced(self, run_script, value):
        output = run_script(f"""
            lua = LuaRuntime()
            class Item:
                x = 1
            kept = [lua.table(1), lua.eval("function() return 1 end"), lua.eval("io.stdout"), iter(lua.table(1, 2))]
            thread = lua.eval("function() coroutine.yield(1) end").coroutine()
            next(thread)
            lua.globals().item = Item()
            def survives(f, *args):
                try:
                    return f(*args)
                except Exception as error:
                    return error
            survives(lua.execute, '''
                local registry = debug.getregistry()
                local keys = {{}}
                for key in next, registry do
                    if type(key) ~= 'number' or key > 3 then keys[#keys + 1] = key end
                end
                for _, key in ipairs(keys) do
                    if key ~= '_LOADED' and key ~= '_PRELOAD' and key ~= '_CLIBS' then registry[key] = {value} end
                end
            ''')
            for turn in range(2):
                for wrapper in [*kept, thread]:
                    survives(lambda: wrapper[1])
                    survives(lambda: wrapper.x)
                    survives(lambda: wrapper())
                    survives(lambda: list(wrapper))
                    survives(lambda: len(wrapper))
                    survives(str, wrapper)
                    survives(repr, wrapper)
                    survives(lambda: wrapper.__setitem__(1, 1))
                    survives(lua.eval, "...", wrapper)
                survives(lua.eval, "1 + 1")
                survives(lua.eval, "...", Item())
                survives(lua.eval, "tostring(...)", Item())
                survives(lua.eval, "item.x")
                survives(lua.table, 1, 2)
                survives(lua.table_from, [[Item()]])
                survives(lua.eval, "function(f) return f() end", )
                survives(lua.execute, "error('x')")
                survives(lua.gccollect)
            del kept, thread
            survives(lua.gccollect)
            del lua
            print(LuaRuntime().eval("1 + 1"))
        """)
        assert output.strip() == "2"

    def test_hooks_that_raise(self, run_script):
        for kind in ("c", "r", "l"):
            output = run_script(f"""
                lua = LuaRuntime()
                table = lua.table(1, 2)
                function = lua.eval("function(f) return f() end")
                def survives(f, *args):
                    try:
                        return f(*args)
                    except Exception as error:
                        return error
                survives(lua.execute, "debug.sethook(function() error('hook') end, '{kind}')")
                for turn in range(3):
                    survives(lambda: table[1])
                    survives(lambda: table.__setitem__(1, 2))
                    survives(lambda: table.x)
                    survives(lambda: list(table.items()))
                    survives(lambda: len(table))
                    survives(str, table)
                    survives(function, lambda: lua.eval("1"))
                    survives(lua.table_from, [[object()], {{"a": 1}}])
                    survives(lua.eval, "1 + 1")
                    survives(next, lua.eval("print"))  if turn > 5 else None
                    survives(lua.gccollect)
                survives(lua.execute, "debug.sethook()")
                del table, function, lua
                print(LuaRuntime().eval("1 + 1"))
            """)
            assert output.strip() == "2"

    def test_hooks_that_call_python(self, lua):
        events = []
        lua.globals().note = lambda *args: events.append(args)
        lua.execute("debug.sethook(function(event, line) note(event, line) end, 'crl')")
        table = lua.table(1, 2)
        assert (table[1], lua.eval("1 + 1")) == (1, 2)
        assert lua.table_from([[1]], recursive=True)[1][1] == 1
        lua.execute("debug.sethook()")
        assert events

    def test_locals_of_our_functions_can_be_looked_at(self, lua, lupa_module):
        code = """
            local ok, message = pcall(function(f)
                f(function()
                    -- No locals and no `for`: Lua trusts the hidden variables of a loop, which would be changed too.
                    level = 0
                    while level <= 12 and debug.getinfo(level) do
                        index = -3
                        while index <= 6 do
                            pcall(debug.getlocal, level, index)
                            pcall(debug.setlocal, level, index, 'changed')
                            index = index + 1
                        end
                        level = level + 1
                    end
                end)
            end, ...)
            return ok
        """
        survives(lua, lupa_module, code, lambda inner: inner())
        assert lua.eval("1 + 1") == 2

    def test_the_metatables_of_basic_types_can_be_set(self, lua, lupa_module):
        survives(lua, lupa_module, """
            for _, value in ipairs{0, 'text', true, print, coroutine.create(function() end)} do
                debug.setmetatable(value, {__index = function() error('index') end, __call = function() error('call') end,
                                           __tostring = function() error('text') end, __len = function() error('len') end})
            end
            debug.setmetatable(nil, {__index = function() error('nil') end})
        """)  # fmt: skip
        survives(lua, lupa_module, "return tostring(1)")
        assert lua.eval("...", 1) == 1
        for value in (1, "text", True, None, [1]):
            survives(lua, lupa_module, "local t = {...}; return t[1]", value)
        table = lua.table(1)
        assert table[1] == 1


class TestFunctionsRemoved:
    """Scripts, and hosts that build a sandbox, remove what they like from the environment."""

    def test_everything_can_go(self, lua, lupa_module):
        table = lua.table(1, 2)
        function = lua.eval("function(...) return ... end")
        lua.execute("for name in pairs(_G) do if name ~= '_G' then _G[name] = nil end end _G = nil")
        assert (table[1], function(5), lua.eval("1 + 1")) == (1, 5, 2)
        assert works_without_libraries(lua)
        with pytest.raises(lupa_module.LuaError):
            lua.execute("nosuch()")
        lua.gccollect()
        assert lua.lua_version is not None

    def test_libraries_replaced_by_liars(self, lua, lupa_module):
        lua.execute("""
            function liar() return 'lie' end
            function tostring() return {} end
            type, pairs, next, error, pcall, setmetatable, getmetatable, rawget, rawset, select = liar, liar, liar, liar, liar, liar, liar, liar, liar, liar
            coroutine = {resume = liar, yield = liar, create = liar, status = liar}
            collectgarbage = liar
        """)
        table = lua.table(1, 2)
        assert dict(table) == {1: 1, 2: 2}
        assert lupa_module.lua_type(table) == "table"
        assert repr(table).startswith("<Lua table at 0x")
        lua.gccollect()
        with lua.nogc():
            pass
        assert list(lua.eval("function(n) return n end").coroutine(5)) == [5]
        assert works_without_libraries(lua)


def works_without_libraries(lua):
    item = Item()
    return lua.eval("function(o) o.y = 2 return o.x, o:method() end")(item) == (1, "called") and item.y == 2
