"""Holes in argument tables, objects of other runtimes, nested structures, self, depth.

In lupa 2.8 these crash, hang, or lose data.
"""

import collections.abc
import math
import random

import pytest

pytestmark = pytest.mark.deviation


def record(*args, **kwargs):
    return [args, kwargs]


class TestHolesInArgumentTables:
    """Keys in 1..#t are positional, holes there are None, any other integer key is an IndexError."""

    @pytest.mark.parametrize("table", ["{5, nil, 6}", "{nil, nil, 3}", "{nil, 2}", "{1, nil, nil, 4, nil, nil, nil, 8}"])
    @pytest.mark.parametrize("how", ["unpacks_lua_table", "python.args"])
    def test_they_are_none_or_out_of_range(self, lua, lupa_module, table, how):
        length = lua.eval("#" + table)
        items = dict(lua.eval(table))
        if how == "python.args":
            call, function = f"function(f) return f(python.args{table}) end", record
        else:
            call, function = f"function(f) return f{table} end", lupa_module.unpacks_lua_table(record)
        if any(key > length for key in items):
            with pytest.raises(IndexError, match="table index out of range"):
                lua.eval(call)(function)
        else:
            expected = tuple(items.get(i + 1) for i in range(length))
            assert lua.eval(call)(function) == [expected, {}]

    def test_for_methods(self, lua, lupa_module):
        class Thing:
            @lupa_module.unpacks_lua_table_method
            def method(self, *args, **kwargs):
                return [args, kwargs]

        try:
            result = lua.eval("function(o) return o:method{5, nil, 6, x=1} end")(Thing())
        except IndexError:
            pass
        else:
            assert result in ([(5, None, 6), {"x": 1}],)

    def test_random_tables(self, lua):
        rng = random.Random(3)
        call = lua.eval("function(f, t) return f(python.args(t)) end")
        length = lua.eval("function(t) return #t end")
        for _ in range(300):
            table = lua.table()
            for _ in range(rng.randrange(8)):
                table[rng.choice([rng.randrange(-2, 9), f"k{rng.randrange(4)}"])] = rng.randrange(100)
            items, size = dict(table), length(table)
            positions = [key for key in items if isinstance(key, int)]
            if any(not 1 <= key <= size for key in positions):
                with pytest.raises(IndexError):
                    call(record, table)
            else:
                names = {key: value for key, value in items.items() if isinstance(key, str)}
                assert call(record, table) == [tuple(items.get(i + 1) for i in range(size)), names]

    def test_a_table_that_lies_about_its_length(self, run_script, lua_version):
        output = run_script("""
            lua = LuaRuntime(unpack_returned_tuples=False)
            for length in ("2^40", "2^62", "-1", "1e300", "'text'", "{}", "0/0"):
                for code in ("f(python.args(t))", "g(t)"):
                    try:
                        lua.eval("function(f, g) local t = setmetatable({1, x=2}, {__len = function() return %s end}) return %s end"
                                 % (length, code))(lambda *a, **k: None, unpacks_lua_table(lambda *a, **k: None))
                    except (LuaError, IndexError, TypeError, ValueError, OverflowError, MemoryError):
                        pass
            print(lua.eval("1 + 1"))
        """)
        assert output.strip() == "2"

    def test_several_args_with_holes_and_positionals_mix(self, lua):
        call = lua.eval("function(f) return f(nil, python.args{1}, nil, python.args{x=2}, 3, nil) end")
        assert call(record) == [(None, 1, None, 3, None), {"x": 2}]

    def test_a_surplus_argument_of_args_does_no_harm(self, lua, lupa_module):
        for arguments in ("{}, 1", "{1}, {2}", "{1}, nil"):
            try:
                lua.eval(f"python.args({arguments})")
            except lupa_module.LuaError as error:
                assert "invalid arguments" in str(error)


def started(lua):
    coroutine = lua.eval("function() coroutine.yield() end").coroutine()
    next(coroutine)
    return coroutine


class TestObjectsOfAnotherRuntime:
    @pytest.mark.parametrize(
        "entrance",
        [
            lambda lua, table: lua.table_from(table),
            lambda lua, table: lua.table_from(table, recursive=True),
            lambda lua, table: lua.table_from([table], recursive=True),
            lambda lua, table: lua.table_from({"a": {"b": table}}, recursive=True),
            lambda lua, table: lua.table_from([1], table),
            lambda lua, table: lua.table_from(iter([table])),
            lambda lua, table: lua.eval("function(f) for v in python.iter(f()) do end end")(lambda: [table]),
            lambda lua, table: lua.eval("function(o) return o.x end")({"x": table}),
            lambda lua, table: lua.eval("function(o) return o.x end")(type("O", (), {"x": table})),
        ],
    )
    @pytest.mark.parametrize("code", ["{}", "{1, 2, 3}", "{a = 1, [1] = 2}"])
    def test_tables_are_refused(self, lua, new_runtime, lupa_module, entrance, code):
        other = new_runtime()
        for _ in range(3):
            with pytest.raises(lupa_module.LuaError, match="cannot mix objects from different Lua runtimes"):
                entrance(lua, other.eval(code))
        assert (lua.eval("1 + 1"), other.eval("1 + 1")) == (2, 2)

    ENTRANCES = {
        "an argument": lambda lua, it: lua.eval("...", it),
        "an argument of many": lambda lua, it: lua.execute("local a = ...", 1, "text", object(), it),
        "an argument of a function": lambda lua, it: lua.globals().tostring(it),
        "an argument of a new coroutine": lambda lua, it: next(lua.eval("function(...) end").coroutine(it)),
        "sent to a coroutine": lambda lua, it: started(lua).send(it),
        "one of several sent": lambda lua, it: started(lua).send((1, it)),
        "a result": lambda lua, it: lua.eval("function(f) return f() end")(lambda: it),
        "an item": lambda lua, it: lua.globals().__setitem__("kept", it),
        "an attribute": lambda lua, it: setattr(lua.globals(), "kept", it),
        "a key": lambda lua, it: lua.globals()[it],
        "a key to write": lambda lua, it: lua.globals().__setitem__(it, 1),
        "a key to delete": lambda lua, it: lua.globals().__delitem__(it),
        "a new table": lambda lua, it: lua.table(it),
        "a new table with names": lambda lua, it: lua.table(x=it),
        "a key of a new table": lambda lua, it: lua.table_from({it: 1}),
        "a deep table": lambda lua, it: lua.table_from([[[it]]], recursive=True),
        "an iterator": lambda lua, it: lua.eval("function(o) for v in python.iter(o) do end end")([it]),
        "an iterator that counts": lambda lua, it: lua.eval("function(o) for i, v in python.enumerate(o) do end end")([it]),
    }

    @pytest.mark.parametrize("entrance", ENTRANCES)
    @pytest.mark.parametrize(
        "code",
        ["{1}", "print", "function() end", "coroutine.create(function() end)", "coroutine.wrap(function() coroutine.yield((coroutine.running())) end)()", "io.stdout"],
        ids=["table", "C function", "Lua function", "unstarted coroutine", "coroutine", "userdata"],
    )  # fmt: skip
    def test_everything_is_refused_at_every_entrance(self, lua, new_runtime, lupa_module, entrance, code):
        other = new_runtime()
        with pytest.raises(lupa_module.LuaError, match="cannot mix objects from different Lua runtimes"):
            self.ENTRANCES[entrance](lua, other.eval(code))
        assert (lua.eval("1 + 1"), other.eval("1 + 1")) == (2, 2)

    def test_views_of_another_runtime_are_iterables(self, lua, new_runtime):
        other = new_runtime().table(1, 2, 3)
        assert list(lua.table_from(other.values()).values()) == [1, 2, 3]

    def test_exceptions_of_another_runtime_pass(self, lua, new_runtime, lupa_module):
        other = new_runtime()
        with pytest.raises(lupa_module.LuaError, match="far away") as caught:
            lua.eval("function(f) f() end")(lambda: other.execute("error('far away')"))
        with pytest.raises(lupa_module.LuaError) as thrown:
            lua.eval("function(e) error(e) end")(caught.value)
        assert thrown.value is caught.value


class Fresh(collections.abc.Sequence):
    """A sequence that makes its items anew at each access."""

    def __init__(self, depth):
        self.depth = depth

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError
        return [self.depth, index] if self.depth == 0 else Fresh(self.depth - 1)


class TestNestedStructures:
    def test_a_shared_object_becomes_one_table(self, lua):
        shared = {"name": "shared"}
        table = lua.table_from({"a": shared, "b": [shared, shared]}, recursive=True)
        assert lua.eval("function(t) return t.a == t.b[1], t.b[1] == t.b[2] end")(table) == (True, True)
        assert table.b[2].name == "shared"

    def test_an_empty_object_met_twice(self, lua):
        empty = []
        table = lua.table_from([empty, empty, [empty]], recursive=True)
        assert lua.eval("function(t) return t[1] == t[2], t[3][1] == t[1] end")(table) == (True, True)

    def test_cycles_become_cycles(self, lua):
        parent = {"name": "parent"}
        child = {"name": "child", "parent": parent}
        parent["children"] = [child, child]
        parent["self"] = parent
        table = lua.table_from({"root": parent}, recursive=True)
        assert table.root.children[1].parent.name == "parent"
        check = "function(t) return t.root.self == t.root, t.root.children[2].parent == t.root end"
        assert lua.eval(check)(table) == (True, True)

    def test_the_outermost_container_in_a_cycle(self, lua):
        items = [1]
        items.append(items)
        table = lua.table_from(items, recursive=True)
        assert lua.eval("function(t) return t[2][2] == t[2] end")(table) is True

    def test_temporaries_keep_their_data(self, lua):
        def check(table, depth):
            for index in (1, 2, 3):
                if depth == 0:
                    assert list(table[index].values()) == [0, index - 1]
                else:
                    check(table[index], depth - 1)

        check(lua.table_from([Fresh(3)], recursive=True)[1], 3)

    def test_equal_objects_stay_apart(self, lua):
        table = lua.table_from([[1], [1], {}, {}], recursive=True)
        assert lua.eval("function(t) return t[1] == t[2], t[3] == t[4] end")(table) == (False, False)

    @pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}, lambda inner: (1, [inner])])
    @pytest.mark.parametrize("depth", [100, 1000, 50_000])
    def test_depth_is_no_crash(self, lua, lupa_module, wrap, depth, self_checking):
        if self_checking:
            depth = min(depth, 2000)  # each allocation collects all garbage
        nested = ["bottom"]
        for _ in range(depth):
            nested = wrap(nested)
        try:
            table = lua.table_from([nested], recursive=True)
        except (RecursionError, MemoryError, lupa_module.LuaError):
            assert depth > 100
        else:
            measure = lua.eval("function(t) local n = 0 while type(t) == 'table' do t = t[2] or t[1] or t.k n = n + 1 end return n end")
            assert measure(table) >= depth
        assert lua.eval("1 + 1") == 2

    def test_a_string_in_a_bytes_runtime(self, new_runtime):
        table = new_runtime(encoding=None).table_from(["ab", b"cd"], recursive=True)
        assert table[2] == b"cd"
        assert table[1] is not None

    def test_wide_structures(self, lua, self_checking):
        width = 500 if self_checking else 5000
        rows = [{"id": i, "tags": [str(i), {"n": i}]} for i in range(width)]
        table = lua.table_from(rows, recursive=True)
        assert len(table) == width
        assert all(table[i + 1].tags[2].n == i for i in range(0, width, 97))

    def test_a_structure_that_changes_while_it_is_read(self, lua, lupa_module):
        class Growing(dict):
            pass

        class Hostile(list):
            def __iter__(self):
                target.clear()
                return super().__iter__()

        target = Growing(a=[1], b=[2], c=[3])
        target["a"] = Hostile([1, 2])
        try:
            lua.table_from(target, {"again": target}, recursive=True)
        except (RuntimeError, KeyError, lupa_module.LuaError):
            pass
        assert lua.eval("1 + 1") == 2


class TestSelf:
    def test_builtin_methods_drop_self_after_a_colon(self, lua):
        items = [1]
        lua.eval("function(l) python.as_attrgetter(l):append(2) end")(items)
        assert items == [1, 2]
        lua.eval("function(l) python.as_attrgetter(l).append(3) end")(items)
        assert items == [1, 2, 3]

    def test_several_builtin_methods(self, lua):
        d = {"a": 1}
        code = "function(d) d = python.as_attrgetter(d) return d:get('a'), d:pop('a'), d:get('a', 'gone') end"
        assert lua.eval(code)(d) == (1, 1, "gone")

    def test_a_converted_value_is_never_self(self, lua):
        assert lua.eval("python.eval('1 .__add__')(1)") == 2
        assert lua.eval("python.eval('\"ab\".count')('ab')") == 1
        assert lua.eval("python.eval('(1.5).__add__')(1.5)") == 3

    def test_another_object_is_an_argument(self, lua):
        first, second = [1], [2]
        lua.eval("function(a, b) python.as_attrgetter(a).append(b) end")(first, second)
        assert first == [1, second]

    def test_python_methods_keep_the_rule(self, lua):
        class Thing:
            def method(self, *args, **kwargs):
                return [args, kwargs]

        thing = Thing()
        code = "function(o) local m = o.method return o:method(1), m(o), m(o, o), o:method(python.args{2, x=3}) end"
        assert lua.eval(code)(thing) == ([(1,), {}], [(), {}], [(thing,), {}], [(2,), {"x": 3}])

    def test_self_may_be_passed_explicitly_in_args(self, lua):
        class Thing:
            def method(self, *args):
                return args

        thing = Thing()
        assert lua.eval("function(o) return o.method(python.args{o}) end")(thing) in ((), (thing,))


@pytest.mark.usefixtures("usual_numbers")
class TestNumbers:
    def test_what_is_not_exact_is_not_rounded_silently(self, lua, flavour):
        same = lua.eval("function(n) return n end")
        for value in (2**53 + 1, -(2**53) - 1, 2**63 - 1):
            if flavour.has_integers:
                assert same(value) == value
            else:
                with pytest.raises(OverflowError):
                    same(value)

    def test_random_integers_arrive_exactly_or_not_at_all(self, lua):
        same = lua.eval("function(n) return n end")
        rng = random.Random(11)
        for _ in range(3000):
            value = rng.randrange(-(2**66), 2**66) >> rng.randrange(66)
            try:
                result = same(value)
            except OverflowError:
                assert abs(value) > 2**53
            else:
                assert result == value
                assert type(result) is int or abs(value) >= 2**63

    def test_floats_arrive_exactly(self, lua):
        same = lua.eval("function(n) return n end")
        rng = random.Random(12)
        for _ in range(1000):
            value = rng.uniform(-1, 1) * 10.0 ** rng.randrange(-300, 300)
            assert same(value) == value
        assert math.isnan(same(math.nan))
