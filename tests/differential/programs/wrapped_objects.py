"""Python objects in Lua: calling, attributes and items, methods, metamethods, identity."""

import datetime
import decimal
import enum
import fractions
import types

from support import attempt, each


class _Plain:
    attribute = "class attribute"

    def __init__(self):
        self.own = "own"
        self.nothing = None
        self._hidden = "hidden"

    def method(self, *args):
        return args

    @classmethod
    def class_method(cls, *args):
        return args

    @staticmethod
    def static_method(*args):
        return args

    @property
    def computed(self):
        return "computed"

    @property
    def failing(self):
        raise ValueError("failing property")

    @property
    def missing(self):
        raise AttributeError("pretends to be missing")

    def __str__(self):
        return "plain text"


class _Items:
    def __init__(self):
        self.items = {}
        self.attribute = "attribute"

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        self.items[key] = value


class _ReadOnlyItems:
    def __getitem__(self, key):
        return f"item {key!r}"


class _Slots:
    __slots__ = ("x",)


def _with_object(lua, value):
    lua.globals().o = value
    return value


# --- attributes ---------------------------------------------------------------------------------------------------


@each(
    own="o.own",
    class_attribute="o.attribute",
    nothing="o.nothing",
    hidden="o._hidden",
    computed="o.computed",
    failing="o.failing",
    pretending="o.missing",
    unknown="o.unknown",
    method="o.method",
    dunder="o.__class__",
    dunder_dict="o.__dict__",
    integer_name="o[1]",
    float_name="o[1.5]",
    boolean_name="o[true]",
    nil_name="o[nil]",
    table_name="o[{}]",
    function_name="o[print]",
    object_name="o[o]",
    none_name="o[python.none]",
    empty_name="o['']",
    umlaut="o['ä']",
    undecodable="o['\\255']",
)
def attribute_read(lua, code):
    _with_object(lua, _Plain())
    return lua.eval(code)


@each(
    own="o.own = 'new'",
    new="o.new = 5",
    nil="o.own = nil",
    none="o.own = python.none",
    table="o.own = {1}",
    computed="o.computed = 1",
    integer_name="o[1] = 1",
    boolean_name="o[true] = 1",
    object_name="o[o] = 1",
    empty_name="o[''] = 1",
    undecodable="o['\\255'] = 1",
    undecodable_value="o.own = '\\255'",
)
def attribute_write(lua, code):
    value = _with_object(lua, _Plain())
    lua.execute(code)
    return dict(sorted(vars(value).items()))


@each(slots=_Slots, builtin=lambda: len, cls=lambda: int, none=lambda: object(), module=lambda: types)
def attribute_write_that_is_refused(lua, make):
    _with_object(lua, make())
    lua.execute("o.real = 1")


def attribute_of_a_class(lua):
    _with_object(lua, _Plain)
    return lua.eval("o.attribute"), lua.eval("o.__name__"), attempt(lua.eval, "o.own"), lua.eval("o().own")


def attribute_of_a_module(lua):
    _with_object(lua, types)
    return lua.eval("o.SimpleNamespace") is types.SimpleNamespace, attempt(lua.eval, "o.nonsense")


def attribute_of_a_function(lua):
    def function():
        pass

    function.note = "noted"
    _with_object(lua, function)
    return lua.eval("o.note"), lua.eval("o.__name__"), attempt(lua.eval, "o.other")


def attributes_through_getattr(lua):
    class Dynamic:
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return "dynamic " + name

    _with_object(lua, Dynamic())
    return lua.eval("o.anything"), attempt(lua.eval, "o[5]")


def catch_all_getattr_looks_like_items(lua):
    class CatchAll:
        def __getattr__(self, name):
            return name

    _with_object(lua, CatchAll())
    return lua.eval("o.x")


def attributes_through_setattr_and_getattribute(lua):
    log = []

    class Logged:
        def __setattr__(self, name, value):
            log.append((name, value))

        def __getattribute__(self, name):
            log.append(name)
            return object.__getattribute__(self, name)

    value = Logged()
    _with_object(lua, value)
    lua.execute("o.x = 5")
    attempt(lua.eval, "o.y")
    return [entry for entry in log if not str(entry).startswith("__")]


def enumerations(lua):
    class Colour(enum.Enum):
        RED = 1

    class Number(enum.IntEnum):
        ONE = 1

    _with_object(lua, Colour)
    return lua.eval("o.RED") is Colour.RED, lua.eval("tostring(o)"), lua.eval("o.RED"), lua.eval("...", Number.ONE)


# --- items --------------------------------------------------------------------------------------------------------


@each(
    existing="o.a",
    missing="o.b",
    integer="o[1]",
    float="o[1.5]",
    boolean="o[true]",
    nil="o[nil]",
    none="o[python.none]",
    table="o[{}]",
    text="o['a']",
    method_name="o.keys",
)
def item_read_of_a_dict(lua, code):
    _with_object(lua, {"a": "A", 1: "one", 1.5: "float", None: "none"})
    return lua.eval(code)


@each(
    zero="o[0]",
    one="o[1]",
    negative="o[-1]",
    beyond="o[9]",
    float="o[1.0]",
    text="o['x']",
    nil="o[nil]",
    method="o.append",
    half="o[0.5]",
)
def item_read_of_a_list(lua, code):
    _with_object(lua, ["a", "b"])
    return lua.eval(code)


@each(
    new="o.b = 2",
    replace="o.a = 2",
    integer="o[5] = 'five'",
    nil="o.a = nil",
    none="o.a = python.none",
    none_key="o[python.none] = 1",
    nil_key="o[nil] = 1",
    table_value="o.t = {1}",
    table_key="o[{}] = 1",
    object_value="o.o = o",
    float_key="o[2.0] = 1",
    boolean_key="o[false] = 1",
)
def item_write_of_a_dict(lua, code):
    value = _with_object(lua, {"a": 1})
    lua.execute(code)
    value.pop("o", None)
    return list(value), list(map(str, value.values()))[:1]


@each(first="o[0] = 'x'", negative="o[-1] = 'x'", beyond="o[5] = 'x'", text="o.a = 1", nil="o[0] = nil")
def item_write_of_a_list(lua, code):
    value = _with_object(lua, [1, 2])
    lua.execute(code)
    return value


@each(tuple=(1, 2), range=range(3), as_read_only=_ReadOnlyItems())
def item_write_that_is_refused(lua, value):
    _with_object(lua, value)
    lua.execute("o[0] = 1")


def items_come_before_attributes(lua):
    value = _with_object(lua, _Items())
    lua.execute("o.attribute = 'item'")
    return value.attribute, value.items, lua.eval("o.attribute"), attempt(lua.eval, "o.items")


def item_keys_keep_their_type(lua):
    _with_object(lua, _ReadOnlyItems())
    return [lua.eval(f"o[{key}]") for key in ("1", "1.5", "2.0", "'x'", "true", "nil", "-3", "10 / 2")]


def slice_through_builtins(lua):
    _with_object(lua, [0, 1, 2, 3])
    return lua.eval("o[python.builtins.slice(1, 3)]")


def dict_view_and_set(lua):
    _with_object(lua, {1, 2})
    return attempt(lua.eval, "o[1]"), lua.eval("type(o.add)"), lua.eval("python.builtins.len(o)")


def getitem_on_the_instance_only(lua):
    value = _Plain()
    value.__getitem__ = lambda key: "instance item"
    _with_object(lua, value)
    return attempt(lua.eval, "o.own")


def class_getitem(lua):
    _with_object(lua, list)
    return attempt(lua.eval, "o.append"), attempt(lua.eval, "o[1]")


# --- calls --------------------------------------------------------------------------------------------------------


def _show(*args, **kwargs):
    return args, kwargs


@each(
    nothing="f()",
    one="f(1)",
    nils="f(nil, nil)",
    middle="f(1, nil, 2, nil)",
    table="f({1, 2})",
    text="f'text'",
    braces="f{1}",
    spread="f(f(1, 2))",
    function="f(print)",
    many="f((unpack or table.unpack)({1,2,3,4,5,6,7,8,9,10}))",
)
def call_with(lua, code):
    lua.globals().f = _show
    return lua.eval(code)


@each(
    list="python.builtins.list",
    str="python.builtins.str",
    dict="python.builtins.dict",
    type="python.builtins.type",
    int="python.builtins.int",
)
def call_of_a_builtin(lua, code):
    return lua.eval(code + "('12')") if "dict" not in code else lua.eval(code + "()")


@each(object=object(), integer_list=[1], text_dict={}, none_wrapped=None)
def call_of_something_not_callable(lua, value):
    return lua.eval("(...)(1)", value)


@each(
    none=None,
    true=True,
    integer=5,
    text="x",
    tuple=(1, 2),
    empty_tuple=(),
    list=[1],
    nested=((1, 2), 3),
    with_none=(1, None),
)
def call_result(lua, value):
    lua.globals().f = lambda: value
    return lua.eval("select('#', f()), f()")


@each(
    none=None,
    true=True,
    tuple=(1, 2),
    empty_tuple=(),
    list=[1],
    nested=((1, 2), 3),
    with_none=(1, None),
    only_none=(None, None),
    single=(1,),
)
def call_result_unpacked(lupa, value):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    lua.globals().f = lambda: value
    return lua.eval("select('#', f()), f()")


def call_result_of_a_tuple_subclass(lupa):
    class Mine(tuple):
        pass

    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    lua.globals().f = lambda: Mine((1, 2))
    return lua.eval("select('#', f()), f()")


def long_tuple_unpacked(lupa):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    lua.globals().f = lambda: tuple(range(3000))
    return lua.eval("select('#', f())")


def attributes_and_items_are_not_unpacked(lupa):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    lua.globals().o = types.SimpleNamespace(pair=(1, 2))
    lua.globals().d = {"pair": (1, 2)}
    return lua.eval("select('#', o.pair), o.pair, select('#', d.pair), d.pair")


def arguments_are_not_unpacked(lupa):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    return lua.eval("select('#', ...)", (1, 2)), lua.eval("...", (1, 2))


@each(
    colon="o:method(1)",
    dot="o.method(1)",
    dot_self="o.method(o, 1)",
    colon_nothing="o:method()",
    class_colon="o:class_method(1)",
    class_dot="o.class_method(1)",
    static_colon="o:static_method(1)",
    static_dot="o.static_method(1)",
    stored="(function() local m = o.method return m(1, 2) end)()",
    stored_with_self="(function() local m = o.method return m(o, 2) end)()",
    self_twice="o:method(o)",
    other_first="o.method('x', o)",
)
def method_call(lua, code):
    value = _with_object(lua, _Plain())
    result = lua.eval(code)
    return ["self" if item is value else item for item in result]


@each(
    append_dot="l.append(1)",
    append_colon="l:append(1)",
    append_self="l.append(l, 1)",
    get_colon="d:get('a')",
    get_dot="d.get('a')",
    upper="s.upper()",
    upper_colon="s:upper()",
    unbound="python.builtins.list.append(l, 5)",
)
def builtin_method_call(lupa, lua, code):
    scope = lua.globals()
    items = []
    scope.l, scope.d, scope.s = lupa.as_attrgetter(items), lupa.as_attrgetter({"a": 1}), lupa.as_attrgetter("text")
    return attempt(lua.eval, code), items


def method_of_a_class_called_with_an_instance(lua):
    lua.globals().cls, lua.globals().o = _Plain, _Plain()
    return lua.eval("cls.method(o, 1)"), attempt(lua.eval, "cls:method(1)")[0] is _Plain or "other"


def callable_object(lua):
    class Callable:
        def __call__(self, *args):
            return args

    _with_object(lua, Callable())
    return lua.eval("o(1, 'x')"), lua.eval("o.__call__(2)")


def class_call_makes_an_instance(lua):
    _with_object(lua, _Plain)
    return type(lua.eval("o()")).__name__, attempt(lua.eval, "o(1)")


def partial_and_lambda(lua):
    import functools

    lua.globals().p = functools.partial(_show, 1, x=2)
    return lua.eval("p(3)"), lua.eval("(...)(2)", lambda x: x * 2)


def call_that_raises(lua):
    def fail():
        raise ValueError("from Python", 12)

    return lua.eval("(...)()", fail)


def call_with_wrong_arguments(lua):
    lua.globals().f = lambda a: a
    return attempt(lua.eval, "f()"), attempt(lua.eval, "f(1, 2)")


# --- metamethods --------------------------------------------------------------------------------------------------


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
    text_object=_Plain(),
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
    lua.globals().o = _Plain()
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
