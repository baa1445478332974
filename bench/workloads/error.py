"""Errors and exceptions, in both directions."""

from bench.workload import Group, Lua


class Refused(Exception):
    """An exception of the program."""


def refuse():
    raise Refused("no")


def raised(call):
    """The exception that a call raises, or None."""
    try:
        call()
    except Exception as exception:
        return exception
    return None


DEEP = """(function()
  local function down(n)
    if n == 0 then error('message') end
    return (down(n - 1))
  end
  return function() return (down(10)) end
end)()"""

GROUP = Group("error", "errors and exceptions, in both directions", target=0.62)


def caught(name, function, kind, **given):
    """Python catches what the Lua function `f` raises."""
    code = "try:\n    f()\nexcept Exception: pass"
    GROUP.python(name, code, f=function, raised=raised, check=f"type(raised(f)).__name__ == {kind!r}", **given)


caught("Lua error with a message", Lua("function() error('message') end"), "LuaError")
caught("Lua error with a table", Lua("function() error({code = 42}) end"), "LuaError")
caught("Lua error of the runtime", Lua("function() local x = nil; return x.y end"), "LuaError")
caught(
    "Lua error, 10 calls deep",
    Lua(DEEP),
    "LuaError",
)
caught("error in a metamethod", Lua("setmetatable({}, {__call = function() error('message') end})"), "LuaError")
for name, call in (
    ("exception through Lua and back", "f(refuse)"),
    ("exception through Lua and back, twice", "f(lambda: f(refuse))"),
):
    GROUP.python(
        name,
        f"try:\n    {call}\nexcept Refused: pass",
        f=Lua("function(g) g() end"),
        refuse=refuse,
        Refused=Refused,
        raised=raised,
        check=f"type(raised(lambda: {call})) is Refused",
    )
GROUP.lua("exception to pcall", "pcall(f)", f=refuse, expect=False)
GROUP.lua(
    "exception to pcall, its text", "local ok, e = pcall(f) result = tostring(e)", f=refuse, check="result == 'no'"
)
GROUP.lua("KeyError to pcall", "pcall(f, o)", f=Lua("function(o) return o.missing end"), o={}, expect=False)
GROUP.lua("AttributeError to pcall", "pcall(f, o)", f=Lua("function(o) return o.missing end"), o=refuse, expect=False)
GROUP.lua("IndexError to pcall", "pcall(f, o)", f=Lua("function(o) return o[9] end"), o=[], expect=False)
GROUP.python(
    "pcall of a Lua error, from Python",
    "f()",
    f=Lua("function() return (pcall(error, 'message')) end"),
    expect=False,
)
GROUP.python(
    "syntax error",
    "try:\n    lua.compile('1 +')\nexcept Exception: pass",
    raised=raised,
    check="type(raised(lambda: lua.compile('1 +'))).__name__ == 'LuaSyntaxError'",
)
