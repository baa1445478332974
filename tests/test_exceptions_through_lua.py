"""Python exceptions that cross Lua: the same object comes out, Lua can catch and rethrow it."""

import sys
import traceback

import pytest


class Problem(Exception):
    pass


@pytest.fixture
def call(lua):
    return lua.eval("function(f, ...) local result = f(...) return result end")


def raiser(problem):
    def raise_it(*args):
        raise problem

    return raise_it


class TestComingOut:
    @pytest.mark.parametrize(
        "problem",
        [
            Problem("x"), KeyError("k"), ZeroDivisionError("z"), StopIteration(1), OSError(2, "no file"),
            UnicodeDecodeError("utf-8", b"", 0, 1, "r"), MemoryError("m"), RecursionError("r"), SystemExit(3),
            KeyboardInterrupt(), GeneratorExit(), BaseException("b"),
        ],
        ids=lambda problem: type(problem).__name__,
    )  # fmt: skip
    def test_it_is_the_same_object(self, call, problem):
        with pytest.raises(type(problem)) as caught:
            call(raiser(problem))
        assert caught.value is problem

    def test_the_traceback_leads_to_the_callback(self, call):
        with pytest.raises(Problem) as caught:
            call(raiser(Problem()))
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert names[0] == "test_the_traceback_leads_to_the_callback"
        assert names[-1] == "raise_it"

    def test_from_every_kind_of_access(self, lua):
        class Broken:
            def __getattr__(self, name):
                if name == "__getitem__":
                    raise AttributeError(name)
                raise Problem("get")

            def __setattr__(self, name, value):
                raise Problem("set")

            def __str__(self):
                raise Problem("str")

            def __call__(self):
                raise Problem("call")

            def __iter__(self):
                raise Problem("iter")

        for code, message in [
            ("local x = o.x", "get"), ("o.x = 1", "set"), ("tostring(o)", "str"), ("o()", "call"),
            ("for v in python.iter(o) do end", "iter"), ("for v in python.iterex(o) do end", "iter"),
            ("for v in python.enumerate(o) do end", "iter"),
        ]:  # fmt: skip
            with pytest.raises(Problem, match=message):
                lua.eval(f"function(o) {code} end")(Broken())

    def test_from_every_kind_of_entrance(self, lua):
        lua.globals().fail = raiser(Problem("out"))
        table = lua.eval("setmetatable({}, {__index = function() fail() end, __newindex = function() fail() end, __call = function() fail() end})")
        entrances = [
            lambda: lua.execute("fail()"),
            lambda: lua.eval("fail()"),
            lambda: lua.compile("fail()")(),
            lambda: lua.eval("function() fail() end")(),
            lambda: table.x,
            lambda: table["x"],
            lambda: table(),
            lambda: lua.require("failing"),
        ]
        lua.execute("package.preload.failing = function() fail() end")
        for entrance in entrances:
            with pytest.raises(Problem, match="out"):
                entrance()

    def test_through_many_levels(self, lua):
        step = lua.eval("function(f, n) return f(n) end")

        def down(n):
            if n == 0:
                raise Problem("bottom")
            return step(down, n - 1)

        with pytest.raises(Problem, match="bottom"):
            down(20)
        assert lua.eval("1 + 1") == 2

    def test_through_library_functions(self, lua):
        lua.globals().fail = raiser(Problem("inside"))
        for code in (
            "table.sort({3, 2, 1}, function(a, b) fail() end)",
            "string.gsub('abc', '.', function(c) fail() end)",
            "coroutine.wrap(function() fail() end)()",
        ):
            with pytest.raises(Problem, match="inside"):
                lua.execute(code)

    def test_cause_and_context_are_kept(self, call):
        def fail():
            try:
                raise KeyError("first")
            except KeyError as first:
                raise Problem("second") from first

        with pytest.raises(Problem) as caught:
            call(fail)
        assert isinstance(caught.value.__cause__, KeyError)

    def test_a_lua_error_passes_through_a_callback(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="inner"):
            lua.eval("function(f) f() end")(lambda: lua.execute("error('inner')"))


class TestInLua:
    def test_pcall_gives_the_exception(self, lua):
        problem = Problem("x")
        assert lua.eval("function(f) return pcall(f) end")(raiser(problem)) == (False, problem)

    def test_it_is_a_python_object(self, lua):
        code = "function(f) local ok, e = pcall(f) return type(e), tostring(e), e.args end"
        assert lua.eval(code)(raiser(Problem("text"))) == ("userdata", "text", ("text",))

    def test_xpcall_hands_it_to_the_handler(self, lua):
        problem = Problem("x")
        seen = []
        code = "function(f, note) return xpcall(f, function(e) note(e) return 'handled' end) end"
        assert lua.eval(code)(raiser(problem), seen.append) == (False, "handled")
        assert seen == [problem]

    def test_it_can_be_rethrown(self, lua):
        problem = Problem("x")
        with pytest.raises(Problem) as caught:
            lua.eval("function(f) local ok, e = pcall(f) error(e) end")(raiser(problem))
        assert caught.value is problem

    def test_rethrown_with_level_zero_or_by_assert(self, lua):
        for code in ("error(e, 0)", "error(e, 2)"):
            with pytest.raises(Problem):
                lua.eval("function(f) local ok, e = pcall(f) %s end" % code)(raiser(Problem()))

    def test_turned_into_a_lua_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="new: text") as caught:
            lua.eval("function(f) local ok, e = pcall(f) error('new: ' .. tostring(e)) end")(raiser(Problem("text")))
        assert not isinstance(caught.value, Problem)

    def test_a_caught_one_leaves_no_trace(self, lua, lupa_module):
        code = "function(f) pcall(f) return 'fine' end"
        assert lua.eval(code)(raiser(Problem())) == "fine"
        with pytest.raises(lupa_module.LuaError, match="own"):
            lua.eval("function(f) pcall(f) error('own') end")(raiser(Problem()))

    def test_two_caught_ones_are_told_apart(self, lua):
        first, second = Problem("first"), Problem("second")
        code = "function(f, g) local _, a = pcall(f) local _, b = pcall(g) return a, b, a == b end"
        assert lua.eval(code)(raiser(first), raiser(second)) == (first, second, False)

    def test_the_next_call_is_not_affected(self, lua, call):
        with pytest.raises(Problem):
            call(raiser(Problem()))
        assert call(lambda: "fine") == "fine"

    def test_many_times(self, lua):
        code = "function(f) local n = 0 for i = 1, 1000 do if not pcall(f) then n = n + 1 end end return n end"
        assert lua.eval(code)(raiser(Problem())) == 1000

    def test_exceptions_of_keyboard_interrupts_reach_pcall(self, lua):
        ok, problem = lua.eval("function(f) return pcall(f) end")(raiser(KeyboardInterrupt()))
        assert (ok, type(problem)) == (False, KeyboardInterrupt)


@pytest.mark.deviation
class TestIdentity:
    """The error value is the exception: whichever exception leaves Lua, it is that one."""

    def test_the_first_of_two_caught_ones_is_rethrown(self, lua):
        first, second = Problem("first"), Problem("second")
        code = "function(f, g) local _, a = pcall(f) pcall(g) error(a) end"
        with pytest.raises(Problem) as caught:
            lua.eval(code)(raiser(first), raiser(second))
        assert caught.value is first

    def test_an_exception_made_in_python_but_raised_by_lua(self, lua):
        problem = KeyError("k")
        with pytest.raises(KeyError) as caught:
            lua.eval("function(e) error(e) end")(problem)
        assert caught.value is problem

    def test_an_exception_kept_for_later(self, lua):
        problem = Problem("kept")
        lua.eval("function(f) local _, e = pcall(f) kept = e end")(raiser(problem))
        for _ in range(2):
            with pytest.raises(Problem) as caught:
                lua.execute("error(kept)")
            assert caught.value is problem

    def test_an_exception_of_one_runtime_through_another(self, lua, new_runtime):
        problem = Problem("far")
        other = new_runtime()
        inner = other.eval("function(f) f() end")
        with pytest.raises(Problem) as caught:
            lua.eval("function(g) g() end")(lambda: inner(raiser(problem)))
        assert caught.value is problem

    def test_a_lua_error_keeps_its_identity(self, lua, lupa_module):
        errors = []

        def callback():
            try:
                lua.execute("error({code = 1})")
            except lupa_module.LuaError as error:
                errors.append(error)
                raise

        with pytest.raises(lupa_module.LuaError) as caught:
            lua.eval("function(f) f() end")(callback)
        assert caught.value is errors[0]
        assert caught.value.value.code == 1

    def test_in_wrapped_coroutines(self, lua):
        problem = Problem("wrapped")
        with pytest.raises(Problem) as caught:
            lua.eval("function(f) coroutine.wrap(function() f() end)() end")(raiser(problem))
        assert caught.value is problem

    def test_resume_gives_it_to_lua(self, lua):
        problem = Problem("resumed")
        code = "function(f) return coroutine.resume(coroutine.create(function() f() end)) end"
        assert lua.eval(code)(raiser(problem)) == (False, problem)


def fail():
    raise KeyError("from Python")


class TestLuaTraceback:
    """A Python exception that leaves Lua says where it was in Lua."""

    CHUNK = "function inner(f) local x = f() return x end\nfunction outer(f)\n  local x = inner(f)\n  return x\nend"

    def caught(self, call, *arguments, type=KeyError):
        with pytest.raises(type) as caught:
            call(*arguments)
        return caught.value

    @pytest.fixture
    def outer(self, lua):
        lua.execute(self.CHUNK, name="=script")
        return lua.globals().outer

    @pytest.mark.deviation
    def test_it_is_an_attribute(self, outer):
        lines = self.caught(outer, fail).lua_traceback.splitlines()
        assert lines[0] == "stack traceback:"
        assert [line.split(":")[1] for line in lines if line.startswith("\tscript:")] == ["3", "1"]

    @pytest.mark.deviation
    def test_the_text_of_the_exception_is_as_before(self, outer):
        error = self.caught(outer, fail)
        assert error.args == ("from Python",)
        assert not hasattr(error, "__notes__")

    @pytest.mark.deviation
    def test_it_is_a_note_on_demand(self, new_runtime):
        lua = new_runtime(traceback_notes=True)
        lua.execute(self.CHUNK, name="=script")
        error = self.caught(lua.globals().outer, fail)
        assert error.__notes__ == ["Lua " + error.lua_traceback]
        if sys.version_info >= (3, 11):
            assert "Lua stack traceback:" in "".join(traceback.format_exception(error))

    @pytest.mark.deviation
    def test_notes_that_are_there_stay(self, new_runtime):
        error = KeyError()
        error.__notes__ = ["mine"]
        lua = new_runtime(traceback_notes=True)

        def raise_it():
            raise error

        assert self.caught(lua.eval("function(f) f() end"), raise_it) is error
        assert error.__notes__ == ["mine", "Lua " + error.lua_traceback]

    @pytest.mark.deviation
    def test_nested_calls_keep_the_innermost(self, lua, outer):
        call = lua.eval("function(f) f() end")
        error = self.caught(call, lambda: outer(fail))
        assert "script:1:" in error.lua_traceback
        assert error.lua_traceback.count("stack traceback:") == 1

    @pytest.mark.deviation
    def test_errors_of_lua_keep_their_own(self, lua, lupa_module):
        inner = lua.eval("function() error('wrong') end")
        error = self.caught(lua.eval("function(f) f() end"), inner, type=lupa_module.LuaError)
        first = error.traceback
        error = self.caught(lua.eval("function(f) f() end"), lambda: inner(), type=lupa_module.LuaError)
        assert "error" in first and "error" in error.traceback
        assert not hasattr(error, "lua_traceback")

    @pytest.mark.deviation
    def test_in_coroutines(self, lua, lupa_module):
        lua.execute("function fails(f)\n coroutine.yield(1)\n local x = f()\n return x\nend", name="=script")
        coroutine = lua.globals().fails.coroutine(fail)
        assert next(coroutine) == 1
        assert "script:3:" in self.caught(next, coroutine).lua_traceback
        wrong = lua.eval("function()\n error('wrong') end", name="=wrong").coroutine()
        error = self.caught(next, wrong, type=lupa_module.LuaError)
        assert "wrong:2:" in error.traceback
        assert str(error) == "wrong:2: wrong"

    @pytest.mark.deviation
    def test_that_of_another_exception_is_not_taken(self, lua, lua_version):
        if lua_version < (5, 4):
            pytest.skip("to-be-closed variables came with Lua 5.4")
        coroutine = lua.eval("""
            function(first, second)
                local function where_the_first_was()
                    local x <close> = setmetatable({}, {__close = function() second() end})
                    local y = first()
                    return y
                end
                local z = where_the_first_was()
                return z
            end
        """).coroutine(fail, lambda: 1 // 0)
        problem = self.caught(next, coroutine, type=ZeroDivisionError)
        assert "where_the_first_was" not in getattr(problem, "lua_traceback", "")

    @pytest.mark.deviation
    def test_no_code_of_the_exception_runs(self, outer):
        class Hostile(Exception):
            def __setattr__(self, name, value):
                raise SystemExit

            __getattribute__ = __setattr__

        def raise_it():
            raise Hostile

        error = self.caught(outer, raise_it, type=Hostile)
        assert "script:3:" in object.__getattribute__(error, "__dict__")["lua_traceback"]

    @pytest.mark.deviation
    @pytest.mark.parametrize("change", ["debug = nil", "debug.traceback = error", "debug.traceback = nil"])
    def test_scripts_have_no_part_in_it(self, lua, outer, change):
        lua.execute(change)
        assert "script:3:" in self.caught(outer, fail).lua_traceback

    @pytest.mark.deviation
    def test_it_is_bounded(self, lua):
        deep = lua.eval("function(f) local function deep(n) if n > 0 then deep(n - 1) end f() end deep(100) end")
        lines = self.caught(deep, fail).lua_traceback.splitlines()
        assert (len(lines), lines[1]) == (22, "\t...")
