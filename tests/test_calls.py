"""Calling Lua functions from Python: arguments, results, conversions, the wrapper type."""

import collections.abc
import decimal
import enum
import fractions
import gc
import math
import pickle

import pytest


@pytest.fixture
def same(lua):
    """A Lua function that gives its arguments back."""
    return lua.eval("function(...) return ... end")


@pytest.fixture
def type_of(lua):
    return lua.eval("type")


class TestArgumentsAndResults:
    def test_arguments_arrive_in_order(self, lua):
        assert lua.eval("function(a, b, c) return a .. b .. c end")("x", "y", "z") == "xyz"

    def test_results_are_none_a_value_or_a_tuple(self, same):
        assert same() is None
        assert same(1) == 1
        assert same(1, 2) == (1, 2)

    def test_none_counts_as_an_argument(self, lua, same):
        count = lua.eval("function(...) return select('#', ...) end")
        assert (count(), count(None), count(1, None, 2, None)) == (0, 1, 4)
        assert same(1, None, 2, None) == (1, None, 2, None)

    def test_surplus_arguments_are_dropped_and_missing_ones_nil(self, lua):
        function = lua.eval("function(a, b) return a, b end")
        assert function(1, 2, 3) == (1, 2)
        assert function(1) == (1, None)

    def test_keyword_arguments_are_refused(self, same):
        with pytest.raises(TypeError, match="unexpected keyword argument|takes no keyword arguments"):
            same(a=1)

    def test_an_empty_keyword_mapping_is_fine(self, same):
        assert same(1, **{}) == 1

    def test_starred_arguments(self, same):
        assert same(*range(5)) == (0, 1, 2, 3, 4)

    @pytest.mark.parametrize("count", [10, 100, 1000, 5000])
    def test_many_arguments_and_results(self, same, count):
        assert same(*range(count)) == tuple(range(count))

    def test_many_results(self, lua):
        results = lua.eval("function(n) local t = {} for i = 1, n do t[i] = i end return (table.unpack or unpack)(t) end")
        assert results(2000) == tuple(range(1, 2001))

    def test_c_functions_are_callable(self, lua):
        assert lua.eval("math.max")(3, 9, 2) == 9
        assert lua.eval("select")("#", None, None) == 2

    @pytest.mark.usefixtures("usual_numbers")
    def test_recursion_in_lua(self, lua):
        lua.execute("function fac(n) if n < 2 then return 1 end return n * fac(n - 1) end")
        assert lua.globals().fac(15) == math.factorial(15)

    def test_closures_keep_their_state(self, lua):
        counter = lua.execute("local n = 0; return function() n = n + 1; return n end")
        assert [counter(), counter(), counter()] == [1, 2, 3]

    def test_functions_that_return_functions(self, lua):
        adder = lua.eval("function(a) return function(b) return a + b end end")
        assert adder(1)(2) == 3

    def test_a_conversion_that_fails_calls_nothing(self, lua):
        lua.execute("calls = 0; function count(...) calls = calls + 1 end")
        count = lua.globals().count
        for arguments in [("\ud800",), (1, 2, "\ud800"), (2**70,), ({}, 2**70)]:
            with pytest.raises((UnicodeEncodeError, OverflowError)):
                count(*arguments)
        assert lua.globals().calls == 0
        count("good")
        assert lua.globals().calls == 1


class TestPlainValues:
    @pytest.mark.parametrize("value", [True, False, "", "text", "ä€😀", "a\0b", 0, 1, -1, 2**31, -(2**53), 1.5, -0.1, 1e300])
    @pytest.mark.usefixtures("usual_numbers")
    def test_they_come_back_equal_and_of_their_type(self, same, value):
        assert same(value) == value
        assert type(same(value)) is type(value)

    @pytest.mark.parametrize("value", [math.inf, -math.inf])
    def test_infinities(self, same, value):
        assert same(value) == value

    def test_nan(self, same):
        assert math.isnan(same(math.nan))

    @pytest.mark.parametrize(
        "value, name",
        [
            (None, "nil"), (True, "boolean"), (1, "number"), (1.5, "number"), ("a", "string"), (b"a", "string"),
            (bytearray(b"a"), "userdata"), (memoryview(b"a"), "userdata"), ((), "userdata"), ([], "userdata"),
            ({}, "userdata"), (decimal.Decimal(1), "userdata"), (1j, "userdata"), (fractions.Fraction(1), "userdata"),
            (len, "userdata"), (int, "userdata"), (..., "userdata"), (NotImplemented, "userdata"), (object(), "userdata"),
        ],
        ids=lambda value: getattr(value, "__name__", None) or type(value).__name__,
    )  # fmt: skip
    def test_the_type_in_lua(self, type_of, value, name):
        assert type_of(value) == name

    def test_objects_come_back_as_themselves(self, same):
        for value in ([], {}, (1, 2), object(), len, int, bytearray(b"x"), 1j, decimal.Decimal("1.5"), lambda: None):
            assert same(value) is value

    def test_bytes_come_back_as_text(self, same):
        assert same(b"bytes") == "bytes"

    def test_subclasses_count_as_their_base(self, same):
        class Colour(enum.IntEnum):
            RED = 3

        class Text(str):
            pass

        class Real(float):
            pass

        class Raw(bytes):
            pass

        results = same(Colour.RED, Text("x"), Real(1.5), Raw(b"y"))
        assert results == (3, "x", 1.5, "y")
        assert [type(result) for result in results] == [int, str, float, str]

    def test_floats_stay_floats_where_lua_has_integers(self, lua, same, flavour):
        if not flavour.has_integers:
            pytest.skip("before Lua 5.3 all numbers are doubles")
        assert [repr(same(value)) for value in (2.0, -0.0, 2)] == ["2.0", "-0.0", "2"]
        kind = lua.eval("math.type")
        assert (kind(1), kind(1.0)) == ("integer", "float")

    def test_integral_doubles_are_ints_where_lua_has_no_integers(self, same, flavour):
        if flavour.has_integers:
            pytest.skip("from Lua 5.3 on floats are told from integers")
        assert [repr(same(value)) for value in (2.0, -0.0, 2.0**53, 2.5)] == ["2", "0", str(2**53), "2.5"]

    def test_a_string_with_all_bytes(self, new_runtime):
        data = bytes(range(256))
        assert new_runtime(encoding=None).eval("function(s) return s end")(data) == data

    def test_large_strings(self, same, lua):
        assert same("ä" * 1_000_000) == "ä" * 1_000_000
        assert len(lua.eval("('x'):rep(1000000)")) == 1_000_000


class TestLuaObjects:
    def test_they_come_back_as_the_same_lua_object(self, lua, same):
        equal = lua.eval("rawequal")
        for code in ("{}", "function() end", "print", "io.stdout"):
            value = lua.eval(code)
            assert equal(same(value), value) is True

    @pytest.mark.parametrize(
        "code, kind",
        [("{}", "table"), ("print", "function"), ("function() end", "function"), ("io.stdout", "userdata")],
    )
    def test_the_kind_is_kept(self, lua, lupa_module, type_of, code, kind):
        value = lua.eval(code)
        assert lupa_module.lua_type(value) == kind
        assert type_of(value) == kind

    def test_a_running_coroutine_is_a_thread(self, lua, lupa_module, type_of):
        thread = lua.execute("local c = coroutine.create(function() coroutine.yield() end); coroutine.resume(c); return c")
        assert lupa_module.lua_type(thread) == "thread"
        assert type_of(thread) == "thread"

    def test_a_function_called_with_itself(self, same):
        assert same(same)(same)(1) == 1


MIXING = {
    "call": lambda lua, foreign: lua.eval("print")(foreign),
    "second argument": lambda lua, foreign: lua.eval("print")(1, foreign),
    "eval": lambda lua, foreign: lua.eval("...", foreign),
    "execute": lambda lua, foreign: lua.execute("return ...", foreign),
    "attribute": lambda lua, foreign: setattr(lua.globals(), "x", foreign),
    "item": lambda lua, foreign: lua.globals().__setitem__("x", foreign),
    "key to read": lambda lua, foreign: lua.globals()[foreign],
    "key to write": lambda lua, foreign: lua.globals().__setitem__(foreign, 1),
    "table": lambda lua, foreign: lua.table(foreign),
    "table keyword": lambda lua, foreign: lua.table(a=foreign),
    "table_from list": lambda lua, foreign: lua.table_from([foreign]),
    "table_from value": lambda lua, foreign: lua.table_from({"a": foreign}),
    "table_from key": lambda lua, foreign: lua.table_from({foreign: 1}),
    "table_from recursive": lambda lua, foreign: lua.table_from([[foreign]], recursive=True),
    "callback result": lambda lua, foreign: lua.eval("function(f) return f() end")(lambda: foreign),
    "coroutine argument": lambda lua, foreign: next(lua.eval("function(...) return ... end").coroutine(foreign)),
}


class TestMixingRuntimes:
    """Objects of another runtime are refused at every entrance."""

    @pytest.mark.parametrize("entrance", MIXING)
    @pytest.mark.parametrize("code", ["{1, 2}", "print", "io.stdout"])
    def test_it_is_an_error(self, lua, new_runtime, lupa_module, entrance, code):
        foreign = new_runtime().eval(code)
        with pytest.raises(lupa_module.LuaError, match="cannot mix objects from different Lua runtimes"):
            MIXING[entrance](lua, foreign)
        assert lua.eval("1 + 1") == 2

    def test_sending_into_a_coroutine(self, lua, new_runtime, lupa_module):
        coroutine = lua.eval("function() while true do coroutine.yield() end end").coroutine()
        next(coroutine)
        with pytest.raises(lupa_module.LuaError, match="cannot mix objects from different Lua runtimes"):
            coroutine.send(new_runtime().table())
        assert next(coroutine) is None


class TestFunctionType:
    def test_names(self, lua, lupa_module):
        function = lua.eval("print")
        assert type(function).__name__ == "_LuaFunction"
        assert type(function).__module__ == lupa_module.__name__
        assert [name for name in dir(function) if not name.startswith("_")] == ["coroutine"]

    def test_text(self, lua):
        function = lua.eval("function() end")
        # LuaJIT writes low addresses with zeros.
        address = int(lua.eval("tostring")(function).split()[-1], 16)
        assert repr(function) == str(function) == f"<Lua function at {address:#x}>"

    def test_it_cannot_be_instantiated(self, lua):
        with pytest.raises(TypeError, match="Type cannot be instantiated manually"):
            type(lua.eval("print"))()

    def test_it_can_be_subclassed(self, lua):
        function = lua.eval("print")
        assert issubclass(type("Sub", (type(function),), {}), type(function))

    def test_it_is_true_empty_and_hashable(self, lua):
        function = lua.eval("print")
        assert bool(function) is True
        assert len(function) == 0
        assert function == function
        assert function != lua.eval("pairs")
        assert {function: 1}[function] == 1

    def test_it_is_not_iterable(self, lua):
        with pytest.raises(TypeError, match="iteration is only supported for tables"):
            iter(lua.eval("print"))

    def test_there_is_no_attribute_and_no_item(self, lua):
        function = lua.eval("print")
        with pytest.raises(AttributeError, match="item/attribute access not supported on functions"):
            function.x  # noqa: B018
        with pytest.raises(TypeError, match="item/attribute access not supported on functions"):
            function["x"]

    def test_nothing_can_be_assigned(self, lua):
        function = lua.eval("print")
        with pytest.raises(AttributeError):
            function.x = 1
        with pytest.raises((TypeError, AttributeError)):
            function["x"] = 1
        with pytest.raises((TypeError, AttributeError)):
            del function["x"]

    def test_it_is_not_pickled(self, lua):
        with pytest.raises(TypeError):
            pickle.dumps(lua.eval("print"))

    def test_it_keeps_its_runtime_alive(self, new_runtime):
        function = new_runtime().eval("function() return 'alive' end")
        gc.collect()
        assert function() == "alive"

    def test_it_is_a_python_callable(self, lua):
        double = lua.eval("function(x) return 2 * x end")
        assert isinstance(double, collections.abc.Callable)
        assert list(map(double, [1, 2, 3])) == [2, 4, 6]
        assert sorted([3, 1, 2], key=lua.eval("function(x) return -x end")) == [3, 2, 1]


class TestUserdata:
    def test_methods_of_a_file(self, lua, tmp_path):
        path = tmp_path / "written"
        file = lua.eval("io.open")(str(path), "w")
        file.write(file, "from Lua")
        file["close"](file)
        assert path.read_text() == "from Lua"

    def test_type_and_text(self, lua, lupa_module):
        file = lua.eval("io.stdout")
        assert type(file).__name__ == "_LuaObject"
        assert lupa_module.lua_type(file) == "userdata"
        assert repr(file).startswith("<Lua userdata at 0x")
        assert str(file).startswith("file (0x")

    def test_missing_fields_are_none(self, lua):
        file = lua.eval("io.stdout")
        assert (file.missing, file["missing"]) == (None, None)

    def test_nothing_can_be_assigned(self, lua):
        file = lua.eval("io.stdout")
        with pytest.raises(AttributeError):
            file.x = 1
        with pytest.raises((TypeError, AttributeError)):
            file["x"] = 1

    def test_it_is_neither_iterable_nor_callable(self, lua, lupa_module):
        file = lua.eval("io.stdout")
        with pytest.raises(TypeError, match="iteration is only supported for tables"):
            iter(file)
        with pytest.raises(lupa_module.LuaError, match="attempt to call a (userdata|FILE.) value"):
            file()
        assert bool(file) is True

    def test_cdata_of_luajit(self, lua, lupa_module, flavour):
        if not flavour.is_luajit:
            pytest.skip("cdata is a type of LuaJIT")
        value = lua.eval("1LL")
        assert type(value).__name__ == "_LuaObject"
        assert lupa_module.lua_type(value) == "cdata"
        assert repr(value) == "<Lua cdata>"
        assert str(value) == "1LL"
        assert lua.eval("function(x) return tonumber(x + 1) end")(value) == 2
