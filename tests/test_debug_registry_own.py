"""Scripts that change what is ours in the registry: the metatable and the cache of objects, the functions, the places of
tracebacks; and what is Lua's own there."""

import gc
import sys

import pytest

pytestmark = pytest.mark.deviation

#: More than a coroutine can give without asking for room.
MANY_VALUES = "function() coroutine.yield({}" + ", {}" * 50 + ") end"

OURS = {
    "the metatable of objects": "rawequal(held, debug.getmetatable(python.none))",
    "the cache of objects": "type(held) == 'table' and (getmetatable(held) or {}).__mode == 'v'",
}


@pytest.fixture
def forge_own(lua):
    """Replace one of our own objects; returns a function that puts it back."""

    def forge_own(which, forgery):
        code = f"""
            local slots = {{}}
            for slot, held in pairs(debug.getregistry()) do
                if type(slot) == 'number' and ({OURS[which]}) then slots[slot] = held end
            end
            local count = 0
            for slot in pairs(slots) do debug.getregistry()[slot] = {forgery} count = count + 1 end
            return count, function() for slot, held in pairs(slots) do debug.getregistry()[slot] = held end end
        """
        count, restore = lua.execute(code)
        assert count == 1
        return restore

    return forge_own


class Thing:
    x = 1

    def fail(self):
        raise ZeroDivisionError


NEW_OBJECTS = {
    "an argument": lambda lua: lua.eval("...", Thing()),
    "the second argument": lambda lua: lua.globals().select(1, Thing()),
    "a result": lambda lua: lua.eval("f()"),
    "an exception": lambda lua: lua.eval("fail()"),
    "an iterator": lambda lua: lua.eval("python.iter(list)"),
    "another protocol": lambda lua: lua.eval("python.as_attrgetter(list)"),
    "arguments": lambda lua: lua.eval("python.args{1}"),
    "in a table": lambda lua: lua.table(Thing()),
    "as a key": lambda lua: lua.table_from({Thing(): 1}),
    "in a nested table": lambda lua: lua.table_from([[Thing()]], recursive=True),
    "as an item": lambda lua: lua.globals().__setitem__("kept", Thing()),
}


class TestOurOwnObjects:
    @pytest.mark.parametrize("which", OURS)
    def test_without_them_no_object_gets_into_lua(self, lua, lupa_module, forge_own, which, forgery):
        lua.execute("list, f, fail = ...", [1], Thing, Thing().fail)
        restore = forge_own(which, forgery)
        for attempt in NEW_OBJECTS.values():
            with pytest.raises(lupa_module.LuaError, match="lost reference"):
                attempt(lua)
        assert lua.eval("1 + 1") == 2
        restore()
        assert lua.eval("f().x") == 1
        with pytest.raises(ZeroDivisionError):
            lua.eval("fail()")

    def test_objects_are_released_when_they_do_not_get_in(self, lua, lupa_module, forge_own):
        kept = Thing()
        before = sys.getrefcount(kept)
        forge_own("the metatable of objects", "nil")
        for _ in range(100):
            with pytest.raises(lupa_module.LuaError, match="lost reference"):
                lua.eval("...", kept)
        assert sys.getrefcount(kept) == before

    @pytest.mark.parametrize("lie", ["first", "python.as_attrgetter(first)", "second", "python.none", "forged"])
    def test_a_cache_that_lies_is_not_believed(self, lua, lupa_module, lie, forgery):
        """Entries of the cache are checked to be the object, with its protocol."""
        first, second = ["item of the first"], ["item of the second"]
        lua.globals().first, lua.globals().second = first, second
        lua.execute(f"""
            for _, held in pairs(debug.getregistry()) do
                if type(held) == 'table' and (getmetatable(held) or {{}}).__mode == 'v' then
                    local lie, keys = {forgery if lie == "forged" else lie}, {{}}
                    for key in pairs(held) do keys[#keys + 1] = key end
                    for _, key in ipairs(keys) do held[key] = lie end
                end
            end
        """)
        same = lua.eval("function(o) return o end")
        assert [same(second) is second, same(first) is first, same(len) is len, same(None) is None] == [True] * 4
        look = lua.eval("function(o) return o[0] end")
        assert [look(first), look(second)] == [first[0], second[0]]
        assert lua.eval("function(o) return o.append ~= nil end")(lupa_module.as_attrgetter(first)) is True


def walk_and_remove(pair):
    """The second key; the walk goes on from one that is not there any more."""
    keys = iter(pair)
    pair[next(keys)] = None
    return next(keys)


class TestFunctions:
    """Where pushing a C function allocates, those of ours lie in the registry."""

    FIND = """
        local slots = {}
        for slot, held in pairs(debug.getregistry()) do
            if type(slot) == 'number' and type(held) == 'function' and debug.getinfo(held, 'S').what == 'C' then
                slots[#slots + 1] = slot
            end
        end
        return slots
    """

    #: What Python does, and what comes out if it works.
    ATTEMPTS = {
        "run": (lambda lua: lua.eval("'right'"), "right"),
        "load": (lambda lua: lua.compile("return 'right'") is not None, True),
        "get": (lambda lua: lua.eval("setmetatable({}, {__index = kept})")[1], "right"),
        "set": (lambda lua: lua.globals().__setitem__("set", "right"), None),
        "get by a long name": (lambda lua: lua.globals()["x" * 50], None),
        "set by a long name": (lambda lua: lua.globals().__setitem__("x" * 50, None), None),
        "set what is new": (lambda lua: lua.globals().__setitem__(77, "right"), None),
        "len": (lambda lua: len(lua.globals().measured), 1),
        "a name": (lambda lua: [lua.globals()["kept"][1] for _ in range(3)], ["right"] * 3),
        "text": (lambda lua: str(lua.globals().kept)[:12], "<Lua table a"),
        "iterate": (lambda lua: walk_and_remove(lua.globals().pair), 2),
        "call with a number": (lambda lua: lua.globals().tostring(5), "5"),
        "call with text": (lambda lua: lua.globals().tostring("right"), "right"),
        "call with a python object": (lambda lua: lua.globals().tostring(Thing) == str(Thing), True),
        "build": (lambda lua: list(lua.table("right").values()), ["right"]),
        "collect": (lambda lua: lua.gccollect(), None),
        "resume": (lambda lua: list(lua.globals().generate.coroutine()), ["right"]),
        "resume with text": (lambda lua: list(lua.globals().generate.coroutine("x" * 50)), ["right"]),
        "throw": (lambda lua: throw_into(lua.globals().generate.coroutine()), True),
        "close": (lambda lua: lua.globals().generate.coroutine().close(), None),
        "many results": (lambda lua: len(lua.eval("{}" + ", {}" * 50)), 51),
        "an unstarted coroutine": (lambda lua: list(lua.eval("coroutine.create(generate)")()), ["right"]),
        "many values of a coroutine": (lambda lua: len(next(lua.eval(MANY_VALUES).coroutine())), 51),
        "require": (lambda lua: lua.require("string").upper("x"), "X"),
    }

    @pytest.fixture
    def slots(self, lua, lua_version):
        slots = list(lua.execute(self.FIND).values())
        if lua_version >= (5, 2):
            assert slots == []
            pytest.skip("a C function is pushed without allocating since Lua 5.2: the registry has none")
        return slots

    def test_something_else_instead_is_a_lost_reference(self, new_runtime, lupa_module, slots, forgery):
        lost = set()
        for slot in slots:
            lua = new_runtime()
            lua.execute("kept = {'right'} function generate() coroutine.yield('right') end")
            lua.execute("pair = {10, 20}")
            lua.execute("measured = newproxy(true) getmetatable(measured).__len = function() return 1 end")
            lua.execute(f"debug.getregistry()[...] = {forgery}", slot)
            for name, (attempt, right) in self.ATTEMPTS.items():
                try:
                    assert attempt(lua) == right, name
                except lupa_module.LuaError as error:
                    assert "lost reference" in str(error), name
                    lost.add(slot)
            with pytest.raises(lupa_module.LuaError) as caught:
                lua.execute("error('right', 0)")
            assert caught.value.value == "right" or "lost reference" in str(caught.value)
        # All but those that only make tracebacks and room, that fill the cache of strings, the three of short ways, without
        # which the long way is taken, and the long way to a new coroutine.
        assert len(lost) >= len(slots) - 7


def throw_into(coroutine):
    next(coroutine)
    with pytest.raises(ZeroDivisionError):
        coroutine.throw(ZeroDivisionError)
    return True


class TestTheRestOfTheRegistry:
    EMPTY = """
        local registry = debug.getregistry()
        for i = 1, 1000 do registry[i] = nil end
        for i = 1, 1000 do registry['name' .. i] = i end
        return pcall(load or loadstring, 'x = 1')
    """

    def test_the_table_of_globals(self, lua, lupa_module, lua_version, forgery, skip_if_asserted):
        if lua_version == (5, 1):
            pytest.skip("the globals are not in the registry before Lua 5.2")
        skip_if_asserted("globals that are no table")
        table = lua.table(1)
        lua.execute(f"debug.getregistry()[2] = {forgery}")
        if forgery.startswith("{"):
            assert lua.globals().x == "forged"
        else:
            with pytest.raises(lupa_module.LuaError, match="lost reference"):
                lua.globals()
        with pytest.raises(lupa_module.LuaError):
            lua.require("string")
        with pytest.raises(lupa_module.LuaError):
            lua.eval("error('x')")
        assert (table[1], lua.eval("1 + 1"), lua.eval("function(f) return f() end")(lambda: 5)) == (1, 2, 5)

    @pytest.mark.usefixtures("bundled")
    def test_an_emptied_registry_without_an_array(self, run_script, skip_if_asserted):
        skip_if_asserted("globals that are no table")
        output = run_script("""
            lua = LuaRuntime()
            code = """ + repr(self.EMPTY) + """
            try:
                lua.execute(code)
            except LuaError as error:
                assert "lost reference" in str(error), error
            print("alive")
        """)
        assert output.strip() == "alive"

    @pytest.mark.parametrize("name", ["_LOADED", "_PRELOAD", "_CLIBS", "Py_None", "POBJECT", "FILE*"])
    def test_names(self, new_runtime, lupa_module, name, forgery):
        lua = new_runtime()
        lua.execute(f"debug.getregistry()['{name}'] = {forgery}")
        for code in ("return require('string')", "return require('nosuch')", "return io.stdout:seek()", "return package.loaded.string"):
            try:
                lua.execute(code)
            except lupa_module.LuaError:
                pass
        assert (lua.eval("python.none"), lua.eval("python.builtins.len('abc')"), lua.table(1)[1]) == (None, 3, 1)
        del lua
        gc.collect()

    def test_the_places_of_tracebacks_and_thrown_exceptions(self, lua, lupa_module, insist, forgery):
        """They hold `false` when nothing is in them, as free slots do."""
        lua.execute(f"""
            function forge()
                for slot, held in pairs(debug.getregistry()) do
                    if type(slot) == 'number' and held == false then debug.getregistry()[slot] = {forgery} end
                end
            end
            function generate() forge() coroutine.yield('right') forge() return 'returned' end
        """)

        generate = lua.globals().generate
        for _ in range(3):
            with pytest.raises(lupa_module.LuaError) as caught:
                lua.execute("forge() error({'right'})")
            assert "forged" not in str(caught.value)
            with pytest.raises(ZeroDivisionError):
                lua.execute("forge() local fail = ... fail()", Thing().fail)
            coroutine = insist(generate.coroutine)
            assert next(coroutine) == "right"
            with pytest.raises(ZeroDivisionError):
                coroutine.throw(ZeroDivisionError)

    def test_the_traceback_comes_back_with_the_debug_library(self, lua, lupa_module):
        lua.execute("debugging, debug = debug, nil")
        with pytest.raises(lupa_module.LuaError):
            lua.execute("error('without')")
        lua.execute("debug = debugging")
        with pytest.raises(lupa_module.LuaError) as caught:
            lua.execute("error('with')")
        assert "stack traceback" in caught.value.traceback


class TestWhatHangsOnObjects:
    """Objects work whatever a script hangs on their userdata."""

    @pytest.mark.parametrize("function", ["setuservalue", "setfenv"])
    def test_values_and_environments(self, lua, function):
        thing = Thing()
        lua.globals().thing = thing
        lua.execute(f"if debug.{function} then pcall(debug.{function}, thing, {{}}) pcall(debug.{function}, python.none, {{x = 1}}) end")
        lua.gccollect()
        assert lua.eval("thing") is thing
        assert lua.eval("thing.x") == 1
        assert lua.eval("python.none") is None

    @pytest.mark.parametrize("index", [1, 2])
    def test_upvalues_of_their_functions(self, lua, lupa_module, index, forgery):
        lua.globals().thing = Thing()
        lua.execute("as_function = python.as_function(python.builtins.len)")
        assert lua.eval("as_function('abc')") == 3
        lua.execute(f"changed = debug.setupvalue(as_function, {index}, {forgery})")
        if lua.eval("changed") is None:
            # There is no second one, and Lua 5.1 does not let scripts touch those of C functions.
            assert lua.eval("as_function('abc')") == 3
            return
        with pytest.raises(lupa_module.LuaError, match="lost reference"):
            lua.eval("as_function('abc')")
        with pytest.raises(lupa_module.LuaError, match="lost reference"):
            lua.eval("as_function")
        lua.execute("debug.setupvalue(as_function, 1, thing)")
        assert isinstance(lua.eval("as_function"), Thing)


@pytest.mark.parametrize("forgery", ["nil", "false", "'name'", "'__index\\0'", "{}"])
def test_the_name_of_what_is_inherited(lua, forgery):
    table = lua.eval("setmetatable({}, {__index = {name = 1}, name = 2})")
    count = lua.execute(f"""
        local count = 0
        for slot, held in pairs(debug.getregistry()) do
            if type(slot) == 'number' and held == '__index' then debug.getregistry()[slot] = {forgery} count = count + 1 end
        end
        return count
    """)
    assert count >= 1
    assert (table.name, table["name"], table.missing) == (1, 1, None)
