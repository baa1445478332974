"""The life of a runtime: constructor, chunks, memory, closing."""

import _imp

from fault_operations import Failure, Thing, echo, fail, operation, raised


@operation()
def a_new_runtime(lua, module):
    return lambda: module.LuaRuntime(max_memory=0), lambda new: new.eval("1 + 1") == 2


@operation()
def a_new_runtime_with_options(lua, module):
    options = {
        "encoding": "latin-1",
        "source_encoding": "ascii",
        "attribute_filter": echo,
        "register_builtins": False,
        "register_eval": False,
        "unpack_returned_tuples": True,
        "overflow_handler": echo,
        "max_memory": 10**9,
        "string_hash_seed": 1,
    }
    return lambda: module.LuaRuntime(**options), lambda new: new.eval("python.builtins") is None


@operation()
def a_new_runtime_with_handlers(lua, module):
    return lambda: module.LuaRuntime(attribute_handlers=(echo, echo), max_memory=0), lambda new: new.eval("2") == 2


@operation(but="where a closure gets no memory, what it refers to is lost")
def a_new_runtime_with_operators(lua, module):
    return lambda: module.LuaRuntime(operators=True, max_memory=0), lambda new: new.eval("...", Thing()).value == 1


@operation()
def a_new_runtime_of_a_derived_class(lua, module):
    class Derived(module.LuaRuntime):
        def __init__(self, **options):
            self.thing = self.eval("...", Thing())

    return lambda: Derived(max_memory=0), lambda new: new.thing.value == 1


@operation()
def closing_a_runtime(lua, module):
    kept = [module.LuaRuntime(max_memory=0)]
    kept[0].globals().thing = Thing()
    return kept.clear, None


@operation(since=(5, 2))
def closing_with_finalizers(lua, module):
    kept = [module.LuaRuntime(max_memory=0)]
    kept[0].execute("x = setmetatable({}, {__gc = function() f('text', {}) end})")
    kept[0].globals().f = echo
    return kept.clear, None


@operation()
def eval_a_number(lua, module):
    return lambda: lua.eval("1 + 1"), 2


@operation()
def eval_with_arguments(lua, module):
    thing = Thing()
    return lambda: lua.eval("select('#', ...)", 1, "text", 2.5, thing, None, b"bytes"), 6


@operation()
def eval_several_results(lua, module):
    return lambda: lua.eval("1, 'two', {3}, print, nil"), lambda results: results[1] == "two" and results[2][1] == 3


@operation()
def eval_a_syntax_error(lua, module):
    return lambda: raised(module.LuaSyntaxError, lambda: lua.eval("1 +")), lambda error: "<python>" in str(error)


@operation()
def execute_a_chunk(lua, module):
    return lambda: lua.execute("local t = {} for i = 1, 50 do t[i] = {i, tostring(i)} end return #t"), 50


@operation()
def execute_with_a_name(lua, module):
    return lambda: lua.execute("return ...", "text", name="n" * 100, mode="t"), "text"


@operation()
def execute_bytecode(lua, module):
    code = module.LuaRuntime(encoding=None).eval("string.dump(loadstring and loadstring('return 5') or load('return 5'))")
    return lambda: lua.execute(code), 5


@operation()
def compile_a_chunk(lua, module):
    return lambda: lua.compile("return " + " + ".join(f"x{i}" for i in range(30))), lambda f: module.lua_type(f) == "function"


@operation()
def compile_a_syntax_error(lua, module):
    return lambda: raised(module.LuaSyntaxError, lambda: lua.compile("x =")), lambda error: "near" in str(error)


@operation()
def require_a_module(lua, module):
    return lambda: lua.require("string"), lambda library: library is not None


@operation()
def require_a_new_module(lua, module):
    lua.execute("package.preload.new, package.loaded.new = function(name) return {name = name} end, nil")

    def check(result):
        return (result[0] if isinstance(result, tuple) else result).name == "new"

    return lambda: lua.require("new"), check


@operation()
def require_a_missing_module(lua, module):
    return lambda: raised(module.LuaError, lambda: lua.require("missing")), lambda error: "missing" in str(error)


@operation()
def the_globals(lua, module):
    return lua.globals, lambda table: table.print is not None


@operation()
def the_implementation(lua, module):
    return lambda: lua.lua_implementation, lambda text: text.startswith("Lua")


@operation()
def the_version(lua, module):
    return lambda: lua.lua_version, module.LUA_VERSION


@operation()
def collecting(lua, module):
    lua.execute("for i = 1, 100 do local t = {} end")
    return lua.gccollect, None


@operation()
def the_memory(lua, module):
    def action():
        lua.set_max_memory(0, total=True)
        return lua.get_max_memory() + (lua.get_memory_used(total=True) > 0)

    return action, 1


@operation()
def a_block_without_collector(lua, module):
    def action():
        with lua.nogc():
            return lua.eval("#{1, 2, 3}")

    return action, 3


@operation()
def without_an_encoding(lua, module):
    new = module.LuaRuntime(encoding=None, max_memory=0)
    return lambda: new.eval(b"'a' .. ...", b"\xff"), b"a\xff"


@operation(encoding="latin-1")
def another_encoding(lua, module):
    return lambda: lua.eval("'a' .. ...", "\xe4\xf6" * 20), "a" + "\xe4\xf6" * 20


@operation()
def undecodable_text(lua, module):
    return lambda: raised(UnicodeDecodeError, lambda: lua.eval(r"'\255'")), lambda error: error.object == b"\xff"


@operation()
def an_unknown_encoding(lua, module):
    return lambda: raised(LookupError, lambda: module.LuaRuntime(encoding="missing").eval("'a'")), lambda error: True


@operation()
def an_overflow_handler_that_is_wrong(lua, module):
    return lambda: raised(ValueError, lambda: module.LuaRuntime(overflow_handler=5, max_memory=0)), lambda error: True


@operation(overflow_handler=echo)
def an_overflow_handler_that_overflows(lua, module):
    return lambda: raised(OverflowError, lambda: lua.eval("...", 2**70)), lambda error: "too large" in str(error)


@operation(overflow_handler=str)
def an_overflow_handler(lua, module):
    return lambda: lua.eval("...", 2**70), str(2**70)


@operation(overflow_handler=fail)
def an_overflow_handler_that_fails(lua, module):
    return lambda: raised(OverflowError, lambda: lua.eval("...", 2**70)), lambda error: "too large" in str(error)


@operation()
def an_overflow_handler_in_lua(lua, module):
    lua.execute("python.set_overflow_handler(function(n) return 'big: ' .. tostring(n) end)")
    return lambda: lua.eval("...", 2**70), f"big: {2**70}"


@operation()
def setting_an_overflow_handler(lua, module):
    handler = lua.eval("function(n) return 0.5 end")

    def action():
        try:
            lua.set_overflow_handler(handler)
            lua.set_overflow_handler(echo)
            lua.execute("python.set_overflow_handler(function(n) return 1.5 end)")
            return lua.eval("...", 2**70)
        finally:
            lua.set_overflow_handler(None)

    return action, 1.5


@operation()
def loading_the_module(lua, module):
    def action():
        new = _imp.create_dynamic(module.__spec__)
        _imp.exec_dynamic(new)
        return new

    return action, lambda new: new.LuaRuntime().eval("1 + 1") == 2


@operation()
def a_new_runtime_with_safe_libraries(lua, module):
    return lambda: module.LuaRuntime(libs="safe", max_memory=0), lambda new: new.eval("io") is None


@operation()
def loading_in_a_safe_runtime(lua, module):
    safe = module.LuaRuntime(libs="safe", mode="t", max_memory=0)

    def check(result):
        return result == 5 or "not enough memory" in str(result)

    code = "local f, e = (loadstring or load)('return ' .. 5) if f then return f() end return e"
    return lambda: safe.execute(code), check


@operation(traceback_notes=True)
def an_exception_with_notes(lua, module):
    function = lua.eval("function(f) f() end")
    return lambda: raised(Failure, lambda: function(fail)), lambda error: error.args == ("on purpose",)
