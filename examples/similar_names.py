"""Who is meant? Misspelt names are compared with all known ones, by Lua in several threads, with a progress bar.

Each thread has a runtime of its own. Python's lock is free while Lua computes, so they really run at the same time.
The bar appears on a terminal: by tqdm if that is installed, else as a count.

It prints::

    Ada Lovelase is Ada Lovelace
    Grace Hoper is Grace Hopper
    Allan Touring is Alan Turing
    Edzger Dikstra is Edsger Dijkstra
    Ada Hopper is unknown
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lupa

KNOWN = ["Ada Lovelace", "Alan Turing", "Barbara Liskov", "Donald Knuth", "Edsger Dijkstra", "Grace Hopper"]
MISSPELT = ["Ada Lovelase", "Grace Hoper", "Allan Touring", "Edzger Dikstra", "Ada Hopper"]

#: How many characters have to be inserted, removed or replaced to make one text of the other (Levenshtein distance).
NEAREST = """
local known = ...

local function distance(a, b)
  local row = {}
  for column = 0, #b do row[column] = column end
  for line = 1, #a do
    local diagonal = row[0]
    row[0] = line
    for column = 1, #b do
      local replaced = diagonal + (a:byte(line) == b:byte(column) and 0 or 1)
      diagonal = row[column]
      row[column] = math.min(replaced, diagonal + 1, row[column - 1] + 1)
    end
  end
  return row[#b]
end

return function(name)
  local nearest, least
  for _, candidate in ipairs(known) do
    local d = distance(name, candidate)
    if not least or d < least then nearest, least = candidate, d end
  end
  return nearest, least
end
"""


def find_nearest(
    names: list[str], known: list[str], threads: int = 4, new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime
) -> list[tuple[str, int]]:
    """For each name the nearest known one, and how far it is."""
    local = threading.local()

    def prepare_thread() -> None:
        lua = new_runtime(encoding="latin-1")           # one byte for each character
        local.nearest = lua.execute(NEAREST, lua.table_from(known))

    def nearest(name: str) -> Any:
        return local.nearest(name)

    with ThreadPoolExecutor(threads, initializer=prepare_thread) as pool:
        return list(with_progress(pool.map(nearest, names), len(names)))


def with_progress(results: Iterable[Any], total: int) -> Iterable[Any]:
    if not sys.stderr.isatty():
        return results
    try:
        from tqdm import tqdm
    except ImportError:
        return with_count(results, total)
    return tqdm(results, total=total)


def with_count(results: Iterable[Any], total: int) -> Iterator[Any]:
    for number, result in enumerate(results, 1):
        print(f"\r{number}/{total}", end="", file=sys.stderr)
        yield result
    print(file=sys.stderr)


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    found = find_nearest(MISSPELT, KNOWN, new_runtime=new_runtime)
    for name, (nearest, distance) in zip(MISSPELT, found):
        print(name, "is", nearest if distance <= 3 else "unknown")


if __name__ == "__main__":
    main()
