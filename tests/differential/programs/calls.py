"""Calls from Python into Lua: arguments, results, and the callables."""

from support import attempt, each


def _count(lua):
    return lua.eval("function(...) return select('#', ...), ... end")


def no_argument(lua):
    return _count(lua)()


def one_argument(lua):
    return _count(lua)("x")


def several_arguments(lua):
    return _count(lua)(1, 2.5, "three", True, b"five")


def none_in_the_middle(lua):
    return _count(lua)(1, None, 3)


def none_at_the_end(lua):
    return _count(lua)(1, None, None)


def only_none(lua):
    return _count(lua)(None)


def unpacked_arguments(lua):
    return _count(lua)(*range(5))


def keyword_arguments(lua):
    return _count(lua)(1, a=2)


def two_hundred_arguments(lua):
    return _count(lua)(*range(200))


def four_thousand_arguments(lua):
    return lua.eval("select('#', ...)", *range(4000))


def ten_thousand_arguments(lua):
    return lua.eval("select('#', ...)", *range(10_000))


def no_result(lua):
    return lua.eval("function() end")()


def one_nil_result(lua):
    return lua.eval("function() return nil end")()


def one_result(lua):
    return lua.eval("function() return 1 end")()


def two_results(lua):
    return lua.eval("function() return 1, 'two' end")()


def two_nil_results(lua):
    return lua.eval("function() return nil, nil end")()


def many_results(lua):
    return lua.eval("function() return 1, nil, 3, nil, nil end")()


def five_hundred_results(lua):
    results = lua.execute("local t = {} for i = 1, 500 do t[i] = i end return (unpack or table.unpack)(t)")
    return len(results), sum(results)


def function_as_argument(lua):
    apply = lua.eval("function(f, ...) return f(...) end")
    return apply(lambda *args: sum(args), 1, 2, 3), apply(lua.eval("function(a, b) return b, a end"), 1, 2)


def a_lua_object_comes_back_as_it_went(lua):
    identity = lua.eval("function(x) return x end")
    table = lua.table(1, 2)
    back = identity(table)
    back[3] = 3
    return type(back), back is table, back == table, list(table.values())


def raw_equality_of_what_went_in_twice(lua):
    same = lua.eval("function(a, b) return rawequal(a, b) end")
    table = lua.table()
    something = object()
    return same(table, table), same(table, lua.table()), same(something, something), same(len, len), same([], [])


@each(
    print_function="print",
    lua_function="function() end",
    table="{}",
    callable_table="setmetatable({}, {__call = function(self, a, b) return type(self), a, b end})",
    nested_callable="setmetatable({}, {__call = setmetatable({}, {__call = function(...) return select('#', ...) end})})",
    string_method="('x').upper",
    userdata="io.stdout",
)
def calling_a_value(lua, code):
    return lua.eval(code)(1, 2)


@each(print_function="print", lua_function="function() end", table="{}", userdata="io.stdout")
def callable_is_true(lua, code):
    return callable(lua.eval(code))


def calling_by_the_special_method(lua):
    function = lua.eval("function(...) return select('#', ...) end")
    return function.__call__(1, 2), type(function).__call__(function, 1)


def map_over_a_lua_function(lua):
    return list(map(lua.eval("function(x) return x * 2 end"), [1, 2.5, 3]))


def sort_by_a_lua_function(lua):
    return sorted([3, 1, 2], key=lua.eval("function(x) return -x end"))


def recursion_through_both_languages(lua):
    lua.execute("function down(f, n) if n == 0 then return 'bottom' end return f(n - 1) end")
    down = lua.globals().down

    def step(n):
        return down(step, n)

    return down(step, 30)


def upvalues_are_kept(lua):
    counter = lua.eval("(function() local n = 0 return function() n = n + 1 return n end end)()")
    return counter(), counter(), counter()


def a_function_sees_changes_of_its_globals(lua):
    function = lua.eval("function() return x end")
    lua.globals().x = 1
    first = function()
    lua.execute("x = 'two'")
    return first, function()


def a_call_that_fails_leaves_the_runtime_usable(lua):
    function = lua.eval("function(x) if x then error('bad ' .. x, 0) end return 'good' end")
    return attempt(function, "one"), function(), attempt(function, "two"), function()


def arguments_that_cannot_be_converted(lua):
    return attempt(_count(lua), 1, 2**70), attempt(_count(lua), "\ud800"), _count(lua)(1)


def generator_as_argument(lua):
    received = lua.eval("function(x) return type(x), x end")(i for i in range(3))
    return received[0], list(received[1])


def results_keep_their_python_identity(lua):
    things = [object(), [], {}, (), set(), len, Exception("x"), type, 3j]
    identity = lua.eval("function(...) return ... end")
    return [a is b for a, b in zip(things, identity(*things))]


def a_method_of_a_lua_object(lua):
    lua.execute(
        "account = {balance = 5} function account:add(n) self.balance = self.balance + n return self.balance end"
    )
    account = lua.globals().account
    return account.add(account, 3), account["add"](account, 1)


def c_function_with_wrong_arguments(lua):
    return lua.globals().string.rep()


def c_function_through_eval(lua):
    return lua.eval("string.rep")("ab", 3), lua.eval("math.max")(1, 5, 3), lua.eval("tostring")(None)


def a_tuple_is_one_argument(lua):
    return _count(lua)((1, 2))


def type_names_seen_by_lua(lua):
    names = lua.eval(
        "function(...) local t = {} for i = 1, select('#', ...) do t[i] = type((select(i, ...))) end return t end"
    )
    values = (
        None,
        True,
        1,
        1.5,
        "s",
        b"b",
        lua.table(),
        lua.eval("print"),
        [],
        len,
        object,
        lua.eval("coroutine.create(function() end)"),
    )
    return list(names(*values).values())
