"""Coroutines, from Python and inside of Lua."""

from fault_operations import Failure, Thing, echo, fail, operation, raised


def counter(lua):
    return lua.eval("function(n) for i = 1, n do coroutine.yield(i, 'text' .. i) end return 'end' end")


@operation()
def making_a_coroutine(lua, module):
    function = counter(lua)
    return lambda: function.coroutine(5), lambda thread: bool(thread)


@operation()
def starting_a_coroutine(lua, module):
    thread = counter(lua).coroutine(5)
    return lambda: next(thread), (1, "text1")


@operation()
def starting_with_all_kinds_of_arguments(lua, module):
    thread = lua.eval("function(...) coroutine.yield(select('#', ...)) end").coroutine("x" * 50, Thing(), 5, lua.table(), *range(40))
    return lambda: next(thread), 44


@operation()
def running_a_coroutine(lua, module):
    function = counter(lua)
    return lambda: list(function.coroutine(5)), lambda items: items[-1] == "end" and len(items) == 6


@operation()
def yielding_tables(lua, module):
    function = lua.eval("function(n) for i = 1, n do coroutine.yield({i}) end end")
    return lambda: [table[1] for table in function.coroutine(20)], list(range(1, 21))


@operation()
def sending(lua, module):
    thread = lua.eval("function() local x = 'start' while true do x = coroutine.yield(x) end end").coroutine()

    def action():
        next(thread)
        thread.send("text" * 20)
        thread.send(Thing())
        return thread.send("last")

    return action, "last"


@operation()
def sending_a_tuple(lua, module):
    thread = lua.eval("function() while true do n = select('#', coroutine.yield(n)) end end").coroutine()
    next(thread)
    return lambda: thread.send(tuple(range(60))), 60


@operation()
def throwing(lua, module):
    thread = counter(lua).coroutine(5)
    next(thread)
    return lambda: raised(Failure, lambda: thread.throw(Failure("thrown"))), lambda error: error.args == ("thrown",)


@operation(since=(5, 2))
def throwing_into_a_pcall(lua, module):
    thread = lua.eval(
        "function() local ok, e = pcall(function() coroutine.yield(1) end) coroutine.yield(tostring(e)) end"
    ).coroutine()
    next(thread)
    return lambda: thread.throw(Failure("thrown" * 10)), lambda text: text == "thrown" * 10 or "not enough memory" in text


@operation()
def closing_a_coroutine(lua, module):
    thread = counter(lua).coroutine(5)
    next(thread)

    def action():
        thread.close()
        return bool(thread)

    return action, False


CLOSES_A_VARIABLE = """function(f)
    local x <close> = setmetatable({}, {__close = function() f('closing' .. 1) end})
    coroutine.yield(1)
end"""


@operation(since=(5, 4))
def closing_a_coroutine_with_variables(lua, module):
    thread = lua.eval(CLOSES_A_VARIABLE).coroutine(echo)
    next(thread)
    return thread.close, None


@operation(since=(5, 4))
def closing_a_coroutine_that_fails(lua, module):
    thread = lua.eval(CLOSES_A_VARIABLE).coroutine(fail)
    next(thread)
    return lambda: raised(Failure, thread.close), lambda error: True


@operation()
def a_coroutine_that_fails(lua, module):
    thread = lua.eval("function() coroutine.yield(1) error({}) end").coroutine()
    next(thread)
    return lambda: raised(module.LuaError, lambda: next(thread)), lambda error: error.value is not None


@operation()
def a_coroutine_that_ends_by_an_exception(lua, module):
    thread = lua.eval("function(f) coroutine.yield(1) f('text' .. 1) end").coroutine(fail)
    next(thread)
    return lambda: raised(Failure, lambda: next(thread)), lambda error: True


@operation()
def a_dead_coroutine(lua, module):
    thread = counter(lua).coroutine(0)
    list(thread)
    return lambda: raised(StopIteration, lambda: next(thread)), lambda error: True


@operation()
def an_unstarted_coroutine_of_lua(lua, module):
    function = lua.eval("coroutine.create(function(a) coroutine.yield(a .. 1) end)")
    return lambda: [list(function("x")), list(function.coroutine("y"))], [["x1"], ["y1"]]


@operation()
def a_callback_in_a_coroutine(lua, module):
    function = lua.eval("function(f) coroutine.yield(f('text' .. 1, {})) end")
    return lambda: list(function.coroutine(lambda text, table: text * 2)), ["text1text1"]


@operation()
def a_callback_in_a_coroutine_that_uses_lua(lua, module):
    function = lua.eval("function(f) coroutine.yield(f('text' .. 1)) end")
    return lambda: list(function.coroutine(lambda text: lua.table(text)[1])), ["text1"]


@operation()
def coroutines_inside_of_lua(lua, module):
    function = lua.eval(
        "function(f) local r = {} for i = 1, 5 do local co = coroutine.wrap(function() coroutine.yield(f(i)) end)"
        " r[i] = co() end return r end"
    )
    return lambda: function(echo), lambda table: list(table.values()) == [1, 2, 3, 4, 5]


@operation()
def an_exception_through_wrap(lua, module):
    function = lua.eval("function(f) return coroutine.wrap(function() f('text' .. 1) end)() end")
    return lambda: raised(Failure, lambda: function(fail)), lambda error: True


@operation()
def a_deep_coroutine(lua, module):
    function = lua.eval(
        "function(f, n) if n == 0 then coroutine.yield('bottom') return 0 end return 1 + f(f, n - 1) end"
    )
    return lambda: list(function.coroutine(function, 100)), ["bottom", 100]


@operation()
def a_coroutine_that_is_dropped(lua, module):
    function = lua.eval("function(o) coroutine.yield(o) end")

    def action():
        thread = function.coroutine(Thing())
        return next(thread).value

    return action, 1


@operation()
def resuming_by_lua(lua, module):
    thread = counter(lua).coroutine(5)
    next(thread)
    resume = lua.eval("function(t) return coroutine.resume(t) end")
    return lambda: resume(thread), lambda result: result == (True, 2, "text2") or "not enough memory" in str(result)


@operation()
def asking_whether_it_is_alive(lua, module):
    thread = counter(lua).coroutine(5)
    return lambda: bool(thread), True
