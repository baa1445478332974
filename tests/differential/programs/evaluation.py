"""`eval`, `execute`, `compile`, `require`, `globals`."""

from support import Text, attempt, each


@each(
    empty="",
    blank="  ",
    number="1 + 1",
    several="1, 'two', nil",
    trailing_nil="nil, nil",
    comment="-- nothing",
    call="tostring(12)",
    vararg="...",
    string="'text'",
    parenthesised="(select(2, 1, 2, 3))",
    table="{1, 2, x = 3}",
    statement="x = 1",
    unfinished="1 +",
    as_bytes=b"1 + 2",
    as_bytearray=bytearray(b"1 + 2"),
    integer=12,
    none=None,
    memoryview=memoryview(b"1"),
    function=len,
    with_nul="1 --\0 2",
    not_encodable="'\ud800'",
    umlaut="'ä', #'ä'",
)
def eval_of(lua, code):
    return lua.eval(code)


@each(
    empty="",
    nothing="x = 1",
    result="return 1",
    results="return 1, nil, 'x'",
    vararg="return ...",
    as_bytes=b"return 1",
    as_bytearray=bytearray(b"return 1"),
    integer=12,
    none=None,
    unfinished="for i = 1, 2 do",
    wrong_character="x = @",
    break_outside="break",
    goto_nowhere="goto nowhere",
    shebang="#!/usr/bin/lua\nreturn 1",
    byte_order_mark="\ufeffreturn 1",
    label="do goto done end x = 1 ::done:: return x",
    integer_division="return 7 // 2",
    bitwise="return 5 & 3, 5 | 3, 5 ~ 3, ~0, 1 << 4",
    constant="local x <const> = 1; x = 2",
    unknown_attribute="local x <wrong> = 1",
    global_declaration="global x; x = 1; return x",
    long_string="return [==[\nlong]]]==]",
    unfinished_string="return 'abc",
    malformed_number="return 1x",
    too_many_locals=" ".join(f"local v{i} = {i}" for i in range(201)),
    environment="local _ENV = {y = 2}; return y",
    hex_float="return 0x1p4",
    escape="return '\\x41\\65\\z   B'",
    unicode_escape="return '\\u{e4}'",
)
def execute_of(lua, code):
    return lua.execute(code)


@each(eval="eval", execute="execute", compile="compile")
def syntax_error_of(lua, name):
    return getattr(lua, name)("this is not Lua")


@each(eval="eval", execute="execute", compile="compile")
def code_must_be_given(lua, name):
    return attempt(getattr(lua, name))


@each(eval="eval", execute="execute", compile="compile")
def unknown_keyword(lua, name):
    return getattr(lua, name)("return 1", nonsense=1)


@each(eval="eval", execute="execute", compile="compile")
def code_by_keyword(lua, name):
    return getattr(lua, name)(lua_code="x = nil")


@each(eval="eval", execute="execute")
def arguments_of_the_chunk(lua, name):
    code = "..." if name == "eval" else "return ..."
    return getattr(lua, name)(code, 1, None, "x", None)


@each(eval="eval", execute="execute")
def chunk_argument_that_cannot_be_converted(lua, name):
    return getattr(lua, name)("...", 2**80)


def compile_gives_a_function(lupa, lua):
    function = lua.compile("local a, b = ... return b, a")
    return type(function).__name__, lupa.lua_type(function), function(1, 2), function()


def compile_runs_nothing(lua):
    lua.compile("x = 1")
    return lua.globals().x


def compile_does_not_prepend_return(lua):
    return attempt(lua.compile, "1 + 1"), lua.compile("return 1 + 1")()


@each(
    plain="chunk",
    file="@file.lua",
    exact="=exact",
    empty="",
    long="n" * 100,
    long_file="@" + "d/" * 60 + "file.lua",
    two_lines="one\ntwo",
    as_bytes=b"bytes",
    with_nul="before\0after",
    umlaut="nämé",
    integer=1,
    none=None,
)
def chunk_name(lua, name):
    return attempt(lua.eval, "error('x')", name=name), attempt(lua.compile, "return +", name=name)


def default_chunk_name(lua):
    return attempt(lua.eval, "error('x')"), attempt(lua.execute, "\n\nerror('x')"), attempt(lua.compile, "x x")


@each(text="t", binary="b", both="bt", wrong="x", empty="", as_bytes=b"t", none=None, integer=1)
def chunk_mode_for_text(lua, mode):
    return lua.eval("1 + 1", mode=mode), lua.execute("return 1", mode=mode), lua.compile("return 1", mode=mode)()


@each(text="t", binary="b", both="bt", none=None)
def chunk_mode_for_bytecode(lupa, mode):
    lua = lupa.LuaRuntime(encoding=None)
    code = lua.eval("string.dump(function(...) return 'ran', ... end)")
    return lua.execute(code, 1, mode=mode)


def bytecode_by_compile(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return lua.compile(lua.eval("string.dump(function() return 12 end)"))()


def damaged_bytecode(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    code = lua.eval("string.dump(function() return 12 end)")
    outcome = attempt(lua.compile, code[:10])
    return type(outcome.exception).__name__


def eval_sees_globals_of_execute(lua):
    lua.execute("local hidden = 1; shown = 2")
    return lua.eval("hidden, shown")


def globals_is_the_real_table(lua):
    lua.globals().x = 5
    return lua.eval("x"), lua.eval("_G.x"), lua.globals()["print"] is lua.globals()["print"]


def globals_is_not_the_variable(lua):
    lua.execute("real = _G; _G = {}")
    lua.globals().x = 1
    return lua.eval("x"), lua.eval("real.x"), len(list(lua.globals()._G))


def globals_compares_by_wrapper(lua):
    return lua.globals() == lua.globals(), lua.globals() is lua.globals(), lua.eval("_G") == lua.globals()


def require_a_library(lupa, lua):
    string = lua.require("string")
    value = string[0] if isinstance(string, tuple) else string
    return lupa.lua_type(value), value.upper("x")


def require_of_a_library_twice(lua):
    first, second = lua.require("math"), lua.require("math")
    return type(first), type(second)


def require_a_module_from_preload(lua):
    lua.execute("package.preload.mine = function(...) return {name = ..., count = select('#', ...)} end")
    return lua.require("mine"), lua.require("mine")


def require_a_module_that_returns_nothing(lua):
    lua.execute("package.preload.mine = function() end")
    return lua.require("mine"), lua.require("mine")


def require_a_module_that_fails(lua):
    lua.execute("package.preload.mine = function() error('no luck', 0) end")
    return lua.require("mine")


def require_a_missing_module(lua):
    lua.execute("package.path = './?.none' package.cpath = './?.never'")
    return lua.require("no.such.module")


@each(integer=1, none=None, list=["string"])
def require_of_a_wrong_type(lua, name):
    return lua.require(name)


def require_by_bytes(lupa, lua):
    first = lua.require(b"string")
    return len(first) if isinstance(first, tuple) else lupa.lua_type(first)


def require_by_keyword(lua):
    return lua.require(modulename="table") is not None


@each(nil="nil", number="12", table="{}")
def require_is_not_there(lua, code):
    lua.execute("require = " + code)
    return lua.require("string")


def require_is_replaced(lua):
    lua.execute("function require(...) return 'mine', ... end")
    return lua.require("string")


def the_traceback_of_a_nested_chunk(lua):
    error = attempt(
        lua.execute, "local function inner() error('deep') end\nlocal function outer() inner() end\nouter()"
    )
    return Text(error.exception)


def load_in_lua(lua):
    return lua.eval("(loadstring or load)('return 1 +')"), lua.eval("(loadstring or load)('return ...')(3)")


def dofile_of_a_missing_file(lua):
    return lua.eval("dofile('/no/such/file.lua')")


def strings_with_nul_in_code(lua):
    return lua.eval("'a\\0b', #'a\\0b'")


def code_of_a_str_subclass(lua):
    class Code(str):
        pass

    class ByteCode(bytes):
        pass

    return lua.eval(Code("1 + 1")), lua.execute(ByteCode(b"return 3"))


def very_long_code(lua):
    return lua.eval("+".join(["1"] * 5000)), lua.execute("local t = {" + "1," * 20000 + "} return #t")


def deeply_nested_code(lua):
    outcome = attempt(lua.eval, "(" * 300 + "1" + ")" * 300)
    return type(outcome.exception).__name__
