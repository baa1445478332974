"""Both garbage collectors: nogc, gccollect, references in both directions, cycles, weak references."""

import gc
import sys
import threading
import time
import weakref

import pytest


class Item:
    """An object that can be referred to weakly."""

    def method(self):
        return self


class TestGccollect:
    def test_it_runs_finalizers_of_lua(self, lua, lua_version, flavour):
        if lua_version == (5, 1):
            make = "function() local u = newproxy(true); getmetatable(u).__gc = function() done = true end end"
        else:
            make = "function() setmetatable({}, {__gc = function() done = true end}) end"
        lua.eval(make)()
        lua.gccollect()
        lua.gccollect()
        assert lua.globals().done is True

    def test_it_empties_weak_tables(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'v'}); weak[1] = {}")
        lua.gccollect()
        assert lua.eval("weak[1]") is None

    def test_it_returns_none_and_takes_nothing(self, lua):
        assert lua.gccollect() is None
        with pytest.raises(TypeError):
            lua.gccollect(1)

    def test_what_python_holds_survives(self, lua):
        table, function = lua.eval("{1, 2}"), lua.eval("function() return 'kept' end")
        lua.execute("weak = setmetatable({}, {__mode = 'k'})")
        lua.eval("function(t, f) weak[t] = 1; weak[f] = 2 end")(table, function)
        for _ in range(3):
            lua.gccollect()
        assert lua.eval("function() local n = 0 for k in pairs(weak) do n = n + 1 end return n end")() == 2
        assert (list(table.values()), function()) == ([1, 2], "kept")

    def test_what_python_dropped_goes_at_once(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'v'})")
        table = lua.eval("function() local t = {} weak[1] = t return t end")()
        lua.gccollect()
        assert lua.eval("weak[1] ~= nil") is True
        del table
        lua.gccollect()
        assert lua.eval("weak[1]") is None

    def test_a_finalizer_has_not_the_gil_when_an_assignment_runs_it(self, lua, tmp_path):
        """From Lua 5.3 on, a call can collect when the stack grows; elsewhere the finalizer runs later."""
        started, seen = tmp_path / "started", tmp_path / "seen"
        t = lua.table()
        lua.execute("""
            local started, seen = ...
            local function finalize()
                io.open(started, 'w'):close()
                local file, stop = nil, os.clock() + 5
                repeat file = io.open(seen) until file or os.clock() > stop
                met = file ~= nil
            end
            if newproxy then getmetatable(newproxy(true)).__gc = finalize else setmetatable({}, {__gc = finalize}) end
        """, str(started), str(seen))  # fmt: skip

        def look():
            while not started.exists():
                time.sleep(0.001)
            seen.touch()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        t[1] = 1
        lua.gccollect()
        lua.gccollect()
        thread.join()
        assert lua.globals().met is True

    @pytest.mark.usefixtures("bundled")
    def test_finalizers_find_functions_at_one_of_their_lines(self, lua, with_many):
        """Lua 5.2, where it is not mended, runs some where a function has been entered and has not begun."""
        lines = lua.execute(with_many("""
            local lines, left = {}, 300
            local function finalized(f)
                if newproxy then getmetatable(newproxy(true)).__gc = f else setmetatable({}, {__gc = f}) end
            end
            local function look()
                for level = 1, 5 do
                    local info = debug.getinfo(level, 'Sl')
                    if info and info.what ~= 'C' then lines[info.currentline] = true end
                end
                left = left - 1
                if left > 0 then finalized(look) end
            end
            finalized(look)
            pcall(collectgarbage, 'setpause', 1)
            local function called(a) return a end
            for i = 1, MANY do called({i}) called('x' .. i) end
            return lines
        """))
        assert set(lines) <= set(range(2, 20))


class TestNogc:
    @pytest.fixture
    def grows(self, lua, collector_stops):
        """Whether garbage piles up while a block runs."""

        def grows():
            growth = lua.eval("""
                function()
                    local before = collectgarbage('count')
                    for i = 1, 20000 do last = {i} end
                    return collectgarbage('count') - before
                end
            """)
            return growth() > 500

        return grows

    def test_nothing_is_collected_inside(self, lua, grows):
        assert not grows()
        with lua.nogc():
            assert grows()

    def test_afterwards_the_collector_runs_again(self, lua, grows):
        with lua.nogc():
            pass
        lua.gccollect()
        assert not grows()

    def test_also_after_an_exception(self, lua, grows):
        with pytest.raises(KeyError):
            with lua.nogc():
                raise KeyError
        lua.gccollect()
        assert not grows()

    def test_entering_gives_none(self, lua):
        with lua.nogc() as value:
            assert value is None

    def test_one_object_can_be_used_again(self, lua, grows):
        nogc = lua.nogc()
        with nogc:
            pass
        with nogc:
            assert grows()

    def test_an_explicit_collection_still_works(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'v'}); weak[1] = {}")
        with lua.nogc():
            lua.gccollect()
        assert lua.eval("weak[1]") is None

    def test_its_type(self, lua):
        assert type(lua.nogc()).__name__ == "_LuaNoGC"
        with pytest.raises(TypeError):
            lua.nogc(1)

    @pytest.mark.deviation
    def test_it_nests(self, lua, grows):
        with lua.nogc():
            with lua.nogc():
                pass
            assert grows()
        lua.gccollect()
        assert not grows()


class TestPythonObjectsInLua:
    def test_lua_keeps_them_alive(self, lua):
        item = Item()
        alive = weakref.ref(item)
        lua.globals().item = item
        del item
        gc.collect()
        assert alive() is not None
        assert lua.eval("item") is alive()

    def test_dropped_by_lua_they_die(self, lua, collect):
        item = Item()
        alive = weakref.ref(item)
        lua.globals().item = item
        del item
        lua.globals().item = None
        collect(lua)
        assert alive() is None

    @pytest.mark.parametrize(
        "place",
        [
            "t[1] = o", "t[o] = 1", "t.f = function() return o end", "t.m = o.method",
            "t.f = python.as_function(o.method)", "t.a = python.as_attrgetter(o)", "t.i = python.as_itemgetter(o)",
            "t.args = python.args{o}", "t.co = coroutine.create(function() return o end)",
        ],
    )  # fmt: skip
    def test_in_every_place(self, lua, collect, place):
        item = Item()
        alive = weakref.ref(item)
        lua.execute("t = {}")
        lua.eval(f"function(o) {place} end")(item)
        del item
        collect(lua)
        assert alive() is not None
        lua.execute("t = nil")
        collect(lua)
        assert alive() is None

    def test_arguments_and_results_are_not_kept(self, lua, collect):
        items = [Item() for _ in range(3)]
        alive = [weakref.ref(item) for item in items]
        function = lua.eval("function(a, f) local b = f() return a, b end")
        function(items[0], lambda: items[1])
        lua.eval("function(a) pcall(error, a) end")(items[2])
        del items
        collect(lua)
        assert [ref() for ref in alive] == [None] * 3

    def test_reference_counts_are_in_balance(self, lua, collect):
        item = Item()
        function = lua.eval("function(o) return o end")
        before = sys.getrefcount(item)
        for _ in range(1000):
            function(item)
        collect(lua)
        assert sys.getrefcount(item) - before < 3

    def test_reference_counts_are_in_balance_after_failures(self, lua):
        """An argument cannot be converted, after others have been."""
        kept, text = Item(), "".join(["text"] * 20)
        table, call = lua.table(), lua.globals().select
        before = [sys.getrefcount(each) for each in (kept, text, table)]
        for _ in range(50):
            for attempt in (
                lambda: call(1, kept, text, table, 2**200),
                lambda: call(1, *[kept, text, table] * 10, 2**200),
                lambda: lua.execute("return ...", kept, text, table, 2**200),
                lambda: lua.table_from([kept, text, table, 2**200]),
                lambda: lua.table_from([[kept], {kept: text}, table, 2**200], recursive=True),
                lambda: lua.eval("function(f) f() end")(lambda: 2**200),
                lambda: lua.eval("function() end").coroutine(kept, text, table, 2**200).send(None),
            ):
                with pytest.raises(OverflowError):
                    attempt()
        lua.gccollect()
        lua.gccollect()
        assert [sys.getrefcount(each) for each in (kept, text, table)] == before

    def test_the_same_object_again_and_again_is_held_once(self, lua, collect):
        item = Item()
        lua.execute("t = {}")
        put = lua.eval("function(i, o) t[i] = o end")
        before = sys.getrefcount(item)
        for i in range(100):
            put(i, item)
        assert sys.getrefcount(item) - before < 10
        assert lua.eval("t[0] == t[99]") is True

    def test_they_die_with_the_runtime(self, new_runtime, collect):
        item = Item()
        alive = weakref.ref(item)
        lua = new_runtime()
        lua.globals().item = item
        del item, lua
        collect()
        assert alive() is None

    @pytest.mark.deviation
    def test_a_finalizer_of_python_may_use_the_runtime(self, lua, collect):
        seen = []

        class Final:
            def __del__(self):
                seen.append(lua.eval("1 + 1"))

        lua.globals().item = Final()
        lua.globals().item = None
        collect(lua)
        lua.eval("1")
        assert seen == [2]


class TestLuaObjectsInPython:
    def test_wrappers_keep_the_runtime_alive(self, new_runtime, collect):
        table = new_runtime().table(1, 2)
        collect()
        table[3] = 3
        assert list(table.values()) == [1, 2, 3]

    def test_many_wrappers_come_and_go(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'k'})")
        make = lua.eval("function() local t = {} weak[t] = true return t end")
        tables = [make() for _ in range(2000)]
        del tables
        lua.gccollect()
        assert lua.eval("next(weak)") is None

    def test_wrappers_dropped_inside_of_callbacks(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'k'})")
        lua.eval("function(f) for i = 1, 500 do local t = {} weak[t] = true f(t) end end")(lambda table: None)
        lua.gccollect()
        lua.gccollect()
        assert lua.eval("next(weak)") is None


class TestCyclesThroughTheRuntime:
    """Python sees what Lua holds: a runtime that is reachable only from its own contents is collected."""

    def make(self, new_runtime, cycle):
        lua, item = new_runtime(), Item()
        cycle(lua, item)
        return weakref.ref(item)

    @pytest.mark.parametrize(
        "cycle",
        [
            lambda lua, item: (setattr(item, "lua", lua), lua.globals().__setitem__("item", item)),
            lambda lua, item: (setattr(item, "table", lua.globals()), lua.globals().__setitem__("item", item)),
            lambda lua, item: (setattr(item, "f", lua.eval("print")), lua.eval("function(o) kept = {o} end")(item)),
            lambda lua, item: lua.globals().__setitem__("callback", lambda: (lua, item)),
        ],
        ids=["runtime", "table", "function", "closure"],
    )
    def test_it_is_collected(self, new_runtime, collect, cycle):
        alive = self.make(new_runtime, cycle)
        collect()
        assert alive() is None

    def test_handlers_are_part_of_it(self, new_runtime, collect):
        class Host:
            def __init__(self):
                self.lua = new_runtime(attribute_filter=self.filter, overflow_handler=self.overflow)

            def filter(self, obj, name, is_setting):
                return name

            def overflow(self, value):
                return 0

        host = Host()
        alive = weakref.ref(host)
        del host
        collect()
        assert alive() is None

    def test_two_runtimes_in_one_cycle(self, new_runtime, collect):
        first, second, item = new_runtime(), new_runtime(), Item()
        first.globals().second = lambda: second
        second.globals().first = lambda: first
        second.globals().item = item
        alive = weakref.ref(item)
        del first, second, item
        collect()
        assert alive() is None

    def test_a_subclass_of_the_runtime(self, new_runtime, collect):
        class Scripting(new_runtime):
            pass

        lua, item = Scripting(), Item()
        lua.item = item
        lua.globals().me = lua
        alive = weakref.ref(item)
        del lua, item
        collect()
        assert alive() is None

    def test_what_is_reachable_stays(self, new_runtime, collect):
        lua, item = new_runtime(), Item()
        item.lua = lua
        lua.globals().item = item
        alive = weakref.ref(item)
        del item
        collect()
        assert alive() is not None
        assert lua.eval("item") is alive()


@pytest.mark.deviation
class TestWeakReferences:
    @pytest.mark.parametrize(
        "code", ["{}", "print", "function() end", "io.stdout", "coroutine.create(function() end)"]
    )
    def test_to_wrappers(self, lua, code):
        wrapper = lua.eval(code)
        reference = weakref.ref(wrapper)
        assert reference() is wrapper
        del wrapper
        gc.collect()
        assert reference() is None

    def test_to_threads_and_iterators(self, lua):
        thread = lua.eval("function() end").coroutine()
        assert weakref.ref(thread)() is thread

    def test_to_runtimes(self, new_runtime):
        lua = new_runtime()
        died = []
        reference = weakref.ref(lua, died.append)
        assert reference() is lua
        del lua
        gc.collect()
        assert reference() is None
        assert died == [reference]

    def test_as_keys(self, lua):
        table = lua.table()
        names = weakref.WeakKeyDictionary({table: "name"})
        assert names[table] == "name"
        del table
        gc.collect()
        assert len(names) == 0


class TestWrappersOfReleasedOnes:
    """Wrappers are made in the memory of released ones."""

    @pytest.mark.parametrize("kind", ["new", "function() return new end"])
    def test_nothing_is_left_of_the_old_one(self, lua, kind):
        make = lua.eval("function() local new = {} return " + kind + " end")
        for _ in range(3):
            old = [make() for _ in range(40)]
            died = []
            references = [weakref.ref(wrapper, died.append) for wrapper in old]
            hashes = {hash(wrapper) for wrapper in old}
            assert len(hashes) == len(old)
            del old
            assert sorted(map(id, died)) == sorted(map(id, references))
            new = [make() for _ in range(40)]
            assert [reference() for reference in references] == [None] * 40
            assert all(weakref.getweakrefcount(wrapper) == 0 for wrapper in new)
            assert len(set(new)) == 40

    def test_functions_stay_callable(self, lua):
        make = lua.eval("function(n) return function() return n end end")
        for number in range(100):
            assert make(number)() == number
        assert [each() for each in [make(number) for number in range(50)]] == list(range(50))

    def test_the_collector_tracks_them(self, lua):
        make = lua.eval("function() return {} end")
        for _ in range(3):
            assert gc.is_tracked(make())

    def test_they_die_with_their_runtime(self, new_runtime, collect):
        runtime = new_runtime()
        tables = [runtime.table() for _ in range(100)]
        reference = weakref.ref(runtime)
        last = tables.pop()
        del tables, runtime
        collect()
        assert reference() is not None
        del last
        collect()
        assert reference() is None

    def test_types_have_as_many_references_as_before(self, new_runtime, collect):
        class_of_tables = type(new_runtime().table())
        collect()
        before = sys.getrefcount(class_of_tables)
        for _ in range(10):
            runtime = new_runtime()
            tables = [runtime.table() for _ in range(30)]
            del tables, runtime
            collect()
        assert sys.getrefcount(class_of_tables) == before
