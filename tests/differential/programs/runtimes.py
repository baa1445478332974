"""`LuaRuntime` itself: construction, subclassing, garbage collection, several runtimes."""

import copy
import gc
import pickle
import weakref

from support import attempt, each


def no_arguments(lupa):
    return type(lupa.LuaRuntime()).__name__


def positional_arguments(lupa):
    lua = lupa.LuaRuntime("latin-1", "utf-8", None, None, False, True, False, None, None, None)
    return lua.eval("python.eval, python.builtins ~= nil"), lua.eval("#...", "ä")


def too_many_positional_arguments(lupa):
    return lupa.LuaRuntime("utf-8", None, None, None, True, False, True, None, None, None, 1)


def unknown_keyword(lupa):
    return lupa.LuaRuntime(nonsense=1)


def argument_given_twice(lupa):
    return lupa.LuaRuntime("utf-8", encoding="utf-8")


@each(true=True, false=False, one=1, zero=0, text="x", empty="", none=None, list=[])
def unpack_returned_tuples_by_truth(lupa, value):
    lua = lupa.LuaRuntime(unpack_returned_tuples=value)
    return lua.eval("select('#', (...)())", lambda: (1, 2))


@each(true=True, one=1, none=None, text="x", empty="")
def register_eval_by_truth(lupa, value):
    return lupa.LuaRuntime(register_eval=value).eval("python.eval ~= nil")


@each(zero=0, one=1, large=2**32 - 1, too_large=2**32, negative=-1, none=None, text="x", float=1.5)
def string_hash_seed(lupa, value):
    return lupa.LuaRuntime(string_hash_seed=value).eval("1 + 1")


@each(true="max_memory", seed="string_hash_seed")
def option_that_switches_to_the_counting_allocator(lupa, name):
    lua = lupa.LuaRuntime(**{name: 0})
    return type(lua.get_memory_used()).__name__, type(lua.get_max_memory()).__name__


def subclass(lupa):
    class Mine(lupa.LuaRuntime):
        extra = 5

        def double(self, x):
            return self.eval("... * 2", x)

    lua = Mine()
    return lua.double(4), lua.extra, isinstance(lua, lupa.LuaRuntime), type(lua).__name__


def subclass_with_an_init(lupa):
    class Mine(lupa.LuaRuntime):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.ready = self.eval("1")

    return Mine(unpack_returned_tuples=True).ready, Mine("latin-1").eval("#...", "ä")


def subclass_with_other_arguments(lupa):
    class Mine(lupa.LuaRuntime):
        def __init__(self, something):
            self.something = something

    return Mine(something=5).something


def subclass_with_new(lupa):
    class Mine(lupa.LuaRuntime):
        def __new__(cls, something):
            return super().__new__(cls, unpack_returned_tuples=True)

        def __init__(self, something):
            self.something = something

    lua = Mine(5)
    return lua.something, lua.eval("select('#', (...)())", lambda: (1, 2))


def subclass_overrides_a_method(lupa):
    class Mine(lupa.LuaRuntime):
        def table(self, *args):
            return "mine"

        def globals(self):
            return "globals"

    lua = Mine()
    return lua.table(), lua.globals(), lua.eval("1")


def instance_attributes(lupa, lua):
    class Mine(lupa.LuaRuntime):
        pass

    mine = Mine()
    mine.attribute = 1
    return mine.attribute, attempt(setattr, lua, "attribute", 1)


def attributes_cannot_be_added_to_the_type(lupa):
    lupa.LuaRuntime.extra = 1


@each(copy=copy.copy, deepcopy=copy.deepcopy, pickle=pickle.dumps)
def copying(lua, function):
    return function(lua)


def weak_references(lupa, lua):
    return [
        type(attempt(weakref.ref, value)).__name__
        for value in (lua, lua.table(), lua.eval("print"), lua.eval("io.stdout"))
    ]


def public_methods(lupa):
    return sorted(name for name in dir(lupa.LuaRuntime) if not name.startswith("_"))


def representation(lua):
    return repr(lua).split(" at ")[0], str(lua) == repr(lua)


def equality_and_hash(lupa, lua):
    return lua == lua, lua == lupa.LuaRuntime(), hash(lua) == hash(lua), bool(lua)


@each(
    eval="eval",
    execute="execute",
    compile="compile",
    require="require",
    globals="globals",
    table="table",
    table_from="table_from",
    nogc="nogc",
    gccollect="gccollect",
    set_max_memory="set_max_memory",
    get_max_memory="get_max_memory",
    get_memory_used="get_memory_used",
    set_overflow_handler="set_overflow_handler",
)
def method_with_wrong_arguments(lua, name):
    return attempt(getattr(lua, name), nonsense=1), attempt(getattr(lua, name), 1, 2, 3, 4, 5, wrong=1)


@each(globals="globals", nogc="nogc", gccollect="gccollect")
def method_with_one_argument_too_many(lua, name):
    return getattr(lua, name)(1)


@each(
    require="require", compile="compile", set_max_memory="set_max_memory", set_overflow_handler="set_overflow_handler"
)
def method_without_its_argument(lua, name):
    return getattr(lua, name)()


@each(wrong_object=(5, "1"), nothing=(), runtime_type=(type, "1"))
def unbound_method_on(lupa, arguments):
    return lupa.LuaRuntime.eval(*arguments)


def methods_are_documented(lupa):
    names = "eval execute compile require globals table table_from nogc gccollect set_max_memory get_max_memory get_memory_used"
    return [bool(getattr(lupa.LuaRuntime, name).__doc__) for name in names.split()]


# --- garbage collection -------------------------------------------------------------------------------------------


def gccollect_returns_nothing(lua):
    return lua.gccollect()


def gccollect_frees(lua):
    lua.execute("weak = setmetatable({}, {__mode = 'v'}) weak[1] = {} weak[2] = 'kept'")
    lua.gccollect()
    return lua.eval("weak[1], weak[2]")


def gccollect_frees_a_dropped_wrapper(lua):
    table = lua.table()
    lua.eval("function(t) weak = setmetatable({t}, {__mode = 'v'}) end")(table)
    before = lua.eval("weak[1] ~= nil")
    del table
    lua.gccollect()
    return before, lua.eval("weak[1] ~= nil")


def gccollect_runs_finalizers(lua):
    lua.execute(
        "log = {} if newproxy then local p = newproxy(true) getmetatable(p).__gc = function() log[1] = 'ran' end p = nil else setmetatable({}, {__gc = function() log[1] = 'ran' end}) end"
    )
    lua.gccollect()
    lua.gccollect()
    return lua.eval("log[1]")


def finalizer_that_calls_python(lua):
    seen = []
    lua.globals().f = seen.append
    lua.execute(
        "if newproxy then local p = newproxy(true) getmetatable(p).__gc = function() f('ran') end p = nil else setmetatable({}, {__gc = function() f('ran') end}) end"
    )
    lua.gccollect()
    lua.gccollect()
    return seen


def objects_are_released_with_the_runtime(lupa):
    class Thing:
        pass

    thing = Thing()
    reference = weakref.ref(thing)
    lua = lupa.LuaRuntime()
    lua.globals().thing = thing
    del thing
    before = reference() is not None
    del lua
    gc.collect()
    return before, reference() is None


def a_wrapper_keeps_the_runtime(lupa):
    table = lupa.LuaRuntime().eval("{x = 1}")
    gc.collect()
    return table.x, lupa.lua_type(table)


def a_runtime_within_its_own_globals(lupa):
    lua = lupa.LuaRuntime()
    lua.globals().me = lua
    return lua.eval("me") is lua


def nogc_stops_the_collector(lua):
    with lua.nogc() as entered:
        running = lua.eval("collectgarbage('isrunning')") if lua.lua_version >= (5, 2) else None
        lua.execute("local t = {} for i = 1, 100 do t[i] = {} end")
    after = lua.eval("collectgarbage('isrunning')") if lua.lua_version >= (5, 2) else None
    return entered, running, after


def nogc_nested(lua):
    if lua.lua_version < (5, 2):
        return "cannot be asked"
    with lua.nogc():
        with lua.nogc():
            inner = lua.eval("collectgarbage('isrunning')")
        between = lua.eval("collectgarbage('isrunning')")
    return inner, between, lua.eval("collectgarbage('isrunning')")


def nogc_after_an_error(lua):
    def fail():
        with lua.nogc():
            raise KeyError("inside")

    return attempt(fail), lua.eval("1")


def nogc_type(lua):
    manager = lua.nogc()
    return type(manager).__name__, attempt(type(manager)), hasattr(manager, "__enter__")


def nogc_used_twice(lua):
    manager = lua.nogc()
    with manager:
        pass
    with manager:
        return lua.eval("1")


def nogc_exit_without_enter(lua):
    return lua.nogc().__exit__(None, None, None)


# --- several runtimes ---------------------------------------------------------------------------------------------


def runtimes_are_separate(lupa):
    one, two = lupa.LuaRuntime(), lupa.LuaRuntime()
    one.globals().x = 1
    return one.eval("x"), two.eval("x")


@each(
    argument=lambda lua, foreign: lua.eval("...", foreign),
    call=lambda lua, foreign: lua.eval("print")(foreign),
    table_item=lambda lua, foreign: lua.table(foreign),
    table_value=lambda lua, foreign: lua.table().__setitem__(1, foreign),
    table_key=lambda lua, foreign: lua.table().__setitem__(foreign, 1),
    table_read=lambda lua, foreign: lua.table()[foreign],
    table_delete=lambda lua, foreign: lua.table().__delitem__(foreign),
    attribute=lambda lua, foreign: setattr(lua.globals(), "x", foreign),
    table_from_list=lambda lua, foreign: lua.table_from([foreign]),
    table_from_dict=lambda lua, foreign: lua.table_from({"a": foreign}),
    table_keyword=lambda lua, foreign: lua.table(a=foreign),
    coroutine=lambda lua, foreign: next(lua.eval("function(x) end").coroutine(foreign)),
    callback=lambda lua, foreign: lua.eval("(...)()", lambda: foreign),
    overflow=lambda lua, foreign: lua.set_overflow_handler(foreign),
)
def object_of_another_runtime(lupa, lua, use):
    return use(lua, lupa.LuaRuntime().eval("function() end"))


def send_an_object_of_another_runtime(lupa, lua):
    thread = lua.eval("function() while true do coroutine.yield() end end").coroutine()
    next(thread)
    return attempt(thread.send, lupa.LuaRuntime().table()), attempt(thread.send, 1)


def object_of_another_flavour(package, lupa, lua):
    other = package.lua53 if lupa.__name__.endswith("54") else package.lua54
    foreign = other.LuaRuntime().eval("{x = 5}")
    return lua.eval("type(...)", foreign), lua.eval("...", foreign) is foreign, lua.eval("(...).x", foreign)


def function_of_another_flavour(package, lupa, lua):
    other = package.lua53 if lupa.__name__.endswith("54") else package.lua54
    foreign = other.LuaRuntime().eval("function(x) return x * 2 end")
    return lua.eval("type(...)", foreign), lua.eval("(...)(21)", foreign)


def helpers_of_another_flavour(package, lupa, lua):
    other = package.lua53 if lupa.__name__.endswith("54") else package.lua54
    wrapped = other.as_attrgetter({"get": 1})
    return lua.eval("type(...)", wrapped), other.lua_type(lua.table()), attempt(lua.eval, "type((...).get)", wrapped)


def unpacks_lua_table_of_another_flavour(package, lupa, lua):
    other = package.lua53 if lupa.__name__.endswith("54") else package.lua54
    function = other.unpacks_lua_table(lambda *args, **kwargs: (args, kwargs))
    return lua.eval("(...){1, a = 2}", function)


def error_of_another_flavour(package, lupa, lua):
    other = package.lua53 if lupa.__name__.endswith("54") else package.lua54
    try:
        lua.execute("error('x', 0)")
    except other.LuaError:
        return "caught by the other"
    except lupa.LuaError:
        return "caught by its own"


def call_between_runtimes(lupa):
    one, two = lupa.LuaRuntime(), lupa.LuaRuntime()
    double = two.eval("function(x) return x * 2 end")
    return one.eval("(...)(21)", lambda x: double(x))


def hundred_runtimes(lupa):
    return sum(lupa.LuaRuntime().eval("1") for _ in range(100))


def lock_type_is_visible(lupa):
    lock = lupa.FastRLock()
    return lock.acquire(), lock.acquire(), lock.release(), lock.release(), attempt(lock.release)


def lock_as_a_context_manager(lupa):
    with lupa.FastRLock() as entered:
        return entered
