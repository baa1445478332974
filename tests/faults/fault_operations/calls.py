"""Calls of Lua functions, with each kind of argument and of result."""

from fault_operations import Thing, echo, operation


def identity(lua):
    return lua.eval("function(...) return ... end")


def passing(value):
    """An operation that passes a value to Lua and gets it back."""

    def prepare(lua, module):
        function = identity(lua)
        return lambda: function(value), value

    return prepare


for name, value in {
    "none": None,
    "a boolean": True,
    "an integer": 12345,
    "a float": 2.5,
    "a short string": "text",
    "a string of 41 characters": "x" * 41,
    "a long string": "long " * 500,
    "text that is not ascii": "\u20ac" * 50,
}.items():
    prepare = passing(value)
    prepare.__name__ = f"passing {name}"
    operation()(prepare)


@operation()
def passing_bytes(lua, module):
    function = identity(lua)
    return lambda: function(b"bytes" * 10), "bytes" * 10


@operation()
def passing_an_object(lua, module):
    function, thing = identity(lua), Thing()
    return lambda: function(thing), lambda result: result is thing


@operation()
def passing_a_new_object(lua, module):
    function = identity(lua)
    return lambda: function(Thing(7)), lambda result: result.value == 7


@operation()
def passing_python_functions(lua, module):
    function = identity(lua)
    return lambda: function(echo, len, Thing().method), lambda results: results[:2] == (echo, len)


@operation()
def passing_a_container(lua, module):
    function, items = identity(lua), [1, 2, 3]
    return lambda: function(items), lambda result: result is items


@operation()
def passing_lua_objects(lua, module):
    function, table, output = identity(lua), lua.table(1), lua.eval("io.stdout")
    thread = lua.eval("coroutine.create(function() end)")
    return (
        lambda: function(table, function, output, thread),
        lambda results: [module.lua_type(value) for value in results] == ["table", "function", "userdata", "thread"],
    )


@operation()
def passing_protocol_wrappers(lua, module):
    function = lua.eval("function(a, b) return a.values, b.values end")
    return (
        lambda: function(module.as_attrgetter({}), module.as_itemgetter({"values": 5})),
        lambda results: callable(results[0]) and results[1] == 5,
    )


@operation()
def passing_many_arguments(lua, module):
    function = lua.eval("function(...) return select('#', ...) end")
    return lambda: function(*range(150)), 150


@operation()
def passing_many_strings_and_objects(lua, module):
    function = lua.eval("function(...) return select('#', ...) end")
    return lambda: function(*[f"text {i}" for i in range(20)], *[Thing() for i in range(20)]), 40


@operation()
def no_result(lua, module):
    return lua.eval("function() end"), None


@operation()
def a_new_table_as_result(lua, module):
    return lua.eval("function() return {1, 2} end"), lambda table: len(table) == 2


@operation()
def a_closure_as_result(lua, module):
    return lua.eval("function() local n = 5; return function() return n end end"), lambda function: function() == 5


@operation()
def a_thread_as_result(lua, module):
    return (
        lua.eval("function() return coroutine.create(function() coroutine.yield(5) end) end"),
        lambda thread: list(thread()) == [5],
    )


@operation()
def a_started_thread_as_result(lua, module):
    make = lua.eval("function() local c = coroutine.create(function() coroutine.yield(5) coroutine.yield(6) end)"
                    " assert(coroutine.resume(c)) return c end")  # fmt: skip
    return make, lambda thread: list(thread) == [6]


@operation()
def a_userdata_as_result(lua, module):
    return lua.eval("function() return io.stdout end"), lambda output: module.lua_type(output) == "userdata"


@operation()
def a_new_string_as_result(lua, module):
    return lua.eval("function() return ('abc'):rep(200) end"), "abc" * 200


@operation(accepts=("too many results to unpack",))
def many_results(lua, module):
    function = lua.eval("function() return (table.unpack or unpack)({('x'):byte(1, -1), n = 1}, 1, 100) end")
    return function, lambda results: len(results) == 100


@operation(accepts=("too many results to unpack",))
def many_tables_as_results(lua, module):
    lua.execute("ts = {} for i = 1, 40 do ts[i] = {i} end")
    function = lua.eval("function() return (table.unpack or unpack)(ts) end")
    return function, lambda results: [table[1] for table in results] == list(range(1, 41))


@operation()
def holding_many_tables(lua, module):
    make = lua.eval("function() return {} end")
    return lambda: [make() for _ in range(40)], lambda tables: len(tables) == 40


@operation()
def a_method_of_a_table(lua, module):
    account = lua.eval("{n = 1, add = function(self, n) self.n = self.n + n return self end}")
    return lambda: account.add(account, 5), lambda result: result.n == 6


@operation()
def calling_a_table(lua, module):
    table = lua.eval("setmetatable({}, {__call = function(self, ...) return ('x'):rep(50), ... end})")
    return lambda: table("a", "b"), ("x" * 50, "a", "b")


@operation()
def a_deep_recursion(lua, module):
    function = lua.eval("function(f, n) if n == 0 then return 0 end return 1 + f(f, n - 1) end")
    return lambda: function(function, 150), 150


@operation()
def calls_back_and_forth(lua, module):
    function = lua.eval("function(f, n) return f(n) end")

    def back(n):
        return "end" * 20 if n == 0 else function(back, n - 1)

    return lambda: function(back, 5), "end" * 20


@operation()
def a_number_of_arguments_that_grows(lua, module):
    function = lua.eval("function(f, ...) return select('#', ...) < 30 and f(f, 'x', ...) or select('#', ...) end")
    return lambda: function(function), 30
