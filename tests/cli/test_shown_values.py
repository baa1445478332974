"""How the prompt and the notebook write values."""

import pytest

from lupa._interactive.inspection import Limits, inspect_value
from lupa._interactive.text import as_text

pytestmark = pytest.mark.deviation


@pytest.fixture
def shown(lua):
    def shown(code, width=200, **limits):
        return as_text(inspect_value(lua.eval(code), Limits(**limits)), width)

    return shown


@pytest.mark.parametrize("code, text", [
    ("nil", "nil"),
    ("true", "true"),
    ("12", "12"),
    ("1.5", "1.5"),
    ("'a \"b\" \\\\ \\n \\t \\0 \\127'", '"a \\"b\\" \\\\ \\n \\t \\000 \\127"'),
    ("'äöü'", '"äöü"'),
    ("{}", "{}"),
    ("{1, 'two', {3}}", '{1, "two", {3}}'),
    ("{x = 1, ['two words'] = 2, ['end'] = 3, [1.5] = 4, [true] = 5}",
     '{[1.5] = 4, ["end"] = 3, ["two words"] = 2, x = 1, [true] = 5}'),
    ("{[2] = 2, [3] = 3}", "{[2] = 2, [3] = 3}"),
    ("{1, 2, nil, 4}", "{1, 2, [4] = 4}"),
    ("{[3] = 'c', [2] = 'b', [1] = 'a', [0] = 'z'}", '{"a", "b", "c", [0] = "z"}'),
    ("{'\\255', ['\\254'] = 1}", '{"\\255", ["\\254"] = 1}'),
    ("python.builtins.len", "<built-in function len>"),
])  # fmt: skip
def test_values(shown, code, text):
    assert shown(code) == text


@pytest.mark.parametrize("code", ["print", "function() end", "io.stdout", "coroutine.create(function() end)"])
def test_other_objects_show_what_they_are(shown, lua, code):
    lua.globals().value = lua.eval(code)
    value = lua.eval("value")
    assert shown("value") in (repr(value), str(value))


def test_a_cycle_is_marked(shown, lua):
    lua.execute("t = {} t.self = t t.list = {t}")
    assert shown("t") == "<1>{list = {<table 1>}, self = <table 1>}"


def test_a_table_that_is_met_twice_is_marked(shown, lua):
    lua.execute("local s = {1} t = {s, s, {}, k = {[s] = true}}")
    assert shown("t") == "{<1>{1}, <table 1>, {}, k = {[<table 1>] = true}}"


def test_depth_is_bounded(shown):
    assert shown("{{{{}}}}", depth=2) == "{{{...}}}"


def test_the_number_of_entries_is_bounded(shown, lua):
    lua.execute("t = {} for i = 1, 250 do t[i] = i end")
    assert shown("t", entries=3) == "{1, 2, 3, ... 247 more}"
    assert shown("{t, t, x = t}", total=5).endswith("}")


def test_the_number_of_all_entries_is_bounded(shown, lua):
    lua.execute("function nest(n) local t = {} if n > 0 then for i = 1, 10 do t[i] = nest(n - 1) end end return t end")
    assert len(shown("nest(4)")) < 20_000


def test_long_strings_are_cut(shown):
    assert shown("('x'):rep(50)", characters=10) == '"xxxxxxxxxx"... (40 more characters)'
    assert shown("{('\\255'):rep(50)}", characters=2) == '{"\\255\\255"... (48 more bytes)}'


def test_what_does_not_fit_a_line_is_indented(shown):
    assert shown("{1, 2, name = {'long enough', 'to need lines'}, z = 0}", width=30) == (
        '{\n  1,\n  2,\n  name = {\n    "long enough",\n    "to need lines"\n  },\n  z = 0\n}'
    )


def test_what_tells_itself_is_shown_as_it_says(shown):
    assert shown("{setmetatable({1}, {__tostring = function() return 'told' end})}") == "{told}"


@pytest.mark.parametrize("body", ["error('no')", "return 1", "return '\\255'"])
def test_what_fails_to_tell_itself_is_shown_all_the_same(shown, body):
    assert shown(f"setmetatable({{1}}, {{__tostring = function() {body} end}})")


def test_metamethods_add_nothing(shown):
    assert shown("setmetatable({1}, {__index = function() return 2 end, __len = function() return 9 end})") == "{1}"


def test_a_python_object_that_fails_to_tell_itself(lua):
    class Broken:
        def __repr__(self):
            raise ValueError

    assert "Broken object" in as_text(inspect_value(Broken()))
