"""Lua calls Python."""

from bench.workload import Group, Lua, Made


class Counter:
    """An object with methods, and a class with a constructor."""

    def __init__(self, value=0):
        self.value = value

    def method(self, value):
        return value


def nothing():
    pass


def one(a):
    return a


def three(a, b, c):
    return a


def eight(a, b, c, d, e, f, g, h):
    return h


def text(a):
    return "text"


def pair(a):
    return a, a


def named(a, b=0, c=0):
    return c


CALLS_BACK = Lua("function(f) return f(1) end")
GROUP = Group("callback", "Lua calls Python", target=0.45)

GROUP.lua("no argument", "f()", f=nothing, expect=None)
GROUP.lua("1 integer", "f(1)", f=one, expect=1)
GROUP.lua("1 string", "f('abc')", f=one, expect="abc")
GROUP.lua("1 table", "f(t) == t", f=one, t=Lua("{}"), expect=True)
GROUP.lua("3 integers", "f(1, 2, 3)", f=three, expect=1)
GROUP.lua("3 mixed", "f(1, 2.5, 'abc')", f=three, expect=1)
GROUP.lua("8 integers", "f(1, 2, 3, 4, 5, 6, 7, 8)", f=eight, expect=8)
GROUP.lua("string as result", "f(1)", f=text, expect="text")
GROUP.lua(
    "tuple as 2 results",
    "local a, b = f(1) result = b",
    f=pair,
    check="result == 1",
    options={"unpack_returned_tuples": True},
)
GROUP.lua("lambda", "f(1)", f=lambda a: a, expect=1)
GROUP.lua("builtin, number", "f(-1)", f=abs, expect=1)
GROUP.lua("builtin, string", "f('abc')", f=len, expect=3)
GROUP.lua("builtin by its name", "python.builtins.len('abc')", expect=3)
GROUP.lua("bound method", "f(1)", f=Counter().method, expect=1)
GROUP.lua("object:method(x)", "o:method(1)", o=Counter(), expect=1)
GROUP.lua("dictionary method", "get('k')", get={"k": 1}.get, expect=1)
GROUP.lua("class", "f(1)", f=Counter, check="result == nil")
GROUP.lua("class int", "f('12')", f=int, expect=12)
GROUP.lua("keyword arguments", "f(python.args{1, b = 2, c = 3})", f=named, expect=3)
GROUP.lua("python.args of a list", "f(python.args{1, 2, 3})", f=three, expect=1)
GROUP.lua("as_function", "g = g or python.as_function(f) result = g(1)", f=one, g=None, check="result == 1")
GROUP.lua(
    "string.gsub with 4 matches",
    "g = g or python.as_function(f) result = string.gsub('a b c d', '%a', g)",
    f=one,
    g=None,
    check="result == 'a b c d'",
)
GROUP.python("round trip", "g(f)", g=CALLS_BACK, f=one, expect=1)
GROUP.python("round trip, method", "g(o)", g=Lua("function(o) return o:method(1) end"), o=Counter(), expect=1)
GROUP.python(
    "two round trips, nested",
    "g(f)",
    g=CALLS_BACK,
    f=Made(lambda lua: lua.eval("function(f) return function(x) return f(x) end end")(one)),
    expect=1,
)
GROUP.python(
    "Python, Lua, Python, Lua",
    "g(f)",
    g=CALLS_BACK,
    f=Made(lambda lua: (lambda inner: lambda x: inner(x))(lua.eval("function(x) return x end"))),
    expect=1,
)
