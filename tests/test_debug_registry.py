"""Scripts that change the registry through the debug library.

Python's wrappers, and a few objects of ours, lie in integer slots of the registry. What a slot holds is compared with what it
should hold before it is used; if a script has put something else there, the operation is a LuaError.
"""

import pytest

pytestmark = pytest.mark.deviation

@pytest.fixture
def forge(lua):
    """Put something else into the integer slots of the registry that hold a value."""

    def forge(value, forgery):
        code = f"""
            function(value)
                local slots = {{}}
                for key, held in pairs(debug.getregistry()) do
                    if type(key) == 'number' and rawequal(held, value) then slots[#slots + 1] = key end
                end
                for _, slot in ipairs(slots) do debug.getregistry()[slot] = {forgery} end
                return #slots
            end
        """
        return lua.eval(code)(value)

    return forge


class Attributes:
    """An object that Lua reads a value from."""

    def __init__(self, value):
        self.value = value


def sent(lua, value):
    coroutine = lua.eval("function() return coroutine.yield() end").coroutine()
    next(coroutine)
    coroutine.send(value)


def handler_of_overflows(lua, value):
    lua.set_overflow_handler(value)
    lua.eval("...", 2**200)


PASSING = {
    "as an argument": lambda lua, it: lua.eval("...", it),
    "as the second argument": lambda lua, it: lua.globals().select(1, it),
    "as one argument of many": lambda lua, it: lua.eval("...", object(), "text", it),
    "as the result of a callback": lambda lua, it: lua.eval("function(f) return f() end")(lambda: it),
    "as an attribute": lambda lua, it: lua.eval("function(o) return o.value end")(Attributes(it)),
    "as an item": lambda lua, it: lua.eval("function(o) return o[0] end")([it]),
    "by an iterator": lambda lua, it: lua.eval("function(o) for v in python.iter(o) do return v end end")([it]),
    "by an iterator that counts": lambda lua, it: lua.eval("function(o) for i, v in python.enumerate(o) do return v end end")([it]),
    "to a coroutine": sent,
    "as an item of a table": lambda lua, it: lua.globals().__setitem__("kept", it),
    "as an attribute of a table": lambda lua, it: setattr(lua.globals(), "kept", it),
    "as a key": lambda lua, it: lua.globals()[it],
    "in a new table": lambda lua, it: lua.table(it),
    "as a key of a new table": lambda lua, it: lua.table_from({it: 1}),
    "in a nested table": lambda lua, it: lua.table_from([[it]], recursive=True),
}  # fmt: skip
TABLE = {
    **PASSING,
    "reading an item": lambda lua, it: it[1],
    "reading by a name": lambda lua, it: it["x"],
    "reading an attribute": lambda lua, it: it.x,
    "writing an item": lambda lua, it: it.__setitem__(1, 2),
    "writing an object": lambda lua, it: it.__setitem__(1, object()),
    "writing an attribute": lambda lua, it: setattr(it, "x", 2),
    "deleting an item": lambda lua, it: it.__delitem__(1),
    "deleting an attribute": lambda lua, it: it.__delattr__("x"),
    "asking for its length": lambda lua, it: len(it),
    "calling it": lambda lua, it: it(),
    "calling it with text": lambda lua, it: it("text"),
    "asking for its text": lambda lua, it: str(it),
    "iterating over keys": lambda lua, it: list(it),
    "iterating over values": lambda lua, it: list(it.values()),
    "iterating over pairs": lambda lua, it: list(it.items()),
    "copying it": lambda lua, it: lua.table_from(it),
}
FUNCTION = {
    **PASSING,
    "calling it": lambda lua, it: it(),
    "calling it with a number": lambda lua, it: it(1),
    "calling it with text": lambda lua, it: it("text"),
    "making a coroutine of it": lambda lua, it: it.coroutine(),
    "asking for its text": lambda lua, it: str(it),
    "as the overflow handler": handler_of_overflows,
}
COROUTINE = {
    **PASSING,
    "resuming it": lambda lua, it: next(it),
    "sending a number": lambda lua, it: it.send(1),
    "sending text": lambda lua, it: it.send("text"),
    "throwing": lambda lua, it: it.throw(KeyError("x")),
    "closing it": lambda lua, it: it.close(),
    "asking whether it is alive": lambda lua, it: bool(it),
    "asking for its text": lambda lua, it: str(it),
}
UNSTARTED = {
    **PASSING,
    "starting it": lambda lua, it: it(),
    "starting it with text": lambda lua, it: it("text"),
    "making a coroutine of it": lambda lua, it: it.coroutine(),
}
USERDATA = {
    **PASSING,
    "reading an attribute": lambda lua, it: it.write,
    "reading an item": lambda lua, it: it["write"],
    "asking for its length": lambda lua, it: len(it),
    "calling it": lambda lua, it: it(),
    "asking for its text": lambda lua, it: str(it),
}
WRAPPERS = {
    "a table": ("{1, 2, x = 3}", TABLE),
    "a function": ("function() return 'right' end", FUNCTION),
    "a coroutine": ("(function() local c = coroutine.wrap(function() coroutine.yield((coroutine.running())) end) return c() end)()", COROUTINE),
    "an unstarted coroutine": ("coroutine.create(unstarted)", UNSTARTED),
    "a file": ("io.stdout", USERDATA),
}  # fmt: skip


@pytest.fixture
def loses(lua, lupa_module):
    """An operation on a wrapper fails for the one right reason."""

    def loses(operation, wrapper):
        with pytest.raises(lupa_module.LuaError, match="lost reference"):
            operation(lua, wrapper)
            lua.set_overflow_handler(None)

    return loses


class TestWrappers:
    @pytest.mark.parametrize("kind", WRAPPERS)
    def test_something_else_in_their_slot_is_a_lost_reference(self, lua, forge, loses, insist, kind, forgery):
        source, operations = WRAPPERS[kind]
        lua.execute("function unstarted() return 1 end")
        for operation in operations.values():
            wrapper = insist(lua.eval, source)
            assert insist(forge, wrapper, forgery) == 1
            # A coroutine that was not started has another slot, with its function.
            insist(lambda: forge(lua.globals().unstarted, forgery))
            loses(operation, wrapper)
            lua.set_overflow_handler(None)
        assert lua.eval("1 + 1") == 2
        assert list(lua.table(1, 2)) == [1, 2]

    def test_something_of_another_type_at_the_same_address(self, lua, loses, usual_allocator, self_checking):
        tables = [lua.table(i) for i in range(400)]
        addresses = [repr(table).split()[-1].strip(">") for table in tables]
        numbers = lua.table_from({address: i for i, address in enumerate(addresses)})
        lua.execute(FREE_TABLES_AND_MAKE_FUNCTIONS, numbers, 2_000 if self_checking else 20_000)
        impostors = dict(lua.globals().impostors)
        assert impostors, "no function has come to an address where a table was"
        for number, function in impostors.items():
            assert addresses[number] in repr(function)
            for operation in TABLE.values():
                put = lua.eval("function(number) debug.getregistry()[slots[number]] = impostors[number] end")
                put(number)
                loses(operation, tables[number])


#: Empties the slots of the numbered tables at the given addresses, and puts functions of their size there, if they come.
FREE_TABLES_AND_MAKE_FUNCTIONS = """
    local numbers, attempts = ...
    slots, impostors = {}, {}
    for slot, held in pairs(debug.getregistry()) do
        if type(slot) == 'number' and type(held) == 'table' and numbers[tostring(held):match('0x%x+')] then
            slots[numbers[tostring(held):match('0x%x+')]] = slot
        end
    end
    for _, slot in pairs(slots) do debug.getregistry()[slot] = true end
    collectgarbage() collectgarbage()
    -- Lua 5.2 and 5.3 make no second function of the same code and variables.
    local makers = {
        function(a, b) return function() return a, b end end,
        function(a, b, c) return function() return a, b, c end end,
        function(a, b, c, d) return function() return a, b, c, d end end,
        function(a, b, c, d, e) return function() return a, b, c, d, e end end,
    }
    local kept = {}
    for i = 1, attempts do
        kept[i] = makers[i % 4 + 1]()
        local number = numbers[tostring(kept[i]):match('0x%x+')]
        if number then impostors[number] = kept[i] end
    end
"""


class TestIterators:
    """The last key of a walk over a table lies in a slot too."""

    @pytest.mark.parametrize("walk", ["keys", "values", "items"])
    def test_something_else_instead_of_the_key_is_an_error(self, lua, lupa_module, forge, insist, walk, forgery):
        for _ in range(5):
            iterator = iter(getattr(insist(lua.table_from, {"first key": 1, "second key": 2, "third key": 3}), walk)())
            insist(next, iterator)
            for key in ("first key", "second key", "third key"):
                insist(forge, key, forgery)
            with pytest.raises(lupa_module.LuaError, match="lost reference" if forgery == "nil" else "next"):
                next(iterator)


class TestStrings:
    """Names that are used again and again lie in slots too."""

    @pytest.mark.parametrize("other", ["'second'", "'firs'", "'first '", "''", "'FIRST'", "5", "{}"])
    def test_another_one_instead_is_not_taken_for_it(self, lua, other):
        table, names = lua.table_from({"first": 1, "second": 2}), ["first", "second"]
        for _ in range(5):
            assert [table[name] for name in names] == [1, 2]
        changed = lua.eval(f"""
            function()
                local slots = {{}}
                for slot, held in pairs(debug.getregistry()) do
                    if type(slot) == 'number' and held == 'first' then slots[#slots + 1] = slot end
                end
                for _, slot in ipairs(slots) do debug.getregistry()[slot] = {other} end
                return #slots
            end
        """)()
        assert changed == 1
        for _ in range(5):
            assert [table[name] for name in names] == [1, 2]
            assert lua.eval("function(name) return name end")(names[0]) == "first"


class TestInnocentWrappers:
    """Slots that a script has emptied may be reserved again by Lua, while somebody still refers to them."""

    EMPTY_SLOTS_OF_TABLES = """
        local registry, slots = debug.getregistry(), {}
        for slot, held in pairs(registry) do
            if type(slot) == 'number' and type(held) == 'table' and #held == 1 then slots[#slots + 1] = slot end
        end
        for _, slot in ipairs(slots) do registry[slot] = nil end
        collectgarbage()
    """

    def test_a_slot_has_one_owner(self, lua, lupa_module, insist):
        empty = lua.eval(f"function() {self.EMPTY_SLOTS_OF_TABLES} end")
        for _ in range(10):
            old = [insist(lua.table, i) for i in range(100)]
            empty()
            new = [insist(lua.table, i) for i in range(100, 200)]
            for table in old:
                with pytest.raises(lupa_module.LuaError, match="lost reference"):
                    table[1]
            del old
            again = [insist(lua.table, i) for i in range(200, 300)]
            iterators = [iter(table) for table in new]
            assert [table[1] for table in new] == list(range(100, 200))
            assert [table[1] for table in again] == list(range(200, 300))
            assert [list(iterator) for iterator in iterators] == [[1]] * 100

    def test_what_somebody_else_has_put_there_stays(self, lua):
        """A binary module, say, to which Lua has given an emptied slot."""
        tables = [lua.table(i) for i in range(50)]
        slots = lua.eval("""
            function(tables)
                local slots = {}
                for slot, held in pairs(debug.getregistry()) do
                    if type(slot) == 'number' and tables[held] then slots[#slots + 1] = slot end
                end
                for _, slot in ipairs(slots) do debug.getregistry()[slot] = {'of the module'} end
                return slots
            end
        """)(lua.table_from({table: True for table in tables}))
        assert len(slots) == 50
        del tables
        more = [lua.table(i) for i in range(100)]
        look = lua.eval("function(slot) return debug.getregistry()[slot][1] end")
        assert [look(slot) for slot in slots.values()] == ["of the module"] * 50
        assert [table[1] for table in more] == list(range(100))

    def test_free_slots_that_hold_something_are_left_alone(self, lua, insist, forgery):
        for _ in range(10):
            lua.execute(f"""
                changed = {{}}
                for slot, held in pairs(debug.getregistry()) do
                    if type(slot) == 'number' and held == false then changed[slot] = {forgery} end
                end
                for slot, value in pairs(changed) do debug.getregistry()[slot] = value end
            """)
            new = [insist(lua.table, i) for i in range(50)]
            assert [table[1] for table in new] == list(range(50))
            assert [list(iter(table)) for table in new] == [[1]] * 50
            # The places of the last traceback and of a thrown exception look like free ones.
            assert lua.eval("(function() local n = 0 for slot, v in pairs(changed) do if debug.getregistry()[slot] ~= v then n = n + 1 end end return n end)()") <= 2


class TestLongTables:
    """`table_from` sets long input in several batches; the new tables lie in the registry in between."""

    FIND = """
        local found = {}
        for slot, held in pairs(debug.getregistry()) do
            if type(slot) == 'number' and type(held) == 'table' and type(rawget(held, 1)) == 'table' then found[#found + 1] = slot end
        end
        assert(#found == 1)
        local slot, array = found[1], debug.getregistry()[found[1]]
    """

    @pytest.fixture
    def build(self, lua):
        """A table from long input, in the middle of which a script runs; recursive, with a small table for each number."""

        def build(script, depth):
            def numbers():
                for i in range(6000):
                    if i == 4000:
                        lua.execute(self.FIND + script)
                    yield [i] if depth == "recursive" else i

            return lua.table_from(numbers(), recursive=depth == "recursive")

        return build

    @pytest.mark.parametrize("depth", ["flat", "recursive"])
    def test_something_else_instead_of_them_is_a_lost_reference(self, lua, lupa_module, build, depth, forgery):
        with pytest.raises(lupa_module.LuaError, match="lost reference"):
            build(f"debug.getregistry()[slot] = {forgery}", depth)
        assert len(build("", depth)) == 6000

    @pytest.mark.parametrize("depth", ["flat", "recursive"])
    def test_something_else_instead_of_the_first_is_one_too(self, lua, lupa_module, build, depth, forgery):
        if forgery.startswith("{"):
            # Another table is another table.
            assert build("array[1] = {'forged'}", depth)[1] == "forged"
            return
        with pytest.raises(lupa_module.LuaError, match="lost reference"):
            build(f"array[1] = {forgery}", depth)

    def test_something_else_instead_of_an_inner_one_is_one_too(self, lua, lupa_module, forgery):
        if forgery.startswith("{"):
            pytest.skip("another table is another table")
        shared = {"name": "shared"}

        def numbers():
            for i in range(6000):
                if i == 4000:
                    lua.execute(self.FIND + f"for i = 2, #array do array[i] = {forgery} end")
                yield shared

        with pytest.raises(lupa_module.LuaError, match="lost reference"):
            lua.table_from(numbers(), recursive=True)

    def test_finalizers_that_run_between_batches(self, lua, lupa_module, lua_version, insist):
        lua.execute(f"""
            function tamper() pcall(function() {self.FIND} debug.getregistry()[slot] = nil end) end
            function litter()
                if newproxy then getmetatable(newproxy(true)).__gc = tamper else setmetatable({{}}, {{__gc = tamper}}) end
            end
        """)

        def texts():
            for i in range(6000):
                if i % 500 == 0:
                    insist(lua.globals().litter)
                yield f"text {i}"

        for _ in range(5):
            try:
                assert len(lua.table_from(texts())) == 6000
            except lupa_module.LuaError as error:
                assert "lost reference" in str(error)
            insist(lua.gccollect)
        assert insist(lua.eval, "1 + 1") == 2
