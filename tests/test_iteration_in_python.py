"""Iterating over Lua tables in Python: the iterator objects of `keys`, `values`, `items`."""

import collections.abc

import pytest

VIEWS = ["keys", "values", "items"]


class TestIteratorObjects:
    @pytest.mark.parametrize("view", VIEWS)
    def test_they_are_their_own_iterators(self, lua, view):
        iterator = getattr(lua.table(1, 2), view)()
        assert iter(iterator) is iterator
        assert isinstance(iterator, collections.abc.Iterator)

    @pytest.mark.parametrize("view", VIEWS)
    def test_they_are_used_up_once(self, lua, view):
        iterator = getattr(lua.table(1, 2), view)()
        assert len(list(iterator)) == 2
        assert list(iterator) == []
        with pytest.raises(StopIteration):
            next(iterator)

    @pytest.mark.parametrize("view", VIEWS)
    def test_each_call_makes_a_new_one(self, lua, view):
        table = lua.table(1, 2)
        assert list(getattr(table, view)()) == list(getattr(table, view)())

    def test_type_and_text(self, lua):
        table = lua.table()
        iterator = table.items()
        assert type(iterator).__name__ == "_LuaIter"
        assert repr(iterator) == f"LuaIter({table!r})"

    def test_the_type_is_final_and_has_no_constructor(self, lua):
        kind = type(lua.table().items())
        with pytest.raises(TypeError):
            kind()
        with pytest.raises(TypeError, match="not an acceptable base type"):
            type("Sub", (kind,), {})

    def test_they_have_no_length(self, lua):
        with pytest.raises(TypeError):
            len(lua.table(1).keys())

    def test_several_at_once_do_not_disturb_each_other(self, lua):
        table = lua.table("a", "b", "c")
        assert list(zip(table.keys(), table.values(), table.items())) == [
            (1, "a", (1, "a")),
            (2, "b", (2, "b")),
            (3, "c", (3, "c")),
        ]

    def test_nested_iteration(self, lua):
        table = lua.table(1, 2, 3)
        assert [(i, j) for i in table for j in table] == [(i, j) for i in (1, 2, 3) for j in (1, 2, 3)]

    def test_an_iterator_keeps_its_table_alive(self, lua, collect):
        iterator = lua.table(1, 2, 3).values()
        collect(lua)
        assert list(iterator) == [1, 2, 3]


class TestDuringIteration:
    def test_values_can_be_changed(self, lua):
        table = lua.table(1, 2, 3, a=4)
        for key, value in table.items():
            table[key] = value * 10
        assert dict(table) == {1: 10, 2: 20, 3: 30, "a": 40}

    def test_visited_keys_can_be_removed(self, lua):
        table = lua.table_from({f"k{i}": i for i in range(50)})
        for key in table:
            table[key] = None
        assert list(table) == []

    def test_other_lua_code_can_run(self, lua):
        table = lua.table(1, 2, 3)
        doubled = [lua.eval("...", value) * 2 for value in table.values()]
        assert doubled == [2, 4, 6]

    def test_an_iteration_can_be_left_and_taken_up(self, lua):
        iterator = iter(lua.table(1, 2, 3))
        for key in iterator:
            break
        lua.gccollect()
        assert [key, *iterator] == [1, 2, 3]


class TestContents:
    def test_the_order_is_that_of_next(self, lua):
        table = lua.eval("{5, 6, x=1, y=2, [1.5]=3, [true]=4}")
        order = lua.eval("function(t) local r = {} for k in next, t do r[#r + 1] = k end return r end")(table)
        assert list(table) == list(order.values())

    def test_values_are_converted(self, lua, lupa_module):
        item = object()
        table = lua.table({}, item, "text", 1.5, False, lua.table())
        values = list(table.values())
        assert values[:5] == [{}, item, "text", 1.5, False]
        assert lupa_module.lua_type(values[5]) == "table"

    def test_false_is_a_value_and_a_key(self, lua):
        assert list(lua.eval("{[false] = false}").items()) == [(False, False)]

    def test_tables_as_keys(self, lua):
        ((key, value),) = lua.eval("{[{x=1}] = {y=2}}").items()
        assert (key.x, value.y) == (1, 2)

    def test_globals_can_be_iterated(self, lua):
        assert {"print", "string", "python"} <= set(lua.globals())

    def test_many_entries(self, lua):
        table = lua.eval("(function() local t = {} for i = 1, 50000 do t[i] = i end return t end)()")
        assert sum(table.values()) == sum(range(50001))


class TestTablesThatLuaChanges:
    """A key that has gone is an error of next(), wherever Lua has removed it."""

    KEYS = {"names": "'key' .. i", "floats": "i + 0.5", "integers": "i * 1000003"}

    @pytest.fixture(params=KEYS)
    def steps(self, lua, request):
        lua.execute(f"""
            t = {{}}
            for i = 1, 100 do t[{self.KEYS[request.param]}] = i end
            function replace_all()
                for key in pairs(t) do t[key] = nil end
                collectgarbage()
                for i = 1, 1000 do t['other' .. i] = i end
                collectgarbage()
            end
        """)
        return iter(lua.globals().t)

    def test_between_two_callbacks(self, lua, lupa_module, steps):
        met = []

        def step():
            try:
                met.append(next(steps))
            except lupa_module.LuaError as error:
                met.append(error)

        lua.eval("function(step) step() step() replace_all() step() step() end")(step)
        assert [isinstance(each, lupa_module.LuaError) for each in met] == [False, False, True, True]
        assert len(list(lua.globals().t)) == 1000

    def test_in_a_coroutine_that_goes_on(self, lua, lupa_module, steps):
        coroutine = lua.eval("function() replace_all() coroutine.yield() replace_all() end").coroutine()
        next(steps)
        next(coroutine)
        with pytest.raises(lupa_module.LuaError):
            next(steps)
        assert len(list(lua.globals().t)) == 1000

    @pytest.mark.parametrize("returns", range(1, 9))
    def test_by_a_hook_when_something_returns(self, lua, lupa_module, steps, returns):
        hook = lua.eval("function() left = left - 1 if left == 0 then debug.sethook() replace_all() end end")
        lua.globals().left = returns + 1
        lua.eval("debug.sethook")(hook, "r")
        try:
            for _ in range(100):
                next(steps)
        except (lupa_module.LuaError, StopIteration):
            pass
        lua.execute("debug.sethook()")
        assert len(list(lua.globals().t)) == (1000 if lua.globals().left <= 0 else 100)
