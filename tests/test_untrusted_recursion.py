"""Endless recursion through functions written in C takes the C stack: it ends in an error, in threads with small stacks too."""

import platform
import re

import pytest

#: What other LuaJITs than the bundled one do not survive.
UNWATCHED = ("an error handler that fails after a pcall", "a string buffer")

#: Scripts that recurse for ever; each level lies on the C stack.
RECURSIONS = {
    "gsub": "local function f(s) return (s:gsub('.', f)) end return f('x')",
    "a table in gsub": """
        local t = setmetatable({}, {})
        getmetatable(t).__index = function() return (('x'):gsub('.', t)) end
        return (('x'):gsub('.', t))""",
    "sort": "local function f() table.sort({1, 2, 3}, f) return false end return f()",
    "a comparison in sort": """
        local meta = {}
        meta.__lt = function() table.sort({setmetatable({}, meta), setmetatable({}, meta)}) return false end
        return setmetatable({}, meta) < setmetatable({}, meta)""",
    "format": """
        local t = setmetatable({}, {})
        getmetatable(t).__tostring = function(x) return string.format('%s', x) end
        return string.format('%s', t)""",
    "print": """
        local t = setmetatable({}, {})
        getmetatable(t).__tostring = function(x) print(x) return '' end
        print(t)""",
    "tostring": """
        local t = setmetatable({}, {})
        getmetatable(t).__tostring = function(x) return 'x' .. tostring(x) end
        return tostring(t)""",
    "foreach": "local function f() (table.foreach or table.sort)({1, 2}, f) end return f()",
    "a reader": "local function f() local g, message = load(f) if not g then error(message, 0) end end return (pcall(f))",
    "require": "package.preload.x = function() package.loaded.x = nil require 'x' end require 'x'",
    "pcall": "local function f() return (pcall(f)) end return f()",
    "xpcall": "local function f() return (xpcall(f, f)) end return f()",
    "an error handler": "local function h() error('again') end return xpcall(error, h)",
    "a coroutine in a coroutine": "local function f() return (coroutine.wrap(f)()) end return f()",
    "resuming": "local function f() return (select('#', coroutine.resume(coroutine.create(f)))) end return f()",
    "a loop over a coroutine": "local function f() for x in coroutine.wrap(f) do end end return f()",
    "coroutines made beforehand": """
        local all = {}
        for i = 1, MANY do
            all[i] = coroutine.create(function() return (select('#', coroutine.resume(all[i + 1]))) end)
        end
        all[MANY + 1] = coroutine.create(function() end)
        return coroutine.resume(all[1])""",
    "format in coroutines": """
        local depth = 0
        local t = setmetatable({}, {})
        getmetatable(t).__tostring = function(x)
            depth = depth + 1
            if depth % 500 == 0 then return tostring((coroutine.wrap(function() return string.format('%s', x) end)())) end
            return string.format('%s', x)
        end
        return string.format('%s', t)""",
    "coroutines in sort": "local function f() table.sort({3, 2, 1}, coroutine.wrap(function() f() end)) end return f()",
    "an error handler that fails after a pcall": "local function h() pcall(error) error('again') end return xpcall(error, h)",
    "a loader": """
        local loaders = package.loaders or package.searchers
        table.insert(loaders, 1, function(name) require(name .. 'x') end)
        return require('x')""",
    "a hook": """
        debug.sethook(function() local x = ('x'):gsub('.', function() end) end, '', 1)
        local function f() return (('x'):gsub('.', f)) end
        return f()""",
    "a string buffer": """
        local found, buffer = pcall(require, 'string.buffer')
        local t = setmetatable({}, {__tostring = function(t) return buffer.new():put(t):tostring() end})
        return found and getmetatable(t).__tostring(t)""",
    "finalizers": """
        local made, make = 0
        local function finalize() make() pcall(collectgarbage) pcall(collectgarbage, 'step', 1000) end
        function make()
            made = made + 1
            if made > 3000 then return end
            if newproxy then getmetatable(newproxy(true)).__gc = finalize else setmetatable({}, {__gc = finalize}) end
        end
        make()
        collectgarbage()""",
    "__index": "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return (t[k]) end return t.x",
    "__concat": "local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return (a .. b) end return t .. t",
    "concat": """
        local t = setmetatable({}, {__len = function() return 1 end})
        getmetatable(t).__index = function() return table.concat(t) end
        return table.concat(t)""",
    "an object of Python": "local call = ... local function f() return (call(f)) end return f()",
    "an object of Python in gsub": "local call = ... local function f(s) return (('x'):gsub('.', function() return call(f) end)) end return f('x')",
    "an object of Python in coroutines": "local call = ... local function f() return (coroutine.wrap(call)(f)) end return f()",
}

#: What takes much of the C stack without calling Lua; done on every level of a recursion, hence also on the last.
AT_THE_END = {
    "a chunk of nested functions": "(loadstring or load)(('local function f() '):rep(190) .. ('end '):rep(190))",
    "a chunk of nested tables": "(loadstring or load)('return ' .. ('{'):rep(180) .. ('}'):rep(180))",
    "a file": "loadfile('/dev/null')",
    "a pattern": "pcall(string.find, ('x'):rep(1000), ('x?'):rep(195))",
    "format": "string.format('%99.99f %s %q', 1e308, ('a'):rep(2000), ('b'):rep(2000))",
    "require": "pcall(require, 'no.such.module')",
    "dump": "string.dump(f)",
    "a trace": "for i = 1, 200 do local t = {i} n = n + t[1] + #tostring(i) end",
    "an error": "pcall(error, 'x')",
    "a traceback": "debug.traceback('x')",
}

#: The lines that run a script in a thread with a stack of so many KiB; 0 is the main thread.
RUN = """
    import threading
    code, size = sys.argv[1], int(sys.argv[2])
    def run():
        lua = LuaRuntime()
        try:
            lua.execute(code, lambda f: f())
        except (LuaError, RecursionError) as error:
            str(error)
        for turn in range(2):
            print("alive", lua.execute("return (('a.b'):gsub('%.', string.upper)), coroutine.wrap(function() return 1 end)()"))
    if size:
        threading.stack_size(size * 1024)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    else:
        run()
"""


@pytest.mark.parametrize("size", [0, 1024])
@pytest.mark.parametrize("name", RECURSIONS)
def test_it_ends(run_script, with_many, flavour, other_lua, name, size):
    if other_lua and flavour.is_luajit and name in UNWATCHED:
        pytest.skip("the bundled LuaJIT alone watches the C stack there")
    assert run_script(RUN, with_many(RECURSIONS[name]), size).count("alive ('a.b', 1)") == 2


@pytest.mark.parametrize("name", ["gsub", "sort", "format", "a coroutine in a coroutine", "pcall", "an object of Python"])
def test_in_a_thread_with_a_quarter_of_a_megabyte(run_script, name):
    assert run_script(RUN, RECURSIONS[name], 256).count("alive ('a.b', 1)") == 2


@pytest.mark.parametrize("size", [256, 1024])
@pytest.mark.parametrize("name", AT_THE_END)
@pytest.mark.usefixtures("bundled")
def test_what_the_last_level_does(run_script, name, size):
    script = f"local n = 0 local function f(s) {AT_THE_END[name]} return (s:gsub('.', f)) end return f('x')"
    assert run_script(RUN, script, size).count("alive ('a.b', 1)") == 2


def test_a_chunk_of_nested_functions_in_a_small_thread(run_script):
    """Whether there is room for it or not."""
    nested = "local function f() " * 190 + "end " * 190
    assert run_script(RUN, nested, 256).count("alive ('a.b', 1)") == 2


def test_a_runtime_that_goes_from_thread_to_thread(run_script):
    """What is left of the stack is that of the thread which runs Lua now, also after Python was called, and at the end."""
    output = run_script(
        """
        import threading

        def in_thread(run, size):
            threading.stack_size(size * 1024)
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()

        code = "local call = ... local f = coroutine.wrap(function() call() return (('x'):gsub('.', function() return 'y' end)) end) return f()"
        lua = LuaRuntime()
        text = []
        run = lambda: text.append(lua.execute(code, lambda: lua.execute(code, lambda: None)))
        for size in (256, 0, 1024, 256, 512):
            in_thread(run, size) if size else run()
        endless = "local function f(s) return (s:gsub('.', f)) end return pcall(f, 'x')"
        ends = lambda: text.append(lua.execute(endless)[0])
        ends(), in_thread(ends, 256), ends()
        finalized = "local text = ('x'):gsub('.', function() return 'z' end) append(text)"
        lua.execute("local append = ... closing = newproxy and newproxy(true) or setmetatable({}, {})"
                    " local function close() " + finalized + " end"
                    " if newproxy then getmetatable(closing).__gc = close else setmetatable(closing, {__gc = close}) end", text.append)
        def end():
            global lua
            del lua
        in_thread(end, 256)
        print(*text)
        """
    )
    assert output.split() == ["y"] * 5 + ["False"] * 3 + ["z"]


@pytest.mark.parametrize("size", [0, 256])
def test_a_hook_that_starts_itself_again_and_again_comes_to_an_end(run_script, skip_if_asserted, size):
    """LuaJIT forgets that a hook runs when a coroutine fails in it; what the hook calls afterwards starts it again."""
    skip_if_asserted("a coroutine that fails in a hook")
    output = run_script(
        """
        import threading

        def run():
            lua = LuaRuntime()
            again = "function() coroutine.resume(coroutine.create(function() error('x') end)) tostring(1) end"
            try:
                lua.execute(f"debug.sethook({again}, 'c') tostring(1) debug.sethook()")
            except LuaError as error:
                assert "stack overflow" in str(error), error
            print("alive")

        threading.stack_size(1024 * int(sys.argv[1]))
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        """,
        size,
        stderr="",
    )
    assert output.split() == ["alive"]


class TestTheError:
    def test_it_says_so(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="stack overflow"):
            lua.execute(RECURSIONS["gsub"])

    def test_the_runtime_works_afterwards(self, lua):
        for name in ("gsub", "resuming", "pcall", "sort"):
            lua.execute("return pcall((loadstring or load)(...))", RECURSIONS[name])
            assert lua.execute("return (('a'):gsub('a', 'b'))") == "b"

    def test_a_pattern_of_many_items_is_too_complex(self, lua):
        ok, message = lua.execute("return pcall(string.find, ('x'):rep(3e5), ('.?'):rep(3e5))")
        assert (ok, message) == (False, "pattern too complex")
        for use in ("string.match(s, p)", "string.gsub(s, p, '')", "string.gmatch(s, p)()"):
            code = f"return pcall(function() local s, p = ('x'):rep(3e5), ('.?'):rep(3e5) return {use} end)"
            assert lua.execute(code)[0] is False

    def test_a_plain_text_is_no_pattern(self, lua):
        assert lua.execute("local s = ('.?'):rep(3e5) return string.find('x' .. s, s, 1, true)") == (2, 600001)


    @pytest.mark.usefixtures("bundled")
    def test_a_handler_runs_where_it_was_raised(self, lua):
        code = """
            local function f(s) return (s:gsub('.', f)) end
            return xpcall(function() return f('x') end, function(m) return m:gsub('%a+', function(w) return '<' .. w .. '>' end) end)
        """
        ok, message = lua.execute(code)
        assert ok is False and message.endswith("<stack> <overflow>")

    def test_coroutines_can_be_nested_as_deeply_again(self, lua):
        code = """
            local depth = 0
            local function f() depth = depth + 1 return (coroutine.wrap(f)()) end
            pcall(f)
            return depth
        """
        depth = lua.execute(code)
        assert 100 < depth < 5000
        assert lua.execute(code) == depth


class TestGuardedFunctions:
    """They are what they were: arguments, errors, results, names."""

    @pytest.mark.parametrize(
        ("code", "result"),
        [
            ("return (('abc'):gsub('%w', '%0%0', 2))", "aabbc"),
            ("return (('abc'):gsub('%w', {a = 1, c = false}))", "1bc"),
            ("local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return table.concat(t, '-')", "3-2-1"),
            ("local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. v end return table.concat(t)", "a1b2"),
            ("return ('%5.2f|%s|%q'):format(1.5, 's', 'x')", ' 1.50|s|"x"'),
            ("return tostring(nil) .. tostring(1 == 1)", "niltrue"),
            ("return (select(2, pcall(error, 'x')))", "x"),
            ("return (select(2, xpcall(error, function() return 'handled' end)))", "handled"),
            ("return (loadstring or load)('return ...')('x')", "x"),
            ("return type(require('string').find)", "function"),
        ],
    )
    def test_results(self, lua, code, result):
        assert lua.execute(code) == result

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("string.gsub()", r"bad argument #1 to 'gsub' \(string expected, got no value\)"),
            ("('x'):gsub('x')", r"bad argument #2 to 'gsub' \(string/function/table"),
            ("table.sort()", r"bad argument #1 to 'sort' \(table expected, got no value\)"),
            ("string.format('%d', 'x')", r"bad argument #2 to 'format' \(number expected, got string\)"),
            ("coroutine.resume(1)", r"bad argument #1 to 'resume' \((coroutine|thread) expected"),
            ("coroutine.wrap(1)", r"bad argument #1 to 'wrap' \(.*function expected"),
        ],
    )
    def test_messages(self, lua, code, message):
        ok, text = lua.execute(f"return pcall(function() local x = {code} return x end)")
        assert ok is False
        assert re.search(message, text)


class TestCoroutines:
    """On a LuaJIT that does not watch the C stack `resume` and `wrap` are functions of ours; everywhere they behave as the
    manual says."""

    def test_values_go_both_ways(self, lua):
        code = """
            local co = coroutine.create(function(...)
                local a, b = coroutine.yield(select('#', ...), ...)
                local c = coroutine.yield(a, b)
                return c, nil, 'end'
            end)
            local function pack(...) return select('#', ...), ... end
            local t = {pack(coroutine.resume(co, 1, nil))}
            local u = {pack(coroutine.resume(co, 'a', 'b'))}
            local v = {pack(coroutine.resume(co, 'c'))}
            return t[1], t[2], t[3], t[4], u[1], u[3], u[4], v[1], v[3], v[5], coroutine.status(co)
        """
        assert lua.execute(code) == (4, True, 2, 1, 3, "a", "b", 4, "c", "end", "dead")

    def test_a_dead_one(self, lua):
        code = "local co = coroutine.create(function() end) coroutine.resume(co) return coroutine.resume(co)"
        assert lua.execute(code) == (False, "cannot resume dead coroutine")
        ok, message = lua.execute("local f = coroutine.wrap(function() end) f() return pcall(function() local x = f() end)")
        assert ok is False and message.endswith(":1: cannot resume dead coroutine")

    def test_one_that_failed(self, lua):
        code = "local co = coroutine.create(error) coroutine.resume(co, 'x') return coroutine.status(co), coroutine.resume(co)"
        if lua.execute("return pcall(coroutine.create, error)")[0] is False:
            code = code.replace("coroutine.create(error)", "coroutine.create(function(x) error(x) end)")
        assert lua.execute(code) == ("dead", False, "cannot resume dead coroutine")

    def test_one_that_runs(self, lua):
        code = "return coroutine.wrap(function() return coroutine.resume(coroutine.running()) end)()"
        ok, message = lua.execute(code)
        assert ok is False and message.startswith("cannot resume ")

    def test_one_that_waits_for_another(self, lua):
        code = """
            local outer
            outer = coroutine.create(function() return coroutine.wrap(function() return coroutine.resume(outer) end)() end)
            return coroutine.resume(outer)
        """
        ok, inner, message = lua.execute(code)
        assert (ok, inner) == (True, False) and message.startswith("cannot resume ")

    def test_errors_go_through_wrap_with_the_place(self, lua):
        code = "local f = coroutine.wrap(function() error('inner', 0) end) return pcall(function() local x = f() end)"
        assert lua.execute(code) == (False, '[string "<python>"]:1: inner')

    def test_error_objects_stay_what_they_are(self, lua):
        code = "local e = {} local f = coroutine.wrap(function() error(e) end) return select(2, pcall(f)) == e"
        assert lua.execute(code) is True
        error = ValueError("x")
        with pytest.raises(ValueError, match="x") as caught:
            lua.execute("local fail = ... local f = coroutine.wrap(function() fail() end) f()", raiser(error))
        assert caught.value is error

    def test_yields_across_pcall(self, lua, lua_version, flavour):
        if lua_version < (5, 2) and not flavour.is_luajit:
            pytest.skip("Lua 5.1 cannot yield across pcall")
        code = """
            local f = coroutine.wrap(function() local ok, x = pcall(coroutine.yield, 1) coroutine.yield(x) pcall(error) return 3 end)
            return f(), f(2), f()
        """
        assert lua.execute(code) == (1, 2, 3)

    def test_many_values(self, lua):
        code = "return select('#', coroutine.resume(coroutine.create(function(...) return ... end), (unpack or table.unpack)({}, 1, 5000)))"
        assert lua.execute(code) == 5001

    def test_more_values_than_fit(self, lua):
        code = "return pcall(coroutine.resume, coroutine.create(function(...) return ... end), (unpack or table.unpack)({}, 1, 7900))"
        lua.execute(code)
        assert lua.execute("return 1 + 1") == 2


    @pytest.mark.usefixtures("bundled")
    def test_one_that_has_no_room_for_its_arguments_stays_as_it_was(self, lua, flavour):
        if not flavour.is_luajit:
            pytest.skip("the stack of plain Lua is larger")
        code = """
            local depth = ...
            local function deep(n) if n == 0 then return coroutine.yield() end return 1 + deep(n - 1) end
            local co, t = coroutine.create(function() return deep(depth) end), {}
            if not coroutine.resume(co) then return true end
            for i = 1, 7500 do t[i] = i end
            local ok, message = pcall(coroutine.resume, co, unpack(t))
            if ok then return false end
            return message, coroutine.status(co), coroutine.resume(co, 1)
        """
        tried = [lua.execute(code, depth) for depth in range(15000, 33000, 1000)]
        refused = [(depth, each) for depth, each in zip(range(15000, 33000, 1000), tried) if isinstance(each, tuple)]
        assert refused
        for depth, (message, status, ok, result) in refused:
            assert "stack overflow" in message
            assert (status, ok, result) == ("suspended", True, depth + 1)


class TestBuiltins:
    @pytest.mark.skipif(platform.machine() != "x86_64", reason="the mends of LuaJIT are for x86-64")
    @pytest.mark.parametrize("name", ["string.format", "string.gsub", "table.sort", "coroutine.resume", "coroutine.wrap", "tostring"])
    @pytest.mark.usefixtures("bundled")
    def test_functions_of_luajit_are_its_own(self, lua, flavour, name):
        """So that they run at full speed, and traces contain them."""
        if not flavour.is_luajit:
            pytest.skip("only LuaJIT tells them apart")
        assert lua.execute(f"return tostring({name})").startswith("function: builtin")


def raiser(error):
    def fail():
        raise error

    return fail
