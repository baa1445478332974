"""What the longer examples do with what they do not print."""

import runpy

import pytest

from test_examples import FOLDER


@pytest.fixture
def example(request):
    """The names that the example of the class defines."""
    return runpy.run_path(str(FOLDER / f"{request.cls.example}.py"))


class TestConfiguration:
    example = "configuration"

    @pytest.fixture
    def settings(self, example, new_runtime, tmp_path):
        def settings(text, **given):
            file = tmp_path / "settings.lua"
            file.write_text(text)
            return example["load"](file, new_runtime, **given)

        return settings

    def test_tables_become_lists_or_dicts(self, settings):
        text = "a = {} b = {1, {x = 'y'}} c = {[1] = 'x', z = true} d = {[2] = 'no list'}"
        assert settings(text) == {"a": [], "b": [1, {"x": "y"}], "c": {1: "x", "z": True}, "d": {2: "no list"}}

    def test_what_is_given_is_known_and_no_setting(self, settings):
        assert settings("doubled = 2 * given", given=21) == {"doubled": 42}

    @pytest.mark.parametrize("name", ["python", "io", "require", "dofile", "debug"])
    def test_doors_are_closed(self, example, settings, name):
        with pytest.raises(example["ConfigurationError"], match=f"^settings.lua:1: there is no '{name}'$"):
            settings(f"x = {name}")

    @pytest.mark.parametrize(
        "text, message",
        [
            ("t = {} t.t = t", "settings.lua: a table contains itself"),
            ("x = {{print}}", "settings.lua: x.1.1 is a function"),
            ("x = 1 +\n2\n\nerror('no', 0)", "no"),
        ],
        ids=["cycle", "function", "error"],
    )
    def test_what_is_no_data_is_an_error(self, example, settings, text, message):
        with pytest.raises(example["ConfigurationError"]) as caught:
            settings(text)
        assert str(caught.value) == message


class TestPluginHost:
    example = "plugin_host"

    @pytest.fixture
    def outcome(self, example, new_runtime, needs_allocator, capsys):
        """What is printed of a plug-in, when it is added and when somebody writes."""

        def outcome(source):
            host = example["Host"](new_runtime)
            host.add("it", source)
            host.write("Ada", "hello")
            return capsys.readouterr().out.splitlines()

        return outcome

    def test_a_plugin_gets_who_and_what(self, outcome):
        assert outcome("return function(...) say(table.concat({...}, ': ')) end") == ["Ada writes: hello", "  it says: Ada: hello"]

    @pytest.mark.parametrize(
        "source, reason",
        [
            ("x =", "unexpected symbol near"),
            ("error('', 0)", ""),
            ("error({})", ""),
            ("error()", ""),
            ("while true do end", "did not come to an end"),
            ("while true do pcall(error) end", "did not come to an end"),
            ("local all = {} while true do all[#all + 1] = {} end", ""),
            ("local function deeper() return 1 + deeper() end deeper()", ""),
            ("say({})", "plug-ins say text"),
            ("say.name = 1", "plug-ins may not write name"),
            ("say[1] = 1", "plug-ins may not"),
        ],
    )
    def test_what_goes_wrong_at_first_removes_it(self, outcome, source, reason):
        removed, written = outcome(source)
        assert removed.startswith("  it is removed: ") and reason in removed
        assert written == "Ada writes: hello"

    @pytest.mark.parametrize("source", ["", "return 1", "return function() error(say) end"])
    def test_what_goes_wrong_later_removes_it(self, outcome, source):
        written, removed = outcome(source)
        assert (written, removed.startswith("  it is removed: ")) == ("Ada writes: hello", True)

    @pytest.mark.parametrize(
        "name", ["python", "io", "os", "require", "load", "debug", "coroutine", "setmetatable", "xpcall", "newproxy", "_G"]
    )
    def test_doors_are_closed(self, outcome, name):
        assert outcome(f"say(tostring({name})) return function() end")[0] == "  it says: nil"

    def test_an_exception_that_is_caught_leads_nowhere(self, outcome):
        source = "local _, e = pcall(say) local ok = pcall(function() return e.__traceback__ end) say(tostring(ok))"
        assert outcome(source + " return function() end")[0] == "  it says: false"
