"""`encoding` and `source_encoding`: text, code, names; bytes mode."""

import types

import pytest


class TestUtf8:
    @pytest.mark.parametrize("text", ["", "a", "ä", "€", "😀", "a\0b", "ä" * 1000, "\ufeff", "\x7f\x80"])
    def test_text_survives_both_ways(self, lua, text):
        assert lua.eval("...", text) == text
        assert lua.eval("#...", text) == len(text.encode())

    def test_code_is_utf8(self, lua):
        assert lua.eval("'ä'") == "ä"
        assert lua.eval("#'ä'") == 2

    def test_undecodable_strings_are_an_error_where_they_arrive(self, lua):
        with pytest.raises(UnicodeDecodeError):
            lua.eval(r"'\228'")
        with pytest.raises(UnicodeDecodeError):
            lua.eval(r"1, '\228', 2")
        table = lua.eval(r"{x = '\228', y = 1}")
        with pytest.raises(UnicodeDecodeError):
            table.x  # noqa: B018
        with pytest.raises(UnicodeDecodeError):
            table["x"]
        with pytest.raises(UnicodeDecodeError):
            list(table.values())
        assert table.y == 1

    def test_undecodable_strings_stay_usable_in_lua(self, lua):
        lua.execute(r"s = '\228'")
        assert lua.eval("#s") == 1
        assert lua.eval("s:byte()") == 228

    def test_undecodable_arguments_of_callbacks(self, lua):
        with pytest.raises(UnicodeDecodeError):
            lua.eval(r"function(f) return f(1, '\228') end")(print)
        assert lua.eval(r"function(f) local ok, e = pcall(f, '\228') return ok end")(print) is False

    def test_surrogates_cannot_be_encoded(self, lua):
        with pytest.raises(UnicodeEncodeError):
            lua.eval("...", "\ud800")
        with pytest.raises(UnicodeEncodeError):
            lua.eval("'\ud800'")

    def test_bytes_are_passed_unchanged(self, lua):
        assert lua.eval("#...", b"\xff\xfe") == 2
        assert lua.eval("...", "ä".encode()) == "ä"


class TestOtherEncodings:
    def test_latin_1(self, new_runtime):
        lua = new_runtime(encoding="latin-1")
        assert lua.eval("...", "ä") == "ä"
        assert lua.eval("#...", "ä") == 1
        assert lua.eval("#'ä'") == 1
        assert lua.eval(r"'\228'") == "ä"

    def test_characters_outside_are_refused(self, new_runtime):
        lua = new_runtime(encoding="latin-1")
        with pytest.raises(UnicodeEncodeError):
            lua.eval("...", "€")
        with pytest.raises(UnicodeEncodeError):
            lua.eval("'€'")

    def test_ascii(self, new_runtime):
        lua = new_runtime(encoding="ascii")
        assert lua.eval("...", "plain") == "plain"
        for attempt in (lambda: lua.eval("...", "ä"), lambda: lua.eval("'ä'")):
            with pytest.raises(UnicodeEncodeError):
                attempt()
        with pytest.raises(UnicodeDecodeError):
            lua.eval(r"'\228'")

    def test_sixteen_bits(self, new_runtime):
        lua = new_runtime(encoding="utf-16-le", source_encoding="utf-8")
        assert lua.eval("#...", "abc") == 6
        assert lua.eval("...", "a€😀") == "a€😀"
        assert lua.eval(r"'a\0b\0'") == "ab"

    def test_code_of_its_own_encoding(self, new_runtime):
        lua = new_runtime(encoding="utf-8", source_encoding="latin-1")
        assert lua.eval("#'ä'") == 1
        assert lua.eval("#...", "ä") == 2
        with pytest.raises(UnicodeDecodeError):
            lua.eval("'ä'")

    def test_values_of_their_own_encoding(self, new_runtime):
        lua = new_runtime(encoding="latin-1", source_encoding="utf-8")
        assert lua.eval("'ä'") == "Ã¤"
        assert lua.eval("#'ä'") == 2

    @pytest.mark.parametrize("name", ["rot13", "hex"])
    def test_codecs_that_are_not_for_text(self, new_runtime, name):
        lua = new_runtime(encoding=name, source_encoding="utf-8")
        with pytest.raises(LookupError, match="is not a text encoding"):
            lua.eval("'aa'")

    @pytest.mark.parametrize("keyword", ["encoding", "source_encoding"])
    def test_unknown_names(self, new_runtime, keyword):
        lua = new_runtime(**{keyword: "no-such-codec"})
        with pytest.raises(LookupError, match="unknown encoding: no-such-codec"):
            lua.eval("'text'")
        with pytest.raises(LookupError, match="unknown encoding: no-such-codec"):
            lua.table().attribute  # noqa: B018


class TestNames:
    """Attribute names and keyword names are source code; items are values."""

    def test_attributes_of_tables(self, new_runtime):
        lua = new_runtime(encoding="utf-8", source_encoding="latin-1")
        table = lua.table()
        setattr(table, "ä", "attribute")
        table["ä"] = "item"
        assert (getattr(table, "ä"), table["ä"]) == ("attribute", "item")
        lengths = lua.eval("function(t) local n = {} for k in pairs(t) do n[#n + 1] = #k end table.sort(n) return n end")
        assert list(lengths(table).values()) == [1, 2]

    def test_attributes_of_python_objects(self, new_runtime):
        lua = new_runtime(encoding=None, source_encoding="latin-1")
        item = types.SimpleNamespace(**{"ä": 1})
        assert lua.eval(r"function(o) return o['\228'] end")(item) == 1
        lua.eval(r"function(o) o['\252'] = 2 end")(item)
        assert vars(item) == {"ä": 1, "ü": 2}

    def test_keyword_names_of_calls(self, new_runtime):
        lua = new_runtime(encoding=None, source_encoding="latin-1")
        assert lua.eval(r"function(f) return f(python.args{['\228'] = 1}) end")(lambda **names: names) == {"ä": 1}


class TestBytesMode:
    @pytest.fixture
    def lua(self, new_runtime):
        return new_runtime(encoding=None)

    def test_strings_arrive_as_bytes(self, lua):
        assert lua.eval(r"'a', '\255\0'") == (b"a", b"\xff\0")
        assert lua.eval("{'x'}")[1] == b"x"
        assert lua.eval("function(f) return f('x') end")(lambda value: value == b"x") is True

    def test_bytes_are_strings(self, lua):
        assert lua.eval("type(...)", b"x") == b"string"
        assert lua.eval("...", b"\xff") == b"\xff"

    def test_text_stays_a_python_object(self, lua):
        assert lua.eval("type(...)", "text") == b"userdata"
        assert lua.eval("...", "text") == "text"
        assert lua.eval("function(s) return s[0] end")("text") == "t"
        assert lua.eval("function(f) return type(f()) end")(lambda: "text") == b"userdata"

    def test_code_is_utf8(self, lua):
        assert lua.eval("'ä'") == "ä".encode()

    def test_items_are_bytes_and_attributes_are_names(self, lua):
        table = lua.eval("{x = 1}")
        assert (table.x, table[b"x"], table["x"]) == (1, 1, None)
        table.y = 2
        assert table[b"y"] == 2
        assert set(table) == {b"x", b"y"}

    def test_keywords_of_table_are_values(self, lua):
        assert list(lua.table(a=1)) == ["a"]

    def test_attributes_of_python_objects_are_names(self, lua):
        item = types.SimpleNamespace(x=1)
        assert lua.eval("function(o) o.y = o.x + 1 return o.y end")(item) == 2
        assert item.y == 2

    def test_items_of_python_objects_are_bytes(self, lua):
        assert lua.eval("function(d) return d.x end")({b"x": "bytes", "x": "text"}) == "bytes"

    def test_text_of_python_objects_is_utf8(self, lua):
        assert lua.eval("tostring(...)", ["ü"]) == "['ü']".encode()

    def test_text_of_lua_objects(self, lua):
        assert str(lua.eval(r"setmetatable({}, {__tostring = function() return 'x\228' end})")) == "xä"
        assert repr(lua.table()).startswith("<Lua table at 0x")

    def test_errors_are_text(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match=r'^\[string "<python>"\]:1: oops'):
            lua.execute("error('oops')")
        with pytest.raises(lupa_module.LuaSyntaxError, match="^error loading code: "):
            lua.execute("1 +")

    def test_undecodable_errors_are_taken_for_latin_1(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="ä"):
            lua.execute(r"error('\228')")

    def test_constants_and_methods_work(self, lua, flavour):
        assert lua.lua_version == flavour.version
        assert lua.lua_implementation.startswith(b"Lua")
        module = lua.require(b"string")
        assert (module[0] if isinstance(module, tuple) else module) is not None

    def test_binary_data_through_files(self, lua, tmp_path):
        data = bytes(range(256))
        path = tmp_path / "data"
        path.write_bytes(data)
        read = lua.eval("function(path) local f = io.open(path, 'rb') local s = f:read('*a') f:close() return s end")
        assert read(str(path).encode()) == data


def raising():
    raise ValueError("mine")


class TestErrorMessages:
    def test_text_of_the_encoding(self, new_runtime, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="ä"):
            new_runtime(encoding="latin-1").execute(r"error('\228')")
        with pytest.raises(lupa_module.LuaError, match="ä"):
            new_runtime().execute("error('ä')")

    def test_tracebacks_of_lua_are_text_in_any_encoding(self, new_runtime, lupa_module):
        lua = new_runtime(encoding="utf-16", source_encoding="utf-8")
        with pytest.raises(lupa_module.LuaError) as info:
            lua.execute("local function fail() error({}) end fail()")
        assert info.value.traceback.startswith("stack traceback:\n\t")
        with pytest.raises(ValueError, match="mine") as info:
            lua.eval("function(f) f() end")(raising)
        assert info.value.lua_traceback.startswith("stack traceback:\n\t")
        assert "in function" in info.value.lua_traceback

    def test_undecodable_text_in_coroutines_is_taken_for_latin_1(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="ä"):
            next(lua.eval(r"function() error('\228') end").coroutine())

    @pytest.mark.deviation
    def test_undecodable_text_is_taken_for_latin_1(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="ä"):
            lua.execute(r"error('\228')")
        with pytest.raises(lupa_module.LuaError, match="ä"):
            lua.eval(r"setmetatable({}, {__index = function() error('\228') end})").x

    def test_undecodable_code_is_a_syntax_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError):
            lua.execute(b"\xe4")


class TestStringsThatComeAgain:
    """Short strings that come again are kept, by their content, in both directions."""

    WORDS = ["", "a", "ab", "abc\0", "abcd", "abcdefg", "abcdefgh", "12345678_12345678", "12345678-12345678", "x" * 32, "x" * 33]
    MORE = ["ä", "äöü", "ä" * 16, "é" * 8 + "x", "\x7f\x80", "ÿ"]

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "utf-16", None])
    def test_each_arrives_as_it_is(self, new_runtime, encoding):
        lua = new_runtime(encoding=encoding, source_encoding="utf-8")
        back, length = lua.eval("function(s) return s end"), lua.eval("function(s) return #s end")
        words = self.WORDS + (self.MORE if encoding != "cp1252" else ["ä", "äöü"])
        coded = [word.encode(encoding or "utf-8") for word in words]
        for _ in range(4):
            for word, code in zip(words, coded):
                fresh = "".join(list(word))
                assert length(code) == len(code)
                if encoding:
                    assert back(fresh) == back(word) == back(code) == word
                    assert length(fresh) == len(code)
                else:
                    assert back(bytes(bytearray(code))) == code
                    assert back(fresh) is fresh

    def test_names_of_attributes_have_their_own_encoding(self, new_runtime):
        lua = new_runtime(encoding="latin-1", source_encoding="utf-8")
        table = lua.table()
        for n in range(5):
            table["größe"] = n
            table.größe = -n
            assert table["größe"] == n and table.größe == -n
            assert sorted(map(len, table)) == [5, 7]

    def test_strings_in_between_take_no_place(self, lua):
        """Each of many strings, in runs of two: whatever is kept, it is the right one."""
        back, table = lua.eval("function(s) return s end"), lua.table()
        for n in range(1500):
            word = f"word {n % 500}"
            assert back(word) == back(word) == word
            table[word] = n
            assert table[word] == n
        assert len(list(table)) == 500

    def test_bytes_and_text_are_the_same_string(self, lua):
        same = lua.eval("rawequal")
        for _ in range(5):
            assert same("ümlaut", "ümlaut".encode()) and same(b"ascii", "ascii") and not same("ascii", b"ascij")

    def test_text_that_cannot_be_decoded_is_an_error_each_time(self, lua):
        table = lua.execute(r"return {x = '\195\164\255'}")
        for _ in range(5):
            with pytest.raises(UnicodeDecodeError):
                table["x"]
