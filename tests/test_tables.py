"""Lua tables in Python: reading, writing, deleting, views, special methods."""

import collections.abc

import pytest


@pytest.fixture
def array(lua):
    return lua.eval("{10, 20, 30, 40}")


@pytest.fixture
def mapping(lua):
    return lua.eval("{[20] = -20, [3] = -3}")


class TestReading:
    def test_indices_start_at_one(self, array):
        assert (array[1], array[4]) == (10, 40)
        assert array[0] is None
        assert array[-1] is None

    def test_items_and_attributes_are_the_same_fields(self, lua):
        table = lua.eval("{a=1, b=2}")
        assert (table.a, table.b) == (1, 2)
        assert table.a == table["a"]

    @pytest.mark.parametrize("key", [5, "no such key", 1.5, True, False, (), None], ids=repr)
    def test_a_missing_key_is_none(self, array, key):
        assert array[key] is None

    def test_any_attribute_exists(self, array):
        assert array.no_such_field is None
        assert hasattr(array, "no_such_field")

    def test_keys_of_different_types_are_different(self, lua):
        table = lua.eval("{[1]='integer', ['1']='string', [true]='boolean', [1.5]='float'}")
        assert [table[key] for key in (1, "1", True, 1.5)] == ["integer", "string", "boolean", "float"]

    def test_an_integral_float_is_the_integer_key(self, lua):
        table = lua.table()
        table[2.0] = "two"
        assert table[2] == "two"
        assert list(table) == [2]

    def test_bytes_and_str_are_the_same_key(self, lua):
        assert lua.eval("{key=1}")[b"key"] == 1

    def test_tables_functions_and_objects_are_keys(self, lua):
        key_table, key_function, key_object = lua.table(), lua.eval("print"), object()
        table = lua.table()
        table[key_table], table[key_function], table[key_object] = "table", "function", "object"
        assert (table[key_table], table[key_function], table[key_object]) == ("table", "function", "object")
        assert table[lua.table()] is None
        assert table[object()] is None

    def test_none_is_the_key_python_none(self, lua):
        table = lua.table()
        table[None] = "value"
        assert table[None] == "value"
        assert list(table) == [None]
        assert lua.eval("function(t) return t[python.none] end")(table) == "value"

    def test_index_is_honoured(self, lua):
        table = lua.eval("setmetatable({}, {__index = function(t, key) return key .. '!' end})")
        assert (table.a, table["b"], table._private) == ("a!", "b!", "_private!")

    def test_index_chains_are_followed(self, lua):
        assert lua.eval("setmetatable({}, {__index = setmetatable({}, {__index = {deep = 1}})})").deep == 1

    @pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 20])
    @pytest.mark.parametrize("end", ["{deep = 1, [2] = 'two'}", "function(t, k) return rawget({deep = 1, [2] = 'two'}, k) end"], ids=["table", "function"])
    def test_index_chains_of_any_length(self, lua, length, end):
        """Chains of tables are followed without a protected call, up to a length."""
        build = lua.eval("function(n, t) for _ = 1, n do t = setmetatable({}, {__index = t}) end return t end")
        table = build(length, lua.eval(end))
        for _ in range(3):
            assert (table["deep"], table.deep, table[2], table["missing"], table[3], table[1.5]) == (1, 1, "two", None, None, None)

    def test_an_index_chain_that_is_a_loop(self, lua, lupa_module):
        loop = lua.eval("(function() local t = {} return setmetatable(t, {__index = t}) end)()")
        for _ in range(3):
            with pytest.raises(lupa_module.LuaError, match="loop"):
                loop["missing"]

    def test_values_of_all_kinds_come_through_index(self, lua):
        values = [None, True, False, 7, 2.5, "text", lua.eval("{}"), lua.eval("print"), object()]
        table = lua.eval("function(t) return setmetatable({}, {__index = t}) end")(lua.table(*values))
        for _ in range(3):
            assert [table[place] for place in range(1, len(values) + 1)] == values

    def test_index_is_looked_up_without_metamethods(self, lua):
        """A metatable inherits no `__index`, and one that is false or no table is Lua's business."""
        inherits = lua.eval("setmetatable({}, setmetatable({}, {__index = {__index = {x = 1}}}))")
        of_text = lua.eval("setmetatable({}, {__index = 'text'})")
        for _ in range(3):
            assert inherits["x"] is None
            assert of_text["upper"] is not None

    def test_an_index_that_can_not_be_indexed(self, lua, lupa_module):
        table = lua.eval("setmetatable({}, {__index = false})")
        for _ in range(3):
            with pytest.raises(lupa_module.LuaError, match="index"):
                table["x"]

    def test_an_index_that_is_an_object_of_python(self, lua):
        table = lua.eval("function(o) return setmetatable({}, {__index = o}) end")({"x": 1})
        assert [table["x"] for _ in range(3)] == [1, 1, 1]

    @pytest.mark.parametrize("levels", [1, 2, 7, 8, 9, 20])
    def test_fields_that_are_inherited(self, lua, levels):
        lua.execute("base = {name = 'base', no = false} base.__index = base")
        for _ in range(levels):
            lua.execute("local derived = setmetatable({}, base) derived.__index = derived base = derived")
        table = lua.globals().base
        assert (table.name, table["name"], table.no, table.missing, table[1]) == ("base", "base", False, None, None)
        lua.execute("base.name = 'own'")
        assert table.name == "own"

    def test_a_function_at_the_end_of_what_is_inherited(self, lua):
        lua.execute("base = setmetatable({a = 1}, {__index = function(t, key) return key .. '!' end})")
        table = lua.eval("setmetatable({}, {__index = base})")
        assert (table.a, table.b, table["c"]) == (1, "b!", "c!")

    @pytest.mark.parametrize("index", ["'text'", "python.builtins.list", "1", "false", "nil"])
    def test_what_is_inherited_from_no_table(self, lua, lupa_module, index):
        """Whatever Lua says, it says the same in Lua."""
        table = lua.eval(f"setmetatable({{}}, {{__index = {index}}})")
        for key in ("append", "len"):
            ok, expected = lua.eval("pcall(function(t, key) return t[key] end, ...)", table, key)
            if ok:
                assert (table[key], getattr(table, key)) == (expected, expected)
            else:
                with pytest.raises((lupa_module.LuaError, TypeError, AttributeError)):
                    table[key]

    def test_an_error_in_index_is_raised(self, lua, lupa_module):
        table = lua.eval("setmetatable({}, {__index = function(t, key) error('no ' .. key) end})")
        for _ in range(3):
            with pytest.raises(lupa_module.LuaError, match="no field"):
                table["field"]
            with pytest.raises(lupa_module.LuaError, match="no field"):
                table.field

    def test_nested_tables(self, lua):
        assert lua.eval("{a = {b = {c = 'deep'}}}").a["b"].c == "deep"


class TestWriting:
    def test_items_and_attributes(self, lua):
        table = lua.table()
        table["a"] = 1
        table.b = 2
        table[3] = "three"
        assert lua.eval("function(t) return t.a, t.b, t[3] end")(table) == (1, 2, "three")

    def test_negative_numbers_are_keys(self, mapping):
        mapping[-3] = 3
        assert mapping[-3] == 3
        assert sorted(mapping.items()) == [(-3, 3), (3, -3), (20, -20)]

    def test_none_removes(self, array):
        array[4] = None
        array.absent = None
        assert list(array) == [1, 2, 3]

    def test_newindex_is_honoured(self, lua):
        table = lua.eval("setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v * 2) end})")
        table.a = 1
        table["b"] = 2
        assert (table.a, table["b"]) == (2, 4)

    def test_names_of_methods_write_fields(self, lua):
        table = lua.table()
        table.keys = 1
        assert table["keys"] == 1
        assert callable(table.keys)

    def test_attribute_names_may_not_be_encodable(self, lua):
        with pytest.raises(UnicodeEncodeError):
            setattr(lua.table(), "\ud800", 1)
        with pytest.raises(UnicodeEncodeError):
            getattr(lua.table(), "\ud800")

    def test_a_key_that_cannot_be_converted_changes_nothing(self, lua):
        table = lua.table()
        with pytest.raises(UnicodeEncodeError):
            table["\ud800"] = 1
        with pytest.raises(UnicodeEncodeError):
            table[1] = "\ud800"
        assert list(table.items()) == []


class TestDeleting:
    def test_items_and_attributes(self, lua):
        table = lua.table(1, 2, a="a", b="b")
        del table["a"]
        del table.b
        del table[2]
        assert list(table.items()) == [(1, 1)]

    def test_a_missing_key_is_no_error(self, lua):
        table = lua.table()
        del table["missing"]
        del table.missing
        del table[1]
        del table[None]

    def test_the_key_none(self, lua):
        table = lua.table()
        table[None] = 1
        del table[None]
        assert table[None] is None

    def test_a_deleted_object_is_released(self, lua):
        lua.execute("a = {}")
        del lua.globals()["a"]
        assert lua.eval("a") is None


class TestDunderNames:
    """Names with two underscores at both ends are Python's and never reach Lua as attributes."""

    def test_reading(self, array):
        with pytest.raises(AttributeError):
            array.__secret__  # noqa: B018

    def test_python_protocols_do_not_find_lua_fields(self, lua):
        table = lua.eval("{__enter__ = 1, __array_interface__ = 2}")
        assert not hasattr(table, "__enter__")
        assert not hasattr(table, "__array_interface__")

    def test_writing_and_deleting(self, array):
        with pytest.raises((TypeError, AttributeError)):
            array.__secret__ = 1
        with pytest.raises((TypeError, AttributeError)):
            del array.__secret__
        with pytest.raises(TypeError):
            array.__class__ = int

    def test_as_items_they_are_fields(self, lua):
        table = lua.table()
        table["__index"] = 1
        table["__secret__"] = 2
        assert (table["__index"], table["__secret__"]) == (1, 2)

    def test_names_with_one_pair_only_are_fields(self, lua):
        table = lua.eval("{__index = 1, _x = 2, x__ = 3}")
        assert [getattr(table, name) for name in ("__index", "_x", "x__")] == [1, 2, 3]

    def test_class_and_doc_are_pythons(self, lua, lupa_module):
        table = lua.eval("{__class__ = 1}")
        assert table.__class__ is type(table)
        assert table.__class__.__module__ == lupa_module.__name__


class TestViews:
    def test_iteration_gives_keys(self, array):
        assert list(array) == list(array.keys()) == [1, 2, 3, 4]

    def test_values(self, array):
        assert list(array.values()) == [10, 20, 30, 40]

    def test_items(self, array):
        assert list(array.items()) == [(1, 10), (2, 20), (3, 30), (4, 40)]

    def test_an_empty_table(self, lua):
        table = lua.table()
        assert list(table) == list(table.values()) == list(table.items()) == []

    def test_every_pair_comes_once(self, lua):
        expected = {f"key{i}": i for i in range(500)}
        assert dict(lua.table_from(expected).items()) == expected

    def test_array_and_hash_part_are_both_visited(self, lua):
        assert set(lua.eval("{1, 2, x='x', [10]=10, [1.5]=1.5}")) == {1, 2, 10, "x", 1.5}

    def test_dict_of_a_table(self, lua):
        table = lua.table(1, 2, x=3)
        assert dict(table) == {**table} == dict(table.items()) == {1: 1, 2: 2, "x": 3}

    def test_pairs_is_not_used(self, lua):
        table = lua.eval("setmetatable({1, 2}, {__pairs = function() error('not asked') end})")
        assert list(table.values()) == [1, 2]

    def test_views_take_no_arguments(self, array):
        for view in (array.keys, array.values, array.items):
            with pytest.raises(TypeError):
                view(1)


class TestOperators:
    def test_len_of_an_array(self, array, lua):
        assert len(array) == 4
        assert len(lua.table()) == 0

    def test_len_leaves_the_mapping_out(self, mapping):
        assert len(mapping) == 0

    def test_a_table_is_always_true(self, lua):
        assert bool(lua.table()) is True

    def test_in_looks_for_keys(self, lua):
        table = lua.table(10, 20, a=1)
        assert 1 in table
        assert "a" in table
        assert 10 not in table
        assert "b" not in table
        assert None not in table

    @pytest.mark.deviation
    def test_wrappers_are_compared_by_the_identity_of_the_table(self, lua):
        lua.execute("t = {}")
        first, second = lua.globals().t, lua.globals().t
        assert first is not second
        assert first == second
        assert not first != second
        assert len({first, second, lua.table()}) == 2

    def test_wrappers_of_one_table_share_its_state(self, lua):
        lua.execute("t = {}")
        first, second = lua.globals().t, lua.globals().t
        first.x = 1
        assert second.x == 1
        assert lua.eval("function(a, b) return a == b end")(first, second) is True

    def test_metamethods_of_operators_are_lua_business(self, lua):
        table = lua.eval("setmetatable({}, {__add = function() return 1 end, __eq = function() return true end})")
        with pytest.raises(TypeError):
            table + table
        with pytest.raises(TypeError):
            table < table  # noqa: B015

    def test_calling_uses_the_metamethod(self, lua):
        table = lua.eval("setmetatable({}, {__call = function(self, a, b) return b, a, self.x end, __index = {x=5}})")
        assert table(1, 2) == (2, 1, 5)
        assert callable(table)

    def test_calling_without_metamethod_is_an_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="attempt to call a table value"):
            lua.table()()

    def test_keyword_arguments_are_refused(self, lua):
        with pytest.raises(TypeError, match="unexpected keyword argument|takes no keyword arguments"):
            lua.table()(a=1)


class TestText:
    def test_repr_is_kind_and_address(self, lua):
        table = lua.table()
        address = lua.eval("tostring")(table).split()[-1]
        assert repr(table) == f"<Lua table at {address}>"

    def test_str_without_metamethod_is_repr(self, lua):
        table = lua.eval("setmetatable({}, {__name = 'Named'})")
        assert str(table) == repr(table)

    def test_tostring_is_for_str_only(self, lua):
        table = lua.eval("setmetatable({}, {__tostring = function() return 'my text' end})")
        assert str(table) == f"{table}" == "my text"
        assert repr(table).startswith("<Lua table at 0x")

    def test_a_number_counts_as_string(self, lua):
        assert str(lua.eval("setmetatable({}, {__tostring = function() return 5 end})")) == "5"

    def test_undecodable_text_is_taken_for_latin_1(self, lua):
        assert str(lua.eval(r"setmetatable({}, {__tostring = function() return '\228' end})")) == "ä"

    @pytest.mark.parametrize("value", ["{}", "nil", "true", "python.none"])
    def test_other_values_are_refused(self, lua, value):
        table = lua.eval("setmetatable({}, {__tostring = function() return %s end})" % value)
        with pytest.raises(TypeError, match="__tostring returned non-string object"):
            str(table)

    def test_an_error_in_tostring_is_raised(self, lua, lupa_module):
        table = lua.eval("setmetatable({}, {__tostring = function() error('unprintable') end})")
        with pytest.raises(lupa_module.LuaError, match="unprintable"):
            str(table)


class TestType:
    def test_names(self, lua, lupa_module):
        assert type(lua.table()).__name__ == "_LuaTable"
        assert type(lua.table()).__module__ == lupa_module.__name__
        assert lupa_module.lua_type(lua.table()) == "table"

    def test_it_cannot_be_instantiated(self, lua):
        with pytest.raises(TypeError, match="Type cannot be instantiated manually"):
            type(lua.table())()

    def test_it_is_final(self, lua):
        with pytest.raises(TypeError, match="not an acceptable base type"):
            type("Sub", (type(lua.table()),), {})

    def test_abstract_types(self, lua):
        table = lua.table()
        for name in ("Iterable", "Sized", "Callable", "Hashable"):
            assert isinstance(table, getattr(collections.abc, name))
        for name in ("Mapping", "Sequence", "Iterator"):
            assert not isinstance(table, getattr(collections.abc, name))

    def test_public_names(self, lua):
        assert [name for name in dir(lua.table()) if not name.startswith("_")] == ["items", "keys", "values"]


class TestLibraryTables:
    def test_functions_of_the_standard_library(self, lua):
        assert lua.eval("string").lower("A") == "a"
        assert lua.globals().math.floor(2.5) == 2
        assert lua.globals()["string"]["rep"]("ab", 3) == "ababab"

    def test_a_method_needs_its_table_as_first_argument(self, lua):
        account = lua.eval("{balance = 10, add = function(self, n) self.balance = self.balance + n end}")
        account.add(account, 5)
        assert account.balance == 15

    def test_table_functions_on_a_table_made_in_python(self, lua):
        table = lua.table(3, 1, 2)
        lua.globals().table.sort(table)
        lua.globals().table.insert(table, 4)
        assert list(table.values()) == [1, 2, 3, 4]
        assert lua.globals().table.concat(table, ",") == "1,2,3,4"
