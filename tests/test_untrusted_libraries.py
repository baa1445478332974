"""`libs`: which of the standard libraries a runtime shows, and that the rest cannot be reached."""

import pytest

COMMON = ("base", "package", "coroutine", "table", "io", "os", "string", "math", "debug")

BASE = {
    "_G", "_VERSION", "assert", "collectgarbage", "error", "getmetatable", "ipairs", "load", "next", "pairs", "pcall", "print",
    "rawequal", "rawget", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall",
}  # fmt: skip
OLD = {"gcinfo", "getfenv", "loadstring", "newproxy", "setfenv", "unpack"}
OWN_BASE = {"lua51": OLD, "lua52": {"rawlen"}, "lua53": {"rawlen"}, "lua54": {"rawlen", "warn"}, "lua55": {"rawlen", "warn"},
            "luajit20": OLD, "luajit21": OLD}  # fmt: skip
OWN_LIBRARIES = {
    "lua51": (), "lua52": ("bit32",), "lua53": ("utf8",), "lua54": ("utf8",), "lua55": ("utf8",),
    "luajit20": ("bit", "jit", "ffi"), "luajit21": ("bit", "jit", "ffi"),
}  # fmt: skip

#: The names of all functions that can be reached by fields and metatables.
WALK = """
    local seen, found = {}, {}
    local function walk(value, name)
        if seen[value] then return end
        seen[value] = true
        if type(value) == 'function' then found[#found + 1] = name end
        local meta = getmetatable(value)
        if type(meta) == 'table' then walk(meta, 'meta') end
        if type(value) == 'table' then
            for key, field in next, value do
                walk(field, (type(field) == 'table' and '' or name .. '.') .. tostring(key))
            end
        end
    end
    walk(_G, '_G')
    for _, value in ipairs{'text', 1, true, print, coroutine.create(function() end), python.none} do walk(value, 'meta') end
    return found
"""


def own_libraries(runtime_name):
    return COMMON + OWN_LIBRARIES[runtime_name]


class TestSafe:
    @pytest.fixture
    def safe(self, new_runtime):
        return new_runtime(libs="safe")

    def test_the_globals(self, safe, runtime_name, other_globals):
        libraries = {"coroutine", "table", "os", "string", "math"} | set(OWN_LIBRARIES[runtime_name]) - {"jit", "ffi"}
        expected = BASE | OWN_BASE[runtime_name] | libraries | {"python"}
        assert expected <= set(safe.globals()) <= expected | other_globals

    def test_of_os_the_clocks_are_left(self, safe):
        assert set(safe.eval("os")) == {"clock", "date", "difftime", "time"}
        assert safe.eval("os.time() > 0 and os.clock() >= 0 and #os.date() > 0 and os.difftime(2, 1) == 1") is True

    def test_functions_are_not_dumped(self, safe):
        assert safe.eval("string.dump == nil and ('').dump == nil and getmetatable('').__index.dump == nil") is True

    def test_what_can_be_reached_has_been_looked_at(self, safe):
        """Every function that a script reaches by fields and metatables has a name on the lists."""
        names = safe.execute(WALK)
        assert len(names) > 60
        tables = {"_G", "string", "table", "math", "os", "coroutine", "utf8", "bit32", "bit", "python", "meta", "__index"}
        assert {name.split(".")[0] for name in names.values()} <= tables
        forbidden = {"dofile", "loadfile", "require", "module", "dump", "execute", "exit", "getenv", "rename",
                     "tmpname", "setlocale", "open", "popen", "lines", "getregistry", "sethook", "loadlib"}  # fmt: skip
        assert {name.split(".")[-1] for name in names.values()} & forbidden == set()

    def test_scripts_load_text_and_no_bytecode(self, safe, bytecode):
        assert safe.eval("(loadstring or load)('return 6 * 7')()") == 42
        code = "".join(f"\\{byte:03}" for byte in bytecode)
        assert safe.execute(f"return (loadstring or load)('{code}')")[0] is None

    def test_the_host_loads_text_only_as_well(self, safe, bytecode, lupa_module):
        assert safe.execute("return 1") == 1
        with pytest.raises(lupa_module.LuaSyntaxError, match="attempt to load"):
            safe.execute(bytecode)

    def test_programs_run(self, safe):
        code = """
            local parts = {}
            for word in ("to be or not"):gmatch('%a+') do table.insert(parts, word:upper()) end
            table.sort(parts)
            local wrapped = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
            local object = setmetatable({}, {__index = function(_, key) return key .. '!' end})
            return table.concat(parts, ' '), wrapped() + wrapped(), object.x, math.floor(2.5), select('#', pcall(error))
        """
        assert safe.execute(code) == ("BE NOT OR TO", 3, "x!", 2, 2)

    def test_a_mode_can_be_named_besides(self, new_runtime, bytecode):
        assert new_runtime(libs="safe", mode="bt").execute(bytecode) == 42


class TestNames:
    def test_the_default_is_all(self, new_runtime, lua):
        for everything in (None, "all"):
            assert set(new_runtime(libs=everything).globals()) == set(lua.globals())

    @pytest.mark.usefixtures("bundled")
    def test_all_names_give_what_all_gives(self, new_runtime, lua, runtime_name):
        named = new_runtime(libs=own_libraries(runtime_name))
        assert set(named.globals()) == set(lua.globals())
        for library in ("string", "os", "io", "debug", "package.loaded", "package.preload"):
            assert set(named.eval(library)) == set(lua.eval(library))

    def test_none_at_all(self, new_runtime):
        lua = new_runtime(libs=())
        assert set(lua.globals()) == {"python"}
        assert lua.execute("local t = {1, 2} return #t + 1") == 3
        with pytest.raises(Exception, match="attempt to index"):
            lua.execute("return ('x'):upper()")

    @pytest.mark.parametrize("name", [name for name in COMMON if name != "base"])
    def test_one(self, new_runtime, lua, name):
        extra = {"require", "module"} & set(lua.globals()) if name == "package" else set()
        alone = new_runtime(libs=[name])
        assert set(alone.globals()) == {name, "python"} | extra
        assert set(alone.globals()[name]) == set(lua.globals()[name])

    @pytest.mark.parametrize("name", ["base", "_G"])
    def test_the_global_functions(self, new_runtime, runtime_name, name, other_globals):
        expected = BASE | OWN_BASE[runtime_name] | {"dofile", "loadfile", "python"}
        assert expected <= set(new_runtime(libs={name}).globals()) <= expected | other_globals

    def test_the_ways_around_by_package(self, new_runtime, runtime_name):
        lua = new_runtime(libs=["base", "package"])
        assert set(lua.eval("package.loaded")) == {"_G", "package", "python"}
        assert set(lua.eval("package.preload")) == set()
        for name in ("io", "os", "debug", "string", "ffi", "jit", "jit.util", "jit.opt"):
            assert lua.eval(f"pcall(require, '{name}')")[0] is False

    def test_parts_of_a_library_come_with_it(self, new_runtime, flavour, lua):
        if not flavour.is_luajit:
            pytest.skip("only LuaJIT has modules inside of a library")
        with_jit = new_runtime(libs=["base", "package", "jit"])
        assert with_jit.eval("pcall(require, 'jit.opt')")[0] is True
        assert with_jit.eval("pcall(require, 'ffi')")[0] is False
        assert new_runtime(libs=["base", "package", "ffi"]).eval("pcall(require, 'ffi')")[0] is True

    def test_a_library_that_this_version_lacks_may_be_named(self, new_runtime, runtime_name):
        lua = new_runtime(libs=["base", "utf8", "bit32", "bit", "jit"])
        present = set(OWN_LIBRARIES[runtime_name]) - {"ffi"}
        assert set(lua.globals()) & {"utf8", "bit32", "bit", "jit"} == present

    def test_an_unknown_one_is_refused_with_those_that_there_are(self, new_runtime, runtime_name):
        with pytest.raises(ValueError, match="unknown library 'strnig'; this Lua has base, package") as error:
            new_runtime(libs=["base", "strnig"])
        assert str(error.value).endswith(own_libraries(runtime_name)[-1])

    def test_an_unknown_preset_is_refused(self, new_runtime):
        with pytest.raises(ValueError, match="unknown preset 'string'; libs is 'all', 'safe', or an iterable of names"):
            new_runtime(libs="string")

    @pytest.mark.parametrize("value", [5, [1], [b"base"]], ids=repr)
    def test_other_values_are_refused(self, new_runtime, value):
        with pytest.raises(TypeError):
            new_runtime(libs=value)

    def test_errors_of_the_iterable_come_out(self, new_runtime):
        with pytest.raises(ZeroDivisionError):
            new_runtime(libs=(1 // 0 for _ in "x"))

    def test_it_is_given_by_keyword(self, new_runtime):
        with pytest.raises(TypeError, match="10 positional arguments"):
            new_runtime(*[None] * 10, "safe")


class TestWhatThePackageNeeds:
    """Nothing that the host does depends on what scripts see."""

    @pytest.fixture(params=[(), "safe"], ids=["none", "safe"])
    def lua(self, request, new_runtime):
        return new_runtime(libs=request.param)

    def test_tracebacks(self, lua, lupa_module):
        function = lua.execute("local function inner() local x = nil; return x.y end return function() return (inner()) end")
        with pytest.raises(lupa_module.LuaError, match="stack traceback:") as error:
            function()
        assert error.value.traceback.count("\n") >= 2
        assert "debug" not in lua.globals()

    def test_a_debug_of_the_scripts_own_changes_nothing(self, lua, lupa_module):
        lua.execute("debug = {traceback = function() return 'lie' end}")
        with pytest.raises(lupa_module.LuaError, match="stack traceback:"):
            lua.execute("local x = nil; return x.y")

    def test_python_objects_tables_and_coroutines(self, lua):
        assert lua.execute("local o = ... return o.x", Item()) == 1
        assert dict(lua.table_from({"a": [1]}, recursive=True).a) == {1: 1}
        assert list(lua.execute("return function(a) return a end").coroutine(5)) == [5]
        assert lua.execute("for v in python.iter(...) do return v end", [7]) == 7

    def test_the_table_of_python_is_there(self, lua):
        assert lua.execute("return python.builtins.len(...)", "abc") == 3

    def test_modules_cannot_be_required(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="require is not defined"):
            lua.require("string")


class Item:
    x = 1
