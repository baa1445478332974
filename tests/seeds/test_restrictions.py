"""Examples 33 to 36: attribute filter, attribute handlers, memory limit."""

import pytest


def test_33_a_filter_denies_attributes(lupa_module):
    def only_public(obj, name, is_setting):
        if isinstance(name, str) and not name.startswith("_"):
            return name
        raise AttributeError("access denied")

    lua = lupa_module.LuaRuntime(register_eval=False, attribute_filter=only_public)
    with pytest.raises(AttributeError, match="^access denied$"):
        lua.eval("function(x) return x.__class__ end")(lua)
    assert callable(lua.eval("function(x) return x.eval end")(lua))
    assert lua.eval("python.eval") is None


def test_33_a_filter_is_told_whether_an_attribute_is_set(lupa_module):
    class Thing:
        name = "old"

    seen = []

    def remember(obj, name, is_setting):
        seen.append((name, is_setting))
        return name

    thing = Thing()
    lua = lupa_module.LuaRuntime(attribute_filter=remember)
    assert lua.eval("function(x) local old = x.name; x.name = 'new'; return old end")(thing) == "old"
    assert thing.name == "new"
    assert seen == [("name", False), ("name", True)]


class Guarded:
    yes = 123
    put = "abc"
    noway = 2.1


def getter(obj, name):
    if name == "yes":
        return getattr(obj, name)
    raise AttributeError(f'not allowed to read attribute "{name}"')


def setter(obj, name, value):
    if name != "put":
        raise AttributeError(f'not allowed to write attribute "{name}"')
    setattr(obj, name, value)


@pytest.fixture
def guarded_lua(lupa_module):
    return lupa_module.LuaRuntime(attribute_handlers=(getter, setter))


def test_34_a_getter_answers_reads(guarded_lua):
    assert guarded_lua.eval("function(x) return x.yes end")(Guarded()) == 123
    with pytest.raises(AttributeError, match='^not allowed to read attribute "noway"$'):
        guarded_lua.eval("function(x) return x.noway end")(Guarded())


def test_34_a_setter_takes_writes(guarded_lua):
    x = Guarded()
    assert guarded_lua.eval('function(x) x.put = "ABC"; end')(x) is None
    assert x.put == "ABC"
    with pytest.raises(AttributeError, match='^not allowed to write attribute "noway"$'):
        guarded_lua.eval("function(x) x.noway = 42; end")(x)
    assert x.noway == 2.1


@pytest.fixture
def counted_lua(needs_allocator, lupa_module):
    return lupa_module.LuaRuntime(max_memory=0)


def test_35_memory_is_counted(counted_lua):
    assert counted_lua.get_memory_used() == 0
    assert counted_lua.get_memory_used(total=True) > 0


@pytest.mark.deviation
def test_35_zero_is_no_limit(counted_lua):
    assert counted_lua.get_max_memory() == 0
    assert counted_lua.get_max_memory(total=True) == 0


def test_35_code_beyond_the_limit_gets_a_memory_error(counted_lua, lupa_module):
    counted_lua.set_max_memory(100)
    with pytest.raises(lupa_module.LuaMemoryError):
        counted_lua.eval("string.rep('a', 1000)")


@pytest.mark.parametrize("no_limit", [0, pytest.param(-1, marks=pytest.mark.deviation)])
def test_35_a_limit_is_taken_away(counted_lua, no_limit):
    counted_lua.set_max_memory(100)
    counted_lua.set_max_memory(no_limit)
    assert len(counted_lua.eval("string.rep('a', 1000)")) == 1000


def test_35_without_the_option_nothing_is_counted(lupa_module):
    lua = lupa_module.LuaRuntime()
    assert lua.get_memory_used() is None
    assert lua.get_max_memory() is None


def test_36_a_memory_error_is_both_kinds_of_error(lupa_module):
    assert issubclass(lupa_module.LuaMemoryError, lupa_module.LuaError)
    assert issubclass(lupa_module.LuaMemoryError, MemoryError)
