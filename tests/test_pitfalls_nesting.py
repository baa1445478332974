"""Python code that Lua runs, or that runs while arguments are converted, may use the runtime that waits for it.

In lupa 2.8 such code clears the stack of the call around it: garbage is returned, or the process crashes.
"""

import codecs
import collections.abc
import gc

import pytest

pytestmark = pytest.mark.deviation


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
        class Collecting:
            def __getattr__(self, name):
                gc.collect()
                lua.gccollect()
                raise AttributeError(name)

        function = lua.eval("function(t, o, s) return t[1], o, s end")
        for _ in range(10):
            item = Collecting()
            assert function(lua.table("first"), item, "text") == ("first", item, "text")

    @pytest.mark.parametrize("read", ["index", "walk", "call", "assignment"])
    def test_by_codecs_that_read_again(self, new_runtime, read):
        """Each level leaves what it reads on the stack of the same frame."""
        deepest, levels = 120, []

        def decode(data, errors="strict"):
            if bytes(data) == b"again" and len(levels) < deepest:
                levels.append(None)
                read_once()
            return codecs.utf_8_decode(data, errors)

        def read_once():
            if read == "assignment":
                new[f"key {len(levels)}"] = 1
                new[1] = 2
            return {"index": lambda: table[1], "walk": lambda: list(table.values())[0]}.get(read, function)()

        encoding = f"reading_{id(levels)}"
        info = codecs.CodecInfo(codecs.utf_8_encode, decode, name=encoding)
        codecs.register({encoding: info}.get)
        lua = new_runtime(encoding=encoding, source_encoding="utf-8")
        table, new, function = lua.eval("{'again'}, {1}, function() return 'again' end")
        for run in [lambda f: f(), lua.eval("function(f) return f() end")]:
            levels.clear()
            assert run(read_once) == "again"
            assert len(levels) == deepest
            lua.gccollect()
