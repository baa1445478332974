"""Hostile Python objects: classes whose special methods do what a program says."""

import collections.abc

#: Hooks that are read as attributes; the others are methods.
PROPERTIES = {"__class__", "__dict__", "__name__", "__doc__", "__traceback__", "__self__", "x", "count"}

NEW = {
    "object": lambda cls, lupa: object.__new__(cls),
    "int": lambda cls, lupa: int.__new__(cls, 7),
    "float": lambda cls, lupa: float.__new__(cls, 0.5),
    "str": lambda cls, lupa: str.__new__(cls, "text"),
    "bytes": lambda cls, lupa: bytes.__new__(cls, b"\xff\x00"),
    "tuple": lambda cls, lupa: tuple.__new__(cls, (1, None, [2])),
    "list": lambda cls, lupa: fill(list.__new__(cls), list.extend, [1, None, "x"]),
    "dict": lambda cls, lupa: fill(dict.__new__(cls), dict.update, {"a": 1, 2: None}),
    "set": lambda cls, lupa: set.__new__(cls),
    "Mapping": lambda cls, lupa: object.__new__(cls),
    "Sequence": lambda cls, lupa: object.__new__(cls),
    "LuaError": lambda cls, lupa: lupa.LuaError.__new__(cls, "hostile"),
}

ABSTRACT = {"Mapping": collections.abc.Mapping, "Sequence": collections.abc.Sequence}
VALUES = (object, int, float, str, bytes, tuple, list, dict, set)
BUILTIN = {base.__name__: base for base in (*VALUES, BaseException, Exception, KeyError, StopIteration)}


def fill(new, method, content):
    method(new, content)
    return new


class Exhausted(Exception):
    """A program has used up its fuel: whatever would loop ends by this."""


def hook(world, name, action):
    def method(me, *arguments, **named):
        return world.run_hook(name, action, me, arguments)

    return property(method) if name in PROPERTIES else method


def create(world, base, hooks):
    """A hostile object, and a weak reference that lives as long as any part of it."""
    methods = {name: hook(world, name, action) for name, action in hooks.items()}
    if base == "type":
        meta = type("Meta", (type,), {name: method for name, method in methods.items() if name not in HARMFUL_IN_A_METACLASS})
        return meta("Hostile", (), {})
    lupa = world.lupa
    bases = ABSTRACT.get(base) or BUILTIN.get(base) or lupa.LuaError
    cls = type("Hostile", (bases,), {**ABSTRACT_METHODS.get(base, {}), **methods})
    if base in ABSTRACT:
        cls.__abstractmethods__ = frozenset()
    return NEW.get(base, lambda cls, lupa: bases.__new__(cls))(cls, lupa)


#: Python itself uses these of a class while it makes the class.
HARMFUL_IN_A_METACLASS = {"__dict__", "__name__", "__doc__", "__call__", "__setattr__"}

ABSTRACT_METHODS = {
    "Mapping": {"__getitem__": lambda me, key: (key,), "__iter__": lambda me: iter("ab"), "__len__": lambda me: 2},
    "Sequence": {"__getitem__": lambda me, index: [1, None, (2,)][index], "__len__": lambda me: 3},
}
