"""`coroutine.close` of Lua. Since 5.5 a coroutine may close itself: Lua jumps to where it was resumed, which must not go over
frames of Python."""

import pytest

pytestmark = pytest.mark.deviation

REFUSAL = "cannot close a running coroutine"


@pytest.fixture(autouse=True)
def needs_close(lua_version):
    if lua_version < (5, 4):
        pytest.skip("coroutine.close came with Lua 5.4")


@pytest.fixture
def closes_itself(lua_version):
    if lua_version < (5, 5):
        pytest.skip("before Lua 5.5 a coroutine cannot close itself")


@pytest.fixture
def started(lua):
    """A coroutine that calls its argument and yields what comes back."""
    return lua.eval("function(f) local x = f() coroutine.yield(x) return 'end' end").coroutine


#: How a script closes the coroutine that it runs in.
CLOSE = "coroutine.close((coroutine.running()))"
WAYS = {
    "without an argument": "coroutine.close()",
    "by name": CLOSE,
    "protected": "local ok, e = pcall(coroutine.close, (coroutine.running())) error(e, 0)",
    "by a handler": f"local e xpcall(error, function() e = select(2, pcall(function() {CLOSE} end)) end) error(e, 0)",
    "by a metamethod": f"return setmetatable({{}}, {{__index = function() {CLOSE} end}}).x",
    "by a sort": f"table.sort({{2, 1}}, function() {CLOSE} end)",
    "with a variable to close": f"local x <close> = setmetatable({{}}, {{__close = function() end}}) {CLOSE}",
    "kept in another place": "kept((coroutine.running()))",
    "with another main thread": f"debug.getregistry()[1] = coroutine.create(print) {CLOSE}",
}


@pytest.fixture(params=WAYS)
def way(request, lua_version):
    if request.param == "without an argument" and lua_version < (5, 5):
        pytest.skip("the argument can be left out since Lua 5.5")
    return WAYS[request.param]


class TestFromPython:
    """Python that the coroutine has called runs Lua, which tries to close the coroutine."""

    def test_it_is_refused(self, lua, lupa_module, started, way):
        lua.execute("kept = coroutine.close")
        steps = []

        def callback():
            with pytest.raises(lupa_module.LuaError, match=REFUSAL):
                lua.execute(way)
            steps.append("went on")
            return "value"

        coroutine = started(callback)
        assert list(coroutine) == ["value", "end"]
        assert steps == ["went on"]
        assert lua.eval("1 + 1") == 2

    def test_it_is_refused_to_every_operation(self, lua, lupa_module, started, way):
        lua.execute("kept = coroutine.close")
        closing = lua.eval(f"function() {way} end")
        table = lua.eval(f"setmetatable({{}}, {{__index = function() {way} end, __tostring = function() {way} end}})")

        def callback():
            for attempt in (closing, lambda: closing("text"), lambda: table.x, lambda: str(table), lambda: table[1]):
                with pytest.raises(lupa_module.LuaError, match=REFUSAL):
                    attempt()
            return "value"

        assert list(started(callback)) == ["value", "end"]

    def test_to_a_hook(self, lua, lupa_module, started):
        def callback():
            lua.eval("debug.sethook")(lua.eval("function() debug.sethook() coroutine.close((coroutine.running())) end"), "l")
            with pytest.raises(lupa_module.LuaError, match=REFUSAL):
                lua.execute("local x = 1\nlocal y = 2")
            return "value"

        assert list(started(callback)) == ["value", "end"]

    def test_to_a_finalizer(self, lua, started):
        def callback():
            lua.execute("setmetatable({}, {__gc = function() coroutine.close((coroutine.running())) end})")
            lua.gccollect()
            return "value"

        assert list(started(callback)) == ["value", "end"]

    def test_to_the_main_thread(self, lua, lupa_module, way):
        lua.execute("kept = coroutine.close")
        with pytest.raises(lupa_module.LuaError, match=REFUSAL):
            lua.execute(way)
        assert lua.eval("(...)()", lambda: 5) == 5

    def test_at_the_end_of_the_runtime(self, new_runtime):
        lua = new_runtime()
        lua.execute("kept = setmetatable({}, {__gc = function() coroutine.close((coroutine.running())) end}) debug.getregistry()[1] = coroutine.create(print)")
        del lua
        assert new_runtime().eval("1 + 1") == 2

    def test_of_another_coroutine_that_waits(self, lua, lupa_module, started):
        def callback():
            with pytest.raises(lupa_module.LuaError, match="cannot close a normal coroutine"):
                lua.execute("coroutine.wrap(function(waiting) coroutine.close(waiting) end)((coroutine.running()))")
            return "value"

        assert list(started(callback)) == ["value", "end"]


class TestWithoutPython:
    """Nothing of Python lies between the coroutine and who resumes it."""

    def test_a_coroutine_of_python(self, lua, closes_itself):
        coroutine = lua.eval("function() coroutine.yield(1) coroutine.close() end").coroutine()
        assert list(coroutine) == [1]
        assert not coroutine

    def test_a_coroutine_of_lua(self, lua, closes_itself):
        assert lua.eval("coroutine.resume(coroutine.create(function() coroutine.close() return 'not reached' end))") is True

    def test_after_python_has_returned(self, lua, closes_itself, started):
        coroutine = lua.eval("function(f) f() coroutine.close() end").coroutine(lambda: lua.eval("1 + 1"))
        assert list(coroutine) == []

    def test_inside_of_what_python_runs(self, lua, closes_itself, started):
        """The coroutine that closes itself is resumed by the Lua that Python runs."""
        inner = "coroutine.resume(coroutine.create(function() coroutine.close() return 'not reached' end))"
        assert list(started(lambda: lua.eval(inner))) == [True, "end"]

    def test_its_variables_are_closed(self, lua, closes_itself):
        closed = []
        coroutine = lua.eval("""
            function(note)
                local x <close> = setmetatable({}, {__close = function() note('closed') end})
                coroutine.close()
            end
        """).coroutine(closed.append)
        assert list(coroutine) == []
        assert closed == ["closed"]

    def test_an_error_of_them_comes_out(self, lua, lupa_module, closes_itself):
        coroutine = lua.eval("""
            function()
                local x <close> = setmetatable({}, {__close = function() error('while closing') end})
                coroutine.close()
            end
        """).coroutine()
        with pytest.raises(lupa_module.LuaError, match="while closing"):
            next(coroutine)

    def test_others(self, lua):
        assert lua.eval("coroutine.close(coroutine.create(print))") is True
        assert lua.eval("pcall(coroutine.close)")[0] is False
        assert lua.eval("pcall(coroutine.close, nil)")[0] is False
        assert lua.eval("pcall(coroutine.close, 5)")[0] is False
        assert lua.eval("debug.getupvalue(coroutine.close, 1)") is None
