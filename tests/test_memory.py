"""`max_memory` and the counters of a runtime's memory."""

import gc

import pytest

MEGABYTE = 1_000_000


@pytest.fixture
def limited(new_runtime, needs_allocator):
    """A runtime that may take a megabyte on top of its own needs."""
    return new_runtime(max_memory=MEGABYTE)


@pytest.fixture
def counted(new_runtime, needs_allocator):
    return new_runtime(max_memory=0)


class TestWithoutLimit:
    def test_nothing_is_counted_by_default(self, lua):
        for total in (False, True):
            assert lua.get_memory_used(total=total) is None
            assert lua.get_max_memory(total=total) is None

    def test_none_is_the_default(self, new_runtime):
        assert new_runtime(max_memory=None).get_memory_used() is None

    def test_a_limit_cannot_be_set_later(self, lua):
        with pytest.raises(RuntimeError, match="max_memory must be set on LuaRuntime creation"):
            lua.set_max_memory(MEGABYTE)


class TestCounters:
    @pytest.mark.parametrize("unlimited", [0, -1, -(2**40)])
    def test_zero_and_negative_limits_count_only(self, new_runtime, needs_allocator, unlimited):
        lua = new_runtime(max_memory=unlimited)
        assert len(lua.eval("('x'):rep(5000000)")) == 5_000_000
        assert lua.get_memory_used(total=True) > 10_000

    def test_the_total_is_what_lua_says(self, counted):
        total = counted.get_memory_used(total=True)
        assert abs(total - counted.eval("collectgarbage('count') * 1024")) < 5000

    def test_the_base_is_left_out(self, counted):
        used, total = counted.get_memory_used(), counted.get_memory_used(total=True)
        assert 0 <= used < 3000
        assert total - used > 10_000

    def test_allocations_count(self, counted):
        before = counted.get_memory_used()
        counted.execute("kept = ('x'):rep(1000000)")
        assert counted.get_memory_used() - before >= MEGABYTE

    def test_what_is_released_counts_no_more(self, counted):
        counted.gccollect()
        before = counted.get_memory_used(total=True)
        counted.execute("kept = {} for i = 1, 10000 do kept[i] = {} end")
        full = counted.get_memory_used(total=True)
        counted.execute("kept = nil")
        counted.gccollect()
        counted.gccollect()
        assert full > before + 100_000
        assert counted.get_memory_used(total=True) < before + 10_000

    @pytest.mark.deviation
    def test_what_shrinks_and_grows_is_counted_to_the_byte(self, counted, self_checking):
        """Stacks, tables and Lua's table of strings are reallocated both ways."""
        difference = counted.eval("function(total) return collectgarbage('count') * 1024 - total() end")

        def total():
            return counted.get_memory_used(total=True)

        before = difference(total)
        size = 1000 if self_checking else 10_000
        for _ in range(3):
            counted.execute(
                """
                local size = ...
                local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end
                coroutine.wrap(function() deep(size) end)()
                deep(size)
                local t = {}
                for i = 1, 2 * size do t[i] = 'text ' .. i end
                for i = 1, 2 * size do t[i] = nil end
                for i = 1, 100 do t['k' .. i] = i end
                """,
                size,
            )
            counted.gccollect()
            counted.gccollect()
            assert abs(difference(total) - before) < 100

    @pytest.mark.deviation
    def test_less_than_at_the_beginning_does_not_wrap_around(self, counted):
        counted.execute("string, table, io, os, debug, package = nil")
        counted.gccollect()
        assert -100_000 < counted.get_memory_used() < 100_000

    def test_the_arguments_may_be_positional(self, counted):
        assert counted.get_memory_used(True) > counted.get_memory_used(False)
        counted.set_max_memory(2 * MEGABYTE, True)
        assert counted.get_max_memory(True) == 2 * MEGABYTE

    @pytest.mark.deviation
    def test_a_new_runtime_has_used_nothing(self, counted):
        assert counted.get_memory_used() == 0

    @pytest.mark.deviation
    def test_no_limit_is_zero(self, counted):
        assert counted.get_max_memory() == 0
        assert counted.get_max_memory(total=True) == 0


class TestLimit:
    def test_it_is_on_top_of_the_base(self, limited):
        assert limited.get_max_memory() == MEGABYTE
        assert limited.get_max_memory(total=True) > MEGABYTE

    def test_it_can_be_changed(self, limited):
        limited.set_max_memory(5 * MEGABYTE)
        assert limited.get_max_memory() == 5 * MEGABYTE
        assert limited.get_max_memory(total=True) > 5 * MEGABYTE

    def test_it_can_be_set_as_a_total(self, limited):
        limited.set_max_memory(5 * MEGABYTE, total=True)
        assert limited.get_max_memory(total=True) == 5 * MEGABYTE
        assert limited.get_max_memory() < 5 * MEGABYTE

    def test_zero_removes_it(self, limited):
        limited.set_max_memory(0)
        assert limited.get_max_memory(total=True) == 0
        assert len(limited.eval("('x'):rep(5000000)")) == 5_000_000

    @pytest.mark.deviation
    def test_a_negative_one_removes_it(self, limited):
        limited.set_max_memory(-1)
        assert limited.get_max_memory() == 0
        assert len(limited.eval("('x'):rep(5000000)")) == 5_000_000

    @pytest.mark.parametrize("value", ["1", None, [1]], ids=repr)
    def test_it_must_be_a_number(self, limited, value):
        with pytest.raises(TypeError):
            limited.set_max_memory(value)

    def test_the_constructor_wants_a_number(self, new_runtime, needs_allocator):
        with pytest.raises(TypeError):
            new_runtime(max_memory="1000")

    def test_the_method_wants_an_argument(self, limited):
        with pytest.raises(TypeError):
            limited.set_max_memory()

    def test_a_limit_below_the_base_is_allowed(self, new_runtime, lupa_module, needs_allocator):
        lua = new_runtime(max_memory=1)
        with pytest.raises(lupa_module.LuaMemoryError):
            lua.eval("('x'):rep(100000)")

    def test_each_runtime_has_its_own(self, limited, new_runtime, lupa_module):
        other = new_runtime(max_memory=10 * MEGABYTE)
        with pytest.raises(lupa_module.LuaMemoryError):
            limited.eval("('x'):rep(2000000)")
        assert len(other.eval("('x'):rep(2000000)")) == 2_000_000


class TestReachingIt:
    @pytest.fixture
    def limited(self, new_runtime, needs_allocator, self_checking):
        # Time quadratic in the limit, if each allocation collects all garbage.
        return new_runtime(max_memory=MEGABYTE // 8 if self_checking else MEGABYTE)

    CODE = {
        "string": "return ('x'):rep(100000000)",
        "table": "local t = {} for i = 1, 1e7 do t[i] = i end",
        "tables": "local t = {} while true do t = {t} end",
        "concatenation": "local s = 'x' while true do s = s .. s end",
        "closures": "local t = {} while true do t[#t + 1] = function() return t end end",
        "coroutines": "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "python objects": "local t = {} while true do t[#t + 1] = python.builtins.list() end",
    }
    KINDS = pytest.mark.parametrize(
        "kind", [pytest.param(kind, marks=[pytest.mark.deviation] if "python" in kind else []) for kind in CODE]
    )

    @KINDS
    def test_it_is_a_memory_error(self, limited, lupa_module, kind):
        with pytest.raises(lupa_module.LuaMemoryError):
            limited.execute(self.CODE[kind])

    @KINDS
    def test_the_runtime_goes_on(self, limited, lupa_module, kind):
        for _ in range(3):
            with pytest.raises(lupa_module.LuaMemoryError):
                limited.execute(self.CODE[kind])
            limited.gccollect()
            assert limited.eval("1 + 1") == 2

    def test_it_can_be_caught_as_any_of_its_bases(self, limited, lupa_module):
        for base in (lupa_module.LuaMemoryError, lupa_module.LuaError, MemoryError):
            with pytest.raises(base):
                limited.execute(self.CODE["table"])

    def test_lua_can_catch_it(self, limited):
        ok, message = limited.eval("pcall(string.rep, 'x', 100000000)")
        assert ok is False
        assert "not enough memory" in message

    def test_after_raising_the_limit_it_works(self, limited, lupa_module):
        code = "('x'):rep(3000000)"
        with pytest.raises(lupa_module.LuaMemoryError):
            limited.eval(code)
        limited.set_max_memory(20 * MEGABYTE)
        assert len(limited.eval(code)) == 3_000_000

    def test_compiling_too_much(self, limited, lupa_module):
        with pytest.raises(lupa_module.LuaMemoryError):
            limited.compile("x = '" + "a" * 3_000_000 + "'")
        assert limited.eval("1 + 1") == 2

    def test_in_a_function_and_in_a_coroutine(self, limited, lupa_module):
        function = limited.eval("function() return ('x'):rep(100000000) end")
        with pytest.raises(lupa_module.LuaMemoryError):
            function()
        with pytest.raises(lupa_module.LuaMemoryError):
            next(function.coroutine())

    def test_in_a_nested_call(self, limited, lupa_module):
        with pytest.raises(lupa_module.LuaMemoryError):
            limited.eval("function(f) f() end")(lambda: limited.execute(self.CODE["table"]))

    def test_a_rethrown_one_is_still_a_memory_error(self, limited, lupa_module):
        with pytest.raises(lupa_module.LuaMemoryError):
            limited.execute("local ok, e = pcall(string.rep, 'x', 100000000) error(e, 0)")

    @pytest.mark.parametrize("allocation", ["('x'):rep(100000000)", "table.concat({('x'):rep(900000), ('y'):rep(900000)})"])
    @pytest.mark.deviation
    def test_through_coroutines_that_lua_resumes(self, limited, lupa_module, allocation):
        for code in (
            f"coroutine.wrap(function() return {allocation} end)()",
            f"coroutine.wrap(function() coroutine.wrap(function() return {allocation} end)() end)()",
            f"local co = coroutine.create(function() return {allocation} end) error(select(2, coroutine.resume(co)), 0)",
        ):
            with pytest.raises(lupa_module.LuaMemoryError):
                limited.execute(code)
            assert limited.eval("1 + 1") == 2

    def test_a_memory_error_of_python_is_pythons(self, limited):
        problem = MemoryError("mine")

        def fail():
            raise problem

        with pytest.raises(MemoryError) as caught:
            limited.eval("function(f) f() end")(fail)
        assert caught.value is problem


class TestWhatCannotCount:
    def test_luajit_without_gc64_says_so(self, new_runtime, lupa_module, flavour):
        if flavour.has_allocator:
            pytest.skip("this runtime accepts an allocator")
        for arguments in ({"max_memory": 0}, {"max_memory": MEGABYTE}, {"string_hash_seed": 1}):
            with pytest.raises(lupa_module.LuaError, match="this LuaJIT does not accept") as caught:
                new_runtime(**arguments)
            assert not isinstance(caught.value, MemoryError)
        gc.collect()
        assert new_runtime().eval("1 + 1") == 2


@pytest.mark.deviation
class TestLuaJit:
    def test_it_does_not_compile_where_memory_is_counted(self, new_runtime, runtime_name, needs_allocator):
        if runtime_name != "luajit21":
            pytest.skip("only LuaJIT has a compiler, and only 2.1 takes an allocator")
        assert new_runtime(max_memory=10**7).eval("(jit.status())") is False
        assert new_runtime().eval("(jit.status())") is True


def test_variables_of_closures_when_memory_runs_out_at_any_time(new_runtime, needs_allocator, with_many):
    """Lua 5.2 could put a new variable behind one that was freed to make room for it."""
    lua = new_runtime(max_memory=MEGABYTE // 3)
    wrong, right = lua.execute(with_many("""
        pcall(collectgarbage, "setpause", 1000000)
        local function make(value)
            local first, second = value, {}
            local function forgotten() return second end
            forgotten = nil
            return function() return first end
        end
        local function use_the_stack(...) return select("#", ...) end
        local wrong, right = 0, 0
        for i = 1, MANY do
            local made, get = pcall(make, i)
            use_the_stack(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            if not made then collectgarbage() elseif get() == i then right = right + 1 else wrong = wrong + 1 end
        end
        return wrong, right
    """))
    assert wrong == 0
    assert right > 1000
