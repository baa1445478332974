"""Hooks of the debug library, which run scripts in the middle of everything, also where an operation of Python is about to
start; and the functions behind the operations, which `debug.getinfo` hands out."""

import threading

import pytest

pytestmark = pytest.mark.deviation

REFUSAL = "not callable from Lua"


def items_of(lua):
    return list(lua.globals().data.items())


def resumed(lua):
    return list(lua.eval("function() coroutine.yield(1) coroutine.yield('two') end").coroutine())


def thrown_into(lua):
    coroutine = lua.eval("function() local ok, e = pcall(function() coroutine.yield(1) end) return ok end").coroutine()
    next(coroutine)
    try:
        return coroutine.throw(KeyError("x"))
    except KeyError:
        return "out of Lua"


def closed(lua):
    coroutine = lua.eval("function() coroutine.yield(1) end").coroutine()
    next(coroutine)
    coroutine.close()
    return list(coroutine)


def text_of(lua):
    return str(lua.eval("setmetatable({}, {__tostring = function() return 'text' end})"))


def written(lua):
    lua.globals().data.field = ["written"]
    return lua.globals().data.field[0]


#: What Python does, each by other bodies, with the results that are right.
OPERATIONS = {
    "run": (lambda lua: lua.eval("1 + 1"), {2}),
    "run with objects": (lambda lua: lua.eval("(...).real", 5j), {0.0}),
    "load": (lambda lua: lua.compile("return 7")(), {7}),
    "get": (lambda lua: lua.globals().data[1], {1}),
    "set": (written, {"written"}),
    "length": (lambda lua: len(lua.globals().data), {3}),
    "iterate": (lambda lua: [value for _, value in items_of(lua)][:3] == [1, 2, 3], {True}),
    "call with a number": (lambda lua: lua.globals().tostring(5), {"5"}),
    "call with text": (lambda lua: lua.globals().tostring("text"), {"text"}),
    "build": (lambda lua: len(lua.table_from([[1], {"a": [2]}], recursive=True)), {2}),
    "text": (text_of, {"text"}),
    "resume": (lambda lua: str(resumed(lua)), {"[1, 'two']"}),
    "throw": (thrown_into, {False, "out of Lua"}),
    "close": (lambda lua: str(closed(lua)), {"[]"}),
    "an unstarted coroutine": (lambda lua: str(list(lua.eval("coroutine.create(function() return 5 end)")())), {"[5]"}),
    "require": (lambda lua: lua.require("string").rep("ab", 2), {"abab"}),
    "collect": (lambda lua: lua.gccollect(), {None}),
    "many values": (lambda lua: len(next(lua.eval("function() coroutine.yield({}" + ", {}" * 60 + ") end").coroutine())), {61}),
    "many results": (lambda lua: len(lua.eval("{}" + ", {}" * 60)), {61}),
    "a callback": (lambda lua: lua.eval("function(f) return f('a') end")(str.upper), {"A"}),
    "arguments": (lambda lua: lua.eval("python.builtins.dict(python.args{a = 1})")["a"], {1}),
}  # fmt: skip


@pytest.fixture
def data(lua):
    lua.execute("""
        data = {1, 2, 3}
        -- Lua 5.1 makes coroutines of Lua functions only.
        function coroutine_of(f)
            local ok, made = pcall(coroutine.create, f)
            return ok and made or coroutine.create(function(...) return f(...) end)
        end
    """)


def hook(lua, function, mask, count=None):
    """Set a hook for the main thread; it is left out of what Python does itself."""
    lua.eval("debug.sethook")(function, mask, *([] if count is None else [count]))


@pytest.fixture
def unhook(lua):
    """Remove the hook, by a function of Lua, for which no body is needed."""
    return lua.eval("function() debug.sethook() end")


@pytest.mark.usefixtures("data")
class TestHooksThatUsePython:
    @pytest.mark.parametrize("mask, count", [("c", None), ("r", None), ("l", None), ("", 1), ("crl", 3)])
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_other_operations_come_in_between(self, lua, flavour, unhook, operation, mask, count):
        """The operation that waits for its body is not lost, and not mistaken for the one in between."""
        run, right = OPERATIONS[operation]
        seen = []

        def between():
            table = lua.table("x", key=[1])
            seen.append((table[1], table.key, len(table), list(table)))
            seen.append(lua.eval("(...)[0]", ["item"]))
            seen.append(next(lua.eval("function() coroutine.yield(8) end").coroutine()))

        lua.globals().between = between
        hook(lua, lua.eval("function() between() end"), mask, count)
        for _ in range(2):
            assert run(lua) in right
        unhook()
        # LuaJIT has no hook for returns from C functions.
        assert seen or flavour.is_luajit and mask == "r"
        assert seen == [("x", [1], 1, [1, "key"]), "item", 8] * (len(seen) // 3)

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_the_same_operation_comes_in_between(self, lua, unhook, operation):
        run, right = OPERATIONS[operation]
        results = []
        lua.globals().between = lambda: results.append(run(lua))
        hook(lua, lua.eval("function() between() end"), "c")
        assert run(lua) in right
        unhook()
        assert results
        assert set(results) <= right


#: How a script calls a function that it has found; the call is protected, so that the hook itself does not fail.
CALLS = {
    "without arguments": "pcall(body)",
    "with an argument": "pcall(body, 1)",
    "with many arguments": "pcall(body, nil, {}, 'x', print)",
    "in a coroutine": "coroutine.resume(coroutine_of(body))",
    "in a coroutine with arguments": "coroutine.resume(coroutine_of(body), {}, 2)",
    "in a coroutine of a coroutine": "coroutine.resume(coroutine_of(function() return assert(coroutine.resume(coroutine_of(body))) end))",
    "by a metamethod": "pcall(function() return setmetatable({}, {__index = body}).x end)",
    "by an iterator": "pcall(function() for k in body do break end end)",
    "by a sort": "pcall(table.sort, {1, 2}, body)",
    "by a pattern": "pcall(string.gsub, 'x', 'x', body)",
}


@pytest.mark.usefixtures("data")
class TestBodiesByHand:
    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_in_the_hook_that_comes_before_them(self, lua, lupa_module, unhook, operation, call, skip_if_asserted):
        """The operation is done once at most: what a script has taken is not there for the body any more."""
        # A call finds `tostring` itself, which fails without an argument.
        if call == "in a coroutine with arguments" or ("coroutine" in call and operation.startswith("call with")):
            skip_if_asserted("a coroutine that fails in a hook")
        run, right = OPERATIONS[operation]
        lua.execute(f"""
            bodies = {{}}
            function found()
                local body = debug.getinfo(3, 'f').func
                bodies[body] = true
                return {CALLS[call]}
            end
        """)
        hook(lua, lua.eval("function() if debug.getinfo(2, 'S').what == 'C' then found() end end"), "c")
        for _ in range(3):
            try:
                result = run(lua)
            except (lupa_module.LuaError, ValueError) as error:
                assert REFUSAL in str(error) or "coroutine already executing" in str(error) or "x" in str(error)
            except TypeError as error:
                assert "not a function" in str(error)
            else:
                assert result in right or call != "with an argument"
        unhook()
        for name, (run, right) in OPERATIONS.items():
            assert run(lua) in right, name

    @pytest.fixture
    def bodies(self, lua, unhook):
        """The functions behind the operations, found by a hook; they refuse what a script gives them."""
        lua.execute("""
            refused = {}
            function note()
                local found = debug.getinfo(2, 'fS')
                if found.what ~= 'C' then return end
                local ok, message = pcall(found.func, 1, 2)
                if not ok and tostring(message):find('not callable from Lua') then refused[found.func] = true end
            end
        """)
        hook(lua, lua.globals().note, "c")
        for run, right in OPERATIONS.values():
            assert run(lua) in right
        unhook()
        return list(lua.globals().refused)

    def test_most_operations_have_one(self, bodies):
        assert len(bodies) >= 13

    @pytest.mark.parametrize("call", CALLS)
    def test_later_nothing_waits_for_them(self, lua, lupa_module, bodies, call):
        by_hand = lua.eval(f"function(body) return select(2, {CALLS[call]}) end")
        for body in bodies:
            assert REFUSAL in str(by_hand(body))
        for run, right in OPERATIONS.values():
            assert run(lua) in right

    @pytest.mark.parametrize("arguments", [(), (1,), ("text",), (object(), None)], ids=["none", "plain", "text", "objects"])
    def test_python_cannot_call_them_either(self, lua, lupa_module, bodies, arguments):
        for body in bodies:
            with pytest.raises(lupa_module.LuaError, match=REFUSAL):
                body(*arguments)
            with pytest.raises(TypeError):
                body.coroutine()
        for run, right in OPERATIONS.values():
            assert run(lua) in right

    @pytest.mark.parametrize("call", CALLS)
    def test_while_a_callback_runs(self, lua, lupa_module, bodies, call):
        """The operation that the callback runs in has started; another one may wait, for another body."""
        by_hand = lua.eval(f"function(body) return select(2, {CALLS[call]}) end")
        lua.globals().by_hand = lambda body: by_hand(body)
        for body in bodies:
            answer = lua.eval("function(f, body) return f(body) end")(by_hand, body)
            assert REFUSAL in str(answer)
            assert REFUSAL in str(lua.eval("function(body) return by_hand(body) end")(body))

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_another_one_in_the_hook_before_a_body(self, lua, unhook, bodies, operation):
        """The operation waits for its own body."""
        run, right = OPERATIONS[operation]
        lua.execute("""
            refused, called = 0, 0
            function try_the_others()
                local coming = debug.getinfo(2, 'f').func
                for _, body in ipairs(bodies) do
                    if body ~= coming then
                        called = called + 1
                        local ok, message = pcall(body)
                        if tostring(message):find('not callable from Lua') then refused = refused + 1 end
                    end
                end
            end
        """)
        lua.globals().bodies = lua.table(*bodies)
        called, refused = lua.eval("function() return called end"), lua.eval("function() return refused end")
        hook(lua, lua.globals().try_the_others, "c")
        assert run(lua) in right
        unhook()
        assert called() == refused() > 0

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_by_python_in_the_hook_before_a_body(self, lua, lupa_module, unhook, bodies, operation):
        """A call without arguments takes a shorter way, on which nothing waits either."""
        run, right = OPERATIONS[operation]
        refused = []

        def call_them():
            for body in bodies:
                with pytest.raises(lupa_module.LuaError, match=REFUSAL):
                    body()
                refused.append(body)

        lua.globals().call_them = call_them
        hook(lua, lua.eval("function() if debug.getinfo(2, 'S').what == 'C' then call_them() end end"), "c")
        assert run(lua) in right
        unhook()
        assert refused

    def test_on_the_stack_of_a_callback(self, lua):
        """`debug.getinfo` also finds those that have started; so has the operation that waited for them."""
        lua.execute("""
            function walk()
                local refusals = 0
                for level = 2, 30 do
                    local info = debug.getinfo(level, 'fS')
                    if not info then break end
                    if info.what == 'C' and info.func ~= pcall then
                        local ok, message = pcall(info.func)
                        if tostring(message):find('not callable from Lua') then refusals = refusals + 1 end
                    end
                end
                return refusals
            end
        """)
        walk = lua.globals().walk
        assert lua.eval("(...)()", walk) >= 1
        assert lua.eval("function(f) return f() end")(lambda: lua.eval("walk()")) >= 2
        assert lua.eval("function(t) return t.x end")(Walking(walk)) >= 1


class Walking:
    def __init__(self, walk):
        self.walk = walk

    @property
    def x(self):
        return self.walk()


@pytest.mark.usefixtures("bundled")
def test_a_count_hook_that_takes_itself_away_with_the_line_hook(lua):
    """Lua 5.2 and 5.3 then looked for the line of the hook's last instruction in the function that was interrupted. The
    memory of another thread is far away."""
    lua.execute("""
        function off(event)
            if event == 'count' then debug.sethook() end
        end
    """)
    lua.globals().source = "local a = ...\n" + "a = a + 1\n" * 1000 + "return a"
    results = []
    thread = threading.Thread(
        target=lambda: results.extend(
            lua.execute("""
                local f = (loadstring or load)(source)
                debug.sethook(off, 'l', 7)
                return f(1), (debug.gethook())
            """)
        )
    )
    thread.start()
    thread.join()
    assert results == [1001, None]
