"""Lua tables as Python objects: length, iteration, equality, text, metamethods, and what they do not do."""

import collections.abc
import copy
import pickle

from support import attempt, each


def _sample(lua):
    return lua.eval("{10, 20, 30, x = 'ex', [2.5] = 'float', [true] = 'yes'}")


@each(
    empty="{}",
    array="{1, 2, 3}",
    names="{x = 1}",
    trailing_nil="{1, 2, nil}",
    table_with_len="setmetatable({}, {__len = function() return 42 end})",
    len_that_fails="setmetatable({}, {__len = function() error('no len', 0) end})",
    len_that_is_text="setmetatable({}, {__len = function() return 'x' end})",
    len_that_is_negative="setmetatable({}, {__len = function() return -1 end})",
)
def length(lua, code):
    return len(lua.eval(code))


@each(empty="{}", array="{1}", with_len="setmetatable({}, {__len = function() return 0 end})")
def truth(lua, code):
    return bool(lua.eval(code))


def iteration_is_over_keys(lua):
    return list(lua.eval("{10, 20, 30}")), list(iter(lua.table("a"))), sorted(map(str, _sample(lua)))


def keys_values_and_items(lua):
    table = lua.eval("{10, 20, 30}")
    return list(table.keys()), list(table.values()), list(table.items())


def iteration_over_an_empty_table(lua):
    table = lua.table()
    return list(table), list(table.keys()), list(table.values()), list(table.items())


def iterators_are_used_up(lua):
    iterator = lua.table(1, 2).items()
    return list(iterator), list(iterator), attempt(next, iterator)


def iterator_protocol(lua):
    iterator = lua.table("a").values()
    return iter(iterator) is iterator, next(iterator), attempt(next, iterator), attempt(next, iterator)


@each(keys="keys", values="values", items="items")
def iterator_types(lua, name):
    iterator = getattr(lua.table(1), name)()
    return type(iterator).__name__, iterator, attempt(len, iterator), bool(iterator)


@each(keys="keys", values="values", items="items")
def iterator_methods_take_no_argument(lua, name):
    return getattr(lua.table(1), name)(1)


def iterator_of_iter(lua):
    return iter(lua.table(1))


def iterator_type_cannot_be_made(lua):
    return type(lua.table().keys())()


def iteration_ignores_the_pairs_metamethod(lua):
    table = lua.eval("setmetatable({1, 2}, {__pairs = function() return function() end end})")
    return list(table.items())


def assignment_to_existing_keys_while_iterating(lua):
    table = lua.table(1, 2, 3)
    for key in table:
        table[key] = key * 10
    return table


def removal_while_iterating(lua):
    table = lua.table(1, 2, 3, 4)
    for key in table:
        table[key] = None
    return table


def two_iterators_at_once(lua):
    table = lua.table(1, 2)
    return [(a, b) for a in table for b in table]


def none_key_is_python_none(lua):
    table = lua.table()
    table[None] = "value"
    return table[None], list(table), lua.eval("(...)[python.none]", table), list(table.items())


def none_key_is_deleted(lua):
    table = lua.table_from({None: 1})
    del table[None]
    return list(table), table[None]


def contains_looks_at_keys(lua):
    table = _sample(lua)
    return "x" in table, 1 in table, 10 in table, "nope" in table, 2.5 in table, 2.0 in table, None in table


def dict_of_a_table(lua):
    table = lua.table_from({"a": 1, "b": 2})
    return sorted(dict(table).items()), sorted({**table}.items()), dict(lua.table())


def keyword_arguments_from_a_table(lua):
    return sorted((lambda **kwargs: kwargs)(**lua.table_from({"a": 1, "b": 2})).items())


def positional_arguments_from_a_table(lua):
    return (lambda *args: args)(*lua.table(5, 6))


def unpacking_a_table(lua):
    first, second = lua.table("x", "y")
    return first, second


def reversed_table(lua):
    return attempt(lambda: list(reversed(lua.table("a", "b", "c"))))


@each(
    mapping=collections.abc.Mapping,
    mutable_mapping=collections.abc.MutableMapping,
    sequence=collections.abc.Sequence,
    iterable=collections.abc.Iterable,
    sized=collections.abc.Sized,
    container=collections.abc.Container,
    callable=collections.abc.Callable,
    hashable=collections.abc.Hashable,
    collection=collections.abc.Collection,
    reversible=collections.abc.Reversible,
    iterator=collections.abc.Iterator,
)
def abstract_base_class(lua, cls):
    return isinstance(lua.table(), cls), isinstance(lua.table().keys(), cls)


def equality_is_the_wrappers(lua):
    table = lua.table()
    lua.globals().t = table
    again = lua.globals().t
    return table == table, table == again, table != again, hash(table) == hash(again)


def equality_metamethod_is_not_asked(lua):
    lua.execute("mt = {__eq = function() return true end} a = setmetatable({}, mt) b = setmetatable({}, mt)")
    return lua.globals().a == lua.globals().b, lua.eval("a == b")


def tables_are_usable_as_dictionary_keys(lua):
    table = lua.table()
    return {table: 1}[table], len({table, table, lua.table()})


@each(
    less=lambda a, b: a < b,
    add=lambda a, b: a + b,
    subtract=lambda a, b: a - b,
    multiply=lambda a, b: a * b,
    negate=lambda a, b: -a,
    union=lambda a, b: a | b,
    matrix=lambda a, b: a @ b,
)
def operators_are_not_supported(lua, operator):
    lua.execute(
        "mt = {__add = function() return 1 end, __lt = function() return true end, __unm = function() return 2 end}"
    )
    make = lua.eval("function() return setmetatable({}, mt) end")
    return operator(make(), make())


def representation(lua):
    table = lua.table()
    return repr(table), str(table), f"{table}", attempt(format, table, ">5"), "%s %r" % (table, table)


def representation_is_the_lua_address(lua):
    table = lua.table()
    return repr(table).split()[-1].rstrip(">") == lua.eval("tostring(...)", table).split()[-1]


def two_wrappers_have_one_address(lua):
    lua.execute("t = {}")
    return repr(lua.globals().t) == repr(lua.globals().t)


@each(
    text="function() return 'I am a table' end",
    umlaut="function() return 'tä' end",
    undecodable="function() return '\\255\\254' end",
    number="function() return 12 end",
    nil="function() end",
    table="function() return {} end",
    fails="function() error('no text', 0) end",
    not_a_function="12",
    named="nil, __name = 'Named'",
)
def text_by_metamethod(lua, code):
    table = lua.eval("setmetatable({}, {__tostring = " + code + "})")
    return attempt(str, table), repr(table), attempt("{}".format, table)


def text_by_metamethod_gets_the_table(lua):
    return str(lua.eval("setmetatable({name = 'me'}, {__tostring = function(t, x) return t.name .. tostring(x) end})"))


@each(
    function="function(t, k) return type(t) .. ' ' .. tostring(k) end",
    table="{x = 'inherited', [1] = 'one'}",
    fails="function(t, k) error('no ' .. tostring(k), 0) end",
    number="12",
)
def index_metamethod(lua, code):
    table = lua.eval("setmetatable({own = 1}, {__index = " + code + "})")
    return attempt(lambda: table.own), attempt(lambda: table.x), attempt(lambda: table[1])


@each(
    function="function(t, k, v) rawset(t, k, tostring(v) .. '!') end",
    table="other",
    fails="function(t, k, v) error('read only', 0) end",
)
def newindex_metamethod(lua, code):
    lua.execute("other = {}")
    table = lua.eval("setmetatable({own = 1}, {__newindex = " + code + "})")
    table.own = 2
    table.x = "attribute"
    table[1] = "item"
    return table, lua.globals().other


def newindex_metamethod_on_delete(lua):
    table = lua.eval("setmetatable({own = 1}, {__newindex = function(t, k, v) rawset(t, 'log', k .. tostring(v)) end})")
    del table["missing"]
    return table


def a_method_called_through_python(lua):
    lua.execute("object = {n = 2} function object:twice(x) return self.n * x end")
    found = lua.globals().object
    return found.twice(found, 21), found["twice"](found, 4)


@each(copy=copy.copy, deepcopy=copy.deepcopy, pickle=pickle.dumps)
def copying(lua, function):
    return function(lua.table(1))


def type_cannot_be_made(lua):
    return type(lua.table())()


def type_cannot_be_subclassed(lua):
    return type("Mine", (type(lua.table()),), {})


def attributes_cannot_be_added_to_the_type(lua):
    type(lua.table()).extra = 1


def public_methods_of_the_type(lua):
    return sorted(name for name in dir(type(lua.table())) if not name.startswith("_"))


def dir_of_a_table(lua):
    return "keys" in dir(lua.table_from({"x": 1})), "x" in dir(lua.table_from({"x": 1}))


def the_table_outlives_the_runtime_variable(lupa):
    table = lupa.LuaRuntime().table(1, 2, 3)
    table[4] = 4
    return list(table.values()), len(table)


def lua_sees_python_changes(lua):
    table = lua.table()
    lua.globals().t = table
    table.x = 1
    table[1] = "one"
    return lua.eval("t.x, t[1], #t")


def python_sees_lua_changes(lua):
    table = lua.table()
    lua.eval("function(t) t.x = 1 t[1] = 'one' end")(table)
    return table


def string_and_integer_keys_differ(lua):
    table = lua.table()
    table[1] = "integer"
    table["1"] = "text"
    return table[1], table["1"], len(table)


def float_keys_with_integral_value(lua):
    table = lua.table()
    table[1.0] = "float"
    return table[1], list(table), lua.eval("next(...)", table)


def boolean_keys_are_not_numbers(lua):
    table = lua.table()
    table[True] = "true"
    table[1] = "one"
    return table[True], table[1], len(list(table))


def object_keys_by_identity(lua):
    key, other = [1], [1]
    table = lua.table()
    table[key] = "value"
    found = list(table)
    return table[key], table[other], found[0] is key


def bytes_and_text_keys_are_the_same(lua):
    table = lua.table()
    table["a"] = 1
    table[b"a"] = 2
    return table["a"], table[b"a"], list(table)


def a_key_of_another_runtime(lupa, lua):
    return lua.table()[lupa.LuaRuntime().table()]


def a_value_of_another_runtime(lupa, lua):
    lua.table().x = lupa.LuaRuntime().table()


def an_undecodable_value(lua):
    table = lua.eval("{'\\255', 'fine'}")
    return attempt(lambda: table[1]), table[2], attempt(lambda: list(table.values()))


def an_undecodable_key(lua):
    table = lua.eval("{['\\255'] = 1}")
    return attempt(lambda: list(table)), attempt(lambda: list(table.items())), attempt(lambda: list(table.values()))


def nested_read(lua):
    return lua.eval("{a = {b = {c = {1, {d = 'deep'}}}}}").a.b.c[2].d


def insertion_by_table_insert(lua):
    insert, table = lua.eval("table.insert"), lua.table()
    insert(table, "b")
    insert(table, 1, "a")
    return list(table.values()), attempt(insert, table, 10, "x")


def concatenation_and_sorting_by_lua(lua):
    table = lua.table(3, 1, 2)
    lua.eval("table.sort")(table)
    return lua.eval("table.concat")(table, "-"), list(table.values())


def sorting_with_a_python_function(lua):
    table = lua.table(3, 1, 2)
    lua.eval("function(t, f) table.sort(t, function(a, b) return f(a, b) end) end")(table, lambda a, b: a > b)
    return list(table.values())


def a_weak_table_loses_its_values(lua):
    table = lua.eval("setmetatable({}, {__mode = 'v'})")
    table[1] = lua.table()
    lua.gccollect()
    return table[1]


def a_table_with_a_protected_metatable(lua):
    table = lua.eval("setmetatable({}, {__metatable = 'locked', __index = {x = 1}})")
    return table.x, lua.eval("getmetatable(...)", table)
