"""Coroutines between the languages: threads made in Lua, yields across calls, what happens to them in the end."""

from support import attempt, each


def _counter(lua):
    return lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end")


def coroutine_within_a_coroutine(lua):
    outer = lua.eval(
        "function(n) local inner = coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) "
        "for i = 1, n do coroutine.yield(inner() * 10) end end"
    )
    return list(outer.coroutine(3))


def two_coroutines_take_turns(lua):
    function = _counter(lua)
    one, two = function.coroutine(2), function.coroutine(2)
    return [next(one), next(two), next(one), next(two)]


def coroutine_object_is_a_thread(lupa, lua):
    thread = _counter(lua).coroutine(1)
    return lupa.lua_type(thread), lua.eval("type(...)", thread), lua.eval("coroutine.status(...)", thread), repr(thread)


def lua_resumes_a_python_held_thread(lua):
    thread = _counter(lua).coroutine(3)
    return next(thread), lua.eval("coroutine.resume(...)", thread), next(thread)


def lua_starts_a_python_held_thread(lua):
    thread = _counter(lua).coroutine(3)
    return (
        lua.eval("coroutine.status(...)", thread),
        attempt(lua.eval, "coroutine.resume(...)", thread),
        attempt(next, thread),
    )


@each(
    calling=lambda t: t(), attribute=lambda t: t.x, item=lambda t: t[1], length=len, coroutine=lambda t: t.coroutine()
)
def a_thread_is_not_a_function(lua, use):
    return use(_counter(lua).coroutine(1))


def unstarted_thread_is_a_coroutine_function(lupa, lua):
    function = lua.eval("coroutine.create(function(n) for i = 1, n do coroutine.yield(i) end end)")
    first, second = function(2), function(3)
    return type(function).__name__, lupa.lua_type(function), type(first).__name__, list(first), list(second)


def unstarted_thread_has_the_coroutine_method(lua):
    function = lua.eval("coroutine.create(function(n) coroutine.yield(n) end)")
    return list(function.coroutine(7))


def unstarted_thread_goes_back(lua):
    function = lua.eval("coroutine.create(function() end)")
    return lua.eval("type(...)", function), attempt(lua.eval, "coroutine.status(...)", function)


def unstarted_thread_representation(lua):
    function = lua.eval("coroutine.create(function() end)")
    return repr(function).split()[:2], bool(function), len(function)


def unstarted_thread_of_a_c_function(lua):
    function = lua.eval("coroutine.create(string.rep)")
    return type(function).__name__, attempt(function, "ab", 2)


def started_thread_continues_in_python(lua):
    lua.execute("co = coroutine.create(function(n) for i = 1, n do coroutine.yield(i) end end) coroutine.resume(co, 3)")
    return type(lua.globals().co).__name__, list(lua.globals().co)


def dead_thread_from_lua(lupa, lua):
    lua.execute("co = coroutine.create(function() return 1 end) coroutine.resume(co)")
    thread = lua.globals().co
    return type(thread).__name__, lupa.lua_type(thread), attempt(bool, thread), attempt(lambda: next(thread))


def failed_thread_from_lua(lupa, lua):
    lua.execute("co = coroutine.create(function() error('x', 0) end) coroutine.resume(co)")
    thread = lua.globals().co
    return type(thread).__name__, lupa.lua_type(thread), attempt(bool, thread), attempt(lambda: next(thread))


def main_thread(lupa, lua):
    value = lua.eval("(coroutine.running())")
    if value is None:
        return "nil on 5.1"
    return lupa.lua_type(value), type(value).__name__


def running_thread_from_inside(lua):
    seen = []
    thread = lua.eval("function(f) f((coroutine.running())) coroutine.yield(1) end").coroutine(seen.append)
    return next(thread), type(seen[0]).__name__, lua.eval("coroutine.status(...)", seen[0])


def next_within_itself(lua):
    box = []
    thread = lua.eval("function(f) return f() end").coroutine(lambda: attempt(next, box[0]))
    box.append(thread)
    return next(thread)


def wrap_is_a_function(lupa, lua):
    function = lua.eval("coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end)")
    return lupa.lua_type(function), function(), function(), function(), attempt(function)


def yield_outside_of_a_coroutine(lua):
    return attempt(lua.execute, "coroutine.yield(1)"), attempt(lua.eval("coroutine.yield"), 1)


def yield_across_a_python_function(lua):
    lua.globals().call = lambda f: f()
    thread = lua.eval("function() call(function() coroutine.yield(1) end) end").coroutine()
    return next(thread)


def yield_within_pcall(lua):
    thread = lua.eval(
        "function() local ok, e = pcall(function() coroutine.yield(1) end) coroutine.yield(ok, e) end"
    ).coroutine()
    return attempt(list, thread)


def yield_from_a_for_loop_over_python(lua):
    thread = lua.eval("function(items) for item in python.iter(items) do coroutine.yield(item) end end").coroutine(
        ["a", "b"]
    )
    return list(thread)


def yield_from_python_generator(lua):
    def generate():
        yield from _counter(lua).coroutine(3)

    return list(generate())


def zip_with_a_coroutine(lua):
    return list(zip(_counter(lua).coroutine(3), "abc"))


def python_iter_over_a_coroutine(lua):
    collect = lua.eval("function(co) local t = {} for x in python.iter(co) do t[#t + 1] = x end return t end")
    return collect(_counter(lua).coroutine(3))


def no_throw_and_close(lua):
    thread = _counter(lua).coroutine(2)
    return hasattr(thread, "throw"), hasattr(thread, "close"), attempt(lambda: thread.close())


def lua_close_of_a_python_held_thread(lua):
    thread = _counter(lua).coroutine(2)
    next(thread)
    return attempt(lua.eval, "coroutine.close(...)", thread), bool(thread), attempt(next, thread)


def many_values_through_a_yield(lua):
    thread = lua.eval("function(...) coroutine.yield(...) end").coroutine(*range(200))
    return len(next(thread))


def a_table_made_in_a_coroutine_is_usable_while_it_lives(lua):
    thread = lua.eval("function() coroutine.yield({1, 2, 3}) coroutine.yield('end') end").coroutine()
    table = next(thread)
    return list(table.values()), next(thread), table[1]


def thousand_coroutines(lua):
    function = _counter(lua)
    return sum(sum(function.coroutine(3)) for _ in range(1000))


def coroutine_outlives_the_runtime_variable(lupa):
    thread = _counter(lupa.LuaRuntime()).coroutine(3)
    return list(thread)


def abandoned_coroutine(lua):
    thread = _counter(lua).coroutine(3)
    next(thread)
    del thread
    lua.gccollect()
    return lua.eval("1")


def deep_recursion_in_a_coroutine(lua):
    thread = lua.eval(
        "function() local function down(n) if n == 0 then return 0 end return 1 + down(n - 1) end return down(5000) end"
    )
    return next(thread.coroutine())


def stack_overflow_in_a_coroutine(lua):
    thread = lua.eval("function() local function down() return 1 + down() end return down() end").coroutine()
    outcome = attempt(next, thread)
    return type(outcome.exception).__name__, "stack overflow" in str(outcome.exception)


def unpacked_tuples_from_a_callback_in_a_coroutine(lupa):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    thread = lua.eval("function(f) coroutine.yield(f()) end").coroutine(lambda: (1, 2, None))
    return next(thread)


def table_index_from_a_python_callback_of_a_coroutine(lua):
    table = lua.table(1, 2, 3)
    thread = lua.eval("function(f) coroutine.yield(f()) end").coroutine(lambda: table[2])
    return next(thread)


def lua_call_from_a_python_callback_of_a_coroutine(lua):
    thread = lua.eval("function(f) coroutine.yield(f()) end").coroutine(lambda: lua.eval("1 + 1"))
    return next(thread)


def coroutine_type_cannot_be_made(lua):
    return type(_counter(lua).coroutine(1))()


def coroutine_is_an_iterator(lua):
    import collections.abc

    thread = _counter(lua).coroutine(1)
    return isinstance(thread, collections.abc.Iterator), isinstance(thread, collections.abc.Generator)
