"""Fixtures of the whole suite: every test that asks for `lupa_module` runs once on each runtime.

`LUPA_TEST_RUNTIMES=lua54,luajit21` selects runtimes; the default is all that the package should contain.
"""

import gc
import importlib
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import pytest

RUNTIMES = ("lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21")

#: Where a runtime cannot be built at all, its absence is no failure, except in CI.
MAY_BE_ABSENT = {"luajit20": "LuaJIT 2.0 was not built: its sources come from a download, and exist for x86-64 only"}


def selected_runtimes():
    selection = os.environ.get("LUPA_TEST_RUNTIMES")
    if not selection:
        return RUNTIMES
    names = tuple(name.strip() for name in selection.split(",") if name.strip())
    unknown = sorted(set(names) - set(RUNTIMES))
    if unknown:
        raise pytest.UsageError(f"LUPA_TEST_RUNTIMES names unknown runtimes: {', '.join(unknown)}")
    return names


#: LuaJIT without GC64, as a runtime and as one of `tests/builds`, has to allocate by itself on 64-bit machines.
WITHOUT_ALLOCATOR = {"luajit20", "no-gc64-luajit"}


@dataclass(frozen=True)
class Flavour:
    """What a test may need to know about the Lua that it runs on."""

    name: str
    version: tuple

    @property
    def is_luajit(self):
        return self.name.startswith("luajit")

    @property
    def has_integers(self):
        """Whether the language has an integer subtype; otherwise every number is a double."""
        return self.version >= (5, 3)

    @property
    def has_allocator(self):
        """Whether the runtime accepts an allocator of the host, which `max_memory` needs."""
        return WITHOUT_ALLOCATOR.isdisjoint({self.name, os.environ.get("LUPA_OTHER_LUA")})

    @property
    def max_integer(self):
        """The greatest n such that every integer from -n to n is exact."""
        return 2**63 - 1 if self.has_integers else 2**53


def import_runtime(name):
    try:
        return importlib.import_module("lupa." + name)
    except ImportError as error:
        if name in MAY_BE_ABSENT and not os.environ.get("CI"):
            pytest.skip(MAY_BE_ABSENT[name])
        pytest.fail(f"runtime {name} cannot be imported: {error}", pytrace=False)


def pytest_generate_tests(metafunc):
    if "runtime_name" in metafunc.fixturenames:
        metafunc.parametrize("runtime_name", selected_runtimes(), scope="session")


def pytest_collection_finish(session):
    """Thousands of collected tests would make each of the many `gc.collect()` slow: let them not be looked at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def lupa_module(runtime_name):
    """The module of one runtime, e.g. `lupa.lua54`."""
    return import_runtime(runtime_name)


@pytest.fixture(scope="session")
def flavour(runtime_name, lupa_module):
    return Flavour(runtime_name, lupa_module.LUA_VERSION)


@pytest.fixture(scope="session")
def lua_version(flavour):
    """The version of the language as a tuple; LuaJIT is `(5, 1)`."""
    return flavour.version


@pytest.fixture(scope="session")
def usual_numbers(lupa_module):
    """For what is only so where integers have 64 bits, if there are any, and other numbers are doubles."""
    if lupa_module.LUA_MAXINTEGER < 2**53 or lupa_module.LuaRuntime().eval("0.1") != 0.1:
        pytest.skip("this Lua was compiled with smaller numbers")


@pytest.fixture(scope="session")
def other_lua():
    """The name of the Lua that `tests/builds` has built the package with; empty for those that come with it."""
    return os.environ.get("LUPA_OTHER_LUA", "")


@pytest.fixture(scope="session")
def bundled(other_lua):
    """For what is only so in the Luas that come with the package."""
    if other_lua:
        pytest.skip(f"with another Lua: {other_lua}")


@pytest.fixture(scope="session")
def other_globals(other_lua):
    """Global names that there may be besides: others compile their Lua with those of older versions, or LuaJIT with one of 5.2."""
    return {"bit32", "loadstring", "module", "rawlen", "unpack"} if other_lua else set()


@pytest.fixture(scope="session")
def all_runtimes(other_lua):
    """For what needs the modules of other runtimes."""
    if other_lua:
        pytest.skip("the only runtime is that of another Lua")


@pytest.fixture(scope="session")
def self_checking():
    """Whether Lua was compiled to check itself: it moves its stacks and shrinks them, and collects, whenever it may."""
    return os.environ.get("LUPA_SELF_CHECK", "") not in ("", "0")


@pytest.fixture(scope="session")
def under_asan():
    """Whether AddressSanitizer watches."""
    return "libasan" in os.environ.get("LD_PRELOAD", "")


@pytest.fixture
def usual_allocator(under_asan):
    """For tests of addresses that come back, and of limits of the address space."""
    if under_asan:
        pytest.skip("AddressSanitizer does not hand out again what was freed, and needs address space for itself")


#: What a script may do, but an assertion of Lua's own forbids, in a plain Lua program too: where, and what is asserted.
ASSERTED = {
    "globals that are no table": (("lua55",), "Lua 5.5 asserts that the globals are a table"),
    "a coroutine that fails in a hook": (
        ("luajit20", "luajit21"),
        "LuaJIT forgets that a hook runs when a coroutine fails in it, and asserts afterwards that it runs",
    ),
    "a function without memory for its variables": (
        ("luajit21",),
        "LuaJIT frees it without counting the places of its variables, and asserts at the end that nothing is left",
    ),
    "bytecode that ends too early": (("luajit21",), "LuaJIT asserts that bytecode is complete"),
}


@pytest.fixture
def skip_if_asserted(self_checking, runtime_name):
    """Leave the rest of a test to the builds without assertions."""

    def skip_if_asserted(what):
        runtimes, reason = ASSERTED[what]
        if self_checking and runtime_name in runtimes:
            pytest.skip(reason)

    return skip_if_asserted


@pytest.fixture
def with_many(self_checking, lua_version):
    """A script with a large number in the place of MANY; it is less large for a Lua that collects for each object it makes."""
    many = "2200" if self_checking and lua_version >= (5, 2) else "20000"
    return lambda script: script.replace("MANY", many)


@pytest.fixture
def collector_stops(self_checking, lua_version):
    """For tests of a collector that does not run."""
    if self_checking and lua_version >= (5, 2):
        pytest.skip("this Lua collects garbage at each allocation, even if its collector is stopped")


@pytest.fixture
def lua(lupa_module):
    """A fresh runtime with default settings."""
    return lupa_module.LuaRuntime()


@pytest.fixture
def new_runtime(lupa_module):
    """The constructor of the runtime."""
    return lupa_module.LuaRuntime


@pytest.fixture
def bytecode(new_runtime):
    """A compiled chunk of this runtime that returns 42."""
    return new_runtime(encoding=None).eval("string.dump((loadstring or load)('return 6 * 7'))")


@pytest.fixture
def needs_allocator(flavour):
    if not flavour.has_allocator:
        pytest.skip("LuaJIT without GC64 accepts no allocator on 64-bit machines")


@pytest.fixture
def collect():
    """Run both collectors until neither finds anything new: a cycle through both needs several turns."""

    def collect(*runtimes):
        for _ in range(4):
            for runtime in runtimes:
                runtime.gccollect()
            gc.collect()

    return collect


#: What a script may put where it should not.
FORGERIES = {
    "nothing": "nil",
    "a boolean": "true",
    "a number": "5",
    "text": "'forged'",
    "a table": "{'forged', x = 'forged'}",
    "a Lua function": "function() return 'forged' end",
    "a C function": "print",
    "a coroutine": "coroutine.create(function() return 'forged' end)",
    "a file": "io.stderr",
}


@pytest.fixture(params=FORGERIES.values(), ids=list(FORGERIES))
def forgery(request):
    """Lua source of a value that does not belong where it is put."""
    return request.param


@pytest.fixture
def insist(lupa_module):
    """Call until it works: where a script has emptied slots, some attempts to reserve new ones find those."""

    def insist(function, *args):
        while True:
            try:
                return function(*args)
            except lupa_module.LuaError as error:
                if "lost reference" not in str(error):
                    raise

    return insist


@pytest.fixture
def run_script(runtime_name, lupa_module):
    """Run Python source in a process of its own, with `lupa` bound to the runtime's module; returns its output.

    For what may hang, kill the process, or leaves traces in it. A non-zero exit fails the test, and so does a text on stderr
    that is not the expected one, if one is given. What does not end in time shows where all its threads are.
    """

    def run(source, *arguments, timeout=60, env=None, stderr=None):
        header = f"import faulthandler; faulthandler.dump_traceback_later({timeout - 5})\nimport sys, lupa.{runtime_name} as lupa\nfrom {lupa_module.__name__} import *\n"
        command = [sys.executable, "-X", "faulthandler", "-c", header + textwrap.dedent(source), *map(str, arguments)]
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=timeout,
                encoding="utf-8",
                env={**os.environ, **(env or {})},
            )
        except subprocess.TimeoutExpired as hang:
            pytest.fail(f"no end after {timeout} s\nstdout: {hang.stdout}\nstderr: {hang.stderr}", pytrace=False)
        if done.returncode != 0 or stderr not in (None, done.stderr):
            pytest.fail(f"exit status {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
        return done.stdout

    return run
