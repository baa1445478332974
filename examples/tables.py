"""Lua's tables in Python: making, reading, changing and walking them.

It prints::

    ['x', 'y', 'z'] 3
    None
    {1: 'x', 2: 'y', 3: 'z', 'name': 'letters'}
    port 8080 of ['alpha', 'beta']
    {'kind': 'point', 'x': 3}
    5.0
"""

import lupa


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    lua = new_runtime()

    # Arrays count from 1; what is not there is None.
    letters = lua.table("x", "y", "z")
    print(list(letters.values()), len(letters))
    print(letters[4])

    # Items and attributes are the same thing; a Lua table is a mapping.
    letters.name = "letters"
    print(dict(letters.items()))

    # Nested data of Python becomes nested tables on request.
    config = lua.table_from({"hosts": ["alpha", "beta"], "server": {"port": 8080}}, recursive=True)
    describe = lua.eval("function(config) return config.server.port, #config.hosts, config.hosts end")
    port, count, hosts = describe(config)
    assert count == len(hosts)
    print("port", port, "of", list(hosts.values()))

    # A table is shared, not copied: both languages see every change.
    point = lua.eval("{kind = 'point', x = 0, y = 0}")
    lua.eval("function(p) p.x = 3 end")(point)
    del point["y"]
    print(dict(sorted(point.items())))

    # A metatable works from Python too.
    vector = lua.execute("""
    local Vector = {}
    Vector.__index = Vector
    function Vector:length() return math.sqrt(self.x ^ 2 + self.y ^ 2) end
    return function(x, y) return setmetatable({x = x, y = y}, Vector) end""")
    v = vector(3, 4)
    print(float(v.length(v)))


if __name__ == "__main__":
    main()
