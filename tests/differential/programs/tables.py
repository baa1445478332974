"""Lua tables in Python: reading, writing and deleting items and attributes."""

from support import each


def _sample(lua):
    return lua.eval("{10, 20, 30, x = 'ex', [2.5] = 'float', [true] = 'yes'}")


@each(
    first=1,
    last=3,
    zero=0,
    negative=-1,
    beyond=4,
    float_index=2.0,
    float_key=2.5,
    name="x",
    name_as_bytes=b"x",
    missing="nope",
    boolean=True,
    none=None,
    infinity=float("inf"),
    nan=float("nan"),
    big=2**62,
    too_big=2**64,
    tuple_key=(1, 2),
    list_key=[1],
    text_digit="1",
    slice_key=slice(1, 2),
    surrogate="\ud800",
)
def item_read(lua, key):
    return _sample(lua)[key]


@each(
    append=4,
    replace=1,
    name="name",
    as_bytes=b"bytes",
    float_index=2.0,
    float_key=0.5,
    boolean=False,
    none=None,
    negative=-7,
    infinity=float("inf"),
    big=2**62,
    too_big=2**64,
    empty="",
    surrogate="\ud800",
    with_nul="a\0b",
)
def item_write(lua, key):
    table = lua.table("one", "two")
    table[key] = "new"
    return table[key], sorted(map(repr, table.items()))


def item_write_with_a_nan_key(lua):
    table = lua.table()
    table[float("nan")] = 1


def item_write_of_none_deletes(lua):
    table = _sample(lua)
    table["x"] = None
    table[1] = None
    return table["x"], sorted(map(repr, table))


@each(
    none=None,
    true=True,
    integer=5,
    float=5.5,
    text="text",
    as_bytes=b"bytes",
    list=[1, 2],
    tuple=(1, 2),
    dict={"a": 1},
    set={1},
    big=2**63,
    builtin=len,
    complex=1j,
)
def value_written_and_read(lua, value):
    table = lua.table()
    table.field = value
    return table.field, table["field"], lua.eval("type(...)", table.field), lua.eval("type((...).field)", table)


def a_table_in_a_table(lua):
    table = lua.table()
    table.inner = lua.table(1, 2)
    table.inner[3] = 3
    return table, table.inner[3]


def a_table_that_contains_itself(lua):
    table = lua.table(1)
    table.me = table
    return table, table.me.me.me[1]


@each(existing="x", missing="nope", integer=2, none=None, boolean=True, tuple_key=(1, 2))
def item_delete(lua, key):
    table = _sample(lua)
    del table[key]
    return table


@each(
    existing="x",
    missing="nope",
    keys="keys",
    empty="",
    umlaut="ä",
    leading_underscore="_x",
    dunder="__x",
    private="__x_",
)
def attribute_read(lua, name):
    return getattr(_sample(lua), name)


@each(
    dunder="__dunder__",
    index="__index__",
    length="__length_hint__",
    await_="__await__",
    array="__array__",
    dict="__dict__",
    reduce="__foo__",
)
def dunder_attribute_read(lua, name):
    return getattr(_sample(lua), name)


@each(ordinary="x", keys="keys", empty="", dunder_start="__x", dunder="__x__", klass="__class__", doc="__doc__")
def attribute_write(lua, name):
    table = lua.table()
    setattr(table, name, 5)
    return lua.eval("(function(t) return next(t) end)(...)", table)


@each(ordinary="x", missing="y", keys="keys", dunder="__x__", klass="__class__")
def attribute_delete(lua, name):
    table = lua.table_from({"x": 1, "keys": 2, "z": 3})
    delattr(table, name)
    return dict(table)


def methods_shadow_fields_on_reading_only(lua):
    table = lua.table_from({"keys": 1, "values": 2, "items": 3, "other": 4})
    table.keys = "written"
    return callable(table.keys), table["keys"], callable(table.items), table.other


def hasattr_is_always_true(lua):
    table = lua.table()
    return hasattr(table, "x"), hasattr(table, "__x__"), hasattr(table, "__len__"), hasattr(table, "__iter__")


def getattr_with_a_default(lua):
    table = lua.table()
    return getattr(table, "x", "default"), getattr(table, "__x__", "default")
