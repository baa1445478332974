"""Building Lua tables in Python: `table()`, `table_from()`, `table_from(recursive=True)`."""

import collections
import collections.abc
import types

import pytest


class ReadOnlyMapping(collections.abc.Mapping):
    def __init__(self, **pairs):
        self.pairs = pairs

    def __getitem__(self, key):
        return self.pairs[key]

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)


class TestTable:
    def test_positional_arguments_are_the_array_part(self, lua, lupa_module):
        table = lua.table(1, 2, 3, 4)
        assert lupa_module.lua_type(table) == "table"
        assert list(table) == [1, 2, 3, 4]
        assert len(table) == 4

    def test_keyword_arguments_are_fields(self, lua):
        table = lua.table(1, 2, 3, 4, a=1, b=2)
        assert (table[3], table["b"]) == (3, 2)

    def test_nothing_makes_an_empty_table(self, lua):
        assert list(lua.table()) == []

    def test_none_leaves_a_hole(self, lua):
        assert dict(lua.table(1, None, 3, a=None, b=2)) == {1: 1, 3: 3, "b": 2}

    def test_any_name_is_a_field(self, lua):
        table = lua.table(self=1, recursive=2, args=3)
        assert (table.self, table.recursive, table.args) == (1, 2, 3)

    def test_values_are_passed_as_they_are(self, lua):
        inner, item = lua.table(), [1, 2]
        table = lua.table(inner, item)
        table[1].x = 1
        assert inner.x == 1
        assert table[2] is item

    def test_many_items(self, lua):
        assert list(lua.table(*range(10_000)).values()) == list(range(10_000))


class TestTableFrom:
    def test_mappings_and_sequences_are_collected(self, lua):
        table = lua.table_from([1, 2, 3], {"a": 1, "b": 2}, (4, 5), {"b": 42})
        assert dict(table) == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, "a": 1, "b": 42}

    def test_no_argument_makes_an_empty_table(self, lua):
        assert dict(lua.table_from()) == {}

    @pytest.mark.parametrize(
        "items",
        [[7, 8], (7, 8), range(7, 9), {7: 0, 8: 0}.keys(), collections.deque([7, 8])],
        ids=["list", "tuple", "range", "keys", "deque"],
    )
    def test_iterables_are_appended(self, lua, items):
        assert dict(lua.table_from(items)) == {1: 7, 2: 8}

    def test_iterators_are_used_up(self, lua):
        items = iter([7, 8])
        assert dict(lua.table_from(items, items)) == {1: 7, 2: 8}
        assert list(items) == []

    def test_generators_are_appended(self, lua):
        assert list(lua.table_from(i * i for i in range(4)).values()) == [0, 1, 4, 9]

    def test_strings_are_iterables_too(self, lua):
        assert dict(lua.table_from("ab", b"cd")) == {1: "a", 2: "b", 3: 99, 4: 100}

    def test_the_index_runs_over_all_arguments(self, lua):
        assert dict(lua.table_from([1], {5: "kept"}, [2], "c")) == {1: 1, 2: 2, 3: "c", 5: "kept"}

    def test_later_arguments_win(self, lua):
        assert dict(lua.table_from(["a", "b"], {1: "c"})) == {1: "c", 2: "b"}
        assert dict(lua.table_from({1: "c"}, ["a", "b"])) == {1: "a", 2: "b"}

    def test_none_leaves_a_hole_but_counts(self, lua):
        assert dict(lua.table_from([None, 1, None, 2, None])) == {2: 1, 4: 2}

    @pytest.mark.parametrize(
        "mapping",
        [
            {"a": 1}, collections.OrderedDict(a=1), types.MappingProxyType({"a": 1}), ReadOnlyMapping(a=1),
            collections.Counter("a"), collections.ChainMap({"a": 1}),
        ],
        ids=lambda mapping: type(mapping).__name__,
    )  # fmt: skip
    def test_mappings_give_pairs(self, lua, mapping):
        assert dict(lua.table_from(mapping)) == {"a": 1}

    def test_none_as_key_is_python_none(self, lua):
        table = lua.table_from({None: 1, "x": 2})
        assert table[None] == 1
        assert lua.eval("function(t) return t[python.none], t.x end")(table) == (1, 2)

    def test_none_as_value_is_absent(self, lua):
        assert dict(lua.table_from({"a": None, "b": 1})) == {"b": 1}

    def test_none_as_value_removes_what_is_there(self, lua):
        assert dict(lua.table_from({"a": 1}, {"a": None})) == {}
        assert dict(lua.table_from({1: "x"}, [None])) == {}

    def test_lua_tables_are_copied(self, lua):
        source = lua.table(1, 2, x=3)
        copy = lua.table_from(source)
        copy.x = 4
        assert dict(copy) == {1: 1, 2: 2, "x": 4}
        assert source.x == 3

    def test_pairs_of_lua_tables_do_not_move_the_index(self, lua):
        assert dict(lua.table_from([5], lua.table(1, 2, x=3), [6])) == {1: 1, 2: 6, "x": 3}

    def test_the_table_of_globals_can_be_copied(self, lua):
        assert lua.table_from(lua.globals()).print is not None

    def test_an_object_with_keys_but_no_mapping_is_iterated(self, lua):
        class Keyed:
            def keys(self):
                return ["a"]

            def __getitem__(self, key):
                return 1

            def __iter__(self):
                return iter([8, 9])

        assert dict(lua.table_from(Keyed())) == {1: 8, 2: 9}

    def test_the_old_sequence_protocol_is_enough(self, lua):
        class Sequence:
            def __getitem__(self, index):
                if index > 2:
                    raise IndexError
                return index * 10

        assert list(lua.table_from(Sequence()).values()) == [0, 10, 20]

    def test_nested_values_stay_python_objects(self, lua):
        inner = [1, 2]
        table = lua.table_from({"list": inner, "set": {1}, "tuple": (1, 2)})
        assert table.list is inner
        assert (table.set, table.tuple) == ({1}, (1, 2))

    def test_keys_of_all_kinds(self, lua):
        pairs = {1.5: "float", True: "bool", b"x": "bytes", "é": "str", (1, 2): "tuple", 3: "int"}
        table = lua.table_from(pairs)
        assert dict(table) == {1.5: "float", True: "bool", "x": "bytes", "é": "str", (1, 2): "tuple", 3: "int"}

    def test_many_items(self, lua, self_checking):
        assert list(lua.table_from(range(100_000)).values()) == list(range(100_000))
        pairs = {f"key{i}": i for i in range(2_000 if self_checking else 20_000)}
        assert dict(lua.table_from(pairs)) == pairs


class TestRefusals:
    @pytest.mark.parametrize("value", [5, None, 1.5, len], ids=repr)
    def test_what_is_not_iterable(self, lua, value):
        with pytest.raises(TypeError, match=f"'{type(value).__name__}' object is not iterable"):
            lua.table_from(value)

    def test_unknown_keywords(self, lua):
        with pytest.raises(TypeError, match="unexpected keyword argument 'a'"):
            lua.table_from([1], a=1)

    def test_an_exception_of_the_iterable_comes_out(self, lua):
        def items():
            yield 1
            raise KeyError("broken")

        with pytest.raises(KeyError, match="broken"):
            lua.table_from(items())
        assert lua.eval("1 + 1") == 2

    def test_an_exception_of_a_mapping_comes_out(self, lua):
        class Broken(ReadOnlyMapping):
            def __getitem__(self, key):
                raise ZeroDivisionError(key)

        with pytest.raises(ZeroDivisionError, match="field"):
            lua.table_from(Broken(field=1))

    @pytest.mark.parametrize("value", ["\ud800", ["ok", "\ud800"], {"\ud800": 1}, {1: "\ud800"}], ids=repr)
    def test_what_cannot_be_encoded(self, lua, value):
        with pytest.raises(UnicodeEncodeError):
            lua.table_from(value)

    def test_integers_beyond_64_bits(self, lua):
        with pytest.raises(OverflowError):
            lua.table_from([2**70])
        with pytest.raises(OverflowError):
            lua.table_from({2**70: 1})
        with pytest.raises(OverflowError):
            lua.table(1, 2**70)


class TestRecursive:
    def test_lists_and_dicts_become_tables(self, lua):
        table = lua.table_from({"a": [1, {"b": (2, 3)}]}, recursive=True)
        assert table.a[2].b[2] == 3
        assert lua.eval("function(t) return #t.a, #t.a[2].b, type(t.a[2].b) end")(table) == (2, 2, "table")

    def test_it_is_off_by_default(self, lua):
        inner = [1]
        assert lua.table_from({"a": inner}).a is inner
        assert lua.table_from({"a": inner}, recursive=False).a is inner

    @pytest.mark.parametrize(
        "value", [[1, 2], (1, 2), range(1, 3), bytearray(b"\1\2"), collections.deque([1, 2])],
        ids=lambda value: type(value).__name__,
    )  # fmt: skip
    def test_every_sequence_becomes_a_table(self, lua, value):
        assert list(lua.table_from([value], recursive=True)[1].values()) == [1, 2]

    def test_every_mapping_becomes_a_table(self, lua):
        nested = ReadOnlyMapping(a=ReadOnlyMapping(b=types.MappingProxyType({"c": 3})))
        assert lua.table_from([nested], recursive=True)[1].a.b.c == 3

    def test_strings_and_bytes_stay_strings(self, lua):
        assert list(lua.table_from(["text", b"bytes"], recursive=True).values()) == ["text", "bytes"]

    def test_sets_generators_and_objects_stay_python_objects(self, lua):
        values = [{1}, (i for i in ()), object(), frozenset()]
        table = lua.table_from(values, recursive=True)
        assert all(table[i + 1] is value for i, value in enumerate(values))

    def test_lua_tables_inside_stay_the_same_table(self, lua):
        inner = lua.table(1)
        table = lua.table_from([inner, {"again": inner}], recursive=True)
        table[1].mark = "here"
        assert (inner.mark, table[2].again.mark) == ("here", "here")

    def test_values_of_a_lua_table_argument_are_not_converted(self, lua):
        inner = [2]
        assert lua.table_from(lua.table(1, inner), recursive=True)[2] is inner

    def test_a_list_that_contains_itself(self, lua):
        items = [1]
        items.append(items)
        table = lua.table_from(items, recursive=True)
        assert table[2][2][2][1] == 1

    def test_none_inside(self, lua):
        table = lua.table_from({"x": {"absent": None, None: 2}, "y": [1, None, 3]}, recursive=True)
        assert dict(table.x) == {None: 2}
        assert dict(table.y) == {1: 1, 3: 3}

    def test_several_arguments_are_one_table(self, lua):
        table = lua.table_from([1], [[2]], {"k": {"v": 3}}, recursive=True)
        assert (table[1], table[2][1], table.k.v) == (1, 2, 3)

    def test_keys_are_converted_as_well(self, lua, lupa_module):
        table = lua.table_from({(1, 2): "value"}, recursive=True)
        (key,) = table
        assert lupa_module.lua_type(key) == "table"
        assert (list(key.values()), table[key]) == ([1, 2], "value")

    def test_empty_containers(self, lua):
        table = lua.table_from([[], {}, ()], recursive=True)
        assert [dict(value) for value in table.values()] == [{}, {}, {}]

    def test_an_exception_deep_inside_comes_out(self, lua):
        class Broken(collections.UserList):
            def __getitem__(self, index):
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            lua.table_from({"a": [{"b": Broken([1])}]}, recursive=True)
        assert lua.table_from([[1]], recursive=True)[1][1] == 1


class TestChangesMeanwhile:
    """Conversion can run code that changes what is being converted."""

    BIG = 2**70

    def test_what_is_left_of_a_list_counts(self, lua):
        items = [1, self.BIG, *range(3, 2000)]

        def handler(_):
            del items[3:]
            return "big"

        lua.set_overflow_handler(handler)
        assert dict(lua.table_from(items)) == {1: 1, 2: "big", 3: 3}

    def test_what_a_list_gets_counts_too(self, lua):
        items = [1, self.BIG]

        def handler(_):
            items.append(3)
            return "big"

        lua.set_overflow_handler(handler)
        assert dict(lua.table_from(items)) == {1: 1, 2: "big", 3: 3}

    @pytest.mark.parametrize("place", ["key", "value"])
    def test_a_dict_is_taken_as_it_was(self, lua, place):
        pairs = {1: "one", "a": 2, self.BIG if place == "key" else "big": "big" if place == "key" else self.BIG}
        pairs.update({f"name {i}": i for i in range(2000)})
        expected = {**pairs, "big": "big"}
        expected.pop(self.BIG, None)

        def handler(_):
            pairs.clear()
            return "big"

        lua.set_overflow_handler(handler)
        assert dict(lua.table_from(pairs)) == expected

    def test_a_dict_that_changes_while_lua_runs(self, lua):
        pairs = {f"name {i}": i for i in range(5000)}
        expected = dict(pairs)
        is_building = False
        lua.eval("function(call) debug.sethook(function() call() end, 'c') end")(lambda: is_building and pairs.clear())
        is_building = True
        try:
            table = lua.table_from(pairs)
        finally:
            is_building = False
            lua.execute("debug.sethook()")
        assert dict(table) == expected

    def test_values_that_nobody_else_holds(self, lua):
        items = [self.BIG, [1], "text " * 3, b"bytes " * 3, self.BIG, {2}]

        def handler(_):
            items[1:4] = [None, None, None]
            return 0

        lua.set_overflow_handler(handler)
        table = lua.table_from(items, recursive=True)
        assert dict(table) == {1: 0, 5: 0, 6: {2}}


@pytest.mark.parametrize("items", [[1, None, 3], [None, 1], [1, 2, None], [None, 1, None, 2, None], [*range(9), None, 9]])
def test_the_length_of_a_list_with_holes_is_that_of_a_table_that_grows(lua, items):
    grow = lua.eval("""
        function(items)
            local t = {}
            for i = 1, items.n do t[i] = items[i] end
            return #t
        end
    """)
    source = lua.table_from({i + 1: value for i, value in enumerate(items)}, {"n": len(items)})
    assert len(lua.table_from(items)) == grow(source)


@pytest.mark.parametrize("make", [str, lambda text: text.encode()], ids=["text", "bytes"])
def test_values_live_until_they_are_in_the_table(lua, make):
    """An iterator may keep nothing of what it yields."""
    table = lua.table_from(make(f"text {i} " * 20) for i in range(2000))
    assert list(table.values()) == [f"text {i} " * 20 for i in range(2000)]


@pytest.mark.parametrize("character", ["\u4e2d", "\ud800"])
def test_a_character_that_is_no_string_of_lua_contains_itself(new_runtime, character):
    """Python makes a new string for each look at one that is not in Latin-1."""
    lua = new_runtime(encoding=None)
    contains_itself = lua.eval("function(t) return rawequal(t, t[1]) and #t == 1 end")
    assert contains_itself(lua.table_from(character, recursive=True))
    table = lua.table_from([character * 3], recursive=True)
    assert [contains_itself(item) for item in table[1].values()] == [True] * 3
