"""`LuaRuntime(operators=True)`: operators of Lua on Python objects."""

import collections
import operator

import pytest


class Money:
    """Answers all operators, and notes them."""

    def __init__(self, amount):
        self.amount = amount

    def __eq__(self, other):
        return isinstance(other, Money) and self.amount == other.amount

    __hash__ = None

    def __lt__(self, other):
        return self.amount < other.amount

    def __le__(self, other):
        return self.amount <= other.amount

    def __neg__(self):
        return Money(-self.amount)

    def __len__(self):
        return self.amount

    def __repr__(self):
        return f"Money({self.amount})"


def arithmetic(name):
    function = getattr(operator, name)

    def method(self, other):
        return Money(function(self.amount, getattr(other, "amount", other)))

    def reflected(self, other):
        return Money(function(other, self.amount))

    setattr(Money, f"__{name}__", method)
    setattr(Money, f"__r{name}__", reflected)


for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    arithmetic(name)

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "%": operator.mod, "^": operator.pow}


@pytest.fixture
def lua(new_runtime):
    return new_runtime(operators=True)


@pytest.fixture
def has_floor_division(lua_version):
    if lua_version < (5, 3):
        pytest.skip("there is no // before Lua 5.3")


@pytest.fixture
def compares_mixed_types(lua, lua_version):
    if lua_version < (5, 2):
        pytest.skip("Lua 5.1 compares values of one type only")


@pytest.fixture
def asks_pairs(lua):
    if lua.execute("return (pcall(pairs, setmetatable({}, {__pairs = error})))"):
        pytest.skip("pairs() does not ask __pairs in this Lua")


class TestArithmetic:
    @pytest.mark.parametrize("sign", ARITHMETIC)
    def test_two_objects(self, lua, sign):
        result = lua.eval(f"function(a, b) return a {sign} b end")(Money(7), Money(2))
        assert (type(result), result.amount) == (Money, ARITHMETIC[sign](7, 2))

    @pytest.mark.parametrize("sign", ARITHMETIC)
    def test_an_object_and_a_number(self, lua, sign):
        left, right = lua.eval(f"function(a) return a {sign} 2, 7 {sign} a end")(Money(3))
        assert (left.amount, right.amount) == (ARITHMETIC[sign](3, 2), ARITHMETIC[sign](7, 3))

    @pytest.mark.usefixtures("has_floor_division")
    def test_floor_division(self, lua):
        left, right = lua.eval("function(a) return a // 2, 9 // a end")(Money(5))
        assert (left.amount, right.amount) == (2, 1)

    def test_unary_minus(self, lua):
        assert lua.eval("function(a) return -a end")(Money(5)).amount == -5

    def test_exceptions_keep_their_identity(self, lua):
        with pytest.raises(ZeroDivisionError):
            lua.eval("function(a) return a / 0 end")(Money(1))
        caught = lua.eval("function(a) local ok, e = pcall(function() return a / 0 end) return e end")(Money(1))
        assert type(caught) is ZeroDivisionError

    def test_what_python_cannot_do_is_a_type_error(self, lua):
        with pytest.raises(TypeError):
            lua.eval("function(a) return a + {} end")(object())
        assert lua.eval("1 + 1") == 2

    def test_lists(self, lua):
        assert lua.eval("function(a, b) return a + b end")([1], [2]) == [1, 2]
        assert lua.eval("function(a) return a * 2 end")([1]) == [1, 1]

    @pytest.mark.parametrize("unpack", [False, True])
    def test_tuples_stay_one_value(self, new_runtime, unpack):
        lua = new_runtime(operators=True, unpack_returned_tuples=unpack)
        lua.globals().a, lua.globals().b = (1, 2), (3,)
        assert lua.eval("select('#', a + b)") == 1
        assert lua.eval("a + b") == (1, 2, 3)


class TestOthers:
    def test_concatenation(self, lua):
        assert lua.eval("function(a, b) return a .. b end")([1], [2]) == [1, 2]
        with pytest.raises(TypeError):
            lua.eval("function(a) return a .. 'text' end")(Money(1))

    def test_length(self, lua):
        assert lua.eval("function(a, b) return #a, #b end")([1, 2, 3], {"x": 1}) == (3, 1)
        with pytest.raises(TypeError):
            lua.eval("function(a) return #a end")(object())

    def test_equality(self, lua):
        equal = lua.eval("function(a, b) return a == b, a ~= b end")
        assert equal(Money(1), Money(1)) == (True, False)
        assert equal(Money(1), Money(2)) == (False, True)
        assert equal([1], [1]) == (True, False)
        assert equal(Money(1), 1) == (False, True)

    def test_order(self, lua):
        order = lua.eval("function(a, b) return a < b, a <= b, a > b, a >= b end")
        assert order(Money(1), Money(2)) == (True, True, False, False)
        assert order(Money(2), Money(2)) == (False, True, False, True)

    @pytest.mark.usefixtures("compares_mixed_types")
    def test_order_of_an_object_and_a_number(self, lua):
        class Size:
            def __lt__(self, other):
                return other > 5

            def __gt__(self, other):
                return other < 5

        assert lua.eval("function(a) return a < 6, a < 5, 4 < a, 5 < a end")(Size()) == (True, False, True, False)

    def test_results_of_comparisons_are_their_truth(self, lua):
        class Answer:
            def __lt__(self, other):
                return []

            def __eq__(self, other):
                return "yes"

            __hash__ = None

        assert lua.eval("function(a, b) return a < b, a == b end")(Answer(), Answer()) == (False, True)


class TestPairs:
    pytestmark = pytest.mark.usefixtures("asks_pairs")

    COLLECT = "function(object) local r = {} for k, v in pairs(object) do r[#r + 1] = tostring(k) .. '=' .. tostring(v) end return r end"

    @pytest.mark.parametrize(
        "container",
        [{"a": 1, "b": 2}, collections.OrderedDict(a=1, b=2), collections.ChainMap({"a": 1, "b": 2})],
        ids=lambda value: type(value).__name__,
    )
    def test_mappings(self, lua, container):
        assert set(lua.eval(self.COLLECT)(container).values()) == {"a=1", "b=2"}

    @pytest.mark.parametrize("container", [["x", "y"], ("x", "y"), collections.UserList("xy")], ids=lambda value: type(value).__name__)
    def test_sequences_have_the_indices_of_python(self, lua, container):
        assert list(lua.eval(self.COLLECT)(container).values()) == ["0=x", "1=y"]

    def test_none_as_a_key(self, lua):
        assert list(lua.eval(self.COLLECT)({None: 1}).values()) == ["None=1"]

    def test_other_objects_have_no_pairs(self, lua):
        with pytest.raises(TypeError, match="pairs: expected a mapping or a sequence, got Money"):
            lua.eval(self.COLLECT)(Money(1))

    def test_the_item_filter_is_asked_for_each_key(self, new_runtime):
        def only_a(obj, key, is_setting):
            if key != "a":
                raise KeyError(key)
            return key

        lua = new_runtime(operators=True, item_filter=only_a)
        assert list(lua.eval(self.COLLECT)({"a": 1}).values()) == ["a=1"]
        with pytest.raises(KeyError):
            lua.eval(self.COLLECT)({"a": 1, "b": 2})


class TestClose:
    @pytest.fixture(autouse=True)
    def closes_variables(self, lua_version):
        if lua_version < (5, 4):
            pytest.skip("before Lua 5.4 no variable is closed")

    class Resource:
        def __init__(self):
            self.calls = []

        def __enter__(self):
            return self

        def __exit__(self, *details):
            self.calls.append(details)
            return True

    USE = "function(resource, f) local r <close> = resource if f then f() end return 'value' end"

    def test_context_managers_exit(self, lua):
        resource = self.Resource()
        assert lua.eval(self.USE)(resource) == "value"
        assert resource.calls == [(None, None, None)]

    def test_an_exception_is_given_and_goes_on(self, lua):
        resource = self.Resource()
        with pytest.raises(ZeroDivisionError) as caught:
            lua.eval(self.USE)(resource, lambda: 1 / 0)
        [(kind, exception, traceback)] = resource.calls
        assert (kind, exception, traceback is not None) == (ZeroDivisionError, caught.value, True)

    def test_an_exception_that_counts_as_false_is_given_too(self, lua):
        class Empty(Exception):
            def __len__(self):
                return 0

        def fail():
            raise Empty

        resource = self.Resource()
        with pytest.raises(Empty):
            lua.eval(self.USE)(resource, fail)
        assert resource.calls[0][0] is Empty

    def test_an_error_of_lua_is_a_lua_error(self, lua, lupa_module):
        resource = self.Resource()
        with pytest.raises(lupa_module.LuaError, match="of Lua"):
            lua.eval(self.USE)(resource, lua.eval("function() error('of Lua') end"))
        [(kind, exception, _)] = resource.calls
        assert kind is lupa_module.LuaError
        assert "of Lua" in str(exception)

    def test_others_are_closed(self, lua):
        class File:
            closed = False

            def close(self):
                self.closed = True

        file = File()
        lua.eval(self.USE)(file)
        assert file.closed

    def test_what_cannot_be_closed_is_an_attribute_error(self, lua):
        with pytest.raises(AttributeError, match="close"):
            lua.eval(self.USE)(object())


class TestFilters:
    OPERATIONS = {
        "__add__": "a + 1", "__sub__": "1 - a", "__mul__": "a * a", "__truediv__": "a / 2", "__mod__": "a % 2", "__pow__": "a ^ 2",
        "__neg__": "-a", "__len__": "#a", "__eq__": "a == b", "__lt__": "a < b", "__le__": "a >= b",
    }  # fmt: skip

    @pytest.mark.parametrize("special", OPERATIONS)
    def test_it_is_asked_for_the_special_method(self, new_runtime, special):
        asked = []

        def only(obj, name, is_setting):
            asked.append((obj, name, is_setting))
            if name != special:
                raise AttributeError(name)
            return name

        lua, a, b = new_runtime(operators=True, attribute_filter=only), Money(3), Money(4)
        lua.globals().a, lua.globals().b = a, b
        lua.eval(self.OPERATIONS[special])
        assert (a, special, False) in [(obj, name, setting) for obj, name, setting in asked if obj is a]
        for other, operation in self.OPERATIONS.items():
            if other != special:
                with pytest.raises(AttributeError):
                    lua.eval(operation)

    def test_pairs_and_close(self, new_runtime, lua_version):
        def nothing(obj, name, is_setting):
            raise AttributeError(name)

        lua = new_runtime(operators=True, attribute_filter=nothing)
        if lua_version >= (5, 2):
            with pytest.raises(AttributeError, match="__iter__"):
                lua.eval("function(a) for k, v in pairs(a) do end end")({})
        if lua_version >= (5, 4):
            with pytest.raises(AttributeError, match="close"):
                lua.eval("function(a) local x <close> = a end")(object())

    def test_a_getter_is_asked_likewise(self, new_runtime):
        def getter(obj, name):
            if name != "__add__":
                raise AttributeError(name)

        lua = new_runtime(operators=True, attribute_handlers=(getter, None))
        assert lua.eval("function(a) return a + 1 end")(Money(1)).amount == 2
        with pytest.raises(AttributeError):
            lua.eval("function(a) return a - 1 end")(Money(1))


@pytest.fixture
def stubborn(lupa_module):
    """A class whose methods need what its constructor has not made yet."""

    class Stubborn(lupa_module.LuaRuntime):
        def refuse(self, *arguments, **options):
            raise AttributeError("not made yet")

        eval = execute = compile = globals = table_from = refuse

    return Stubborn


def test_a_derived_class_may_have_methods_of_its_own(stubborn, lupa_module):
    lua = stubborn(operators=True)
    lupa_module.LuaRuntime.globals(lua).a = [1]
    assert lupa_module.LuaRuntime.eval(lua, "a + a") == [1, 1]


class TestWithout:
    @pytest.mark.parametrize("code", ["a + 1", "1 - a", "a * a", "a / a", "a % a", "a ^ a", "a .. a", "-a", "#a", "a < b", "a <= b"])
    def test_they_are_errors_of_lua(self, new_runtime, lupa_module, code):
        lua = new_runtime()
        lua.globals().a, lua.globals().b = Money(1), Money(2)
        with pytest.raises(lupa_module.LuaError, match="attempt to"):
            lua.eval(code)

    def test_objects_are_equal_to_themselves_only(self, new_runtime):
        lua = new_runtime()
        assert lua.eval("function(a, b) return a == a, a == b end")(Money(1), Money(1)) == (True, False)

    def test_it_is_a_keyword(self, new_runtime):
        with pytest.raises(TypeError):
            new_runtime(*[None] * 10, True)
