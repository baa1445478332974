"""Tables: reading, writing, iterating, and making them."""

import collections

from fault_operations import Thing, operation


def big(lua):
    return lua.eval("{10, 20, 30, name = 'x', [2.5] = 'half', [false] = {}}")


@operation()
def reading_items(lua, module):
    table = big(lua)
    return lambda: [table[1], table["name"], table["missing" * 10], table[2.5]], [10, "x", None, "half"]


@operation()
def reading_an_item_that_is_a_table(lua, module):
    table = big(lua)
    return lambda: table[False], lambda inner: len(inner) == 0


@operation()
def reading_by_an_object(lua, module):
    table, thing = big(lua), Thing()
    return lambda: table[thing], None


@operation()
def reading_attributes(lua, module):
    table = big(lua)
    return lambda: [table.name, getattr(table, "missing" * 10)], ["x", None]


@operation()
def reading_through_index(lua, module):
    table = lua.eval("setmetatable({}, {__index = function(t, k) return {k} end})")
    return lambda: table["key" * 20][1], "key" * 20


@operation()
def writing_items(lua, module):
    table = big(lua)

    def action():
        table[4], table["new" * 10], table[0.5] = "four" * 20, 5, Thing()
        return len(table)

    return action, 4


@operation()
def writing_by_an_object(lua, module):
    table, thing = big(lua), Thing()

    def action():
        table[thing] = "value" * 20
        return table[thing]

    return action, "value" * 20


@operation()
def writing_attributes(lua, module):
    table = big(lua)

    def action():
        table.first, table.second = "value" * 20, Thing(3)
        return table.second.value

    return action, 3


@operation()
def writing_through_newindex(lua, module):
    table = lua.eval("setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, {v, k}) end})")

    def action():
        table["key"] = "value" * 20
        return table.key[1]

    return action, "value" * 20


@operation()
def filling_a_table(lua, module):
    table = lua.table()

    def action():
        for index in range(1, 40):
            table[index] = index
            table[f"key {index}"] = index
        return len(table)

    return action, 39


@operation()
def deleting(lua, module):
    table = big(lua)

    def action():
        del table["name"], table[3]
        del table.missing
        return table.name

    return action, None


@operation()
def a_length_metamethod(lua, module):
    table = lua.eval("setmetatable({}, {__len = function() return #('x'):rep(77) end})")
    return lambda: len(table), 77 if module.LUA_VERSION >= (5, 2) else 0


@operation()
def text_of_a_table(lua, module):
    table = lua.eval("setmetatable({}, {__tostring = function() return ('x'):rep(77) end})")
    return lambda: str(table), "x" * 77


@operation()
def text_of_a_table_without_metamethod(lua, module):
    table = big(lua)
    return lambda: [str(table), repr(table)], lambda texts: texts[0] == texts[1] and "table" in texts[0]


@operation()
def iterating_over_keys(lua, module):
    table = big(lua)
    return lambda: list(table), lambda keys: len(keys) == 6


@operation()
def iterating_over_values(lua, module):
    table = big(lua)
    return lambda: list(table.values()), lambda values: len(values) == 6


@operation()
def iterating_over_items(lua, module):
    table = big(lua)
    return lambda: dict(table.items()), lambda items: items["name"] == "x" and len(items) == 6


@operation()
def iterating_over_tables(lua, module):
    table = lua.eval("{{}, {}, {}, [{}] = {}}")
    return lambda: list(table.items()), lambda items: len(items) == 4


@operation()
def an_iteration_that_is_left(lua, module):
    table = big(lua)
    return lambda: next(table.items()), lambda pair: len(pair) == 2


@operation()
def an_undecodable_key(lua, module):
    table = lua.eval(r"{['\255'] = 1}")
    return lambda: list(table), [b"\xff"]


@operation()
def a_table_of_arguments(lua, module):
    items, named = tuple(range(30)), {"name": "x", "other": Thing()}
    return lambda: lua.table(*items, **named), lambda table: len(table) == 30 and table.name == "x"


@operation()
def an_empty_table(lua, module):
    return lua.table, lambda table: len(table) == 0


@operation()
def table_from_a_list(lua, module):
    return lambda: lua.table_from(["a", "b" * 50, Thing(), None, [], 2.5]), lambda table: table[2] == "b" * 50


@operation()
def table_from_a_dict(lua, module):
    source = {"key": "value", 5: Thing(), "k" * 50: "v" * 50, None: 3}
    return lambda: lua.table_from(source), lambda table: table["k" * 50] == "v" * 50


@operation()
def table_from_a_generator(lua, module):
    return lambda: lua.table_from(str(i) * 3 for i in range(30)), lambda table: table[30] == "29" * 3


@operation()
def table_from_a_mapping(lua, module):
    source = collections.ChainMap({"a": 1}, {"b": Thing()})
    return lambda: lua.table_from(source), lambda table: table.a == 1


@operation()
def table_from_a_table(lua, module):
    source = lua.eval("{1, 2, a = {}, b = 'text'}")
    return lambda: lua.table_from(source), lambda table: table.b == "text" and len(table) == 2


@operation()
def table_from_several_sources(lua, module):
    return lambda: lua.table_from([1, 2], {"a": 3}, (4, 5)), lambda table: list(table.values()) == [1, 2, 4, 5, 3]


@operation()
def table_from_a_long_list(lua, module):
    return lambda: lua.table_from(range(1100)), lambda table: len(table) == 1100


@operation()
def table_from_nested_containers(lua, module):
    source = [1, [2, [3, {"a": (4, 5)}]], {"b": [6]}]
    return lambda: lua.table_from(source, recursive=True), lambda table: table[2][2][2].a[2] == 5


@operation()
def table_from_shared_containers(lua, module):
    shared = [1]
    cycle = {"self": None, "shared": [shared, shared]}
    cycle["self"] = cycle
    return (
        lambda: lua.table_from(cycle, recursive=True),
        lambda table: str(table.self) == str(table) and str(table.shared[1]) == str(table.shared[2]),
    )


@operation()
def table_from_many_containers(lua, module):
    return lambda: lua.table_from([[i] for i in range(250)], recursive=True), lambda table: table[250][1] == 249


@operation()
def table_from_something_else(lua, module):
    def action():
        try:
            return lua.table_from(5)
        except TypeError as error:
            return str(error)

    return action, "'int' object is not iterable"
