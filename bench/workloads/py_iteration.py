"""Lua iterates over Python iterables. The figures are for one element, unless the name says otherwise."""

from bench.workload import Group

INTEGERS = list(range(1000))
GROUP = Group("py-iteration", "Lua iterates over Python iterables", target=0.64)


def numbers(count):
    yield from range(count)


def element(name, iterable, expect, variables="x", total="x", count=1000, **given):
    """The loop adds something up, which is `expect` in the end."""
    code = f"result = 0 for {variables} in {iterable} do result = result + {total} end"
    GROUP.lua(name, code, check=f"result == {expect}", elements=count, **given)


element("iter, list", "python.iter(v)", 499500, v=INTEGERS)
element("iter, tuple", "python.iter(v)", 499500, v=tuple(INTEGERS))
element("iter, range", "python.iter(v)", 499500, v=range(1000))
element("iter, list of strings", "python.iter(v)", 10000, total="#x", v=[f"string {n:03}" for n in INTEGERS])
element("iter, list of objects", "python.iter(v)", 1000, total="1", v=[[n] for n in INTEGERS])
element("iter, keys of a dictionary", "python.iter(v)", 499500, v=dict.fromkeys(INTEGERS))
element("iter, generator", "python.iter(g(1000))", 499500, g=numbers)
element(
    "iterex, items of a dictionary", "python.iterex(v)", 999000, "k, x", "k + x", v={n: n for n in INTEGERS}.items()
)
element("iterex, list of pairs", "python.iterex(v)", 999000, "k, x", "k + x", v=[(n, n) for n in INTEGERS])
element("iterex, list of triples", "python.iterex(v)", 1498500, "a, b, x", "a + b + x", v=[(n, n, n) for n in INTEGERS])
element("enumerate, list", "python.enumerate(v)", 999000, "k, x", "k + x", v=INTEGERS)
element("enumerate, range", "python.enumerate(v)", 999000, "k, x", "k + x", v=range(1000))
element("enumerate, generator", "python.enumerate(g(1000))", 999000, "k, x", "k + x", g=numbers)
element("iter, a whole list of 3", "python.iter(v)", 6, v=[1, 2, 3], count=1)
element("iter, a whole empty list", "python.iter(v)", 0, v=[], count=1)
