"""Examples 18 to 24: tables as mappings, making them, their length, their attributes."""

import pytest


def test_18_an_array_counts_from_one(lua):
    table = lua.eval("{10,20,30,40}")
    assert (table[1], table[4]) == (10, 40)
    assert list(table) == [1, 2, 3, 4]
    assert list(table.values()) == [10, 20, 30, 40]
    assert len(table) == 4
    assert list(lua.eval("{ [1] = -1 }")) == [1]


def test_19_a_table_is_a_mapping(lua):
    mapping = lua.eval("{ [20] = -20; [3] = -3 }")
    assert (mapping[20], mapping[3]) == (-20, -3)
    assert sorted(mapping.values()) == [-20, -3]
    assert sorted(mapping.items()) == [(3, -3), (20, -20)]


def test_19_a_negative_key_is_a_key(lua):
    mapping = lua.eval("{ [20] = -20; [3] = -3 }")
    mapping[-3] = 3
    assert mapping[-3] == 3
    assert sorted(mapping) == [-3, 3, 20]
    assert sorted(mapping.items()) == [(-3, 3), (3, -3), (20, -20)]


def test_20_table_makes_a_table_from_arguments(lua, lupa_module):
    table = lua.table(1, 2, 3, 4)
    assert lupa_module.lua_type(table) == "table"
    assert list(table) == [1, 2, 3, 4]
    table = lua.table(1, 2, 3, 4, a=1, b=2)
    assert (table[3], table["b"]) == (3, 2)


def test_21_table_from_joins_mappings_and_iterables(lua):
    table = lua.table_from([1, 2, 3], {"a": 1, "b": 2}, (4, 5), {"b": 42})
    assert (table["b"], table[5]) == (42, 5)
    assert dict(table.items()) == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, "a": 1, "b": 42}


def test_21_table_from_takes_any_iterable(lua):
    assert list(lua.table_from(n * n for n in (1, 2, 3)).values()) == [1, 4, 9]


def test_21_table_from_goes_into_the_depth_on_request(lua, lupa_module):
    data = {"list": [1, {"deep": True}], "text": "plain"}
    table = lua.table_from(data, recursive=True)
    assert lupa_module.lua_type(table.list) == "table"
    assert (table.list[1], table.list[2].deep, table.text) == (1, True, "plain")
    assert lua.table_from(data).list is data["list"]


def test_22_a_missing_key_is_none(lua):
    assert lua.eval("{10,20}")[1000000] is None
    assert lua.eval("{10,20}")["no such key"] is None
    assert lua.eval("{ [20] = -20 }")["no such key"] is None


def test_23_len_counts_the_array_part_only(lua):
    assert len(lua.eval("{10,20,30,40}")) == 4
    assert len(lua.eval("{ [20] = -20; [-3] = 3 }")) == 0
    assert len(lua.eval("{ 1, 2, x = 3 }")) == 2


def test_24_names_are_attributes(lua):
    table = lua.eval("{ a=1, b=2 }")
    assert (table.a, table.b) == (1, 2)
    assert table.a == table["a"]


def test_24_a_library_is_a_table_of_methods(lua, capsys):
    string = lua.eval("string")
    print(string.lower("A"))
    assert capsys.readouterr().out == "a\n"


@pytest.mark.parametrize("name", ["a", "no such key"])
def test_24_del_removes_a_key(lua, name):
    table = lua.eval("{ a=1, b=2 }")
    del table[name]
    assert table[name] is None and table.b == 2
