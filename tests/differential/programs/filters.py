"""Attribute filters and attribute handlers."""

import types

from support import attempt, each


class _Object:
    public = "public"
    _private = "private"

    def method(self):
        return "called"


class _Items:
    def __getitem__(self, key):
        return "item " + str(key)

    def __setitem__(self, key, value):
        self.written = key, value


def _runtime(lupa, **options):
    lua = lupa.LuaRuntime(**options)
    lua.globals().o = _Object()
    lua.globals().items = _Items()
    return lua


def _no_private(obj, name, is_setting):
    if isinstance(name, str) and name.startswith("_"):
        raise AttributeError("access denied")
    return name


@each(
    public="o.public",
    private="o._private",
    dunder="o.__class__",
    method="o:method()",
    write="(function() o.public = 1 end)()",
    write_private="(function() o._x = 1 end)()",
    item="items._private",
    item_by_attribute="python.as_attrgetter(items)._private",
    builtins="python.builtins.__name__",
    call="python.builtins.len('abc')",
    tostring="tostring(o) ~= nil",
    class_access="o.method.__func__",
)
def filter_that_denies(lupa, code):
    return _runtime(lupa, attribute_filter=_no_private).eval(code)


@each(
    read="o.public",
    write="(function() o.new = 5 end)()",
    integer="o[1]",
    nil="o[nil]",
    boolean="o[true]",
    float="o[1.5]",
    table="o[{}]",
    object="o[o]",
    item="items.x",
    text="o['public']",
)
def filter_receives(lupa, code):
    seen = []

    def record(obj, name, is_setting):
        shown = type(name).__name__ if name.__class__.__module__ not in ("builtins",) else name
        seen.append((type(obj).__name__, shown, is_setting))
        return name

    lua = _runtime(lupa, attribute_filter=record)
    outcome = attempt(lua.eval, code)
    return seen, type(outcome).__name__


@each(
    renames="public",
    as_bytes=b"public",
    none=None,
    integer=1,
    missing="nothing",
    umlaut="ä",
    undecodable=b"\xff",
    table=[1],
)
def filter_returns(lupa, name):
    return _runtime(lupa, attribute_filter=lambda o, n, s: name).eval("o.anything")


@each(
    attribute=AttributeError("no"),
    value=ValueError("no"),
    key=KeyError("no"),
    stop=StopIteration(),
    interrupt=KeyboardInterrupt(),
)
def filter_raises(lupa, error):
    def fail(obj, name, is_setting):
        raise error

    return _runtime(lupa, attribute_filter=fail).eval("o.public")


def filter_raises_within_pcall(lupa):
    return _runtime(lupa, attribute_filter=_no_private).eval("pcall(function() return o._private end)")


def filter_with_wrong_signature(lupa):
    return _runtime(lupa, attribute_filter=lambda name: name).eval("o.public")


def filter_that_calls_lua(lupa):
    def ask(obj, name, is_setting):
        return lua.eval("'pub' .. 'lic'")

    lua = _runtime(lupa, attribute_filter=ask)
    return lua.eval("o.anything")


def filter_that_is_a_lua_function(lupa):
    other = lupa.LuaRuntime()
    decide = other.eval("function(o, name, setting) return 'public' end")
    return _runtime(lupa, attribute_filter=decide).eval("o.anything")


@each(number=5, text="x", list=[len], none=None, false=False, zero=0, empty="")
def filter_must_be_callable(lupa, value):
    return type(lupa.LuaRuntime(attribute_filter=value)).__name__


# --- handlers -----------------------------------------------------------------------------------------------------


def _get(obj, name):
    return f"got {name}"


def _set(obj, name, value):
    obj.__dict__["set_" + str(name)] = value


@each(
    read="o.anything",
    item="items.anything",
    integer="o[1]",
    nil="o[nil]",
    method="type(o.method)",
    builtin="python.builtins.len",
    attrgetter="python.as_attrgetter(items).x",
    itemgetter="python.as_itemgetter(o).x",
    call="python.eval('1 + 1')",
    tostring="tostring(python.none)",
)
def getter(lupa, code):
    return _runtime(lupa, attribute_handlers=(_get, _set)).eval(code)


@each(attribute="o.x = 5", item="items.x = 5", integer="o[1] = 'one'", nil_value="o.x = nil", nil_name="o[nil] = 1")
def setter(lupa, code):
    lua = _runtime(lupa, attribute_handlers=(_get, _set))
    lua.execute(code)
    return vars(lua.eval("o")), vars(lua.eval("items"))


@each(
    read="o.public",
    missing="o.nothing",
    item="items.x",
    write="(function() o.x = 1 return o.x end)()",
    write_item="(function() items.x = 1 end)()",
)
def only_a_getter(lupa, code):
    return attempt(_runtime(lupa, attribute_handlers=(_get, None)).eval, code)


@each(
    read="o.public",
    missing="o.nothing",
    item="items.x",
    write="(function() o.x = 1 return o.set_x end)()",
    write_item="(function() items.x = 1 return python.as_attrgetter(items).set_x end)()",
)
def only_a_setter(lupa, code):
    return attempt(_runtime(lupa, attribute_handlers=(None, _set)).eval, code)


@each(none=None, tuple=(1, 2), table_list=[1], integer=5, object=_Object(), text="t")
def getter_returns(lupa, value):
    return _runtime(lupa, attribute_handlers=(lambda o, n: value, None)).eval("o.x")


def getter_results_are_not_unpacked(lupa):
    lua = _runtime(lupa, attribute_handlers=(lambda o, n: (1, 2), None), unpack_returned_tuples=True)
    return lua.eval("select('#', o.x), o.x")


@each(attribute=AttributeError("no"), value=ValueError("no"), stop=StopIteration())
def getter_raises(lupa, error):
    def fail(*args):
        raise error

    lua = _runtime(lupa, attribute_handlers=(fail, fail))
    return attempt(lua.eval, "o.x"), attempt(lua.execute, "o.x = 1"), lua.eval("pcall(function() return o.x end)")


def getter_with_wrong_signature(lupa):
    lua = _runtime(lupa, attribute_handlers=(lambda o: 1, lambda o, n: 1))
    return attempt(lua.eval, "o.x"), attempt(lua.execute, "o.x = 1")


def getter_that_calls_lua(lupa):
    lua = _runtime(lupa, attribute_handlers=(lambda o, n: lua.eval("1 + 1"), None))
    return lua.eval("o.x")


def handlers_receive_the_name(lupa):
    seen = []
    lua = _runtime(lupa, attribute_handlers=(lambda o, n: seen.append(n), lambda o, n, v: seen.append((n, v))))
    lua.execute("local x = o.a, o[1], o[1.5], o[true], o[nil]; o.b = {1} o[2] = 'x'")
    return seen


@each(
    none=None,
    empty=(),
    pair_of_none=(None, None),
    list=[_get, _set],
    one=(_get,),
    three=(_get, _set, _get),
    not_callable=(1, 2),
    second_not_callable=(_get, 2),
    text="ab",
    integer=5,
    function=_get,
    false=False,
    dict={},
    iterator=iter([_get, None]),
)
def handlers_argument(lupa, value):
    return type(lupa.LuaRuntime(attribute_handlers=value)).__name__


@each(both=(_get, _set), getter_only=(_get, None), none=(None, None), empty=())
def handlers_and_filter_exclude_each_other(lupa, handlers):
    return type(lupa.LuaRuntime(attribute_filter=_no_private, attribute_handlers=handlers)).__name__


def filter_and_namespace(lupa):
    lua = lupa.LuaRuntime(attribute_filter=lambda o, n, s: n.upper() if isinstance(n, str) else n)
    lua.globals().o = types.SimpleNamespace(NAME="found")
    return lua.eval("o.name")
