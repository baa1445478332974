"""Metamethods of Lua that raise, with every kind of error value, under every operation of Python on tables and userdata."""

import gc
import math
import weakref

import pytest

pytestmark = pytest.mark.deviation

#: Error values that are Lua's own, with what says that the right one has come out.
VALUES = {
    # Lua 5.5 has a text for it.
    "nil": ("nil", lambda value: value in (None, "<no error object>")),
    "false": ("false", lambda value: value is False),
    "nan": ("0/0", lambda value: math.isnan(value)),
    "an infinity": ("1/0", lambda value: value == math.inf),
    "an integer": ("7", lambda value: value == 7),
    "text": ("'text'", lambda value: "text" in value),
    "empty text": ("''", lambda value: value.endswith("")),
    "text that is no UTF-8": ("'\\255\\254'", lambda value: value.endswith(b"\xff\xfe")),
    "text with zeros": ("'a\\0b'", lambda value: value.endswith("a\0b")),
    "long text": ("('x'):rep(1e6)", lambda value: value.endswith("x" * 10**6)),
    "a table": ("{code = 42}", lambda value: value.code == 42),
    "a table whose text raises": (
        "setmetatable({code = 42}, {__tostring = function() error('deeper') end})",
        lambda value: value.code == 42,
    ),
    "a table whose text is none": (
        "setmetatable({code = 42}, {__tostring = function() return {} end})",
        lambda value: value.code == 42,
    ),
    "itself": ("it", lambda value: repr(value).startswith("<Lua ")),
    "a function": ("function() return 5 end", lambda value: value() == 5),
    "a coroutine": ("coroutine.wrap(function() coroutine.yield((coroutine.running())) end)()", lambda value: bool(value)),
    "an unstarted coroutine": ("coroutine.create(function() return 5 end)", lambda value: list(value()) == [5]),
    "a file": ("io.stdout", lambda value: str(value).startswith("file (")),
    "a python object": ("python.builtins.len", lambda value: value is len),
    "python.none": ("python.none", lambda value: value is None),
}

#: What Python does, which metamethod answers, and whether it is asked for tables too before Lua 5.2.
OPERATIONS = {
    "reading an item": ("__index", lambda it: it[1]),
    "reading by name": ("__index", lambda it: it["x"]),
    "reading an attribute": ("__index", lambda it: it.x),
    "calling": ("__call", lambda it: it()),
    "calling with text": ("__call", lambda it: it("text")),
    "calling with objects": ("__call", lambda it: it(object(), [1])),
    "asking for text": ("__tostring", lambda it: str(it)),
    "asking for the length": ("__len", lambda it: len(it)),
}
TABLE_OPERATIONS = {
    **OPERATIONS,
    "writing an item": ("__newindex", lambda it: it.__setitem__(1, 2)),
    "writing an object": ("__newindex", lambda it: it.__setitem__("x", object())),
    "writing an attribute": ("__newindex", lambda it: setattr(it, "x", 2)),
    "deleting an item": ("__newindex", lambda it: it.__delitem__("x")),
    "deleting an attribute": ("__newindex", lambda it: it.__delattr__("x")),
}
MAKE = {
    "a table": "it = setmetatable({}, metatable)",
    "userdata": "it = io.stderr debug.setmetatable(it, metatable)",
}
CASES = [("a table", name) for name in TABLE_OPERATIONS] + [("userdata", name) for name in OPERATIONS]


@pytest.fixture
def raising(lua, lua_version):
    """A table or userdata whose metamethods raise what the global `problem()` returns."""

    def raising(kind, operation):
        if kind == "a table" and operation == "asking for the length" and lua_version == (5, 1):
            pytest.skip("Lua 5.1 does not ask tables for __len")
        lua.execute("""
            local function raise() error(problem(), 0) end
            metatable = {}
            for _, event in ipairs{'__index', '__newindex', '__call', '__tostring', '__len', '__eq', '__concat', '__unm'} do
                metatable[event] = raise
            end
        """)
        lua.execute(MAKE[kind])
        return lua.globals().it, TABLE_OPERATIONS[operation][1]

    return raising


@pytest.mark.parametrize("kind, operation", CASES)
class TestErrorValues:
    @pytest.mark.parametrize("value", VALUES)
    def test_values_of_lua_come_out(self, lua, lupa_module, raising, kind, operation, value):
        it, attempt = raising(kind, operation)
        source, is_right = VALUES[value]
        lua.execute(f"function problem() return {source} end")
        for _ in range(2):
            with pytest.raises(lupa_module.LuaError) as caught:
                attempt(it)
            assert is_right(caught.value.value)
            assert isinstance(str(caught.value), str)
        assert lua.eval("1 + 1") == 2

    def test_exceptions_come_out_as_they_are(self, lua, raising, kind, operation):
        it, attempt = raising(kind, operation)
        problem = ZeroDivisionError("own")
        lua.globals().problem = lambda: problem
        with pytest.raises(ZeroDivisionError) as caught:
            attempt(it)
        assert caught.value is problem

    def test_exceptions_that_were_raised_inside(self, lua, raising, kind, operation):
        it, attempt = raising(kind, operation)
        lua.globals().problem = lambda: 1 // 0
        with pytest.raises(ZeroDivisionError):
            attempt(it)

    def test_exceptions_and_objects_of_another_runtime(self, lua, new_runtime, lupa_module, raising, kind, operation):
        it, attempt = raising(kind, operation)
        other = new_runtime()
        table = other.table(5)
        lua.globals().problem = lambda: lupa_module.as_attrgetter(table)
        with pytest.raises(lupa_module.LuaError, match="different Lua runtimes|userdata|Lua table"):
            attempt(it)
        with pytest.raises(lupa_module.LuaError) as foreign:
            other.execute("error({code = 42})")
        lua.globals().problem = lambda: foreign.value
        with pytest.raises(lupa_module.LuaError) as caught:
            attempt(it)
        assert caught.value is foreign.value
        assert caught.value.value.code == 42
        assert lua.eval("1 + 1") == 2

    def test_a_deleted_object_is_a_reference_error(self, lua, raising, kind, operation):
        it, attempt = raising(kind, operation)
        lua.globals().object = object()
        lua.execute("debug.getmetatable(object).__gc(object) function problem() return object end")
        for _ in range(3):
            with pytest.raises(ReferenceError, match="deleted python object"):
                attempt(it)
        assert lua.eval("1 + 1") == 2

    def test_a_finalizer_that_takes_the_object_back_while_it_is_raised(self, lua, raising, kind, operation):
        """The box is finalized after `error` was called with it, by the handler that `xpcall` runs."""
        it, attempt = raising(kind, operation)
        lua.globals().object = ValueError("own")
        lua.execute("function problem() return object end")
        lua.globals().attempt = lambda: attempt(it)
        finalize = lua.eval("function() debug.getmetatable(object).__gc(object) end")
        with pytest.raises((ValueError, ReferenceError)):
            lua.eval("function(finalize) local ok, e = xpcall(attempt, function(e) finalize() return e end) error(e, 0) end")(finalize)
        assert lua.eval("1 + 1") == 2

    def test_nothing_is_kept(self, lua, lupa_module, raising, kind, operation):
        it, attempt = raising(kind, operation)

        class Problem(Exception):
            pass

        alive = []

        def problem():
            alive.append(weakref.ref(made := Problem()))
            return made

        lua.globals().problem = problem
        for _ in range(5):
            with pytest.raises(Problem):
                attempt(it)
        lua.gccollect()
        lua.gccollect()
        gc.collect()
        assert sum(reference() is not None for reference in alive) <= 1
