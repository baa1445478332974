"""Integers and floats: ranges, subtypes, what is exact and what overflows."""

import math

import pytest


@pytest.fixture
def same(lua):
    return lua.eval("function(...) return ... end")


LARGE = [2**31, 2**32, 2**40, 2**53 - 1, 2**53, -(2**31), -(2**53), 10**15]


class TestLimits:
    """They follow the headers of Lua, whatever numbers it was compiled with."""

    @pytest.fixture
    def limits(self, lupa_module):
        return lupa_module.LUA_MININTEGER, lupa_module.LUA_MAXINTEGER

    def test_they_are_those_of_lua(self, lua, flavour, limits):
        if not flavour.has_integers:
            pytest.skip("before Lua 5.3 there is no name for them")
        assert lua.eval("math.mininteger, math.maxinteger") == limits

    def test_they_are_exact(self, lua, same, limits):
        for limit in limits:
            table = lua.table_from({"value": limit, limit: "key"})
            assert [same(limit), table.value, table[limit]] == [limit, limit, "key"]
            assert type(same(limit)) is int
            assert lua.table_from([limit, 0.5, limit])[3] == limit

    def test_beyond_them_is_an_overflow(self, lua, same, limits):
        low, high = limits
        for value in (low - 1, high + 1):
            for use in (same, lua.table, lambda value: lua.table_from([1, value]), lambda value: lua.table_from({"key": value})):
                with pytest.raises(OverflowError):
                    use(value)
        assert same(1) == 1

    def test_the_handler_is_asked_beyond_them(self, new_runtime, limits):
        asked = []
        lua = new_runtime(overflow_handler=lambda value: asked.append(value) or "handled")
        beyond = [limits[0] - 1, limits[1] + 1]
        assert [lua.eval("...", value) for value in (*beyond, *limits)] == ["handled", "handled", *limits]
        assert asked == beyond

    def test_other_numbers_are_what_lua_makes_of_them(self, lua, same):
        for number in ("0.1", "1e300", "-1e-300", "1/3", "123456.789", "0.5"):
            assert same(eval(number)) == lua.eval(number)
            assert lua.table_from([0.5, eval(number)])[2] == lua.eval(number)

    def test_integers_in_loops(self, lua, limits):
        low, high = limits
        count = lua.eval("function(values) local n = 0 for v in python.iter(values) do n = n + 1 last = v end return n end")
        assert count([low, 0, high]) == 3
        assert lua.globals().last == high


@pytest.mark.usefixtures("usual_numbers")
class TestSmallEnough:
    @pytest.mark.parametrize("value", [0, 1, -1, 127, 255, 256, *LARGE])
    def test_integers_survive_everywhere(self, same, value):
        assert same(value) == value
        assert type(same(value)) is int

    def test_lua_sees_the_right_value(self, lua):
        text = lua.eval("function(n) return string.format('%.0f', n) end")
        for value in LARGE:
            assert text(value) == str(value)

    def test_exact_powers_of_two_survive_everywhere(self, same):
        for exponent in range(54, 63):
            assert same(2**exponent) == 2**exponent
            assert same(-(2**exponent)) == -(2**exponent)

    def test_the_smallest_64_bit_integer_survives_everywhere(self, same):
        assert same(-(2**63)) == -(2**63)

    def test_integers_as_keys(self, lua):
        table = lua.table()
        table[2**40] = "large"
        assert (table[2**40], table[float(2**40)], list(table)) == ("large", "large", [2**40])

    def test_booleans_are_no_integers(self, same):
        assert same(True) is True
        assert same(1) is not True


@pytest.mark.usefixtures("usual_numbers")
class TestSixtyFourBits:
    @pytest.fixture(autouse=True)
    def integers(self, flavour):
        if not flavour.has_integers:
            pytest.skip("before Lua 5.3 all numbers are doubles")

    @pytest.mark.parametrize("value", [2**53 + 1, 2**63 - 1, -(2**63), 2**62 + 1])
    def test_every_64_bit_integer_is_exact(self, same, value):
        assert same(value) == value

    def test_constants(self, lupa_module):
        assert (lupa_module.LUA_MAXINTEGER, lupa_module.LUA_MININTEGER) == (2**63 - 1, -(2**63))

    def test_arithmetic_wraps_around(self, lua):
        assert lua.eval("function(n) return n + 1 end")(2**63 - 1) == -(2**63)

    def test_floats_and_integers_are_told_apart(self, lua, same):
        kind = lua.eval("math.type")
        assert [kind(value) for value in (1, 1.0, 2**62, 2.0**62)] == ["integer", "float", "integer", "float"]
        assert [type(same(value)) for value in (1, 1.0, 2**62, 2.0**62)] == [int, float, int, float]

    def test_results_of_lua(self, lua):
        values = lua.eval("3.0, -0.0, 10 / 2, 10 // 2, 2^53, 1e15")
        assert [repr(value) for value in values] == ["3.0", "-0.0", "5.0", "5", "9007199254740992.0", "1000000000000000.0"]


@pytest.mark.usefixtures("usual_numbers")
class TestDoubles:
    @pytest.fixture(autouse=True)
    def doubles(self, flavour):
        if flavour.has_integers:
            pytest.skip("from Lua 5.3 on there are 64-bit integers")

    def test_integral_values_are_ints(self, lua):
        values = lua.eval("3.0, -0.0, 10 / 2, 2^53, -2^63, 1e15, 2^62")
        assert values == (3, 0, 5, 2**53, -(2**63), 10**15, 2**62)
        assert {type(value) for value in values} == {int}

    def test_other_values_are_floats(self, lua):
        values = lua.eval("3.5, 2^63, 1e100, 1/0, -1/0")
        assert values == (3.5, 2.0**63, 1e100, math.inf, -math.inf)
        assert {type(value) for value in values} == {float}

    @pytest.mark.deviation
    def test_constants_tell_what_is_exact(self, lupa_module):
        assert (lupa_module.LUA_MAXINTEGER, lupa_module.LUA_MININTEGER) == (2**53, -(2**53))

    @pytest.mark.deviation
    @pytest.mark.parametrize("value", [2**53 + 1, 2**60 + 1, 2**63 - 1, -(2**53) - 1, -(2**63) + 1])
    def test_what_cannot_be_exact_is_an_overflow(self, lua, same, value):
        with pytest.raises(OverflowError):
            same(value)
        with pytest.raises(OverflowError):
            lua.table(value)
        with pytest.raises(OverflowError):
            lua.table()[value] = 1

    @pytest.mark.deviation
    def test_the_handler_is_asked(self, new_runtime):
        asked = []

        def handler(value):
            asked.append(value)
            return float(value)

        lua = new_runtime(overflow_handler=handler)
        assert lua.eval("...", 2**53 + 1) == 2**53
        assert lua.eval("...", 2**53 + 2) == 2**53 + 2
        assert asked == [2**53 + 1]


class TestBeyond:
    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64, 2**70, -(2**70), 10**100])
    def test_more_than_64_bits_is_an_overflow_everywhere(self, same, value):
        with pytest.raises(OverflowError, match="Python int too large to convert to C long"):
            same(value)

    def test_also_for_subclasses(self, same):
        class Big(int):
            pass

        with pytest.raises(OverflowError):
            same(Big(2**70))

    def test_in_every_place(self, lua):
        places = [
            lambda: lua.eval("...", 2**70),
            lambda: lua.table(2**70),
            lambda: lua.table(a=2**70),
            lambda: lua.table_from([2**70]),
            lambda: lua.table_from({2**70: 1}),
            lambda: lua.table()[2**70],
            lambda: setattr(lua.globals(), "x", 2**70),
            lambda: lua.eval("function(f) return f() end")(lambda: 2**70),
            lambda: lua.eval("function(o) for v in python.iter(o) do end end")([2**70]),
            lambda: lua.eval("python.eval('2 ** 70')"),
        ]
        for place in places:
            with pytest.raises(OverflowError):
                place()
        assert lua.eval("1 + 1") == 2

    def test_as_a_python_object_it_passes(self, lua, lupa_module):
        big = 2**80
        assert lua.eval("function(o) return tostring(o), o end")(lupa_module.as_attrgetter(big)) == (str(big), big)


class TestFloats:
    @pytest.mark.parametrize("value", [0.1, -2.5, 1e-300, 5e-324, 1.7976931348623157e308, math.pi])
    @pytest.mark.usefixtures("usual_numbers")
    def test_they_are_exact(self, same, value):
        assert same(value) == value

    def test_what_is_no_int_but_has_an_index(self, lua):
        class Index:
            def __index__(self):
                return 5

            def __int__(self):
                return 5

            def __float__(self):
                return 5.0

        assert lua.eval("type")(Index()) == "userdata"
