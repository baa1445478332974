"""Runtimes with other encodings, with bytes, and with another source encoding."""

import types

from support import attempt, each


@each(
    utf8="UTF-8",
    latin1="latin-1",
    ascii="ascii",
    utf16="utf-16-le",
    cp1252="cp1252",
    unknown="no-such-encoding",
    empty="",
    as_bytes=b"latin-1",
    as_bytearray=bytearray(b"latin-1"),
    not_ascii="ü",
    not_ascii_bytes=b"\xff",
    integer=5,
    none=None,
    rot13="rot13",
    base64="base64",
    with_nul="utf\0-8",
)
def encoding_argument(lupa, encoding):
    lua = attempt(lupa.LuaRuntime, encoding=encoding)
    if not hasattr(lua, "eval"):
        return lua
    return attempt(lua.eval, "'text'"), attempt(lua.eval, "#...", "ä"), attempt(lua.eval, "...", "ä")


@each(
    utf8="UTF-8",
    latin1="latin-1",
    ascii="ascii",
    unknown="no-such-encoding",
    as_bytes=b"latin-1",
    not_ascii="ü",
    integer=5,
    none=None,
)
def source_encoding_argument(lupa, encoding):
    lua = attempt(lupa.LuaRuntime, source_encoding=encoding)
    if not hasattr(lua, "eval"):
        return lua
    return attempt(lua.eval, "#'ä'"), attempt(lua.eval, "'ä'")


@each(latin1="latin-1", ascii="ascii", none=None, utf8="utf-8")
def text_both_ways(lupa, encoding):
    lua = lupa.LuaRuntime(encoding=encoding)
    results = [attempt(lua.eval, code) for code in ("'abc'", "'\\228'", "'\\195\\164'", "'\\255'")]
    return results, attempt(lua.eval, "...", "ä"), attempt(lua.eval, "type(...)", "ä"), lua.eval("...", b"\xe4")


@each(latin1="latin-1", ascii="ascii", none=None)
def text_both_ways_with_a_source_encoding(lupa, encoding):
    lua = lupa.LuaRuntime(encoding=encoding, source_encoding="utf-8")
    return attempt(lua.eval, "'ä'"), attempt(lua.eval, "#'ä'"), attempt(lambda: lua.globals().ä)


@each(latin1="latin-1", none=None)
def table_access(lupa, encoding):
    lua = lupa.LuaRuntime(encoding=encoding)
    table = lua.eval("{name = 1, ['\\228'] = 2}")
    return (
        attempt(lambda: table["name"]),
        attempt(lambda: table[b"name"]),
        attempt(lambda: table.name),
        attempt(lambda: table["ä"]),
        attempt(lambda: table.ä),
        sorted(map(str, table)),
    )


def bytes_runtime_gives_bytes(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return lua.eval("'text'"), lua.eval("'\\255\\0'"), lua.eval("type('x')"), lua.eval("'a' .. 5")


def bytes_runtime_gets_text_as_objects(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return (
        lua.eval("type(...)", "x"),
        lua.eval("...", "x"),
        lua.eval("tostring(...)", "x"),
        attempt(lua.eval, "(...)[0]", "xy"),
    )


def bytes_runtime_table_access(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    table = lua.eval("{x = 1}")
    table[b"y"] = b"why"
    table.z = b"zed"
    table["w"] = 5
    return table[b"x"], table.x, table["x"], table["w"], sorted(map(str, table)), dict(lua.table(a=1))


def bytes_runtime_attributes_of_python_objects(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    lua.globals().o = types.SimpleNamespace(name=b"value", text="text")
    lua.execute("o.new = 'written'")
    return (
        lua.eval("o.name"),
        lua.eval("o.text"),
        lua.eval("o").new,
        attempt(lua.eval, "o.missing"),
        attempt(lua.eval, "o['\\255']"),
    )


def bytes_runtime_dictionary_items(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    lua.globals().d = {b"key": 1, "key": 2}
    return lua.eval("d.key")


@each(eval="return_ 1", lua_error="error('\\255')", text_error="error('text')", object_error="error({})")
def bytes_runtime_errors(lupa, code):
    return lupa.LuaRuntime(encoding=None).eval(code)


@each(eval="eval", execute="execute", compile="compile")
def bytes_runtime_syntax_errors(lupa, name):
    return getattr(lupa.LuaRuntime(encoding=None), name)("this is wrong")


def bytes_runtime_keyword_arguments(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    lua.globals().f = lambda *args, **kwargs: (args, kwargs)
    return lua.eval("f(python.args{1, 'x', name = 'value'})")


def bytes_runtime_filter(lupa):
    seen = []
    lua = lupa.LuaRuntime(encoding=None, attribute_filter=lambda o, n, s: seen.append(n) or n)
    lua.globals().o = types.SimpleNamespace(x=1)
    return lua.eval("o.x"), seen


def bytes_runtime_handlers(lupa):
    seen = []
    lua = lupa.LuaRuntime(encoding=None, attribute_handlers=(lambda o, n: seen.append(n), None))
    lua.globals().o = object()
    lua.eval("o.x")
    return seen


def bytes_runtime_python_eval(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return (
        lua.eval("python.eval('1 + 1')"),
        lua.eval("python.builtins.len('abc')"),
        lua.eval("tostring(python.builtins.list())"),
    )


def bytes_runtime_require(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    lua.execute("package.preload.mine = function(name) return name end")
    return lua.require("mine"), lua.require(b"mine")


def bytes_runtime_implementation(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return type(lua.lua_implementation), lua.lua_version


def bytes_runtime_text_of_a_table(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return str(lua.eval("setmetatable({}, {__tostring = function() return 'text \\255' end})")), lua.table()


def latin1_runtime_code_and_names(lupa):
    lua = lupa.LuaRuntime(encoding="latin-1")
    lua.globals().name = "ä"
    return lua.eval("'ä'"), lua.eval("#'ä'"), lua.eval("#name"), lua.eval("name == '\\228'"), attempt(lua.eval, "'€'")


def latin1_runtime_errors(lupa):
    lua = lupa.LuaRuntime(encoding="latin-1")
    return attempt(lua.eval, "error('\\228\\255', 0)"), attempt(lua.eval, "error('x')", name="ä")


def latin1_runtime_attributes(lupa):
    lua = lupa.LuaRuntime(encoding="latin-1")
    lua.globals().o = types.SimpleNamespace(ä="umlaut")
    return lua.eval("o['\\228']"), lua.eval("tostring(o)")


def attribute_names_use_the_source_encoding(lupa):
    lua = lupa.LuaRuntime(encoding="latin-1", source_encoding="utf-8")
    table = lua.table()
    table.ä = 1
    table["ä"] = 2
    lua.globals().o = types.SimpleNamespace(ä="umlaut")
    return sorted(table.values()), lua.eval("o['\\195\\164']"), attempt(lua.eval, "o['\\228']")


def utf16_runtime(lupa):
    lua = lupa.LuaRuntime(encoding="utf-16-le", source_encoding="utf-8")
    return lua.eval("#...", "abc"), lua.eval("...", "äb"), attempt(lua.eval, "'abc'"), lua.eval("'a\\0b\\0'")


def utf16_runtime_without_source_encoding(lupa):
    lua = lupa.LuaRuntime(encoding="utf-16-le")
    return attempt(lua.eval, "1 + 1"), attempt(lua.eval, b"1 + 1"), attempt(lua.table, a=1)


def bytes_code_is_not_encoded(lupa):
    lua = lupa.LuaRuntime(encoding="utf-8", source_encoding="latin-1")
    return lua.eval("#'ä'"), lua.eval("#'ä'".encode("utf-8")), attempt(lua.eval, "'ä'"), lua.eval(b"'\xc3\xa4'")


def handlers_with_text_that_cannot_be_encoded(lupa):
    lua = lupa.LuaRuntime(encoding="ascii", source_encoding="utf-8")
    lua.globals().f = lambda: "ä"
    return attempt(lua.eval, "f()"), attempt(lua.eval, "pcall(f)"), attempt(lua.eval, "'ä'")


def error_text_that_cannot_be_decoded(lua):
    return (
        attempt(lua.eval, "error('\\255', 0)"),
        attempt(lua.eval, "error('ä\\255')"),
        attempt(lua.execute, b"x = '\xff' +"),
    )


def callback_with_undecodable_text(lua):
    lua.globals().f = lambda *args: args
    return attempt(lua.eval, "f('\\255')"), attempt(lua.eval, "pcall(f, '\\255')"), attempt(lua.eval, "f('fine')")


def several_runtimes_with_different_encodings(lupa):
    one, two = lupa.LuaRuntime(encoding="latin-1"), lupa.LuaRuntime()
    return one.eval("#...", "ä"), two.eval("#...", "ä"), one.eval("...", "ä") == two.eval("...", "ä")
