"""The Lua-side table `python`: none, eval, builtins, as_attrgetter, as_itemgetter, as_function."""

from samples import collect
from support import attempt, each

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
    return lua.eval("python.none"), collect(lua, "iter", [None])


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
