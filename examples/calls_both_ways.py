"""Python calls Lua, Lua calls Python: values, several results, methods, errors.

It prints::

    7
    (3, 1)
    ['a1', 'b2']
    Ada owes 30
    the exception of Python: not enough
    the error of Lua: negative amount
    Lua caught: not enough
"""

import lupa


class Account:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = 100

    def withdraw(self, amount: int) -> int:
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount
        return self.balance


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    lua = new_runtime()

    add = lua.eval("function(a, b) return a + b end")
    print(add(3, 4))

    divide = lua.eval("function(a, b) return math.floor(a / b), a % b end")     # two results arrive as a tuple
    print(divide(10, 3))

    label = lua.eval("""
    function(names, join)
      local labels = {}
      for index, name in ipairs(names) do labels[index] = join(name, index) end
      return labels
    end""")
    print(list(label(lua.table("a", "b"), lambda name, index: f"{name}{index}").values()))

    # An object of Python shows its attributes and methods; assignment works as well.
    use = lua.execute("""
    return function(account, amount)
      account:withdraw(amount)
      account.balance = account.balance - 100
      return account.owner .. " owes " .. tostring(-account.balance)
    end""")
    account = Account("Ada")
    print(use(account, 30))

    # An exception of Python passes through Lua as it is; an error of Lua is a LuaError.
    try:
        use(account, 1000)
    except ValueError as error:
        print("the exception of Python:", error)
    try:
        lua.execute("error('negative amount', 0)")
    except lupa.LuaError as error:
        print("the error of Lua:", str(error).splitlines()[0])

    # Lua's pcall catches the exception and gets the object.
    caught = lua.eval("function(account) local ok, e = pcall(account.withdraw, 1e6); return e end")
    print("Lua caught:", caught(account))


if __name__ == "__main__":
    main()
