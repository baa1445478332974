"""Named arguments from Lua: `unpacks_lua_table`, `unpacks_lua_table_method`, `python.args`."""

import operator

import pytest


def record(*args, **kwargs):
    return [args, kwargs]


@pytest.fixture
def unpacking(lupa_module):
    return lupa_module.unpacks_lua_table(record)


class TestUnpacksLuaTable:
    def test_named_positional_and_mixed(self, lua, lupa_module):
        @lupa_module.unpacks_lua_table
        def subtract(a, b):
            return a - b

        code = "function(f) return f(5, 3), f{5, 3}, f{a=5, b=3}, f{5, b=3} end"
        assert lua.eval(code)(subtract) == (2, 2, 2, 2)

    def test_builtins_can_be_wrapped(self, lua, lupa_module):
        add = lupa_module.unpacks_lua_table(operator.add)
        assert lua.eval("function(f) return f{5, 6} end")(add) == 11

    def test_an_empty_table_is_no_argument(self, lua, unpacking):
        assert lua.eval("function(f) return f{} end")(unpacking) == [(), {}]

    def test_no_argument_is_no_argument(self, lua, unpacking):
        assert lua.eval("function(f) return f() end")(unpacking) == [(), {}]

    def test_nil_arguments_are_none(self, lua, unpacking):
        assert lua.eval("function(f) return f(nil) end")(unpacking) == [(None,), {}]
        assert lua.eval("function(f) return f(nil, nil) end")(unpacking) == [(None, None), {}]
        assert lua.eval("function(f) return f(1, nil, 3) end")(unpacking) == [(1, None, 3), {}]

    def test_python_none_inside_a_table(self, lua, unpacking):
        assert lua.eval("function(f) return f{python.none, 5, x=python.none} end")(unpacking) == [(None, 5), {"x": None}]

    def test_a_table_beside_others_is_an_argument(self, lua, lupa_module, unpacking):
        (table, two), keywords = lua.eval("function(f) return f({1}, 2) end")(unpacking)
        assert (lupa_module.lua_type(table), two, keywords) == ("table", 2, {})

    def test_a_table_in_a_table_is_an_argument(self, lua, lupa_module, unpacking):
        (table,), keywords = lua.eval("function(f) return f{{1}} end")(unpacking)
        assert (lupa_module.lua_type(table), keywords) == ("table", {})

    @pytest.mark.parametrize("key", ["3", "0", "-1", "100"])
    def test_integer_keys_out_of_sequence(self, lua, unpacking, key):
        with pytest.raises(IndexError, match="table index out of range"):
            lua.eval("function(f) return f{[%s] = 1} end" % key)(unpacking)

    @pytest.mark.parametrize("key", ["1.5", "true", "{}", "print", "python.none"])
    def test_other_keys(self, lua, unpacking, key):
        with pytest.raises(TypeError, match="table key is neither an integer nor a string"):
            lua.eval("function(f) return f{[%s] = 1} end" % key)(unpacking)

    def test_an_argument_given_twice(self, lua, lupa_module):
        function = lupa_module.unpacks_lua_table(lambda a, b: None)
        with pytest.raises(TypeError, match="multiple values for argument 'a'"):
            lua.eval("function(f) return f{1, 2, a=3} end")(function)

    def test_an_unknown_name(self, lua, lupa_module):
        function = lupa_module.unpacks_lua_table(lambda a: None)
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            lua.eval("function(f) return f{z=3} end")(function)

    def test_names_may_be_any_text(self, lua, unpacking):
        assert lua.eval("function(f) return f{['größe in m'] = 2} end")(unpacking) == [(), {"größe in m": 2}]

    def test_it_keeps_name_doc_and_wrapped(self, lupa_module):
        def function(a, b):
            """What it does."""
            return a, b

        wrapper = lupa_module.unpacks_lua_table(function)
        assert (wrapper.__name__, wrapper.__doc__, wrapper.__wrapped__) == ("function", "What it does.", function)

    def test_called_from_python(self, lua, unpacking):
        assert unpacking(1, 2) == [(1, 2), {}]
        assert unpacking(lua.table(1, b=3)) == [(1,), {"b": 3}]

    def test_python_keywords_are_refused(self, unpacking):
        with pytest.raises(TypeError, match="keyword argument"):
            unpacking(1, b=2)

    def test_exceptions_come_out(self, lua, lupa_module):
        def fail(**kwargs):
            raise ZeroDivisionError(kwargs["why"])

        with pytest.raises(ZeroDivisionError, match="because"):
            lua.eval("function(f) f{why='because'} end")(lupa_module.unpacks_lua_table(fail))


class TestUnpacksLuaTableMethod:
    @pytest.fixture
    def thing(self, lupa_module):
        class Thing:
            @lupa_module.unpacks_lua_table_method
            def method(self, *args, **kwargs):
                assert isinstance(self, Thing)
                return [args, kwargs]

        return Thing()

    @pytest.mark.parametrize(
        "call, expected",
        [
            ("o:method{1, x=2}", [(1,), {"x": 2}]), ("o.method{1, x=2}", [(1,), {"x": 2}]),
            ("o.method(o, {1, x=2})", [(1,), {"x": 2}]), ("o:method(1, 2)", [(1, 2), {}]),
            ("o:method()", [(), {}]), ("o:method{}", [(), {}]), ("o:method(nil)", [(None,), {}]),
        ],
    )  # fmt: skip
    def test_from_lua(self, lua, thing, call, expected):
        assert lua.eval("function(o) return %s end" % call)(thing) == expected

    def test_from_python(self, lua, thing):
        assert thing.method(1, 2) == [(1, 2), {}]
        assert thing.method(lua.table(1, x=2)) == [(1,), {"x": 2}]

    def test_errors_are_the_same(self, lua, thing):
        with pytest.raises(IndexError, match="table index out of range"):
            lua.eval("function(o) return o:method{[5] = 1} end")(thing)
        with pytest.raises(TypeError, match="table key is neither an integer nor a string"):
            lua.eval("function(o) return o:method{[true] = 1} end")(thing)

    def test_it_keeps_the_name(self, thing):
        assert thing.method.__name__ == "method"


class TestPythonArgs:
    @pytest.mark.parametrize(
        "arguments, expected",
        [
            ("python.args{}", [(), {}]),
            ("python.args{1, 2, x=3}", [(1, 2), {"x": 3}]),
            ("1, python.args{2}, 3", [(1, 2, 3), {}]),
            ("python.args{1}, python.args{2, x=3}, 4, python.args{5, y=6}", [(1, 2, 4, 5), {"x": 3, "y": 6}]),
            ("python.args{python.none, x=python.none}", [(None,), {"x": None}]),
        ],
    )
    def test_it_spreads_into_the_call(self, lua, arguments, expected):
        assert lua.eval("function(f) return f(%s) end" % arguments)(record) == expected

    def test_with_methods(self, lua):
        class Thing:
            def method(self, *args, **kwargs):
                return [args, kwargs]

        code = "function(o) return o:method(python.args{1, x=2}), o.method(python.args{1}), o:method(5, python.args{1}) end"
        assert lua.eval(code)(Thing()) == ([(1,), {"x": 2}], [(1,), {}], [(5, 1), {}])

    def test_with_types_and_builtins(self, lua):
        assert lua.eval("python.builtins.dict(python.args{a=1, b=2})") == {"a": 1, "b": 2}
        assert lua.eval("python.builtins.int(python.args{'ff', base=16})") == 255
        sort = lua.eval("function(l, key) return python.builtins.sorted(l, python.args{key=key, reverse=true}) end")
        assert sort([1, -3, 2], abs) == [-3, 2, 1]

    def test_it_can_be_used_again(self, lua):
        code = "function(f) local a = python.args{1, x=2} return f(a), f(a), f(a, a == nil) end"
        assert lua.eval(code)(record) == ([(1,), {"x": 2}], [(1,), {"x": 2}], [(1, False), {"x": 2}])

    def test_a_name_given_twice(self, lua):
        with pytest.raises(TypeError, match="multiple values for keyword argument 'x'"):
            lua.eval("function(f) f(python.args{x=1}, python.args{x=2}) end")(record)

    @pytest.mark.parametrize("key", ["5", "0", "-1"])
    def test_integer_keys_out_of_sequence(self, lua, key):
        with pytest.raises(IndexError, match="table index out of range"):
            lua.execute("local a = python.args{[%s] = 1}" % key)

    @pytest.mark.parametrize("key", ["1.5", "true", "{}"])
    def test_other_keys(self, lua, key):
        with pytest.raises(TypeError, match="table key is neither an integer nor a string"):
            lua.execute("local a = python.args{[%s] = 1}" % key)

    @pytest.mark.parametrize(
        "argument, got", [("", "no value"), ("nil", "nil"), ("1", "number"), ("'x'", "string"), ("print", "function")]
    )
    def test_it_needs_a_table(self, lua, lupa_module, argument, got):
        with pytest.raises(lupa_module.LuaError, match=rf"bad argument #1 to 'args' \(table expected, got {got}\)"):
            lua.execute(f"local a = python.args({argument})")

    def test_in_python_it_is_an_opaque_object(self, lua, lupa_module):
        arguments = lua.eval("python.args{1, x=2}")
        assert type(arguments) is lupa_module._PyArguments
        ((passed,), keywords) = record(arguments)
        assert passed is arguments

    def test_it_can_come_back_from_python(self, lua):
        arguments = lua.eval("python.args{1, x=2}")
        assert lua.eval("function(f, a) return f(a) end")(record, arguments) == [(1,), {"x": 2}]

    def test_a_bytes_runtime_has_text_for_names_and_bytes_for_values(self, new_runtime):
        lua = new_runtime(encoding=None)
        assert lua.eval("function(f) return f(python.args{'a', x='b'}) end")(record) == [(b"a",), {"x": b"b"}]

    def test_a_lua_function_takes_it_as_a_value(self, lua):
        assert lua.eval("(function(...) return select('#', ...) end)(python.args{1, 2, 3})") == 1
