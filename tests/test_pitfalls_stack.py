"""Lua's stack and its errors: wrappers made in coroutines, accesses that raise.

In lupa 2.8 these crash, abort the process, or hang.
"""

import math

import pytest

pytestmark = pytest.mark.deviation


class TestWrappersFromCoroutines:
    """A wrapper belongs to the runtime, not to the coroutine in which it was made."""

    def test_they_outlive_the_coroutine_that_yielded_them(self, lua, collect):
        coroutine = lua.eval("""
            function()
                coroutine.yield({1, 2, x = 'field'})
                coroutine.yield(function(a) return a + 1 end)
                coroutine.yield(io.stdout)
                coroutine.yield(coroutine.create(function() coroutine.yield(5) end))
            end
        """).coroutine()
        table, function, file, thread = coroutine
        del coroutine
        for _ in range(3):
            collect(lua)
            lua.execute("local t = {} for i = 1, 1000 do t[i] = coroutine.create(function() end) end")
        assert (table[1], table.x, len(table), list(table)[:2]) == (1, "field", 2, [1, 2])
        assert function(1) == 2
        assert str(file).startswith("file (")
        assert list(thread()) == [5]
        table[3] = 3
        assert (table[3], len(table)) == (3, 3)

    def test_they_outlive_the_coroutine_whose_callback_got_them(self, lua, collect):
        kept = []
        coroutine = lua.eval("function(f) f({1}, function() return 7 end) end").coroutine(lambda *args: kept.extend(args))
        assert list(coroutine) == []
        del coroutine
        collect(lua)
        assert (kept[0][1], kept[1]()) == (1, 7)

    def test_they_can_be_dropped_after_the_coroutine(self, lua, collect):
        for _ in range(10):
            coroutine = lua.eval("function() coroutine.yield({}) end").coroutine()
            table = next(coroutine)
            del coroutine
            collect(lua)
            del table
        assert lua.eval("1 + 1") == 2

    def test_an_iterator_made_inside_goes_on_outside(self, lua):
        kept = []
        list(lua.eval("function(f) f({1, 2, 3}) end").coroutine(lambda table: kept.append(table.values())))
        lua.gccollect()
        assert list(kept[0]) == [1, 2, 3]

    def test_after_an_error_in_the_coroutine(self, lua, lupa_module, collect):
        kept = []
        coroutine = lua.eval("function(f) f({5}) error('dead') end").coroutine(kept.append)
        with pytest.raises(lupa_module.LuaError):
            next(coroutine)
        del coroutine
        collect(lua)
        assert kept[0][1] == 5

    def test_lua_used_from_within_a_coroutines_callback(self, lua):
        def callback(n):
            table = lua.table(n, n * 2)
            lua.globals().latest = table
            return lua.eval("latest[1] + latest[2]")

        coroutine = lua.eval("function(f) for i = 1, 3 do coroutine.yield(f(i)) end end").coroutine(callback)
        assert list(coroutine) == [3, 6, 9]


@pytest.fixture
def read_only(lua):
    return lua.eval("setmetatable({}, {__index = {a = 1}, __newindex = function() error('read-only table') end})")


RAISING = {
    "write an item": lambda t: t.__setitem__("x", 1),
    "write an attribute": lambda t: setattr(t, "x", 1),
    "write an integer key": lambda t: t.__setitem__(1, 1),
    "delete an item": lambda t: t.__delitem__("x"),
    "delete an attribute": lambda t: delattr(t, "x"),
}


class TestRaisingAccess:
    """What raises in Lua is a LuaError in Python, at the top level as well as inside of a callback."""

    @pytest.mark.parametrize("access", RAISING)
    def test_a_read_only_table(self, lua, lupa_module, read_only, access):
        for _ in range(3):
            with pytest.raises(lupa_module.LuaError, match="read-only table"):
                RAISING[access](read_only)
        assert read_only.a == 1

    @pytest.mark.parametrize("access", RAISING)
    def test_inside_of_a_callback(self, lua, lupa_module, read_only, access):
        call = lua.eval("function(f) f() end")
        with pytest.raises(lupa_module.LuaError, match="read-only table"):
            call(lambda: RAISING[access](read_only))
        ok, error = lua.eval("function(f) return pcall(f) end")(lambda: RAISING[access](read_only))
        assert ok is False
        assert "read-only table" in str(error)

    def test_a_python_exception_in_newindex_comes_out(self, lua):
        def fail(*args):
            raise ZeroDivisionError("newindex")

        table = lua.eval("function(f) return setmetatable({}, {__newindex = function(...) f() end}) end")(fail)
        with pytest.raises(ZeroDivisionError, match="newindex"):
            table.x = 1
        with pytest.raises(ZeroDivisionError, match="newindex"):
            table[1] = 1

    def test_nan_as_a_key(self, lua, lupa_module):
        table = lua.table(1)
        with pytest.raises(lupa_module.LuaError, match="(?i)nan"):
            table[math.nan] = 1
        with pytest.raises(lupa_module.LuaError, match="(?i)nan"):
            lua.table_from({math.nan: 1})
        assert table[math.nan] is None
        assert list(table) == [1]

    def test_nan_inside_of_a_callback(self, lua, lupa_module):
        table = lua.table()
        with pytest.raises(lupa_module.LuaError, match="(?i)nan"):
            lua.eval("function(f) f() end")(lambda: table.__setitem__(math.nan, 1))

    def test_a_table_changed_while_it_is_iterated(self, lua, lupa_module):
        for seed in range(20):
            table = lua.table_from({f"k{i}": i for i in range(20)})
            try:
                for key in table:
                    table[key] = None
                    for i in range(seed * 10):
                        table[f"{key}-{i}"] = i
                    lua.gccollect()
                    if len(str(key)) > 30:
                        break
            except lupa_module.LuaError as error:
                assert "next" in str(error)
        assert lua.eval("1 + 1") == 2

    def test_strict_globals(self, lua, lupa_module):
        lua.execute("""
            setmetatable(_G, {
                __newindex = function(_, name) error('assignment to undeclared ' .. name) end,
                __index = function(_, name) error('undeclared variable ' .. name) end,
            })
        """)
        variables = lua.globals()
        for attempt in (lambda: variables.typo, lambda: variables["typo"], lambda: lua.eval("typo")):
            with pytest.raises(lupa_module.LuaError, match="undeclared variable typo"):
                attempt()
        for attempt in (lambda: setattr(variables, "typo", 1), lambda: variables.__setitem__("typo", 1)):
            with pytest.raises(lupa_module.LuaError, match="assignment to undeclared typo"):
                attempt()
        assert lua.eval("1 + 1") == 2
        assert lua.lua_implementation
        assert "print" in set(variables)

    def test_strict_globals_without_require_and_debug(self, lua, lupa_module):
        lua.execute("""
            require, debug = nil, nil
            setmetatable(_G, {__index = function(_, name) error('undeclared variable ' .. name) end})
        """)
        with pytest.raises(lupa_module.LuaError):
            lua.require("string")
        with pytest.raises(lupa_module.LuaError, match="own"):
            lua.execute("error('own')")

    def test_an_error_in_a_finalizer_of_lua(self, lua, lupa_module, lua_version):
        if lua_version == (5, 1):
            make = "local u = newproxy(true); getmetatable(u).__gc = function() error('in gc') end"
        else:
            make = "setmetatable({}, {__gc = function() error('in gc') end})"
        for _ in range(5):
            lua.execute(f"do {make} end")
            try:
                lua.gccollect()
            except lupa_module.LuaError as error:
                assert "in gc" in str(error)
        lua.gccollect()
        assert lua.eval("1 + 1") == 2

    def test_an_error_in_a_finalizer_while_python_works(self, lua, lupa_module, lua_version):
        if lua_version == (5, 1):
            make = "local u = newproxy(true); getmetatable(u).__gc = function() error('in gc') end"
        else:
            make = "setmetatable({}, {__gc = function() error('in gc') end})"
        litter = lua.eval(f"function() {make} end")
        table = lua.table()
        for i in range(300):
            try:
                litter()
                table[i] = lua.table_from([i, [i], f"text {i}"])
                table[f"key {i}"] = object()
            except lupa_module.LuaError as error:
                assert "in gc" in str(error)
        for _ in range(300):  # each collection ends at the first error
            try:
                lua.gccollect()
            except lupa_module.LuaError as error:
                assert "in gc" in str(error)
        assert lua.eval("1 + 1") == 2

    def test_metamethods_that_raise_for_len_call_and_text(self, lua, lupa_module, lua_version):
        table = lua.eval("setmetatable({}, {__call = function() error('call') end, __tostring = function() error('text') end})")
        with pytest.raises(lupa_module.LuaError, match="call"):
            table()
        with pytest.raises(lupa_module.LuaError, match="text"):
            str(table)
        assert repr(table).startswith("<Lua table at")
