"""`redirect_output`: what Lua prints, written by Python."""

import contextlib
import io
import re
import sys

import pytest

import lupa as package

pytestmark = pytest.mark.deviation

#: Chunks that write, and end without an error on every runtime.
CHUNKS = {
    "nothing": "print() io.write()",
    "values": "print(1, 'two', nil, true, 2.5)",
    "a trailing nil": "print(1, nil)",
    "floats": "print(1.0, -0.0, 1e15, 2^53, 2^63, 1e100, 0.1)",
    "written floats": "io.write(1.0, ' ', -0.0, ' ', 1e15, ' ', 2^53, ' ', 2^63, ' ', 1e100, ' ', 0.1)",
    "written integers": "io.write(1, ' ', 123456789012, ' ', -5, '\\n')",
    "__tostring": "print(setmetatable({}, {__tostring = function() return 'mine' end}), 1)",
    "a python object": "print(python.none, python.builtins.int)",
    "a type with a name": "print((tostring(setmetatable({}, {__name = 'Mine'})):gsub('0x%x+', '')))",
    "another tostring": "function tostring(value) return '<' .. type(value) .. '>' end print(1, nil, print == tostring)",
    "a tostring that gives numbers": "function tostring() return 7 end print(1, 2)",
    "the file": "io.stdout:write('a', 1, 'b')",
    "one after the other": "io.write('a'):write('b'):write('c')",
    "zeros": "io.write('a\\0b')",
    "umlauts": "print('\\195\\164') io.write('\\195', '\\164')",
    "the results": "local function count(...) return select('#', ...) end "
    "io.write(count(io.write('')), type(io.write('')), count(io.stdout:write('')), count(print()))",
}

#: Chunks that fail, and a part of the message.
FAILURES = {
    "a nil": "io.write('a', nil)",
    "a table": "io.write({})",
    "a nil for the file": "io.stdout:write(nil)",
    "no text": "print(setmetatable({}, {__tostring = function() return {} end}))",
    "an error in tostring": "print(setmetatable({}, {__tostring = function() error('mine') end}))",
}


#: Where Lua says an error is.
POSITION = re.compile(r"^[\w\[\]]+:\d+: ")


@pytest.fixture
def written(lua):
    """What a chunk writes to `sys.stdout`."""
    package.redirect_output(lua)

    def written(code, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            lua.execute(code, *arguments)
        return stream.getvalue()

    return written


@pytest.fixture
def as_lua_does(new_runtime, capfd):
    """What a chunk writes in a runtime that was left as it is."""

    def as_lua_does(code):
        lua = new_runtime()
        lua.execute(code)
        lua.execute("io.stdout:flush()")
        return capfd.readouterr().out

    return as_lua_does


class TestText:
    @pytest.mark.parametrize("name", CHUNKS)
    def test_it_is_what_lua_writes(self, written, as_lua_does, flavour, name):
        if name == "one after the other" and (flavour.version < (5, 2)):
            pytest.skip("io.write does not return the file")
        replaced = written(CHUNKS[name])
        # C puts together the bytes of a character that were written apart.
        assert replaced.replace("\N{REPLACEMENT CHARACTER}" * 2, "ä") == as_lua_does(CHUNKS[name])

    @pytest.mark.parametrize("name", FAILURES)
    def test_it_fails_as_in_lua(self, lua, new_runtime, lupa_module, name):
        messages = []
        for runtime in (new_runtime(), lua):
            if runtime is lua:
                package.redirect_output(lua, io.StringIO())
            with pytest.raises(lupa_module.LuaError) as caught:
                runtime.execute(FAILURES[name], name="=here")
            messages.append(POSITION.sub("", str(caught.value).splitlines()[0]))
        assert messages[0] == messages[1]

    def test_bad_arguments_are_told_where_they_are(self, lua, lupa_module):
        package.redirect_output(lua, io.StringIO())
        with pytest.raises(lupa_module.LuaError, match=r"^here:1: bad argument #1 to 'write' \(string expected, got nil\)"):
            lua.execute("io.stdout:write(nil)", name="=here")

    def test_bytes_that_are_no_text_are_replaced(self, written):
        assert written("io.write('a\\255b')") == "a\N{REPLACEMENT CHARACTER}b"

    def test_other_encodings(self, new_runtime):
        for encoding, code in [("latin-1", "print('\\228')"), (None, "print('\\195\\164')")]:
            lua, stream = new_runtime(encoding=encoding), io.StringIO()
            package.redirect_output(lua, stream)
            lua.execute(code)
            assert stream.getvalue() == "ä\n"


class TestStream:
    def test_nothing_reaches_c(self, written, capfd):
        assert written("print(1) io.write(2) io.stdout:write(3)") == "1\n23"
        assert capfd.readouterr().out == ""

    def test_it_is_looked_up_at_each_write(self, lua, monkeypatch):
        package.redirect_output(lua)
        streams = [io.StringIO(), io.StringIO()]
        for stream in streams:
            monkeypatch.setattr(sys, "stdout", stream)
            lua.execute("print('here')")
        assert [stream.getvalue() for stream in streams] == ["here\n", "here\n"]

    def test_there_may_be_none(self, lua, monkeypatch):
        package.redirect_output(lua)
        monkeypatch.setattr(sys, "stdout", None)
        lua.execute("print(1) io.flush()")

    def test_one_of_yours(self, lua):
        stream = io.StringIO()
        package.redirect_output(lua, stream)
        lua.execute("print(1)")
        assert stream.getvalue() == "1\n"

    def test_a_later_one_takes_over(self, lua):
        streams = [io.StringIO(), io.StringIO()]
        for stream in streams:
            package.redirect_output(lua, stream)
            lua.execute("print(1) io.write(2)")
        assert [stream.getvalue() for stream in streams] == ["1\n2", "1\n2"]

    def test_other_runtimes_are_left_alone(self, lua, new_runtime, capfd):
        stream = io.StringIO()
        package.redirect_output(lua, stream)
        other = new_runtime()
        other.execute("print('other') io.stdout:write('file') io.stdout:flush()")
        assert capfd.readouterr().out == "other\nfile"
        assert stream.getvalue() == ""

    def test_its_errors_reach_python(self, lua):
        class Full:
            def write(self, text):
                raise OSError("full")

        package.redirect_output(lua, Full())
        for code in ("print(1)", "io.write('\\255')"):
            with pytest.raises(OSError, match="^full$"):
                lua.execute(code)

    @pytest.mark.parametrize("code", ["io.flush()", "io.stdout:flush()"])
    def test_it_is_flushed(self, lua, code):
        class Flushed(io.StringIO):
            flushes = 0

            def flush(self):
                self.flushes += 1

        stream = Flushed()
        package.redirect_output(lua, stream)
        lua.execute(code)
        assert stream.flushes == 1

    def test_it_may_use_the_runtime(self, lua):
        class Counting:
            def write(self, text):
                lua.globals().count = (lua.globals().count or 0) + 1

        package.redirect_output(lua, Counting())
        lua.execute("print(1) coroutine.wrap(function() print(2) end)()")
        assert lua.globals().count == 2


class TestFiles:
    def test_they_are_written_as_before(self, written, tmp_path):
        path = tmp_path / "file"
        code = """
        local path = ...
        local file = io.open(path, "w")
        file:write("a", 1)
        io.output(file)
        io.write("b")
        io.output():flush() io.flush()
        io.output(io.stdout)
        io.write("c")
        file:close()
        """
        assert written(code, str(path)) == "c"
        assert path.read_text() == "a1b"

    def test_a_closed_file(self, lua, lupa_module):
        package.redirect_output(lua, io.StringIO())
        with pytest.raises(lupa_module.LuaError, match="closed file"):
            lua.execute("local f = io.tmpfile() f:close() f:write('x')")


class TestRestrictedRuntimes:
    def test_without_io(self, new_runtime):
        lua, stream = new_runtime(libs=["base"]), io.StringIO()
        package.redirect_output(lua, stream)
        lua.execute("print(1, 'two')")
        assert stream.getvalue() == "1\ttwo\n"
        assert lua.globals().io is None

    def test_without_strings(self, new_runtime):
        lua, stream = new_runtime(libs=["base", "io"]), io.StringIO()
        package.redirect_output(lua, stream)
        lua.execute("io.write(1, 'two', 2.5)")
        assert stream.getvalue() == "1two2.5"

    def test_with_a_mode(self, new_runtime):
        lua, stream = new_runtime(mode="b"), io.StringIO()
        package.redirect_output(lua, stream)
        lua.globals().print(1)
        assert stream.getvalue() == "1\n"


def test_a_derived_class_may_have_methods_of_its_own(lupa_module, capsys):
    class Stubborn(lupa_module.LuaRuntime):
        def execute(self, *arguments, **options):
            raise AttributeError("not made yet")

    lua = Stubborn()
    package.redirect_output(lua)
    lupa_module.LuaRuntime.execute(lua, "print('text')")
    assert capsys.readouterr().out == "text\n"
