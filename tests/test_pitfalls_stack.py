"""Lua's stack and its errors: wrappers made in coroutines, raising accesses, Lua used from within conversions.

In lupa 2.8 these crash, abort the process, hang, or hand over garbage.
"""

import collections.abc
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


class Meddler:
    """An object that uses the runtime in everything that Lua can make it do."""

    def __init__(self, lua):
        object.__setattr__(self, "lua", lua)

    def _compute(self):
        table = self.lua.table(1, 2, x=3)
        return self.lua.eval("function(t) return #t + t.x end")(table)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name + str(self._compute())

    def __setattr__(self, name, value):
        self.lua.globals()[name] = (self._compute(), value)

    def __str__(self):
        return f"text {self._compute()}"

    def __call__(self, *args):
        return (self._compute(), *args)

    def __iter__(self):
        for i in range(3):
            yield i * self._compute()


class MeddlingItems(Meddler):
    def __getitem__(self, key):
        return f"item {key} {self._compute()}"

    def __setitem__(self, key, value):
        self.lua.globals()[key] = (self._compute(), value)


class TestLuaUsedFromPythonInsideOfLua:
    """Property, item, text, iterator, handler: each may use the runtime that is waiting for it."""

    def test_reading_attributes(self, lua):
        code = "function(o) local a, b = o.one, o.two return a, b, 'end' end"
        assert lua.eval(code)(Meddler(lua)) == ("one5", "two5", "end")

    def test_writing_attributes(self, lua):
        lua.eval("function(o) o.name = 'value' end")(Meddler(lua))
        assert lua.globals().name == (5, "value")

    def test_items(self, lua):
        code = "function(o) o.name = 'value' return o[1], o.key, 'end' end"
        assert lua.eval(code)(MeddlingItems(lua)) == ("item 1 5", "item key 5", "end")
        assert lua.globals().name == (5, "value")

    def test_text(self, lua):
        assert lua.eval("function(o) return 'a', tostring(o), 'b' end")(Meddler(lua)) == ("a", "text 5", "b")

    def test_calls(self, lua):
        assert lua.eval("function(o) return 'a', o(1, 2), 'b' end")(Meddler(lua)) == ("a", (5, 1, 2), "b")

    @pytest.mark.parametrize("function", ["iter", "iterex", "enumerate"])
    def test_iterators(self, lua, function):
        code = "function(o) local n = 0 for a, b in python.%s(o) do n = n + (b or a) end return n, 'end' end" % function
        assert lua.eval(code)(Meddler(lua)) == (15, "end")

    def test_properties(self, lua):
        class Thing:
            @property
            def value(self):
                return lua.eval("{1, 2, 3}")[2]

            @value.setter
            def value(self, value):
                lua.execute("latest = ...", value)

        assert lua.eval("function(o) o.value = 9 return o.value, o.value end")(Thing()) == (2, 2)
        assert lua.globals().latest == 9

    def test_attribute_handlers(self, new_runtime):
        def getter(obj, name):
            return lua.eval("function(n) return 'got ' .. n, 'dropped' end")(name)[0]

        def setter(obj, name, value):
            lua.globals()[name] = value

        lua = new_runtime(attribute_handlers=(getter, setter))
        assert lua.eval("function(o) o.y = 5 return 1, o.x, 2 end")(3j) == (1, "got x", 2)
        assert lua.globals().y == 5

    def test_attribute_filter(self, new_runtime):
        def attribute_filter(obj, name, is_setting):
            return lua.eval("function(n) return n:lower() end")(name)

        lua = new_runtime(attribute_filter=attribute_filter)
        assert lua.eval("function(o) return 1, o.REAL, 2 end")(3j) == (1, 0, 2)

    def test_deeply_interleaved(self, lua):
        def descend(n):
            if n == 0:
                return 0
            table = lua.table_from([n])
            result = lua.eval("function(f, n, t) return t[1] + f(n - 1) end")(descend, n, table)
            assert table[1] == n
            return result

        assert descend(20) == sum(range(21))

    def test_exceptions_in_between_leave_everything_in_place(self, lua, lupa_module):
        def clumsy(n):
            for code in ("error('x')", "error({})", "x = = 1"):
                with pytest.raises(lupa_module.LuaError):
                    lua.execute(code)
            with pytest.raises(KeyError):
                lua.eval("function(d) return d.missing end")({})
            return n

        assert lua.eval("function(f) return 'a', f(1), 'b', f(2), 'c' end")(clumsy) == ("a", 1, "b", 2, "c")


class TestLuaUsedDuringConversion:
    """Python code that runs while arguments are converted may use the runtime."""

    def test_by_getattr_when_the_protocol_is_looked_up(self, lua):
        class Proxy:
            def __getattr__(self, name):
                lua.execute("local t = {} for i = 1, 10 do t[i] = i end return (table.unpack or unpack)(t)")
                raise AttributeError(name)

        function = lua.eval("function(...) return select('#', ...), (select(1, ...)), (select(3, ...)) end")
        assert function(1, Proxy(), 3, Proxy(), 5) == (5, 1, 3)

    def test_by_generators(self, lua):
        def items():
            for i in range(5):
                lua.eval("{1, 2, 3}")
                yield lua.table(i)

        table = lua.table_from(items())
        assert [table[i + 1][1] for i in range(5)] == [0, 1, 2, 3, 4]

    def test_by_mappings(self, lua):
        class Lazy(collections.abc.Mapping):
            def __getitem__(self, key):
                return lua.eval("function(k) return {k} end")(key)

            def __iter__(self):
                lua.execute("x = 1")
                return iter("abc")

            def __len__(self):
                return lua.eval("3")

        table = lua.table_from(Lazy())
        assert {key: value[1] for key, value in table.items()} == {"a": "a", "b": "b", "c": "c"}
        nested = lua.table_from([Lazy(), {"deep": [Lazy()]}], recursive=True)
        assert nested[2].deep[1].b[1] == "b"

    def test_by_the_overflow_handler(self, lua):
        lua.set_overflow_handler(lambda n: lua.eval("{'big'}"))
        first, second, third = lua.eval("function(a, b, c) return a, b, c end")(1, 2**70, 3)
        assert (first, second[1], third) == (1, "big", 3)

    def test_by_codecs(self, new_runtime):
        import codecs

        def encode(text, errors="strict"):
            lua.execute("seen = (seen or 0) + 1")
            return codecs.utf_8_encode(text, errors)

        def decode(data, errors="strict"):
            lua.execute("seen = (seen or 0) + 1")
            return codecs.utf_8_decode(data, errors)

        info = codecs.CodecInfo(encode, decode, name="meddling")
        search = {"meddling": info}.get
        codecs.register(search)
        lua = new_runtime(encoding="meddling", source_encoding="utf-8")
        assert lua.eval("function(a, b) return b, a end")("one", "two") == ("two", "one")
        assert lua.table_from({"a": "b"})["a"] == "b"

    def test_that_runs_the_garbage_collectors(self, lua):
        import gc

        class Collecting:
            def __getattr__(self, name):
                gc.collect()
                lua.gccollect()
                raise AttributeError(name)

        function = lua.eval("function(t, o, s) return t[1], o, s end")
        for _ in range(10):
            item = Collecting()
            assert function(lua.table("first"), item, "text") == ("first", item, "text")
