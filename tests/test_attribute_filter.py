"""`attribute_filter`: which accesses of Lua to Python objects it sees, and what it can make of them."""

import types

import pytest
from helpers import Recorder


def deny_private(obj, name, is_setting):
    """The filter of a sandbox: only names that begin with a letter."""
    if isinstance(name, str) and not name.startswith("_"):
        return name
    raise AttributeError("access denied")


class TestSandbox:
    @pytest.fixture
    def lua(self, new_runtime):
        return new_runtime(register_eval=False, attribute_filter=deny_private)

    def test_forbidden_names_raise(self, lua):
        with pytest.raises(AttributeError, match="access denied"):
            lua.eval("function(x) return x.__class__ end")(lua)
        with pytest.raises(AttributeError, match="access denied"):
            lua.eval("function(x) x._private = 1 end")(types.SimpleNamespace())

    def test_allowed_names_pass(self, lua):
        item = types.SimpleNamespace(x=1)
        assert lua.eval("function(o) o.y = o.x + 1 return o.y end")(item) == 2

    def test_methods_are_attributes(self, lua):
        class Robot:
            def public(self):
                return "ok"

            def _private(self):
                return "secret"

        assert lua.eval("function(r) return r:public() end")(Robot()) == "ok"
        with pytest.raises(AttributeError, match="access denied"):
            lua.eval("function(r) return r:_private() end")(Robot())

    def test_lua_can_catch_the_refusal(self, lua):
        ok, error = lua.eval("function(x) return pcall(function() return x.__class__ end) end")(lua)
        assert ok is False
        assert isinstance(error, AttributeError)

    def test_builtins_are_filtered_too(self, lua):
        with pytest.raises(AttributeError, match="access denied"):
            lua.eval("python.builtins.__import__")
        assert lua.eval("python.builtins.len('abc')") == 3


class TestArguments:
    def test_object_name_and_direction(self, new_runtime):
        recorder = Recorder()
        item = types.SimpleNamespace(x=1)
        new_runtime(attribute_filter=recorder).eval("function(o) o.y = o.x end")(item)
        assert recorder.calls == [(item, "x", False), (item, "y", True)]

    def test_names_may_be_any_value(self, new_runtime, lupa_module):
        names = []

        def record(obj, name, is_setting):
            names.append(name)
            return "real"

        item = 3j
        new_runtime(attribute_filter=record).eval("function(o) return o[1], o[true], o[1.5], o[o], o[nil], o[{}] end")(item)
        assert names[:5] == [1, True, 1.5, item, None]
        assert lupa_module.lua_type(names[5]) == "table"

    def test_names_are_bytes_in_a_bytes_runtime(self, new_runtime):
        recorder = Recorder()
        lua = new_runtime(encoding=None, attribute_filter=recorder)
        assert lua.eval("function(o) return o.x end")(types.SimpleNamespace(x=1)) == 1
        assert recorder.calls[0][1] == b"x"

    def test_undecodable_names_do_not_reach_it(self, new_runtime):
        recorder = Recorder()
        with pytest.raises(UnicodeDecodeError):
            new_runtime(attribute_filter=recorder).eval(r"function(o) return o['\228'] end")(types.SimpleNamespace())
        assert recorder.calls == []


class TestResult:
    def test_another_name_may_be_given(self, new_runtime):
        lua = new_runtime(attribute_filter=lambda obj, name, is_setting: "imag")
        assert lua.eval("function(z) return z.anything end")(3j) == 3

    def test_also_for_writing(self, new_runtime):
        item = types.SimpleNamespace()
        new_runtime(attribute_filter=lambda obj, name, is_setting: f"lua_{name}").eval("function(o) o.x = 1 end")(item)
        assert vars(item) == {"lua_x": 1}

    def test_bytes_are_decoded(self, new_runtime):
        lua = new_runtime(attribute_filter=lambda obj, name, is_setting: b"imag")
        assert lua.eval("function(z) return z.anything end")(3j) == 3

    @pytest.mark.parametrize("result", [5, None, ["real"]], ids=repr)
    def test_other_values_are_no_names(self, new_runtime, result):
        lua = new_runtime(attribute_filter=lambda obj, name, is_setting: result)
        with pytest.raises(TypeError, match="attribute name must be string"):
            lua.eval("function(z) return z.real end")(3j)

    def test_any_exception_comes_out(self, new_runtime):
        def broken(obj, name, is_setting):
            raise ZeroDivisionError(name)

        with pytest.raises(ZeroDivisionError, match="real"):
            new_runtime(attribute_filter=broken).eval("function(z) return z.real end")(3j)

    def test_missing_attributes_are_still_missing(self, new_runtime):
        lua = new_runtime(attribute_filter=Recorder())
        with pytest.raises(AttributeError, match="has no attribute 'missing'"):
            lua.eval("function(z) return z.missing end")(3j)


class TestWhatIsNotFiltered:
    """The filter is for attributes; items, calls, iteration and text go past it."""

    @pytest.fixture
    def recorder(self):
        return Recorder()

    @pytest.fixture
    def lua(self, new_runtime, recorder):
        return new_runtime(attribute_filter=recorder)

    def test_items(self, lua, recorder):
        d = {"a": 1}
        lua.eval("function(d) d.b = d.a end")(d)
        assert d == {"a": 1, "b": 1}
        assert recorder.calls == []

    def test_calls_text_and_iteration(self, lua, recorder):
        assert lua.eval("function(f) return f(1) end")(abs) == 1
        assert lua.eval("function(o) return tostring(o) end")(3j) == "3j"
        assert lua.eval("function(o) for v in python.iter(o) do return v end end")(range(5, 9)) == 5
        assert recorder.calls == []

    def test_attributes_of_objects_with_items_are_filtered_through_as_attrgetter(self, lua, recorder):
        d = {}
        assert lua.eval("function(d) return python.as_attrgetter(d).keys end")(d) is not None
        assert recorder.calls == [(d, "keys", False)]

    def test_lua_tables(self, lua, recorder):
        table = lua.table(x=1)
        assert (table.x, lua.eval("function(t) return t.x end")(table)) == (1, 1)
        assert recorder.calls == []
