"""Python objects in Lua: calls, methods and results."""

import types

from samples import Plain, with_object
from support import attempt, each


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
    value = with_object(lua, Plain())
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
    lua.globals().cls, lua.globals().o = Plain, Plain()
    return lua.eval("cls.method(o, 1)"), attempt(lua.eval, "cls:method(1)")[0] is Plain or "other"


def callable_object(lua):
    class Callable:
        def __call__(self, *args):
            return args

    with_object(lua, Callable())
    return lua.eval("o(1, 'x')"), lua.eval("o.__call__(2)")


def class_call_makes_an_instance(lua):
    with_object(lua, Plain)
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
