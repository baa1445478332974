"""Runtimes and wrappers that lose their last reference in the middle of their own work, and finalizers that call the other side."""

import gc
import threading
import weakref

import pytest


class Item:
    pass


@pytest.fixture
def make_finalizer(lua_version):
    """Lua: makes an object whose finalizer calls the argument with the object."""
    if lua_version == (5, 1):
        return "function(f) local u = newproxy(true) getmetatable(u).__gc = function(o) f(o) end return u end"
    return "function(f) return setmetatable({}, {__gc = function(o) f(o) end}) end"


def drop(holder):
    """Let go of all that Python has of a runtime, and look whether it dies then and there."""
    holder.clear()
    gc.collect()
    return "dropped"


class TestDroppedInTheMiddle:
    """The last reference goes while the runtime is in use: it lives until the operation ends, and no longer."""

    @pytest.mark.parametrize(
        ("code", "use"),
        [
            ("function(f) return f() end", lambda run, f: run(f)),
            ("function(f) return select(2, pcall(f)) end", lambda run, f: run(f)),
            ("function(f) return coroutine.wrap(function() return f() end)() end", lambda run, f: run(f)),
            ("function(f) coroutine.yield(f()) end", lambda run, f: next(run.coroutine(f))),
            ("function(o) return o.attribute end", lambda run, f: run(type("O", (), {"attribute": property(lambda s: f())})())),
            ("function(o) return o[1] end", lambda run, f: run(type("O", (), {"__getitem__": lambda s, k: f()})())),
            ("function(o) return tostring(o) end", lambda run, f: run(type("O", (), {"__str__": lambda s: f()})())),
            ("function(o) for x in python.iter(o) do return x end end", lambda run, f: run(f() for _ in range(2))),
            ("function(f) return setmetatable({}, {__index = function() return f() end}).x end", lambda run, f: run(f)),
            ("function(f) table.sort({2, 1}, function() result = f() end) return result end", lambda run, f: run(f)),
        ],
        ids=["call", "pcall", "wrap", "coroutine", "attribute", "item", "text", "iterator", "index", "sort"],
    )
    def test_in_a_callback(self, new_runtime, code, use):
        item = Item()
        alive = weakref.ref(item)
        lua = new_runtime()
        lua.globals().item = item
        holder = {"run": lua.eval(code), "lua": lua}
        del lua, item
        assert use(holder.pop("run"), lambda: drop(holder)) == "dropped"
        gc.collect()
        assert alive() is None

    @pytest.mark.parametrize("where", ["overflow_handler", "attribute_filter", "attribute_handlers"])
    def test_in_a_handler(self, new_runtime, where):
        holder = {}
        handlers = {
            "overflow_handler": lambda number: drop(holder),
            "attribute_filter": lambda obj, name, is_setting: drop(holder) and name,
            "attribute_handlers": (lambda obj, name: drop(holder), None),
        }
        holder["lua"] = new_runtime(**{where: handlers[where]})
        item = Item()
        item.x = "dropped"
        run = holder["lua"].eval("function(o, n) return n or o.x end")
        box = [run]
        del run
        arguments = (item, 2**70) if where == "overflow_handler" else (item,)
        assert box.pop()(*arguments) == "dropped"
        assert holder == {}

    def test_while_its_arguments_are_converted(self, new_runtime):
        holder = {"lua": new_runtime()}

        assert holder["lua"].table_from(drop(holder) for _ in range(2))[2] == "dropped"
        assert holder == {}

    def test_while_its_iterators_run(self, new_runtime):
        holder = {"lua": new_runtime()}
        walk = holder["lua"].table(1, 2, 3).values()
        assert next(walk) == 1
        drop(holder)
        assert list(walk) == [2, 3]

    def test_while_another_thread_waits_for_it(self, new_runtime):
        holder = {"lua": new_runtime()}
        inside, results = threading.Event(), []
        table = holder["lua"].table("kept")

        def callback():
            inside.set()
            thread.join(0.05)
            return drop(holder)

        def wait():
            inside.wait(30)
            results.append(table[1])

        thread = threading.Thread(target=wait)
        thread.start()
        assert holder["lua"].eval("function(f) return f() end")(callback) == "dropped"
        thread.join(30)
        assert results == ["kept"]

    def test_a_wrapper_in_its_own_call(self, lua):
        box = [lua.eval("function(f) f() collectgarbage() return 'returned' end")]
        assert box[0](box.clear) == "returned"

    def test_a_table_in_its_own_metamethod(self, lua):
        make = lua.eval("function(f) return setmetatable({}, {__index = function(t, k) f() collectgarbage() return k end}) end")
        box = []
        box.append(make(box.clear))
        assert box[0].name == "name"

    def test_a_coroutine_in_its_own_step(self, lua):
        box = []
        box.append(lua.eval("function(f) f() collectgarbage() coroutine.yield('yielded') end").coroutine(box.clear))
        assert next(box[0]) == "yielded"
        lua.gccollect()


class TestFinalizersOfBothSides:
    def test_of_lua_drop_python_objects_that_use_lua(self, lua, make_finalizer, collect):
        """Lua's collector runs a finalizer, which lets go of a Python object, whose finalizer makes Lua objects."""
        ended = []

        class Final:
            def __del__(self):
                ended.append(lua.eval("function() return {} end")() is not None)

        for _ in range(20):
            box = [Final()]
            lua.eval(make_finalizer)(lambda o, box=box: box.clear())
            del box
        collect(lua)
        assert ended == [True] * 20

    def test_of_python_start_luas_collector(self, lua, make_finalizer, collect):
        """Python's collector runs a finalizer, which starts Lua's collector, whose finalizers start Python's."""
        turns = []

        class Final:
            def __init__(self):
                self.cycle = self

            def __del__(self):
                if len(turns) < 40:
                    turns.append("python")
                    lua.eval(make_finalizer)(lambda o: (turns.append("lua"), Final(), gc.collect()))
                    lua.gccollect()

        Final()
        for _ in range(5):
            collect(lua)
        assert {"python", "lua"} <= set(turns)
        assert lua.eval("1 + 1") == 2

    def test_collectors_inside_of_each_other(self, lua, make_finalizer):
        """Both collectors are asked for in finalizers that they run themselves."""
        depth = []

        def final(o):
            depth.append(1)
            gc.collect()
            lua.gccollect()

        make = lua.eval(make_finalizer)
        for _ in range(30):
            make(final)
        for _ in range(5):
            lua.gccollect()
        assert len(depth) == 30

    def test_lua_objects_come_back_to_life(self, lua, make_finalizer, collect):
        """A finalizer hands its object to Python, which keeps it."""
        kept = []
        lua.eval(make_finalizer)(kept.append)
        collect(lua)
        assert len(kept) == 1
        again = lua.eval("function(o) return o end")(kept[0])
        assert lua.eval("rawequal")(again, kept[0])
        collect(lua)
        lua.eval("function(o) return tostring(o) end")(kept[0])

    def test_python_objects_come_back_to_life(self, lua, collect):
        """A box was finalized, its object released, and its `__del__` gives the object to Lua again."""
        ended = []

        class Final:
            def __del__(self):
                ended.append(1)
                if len(ended) < 3:
                    lua.globals().item = self

        lua.globals().item = Final()
        for _ in range(3):
            lua.globals().item = None
            collect(lua)
        assert len(ended) == 1  # Python calls it once for an object
        assert lua.eval("item") is None

    def test_a_runtime_that_a_finalizer_keeps_is_closed(self, new_runtime, lupa_module):
        """The collector has closed a runtime of a cycle; an object of the cycle brings it back: a clean error, no crash."""
        back = []

        class Owner:
            def __del__(self):
                back.append(self)

        owner = Owner()
        owner.lua = new_runtime()
        owner.table, owner.function = owner.lua.table(1), owner.lua.eval("function() return 1 end")
        owner.walk, owner.step = iter(owner.table), owner.lua.eval("function() end").coroutine()
        owner.lua.globals().owner = owner
        del owner
        gc.collect()
        (owner,) = back
        uses = (
            lambda: owner.lua.eval("1"), lambda: owner.lua.table(), lambda: owner.table[1], lambda: owner.function(),
            lambda: list(owner.walk), lambda: next(owner.step), lambda: owner.lua.gccollect(), lambda: owner.lua.nogc().__enter__(),
        )  # fmt: skip
        for use in uses:
            try:
                use()
            except lupa_module.LuaError as error:
                assert "closed" in str(error)
        back.clear()
        del owner, uses, use
        gc.collect()

    def test_a_subclass_with_a_finalizer_may_use_itself(self, new_runtime):
        results = []

        class Runtime(new_runtime):
            def __del__(self):
                results.append(self.eval("1 + 1"))

        runtime = Runtime()
        runtime.globals().runtime = runtime
        del runtime
        gc.collect()
        runtime = Runtime()
        del runtime
        gc.collect()
        assert results == [2, 2]

    def test_a_subclass_may_bring_itself_back(self, new_runtime):
        back = []

        class Runtime(new_runtime):
            def __del__(self):
                back.append(self)

        runtime = Runtime()
        table = runtime.table(5)
        del runtime, table
        gc.collect()
        assert back[0].eval("1 + 1") == 2
        back.clear()
        gc.collect()


class TestOutliving:
    def test_wrappers_that_another_runtime_holds(self, new_runtime, collect):
        first, second = new_runtime(), new_runtime()
        table, function = first.table("kept"), first.eval("function(x) return x end")
        second.globals().use = lambda x, table=table, function=function: (table[1], function(x))[1]
        item = Item()
        alive = weakref.ref(item)
        first.globals().item = item
        del first, table, function, item
        collect(second)
        assert second.eval("use(7)") == 7
        assert alive() is not None
        second.globals().use = None
        collect(second)
        assert alive() is None

    def test_wrappers_in_cycles(self, new_runtime, collect):
        alive = []
        for _ in range(10):
            item = Item()
            lua = new_runtime()
            item.parts = [lua.table(item), lua.eval("function() end"), iter(lua.table(1)), item]
            alive.append(weakref.ref(item))
            del lua, item
        collect()
        assert [ref() for ref in alive] == [None] * 10

    def test_wrappers_in_threads_that_go_on(self, new_runtime):
        holder = {"lua": new_runtime()}
        start, results = threading.Event(), []

        def work(table, function):
            start.wait(30)
            results.append((table[1], function(2)))

        threads = [
            threading.Thread(target=work, args=(holder["lua"].table(1), holder["lua"].eval("function(x) return x end")))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        drop(holder)
        start.set()
        for thread in threads:
            thread.join(30)
        assert results == [(1, 2)] * 4


class TestReloading:
    """Modules that are imported again: what there was goes on working with what it was made by."""

    def test_reload_changes_nothing(self, run_script, runtime_name):
        output = run_script(f"""
            import importlib, lupa as module
            import lupa as package
            lua, table, error = LuaRuntime(), LuaRuntime().table(1), LuaError
            again = importlib.reload(sys.modules["lupa.{runtime_name}"])
            assert again is sys.modules["lupa.{runtime_name}"] and again.LuaRuntime is LuaRuntime
            importlib.reload(sys.modules["lupa"])
            importlib.reload(sys.modules["lupa._core"])
            assert again.LuaError is error and lua_type(table) == "table" and isinstance(again.LuaRuntime().table(), type(table))
            print(lua.eval("function(f) return f(20) end")(lambda n: n + 1), table[1])
        """)
        assert output.split() == ["21", "1"]

    def test_a_runtime_module_imported_again(self, run_script, runtime_name):
        """Its types are new; exceptions and helpers are those of `lupa._core`, which is still the same."""
        output = run_script(f"""
            import importlib
            lua, table = LuaRuntime(), LuaRuntime().table(1)
            for turn in range(5):
                del sys.modules["lupa.{runtime_name}"]
                new = importlib.import_module("lupa.{runtime_name}")
                assert new.LuaRuntime is not LuaRuntime and new.LuaError is LuaError
                assert lua_type(table) == new.lua_type(table) == lua_type(new.LuaRuntime().table()) == "table"
                try: new.LuaRuntime().execute("error(1)")
                except LuaError: pass
                other = new.LuaRuntime()
                other.globals().old = table
                assert other.eval("old[1]") == 1 and other.eval("old") is table
                lua.globals().new = other.table(2)
                assert lua.eval("new[1]") == 2
            print(lua.eval("function(f) return f(20) end")(lambda n: n + 1), table[1])
        """)
        assert output.split() == ["21", "1"]

    def test_everything_imported_again(self, run_script, runtime_name):
        """Two packages next to each other: each has its own exceptions, and calls the other's objects plain Python objects."""
        output = run_script(f"""
            import importlib
            lua, table = LuaRuntime(), LuaRuntime().table(1)
            for name in [name for name in sys.modules if name.split(".")[0] == "lupa"]: del sys.modules[name]
            new = importlib.import_module("lupa.{runtime_name}")
            assert new.LuaError is not LuaError and lua_type(table) == "table" and new.lua_type(table) is None
            for module in (new, sys.modules[__name__]):
                try: module.LuaRuntime().execute("error(1)")
                except module.LuaError: pass
            other = new.LuaRuntime()
            other.globals().old = table
            print(other.eval("old[1]"), lua.eval("function(f) return f() end")(lambda: other.eval("2")))
        """)
        assert output.split() == ["1", "2"]

    def test_waits_are_seen_across_both(self, run_script, runtime_name):
        """The graph of waits belongs to the process."""
        output = run_script(f"""
            import importlib, threading
            first = LuaRuntime()
            for name in [name for name in sys.modules if name.split(".")[0] == "lupa"]: del sys.modules[name]
            second = importlib.import_module("lupa.{runtime_name}").LuaRuntime()
            barrier, outcomes = threading.Barrier(2), []
            def work(mine, other):
                def callback():
                    barrier.wait(30)
                    try: outcomes.append(other.eval("'crossed'"))
                    except RuntimeError: outcomes.append("error")
                mine.eval("function(f) f() end")(callback)
            threads = [threading.Thread(target=work, args=pair) for pair in ((first, second), (second, first))]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*sorted(outcomes))
        """)
        assert output.split() == ["crossed", "error"]


class TestFinalizersInACallback:
    """In a long run of Lua code, callbacks release what has gathered: any code runs between a callback and its end."""

    def test_what_they_call_does_not_replace_the_answer(self, lua, lupa_module):
        class Noisy:
            def __del__(self):
                calls.append(callback(object(), object()))

        calls, callback = [], lua.eval("function(...) return (give(...)) end")
        lua.globals().give = lambda *arguments: lupa_module.as_attrgetter([arguments])
        answers, got = [], []

        def answer():
            answers.append(object())
            return answers[-1]

        lua.globals().noisy, lua.globals().answer, lua.globals().keep = Noisy, answer, got.append
        lua.execute("""
            for i = 1, 1000 do
                noisy()
                if i % 100 == 0 then collectgarbage() collectgarbage() end
                keep(answer())
            end
        """)
        assert len(got) == 1000
        assert all(one is other for one, other in zip(got, answers))
        assert calls
