"""Lua coroutines as Python generators."""

from bench.workload import Group, Lua, Made

COUNTS = Lua("function(n) for i = 1, n do coroutine.yield(i) end end")
EMPTY = Lua("function() end")


def running(source):
    """A generator that has been started."""

    def start(lua):
        generator = lua.eval(source).coroutine()
        next(generator)
        return generator

    return Made(start)


GROUP = Group("coroutine", "Lua coroutines as Python generators", target=0.72)

ENDLESS = "function() while true do coroutine.yield(1) end end"
ECHO = "function() local x while true do x = coroutine.yield(x) end end"

GROUP.python("next", "next(g)", g=running(ENDLESS), next=next, expect=1)
GROUP.python(
    "next, 3 values",
    "next(g)",
    g=running("function() while true do coroutine.yield(1, 2, 3) end end"),
    next=next,
    expect=(1, 2, 3),
)
GROUP.python(
    "next, a string",
    "next(g)",
    g=running("function() while true do coroutine.yield('abc') end end"),
    next=next,
    expect="abc",
)
GROUP.python("send", "g.send(1)", g=running(ECHO), expect=1)
GROUP.python("send a string", "g.send('abc')", g=running(ECHO), expect="abc")
GROUP.python(
    "send a tuple",
    "g.send((1, 2, 3))",
    g=running("function() local a, b, c while true do a, b, c = coroutine.yield(c) end end"),
    expect=3,
)
GROUP.python("creation", "f.coroutine()", f=EMPTY, check="list(f.coroutine()) == []")
GROUP.python("creation and first value", "next(f.coroutine(3))", f=COUNTS, next=next, expect=1)
GROUP.python("creation and end", "for x in f.coroutine(): pass", f=EMPTY, check="list(f.coroutine()) == []")
GROUP.python("3 values to the end", "list(f.coroutine(3))", f=COUNTS, list=list, expect=[1, 2, 3])
GROUP.python(
    "100 values to the end, element",
    "for x in f.coroutine(100): pass",
    f=COUNTS,
    check="sum(f.coroutine(100)) == 5050",
    elements=100,
)
GROUP.lua(
    "callback in a coroutine",
    "result = step()",
    step=Made(
        lambda lua: lua.execute(
            "local f = ... return coroutine.wrap(function() while true do coroutine.yield(f(1)) end end)", abs
        )
    ),
    check="result == 1",
)
