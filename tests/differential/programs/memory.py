"""`max_memory` and the memory counters. Amounts of memory are no part of an outcome, what they tell is."""

from support import attempt, each, limit

KILOBYTE = 1024
MEGABYTE = 1024 * 1024


@each(million=MEGABYTE, zero=0, negative=-1, text="x", float=2.5e6, too_large=2**64, true=True)
def limit_at_creation(lupa, value):
    return lupa.LuaRuntime(max_memory=value).eval("1 + 1")


def counters_with_a_limit(lupa):
    lua = lupa.LuaRuntime(max_memory=10 * MEGABYTE)
    return (
        lua.get_max_memory(),
        lua.get_max_memory(total=True) > lua.get_max_memory(),
        lua.get_memory_used(total=True) > lua.get_memory_used(),
        type(lua.get_memory_used()).__name__,
    )


def counters_with_zero(lupa):
    lua = lupa.LuaRuntime(max_memory=0)
    before = lua.get_memory_used()
    lua.execute("kept = ('x'):rep(1000000)")
    return lua.get_memory_used() - before >= 1000000, lua.get_memory_used(total=True) > 1000000


def limit_of_zero_reads_as(lupa):
    lua = lupa.LuaRuntime(max_memory=0)
    return lua.get_max_memory(total=True)


def used_memory_grows_and_shrinks(lupa):
    lua = lupa.LuaRuntime(max_memory=10 * MEGABYTE)
    before = lua.get_memory_used()
    lua.globals().kept = "x" * MEGABYTE
    grown = lua.get_memory_used()
    lua.globals().kept = None
    lua.gccollect()
    lua.gccollect()
    return grown - before > 0.9 * MEGABYTE, grown - lua.get_memory_used() > 0.9 * MEGABYTE


def total_minus_relative_is_the_base(lupa):
    lua = lupa.LuaRuntime(max_memory=10 * MEGABYTE)
    base = lua.get_max_memory(total=True) - lua.get_max_memory()
    return base == lua.get_memory_used(total=True) - lua.get_memory_used(), 5_000 < base < 200_000


def used_memory_right_after_construction(lupa):
    return lupa.LuaRuntime(max_memory=10 * MEGABYTE).get_memory_used()


@each(
    string="local s = ('x'):rep(1000) while true do s = s .. s end",
    table="local t = {} while true do t[#t + 1] = {} end",
    closure="local f = {} while true do f[#f + 1] = function() return f end end",
)
def limit_reached_by_lua(lupa, code):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    outcome = attempt(lua.execute, code)
    return type(outcome.exception).__name__, outcome.exception.args, _collected_and_usable(lua)


def _name_of_error(function, *arguments):
    return type(attempt(function, *arguments).exception).__name__


def _collected_and_usable(lua):
    """What is garbage by now is only certain to be gone after a collection: Lua 5.1 has none in an emergency."""
    lua.gccollect()
    return lua.eval("1 + 1")


def limit_reached_within_pcall(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    return lua.execute("return pcall(string.rep, 'x', 100000000)")


def limit_reached_and_raised_again(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    return type(attempt(lua.execute, "local ok, e = pcall(string.rep, 'x', 100000000) error(e, 0)").exception).__name__


def limit_reached_in_a_callback(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    fill = lua.eval("function() return ('x'):rep(100000000) end")
    return type(attempt(lua.eval, "(...)()", lambda: fill()).exception).__name__


def limit_reached_in_a_coroutine(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    thread = lua.eval("function() coroutine.yield(1) return ('x'):rep(100000000) end").coroutine()
    return next(thread), type(attempt(next, thread).exception).__name__


def limit_reached_in_wrapped_coroutine(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    outcome = attempt(lua.execute, "coroutine.wrap(function() return ('x'):rep(100000000) end)()")
    return type(outcome.exception).__name__


def limit_reached_while_compiling(lupa):
    lua = lupa.LuaRuntime(max_memory=200 * KILOBYTE)
    outcome = attempt(lua.compile, "return {" + "{1}," * 200_000 + "}")
    return type(outcome.exception).__name__, lua.eval("1")


@limit(3)
@each(
    argument=lambda lua, text: lua.eval("...", text),
    call=lambda lua, text: lua.eval("function() end")(text),
    attribute=lambda lua, text: setattr(lua.globals(), "x", text),
    item=lambda lua, text: lua.globals().__setitem__("x", text),
    key=lambda lua, text: lua.globals()[text],
    table=lambda lua, text: lua.table(text),
    table_from=lambda lua, text: lua.table_from([text]),
    result=lambda lua, text: lua.eval("(...)()", lambda: text),
)
def limit_reached_by_an_argument(lupa, use):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    outcome = attempt(use, lua, "x" * (5 * MEGABYTE))
    return type(outcome.exception).__name__, lua.eval("1 + 1")


def limit_reached_by_many_table_items(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    return _name_of_error(lua.table_from, range(1_000_000)), _collected_and_usable(lua)


def limit_reached_by_many_objects(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    return _name_of_error(lua.table_from, [object() for _ in range(100_000)]), _collected_and_usable(lua)


def limit_reached_by_item_writes(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    scope = lua.globals()
    scope.filled = lua.table()

    def fill(table):
        for i in range(1_000_000):
            table[i] = i

    name = _name_of_error(fill, scope.filled)
    del scope["filled"]
    return name, _collected_and_usable(lua)


def limit_can_be_raised(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    make = lua.eval("function() return #('x'):rep(3000000) end")
    first = attempt(make)
    lua.set_max_memory(20 * MEGABYTE)
    return type(first.exception).__name__, make(), lua.get_max_memory()


def limit_can_be_lowered_below_what_is_used(lupa):
    lua = lupa.LuaRuntime(max_memory=10 * MEGABYTE)
    lua.execute("kept = ('x'):rep(3000000)")
    lua.set_max_memory(MEGABYTE)
    outcome = attempt(lua.execute, "more = ('y'):rep(100000)")
    lua.set_max_memory(10 * MEGABYTE)
    return type(outcome.exception).__name__, lua.eval("#kept")


def limit_can_be_removed(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    lua.set_max_memory(0)
    return lua.eval("#('x'):rep(5000000)"), lua.get_max_memory(total=True)


def limit_as_a_total(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    lua.set_max_memory(2 * MEGABYTE, total=True)
    return lua.get_max_memory(total=True), lua.get_max_memory() < 2 * MEGABYTE


@each(negative=-1, none=None, text="x", float=1e6, too_large=2**64, zero=0)
def limit_set_to(lupa, value):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    return lua.set_max_memory(value), lua.get_max_memory() == MEGABYTE


def releasing_above_the_limit(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    lua.execute("a = {} for i = 1, 1000 do a[i] = 'item ' .. i end")
    lua.set_max_memory(10)
    del lua.globals()["a"]
    lua.set_max_memory(MEGABYTE)
    return lua.eval("a")


def collection_makes_room(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    lua.execute("for i = 1, 200 do local s = ('x'):rep(100000 + i) end")
    return lua.eval("1")


def counters_after_an_error(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    attempt(lua.execute, "local s = 'x' while true do s = s .. s end")
    lua.gccollect()
    lua.gccollect()
    return 0 <= lua.get_memory_used() < MEGABYTE


def counters_need_no_positional_surprises(lupa):
    lua = lupa.LuaRuntime(max_memory=MEGABYTE)
    return lua.get_max_memory(True) > lua.get_max_memory(False), attempt(lua.get_max_memory, 1, 2)
