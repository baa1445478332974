"""`overflow_handler`: what it is asked, what may come of it, and that it may fail."""

import pytest

BIG = 2**70


@pytest.fixture
def same(lua):
    return lua.eval("function(...) return ... end")


class TestSetting:
    def test_by_the_constructor(self, new_runtime):
        assert new_runtime(overflow_handler=str).eval("...", BIG) == str(BIG)

    def test_by_the_method(self, lua, same):
        lua.set_overflow_handler(float)
        assert same(BIG) == float(BIG)

    def test_from_lua(self, lua, same):
        lua.execute("python.set_overflow_handler(function(n) return 'big' end)")
        assert same(BIG) == "big"

    def test_none_removes_it(self, lua, same):
        lua.set_overflow_handler(str)
        lua.set_overflow_handler(None)
        with pytest.raises(OverflowError):
            same(BIG)

    def test_it_can_be_replaced(self, lua, same):
        lua.set_overflow_handler(str)
        lua.set_overflow_handler(float)
        assert same(BIG) == float(BIG)

    def test_it_must_be_callable(self, lua):
        with pytest.raises(ValueError, match="overflow_handler must be callable"):
            lua.set_overflow_handler(5)

    def test_a_function_of_another_runtime_is_refused(self, lua, new_runtime, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="cannot mix objects from different Lua runtimes"):
            lua.set_overflow_handler(new_runtime().eval("print"))

    def test_it_belongs_to_its_runtime(self, lua, new_runtime):
        lua.set_overflow_handler(str)
        with pytest.raises(OverflowError):
            new_runtime().eval("...", BIG)


class TestAsking:
    def test_it_gets_the_integer(self, lua, same):
        asked = []

        def handler(*args):
            asked.append(args)
            return 0

        lua.set_overflow_handler(handler)
        same(BIG, 1, -BIG)
        assert asked == [(BIG,), (-BIG,)]

    @pytest.mark.usefixtures("usual_numbers")
    def test_small_integers_do_not_reach_it(self, lua, same):
        lua.set_overflow_handler(lambda n: 1 / 0)
        assert same(2**53, -5) == (2**53, -5)

    @pytest.mark.parametrize(
        "place",
        [
            lambda lua: lua.eval("...", BIG),
            lambda lua: lua.table(BIG)[1],
            lambda lua: lua.table(a=BIG).a,
            lambda lua: lua.table_from([BIG])[1],
            lambda lua: next(iter(lua.table_from({BIG: 1}))),
            lambda lua: lua.eval("function(f) return f() end")(lambda: BIG),
            lambda lua: lua.eval("python.eval('2 ** 70')"),
            lambda lua: lua.eval("function(o) for v in python.iter(o) do return v end end")([BIG]),
            lambda lua: lua.eval("function(o) return o[0] end")([BIG]),
            lambda lua: lua.eval("function(o) return o.numerator end")(lua_object(BIG)),
            lambda lua: next(lua.eval("function(n) return n end").coroutine(BIG)),
        ],
        ids=[
            "argument", "item of a table", "field of a table", "item of table_from", "key of table_from", "result",
            "python.eval", "iteration", "item", "attribute", "coroutine",
        ],
    )  # fmt: skip
    def test_in_every_place(self, lua, place):
        lua.set_overflow_handler(str)
        assert place(lua) == str(BIG)

    def test_a_lua_function_gets_a_python_object(self, lua, same):
        lua.set_overflow_handler(lua.eval("function(n) return type(n) .. ' ' .. tostring(n) end"))
        assert same(BIG) == f"userdata {BIG}"


def lua_object(value):
    """An object whose attribute `numerator` is `value`."""

    class Holder:
        numerator = value

    return Holder()


class TestResult:
    @pytest.mark.parametrize("result", [0, 1.5, "text", None, True, [1]], ids=repr)
    def test_it_takes_the_place_of_the_integer(self, lua, same, result):
        lua.set_overflow_handler(lambda n: result)
        assert same(BIG) == result

    def test_a_tuple_is_one_value(self, lua):
        lua.set_overflow_handler(lambda n: (1, 2))
        assert lua.eval("select('#', ...), ...", BIG) == (1, (1, 2))

    def test_of_a_lua_function_the_first_result_counts(self, lua):
        lua.set_overflow_handler(lua.eval("function(n) return 5, 6 end"))
        assert lua.eval("select('#', ...), ...", BIG) == (1, 5)

    def test_it_may_use_the_runtime(self, lua, same):
        lua.set_overflow_handler(lambda n: lua.eval("'from ' .. ...", "Lua"))
        assert same(BIG) == "from Lua"


class TestFailing:
    """Whatever goes wrong in the handler, the error is the original one."""

    @pytest.mark.parametrize(
        "handler",
        [lambda n: 1 / 0, lambda: 0, lambda n: "\ud800"],
        ids=["raises", "wrong signature", "unencodable result"],
    )
    def test_a_python_handler(self, lua, same, handler):
        lua.set_overflow_handler(handler)
        with pytest.raises(OverflowError, match="Python int too large to convert to C long"):
            same(BIG)

    def test_a_lua_handler(self, lua, same):
        lua.set_overflow_handler(lua.eval("function(n) error('no') end"))
        with pytest.raises(OverflowError):
            same(BIG)

    def test_a_table_that_cannot_be_called(self, lua, same):
        lua.set_overflow_handler(lua.table())
        with pytest.raises(OverflowError):
            same(BIG)

    def test_the_runtime_goes_on(self, lua, same):
        lua.set_overflow_handler(lambda n: 1 / 0)
        for _ in range(100):
            with pytest.raises(OverflowError):
                same(BIG)
        assert same(1) == 1

    @pytest.mark.deviation
    def test_a_handler_that_returns_the_integer_itself(self, lua, same):
        lua.set_overflow_handler(lambda n: n)
        with pytest.raises(OverflowError):
            same(BIG)

    @pytest.mark.deviation
    def test_a_lack_of_memory_stays_one(self, lua, same):
        def handler(value):
            raise MemoryError("of the handler")

        lua.set_overflow_handler(handler)
        with pytest.raises(MemoryError, match="of the handler"):
            same(BIG)
