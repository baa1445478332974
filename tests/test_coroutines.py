"""Lua coroutines as Python generators: iteration, send, throw, close, threads made in Lua."""

import collections.abc

import pytest

COUNT = "function(n) for i = 1, n do coroutine.yield(i) end end"


@pytest.fixture
def count(lua):
    return lua.eval(COUNT)


class TestIteration:
    def test_yields_are_items(self, count):
        assert list(count.coroutine(4)) == [1, 2, 3, 4]

    def test_final_return_values_are_the_last_item(self, lua):
        coroutine = lua.eval("function(...) coroutine.yield(...) return 1, 2 end").coroutine(5, 6)
        assert list(coroutine) == [(5, 6), (1, 2)]

    def test_returning_nothing_ends_the_iteration(self, lua):
        assert list(lua.eval("function() end").coroutine()) == []

    def test_returning_nil_is_an_item(self, lua):
        assert list(lua.eval("function() return nil end").coroutine()) == [None]

    def test_a_bare_yield_is_none(self, lua):
        assert list(lua.eval("function() coroutine.yield() coroutine.yield(nil) end").coroutine()) == [None, None]

    def test_several_values_are_a_tuple(self, lua):
        assert list(lua.eval("function() coroutine.yield(1, nil, 3) end").coroutine()) == [(1, None, 3)]

    @pytest.mark.parametrize("value", [None, True, False, 0, -1, 2**53, 1.5, float("inf"), "text", (1, 2)])
    def test_single_values(self, lua, value):
        coroutine = lua.eval("function(...) while true do coroutine.yield(...) end end").coroutine(value)
        for _ in range(3):
            item = next(coroutine)
            assert (item, type(item)) == (value, type(value))

    def test_arguments_go_to_the_function(self, lua):
        assert next(lua.eval("function(...) return select('#', ...), ... end").coroutine(1, None, "x")) == (3, 1, None, "x")

    def test_after_the_end_there_is_nothing(self, count):
        coroutine = count.coroutine(1)
        assert next(coroutine) == 1
        for _ in range(3):
            with pytest.raises(StopIteration):
                next(coroutine)
        assert list(coroutine) == []

    def test_the_end_carries_no_value(self, count):
        with pytest.raises(StopIteration) as end:
            next(count.coroutine(0))
        assert end.value.value is None

    def test_each_is_independent(self, count):
        first, second = count.coroutine(3), count.coroutine(3)
        assert [next(first), next(second), next(first), next(second)] == [1, 1, 2, 2]

    def test_it_starts_lazily(self, lua):
        started = []
        coroutine = lua.eval("function(f) f(1) coroutine.yield(2) end").coroutine(started.append)
        assert started == []
        assert next(coroutine) == 2
        assert started == [1]

    def test_callbacks_inside(self, lua):
        coroutine = lua.eval("function(f) coroutine.yield(f(1)) return f(2) end").coroutine(lambda x: lua.eval("...", x * 10))
        assert list(coroutine) == [10, 20]

    def test_one_coroutine_drives_another(self, lua, count):
        outer = lua.eval("function(step) for i = 1, 3 do coroutine.yield(step() * 100) end end")
        inner = count.coroutine(3)
        assert list(outer.coroutine(lambda: next(inner))) == [100, 200, 300]

    def test_tables_from_a_coroutine_can_be_used(self, lua):
        tables = list(lua.eval("function() for i = 1, 3 do coroutine.yield({i = i}) end end").coroutine())
        lua.gccollect()
        assert [table.i for table in tables] == [1, 2, 3]

    def test_many_coroutines(self, count):
        coroutines = [count.coroutine(2) for _ in range(2000)]
        assert sum(sum(coroutine) for coroutine in coroutines) == 6000


class TestSend:
    def test_values_go_in(self, lua):
        coroutine = lua.eval("""
            function()
                local t, i = {}, 0
                local value = coroutine.yield()
                while value do t[i] = value; i = i + 1; value = coroutine.yield() end
                return t
            end
        """).coroutine()
        assert coroutine.send(None) is None
        for i in range(3):
            assert coroutine.send(i * 2) is None
        assert sorted(coroutine.send(None).items()) == [(0, 0), (1, 2), (2, 4)]

    def test_a_just_started_one_takes_none_only(self, count):
        coroutine = count.coroutine(2)
        with pytest.raises(TypeError, match="can't send non-None value to a just-started generator"):
            coroutine.send(1)
        assert list(coroutine) == [1, 2]

    def test_a_tuple_is_several_values(self, lua):
        coroutine = lua.eval("function() return coroutine.yield() end").coroutine()
        next(coroutine)
        assert coroutine.send((5, None, 6)) == (5, None, 6)

    @pytest.mark.parametrize("nothing", [None, ()], ids=repr)
    def test_nothing_is_no_value(self, lua, nothing):
        coroutine = lua.eval("function() return select('#', coroutine.yield()) end").coroutine()
        next(coroutine)
        assert coroutine.send(nothing) == 0

    def test_next_sends_no_value(self, lua):
        coroutine = lua.eval("function() return select('#', coroutine.yield()) end").coroutine()
        next(coroutine)
        assert next(coroutine) == 0

    def test_to_a_finished_one(self, count):
        coroutine = count.coroutine(0)
        assert list(coroutine) == []
        with pytest.raises(StopIteration):
            coroutine.send(1)

    def test_exactly_one_argument(self, count):
        with pytest.raises(TypeError):
            count.coroutine(1).send()
        with pytest.raises(TypeError):
            count.coroutine(1).send(1, 2)

    def test_what_cannot_be_converted(self, lua):
        coroutine = lua.eval("function() while true do coroutine.yield('alive') end end").coroutine()
        next(coroutine)
        with pytest.raises(OverflowError):
            coroutine.send(2**70)
        assert next(coroutine) == "alive"


class TestTruth:
    def test_it_is_true_while_it_can_be_resumed(self, count):
        coroutine = count.coroutine(1)
        assert bool(coroutine) is True
        next(coroutine)
        assert bool(coroutine) is True
        assert list(coroutine) == []
        assert bool(coroutine) is False

    def test_final_values_end_it(self, lua):
        coroutine = lua.eval("function() return 1 end").coroutine()
        assert next(coroutine) == 1
        assert bool(coroutine) is False

    def test_an_error_ends_it(self, lua, lupa_module):
        coroutine = lua.eval("function() error('x') end").coroutine()
        with pytest.raises(lupa_module.LuaError):
            next(coroutine)
        assert bool(coroutine) is False


class TestErrors:
    def test_the_message_has_no_traceback(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError) as caught:
            next(lua.eval("function() error('inside') end").coroutine())
        assert str(caught.value) == '[string "<python>"]:1: inside'

    def test_afterwards_it_is_dead(self, lua, lupa_module):
        coroutine = lua.eval("function() error('x') end").coroutine()
        with pytest.raises(lupa_module.LuaError, match="x"):
            next(coroutine)
        for _ in range(2):
            with pytest.raises(lupa_module.LuaError, match="cannot resume (dead|non-suspended) coroutine"):
                next(coroutine)

    def test_the_runtime_goes_on(self, lua, lupa_module, count):
        for _ in range(100):
            with pytest.raises(lupa_module.LuaError):
                next(lua.eval("function() error('x') end").coroutine())
        assert list(count.coroutine(2)) == [1, 2]

    def test_an_error_caught_inside_goes_no_further(self, lua):
        coroutine = lua.eval("function() local ok, e = pcall(error, 'x'); coroutine.yield(ok, e) end").coroutine()
        assert next(coroutine) == (False, "x")

    def test_yielding_outside_of_a_coroutine(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="attempt to yield"):
            lua.execute("coroutine.yield(1)")

    @pytest.mark.deviation
    def test_yielding_across_a_python_callback(self, lua, lupa_module):
        inner = lua.eval("function() coroutine.yield(1) end")
        coroutine = lua.eval("function(f) f() end").coroutine(lambda: inner())
        with pytest.raises(lupa_module.LuaError, match="attempt to yield"):
            next(coroutine)

    def test_c_functions_make_no_coroutines(self, lua):
        with pytest.raises(TypeError, match="Lua object is not a function"):
            lua.eval("print").coroutine()


class TestThreadsMadeInLua:
    def test_a_running_one_is_taken_over(self, lua):
        _, thread, first = lua.execute(f"""
            local f = {COUNT}
            local thread = coroutine.create(f)
            local _, first = coroutine.resume(thread, 3)
            return f, thread, first
        """)
        assert first == 1
        assert list(thread) == [2, 3]
        assert list(thread) == []

    def test_an_unstarted_one_makes_fresh_coroutines(self, lua):
        thread = lua.eval(f"coroutine.create({COUNT})")
        assert callable(thread)
        assert list(thread(3)) == [1, 2, 3]
        assert list(thread(2)) == [1, 2]
        assert list(thread.coroutine(1)) == [1]

    def test_a_finished_one_is_empty(self, lua):
        thread = lua.execute("local c = coroutine.create(function() end); coroutine.resume(c); return c")
        assert bool(thread) is False

    def test_coroutine_wrap_gives_a_function(self, lua):
        step = lua.eval("coroutine.wrap(function(a) local b = coroutine.yield(a) return b end)")
        assert (step(5), step(6)) == (5, 6)

    def test_a_thread_goes_back_to_lua(self, lua, count):
        coroutine = count.coroutine(2)
        next(coroutine)
        assert lua.eval("function(c) return coroutine.status(c), coroutine.resume(c) end")(coroutine) == ("suspended", True, 2)
        assert lua.eval("coroutine.status")(coroutine) == "suspended"
        assert list(coroutine) == []
        assert lua.eval("coroutine.status")(coroutine) == "dead"

    def test_the_same_thread_stays_the_same(self, lua):
        thread = lua.execute("c = coroutine.create(function() coroutine.yield() end); coroutine.resume(c); return c")
        assert lua.eval("function(other) return other == c end")(thread) is True


class TestType:
    def test_names(self, lua, lupa_module, count):
        coroutine = count.coroutine(1)
        assert type(coroutine).__name__ == "_LuaThread"
        assert type(lua.eval("coroutine.create(function() end)")).__name__ == "_LuaCoroutineFunction"
        assert lupa_module.lua_type(coroutine) == "thread"

    def test_text(self, lua, count):
        coroutine = count.coroutine(1)
        address = lua.eval("tostring")(coroutine).split()[-1]
        assert repr(coroutine) == str(coroutine) == f"<Lua thread at {address}>"

    def test_an_unstarted_thread_is_also_a_function(self, lua):
        assert isinstance(lua.eval("coroutine.create(function() end)"), type(lua.eval("print")))

    def test_it_is_an_iterator(self, count):
        coroutine = count.coroutine(1)
        assert iter(coroutine) is coroutine
        assert isinstance(coroutine, collections.abc.Iterator)

    def test_the_types_are_final_and_have_no_constructor(self, lua, count):
        for value in (count.coroutine(1), lua.eval("coroutine.create(function() end)")):
            with pytest.raises(TypeError, match="Type cannot be instantiated manually"):
                type(value)()
            with pytest.raises(TypeError, match="not an acceptable base type"):
                type("Sub", (type(value),), {})

    def test_there_is_no_attribute_and_no_item(self, count):
        coroutine = count.coroutine(1)
        with pytest.raises(AttributeError, match="item/attribute access not supported on functions"):
            coroutine.x  # noqa: B018
        with pytest.raises(TypeError, match="item/attribute access not supported on functions"):
            coroutine["x"]

    def test_a_running_thread_is_not_callable_in_lua(self, lua, lupa_module, count):
        coroutine = count.coroutine(1)
        next(coroutine)
        with pytest.raises(lupa_module.LuaError, match="attempt to call a thread value"):
            coroutine()

    def test_it_keeps_function_and_runtime_alive(self, new_runtime, collect):
        coroutine = new_runtime().eval(COUNT).coroutine(3)
        collect()
        assert list(coroutine) == [1, 2, 3]

    def test_keyword_arguments_are_refused(self, count):
        with pytest.raises(TypeError):
            count.coroutine(n=1)
