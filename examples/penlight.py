"""Penlight, a library of Lua, at work on data of Python, calling functions of Python.

Needs Penlight, on Debian the package `lua-penlight`. Its version 1.13 does not run on Lua 5.5, so this names Lua 5.4.

It prints::

    the 3, lamb 2, mary 2
    ['Little', 'Fleece', 'Everywhere']
    1. MARY
    2. LITTLE
    same after a round trip: true
"""

import collections
import re

import lupa.lua54 as lupa

TEXT = "Mary had a little lamb, its fleece was white as the snow; the lamb went everywhere the Mary went"

TEMPLATE = """\
# for i, word in ipairs(words) do
$(i). $(shout(word))
# end
"""


def find_debians_modules(lua: lupa.LuaRuntime) -> None:
    """The bundled runtimes look below /usr/local; add the folder where Debian puts modules in plain Lua."""
    lua.globals().package.path += ";/usr/share/lua/{}.{}/?.lua".format(*lua.lua_version)


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on Lua 5.4, or on another runtime."""
    lua = new_runtime(unpack_returned_tuples=True)
    find_debians_modules(lua)
    require = lua.eval("function(name) return (require(name)) end")
    List, tablex, pretty, template = map(require, ("pl.List", "pl.tablex", "pl.pretty", "pl.template"))

    # Python counts, Penlight sorts: a Python function decides what comes first.
    words = re.findall(r"\w+", TEXT.lower())
    counts = collections.Counter(words)
    ranked = List(lua.table_from(sorted(counts)))
    sort = lua.eval("function(list, before) return list:sort(python.as_function(before)) end")
    sort(ranked, lambda a, b: (-counts[a], a) < (-counts[b], b))
    print(", ".join(f"{word} {counts[word]}" for word in ranked.slice(ranked, 1, 3).values()))

    # Filtered by a function of Python, mapped by another one.
    everything = List(lua.table_from(words))
    long = everything.filter(everything, lambda word, _: len(word) > 5)
    print(list(tablex.map(str.title, long).values()))

    # A template with data and a function of Python.
    text, _, _ = template.substitute(TEMPLATE, lua.table_from(
        {"words": lua.table("Mary", "little"), "shout": str.upper, "ipairs": lua.globals().ipairs}))
    print(text, end="")

    # Nested data of Python, written as Lua code and read again.
    data = lua.table_from({"title": "snow", "lines": [1, 2, {"deep": True}]}, recursive=True)
    same = tablex.deepcompare(data, pretty.read(pretty.write(data)))
    print("same after a round trip:", str(same).lower())


if __name__ == "__main__":
    main()
