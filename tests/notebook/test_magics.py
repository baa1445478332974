"""`%lua` and `%%lua` in a notebook: values, variables, runtimes."""

import pathlib
import re

import pytest

import lupa

pytestmark = pytest.mark.deviation


class TestValues:
    def test_a_line_is_an_expression(self, notebook):
        assert notebook("%lua 1 + 1").text == "2"

    def test_its_value_goes_to_python(self, notebook):
        notebook("x = %lua 'text', 2")
        assert notebook("x").text == "('text', 2)"

    def test_a_line_may_be_statements(self, notebook):
        assert notebook("%lua x = 5; y = x + 1").result == {}
        assert notebook("%lua x, y").text == "(5, 6)"

    def test_a_line_is_taken_as_it_is_written(self, notebook):
        assert notebook("%lua 'two  spaces', \"q'uote\", #'a\\tb'").text == "('two  spaces', \"q'uote\", 3)"

    def test_a_cell_returns_its_value(self, notebook):
        assert notebook("%%lua\nlocal a = 20\nlocal b = 22\nreturn a + b").text == "42"

    def test_a_cell_may_be_an_expression(self, notebook):
        assert notebook("%%lua\n(function()\n  return 7\nend)()").text == "7"

    def test_nothing_is_shown_for_nothing(self, notebook):
        outcome = notebook("%%lua\nx = 1")
        assert (outcome.result, outcome.stdout) == ({}, "")

    def test_what_begins_with_a_hyphen(self, notebook):
        assert notebook("%lua -- -5").text == "-5"

    def test_globals_stay(self, notebook):
        notebook("%%lua\nfunction double(x) return x * 2 end")
        assert notebook("%lua double(21)").text == "42"

    def test_a_string_that_is_no_text_is_bytes(self, notebook):
        assert notebook("%lua '\\255'").text == "b'\\xff'"

    def test_help(self, notebook):
        shown = notebook("print(get_ipython().find_line_magic('lua').__doc__)").stdout
        assert all(option in shown for option in ("--input", "--output", "--runtime", "--reset", "--tables"))


class TestVariables:
    def test_they_go_in_by_name(self, notebook):
        notebook("a, b, c = 1, 'two', 3.5")
        assert notebook("%lua -i a,b -i c a, b, c").text == "(1, 'two', 3.5)"

    def test_objects_are_shared(self, notebook):
        notebook("items = []")
        notebook("%%lua --input items\npython.as_attrgetter(items).append(2)")
        assert notebook("items").text == "[2]"

    def test_lists_and_dicts_become_tables_if_asked(self, notebook):
        notebook("data = {'list': [1, 2, 3], 'name': ('x',)}")
        assert notebook("%lua -t -i data #data.list, data.name[1]").text == "(3, 'x')"

    def test_other_objects_stay_what_they_are_even_so(self, notebook):
        notebook("text, number = 'text', 7")
        assert notebook("%lua -t -i text,number text, number").text == "('text', 7)"

    def test_they_come_out_by_name(self, notebook):
        notebook("%%lua -o x,y -o z\nx, y = 1, 'two'\nfunction z(a) return a + 1 end")
        assert notebook("x, y, z(41)").text == "(1, 'two', 42)"

    def test_what_is_not_there_comes_out_as_none(self, notebook):
        notebook("%lua -o missing x = 1")
        assert notebook("print(missing)").stdout == "None\n"

    def test_nothing_comes_out_of_a_cell_that_failed(self, notebook):
        assert notebook.run("%%lua -o x\nx = 1\nerror('no')").error
        assert notebook.run("x").error[0] == "NameError"

    def test_what_is_not_there_does_not_go_in(self, notebook):
        assert "there is no variable missing" in notebook.run("%lua -i missing 1").stderr

    def test_tables_keep_their_identity(self, notebook):
        notebook("%lua -o t t = {}")
        notebook("t.x = 5")
        assert notebook("%lua t.x").text == "5"


class TestRuntimes:
    def test_the_chosen_one_runs(self, notebook, lua):
        assert notebook("%lua _VERSION").text == repr(lua.eval("_VERSION"))
        assert notebook("lua.lua_implementation").text == repr(lua.lua_implementation)

    def test_without_code_it_is_returned(self, notebook):
        notebook("lua = %lua\nlua.globals().x = 5")
        assert notebook("%lua x").text == "5"

    def test_the_same_one_again_changes_nothing(self, notebook, runtime_name):
        notebook("%lua x = 5")
        assert notebook(f"%lua --runtime {runtime_name} x").text == "5"

    @pytest.mark.usefixtures("all_runtimes")
    def test_another_one_begins_anew(self, notebook, runtime_name):
        notebook("%lua x = 5")
        other = "lua54" if runtime_name != "lua54" else "lua53"
        notebook(f"%lua --runtime {other} y = 6")
        assert notebook("%lua x, y").text == "(None, 6)"
        notebook(f"%lua --runtime {runtime_name} z = 7")
        assert notebook("%lua x, y, z").text == "(None, None, 7)"

    def test_reset_empties_it(self, notebook, lua):
        notebook("%lua x = 5")
        assert notebook("%lua --reset x, _VERSION").text == repr((None, lua.eval("_VERSION")))

    @pytest.mark.usefixtures("all_runtimes")
    def test_an_unknown_one_is_refused_with_the_list(self, notebook):
        shown = notebook.run("%lua --runtime lua99 1").stderr
        assert "lua99" in shown and "lua54" in shown
        assert notebook("%lua 1").text == "1"

    def test_an_unknown_option_is_refused(self, notebook):
        assert "--nonsense" in notebook.run("%lua --nonsense 1").stderr


def test_the_cells_of_the_readme(notebook):
    text = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    first, second = re.search(r"^```text\n(%load_ext.*?)^```", text, re.MULTILINE | re.DOTALL)[1].split("\n\n")
    notebook(first)
    assert notebook(second).stdout == "printed in the cell\n"
    assert notebook("total, receipt").text == "(7.5, {7.5, cake = 4.5, tea = 3})"


def test_the_newest_lua_is_the_default(kernel):
    kernel("get_ipython().extension_manager.reload_extension('lupa')")
    assert kernel("%lua").text.startswith(f"<{lupa.LuaRuntime.__module__}.LuaRuntime at 0x")
