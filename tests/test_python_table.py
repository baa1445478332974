"""The table `python` in Lua: none, eval, builtins, as_*, args' errors (iteration has a file of its own)."""

import builtins

import pytest


class TestNone:
    def test_it_is_pythons_none_but_not_nil(self, lua):
        assert lua.eval("python.none == nil") is False
        assert lua.eval("python.none") is None
        assert lua.eval("tostring(python.none)") == "None"
        assert lua.eval("type(python.none)") == "userdata"

    def test_it_counts_as_true(self, lua):
        assert lua.eval("python.none and 'true' or 'false'") == "true"

    def test_it_is_one_value(self, lua, lupa_module):
        assert lua.eval("function(o) return o == python.none end")(lupa_module.as_attrgetter(None)) is True
        lua.gccollect()
        assert lua.eval("function(o) return o == python.none end")(lupa_module.as_attrgetter(None)) is True

    def test_as_an_argument_it_is_none(self, lua):
        assert lua.eval("function(f) return f(python.none) end")(lambda value: value is None) is True

    def test_it_has_the_attributes_of_none(self, lua):
        assert lua.eval("python.none.__class__") is type(None)


class TestEval:
    def test_an_expression(self, lua):
        assert lua.eval("python.eval('2 ** 2')") == 4
        assert lua.eval("python.eval('[1, 2]')") == [1, 2]

    def test_it_is_the_builtin(self, lua):
        assert lua.eval("python.eval") is eval

    def test_leading_blanks_are_fine(self, lua):
        assert lua.eval("python.eval(' 2 ** 2 ')") == 4

    def test_it_sees_the_variables_of_the_calling_frame(self, lua):
        local = "from the caller"
        assert lua.eval("python.eval('local')") == local
        assert lua.eval("python.eval('TestEval')") is TestEval

    def test_exceptions_come_out(self, lua):
        with pytest.raises(ZeroDivisionError):
            lua.eval("python.eval('1 / 0')")
        with pytest.raises(SyntaxError):
            lua.eval("python.eval('1 +')")
        with pytest.raises(NameError):
            lua.eval("python.eval('no_such_name')")


class TestBuiltins:
    def test_it_is_the_module(self, lua):
        assert lua.eval("python.builtins") is builtins

    def test_functions_are_called(self, lua):
        assert lua.eval("python.builtins.str(4)") == "4"
        assert lua.eval("python.builtins.len('abc')") == 3

    def test_imports(self, lua):
        assert lua.eval("python.builtins.__import__('math').floor(2.5)") == 2

    def test_a_missing_name(self, lua):
        with pytest.raises(AttributeError):
            lua.eval("python.builtins.no_such_builtin")


class TestAsAttrgetterAndItemgetter:
    def test_they_choose_the_protocol(self, lua):
        d = {"get": 1}
        attribute = lua.eval("function(o) return python.as_attrgetter(o)['get'] end")
        item = lua.eval("function(o) return python.as_itemgetter(o).get end")
        assert attribute(d) == d.get
        assert item(d) == 1

    def test_they_can_be_applied_again(self, lua):
        code = "function(o) return python.as_itemgetter(python.as_attrgetter(o)).get end"
        assert lua.eval(code)({"get": 1}) == 1

    def test_they_take_what_as_function_gives(self, lua):
        assert lua.eval("python.as_attrgetter(python.as_function(python.builtins.len)).__name__") == "len"

    def test_the_object_is_unwrapped_in_python(self, lua):
        item = []
        assert lua.eval("function(o) return python.as_attrgetter(o) end")(item) is item

    def test_none_can_be_wrapped(self, lua):
        assert lua.eval("type(python.as_attrgetter(python.none))") == "userdata"

    def test_an_object_that_lacks_the_protocol(self, lua):
        with pytest.raises(TypeError, match="not subscriptable"):
            lua.eval("python.as_itemgetter(python.builtins).len")


FUNCTIONS = ["as_attrgetter", "as_itemgetter", "as_function"]


@pytest.fixture
def argument_error(flavour):
    """The pattern of an argument error; LuaJIT forgets the name of a function called in tail position."""

    def pattern(number, function, what):
        return rf"bad argument #{number} to '({function}|\?)' \({what}\)"

    return pattern


class TestArgumentErrors:
    @pytest.mark.parametrize("function", FUNCTIONS)
    @pytest.mark.parametrize("argument", ["", "nil", "1", "'text'", "true", "{}", "print", "io.stdout", "coroutine.create(print)"])
    def test_only_python_objects_are_accepted(self, lua, lupa_module, flavour, argument_error, function, argument):
        if argument.startswith("coroutine") and flavour.version == (5, 1) and not flavour.is_luajit:
            pytest.skip("Lua 5.1 makes coroutines of Lua functions only")
        with pytest.raises(lupa_module.LuaError, match=argument_error(1, function, "not a python object")):
            lua.execute(f"local value = python.{function}({argument})")

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_exactly_one_is_accepted(self, lua, lupa_module, argument_error, function):
        with pytest.raises(lupa_module.LuaError, match=argument_error(2, function, "invalid arguments")):
            lua.execute(f"local value = python.{function}(python.none, python.none)")

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_they_can_be_caught_in_lua(self, lua, function):
        ok, message = lua.eval(f"pcall(python.{function}, 1)")
        assert ok is False
        assert "not a python object" in message


class TestAsFunction:
    def test_it_is_a_function_to_lua(self, lua):
        assert lua.eval("function(f) return type(python.as_function(f)) end")(len) == "function"

    def test_it_calls_the_object(self, lua):
        assert lua.eval("function(f) return python.as_function(f)('abc') end")(len) == 3

    def test_in_python_it_is_the_object_again(self, lua):
        assert lua.eval("function(f) return python.as_function(f) end")(len) is len

    def test_for_sort(self, lua):
        table = lua.table(3, 1, 2)
        lua.eval("function(t, f) table.sort(t, python.as_function(f)) end")(table, lambda a, b: a > b)
        assert list(table.values()) == [3, 2, 1]

    def test_for_gsub(self, lua):
        gsub = lua.eval("function(f) return (string.gsub('hello', '%w', python.as_function(f))) end")
        assert gsub(str.upper) == "HELLO"

    def test_for_pcall_and_coroutines(self, lua, flavour):
        assert lua.eval("function(f) return pcall(python.as_function(f), 'abc') end")(len) == (True, 3)
        if flavour.version == (5, 1) and not flavour.is_luajit:
            pytest.skip("Lua 5.1 makes coroutines of Lua functions only")
        assert lua.eval("function(f) return coroutine.wrap(python.as_function(f))('abcd') end")(len) == 4

    def test_for_hooks(self, lua):
        lines = []
        lua.globals().note = lambda event, line: lines.append((event, line))
        lua.execute("debug.sethook(python.as_function(note), 'l')\nlocal x = 1\ndebug.sethook()")
        assert ("line", 2) in lines

    def test_for_metamethods(self, lua):
        table = lua.eval(
            "function(add) return setmetatable({}, {__add = python.as_function(add), __index = python.as_function(add)}) end"
        )(lambda left, right: f"added {right}")
        assert lua.eval("function(t) return t + 1, t.x end")(table) == ("added 1", "added x")

    def test_exceptions_pass_through(self, lua):
        def fail():
            raise ZeroDivisionError("inside")

        with pytest.raises(ZeroDivisionError, match="inside"):
            lua.eval("function(f) python.as_function(f)() end")(fail)

    def test_it_keeps_the_object_alive(self, lua, collect):
        lua.execute("kept = nil; function keep(f) kept = python.as_function(f) end")
        lua.globals().keep(lambda: "still here")
        collect(lua)
        assert lua.eval("kept()") == "still here"


class TestSetOverflowHandler:
    def test_a_lua_function(self, lua):
        lua.execute("python.set_overflow_handler(function(n) return 'big' end)")
        assert lua.eval("function(x) return x end")(2**70) == "big"

    def test_a_python_object(self, lua):
        lua.eval("function(f) python.set_overflow_handler(f) end")(float)
        assert lua.eval("function(x) return x end")(2**70) == float(2**70)

    def test_nil_removes_it(self, lua):
        lua.execute("python.set_overflow_handler(function(n) return 'big' end)")
        lua.execute("python.set_overflow_handler(nil)")
        with pytest.raises(OverflowError):
            lua.eval("function(x) return x end")(2**70)

    @pytest.mark.parametrize("argument", ["1", "'text'", "{}", "true"])
    def test_other_values_are_refused(self, lua, lupa_module, argument):
        with pytest.raises(lupa_module.LuaError, match="bad argument #1 to"):
            lua.execute(f"python.set_overflow_handler({argument})")


class TestTheTableItself:
    def test_it_is_a_plain_table(self, lua):
        lua.execute("python.mine = 1")
        assert lua.eval("python.mine") == 1
        lua.execute("python = nil")
        assert lua.eval("require('python').none") is None

    def test_removing_names_breaks_nothing(self, lua):
        lua.execute("python.none = nil; python.as_function = nil; package.loaded.python = nil")
        assert lua.eval("function(f) return f(1) end")(abs) == 1
        table = lua.table()
        table[None] = 1
        assert table[None] == 1
