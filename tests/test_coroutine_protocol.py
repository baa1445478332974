"""The rest of the generator protocol, which lupa 2.8 lacks: throw, close, re-entry, unstarted threads."""

import weakref

import pytest

pytestmark = pytest.mark.deviation


@pytest.fixture
def suspended(lua):
    """A coroutine that stands at a yield inside a pcall and reports what reached it."""
    coroutine = lua.eval("""
        function()
            local ok, problem = pcall(function() coroutine.yield('waiting') end)
            coroutine.yield(ok, problem)
            return 'end'
        end
    """).coroutine()
    return coroutine


@pytest.fixture
def yields_inside_pcall(flavour):
    if flavour.version == (5, 1) and not flavour.is_luajit:
        pytest.skip("Lua 5.1 cannot yield across pcall")


class TestThrow:
    def test_the_exception_is_raised_at_the_yield(self, suspended, yields_inside_pcall):
        problem = KeyError("thrown")
        assert next(suspended) == "waiting"
        ok, caught = suspended.throw(problem)
        assert ok is False
        assert caught is problem
        assert next(suspended) == "end"

    def test_a_yield_called_by_pcall_itself(self, lua, runtime_name, yields_inside_pcall):
        coroutine = lua.eval("function() return pcall(coroutine.yield, 'waiting') end").coroutine()
        problem = KeyError("thrown")
        next(coroutine)
        if runtime_name.startswith("luajit"):
            # It runs no hook, hence nothing of ours, between a yield and the pcall that called it. The exception is not lost.
            with pytest.raises(KeyError) as caught:
                coroutine.throw(problem)
            assert caught.value is problem
            assert not coroutine
        else:
            assert coroutine.throw(problem) == (False, problem)

    def test_an_exception_that_nobody_catches_comes_out(self, lua):
        coroutine = lua.eval("function() coroutine.yield(1) coroutine.yield(2) end").coroutine()
        problem = ZeroDivisionError("thrown")
        next(coroutine)
        with pytest.raises(ZeroDivisionError) as caught:
            coroutine.throw(problem)
        assert caught.value is problem
        assert not coroutine

    def test_a_type_is_instantiated(self, lua):
        coroutine = lua.eval("function() coroutine.yield(1) end").coroutine()
        next(coroutine)
        with pytest.raises(ZeroDivisionError):
            coroutine.throw(ZeroDivisionError)

    def test_into_one_that_was_not_started(self, lua):
        started = []
        coroutine = lua.eval("function(f) f(1) coroutine.yield(1) end").coroutine(started.append)
        with pytest.raises(ZeroDivisionError):
            coroutine.throw(ZeroDivisionError("early"))
        assert started == []
        assert list_until_error(coroutine) == []

    def test_into_a_finished_one(self, lua):
        coroutine = lua.eval("function() end").coroutine()
        assert list(coroutine) == []
        with pytest.raises(ZeroDivisionError):
            coroutine.throw(ZeroDivisionError("late"))

    def test_what_is_no_exception_is_refused(self, lua):
        coroutine = lua.eval("function() coroutine.yield(1) end").coroutine()
        next(coroutine)
        for value in (1, "text", int, None):
            with pytest.raises(TypeError):
                coroutine.throw(value)
        assert coroutine

    def test_a_lua_error_can_be_thrown(self, lua, lupa_module):
        coroutine = lua.eval("function() coroutine.yield(1) end").coroutine()
        next(coroutine)
        problem = lupa_module.LuaError("mine")
        with pytest.raises(lupa_module.LuaError) as caught:
            coroutine.throw(problem)
        assert caught.value is problem

    def test_the_runtime_goes_on(self, lua):
        for _ in range(50):
            coroutine = lua.eval("function() coroutine.yield(1) end").coroutine()
            next(coroutine)
            with pytest.raises(KeyError):
                coroutine.throw(KeyError())
        assert lua.eval("1 + 1") == 2


def list_until_error(coroutine):
    """What is left of a coroutine that may be dead."""
    try:
        return list(coroutine)
    except Exception:
        return []


class TestClose:
    def test_a_suspended_one_ends(self, lua):
        coroutine = lua.eval("function() while true do coroutine.yield(1) end end").coroutine()
        next(coroutine)
        coroutine.close()
        assert not coroutine
        with pytest.raises(StopIteration):
            next(coroutine)

    def test_an_unstarted_one_never_runs(self, lua):
        started = []
        coroutine = lua.eval("function(f) f(1) end").coroutine(started.append)
        coroutine.close()
        assert list(coroutine) == []
        assert started == []

    def test_a_finished_one_stays_finished(self, lua):
        coroutine = lua.eval("function() end").coroutine()
        assert list(coroutine) == []
        coroutine.close()
        coroutine.close()

    def test_values_of_the_coroutine_are_released(self, lua, collect):
        class Item:
            alive = 0

            def __init__(self):
                Item.alive += 1

            def __del__(self):
                Item.alive -= 1

        coroutine = lua.eval("function(item) coroutine.yield(1) return item end").coroutine(Item())
        next(coroutine)
        coroutine.close()
        del coroutine
        collect(lua)
        assert Item.alive == 0

    def test_to_be_closed_variables_are_closed(self, lua, lua_version):
        if lua_version < (5, 4):
            pytest.skip("to-be-closed variables came with Lua 5.4")
        closed = []
        coroutine = lua.eval("""
            function(note)
                local guard <close> = setmetatable({}, {__close = function() note('closed') end})
                coroutine.yield(1)
            end
        """).coroutine(closed.append)
        next(coroutine)
        coroutine.close()
        assert closed == ["closed"]

    def test_an_error_while_closing_comes_out(self, lua, lua_version, lupa_module):
        if lua_version < (5, 4):
            pytest.skip("to-be-closed variables came with Lua 5.4")
        coroutine = lua.eval("""
            function()
                local guard <close> = setmetatable({}, {__close = function() error('while closing') end})
                coroutine.yield(1)
            end
        """).coroutine()
        next(coroutine)
        with pytest.raises(lupa_module.LuaError, match="while closing"):
            coroutine.close()
        assert not coroutine
        assert lua.eval("1 + 1") == 2

    def test_in_lua_it_is_dead_as_well(self, lua, lua_version):
        if lua_version < (5, 4):
            pytest.skip("before Lua 5.4 nothing closes a coroutine; only the wrapper is dead")
        coroutine = lua.eval("function() coroutine.yield(1) end").coroutine()
        next(coroutine)
        coroutine.close()
        assert lua.eval("coroutine.status")(coroutine) == "dead"

    def test_the_running_one_cannot_be_closed(self, lua):
        coroutine = lua.eval("function(f) f() coroutine.yield('went on') end").coroutine
        running = None

        def close():
            with pytest.raises(ValueError):
                running.close()

        running = coroutine(close)
        assert next(running) == "went on"


class TestReentry:
    @pytest.mark.parametrize("step", [next, lambda g: g.send(None), lambda g: g.throw(KeyError("k"))], ids=["next", "send", "throw"])
    def test_a_running_coroutine_refuses(self, lua, step):
        running = None

        def reenter():
            with pytest.raises(ValueError, match="already executing"):
                step(running)
            return "refused"

        running = lua.eval("function(f) coroutine.yield(f()) return 'end' end").coroutine(reenter)
        assert list(running) == ["refused", "end"]

    def test_a_coroutine_that_waits_for_another_refuses(self, lua):
        outer = None

        def resume_outer():
            with pytest.raises(ValueError):
                next(outer)

        inner = lua.eval("function(f) f() coroutine.yield('inner') end").coroutine(resume_outer)
        outer = lua.eval("function(f) coroutine.yield(f()) end").coroutine(lambda: next(inner))
        assert list(outer) == ["inner"]


class TestUnstartedThreads:
    def test_they_are_threads(self, lua, lupa_module):
        thread = lua.eval("coroutine.create(function() end)")
        assert lupa_module.lua_type(thread) == "thread"
        assert callable(thread)

    def test_they_go_back_as_the_thread_they_are(self, lua):
        lua.execute("thread = coroutine.create(function(x) coroutine.yield(x) end)")
        thread = lua.globals().thread
        assert lua.eval("function(t) return type(t), t == thread end")(thread) == ("thread", True)
        assert lua.eval("function(t) return coroutine.resume(t, 5) end")(thread) == (True, 5)

    @pytest.mark.parametrize("argument", ["kept", "kept for the long way " * 9])
    def test_one_that_could_not_be_started_keeps_its_arguments(self, lua, argument):
        coroutine = lua.eval("function(...) coroutine.yield(...) end").coroutine(argument, 1)
        call = lua.eval("function(f) return f() end")
        refused = []

        def nest():
            try:
                call(nest)
            except RecursionError:
                if not refused:
                    with pytest.raises(RecursionError) as caught:
                        next(coroutine)
                    refused.append(caught.value)

        nest()
        assert len(refused) == 1
        assert next(coroutine) == (argument, 1)

    def test_the_main_thread_is_a_thread(self, lua, lupa_module, lua_version):
        if lua_version < (5, 2):
            pytest.skip("Lua 5.1 does not hand out its main thread")
        main, is_main = lua.eval("coroutine.running()")
        assert is_main is True
        assert lupa_module.lua_type(main) == "thread"
        assert lua.eval("function(t) return t == coroutine.running() end")(main) is True

    def test_the_main_thread_cannot_be_resumed(self, lua, lupa_module, lua_version):
        if lua_version < (5, 2):
            pytest.skip("Lua 5.1 does not hand out its main thread")
        main, _ = lua.eval("coroutine.running()")
        with pytest.raises((ValueError, lupa_module.LuaError)):
            next(main)
        assert lua.eval("1 + 1") == 2

    def test_a_coroutine_sees_itself_as_running(self, lua, lupa_module):
        coroutine = lua.eval("function(f) f((coroutine.running())) end").coroutine
        kinds = []
        assert list(coroutine(lambda thread: kinds.append(lupa_module.lua_type(thread)))) == []
        assert kinds == ["thread"]


class TestExceptionsInside:
    def test_the_very_exception_comes_out(self, lua):
        problem = KeyError("inside")

        def fail():
            raise problem

        coroutine = lua.eval("function(f) coroutine.yield(1) f() end").coroutine(fail)
        next(coroutine)
        with pytest.raises(KeyError) as caught:
            next(coroutine)
        assert caught.value is problem
        assert caught.traceback[-1].name == "fail"

    def test_keyboard_interrupt_too(self, lua):
        def fail():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            next(lua.eval("function(f) f() end").coroutine(fail))

    def test_stop_iteration_of_a_callback_is_no_silent_end(self, lua):
        coroutine = lua.eval("function(f) f() return 'unreached' end").coroutine(lambda: next(iter(())))
        with pytest.raises((StopIteration, RuntimeError)):
            next(coroutine)

    def test_error_objects_are_kept(self, lua, lupa_module):
        coroutine = lua.eval("function() error({code = 42}) end").coroutine()
        with pytest.raises(lupa_module.LuaError) as caught:
            next(coroutine)
        assert caught.value.value.code == 42

    def test_nothing_is_kept_alive_by_an_exception(self, lua, collect):
        class Problem(Exception):
            pass

        def fail():
            raise Problem

        def run():
            with pytest.raises(Problem) as caught:
                next(lua.eval("function(f) f() end").coroutine(fail))
            return weakref.ref(caught.value)

        problem = run()
        collect(lua)
        assert problem() is None


class TestVariablesOfFailedCoroutines:
    """A coroutine that fails is closed, as `coroutine.wrap` does it."""

    @pytest.fixture(autouse=True)
    def needs_variables_that_are_closed(self, lua_version):
        if lua_version < (5, 4):
            pytest.skip("to-be-closed variables came with Lua 5.4")

    @pytest.fixture
    def failing(self, lua):
        """Make a coroutine with variables that call the arguments when they are closed, and that fails."""
        return lua.eval("""
            function(...)
                local function guard(f) return setmetatable({}, {__close = function(_, problem) f(problem) end}) end
                local one <close> = guard((...))
                local two <close> = guard((select(2, ...)))
                return none.of_this
            end
        """).coroutine

    def test_they_are_closed_in_reverse_order(self, failing, lupa_module):
        closed = []
        coroutine = failing(lambda problem: closed.append(1), lambda problem: closed.append(2))
        with pytest.raises(lupa_module.LuaError, match="index a nil value"):
            next(coroutine)
        assert closed == [2, 1]
        assert not coroutine
        with pytest.raises(lupa_module.LuaError, match="dead coroutine"):
            next(coroutine)
        coroutine.close()
        assert closed == [2, 1]

    def test_the_error_of_the_last_one_comes_out(self, failing, lupa_module):
        problems = [KeyError("one"), KeyError("two")]

        def close(which, problem):
            raise problems[which]

        coroutine = failing(lambda problem: close(0, problem), lambda problem: close(1, problem))
        with pytest.raises(KeyError) as caught:
            next(coroutine)
        assert caught.value is problems[0]

    def test_they_may_recurse(self, lua, failing, lupa_module):
        def descend(problem):
            next(failing(descend, lambda problem: None))

        with pytest.raises((lupa_module.LuaError, RecursionError)):
            next(failing(descend, lambda problem: None))
        assert lua.eval("1 + 1") == 2

    def test_in_a_callback_of_another_coroutine(self, lua, failing):
        problem = KeyError("while closing")

        def close(_):
            raise problem

        outer = lua.eval("function(f) local ok, e = pcall(f) coroutine.yield(e) return 'end' end").coroutine
        assert list(outer(lambda: next(failing(close, close)))) == [problem, "end"]
