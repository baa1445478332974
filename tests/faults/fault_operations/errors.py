"""Errors and exceptions, both ways."""

from fault_operations import Failure, Thing, echo, fail, operation, raised


def says(text):
    return lambda error: text in str(error)


@operation()
def an_error_of_lua(lua, module):
    function = lua.eval("function() error('text' .. 1) end")
    return lambda: raised(module.LuaError, function), lambda error: "text1" in str(error) and "text1" in error.value


@operation()
def an_error_with_a_table(lua, module):
    function = lua.eval("function() error({code = 42}) end")
    return lambda: raised(module.LuaError, function), lambda error: error.value.code == 42


@operation()
def an_error_with_text_of_its_own(lua, module):
    function = lua.eval("function() error(setmetatable({}, {__tostring = function() return ('x'):rep(50) end})) end")
    # Where there is no memory for its text, the error is still that error.
    return lambda: raised(module.LuaError, function), lambda error: module.lua_type(error.value) == "table"


@operation()
def an_error_with_an_object(lua, module):
    function = lua.eval("function(o) error(o) end")
    return lambda: raised(module.LuaError, lambda: function(Thing())), lambda error: error.value.value == 1


@operation()
def an_error_at_runtime(lua, module):
    return lambda: raised(module.LuaError, lambda: lua.execute("local x = nil; x.y = 1")), says("attempt to index")


@operation()
def an_error_deep_down(lua, module):
    function = lua.eval("function(f, n) if n == 0 then error('deep') end f(f, n - 1) return n end")
    return lambda: raised(module.LuaError, lambda: function(function, 30)), says("deep")


@operation()
def an_error_that_lua_catches(lua, module):
    return lambda: lua.eval("pcall(error, 'text' .. 1)"), lambda result: result == (False, "text1") or no_memory(result)


@operation()
def an_error_with_a_handler(lua, module):
    lua.execute("handle = function(e) return debug.traceback(e) end")
    return lambda: lua.eval("xpcall(function() error('text') end, handle)"), lambda result: result[0] is False


@operation()
def an_exception(lua, module):
    function = lua.eval("function(f) f('text', {}) end")
    return lambda: raised(Failure, lambda: function(fail)), lambda error: error.args == ("on purpose",)


@operation()
def an_exception_keeps_its_identity(lua, module):
    function, failure = lua.eval("function(f) f() end"), Failure("same")

    def throw():
        raise failure

    def check(error):
        failure.__traceback__ = None
        return error is failure

    return lambda: raised(Failure, lambda: function(throw)), check


@operation()
def an_exception_that_lua_catches(lua, module):
    function = lua.eval("function(f) local ok, e = pcall(f) return ok, e end")
    return lambda: function(fail), lambda result: result[0] is False


@operation()
def an_exception_that_lua_raises_again(lua, module):
    function = lua.eval("function(f) local ok, e = pcall(f) error(e) end")
    return lambda: raised(Failure, lambda: function(fail)), lambda error: error.args == ("on purpose",)


@operation(but="more MemoryErrors are alive than it keeps in reserve")
def many_exceptions_that_lua_catches(lua, module):
    function = lua.eval("function(f) for i = 1, 30 do pcall(f, i) end return 'done' end")
    return lambda: function(fail), "done"


@operation()
def an_exception_of_python_itself(lua, module):
    function = lua.eval("function(o) return o.missing end")
    return lambda: raised(KeyError, lambda: function({})), lambda error: error.args == ("missing",)


@operation()
def an_exception_in_a_conversion(lua, module):
    function = lua.eval("function(...) return ... end")
    return lambda: raised(OverflowError, lambda: function([], "text", Thing(), 2**70)), says("too large")


@operation()
def an_exception_through_both(lua, module):
    inner, outer = lua.eval("function(f) return f() end"), lua.eval("function(f) return f('text' .. 1) end")
    return lambda: raised(Failure, lambda: outer(lambda text: inner(fail))), lambda error: True


@operation()
def an_error_through_both(lua, module):
    inner, outer = lua.eval("function() error({}) end"), lua.eval("function(f) return f('text' .. 1) end")
    return lambda: raised(module.LuaError, lambda: outer(lambda text: inner())), lambda error: error.value is not None


@operation()
def an_error_of_lua_in_a_metamethod(lua, module):
    table = lua.eval("setmetatable({}, {__index = function(t, k) error('no ' .. k) end})")
    return lambda: raised(module.LuaError, lambda: table["key"]), says("no key")


@operation(since=(5, 4))
def an_error_while_closing_variables(lua, module):
    function = lua.eval("function(f) local x <close> = setmetatable({}, {__close = function() f('closing' .. 1) end}) f('x') end")
    return lambda: raised(Failure, lambda: function(fail)), lambda error: True


@operation(since=(5, 4))
def a_variable_that_is_closed(lua, module):
    function = lua.eval("function(f) local x <close> = setmetatable({}, {__close = function() f({}) end}) return f('x' .. 1) end")
    return lambda: function(echo), "x1"


@operation(since=(5, 2), accepts=("error in __gc metamethod",))
def finalizers_that_call_python(lua, module):
    lua.execute("make = function(f) for i = 1, 10 do setmetatable({}, {__gc = function() f('text' .. i, {}) end}) end end")
    make = lua.globals().make

    def action():
        make(echo)
        lua.gccollect()
        return "done"

    return action, "done"


@operation(since=(5, 2), accepts=("on purpose", "__gc"))
def finalizers_that_fail(lua, module):
    make = lua.eval("function(f) setmetatable({}, {__gc = function() f() end}) end")

    def action():
        make(fail)
        try:
            lua.gccollect()
        except MemoryError:
            raise
        except (Failure, module.LuaError):
            pass
        return "done"

    return action, "done"


@operation()
def an_object_that_calls_lua_when_it_dies(lua, module):
    table = lua.table()

    class Dying:
        def __del__(self):
            table["died"] = "text" * 20

    def action():
        lua.eval("...", Dying())
        lua.gccollect()
        return table["died"]

    return action, lambda text: text in ("text" * 20, None)


def no_memory(result):
    return result[0] is False and "not enough memory" in str(result[1])


@operation()
def objects_collected_at_every_depth(lua, module):
    code = "function(f, make, n) make('x' .. n) collectgarbage() if n > 0 then return 1 + f(f, make, n - 1) end return 0 end"
    function = lua.eval(code)
    return lambda: function(function, Thing, 60), 60


@operation()
def objects_collected_in_coroutines(lua, module):
    code = "function(make) for i = 1, 10 do coroutine.wrap(function() make() collectgarbage() end)() end return 'done' end"
    function = lua.eval(code)
    return lambda: function(Thing), "done"
