"""`eval`, `execute` and `compile`: mostly Lua's own compiler."""

from bench.workload import Group, Lua

GROUP = Group("eval", "eval, execute, compile", target=0.95)
LONGER = """
local account = {balance = 0}
account.__index = account
function account.new(balance)
  return setmetatable({balance = balance or 0}, account)
end
function account:deposit(amount)
  if amount < 0 then error("negative amount") end
  self.balance = self.balance + amount
  return self.balance
end
function account:withdraw(amount)
  if amount > self.balance then error("not enough") end
  self.balance = self.balance - amount
  return self.balance
end
local mine, total = account.new(100), 0
for i = 1, 3 do
  total = total + mine:deposit(i)
end
return total
"""

GROUP.python("eval", "lua.eval('1 + 1')", expect=2)
GROUP.python("eval of a name", "lua.eval('answer')", g=Lua("rawset(_G, 'answer', 42)"), expect=42)
GROUP.python("eval with arguments", "lua.eval('(...) + 1', 1)", expect=2)
GROUP.python(
    "eval of a function", "lua.eval('function(a) return a end')", check="lua.eval('function(a) return a end')(1) == 1"
)
GROUP.python("eval of a table", "lua.eval('{a = 1, b = 2}')", check="lua.eval('{a = 1, b = 2}').b == 2")
GROUP.python("execute", "lua.execute('answer = 42')", check="lua.globals().answer == 42")
GROUP.python("execute 21 lines", "lua.execute(code)", code=LONGER, expect=310)
GROUP.python("compile", "lua.compile('return 1')", check="lua.compile('return 1')() == 1")
GROUP.python("compile 21 lines", "lua.compile(code)", code=LONGER, check="lua.compile(code)() == 310")
GROUP.python("require what is loaded", "lua.require('string')", check="lua.require('string') is not None")
