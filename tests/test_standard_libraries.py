"""The environment of a new runtime: Lua's own globals and nothing else, where modules are sought, where output goes; and what
is mended in the library."""

import os

import pytest

COMMON = {
    "_G", "_VERSION", "assert", "collectgarbage", "coroutine", "debug", "dofile", "error", "getmetatable", "io", "ipairs",
    "load", "loadfile", "math", "next", "os", "package", "pairs", "pcall", "print", "python", "rawequal", "rawget", "rawset",
    "require", "select", "setmetatable", "string", "table", "tonumber", "tostring", "type", "xpcall",
}  # fmt: skip
OLD = {"gcinfo", "getfenv", "loadstring", "module", "newproxy", "setfenv", "unpack"}
OWN = {
    "lua51": OLD,
    "lua52": {"bit32", "rawlen"},
    "lua53": {"rawlen", "utf8"},
    "lua54": {"rawlen", "utf8", "warn"},
    "lua55": {"rawlen", "utf8", "warn"},
    "luajit20": OLD | {"bit", "jit"},
    "luajit21": OLD | {"bit", "jit"},
}

on_posix = pytest.mark.skipif(os.name != "posix", reason="the test runs commands of a POSIX shell")


def test_the_globals_are_those_of_the_version(lua, runtime_name, other_globals):
    own = COMMON | OWN[runtime_name]
    assert own <= set(lua.globals()) <= own | other_globals


@pytest.mark.usefixtures("bundled")
def test_there_are_no_compatibility_functions_of_older_versions(lua, lua_version):
    if lua_version < (5, 3):
        pytest.skip("these functions are part of Lua 5.1 and 5.2")
    assert lua.eval("math.pow == nil and bit32 == nil and unpack == nil and loadstring == nil") is True


@pytest.mark.skipif("LUA_PATH" in os.environ, reason="LUA_PATH is set")
@on_posix
@pytest.mark.usefixtures("bundled")
def test_modules_are_sought_in_the_usual_folders(lua, flavour):
    folder = f"luajit-2.{flavour.name[-1]}" if flavour.is_luajit else "lua/%d.%d" % flavour.version
    assert f"/usr/local/share/{folder}/?.lua" in lua.eval("package.path").split(";")
    assert "./?.lua" in lua.eval("package.path").split(";")


@on_posix
@pytest.mark.deviation
def test_commands_can_be_read_from(lua):
    assert lua.eval("io.popen('echo hello'):read('*l')") == "hello"


@on_posix
@pytest.mark.deviation
def test_the_exit_status_of_a_command(lua, lua_version, other_lua):
    status = lua.eval("os.execute('exit 3')")
    assert status == ((None, "exit", 3) if lua_version >= (5, 2) or other_lua == "5.2-luajit" else 768)


def test_output_goes_to_the_standard_output_of_the_process(run_script):
    output = run_script("""
        lua = LuaRuntime()
        lua.execute("print('from', 'print', 1); io.write('from write\\\\n'); io.stdout:flush()")
    """)
    assert output == "from\tprint\t1\nfrom write\n"


def test_files_are_read_and_written(lua, tmp_path):
    path = str(tmp_path / "file")
    lua.execute("local f = assert(io.open(..., 'w')) f:write('one\\ntwo\\n') f:close()", path)
    read = lua.eval("function(path) local t = {} for line in io.lines(path) do t[#t + 1] = line end return t end")
    assert list(read(path).values()) == ["one", "two"]


def test_code_is_loaded_from_files(lua, lupa_module, tmp_path):
    path = tmp_path / "code.lua"
    path.write_text("return 6 * 7")
    assert lua.eval("dofile(...)", str(path)) == 42
    with pytest.raises(lupa_module.LuaError, match="cannot open|cannot read"):
        lua.eval("dofile(...)", str(tmp_path / "missing.lua"))


def test_the_environment_of_the_process_is_seen(lua, monkeypatch):
    assert lua.eval("os.getenv('PATH')") == os.environ["PATH"]


def test_pcall_passes_on_as_many_results_as_there_is_room_for(lua):
    """That of Lua 5.1 adds its own without asking for room, which shows where Lua checks itself."""
    count = lua.eval("function(n) return select('#', pcall(string.byte, ('x'):rep(n), 1, -1)) end")
    for n in [1, 40, 250, 7000, *range(7950, 8010)]:
        assert count(n) in (n + 1, 2), n
