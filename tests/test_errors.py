"""Lua errors in Python: types, messages, tracebacks, the error object."""

import copy
import pickle

import pytest


def catch(lupa_module, run, *args):
    """The LuaError that `run` raises."""
    with pytest.raises(lupa_module.LuaError) as caught:
        run(*args)
    return caught.value


class TestTypes:
    def test_the_family(self, lupa_module):
        assert issubclass(lupa_module.LuaError, Exception)
        assert issubclass(lupa_module.LuaSyntaxError, lupa_module.LuaError)
        assert issubclass(lupa_module.LuaMemoryError, lupa_module.LuaError)
        assert issubclass(lupa_module.LuaMemoryError, MemoryError)
        assert not issubclass(lupa_module.LuaError, (SyntaxError, MemoryError, RuntimeError))

    def test_they_are_ordinary_exceptions(self, lupa_module):
        for name in ("LuaError", "LuaSyntaxError", "LuaMemoryError"):
            kind = getattr(lupa_module, name)
            assert kind.__name__ == name
            assert str(kind("message")) == "message"
            assert kind("a", "b").args == ("a", "b")
            assert str(kind()) == ""

    def test_they_can_be_subclassed_raised_and_caught(self, lupa_module):
        class Mine(lupa_module.LuaError):
            pass

        with pytest.raises(lupa_module.LuaError, match="mine"):
            raise Mine("mine")

    def test_they_can_be_pickled_and_copied(self, lupa_module):
        for error in (lupa_module.LuaError("x"), lupa_module.LuaSyntaxError("y"), lupa_module.LuaMemoryError("z")):
            for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
                assert type(twin) is type(error)
                assert twin.args == error.args

    def test_there_is_one_argument(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "error('x')")
        assert error.args == (str(error),)


class TestMessages:
    @pytest.mark.parametrize(
        "code, message",
        [
            ("error('boom')", "boom"),
            ("error('')", ""),
            ("error('a\\nb')", "a\nb"),
            ("assert(false, 'msg')", None),
            ("assert(false)", None),
            ("nosuch()", "attempt to call"),
            ("local t = {} ; t.x.y = 1", "attempt to index"),
            ("local x = 1 + {}", "attempt to perform arithmetic on a table value"),
            ("local x = {} .. 'x'", "attempt to concatenate a table value"),
            ("local x = 1 < 'x'", "attempt to compare number with string"),
            ("local x = #5", "attempt to get length of a number value"),
            ("string.rep()", "bad argument #1 to 'rep' (string expected, got no value)"),
        ],
    )
    def test_position_comes_first(self, lua, lupa_module, code, message):
        text = str(catch(lupa_module, lua.execute, code))
        if message is None:
            assert "msg" in text or "assertion failed!" in text
        else:
            assert text.startswith(f'[string "<python>"]:1: {message}')

    def test_level_zero_has_no_position(self, lua, lupa_module):
        assert str(catch(lupa_module, lua.execute, "error('bare', 0)")).startswith("bare\nstack traceback:")

    def test_numbers_become_text(self, lua, lupa_module):
        assert str(catch(lupa_module, lua.execute, "error(42, 0)")).startswith("42\n")

    def test_a_call_of_a_function_fails_alike(self, lua, lupa_module):
        error = catch(lupa_module, lua.eval("function() error('in function') end"))
        assert "in function" in str(error)

    def test_an_error_caught_in_lua_goes_no_further(self, lua):
        assert lua.execute("local ok, e = pcall(error, {code = 5}); return ok, e.code") == (False, 5)

    def test_the_runtime_goes_on(self, lua, lupa_module):
        for _ in range(200):
            catch(lupa_module, lua.execute, "error('again')")
        assert lua.eval("1 + 1") == 2

    def test_stack_overflow_is_an_error(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "local function f() return f() + 1 end f()")
        assert "stack overflow" in str(error)
        assert lua.eval("1 + 1") == 2

    def test_pattern_errors_and_argument_errors_of_libraries(self, lua, lupa_module):
        assert "malformed pattern" in str(catch(lupa_module, lua.execute, "string.find('a', '[')"))
        assert "bad argument" in str(catch(lupa_module, lua.execute, "setmetatable(1, 2)"))


NESTED = """\
local function inner()
  error('deep')
  return 1
end
local function middle()
  inner()
  return 2
end
middle()
return 3
"""


class TestTraceback:
    def test_it_follows_the_message(self, lua, lupa_module):
        head, _, rest = str(catch(lupa_module, lua.execute, "error('x')")).partition("\n")
        assert head == '[string "<python>"]:1: x'
        assert rest.startswith("stack traceback:\n\t")

    def test_the_innermost_frame_is_the_last(self, lua, lupa_module):
        text = str(catch(lupa_module, lua.execute, NESTED))
        trace = text[text.index("stack traceback:") :]
        places = [trace.index(f'[string "<python>"]:{line}:') for line in (9, 6, 2)]
        assert places == sorted(places)

    def test_frames_on_both_sides_of_a_callback(self, lua, lupa_module):
        def callback():
            lua.execute("error('inside')", name="=inner")

        function = lua.execute("return function(f) f() return 1 end", name="=outer")
        assert "inside" in str(catch(lupa_module, function, callback))

    def test_it_is_made_by_debug_traceback(self, lua, lupa_module):
        lua.execute("debug.traceback = function(message) return 'custom: ' .. tostring(message) end")
        assert str(catch(lupa_module, lua.execute, "error('x')")).startswith('custom: [string "<python>"]:1: x')

    @pytest.mark.parametrize("change", ["debug.traceback = nil", "debug = nil", "debug.traceback = 5"])
    def test_without_debug_traceback_there_is_none(self, lua, lupa_module, change):
        lua.execute(change)
        assert str(catch(lupa_module, lua.execute, "error('x')")) == '[string "<python>"]:1: x'

    def test_a_broken_debug_traceback_does_no_harm(self, lua, lupa_module):
        lua.execute("debug.traceback = function(message) error('broken') end")
        catch(lupa_module, lua.execute, "error('x')")
        lua.execute("debug.traceback = function(message) return {} end")
        catch(lupa_module, lua.execute, "error('x')")
        assert lua.eval("1 + 1") == 2

    def test_errors_in_metamethods_have_one(self, lua, lupa_module):
        table = lua.eval("setmetatable({}, {__index = function() error('no field') end})")
        assert "stack traceback:" in str(catch(lupa_module, lambda: table.x))
        assert "stack traceback:" in str(catch(lupa_module, lambda: table["x"]))


@pytest.mark.deviation
class TestErrorObject:
    """`LuaError.value` is what Lua raised; `LuaError.traceback` is where."""

    def test_a_string_is_kept_without_traceback(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "error('boom')")
        assert error.value == '[string "<python>"]:1: boom'
        assert catch(lupa_module, lua.execute, "error('bare', 0)").value == "bare"

    def test_the_message_is_value_and_traceback(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "error('boom')")
        assert isinstance(error.traceback, str)
        assert "stack traceback:" in error.traceback
        assert str(error).startswith(error.value)
        assert str(error).endswith(error.traceback.rstrip("\n"))

    def test_tables_are_kept(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "thrown = {code = 42}; error(thrown)")
        assert lupa_module.lua_type(error.value) == "table"
        assert error.value.code == 42
        assert lua.eval("function(t) return t == thrown end")(error.value) is True

    @pytest.mark.parametrize("code, value", [("true", True), ("false", False), ("1.5", 1.5), ("42", 42)])
    def test_plain_values_are_kept(self, lua, lupa_module, code, value):
        error = catch(lupa_module, lua.execute, f"error({code}, 0)")
        assert error.value == value
        assert type(error.value) is type(value)

    def test_nil_is_none(self, lua, lupa_module, lua_version):
        error = catch(lupa_module, lua.execute, "error()")
        if lua_version >= (5, 5):
            assert error.value in (None, "<no error object>")
        else:
            assert error.value is None

    def test_functions_and_userdata_are_kept(self, lua, lupa_module):
        assert catch(lupa_module, lua.execute, "error(function() return 7 end)").value() == 7
        assert lupa_module.lua_type(catch(lupa_module, lua.execute, "error(io.stdout)").value) == "userdata"

    def test_python_objects_are_kept(self, lua, lupa_module):
        item = [1, 2]
        error = catch(lupa_module, lua.eval("function(o) error(o) end"), item)
        assert error.value is item
        assert "[1, 2]" in str(error)

    def test_undecodable_strings_are_kept_in_some_form(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, r"error('\228', 0)")
        assert error.value in ("ä", b"\xe4")

    @pytest.mark.parametrize("code, kind", [("{}", "table"), ("true", "boolean"), ("print", "function")])
    def test_the_message_names_the_kind(self, lua, lupa_module, code, kind):
        error = catch(lupa_module, lua.execute, f"error({code})")
        assert str(error).startswith(f"(error object is a {kind} value)")
        assert "stack traceback:" in str(error)

    def test_tostring_makes_the_message(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "error(setmetatable({}, {__tostring = function() return 'custom' end}))")
        assert str(error).startswith("custom")
        assert lupa_module.lua_type(error.value) == "table"

    @pytest.mark.parametrize("body", ["error('in tostring')", "return {}", "return nil", "error({})", "while true do error() end"])
    def test_a_broken_tostring_does_no_harm(self, lua, lupa_module, body):
        error = catch(lupa_module, lua.execute, "error(setmetatable({n = 1}, {__tostring = function() %s end}))" % body)
        assert isinstance(error.args[0], str)
        assert lua.eval("1 + 1") == 2

    def test_the_default_is_none(self, lupa_module):
        error = lupa_module.LuaError("message")
        assert (error.value, error.traceback) == (None, None)

    def test_without_debug_traceback_there_is_no_traceback(self, lua, lupa_module):
        lua.execute("debug.traceback = nil")
        error = catch(lupa_module, lua.execute, "error('x')")
        assert error.traceback is None
        assert error.value == str(error) == '[string "<python>"]:1: x'

    def test_rethrown_in_lua_it_is_the_same_object(self, lua, lupa_module):
        code = "thrown = {}; local ok, e = pcall(error, thrown); error(e)"
        error = catch(lupa_module, lua.execute, code)
        assert lua.eval("rawequal")(error.value, lua.globals().thrown) is True

    def test_the_error_keeps_its_object_alive(self, lua, lupa_module, collect):
        error = catch(lupa_module, lua.execute, "error({code = 42})")
        collect(lua)
        assert error.value.code == 42

    def test_not_enough_memory_in_a_text_is_no_memory_error(self, lua, lupa_module):
        error = catch(lupa_module, lua.execute, "error('not enough memory')")
        assert type(error) is lupa_module.LuaError


class TestSyntaxErrors:
    @pytest.mark.parametrize(
        "code, message",
        [
            ("x = = 1", "unexpected symbol near '='"), ("x = 'abc", "unfinished string near"),
            ("for i = 1 do end", "',' expected near 'do'"), ("return 1 2", "expected near '2'"),
            ("goto nowhere", "x|nowhere"), ("break", "break"), ("if x then", "'end' expected near"),
            ("x = }", "unexpected symbol near '}'"), ("f(", "unexpected symbol near"), ("local 1", "expected near '1'"),
        ],
    )  # fmt: skip
    def test_lua_says_what_is_wrong(self, lua, lupa_module, code, message):
        with pytest.raises(lupa_module.LuaSyntaxError, match=message):
            lua.execute(code)

    def test_too_many_locals(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError, match="too many|more than 200"):
            lua.execute("local " + ", ".join(f"a{i}" for i in range(300)))

    def test_very_deep_nesting(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError):
            lua.eval("(" * 5000 + "1" + ")" * 5000)
        assert lua.eval("1 + 1") == 2
