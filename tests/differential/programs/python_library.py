"""The Lua-side table `python`: none, eval, builtins, as_attrgetter, as_itemgetter, as_function, iter, iterex, ..."""

from support import attempt, each

COLLECT = (
    "function(make, ...) local t = {} for a, b, c in make(...) do "
    "t[#t + 1] = tostring(a) .. '|' .. tostring(b) .. '|' .. tostring(c) end return table.concat(t, '; ') end"
)


def _collect(lua, name, *arguments):
    return lua.eval(COLLECT)(lua.eval("python." + name), *arguments)


# --- none ---------------------------------------------------------------------------------------------------------


def none_is_truthy_userdata(lua):
    return lua.eval("type(python.none), python.none == nil, python.none and 'yes' or 'no', tostring(python.none)")


def none_arrives_as_none(lua):
    return lua.eval("python.none"), lua.eval("(function(f) return f(python.none, nil) end)(...)", lambda *args: args)


def none_is_one_object(lua):
    return lua.eval("rawequal(python.none, python.none)"), lua.eval("python.none == ...", None)


@each(
    call="python.none()",
    index="python.none.x",
    newindex="(function() python.none.x = 1 end)()",
    length="#python.none",
    dunder="python.none.__class__",
)
def none_used_as(lua, code):
    return lua.eval(code)


def none_can_be_replaced(lua):
    lua.execute("python.none = 5")
    return lua.eval("python.none"), _collect(lua, "iter", [None])


# --- eval and builtins --------------------------------------------------------------------------------------------


@each(
    arithmetic="1 + 1",
    text="'a' * 3",
    none="None",
    tuple="(1, 2)",
    list="[1, 2]",
    lambda_="(lambda x: x + 1)(1)",
    syntax_error="1 +",
    name_error="no_such_name",
    zero_division="1 / 0",
    empty="",
    statement="x = 1",
    import_="__import__('math').floor(2.5)",
    umlaut="'ä'",
    big="2 ** 62",
    too_big="2 ** 64",
)
def python_eval(lua, code):
    return lua.eval("python.eval(...)", code)


def python_eval_sees_the_callers_scope(lua):
    local_value = 42
    return lua.eval("python.eval('local_value')"), local_value, lua.eval("python.eval('attempt')") is attempt


def python_eval_gets_scopes(lua):
    return lua.eval("python.eval('a + b', ...)", {"a": 1, "b": 2})


@each(nothing="python.eval()", number="python.eval(5)", nil="python.eval(nil)", table="python.eval({})")
def python_eval_of(lua, code):
    return lua.eval(code)


def python_eval_is_the_builtin(lua):
    return lua.eval("python.eval") is eval, lua.eval("type(python.eval)")


@each(
    str="str(12)",
    len="len('abc')",
    list="list()",
    none="None",
    error="KeyError",
    missing="no_such_builtin",
    max="max(1, 5, 2)",
)
def python_builtins(lua, code):
    return lua.eval("python.builtins." + code)


def python_builtins_is_the_module(lua):
    import builtins

    return lua.eval("python.builtins") is builtins, lua.eval("python.builtins.len") is len


def python_builtins_can_be_changed(lua):
    import builtins

    lua.execute("python.builtins.added_by_lua = 5")
    return builtins.added_by_lua


@each(
    both={},
    no_eval={"register_eval": False},
    no_builtins={"register_builtins": False},
    neither={"register_eval": False, "register_builtins": False},
)
def registration_of_eval_and_builtins(lupa, options):
    lua = lupa.LuaRuntime(**options)
    return lua.eval("python.eval ~= nil, python.builtins ~= nil, python.none ~= nil, python.iter ~= nil")


# --- as_attrgetter, as_itemgetter, as_function --------------------------------------------------------------------


class _Both:
    attribute = "attribute"

    def __getitem__(self, key):
        return "item " + str(key)

    def __setitem__(self, key, value):
        self.__dict__["set_" + str(key)] = value


@each(
    plain="o.attribute",
    attribute="python.as_attrgetter(o).attribute",
    item="python.as_itemgetter(o).attribute",
    number="o[1]",
)
def protocol_chosen_in_lua(lua, code):
    lua.globals().o = _Both()
    return lua.eval(code)


def protocol_chosen_twice(lua):
    lua.globals().o = _Both()
    return lua.eval(
        "python.as_attrgetter(python.as_itemgetter(o)).attribute, python.as_itemgetter(python.as_attrgetter(o)).attribute"
    )


def protocol_wrapping_gives_the_same_object(lua):
    something = _Both()
    lua.globals().o = something
    return lua.eval("python.as_attrgetter(o)") is something, lua.eval("python.as_itemgetter(o)") is something


def protocol_wrapping_and_identity_in_lua(lua):
    lua.globals().o = _Both()
    return lua.eval(
        "o == python.as_itemgetter(o), o == python.as_attrgetter(o), "
        "python.as_attrgetter(o) == python.as_attrgetter(o), rawequal(python.as_itemgetter(o), python.as_itemgetter(o))"
    )


BAD_ARGUMENTS = {
    "nothing": "",
    "nil": "nil",
    "number": "5",
    "text": "'x'",
    "table": "{}",
    "lua_function": "print",
    "file": "io.stdout",
    "two": "python.builtins, 1",
    "two_nils": "python.builtins, nil",
    "three": "python.builtins, 1, 2",
}


@each(**BAD_ARGUMENTS)
def as_attrgetter_of(lua, arguments):
    return type(lua.eval(f"python.as_attrgetter({arguments})")).__name__


@each(**BAD_ARGUMENTS)
def as_itemgetter_of(lua, arguments):
    return type(lua.eval(f"python.as_itemgetter({arguments})")).__name__


@each(**BAD_ARGUMENTS)
def as_function_of(lua, arguments):
    return type(lua.eval(f"python.as_function({arguments})")).__name__


@each(**BAD_ARGUMENTS)
def iter_of(lua, arguments):
    return lua.eval(f"select('#', python.iter({arguments}))")


@each(**BAD_ARGUMENTS)
def iterex_of(lua, arguments):
    return lua.eval(f"select('#', python.iterex({arguments}))")


@each(**BAD_ARGUMENTS)
def enumerate_of(lua, arguments):
    return lua.eval(f"select('#', python.enumerate({arguments}))")


@each(**BAD_ARGUMENTS)
def args_of(lua, arguments):
    return type(lua.eval(f"python.args({arguments})")).__name__


@each(**BAD_ARGUMENTS)
def set_overflow_handler_of(lua, arguments):
    return lua.eval(f"python.set_overflow_handler({arguments})")


def as_function_is_a_lua_function(lua):
    lua.globals().f = lambda *args: args
    return lua.eval("type(python.as_function(f))"), lua.eval("python.as_function(f)(1, nil, 'x')")


def as_function_comes_back_as_the_object(lua):
    return lua.eval("python.as_function(...)", len) is len


def as_function_of_something_not_callable(lua):
    lua.globals().o = [1, 2]
    return (
        lua.eval("type(python.as_function(o))"),
        lua.eval("python.as_function(o)") == [1, 2],
        attempt(lua.eval, "python.as_function(o)()"),
    )


def as_function_for_sorting(lua):
    return lua.eval(
        "(function(f) local t = {3, 1, 2} table.sort(t, python.as_function(f)) return table.concat(t, ',') end)(...)",
        lambda a, b: a > b,
    )


def as_function_for_gsub(lua):
    return lua.eval("string.gsub('hello', 'l', python.as_function(...))", lambda c: c.upper())


def object_for_gsub(lua):
    return lua.eval("string.gsub('hello', 'l', ...)", lambda c: c.upper())


def as_function_for_pcall(lua):
    def fail(message):
        raise ValueError(message)

    return lua.eval("pcall(python.as_function(...), 'text')", fail)


def object_for_pcall(lua):
    def fail(message):
        raise ValueError(message)

    return lua.eval("pcall(..., 'text')", fail)


def as_function_in_a_coroutine(lua):
    lua.globals().f = lambda x: x * 2
    return lua.eval("coroutine.wrap(python.as_function(f))(21)")


def as_function_as_a_metamethod(lua):
    lua.globals().f = lambda table, key: "item " + key
    return lua.eval("setmetatable({}, {__index = python.as_function(f)}).x"), attempt(
        lua.eval, "setmetatable({}, {__index = f}).x"
    )


def as_function_of_a_method(lua):
    class Counter:
        count = 0

        def add(self, n):
            self.count += n
            return self.count

    lua.globals().c = Counter()
    return lua.eval("python.as_function(c.add)(5)"), lua.eval("c:add(1)"), lua.eval("python.as_function(c.add)(c, 1)")


# --- iter, iterex, enumerate --------------------------------------------------------------------------------------


ITERABLES = {
    "empty": [],
    "numbers": [1, 2, 3],
    "with_none": [None, 1, None],
    "text": "aä",
    "tuples": [(1, 2), (3, None, 5), (None, 6)],
    "single_tuples": [(1,), ("x",)],
    "dict": {"a": 1, "b": 2},
    "tuple": (1, 2),
    "range": range(3),
    "as_bytes": b"ab",
    "nested": [[1, 2], [3]],
    "booleans": [True, False],
    "many": [(1, 2, 3, 4)],
}


@each(**ITERABLES)
def iter_over(lua, iterable):
    return _collect(lua, "iter", _as_object(iterable))


@each(**ITERABLES)
def iterex_over(lua, iterable):
    return _collect(lua, "iterex", _as_object(iterable))


@each(**ITERABLES)
def enumerate_over(lua, iterable):
    return _collect(lua, "enumerate", _as_object(iterable))


def _as_object(iterable):
    """Texts would be converted on the way; a list of their characters is not."""
    return list(iterable) if isinstance(iterable, (str, bytes)) else iterable


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_over_a_generator(lua, name):
    return _collect(lua, name, (i for i in "ab"))


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_over_something_not_iterable(lua, name):
    return attempt(_collect, lua, name, object), attempt(_collect, lua, name, len)


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_that_fails(lua, name):
    def generate():
        yield 1
        raise KeyError("in the generator")

    return _collect(lua, name, generate())


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_that_fails_within_pcall(lua, name):
    def generate():
        yield 1
        raise KeyError("in the generator")

    return lua.eval("pcall(function(make, o) for x in make(o) do end end, ...)", lua.eval("python." + name), generate())


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_triple(lua, name):
    next_function, state, control = lua.eval(
        "(function(make, o) local f, s, c = make(o) return f, s, c end)(...)", lua.eval("python." + name), [1]
    )
    return type(next_function).__name__, type(state).__name__, control


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_with_break(lua, name):
    generator = iter("abc")
    lua.eval("(function(make, o) for x in make(o) do break end end)(...)", lua.eval("python." + name), generator)
    return list(generator)


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_over_a_large_list(lua, name):
    return lua.eval(
        "(function(make, o) local n = 0 for x in make(o) do n = n + 1 end return n end)(...)",
        lua.eval("python." + name),
        list(range(20_000)),
    )


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_with_unpacked_tuples(lupa, name):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    return _collect(lua, name, [(1, 2), (None, 3), (4,), 5])


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_with_an_empty_tuple(lupa, name):
    return _collect(lupa.LuaRuntime(), name, [(1,), (), (2,)])


@each(iter="iter", enumerate="enumerate")
def iteration_with_an_empty_tuple_and_unpacking(lupa, name):
    return _collect(lupa.LuaRuntime(unpack_returned_tuples=True), name, [(1,), (), (2,)])


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_value_that_cannot_be_converted(lua, name):
    return _collect(lua, name, [1, 2**70])


@each(
    zero="0",
    one="1",
    negative="-5",
    float="2.7",
    integral_float="3.0",
    text="'4'",
    wrong_text="'x'",
    nil="nil",
    boolean="true",
    table="{}",
    object="python.builtins",
    large="2^40",
    none="python.none",
)
def enumerate_start(lua, start):
    lua.globals().items = ["a", "b"]
    return lua.eval(
        f"(function() local t = {{}} for i, x in python.enumerate(items, {start}) do t[#t + 1] = i .. x end return table.concat(t, ' ') end)()"
    )


def enumerate_with_three_arguments(lua):
    return lua.eval("python.enumerate(python.builtins, 1, 2)")


def enumerate_gives_integers(lua):
    return lua.eval("(function(o) for i, x in python.enumerate(o) do return i, tostring(i) end end)(...)", ["a"])


def iter_next_after_the_end(lua):
    return lua.execute("local f, s, c = python.iter(...) return f(s, c), f(s, c), f(s, c)", [1])


def iter_of_a_lua_table_in_python(lua):
    return lua.eval("python.builtins.iter")(lua.table(5, 6)) is not None


def iter_calls_into_lua(lua):
    double = lua.eval("function(x) return x * 2 end")
    return _collect(lua, "iter", (double(i) for i in range(3)))


def iter_over_the_items_of_a_lua_table(lua):
    table = lua.table_from({"a": 1})
    return _collect(lua, "iterex", table.items())


def iter_of_dict_items_through_attrgetter(lupa, lua):
    return lua.eval(
        "(function(d) for k, v in python.iterex(d.items()) do return k, v end end)(...)", lupa.as_attrgetter({"a": 1})
    )


def next_function_with_a_wrong_state(lua):
    lua.execute("f, s = python.iter(...)", [1])
    return (
        attempt(lua.eval, "f(nil)"),
        attempt(lua.eval, "f(5)"),
        attempt(lua.eval, "f()"),
        attempt(lua.eval, "f({})"),
        lua.eval("f(s)"),
    )


# --- args ---------------------------------------------------------------------------------------------------------


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
