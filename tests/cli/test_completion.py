"""What the prompt offers after the beginning of a name."""

import pytest

from lupa._cli.completion import Completer

pytestmark = pytest.mark.deviation


class Account:
    balance = 7
    _secret = 1

    @property
    def trap(self):
        raise AssertionError("a property was read")

    def withdraw(self):
        pass


@pytest.fixture
def complete(lua):
    lua.globals().account = Account()
    lua.globals().settings = {"colour": 1, "two words": 2, "nested": {"deep": 1}}
    lua.globals().numbers = [1, 2]
    completer = Completer(lua)
    return lambda text: completer.complete(text)[1]


@pytest.mark.parametrize("text, expected", [
    ("corout", ["coroutine"]),
    ("x = corout", ["coroutine"]),
    ("f(corout", ["coroutine"]),
    ("whi", ["while"]),
    ("coroutine.wr", ["wrap"]),
    ("coroutine . wr", ["wrap"]),
    ("_G.coroutine.wr", ["wrap"]),
    ("python.builtins.isin", ["isinstance"]),
    ("account.", ["balance", "trap", "withdraw"]),
    ("account:with", ["withdraw"]),
    ("account._s", ["_secret"]),
    ("account.trap.", []),
    ("settings.", ["colour", "nested"]),
    ("settings.nested.", ["deep"]),
    ("numbers.", []),
    ("nothing.", []),
    ("coroutine.nothing.", []),
    ("'a' .. corout", ["coroutine"]),
    ("a ..corout", ["coroutine"]),
    ("1 + ", None),
    ("5.", []),
    ("f().", []),
])  # fmt: skip
def test_names(complete, text, expected):
    found = complete(text)
    assert len(found) > 20 if expected is None else found == expected


def test_methods_of_strings(lua, complete):
    lua.execute("text = 'abc'")
    assert complete("text:upp") == ["upper"]
    assert complete("text:upper.") == []


def test_fields_that_are_inherited(lua, complete):
    lua.execute("base = {inherited = 1} object = setmetatable({own = 1}, {__index = base})")
    assert complete("object.") == ["inherited", "own"]


def test_code_of_others_does_not_run(lua, complete):
    lua.execute("""
    called = 0
    local function trap() called = called + 1 return {} end
    trapped = setmetatable({known = {field = 1}}, {__index = trap, __pairs = trap, __len = trap})
    """)
    assert complete("trapped.") == ["known"]
    assert complete("trapped.known.") == ["field"]
    assert complete("trapped.unknown.x") == []
    assert lua.eval("called") == 0


def test_a_circle_of_tables_ends(lua, complete):
    lua.execute("circle = {field = 1} setmetatable(circle, {__index = circle})")
    assert complete("circle.f") == ["field"]
    assert complete("circle.g") == []


def test_keys_that_are_no_names_are_not_offered(lua, complete):
    lua.execute("odd = {['two words'] = 1, ['\\255'] = 1, [1] = 1, name = 1}")
    assert complete("odd.") == ["name"]


def test_a_runtime_without_the_debug_library(new_runtime):
    lua = new_runtime(libs="safe")
    lua.execute("object = setmetatable({own = 1}, {__metatable = 'locked'})")
    assert Completer(lua).complete("object.o") == ("o", ["own"])
