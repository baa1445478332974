"""A spreadsheet whose formulas are expressions of Lua that see cells as variables.

A formula that needs an unknown cell stops with an exception, which passes through Lua as it is, and runs again when the
cell is known: long chains of cells need no deep recursion, and a cell that needs itself is noticed.

It prints::

    D4 is too much
    C1 is 2, which changes D1 D3 D4; D4 is all right
    C2 is =D3, which changes D2 D3 D4; D3 needs D2 needs C2 needs D3
    C2 is =SUMM(B1:B2), which changes D2 D3 D4; C2: there is no SUMM
    C2 is =(1 + ), which changes D2 D3 D4; C2: formula:1: unexpected symbol near ')'
"""

import re
from typing import Union

import lupa

Value = Union[str, float]

ORDER: dict[str, Value] = {
    "A1": "tea", "B1": 3, "C1": 4, "D1": "=B1 * C1", "A2": "cake", "B2": 5, "C2": 2, "D2": "=B2 * C2",
    "D3": "=SUM(D1:D2)", "D4": "=D3 > 20 and 'too much' or 'all right'",
}  # fmt: skip
CHANGES: list[tuple[str, Value]] = [("C1", 2), ("C2", "=D3"), ("C2", "=SUMM(B1:B2)"), ("C2", "=(1 + )")]

CELL = re.compile(r"[A-Z][1-9][0-9]*")
RANGE = re.compile(rf"\b({CELL.pattern}):({CELL.pattern})\b")

#: What formulas see: cells, and the functions here. CELLS is what a range such as A1:B2 stands for.
NAMES = """
local ipairs, setmetatable, _G, look_up, look_up_range = ipairs, setmetatable, _G, ...
for name in pairs(_G) do _G[name] = nil end
setmetatable(_G, {__index = function(_, name) return look_up(name) end})
function CELLS(first, last) return look_up_range(first, last) end
function SUM(values)
  local sum = 0
  for _, value in ipairs(values) do sum = sum + value end
  return sum
end
"""


class FormulaError(Exception):
    """A cell has no value."""


class Missing(Exception):
    """A formula needs this cell first."""


class Sheet:
    def __init__(self, new_runtime: type[lupa.LuaRuntime]) -> None:
        self.contents: dict[str, Value] = {}
        self.values: dict[str, Value] = {}              # as far as they are known
        self.users: dict[str, set[str]] = {}            # whose formulas have looked at a cell
        self.evaluated = ""                             # whose formula runs now
        self.lua = new_runtime(libs="safe")
        self.lua.execute(NAMES, self.look_up, self.look_up_range)

    def set(self, cell: str, content: Value) -> set[str]:
        """Returns the other cells whose values this may change."""
        self.contents[cell] = content
        outdated = [cell]
        for known in outdated:                          # it grows meanwhile
            self.values.pop(known, None)
            outdated += self.users.pop(known, set()).difference(outdated)
        return set(outdated) - {cell}

    def value(self, cell: str) -> Value:
        """An empty cell is 0. Raises FormulaError."""
        waiting = [cell]
        while waiting:
            try:
                self.values[waiting[-1]] = self.evaluate(waiting[-1])
                waiting.pop()
            except Missing as missing:
                needed = str(missing)
                if needed in waiting:
                    raise FormulaError(" needs ".join([*waiting[waiting.index(needed):], needed])) from None
                waiting.append(needed)
        return self.values[cell]

    def evaluate(self, cell: str) -> Value:
        content = self.contents.get(cell, 0)
        if not str(content).startswith("="):
            return content
        self.evaluated = cell
        try:
            value = self.lua.eval(RANGE.sub(r"CELLS('\1', '\2')", str(content)[1:]), name="=formula")
            if not isinstance(value, (str, int, float)):
                raise TypeError("neither a number nor text")
            return value
        except Missing:
            raise
        except Exception as error:                      # of Lua, or of what it called
            raise FormulaError(f"{cell}: {getattr(error, 'value', error)}") from error

    def look_up(self, name: str) -> Value:
        if not CELL.fullmatch(name):
            raise LookupError(f"there is no {name}")
        self.users.setdefault(name, set()).add(self.evaluated)
        if name not in self.values:
            raise Missing(name)
        return self.values[name]

    def look_up_range(self, first: str, last: str) -> lupa.LuaTable:
        columns, rows = range(ord(first[0]), ord(last[0]) + 1), range(int(first[1:]), int(last[1:]) + 1)
        return self.lua.table_from(self.look_up(f"{chr(column)}{row}") for column in columns for row in rows)


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    sheet = Sheet(new_runtime)
    for cell, content in ORDER.items():
        sheet.set(cell, content)
    print("D4 is", sheet.value("D4"))
    for cell, content in CHANGES:
        changed = " ".join(sorted(sheet.set(cell, content)))
        print(f"{cell} is {content}, which changes {changed};", end=" ")
        try:
            print("D4 is", sheet.value("D4"))
        except FormulaError as error:
            print(error)


if __name__ == "__main__":
    main()
