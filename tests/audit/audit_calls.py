"""Which functions call which, and what runs protected."""

import csv
import re

import audit_source as source

#: Macros of Lua's headers, as the functions that they become in one version or another.
MACROS = {
    "lua_pop": ["lua_settop"],
    "lua_pushcfunction": ["lua_pushcclosure"],
    "lua_newtable": ["lua_createtable"],
    "lua_pushliteral": ["lua_pushstring", "lua_pushlstring"],
    "lua_tostring": ["lua_tolstring"],
    "lua_insert": ["lua_rotate"],
    "lua_remove": ["lua_rotate", "lua_settop"],
    "lua_replace": ["lua_copy", "lua_settop"],
    "lua_call": ["lua_callk"],
    "lua_pcall": ["lua_pcallk"],
    "lua_getglobal": ["lua_getfield"],
    "lua_setglobal": ["lua_setfield"],
    "luaL_typename": ["lua_typename", "lua_type"],
    "luaL_openlibs": ["luaL_openselectedlibs"],
    **{f"lua_is{kind}": ["lua_type"] for kind in ("nil", "boolean", "table", "function")},
}

#: A reader for lua_load, which catches what it raises.
READERS = ("lupa_readfile",)

RUST, PROTECTED, BY_LUA = "Rust", "protected", "by Lua"


def called_in(function):
    """(line, name) of everything that is called in a function, macros and what they stand for included."""
    return called(function.body, function.body_line, function.in_c)


def called(code, first_line, in_c=True):
    """Likewise, in any code."""
    prefix = r"(?<![\w.>])(lua\w*|lupa_\w+)" if in_c else r"\bffi::(lua\w*|lupa_\w+)"
    for match in re.finditer(prefix + r"\s*\(", code):
        line = first_line + code.count("\n", 0, match.start())
        for name in [match[1], *MACROS.get(match[1], [])]:
            yield line, name


def conditions():
    """(function, callee) to the reason why it does not raise there."""
    lines = (source.ROOT / "tests" / "audit" / "conditions.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return {(row["function"], row["calls"]): row["because"] for row in rows}


def ways_in(functions):
    """How each function of the C side is reached: a set of RUST, PROTECTED, BY_LUA, by name."""
    in_c = [function for function in functions if function.in_c]
    callees = {}
    for function in in_c:
        callees.setdefault(function.name, set()).update(name for _, name in called_in(function))
    ways = {function.name: set() for function in in_c}
    todo = []
    for function in functions:
        if not function.in_c:
            todo += [(name, RUST) for _, name in called_in(function)]
        elif source.BODY.match(function.name) or function.name in READERS:
            todo.append((function.name, PROTECTED))
        elif source.ENTRY.match(function.name):
            todo.append((function.name, BY_LUA))
    while todo:
        name, way = todo.pop()
        if name in ways and way not in ways[name]:
            ways[name].add(way)
            todo += [(callee, way) for callee in callees[name]]
    return ways


def raising_calls(function, api, ours):
    """Functions of Lua and of ours that may raise, among those that a function calls: name to error class."""
    found = {}
    for _, name in called_in(function):
        callee = api.get(name) or ours.get(name)
        if callee and callee.effect.raises != "-":
            found[name] = callee.effect.raises
    return found
