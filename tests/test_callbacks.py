"""Python objects in Lua: calling them and indexing them."""

import collections
import operator
import types

import pytest


@pytest.fixture
def call(lua):
    """Lua: call the first argument with the others."""
    return lua.eval("function(f, ...) return f(...) end")


@pytest.fixture
def get(lua):
    return lua.eval("function(object, key) return object[key] end")


@pytest.fixture
def put(lua):
    return lua.eval("function(object, key, value) object[key] = value end")


def everything(*args):
    return list(args)


class TestCalling:
    def test_arguments_and_result(self, lua):
        assert lua.eval("function(f, n) return f(n) end")(lambda n: n + 1, 48) == 49

    def test_nil_is_none_and_trailing_nils_count(self, lua):
        assert lua.eval("function(f) return f(1, nil, 2, nil) end")(everything) == [1, None, 2, None]
        assert lua.eval("function(f) return f() end")(everything) == []

    def test_none_is_nil(self, lua):
        assert lua.eval("function(f) return f() == nil, select('#', f()) end")(lambda: None) == (True, 1)

    def test_lua_values_arrive_as_python_values(self, lua, lupa_module):
        received = lua.eval("function(f) return f(true, 1, 1.5, 'text', {}, print, io.stdout) end")(everything)
        assert received[:4] == [True, 1, 1.5, "text"]
        assert [lupa_module.lua_type(value) for value in received[4:]] == ["table", "function", "userdata"]

    def test_python_objects_arrive_as_themselves(self, call):
        item = object()
        assert call(lambda value: value is item, item) is True

    @pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 50, 255, 3000])
    def test_any_number_of_arguments(self, call, count):
        assert call(everything, *range(count)) == list(range(count))

    def test_types_are_callable(self, call):
        assert call(int, "42") == 42
        assert call(dict) == {}

    def test_builtins_and_partials(self, lua, call):
        assert call(len, "four") == 4
        assert call(operator.itemgetter(1), ["a", "b"]) == "b"
        assert lua.eval("python.builtins.max(3, 7, 5)") == 7

    def test_results_can_be_called_in_turn(self, lua):
        assert lua.eval("function(f) return f(1)(2) end")(lambda a: lambda b: a + b) == 3

    def test_tuples_stay_tuples(self, call):
        assert call(lambda: (1, 2)) == (1, 2)

    def test_what_is_not_callable_is_pythons_error(self, call):
        with pytest.raises(TypeError, match="'list' object is not callable"):
            call([])

    def test_wrong_arguments_are_pythons_error(self, call):
        with pytest.raises(TypeError, match="positional argument"):
            call(lambda a: a)

    def test_deep_alternation(self, lua):
        def down(n):
            return 0 if n == 0 else 1 + step(down, n - 1)

        step = lua.eval("function(f, n) return f(n) end")
        assert down(190) == 190

    def test_deep_alternation_with_pcall_in_between(self, lua):
        def down(n):
            return 0 if n == 0 else 1 + step(down, n - 1)

        step = lua.eval("function(f, n) local ok, result = pcall(f, n) return result end")
        assert down(90) == 90

    def test_a_callback_uses_the_runtime(self, lua):
        def compute(n):
            lua.globals().seen = n
            return lua.eval("seen * 2")

        assert lua.eval("function(f) return f(21) end")(compute) == 42

    def test_callbacks_many_times_in_a_loop(self, lua):
        total = lua.eval("function(f) local s = 0; for i = 1, 2000 do s = s + f(i) end return s end")
        assert total(lambda i: i) == 2001000

    def test_callbacks_as_global_functions(self, lua):
        lua.globals().twice = lambda n: 2 * n
        assert lua.eval("twice(21)") == 42

    def test_a_result_that_cannot_be_converted(self, call):
        with pytest.raises(OverflowError):
            call(lambda: 2**70)
        with pytest.raises(UnicodeEncodeError):
            call(lambda: "\ud800")

    def test_an_argument_that_cannot_be_decoded(self, lua):
        with pytest.raises(UnicodeDecodeError):
            lua.eval(r"function(f) f('\255') end")(everything)


class Account:
    interest = 2

    def __init__(self):
        self.balance = 10

    def add(self, *amounts):
        self.balance += sum(amounts)
        return self.balance

    @classmethod
    def kind(cls, *args):
        return cls, args

    @staticmethod
    def static(*args):
        return args


class TestMethods:
    """`obj:method(x)`: a Python bound method gets its own object but once."""

    def test_colon_and_dot_are_the_same(self, lua):
        assert lua.eval("function(a) return a:add(5), a.add(5) end")(Account()) == (15, 20)

    def test_self_without_further_arguments(self, lua):
        class Counter:
            def count(self):
                return 345

        assert lua.eval("function(o) return o:count() end")(Counter()) == 345

    def test_a_method_taken_out_of_its_object(self, lua):
        account = Account()
        assert lua.eval("function(add, account) return add(1), add(account, 1) end")(account.add, account) == (11, 12)

    def test_another_object_as_first_argument_is_an_argument(self, lua):
        class Friend:
            def greet(self, *others):
                return len(others)

        first, second = Friend(), Friend()
        assert lua.eval("function(a, b) return a.greet(b), a:greet(b) end")(first, second) == (1, 1)

    def test_class_methods_get_the_object(self, lua):
        account = Account()
        assert lua.eval("function(a) return a:kind(1) end")(account) == (Account, (account, 1))
        assert lua.eval("function(c) return c:kind(1) end")(Account) == (Account, (1,))

    def test_static_methods_get_the_object(self, lua):
        account = Account()
        assert lua.eval("function(a) return a:static(1) end")(account) == (account, 1)

    def test_methods_of_dicts_through_the_attribute_protocol(self, lua):
        d = {"a": 1}
        assert lua.eval("function(d) return python.as_attrgetter(d).get('a') end")(d) == 1
        lua.eval("function(d) python.as_attrgetter(d).update(d) end")(d)


class TestAttributes:
    """Objects without `__getitem__` are indexed by attribute."""

    def test_reading(self, get):
        account = Account()
        assert (get(account, "balance"), get(account, "interest")) == (10, 2)

    def test_writing(self, lua):
        account = Account()
        lua.eval("function(a) a.balance = 5; a['owner'] = 'me'; a.nothing = nil end")(account)
        assert vars(account) == {"balance": 5, "owner": "me", "nothing": None}

    def test_missing(self, get):
        with pytest.raises(AttributeError, match="'Account' object has no attribute 'missing'"):
            get(Account(), "missing")

    @pytest.mark.parametrize("key", [1, None, 1.5, True])
    def test_names_must_be_strings(self, get, put, key):
        with pytest.raises(TypeError, match="attribute name must be string"):
            get(Account(), key)
        with pytest.raises(TypeError, match="attribute name must be string"):
            put(Account(), key, 1)

    def test_properties_run(self, lua, get):
        class Circle:
            radius = 2

            @property
            def area(self):
                return self.radius * 3

            @area.setter
            def area(self, value):
                self.radius = value

        circle = Circle()
        assert get(circle, "area") == 6
        lua.eval("function(c) c.area = 7 end")(circle)
        assert circle.radius == 7

    def test_an_exception_in_a_property_comes_out(self, get):
        class Broken:
            @property
            def value(self):
                raise ZeroDivisionError("property")

        with pytest.raises(ZeroDivisionError, match="property"):
            get(Broken(), "value")

    def test_read_only_attributes(self, put):
        with pytest.raises(AttributeError):
            put(1j, "real", 2)

    def test_functions_have_attributes(self, get):
        def function():
            pass

        function.ATTR = 2
        assert get(function, "ATTR") == 2
        assert get(function, "__name__") == "function"

    def test_modules_have_attributes(self, lua):
        assert lua.eval("function(m) return m.path.join('a', 'b') end")(__import__("os")) in ("a/b", "a\\b")

    def test_names_may_be_any_text(self, get):
        assert get(types.SimpleNamespace(**{"größe mit leer": 1}), "größe mit leer") == 1


class TestItems:
    """Objects with `__getitem__` are indexed by item."""

    def test_lists_count_from_zero(self, get):
        assert (get([5, 6], 0), get([5, 6], 1), get([5, 6], -1)) == (5, 6, 6)

    def test_dicts(self, get):
        assert get({"get": "value"}, "get") == "value"
        assert get({1: "one"}, 1) == "one"
        assert get({None: "none"}, None) == "none"
        assert get({True: "yes"}, True) == "yes"

    def test_missing_items_are_pythons_errors(self, get):
        with pytest.raises(KeyError, match="missing"):
            get({}, "missing")
        with pytest.raises(IndexError):
            get([5], 3)
        with pytest.raises(TypeError, match="list indices must be integers"):
            get([5], "append")

    def test_writing(self, lua):
        items, pairs = [1, 2], {}
        lua.eval("function(l, d) l[0] = 'first'; d.key = 'value'; d[1] = nil end")(items, pairs)
        assert items == ["first", 2]
        assert pairs == {"key": "value", 1: None}

    def test_read_only_items(self, put):
        with pytest.raises(TypeError, match="does not support item assignment"):
            put((1, 2), 0, 5)

    def test_default_dict(self, get):
        d = collections.defaultdict(list)
        assert get(d, "new") == []
        assert list(d) == ["new"]

    def test_any_python_object_is_a_key(self, get):
        key = (1, 2)
        assert get({key: "tuple"}, key) == "tuple"

    def test_range_bytes_and_own_classes(self, get):
        class Squares:
            def __getitem__(self, n):
                return n * n

        assert get(range(10, 20), 3) == 13
        assert get(bytearray(b"ab"), 1) == 98
        assert get(Squares(), 9) == 81

    def test_getitem_on_the_instance_is_enough(self, get):
        class Proxy:
            def __getattr__(self, name):
                if name == "__getitem__":
                    return None
                raise AttributeError(name)

        with pytest.raises(TypeError):
            get(Proxy(), "x")
