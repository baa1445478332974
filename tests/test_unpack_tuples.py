"""`unpack_returned_tuples`: what becomes several Lua values, and what stays one."""

import collections

import pytest


@pytest.fixture
def lua(new_runtime):
    return new_runtime(unpack_returned_tuples=True)


@pytest.fixture
def results(lua):
    """How many values a Python callable returns to Lua, and which."""
    return lua.eval("function(f, ...) return select('#', f(...)), f(...) end")


class TestCalls:
    def test_a_tuple_becomes_its_items(self, lua):
        lua.execute("a, b, c = python.eval('(1, 2)')")
        assert (lua.globals().a, lua.globals().b, lua.globals().c) == (1, 2, None)

    def test_an_empty_tuple_is_no_value(self, lua):
        assert lua.eval("function(f) return select('#', f()) end")(tuple) == 0
        assert lua.eval("function(f) return f() end")(tuple) is None

    def test_a_tuple_of_one(self, results):
        assert results(lambda: (5,)) == (1, 5)

    def test_none_inside_is_nil(self, results):
        assert results(lambda: (1, None)) == (2, 1, None)
        assert results(lambda: (None, None, 3)) == (3, None, None, 3)

    def test_inner_tuples_stay(self, results):
        assert results(lambda: (1, (2, 3))) == (2, 1, (2, 3))

    def test_lists_stay(self, results):
        assert results(lambda: [1, 2]) == (1, [1, 2])

    def test_subclasses_are_tuples(self, results):
        point = collections.namedtuple("Point", "x y")
        assert results(lambda: point(1, 2)) == (2, 1, 2)

    def test_many_items(self, lua):
        count = lua.eval("function(f) return select('#', f()) end")
        assert count(lambda: tuple(range(500))) == 500

    def test_methods_and_as_function(self, lua):
        class Pair:
            def both(self):
                return 1, 2

        assert lua.eval("function(o) return select('#', o:both()) end")(Pair()) == 2
        assert lua.eval("function(f) return python.as_function(f)() end")(lambda: (1, 2)) == (1, 2)

    def test_an_item_that_cannot_be_converted(self, lua):
        with pytest.raises(OverflowError):
            lua.eval("function(f) return f() end")(lambda: (1, 2**70))


class TestIteration:
    @pytest.fixture
    def rows(self, lua):
        code = """
            function(iterable)
                local rows = {}
                for a, b, c in python.%s(iterable) do
                    rows[#rows + 1] = tostring(a) .. "," .. tostring(b) .. "," .. tostring(c)
                end
                return table.concat(rows, ";")
            end
        """
        return lambda function, iterable: lua.eval(code % function)(iterable)

    @pytest.mark.parametrize("function", ["iter", "iterex"])
    def test_tuples_are_exploded(self, rows, function):
        assert rows(function, [(1, 2, 3), None, (4,), (None, 5), 6]) == "1,2,3;None,nil,nil;4,nil,nil;None,5,nil;6,nil,nil"

    def test_enumerate_gives_a_flat_sequence(self, rows):
        assert rows("enumerate", [(1, 2), None, (None, 5), ()]) == "0,1,2;1,nil,nil;2,nil,5;3,nil,nil"


class TestWhatIsNotUnpacked:
    def test_attributes(self, lua):
        class Holder:
            pair = (1, 2)

        assert lua.eval("function(o) return select('#', o.pair), o.pair end")(Holder()) == (1, (1, 2))

    def test_items(self, lua):
        assert lua.eval("function(l) return select('#', l[0]), l[0] end")([(1, 2)]) == (1, (1, 2))

    def test_arguments(self, lua):
        assert lua.eval("function(...) return select('#', ...) end")((1, 2)) == 1

    def test_values_in_tables(self, lua):
        assert lua.table((1, 2))[1] == (1, 2)


class TestSwitchedOff:
    def test_a_tuple_stays_one_value(self, new_runtime):
        lua = new_runtime(unpack_returned_tuples=False)
        lua.execute("a, b, c = python.eval('(1, 2)')")
        assert (lua.globals().a, lua.globals().b, lua.globals().c) == ((1, 2), None, None)
