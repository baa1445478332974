"""Lua's own library: what it allocates fails below our calls and callbacks."""

from fault_operations import echo, operation


@operation()
def strings(lua, module):
    function = lua.eval("function(n) local s = '' for i = 1, n do s = s .. i end return s:upper():rep(3):sub(1, 5) end")
    return lambda: function(30), "12345"


@operation(accepts=("not enough memory for buffer allocation",))
def concatenating(lua, module):
    return lambda: lua.eval("table.concat({('a'):rep(500), ('b'):rep(1500)}, ', '):len()"), 2002


@operation(accepts=("not enough memory for buffer allocation",))
def patterns(lua, module):
    return lambda: lua.eval("('key = value, other = 5'):gsub('%w+', function(w) return w:rep(20) end):len()"), 288


@operation(accepts=("not enough memory for buffer allocation",))
def formatting(lua, module):
    return lambda: lua.eval("('%s %5.2f %q'):format(('x'):rep(100), 1.5, 'text'):len()"), 113


@operation(accepts=("stack overflow",))
def sorting_with_python(lua, module):
    function = lua.eval("function(less) local t = {3, 1, 2} table.sort(t, python.as_function(less)) return t[1], t[3] end")
    return lambda: function(lambda a, b: a < b), (1, 3)


@operation()
def loading_in_lua(lua, module):
    lua.execute("compile = loadstring or load")

    def check(result):
        return result == 5 or "not enough memory" in str(result)

    return lambda: lua.eval("(function() local f, e = compile('return 5') if f then return f() end return e end)()"), check


@operation()
def metatables_of_inheritance(lua, module):
    code = """
        local Base = {} Base.__index = Base
        function Base.new(name) return setmetatable({name = name}, Base) end
        function Base:hello(f) return f('hello ' .. self.name) end
        return Base.new('x'):hello(...)
    """
    return lambda: lua.execute(code, echo), "hello x"


@operation()
def weak_tables(lua, module):
    code = """
        local t = setmetatable({}, {__mode = 'v'})
        for i = 1, 20 do t[i] = {} end
        collectgarbage()
        return #t
    """
    return lambda: lua.execute(code), 0


@operation()
def the_debug_library(lua, module):
    return lambda: lua.eval("debug.traceback('text'), debug.getinfo(1, 'S').what"), lambda result: "text" in result[0]
