"""Coroutines as Python generators: `coroutine()`, iteration, `send`, truth, errors."""

from support import attempt, each


def _counter(lua):
    return lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end")


def _echo(lua):
    return lua.eval(
        "function(...) local got = {...} while true do got = {coroutine.yield((unpack or table.unpack)(got))} end end"
    )


def items_of_a_coroutine(lua):
    return list(_counter(lua).coroutine(3))


def no_items(lua):
    return list(_counter(lua).coroutine(0)), list(lua.eval("function() end").coroutine())


def return_value_is_the_last_item(lua):
    return list(lua.eval("function() coroutine.yield(1) return 'last' end").coroutine())


def return_values_are_the_last_item(lua):
    return list(lua.eval("function() coroutine.yield(1, 2) return 'a', 'b' end").coroutine())


def return_of_nil_is_an_item(lua):
    return list(lua.eval("function() return nil end").coroutine())


def bare_yield_is_none(lua):
    return list(lua.eval("function() coroutine.yield() coroutine.yield(nil) coroutine.yield(nil, nil) end").coroutine())


def next_until_the_end(lua):
    thread = _counter(lua).coroutine(2)
    return next(thread), next(thread), attempt(next, thread), attempt(next, thread), next(thread, "default")


def stop_iteration_has_no_value(lua):
    try:
        next(lua.eval("function() end").coroutine())
    except StopIteration as stop:
        return stop.value, stop.args


def iter_is_the_thread_itself(lua):
    thread = _counter(lua).coroutine(1)
    return iter(thread) is thread, type(thread).__name__


def arguments_reach_the_function(lua):
    return next(lua.eval("function(...) coroutine.yield(select('#', ...), ...) end").coroutine(1, None, "x", None))


def argument_that_cannot_be_converted(lua):
    return next(_counter(lua).coroutine(2**70))


def argument_that_cannot_be_converted_without_starting(lua):
    return type(_counter(lua).coroutine(2**70)).__name__


@each(
    value=5,
    text="text",
    none=None,
    table=[1],
    tuple=(1, 2),
    empty_tuple=(),
    single_tuple=(1,),
    nones=(None, None),
    nested_tuple=((1, 2),),
    named=("a", None),
)
def send(lua, value):
    thread = lua.eval("function() while true do coroutine.yield(select('#', coroutine.yield())) end end").coroutine()
    next(thread)
    return thread.send(value)


@each(value=5, tuple=(1, 2), none=None)
def send_gives_back_what_was_sent(lua, value):
    thread = _echo(lua).coroutine("first")
    return next(thread), thread.send(value), thread.send("again")


@each(value=1, text="x", empty_tuple=(), tuple=(1, 2), false=False)
def send_to_a_just_started_one(lua, value):
    return _echo(lua).coroutine("first").send(value)


def send_none_starts(lua):
    return _echo(lua).coroutine("first").send(None)


def send_to_a_finished_one(lua):
    thread = _counter(lua).coroutine(1)
    list(thread)
    return attempt(thread.send, None), attempt(thread.send, 1)


def send_needs_one_argument(lua):
    thread = _echo(lua).coroutine()
    return attempt(thread.send), attempt(thread.send, 1, 2), attempt(lambda: thread.send(value=None))


def send_a_value_that_cannot_be_converted(lua):
    thread = _echo(lua).coroutine(1)
    next(thread)
    return (
        attempt(thread.send, 2**70),
        attempt(thread.send, 5),
        attempt(thread.send, (1, "\ud800")),
        attempt(thread.send, 6),
    )


def truth_is_being_alive(lua):
    thread = _counter(lua).coroutine(1)
    before = bool(thread)
    next(thread)
    between = bool(thread)
    return before, between, attempt(next, thread), bool(thread)


def truth_of_a_finished_one(lua):
    thread = lua.eval("function() return 1 end").coroutine()
    return bool(thread), next(thread), bool(thread), attempt(next, thread), bool(thread)


def truth_after_an_error(lua):
    thread = lua.eval("function() error('x', 0) end").coroutine()
    return bool(thread), attempt(next, thread), bool(thread)


def error_in_a_coroutine(lua):
    thread = lua.eval("function() coroutine.yield(1) error('broken', 0) end").coroutine()
    return next(thread), attempt(next, thread), attempt(next, thread), attempt(thread.send, 1)


def error_with_position_in_a_coroutine(lua):
    return next(lua.eval("function()\n\nerror('broken') end").coroutine())


@each(
    table="{}",
    number="42",
    boolean="false",
    nil="nil",
    object="setmetatable({}, {__tostring = function() return 'obj' end})",
)
def error_value_in_a_coroutine(lua, code):
    return next(lua.eval("function() error(" + code + ", 0) end").coroutine())


def runtime_error_in_a_coroutine(lua):
    return next(lua.eval("function() return missing.field end").coroutine())


def python_exception_in_a_coroutine(lua):
    def fail():
        raise KeyError("from Python")

    thread = lua.eval("function(f) coroutine.yield(1) f() end").coroutine(fail)
    return next(thread), attempt(next, thread), attempt(next, thread)


def python_exception_caught_in_a_coroutine(lua):
    def fail():
        raise KeyError("from Python")

    thread = lua.eval("function(f) local ok, e = pcall(f) coroutine.yield(ok, e) end").coroutine(fail)
    return next(thread)


def python_stop_iteration_in_a_coroutine(lua):
    def stop():
        raise StopIteration("inside")

    return attempt(next, lua.eval("function(f) f() return 'not reached' end").coroutine(stop))


def python_callback_in_a_coroutine(lua):
    thread = lua.eval("function(f) for i = 1, 3 do coroutine.yield(f(i)) end end").coroutine(lambda i: i * 10)
    return list(thread)
