"""Coroutines of Lua as generators of Python, and iterators of Python in Lua's `for`.

It prints::

    [1, 1, 2, 3, 5, 8, 13]
    [10, 30, 60]
    ['depth 0: a', 'depth 1: b', 'depth 1: c']
    a-0 b-1 c-2
    sum of squares 285
"""

import itertools

import lupa

WALK = """
function(tree)
  local function walk(node, depth)
    coroutine.yield("depth " .. depth .. ": " .. node.name)
    for _, child in ipairs(node.children or {}) do walk(child, depth + 1) end
  end
  walk(tree, 0)
end
"""


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    lua = new_runtime()

    # `coroutine()` makes a generator of a Lua function; nothing runs before it is asked for.
    fibonacci = lua.eval("""
    function()
      local a, b = 1, 1
      while true do
        coroutine.yield(a)
        a, b = b, a + b
      end
    end""").coroutine()
    print(list(itertools.islice(fibonacci, 7)))

    # Values go in with send().
    total = lua.eval("""
    function()
      local sum = 0
      while true do sum = sum + coroutine.yield(sum) end
    end""").coroutine()
    next(total)
    print([total.send(value) for value in (10, 20, 30)])

    # Recursion is easy in a coroutine.
    tree = lua.table_from({"name": "a", "children": [{"name": "b"}, {"name": "c"}]}, recursive=True)
    print(list(lua.eval(WALK).coroutine(tree)))

    # The other direction: python.enumerate, python.iter and python.iterex drive Lua's for loop.
    join = lua.eval("""
    function(items)
      local words = {}
      for index, item in python.enumerate(items) do words[#words + 1] = item .. "-" .. index end
      return table.concat(words, " ")
    end""")
    print(join(["a", "b", "c"]))

    add_up = lua.eval("function(items) local s = 0 for x in python.iter(items) do s = s + x end return s end")
    print("sum of squares", add_up(n * n for n in range(10)))


if __name__ == "__main__":
    main()
