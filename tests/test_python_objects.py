"""Python objects in Lua as values: metamethods they have and lack, and the helpers that choose their protocol."""

import types

import pytest


@pytest.fixture
def get(lua):
    return lua.eval("function(object, key) return object[key] end")


@pytest.fixture
def put(lua):
    return lua.eval("function(object, key, value) object[key] = value end")


class TestMetamethods:
    def test_tostring_is_str(self, lua):
        text = lua.eval("tostring")
        assert [text(value) for value in ([1], 1j, int)] == ["[1]", "1j", "<class 'int'>"]

    def test_an_exception_in_str_comes_out(self, lua):
        class Unprintable:
            def __str__(self):
                raise KeyError("no text")

        with pytest.raises(KeyError, match="no text"):
            lua.eval("tostring")(Unprintable())

    def test_the_same_object_is_equal_and_the_same_key(self, lua):
        equal = lua.eval("function(a, b) local t = {}; t[a] = true; return a == b, t[b] == true end")
        item = []
        assert equal(item, item) == (True, True)
        assert equal([], []) == (False, False)

    def test_equality_is_identity_not_eq(self, lua):
        class Same:
            def __eq__(self, other):
                return True

            __hash__ = None

        assert lua.eval("function(a, b) return a == b end")(Same(), Same()) is False

    def test_each_protocol_is_a_value_of_its_own(self, lua, lupa_module):
        equal = lua.eval("rawequal")
        item = []
        assert equal(lupa_module.as_attrgetter(item), lupa_module.as_attrgetter(item)) is True
        assert equal(lupa_module.as_attrgetter(item), lupa_module.as_itemgetter(item)) is False

    @pytest.mark.parametrize(
        "expression, message",
        [
            ("#o", "attempt to get length of"), ("o .. 'x'", "attempt to concatenate"),
            ("o + 1", "attempt to perform arithmetic on"), ("o - 1", "attempt to perform arithmetic on"),
            ("o * 1", "attempt to perform arithmetic on"), ("o / 1", "attempt to perform arithmetic on"),
            ("o % 1", "attempt to perform arithmetic on"), ("o ^ 1", "attempt to perform arithmetic on"),
            ("-o", "attempt to perform arithmetic on"), ("o < o", "attempt to compare two"),
            ("o <= o", "attempt to compare two"),
        ],
    )  # fmt: skip
    def test_operators_are_not_supported(self, lua, lupa_module, expression, message):
        with pytest.raises(lupa_module.LuaError, match=message):
            lua.eval(f"function(o) return {expression} end")([1])

    def test_messages_name_the_kind_of_value(self, lua, lupa_module, flavour):
        kind = "POBJECT" if flavour.version >= (5, 3) else "userdata"
        with pytest.raises(lupa_module.LuaError, match=f"attempt to compare two {kind} values"):
            lua.eval("function(o) return o < o end")([1])

    def test_pairs_does_not_iterate_python_objects(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="bad argument #1 to .*table expected"):
            lua.eval("function(o) for k, v in pairs(o) do end end")([1])

    def test_rawget_and_next_refuse_them(self, lua, lupa_module):
        for code in ("rawget(o, 1)", "next(o)", "rawset(o, 1, 2)"):
            with pytest.raises(lupa_module.LuaError, match="table expected"):
                lua.eval(f"function(o) return {code} end")([1])

    def test_libraries_take_functions_through_as_function_only(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="bad argument #2"):
            lua.globals().table.sort(lua.table(2, 1), lambda a, b: a < b)
        with pytest.raises(lupa_module.LuaError, match="string/function/table expected"):
            lua.eval("function(f) return string.gsub('a', 'a', f) end")(str.upper)


class TestGetmetatable:
    def test_there_is_one_with_the_metamethods_of_python_objects(self, lua):
        metatable = lua.eval("getmetatable")([])
        for event in ("__call", "__index", "__newindex", "__tostring", "__gc"):
            assert metatable[event] is not None

    def test_setmetatable_refuses_python_objects(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="table expected"):
            lua.eval("function(o) setmetatable(o, {}) end")([])


class TestProtocolHelpers:
    """`as_attrgetter` and `as_itemgetter` of the module choose the protocol from Python."""

    def test_attribute_access_to_an_object_with_items(self, lupa_module, get):
        d = {"get": "value"}
        assert get(lupa_module.as_attrgetter(d), "get")("get") == "value"

    def test_item_access(self, lupa_module, get):
        assert get(lupa_module.as_itemgetter({"get": "value"}), "get") == "value"
        with pytest.raises(TypeError, match="not subscriptable"):
            get(lupa_module.as_itemgetter(object()), "x")

    def test_back_in_python_the_wrapper_is_gone(self, lua, lupa_module):
        d = {}
        same = lua.eval("function(o) return o end")
        assert same(lupa_module.as_attrgetter(d)) is d
        assert same(lupa_module.as_itemgetter(d)) is d

    @pytest.mark.parametrize("value", [5, 1.5, "text", b"bytes", True, None], ids=repr)
    def test_plain_values_become_userdata(self, lua, lupa_module, value):
        kind = lua.eval("type")
        assert kind(lupa_module.as_attrgetter(value)) == "userdata"
        assert kind(lupa_module.as_itemgetter(value)) == "userdata"

    def test_methods_of_strings(self, lua, lupa_module):
        assert lua.eval("function(s) return s.upper() end")(lupa_module.as_attrgetter("abc")) == "ABC"
        assert lua.eval("function(s) return s[1] end")(lupa_module.as_itemgetter("abc")) == "b"

    def test_lua_tables_become_python_objects(self, lua, lupa_module):
        table = lua.table(5)
        kind, keys = lua.eval("function(o) return type(o), o.keys end")(lupa_module.as_attrgetter(table))
        assert kind == "userdata"
        assert list(keys()) == [1]

    def test_they_stay_callable_in_lua(self, lua, lupa_module):
        assert lua.eval("function(f) return f('abc') end")(lupa_module.as_attrgetter(len)) == 3

    def test_writing(self, lupa_module, put):
        item, pairs = types.SimpleNamespace(), {}
        put(lupa_module.as_attrgetter(item), "x", 1)
        put(lupa_module.as_itemgetter(pairs), "k", "v")
        assert (item.x, pairs) == (1, {"k": "v"})

    def test_the_wrapper_is_opaque_in_python(self, lupa_module):
        wrapper = lupa_module.as_attrgetter([1])
        assert type(wrapper).__name__ == "_PyProtocolWrapper"
        with pytest.raises(TypeError):
            wrapper()
        with pytest.raises(AttributeError):
            wrapper.append  # noqa: B018
        with pytest.raises(TypeError, match="Type cannot be instantiated from Python"):
            type(wrapper)()

    @pytest.mark.parametrize("helper", ["as_attrgetter", "as_itemgetter"])
    def test_exactly_one_argument(self, lupa_module, helper):
        function = getattr(lupa_module, helper)
        function(obj=1)
        with pytest.raises(TypeError):
            function()
        with pytest.raises(TypeError):
            function(1, 2)


class TestDefaultProtocol:
    """Lua indexes an object by items if its type has `__getitem__`, otherwise by attributes."""

    def protocol(self, lua, value):
        return lua.eval("function(o) return python.as_attrgetter(o) == o and 'attributes' or 'items' end")(value)

    @pytest.mark.parametrize("value", [[1], {"a": 1}, (1,), range(3), memoryview(b"x"), list], ids=lambda value: type(value).__name__)
    def test_items(self, lua, value):
        assert self.protocol(lua, value) == "items"

    @pytest.mark.parametrize("value", [object(), {1}, iter([]), len, int, 1j, [].append], ids=lambda value: type(value).__name__)
    def test_attributes(self, lua, value):
        assert self.protocol(lua, value) == "attributes"

    def test_classes_that_change(self, lua):
        class Changing:
            pass

        assert self.protocol(lua, Changing()) == "attributes"
        Changing.__getitem__ = lambda self, key: key
        assert self.protocol(lua, Changing()) == "items"
        del Changing.__getitem__
        assert self.protocol(lua, Changing()) == "attributes"

    def test_inherited(self, lua):
        class Derived(dict):
            pass

        assert self.protocol(lua, Derived()) == "items"

    def test_metaclasses(self, lua):
        class Meta(type):
            def __getitem__(cls, key):
                return key

        class Indexed(metaclass=Meta):
            pass

        assert lua.eval("function(o) return o.name end")(Indexed) == "name"

    def test_objects_that_answer_for_themselves(self, lua):
        class Answering:
            def __getattr__(self, name):
                if name == "__getitem__":
                    return None
                raise AttributeError(name)

        assert self.protocol(lua, Answering()) == "items"

    def test_a_computed_one_is_asked(self, lua):
        class Computed:
            @property
            def __getitem__(self):
                raise AttributeError

        assert self.protocol(lua, Computed()) == "attributes"

    @pytest.mark.deviation
    def test_what_only_the_object_has_does_not_count(self, lua):
        class Plain:
            own = 5

        value = Plain()
        value.__getitem__ = lambda key: key
        assert lua.eval("function(o) return o.own end")(value) == 5
