"""Named arguments: Lua passes them in a table, Python receives them as keywords.

It prints::

    Dear Ada, welcome!
    Hello Bob.
    Dear Cid, welcome!
    3 x tea to Dora
    {'method': 'GET', 'retries': 3, 'url': '/index'}
"""

import lupa


def main(lupa=lupa):
    """Show it on the newest Lua, or on one runtime module such as `lupa.lua54`."""
    lua = lupa.LuaRuntime()

    # The decorator makes f{...} of Lua a call with positional and named arguments.
    @lupa.unpacks_lua_table
    def greet(name, greeting="Dear", end=", welcome!"):
        return f"{greeting} {name}{end}"

    for call in ("greet{'Ada'}", "greet{name='Bob', greeting='Hello', ['end']='.'}", "greet('Cid')"):
        print(lua.eval(f"function(greet) return {call} end")(greet))

    class Shop:
        @lupa.unpacks_lua_table_method
        def order(self, item, amount=1, customer=None):
            return f"{amount} x {item} to {customer}"

    print(lua.eval("function(shop) return shop:order{'tea', customer='Dora', amount=3} end")(Shop()))

    # A function that is not yours: python.args does the same at the place of the call.
    def request(url, **options):
        return dict(sorted({"url": url, **options}.items()))

    print(lua.eval("function(request) return request(python.args{'/index', method='GET', retries=3}) end")(request))


if __name__ == "__main__":
    main()
