"""Python objects in Lua: calls, attributes, items, loops, and the functions of the `python` table."""

from fault_operations import Thing, echo, operation, raised


def returning(lua, value):
    """A Lua function that gets a Python function which returns the value."""
    return lua.eval("function(f) return f() end"), lambda: value


def calling(value, expected):
    def prepare(lua, module):
        function, callback = returning(lua, value)
        return lambda: function(callback), expected

    return prepare


for name, (value, expected) in {
    "none": (None, None),
    "an integer": (5, 5),
    "a string": ("text" * 30, "text" * 30),
    "a list": ([1], [1]),
    "a tuple": ((1, 2), (1, 2)),
}.items():
    prepare = calling(value, expected)
    prepare.__name__ = f"a callback that returns {name}"
    operation()(prepare)


@operation()
def a_callback_that_returns_a_new_object(lua, module):
    function = lua.eval("function(f) return f() end")
    return lambda: function(Thing), lambda thing: thing.value == 1


@operation()
def a_callback_that_returns_a_table(lua, module):
    function = lua.eval("function(f) return f().x end")
    return lambda: function(lambda: lua.table(x="text" * 20)), "text" * 20


@operation(unpack_returned_tuples=True)
def a_callback_whose_tuple_is_unpacked(lua, module):
    function = lua.eval("function(f) local a, b, c = f() return c, b, a end")
    return lambda: function(lambda: ("a" * 50, Thing(), {})), lambda results: results[2] == "a" * 50


@operation()
def a_callback_with_all_kinds_of_arguments(lua, module):
    function = lua.eval("function(f) return f(1, 2.5, 'text' .. 5, {}, print, nil, true, io.stdout, f) end")
    return lambda: function(echo), lambda results: len(results) == 9


@operation()
def many_callbacks(lua, module):
    function = lua.eval("function(f) local n = 0 for i = 1, 30 do n = n + #f('text ' .. i, {}) end return n end")
    return lambda: function(lambda text, table: text * 2), sum(len(f"text {i}") * 2 for i in range(1, 31))


@operation()
def many_objects_dropped(lua, module):
    function = lua.eval("function(f) for i = 1, 100 do local o = f(i) end return 'done' end")
    return lambda: function(Thing), "done"


@operation()
def reading_an_attribute(lua, module):
    function = lua.eval("function(o) return o.value, o.method end")
    return lambda: function(Thing("text" * 20)), lambda results: results[0] == "text" * 20


@operation()
def writing_an_attribute(lua, module):
    function, thing = lua.eval("function(o) o.value = 'new' .. o.value; o.other = {} return o.value end"), Thing("x" * 50)
    return lambda: function(thing), lambda result: result.startswith("new")


@operation()
def a_missing_attribute(lua, module):
    function = lua.eval("function(o) return select(2, pcall(function() return o.missing end)) end")
    return lambda: function(Thing()), lambda error: isinstance(error, (AttributeError, MemoryError)) or no_memory(error)


@operation()
def reading_an_item(lua, module):
    function = lua.eval("function(o) return o.key, o[5] end")
    return lambda: function({"key": "text" * 20, 5: Thing()}), lambda results: results[0] == "text" * 20


@operation()
def writing_an_item(lua, module):
    function = lua.eval("function(o) o['key' .. 1] = {} o[1] = 'text' return o end")
    return lambda: function({}), lambda result: result[1] == "text"


@operation()
def calling_methods(lua, module):
    function = lua.eval("function(o, l) l:append('x') return o:method(1, 'two'), l:copy() end")
    return lambda: function(module.as_attrgetter(Thing(5)), module.as_attrgetter([])), (5, ["x"])


@operation()
def text_of_an_object(lua, module):
    function = lua.eval("function(o) return tostring(o) end")
    return lambda: function(Thing()), "thing " * 20


@operation(attribute_filter=lambda thing, name, setting: name.lower())
def an_attribute_filter(lua, module):
    function = lua.eval("function(o) o.VALUE = 'v' .. 1; return o.VALUE, o.METHOD end")
    return lambda: function(Thing()), lambda results: results[0] == "v1"


@operation(item_filter=lambda thing, key, setting: key.lower())
def an_item_filter(lua, module):
    function = lua.eval("function(o) o.KEY = 'v' .. 1; return o.KEY, o.MISSING == nil end")
    return lambda: function({"missing": None}), ("v1", True)


@operation(attribute_handlers=(lambda thing, name: name * 5, setattr))
def attribute_handlers(lua, module):
    function = lua.eval("function(o) o.value = {} return o['name' .. 1] end")
    return lambda: function(Thing()), "name1" * 5


@operation()
def as_function(lua, module):
    function = lua.eval("function(f, ...) local g = python.as_function(f) return g, g(...) end")
    return lambda: function(echo, "text" * 20), (echo, "text" * 20)


@operation()
def a_function_in_the_standard_library(lua, module):
    function = lua.eval("function(f) return (('abc'):gsub('.', python.as_function(f))) end")
    return lambda: function(lambda letter: letter * 30), "a" * 30 + "b" * 30 + "c" * 30


@operation()
def as_attrgetter(lua, module):
    function = lua.eval("function(o) return python.as_attrgetter(o).get('key'), python.as_itemgetter(o).key end")
    return lambda: function({"key": "text" * 20}), ("text" * 20, "text" * 20)


@operation()
def builtins(lua, module):
    return lambda: lua.eval("python.builtins.len({1, 2}), python.none"), (2, None)


@operation(but="its compiler frees memory twice")
def eval_of_python(lua, module):
    return lambda: lua.eval("python.eval('[1, 2]')[0]"), 1


@operation()
def iter_in_lua(lua, module):
    function = lua.eval("function(o) local r = {} for x in python.iter(o) do r[#r + 1] = x end return table.concat(r) end")
    return lambda: function(["a" * 20, "b" * 20, "c"]), "a" * 20 + "b" * 20 + "c"


@operation()
def iterex_in_lua(lua, module):
    function = lua.eval("function(o) local r for a, b in python.iterex(o) do r = a .. b.value end return r end")
    return lambda: function([("a" * 20, Thing()), ("b" * 50, Thing(5))]), "b" * 50 + "5"


@operation()
def enumerate_in_lua(lua, module):
    function = lua.eval("function(o) local n = 0 for i, x in python.enumerate(o, 5) do n = n + i + #x end return n end")
    return lambda: function(["a", "bc", "def"]), 24


@operation()
def a_loop_over_a_generator(lua, module):
    function = lua.eval("function(o) local n = 0 for x in python.iter(o) do n = n + x.value end return n end")
    return lambda: function(Thing(i) for i in range(10)), 45


@operation()
def named_arguments(lua, module):
    function = lua.eval("function(f) return f('first', python.args{'a', 5, name = 'x' .. 1, other = {}}) end")
    return lambda: function(keywords), (("first", "a", 5), ["name", "other"])


def keywords(*arguments, **named):
    return Both((arguments, sorted(named)))


class Both(tuple):
    """A tuple that stays one object in Lua."""


@operation()
def a_table_that_is_unpacked(lua, module):
    function = module.unpacks_lua_table(keywords)
    call = lua.eval("function(f) return f{'a', 'b', name = 'text' .. 1} end")
    return lambda: call(function), (("a", "b"), ["name"])


@operation()
def lua_type_of_objects(lua, module):
    values = [lua.table(), lua.eval("print"), lua.eval("io.stdout"), 5]
    return lambda: [module.lua_type(value) for value in values], ["table", "function", "userdata", None]


@operation()
def an_object_as_key(lua, module):
    function = lua.eval("function(o) local t = {} t[o] = 'found' return t[o] end")
    return lambda: function(Thing()), "found"


@operation()
def an_object_of_another_runtime(lua, module):
    other = module.LuaRuntime(max_memory=0)
    function, table = lua.eval("function(o) return o end"), other.table(1)

    def action():
        try:
            return function(table)
        except MemoryError:
            raise
        except module.LuaError as error:
            return str(error)

    return action, "cannot mix objects from different Lua runtimes"


def no_memory(value):
    return isinstance(value, str) and "not enough memory" in value


@operation(operators=True)
def operators(lua, module):
    use = lua.eval("function(a, b) return a + b, a .. b, #a, a == b end")
    return lambda: use([1], [2]), ([1, 2], [1, 2], 1, False)


@operation(operators=True)
def an_operator_that_python_has_not(lua, module):
    use = lua.eval("function(a) return -a end")
    return lambda: raised(TypeError, lambda: use(Thing())), lambda error: True
