"""Making a runtime's symbols visible to binary modules, and what that does to the other runtimes."""

import pytest

WORKS = """
import importlib, os, sys, lupa
import debian_modules as debian

def import_runtime(name):
    return importlib.import_module("lupa." + name)

def works(module):
    lua = module.LuaRuntime()
    assert lua.eval("1 + 1") == 2
    assert lua.eval("function(f) return (pcall(f)) end")(lambda: 1 / 0) is False
    assert list(lua.eval("function() coroutine.yield(1) end").coroutine()) == [1]
    assert lua.eval("('x'):rep(1000):upper()") == "X" * 1000

def require(module, name):
    lua = module.LuaRuntime()
    debian.point_to(lua, "{}.{}".format(*module.LUA_VERSION))
    return lua.eval("function(name) return (require(name)) end")(name)

def loads_lpeg(module):
    assert require(module, "lpeg").P("a").match is not None

def installed(names):
    found = []
    for name in names:
        try:
            found.append(import_runtime(name))
        except ImportError:
            assert name == "luajit20", name
    return found
"""

ALL = ["lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21"]


def test_the_import_flags_are_restored(run_alone, runtime_name, lupa_module):
    run_alone(WORKS + """
before = sys.getdlopenflags()
with lupa.allow_lua_module_loading():
    assert sys.getdlopenflags() == os.RTLD_NOW | os.RTLD_GLOBAL
    import_runtime(sys.argv[1])
assert sys.getdlopenflags() == before
try:
    with lupa.allow_lua_module_loading():
        raise KeyError
except KeyError:
    pass
assert sys.getdlopenflags() == before
""", runtime_name)


@pytest.mark.deviation
def test_every_other_runtime_works_next_to_a_visible_one(run_alone, runtime_name, lupa_module):
    run_alone(WORKS + """
visible, *others = sys.argv[1:]
with lupa.allow_lua_module_loading():
    module = import_runtime(visible)
works(module)
for other in installed(others):
    works(other)
works(module)
""", runtime_name, *[name for name in ALL if name != runtime_name])


@pytest.mark.deviation
def test_binary_modules_load_next_to_every_other_runtime(run_alone, runtime_name, needs_binary):
    needs_binary("lpeg")
    run_alone(WORKS + """
visible, *others = sys.argv[1:]
with lupa.allow_lua_module_loading():
    module = import_runtime(visible)
for other in installed(others):
    works(other)
loads_lpeg(module)
works(module)
""", runtime_name, *[name for name in ALL if name != runtime_name])


@pytest.mark.deviation
def test_a_visible_runtime_may_come_after_the_others(run_alone, runtime_name, needs_binary):
    needs_binary("lpeg")
    run_alone(WORKS + """
visible, *others = sys.argv[1:]
modules = installed(others)
with lupa.allow_lua_module_loading():
    module = import_runtime(visible)
loads_lpeg(module)
for other in modules + [module]:
    works(other)
""", runtime_name, *[name for name in ALL if name != runtime_name])


def test_without_it_a_binary_module_is_refused(run_alone, runtime_name, needs_binary):
    needs_binary("lpeg")
    run_alone(WORKS + """
module = import_runtime(sys.argv[1])
try:
    require(module, "lpeg")
except module.LuaError as error:
    assert "undefined symbol" in str(error), error
else:
    raise AssertionError("a binary module was loaded")
works(module)
""", runtime_name)


def test_flags_set_by_hand_work_for_the_import_of_a_runtime(run_alone, runtime_name, needs_binary):
    needs_binary("lpeg")
    run_alone("""
import sys, importlib
orig_dlflags = sys.getdlopenflags()
sys.setdlopenflags(258)
module = importlib.import_module("lupa." + sys.argv[1])
sys.setdlopenflags(orig_dlflags)
""" + WORKS + """
loads_lpeg(module)
assert sys.getdlopenflags() == orig_dlflags
""", runtime_name)


@pytest.mark.deviation
def test_flags_set_by_hand_work_for_the_import_of_the_package(run_alone, runtime_name, needs_binary):
    """The example of lupa's documentation; there, a runtime was loaded by `import lupa` itself."""
    needs_binary("lpeg")
    run_alone("""
import sys
orig_dlflags = sys.getdlopenflags()
sys.setdlopenflags(258)
import lupa
sys.setdlopenflags(orig_dlflags)
""" + WORKS + """
loads_lpeg(import_runtime(sys.argv[1]))
assert sys.getdlopenflags() == orig_dlflags
""", runtime_name)


@pytest.mark.deviation
def test_the_documented_posix_example_works(run_alone, runtime_name, lua_version, needs_binary):
    needs_binary("posix")
    if lua_version >= (5, 3):
        pytest.skip("Debian's lua-posix expects the library bit32, which Lua 5.3 no longer has")
    run_alone("""
import sys
orig_dlflags = sys.getdlopenflags()
sys.setdlopenflags(258)
import lupa
sys.setdlopenflags(orig_dlflags)
""" + WORKS + """
posix = require(import_runtime(sys.argv[1]), "posix")
assert posix.getpid("pid") == os.getpid()
""", runtime_name)
