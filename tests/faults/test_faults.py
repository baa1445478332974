"""Every request for memory fails once, in every operation of the catalogue; see README.md."""

import os
import subprocess
import sys

import fault_injection
import fault_operations
import fault_runner
import pytest
from fault_operations import Thing

#: What CPython 3.12 and 3.13 do not survive, without any package.
PROBE = """
import _testcapi
def fail():
    int("x")
for number in range(30):
    _testcapi.set_nomemory(number, number + 1)
    try:
        (lambda: fail())()
    except Exception:
        pass
    finally:
        _testcapi.remove_mem_hooks()
"""


#: These make runtimes. Where LuaJIT 2.1 gets no memory for a state, it comes out of `lua_newstate` with two registers spoiled,
#: which only harms code that AddressSanitizer has changed, in any program. Older ones crash there.
MAKE_RUNTIMES = ("a new runtime", "an overflow handler that is wrong")


@pytest.fixture
def checked(lupa_module, needs_allocator):
    if not hasattr(lupa_module, "_start_faults"):
        if os.environ.get("CI"):
            pytest.fail("the tests have to run on a checked build (LUPA_CHECKED=1)")
        pytest.skip("needs a checked build (LUPA_CHECKED=1), which can refuse memory on demand")


@pytest.fixture
def affordable(self_checking, lua_version, extent):
    if self_checking and lua_version >= (5, 2) and extent != "all":
        pytest.skip("this Lua collects garbage at each allocation: one of the ways has to do")


@pytest.fixture(scope="session")
def python_survives():
    pytest.importorskip("_testcapi", reason="this CPython has no _testcapi, which lets its allocators fail")
    if subprocess.run([sys.executable, "-c", PROBE], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("this CPython crashes by itself when its allocators fail")


@pytest.fixture
def exempt(flavour, under_asan, other_lua):
    """How the titles begin of what is left out."""
    return MAKE_RUNTIMES if flavour.is_luajit and (under_asan or other_lua) else ()


def judge(runtime, module, side, extent, exempt=()):
    titles = [title for title in fault_runner.titles(module, side) if not title.startswith(exempt)]
    reports = fault_runner.run(runtime, side, extent, titles)
    row = fault_runner.summary(runtime, side, extent, reports)
    print(fault_runner.table([row]))
    problems = [problem for report in reports.values() for problem in report["problems"]]
    if problems:
        pytest.fail(f"{len(problems)} problems\n" + "\n".join(problems[:20]), pytrace=False)
    assert len(titles) > 150
    assert set(reports) == set(titles)
    points, errors = row[4:6]
    return points, errors


class TestLuaAllocator:
    """Growing requests of Lua fail: one, two (Lua 5.2 and newer collect and ask again), or all from the n-th on."""

    @pytest.mark.usefixtures("affordable")
    @pytest.mark.parametrize("extent", fault_injection.EXTENTS)
    def test_every_request_that_fails_is_a_memory_error(
        self, runtime_name, lupa_module, checked, skip_if_asserted, exempt, extent
    ):
        skip_if_asserted("a function without memory for its variables")
        points, errors = judge(runtime_name, lupa_module, "lua", extent, exempt)
        least = 1500 if exempt else 3000
        assert points > least
        # Where Lua collects garbage and asks again, one failure is not seen from outside.
        assert errors > (least if extent != "one" or lupa_module.LUA_VERSION < (5, 2) else 200)


class TestPythonAllocators:
    """Requests of CPython fail: one, or all from the n-th on."""

    @pytest.mark.usefixtures("collector_stops")
    @pytest.mark.parametrize("extent", ["one", "all"])
    def test_every_request_that_fails_is_a_memory_error(self, runtime_name, lupa_module, checked, python_survives, extent):
        points, errors = judge(runtime_name, lupa_module, "python", extent)
        assert points > 4000
        assert errors > 3000


class TestTheInjection:
    """What goes wrong is seen."""

    @pytest.fixture
    def problems(self, lupa_module, checked):
        def problems(prepare, extent="all"):
            operation = fault_operations.Operation(prepare, {}, (5, 1), (), "")
            injection = fault_injection.Injection(lupa_module, "broken", operation, "lua", extent)
            return "\n".join(injection.run(1, lambda number: None).problems)

        return problems

    def test_nothing_is_wrong_with_this_one(self, problems):
        assert problems(lambda lua, module: (lambda: lua.eval("#{1}"), 1)) == ""

    def test_a_lost_object(self, problems):
        kept = []

        def prepare(lua, module):
            def action():
                kept.append(Thing())
                return lua.eval("#{1}")

            return action, 1

        assert "'things': " in problems(prepare)

    def test_a_lost_registry_slot(self, problems):
        kept = []

        def prepare(lua, module):
            def action():
                kept.append(lua.globals())
                return lua.eval("#{1}")

            return action, 1

        assert "'registry slots': " in problems(prepare)

    def test_a_lost_box(self, problems):
        def prepare(lua, module):
            return lambda: lua.eval("(function(o) kept = {kept, o} return #{1} end)(...)", Thing()), 1

        assert "'nodes': " in problems(prepare)

    def test_an_error_of_another_kind(self, problems):
        def prepare(lua, module):
            def action():
                try:
                    return lua.eval("#{1}")
                except MemoryError:
                    raise KeyError("instead") from None

            return action, 1

        assert "KeyError: 'instead'" in problems(prepare)

    def test_a_wrong_result(self, problems):
        def prepare(lua, module):
            def action():
                try:
                    return lua.eval("#{1}")
                except MemoryError:
                    return 5

            return action, 1

        assert "wrong result 5" in problems(prepare)

    def test_a_plan_ends(self, lupa_module, checked):
        lua = lupa_module.LuaRuntime(max_memory=0)
        lupa_module._start_faults(1, 10**9)
        try:
            with pytest.raises(lupa_module.LuaMemoryError):
                lua.eval("('x'):rep(5000)")
        finally:
            requests, refused, exempt = lupa_module._stop_faults()
        assert requests == refused > 0
        assert exempt == 0
        assert lua.eval("('x'):rep(5)") == "xxxxx"


def test_other_builds_have_no_faults(lupa_module):
    """The functions are there in checked builds, and in no others."""
    names = [name for name in dir(lupa_module) if "fault" in name]
    assert names in ([], ["_start_faults", "_stop_faults"])
    assert hasattr(lupa_module.LuaRuntime, "_census") == bool(names)
