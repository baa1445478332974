"""Tables of Lua as Python data, as text, and as copies of themselves.

Tables are read raw, each at one moment: no metamethod runs, and what other threads do to a table meanwhile is either seen as a
whole or not at all.
"""

from __future__ import annotations

from operator import getitem

from lupa._core import lua_type
from lupa._runtime import base_class

TYPE_CHECKING = False  # Importing `typing` takes as long as a runtime module.
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lupa import LuaTable

#: Texts are made recursively.
MAX_TEXT_DEPTH = 100

#: Where `copy.deepcopy` finds the copies of tables in its memo, whose other keys are numbers.
COPIES = "copies of Lua tables"


def to_python(value: Any, *, max_depth: int = 200) -> Any:
    """The Python data for a value of Lua: new lists and dicts for a table and all tables in it; any other value as it is.

    A table whose keys are exactly the integers from 1 to n is a list, every other one a dict, also the empty table and one with
    a hole. ``LuaRuntime.table_from(data, recursive=True)`` is the way back. A table that is met again is the same list or dict
    again, so that shared tables stay shared and cycles stay cycles. Tables of every runtime are taken.

    Functions, coroutines, userdata and Python objects stay what they are, and so do tables that are keys. Metatables do not
    count: tables are read raw.

    What Python does with nested data, comparing and pickling for instance, is recursive; that is why the depth is bounded.

    Raises:
        ValueError: tables lie in each other more than ``max_depth`` deep, or keys that differ in Lua (``true`` and ``1``) are
            the same key in Python.
        TypeError: a key is a Python object that cannot be a key in Python.
        UnicodeDecodeError: a string is no text in the encoding of the runtime. Keys are bytes then.

    >>> import lupa
    >>> lua = lupa.LuaRuntime()
    >>> lupa.to_python(lua.eval("{1, 2, {x = 'y'}}"))
    [1, 2, {'x': 'y'}]
    >>> lupa.to_python(lua.eval("{1, nil, 3}")), lupa.to_python(lua.eval("{}")), lupa.to_python("text")
    ({1: 1, 3: 3}, {}, 'text')
    >>> data = {"name": "demo", "ports": [80, 443]}
    >>> lupa.to_python(lua.table_from(data, recursive=True)) == data
    True
    """
    return converted(value, max_depth) if is_table(value) else value


def is_table(value: Any) -> bool:
    return lua_type(value) == "table"


def converted(table: LuaTable, max_depth: int) -> list[Any] | dict[Any, Any]:
    """All tables level by level, and then each into its places; nothing of this is recursive."""
    containers: dict[LuaTable, list[Any] | dict[Any, Any]] = {}
    places: list[tuple[Any, Any, LuaTable]] = []
    level, depth = [table], 0
    while level:
        depth += 1
        if depth > max_depth:
            raise ValueError(f"expected tables that are nested at most {max_depth} deep (max_depth={max_depth})")
        first_place = len(places)
        for each in level:
            if each not in containers:
                container = containers[each] = container_of(pairs(snapshot(each)))
                places += places_of_tables(container)
        level = [inner for _, _, inner in places[first_place:] if inner not in containers]
    for outer, key, inner in places:
        outer[key] = containers[inner]
    return containers[table]


def snapshot(table: LuaTable) -> LuaTable:
    """A copy that nobody else knows of, which Lua makes in one go."""
    runtime = table.__lua_runtime__
    return base_class(runtime).table_from(runtime, table)


def pairs(table: LuaTable) -> list[tuple[Any, Any]]:
    return list(table.items())


def container_of(entries: list[tuple[Any, Any]]) -> list[Any] | dict[Any, Any]:
    """A list or a dict, with the tables in it as they are."""
    fields = dict(entries)
    count = len(entries)
    if len(fields) < count:
        raise ValueError("expected keys that differ in Python, as true and 1 do not")
    # Keys that are all integers, differ from each other, and lie between 1 and their number, are all of those.
    if count and set(map(type, fields)) == {int} and min(fields) == 1 and max(fields) == count:
        return list(map(fields.__getitem__, range(1, count + 1)))
    return fields


def places_of_tables(container: list[Any] | dict[Any, Any]) -> list[tuple[Any, Any, LuaTable]]:
    """Where in a container tables are."""
    items = enumerate(container) if isinstance(container, list) else container.items()
    return [(container, key, value) for key, value in items if lua_type(value) == "table"]


def describe(
    value: Any, *, depth: int = 5, entries: int = 100, total: int = 500, characters: int = 2000, width: int = 79
) -> str:
    """A text that shows what is in a table, as the prompt shows it: the list first, then the fields in order.

    Tables inside of tables are shown to a ``depth`` of at most 100, of each table so many ``entries`` and of all together a
    ``total``, of each string so many ``characters``; lines that would be longer than ``width`` are broken. A table that is met
    again is shown once and has a number. Tables are read raw, and ``__tostring`` is not asked. ``repr(table)`` is
    ``<Lua table at 0x...>`` as ever.

    Raises ValueError for another depth.

    >>> import lupa
    >>> lua = lupa.LuaRuntime()
    >>> table = lua.eval("{10, 20, name = 'x', inner = {1, 2}}")
    >>> table.self = table
    >>> print(lupa.describe(table))
    <1>{10, 20, inner = {1, 2}, name = "x", self = <table 1>}
    >>> print(lupa.describe(lua.table(1, 2, 3), entries=2, width=10))
    {
      1,
      2,
      ... 1 more
    }
    """
    from lupa._interactive.inspection import Limits, inspect_value
    from lupa._interactive.text import as_text

    if not 0 <= depth <= MAX_TEXT_DEPTH:
        raise ValueError(f"expected a depth from 0 to {MAX_TEXT_DEPTH}, not {depth}")
    limits = Limits(depth, entries, total, characters, asks_objects=False)
    return as_text(inspect_value(value, limits), width)


def copied(table: LuaTable) -> LuaTable:
    """For `copy.copy`: a table of the same runtime with the same keys and values, without a metatable."""
    return snapshot(table)


def deeply_copied(table: LuaTable, memo: dict[Any, Any]) -> LuaTable:
    """For `copy.deepcopy`: a table of the same runtime, with copies of all tables in it and of the Python objects.

    Raises TypeError for functions, coroutines and userdata, which cannot be copied.
    """
    from copy import deepcopy

    copies: dict[LuaTable, LuaTable] = memo.setdefault(COPIES, {})
    waiting: list[LuaTable] = []

    def copy_of(value: Any) -> Any:
        kind = lua_type(value)
        if kind is None:
            return deepcopy(value, memo)
        if kind != "table":
            raise TypeError(f"expected tables of plain data to copy, found a Lua {kind}")
        if value not in copies:
            copies[value] = snapshot(value)
            waiting.append(copies[value])
        return copies[value]

    result: LuaTable = copy_of(table)
    while waiting:
        replace_parts(waiting.pop(), copy_of)
    return result


def replace_parts(table: LuaTable, copy_of: Callable[[Any], Any]) -> None:
    """Replace the keys and values of a table by their copies; what is its own copy stays untouched."""
    for key, value in pairs(table):
        new_key, new_value = copy_of(key), copy_of(value)
        if new_key is not key:
            del table[key]
        if new_key is not key or new_value is not value:
            table[new_key] = new_value


def pickled(table: LuaTable) -> tuple[Any, ...]:
    """For `pickle`: plain data, for which whoever unpickles it needs no Lua."""
    return getitem, ((to_python(table),), 0)
