"""Completion of Lua code: globals, fields, methods, attributes of Python objects. No code of others runs for it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from lupa._core import lua_type
from lupa._interactive.inspection import KEYWORDS, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime

#: What stands before the cursor: names with dots or colons between them.
PATH = re.compile(r"(?:[A-Za-z_]\w*\s*[.:]\s*)*(?:[A-Za-z_]\w*)?$", re.ASCII)

# The fields of a table and of those that its __index leads to; a function there is not called.
FIELDS = """
local getmetatable = debug and debug.getmetatable or getmetatable
local find, next, rawget, type = string.find, next, rawget, type
local function each_table(value, visit)
  for _ = 1, 10 do
    if type(value) == "table" then
      local found = visit(value)
      if found ~= nil then return found end
    end
    local metatable = getmetatable(value)
    value = type(metatable) == "table" and rawget(metatable, "__index") or nil
    if value == nil then return nil end
  end
end
local function lookup(value, name)
  return each_table(value, function(table) return rawget(table, name) end)
end
local function names(value)
  local result = {}
  each_table(value, function(table)
    for key in next, table do
      if #result >= 10000 then return true end
      if type(key) == "string" and find(key, "^[%a_][%w_]*$") then result[#result + 1] = key end
    end
  end)
  return result
end
return {lookup = lookup, names = names}
"""


class Completer:
    """Knows what can follow in one runtime."""

    def __init__(self, lua: LuaRuntime) -> None:
        self.globals = lua.globals()
        functions = lua.execute(FIELDS, name="=[lupa]")
        self._lookup, self._names = functions["lookup"], functions["names"]

    def complete(self, text: str) -> tuple[str, list[str]]:
        """The unfinished name at the end of a text, and the names that it may become."""
        found = PATH.search(text)
        *path, unfinished = re.split(r"\s*[.:]\s*", found[0]) if found else [""]
        before = text[: len(text) - len(unfinished)].rstrip()
        if not path and before.endswith((".", ":")) and not before.endswith(".."):
            return unfinished, []  # What stands before the dot is no name.
        try:
            names = set(self.names_at(path))
        except Exception:
            return unfinished, []
        if not path:
            names |= KEYWORDS
        private = unfinished.startswith("_")
        return unfinished, sorted(
            name for name in names if name.startswith(unfinished) and (private or not name.startswith("_"))
        )

    def names_at(self, path: list[str]) -> Iterable[str]:
        value: Any = self.globals
        for name in path:
            value = self.step(value, name)
        return self.names_of(value)

    def step(self, value: Any, name: str) -> Any:
        if belongs_to_lua(value):
            return self._lookup(value, name)
        if type(value) is dict:
            return value[name]
        found = inspect.getattr_static(value, name)
        return None if isinstance(found, property) else found

    def names_of(self, value: Any) -> Iterable[str]:
        if belongs_to_lua(value):
            return [str(name) for name in self._names(value).values()]
        if type(value) is dict:
            return [key for key in value if isinstance(key, str) and is_name(key)]
        # Lua code sees the items of such objects, and not their attributes.
        return [] if value is None or hasattr(type(value), "__getitem__") else dir(value)


def belongs_to_lua(value: Any) -> bool:
    return lua_type(value) is not None or isinstance(value, str)
