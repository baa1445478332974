"""Random operations on tables, compared with a model in Python after each step."""

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test


class Item:
    """A Python object as a key or value: compared by identity."""

    def __repr__(self):
        return f"Item({id(self):#x})"


ITEMS = [Item() for _ in range(4)]

KEYS = (
    st.integers(-3, 8)
    | st.sampled_from([1.0, 2.5, -0.0, 2**53, 2**40, math.inf])
    | st.booleans()
    | st.sampled_from(["", "a", "name", "ä", "a\0b", "__index", "keys", "1"])
    | st.sampled_from(ITEMS)
)
VALUES = st.integers(-5, 5) | st.sampled_from([0.5, "text", "", True, False, None, (1, 2), b"bytes"]) | st.sampled_from(ITEMS)
NAMES = st.sampled_from(["a", "name", "x1", "_private"])


def key_of(key):
    """A key as Lua has it: 1.0 is 1, but `true` is not."""
    if isinstance(key, bool):
        return ("boolean", key)
    if isinstance(key, float) and key.is_integer():
        return int(key)
    return key


class Model:
    """What a table holds, by `key_of`."""

    def __init__(self):
        self.content = {}

    def set(self, key, value):
        if value is None:
            self.content.pop(key_of(key), None)
        else:
            self.content[key_of(key)] = value

    def get(self, key):
        return self.content.get(key_of(key))

    def is_border(self, length):
        """Lua's rule for the length of a table with holes."""
        return (length == 0 or length in self.content) and length + 1 not in self.content


def same(first, second):
    if isinstance(first, (Item, Model)) or isinstance(second, (Item, Model)):
        return first is second
    return type(first) is type(second) and first == second


class TableMachine(RuleBasedStateMachine):
    """`lua` and `lupa` are set by the test, and how strings go into Lua and come back."""

    lua = lupa = None
    to_lua = staticmethod(lambda value: value)
    from_lua = staticmethod(lambda value: value.decode() if isinstance(value, bytes) else value)
    tables = Bundle("tables")

    def __init__(self):
        super().__init__()
        self.models = {}
        self.pairs = []
        self.raw_equal = self.lua.eval("rawequal")
        self.set_in_lua = self.lua.eval("function(t, k, v) t[k] = v end")
        self.get_in_lua = self.lua.eval("function(t, k) return t[k] end")
        self.length_in_lua = self.lua.eval("function(t) return #t end")

    def stored(self, value):
        """What comes back for a value or key."""
        return self.from_lua(self.to_lua(value))

    def new(self, table, model):
        self.pairs.append((table, model))
        return len(self.pairs) - 1

    def tell(self, value):
        """A value of Python as the model knows it."""
        if self.lupa.lua_type(value) == "table":
            return next(model for table, model in self.pairs if self.raw_equal(table, value))
        return value

    @initialize(target=tables)
    def begin(self):
        return self.new(self.lua.table(), Model())

    @rule(target=tables, values=st.lists(VALUES, max_size=4), fields=st.dictionaries(NAMES, VALUES, max_size=2))
    def make(self, values, fields):
        values = [self.to_lua(value) for value in values]
        # Without an encoding, keys that are text are objects; attributes are names all the same.
        fields = {name: self.to_lua(value) for name, value in fields.items() if name == self.stored(name)}
        model = Model()
        for index, value in enumerate(values, 1):
            model.set(index, self.stored(value))
        for name, value in fields.items():
            model.set(self.stored(name), self.stored(value))
        return self.new(self.lua.table(*values, **fields), model)

    @rule(target=tables, content=st.dictionaries(KEYS, VALUES, max_size=4), source=tables)
    def make_from(self, content, source):
        table, other = self.pairs[source]
        content = {self.to_lua(key): self.to_lua(value) for key, value in content.items()}
        model = Model()
        for key, value in content.items():
            model.set(self.stored(key), self.stored(value))
        model.content.update(other.content)
        return self.new(self.lua.table_from(content, table), model)

    @rule(which=tables, key=KEYS, value=VALUES, by_lua=st.booleans())
    def set(self, which, key, value, by_lua):
        table, model = self.pairs[which]
        key = self.to_lua(key)
        value = self.to_lua(value)
        if by_lua:
            self.set_in_lua(table, key, value)
        else:
            table[key] = value
        model.set(self.stored(key), self.stored(value))

    @rule(which=tables, name=NAMES, value=VALUES)
    def set_attribute(self, which, name, value):
        table, model = self.pairs[which]
        setattr(table, name, self.to_lua(value))
        model.set(self.stored(name), self.stored(value))

    @rule(which=tables, key=KEYS, inner=tables)
    def nest(self, which, key, inner):
        table, model = self.pairs[which]
        key = self.to_lua(key)
        table[key] = self.pairs[inner][0]
        model.set(self.stored(key), self.pairs[inner][1])

    @rule(which=tables, key=KEYS)
    def delete(self, which, key):
        table, model = self.pairs[which]
        key = self.to_lua(key)
        del table[key]
        model.set(self.stored(key), None)

    @rule(which=tables, name=NAMES)
    def delete_attribute(self, which, name):
        table, model = self.pairs[which]
        delattr(table, name)
        model.set(self.stored(name), None)

    @rule(which=tables, key=KEYS, by_lua=st.booleans())
    def get(self, which, key, by_lua):
        table, model = self.pairs[which]
        key = self.to_lua(key)
        value = self.get_in_lua(table, key) if by_lua else table[key]
        assert same(self.tell(value), model.get(self.stored(key)))

    @rule(which=tables, name=NAMES)
    def get_attribute(self, which, name):
        table, model = self.pairs[which]
        assert same(self.tell(getattr(table, name)), model.get(self.stored(name)))

    @rule(which=tables)
    def none_as_a_key(self, which):
        table, model = self.pairs[which]
        table[None] = 1
        assert table[None] == 1
        assert None in list(table)
        del table[None]

    @rule(which=tables)
    def nan_as_a_key(self, which):
        table, model = self.pairs[which]
        with pytest.raises(self.lupa.LuaError):
            table[math.nan] = 1
        assert table[math.nan] is None

    @rule(which=tables)
    def length(self, which):
        table, model = self.pairs[which]
        assert model.is_border(len(table))
        assert len(table) == self.length_in_lua(table)

    @rule(which=tables)
    def iterate(self, which):
        table, model = self.pairs[which]
        assert set(map(key_of, table)) == set(model.content)
        assert set(map(key_of, table.keys())) == set(model.content)
        assert len(list(table.values())) == len(model.content)
        for key, value in table.items():
            assert same(self.tell(value), model.get(key))

    @rule(which=tables)
    def change_while_iterating(self, which):
        """Fields may be cleared and assigned during a traversal, as in Lua."""
        table, model = self.pairs[which]
        seen = []
        for key in table:
            seen.append(key_of(key))
            del table[key]
        assert sorted(map(repr, seen)) == sorted(map(repr, model.content))
        model.content.clear()

    @rule(which=tables)
    def metatable(self, which):
        """A table that asks another one for what it lacks."""
        table, model = self.pairs[which]
        heir = self.lua.eval("function(t) return setmetatable({}, {__index = t}) end")(table)
        for key in [1, self.to_lua("a"), *ITEMS]:
            assert same(self.tell(heir[key]), model.get(self.stored(key)))
        assert list(heir) == []

    @rule()
    def collect(self):
        self.lua.gccollect()

    @invariant()
    def all_agree(self):
        if self.pairs:
            table, model = self.pairs[-1]
            assert {key_of(key) for key in table} == set(model.content)


@pytest.mark.usefixtures("usual_numbers")
def test_tables_do_what_the_model_does(lupa_module):
    class Machine(TableMachine):
        lua, lupa = lupa_module.LuaRuntime(), lupa_module

    run_state_machine_as_test(Machine)


@pytest.mark.usefixtures("usual_numbers")
def test_with_bytes_instead_of_text(lupa_module):
    class Machine(TableMachine):
        lua, lupa = lupa_module.LuaRuntime(encoding=None), lupa_module
        from_lua = staticmethod(lambda value: value)
        to_lua = staticmethod(lambda value: value.encode() if isinstance(value, str) else value)

    run_state_machine_as_test(Machine)


@pytest.mark.usefixtures("usual_numbers")
def test_with_the_collector_of_lua_at_work_all_the_time(lupa_module):
    class Machine(TableMachine):
        lua, lupa = lupa_module.LuaRuntime(), lupa_module

    Machine.lua.execute("""
        if _VERSION == 'Lua 5.5' then
            collectgarbage('param', 'pause', 0)
            collectgarbage('param', 'stepmul', 1000)
        else
            collectgarbage('setpause', 0)
            collectgarbage('setstepmul', 1000)
        end
    """)
    run_state_machine_as_test(Machine)
