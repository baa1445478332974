"""Python iterates over Lua tables. The figures are for one element, unless the name says otherwise."""

from bench.workload import Group, Lua


def filled(key, value, count=1000):
    return Lua(f"(function() local t = {{}} for i = 1, {count} do t[{key}] = {value} end return t end)()")


ARRAY = filled("i", "i")
RECORD = filled("'name' .. i", "i")
GROUP = Group("iteration", "Python iterates over Lua tables", target=0.55)

GROUP.python("keys", "for k in t: pass", t=ARRAY, check="sum(t) == 500500", elements=1000)
GROUP.python("keys()", "for k in t.keys(): pass", t=ARRAY, check="sum(t.keys()) == 500500", elements=1000)
GROUP.python("values()", "for v in t.values(): pass", t=ARRAY, check="sum(t.values()) == 500500", elements=1000)
GROUP.python(
    "items()",
    "for k, v in t.items(): pass",
    t=ARRAY,
    check="sum(k + v for k, v in t.items()) == 1001000",
    elements=1000,
)
GROUP.python("keys, strings", "for k in t: pass", t=RECORD, check="len(list(t)) == 1000", elements=1000)
GROUP.python(
    "items(), strings", "for k, v in t.items(): pass", t=RECORD, check="dict(t.items())['name9'] == 9", elements=1000
)
GROUP.python(
    "values(), floats",
    "for v in t.values(): pass",
    t=filled("i", "i + 0.5"),
    check="sum(t.values()) == 501000.0",
    elements=1000,
)
GROUP.python(
    "values(), strings",
    "for v in t.values(): pass",
    t=filled("i", "'value' .. i"),
    check="list(t.values())[8] == 'value9'",
    elements=1000,
)
GROUP.python(
    "values(), tables",
    "for v in t.values(): pass",
    t=filled("i", "{i}"),
    check="list(t.values())[8][1] == 9",
    elements=1000,
)
GROUP.python("list()", "list(t)", t=ARRAY, check="list(t)[999] == 1000", elements=1000)
GROUP.python("dict()", "dict(t)", t=RECORD, check="dict(t)['name9'] == 9", elements=1000)
GROUP.python(
    "items(), a whole table of 3", "for k, v in t.items(): pass", t=Lua("{1, 2, 3}"), check="len(list(t.items())) == 3"
)
GROUP.python("keys, a whole empty table", "for k in t: pass", t=Lua("{}"), check="list(t) == []")
