"""Chunks of Lua as they are typed: expressions or statements, complete or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lupa._core import LuaSyntaxError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaFunction, LuaRuntime, LuaTable

#: How every Lua ends the message about a chunk that ends too early.
END_OF_FILE = re.compile(r"near ['`]?<eof>'?$")

PACK = """
local select = select
return function(...) return {n = select("#", ...), ...} end
"""


class Incomplete(Exception):
    """The chunk may become valid with more lines; the cause is the syntax error that it has so far."""


@dataclass(frozen=True)
class Chunk:
    """A compiled chunk."""

    function: LuaFunction
    #: Whether it wants a function that packs the values of its expression into a table.
    packs: bool


class Evaluator:
    """Compiles and runs what is typed, in one runtime."""

    def __init__(self, lua: LuaRuntime) -> None:
        self.lua = lua
        self._pack: LuaFunction = lua.execute(PACK, name="=[lupa]")

    def compile(self, code: str, name: str = "=stdin") -> Chunk:
        """Compile an expression (also with `=` before it) or, if it is none, statements.

        Raises:
            Incomplete: it ends too early.
            LuaSyntaxError: it is wrong.
        """
        # A string that is not finished on its line is wrong, and is not continued.
        code += "\n"
        if code.startswith("="):
            try:
                return self._expression(code[1:], name)
            except LuaSyntaxError as error:
                if is_incomplete(error):
                    raise Incomplete from error
                raise
        try:
            return self._expression(code, name)
        except LuaSyntaxError as error:
            not_an_expression = error
        try:
            return Chunk(self.lua.compile(encoded(code), name=name), packs=False)
        except LuaSyntaxError as error:
            if is_incomplete(error) or is_incomplete(not_an_expression):
                raise Incomplete from error
            raise

    def _expression(self, code: str, name: str) -> Chunk:
        plain = self.lua.compile(encoded("return " + code), name=name)
        if "..." not in code:
            try:
                # Not as a tail call, which would take the chunk from the traceback.
                return Chunk(self.lua.compile(encoded(f"return (...)({code})"), name=name), packs=True)
            except LuaSyntaxError:
                pass  # It ends with a semicolon.
        return Chunk(plain, packs=False)

    def is_incomplete(self, code: str) -> bool:
        """Whether it may become valid with more lines."""
        try:
            self.compile(code)
        except Incomplete:
            return True
        except LuaSyntaxError:
            pass
        return False

    def run(self, chunk: Chunk) -> list[Any]:
        """The values of a chunk; a string that cannot be decoded is bytes, if the chunk is an expression."""
        if chunk.packs:
            return unpacked(chunk.function(self._pack))
        # Functions that return several values give a tuple, as those that return one tuple do.
        values = chunk.function()
        if values is None:
            return []
        return list(values) if type(values) is tuple else [values]


def unpacked(table: LuaTable) -> list[Any]:
    return [read(table, index) for index in range(1, table["n"] + 1)]


def read(table: LuaTable, key: Any) -> Any:
    """A field of a table, as bytes if it is a string that cannot be decoded."""
    try:
        return table[key]
    except UnicodeDecodeError as error:
        return error.object


def encoded(code: str) -> bytes:
    """UTF-8, with the bytes that Python could not decode when it read them."""
    return code.encode("utf-8", "surrogateescape")


def is_incomplete(error: LuaSyntaxError) -> bool:
    return END_OF_FILE.search(str(error.value)) is not None
