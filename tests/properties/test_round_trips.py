"""A value that goes through Lua, on any way, comes back as what it was; what cannot be represented is an error."""

import fractions
import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

ENCODINGS = ["utf-8", "latin-1", "ascii", "utf-16-le", "cp1252", "shift_jis", None]

#: Surrogates and NUL are among the characters.
TEXT = st.text(st.characters(codec=None) | st.characters(categories=["Cs"]) | st.sampled_from("\0\x7f\x80ä€😀"), max_size=20)

EXPONENTS = (31, 32, 52, 53, 54, 62, 63, 64, 70)
BOUNDARIES = [sign * (2**exponent + offset) for exponent in EXPONENTS for offset in (-1, 0, 1) for sign in (1, -1)]

INTEGERS = st.integers() | st.sampled_from(BOUNDARIES)
SMALL_INTEGERS = INTEGERS.filter(lambda number: abs(number) < 2**53)

OBJECTS = (
    st.builds(object)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.integers(), st.none(), max_size=2)
    | st.tuples(st.none(), st.integers())
    | st.builds(bytearray, st.binary(max_size=3))
    | st.fractions()
    | st.sampled_from([len, int, ValueError, KeyError("k"), range(3), Ellipsis, NotImplemented, 1j, "".join, lambda: None])
)


class Holder:
    """Has the value as an attribute."""

    def __init__(self, value):
        self.value = value


def through_an_error(lua, value):
    """The error value of Lua; an exception is raised as itself."""
    raised = lua.compile("error((...), 0)")
    try:
        raised(value)
    except Exception as problem:
        if problem is value:
            return value
        if not hasattr(problem, "value"):
            raise
        return problem.value


def through_a_throw(lua, value):
    coroutine = lua.eval("function() return (coroutine.yield()) end").coroutine()
    next(coroutine)
    return coroutine.send((value,))


def through_an_iterator(lua, value):
    return lua.eval("function(items) for item in python.iter(items) do return item end end")([value])


WAYS = {
    "eval": lambda lua, value: lua.eval("...", value),
    "call": lambda lua, value: lua.eval("function(a, b) return b end")(1, value),
    "callback": lambda lua, value: lua.eval("function(f, x) return f(x) end")(lambda given: given, value),
    "result of a callback": lambda lua, value: lua.eval("function(f) return f() end")(lambda: value),
    "table": lambda lua, value: set_and_get(lua.table(), value),
    "table_from": lambda lua, value: lua.table_from({1: value})[1],
    "attribute": lambda lua, value: lua.eval("function(o) return o.value end")(Holder(value)),
    "item": lambda lua, value: lua.eval("function(o) return o[0] end")([value]),
    "global": lambda lua, value: set_and_get(lua.globals(), value),
    "upvalue": lambda lua, value: lua.eval("function(x) return function() return x end end")(value)(),
    "coroutine": lambda lua, value: next(lua.eval("function(x) coroutine.yield(x) end").coroutine(value)),
    "sent": through_a_throw,
    "error": through_an_error,
    "iterator": through_an_iterator,
    "python.args": lambda lua, value: lua.eval("function(f, x) return f(python.args{x = x}) end")(lambda x=None: x, value),
    "value of an iterated table": lambda lua, value: next(lua.table_from({1: value}).values(), None),
}
EVERY_WAY = st.sampled_from(sorted(WAYS))

#: Ways on which the value is not converted again in the middle, by a callback or the like.
DIRECT_WAYS = ["eval", "call", "table", "table_from", "global", "upvalue", "coroutine", "sent", "error"]


def set_and_get(table, value):
    table["key"] = value
    return table["key"]


@given(way=EVERY_WAY, value=st.none() | st.booleans())
def test_none_and_booleans(lupa_module, way, value):
    if way == "error" and value is None:
        return  # Lua 5.5 makes a text of it
    assert WAYS[way](lupa_module.LuaRuntime(), value) is value


def fits(value, flavour):
    """Whether Lua has this very integer."""
    if flavour.has_integers:
        return -(2**63) <= value < 2**63
    return -(2**63) <= value < 2**63 and int(float(value)) == value


@pytest.mark.usefixtures("usual_numbers")
@given(way=EVERY_WAY, value=INTEGERS)
def test_integers(lupa_module, flavour, way, value):
    lua = lupa_module.LuaRuntime()
    if fits(value, flavour):
        returned = WAYS[way](lua, value)
        assert (type(returned), returned) == (int, value)
    else:
        with pytest.raises(OverflowError, match="too large to convert"):
            WAYS[way](lua, value)
    assert lua.eval("1 + 1") == 2


@given(way=EVERY_WAY, value=st.integers(min_value=2**63) | st.integers(max_value=-(2**63) - 1))
def test_integers_that_go_to_the_overflow_handler(lupa_module, way, value):
    asked = []

    def handler(number):
        asked.append(number)
        return float(number % 1000) + 0.5

    returned = WAYS[way](lupa_module.LuaRuntime(overflow_handler=handler), value)
    assert returned == float(value % 1000) + 0.5
    assert set(asked) == {value}


@pytest.mark.usefixtures("usual_numbers")
@given(way=EVERY_WAY, value=st.floats())
@example("eval", -0.0)
@example("table", math.nan)
def test_floats(lupa_module, flavour, way, value):
    returned = WAYS[way](lupa_module.LuaRuntime(), value)
    if not flavour.has_integers and value.is_integer() and -(2.0**63) <= value < 2.0**63:
        assert (type(returned), returned) == (int, int(value))
    elif math.isnan(value):
        assert math.isnan(returned)
    else:
        assert (type(returned), returned, math.copysign(1, returned)) == (float, value, math.copysign(1, value))


@given(way=EVERY_WAY, value=TEXT, encoding=st.sampled_from(ENCODINGS))
@example("eval", "\ud800", "utf-8")
@example("table", "a\0b", "utf-16-le")
def test_text(lupa_module, way, value, encoding):
    # Names are text of the runtime's encoding as well, as in lupa; the names of these ways are ASCII.
    assume(encoding != "utf-16-le" or way not in ("attribute", "python.args"))
    lua = lupa_module.LuaRuntime(encoding=encoding, source_encoding="utf-8")
    if encoding is None:
        assert WAYS[way](lua, value) is value
        return
    try:
        expected = value.encode(encoding).decode(encoding)
    except UnicodeError as problem:
        if way == "error" and isinstance(problem, UnicodeDecodeError):
            return  # an error value that cannot be decoded arrives as bytes
        with pytest.raises(type(problem)) as caught:
            WAYS[way](lua, value)
        assert caught.value.args == problem.args
        return
    assert WAYS[way](lua, value) == expected


@given(way=EVERY_WAY, value=st.binary(max_size=30))
@example("eval", b"\0\xff")
def test_bytes(lupa_module, way, value):
    assert WAYS[way](lupa_module.LuaRuntime(encoding=None), value) == value
    assert WAYS[way](lupa_module.LuaRuntime(encoding="latin-1"), value) == value.decode("latin-1")


@given(way=EVERY_WAY, value=OBJECTS, protocol=st.sampled_from([None, "attributes", "items"]))
def test_objects_keep_their_identity(lupa_module, way, value, protocol):
    wrap = {None: lambda o: o, "attributes": lupa_module.as_attrgetter, "items": lupa_module.as_itemgetter}[protocol]
    assert WAYS[way](lupa_module.LuaRuntime(), wrap(value)) is value


@given(way=st.sampled_from(DIRECT_WAYS), value=st.integers() | TEXT | st.floats() | st.none() | st.binary() | st.booleans())
def test_the_protocols_keep_the_identity_of_what_is_converted_otherwise(lupa_module, way, value):
    lua = lupa_module.LuaRuntime()
    assert WAYS[way](lua, lupa_module.as_attrgetter(value)) is value
    assert WAYS[way](lua, lupa_module.as_itemgetter(value)) is value


@given(way=EVERY_WAY, kind=st.sampled_from(["{}", "function() end", "print", "coroutine.create(function() end)", "io.stdout"]))
def test_lua_objects_are_the_same_objects(lupa_module, way, kind):
    lua = lupa_module.LuaRuntime()
    value = lua.eval(kind)
    if way == "error":
        value = lua.table(value)
    assert lua.eval("rawequal(...)", value, WAYS[way](lua, value))


@pytest.mark.usefixtures("usual_numbers")
@given(values=st.lists(st.none() | SMALL_INTEGERS | st.sampled_from([0.5, math.inf]) | st.booleans() | OBJECTS, max_size=8))
def test_tuples_unpack_to_as_many_values(lupa_module, values):
    lua = lupa_module.LuaRuntime(unpack_returned_tuples=True)
    count = lua.eval("function(f) return select('#', f()) end")(lambda: tuple(values))
    returned = lua.eval("function(f) return 'first', f() end")(lambda: tuple(values))
    assert count == len(values)
    assert returned == ("first", *values) if values else returned == "first"
    assert lupa_module.LuaRuntime().execute("return (...)()", lambda: tuple(values)) == tuple(values)


STRUCTURES = st.recursive(
    SMALL_INTEGERS | st.text("aä\0") | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.usefixtures("usual_numbers")
@given(value=STRUCTURES)
def test_nested_structures(lupa_module, value):
    lua = lupa_module.LuaRuntime()
    if isinstance(value, (list, dict)):
        assert plain(lua.table_from(value, recursive=True), lupa_module) == without_order(value)


def plain(value, lupa_module):
    if lupa_module.lua_type(value) != "table":
        return value
    return {key: plain(item, lupa_module) for key, item in value.items()}


def without_order(value):
    """Lists as tables see them: from 1 on."""
    if isinstance(value, list):
        value = dict(enumerate(value, 1))
    return {key: without_order(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(number=st.fractions())
def test_numbers_that_lua_does_not_have_are_objects(lupa_module, number):
    assert type(WAYS["eval"](lupa_module.LuaRuntime(), number)) is fractions.Fraction
