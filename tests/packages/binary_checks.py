"""What binary modules do with Python: run by `test_binary_modules.py`, each check in a process of its own.

A runtime loads binary modules only if its own first import in the process was made with its symbols visible, so this
cannot happen in the process of the tests: `python binary_checks.py RUNTIME CHECK`.
"""

import functools
import importlib
import json
import operator
import os
import pathlib
import socket
import sys
import tempfile
import threading
import time

import debian_modules as debian
import lupa

DOCUMENT = {
    "numbers": [1, -2, 2.5, 1e300], "text": 'quote " ünïcode \u20ac', "flags": [True, False],
    "deep": {"list": [[1], [2, [3]]]}, "empty": "",
}


def to_python(module, value):
    """Turn nested Lua tables into lists and dicts."""
    if module.lua_type(value) != "table":
        return value
    if len(value):
        return [to_python(module, item) for item in value.values()]
    return {key: to_python(module, item) for key, item in value.items()}


def check_cjson_decodes_what_python_wrote(module, lua, require):
    table = require("cjson").decode(json.dumps(DOCUMENT))
    assert to_python(module, table) == DOCUMENT


def check_cjson_encodes_what_python_made(module, lua, require):
    text = require("cjson").encode(lua.table_from(DOCUMENT, recursive=True))
    assert json.loads(text) == DOCUMENT


def check_cjson_null_goes_to_python_and_back(module, lua, require):
    cjson = require("cjson")
    decoded = cjson.decode('[null, {"a": null}]')
    assert module.lua_type(cjson.null) == "userdata"
    assert lua.eval("function(a, b, c) return a == b and b == c end")(cjson.null, decoded[1], decoded[2].a) is True
    assert cjson.encode(lua.table(cjson.null, 1)) == "[null,1]"


def check_cjson_refuses_a_python_object(module, lua, require):
    cjson = require("cjson")
    try:
        cjson.encode(lua.table(object()))
    except module.LuaError as error:
        assert "userdata" in str(error)
    else:
        raise AssertionError("an object was encoded")
    assert cjson.encode(lua.table(1)) == "[1]"


def check_cjson_reports_bad_text(module, lua, require):
    try:
        require("cjson").decode('{"a": }')
    except module.LuaError as error:
        assert "Expected value" in str(error)
    else:
        raise AssertionError("bad text was decoded")


def check_cjson_moves_much_data(module, lua, require):
    rows = [{"id": i, "name": f"row {i}", "tags": ["x"] * (i % 5 + 1)} for i in range(5000)]
    cjson = require("cjson")
    table = cjson.decode(json.dumps(rows))
    assert len(table) == 5000 and table[5000].name == "row 4999"
    assert json.loads(cjson.encode(table)) == rows


def check_lpeg_calls_python_for_every_capture(module, lua, require):
    calculate = lua.execute("""
    local lpeg, make = ...
    local number, operation = python.as_function(make.number), python.as_function(make.operation)
    local space = lpeg.S(" ")^0
    local function token(pattern) return pattern * space end
    local expression = lpeg.P{ "sum",
      sum = lpeg.Cf(lpeg.V"product" * lpeg.Cg(token(lpeg.C(lpeg.S"+-")) * lpeg.V"product")^0, operation),
      product = lpeg.Cf(lpeg.V"atom" * lpeg.Cg(token(lpeg.C(lpeg.S"*/")) * lpeg.V"atom")^0, operation),
      atom = token(lpeg.R"09"^1 / number) + token"(" * lpeg.V"sum" * token")",
    }
    return function(text) return (space * expression * -1):match(text) end
    """, require("lpeg"), Calculator)
    assert calculate("2 + 3 * (4 - 1)") == 11
    assert calculate(" 10 / 4") == 2.5
    assert calculate("2 +") is None


class Calculator:
    number = staticmethod(int)

    @staticmethod
    def operation(left, sign, right):
        result = {"+": left + right, "-": left - right, "*": left * right}.get(sign)
        return left / right if result is None else result


def check_lpeg_keeps_python_objects_as_captures(module, lua, require):
    things = {"a": object(), "b": object()}
    find = lua.execute("""
    local lpeg, lookup = ...
    local word = lpeg.C(lpeg.R"az"^1) / python.as_function(lookup)
    return function(text) return lpeg.Ct(word * (" " * word)^0):match(text) end
    """, require("lpeg"), things.get)
    found = list(find("b a b").values())
    assert [id(thing) for thing in found] == [id(things[name]) for name in "bab"]


def check_an_exception_passes_through_lpeg(module, lua, require):
    error = LookupError("from Python")

    def fail(subject, position, *captures):
        assert (subject, position) == ("ab", 2)
        raise error

    match = lua.execute("""
    local lpeg, check = ...
    return function(text) return lpeg.Cmt("a", python.as_function(check)):match(text) end
    """, require("lpeg"), fail)
    for _ in range(100):
        try:
            match("ab")
        except LookupError as caught:
            assert caught is error
        else:
            raise AssertionError("no exception")
    assert lua.eval("1 + 1") == 2


def check_re_takes_its_definitions_from_python(module, lua, require):
    require("lpeg")
    compile_pattern = lua.execute("""
    local re, upper = ...
    return re.compile("{| ({[a-z]+} -> upper / .)* |}", {upper = python.as_function(upper)})
    """, require("re"), str.upper)
    assert list(compile_pattern.match(compile_pattern, "ab, cd").values()) == ["AB", "CD"]


def check_lfs_lists_what_python_wrote(module, lua, require):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one", "two ü"):
            (pathlib.Path(folder) / name).write_bytes(b"x" * 7)
        names = []
        lua.execute("local lfs, folder, found = ... for name in lfs.dir(folder) do found(name) end",
                    require("lfs"), folder, names.append)
        assert sorted(names) == [".", "..", "one", "two ü"]
        attributes = require("lfs").attributes(os.path.join(folder, "one"))
        assert (attributes.mode, attributes.size) == ("file", 7)


def check_penlight_walks_folders_with_lfs(module, lua, require):
    with tempfile.TemporaryDirectory() as folder:
        inner = pathlib.Path(folder) / "inner"
        inner.mkdir()
        for place in (folder, inner):
            (pathlib.Path(place) / "code.lua").write_text("return 1")
        found = require("pl.dir").getallfiles(folder, "*.lua")
        assert sorted(found.values()) == sorted(str(path) for path in pathlib.Path(folder).rglob("*.lua"))


def check_socket_serves_a_python_thread(module, lua, require):
    """While Lua waits in accept(), Python's thread must be able to run."""
    port_of, serve = lua.execute("""
    local socket = ...
    local server = assert(socket.bind("127.0.0.1", 0))
    server:settimeout(10)
    return function() return (select(2, server:getsockname())) end,
           function(answer)
             local client = assert(server:accept())
             client:send(answer((client:receive("*l"))) .. "\\n")
             client:close()
             server:close()
           end
    """, require("socket"))
    port = int(port_of())
    answers = []

    def ask():
        time.sleep(0.1)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"question\n")
            answers.append(connection.makefile().readline())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    serve(str.upper)
    thread.join(10)
    assert answers == ["QUESTION\n"]


def check_posix_sees_this_process(module, lua, require):
    if module.LUA_VERSION >= (5, 3):        # Debian's own Lua 5.3 still has the library that this module is written for
        lua.globals().package.loaded.bit32 = lua.table(
            band=lambda *bits: functools.reduce(operator.and_, bits),
            bor=lambda *bits: functools.reduce(operator.or_, bits),
            bnot=operator.invert)
    posix = require("posix")
    assert posix.getpid("pid") == os.getpid()
    assert os.path.samefile(posix.getcwd(), os.getcwd())


CHECKS = {name[len("check_"):]: check for name, check in list(globals().items()) if name.startswith("check_")}


def prepare(module):
    """A runtime that finds Debian's modules, and its `require` with a single result."""
    lua = module.LuaRuntime()
    debian.point_to(lua, "{}.{}".format(*module.LUA_VERSION))
    return lua, lua.eval("function(name) return (require(name)) end")


def main(runtime, check):
    with lupa.allow_lua_module_loading():
        module = importlib.import_module("lupa." + runtime)
    CHECKS[check](module, *prepare(module))


if __name__ == "__main__":
    main(*sys.argv[1:])
