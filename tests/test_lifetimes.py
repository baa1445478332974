"""Who keeps whom alive, and what becomes of wrappers when their runtime or their object is gone."""

import gc
import threading
import weakref

import pytest


class Item:
    pass


@pytest.mark.deviation
class TestObjectsInLua:
    """Where memory is counted, the allocator sees a box that Lua frees without its finalizer."""

    @pytest.fixture
    def freed(self, new_runtime, needs_allocator, collect):
        def freed(code, count=1, then=""):
            lua, items = new_runtime(max_memory=10**9), [Item() for _ in range(count)]
            references = [weakref.ref(item) for item in items]
            lua.execute(code, *items)
            items.clear()
            lua.execute(then)
            collect(lua)
            return [reference() is None for reference in references]

        return freed

    def test_without_its_metatable_it_is_released_too(self, freed):
        assert freed("debug.setmetatable(..., nil)") == [True]

    def test_with_another_metatable_it_is_released_too(self, freed):
        assert freed("debug.setmetatable(..., {__gc = function() end})") == [True]

    def test_many_of_them(self, freed):
        assert freed("for _, o in ipairs{...} do debug.setmetatable(o, nil) end", 200) == [True] * 200

    def test_others_stay(self, freed):
        assert freed("local b; kept, b = ...; debug.setmetatable(b, nil)", 2) == [False, True]

    def test_what_is_left_of_a_box_in_memory_is_none(self, freed, self_checking, skip_if_asserted):
        """A chunk that ends within its code leaves memory of many sizes as it was, and so does a table that is not filled."""
        skip_if_asserted("bytecode that ends too early")
        code = """
            local cut, load_text = {}, loadstring or load
            for size = 1, 30 do
                local text = ("a = a + 1 "):rep(math.floor(size / 2)) .. ("local b = 1 "):rep(size % 2)
                local chunk = string.dump(load_text("local a = ... " .. text), true)
                for last = 12, #chunk - 1 do cut[#cut + 1] = chunk:sub(1, last) end
            end
            local function unfilled() return {error(), 1, 2} end
            collectgarbage("stop")
            for i = 1, #objects do debug.setmetatable(objects[i], nil) end
            objects = nil
            for _ = 1, 3 do collectgarbage() end
            collectgarbage("stop")
            for i = 1, #cut do load_text(cut[i]) end
            for _ = 1, 1000 do pcall(unfilled) end
            for _ = 1, 3 do collectgarbage() end
            collectgarbage("restart")
        """
        count = 100 if self_checking else 5000
        assert freed("objects = {...}", count, code) == [True] * count


class TestOrderOfDeath:
    def test_a_runtime_may_go_first(self, new_runtime):
        lua = new_runtime()
        wrappers = [
            lua.table(1, 2),
            lua.eval("function() return 1 end"),
            lua.eval("io.stdout"),
            lua.eval("function() coroutine.yield(1) end").coroutine(),
            lua.eval("coroutine.create(function() end)"),
            lua.table(1).items(),
        ]
        del lua
        gc.collect()
        assert wrappers[0][1] == 1
        assert wrappers[1]() == 1
        assert next(wrappers[3]) == 1
        while wrappers:
            wrappers.pop()
            gc.collect()

    def test_wrappers_may_die_in_any_order(self, new_runtime):
        for turn in range(5):
            lua = new_runtime()
            wrappers = [lua.table() for _ in range(20)] + [lua.eval("function() end") for _ in range(20)]
            for position in range(0, 40, 3 + turn):
                wrappers[position] = None
            del lua
            wrappers.reverse()
            del wrappers

    def test_a_wrapper_may_die_in_another_thread(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'k'})")
        wrappers = [lua.eval("function() local t = {} weak[t] = 1 return t end")() for _ in range(100)]
        thread = threading.Thread(target=wrappers.clear)
        thread.start()
        thread.join()
        lua.gccollect()
        assert lua.eval("next(weak)") is None

    def test_a_runtime_may_die_in_another_thread(self, new_runtime):
        item = Item()
        alive = weakref.ref(item)
        box = [new_runtime()]
        box[0].globals().item = item
        del item
        thread = threading.Thread(target=box.clear)
        thread.start()
        thread.join()
        gc.collect()
        assert alive() is None

    def test_a_runtime_may_be_made_in_another_thread(self, new_runtime):
        box = []
        thread = threading.Thread(target=lambda: box.append(new_runtime()))
        thread.start()
        thread.join()
        assert box[0].eval("1 + 1") == 2

    def test_a_runtime_may_die_inside_of_its_own_callback(self, new_runtime):
        holder = {"lua": new_runtime()}

        def callback():
            holder.clear()
            gc.collect()
            return "still running"

        assert holder["lua"].eval("function(f) return f() end")(callback) == "still running"

    def test_many_runtimes_at_once(self, new_runtime):
        runtimes = [new_runtime() for _ in range(50)]
        for number, lua in enumerate(runtimes):
            lua.globals().number = number
        assert [lua.eval("number") for lua in runtimes] == list(range(50))


class TestFinalizersOfLua:
    @pytest.fixture
    def with_finalizer(self, lua_version):
        """Lua code that makes an object with the finalizer `f`."""
        if lua_version == (5, 1):
            return "function(f) local u = newproxy(true); getmetatable(u).__gc = function() f() end; return u end"
        return "function(f) return setmetatable({}, {__gc = function() f() end}) end"

    def test_they_run_at_the_end_of_the_runtime(self, new_runtime, lua_version, tmp_path):
        trace = tmp_path / "trace"
        body = f"local f = io.open('{trace}', 'w') f:write('finalized') f:close()"
        lua = new_runtime()
        if lua_version == (5, 1):
            lua.execute(f"kept = newproxy(true); getmetatable(kept).__gc = function() {body} end")
        else:
            lua.execute("kept = setmetatable({}, {__gc = function() %s end})" % body)
        del lua
        gc.collect()
        assert trace.read_text() == "finalized"

    def test_they_may_call_python(self, lua, with_finalizer, collect):
        ran = []
        wrapper = lua.eval(with_finalizer)(lambda: ran.append(1))
        del wrapper
        collect(lua)
        assert ran == [1]

    @pytest.mark.deviation
    def test_they_may_call_python_at_the_end_of_the_runtime(self, new_runtime, with_finalizer):
        ran = []
        lua = new_runtime()
        lua.globals().kept = lua.eval(with_finalizer)(lambda: ran.append(1))
        del lua
        gc.collect()
        assert ran in ([], [1])

    @pytest.mark.deviation
    def test_an_error_in_one_at_the_end_does_no_harm(self, new_runtime, with_finalizer):
        for _ in range(10):
            lua = new_runtime()
            lua.globals().kept = lua.eval(with_finalizer)(lua.eval("function() error('in a finalizer') end"))
            del lua
            gc.collect()
        assert new_runtime().eval("1 + 1") == 2


class TestKeepingAlive:
    def test_lua_keeps_the_only_reference(self, lua, collect):
        lua.globals().items = lua.table_from([Item(), {"a": Item()}])
        collect(lua)
        assert isinstance(lua.eval("items[1]"), Item)
        assert isinstance(lua.eval("items[2].a"), Item)

    def test_closures_keep_their_upvalues(self, lua, collect):
        item = Item()
        alive = weakref.ref(item)
        function = lua.eval("function(o) return function() return o end end")(item)
        del item
        collect(lua)
        assert function() is alive()
        del function
        collect(lua)
        assert alive() is None

    def test_bound_methods_keep_their_object(self, lua, collect):
        class Counter:
            count = 0

            def step(self):
                self.count += 1
                return self.count

        lua.globals().step = Counter().step
        collect(lua)
        assert lua.eval("step() + step()") == 3

    def test_iterators_keep_what_they_iterate(self, lua, collect):
        lua.eval("function(o) f, s = python.iter(o) end")([Item()])
        collect(lua)
        assert isinstance(lua.eval("f(s)"), Item)

    def test_handlers_live_as_long_as_the_runtime(self, new_runtime, collect):
        lua = new_runtime(attribute_handlers=(lambda obj, name: name.upper(), None), overflow_handler=lambda n: "big")
        collect(lua)
        assert lua.eval("function(o) return o.x end")(3j) == "X"
        assert lua.eval("...", 2**70) == "big"


class TestLostReferences:
    @pytest.mark.deviation
    def test_a_script_that_empties_the_registry_does_no_harm(self, new_runtime, lupa_module):
        lua = new_runtime()
        table, function = lua.table(1), lua.eval("function() end")
        lua.execute("local r = debug.getregistry() for k in pairs(r) do if type(k) == 'number' and k > 2 then r[k] = nil end end")
        for attempt in (lambda: table[1], lambda: len(table), lambda: list(table), lambda: function(), lambda: table.x):
            try:
                attempt()
            except lupa_module.LuaError as error:
                assert "lost reference" in str(error)
            except TypeError:
                pass
        assert isinstance(repr(table), str)

    @pytest.mark.deviation
    def test_a_script_that_retypes_the_registry_does_no_harm(self, new_runtime, lupa_module):
        lua = new_runtime()
        table = lua.table(1)
        lua.execute("local r = debug.getregistry() for k in pairs(r) do if type(k) == 'number' and k > 2 then r[k] = 'text' end end")
        for attempt in (lambda: table[1], lambda: list(table), lambda: table.__setitem__(1, 2)):
            with pytest.raises(lupa_module.LuaError, match="lost reference"):
                attempt()


class TestShutdown:
    """The end of the interpreter while runtimes and wrappers are alive."""

    @pytest.mark.parametrize(
        "source",
        [
            "lua = LuaRuntime()",
            "lua = LuaRuntime(); t = lua.table(1); f = lua.eval('function() end'); it = iter(t)",
            "lua = LuaRuntime(); lua.globals().f = lambda: lua; lua.globals().o = object()",
            "lua = LuaRuntime(); co = lua.eval('function(f) coroutine.yield(f) end').coroutine(print); next(co)",
            "import sys; lua = LuaRuntime(); sys.modules['kept'] = lua.table()",
            "import atexit; lua = LuaRuntime(); atexit.register(lambda: lua.execute('x = 1'))",
            "class D:\n    def __del__(self): self.lua.eval('1')\nlua = LuaRuntime(); d = D(); d.lua = lua; lua.globals().d = d",
        ],
        ids=["runtime", "wrappers", "cycle", "coroutine", "module", "atexit", "finalizer"],
    )
    def test_it_is_quiet(self, run_script, source):
        assert run_script(source) == ""

    @pytest.mark.deviation
    def test_finalizers_of_lua_that_call_python(self, run_script, lua_version):
        if lua_version == (5, 1):
            code = "kept = newproxy(true); getmetatable(kept).__gc = function() f() end"
        else:
            code = "kept = setmetatable({}, {__gc = function() f() end})"
        run_script(f"lua = LuaRuntime(); lua.globals().f = lambda: lua.eval('1'); lua.execute({code!r})")


class TestInOneLongRun:
    """Lua runs for long, and calls Python now and then: what both sides drop meanwhile does not wait for its end."""

    def test_tables_that_python_has_dropped_can_be_collected(self, lua):
        alive = lua.eval("""
            function(f)
                local weak, alive = setmetatable({}, {__mode = 'k'}), 0
                for i = 1, 2000 do
                    local t = {}
                    weak[t] = true
                    f(t)
                end
                collectgarbage()
                collectgarbage()
                for _ in pairs(weak) do alive = alive + 1 end
                return alive
            end
        """)
        assert alive(lambda table: None) <= 5

    def test_objects_that_lua_has_dropped_are_released(self, lua):
        class Item:
            alive = most = 0

            def __init__(self):
                Item.alive += 1
                Item.most = max(Item.most, Item.alive)

            def __del__(self):
                Item.alive -= 1

        lua.eval("function(f) for i = 1, 5000 do f() if i % 50 == 0 then collectgarbage() collectgarbage() end end end")(Item)
        assert 0 < Item.most < 1000

    def test_they_are_released_when_no_lock_is_held(self, lua):
        """A finalizer may wait for another thread that uses the runtime."""
        waits = []

        class Final:
            def __del__(self):
                thread = threading.Thread(target=lua.eval, args=("1 + 1",))
                thread.start()
                thread.join(5)
                waits.append(thread.is_alive())

        lua.globals().kept = Final()
        lua.execute("kept = nil")
        lua.gccollect()
        lua.gccollect()
        assert waits == [False]
        lua.eval("function(o) o = nil end")(Final())
        lua.gccollect()
        lua.gccollect()
        assert waits == [False, False]
