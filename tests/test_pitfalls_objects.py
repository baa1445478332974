"""Lua holds the Python object that it was given, never another one, and for as long as it holds it.

lupa 2.8 finds objects by a table from address to registry slot, and slots are reused before they are free.
"""

import gc
import random
import weakref

import pytest

pytestmark = pytest.mark.deviation


class Item:
    """An object that can be referred to weakly and knows its number."""

    def __init__(self, number=0):
        self.number = number

    def own_number(self):
        return self.number


@pytest.fixture
def same(lua):
    return lua.eval("function(o) return o end")


class TestIdentity:
    def test_an_identity_function_returns_the_object_itself(self, same):
        for _ in range(10):
            items = [Item(i) for i in range(1000)]
            assert all(same(item) is item for item in items)

    def test_short_lived_objects_at_reused_addresses_are_told_apart(self, same):
        for number in range(20_000):
            item = Item(number)
            assert same(item).number == number

    def test_builtins_called_in_a_loop_are_the_right_ones(self, lua):
        code = """
            function(n)
                for i = 1, n do
                    if python.builtins.len('abc') ~= 3 then return 'len', i end
                    if python.builtins.int('7') ~= 7 then return 'int', i end
                    if python.builtins.str(5) ~= '5' then return 'str', i end
                end
                return 'right'
            end
        """
        assert lua.eval(code)(3000) == "right"

    def test_bound_methods_made_in_a_loop_are_the_right_ones(self, lua):
        items = [Item(i) for i in range(50)]
        code = """
            function(items, n)
                for i = 1, n do
                    for k = 0, 49 do
                        if items[k]:own_number() ~= k then return k end
                    end
                end
                return 'right'
            end
        """
        assert lua.eval(code)(items, 100) == "right"

    def test_a_random_history_of_keeping_and_dropping(self, lua):
        """Lua's table and a Python list always hold the same objects."""
        rng = random.Random(5)
        lua.execute("kept = {}")
        keep = lua.eval("function(i, o) kept[i] = o end")
        get = lua.eval("function(i) return kept[i] end")
        shadow = [None] * 50
        for step in range(20_000):
            position = rng.randrange(50)
            shadow[position] = rng.choice([None, Item(step), [step], (step,), {step: step}])
            keep(position, shadow[position])
            probe = rng.randrange(50)
            assert get(probe) is shadow[probe]
            if step % 2000 == 0:
                lua.gccollect()

    def test_the_same_object_twice_is_the_same_value_while_lua_holds_it(self, lua):
        item = Item()
        lua.globals().kept = item
        for _ in range(5):
            lua.gccollect()
            assert lua.eval("function(o) return o == kept end")(item) is True

    def test_each_protocol_keeps_its_own_identity(self, lua, lupa_module):
        item = [1]
        lua.execute("seen = {}")
        note = lua.eval("function(o) seen[o] = (seen[o] or 0) + 1 end")
        lua.execute("keep = {}")
        hold = lua.eval("function(o) keep[#keep + 1] = o end")
        hold(lupa_module.as_attrgetter(item))
        hold(item)
        for _ in range(10):
            note(lupa_module.as_attrgetter(item))
            note(lupa_module.as_itemgetter(item))
            note(item)
            lua.gccollect()
        assert sorted(lua.globals().seen.values()) == [10, 20]


class TestLifetime:
    def test_objects_live_while_lua_holds_them(self, lua):
        lua.execute("kept = {}")
        keep = lua.eval("function(i, o) kept[i] = o end")
        references = []
        for i in range(1000):
            item = Item(i)
            references.append(weakref.ref(item))
            keep(i, item)
        del item
        for _ in range(5):
            lua.gccollect()
            gc.collect()
        assert all(reference() is not None for reference in references)
        assert lua.eval("function() for i = 0, 999 do if kept[i].number ~= i then return i end end return 'right' end")() == "right"

    def test_one_of_two_boxes_may_die_before_the_other(self, lua, lupa_module):
        item = Item(7)
        alive = weakref.ref(item)
        lua.eval("function(a, b) first, second = a, b end")(lupa_module.as_attrgetter(item), lupa_module.as_itemgetter(item))
        del item
        lua.execute("second = nil")
        lua.gccollect()
        lua.gccollect()
        assert alive() is not None
        assert lua.eval("first.number") == 7
        lua.execute("first = nil")
        lua.gccollect()
        lua.gccollect()
        assert alive() is None

    def test_an_object_passed_again_while_its_old_box_is_garbage(self, lua):
        item = Item(1)
        use = lua.eval("function(o) return o.number end")
        for _ in range(200):
            assert use(item) == 1
            lua.eval("collectgarbage('step')")
            assert use(item) == 1

    def test_objects_in_weak_tables_come_and_go(self, lua):
        lua.execute("weak = setmetatable({}, {__mode = 'v'})")
        put = lua.eval("function(o) weak[1] = o end")
        item = Item(3)
        for _ in range(50):
            put(item)
            assert lua.eval("weak[1] == nil or weak[1].number == 3") is True
            lua.gccollect()


class TestResurrection:
    """A finalizer of Lua can reach a Python object whose own finalizer has run."""

    @pytest.fixture
    def holder(self, lua_version):
        if lua_version == (5, 1):
            return """
                function(object)
                    local u = newproxy(true)
                    getmetatable(u).__gc = function() saved = object end
                    return u
                end
            """
        return "function(object) return setmetatable({}, {__gc = function() saved = object end}) end"

    @pytest.mark.parametrize("object_first", [True, False])
    def test_it_is_the_object_or_deleted(self, lua, lupa_module, collect, holder, object_first):
        item = Item(9)
        make = lua.eval(holder)
        if object_first:
            lua.globals().early = item
        wrapper = make(item)
        lua.execute("early = nil")
        del wrapper
        collect(lua)
        for code in ("saved", "saved.number", "tostring(saved)", "saved()", "python.as_attrgetter(saved)", "python.iter(saved)"):
            try:
                result = lua.eval(code)
            except (ReferenceError, lupa_module.LuaError) as error:
                assert "deleted python object" in str(error)
            except TypeError as error:
                assert "not callable" in str(error) or "not iterable" in str(error)
            else:
                assert result in (item, 9, str(item))

    def test_passing_the_object_again_makes_it_usable(self, lua, collect, holder):
        item = Item(9)
        wrapper = lua.eval(holder)(item)
        del wrapper
        collect(lua)
        assert lua.eval("function(o) return o.number end")(item) == 9
