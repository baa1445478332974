"""`attribute_handlers`: a getter and a setter that take the place of all indexing of Python objects."""

import types

import pytest


class Thing:
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


class TestBoth:
    @pytest.fixture
    def lua(self, new_runtime):
        return new_runtime(attribute_handlers=(getter, setter))

    def test_allowed(self, lua):
        thing = Thing()
        assert lua.eval("function(x) return x.yes end")(thing) == 123
        lua.eval("function(x) x.put = 'ABC' end")(thing)
        assert thing.put == "ABC"

    def test_forbidden(self, lua):
        with pytest.raises(AttributeError, match='not allowed to read attribute "noway"'):
            lua.eval("function(x) return x.noway end")(Thing())
        with pytest.raises(AttributeError, match='not allowed to write attribute "noway"'):
            lua.eval("function(x) x.noway = 42 end")(Thing())

    def test_items_go_through_them_too(self, lua):
        with pytest.raises(AttributeError, match="not allowed to read"):
            lua.eval("function(d) return d.key end")({"key": 1})
        with pytest.raises(AttributeError, match="not allowed to write"):
            lua.eval("function(d) d.key = 1 end")({})
        with pytest.raises(AttributeError, match="not allowed to read"):
            lua.eval("function(l) return l[0] end")([1])

    def test_protocol_helpers_do_not_go_past_them(self, lua, lupa_module):
        for wrap in (lupa_module.as_attrgetter, lupa_module.as_itemgetter):
            with pytest.raises(AttributeError, match="not allowed to read"):
                lua.eval("function(d) return d.keys end")(wrap({"keys": 1}))
        with pytest.raises(AttributeError, match="not allowed to read"):
            lua.eval("function(d) return python.as_attrgetter(d).keys end")({})

    def test_builtins_are_indexed_through_them(self, lua):
        with pytest.raises(AttributeError, match="not allowed to read"):
            lua.eval("python.builtins.len")

    def test_calls_and_text_are_free(self, lua):
        assert lua.eval("function(f) return f('abc') end")(len) == 3
        assert lua.eval("tostring(python.none)") == "None"


class TestArguments:
    def test_object_name_and_value(self, new_runtime):
        calls = []

        def get(*args):
            calls.append(args)
            return "got"

        def put(*args):
            calls.append(args)

        item, d = 3j, {"b": 1}
        lua = new_runtime(attribute_handlers=(get, put))
        lua.eval("function(o, d) o.y = o.x; d.a = d.b; d[1] = d[2]; o.z = nil end")(item, d)
        assert calls == [
            (item, "x"), (item, "y", "got"), (d, "b"), (d, "a", "got"), (d, 2), (d, 1, "got"), (item, "z", None),
        ]  # fmt: skip

    def test_names_may_be_any_value(self, new_runtime):
        names = []

        def get(obj, name):
            names.append(name)

        new_runtime(attribute_handlers=(get, None)).eval("function(o) return o[1], o[true], o[1.5], o[o], o[nil] end")(3j)
        assert names == [1, True, 1.5, 3j, None]

    def test_names_are_bytes_in_a_bytes_runtime(self, new_runtime):
        lua = new_runtime(encoding=None, attribute_handlers=(lambda obj, name: name, None))
        assert lua.eval("function(o) return o.x end")(3j) == b"x"


class TestResult:
    def test_any_value_may_be_given(self, new_runtime):
        values = iter([None, 1, "text", [2], (1, 2)])
        read = new_runtime(attribute_handlers=(lambda obj, name: next(values), None)).eval("function(o) return o.x end")
        assert [read(3j) for _ in range(5)] == [None, 1, "text", [2], (1, 2)]

    def test_tuples_are_never_unpacked(self, new_runtime):
        lua = new_runtime(attribute_handlers=(lambda obj, name: (1, 2), None), unpack_returned_tuples=True)
        assert lua.eval("function(o) return select('#', o.x), o.x end")(3j) == (1, (1, 2))

    def test_the_result_of_a_setter_is_ignored(self, new_runtime):
        lua = new_runtime(attribute_handlers=(None, lambda obj, name, value: "ignored"))
        assert lua.eval("function(o) o.x = 1 return 'done' end")(3j) == "done"

    def test_any_exception_comes_out(self, new_runtime):
        def broken(*args):
            raise ZeroDivisionError(args[1])

        lua = new_runtime(attribute_handlers=(broken, broken))
        with pytest.raises(ZeroDivisionError, match="reading"):
            lua.eval("function(o) return o.reading end")(3j)
        with pytest.raises(ZeroDivisionError, match="writing"):
            lua.eval("function(o) o.writing = 1 end")(3j)

    def test_a_result_that_cannot_be_converted(self, new_runtime):
        lua = new_runtime(attribute_handlers=(lambda obj, name: 2**70, None))
        with pytest.raises(OverflowError):
            lua.eval("function(o) return o.x end")(3j)


class TestOnlyOne:
    def test_without_setter_writing_is_normal(self, new_runtime):
        item, d = types.SimpleNamespace(), {}
        lua = new_runtime(attribute_handlers=(lambda obj, name: name, None))
        lua.eval("function(o, d) o.y = o.x; d.a = d.b end")(item, d)
        assert (vars(item), d) == ({"y": "x"}, {"a": "b"})

    def test_without_getter_reading_is_normal(self, new_runtime):
        written = []
        item, d = types.SimpleNamespace(x=5), {"b": 7}
        lua = new_runtime(attribute_handlers=(None, lambda obj, name, value: written.append((name, value))))
        lua.eval("function(o, d) o.y = o.x; d.a = d.b end")(item, d)
        assert written == [("y", 5), ("a", 7)]
        assert (vars(item), d) == ({"x": 5}, {"b": 7})

    def test_the_builtin_functions_serve_as_handlers(self, new_runtime):
        item = types.SimpleNamespace(x=1)
        lua = new_runtime(attribute_handlers=(getattr, setattr))
        assert lua.eval("function(o) o.y = o.x + 1 return o.y end")(item) == 2
        assert lua.eval("python.builtins.len('abc')") == 3
