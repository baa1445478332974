"""Tables as Python data and as text, equality of wrappers, copies, pickles, and buffers in the place of bytes."""

import array
import copy
import mmap
import pickle
import sys
import threading
import types

import pytest

import lupa as package

pytestmark = pytest.mark.deviation

#: What `setmetatable({1, 2, x = 3}, HOSTILE)` does when it is asked anything.
HOSTILE = """
(function()
  local function hang() while true do end end
  local all = {}
  for _, name in ipairs{'index', 'newindex', 'len', 'pairs', 'ipairs', 'call', 'eq', 'tostring', 'lt', 'le'} do
    all['__' .. name] = hang
  end
  all.__metatable = false
  return all
end)()
"""

NESTED = "(function(n) local t = {} for i = 2, n do t = {t} end return t end)"


@pytest.fixture
def data(lua):
    """The Python data for a Lua expression."""
    return lambda code: package.to_python(lua.eval(code))


class TestToPython:
    @pytest.mark.parametrize("code, expected", [
        ("{1, 2, 3}", [1, 2, 3]),
        ("{[3] = 'c', [2] = 'b', [1] = 'a'}", ["a", "b", "c"]),
        ("{}", {}),
        ("{1, nil, 3}", {1: 1, 3: 3}),
        ("{[0] = 'z', 'a'}", {0: "z", 1: "a"}),
        ("{[1.5] = 1}", {1.5: 1}),
        ("{true, [true] = false}", None),
        ("{[true] = 1}", {True: 1}),
        ("{x = {y = {}}, 1}", {"x": {"y": {}}, 1: 1}),
        ("{{1}, {2, {3}}}", [[1], [2, [3]]]),
        ("{'\\195\\164', 1.5, -1, true, false}", ["ä", 1.5, -1, True, False]),
    ])  # fmt: skip
    def test_tables(self, lua, data, code, expected):
        if expected is None:
            with pytest.raises(ValueError, match="expected keys that differ in Python"):
                data(code)
        else:
            result = data(code)
            assert result == expected
            assert type(result) is type(expected)

    @pytest.mark.parametrize("value", [None, 1, 1.5, "text", b"bytes", (1, 2), [1], {}, len], ids=repr)
    def test_what_is_no_table_stays_itself(self, value):
        assert package.to_python(value) is value

    def test_other_objects_of_lua_stay_themselves(self, lua):
        table = lua.eval("{print, io.stdout, coroutine.create(function() end)}")
        assert package.to_python(table) == list(table.values())
        assert package.to_python(table[1]) == table[1]

    def test_python_objects_stay_themselves(self, lua):
        inner = [1, 2]
        assert package.to_python(lua.table(inner))[0] is inner

    def test_cycles_stay_cycles(self, data):
        result = data("(function() local t = {1} t[2] = t t[3] = {back = t} return t end)()")
        assert result[1] is result
        assert result[2]["back"] is result

    def test_shared_tables_stay_shared(self, data):
        result = data("(function() local s = {} return {a = s, b = {s}} end)()")
        assert result["a"] is result["b"][0]

    def test_tables_as_keys_stay_tables(self, lua):
        table = lua.eval("(function() local k = {} return {[k] = k} end)()")
        [(key, value)] = package.to_python(table).items()
        assert key == next(iter(table)) and value == {}

    def test_a_key_without_a_hash(self, lua):
        with pytest.raises(TypeError, match="unhashable"):
            package.to_python(lua.eval("function(o) return {[o] = 1} end")([]))

    def test_bytes_runtimes(self, new_runtime):
        assert package.to_python(new_runtime(encoding=None).eval("{x = 'y'}")) == {b"x": b"y"}

    def test_a_string_that_cannot_be_decoded(self, data):
        assert data("{['\\255'] = 1}") == {b"\xff": 1}
        with pytest.raises(UnicodeDecodeError):
            data("{'\\255'}")

    def test_metamethods_are_not_asked(self, lua):
        table = lua.eval(f"setmetatable({{1, 2, x = 3}}, {HOSTILE})")
        assert package.to_python(table) == {1: 1, 2: 2, "x": 3}

    def test_the_depth_is_bounded(self, lua):
        nested = lua.eval(NESTED)
        assert package.to_python(nested(200)) is not None
        with pytest.raises(ValueError, match=r"^expected tables that are nested at most 200 deep"):
            package.to_python(nested(201))
        with pytest.raises(ValueError, match="at most 2 deep"):
            package.to_python(nested(3), max_depth=2)

    def test_the_conversion_itself_is_not_recursive(self, lua):
        depth = 20 * sys.getrecursionlimit()
        result = package.to_python(lua.eval(NESTED)(depth), max_depth=depth)
        for _ in range(depth - 1):
            [result] = result
        assert result == {}

    def test_a_table_that_another_thread_changes_is_read_at_one_moment(self, lua):
        fill = lua.eval("function(t, v) for i = 1, 300 do t['k' .. i] = v end end")
        clear = lua.eval("function(t) for k in pairs(t) do t[k] = nil end end")
        table, done = lua.table(), threading.Event()

        def change():
            for number in range(200):
                fill(table, number)
                clear(table)
            done.set()

        thread = threading.Thread(target=change)
        thread.start()
        try:
            while not done.is_set():
                result = package.to_python(table)
                assert len(result) in (0, 300)
                assert len(set(result.values())) <= 1
        finally:
            thread.join()

    @pytest.mark.usefixtures("all_runtimes")
    def test_tables_of_another_runtime(self, lua, new_runtime):
        other = package.lua53.LuaRuntime() if new_runtime is not package.lua53.LuaRuntime else package.lua54.LuaRuntime()
        assert package.to_python(lua.table(other.eval("{1, {2}}"))) == [[1, [2]]]


class TestRoundTrip:
    @pytest.mark.parametrize("value", [
        [1, 2.5, "x", True], {"a": [1, {"b": [2]}], "c": {"d": "e"}}, {1: "a", 3: "c"}, {0: "z", 1: "a"},
        {"x": {1.5: {-1: [False]}}}, [{"n": n} for n in range(50)],
    ], ids=str)  # fmt: skip
    def test_python_data_comes_back(self, lua, value):
        assert package.to_python(lua.table_from(value, recursive=True)) == value

    def test_cycles_and_shared_containers_come_back(self, lua):
        value = {"shared": [1], "more": {}}
        value["again"] = value["shared"]
        value["more"]["self"] = value
        result = package.to_python(lua.table_from(value, recursive=True))
        assert result["more"]["self"] is result
        assert result["again"] is result["shared"] and result["shared"] == [1]

    def test_tables_come_back(self, lua):
        table = lua.eval("{1, {2, x = {}}, [7] = 'seven', f = print}")
        again = lua.table_from(package.to_python(table), recursive=True)
        assert package.describe(again) == package.describe(table)


class TestDescribe:
    def test_contents_are_shown(self, lua):
        assert package.describe(lua.eval("{1, 'two', x = {y = print}}")).startswith('{1, "two", x = {y = <Lua function at ')

    def test_repr_stays(self, lua):
        assert repr(lua.table(1)).startswith("<Lua table at 0x")

    def test_a_cycle(self, lua):
        table = lua.table()
        table.self = table
        assert package.describe(table) == "<1>{self = <table 1>}"

    def test_depth_entries_and_characters_are_bounded(self, lua):
        assert package.describe(lua.eval("{{{{}}}}"), depth=2) == "{{{...}}}"
        assert package.describe(lua.table(*range(9)), entries=2) == "{0, 1, ... 7 more}"
        assert package.describe(lua.table("x" * 9), characters=3) == '{"xxx"... (6 more characters)}'
        assert len(package.describe(lua.table_from([[n] * 100 for n in range(100)], recursive=True))) < 5000

    def test_a_deep_structure(self, lua):
        assert package.describe(lua.eval(NESTED)(100_000), depth=100).count("{") == 101
        with pytest.raises(ValueError, match="expected a depth from 0 to 100, not 101"):
            package.describe(lua.table(), depth=101)

    def test_what_is_no_text_is_bytes(self, lua):
        assert package.describe(lua.eval("{'\\255', ['\\254'] = '\\253'}")) == r'{"\255", ["\254"] = "\253"}'

    def test_lines_are_broken(self, lua):
        assert package.describe(lua.table(10, 20), width=5) == "{\n  10,\n  20\n}"

    def test_metamethods_are_not_asked(self, lua):
        table = lua.eval(f"{{setmetatable({{1, 2, x = 3}}, {HOSTILE})}}")
        assert package.describe(table) == "{{1, 2, x = 3}}"

    @pytest.mark.parametrize("value, text", [(None, "nil"), (True, "true"), ("a", '"a"'), (1.5, "1.5")], ids=repr)
    def test_other_values(self, value, text):
        assert package.describe(value) == text


class TestIdentity:
    @pytest.mark.parametrize("code", ["{}", "print", "function() end", "io.stdout", "coroutine.create(function() end)"])
    def test_wrappers_of_one_object_are_equal(self, lua, code):
        first, same = lua.eval(f"(function() local o = {code} return o, o end)()")
        assert first == same and not first != same
        assert hash(first) == hash(same)
        assert {first: 1}[same] == 1

    def test_wrappers_of_different_objects_are_not(self, lua):
        assert lua.table() != lua.table()
        assert len({lua.table(), lua.table(), lua.eval("print")}) == 3

    def test_anything_else_is_not_equal(self, lua, new_runtime):
        assert lua.table() != {} and lua.table() != 1
        assert lua.globals() != new_runtime().globals()
        assert lua.table().__eq__({}) is NotImplemented

    def test_they_have_no_order(self, lua):
        with pytest.raises(TypeError, match="not supported between"):
            lua.table() < lua.table()  # noqa: B015

    def test_eq_is_not_asked(self, lua):
        make = lua.eval(f"function() return setmetatable({{}}, {HOSTILE}) end")
        assert make() != make()

    def test_null_is_equal_to_itself_only(self, lua, flavour):
        if not flavour.is_luajit:
            pytest.skip("only the FFI has null pointers")
        cdata = lua.eval("require('ffi').new('int[1]')")
        assert cdata == cdata and cdata != lua.eval("require('ffi').new('int[1]')")


class TestCopies:
    def test_copy(self, lua):
        table = lua.eval("{1, {2}, f = print, none = python.none}")
        result = copy.copy(table)
        assert result != table and type(result) is type(table)
        assert dict(result) == dict(table)
        assert result[2] == table[2]

    def test_copies_are_of_the_same_runtime(self, lua):
        lua.globals().copies = lua.table(copy.copy(lua.table(1)), copy.deepcopy(lua.table(1)))
        assert lua.eval("copies[1][1] + copies[2][1]") == 2

    def test_deepcopy(self, lua):
        table = lua.eval("(function() local s = {3} local t = {1, a = s, b = s, [s] = 2} t.self = t return t end)()")
        result = copy.deepcopy(table)
        assert result.self == result != table
        assert result.a == result.b != table.a
        assert result[result.a] == 2 and result[table.a] is None
        assert package.describe(result.a) == "{3}"

    def test_deepcopy_copies_python_objects(self, lua):
        inner, function = [1], len
        table = lua.table(inner, function, "text")
        result = copy.deepcopy([table, table, inner])
        assert result[0] == result[1] != table
        assert result[0][1] is result[2] is not inner
        assert result[0][2] is function

    def test_deepcopy_of_a_deep_structure(self, lua):
        result = copy.deepcopy(lua.eval(NESTED)(20_000))
        assert lua.eval("function(t) local n = 0 while t do n, t = n + 1, t[1] end return n end")(result) == 20_000

    @pytest.mark.parametrize("code, kind", [("print", "function"), ("io.stdout", "userdata"), ("coroutine.create(function() end)", None)])
    def test_deepcopy_of_what_is_no_data(self, lua, code, kind):
        with pytest.raises(TypeError, match="expected tables of plain data to copy, found a Lua " + (kind or "")):
            copy.deepcopy(lua.eval(f"{{x = {{{code}}}}}"))

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickles_are_plain_data(self, lua, protocol):
        table = lua.eval("{1, {x = 'y'}}")
        text = pickle.dumps([table, 2], protocol)
        assert pickle.loads(text) == [[1, {"x": "y"}], 2]
        assert b"lupa" not in text

    def test_pickles_of_cycles(self, lua):
        table = lua.table()
        table.self = table
        result = pickle.loads(pickle.dumps(table))
        assert result["self"] is result

    def test_pickles_of_what_is_no_data(self, lua):
        with pytest.raises(TypeError, match="cannot pickle '.*_LuaFunction' object"):
            pickle.dumps(lua.eval("{print}"))

    @pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda table: pickle.loads(pickle.dumps(table))])
    def test_metamethods_are_not_asked(self, lua, make):
        assert dict(make(lua.eval(f"setmetatable({{1, 2, x = 3}}, {HOSTILE})"))) == {1: 1, 2: 2, "x": 3}


def mapped(content):
    memory = mmap.mmap(-1, len(content))
    memory[:] = content
    return memory


#: Makers of objects that have the buffer protocol.
BUFFERS = [bytes, bytearray, memoryview, lambda content: array.array("b", content), mapped,
           lambda content: memoryview(content[::-1])[::-1]]  # fmt: skip
BUFFER_NAMES = ["bytes", "bytearray", "memoryview", "array", "mmap", "backwards"]


@pytest.mark.parametrize("buffer", BUFFERS, ids=BUFFER_NAMES)
class TestBuffers:
    def test_code(self, lua, buffer):
        assert lua.eval(buffer(b"1 + 1")) == 2
        assert lua.execute(buffer(b"return 1 + 1")) == 2
        assert lua.compile(buffer(b"return 1 + 1"))() == 2

    def test_names_and_modes(self, lua, lupa_module, buffer):
        with pytest.raises(lupa_module.LuaError, match="^here:1:"):
            lua.execute(buffer(b"error('x')"), name=buffer(b"=here"), mode=buffer(b"t"))
        assert lua.require(buffer(b"string")) == lua.globals().string

    def test_encodings(self, new_runtime, buffer):
        lua = new_runtime(encoding=buffer(b"latin-1"), source_encoding=buffer(b"utf-8"))
        assert lua.eval("'\\228'") == "ä"

    def test_as_a_value_only_bytes_are_a_string(self, lua, buffer):
        value = buffer(b"x")
        assert lua.eval("type")(value) == ("string" if type(value) is bytes else "userdata")
        table = lua.table(value)
        assert table[1] == ("x" if type(value) is bytes else value)


class TestNoBuffers:
    def test_one_that_was_released(self, lua):
        view = memoryview(b"1")
        view.release()
        with pytest.raises(ValueError, match="released"):
            lua.eval(view)

    @pytest.mark.parametrize("value", [1, None, [], types.SimpleNamespace()], ids=repr)
    def test_others(self, lua, value):
        with pytest.raises(TypeError, match="Expected string"):
            lua.eval(value)


def test_a_derived_class_may_have_methods_of_its_own(lupa_module):
    class Stubborn(lupa_module.LuaRuntime):
        def table_from(self, *arguments, **options):
            raise AttributeError("not made yet")

    table = Stubborn().eval("{1, {2}}")
    assert package.to_python(table) == [1, [2]]
    assert copy.deepcopy(table)[2][1] == 2
