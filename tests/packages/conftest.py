"""Fixtures for Lua code that nobody here wrote: Debian's packages, in this process and in one of their own."""

import os
import subprocess
import sys
import textwrap

import debian_modules as debian
import pytest


def language_version(module):
    return "{}.{}".format(*module.LUA_VERSION)


def skip_if_absent(module, version, is_there):
    absence = debian.why_absent(module, version, is_there)
    if absence:
        reason, is_failure = absence
        (pytest.fail if is_failure else pytest.skip)(reason)


@pytest.fixture
def lua(lupa_module):
    """A runtime that finds Debian's modules."""
    lua = lupa_module.LuaRuntime()
    debian.point_to(lua, language_version(lupa_module))
    return lua


@pytest.fixture
def require(lua, lupa_module):
    """Load a module in plain Lua, or skip."""

    def load(name):
        skip_if_absent(name.partition(".")[0], language_version(lupa_module), debian.is_plain)
        try:
            return lua.eval("function(name) return (require(name)) end")(name)
        except lupa_module.LuaError as error:
            if lupa_module.LUA_VERSION >= (5, 5) and "attempt to assign to const variable" in str(error):
                pytest.skip(f"this {name} assigns to loop variables, which Lua 5.5 forbids")
            raise
    return load


@pytest.fixture
def needs_binary(lupa_module):
    """Skip unless Debian has the binary module for this runtime's version."""
    return lambda name: skip_if_absent(name, language_version(lupa_module), debian.is_binary)


@pytest.fixture
def run_alone():
    """Run Python source in a process of its own, where no runtime module was imported yet."""

    def run(source, *arguments):
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(source), *map(str, arguments)],
            capture_output=True, encoding="utf-8", timeout=120,
            env={**os.environ, "PYTHONPATH": os.path.dirname(__file__)})
        if done.returncode != 0:
            pytest.fail(f"exit status {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
        return done.stdout
    return run
