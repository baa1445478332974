"""Named arguments: Lua passes them in a table, Python receives them as keywords.

It prints::

    Dear Ada, welcome!
    Hello Bob.
    Dear Cid, welcome!
    3 x tea to Dora
    {'method': 'GET', 'retries': 3, 'url': '/index'}
"""

from typing import Optional

import lupa


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    lua = new_runtime()

    # The decorator makes f{...} of Lua a call with positional and named arguments.
    @lupa.unpacks_lua_table
    def greet(name: str, greeting: str = "Dear", end: str = ", welcome!") -> str:
        return f"{greeting} {name}{end}"

    for call in ("greet{'Ada'}", "greet{name='Bob', greeting='Hello', ['end']='.'}", "greet('Cid')"):
        print(lua.eval(f"function(greet) return {call} end")(greet))

    class Shop:
        @lupa.unpacks_lua_table_method
        def order(self, item: str, amount: int = 1, customer: Optional[str] = None) -> str:
            return f"{amount} x {item} to {customer}"

    print(lua.eval("function(shop) return shop:order{'tea', customer='Dora', amount=3} end")(Shop()))

    # A function that is not yours: python.args does the same at the place of the call.
    def request(url: str, **options: object) -> dict[str, object]:
        return dict(sorted({"url": url, **options}.items()))

    print(lua.eval("function(request) return request(python.args{'/index', method='GET', retries=3}) end")(request))


if __name__ == "__main__":
    main()
