"""Walks over tables read ahead while nothing changes; nobody may notice."""

import random
import threading
import tracemalloc

import pytest

LENGTH = 60


@pytest.fixture
def array(lua):
    """100 at 1, 101 at 2, and so on: 60 numbers."""
    return lua.table_from(range(100, 100 + LENGTH))


@pytest.fixture
def record(lua):
    """100 at "name 0", 101 at "name 1", and so on: 60 numbers. Lua has these names nowhere else."""
    return lua.eval("function() local t = {} for i = 0, 59 do t['name ' .. i] = 100 + i end return t end")()


#: Ways to set an element of a table; each must be seen by a walk that goes on.
WAYS = {
    "an item": lambda lua, array: array.__setitem__,
    "a function": lambda lua, array: lua.eval("function(t) return function(k, v) t[k] = v end end")(array),
    "another wrapper": lambda lua, array: lua.eval("function(t) return t end")(array).__setitem__,
    "a chunk": lambda lua, array: lambda key, value: lua.execute("local t, k, v = ... t[k] = v", array, key, value),
    "a metamethod": lambda lua, array: lambda key, value: lua.eval(
        "function(t, k, v) return setmetatable({}, {__index = function() t[k] = v end}) end"
    )(array, key, value)["x"],
    "a metamethod that writes": lambda lua, array: lua.eval(
        "function(t) return setmetatable({}, {__newindex = function(_, k, v) t[k] = v end}) end"
    )(array).__setitem__,
    "a length": lambda lua, array: lambda key, value: setting_length(lua, array, key, value),
    "a coroutine": lambda lua, array: lambda key, value: next(
        lua.eval("function(t, k, v) t[k] = v coroutine.yield(1) end").coroutine(array, key, value)
    ),
    "a callback": lambda lua, array: lambda key, value: lua.eval("function(f, k, v) f(k, v) end")(
        array.__setitem__, key, value
    ),
    "a finalizer": lambda lua, array: lambda key, value: finalizing(lua, array, key, value),
    "rawset": lambda lua, array: lambda key, value: lua.globals().rawset(array, key, value),
}


def setting_length(lua, array, key, value):
    lua.execute(
        "local t, k, v = ... proxy = newproxy and newproxy(true) or setmetatable({}, {}) "
        "getmetatable(proxy).__len = function() t[k] = v return 0 end",
        array, key, value,
    )  # fmt: skip
    assert len(lua.globals().proxy) == 0


def finalizing(lua, array, key, value):
    lua.execute(
        "local t, k, v = ... local object = newproxy and newproxy(true) or setmetatable({}, {__gc = true}) "
        "getmetatable(object).__gc = function() t[k] = v end "
        "if not newproxy then setmetatable(object, getmetatable(object)) end",
        array, key, value,
    )  # fmt: skip
    lua.gccollect()
    lua.gccollect()


class TestChanges:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("steps", [2, 3, 5, 12, 30])
    def test_a_value_that_comes_later_is_the_new_one(self, lua, array, way, steps):
        values = iter(array.values())
        assert [next(values) for _ in range(steps)] == list(range(100, 100 + steps))
        WAYS[way](lua, array)(steps + 1, "new")
        WAYS[way](lua, array)(steps + 4, 3.5)
        rest = list(range(100 + steps, 100 + LENGTH))
        rest[0], rest[3] = "new", 3.5
        assert list(values) == rest

    @pytest.mark.parametrize("method", ["keys", "values", "items"])
    def test_an_element_that_was_removed_does_not_come(self, lua, array, method):
        walk = iter(getattr(array, method)())
        for _ in range(5):
            next(walk)
        del array[7]
        array[9] = None
        keys = [6, 8, *range(10, LENGTH + 1)]
        everything = {"keys": keys, "values": [99 + key for key in keys], "items": [(key, 99 + key) for key in keys]}
        assert list(walk) == everything[method]

    def test_a_table_that_was_emptied_has_nothing_more(self, lua, array):
        values = iter(array.values())
        assert [next(values) for _ in range(4)] == [100, 101, 102, 103]
        lua.execute("local t = ... for k in pairs(t) do t[k] = nil end", array)
        assert list(values) == []

    def test_the_last_key_may_be_removed_all_the_time(self, lua, array):
        keys = []
        for key in array:
            keys.append(key)
            array[key] = None
        assert keys == list(range(1, LENGTH + 1)) and len(array) == 0

    def test_a_thread_that_changes_the_table(self, lua, array):
        values = iter(array.values())
        assert [next(values) for _ in range(5)] == [100, 101, 102, 103, 104]
        thread = threading.Thread(target=lua.eval("function(t) for i = 1, #t do t[i] = -i end end"), args=(array,))
        thread.start()
        thread.join()
        assert list(values) == [-key for key in range(6, LENGTH + 1)]

    def test_any_changes_at_any_time(self, lua, array):
        chance = random.Random(5)
        model = dict(enumerate(range(100, 100 + LENGTH), 1))
        setters = [way(lua, array) for name, way in WAYS.items() if name != "a finalizer"]
        seen = {}
        for key, value in array.items():
            seen[key] = value
            assert value == model[key]
            if chance.random() < 0.2:
                changed, new = chance.randrange(1, LENGTH + 1), chance.choice([0.5, "text", True, 7])
                chance.choice(setters)(changed, new)
                model[changed] = new
        assert list(seen) == list(range(1, LENGTH + 1))


class TestNames:
    """Keys that are strings: those that were read ahead wait in registry slots."""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("steps", [1, 2, 5, 20])
    def test_a_value_that_comes_later_is_the_new_one(self, lua, record, way, steps):
        names, values = list(record), list(record.values())
        walk = iter(record.values())
        assert [next(walk) for _ in range(steps)] == values[:steps]
        WAYS[way](lua, record)(names[steps], "new")
        WAYS[way](lua, record)(names[steps + 3], 3.5)
        values[steps], values[steps + 3] = "new", 3.5
        assert list(walk) == values[steps:]

    @pytest.mark.parametrize("steps", range(1, 30, 4))
    @pytest.mark.parametrize("method", ["keys", "values", "items"])
    def test_the_last_key_may_be_removed_and_collected(self, lua, record, method, steps):
        """A key that nothing else holds is collected with its element; the walk goes on from it."""
        everything, names = list(getattr(record, method)()), list(record)
        seen = []
        for position, element in enumerate(getattr(record, method)()):
            seen.append(element)
            if position % steps == 0:
                lua.execute("local t, k = ... t[k] = nil", record, names[position])
                lua.gccollect()
        assert seen == everything

    def test_an_element_that_was_removed_does_not_come(self, lua, record):
        names = list(record)
        walk = iter(record)
        assert [next(walk) for _ in range(4)] == names[:4]
        del record[names[5]]
        lua.gccollect()
        assert list(walk) == [names[4], *names[6:]]

    def test_any_changes_at_any_time(self, lua, record):
        chance = random.Random(6)
        model, names = dict(record.items()), list(record)
        setters = [way(lua, record) for name, way in WAYS.items() if name != "a finalizer"]
        seen = []
        for name, value in record.items():
            seen.append(name)
            assert value == model[name] == record[name]
            if chance.random() < 0.2:
                changed, new = chance.choice(names), chance.choice([0.5, "text", True, 7])
                chance.choice(setters)(changed, new)
                model[changed] = new
        assert seen == names

    def test_elements_are_read_by_the_names(self, lua, record):
        other = lua.table_from({name: -value for name, value in record.items()})
        assert {name: (record[name], other[name], record["no " + name]) for name in record} == {
            f"name {n}": (100 + n, -100 - n, None) for n in range(LENGTH)
        }
        assert dict(record) == {f"name {n}": 100 + n for n in range(LENGTH)}

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1", None, "cp1252"])
    def test_names_and_values_of_all_kinds(self, new_runtime, encoding):
        lua = new_runtime(encoding=encoding, source_encoding="utf-8")
        table = lua.execute(r"""
            local values = {1, 0.5, true, false, 'text', 'ä', {}, print, 'x'}
            local t = {}
            for i = 1, 40 do t['name ' .. i] = values[i % #values + 1] t['ä ' .. i] = i t[i + 0.5] = 'x' end
            return t
        """)
        names, pairs = lua.eval("function(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n end"), []
        for key, value in table.items():
            pairs.append(key)
            assert lua.eval("rawequal(...)", table[key], value)
        assert list(table) == list(table.keys()) == pairs
        assert len(set(pairs)) == len(list(table.values())) == names(table) == 120

    def test_slots_that_a_script_empties(self, lua, record):
        """What is in the slots of keys that were handed out is nothing that the walk needs."""
        empty = lua.eval("""
            function(needed)
                local slots = {}
                for slot, held in pairs(debug.getregistry()) do
                    if type(held) == 'string' and held:find('^name ') and held ~= needed then slots[#slots + 1] = slot end
                end
                for _, slot in ipairs(slots) do debug.getregistry()[slot] = nil end
                collectgarbage()
                return #slots
            end
        """)
        names, seen, emptied = list(record), [], 0
        for name in record:
            seen.append(name)
            if len(seen) in (5, 20, 40):
                emptied += empty(name)
                kept = [lua.table(n) for n in range(40)]
            if len(seen) == 58:
                assert [table[1] for table in kept] == list(range(40))
        assert emptied > 0 and seen == names

    def test_a_key_with_an_identity_is_not_kept(self, lua, collect):
        """A walk holds the last key, and those read ahead only if they are strings."""
        table = lua.eval("function() local t = {} for i = 1, 30 do t[{}] = i end return t end")()
        lua.execute("weak = setmetatable({}, {__mode = 'k'}) for k in pairs(...) do weak[k] = true end", table)
        walk = iter(table.values())
        next(walk)
        next(walk)
        lua.execute("local t = ... for k in pairs(t) do t[k] = nil end", table)
        lua.gccollect()
        lua.gccollect()
        assert lua.execute("local n = 0 for _ in pairs(weak) do n = n + 1 end return n") == 1

    def test_threads_that_step_one_walk(self, lua, record):
        names, walk = list(record), iter(record)
        seen, busy = [], lua.eval("function() local n = 0 for i = 1, 20000 do n = n + i end end")

        def run():
            for name in walk:
                seen.append(name)
                busy()

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(seen) == sorted(names)


class TestWalks:
    def test_two_at_once(self, array):
        first, second = iter(array.items()), iter(array.values())
        for key in range(1, LENGTH + 1):
            assert next(first) == (key, 99 + key)
            assert next(second) == 99 + key
        assert list(first) == list(second) == []

    def test_values_of_all_kinds(self, lua):
        values = [1, 2, 3, 0.5, "text", "ümlaut", True, False, lua.table(), lua.eval("print"), 2**30, object(), "", 1, 2, 3]
        table = lua.table_from(values)
        for _ in range(3):
            assert list(table.values()) == values
            assert list(table.items()) == list(enumerate(values, 1))
            assert list(table) == list(range(1, len(values) + 1))

    def test_keys_of_all_kinds(self, lua):
        table = lua.execute("local t = {1, 2, 3, 4, 5, 6, 7} t.x, t[0.5], t[true], t[-1], t[1000000] = 1, 2, 3, 4, 5 return t")
        expected = {**{key: key for key in range(1, 8)}, "x": 1, 0.5: 2, True: 3, -1: 4, 1000000: 5}
        expected[1] = 1  # True is 1 in Python
        pairs = list(table.items())
        assert len(pairs) == len({(type(key), key) for key, _ in pairs}) == 12
        assert {key: value for key, value in pairs if key is not True} == {**expected, 1: 1}
        assert [key for key, _ in pairs] == list(table)

    def test_bytes(self, new_runtime):
        lua = new_runtime(encoding=None)
        words = [b"a", b"\xff\xfe", b"abc"] * 8
        assert list(lua.table_from(words).values()) == words

    def test_what_cannot_be_decoded_is_an_error_in_its_place(self, lua):
        values = iter(lua.execute(r"local t = {} for i = 1, 20 do t[i] = 'a' end t[9] = '\255' return t").values())
        assert [next(values) for _ in range(8)] == ["a"] * 8
        with pytest.raises(UnicodeDecodeError):
            next(values)
        assert list(values) == ["a"] * 11


class TestEnds:
    def test_a_walk_may_be_left(self, lua):
        text = "x" * 1000
        table = lua.eval("function(text) local t = {} for i = 1, 40 do t[i] = text .. i end return t end")(text)
        one_walk = lambda: [value for value, _ in zip(table.values(), range(5))]  # noqa: E731
        one_walk()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(100):
                one_walk()
            assert tracemalloc.get_traced_memory()[0] - before < 20_000
        finally:
            tracemalloc.stop()

    def test_a_walk_that_is_the_last_to_know_the_runtime(self, new_runtime):
        values = iter(new_runtime().table_from(range(100)).values())
        assert list(values) == list(range(100))

    def test_slots_of_the_registry_change_without_lua(self, new_runtime):
        def kinds(pause, is_disturbed):
            lua = new_runtime()
            registry, do_nothing = lua.eval("debug.getregistry()"), lua.eval("function() end")
            kept = [lua.globals() for _ in range(12)]
            found = {}
            for key, value in registry.items():
                if isinstance(key, int):
                    found[key] = type(value)
                if len(found) == pause:
                    kept += [lua.globals(), lua.globals()]
                if is_disturbed:
                    do_nothing()
            return found

        for pause in range(12):
            assert kinds(pause, is_disturbed=False) == kinds(pause, is_disturbed=True)
