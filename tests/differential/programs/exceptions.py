"""Python exceptions in Lua, and what survives the way through both languages."""

import traceback

from support import attempt, each

VALUES = {
    "text": "'message'",
    "text_with_position": "'message', 1",
    "text_without_position": "'message', 0",
    "text_level_two": "'message', 2",
    "empty_text": "''",
    "number": "42",
    "float": "1.5",
    "nil": "nil",
    "nothing": "",
    "true": "true",
    "false": "false",
    "table": "{code = 42}",
    "function": "print",
    "thread": "coroutine.create(print)",
    "userdata": "io.stdout",
    "tostring_object": "setmetatable({}, {__tostring = function() return 'my text' end})",
    "python_list": "python.builtins.list()",
    "python_exception": "python.builtins.ValueError('made in Lua')",
    "python_exception_class": "python.builtins.ValueError",
    "python_none": "python.none",
    "two_lines": "'one\\ntwo'",
    "nul": "'a\\0b'",
    "undecodable": "'\\255'",
    "umlaut": "'ä'",
    "not_enough_memory": "'not enough memory'",
    "mentions_memory": "'there is not enough memory here'",
    "stack_traceback": "'stack traceback:\\n\\tmine'",
}


class _Custom(Exception):
    def __init__(self, code):
        super().__init__("custom", code)
        self.code = code


EXCEPTIONS = {
    "value_error": ValueError("text"),
    "key_error": KeyError("key"),
    "no_arguments": RuntimeError(),
    "several_arguments": OSError(2, "No such file", "name"),
    "custom": _Custom(5),
    "stop_iteration": StopIteration(5),
    "generator_exit": GeneratorExit(),
    "keyboard_interrupt": KeyboardInterrupt(),
    "system_exit": SystemExit(3),
    "memory_error": MemoryError("python"),
    "recursion_error": RecursionError("python"),
    "assertion": AssertionError("asserted"),
    "unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "reason"),
    "umlaut": ValueError("ä"),
    "surrogate": ValueError("\ud800"),
    "mentions_memory": ValueError("not enough memory"),
}


def _raiser(exception):
    def fail(*args):
        raise exception

    return fail


@each(**EXCEPTIONS)
def exception_from_a_callback(lua, exception):
    lua.eval("(...)()", _raiser(exception))


@each(**EXCEPTIONS)
def exception_is_the_same_object(lua, exception):
    try:
        lua.eval("(...)()", _raiser(exception))
    except BaseException as error:
        return error is exception, type(error).__name__


@each(**EXCEPTIONS)
def exception_caught_by_pcall(lua, exception):
    ok, error = lua.eval("pcall(...)", _raiser(exception))
    return ok, error is exception


@each(**EXCEPTIONS)
def exception_seen_by_lua(lua, exception):
    return lua.eval("(function(f) local ok, e = pcall(f) return type(e), tostring(e) end)(...)", _raiser(exception))


@each(**EXCEPTIONS)
def exception_raised_again_by_lua(lua, exception):
    lua.eval("(function(f) local ok, e = pcall(f) error(e) end)(...)", _raiser(exception))


@each(**EXCEPTIONS)
def exception_raised_again_with_level(lua, exception):
    lua.eval("(function(f) local ok, e = pcall(f) error(e, 0) end)(...)", _raiser(exception))


@each(
    attribute="o.fails",
    item="python.as_itemgetter(o)[1]",
    write="(function() o.fails = 1 end)()",
    call="o()",
    iteration="(function() for x in python.iter(o) do end end)()",
    tostring="tostring(o)",
    enumerate="(function() for i, x in python.enumerate(o) do end end)()",
    arguments="o(python.args{1, a = 2})",
    as_function="python.as_function(o)()",
)
def exception_from(lua, code):
    class Failing:
        @property
        def fails(self):
            raise _Custom("property")

        @fails.setter
        def fails(self, value):
            raise _Custom("setter")

        def __getitem__(self, key):
            raise _Custom("getitem")

        def __call__(self, *args, **kwargs):
            raise _Custom("call")

        def __iter__(self):
            raise _Custom("iter")

        def __str__(self):
            raise _Custom("str")

    class Attributes(Failing):
        __getitem__ = None

    lua.globals().o = _attributes_of(lua, Failing())
    return attempt(lua.eval, code), attempt(lua.eval, f"pcall(function() return {code} end)"), lua.eval("1")


def _attributes_of(lua, value):
    return lua.eval("python.as_attrgetter(...)", value)


def exception_through_two_runtimes(lupa, lua):
    other = lupa.LuaRuntime()
    fail = other.eval("function(f) f() end")
    return attempt(lua.eval, "(...)()", lambda: fail(_raiser(_Custom(1))))


def lua_error_through_two_runtimes(lupa, lua):
    fail = lupa.LuaRuntime().eval("function() error('other', 0) end")
    outcome = attempt(lua.eval, "(...)()", lambda: fail())
    return type(outcome.exception).__name__, str(outcome.exception).split("\n")[0]


def exception_through_nested_callbacks(lua):
    call = lua.eval("function(f) return f() end")
    return attempt(call, lambda: call(lambda: call(_raiser(_Custom(3)))))


def lua_error_through_a_callback_keeps_its_text(lua):
    fail = lua.eval("function() error('from Lua') end")
    return attempt(lua.eval("function(f) return f() end"), lambda: fail())


def lua_error_caught_by_a_callback(lua):
    fail = lua.eval("function() error('from Lua', 0) end")
    return lua.eval("function(f) return f() end")(lambda: str(attempt(fail).exception).split("\n")[0])


def lua_error_in_lua_after_a_callback(lua):
    fail = lua.eval("function() error('from Lua', 0) end")
    ok, error = lua.eval("pcall(...)", lambda: fail())
    return ok, type(error).__name__


def exception_context_and_cause(lua):
    cause = KeyError("cause")

    def fail():
        raise ValueError("outer") from cause

    error = attempt(lua.eval, "(...)()", fail).exception
    return error.__cause__ is cause, type(error.__context__).__name__


def exception_in_an_except_block(lua):
    try:
        raise KeyError("first")
    except KeyError:
        error = attempt(lua.eval, "error('x', 0)").exception
    return type(error.__context__).__name__, error.__suppress_context__


def python_traceback_has_the_callback(lua):
    def inner_function():
        raise ValueError("here")

    error = attempt(lua.eval, "(...)()", inner_function).exception
    return [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.name == "inner_function"]


def two_failures_in_a_row(lua):
    lua.globals().f1, lua.globals().f2 = _raiser(ValueError("one")), _raiser(KeyError("two"))
    return lua.execute("local a, e1 = pcall(f1) local b, e2 = pcall(f2) return e1, e2")


def the_first_of_two_failures_is_raised_again(lua):
    lua.globals().f1, lua.globals().f2 = _raiser(ValueError("one")), _raiser(KeyError("two"))
    lua.execute("local a, e1 = pcall(f1) local b, e2 = pcall(f2) error(e1)")


def a_lua_error_after_a_caught_exception(lua):
    lua.globals().f = _raiser(ValueError("caught"))
    lua.execute("pcall(f) error('new', 0)")


def a_table_error_after_a_caught_exception(lua):
    lua.globals().f = _raiser(ValueError("caught"))
    lua.execute("pcall(f) error({})")


def a_swallowed_exception_is_released(lua):
    import gc
    import weakref

    error = _Custom(1)
    reference = weakref.ref(error)
    lua.globals().f = _raiser(error)
    lua.execute("pcall(f)")
    lua.globals().f = None
    del error
    lua.gccollect()
    lua.gccollect()
    gc.collect()
    return reference() is None


def exception_object_made_by_lua_is_raised(lua):
    lua.execute("error(python.builtins.KeyError('made'))")


def exception_raised_by_lua_with_attributes(lua):
    lua.globals().Custom = _Custom
    outcome = attempt(lua.execute, "error(Custom(12))")
    return type(outcome.exception).__name__, getattr(outcome.exception, "code", None)


def error_value_passes_through_python(lua):
    lua.globals().call = lambda f: f()
    return lua.execute(
        "local value = {code = 42} local ok, e = pcall(call, function() error(value) end) return ok, e == value, type(e)"
    )


def error_text_passes_through_python(lua):
    lua.globals().call = lambda f: f()
    return lua.execute("local ok, e = pcall(call, function() error('text', 0) end) return ok, type(e)")


def runtime_is_usable_after_every_error(lua):
    for code in ("error()", "error({})", "error('x')", "x x", "missing()", "python.eval('1/0')"):
        attempt(lua.execute, code)
    return lua.eval("1 + 1")


def assert_with_an_exception(lua):
    lua.globals().e = _Custom(1)
    lua.execute("assert(false, e)")


def assert_of_pcall(lua):
    lua.globals().f = _raiser(_Custom(1))
    lua.execute("assert(pcall(f))")


def error_with_a_wrapped_python_error_text(lua):
    lua.globals().f = _raiser(ValueError("python text"))
    lua.execute("local ok, e = pcall(f) error('wrapped: ' .. tostring(e), 0)")


def syntax_error_attributes(lua):
    error = attempt(lua.execute, "x =").exception
    return error.args, error.__cause__, error.__context__


def lua_error_attributes(lua):
    error = attempt(lua.execute, "error('x', 0)").exception
    return len(error.args), type(error.args[0]), error.__cause__, error.__context__
