"""`item_filter`: it sees every access of Lua code to an item of a Python object, and decides."""

import types
import weakref

import pytest
from helpers import Recorder


def only_names(obj, key, is_setting):
    """Text without a leading underscore, to be read."""
    if isinstance(key, str) and not key.startswith("_") and not is_setting:
        return key
    raise AttributeError(f"no item for you: {key!r}")


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def lua(new_runtime, recorder):
    return new_runtime(item_filter=recorder)


class TestWhatItSees:
    def test_object_key_and_direction(self, lua, recorder):
        d = {"a": 1}
        lua.execute("local d = ... d.b = d.a", d)
        assert d == {"a": 1, "b": 1}
        assert recorder.calls == [(d, "a", False), (d, "b", True)]

    def test_keys_of_all_kinds(self, lua, recorder):
        d = {1: 1, True: 2, 1.5: 3, None: 4}
        key = types.SimpleNamespace()
        lua.execute("local d, key = ... return d[1], d[true], d[1.5], d[nil], pcall(function() return d[key] end)", d, key)
        assert [call[1] for call in recorder.calls] == [1, True, 1.5, None, key]

    def test_objects_shown_by_their_items(self, lua, recorder):
        values = [1, 2]
        assert lua.execute("return python.as_itemgetter(...)[1]", values) == 2
        assert recorder.calls == [(values, 1, False)]

    def test_items_through_metamethods_called_by_hand(self, lua, recorder):
        d = {"a": 1}
        assert lua.execute("local d = ... return getmetatable(d).__index(d, 'a')", d) == 1
        lua.execute("local d = ... getmetatable(d).__newindex(d, 'b', 2)", d)
        assert [call[1:] for call in recorder.calls] == [("a", False), ("b", True)]

    def test_keys_are_bytes_in_a_bytes_runtime(self, new_runtime, recorder):
        lua = new_runtime(encoding=None, item_filter=recorder)
        assert lua.execute("local d = ... return d.a", {b"a": 5}) == 5
        assert recorder.calls[0][1] == b"a"

    def test_attributes_pass_it_by(self, lua, recorder):
        assert lua.execute("return (...).x", types.SimpleNamespace(x=1)) == 1
        assert lua.execute("return python.as_attrgetter(...).keys", {}) is not None
        assert recorder.calls == []

    def test_iteration_calls_and_text_pass_it_by(self, lua, recorder):
        d = {"a": 1}
        assert lua.execute("for key in python.iter(...) do return key end", d) == "a"
        assert lua.execute("return tostring(...)", d) == "{'a': 1}"
        assert lua.execute("return (...)('a')", d.get) == 1
        assert recorder.calls == []

    def test_lua_tables_pass_it_by(self, lua, recorder):
        assert lua.execute("local t = ... return t.x", lua.table(x=1)) == 1
        assert lua.table(x=1)["x"] == 1
        assert recorder.calls == []


class TestWhatItDecides:
    @pytest.fixture
    def lua(self, new_runtime):
        return new_runtime(item_filter=only_names)

    def test_allowed_keys_pass(self, lua):
        assert lua.execute("return (...).a", {"a": 1}) == 1

    @pytest.mark.parametrize("access", ["d._a", "d[1]", "d.a == d[true]"])
    def test_others_raise(self, lua, access):
        with pytest.raises(AttributeError, match="no item for you"):
            lua.execute(f"local d = ... return {access}", {"a": 1, "_a": 2, 1: 3})

    def test_writing_raises_and_changes_nothing(self, lua):
        d = {"a": 1}
        with pytest.raises(AttributeError, match="no item for you: 'a'"):
            lua.execute("local d = ... d.a = 2", d)
        assert d == {"a": 1}

    def test_lua_can_catch_the_refusal(self, lua):
        ok, error = lua.execute("local d = ... return pcall(function() return d._a end)", {"_a": 1})
        assert ok is False and isinstance(error, AttributeError)

    def test_another_key_may_be_given(self, new_runtime):
        lua = new_runtime(item_filter=lambda obj, key, is_setting: (key, is_setting))
        d = {("a", False): 1}
        assert lua.execute("local d = ... d.b = d.a return d.a", d) == 1
        assert d == {("a", False): 1, ("b", True): 1}

    def test_any_exception_comes_out(self, new_runtime):
        lua = new_runtime(item_filter=lambda obj, key, is_setting: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            lua.execute("return (...).a", {"a": 1})

    def test_missing_items_are_still_missing(self, lua):
        with pytest.raises(KeyError):
            lua.execute("return (...).b", {"a": 1})


class TestArgument:
    def test_it_must_be_callable(self, new_runtime):
        with pytest.raises(ValueError, match="item_filter must be callable"):
            new_runtime(item_filter=5)

    def test_none_is_no_filter(self, new_runtime):
        assert new_runtime(item_filter=None).execute("return (...).a", {"a": 1}) == 1

    def test_handlers_leave_no_use_for_it(self, new_runtime):
        with pytest.raises(ValueError, match="item_filter and attribute_handlers are mutually exclusive"):
            new_runtime(item_filter=only_names, attribute_handlers=(getattr, None))

    def test_both_filters_may_be_the_same(self, new_runtime, recorder):
        lua = new_runtime(attribute_filter=recorder, item_filter=recorder)
        obj, d = types.SimpleNamespace(x=1), {"x": 2}
        assert lua.execute("local obj, d = ... return obj.x + d.x", obj, d) == 3
        assert recorder.calls == [(obj, "x", False), (d, "x", False)]

    def test_the_collector_sees_it(self, new_runtime, collect):
        class Filter:
            def __call__(self, obj, key, is_setting):
                return key

        item_filter = Filter()
        item_filter.runtime = new_runtime(item_filter=item_filter)
        gone = weakref.ref(item_filter)
        del item_filter
        collect()
        assert gone() is None
