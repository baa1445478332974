"""Python objects and scripts that misbehave where the bridge has to trust nobody."""

import gc
import weakref

import pytest


def test_a_dict_whose_items_are_no_pairs_is_a_type_error(lua):
    class Liar(dict):
        def items(self):
            return [1, 2]

    with pytest.raises(TypeError):
        lua.table_from(Liar())
    assert lua.eval("1 + 1") == 2


def test_lua_finalizers_run_before_python_clears_a_cycle(new_runtime):
    calls = []

    def make():
        def called(*args):
            calls.append(len(args))

        lua = new_runtime()
        lua.execute(
            """
            local called = ...
            local function finalizer() called(1) end
            if newproxy then kept = newproxy(true) getmetatable(kept).__gc = finalizer
            else kept = setmetatable({}, {__gc = finalizer}) end
            """,
            called,
        )
        called.lua = lua

    make()
    gc.collect()
    assert calls == [1]


def test_a_sent_value_that_finishes_the_coroutine_while_it_is_converted(lua):
    coroutine = lua.eval("function() coroutine.yield(1) coroutine.yield(2) end").coroutine()
    assert [next(coroutine), next(coroutine)] == [1, 2]

    class Evil:
        def __getattr__(self, name):
            if name == "__getitem__":
                list(coroutine)
            raise AttributeError(name)

    with pytest.raises(StopIteration):
        coroutine.send(Evil())
    assert lua.eval("1 + 1") == 2


def test_a_coroutine_that_died_by_an_exception_does_not_keep_it(lua):
    class Failure(Exception):
        pass

    seen = weakref.WeakSet()

    def fail():
        failure = Failure()
        seen.add(failure)
        raise failure

    def once():
        coroutine = lua.eval("function(f) coroutine.yield(1) f() end").coroutine(fail)
        next(coroutine)
        with pytest.raises(Failure):
            next(coroutine)

    for _ in range(20):
        once()
    for _ in range(3):
        lua.gccollect()
        gc.collect()
    assert len(seen) <= 2


def test_a_reader_that_collects_before_the_first_character_leaves_the_chunk_its_name(lua):
    # Lua 5.1 frees the name; what is found in its place is garbage, or a crash.
    sources = lua.execute("""
        local functions, texts = {}, {}
        for i = 1, 50 do
            functions[i] = load(function() collectgarbage() end)
            for j = 1, 20 do texts[#texts + 1] = "text" .. i .. "," .. j end
        end
        for i, f in ipairs(functions) do functions[i] = debug.getinfo(f).source end
        return functions
    """)
    assert set(sources.values()) == {"=(load)"}


def test_finalizers_that_collect_while_the_runtime_is_closed(run_script):
    # Lua 5.3 waits for ever if its collector is in the middle of a cycle then.
    output = run_script("""
        for count in range(60):
            lua = LuaRuntime()
            lua.globals().o = object()
            lua.execute("S = setmetatable({}, {__gc = function() collectgarbage() end})")
            tables = [lua.table() for _ in range(count)]
            del lua, tables
        print("done")
    """)
    assert output.strip() == "done"
