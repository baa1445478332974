"""`table` and `table_from`."""

import collections
import types

from support import attempt, each


class _Mapping(collections.abc.Mapping):
    def __init__(self, **items):
        self._items = items

    def __getitem__(self, key):
        return self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)


class _Sequence(collections.abc.Sequence):
    def __getitem__(self, index):
        return ("a", "b", "c")[index]

    def __len__(self):
        return 3


class _OldIterable:
    def __getitem__(self, index):
        if index == 2:
            raise IndexError
        return index * 10


class _Failing:
    def __iter__(self):
        yield 1
        raise KeyError("in the iterator")


Point = collections.namedtuple("Point", "x y")


def table_of_nothing(lua):
    return lua.table(), len(lua.table())


def table_of_items(lua):
    return lua.table(1, "two", 3.0, None, True)


def table_of_names(lua):
    return lua.table(a=1, b="two", c=None)


def table_of_items_and_names(lua):
    return lua.table(1, 2, a="x")


def table_of_a_list_holds_the_list(lua):
    return lua.table([1, 2], {"a": 1})


def table_with_holes(lua):
    table = lua.table(1, None, 3)
    return table, table[2], lua.eval("#...", table) in (1, 3)


def table_of_names_that_look_like_options(lua):
    return lua.table(self=1, recursive=2, items=3)


def table_of_names_that_are_not_ascii(lua):
    return lua.table(ä=1)


def table_of_a_value_that_cannot_be_converted(lua):
    return attempt(lua.table, 1, 2**64), attempt(lua.table, a=2**64), lua.table(1)


@each(
    empty_list=[],
    list=[1, "two", None, 3.5],
    tuple=(1, 2),
    range=range(3),
    text="abc",
    as_bytes=b"abc",
    bytearray=bytearray(b"ab"),
    empty_dict={},
    dict={"a": 1, 2: "b", 2.5: "c", True: "d"},
    dict_with_none_key={None: "none"},
    dict_with_none_value={"a": None, "b": 1},
    ordered_dict=collections.OrderedDict(a=1),
    counter=collections.Counter("aab"),
    default_dict=collections.defaultdict(list, a=[1]),
    mapping_proxy=types.MappingProxyType({"a": 1}),
    mapping=_Mapping(a=1, b=2),
    chain_map=collections.ChainMap({"a": 1}, {"b": 2}),
    sequence=_Sequence(),
    set={1},
    frozenset=frozenset([1]),
    deque=collections.deque([1, 2]),
    dict_items={"a": 1}.items(),
    dict_keys={"a": 1}.keys(),
    named_tuple=Point(1, 2),
    old_iterable=_OldIterable(),
    integer=12,
    none=None,
    function=len,
    float=1.5,
    failing=_Failing(),
    nested_list=[[1], [2, [3]]],
    nested_dict={"a": {"b": 1}},
    pairs=[("a", 1), ("b", 2)],
    memoryview=memoryview(b"ab"),
    tuple_key={(1, 2): 3},
    bytes_key={b"a": 1},
    class_itself=list,
)
def table_from_one(lua, value):
    return lua.table_from(value)


@each(
    list=[1, [2, [3, []]]],
    dict={"a": {"b": {"c": 1}}},
    mixed={"list": [1, {"x": (1, 2)}], "tuple": ({"y": 1},)},
    tuple=(1, (2, 3)),
    text=["abc"],
    as_bytes=[b"abc"],
    bytearray=[bytearray(b"ab")],
    range=[range(2)],
    set=[{1}],
    frozenset=[frozenset([1])],
    mapping=[_Mapping(a=[1])],
    sequence=[_Sequence()],
    named_tuple=[Point([1], 2)],
    deque=[collections.deque([1])],
    generator_free=[iter([1])],
    none=[None, [None]],
    none_key={"a": {None: [1]}},
    none_value={"a": {"b": None}},
    dict_items=[{"a": 1}.items()],
    plain=[1, 2.5, True, "x"],
    memoryview=[memoryview(b"ab")],
    ordered_dict=collections.OrderedDict(a=[1]),
    text_itself="abc",
    empty=[[], {}, ()],
)
def table_from_recursive(lua, value):
    return lua.table_from(value, recursive=True)


def table_from_of_nothing(lua):
    return lua.table_from(), lua.table_from(recursive=True)


def table_from_several(lua):
    return lua.table_from([1, 2], {"a": 1}, (3,), {"a": 2, "b": 3}), lua.table_from({1: "x"}, ["a", "b"])


def table_from_two_lists_share_the_index(lua):
    return lua.table_from("ab", "cd"), lua.table_from([1, None], [2])


def table_from_a_list_after_a_table(lua):
    return lua.table_from(lua.table(1, 2), [3]), lua.table_from([3, 4, 5], lua.table("x"))


def table_from_a_table_copies(lua):
    table = lua.eval("{1, 2, x = {y = 1}}")
    made = lua.table_from(table)
    made.x.y = 2
    made.z = 3
    return made, table


def table_from_a_table_recursive(lua):
    table = lua.eval("{1, 2, x = {y = 1}}")
    made = lua.table_from(table, recursive=True)
    made.x.y = 2
    return made, table


def table_from_a_list_of_tables(lua):
    inner = lua.table(1)
    made = lua.table_from([inner, inner])
    made[1][2] = "shared"
    return made


def table_from_a_list_of_tables_recursive(lua):
    return lua.table_from([lua.table(1), {"t": lua.table(2)}], recursive=True)


def table_from_a_table_ignores_pairs(lua):
    return lua.table_from(lua.eval("setmetatable({1}, {__pairs = function() return function() end end})"))


def table_from_a_table_loses_the_metatable(lua):
    return lua.eval("getmetatable(...)", lua.table_from(lua.eval("setmetatable({1}, {__index = {x = 1}})")))


def table_from_a_generator(lua):
    return lua.table_from(i * i for i in range(4))


def table_from_a_recursive_generator(lua):
    made = lua.table_from(([i] for i in range(2)), recursive=True)
    return made


def table_from_iterators(lua):
    return lua.table_from(iter([1, 2]), zip("ab", "cd"), map(str, [1]))


def table_from_an_object_with_keys(lua):
    class KeysOnly:
        def keys(self):
            return ["a", "b"]

        def __getitem__(self, key):
            return {"a": 1, "b": 2}[key]

    return attempt(lua.table_from, KeysOnly())


def table_from_a_coroutine(lua):
    return lua.table_from(lua.eval("function() coroutine.yield('a') coroutine.yield('b') end").coroutine())


def table_from_table_keys(lua):
    return lua.table_from(lua.table("x", "y").values()), lua.table_from(lua.eval("{a = 1}").items())


def table_from_a_lua_function(lua):
    return lua.table_from(lua.eval("print"))


def table_from_unknown_keyword(lua):
    return lua.table_from([1], nonsense=True)


def table_from_recursive_by_truth(lua):
    return lua.table_from([[1]], recursive=1), attempt(lua.table_from, [[1]], recursive="yes")


def table_from_a_value_that_cannot_be_converted(lua):
    return attempt(lua.table_from, [1, 2**70]), attempt(lua.table_from, {"a": "\ud800"}), lua.table_from([1])


def table_from_a_key_that_cannot_be_converted(lua):
    return attempt(lua.table_from, {2**70: 1}), attempt(lua.table_from, {"\ud800": 1})


def table_from_a_nan_key(lua):
    return lua.table_from({float("nan"): 1})


def table_from_a_mapping_that_fails(lua):
    class Failing(_Mapping):
        def __getitem__(self, key):
            raise ValueError("no value for " + key)

    return attempt(lua.table_from, Failing(a=1)), lua.table_from({"a": 1})


def table_from_a_mapping_whose_keys_fail(lua):
    class Failing(_Mapping):
        def __iter__(self):
            raise ValueError("no keys")

    return attempt(lua.table_from, Failing(a=1)), attempt(lua.table_from, [Failing(a=1)], recursive=True)


def table_from_a_table_of_another_runtime(lupa, lua):
    return lua.table_from(lupa.LuaRuntime().table(1, 2))


def table_from_a_list_with_a_table_of_another_runtime(lupa, lua):
    return lua.table_from([lupa.LuaRuntime().table(1, 2)])


def table_from_a_list_that_contains_itself(lua):
    items = [1]
    items.append(items)
    return lua.table_from(items, recursive=True)


def table_from_a_dict_that_contains_itself(lua):
    items = {"x": 1}
    items["me"] = items
    return lua.table_from(items, recursive=True)


def table_from_a_list_met_twice(lua):
    shared = [1, 2]
    made = lua.table_from([shared, shared], recursive=True)
    made[1][3] = "new"
    return made


def table_from_a_dict_met_twice(lua):
    shared = {"a": 1}
    made = lua.table_from({"one": shared, "two": shared}, recursive=True)
    made.one.b = 2
    return made


def table_from_a_deep_list(lua):
    deep = []
    for _ in range(150):
        deep = [deep]
    table = lua.table_from(deep, recursive=True)
    depth = 0
    while len(table):
        table, depth = table[1], depth + 1
    return depth


def table_from_a_very_deep_list(lua):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    table = lua.table_from(deep, recursive=True)
    depth = 0
    while len(table):
        table, depth = table[1], depth + 1
    return depth


def table_from_a_long_list(lua):
    table = lua.table_from(range(100_000))
    return len(table), table[1], table[100_000]


def table_from_a_large_dict(lua):
    table = lua.table_from({str(i): i for i in range(20_000)})
    return table["0"], table["19999"], sum(table.values())


def table_from_keeps_objects(lua):
    something, made = object(), lua.table_from([len, object])
    kept = lua.table_from([something])
    return made[1] is len, made[2] is object, kept[1] is something


def table_from_with_text_as_bytes(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    # A literal is not always the one string of this character, which contains itself.
    return lua.table_from({b"a": b"b"}), attempt(lua.table_from, [[chr(120), b"y"]], recursive=True)


def table_from_with_text_as_bytes_and_names(lupa):
    lua = lupa.LuaRuntime(encoding=None)
    return lua.table(a=1), lua.table(a="x")
