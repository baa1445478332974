"""Iterating over Python objects in Lua: `python.iter`, `python.iterex`, `python.enumerate`."""

import pytest

COLLECT = """
    function(iterable, ...)
        local rows = {}
        for a, b, c in python.%s(iterable, ...) do
            rows[#rows + 1] = tostring(a) .. "," .. tostring(b) .. "," .. tostring(c)
        end
        return table.concat(rows, ";")
    end
"""


@pytest.fixture
def rows(lua):
    """Run a loop with three variables over a Python iterable; the rows as one text."""

    def rows(function, *arguments, runtime=lua):
        return runtime.eval(COLLECT % function)(*arguments)

    return rows


class TestIter:
    def test_items_in_order(self, lua):
        copy = lua.eval("function(l) local t = {} for v in python.iter(l) do t[#t + 1] = v end return t end")
        assert list(copy([1, 2, 3, 4]).values()) == [1, 2, 3, 4]

    @pytest.mark.parametrize("iterable", [[], (), {}, set(), range(0)], ids=lambda value: type(value).__name__)
    def test_nothing_to_iterate(self, rows, iterable):
        assert rows("iter", iterable) == ""

    def test_dicts_give_keys(self, rows):
        assert rows("iter", {"a": 1, "b": 2}) == "a,nil,nil;b,nil,nil"

    def test_generators_are_driven_lazily(self, lua):
        produced = []

        def numbers():
            for i in range(10):
                produced.append(i)
                yield i

        lua.eval("function(g) for n in python.iter(g) do if n == 2 then break end end end")(numbers())
        assert produced == [0, 1, 2]

    def test_an_iterator_goes_on_where_it_stopped(self, lua):
        first = lua.eval("function(i) for v in python.iter(i) do return v end end")
        iterator = iter("abc")
        assert [first(iterator), first(iterator), first(iterator), first(iterator)] == ["a", "b", "c", None]

    def test_none_becomes_python_none(self, lua):
        same = lua.eval(
            "function(l) local t = {} for v in python.iter(l) do t[#t + 1] = v == python.none end return t end"
        )
        assert list(same([1, None, 2]).values()) == [False, True, False]

    def test_tuples_stay_whole(self, rows):
        assert rows("iter", [(1, 2), (3,)]) == "(1, 2),nil,nil;(3,),nil,nil"

    def test_it_gives_function_iterator_and_nil(self, lua):
        code = "function(l) local f, s, c = python.iter(l) return type(f), type(s), type(c), f(s), f(s), f(s) end"
        assert lua.eval(code)([7, 8]) == ("function", "userdata", "nil", 7, 8, None)
        assert lua.eval("function(l) return select('#', python.iter(l)) end")([]) == 3

    def test_the_state_is_the_python_iterator(self, lua):
        _, iterator, _ = lua.eval("function(l) return python.iter(l) end")([5])
        assert next(iterator) == 5

    def test_the_step_function_refuses_other_values(self, lua, lupa_module):
        for value in ("nil", "5", "{}"):
            with pytest.raises(lupa_module.LuaError, match="not a python object"):
                lua.eval(f"function(l) local f = python.iter(l) local v = f({value}) end")([1])

    def test_an_exception_in_the_iterator_comes_out(self, lua):
        def broken():
            yield 1
            raise KeyError("second")

        seen = []
        with pytest.raises(KeyError, match="second"):
            lua.eval("function(g, f) for v in python.iter(g) do f(v) end end")(broken(), seen.append)
        assert seen == [1]

    def test_an_exception_can_be_caught_in_lua(self, lua):
        def broken():
            raise KeyError("first")
            yield

        ok, error = lua.eval("function(g) return pcall(function() for v in python.iter(g) do end end) end")(broken())
        assert ok is False
        assert isinstance(error, KeyError)

    def test_nested_loops(self, lua):
        code = """
            function(outer)
                local sum = 0
                for inner in python.iter(outer) do for n in python.iter(inner) do sum = sum + n end end
                return sum
            end
        """
        assert lua.eval(code)([[1, 2], [3], [], range(10)]) == 51

    @pytest.mark.usefixtures("usual_numbers")
    def test_many_items(self, lua):
        total = lua.eval("function(i) local s = 0 for n in python.iter(i) do s = s + n end return s end")
        assert total(range(100_000)) == sum(range(100_000))

    def test_a_loop_inside_a_coroutine(self, lua):
        generator = lua.eval("function(l) for v in python.iter(l) do coroutine.yield(v) end end").coroutine("abc".split("b"))
        assert list(generator) == ["a", "c"]

    def test_objects_of_both_protocols_are_iterable(self, rows, lupa_module):
        assert rows("iter", lupa_module.as_attrgetter([1])) == "1,nil,nil"
        assert rows("iter", lupa_module.as_itemgetter([1])) == "1,nil,nil"
        assert rows("iter", lupa_module.as_attrgetter("ab")) == "a,nil,nil;b,nil,nil"


class TestIterex:
    def test_tuples_are_exploded(self, rows):
        assert rows("iterex", [(1, 2, 3), (4,), 5]) == "1,2,3;4,nil,nil;5,nil,nil"

    def test_pairs_of_a_dict(self, lua, lupa_module):
        copy = lua.eval(
            "function(d) local t = {} for k, v in python.iterex(d.items()) do t[k] = v end return t end"
        )
        assert dict(copy(lupa_module.as_attrgetter({"a": 1, "b": 2}))) == {"a": 1, "b": 2}

    def test_lists_stay_whole(self, rows):
        assert rows("iterex", [[6, 7]]) == "[6, 7],nil,nil"

    def test_only_the_first_none_is_python_none(self, lua):
        code = """
            function(items)
                for a, b, c, d in python.iterex(items) do
                    return {a == python.none, a == nil, b == python.none, b == nil,
                            c == python.none, c == nil, d == python.none, d == nil}
                end
            end
        """
        expected = [True, False, False, True, False, True, False, True]
        function = lua.eval(code)
        assert list(function([(None, None, None, None)]).values()) == expected
        assert list(function([(None, None)]).values()) == expected
        assert list(function([None]).values()) == expected

    def test_nones_after_the_first_do_not_end_the_loop(self, rows):
        assert rows("iterex", [(1, None, 3), (None, 2), None]) == "1,nil,3;None,2,nil;None,nil,nil"

    def test_long_tuples(self, lua):
        count = lua.eval("function(l) local f, s = python.iterex(l) return select('#', f(s)) end")
        assert count([tuple(range(200))]) == 200


class TestEnumerate:
    def test_indices_start_at_zero(self, rows):
        assert rows("enumerate", ["a", "b"]) == "0,a,nil;1,b,nil"

    def test_a_start_can_be_given(self, rows):
        assert rows("enumerate", ["a", "b"], 10) == "10,a,nil;11,b,nil"
        assert rows("enumerate", ["a", "b"], -1) == "-1,a,nil;0,b,nil"

    def test_indices_are_integers(self, lua, flavour):
        if not flavour.has_integers:
            pytest.skip("before Lua 5.3 all numbers are doubles")
        assert lua.eval("function(l) for i in python.enumerate(l) do return math.type(i) end end")("x".split()) == "integer"

    def test_the_start_may_be_an_integral_float_or_a_numeral(self, lua):
        first = lua.eval("function(l, start) for i in python.enumerate(l, start) do return i end end")
        assert first([0], 2.0) == 2
        assert first([0], "3") == 3

    def test_none_stays_nil(self, rows):
        assert rows("enumerate", [None, 1]) == "0,nil,nil;1,1,nil"

    def test_tuples_stay_whole(self, rows):
        assert rows("enumerate", [(1, 2)]) == "0,(1, 2),nil"

    @pytest.mark.parametrize("start, kind", [("x", "string"), ([], "userdata"), (None, "nil"), (True, "boolean")])
    def test_a_bad_start_is_refused(self, lua, lupa_module, start, kind):
        code = "function(l, start) local f = python.enumerate(l, start) end"
        with pytest.raises(lupa_module.LuaError, match=f"Could not convert {kind} to string"):
            lua.eval(code)([1], start)

    def test_a_third_argument_is_refused(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match=r"bad argument #3 to 'enumerate' \(invalid arguments\)"):
            lua.eval("function(l) local f = python.enumerate(l, 1, 2) end")([1])

    @pytest.mark.usefixtures("usual_numbers")
    def test_many_items(self, lua):
        total = lua.eval("function(i) local s = 0 for k, n in python.enumerate(i) do s = s + k * n end return s end")
        assert total(range(10_000)) == sum(i * i for i in range(10_000))


@pytest.mark.parametrize("function", ["iter", "iterex", "enumerate"])
class TestRefusals:
    @pytest.mark.parametrize("argument", ["", "nil", "5", "'text'", "{}", "print"])
    def test_only_python_objects(self, lua, lupa_module, function, argument):
        with pytest.raises(lupa_module.LuaError, match=rf"bad argument #1 to '{function}' \(not a python object\)"):
            lua.execute(f"local f = python.{function}({argument})")

    def test_what_is_not_iterable_is_pythons_error(self, lua, function):
        with pytest.raises(TypeError, match="'module' object is not iterable"):
            lua.execute(f"local f = python.{function}(python.builtins)")
        with pytest.raises(TypeError, match="'NoneType' object is not iterable"):
            lua.execute(f"local f = python.{function}(python.none)")

    def test_surplus_arguments(self, lua, lupa_module, function):
        number = 3 if function == "enumerate" else 2
        arguments = ", ".join(["1"] * (number - 1))
        with pytest.raises(lupa_module.LuaError, match=rf"bad argument #{number} to '{function}' \(invalid arguments\)"):
            lua.execute(f"local f = python.{function}(python.builtins.list(), {arguments})")
