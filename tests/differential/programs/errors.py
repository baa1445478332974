"""Errors: Lua errors in Python, Python exceptions in Lua, tracebacks, and what survives the way."""

import traceback

from support import Text, attempt, each

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


@each(**VALUES)
def error_of(lua, value):
    lua.execute(f"error({value})")


@each(**VALUES)
def error_caught_by_pcall(lua, value):
    return lua.eval(f"pcall(error, {value})") if value else lua.eval("pcall(error)")


@each(**VALUES)
def error_in_a_called_function(lua, value):
    function = lua.execute(f"local function inner() error({value}) end\nreturn function()\n  inner()\n  return 1\nend")
    function()


@each(**VALUES)
def error_through_a_callback(lua, value):
    fail = lua.eval(f"function() error({value}) end")
    return lua.eval("pcall(...)", lambda: fail())


@each(
    arithmetic_nil="nil + 1",
    arithmetic_text="'x' + 1",
    arithmetic_table="{} + 1",
    index_nil="missing.field",
    index_number="(5).field",
    index_upvalue="(function() local t; return (function() return t.x end)() end)()",
    call_nil="missing()",
    call_method="('x'):missing()",
    call_number="(5)()",
    concatenate_nil="'x' .. nil",
    concatenate_table="'x' .. {}",
    compare="1 < 'x'",
    compare_tables="{} < {}",
    length_nil="#nil",
    length_number="#5",
    negate_text="-'x'",
    for_limit="(function() for i = 1, 'x' do end end)()",
    assert_false="assert(false)",
    assert_message="assert(false, 'assertion message')",
    assert_table="assert(nil, {})",
    assert_nothing="assert()",
    tostring_nothing="tostring()",
    setmetatable_wrong="setmetatable(1, {})",
    rawset_nil="rawset({}, nil, 1)",
    table_nil_key="(function() local t = {} t[nil] = 1 end)()",
    table_nan_key="(function() local t = {} t[0/0] = 1 end)()",
    next_wrong_key="next({}, 'x')",
    string_rep_negative="('x'):rep(-1)",
    string_format_wrong="string.format('%d', 'x')",
    string_format_invalid="string.format('%y', 1)",
    tonumber_base="tonumber('1', 99)",
    select_zero="select(0, 1)",
    pattern="('x'):find('[')",
    pattern_capture="('x'):gsub('x', '%9')",
    concat_wrong="table.concat({{}})",
    unpack_too_many="(unpack or table.unpack)({}, 1, 1e8)",
    io_open="assert(io.open('/no/such/file'))",
    io_lines="io.lines('/no/such/file')",
    coroutine_wrong="coroutine.resume(5)",
    integer_division_by_zero="1 // 0",
    modulo_by_zero="1 % 0",
    no_integer="1.5 | 0",
    shift_text="'x' << 1",
    math_floor="math.floor('x')",
    math_random="math.random(0, -5)",
    load_wrong="load(5)",
    goto_continue="(function() goto x ::x:: return 5 end)()",
    utf8_char="utf8.char(-1)",
    select_negative="select(-5, 1)",
    getmetatable_nothing="getmetatable()",
    ipairs_nothing="ipairs()",
    pairs_nil="pairs(nil)",
    unpack_nil="(unpack or table.unpack)(nil)",
    require_nothing="require()",
    xpcall_nothing="xpcall()",
    pcall_nothing="pcall()",
    error_in_tostring="tostring(setmetatable({}, {__tostring = function() error('inside', 0) end}))",
    error_in_index="setmetatable({}, {__index = function() error('inside') end}).x",
    error_in_gc="(function() setmetatable({}, {__gc = function() error('inside gc') end}) collectgarbage() collectgarbage() return 'done' end)()",
    close_error="(function() return pcall(load('local x <close> = setmetatable({}, {__close = function() error(\"closing\") end})')) end)()",
)
def runtime_error(lua, code):
    return lua.eval(code)


@each(
    lua_function="local function f() return 1 + f() end return f()",
    python_free="return string.rep('x', 10, nil, nil)",
    pcall_loop="local function f() return pcall(f) end return type(f())",
)
def deep_recursion(lua, code):
    outcome = attempt(lua.execute, code)
    if not hasattr(outcome, "exception"):
        return outcome
    return type(outcome.exception).__name__, "stack overflow" in str(outcome.exception)


def recursion_without_end_through_python(lua):
    lua.execute("function down() return step() end")
    lua.globals().step = lambda: lua.globals().down()
    outcome = attempt(lua.globals().down)
    return type(outcome.exception).__name__


def recursion_without_end_through_wrapped_functions(lua):
    down = lua.eval("function(f) return f(f) end")
    outcome = attempt(down, lambda f: down(f))
    return type(outcome.exception).__name__


# --- tracebacks ---------------------------------------------------------------------------------------------------


def _error_text(lua, code, *arguments, **options):
    outcome = attempt(lua.execute, code, *arguments, **options)
    return Text(outcome.exception)


def traceback_of_named_functions(lua):
    return _error_text(
        lua,
        "function outer()\n  local function middle()\n    inner()\n  end\n  middle()\nend\nfunction inner()\n  error('deep')\nend\nouter()",
    )


def traceback_of_methods(lua):
    return _error_text(lua, "local object = {}\nfunction object:method() self.field.missing = 1 end\nobject:method()")


def traceback_of_tail_calls(lua):
    return _error_text(lua, "local function f() error('tail') end\nlocal function g() return f() end\ng()")


def traceback_of_a_metamethod(lua):
    return _error_text(lua, "local t = setmetatable({}, {__add = function() error('adding') end})\nlocal x = t + 1")


def traceback_of_an_iterator(lua):
    return _error_text(lua, "for x in function() error('iterating') end do end")


def traceback_of_c_functions(lua):
    return _error_text(lua, "table.sort({3, 2, 1}, function(a, b) error('comparing') end)")


def traceback_through_pcall(lua):
    return _error_text(lua, "local ok, e = pcall(error, 'first')\nerror(e .. ' again', 0)")


def traceback_of_deep_recursion(lua):
    return _error_text(lua, "local function f(n) if n == 0 then error('bottom') end f(n - 1) end\nf(30)")


def traceback_through_a_python_function(lua):
    inner = lua.eval("function() error('inside') end")
    lua.globals().call = lambda: inner()
    return _error_text(lua, "call()")


def traceback_of_two_chunks(lua):
    lua.execute("function first() error('there') end", name="@first.lua")
    return _error_text(lua, "first()", name="@second.lua")


@each(plain="chunk", file="@file.lua", exact="=exact", colon="=a:b", bracket="=[x]")
def traceback_with_a_chunk_name(lua, name):
    return _error_text(lua, "local function f()\n  error('here')\nend\nf()", name=name)


@each(
    nil="nil",
    number="5",
    gives_nothing="function() end",
    gives_text="function(m) return 'traceback of ' .. tostring(m) end",
    gives_number="function(m) return 7 end",
    gives_table="function(m) return {m} end",
    fails="function() error('in traceback', 0) end",
    gives_lines="function(m) return m .. '\\nstack traceback:\\n\\tone\\n\\ttwo\\n\\tthree' end",
    gives_c_lines="function(m) return m .. '\\nstack traceback:\\n\\t[C]: one\\n\\t[C]: two' end",
    gives_string_lines="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in function a\\n\\t[string \"x\"]:1: in b\\n\\t[C]: in ?' end",
    gives_mixed_lines="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in function a\\n\\tfile.lua:1: in b\\n\\t[C]: in ?' end",
    gives_dots="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in function a\\n\\t...\\n\\t[C]: in ?' end",
    gives_trailing_text="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in a\\n\\t[C]: in b\\nafter' end",
    gives_two_tracebacks="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in a\\nstack traceback:\\n\\t[C]: in b\\n\\t[C]: in c' end",
    python_function="python.builtins.str",
)
def traceback_function_is_replaced(lua, code):
    lua.execute("debug.traceback = " + code)
    return attempt(lua.eval, "error('message')"), attempt(lua.eval, "error({})")


def debug_library_is_removed(lua):
    lua.execute("debug = nil")
    return attempt(lua.eval, "error('message')"), attempt(lua.eval, "missing()"), attempt(lua.eval, "error(nil)")


def debug_library_is_replaced(lua):
    lua.execute("debug = 5")
    return attempt(lua.eval, "error('message')")


def traceback_by_hand(lua):
    return Text(lua.execute("return debug.traceback('message')"))


def traceback_by_hand_in_a_function(lua):
    return Text(lua.execute("local function f() return (debug.traceback('message', 1)) end\nlocal x = f() return x"))


def xpcall_with_traceback(lua):
    return lua.execute(
        "local ok, text = xpcall(function() error('inside') end, debug.traceback) return ok, text:match('^[^\\n]*')"
    )


def xpcall_with_a_python_handler(lua):
    return lua.eval("xpcall(function() error('inside', 0) end, python.as_function(...))", lambda e: "handled " + e)


def xpcall_with_a_handler_that_fails(lua):
    def fail(error):
        raise ValueError("handler")

    ok, value = lua.eval("xpcall(function() error('inside', 0) end, python.as_function(...))", fail)
    return ok, type(value).__name__


# --- Python exceptions in Lua -------------------------------------------------------------------------------------


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
