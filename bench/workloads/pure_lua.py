"""Lua alone: how well the bundled Lua was compiled. Each crossing starts thousands of instructions of Lua."""

from bench.workload import Group, Lua

GROUP = Group("pure Lua", "Lua alone", target=1.00, in_total=False)


def program(name, source, call, expect):
    """`call` is what Python calls in the function `f` that the source returns."""
    GROUP.python(name, call, f=Lua(f"(function() {source} end)()"), expect=expect)


program(
    "fib",
    "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib",
    "f(18)",
    2584,
)
program(
    "mandelbrot",
    """
    return function(size)
      local inside = 0
      for row = 0, size - 1 do
        for column = 0, size - 1 do
          local cr, ci = 2.0 * column / size - 1.5, 2.0 * row / size - 1.0
          local r, i, steps = 0.0, 0.0, 0
          while steps < 50 and r * r + i * i <= 4.0 do
            r, i = r * r - i * i + cr, 2.0 * r * i + ci
            steps = steps + 1
          end
          if steps == 50 then inside = inside + 1 end
        end
      end
      return inside
    end""",
    "f(24)",
    231,
)
program(
    "strings",
    """
    return function(n)
      local parts = {}
      for i = 1, n do parts[#parts + 1] = string.format('%d:%s', i, ('x'):rep(i % 7)) end
      local text = table.concat(parts, ',')
      local letters = select(2, text:gsub('x', 'y'))
      return letters + #text:upper():sub(1, 10) + (text:find('300:', 1, true) and 1 or 0)
    end""",
    "f(300)",
    914,
)
program(
    "tables",
    """
    return function(n)
      local t = {}
      for i = 1, n do t[i] = {key = (i * 7919) % n, name = 'n' .. i % 10} end
      local sum, byname = 0, {}
      for i, row in ipairs(t) do
        sum = sum + row.key
        byname[row.name] = (byname[row.name] or 0) + 1
      end
      return sum + byname.n3
    end""",
    "f(500)",
    124800,
)
program(
    "sort",
    """
    return function(n)
      local t = {}
      for i = 1, n do t[i] = (i * 7919) % 10007 end
      table.sort(t, function(a, b) return a < b end)
      return t[1]
    end""",
    "f(300)",
    19,
)
program(
    "methods",
    """
    local Account = {}
    Account.__index = Account
    function Account:deposit(x) self.balance = self.balance + x return self end
    return function(n)
      local account = setmetatable({balance = 0}, Account)
      for i = 1, n do account:deposit(i):deposit(1) end
      return account.balance
    end""",
    "f(2000)",
    2003000,
)
program(
    "closures",
    """
    local function adder(x) return function(y) return x + y end end
    return function(n)
      local sum = 0
      for i = 1, n do sum = adder(i)(sum) end
      return sum
    end""",
    "f(2000)",
    2001000,
)
program(
    "coroutines",
    """
    return function(n)
      local sum = 0
      for x in coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) do sum = sum + x end
      return sum
    end""",
    "f(1000)",
    500500,
)
