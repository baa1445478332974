"""Outcomes as text: the same text means the same type, value, exception type and message.

Removed is only what may differ between two runs or two flavours: addresses, the order of dictionaries, sets and Lua
tables, the `_G.` that Lua puts before a function's name when its search for it happens to meet `_G` first, and the part
of a type's module that names the flavour or the package's common module (`lupa.lua54._LuaTable` is `lupa._LuaTable`).
"""

import re

from support import Raised, Text

ADDRESS = re.compile(r"0x[0-9a-fA-F]{5,}")
PACKAGE_MODULE = re.compile(r"\blupa\.(?:lua5[1-5]|luajit2[01]|_core)\b")
PLAIN = (type(None), bool, int, float, complex, str, bytes, bytearray, type(Ellipsis))
MAX_DEPTH = 6


def describe(value):
    """The text for a program's result."""
    return _describe(value, ())


def describe_exception(exception):
    """Type, bases within the package, message, and the arguments where they say more than the message."""
    cls = type(exception)
    bases = [base.__name__ for base in cls.__mro__[1:] if base.__module__.split(".")[0] == "lupa"]
    text = "raised " + _type_name(cls)
    if bases:
        text += "(" + ", ".join(bases) + ")"
    if not exception.args:
        return text
    message = str(exception)
    text += ": " + _normalise(message)
    if exception.args != (message,):
        text += "\nargs: " + _describe(exception.args, ())
    return text


def _normalise(text):
    return PACKAGE_MODULE.sub("lupa", ADDRESS.sub("0x…", text)).replace("'_G.", "'")


def _type_name(cls):
    name = cls.__name__ if cls.__module__ == "builtins" else cls.__module__ + "." + cls.__qualname__
    return _normalise(name)


def _describe(value, path):
    cls = type(value)
    if isinstance(value, Raised):
        return "<" + describe_exception(value.exception) + ">"
    if isinstance(value, Text):
        return "text:\n" + _normalise(value)
    if cls in PLAIN:
        return _normalise(repr(value))
    if len(path) > MAX_DEPTH:
        return "<deeper>"
    if cls.__name__ == "_LuaTable":
        return _describe_table(value, path)
    if cls in CONTAINERS:
        return CONTAINERS[cls](value, path + (id(value),))
    if isinstance(value, BaseException):
        return "<" + describe_exception(value) + ">"
    if isinstance(value, type):
        return "<class " + _type_name(value) + ">"
    return _type_name(cls) + " " + _normalise(repr(value))


def _items(values, path):
    return ", ".join(_describe(item, path) for item in values)


def _describe_table(table, path):
    """A table by its sorted contents; its repr holds its address, which tells a table that contains itself."""
    address = repr(table)
    if address in path:
        return "<the table around it>"
    try:
        inner = path + (address,)
        pairs = sorted(_describe(key, inner) + ": " + _describe(value, inner) for key, value in table.items())
    except Exception as exception:
        return "lupa._LuaTable <" + describe_exception(exception) + ">"
    return "lupa._LuaTable{" + ", ".join(pairs) + "}"


CONTAINERS = {
    tuple: lambda value, path: "(" + _items(value, path) + ("," if len(value) == 1 else "") + ")",
    list: lambda value, path: "[" + _items(value, path) + "]",
    set: lambda value, path: "{" + ", ".join(sorted(_describe(item, path) for item in value)) + "}",
    frozenset: lambda value, path: "frozenset{" + ", ".join(sorted(_describe(item, path) for item in value)) + "}",
    dict: lambda value, path: "{"
    + ", ".join(sorted(_describe(key, path) + ": " + _describe(item, path) for key, item in value.items()))
    + "}",
}
