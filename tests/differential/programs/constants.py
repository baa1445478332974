"""Constants, version properties, and what a runtime's libraries contain."""

from support import captured_output, each


def lua_version_of_the_module(lupa):
    return lupa.LUA_VERSION


def lua_version_of_a_runtime(lupa, lua):
    return lua.lua_version, lua.lua_version == lupa.LUA_VERSION


def largest_integer(lupa):
    return lupa.LUA_MAXINTEGER


def smallest_integer(lupa):
    return lupa.LUA_MININTEGER


def implementation_family(lua):
    return lua.lua_implementation.split(".")[0], type(lua.lua_implementation)


def implementation_of_plain_lua_is_its_version_text(lua):
    return lua.lua_implementation == lua.eval("_VERSION"), "LuaJIT" in lua.lua_implementation


def version_text(lua):
    return lua.eval("_VERSION")


@each(version="lua_version", implementation="lua_implementation")
def version_properties_are_read_only(lua, name):
    setattr(lua, name, 1)


def _names(lua, code):
    return sorted(name for name in lua.eval(code) if isinstance(name, str))


def global_names(lua):
    return _names(lua, "_G")


@each(
    string="string",
    table="table",
    math="math",
    io="io",
    os="os",
    coroutine="coroutine",
    debug="debug",
    package="package",
    utf8="utf8 or {}",
    bit32="bit32 or {}",
    bit="bit or {}",
    jit="jit or {}",
    ffi="type(jit) == 'table' and require('ffi') or {}",
)
def library_names(lua, code):
    return _names(lua, code)


def names_of_the_python_library(lua):
    return _names(lua, "python")


def loaded_modules(lua):
    return _names(lua, "package.loaded")


def the_python_library_is_a_loaded_module(lua):
    return lua.eval("package.loaded.python == python and require('python') == python")


def package_path_begins_at_usr_local(lua):
    return lua.eval("package.path:match('^[^;]*')"), lua.eval("package.cpath:match('^[^;]*')")


def package_config(lua):
    return lua.eval("package.config")


def math_constants(lua):
    return lua.eval("math.pi"), lua.eval("math.huge"), lua.eval("-math.huge")


def integer_limits_of_lua(lua):
    return lua.eval("math.maxinteger"), lua.eval("math.mininteger")


def popen(lua):
    return lua.execute("local file = io.popen('echo popen') local text = file:read('*a') file:close() return text")


def exit_status_of_os_execute(lua):
    return lua.eval("os.execute('exit 3')")


def os_execute_asks_for_a_shell(lua):
    return lua.eval("os.execute()")


def os_getenv(lua):
    return lua.eval("os.getenv('LUPA_NO_SUCH_VARIABLE')")


def names_that_are_nil_without_compatibility(lua):
    return lua.eval(
        "unpack ~= nil, loadstring ~= nil, setfenv ~= nil, table.getn ~= nil, math.pow ~= nil, table.maxn ~= nil, "
        "string.gfind ~= nil, math.mod ~= nil, math.log10 ~= nil, module ~= nil, math.ldexp ~= nil"
    )


def luajit_without_lua_52_compatibility(lua):
    lua.execute(
        "t = setmetatable({}, {__len = function() return 42 end, __pairs = function() return function() end end, "
        "__ipairs = function() return function() end end})"
    )
    return lua.eval("#t"), lua.eval("select('#', pairs(t))")


def print_goes_to_the_stdout_of_c(lua):
    with captured_output() as text:
        lua.execute("print('one', 2, nil, true, {} ~= nil) io.write('three', 4, '\\n') io.stdout:flush()")
        return text()


def print_of_a_python_object(lua):
    with captured_output() as text:
        lua.execute("print(..., tostring(...)) io.stdout:flush()", [1, "ä"])
        return text()


def warnings_and_stderr(lua):
    with captured_output(2) as text:
        lua.execute("io.stderr:write('to stderr') if warn then warn('@on') warn('a warning') end")
        return text()
