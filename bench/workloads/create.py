"""Python makes Lua tables."""

from bench.workload import Group, Lua


class Thing:
    """An object without items."""


INTEGERS = list(range(1000))
FLOATS = [n / 2 for n in range(1000)]
STRINGS = [f"string {n}" for n in range(1000)]
THINGS = [Thing() for _ in range(1000)]
BY_NAME = {f"name{n}": n for n in range(1000)}
BY_NUMBER = {n: n for n in range(1000)}
ROWS = [{"id": n, "name": f"row {n}", "tags": ["a", "b"]} for n in range(100)]
TREE = {"a": {"b": {"c": [1, 2, 3], "d": {"e": 1}}, "f": [[1, 2], [3, 4]]}}

GROUP = Group("create", "Python makes Lua tables", target=0.37)

GROUP.python("table()", "lua.table()", check="len(lua.table()) == 0")
GROUP.python("table(1, 2, 3)", "lua.table(1, 2, 3)", check="list(lua.table(1, 2, 3).values()) == [1, 2, 3]")
GROUP.python("table(a=1, b=2)", "lua.table(a=1, b=2)", check="lua.table(a=1, b=2)['b'] == 2")
GROUP.python("list of 10 integers", "lua.table_from(x)", x=INTEGERS[:10], check="len(lua.table_from(x)) == 10")
GROUP.python(
    "dictionary of 10 names",
    "lua.table_from(x)",
    x=dict(list(BY_NAME.items())[:10]),
    check="lua.table_from(x)['name9'] == 9",
)


def element(name, x, check, **details):
    GROUP.python(name + ", element", "lua.table_from(x)", x=x, check=check, **details)


element("list of integers", INTEGERS, "lua.table_from(x)[1000] == 999", elements=1000)
element("list of floats", FLOATS, "lua.table_from(x)[1000] == 499.5", elements=1000)
element("list of strings", STRINGS, "lua.table_from(x)[1000] == 'string 999'", elements=1000)
element("list of objects", THINGS, "lua.table_from(x)[1000] is x[999]", elements=1000)
element("tuple of integers", tuple(INTEGERS), "lua.table_from(x)[1000] == 999", elements=1000)
element("range", range(1000), "lua.table_from(x)[1000] == 999", elements=1000)
element("dictionary of names", BY_NAME, "lua.table_from(x)['name999'] == 999", elements=1000)
element("dictionary of numbers", BY_NUMBER, "lua.table_from(x)[999] == 999", elements=1000)
element(
    "Lua table",
    Lua("(function() local t = {} for i = 1, 1000 do t[i] = i end return t end)()"),
    "lua.table_from(x)[1000] == 1000",
    elements=1000,
)
GROUP.python(
    "generator, element",
    "lua.table_from(n for n in x)",
    x=INTEGERS,
    check="lua.table_from(n for n in x)[1000] == 999",
    elements=1000,
)
GROUP.python(
    "nested rows, element",
    "lua.table_from(x, recursive=True)",
    x=ROWS,
    check="lua.table_from(x, recursive=True)[100].tags[2] == 'b'",
    elements=600,
)
GROUP.python(
    "nested tree", "lua.table_from(x, recursive=True)", x=TREE, check="lua.table_from(x, recursive=True).a.b.c[3] == 3"
)
