"""Hooks of the debug library that resume a coroutine while Python is about to, or that fail when it has ended."""

import gc

import pytest

from tests.test_debug_hooks import REFUSAL, hook, unhook  # noqa: F401

pytestmark = pytest.mark.deviation

@pytest.fixture
def suspended(lua):
    coroutine = lua.eval("function() coroutine.yield('first') return 'end' end").coroutine()
    next(coroutine)
    lua.globals().suspended = coroutine
    return coroutine


CONTINUE = {
    "next": lambda coroutine: next(coroutine),
    "send": lambda coroutine: coroutine.send(1),
    # What is no plain value goes a longer way.
    "send an object": lambda coroutine: coroutine.send(object()),
    "throw": lambda coroutine: coroutine.throw(ZeroDivisionError),
    "close": lambda coroutine: coroutine.close(),
    "ask": lambda coroutine: bool(coroutine),
}


class TestCoroutinesThatHooksResume:
    """Between the look at a coroutine and the body that resumes it, a hook can resume it."""

    @pytest.mark.parametrize("continue_", CONTINUE)
    def test_to_its_end(self, lua, lupa_module, unhook, suspended, continue_):
        hook(
            lua,
            lua.eval("""
                function()
                    if debug.getinfo(2, 'S').what == 'C' and coroutine.status(suspended) == 'suspended' then
                        coroutine.resume(suspended)
                    end
                end
            """),
            "c",
        )
        try:
            CONTINUE[continue_](suspended)
        except ValueError as error:
            assert "coroutine already executing" in str(error)
        except StopIteration:
            # It has ended, as the second look says.
            assert continue_ in ("next", "send", "send an object")
        unhook()
        with pytest.raises((StopIteration, lupa_module.LuaError)):
            next(suspended)
        assert lua.eval("1 + 1") == 2

    @pytest.mark.parametrize("fails", ["error('of the hook')", "f()"])
    def test_an_error_that_cannot_be_taken_is_let_go(self, lua, unhook, fails):
        """The exception's frames hold the coroutine: if that held the exception, nothing could collect them."""

        class Failure(Exception):
            pass

        def fail():
            raise Failure

        def use():
            coroutine = lua.eval("function(f) f() end").coroutine(fail)
            lua.globals().f = fail
            hook(lua, lua.eval(f"function() if coroutine.running() == main then debug.sethook() {fails} end end"), "c")
            with pytest.raises(Exception):
                next(coroutine)
            unhook()
            assert not coroutine

        lua.execute("main = coroutine.running()")
        for _ in range(5):
            use()
        for _ in range(3):
            gc.collect()
            lua.gccollect()
        assert not [each for each in gc.get_objects() if isinstance(each, Failure)]

    @pytest.mark.parametrize("continue_", CONTINUE)
    def test_and_that_call_the_body_themselves(self, lua, lupa_module, unhook, continue_):
        """A body that is called from inside of the coroutine, or of one that it has resumed, finds it running."""
        for inside in ("body", "coroutine.wrap(function() return pcall(body) end)"):
            coroutine = lua.eval(f"""
                function()
                    coroutine.yield('first')
                    notes = {{pcall({inside})}}
                    local t = {{}}
                    for i = 1, 100 do t[i] = {{i}} end
                    notes.size = #t
                    return 'end'
                end
            """).coroutine()
            next(coroutine)
            lua.globals().suspended = coroutine
            lua.execute("notes, body = nil, nil")
            hook(
                lua,
                lua.eval("""
                    function()
                        local info = debug.getinfo(2, 'fS')
                        if info.what == 'C' and coroutine.status(suspended) == 'suspended' then
                            body = info.func
                            coroutine.resume(suspended)
                        end
                    end
                """),
                "c",
            )
            try:
                CONTINUE[continue_](coroutine)
            except (ValueError, lupa_module.LuaError) as error:
                assert "coroutine already executing" in str(error) or REFUSAL in str(error)
            except StopIteration:
                # The hook has run it to its end.
                assert continue_ in ("next", "send", "send an object")
            unhook()
            if continue_ != "ask":
                # What pcall said: the body has refused.
                assert False in lua.globals().notes.values()
                assert lua.globals().notes.size == 100
                with pytest.raises((StopIteration, lupa_module.LuaError)):
                    next(coroutine)
            lua.gccollect()
            assert lua.eval("1 + 1") == 2
