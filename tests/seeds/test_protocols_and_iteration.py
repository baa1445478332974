"""Examples 9 to 17: items or attributes, `None` and `nil`, Python's iterators in Lua's `for`."""

import pytest

NONES = """
function(items)
  for a, b, c, d in python.iterex(items) do
    return {a == python.none, a == nil, b == python.none, b == nil,
            c == python.none, c == nil, d == python.none, d == nil}
  end
end
"""


@pytest.fixture
def get(lua):
    return lua.eval('function(obj) return obj["get"] end')


def test_09_an_object_with_items_shows_its_items(get, lupa_module):
    data = {"get": "value"}
    assert get(data) == "value"
    assert get(lupa_module.as_itemgetter(data)) == "value"


def test_10_as_attrgetter_shows_attributes(get, lupa_module):
    data = {"get": "value"}
    method = get(lupa_module.as_attrgetter(data))
    assert method == data.get
    assert method("get") == "value"


def test_11_as_attrgetter_works_within_lua(lua):
    data = {"get": "value"}
    method = lua.eval('function(obj) return python.as_attrgetter(obj)["get"] end')(data)
    assert method("get") == "value"


@pytest.mark.parametrize("expression", [
    "obj.ATTR", "python.as_attrgetter(obj).ATTR", 'python.as_attrgetter(obj)["ATTR"]'])
def test_12_a_callable_has_attributes(lua, expression):
    def function():
        pass

    function.ATTR = 2
    assert lua.eval(f"function(obj) return {expression} end")(function) == 2


def test_13_iter_drives_a_for_loop(lua):
    copy = lua.eval("""
    function(list)
      local t, i = {}, 1
      for item in python.iter(list) do t[i] = item; i = i + 1 end
      return t
    end""")
    table = copy([1, 2, 3, 4])
    assert len(table) == 4
    assert table[1] == 1


def test_14_enumerate_counts_from_zero(lua):
    copy = lua.eval("""
    function(list)
      local t = {}
      for index, item in python.enumerate(list) do t[index + 1] = item end
      return t
    end""")
    table = copy([1, 2, 3, 4])
    assert len(table) == 4
    assert table[1] == 1


def test_15_iterex_spreads_tuples(lua, lupa_module):
    copy = lua.eval("""
    function(d)
      local t = {}
      for key, value in python.iterex(d.items()) do t[key] = value end
      return t
    end""")
    table = copy(lupa_module.as_attrgetter(dict(a=1, b=2, c=3)))
    assert table["b"] == 2
    assert dict(table.items()) == dict(a=1, b=2, c=3)


def test_15_without_as_attrgetter_the_items_of_the_dict_are_looked_up(lua):
    with pytest.raises(KeyError, match="items"):
        lua.eval("function(d) return d.items end")({})


def test_16_none_and_nil_are_one(lua):
    assert lua.eval("nil") is None
    assert lua.eval("function(x) return x == nil end")(None) is True


def test_17_iter_shows_none_as_python_none(lua):
    assert lua.require("table") is not None
    mark = lua.eval("""
    function(items)
      local t = {}
      for value in python.iter(items) do table.insert(t, value == python.none) end
      return t
    end""")
    assert list(mark([1, None, 2]).values()) == [False, True, False]


@pytest.mark.parametrize("items", [[(None, None, None, None)], [(None, None)]])
def test_17_iterex_shows_only_the_first_none_as_python_none(lua, items):
    expected = [True, False] + [False, True] * 3
    assert list(lua.eval(NONES)(items).values()) == expected


def test_17_enumerate_shows_none_as_nil(lua):
    kinds = lua.eval("""
    function(items)
      local t = {}
      for index, value in python.enumerate(items) do t[index + 1] = value == nil end
      return t
    end""")
    assert list(kinds([1, None]).values()) == [False, True]
