"""Running code: `eval`, `execute`, `compile`, `require`, chunk names, modes, syntax errors."""

import pytest


class TestEval:
    def test_an_expression_gives_its_value(self, lua):
        assert lua.eval("1 + 1") == 2

    @pytest.mark.parametrize("code", ["", "   ", "nil", "-- only a comment"])
    def test_no_value_and_nil_are_none(self, lua, code):
        assert lua.eval(code) is None

    def test_several_values_are_a_tuple(self, lua):
        assert lua.eval("1, 'two', nil, false") == (1, "two", None, False)

    def test_trailing_nils_count(self, lua):
        assert lua.eval("1, nil, nil") == (1, None, None)

    def test_arguments_are_the_varargs(self, lua):
        assert lua.eval("...", 1, "a") == (1, "a")
        assert lua.eval("select('#', ...)", None, None) == 2
        assert lua.eval("select('#', ...)") == 0

    def test_a_statement_is_a_syntax_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError):
            lua.eval("x = 1")

    @pytest.mark.parametrize("code", [b"'a' .. 'b'", bytearray(b"'a' .. 'b'")], ids=["bytes", "bytearray"])
    def test_code_may_be_bytes(self, lua, code):
        assert lua.eval(code) == "ab"

    def test_a_string_subclass_is_code(self, lua):
        class Code(str):
            pass

        assert lua.eval(Code("2 * 3")) == 6


class TestExecute:
    def test_statements_change_the_globals(self, lua):
        assert lua.execute("x = 5; y = x + 1") is None
        assert lua.globals().y == 6

    def test_return_gives_values(self, lua):
        assert lua.execute("return 7") == 7
        assert lua.execute("return 7, 8") == (7, 8)
        assert lua.execute("return") is None

    def test_arguments_are_the_varargs(self, lua):
        assert lua.execute("local a, b = ...; return b, a", 1, 2) == (2, 1)

    def test_empty_code_does_nothing(self, lua):
        assert lua.execute("") is None

    def test_locals_do_not_outlive_their_chunk(self, lua):
        lua.execute("local hidden = 1")
        assert lua.eval("hidden") is None

    def test_a_shebang_line_is_no_lua(self, lua, lupa_module, flavour):
        if flavour.is_luajit:
            pytest.skip("the parser of LuaJIT skips a first line that begins with a hash")
        with pytest.raises(lupa_module.LuaSyntaxError):
            lua.execute("#!/usr/bin/lua\nreturn 1")


class TestCompile:
    def test_the_code_runs_when_the_function_is_called(self, lua):
        function = lua.compile("counter = (counter or 0) + 1; return counter, ...")
        assert lua.globals().counter is None
        assert function() == 1
        assert function("a") == (2, "a")

    def test_the_result_is_a_lua_function(self, lua, lupa_module):
        assert lupa_module.lua_type(lua.compile("return 1")) == "function"

    def test_a_syntax_error_has_no_prefix(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError) as caught:
            lua.compile("return return")
        assert str(caught.value).startswith('[string "<python>"]:1: ')

    def test_a_bytes_runtime_gives_the_message_as_bytes(self, new_runtime, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError) as caught:
            new_runtime(encoding=None).compile("return return")
        (message,) = caught.value.args
        assert message.startswith(b'[string "<python>"]:1: ')


CALLS = pytest.mark.parametrize("method", ["eval", "execute", "compile"])


@CALLS
class TestArguments:
    @pytest.mark.parametrize("code", [1, None, 1.5, [], {}], ids=lambda value: type(value).__name__)
    def test_code_must_be_a_string(self, lua, method, code):
        with pytest.raises(TypeError, match=r"Expected string, got <class '\w+'>"):
            getattr(lua, method)(code)

    def test_the_name_must_be_a_string(self, lua, method):
        with pytest.raises(TypeError, match="Expected string, got <class 'int'>"):
            getattr(lua, method)("", name=1)

    def test_the_mode_must_be_a_string(self, lua, method):
        with pytest.raises(ValueError, match="expected string, got <class 'int'>"):
            getattr(lua, method)("", mode=1)

    def test_code_is_required(self, lua, method):
        with pytest.raises(TypeError, match="argument"):
            getattr(lua, method)()

    def test_unknown_keywords_are_refused(self, lua, method):
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            getattr(lua, method)("", colour=1)

    def test_lua_code_is_also_a_keyword(self, lua, method):
        getattr(lua, method)(lua_code="")


class TestSyntaxErrors:
    @pytest.mark.parametrize("method", ["eval", "execute"])
    def test_the_message_has_prefix_position_and_token(self, lua, lupa_module, method):
        with pytest.raises(lupa_module.LuaSyntaxError) as caught:
            getattr(lua, method)("for")
        message = str(caught.value)
        assert message.startswith('error loading code: [string "<python>"]:1: ')
        assert "near" in message

    def test_there_is_no_traceback_text(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError) as caught:
            lua.execute("for")
        assert "stack traceback" not in str(caught.value)

    def test_the_line_is_counted(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError, match=r'"\]:3: '):
            lua.execute("x = 1\ny = 2\nz = = 3\n")

    def test_it_is_a_lua_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError):
            lua.eval("1 +")

    def test_the_runtime_goes_on(self, lua, lupa_module):
        for _ in range(100):
            with pytest.raises(lupa_module.LuaSyntaxError):
                lua.execute("end")
        assert lua.eval("1 + 1") == 2

    def test_load_in_lua_still_returns_nil_and_message(self, lua):
        value, message = lua.eval("(loadstring or load)('for')")
        assert value is None
        assert "near" in message


WHERE = "return debug.getinfo(1, 'S').%s"


class TestChunkName:
    def test_the_default(self, lua):
        assert lua.execute(WHERE % "source") == "<python>"
        assert lua.execute(WHERE % "short_src") == '[string "<python>"]'

    @pytest.mark.parametrize(
        "name, short",
        [("@script.lua", "script.lua"), ("=stdin", "stdin"), ("plain", '[string "plain"]'), (b"@bytes.lua", "bytes.lua")],
    )
    def test_the_conventions_of_lua_apply(self, lua, name, short):
        assert lua.execute(WHERE % "short_src", name=name) == short
        assert lua.compile(WHERE % "short_src", name=name)() == short
        assert lua.eval("debug.getinfo(1, 'S').short_src .. ''", name=name) == short

    def test_it_stands_in_error_messages(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match=r"^module\.lua:2: oops"):
            lua.execute("\nerror('oops')", name="@module.lua")
        with pytest.raises(lupa_module.LuaSyntaxError, match=r"^error loading code: module\.lua:1:"):
            lua.execute("=", name="@module.lua")

    def test_it_ends_at_a_nul_byte(self, lua):
        assert lua.execute(WHERE % "source", name="@head\0tail") == "@head"

    def test_it_is_encoded_like_source_code(self, new_runtime):
        lua = new_runtime(encoding=None, source_encoding="latin-1")
        assert lua.execute(WHERE % "source", name="@ä") == b"@\xe4"

    def test_none_is_the_default(self, lua):
        assert lua.execute(WHERE % "source", name=None) == "<python>"

    def test_it_may_be_given_to_compile_by_position(self, lua):
        assert lua.compile(WHERE % "source", "@third", "t")() == "@third"

    def test_for_eval_and_execute_it_is_a_keyword_only(self, lua):
        assert lua.eval("...", "@name", "b") == ("@name", "b")
        assert lua.execute("return ...", "@name", "b") == ("@name", "b")


class TestMode:
    @pytest.mark.parametrize("mode", ["t", "bt", b"t", None])
    def test_text_is_accepted(self, lua, mode):
        assert lua.eval("1", mode=mode) == 1
        assert lua.execute("return 1", mode=mode) == 1
        assert lua.compile("return 1", mode=mode)() == 1

    @pytest.mark.parametrize("mode", ["b", "bt", None])
    def test_bytecode_is_accepted(self, lua, bytecode, mode):
        assert lua.execute(bytecode, mode=mode) == 42
        assert lua.compile(bytecode, mode=mode)() == 42

    def test_text_is_refused_in_binary_mode(self, lua, lupa_module, lua_version):
        if lua_version < (5, 2):
            pytest.skip("Lua 5.1 has no modes for loading")
        with pytest.raises(lupa_module.LuaSyntaxError, match=r"attempt to load a text chunk \(mode is 'b'\)"):
            lua.execute("return 1", mode="b")

    def test_bytecode_is_refused_in_text_mode(self, lua, lupa_module, lua_version, bytecode):
        if lua_version < (5, 2):
            pytest.skip("Lua 5.1 has no modes for loading")
        with pytest.raises(lupa_module.LuaSyntaxError, match=r"attempt to load a binary chunk \(mode is 't'\)"):
            lua.execute(bytecode, mode="t")

    def test_a_mode_without_meaning_refuses_all(self, lua, lupa_module, lua_version):
        if lua_version < (5, 2):
            pytest.skip("Lua 5.1 has no modes for loading")
        with pytest.raises(lupa_module.LuaSyntaxError, match=r"attempt to load a text chunk \(mode is 'x'\)"):
            lua.compile("return 1", mode="x")

    def test_lua_51_ignores_the_mode(self, lua, lua_version, bytecode):
        if lua_version >= (5, 2):
            pytest.skip("from Lua 5.2 on the mode is honoured")
        assert lua.eval("1", mode="x") == 1
        assert lua.execute(bytecode, mode="t") == 42

    def test_truncated_bytecode_is_a_syntax_error(self, lua, lupa_module, bytecode):
        with pytest.raises(lupa_module.LuaSyntaxError):
            lua.execute(bytecode[:-8])


class TestRequire:
    @pytest.mark.parametrize("name", ["string", b"string"])
    def test_a_loaded_module_is_returned(self, lua, name):
        module = lua.require(name)
        module = module[0] if isinstance(module, tuple) else module
        assert module.upper("a") == "A"

    def test_a_preloaded_module_is_run_once(self, lua):
        lua.execute("runs = 0; package.preload.mine = function(name) runs = runs + 1; return {name = name} end")
        first, second = lua.require("mine"), lua.require("mine")
        module = first[0] if isinstance(first, tuple) else first
        assert module.name == "mine"
        assert second.name == "mine"
        assert lua.globals().runs == 1

    def test_the_loader_data_comes_with_the_first_load(self, lua, lua_version):
        lua.execute("package.preload.mine = function() return 5 end")
        assert lua.require("mine") == ((5, ":preload:") if lua_version >= (5, 4) else 5)

    def test_a_file_on_the_path_is_found(self, lua, tmp_path):
        (tmp_path / "on_disk.lua").write_text("return {answer = 42, ...}")
        lua.globals().package.path = f"{tmp_path}/?.lua"
        module = lua.require("on_disk")
        module = module[0] if isinstance(module, tuple) else module
        assert (module.answer, module[1]) == (42, "on_disk")

    def test_a_missing_module_is_an_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="module 'no_such_module' not found"):
            lua.require("no_such_module")

    @pytest.mark.parametrize("name", [1, None, ["string"]], ids=repr)
    def test_the_name_must_be_a_string(self, lua, name):
        with pytest.raises(TypeError, match="modulename must be a string"):
            lua.require(name)

    def test_without_require_there_is_an_error(self, lua, lupa_module):
        lua.globals().require = None
        with pytest.raises(lupa_module.LuaError, match="require is not defined"):
            lua.require("string")

    def test_the_package_python_can_be_required(self, lua):
        assert lua.eval("require('python') == python and package.loaded.python == python") is True


class TestGlobals:
    def test_it_is_the_table_of_globals(self, lua):
        lua.globals().x = "set from Python"
        assert lua.eval("x") == "set from Python"
        lua.execute("y = 1")
        assert lua.globals().y == lua.globals()["y"] == 1

    def test_it_does_not_depend_on_the_variable_g(self, lua):
        lua.execute("_G = {x = 'fake'}; x = 'real'")
        assert lua.globals().x == "real"

    def test_it_takes_no_argument(self, lua):
        with pytest.raises(TypeError):
            lua.globals(1)
