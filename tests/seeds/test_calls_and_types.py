"""Examples 1 to 8: choosing a runtime, evaluating, calling both ways, types, tuples."""

import importlib

import pytest


def test_01_a_runtime_is_chosen_by_import(lupa_module, runtime_name):
    """The import cascade, and the sentence that it prints."""
    for name in ("lua00", runtime_name):
        try:
            lupa = importlib.import_module("lupa." + name)
        except ImportError:
            continue
    assert lupa is lupa_module
    implementation = lupa.LuaRuntime().lua_implementation
    kind, version = implementation.split(" ")
    assert (kind == "LuaJIT") == runtime_name.startswith("luajit")
    if kind == "Lua":
        assert version == "{}.{}".format(*lupa.LUA_VERSION)
    assert f"{lupa.LUA_VERSION}" in ("(5, 1)", "(5, 2)", "(5, 3)", "(5, 4)", "(5, 5)")


@pytest.mark.usefixtures("all_runtimes")
def test_01_without_a_choice_it_is_the_newest_plain_lua():
    import lupa

    implementation = lupa.LuaRuntime().lua_implementation
    assert implementation.startswith("Lua 5.")
    assert implementation == "Lua {}.{}".format(*lupa.LUA_VERSION)


def test_02_eval_returns_the_value_of_an_expression(lua, lupa_module):
    assert lua.eval("1+1") == 2
    assert lupa_module.LuaRuntime().eval("1+1") == 2


def test_03_lua_calls_a_python_function(lua, lupa_module):
    def add_one(n):
        return n + 1

    for runtime in (lua, lupa_module.LuaRuntime()):
        apply = runtime.eval("function(f, n) return f(n) end")
        assert apply(add_one, 2) == 3


def test_04_lua_evaluates_python_and_reaches_its_builtins(lua):
    assert lua.eval('python.eval(" 2 ** 2 ")') == 4
    assert lua.eval("python.builtins.str(4)") == "4"


def test_05_lua_type_tells_wrapped_objects(lua, lupa_module):
    assert lupa_module.lua_type(lua.eval("function() end")) == "function"
    assert lupa_module.lua_type(lua.eval("{}")) == "table"


def test_05_lua_type_of_a_python_object_is_none(lupa_module):
    for value in (123, "abc", {}):
        assert lupa_module.lua_type(value) is None


def test_06_a_returned_tuple_is_unpacked_on_request(lua):
    assert lua.execute('a,b,c = python.eval("(1,2)")') is None
    names = lua.globals()
    assert (names.a, names.b) == (1, 2)
    assert names.c is None


def test_07_otherwise_a_tuple_stays_one_value(lupa_module):
    lua = lupa_module.LuaRuntime(unpack_returned_tuples=False)
    lua.execute('a,b,c = python.eval("(1,2)")')
    names = lua.globals()
    assert names.a == (1, 2)
    assert names.b is None and names.c is None


def test_08_values_are_converted_or_wrapped(lua):
    type_in_lua = lua.globals().type
    assert type_in_lua(1) == "number"
    assert type_in_lua("abc") == "string"
    assert type_in_lua(type_in_lua) == "function"
    assert type_in_lua(len) == "userdata"
    assert type_in_lua([]) == "userdata"
