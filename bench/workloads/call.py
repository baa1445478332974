"""Python calls Lua functions."""

from bench.workload import Group, Lua, Made


class Thing:
    """Something that Lua gets as an object."""


GROUP = Group("call", "Python calls Lua functions", target=0.45)
THING = Thing()
NOTHING = Lua("function() end")
FIRST = Lua("function(a) return a end")

GROUP.python("no argument, no result", "f()", f=NOTHING, expect=None)
GROUP.python("no argument, 1 result", "f()", f=Lua("function() return 1 end"), expect=1)
GROUP.python("no argument, 3 results", "f()", f=Lua("function() return 1, 2, 3 end"), expect=(1, 2, 3))
GROUP.python("no argument, 3 strings", "f()", f=Lua("function() return 'a', 'b', 'c' end"), expect=("a", "b", "c"))

GROUP.python("integer", "f(1)", f=FIRST, expect=1)
GROUP.python("float", "f(2.5)", f=FIRST, expect=2.5)
GROUP.python("boolean", "f(True)", f=FIRST, expect=True)
GROUP.python("nil", "f(None)", f=FIRST, expect=None)
GROUP.python("string", "f('abc')", f=FIRST, expect="abc")
GROUP.python("bytes", "f(b'abc')", f=FIRST, expect="abc")
GROUP.python("table", "f(t)", f=NOTHING, t=Lua("{}"), expect=None)
GROUP.python("function", "f(f)", f=NOTHING, expect=None)
GROUP.python("object", "f(x)", f=NOTHING, x=THING, expect=None)

GROUP.python("3 integers", "f(1, 2, 3)", f=Lua("function(a, b, c) return c end"), expect=3)
GROUP.python("3 strings", "f('a', 'b', 'c')", f=Lua("function(a, b, c) return c end"), expect="c")
GROUP.python("3 mixed", "f(1, 2.5, 'abc')", f=Lua("function(a, b, c) return a end"), expect=1)
GROUP.python(
    "8 integers",
    "f(1, 2, 3, 4, 5, 6, 7, 8)",
    f=Lua("function(a, b, c, d, e, f, g, h) return h end"),
    expect=8,
)
GROUP.python(
    "8 floats",
    "f(1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5)",
    f=Lua("function(a, b, c, d, e, f, g, h) return h end"),
    expect=8.5,
)
GROUP.python(
    "8 mixed",
    "f(1, 2.5, 'abc', True, None, 6, 'def', 8)",
    f=Lua("function(a, b, c, d, e, f, g, h) return h end"),
    expect=8,
)
GROUP.python(
    "8 objects",
    "f(x, x, x, x, x, x, x, x)",
    f=Lua("function(a, b, c, d, e, f, g, h) return 8 end"),
    x=THING,
    expect=8,
)
GROUP.python("arguments of a tuple", "f(*a)", f=Lua("function(...) return select('#', ...) end"), a=(1,) * 8, expect=8)

GROUP.python("method", "t.method(t, 1)", t=Lua("{method = function(self, a) return a end}"), expect=1)
GROUP.python(
    "method of a class",
    "t.method(t, 1)",
    t=Lua("setmetatable({}, {__index = {method = function(self, a) return a end}})"),
    expect=1,
)
GROUP.python("callable table", "t(1)", t=Lua("setmetatable({}, {__call = function(self, a) return a end})"), expect=1)
GROUP.python("C function, number", "f(-1)", f=Lua("math.abs"), expect=1)
GROUP.python("C function, string", "f('abc')", f=Lua("string.len"), expect=3)
GROUP.python("C function by its name", "lua.globals().math.abs(-1)", expect=1)
GROUP.python("compiled chunk", "f(1)", f=Made(lambda lua: lua.compile("return ...")), expect=1)
