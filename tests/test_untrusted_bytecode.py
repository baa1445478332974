"""`mode`: whether a runtime takes source code, compiled code, or both, from its host and from its scripts."""

import re

import pytest

#: What Lua says about a chunk of the wrong kind; LuaJIT words it without the kind.
REFUSED = r"attempt to load (a binary chunk \(mode is 't'\)|chunk with wrong mode)"
TEXT_REFUSED = r"attempt to load (a text chunk \(mode is 'b'\)|chunk with wrong mode)"

#: The functions that load a string, as every version has them: `load` of 5.1 takes a reader only.
LOADERS = {
    "load a string": "return function(code) return (loadstring or load)(code) end",
    "load a reader": "return function(code) return load(function() local piece = code code = nil return piece end) end",
    "load single bytes": """return function(code)
        local i = 0
        return load(function() i = i + 1 if i <= #code then return code:sub(i, i) end end)
    end""",
    "load in a coroutine": "return function(code) return coroutine.wrap(function() return (loadstring or load)(code) end)() end",
    "load with a name": "return function(code) return (loadstring or load)(code, '=name') end",
    "load with a wider mode": "return function(code) return (loadstring or load)(code, '=name', 'bt') end",
    "load with the other mode": "return function(code) return (loadstring or load)(code, '=name', 'b') end",
    "load with no mode": "return function(code) return (loadstring or load)(code, '=name', nil) end",
    "load with an environment": "return function(code) return (loadstring or load)(code, '=name', 'bt', {}) end",
    "load under pcall": "return function(code) return select(2, pcall(loadstring or load, code)) end",
}


@pytest.fixture
def text_only(new_runtime):
    return new_runtime(encoding=None, mode="t")


@pytest.fixture
def compiled_only(new_runtime):
    return new_runtime(encoding=None, mode="b")


def message(result):
    assert result[0] is None
    return result[1].decode()


class TestScripts:
    @pytest.mark.parametrize("loader", LOADERS.values(), ids=list(LOADERS))
    def test_bytecode_is_refused(self, text_only, bytecode, loader):
        result = text_only.execute(loader)(bytecode)
        assert result is None or result[0] is None

    @pytest.mark.parametrize("loader", LOADERS.values(), ids=list(LOADERS))
    def test_without_the_option_it_is_taken(self, new_runtime, bytecode, loader):
        """The tests above would prove nothing if these loaders did not work."""
        assert new_runtime(encoding=None).execute(loader)(bytecode)() == 42

    @pytest.mark.parametrize("loader", [loader for name, loader in LOADERS.items() if "other" not in name])
    def test_text_is_taken(self, text_only, loader):
        assert text_only.execute(loader)(b"return 6 * 7")() == 42

    def test_the_message(self, text_only, bytecode):
        result = text_only.execute(LOADERS["load a string"])(bytecode)
        assert re.search(REFUSED, message(result))
        result = text_only.execute(LOADERS["load a reader"])(bytecode)
        assert re.search(REFUSED, message(result))

    def test_an_empty_first_piece_opens_no_door(self, text_only, bytecode):
        """In every version an empty piece is the end of the chunk; nothing behind it may be taken for bytecode."""
        for pieces in ("{'', code}", "{'', '', code}", "{'', code:sub(1, 1), code:sub(2)}"):
            code = f"""
                local code = ...
                local pieces, i = {pieces}, 0
                local f, message = load(function() i = i + 1 return pieces[i] end)
                return f and f()
            """
            assert text_only.execute(code, bytecode) is None

    def test_a_reader_that_raises_or_gives_rubbish(self, text_only):
        assert b"from the reader" in text_only.execute("return load(function() error('from the reader') end)")[1]
        assert text_only.execute("return pcall(load, function() return {} end)")[2] is not None
        assert text_only.execute("return load(function() return nil end)") is not None

    def test_a_comment_before_bytecode_is_text(self, text_only, bytecode):
        assert text_only.execute(LOADERS["load a string"])(b"# comment\n" + bytecode)[0] is None
        assert text_only.execute(LOADERS["load a string"])(b"\xef\xbb\xbf" + bytecode)[0] is None

    def test_files_are_checked(self, text_only, bytecode, tmp_path):
        path = tmp_path / "file"
        for content in (bytecode, b"#!/usr/bin/lua\n" + bytecode, b"#\n" + bytecode):
            path.write_bytes(content)
            assert text_only.execute("return loadfile(...)", str(path).encode())[0] is None
            assert text_only.execute("return pcall(dofile, ...)", str(path).encode())[0] is False

    def test_files_of_text_are_run(self, text_only, tmp_path):
        path = tmp_path / "file"
        long = b"--" + b"x" * 20000 + b"\nreturn 42"
        for content in (b"return 42", b"#!/usr/bin/lua\nreturn 42", b"#", b"", b"#!x\n\nreturn 42", long, b"#x\n" + long):
            path.write_bytes(content)
            expected = 42 if b"42" in content else None
            assert text_only.execute("return (loadfile(...)())", str(path).encode()) == expected
            assert text_only.execute("return (dofile(...))", str(path).encode()) == expected

    def test_lines_of_files_are_counted_from_the_first(self, text_only, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"#!/usr/bin/lua\nerror('here')")
        assert b"file:2: here" in text_only.execute("return pcall(dofile, ...)", str(path).encode())[1]

    def test_files_that_are_not_there(self, text_only, tmp_path):
        missing = str(tmp_path / "missing").encode()
        assert b"missing" in text_only.execute("return loadfile(...)", missing)[1]
        assert b"missing" in text_only.execute("return pcall(dofile, ...)", missing)[1]
        assert text_only.execute("return loadfile(...)", str(tmp_path).encode())[0] is None

    def test_syntax_errors_in_files(self, text_only, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"x x")
        assert b"file:1:" in text_only.execute("return loadfile(...)", str(path).encode())[1]

    def test_environments_are_kept(self, text_only, lupa_module, lua_version, tmp_path):
        if lua_version < (5, 2):
            pytest.skip("Lua 5.1 has no environments for loading")
        path = tmp_path / "file"
        path.write_bytes(b"return x")
        assert text_only.execute("return load('return x', '=x', nil, {x = 5})()") == 5
        assert text_only.execute("return load('return x', '=x', 't', {x = 5})()") == 5
        assert text_only.execute("return loadfile(..., nil, {x = 5})()", str(path).encode()) == 5
        with pytest.raises(lupa_module.LuaError, match="attempt to index"):
            text_only.execute("return load('return x', '=x', 't', nil)()")

    def test_chunks_of_files_may_yield(self, text_only, lua_version, tmp_path):
        if lua_version < (5, 2):
            pytest.skip("before Lua 5.2 no C function lets its callee yield")
        path = tmp_path / "file"
        path.write_bytes(b"coroutine.yield(1) coroutine.yield(2) return 3, 4")
        thread = text_only.eval("function(path) return dofile(path) end").coroutine(str(path).encode())
        assert [next(thread), next(thread), next(thread)] == [1, 2, (3, 4)]

    def test_wrong_arguments_are_errors(self, text_only):
        for call in ("load()", "load({})", "(loadstring or load)({})", "load('x', {}, {})", "loadfile({})", "dofile({})"):
            assert text_only.eval(f"pcall(function() return {call} end)")[0] is False

    def test_the_other_way_round(self, compiled_only, text_only, bytecode):
        loaders = [compiled_only.compile(dumped) for dumped in compile_all(text_only)]
        for load in (loader() for loader in loaders):
            assert load(bytecode)() == 42
            result = load(b"return 42")
            assert result is None or result[0] is None


def compile_all(lua):
    """The loaders that choose no mode themselves, as bytecode."""
    dump = lua.eval("function(code) return string.dump((loadstring or load)(code)) end")
    return [dump(loader.encode()) for name, loader in LOADERS.items() if "mode" not in name]


class TestHost:
    def test_bytecode_is_refused(self, text_only, lupa_module, bytecode):
        for method in (text_only.execute, text_only.compile):
            with pytest.raises(lupa_module.LuaSyntaxError, match=REFUSED):
                method(bytecode)

    def test_text_is_refused_where_only_bytecode_is_taken(self, compiled_only, lupa_module):
        for method in (compiled_only.execute, compiled_only.compile, compiled_only.eval):
            with pytest.raises(lupa_module.LuaSyntaxError, match=TEXT_REFUSED):
                method("1")

    def test_a_call_may_name_another_mode(self, text_only, bytecode):
        """The host decides; the option is a default for it, and a bound for scripts only."""
        assert text_only.execute(bytecode, mode="b") == 42
        assert text_only.compile(bytecode, mode="bt")() == 42

    def test_a_call_may_name_the_same_mode(self, text_only, lupa_module, bytecode):
        with pytest.raises(lupa_module.LuaSyntaxError, match=REFUSED):
            text_only.execute(bytecode, mode="t")

    def test_both_kinds_by_default(self, new_runtime, bytecode):
        for mode in (None, "bt", "tb", b"bt"):
            lua = new_runtime(encoding=None, mode=mode)
            assert (lua.execute(bytecode), lua.execute("return 1")) == (42, 1)
            assert lua.execute(LOADERS["load a string"])(bytecode)() == 42

    @pytest.mark.parametrize("mode", ["", "x", "tt", "t ", "B"])
    def test_other_modes_are_refused(self, new_runtime, mode):
        with pytest.raises(ValueError, match="mode must be 't', 'b' or 'bt'"):
            new_runtime(mode=mode)

    def test_other_types_are_refused(self, new_runtime):
        with pytest.raises(ValueError, match="expected string"):
            new_runtime(mode=5)


class TestWhatTheOptionLeavesAlone:
    def test_the_functions_are_luas_own_without_it(self, new_runtime, lua):
        names = set(lua.globals())
        assert set(new_runtime(mode="t").globals()) == names

    def test_functions_that_were_removed_stay_away(self, new_runtime):
        lua = new_runtime(libs="safe", mode="b")
        assert lua.execute("return dofile == nil and loadfile == nil", mode="t") is True

    def test_dumping_is_harmless(self, text_only):
        assert text_only.execute("return (loadstring or load)(string.dump(function() end))")[0] is None

    def test_modules_from_files_are_not_checked(self, new_runtime, bytecode, tmp_path):
        """SECURITY.md says so: `package` loads native code too, so that whoever must not has to go without it."""
        (tmp_path / "compiled.lua").write_bytes(bytecode)
        lua = new_runtime(mode="t")
        lua.execute("package.path = ...", f"{tmp_path}/?.lua")
        result = lua.require("compiled")
        assert result == 42 or result[0] == 42
