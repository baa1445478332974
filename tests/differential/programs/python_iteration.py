"""`python.iter`, `python.iterex` and `python.enumerate`."""

from samples import collect
from support import attempt, each

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
    return collect(lua, "iter", _as_object(iterable))


@each(**ITERABLES)
def iterex_over(lua, iterable):
    return collect(lua, "iterex", _as_object(iterable))


@each(**ITERABLES)
def enumerate_over(lua, iterable):
    return collect(lua, "enumerate", _as_object(iterable))


def _as_object(iterable):
    """Texts would be converted on the way; a list of their characters is not."""
    return list(iterable) if isinstance(iterable, (str, bytes)) else iterable


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_over_a_generator(lua, name):
    return collect(lua, name, (i for i in "ab"))


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_over_something_not_iterable(lua, name):
    return attempt(collect, lua, name, object), attempt(collect, lua, name, len)


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_that_fails(lua, name):
    def generate():
        yield 1
        raise KeyError("in the generator")

    return collect(lua, name, generate())


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
    return collect(lua, name, [(1, 2), (None, 3), (4,), 5])


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_with_an_empty_tuple(lupa, name):
    return collect(lupa.LuaRuntime(), name, [(1,), (), (2,)])


@each(iter="iter", enumerate="enumerate")
def iteration_with_an_empty_tuple_and_unpacking(lupa, name):
    return collect(lupa.LuaRuntime(unpack_returned_tuples=True), name, [(1,), (), (2,)])


@each(iter="iter", iterex="iterex", enumerate="enumerate")
def iteration_value_that_cannot_be_converted(lua, name):
    return collect(lua, name, [1, 2**70])


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
    return collect(lua, "iter", (double(i) for i in range(3)))


def iter_over_the_items_of_a_lua_table(lua):
    table = lua.table_from({"a": 1})
    return collect(lua, "iterex", table.items())


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
