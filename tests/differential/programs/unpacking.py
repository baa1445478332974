"""`unpacks_lua_table`, `unpacks_lua_table_method`, `as_attrgetter` and `as_itemgetter` of the module."""

from support import attempt, each


def _show(*args, **kwargs):
    return args, dict(sorted(kwargs.items()))


TABLES = {
    "empty": "{}",
    "positional": "{1, 2}",
    "named": "{a = 1, b = 2}",
    "both": "{1, a = 2}",
    "nested": "{{1}, a = {2}}",
    "hole": "{1, nil, 3}",
    "nil_first": "{nil, 2}",
    "explicit_index": "{[1] = 'one', [2] = 'two'}",
    "gap": "{'one', [3] = 'three'}",
    "zero": "{[0] = 1}",
    "negative": "{[-1] = 1}",
    "float_key": "{[1.5] = 1}",
    "boolean_key": "{[true] = 1}",
    "object_key": "{[python.none] = 1}",
    "umlaut": "{['ä'] = 1}",
    "undecodable": "{['\\255'] = 1}",
    "empty_name": "{[''] = 1}",
    "trailing_nil": "{1, 2, nil}",
    "none": "{python.none}",
}


@each(**TABLES)
def unpacked_call(lupa, lua, table):
    lua.globals().f = lupa.unpacks_lua_table(_show)
    return lua.eval("f" + table)


@each(
    nothing="f()",
    positional="f(1, 2)",
    table_and_more="f({1, 2}, 3)",
    two_tables="f({1}, {2})",
    number="f(1)",
    text="f'x'",
    nil="f(nil)",
    nil_and_table="f(nil, {1})",
    object="f(python.none)",
    args="f(python.args{1, a = 2})",
)
def unpacking_only_a_single_table(lupa, lua, code):
    lua.globals().f = lupa.unpacks_lua_table(_show)
    return lua.eval(code)


def unpacking_decorator_keeps_the_name(lupa):
    @lupa.unpacks_lua_table
    def documented():
        """Documentation."""

    return documented.__name__, documented.__doc__, documented.__wrapped__.__name__


def unpacking_function_called_from_python(lupa, lua):
    function = lupa.unpacks_lua_table(_show)
    return function(1, 2), function(lua.table(1, a=2)), attempt(function, a=1), function()


def unpacking_function_with_names(lupa, lua):
    @lupa.unpacks_lua_table
    def function(a, b=2, *, c=3):
        return a, b, c

    lua.globals().f = function
    return [
        attempt(lua.eval, code)
        for code in ("f{1}", "f{a = 1}", "f{1, c = 5}", "f{1, a = 1}", "f{b = 1}", "f{1, 2, 3}", "f{1, d = 4}")
    ]


def unpacking_a_method(lupa, lua):
    class Object:
        @lupa.unpacks_lua_table_method
        def method(self, *args, **kwargs):
            return type(self).__name__, args, kwargs

    lua.globals().o = Object()
    return [
        attempt(lua.eval, code)
        for code in ("o:method{1, a = 2}", "o.method{1, a = 2}", "o:method(1, 2)", "o:method()", "o.method(o, {1})")
    ]


def unpacking_a_method_from_python(lupa, lua):
    class Object:
        @lupa.unpacks_lua_table_method
        def method(self, *args, **kwargs):
            return args, kwargs

    return Object().method(1), Object().method(lua.table(1, a=2)), attempt(lambda: Object().method(a=1))


def unpacking_a_class_method(lupa, lua):
    class Object:
        @classmethod
        @lupa.unpacks_lua_table_method
        def make(cls, *args, **kwargs):
            return cls.__name__, args, kwargs

    lua.globals().cls = Object
    return attempt(lua.eval, "cls.make{1, a = 2}"), attempt(lua.eval, "cls:make{1}")


def unpacking_something_not_callable(lupa):
    return (
        type(attempt(lupa.unpacks_lua_table, 5)).__name__,
        type(attempt(lupa.unpacks_lua_table_method, None)).__name__,
    )


def unpacking_wrapper_needs_one_argument(lupa):
    return attempt(lupa.unpacks_lua_table), attempt(lupa.unpacks_lua_table, 1, 2)


def unpacking_a_builtin(lupa, lua):
    lua.globals().make = lupa.unpacks_lua_table(dict)
    return lua.eval("make{a = 1}")


def unpacking_function_that_raises(lupa, lua):
    @lupa.unpacks_lua_table
    def fail(**kwargs):
        raise KeyError(*kwargs)

    lua.globals().f = fail
    return attempt(lua.eval, "f{a = 1}"), lua.eval("pcall(f, {b = 1})")


# --- protocols ----------------------------------------------------------------------------------------------------


VALUES = {
    "none": None,
    "integer": 5,
    "float": 1.5,
    "text": "text",
    "bytes": b"bytes",
    "true": True,
    "list": [1],
    "dict": {"get": 1},
    "function": len,
    "cls": int,
}


@each(**VALUES)
def as_attrgetter_seen_by_lua(lupa, lua, value):
    return lua.eval("type(...), tostring(...)", lupa.as_attrgetter(value))


@each(**VALUES)
def as_itemgetter_seen_by_lua(lupa, lua, value):
    return lua.eval("type(...), tostring(...)", lupa.as_itemgetter(value))


@each(**VALUES)
def as_attrgetter_comes_back(lupa, lua, value):
    back = lua.eval("...", lupa.as_attrgetter(value))
    return back, back is value


@each(**VALUES)
def class_through_as_attrgetter(lupa, lua, value):
    return lua.eval("(...).__class__", lupa.as_attrgetter(value))


@each(**VALUES)
def item_through_as_itemgetter(lupa, lua, value):
    return lua.eval("(...)[0]", lupa.as_itemgetter(value))


@each(attrgetter="as_attrgetter", itemgetter="as_itemgetter")
def protocol_wrapper_in_python(lupa, name):
    wrapped = getattr(lupa, name)({"a": 1})
    return (
        type(wrapped).__name__,
        attempt(lambda: wrapped["a"]),
        attempt(lambda: wrapped.a),
        attempt(wrapped),
        attempt(len, wrapped),
    )


@each(attrgetter="as_attrgetter", itemgetter="as_itemgetter")
def protocol_wrapper_representation(lupa, name):
    return repr(getattr(lupa, name)([1]))


@each(attrgetter="as_attrgetter", itemgetter="as_itemgetter")
def protocol_wrapper_needs_one_argument(lupa, name):
    return attempt(getattr(lupa, name)), attempt(getattr(lupa, name), 1, 2)


@each(attrgetter="as_attrgetter", itemgetter="as_itemgetter")
def protocol_wrapper_of_a_wrapper(lupa, lua, name):
    wrap = getattr(lupa, name)
    return attempt(lua.eval, "type((...).get)", wrap(wrap({"get": 1}))), type(wrap(wrap({}))).__name__


@each(attrgetter="as_attrgetter", itemgetter="as_itemgetter")
def protocol_wrapper_of_a_lua_table(lupa, lua, name):
    wrapped = getattr(lupa, name)(lua.table(5, x=6))
    return (
        lua.eval("type(...)", wrapped),
        lua.eval("(...).x", wrapped),
        attempt(lua.eval, "(...)[1]", wrapped),
        attempt(lua.eval, "type((...).keys)", wrapped),
    )


def protocol_wrapper_cannot_be_made(lupa):
    return type(lupa.as_attrgetter(1))()


def protocol_wrapper_is_unwrapped_everywhere(lupa, lua):
    something = [1]
    wrapped = lupa.as_attrgetter(something)
    table = lua.table(wrapped)
    return (
        table[1] is something,
        lua.eval("(...)[1]", table) is something,
        lua.eval("(...)()", lambda: wrapped) is something,
    )


def protocol_wrapper_by_keyword(lupa):
    return (
        attempt(lambda: lupa.as_attrgetter(obj=1)),
        attempt(lambda: lupa.as_itemgetter(obj=1)),
        attempt(lambda: lupa.lua_type(obj=1)),
    )


def itemgetter_for_an_object_without_items(lupa, lua):
    return attempt(lua.eval, "(...).x", lupa.as_itemgetter(object())), attempt(
        lua.execute, "local o = ... o.x = 1", lupa.as_itemgetter(object())
    )


def attrgetter_writes_attributes(lupa, lua):
    class Mine(dict):
        pass

    mine = Mine()
    lua.execute("local o = ... o.x = 1", lupa.as_attrgetter(mine))
    lua.execute("local o = ... o.y = 2", lupa.as_itemgetter(mine))
    return mine.x, dict(mine)
