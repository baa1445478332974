"""What kills, hangs or confuses lupa 2.8: ordinary programs whose outcome there is an accident."""

import gc
import types

from support import attempt, each, limit

# --- identity of objects in Lua -----------------------------------------------------------------------------------


def identity_function_over_many_objects(lua):
    identity = lua.eval("function(x) return x end")
    things = [object() for _ in range(1000)]
    return all(identity(thing) is thing for _ in range(10) for thing in things)


def builtins_in_a_loop(lua):
    return lua.execute("for i = 1, 50000 do if python.builtins.len('abc') ~= 3 then return false end end return true")


def objects_held_by_lua_survive(lua):
    keep = lua.eval("function(x) kept = kept or {} kept[#kept + 1] = x end")
    for number in range(3000):
        keep([number])
    gc.collect()
    lua.gccollect()
    return lua.eval(
        "(function() local ok = 0 for i = 1, 3000 do if kept[i][0] == i - 1 then ok = ok + 1 end end return ok end)()"
    )


# --- values from coroutines ---------------------------------------------------------------------------------------


@each(table="{1, 2, 3}", function="function() return 'called' end")
def value_of_a_dead_coroutine(lua, code):
    seen = []
    lua.globals().give = seen.append
    thread = lua.eval("function() local value = " + code + " give(value) coroutine.yield(1) end").coroutine()
    list(thread)
    del thread
    gc.collect()
    lua.gccollect()
    lua.gccollect()
    lua.execute("for i = 1, 100 do coroutine.wrap(function() local t = {} for j = 1, 50 do t[j] = j end end)() end")
    lua.gccollect()
    value = seen[0]
    return value() if code.startswith("function") else list(value.values())


def table_from_a_wrapped_coroutine(lua):
    lua.execute("function make() return coroutine.wrap(function() give({x = 1}) end) end")
    seen = []
    lua.globals().give = seen.append
    lua.execute("for i = 1, 50 do make()() end")
    lua.gccollect()
    lua.gccollect()
    return [table.x for table in seen] == [1] * 50


# --- errors outside of a protected call ---------------------------------------------------------------------------


READ_ONLY = "setmetatable({}, {__newindex = function() error('read only', 0) end})"


@each(
    attribute=lambda table: setattr(table, "x", 1),
    item=lambda table: table.__setitem__("x", 1),
    delete_item=lambda table: table.__delitem__("x"),
    delete_attribute=lambda table: delattr(table, "x"),
)
def read_only_table(lua, use):
    table = lua.eval(READ_ONLY)
    return attempt(use, table), lua.eval("1 + 1")


@each(write=lambda table: table.__setitem__(float("nan"), 1), delete=lambda table: table.__delitem__(float("nan")))
def nan_key(lua, use):
    return attempt(use, lua.table()), lua.eval("1 + 1")


def table_changed_while_iterating(lua):
    table = lua.table_from({str(i): i for i in range(10)})

    def grow():
        for number, key in enumerate(table):
            table[key] = None
            for i in range(50):
                table["new" + str(number) + "_" + str(i)] = 1
            lua.gccollect()
            if number > 100:
                break

    outcome = attempt(grow)
    return type(getattr(outcome, "exception", None)).__name__ in ("NoneType", "LuaError"), lua.eval("1 + 1")


def strict_globals(lua):
    lua.execute(
        "setmetatable(_G, {__index = function(_, k) error('undefined ' .. k, 0) end, __newindex = function(_, k) error('new ' .. k, 0) end})"
    )
    return (
        attempt(lambda: lua.globals().x),
        attempt(setattr, lua.globals(), "x", 1),
        attempt(lua.eval, "x"),
        lua.eval("1 + 1"),
    )


def error_in_a_finalizer(lua):
    lua.execute(
        "if newproxy then getmetatable(newproxy(true)).__gc = function() error('in gc', 0) end else setmetatable({}, {__gc = function() error('in gc', 0) end}) end"
    )
    return type(attempt(lua.gccollect)).__name__ in ("Raised", "NoneType"), lua.eval("1 + 1")


@limit(3)
def read_only_table_in_a_callback(lua):
    table = lua.eval(READ_ONLY)
    return lua.eval("pcall(...)", lambda: setattr(table, "x", 1))


@each(callable_index="__index", callable_newindex="__newindex")
def metamethod_that_is_a_python_function_raising(lua, name):
    def fail(*args):
        raise KeyError("metamethod")

    lua.globals().f = fail
    table = lua.eval("setmetatable({}, {" + name + " = python.as_function(f)})")
    use = (lambda: table["x"]) if name == "__index" else (lambda: table.__setitem__("x", 1))
    return attempt(use), lua.eval("1 + 1")


# --- Lua access from within callbacks -----------------------------------------------------------------------------


@each(
    property="o.computed",
    item="items.x",
    text="tostring(o)",
    iterator="(function() for x in python.iter(o) do return x end end)()",
    call="o()",
    setter="(function() o.computed = 5 return stored end)()",
)
def lua_access_inside_of(lua, code):
    table = lua.table(10, 20, 30)

    class Object:
        @property
        def computed(self):
            return table[2]

        @computed.setter
        def computed(self, value):
            lua.globals().stored = value + table[1]

        def __str__(self):
            return str(table[3])

        def __iter__(self):
            yield table[1]

        def __call__(self):
            return len(table), table[1]

    class Items:
        def __getitem__(self, key):
            return table[1]

    lua.globals().o, lua.globals().items = Object(), Items()
    return lua.eval(code)


def lua_access_inside_of_a_filter(lupa):
    lua = lupa.LuaRuntime(attribute_filter=lambda o, n, s: lua.globals().name or n)
    lua.globals().name = "real"
    lua.globals().o = types.SimpleNamespace(real="value")
    return lua.eval("o.anything")


def lua_access_inside_of_a_getter(lupa):
    lua = lupa.LuaRuntime(attribute_handlers=(lambda o, n: lua.table(1, 2)[2], None))
    lua.globals().o = object()
    return lua.eval("o.anything")


@limit(3)
def lua_call_inside_of_argument_conversion(lua):
    double = lua.eval("function(x) return x * 2 end")

    class Asks:
        def __getattr__(self, name):
            double(21)
            raise AttributeError(name)

    return lua.eval("select('#', ...), type((select(3, ...))), ...", 1, 2, Asks())[:4]


def lua_call_inside_of_table_from(lua):
    double = lua.eval("function(x) return x * 2 end")
    return lua.table_from(double(i) for i in range(4)), lua.table_from({"a": 1}, (double(i) for i in range(2)))


def table_iteration_inside_of_table_from(lua):
    source = lua.table("a", "b", "c")
    return lua.table_from(value for value in source.values())


# --- argument lists -----------------------------------------------------------------------------------------------


def _show(*args, **kwargs):
    return args, kwargs


@each(
    args="show(python.args{5, nil, 6})",
    args_first="show(python.args{nil, 6})",
    args_last="show(python.args{5, nil, nil, 8})",
)
def holes_in_args(lua, code):
    lua.globals().show = _show
    return attempt(lua.eval, code)


@each(middle="f{5, nil, 6}", first="f{nil, 6}")
def holes_in_an_unpacked_table(lupa, lua, code):
    lua.globals().f = lupa.unpacks_lua_table(_show)
    return attempt(lua.eval, code)


def very_many_arguments(lua):
    outcome = attempt(lua.eval, "select('#', ...)", *range(300_000))
    return outcome if isinstance(outcome, int) else type(outcome.exception).__name__


def very_many_results(lua):
    outcome = attempt(lua.execute, "local t = {} for i = 1, 7000 do t[i] = i end return (unpack or table.unpack)(t)")
    return len(outcome) if isinstance(outcome, tuple) else type(outcome.exception).__name__


# --- several runtimes, teardown -----------------------------------------------------------------------------------


@limit(5)
def table_from_of_another_runtime_with_other_slots(lupa, lua):
    other = lupa.LuaRuntime()
    tables = [other.table(i) for i in range(20)]
    return attempt(lua.table_from, tables[-1])


def runtime_dropped_while_a_finalizer_calls_python(lupa):
    lua = lupa.LuaRuntime()
    seen = []
    lua.globals().f = lambda value: seen.append(type(value).__name__)
    lua.execute(
        "if newproxy then keep = newproxy(true) getmetatable(keep).__gc = function() f({}) end else keep = setmetatable({}, {__gc = function() f({}) end}) end"
    )
    del lua
    gc.collect()
    return len(seen) <= 1


def runtime_dropped_while_a_python_finalizer_uses_it(lupa):
    class Last:
        def __init__(self, table):
            self.table = table

        def __del__(self):
            attempt(lambda: self.table.x)

    lua = lupa.LuaRuntime()
    lua.globals().last = Last(lua.table(1))
    del lua
    gc.collect()
    return "alive"


def cycle_through_the_runtime(lupa):
    import weakref

    class Thing:
        pass

    thing = Thing()
    thing.lua = lupa.LuaRuntime()
    thing.lua.globals().thing = thing
    reference = weakref.ref(thing)
    del thing
    for _ in range(4):
        gc.collect()
    return reference() is None


# --- error values -------------------------------------------------------------------------------------------------


def table_error_keeps_its_value_in_lua(lua):
    return lua.execute("local value = {code = 42} local ok, e = pcall(error, value) return e == value, e.code")


def number_error_is_text(lua):
    return attempt(lua.execute, "error(42)"), attempt(lua.execute, "error(1.5)")


def generic_memory_text_from_python(lua):
    def fail():
        raise RuntimeError("not enough memory")

    return attempt(lua.eval, "(...)()", fail)


# --- scripts that are up to no good -------------------------------------------------------------------------------


def finalizer_called_by_hand(lua):
    lua.globals().o = [1, 2]
    lua.execute("getmetatable(o).__gc(o)")
    return attempt(lua.eval, "o[0]"), attempt(lambda: lua.globals().o), lua.eval("1")


def metatable_of_all_objects_is_changed(lua):
    lua.globals().o = types.SimpleNamespace(x=1)
    attempt(lua.execute, "getmetatable(o).__index = function() return 'patched' end")
    return attempt(lua.eval, "o.x")


def metatable_of_all_objects_is_emptied(lua):
    lua.globals().o = types.SimpleNamespace(x=1)
    attempt(lua.execute, "local mt = getmetatable(o) for k in pairs(mt) do mt[k] = nil end")
    return attempt(lua.eval, "o.x"), attempt(lua.eval, "tostring(o) ~= nil")


def metatable_moved_to_a_foreign_userdata(lua):
    lua.globals().o = [1, 2]
    return attempt(lua.execute, "debug.setmetatable(io.stdout, getmetatable(o)) return io.stdout[0]"), lua.eval("1")


def registry_is_emptied(lua):
    table = lua.table(1)
    attempt(
        lua.execute,
        "local r = debug.getregistry() for k in pairs(r) do if type(k) == 'number' and k > 2 then r[k] = nil end end",
    )
    return attempt(lambda: table[1]), attempt(len, table)


# --- without end --------------------------------------------------------------------------------------------------


def overflow_handler_that_always_overflows(lupa):
    return lupa.LuaRuntime(overflow_handler=lambda n: n + 1).eval("...", 2**64)


def deep_recursion_between_python_and_lua(lua):
    down = lua.eval("function(f, n) if n == 0 then return 0 end return f(n - 1) + 1 end")

    def step(n):
        return down(step, n)

    outcome = attempt(down, step, 100_000)
    return type(outcome.exception).__name__ in ("RecursionError", "LuaError")


def iteration_over_undecodable_keys(lua):
    return sorted(map(repr, lua.eval("{['\\255'] = 1, fine = 2}")))
