"""Integers that Lua cannot hold: the overflow handler and its errors."""

from support import attempt, each

INTEGERS = {
    "fits": 5,
    "exact_double": 2**53,
    "inexact_double": 2**53 + 1,
    "max": 2**63 - 1,
    "beyond": 2**63,
    "min": -(2**63),
    "below": -(2**63) - 1,
    "double_exact_beyond": 2**70,
    "huge": 10**400,
}


@each(**INTEGERS)
def without_a_handler(lua, value):
    return lua.eval("...", value)


@each(**INTEGERS)
def with_a_float_handler(lupa, value):
    return lupa.LuaRuntime(overflow_handler=float).eval("...", value)


@each(**INTEGERS)
def with_a_text_handler(lupa, value):
    return lupa.LuaRuntime(overflow_handler=str).eval("...", value)


@each(
    none=None,
    text="handled",
    float=1.5,
    integer=7,
    list=[1],
    too_large=2**65,
    the_same="same",
    bytes=b"bytes",
    boolean=True,
)
def handler_that_returns(lupa, value):
    lua = lupa.LuaRuntime(overflow_handler=lambda n: n if value == "same" else value)
    return lua.eval("...", 2**64)


def handler_receives_the_integer(lupa):
    seen = []
    lua = lupa.LuaRuntime(overflow_handler=lambda *args: seen.append(args))
    lua.eval("...", 2**64, 5, -(2**64))
    return seen


@each(value=ValueError("handler"), overflow=OverflowError("mine"), interrupt=KeyboardInterrupt(), type=TypeError("t"))
def handler_that_raises(lupa, error):
    def fail(value):
        raise error

    return lupa.LuaRuntime(overflow_handler=fail).eval("...", 2**64)


def handler_with_a_wrong_signature(lupa):
    return lupa.LuaRuntime(overflow_handler=lambda: 1).eval("...", 2**64)


@each(number=5, text="x", list=[], none=None, false=False, zero=0)
def handler_must_be_callable(lupa, value):
    return attempt(lupa.LuaRuntime, overflow_handler=value).__class__.__name__


@each(number=5, text="x", list=[], none=None)
def handler_set_later_must_be_callable(lua, value):
    return lua.set_overflow_handler(value)


def handler_set_and_removed(lua):
    lua.set_overflow_handler(float)
    first = attempt(lua.eval, "...", 2**64)
    lua.set_overflow_handler(None)
    return first, attempt(lua.eval, "...", 2**64)


def handler_in_lua(lua):
    lua.set_overflow_handler(lua.eval("function(n) return 'lua ' .. type(n) end"))
    return attempt(lua.eval, "...", 2**64)


def handler_in_lua_of_a_table(lua):
    lua.set_overflow_handler(lua.eval("setmetatable({}, {__call = function() return 'called' end})"))
    return attempt(lua.eval, "...", 2**64)


def handler_set_by_lua(lua):
    lua.execute("python.set_overflow_handler(function(n) return tostring(n) end)")
    return attempt(lua.eval, "...", 2**64)


def handler_set_by_lua_to_a_python_function(lua):
    lua.globals().f = float
    lua.execute("python.set_overflow_handler(f)")
    return attempt(lua.eval, "...", 2**64)


def handler_removed_by_lua(lua):
    lua.set_overflow_handler(float)
    lua.execute("python.set_overflow_handler(nil)")
    return attempt(lua.eval, "...", 2**64)


def handler_in_lua_that_fails(lua):
    lua.set_overflow_handler(lua.eval("function(n) error('in handler', 0) end"))
    return attempt(lua.eval, "...", 2**64), lua.eval("1")


def handler_in_lua_with_python_arithmetic(lua):
    lua.set_overflow_handler(lua.eval("function(n) return python.builtins.float(n) end"))
    return attempt(lua.eval, "...", 2**64)


@each(
    argument=lambda lua: lua.eval("...", 2**64),
    item=lambda lua: lua.table(2**64)[1],
    key=lambda lua: lua.table_from({2**64: 1}),
    read=lambda lua: lua.table()[2**64],
    result=lambda lua: lua.eval("(...)()", lambda: 2**64),
    attribute=lambda lua: lua.eval("(...).numerator", type("N", (), {"numerator": 2**64})()),
    iteration=lambda lua: lua.eval("(function(o) for x in python.iter(o) do return x end end)(...)", [2**64]),
    python_eval=lambda lua: lua.eval("python.eval('2**64')"),
)
def handler_is_asked_for(lupa, use):
    return use(lupa.LuaRuntime(overflow_handler=float))


@each(
    item=lambda lua: lua.eval("(...)[0]", [2**64]),
    result=lambda lua: lua.eval("(...)()", lambda: 2**64),
    within_pcall=lambda lua: lua.eval("pcall(...)", lambda: 2**64),
    iteration=lambda lua: lua.eval("(function(o) for x in python.iter(o) do return x end end)(...)", [2**64]),
    iterex=lambda lua: lua.eval("(function(o) for x, y in python.iterex(o) do return x, y end end)(...)", [(1, 2**64)]),
)
def overflow_error_from(lua, use):
    return use(lua), lua.eval("1")


def overflow_in_a_tuple_result(lupa):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    return attempt(lua.eval, "(...)()", lambda: (1, 2**64, 3)), lua.eval("1")


def limits_of_the_module(lupa, lua):
    return lua.eval("...", lupa.LUA_MAXINTEGER), lua.eval("...", lupa.LUA_MININTEGER)


def just_beyond_the_limits_of_the_module(lupa, lua):
    return attempt(lua.eval, "...", lupa.LUA_MAXINTEGER + 1), attempt(lua.eval, "...", lupa.LUA_MININTEGER - 1)


def handler_calls_lua(lua):
    lua.set_overflow_handler(lambda n: lua.eval("'from Lua'"))
    return lua.eval("...", 2**64)


def handler_that_recurses(lua):
    lua.set_overflow_handler(lambda n: lua.eval("...", n - 1) if n > 2**64 - 3 else "bottom")
    return lua.eval("...", 2**64)
