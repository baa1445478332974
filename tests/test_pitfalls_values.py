"""Lengths, keys, iteration, exceptions: where lupa 2.8 gives a wrong value or loses one."""

import gc
import weakref

import pytest

pytestmark = pytest.mark.deviation


class TestLength:
    """`len(x)` is what `#x` gives."""

    def test_the_metamethod_counts_where_lua_lets_it(self, lua, lua_version, other_lua):
        if other_lua == "5.2-luajit":
            pytest.skip("the headers do not say that Lua lets it")
        table = lua.eval("setmetatable({1, 2}, {__len = function() return 10 end})")
        assert len(table) == lua.eval("function(t) return #t end")(table) == (10 if lua_version >= (5, 2) else 2)

    def test_of_plain_tables(self, lua):
        for code in ("{}", "{1, 2, 3}", "{a = 1}", "{1, 2, a = 1}"):
            table = lua.eval(code)
            assert len(table) == lua.eval("function(t) return #t end")(table)

    def test_of_functions_and_threads_it_is_zero(self, lua):
        assert len(lua.eval("print")) == len(lua.eval("function() end")) == 0
        assert len(lua.eval("function() end").coroutine()) == 0

    def test_an_error_in_the_metamethod_comes_out(self, lua, lupa_module, lua_version):
        if lua_version < (5, 2):
            pytest.skip("in Lua 5.1 the length of a table has no metamethod")
        with pytest.raises(lupa_module.LuaError, match="no length"):
            len(lua.eval("setmetatable({}, {__len = function() error('no length') end})"))

    @pytest.mark.parametrize("result", ["'text'", "{}", "nil", "-1", "1.5", "2^70", "0/0", "python.none"])
    def test_a_senseless_result_is_an_error(self, lua, lupa_module, lua_version, result):
        if lua_version < (5, 2):
            pytest.skip("in Lua 5.1 the length of a table has no metamethod")
        table = lua.eval("setmetatable({}, {__len = function() return %s end})" % result)
        with pytest.raises((lupa_module.LuaError, TypeError, ValueError, OverflowError)):
            len(table)

    def test_an_exception_of_python_comes_out(self, lua, lua_version):
        if lua_version < (5, 2):
            pytest.skip("in Lua 5.1 the length of a table has no metamethod")
        make = lua.eval("function(f) return setmetatable({}, {__len = function() f() end}) end")
        with pytest.raises(ZeroDivisionError):
            len(make(lambda: 1 / 0))


class TestKeys:
    def test_an_undecodable_key_arrives_as_bytes(self, lua):
        table = lua.eval(r"{['\255'] = 1, x = 2}")
        assert set(table) == {b"\xff", "x"}
        assert dict(table.items()) == {b"\xff": 1, "x": 2}
        assert table[b"\xff"] == 1

    def test_it_can_be_deleted_by_that_name(self, lua):
        table = lua.eval(r"{['\255'] = 1, x = 2}")
        for key in list(table):
            del table[key]
        assert list(table) == []

    def test_in_does_not_fail_either(self, lua):
        table = lua.eval(r"{['\255'] = 1, x = 2}")
        assert "x" in table
        assert b"\xff" in table
        assert "y" not in table


class TestIterex:
    def test_an_empty_tuple_does_not_end_the_loop(self, lua):
        code = """
            function(items)
                local seen = {}
                for a, b in python.iterex(items) do seen[#seen + 1] = {a == python.none, b == nil} end
                return seen
            end
        """
        seen = lua.eval(code)([(1, 2), (), (3,), None])
        assert [tuple(row.values()) for row in seen.values()] == [(False, False), (True, True), (False, True), (True, True)]

    @pytest.mark.parametrize("function", ["iter", "iterex"])
    def test_nor_with_unpacked_tuples(self, new_runtime, function):
        lua = new_runtime(unpack_returned_tuples=True)
        count = lua.eval("function(items) local n = 0 for a in python.%s(items) do n = n + 1 end return n end" % function)
        assert count([(1,), (), (2,), (), ()]) == 5


class TestNogc:
    @pytest.fixture
    def garbage_stays(self, lua, collector_stops):
        """Whether garbage stays where it is."""

        def garbage_stays():
            return lua.eval("""
                (function()
                    local before = collectgarbage('count')
                    for i = 1, 20000 do last = {i} end
                    return collectgarbage('count') - before > 500
                end)()
            """)

        return garbage_stays

    def test_an_inner_block_does_not_switch_the_collector_on(self, lua, garbage_stays):
        with lua.nogc():
            with lua.nogc():
                assert garbage_stays()
            assert garbage_stays()
            with lua.nogc():
                with lua.nogc():
                    pass
            assert garbage_stays()
        lua.gccollect()
        assert not garbage_stays()

    def test_blocks_in_two_runtimes_are_independent(self, lua, new_runtime, garbage_stays):
        other = new_runtime()
        with lua.nogc():
            with other.nogc():
                pass
            assert garbage_stays()

    def test_leaving_without_entering_does_no_harm(self, lua, garbage_stays):
        try:
            lua.nogc().__exit__(None, None, None)
        except RuntimeError:
            pass
        lua.gccollect()
        assert not garbage_stays()
        with lua.nogc():
            assert garbage_stays()

    def test_what_a_script_set_itself_is_kept_or_restored(self, lua):
        lua.execute("collectgarbage('stop')")
        with lua.nogc():
            pass
        lua.execute("collectgarbage('restart')")
        assert lua.eval("1 + 1") == 2


class Problem(Exception):
    pass


def raiser(problem):
    def raise_it(*args):
        raise problem

    return raise_it


class TestExceptions:
    def test_the_exception_that_is_rethrown_comes_out(self, lua):
        first, second = Problem("first"), Problem("second")
        code = "function(f, g) local _, a = pcall(f) local _, b = pcall(g) error(%s) end"
        for name, expected in (("a", first), ("b", second)):
            with pytest.raises(Problem) as caught:
                lua.eval(code % name)(raiser(first), raiser(second))
            assert caught.value is expected

    def test_a_swallowed_exception_dies(self, lua, collect):
        problem = Problem("swallowed")
        alive = weakref.ref(problem)
        lua.eval("function(f) pcall(f) end")(raiser(problem))
        del problem
        collect(lua)
        assert alive() is None

    def test_an_exception_that_came_out_dies(self, lua, collect):
        def run():
            problem = Problem("out")
            try:
                lua.eval("function(f) f() end")(raiser(problem))
            except Problem:
                pass
            return weakref.ref(problem)

        alive = run()
        collect(lua)
        assert alive() is None

    def test_frames_of_a_swallowed_exception_are_released(self, lua, collect):
        class Local:
            pass

        def fail():
            local = Local()
            references.append(weakref.ref(local))
            raise Problem

        references = []
        lua.eval("function(f) for i = 1, 10 do pcall(f) end end")(fail)
        collect(lua)
        assert [reference() for reference in references] == [None] * 10

    def test_an_old_exception_does_not_replace_a_new_lua_error(self, lua, lupa_module):
        with pytest.raises(lupa_module.LuaError, match="later"):
            lua.eval("function(f) pcall(f) local t = nil; error('later') end")(raiser(Problem()))
        with pytest.raises(lupa_module.LuaSyntaxError):
            lua.eval("function(f) pcall(f) end")(raiser(Problem()))
            lua.execute("x = = 1")

    def test_error_objects_survive_every_way_out(self, lua, lupa_module):
        lua.execute("thrown = {code = 42}; function fail() error(thrown) end")
        ways = [
            lambda: lua.execute("error(thrown)"),
            lambda: lua.globals().fail(),
            lambda: lua.eval("setmetatable({}, {__index = function() fail() end})").x,
            lambda: lua.eval("setmetatable({}, {__index = function() fail() end})")["x"],
            lambda: setattr(lua.eval("setmetatable({}, {__newindex = function() fail() end})"), "x", 1),
            lambda: next(lua.globals().fail.coroutine()),
            lambda: lua.eval("function(f) f() end")(lua.globals().fail),
            lambda: lua.eval("function(f) f() end")(lambda: lua.globals().fail()),
            lambda: str(lua.eval("setmetatable({}, {__tostring = function() fail() end})")),
        ]
        for way in ways:
            with pytest.raises(lupa_module.LuaError) as caught:
                way()
            assert caught.value.value.code == 42

    def test_memory_errors_are_told_by_status_not_by_text(self, lua, lupa_module, lua_version):
        texts = ["it was not enough memory", "not enough memory!"]
        if lua_version < (5, 4):  # later, the very text is a memory error to Lua itself
            texts.append("not enough memory")
        for text in texts:
            with pytest.raises(lupa_module.LuaError) as caught:
                lua.execute(f"error('{text}', 0)")
            assert type(caught.value) is lupa_module.LuaError
            with pytest.raises(KeyError):
                lua.eval("function(f) f() end")(raiser(KeyError(text)))

    def test_exceptions_in_coroutines_are_the_very_objects(self, lua):
        for problem in (Problem("x"), KeyboardInterrupt(), SystemExit(1), KeyError("k")):
            with pytest.raises(type(problem)) as caught:
                next(lua.eval("function(f) f() end").coroutine(raiser(problem)))
            assert caught.value is problem
            with pytest.raises(type(problem)) as caught:
                lua.eval("function(f) local c = coroutine.wrap(function() coroutine.wrap(f)() end) c() end")(
                    lua.eval("function(f) return function() f() end end")(raiser(problem))
                )
            assert caught.value is problem

    def test_the_traceback_of_python_is_kept(self, lua):
        with pytest.raises(Problem) as caught:
            next(lua.eval("function(f) f() end").coroutine(raiser(Problem())))
        assert caught.traceback[-1].name == "raise_it"
        gc.collect()

    def test_an_exception_caught_and_raised_again_does_not_pile_up_frames(self, lua):
        problem = Problem("again")
        function = lua.eval("function(f) f() end")
        lengths = []
        for _ in range(5):
            with pytest.raises(Problem) as caught:
                function(lambda: raise_fresh(problem))
            lengths.append(len(caught.traceback))
        assert len(set(lengths)) == 1


def raise_fresh(problem):
    raise problem.with_traceback(None)
