"""inspect.lua shows tables, LuaUnit runs tests: Debian's lua-inspect and lua-unit."""

import pytest

SUITE = """
local luaunit = ...
return function(add, fail, pass)
  local TestPython = {}
  function TestPython.test_equal() luaunit.assertEquals(add(1, 2), 3) end
  function TestPython.test_not_equal() luaunit.assertEquals(add(1, 2), 4) end
  function TestPython.test_lua_error() error("lua says no") end
  function TestPython.test_python_error() fail() end
  function TestPython.test_expected_error() luaunit.assertError(fail) end
  function TestPython.test_skipped() luaunit.skip("not today") end
  TestPython.test_made_in_python = python.as_function(pass)
  local runner = luaunit.LuaUnit.new()
  runner:setOutputType("nil")
  local unsuccessful = runner:runSuiteByInstances({{"TestPython", TestPython}})
  return runner.result, unsuccessful
end
"""


def test_inspect_shows_a_table_from_python(lua, require):
    inspect = require("inspect")
    text = inspect(lua.table_from({"name": "n", "list": [1, 2, [True]]}, recursive=True))
    assert " ".join(text.split()) == '{ list = { 1, 2, { true } }, name = "n" }'


def test_inspect_shows_a_python_object_as_userdata(lua, require):
    assert "<userdata 1>" in require("inspect")(lua.table(thing=object()))


def test_inspect_asks_a_python_function_about_every_value(lua, require):
    secrets = []

    def hide(item, path):
        if item == "secret":
            secrets.append(item)
            return "***"
        return item

    text = require("inspect")(lua.table(password="secret", user="me"), lua.table(process=hide))
    assert '"***"' in text and "secret" not in text
    assert secrets == ["secret"]


def test_inspect_loads_what_it_wrote(lua, require):
    data = {"a": 1, "b": "two\nlines", "c": 1.5}
    text = require("inspect")(lua.table_from(data))
    assert dict(lua.eval(text).items()) == data


@pytest.fixture
def suite_result(lua, require):
    class PythonError(Exception):
        pass

    calls = []

    def fail():
        raise PythonError("python says no")

    run = lua.execute(SUITE, require("luaunit"))
    result, unsuccessful = run(lambda a, b: a + b, fail, lambda *arguments: calls.append(arguments))
    assert len(calls) == 1
    return result, unsuccessful


def test_luaunit_counts_what_it_ran(suite_result):
    result, unsuccessful = suite_result
    assert unsuccessful == 3
    assert (result.runCount, result.successCount, result.skippedCount) == (6, 3, 1)
    assert (result.failureCount, result.errorCount) == (1, 2)


def test_luaunit_tells_python_about_every_test(suite_result):
    result, _ = suite_result
    assert {test.testName.partition(".")[2]: test.status for test in result.allTests.values()} == {
        "test_equal": "SUCCESS", "test_not_equal": "FAIL", "test_lua_error": "ERROR", "test_python_error": "ERROR",
        "test_expected_error": "SUCCESS", "test_skipped": "SKIP", "test_made_in_python": "SUCCESS"}


def test_luaunit_reports_messages_of_both_languages(suite_result):
    result, _ = suite_result
    messages = {test.testName.partition(".")[2]: str(test.msg) for test in result.allTests.values()}
    assert messages["test_not_equal"].endswith("expected: 4, actual: 3")
    assert messages["test_lua_error"].endswith("lua says no")
    assert "python says no" in messages["test_python_error"]
