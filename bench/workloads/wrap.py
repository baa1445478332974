"""Tables, functions and Python objects cross as themselves: known ones and new ones, in, out and back."""

from bench.workload import Group, Lua, Made


class Thing:
    """An object without items."""


GROUP = Group("wrap", "tables, functions and Python objects cross", target=0.42)
TAKES = Lua("function(a) end")
SAME = Lua("function(a) return a end")


def kept(expression):
    """A Lua function that returns the same value each time."""
    return Lua(f"(function() local kept = {expression} return function() return kept end end)()")


def holding(value):
    """A Lua function that returns the same Python object each time."""
    return Made(lambda lua: lua.execute("local kept = ... return function() return kept end", value))


THING = Thing()
LIST = [1, 2, 3]

GROUP.python("table out, known", "f()", f=kept("{}"), check="f() is not None")
GROUP.python("table out, new", "f()", f=Lua("function() return {} end"), check="f() is not None")
GROUP.python("3 tables out", "f()", f=Lua("function() return {}, {}, {} end"), check="len(f()) == 3")
GROUP.python("table in", "f(t)", f=TAKES, t=Lua("{}"), expect=None)
GROUP.python("table in and out", "f(t)", f=SAME, t=Lua("{1}"), check="f(t)[1] == 1")
GROUP.python("function out, known", "f()", f=kept("function() end"), check="f()() is None")
GROUP.python(
    "function out, new", "f()", f=Lua("function() return function() return f end end"), check="f() is not None"
)
GROUP.python("function in and out", "f(f)", f=SAME, check="f(f)(1) == 1")
GROUP.python("userdata out", "f()", f=Lua("function() return io.stdout end"), check="f() is not None")
GROUP.python("coroutine out", "f()", f=kept("coroutine.create(function() end)"), check="f() is not None")

GROUP.python("object in, known", "f(x)", f=TAKES, x=THING, k=holding(THING), expect=None)
GROUP.python("object in, new", "f(Thing())", f=TAKES, Thing=Thing, expect=None)
GROUP.python("list in, known", "f(x)", f=TAKES, x=LIST, k=holding(LIST), expect=None)
GROUP.python("list in, new", "f([])", f=TAKES, expect=None)
GROUP.python("function in, known", "f(len)", f=TAKES, k=holding(len), expect=None)
GROUP.python("lambda in, new", "f(lambda: 1)", f=TAKES, expect=None)
GROUP.python("3 objects in", "f(x, y, z)", f=TAKES, x=THING, y=LIST, z=len, expect=None)
GROUP.python("object out", "f() is x", f=holding(THING), x=THING, expect=True)
GROUP.python("object in and out, known", "f(x) is x", f=SAME, x=THING, k=holding(THING), expect=True)
GROUP.python("object in and out, new", "f(Thing())", f=SAME, Thing=Thing, check="type(f(Thing())) is Thing")
GROUP.python("object into a table", "t['k'] = x", t=Lua("{}"), x=THING, check="t['k'] is x")
GROUP.python("object from a table", "t['k'] is x", t=Made(lambda lua: lua.table(k=THING)), x=THING, expect=True)
GROUP.lua("known object as result", "f() == x", f=lambda: THING, x=THING, expect=True)
GROUP.lua("new object as result", "result = f()", f=Thing, check="result ~= nil")
GROUP.lua("as_attrgetter", "python.as_attrgetter(x) ~= nil", x=LIST, expect=True)
