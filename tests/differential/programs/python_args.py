"""`python.args`: named arguments from Lua."""

from support import attempt, each

COLLECT = (
    "function(make, ...) local t = {} for a, b, c in make(...) do "
    "t[#t + 1] = tostring(a) .. '|' .. tostring(b) .. '|' .. tostring(c) end return table.concat(t, '; ') end"
)


def _show(*args, **kwargs):
    return args, dict(sorted(kwargs.items()))


@each(
    empty="python.args{}",
    positional="python.args{1, 2}",
    named="python.args{a = 1, b = 2}",
    both="python.args{1, a = 2}",
    twice="python.args{1, a = 1}, python.args{2, b = 2}",
    mixed="0, python.args{1, a = 1}, 2",
    duplicate="python.args{a = 1}, python.args{a = 2}",
    nil_before="nil, python.args{a = 1}",
    hole="python.args{1, nil, 3}",
    zero="python.args{[0] = 1}",
    negative="python.args{[-1] = 1}",
    beyond="python.args{1, [5] = 2}",
    float_key="python.args{[1.5] = 1}",
    boolean_key="python.args{[true] = 1}",
    table_key="python.args{[{}] = 1}",
    empty_name="python.args{[''] = 1}",
    name_with_blank="python.args{['a b'] = 1}",
    umlaut="python.args{['ä'] = 1}",
    table_value="python.args{a = {1}}",
    none_value="python.args{a = python.none}",
    number_text="python.args{['1'] = 1}",
    large="python.args{" + ",".join("1" for _ in range(100)) + "}",
)
def args_reach_python(lua, arguments):
    lua.globals().show = _show
    return lua.eval(f"show({arguments})")


def args_for_a_function_with_names(lua):
    lua.globals().f = lambda a, b=2, *, c=3: (a, b, c)
    return (
        lua.eval("f(python.args{1})"),
        lua.eval("f(python.args{a = 1, c = 5})"),
        attempt(lua.eval, "f(python.args{b = 1})"),
        attempt(lua.eval, "f(1, python.args{a = 1})"),
        attempt(lua.eval, "f(1, python.args{d = 1})"),
    )


def args_for_a_class(lua):
    lua.globals().make = dict
    return lua.eval("make(python.args{a = 1, b = 'x'})")


def args_for_a_method(lua):
    class Object:
        def method(self, *args, **kwargs):
            return args, kwargs

    lua.globals().o = Object()
    return (
        lua.eval("o:method(python.args{1, a = 2})"),
        lua.eval("o.method(python.args{1, a = 2})"),
        attempt(lua.eval, "o.method(o, python.args{1})"),
    )


def args_with_a_broken_table(lua):
    lua.globals().show = _show
    return lua.eval(
        "show(python.args(setmetatable({}, {__index = function(t, i) return i end, __len = function() return 2 end})))"
    )


def args_reach_lua_functions(lua):
    return lua.eval("type(python.args{1})"), type(lua.eval("python.args{1}")).__name__


def args_passed_to_a_lua_function_and_on(lua):
    lua.globals().show = _show
    return lua.eval("(function(a) return show(a, a) end)(python.args{5})")


def args_for_as_function(lua):
    lua.globals().show = _show
    return lua.eval("python.as_function(show)(1, python.args{2, x = 3})")


def args_comes_to_python(lua):
    found = lua.eval("python.args{1, a = 2}")
    return type(found).__name__, attempt(len, found), attempt(lambda: found.args), attempt(lambda: found.kwargs)


def args_for_something_not_callable(lua):
    lua.globals().o = object()
    return lua.eval("o(python.args{1})")


def names_can_be_overwritten(lua):
    lua.execute("python.iter = 5 python.extra = 6")
    return lua.eval("python.iter, python.extra")
