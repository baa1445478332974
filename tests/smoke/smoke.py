"""A few seconds of everything, without pytest: does this build work on this Python at all?

`python smoke.py [runtime ...]` checks every runtime module that is installed; the ones named must be among them.
"""

import gc
import importlib
import pathlib
import pkgutil
import re
import sys
import threading
import traceback

import lupa


def check_eval(module):
    lua = module.LuaRuntime()
    assert lua.eval("1 + 1") == 2
    assert lua.eval("...", "text") == "text"
    assert lua.execute("return nil, true, 1.5, 'ä'") == (None, True, 1.5, "ä")
    assert lua.lua_version == module.LUA_VERSION


def check_call(module):
    lua = module.LuaRuntime()
    add = lua.eval("function(a, b) return a + b end")
    assert [add(i, 1) for i in range(100)] == list(range(1, 101))
    assert module.lua_type(add) == "function"


def check_callback(module):
    lua = module.LuaRuntime()
    seen = []
    lua.eval("function(f) for i = 1, 100 do f(i, 'x') end end")(lambda *arguments: seen.append(arguments))
    assert seen == [(i, "x") for i in range(1, 101)]
    assert lua.eval("python.builtins.len('abc')") == 3


def check_table(module):
    lua = module.LuaRuntime()
    table = lua.table_from({"list": [1, 2, 3], "name": "n"}, recursive=True)
    table.more = lua.table(*"abc")
    assert sorted(table) == ["list", "more", "name"]
    assert list(table.list.values()) == [1, 2, 3] and len(table.more) == 3
    del table["name"]
    assert table.name is None


def check_coroutine(module):
    lua = module.LuaRuntime()
    squares = lua.eval("function(n) for i = 1, n do coroutine.yield(i * i) end end")
    assert list(squares.coroutine(4)) == [1, 4, 9, 16]


def check_exception(module):
    lua = module.LuaRuntime()
    error = KeyError("the very one")

    def fail():
        raise error

    try:
        lua.eval("function(f) f() end")(fail)
    except KeyError as caught:
        assert caught is error
    else:
        raise AssertionError("no exception")
    assert lua.eval("function(f) return (pcall(f)) end")(fail) is False
    for code, kind in (("error('boom')", module.LuaError), ("= =", module.LuaSyntaxError)):
        try:
            lua.execute(code)
        except kind as caught:
            assert isinstance(caught, module.LuaError)
        else:
            raise AssertionError("no exception")
    assert lua.eval("1") == 1


def check_iteration(module):
    lua = module.LuaRuntime()
    total = lua.eval("function(o) local s = 0; for v in python.iter(o) do s = s + v end; return s end")
    assert total(range(101)) == 5050


def check_threads(module):
    lua = module.LuaRuntime()
    count = lua.execute("n = 0; return function(step) n = n + 1; step() end")
    threads = [threading.Thread(target=lambda: [count(lambda: None) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert lua.globals().n == 800


def check_release(module):
    class Thing:
        alive = 0

        def __init__(self):
            Thing.alive += 1

        def __del__(self):
            Thing.alive -= 1

    lua = module.LuaRuntime()
    keep = lua.eval("function(o) kept = o end")
    for _ in range(100):
        keep(Thing())
    keep(None)
    del lua, keep
    gc.collect()
    assert Thing.alive == 0, f"{Thing.alive} objects are still alive"


def check_stubs(module):
    folder = pathlib.Path(module.__file__).parent
    wanted = {"py.typed", "__init__.pyi", "_core.pyi", module.__name__.partition(".")[2] + ".pyi"}
    assert wanted <= {path.name for path in folder.iterdir()}


def check_nothing_is_left_of_checked_builds(module):
    assert not hasattr(module, "_start_faults")
    assert not hasattr(module.LuaRuntime, "_census") and not hasattr(module.LuaRuntime, "_unbalance")


CHECKS = {name[len("check_"):]: check for name, check in list(globals().items()) if name.startswith("check_")}


def run_checks(name):
    module = importlib.import_module("lupa." + name)
    failed = []
    for title, check in CHECKS.items():
        try:
            check(module)
        except Exception:
            traceback.print_exc()
            failed.append(title)
    print(f"{name:9} {module.LuaRuntime().lua_implementation:24} {'FAILED: ' + ', '.join(failed) if failed else 'ok'}")
    return not failed


def main(wanted):
    present = sorted(m.name for m in pkgutil.iter_modules(lupa.__path__) if re.fullmatch(r"lua(jit)?\d+", m.name))
    missing = sorted(set(wanted) - set(present))
    print(f"lupa {lupa.__version__} on Python {sys.version.split()[0]}")
    results = [run_checks(name) for name in present]
    if missing or not present:
        print("missing runtimes:", ", ".join(missing) or "all")
    return 0 if present and not missing and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
