"""Penlight, called from Python and calling Python: Debian's lua-penlight."""

import operator

import pytest


def test_a_list_is_made_of_python_values_and_mapped_by_a_python_function(lua, require):
    make_list = require("pl.List")
    numbers = make_list(lua.table(3, 1, 2))
    squares = numbers.map(numbers, lambda n: n * n)
    assert list(squares.values()) == [9, 1, 4]
    assert squares.join(squares, "-") == "9-1-4"


def test_a_list_is_sorted_by_a_python_function(lua, require):
    words = require("pl.List")(lua.table("bb", "A", "ccc"))
    sort = lua.eval("function(list, before) return list:sort(python.as_function(before)) end")
    assert list(sort(words, lambda a, b: len(a) > len(b)).values()) == ["ccc", "bb", "A"]


def test_a_list_is_filtered_reduced_and_sliced(lua, require):
    numbers = require("pl.List").range(1, 10)
    even = numbers.filter(numbers, lambda n, *_: n % 2 == 0)
    assert list(even.values()) == [2, 4, 6, 8, 10]
    assert even.reduce(even, operator.add) == 30
    assert list(even.slice(even, 2, -2).values()) == [4, 6, 8]
    assert str(even) == "{2,4,6,8,10}"


def test_an_exception_of_a_callback_passes_through(lua, require):
    error = LookupError("from Python")

    def fail(item):
        raise error

    numbers = require("pl.List")(lua.table(1))
    with pytest.raises(LookupError) as caught:
        numbers.map(numbers, fail)
    assert caught.value is error
    assert numbers.len(numbers) == 1


def test_tablex_works_on_tables_from_python(lua, require):
    tablex = require("pl.tablex")
    data = {"a": 1, "b": {"c": [1, 2, 3]}}
    table, copy = (lua.table_from(data, recursive=True) for _ in range(2))
    assert tablex.deepcompare(table, copy) is True
    copy.b.c[4] = 4
    assert tablex.deepcompare(table, copy) is False
    assert sorted(tablex["keys"](table).values()) == ["a", "b"]
    assert dict(tablex.map(str, lua.table(x=1, y=2)).items()) == {"x": "1", "y": "2"}


def test_tablex_calls_python_with_keys_and_values(lua, require):
    seen = {}
    require("pl.tablex").foreach(lua.table(x=1, y=2), lambda value, key: seen.update({key: value}))
    assert seen == {"x": 1, "y": 2}


def test_tablex_keeps_python_objects(lua, require):
    thing = object()
    copy = require("pl.tablex").deepcopy(lua.table(thing=thing, inner=lua.table(thing)))
    assert copy.thing is thing and copy.inner[1] is thing


def test_stringx_splits_and_pads_python_strings(require):
    require("pl.List")
    stringx = require("pl.stringx")
    assert list(stringx.split("a,b,c", ",").values()) == ["a", "b", "c"]
    assert stringx.center("ä", 4, "*") == "*ä*"
    assert stringx.strip("  x ") == "x"
    assert stringx.startswith("prefix", "pre") is True


def test_pretty_writes_what_python_made_and_reads_it_back(lua, require):
    pretty = require("pl.pretty")
    text = pretty.write(lua.table_from({"list": [1, 2], "name": "ü"}, recursive=True))
    table = pretty.read(text)
    assert list(table.list.values()) == [1, 2] and table.name == "ü"


def test_a_template_is_filled_with_python_values_and_functions(lua, require):
    substitute = require("pl.template").substitute
    template = "# for i, name in ipairs(names) do\n$(i). $(greet(name))\n# end\n"
    environment = lua.table(
        names=lua.table("Ada", "Bob"), greet=lambda name: f"Hello {name}!", ipairs=lua.globals().ipairs)
    assert substitute(template, environment) == ("1. Hello Ada!\n2. Hello Bob!\n", None, None)


def test_an_error_in_a_template_is_told(lua, require):
    text, message, _ = require("pl.template").substitute("$(nothing.at.all)", lua.table())
    assert text is None and "nothing" in message


def test_a_class_is_derived_in_lua_and_used_from_python(lua, require):
    make = lua.execute("""
    local class = ...
    local Animal, Dog = class(), nil
    function Animal:_init(name) self.name = name end
    function Animal:__tostring() return self.name .. ": " .. self:speak() end
    Dog = class(Animal)
    function Dog:speak() return self.voice("bark") end
    return Dog""", require("pl.class"))
    dog = make("Rex")
    dog.voice = str.upper
    assert str(dog) == "Rex: BARK"
    assert dog.is_a(dog, make) is True


def test_an_ordered_map_keeps_pythons_order(lua, require):
    ordered = require("pl.OrderedMap")()
    for key in ("z", "a", "m"):
        ordered.set(ordered, key, key.upper())
    assert list(ordered["keys"](ordered).values()) == ["z", "a", "m"]
    assert list(ordered["values"](ordered).values()) == ["Z", "A", "M"]


def test_a_sequence_runs_over_a_python_iterator(lua, require):
    large = lua.execute("""
    local seq = ...
    return function(iterable)
      local step, state = python.iter(iterable)
      return seq(function() return step(state) end):filter(function(n) return n > 4 end):copy()
    end""", require("pl.seq"))
    assert list(large(n * n for n in range(1, 5)).values()) == [9, 16]


def test_command_line_arguments_of_python_are_parsed(lua, require):
    parse = require("pl.lapp").process_options_string
    options = parse("A tool\n  -n,--number (default 7)\n  -v,--verbose\n  <name> (string)\n", lua.table("-v", "file"))
    assert (options.number, options.verbose, options.name) == (7, True, "file")


def test_data_is_read_from_text_and_queried(lua, require):
    require("pl.List")
    read = require("pl.data").read
    data = read(lua.eval("""
    function(text)
      local lines = text:gmatch("[^\\n]+")
      return {read = function() return lines() end, close = function() end}
    end""")("name,age\nAda,36\nBob,41\n"))
    assert list(data.column_by_name(data, "age").values()) == [36, 41]
