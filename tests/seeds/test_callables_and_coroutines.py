"""Examples 25 to 31: Python callables in Lua, named arguments, Lua's coroutines in Python."""

import operator

import pytest

COUNT_MODULO_TWO = "function(N) for i = 0, N do coroutine.yield(i % 2) end end"

THREE_WAYS = """
function f(N) for i = 0, N do coroutine.yield(i % 2) end end
co1 = coroutine.create(f)
co2 = coroutine.create(f)
status, first_result = coroutine.resume(co2, 2)
return f, co1, co2, status, first_result
"""

FIVE = [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0)]


@pytest.fixture(params=["default", "unpacking"])
def runtime(request, lupa_module):
    """The oldest state of the documentation has no `unpack_returned_tuples`; its examples hold either way."""
    return lupa_module.LuaRuntime(unpack_returned_tuples=request.param == "unpacking")


def test_25_lua_calls_what_it_is_given(lua):
    def add_one(num):
        return num + 1

    assert lua.eval("function(num, py_func) return py_func(num) end")(48, add_one) == 49


def test_26_lua_calls_a_method_with_a_colon(lua):
    class Class:
        def method(self):
            return 345

    assert lua.eval("function(obj) return obj:method() end")(Class()) == 345


@pytest.mark.parametrize("call", ["{a=a, b=b}", "{a, b=b}", "{a, b}", "(a, b)"])
def test_27_a_lua_table_names_arguments(lua, lupa_module, call):
    @lupa_module.unpacks_lua_table
    def subtract(a, b):
        return a - b

    assert lua.eval(f"function(a, b, py_func) return py_func{call} end")(11, 6, subtract) == 5


@pytest.mark.parametrize("call", ["{a=a, b=b}", "{a, b=b}", "{a, b}", "(a, b)"])
def test_27_a_lua_table_names_arguments_of_a_method(lua, lupa_module, call):
    class Class:
        @lupa_module.unpacks_lua_table_method
        def subtract(self, a, b):
            return a - b

    assert lua.eval(f"function(a, b, obj) return obj:subtract{call} end")(11, 6, Class()) == 5


def test_27_none_is_passed_as_python_none_or_in_parentheses(lua, lupa_module):
    @lupa_module.unpacks_lua_table
    def tell(a, b="left out"):
        return (a, b)

    lua.execute("function first(...) return (select('#', ...)), ... end")
    assert lua.eval("function(f) return first(f{python.none, b=python.none}) end")(tell) == (2, None, None)
    assert lua.eval("function(f) return first(f(1, nil)) end")(tell) == (2, 1, None)
    assert lua.eval("function(f) return first(f{1}) end")(tell) == (2, 1, "left out")


def test_28_any_callable_can_be_wrapped(lua, lupa_module):
    add = lupa_module.unpacks_lua_table(operator.add)
    assert lua.eval("function(a, b, py_func) return py_func{a, b} end")(5, 6, add) == 11


def test_29_a_coroutine_is_iterated(runtime):
    generator = runtime.eval(COUNT_MODULO_TWO).coroutine(4)
    assert list(enumerate(generator)) == FIVE


def test_30_values_are_sent_into_a_coroutine(runtime):
    collect = runtime.eval("""
    function()
      local t, i = {}, 0
      local value = coroutine.yield()
      while value do
        t[i] = value
        i = i + 1
        value = coroutine.yield()
      end
      return t
    end""")
    coroutine = collect.coroutine()
    assert coroutine.send(None) is None
    for i in range(3):
        assert coroutine.send(i * 2) is None
    mapping = coroutine.send(None)
    assert sorted(mapping.items()) == [(0, 0), (1, 2), (2, 4)]


def test_31_a_running_coroutine_comes_from_lua(runtime):
    _f, _co1, running, status, first_result = runtime.execute(THREE_WAYS)
    assert status is True
    assert first_result == 0
    assert list(running) == [1, 0]
    assert list(running) == []


def test_31_a_coroutine_that_was_not_started_makes_fresh_ones(runtime):
    _f, unstarted, *_ = runtime.execute(THREE_WAYS)
    assert list(enumerate(unstarted(4))) == FIVE
    assert list(enumerate(unstarted(2))) == FIVE[:3]


def test_31_a_function_from_lua_makes_coroutines(runtime):
    f, *_ = runtime.execute(THREE_WAYS)
    assert list(enumerate(f.coroutine(4))) == FIVE
