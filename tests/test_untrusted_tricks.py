"""What hostile scripts try against a sandbox: nothing kills the process, nothing opens a door, the runtime works afterwards."""

import pytest

from tests.test_untrusted_doors import Account, no_items, only_public

#: Each returns a value that would be a way out, or raises.
ESCAPES = {
    "getfenv": "return getfenv and (getfenv(0).io or getfenv(getfenv).io or getfenv(print).debug)",
    "getfenv of levels": "for level = 0, 20 do local ok, env = pcall(getfenv or error, level) if ok and env.io then return env end end",
    "setfenv": "if setfenv then setfenv(1, {}) end return io",
    "setfenv of the thread": "if setfenv then setfenv(0, {}) end return io or debug",
    "the metatable of strings": "return getmetatable('').__index.dump or getmetatable('').__index.io",
    "another _G": "local g = _G _G = nil return g.io or g.os.execute or g.package or g.debug",
    "a new _G": "_G = setmetatable({}, {__index = _G}) return _G.io or _G.require",
    "load with an environment": "return (loadstring or load)('return io', '=x', 't', _G)()",
    "load of bytecode": "return (loadstring or load)('\\27Lua')",
    "package.loaded": "return package and package.loaded.io",
    "require": "return require and require('io')",
    "a coroutine": "return coroutine.wrap(function() return io or debug or getmetatable(print) end)()",
    "the stack of a coroutine": "return debug and debug.getinfo(coroutine.create(print))",
    "an error object": "local _, e = pcall(error, setmetatable({}, {__index = _G})) return e.io",
    "a message handler": "return select(2, xpcall(error, function() return io or debug or require or false end))",
    "newproxy": "local p = newproxy and newproxy(true) return p and getmetatable(p).__gc",
    "newproxy of an object": "return newproxy and pcall(newproxy, python.none) and nil",
    "rawget": "return rawget(_G, 'io') or rawget(_G, 'debug') or rawget(python, 'eval') or rawget(python, 'builtins')",
    "next": "for name, value in next, _G do if name == 'io' or name == 'debug' or name == 'package' then return value end end",
    "python in the table of python": "for name, value in pairs(python) do if tostring(name):find('eval') then return value end end",
}


@pytest.fixture
def sandbox(new_runtime):
    return new_runtime(
        libs="safe", register_eval=False, register_builtins=False, attribute_filter=only_public, item_filter=no_items
    )


@pytest.mark.parametrize("code", ESCAPES.values(), ids=list(ESCAPES))
def test_no_way_out(sandbox, code):
    result = sandbox.execute(f"local ok, value = pcall(function() {code} end) return ok and value or nil")
    assert not result
    assert sandbox.execute("return 1 + 1") == 2


class TestObjects:
    """Tricks with the boxes of Python objects."""

    @pytest.mark.parametrize(
        "code",
        [
            "getmetatable(o).__gc(o)",
            "getmetatable(o).__index({}, 'balance')",
            "getmetatable(o).__call('x')",
            "getmetatable(o).__newindex(newproxy and newproxy() or o, 1, 2)",
            "getmetatable(o).__tostring(print)",
            "setmetatable(o, {})",
            "rawset(o, 1, 2)",
            "rawget(o, 1)",
            "o .. o",
            "o < o",
            "#o",
            "-o",
            "python.iter(getmetatable(o))",
            "python.as_function({})()",
            "python.iter(o, o)",
            "python.args(o)",
            "python.args(setmetatable({}, {__len = function() return 2^40 end}))",
            "python.enumerate(o, 'x')",
            "setmetatable({}, getmetatable(o)).x",
            "setmetatable({}, {__index = getmetatable(o).__index}).balance",
        ],
    )
    def test_misuse_is_an_error(self, sandbox, code):
        account = Account()
        sandbox.execute(f"local o = ... return pcall(function() local value = {code} end)", account)
        assert account.balance == 100
        assert sandbox.execute("return 1 + 1") == 2

    def test_an_object_finalized_by_hand_is_deleted_ever_after(self, sandbox):
        account = Account()
        code = "local o = ... getmetatable(o).__gc(o) return pcall(function() return o.balance end)"
        ok, error = sandbox.execute(code, account)
        assert (ok, type(error)) == (False, ReferenceError)
        assert sandbox.execute("return (...).balance", account) == 100

    def test_metamethods_in_a_proxy(self, sandbox):
        code = """
            local o = ...
            local meta = {}
            for name, method in pairs(getmetatable(o)) do meta[name] = method end
            local forged = newproxy and newproxy(true) or setmetatable({}, meta)
            if newproxy then for name, method in pairs(meta) do getmetatable(forged)[name] = method end end
            return pcall(function() return forged.balance end)
        """
        ok, message = sandbox.execute(code, Account())
        assert ok is False and "not a python object" in str(message)

    def test_variables_to_be_closed(self, sandbox, lua_version):
        if lua_version < (5, 4):
            pytest.skip("variables can be closed from Lua 5.4 on")
        code = """
            local o = ...
            local closing = setmetatable({}, {__close = function() error(o) end})
            return pcall(function() local x <close> = closing error('first') end)
        """
        ok, error = sandbox.execute(code, account := Account())
        assert ok is False and error is account


#: Scripts that want all of some resource. None may end in anything but an error or a result.
BOMBS = {
    "nested parentheses": "return load('return ' .. ('('):rep(1e5) .. '1' .. (')'):rep(1e5))",
    "nested tables": "return load('return ' .. ('{'):rep(1e5) .. ('}'):rep(1e5))",
    "nested functions": "return load(('return function() '):rep(1e4) .. ('end '):rep(1e4))",
    "nested blocks": "return load(('do '):rep(1e5) .. ('end '):rep(1e5))",
    "long concatenations": "return load('local a = 1 return ' .. ('a .. '):rep(1e5) .. 'a')",
    "unary operators": "return load('return ' .. ('- '):rep(1e5) .. '1')",
    "right associative operators": "return load('return ' .. ('2 ^ '):rep(1e5) .. '1')",
    "many local variables": "return load('local ' .. ('a, '):rep(1e4) .. 'a')",
    "many upvalues": "return load(('local a '):rep(150) .. 'return function() ' .. ('a = a '):rep(1e4) .. ' end')",
    "a pattern of optional characters": "return ('a'):rep(25):find(('a?'):rep(8) .. ('a'):rep(25))",
    "a deep pattern": "return pcall(string.find, ('x'):rep(3e5), ('.?'):rep(3e5))",
    "open captures": "return pcall(string.find, 'x', ('('):rep(1e5))",
    "nested captures": "return pcall(string.find, 'x', ('()'):rep(1e5))",
    "balanced brackets": "return ('('):rep(1e4):find('%b()')",
    "a huge width": "return pcall(string.format, '%99999d', 1)",
    "a huge precision": "return pcall(string.format, '%.99999f', 1)",
    "the longest width": "return string.format('%99.99f', 1e308)",
    "many flags": "return pcall(string.format, '%' .. ('-'):rep(1e5) .. 'd', 1)",
    "a number of many digits": "return tonumber(('9'):rep(1e5)), tonumber('0x' .. ('f'):rep(1e5))",
    "a huge repetition": "return pcall(string.rep, 'x', 2^40)",
    "a repetition that overflows": "return pcall(string.rep, ('x'):rep(1e5), 2^50)",
    "a huge unpacking": "return pcall(unpack or table.unpack, {}, 1, 2^31)",
    "a huge unpacking of one": "return pcall(unpack or table.unpack, {}, 1, 1e7)",
    "many results": "return pcall(string.byte, ('x'):rep(1e7), 1, -1)",
    "many characters": "return pcall(string.char, (unpack or table.unpack)({}, 1, 200))",
    "a huge concatenation": "return pcall(table.concat, setmetatable({}, {__len = function() return 2^50 end}))",
    "a huge range": "return pcall(table.concat, {}, '', -2^53, 2^53)",
    "a sort without order": "local t = {} for i = 1, 200 do t[i] = i % 7 end return pcall(table.sort, t, function() return true end)",
    "a sort that changes its table": "local t = {} for i = 1, 200 do t[i] = -i end return pcall(table.sort, t, function(a, b) t[1] = nil t[300] = {} return a < b end)",
    "select of the last": "return pcall(select, -2^31, 1)",
    "endless recursion": "local function f() return 1 + f() end return pcall(f)",
    "endless recursion in metamethods": "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k .. 'x'] end return pcall(function() return t.x end)",
    "a chain of __index": "local t = {} for i = 1, MANY do t = setmetatable({}, {__index = t}) end return pcall(function() return t.x end)",
    "a loop of __index": "local t = {} setmetatable(t, {__index = t}) return pcall(function() return t.x end)",
    "a loop of __newindex": "local t = {} setmetatable(t, {__newindex = t}) return pcall(function() t.x = 1 end)",
    "errors in handlers": "local function h() error('again') end return xpcall(error, h)",
    "a handler that recurses": "local function h() return xpcall(error, h) end return xpcall(error, h)",
    "a tostring that recurses": "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return 'x' .. tostring(t) end return pcall(tostring, t)",
    "an error object that raises": "error(setmetatable({}, {__tostring = function() error('no text') end}))",
    "an error object without text": "error(setmetatable({}, {__tostring = function() return {} end}))",
    "errors in finalizers": "for i = 1, 100 do local p = newproxy and newproxy(true) or setmetatable({}, {__gc = error}) getmetatable(p).__gc = error end for i = 1, 300 do pcall(collectgarbage) end",
    "finalizers that revive": "local p = newproxy and newproxy(true) or {} local m = newproxy and getmetatable(p) or {} m.__gc = function(o) kept = o end if not newproxy then setmetatable(p, m) end p = nil collectgarbage() kept = nil collectgarbage()",
    "a coroutine that resumes itself": "local co co = coroutine.create(function() return coroutine.resume(co) end) return coroutine.resume(co)",
    "a coroutine that wraps itself": "local f f = coroutine.wrap(function() return f() end) return pcall(f)",
    "yields of many values": "return pcall(coroutine.wrap(function() coroutine.yield((unpack or table.unpack)({}, 1, 7000)) end))",
    "collecting within finalizers": "local p = newproxy and newproxy(true) or setmetatable({}, {__gc = collectgarbage}) getmetatable(p).__gc = function() collectgarbage() end p = nil collectgarbage()",
    "dates": "return pcall(os.date, ('%c'):rep(1e4)), pcall(os.date, '%Ez%'), pcall(os.date, '*t', 2^60), pcall(os.time, {year = 2^40, month = 1, day = 1})",
    "random numbers": "return pcall(math.random, 0), pcall(math.random, 2^60, -2^60), pcall(math.random, -2^63, 2^62)",
    "collectgarbage with nonsense": "for _, what in ipairs{'setpause', 'setstepmul', 'step', 'incremental', 'generational', 'nonsense'} do pcall(collectgarbage, what, -2^31, 2^31) pcall(collectgarbage, what, 2^40) end",
}


@pytest.mark.parametrize("code", BOMBS.values(), ids=list(BOMBS))
def test_nothing_kills_the_process(run_script, with_many, code):
    output = run_script(
        """
        lua = LuaRuntime(libs='safe')
        try:
            lua.execute(sys.argv[1])
        except Exception as error:
            str(error)
        for _ in range(1000):       # before 5.4 an error in a finalizer is one of what collects
            try:
                lua.gccollect()
                break
            except LuaError:
                pass
        print(lua.execute("collectgarbage('restart') return 1 + 1"))
        del lua
        print(LuaRuntime().eval("1 + 1"))
        """,
        with_many(code),
    )
    assert output.split() == ["2", "2"]


#: Likewise, for memory.
HOGS = {
    "a string that doubles": "local s = 'x' while true do s = s .. s end",
    "a repetition": "return ('x'):rep(1e9)",
    "a table": "local t = {} for i = 1, 1e9 do t[i] = i end",
    "a linked list": "local t = {} while true do t = {t} end",
    "closures": "local f = print while true do local g = f f = function() return g end end",
    "coroutines": "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
    "a concatenation": "local t = {} for i = 1, 2e5 do t[i] = ('x'):rep(1000) end return table.concat(t)",
    "a replacement": "return (('x'):rep(1e5):gsub('x', ('y'):rep(1e5)))",
    "a format": "local s = ('x'):rep(1e6) return (('%s'):rep(100)):format((unpack or table.unpack)((function() local t = {} for i = 1, 100 do t[i] = s end return t end)()))",
    "a chunk": "return load('return {' .. ('1,'):rep(1e7) .. '}')",
    "the stack": "local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, ...) end return f()",
    "objects": "local t = {} while true do t[#t + 1] = python.args({1}) end",
    "a collector that stands still": "collectgarbage('stop') for i = 1, 2e5 do local s = ('x'):rep(100) .. i end",
    "caught errors": "local t = {} while true do pcall(function() while true do t[#t + 1] = ('x'):rep(1e5) .. #t end end) error('enough') end",
}


#: What ends a script where it is not always the memory: Lua's stack has a limit too; a refused request makes Lua 5.2 and
#: newer collect, stopped or not; and one script gives up by itself.
OTHER_ENDS = {"the stack": "LuaError", "a collector that stands still": "ran", "caught errors": "LuaError"}


@pytest.mark.parametrize("name", HOGS)
def test_memory_is_limited(run_script, needs_allocator, self_checking, skip_if_asserted, name):
    if name == "closures":
        skip_if_asserted("a function without memory for its variables")
    limit = 300_000 if self_checking else 3_000_000
    output = run_script(
        """
        limit = int(sys.argv[2])
        lua = LuaRuntime(libs='safe', max_memory=limit)
        try:
            lua.execute(sys.argv[1])
            print("ran")
        except Exception as error:
            print(type(error).__name__)
        lua.gccollect()
        print(lua.get_memory_used() < limit, lua.execute("return 1 + 1"))
        """,
        HOGS[name],
        limit,
    )
    assert output.split()[0] in ("LuaMemoryError", OTHER_ENDS.get(name))
    assert output.split()[1:] == ["True", "2"]
