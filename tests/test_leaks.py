"""No memory grows over a million repetitions.

Each case runs in a process of its own, in rounds with full collections in between, so that garbage does not pile up. The
resident set after the last round is compared with that after a warm-up. A leak of one small object per repetition would
show as tens of megabytes; the limit is a fraction of that.
"""

import os
import sys
import textwrap

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the resident set is read from /proc"),
]

#: Repetitions of the cheap cases; fewer for builds that are instrumented and slow.
MILLION = int(os.environ.get("LUPA_TEST_REPETITIONS", 1_000_000))

MEASURE = """
import gc, os

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def grown(rounds, repetitions, work, settle):
    sizes = []
    for _ in range(rounds + rounds // 4):
        work(repetitions // rounds)
        settle()
        sizes.append(resident())
    print(sizes[-1] - sizes[rounds // 4 - 1])
"""

#: Each sets `work(n)`: n repetitions. `lua` is the runtime.
CASES = {
    "call": """
        function = lua.eval("function(a, b) return b end")
        def work(n):
            for i in range(n):
                function(i, "text")
    """,
    "callback": """
        loop = lua.eval("function(f, n) for i = 1, n do f(i, 'text') end end")
        def work(n):
            loop(lambda number, text: number, n)
    """,
    "table created and dropped": """
        def work(n):
            for i in range(n):
                lua.table(i)
    """,
    "table returned and dropped": """
        make = lua.eval("function() return {} end")
        def work(n):
            for i in range(n):
                make()
    """,
    "python object wrapped and dropped": """
        loop = lua.eval("function(make, n) for i = 1, n do local o = make() end end")
        def work(n):
            loop(object, n)
    """,
    "python object indexed": """
        import types
        loop = lua.eval("function(o, d, n) for i = 1, n do o.x = i; d.x = o.x end end")
        def work(n):
            loop(types.SimpleNamespace(), {}, n)
    """,
    "exception through lua": """
        function = lua.eval("function(f) f() end")
        def fail():
            raise KeyError
        def work(n):
            for i in range(n):
                try:
                    function(fail)
                except KeyError:
                    pass
    """,
    "exception caught in lua": """
        loop = lua.eval("function(f, n) for i = 1, n do pcall(f, i) end end")
        def work(n):
            loop(len, n // 4)
    """,
    "lua error": """
        function = lua.eval("function(e) error(e, 0) end")
        def work(n):
            for i in range(n // 4):
                try:
                    function("text")
                except lupa.LuaError:
                    pass
    """,
    "coroutine run to its end": """
        function = lua.eval("function(n) coroutine.yield(n) end")
        def work(n):
            for i in range(n):
                for value in function.coroutine(i):
                    pass
    """,
    "iteration over a table": """
        table = lua.eval("{1, 2, x = 3}")
        def work(n):
            for i in range(n // 3):
                for pair in table.items():
                    pass
    """,
    "iteration over a python object": """
        loop = lua.eval("function(l, n) for i = 1, n do for a, b in python.iterex(l) do end end end")
        def work(n):
            loop([(1, 2), (3, 4), 5], n // 3)
    """,
    "table_from": """
        def work(n):
            for i in range(n // 10):
                lua.table_from([1, {"a": [2, 3]}, "text", 4], recursive=True)
    """,
    "chunk": """
        def work(n):
            for i in range(n // 4):
                lua.eval("1 + ...", i)
    """,
    "conversion that fails": """
        function = lua.eval("function(a, b) end")
        def work(n):
            for i in range(n // 4):
                try:
                    function([], 2**70)
                except OverflowError:
                    pass
    """,
}


SETTLE = """
def settle():
    lua.gccollect()
    gc.collect()
    lua.gccollect()
"""

RUNTIMES = """
def work(n):
    for i in range(n):
        lua = LuaRuntime()
        {use}
        del lua
        if i % 50 == 0:
            gc.collect()
"""


@pytest.mark.parametrize("case", CASES)
def test_a_million_repetitions(run_script, case):
    script = [MEASURE, "lua = LuaRuntime()", textwrap.dedent(CASES[case]), SETTLE, f"grown(40, {MILLION}, work, settle)"]
    grown = run_script("\n".join(script), timeout=600)
    assert int(grown) < 3_000_000


@pytest.mark.parametrize("use", ["lua.execute('x = {}')", "lua.globals().me = lambda: lua"], ids=["plain", "cycle"])
def test_ten_thousand_runtimes_created_and_dropped(run_script, use):
    script = [MEASURE, RUNTIMES.format(use=use), f"grown(20, {MILLION // 100}, work, gc.collect)"]
    grown = run_script("\n".join(script), timeout=600)
    assert int(grown) < 5_000_000
