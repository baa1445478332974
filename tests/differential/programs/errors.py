"""Errors of Lua: error values and what goes wrong at run time."""

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
    "thread": "coroutine.create(function() end)",
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
