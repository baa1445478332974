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
