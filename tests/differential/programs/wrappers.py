"""What all wrappers of Lua objects share, and functions and userdata in particular."""

import copy
import pickle

from support import attempt, each

VALUES = {
    "table": "{}",
    "lua_function": "function() end",
    "c_function": "print",
    "fresh_thread": "coroutine.create(function() end)",
    "started_thread": "(function() local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) return co end)()",
    "dead_thread": "(function() local co = coroutine.create(function() end) coroutine.resume(co) return co end)()",
    "userdata": "io.stdout",
    "cdata": "type(jit) == 'table' and require('ffi').new('int[2]') or io.stdout",
    "integer_cdata": "type(jit) == 'table' and require('ffi').new('int64_t', 5) or io.stdout",
}


@each(**VALUES)
def type_of(lupa, lua, code):
    value = lua.eval(code)
    return type(value).__name__, lupa.lua_type(value), [cls.__name__ for cls in type(value).__mro__]


@each(**VALUES)
def representation_of(lua, code):
    value = lua.eval(code)
    return repr(value), str(value)


@each(**VALUES)
def length_of(lua, code):
    return len(lua.eval(code))


@each(**VALUES)
def truth_of(lua, code):
    return bool(lua.eval(code))


@each(**VALUES)
def iteration_over(lua, code):
    return list(lua.eval(code))


@each(**VALUES)
def attribute_read_of(lua, code):
    return lua.eval(code).some_name


@each(**VALUES)
def dunder_attribute_of(lua, code):
    return lua.eval(code).__some_name__


@each(**VALUES)
def attribute_write_of(lua, code):
    lua.eval(code).some_name = 1


@each(**VALUES)
def attribute_delete_of(lua, code):
    del lua.eval(code).some_name


@each(**VALUES)
def item_read_of(lua, code):
    return lua.eval(code)["some_name"]


@each(**VALUES)
def item_write_of(lua, code):
    lua.eval(code)["some_name"] = 1


@each(**VALUES)
def item_delete_of(lua, code):
    del lua.eval(code)["some_name"]


@each(**VALUES)
def contains_of(lua, code):
    return "x" in lua.eval(code)


@each(**VALUES)
def hasattr_of(lua, code):
    return hasattr(lua.eval(code), "some_name")


@each(**VALUES)
def call_with_keyword(lua, code):
    return lua.eval(code)(keyword=1)


@each(**VALUES)
def hash_and_equality_of(lua, code):
    value = lua.eval(code)
    return hash(value) == hash(value), value == value, value == 1, value is None, isinstance(hash(value), int)


@each(**VALUES)
def copy_of(lua, code):
    return copy.copy(lua.eval(code))


@each(**VALUES)
def pickle_of(lua, code):
    return pickle.dumps(lua.eval(code))


@each(**VALUES)
def new_of_the_type(lua, code):
    cls = type(lua.eval(code))
    return attempt(cls), attempt(cls, lua)


@each(**VALUES)
def new_without_init_of_the_type(lua, code):
    cls = type(lua.eval(code))
    return type(cls.__new__(cls)).__name__


@each(**VALUES)
def subclass_of_the_type(lua, code):
    return type("Mine", (type(lua.eval(code)),), {}).__name__


@each(**VALUES)
def round_trip_of(lua, code):
    lua.execute("value = " + code)
    value = lua.globals().value
    return lua.eval("rawequal(value, ...)", value), lua.eval("type(...)", value)


@each(**VALUES)
def in_a_table(lua, code):
    value = lua.eval(code)
    table = lua.table(value)
    return type(table[1]).__name__, lua.eval("type((...)[1])", table)


@each(**VALUES)
def public_names_of(lua, code):
    return sorted(name for name in dir(lua.eval(code)) if not name.startswith("_"))


@each(**VALUES)
def special_methods_of(lua, code):
    wanted = "call len bool iter next getitem setitem delitem getattr setattr delattr contains await".split()
    names = [name for name in wanted if "__" + name + "__" in dir(type(lua.eval(code)))]
    return names


@each(none=None, integer=1, text="x", function=len, cls=int, runtime_module=copy)
def lua_type_of_a_python_object(lupa, value):
    return lupa.lua_type(value)


def lua_type_of_a_runtime(lupa, lua):
    return lupa.lua_type(lua), lupa.lua_type(type(lua)), lupa.lua_type(lua.table().keys())


def lua_type_needs_one_argument(lupa):
    return attempt(lupa.lua_type), attempt(lupa.lua_type, 1, 2)


def lua_type_of_light_userdata(lupa, lua):
    code = "type(jit) == 'table' and debug.upvalueid and debug.upvalueid(function() return x end, 1) or "
    code += "debug.upvalueid and debug.upvalueid((function() local up return function() return up end end)(), 1)"
    value = lua.eval(code)
    return lupa.lua_type(value), type(value).__name__


def userdata_methods(lua):
    file = lua.eval("io.tmpfile()")
    file.write(file, "written ", 12)
    file.seek(file, "set")
    return file.read(file, "*a"), lua.eval("io.type(...)", file), file.close(file), lua.eval("io.type(...)", file)


def userdata_method_that_does_not_exist(lua):
    return lua.eval("io.stdout").nothing, lua.eval("io.stdout")["nothing"]


def userdata_without_self(lua):
    return lua.eval("io.stdout").write("x")


def userdata_text(lua):
    return str(lua.eval("io.stdout")), repr(lua.eval("io.stdout"))


def userdata_address_is_the_lua_address(lua):
    value = lua.eval("print")
    return repr(value).split()[-1].rstrip(">") in lua.eval("tostring(print)") or "builtin" in lua.eval(
        "tostring(print)"
    )


def bare_userdata(lua):
    value = lua.eval("newproxy and newproxy() or io.stdout")
    return attempt(lambda: value.x), attempt(lambda: value[1]), attempt(lambda: value()), type(value).__name__


def userdata_with_metatable(lua):
    value = lua.execute(
        "if not newproxy then return 'only on 5.1' end local p = newproxy(true) local mt = getmetatable(p) "
        "mt.__index = function(_, k) return k end mt.__len = function() return 7 end mt.__call = function(_, x) return x end "
        "mt.__tostring = function() return 'proxy' end return p"
    )
    if value == "only on 5.1":
        return value
    return value.x, value[2], len(value), value(3), str(value)


def cdata_access(lua):
    if lua.eval("type(jit) ~= 'table'"):
        return "no ffi"
    value = lua.eval("require('ffi').new('struct { int a; double b; }', 5, 2.5)")
    return value.a, value.b, value["a"], attempt(lambda: value.c)


def cdata_call(lua):
    if lua.eval("type(jit) ~= 'table'"):
        return "no ffi"
    ctype = lua.eval("require('ffi').typeof('int[3]')")
    return type(ctype(1, 2, 3)).__name__, ctype(4, 5, 6)[2]


def cdata_numbers(lupa, lua):
    if lua.eval("type(jit) ~= 'table'"):
        return "no ffi"
    values = lua.eval("1LL, 2ULL, 3i, require('ffi').new('int', 4)")
    return [(lupa.lua_type(value), str(value)) for value in values]


def function_address(lua):
    function = lua.eval("function() end")
    return repr(function).split()[-1].rstrip(">") in lua.eval("tostring(...)", function)


@each(plain=(), argument=(1,), keyword=None)
def coroutine_method(lua, arguments):
    function = lua.eval("function(...) return ... end")
    if arguments is None:
        return function.coroutine(x=1)
    return type(function.coroutine(*arguments)).__name__


@each(
    c_function="print",
    upvalue_function="string.gmatch('a', 'a')",
    python_function="python.as_function(python.builtins.len)",
)
def coroutine_of_a_c_function(lua, code):
    function = lua.eval(code)
    return attempt(lambda: function.coroutine("x"))


def coroutine_of_a_table(lua):
    return lua.eval("setmetatable({}, {__call = print})").coroutine


def function_type_can_be_subclassed(lua):
    class Mine(type(lua.eval("print"))):
        def hello(self):
            return "hello"

    return attempt(Mine), Mine.__mro__[1].__name__


def python_function_comes_back(lua):
    lua.globals().length = len
    return lua.globals().length is len, lua.eval("length") is len, lua.eval("length('abc')")


def wrappers_cannot_be_called_after_the_registry_is_gone(lua):
    function = lua.eval("function() return 1 end")
    lua.execute(
        "local r = debug.getregistry() for k in pairs(r) do if type(k) == 'number' and k > 2 then r[k] = nil end end"
    )
    return attempt(function)


def special_method_documentation(lua):
    return type(lua.table()).__doc__ is not None, type(lua.table().keys).__name__


@each(len=len, bool=bool, repr=repr, str=str, iter=iter, hash=hash)
def builtin_on_a_function(lua, function):
    value = function(lua.eval("print"))
    return type(value).__name__


def format_of_a_function(lua):
    return f"{lua.eval('print')}", attempt(format, lua.eval("print"), "x")


def user_metatable_on_functions(lua):
    lua.execute(
        "debug.setmetatable(print, {__index = {x = 1}, __tostring = function() return 'fn' end, __len = function() return 3 end})"
    )
    function = lua.eval("print")
    return attempt(lambda: function.x), str(function), len(function), lua.eval("print.x")


def user_metatable_on_numbers_and_nil(lua):
    lua.execute("debug.setmetatable(0, {__call = function(n, x) return n + x end, __index = math})")
    lua.execute("debug.setmetatable(nil, {__index = function() return 'nothing' end})")
    return lua.eval("(5)(3)"), lua.eval("(4).sqrt"), lua.eval("missing.field")
