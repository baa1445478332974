"""What a value looks like, as a tree of plain data that is bounded in all directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Union

from lupa._core import lua_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaTable

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
KEYWORDS = frozenset(
    "and break do else elseif end false for function goto if "
    "in local nil not or repeat return then true until while".split()
)
#: Beyond this number entries are not counted.
COUNTED = 100_000


@dataclass(frozen=True)
class Limits:
    """How much of a value is looked at."""

    depth: int = 5
    entries: int = 100
    #: Of all tables together.
    total: int = 500
    characters: int = 2000
    #: Whether objects of Lua are asked what they are, by `__tostring`.
    asks_objects: bool = True


@dataclass(frozen=True)
class Leaf:
    """A value without parts."""

    kind: str
    text: str


@dataclass(frozen=True)
class Again:
    """A table that is shown elsewhere."""

    table: Table


@dataclass(eq=False)
class Table:
    """A table, its list first; the keys of the list are left out."""

    items: list[Node] = field(default_factory=list)
    fields: list[tuple[Node, Node]] = field(default_factory=list)
    omitted: int = 0
    #: Given to the tables that are met again.
    label: int | None = None


Node = Union[Leaf, Again, Table]


def inspect_value(value: Any, limits: Limits = Limits()) -> Node:
    """The tree of a value."""
    return _Inspector(limits).node(value, limits.depth)


def is_name(text: str) -> bool:
    """Whether it can be written as a field without quotes."""
    return NAME.fullmatch(text) is not None and text not in KEYWORDS


class _Inspector:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.remaining = limits.total
        self.met: dict[LuaTable, Table] = {}
        self.labels = 0

    def node(self, value: Any, depth: int) -> Node:
        if value is None:
            return Leaf("nil", "nil")
        if isinstance(value, bool):
            return Leaf("boolean", str(value).lower())
        if type(value) in (int, float):
            return Leaf("number", repr(value))
        if isinstance(value, (str, bytes)):
            return Leaf("string", quoted(value, self.limits.characters))
        kind = lua_type(value)
        if kind is None:
            return Leaf("python", self.described(value))
        told = self.told(value)
        if told is not None:
            return Leaf(kind, told)
        return self.table(value, depth) if kind == "table" else Leaf(kind, repr(value))

    def table(self, value: LuaTable, depth: int) -> Node:
        if value in self.met:
            shown = self.met[value]
            if shown.label is None:
                self.labels += 1
                shown.label = self.labels
            return Again(shown)
        if depth == 0:
            return Leaf("table", "{...}")
        shown = self.met[value] = Table()
        keys = value.keys()
        first = list(islice(raw_items(keys, value.items()), min(self.limits.entries, self.remaining)))
        self.remaining -= len(first)
        shown.omitted = sum(1 for _ in islice(keys, COUNTED))
        first.sort(key=lambda item: order(item[0]))
        for each, part in first:
            node = self.node(part, depth - 1)
            if is_number(each) and each == len(shown.items) + 1:
                shown.items.append(node)
            else:
                shown.fields.append((self.node(each, depth - 1), node))
        return shown

    def told(self, value: Any) -> str | None:
        """What an object of Lua says of itself by `__tostring`, if it does."""
        if not self.limits.asks_objects:
            return None
        try:
            text = str(value)
        except UnicodeDecodeError as error:
            text = error.object.decode("utf-8", "backslashreplace")
        except Exception:
            return None
        return None if text == repr(value) else shortened(text, self.limits.characters)

    def described(self, value: Any) -> str:
        try:
            return shortened(repr(value), self.limits.characters)
        except Exception:
            return object.__repr__(value)


def raw_items(keys: Iterator[Any], items: Iterator[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The pairs of a table without its metamethods, from both iterators over it; what cannot be decoded is bytes."""
    for key in keys:
        try:
            item = next(items, None)
        except UnicodeDecodeError as error:
            item = key, error.object
        if item is None:
            return
        yield item


def is_number(key: Any) -> bool:
    return type(key) in (int, float)


def order(key: Any) -> tuple[int, Any]:
    """Numbers first, then strings; the rest stays as it is."""
    if is_number(key):
        return 0, key
    return (1, key) if isinstance(key, str) else (2, 0)


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}... ({len(text) - length} more)"


def quoted(value: str | bytes, length: int) -> str:
    """A string as Lua code would write it."""
    unit = "bytes" if isinstance(value, bytes) else "characters"
    more = len(value) - length
    value = value[:length]
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    shown = '"' + "".join(escaped(text)) + '"'
    return shown if more <= 0 else f"{shown}... ({more} more {unit})"


ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str) -> Iterator[str]:
    for character in text:
        if character in ESCAPES:
            yield ESCAPES[character]
        elif character.isprintable():
            yield character
        else:
            yield from (f"\\{byte:03}" for byte in character.encode("utf-8", "surrogateescape"))
