"""Python objects in Lua: attributes and items."""

import enum
import types

from samples import Plain, with_object
from support import attempt, each


class _Items:
    def __init__(self):
        self.items = {}
        self.attribute = "attribute"

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        self.items[key] = value


class _ReadOnlyItems:
    def __getitem__(self, key):
        return f"item {key!r}"


class _Slots:
    __slots__ = ("x",)


# --- attributes ---------------------------------------------------------------------------------------------------


@each(
    own="o.own",
    class_attribute="o.attribute",
    nothing="o.nothing",
    hidden="o._hidden",
    computed="o.computed",
    failing="o.failing",
    pretending="o.missing",
    unknown="o.unknown",
    method="o.method",
    dunder="o.__class__",
    dunder_dict="o.__dict__",
    integer_name="o[1]",
    float_name="o[1.5]",
    boolean_name="o[true]",
    nil_name="o[nil]",
    table_name="o[{}]",
    function_name="o[print]",
    object_name="o[o]",
    none_name="o[python.none]",
    empty_name="o['']",
    umlaut="o['ä']",
    undecodable="o['\\255']",
)
def attribute_read(lua, code):
    with_object(lua, Plain())
    return lua.eval(code)


@each(
    own="o.own = 'new'",
    new="o.new = 5",
    nil="o.own = nil",
    none="o.own = python.none",
    table="o.own = {1}",
    computed="o.computed = 1",
    integer_name="o[1] = 1",
    boolean_name="o[true] = 1",
    object_name="o[o] = 1",
    empty_name="o[''] = 1",
    undecodable="o['\\255'] = 1",
    undecodable_value="o.own = '\\255'",
)
def attribute_write(lua, code):
    value = with_object(lua, Plain())
    lua.execute(code)
    return dict(sorted(vars(value).items()))


@each(slots=_Slots, builtin=lambda: len, cls=lambda: int, none=lambda: object(), module=lambda: types)
def attribute_write_that_is_refused(lua, make):
    with_object(lua, make())
    lua.execute("o.real = 1")


def attribute_of_a_class(lua):
    with_object(lua, Plain)
    return lua.eval("o.attribute"), lua.eval("o.__name__"), attempt(lua.eval, "o.own"), lua.eval("o().own")


def attribute_of_a_module(lua):
    with_object(lua, types)
    return lua.eval("o.SimpleNamespace") is types.SimpleNamespace, attempt(lua.eval, "o.nonsense")


def attribute_of_a_function(lua):
    def function():
        pass

    function.note = "noted"
    with_object(lua, function)
    return lua.eval("o.note"), lua.eval("o.__name__"), attempt(lua.eval, "o.other")


def attributes_through_getattr(lua):
    class Dynamic:
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return "dynamic " + name

    with_object(lua, Dynamic())
    return lua.eval("o.anything"), attempt(lua.eval, "o[5]")


def catch_all_getattr_looks_like_items(lua):
    class CatchAll:
        def __getattr__(self, name):
            return name

    with_object(lua, CatchAll())
    return lua.eval("o.x")


def attributes_through_setattr_and_getattribute(lua):
    log = []

    class Logged:
        def __setattr__(self, name, value):
            log.append((name, value))

        def __getattribute__(self, name):
            log.append(name)
            return object.__getattribute__(self, name)

    value = Logged()
    with_object(lua, value)
    lua.execute("o.x = 5")
    attempt(lua.eval, "o.y")
    return [entry for entry in log if not str(entry).startswith("__")]


def enumerations(lua):
    class Colour(enum.Enum):
        RED = 1

    class Number(enum.IntEnum):
        ONE = 1

    with_object(lua, Colour)
    return lua.eval("o.RED") is Colour.RED, lua.eval("tostring(o)"), lua.eval("o.RED"), lua.eval("...", Number.ONE)


# --- items --------------------------------------------------------------------------------------------------------


@each(
    existing="o.a",
    missing="o.b",
    integer="o[1]",
    float="o[1.5]",
    boolean="o[true]",
    nil="o[nil]",
    none="o[python.none]",
    table="o[{}]",
    text="o['a']",
    method_name="o.keys",
)
def item_read_of_a_dict(lua, code):
    with_object(lua, {"a": "A", 1: "one", 1.5: "float", None: "none"})
    return lua.eval(code)


@each(
    zero="o[0]",
    one="o[1]",
    negative="o[-1]",
    beyond="o[9]",
    float="o[1.0]",
    text="o['x']",
    nil="o[nil]",
    method="o.append",
    half="o[0.5]",
)
def item_read_of_a_list(lua, code):
    with_object(lua, ["a", "b"])
    return lua.eval(code)


@each(
    new="o.b = 2",
    replace="o.a = 2",
    integer="o[5] = 'five'",
    nil="o.a = nil",
    none="o.a = python.none",
    none_key="o[python.none] = 1",
    nil_key="o[nil] = 1",
    table_value="o.t = {1}",
    table_key="o[{}] = 1",
    object_value="o.o = o",
    float_key="o[2.0] = 1",
    boolean_key="o[false] = 1",
)
def item_write_of_a_dict(lua, code):
    value = with_object(lua, {"a": 1})
    lua.execute(code)
    value.pop("o", None)
    return list(value), list(map(str, value.values()))[:1]


@each(first="o[0] = 'x'", negative="o[-1] = 'x'", beyond="o[5] = 'x'", text="o.a = 1", nil="o[0] = nil")
def item_write_of_a_list(lua, code):
    value = with_object(lua, [1, 2])
    lua.execute(code)
    return value


@each(tuple=(1, 2), range=range(3), as_read_only=_ReadOnlyItems())
def item_write_that_is_refused(lua, value):
    with_object(lua, value)
    lua.execute("o[0] = 1")


def items_come_before_attributes(lua):
    value = with_object(lua, _Items())
    lua.execute("o.attribute = 'item'")
    return value.attribute, value.items, lua.eval("o.attribute"), attempt(lua.eval, "o.items")


def item_keys_keep_their_type(lua):
    with_object(lua, _ReadOnlyItems())
    return [lua.eval(f"o[{key}]") for key in ("1", "1.5", "2.0", "'x'", "true", "nil", "-3", "10 / 2")]


def slice_through_builtins(lua):
    with_object(lua, [0, 1, 2, 3])
    return lua.eval("o[python.builtins.slice(1, 3)]")


def dict_view_and_set(lua):
    with_object(lua, {1, 2})
    return attempt(lua.eval, "o[1]"), lua.eval("type(o.add)"), lua.eval("python.builtins.len(o)")


def getitem_on_the_instance_only(lua):
    value = Plain()
    value.__getitem__ = lambda key: "instance item"
    with_object(lua, value)
    return attempt(lua.eval, "o.own")


def class_getitem(lua):
    with_object(lua, list)
    return attempt(lua.eval, "o.append"), attempt(lua.eval, "o[1]")
