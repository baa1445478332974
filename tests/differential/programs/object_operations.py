"""Python objects in Lua: operators, library functions, text, metatable, identity."""

import datetime
import decimal
import fractions

from samples import Plain
from support import attempt, each

OPERATIONS = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "modulo": "a % b",
    "power": "a ^ b",
    "negate": "-a",
    "concatenate": "a .. b",
    "length": "#a",
    "less": "a < b",
    "less_equal": "a <= b",
    "equal": "a == b",
    "equal_itself": "a == a",
    "not_": "not a",
    "index": "a.x",
    "call": "a()",
    "tostring": "tostring(a)",
    "tonumber": "tonumber(a)",
    "type": "type(a)",
}


@each(**OPERATIONS)
def operation_on_lists(lua, code):
    lua.globals().a, lua.globals().b = [1], [1]
    return lua.eval(code)


@each(**OPERATIONS)
def operation_on_objects(lua, code):
    lua.globals().a, lua.globals().b = decimal.Decimal(1), fractions.Fraction(1, 2)
    return lua.eval(code)


@each(
    pairs="pairs(o)",
    ipairs="ipairs(o)",
    next="next(o)",
    loop="(function() for k in pairs(o) do return k end end)()",
    ipairs_loop="(function() for i in ipairs(o) do return i end end)()",
    rawget="rawget(o, 1)",
    rawset="rawset(o, 1, 2)",
    rawlen="rawlen(o)",
    rawequal="rawequal(o, o)",
    unpack="(unpack or table.unpack)(o)",
    concat="table.concat(o)",
    insert="table.insert(o, 1)",
    setmetatable="setmetatable(o, {})",
    getmetatable="type(getmetatable(o))",
    format="string.format('%s', o)",
    format_d="string.format('%d', o)",
    concat_text="'x' .. o",
    error="error(o)",
    assert_="assert(o) == o",
    assert_false="assert(false, o)",
    select="select(o, 1)",
    tostring="tostring(o)",
    math_type="math.type and math.type(o)",
    for_in="(function() for x in o do return x end end)()",
    numeric_for="(function() for i = o, 2 do end end)()",
)
def library_function_on_a_list(lua, code):
    lua.globals().o = [10, 20]
    return lua.eval(code)


@each(
    list=[1, "a"],
    dict={"a": None},
    tuple=(1,),
    none_list=[None],
    function=len,
    cls=int,
    date=datetime.date(2020, 1, 2),
    decimal=decimal.Decimal("1.50"),
    text_object=Plain(),
)
def tostring_of(lua, value):
    return lua.eval("tostring(...)", value)


def tostring_that_fails(lua):
    class Failing:
        def __str__(self):
            raise ValueError("no text")

    return lua.eval("tostring(...)", Failing())


def tostring_that_is_not_text(lua):
    class Wrong:
        def __str__(self):
            return 5

    return lua.eval("tostring(...)", Wrong())


def tostring_that_cannot_be_encoded(lua):
    class Wrong:
        def __str__(self):
            return "\ud800"

    return lua.eval("tostring(...)", Wrong())


def tostring_falls_back_to_repr(lua):
    class OnlyRepr:
        def __repr__(self):
            return "<only repr>"

    return lua.eval("tostring(...)", OnlyRepr())


def tostring_with_umlaut(lua):
    return lua.eval("tostring(...), #tostring(...)", ["ä"])


def metatable_fields(lua):
    return sorted(str(key) for key in lua.eval("getmetatable(...)", [1]))


@each(
    call="__call",
    index="__index",
    newindex="__newindex",
    tostring="__tostring",
    gc="__gc",
    name="__name",
    metatable="__metatable",
)
def metatable_field(lua, name):
    return lua.eval("type(getmetatable((...))[select(2, ...)])", [1], name)


def metatable_is_shared(lua):
    return lua.eval("getmetatable((...)) == getmetatable((select(2, ...)))", [1], len)


@each(
    index="mt.__index(o, 'own')",
    call="mt.__call(o)",
    tostring="mt.__tostring(o)",
    wrong="mt.__index({}, 'x')",
    nothing="mt.__index()",
    number="mt.__call(5)",
    newindex="mt.__newindex(o, 'own', 2)",
)
def metamethod_called_by_hand(lua, code):
    lua.globals().o = Plain()
    lua.execute("mt = getmetatable(o)")
    return lua.eval(code)


# --- identity -----------------------------------------------------------------------------------------------------


def identity_in_lua(lua):
    something = [1]
    same = lua.eval("function(a, b) return a == b, rawequal(a, b) end")
    return same(something, something), same([1], [1]), same(len, len), same(None, None)


def identity_as_table_key(lua):
    something = [1]
    table = lua.table()
    lua.eval("function(t, o) t[o] = 'found' end")(table, something)
    return lua.eval("(...)[select(2, ...)]", table, something), lua.eval("(...)[select(2, ...)]", table, [1])


def identity_of_equal_numbers(lua):
    one = decimal.Decimal(1)
    return lua.eval("(...) == select(2, ...)", one, decimal.Decimal(1)), lua.eval("(...) == select(2, ...)", one, one)


def objects_stay_alive_in_lua(lua):
    import weakref

    class Thing:
        pass

    thing = Thing()
    reference = weakref.ref(thing)
    lua.globals().thing = thing
    del thing
    alive = reference() is not None
    lua.globals().thing = None
    lua.gccollect()
    return alive, reference() is None


def a_weak_lua_table_of_python_objects(lua):
    table = lua.eval("setmetatable({}, {__mode = 'v'})")
    table[1] = [1]
    lua.gccollect()
    return table[1]


def python_objects_through_lua_closures(lua):
    things = [object() for _ in range(100)]
    keep = lua.eval("function(...) local t = {...} return function(i) return t[i] end end")
    get = keep(*things)
    return all(get(i + 1) is thing for i, thing in enumerate(things))


def exceptions_as_values(lua):
    error = ValueError("value")
    lua.globals().e = error
    return lua.eval("e") is error, lua.eval("tostring(e)"), lua.eval("e.args")


def datetime_attributes(lua):
    lua.globals().d = datetime.date(2020, 2, 3)
    return lua.eval("d.year, d.month, d:isoformat(), d.isoformat()")


def named_tuple_has_items(lua):
    import collections

    point = collections.namedtuple("Point", "x y")(1, 2)
    lua.globals().p = point
    return lua.eval("p[0], p[1]"), attempt(lua.eval, "p.x"), lua.eval("python.as_attrgetter(p).x")


def numbers_with_dunder_index(lua):
    class Index:
        def __index__(self):
            return 5

    return lua.eval("type(...)", Index()), lua.eval("type(...)", fractions.Fraction(1, 2)), lua.eval("type(...)", 1j)


def python_objects_in_string_methods(lua):
    return (
        attempt(lua.eval, "('x'):rep(...)", [1]),
        lua.eval("('x'):rep(...)", 3),
        attempt(lua.eval, "('x'):rep(...)", True),
    )
