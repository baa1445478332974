"""Random interleavings of wrapping, dropping and collecting on both sides: every access finds the object that it should,
what can be reached lives, and what cannot be reached is gone after a collection.
"""

import gc
import weakref

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

#: Ways to keep a value in Lua: each makes a function that gives the value back.
SHELF = """
    local shelf, watched = {}, setmetatable({}, {__mode = "v"})
    local keep = {
        field = function(x) local t = {x} return function() return t[1] end end,
        key = function(x) local t = {[x] = true} return function() return (next(t)) end end,
        upvalue = function(x) return function() return x end end,
        weak_key = function(x) local t = setmetatable({[x] = true}, {__mode = "k"}) return function() return next(t), x end end,
        metatable = function(x) local t = setmetatable({}, {__index = {x = x}}) return function() return t.x end end,
        coroutine = function(x) return coroutine.wrap(function() while true do coroutine.yield(x) end end) end,
        argument = function(x)
            local co = coroutine.create(function(...) while true do coroutine.yield(...) end end)
            coroutine.resume(co, x)
            return function() return select(2, coroutine.resume(co)) end
        end,
        function_of = function(x) local f = python.as_function(x) return function() return f end end,
        attributes = function(x) local o = python.as_attrgetter(x) return function() return o end end,
        items = function(x) local o = python.as_itemgetter(x) return function() return o end end,
        error = function(x) local _, problem = pcall(error, x) return function() return problem end end,
    }
    return {
        put = function(place, way, x) shelf[place] = keep[way](x) end,
        take = function(place) return (shelf[place]()) end,
        remove = function(place) shelf[place] = nil end,
        watch = function(number, x) watched[number] = x end,
        sees = function(number) return watched[number] ~= nil end,
        pass = function(f, x) f() return x end,
    }
"""
WAYS = st.sampled_from(["field", "key", "upvalue", "weak_key", "metatable", "coroutine", "argument", "error"])
WAYS_OF_OBJECTS = WAYS | st.sampled_from(["function_of", "attributes", "items"])


class Thing:
    """A Python object that may hold Lua objects."""

    def __init__(self):
        self.tables = []


class Side:
    """One runtime."""

    def __init__(self, lupa):
        self.runtime = lupa.LuaRuntime()
        tools = self.runtime.execute(SHELF)
        self.tools = {name: tools[name] for name in tools}


class ReferenceMachine(RuleBasedStateMachine):
    """Values are numbers: `("thing", 1)`, `("table", 2)`, `("runtime", 3)` are the nodes of the model's graph."""

    lupa = None
    things, tables, places, sides = Bundle("things"), Bundle("tables"), Bundle("places"), Bundle("sides")

    def __init__(self):
        super().__init__()
        gc.freeze()  # collections need not look at what Hypothesis has made meanwhile
        self.count = 0
        self.alive = {}  # node: weak reference
        self.held = {}  # node: what Python itself holds
        self.edges = {}  # node: the nodes that it holds
        self.side_of = {}  # table or place: its runtime
        self.on_shelf = {}  # place: the node there

    def number(self):
        self.count += 1
        return self.count

    def value(self, node):
        return self.held.get(node)

    # ---- making ----

    @initialize(target=sides)
    def first(self):
        return self.new_side()

    @rule(target=sides)
    def new_side(self):
        node = ("runtime", self.number())
        side = Side(self.lupa)
        self.held[node], self.alive[node], self.edges[node] = side, weakref.ref(side.runtime), []
        return node

    @rule(target=things)
    def new_thing(self):
        node = ("thing", self.number())
        thing = Thing()
        self.held[node], self.alive[node], self.edges[node] = thing, weakref.ref(thing), []
        return node

    @rule(target=tables, side=sides)
    def new_table(self, side):
        node = ("table", self.number())
        if self.value(side) is not None:
            table = self.value(side).runtime.table(number=node[1])
            self.value(side).tools["watch"](node[1], table)
            self.held[node], self.side_of[node], self.edges[node] = table, side, [side]
        return node

    # ---- holding ----

    @rule(target=places, side=sides, node=things, way=WAYS_OF_OBJECTS)
    def put_thing(self, side, node, way):
        return self.put(side, node, way)

    @rule(target=places, node=tables, way=WAYS)
    def put_table(self, node, way):
        return self.put(self.side_of.get(node), node, way)

    def put(self, side, node, way):
        place = ("place", self.number())
        if self.value(side) is not None and self.value(node) is not None:
            self.value(side).tools["put"](place[1], way, self.value(node))
            self.on_shelf[place], self.side_of[place] = node, side
        return place

    @rule(thing=things, table=tables)
    def let_a_thing_hold_a_table(self, thing, table):
        if self.value(thing) is not None and self.value(table) is not None:
            self.value(thing).tables.append(self.value(table))
            self.edges[thing].append(table)

    @rule(outer=tables, inner=things | tables)
    def let_a_table_hold_a_value(self, outer, inner):
        if self.value(outer) is None or self.value(inner) is None:
            return
        if inner[0] == "thing" or self.side_of[inner] == self.side_of[outer]:
            self.value(outer)[self.number()] = self.value(inner)
            self.edges[outer].append(inner)

    # ---- looking ----

    @rule(place=places)
    def take(self, place):
        if place in self.on_shelf and self.value(self.side_of[place]) is not None:
            self.check(self.on_shelf[place], self.value(self.side_of[place]).tools["take"](place[1]))

    @rule(place=places)
    def hold_again(self, place):
        """Python gets back what it may have let go of."""
        if place in self.on_shelf and self.value(self.side_of[place]) is not None:
            value = self.value(self.side_of[place]).tools["take"](place[1])
            self.check(self.on_shelf[place], value)
            self.held[self.on_shelf[place]] = value

    def check(self, node, value):
        if node[0] == "table":
            assert value.number == node[1]
        else:
            assert value is self.alive[node]()

    @rule(node=tables)
    def look_into(self, node):
        if self.value(node) is not None:
            assert self.value(node).number == node[1]
            values = [value for key, value in self.value(node).items() if key != "number"]
            inside = {value if isinstance(value, Thing) else value.number for value in values}
            assert inside == {inner[1] if inner[0] == "table" else self.alive[inner]() for inner in self.edges[node][1:]}

    @rule(side=sides, node=things)
    def collect_while_lua_has_it(self, side, node):
        """The last reference of Python is dropped, and both collect, while Lua has the object on its stack only."""
        if self.value(side) is None or self.value(node) is None:
            return
        side = self.value(side)

        def drop_and_collect():
            del self.held[node]
            side.runtime.gccollect()
            gc.collect()

        value = side.tools["pass"](drop_and_collect, self.value(node))
        assert value is self.alive[node]()
        self.held[node] = value

    # ---- letting go ----

    @rule(node=things | tables)
    def drop(self, node):
        self.held.pop(node, None)

    @rule(place=consumes(places))
    def remove(self, place):
        if place in self.on_shelf and self.value(self.side_of[place]) is not None:
            self.value(self.side_of[place]).tools["remove"](place[1])
            del self.on_shelf[place]

    @rule(thing=things)
    def let_a_thing_drop_its_tables(self, thing):
        if self.value(thing) is not None:
            self.value(thing).tables.clear()
            self.edges[thing].clear()

    @precondition(lambda self: sum(node[0] == "runtime" for node in self.held) > 1)
    @rule(side=consumes(sides))
    def drop_runtime(self, side):
        self.held.pop(side, None)

    @rule()
    def collect_python(self):
        gc.collect()

    @rule(side=sides)
    def collect_lua(self, side):
        if self.value(side) is not None:
            self.value(side).runtime.gccollect()

    @rule()
    def collect_both(self):
        self.collect_all()
        kept = self.kept()
        for node in list(self.alive):
            if node not in kept:
                assert self.alive.pop(node)() is None, f"{node} cannot be reached, but lives"
        for node in [node for node in self.side_of if node[0] == "table"]:
            side = self.value(self.side_of[node])
            if side is not None and node not in kept:
                assert not side.tools["sees"](node[1]), f"{node} cannot be reached, but Lua has it"

    def collect_all(self):
        for _ in range(4):
            for node, value in list(self.held.items()):
                if node[0] == "runtime":
                    value.runtime.gccollect()
            del value
            gc.collect()

    # ---- the model ----

    def neighbours(self, node):
        yield from self.edges.get(node, ())
        if node[0] == "runtime":
            yield from (inside for place, inside in self.on_shelf.items() if self.side_of[place] == node)

    def reachable(self, nodes):
        found, waiting = set(), list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(self.neighbours(node))
        return found

    def kept(self):
        """What may live: what can be reached, and cycles through both languages in a runtime that lives."""
        kept = self.reachable(self.held)
        while True:
            more = set()
            for node in [node for node in self.edges if node[0] == "thing" and node not in kept]:
                beyond = self.reachable(inner for inner in self.edges[node])
                if node in beyond and any(self.side_of.get(inner) in kept for inner in beyond if node in self.reachable([inner])):
                    more |= beyond
            if not more - kept:
                return kept
            kept |= more

    @invariant()
    def what_can_be_reached_lives(self):
        for node in self.reachable(self.held):
            if node in self.alive:
                assert self.alive[node]() is not None, f"{node} was freed"

    def teardown(self):
        self.held.clear()
        self.on_shelf.clear()
        for _ in range(3):
            gc.collect()
        assert [node for node, reference in self.alive.items() if reference() is not None] == []


def test_references_across_both_heaps(lupa_module):
    class Machine(ReferenceMachine):
        lupa = lupa_module

    try:
        run_state_machine_as_test(Machine)
    finally:
        gc.unfreeze()
