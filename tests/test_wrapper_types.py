"""The public names of Lua objects, such as `lupa.LuaTable`: shared by all runtimes, for `isinstance` too."""

import functools
import importlib
import inspect

import pytest

import lupa

pytestmark = pytest.mark.deviation

#: An object of each kind; the wrapper of a coroutine that runs comes from Python.
OBJECTS = {
    "LuaTable": "return {}",
    "LuaFunction": "return print",
    "LuaCoroutineFunction": "return coroutine.create(function() end)",
    "LuaObject": "return io.stdout",
}
FAMILY = {
    "LuaTable": {"LuaTable", "LuaObject"},
    "LuaFunction": {"LuaFunction", "LuaObject"},
    "LuaCoroutineFunction": {"LuaCoroutineFunction", "LuaFunction", "LuaObject"},
    "LuaThread": {"LuaThread", "LuaObject"},
    "LuaObject": {"LuaObject"},
}
#: What every object of Python has in one way or another.
SILENT = {"__getattr__", "__setattr__", "__delattr__", "__bool__"}


def make(lua, name):
    if name == "LuaThread":
        return lua.eval("function() end").coroutine()
    return lua.execute(OBJECTS[name])


@pytest.mark.parametrize("name", FAMILY)
class TestEachType:
    def test_instances(self, lua, name):
        value = make(lua, name)
        assert {other for other in FAMILY if isinstance(value, getattr(lupa, other))} == FAMILY[name]

    def test_classes(self, lua, name):
        concrete = type(make(lua, name))
        assert {other for other in FAMILY if issubclass(concrete, getattr(lupa, other))} == FAMILY[name]

    def test_all_runtimes_share_it(self, lupa_module, name):
        assert getattr(lupa_module, name) is getattr(lupa, name)
        assert (getattr(lupa, name).__name__, getattr(lupa, name).__module__) == (name, "lupa")

    def test_it_makes_no_instances(self, lupa_module, name):
        with pytest.raises(TypeError):
            getattr(lupa_module, name)()

    @pytest.mark.parametrize("value", [None, 1, "text", {}, [], print, (x for x in ())], ids=lambda value: type(value).__name__)
    def test_objects_of_python_are_none_of_them(self, lupa_module, name, value):
        assert not isinstance(value, getattr(lupa_module, name))

    def test_it_says_what_the_runtimes_class_can_do(self, lua, lupa_module, name):
        public, concrete = getattr(lupa_module, name), type(make(lua, name))
        there = {method for method in dir(concrete) if callable(getattr(concrete, method))} - set(dir(object)) - SILENT
        if name not in ("LuaTable", "LuaThread"):  # It refuses.
            there.remove("__iter__")
        said = public.__abstractmethods__ - SILENT
        assert said == there
        for method in said:
            if not method.startswith("__"):
                assert inspect.signature(getattr(concrete, method)) == plain(getattr(public, method)), method

    def test_there_is_documentation(self, lupa_module, name):
        public = getattr(lupa_module, name)
        assert public.__doc__
        assert [method for method in public.__abstractmethods__ if not getattr(public, method).__doc__] == []


def plain(method):
    """The signature of a method without its annotations, all `self` of it positional as in C."""
    signature = inspect.signature(method)
    parameters = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    parameters[0] = parameters[0].replace(kind=inspect.Parameter.POSITIONAL_ONLY)
    return inspect.Signature(parameters)


def signatures(runtime_class):
    methods = {name: getattr(runtime_class, name) for name in dir(runtime_class) if not name.startswith("_")}
    found = {name: method.__text_signature__ for name, method in methods.items() if callable(method)}
    return {**found, "": runtime_class.__text_signature__}


def test_runtimes_are_alike(lupa_module):
    """The stubs describe one class for all, and stubtest looks at that of the newest Lua."""
    assert signatures(lupa_module.LuaRuntime) == signatures(lupa.LuaRuntime)
    assert set(dir(lupa_module)) - {"_start_faults", "_stop_faults"} >= set(lupa_module.__all__)


class TestUse:
    @pytest.mark.usefixtures("all_runtimes")
    def test_tables_of_another_runtime_are_tables(self, lua, runtime_name):
        other = importlib.import_module("lupa.lua54" if runtime_name != "lua54" else "lupa.lua53")
        assert isinstance(lua.table(), other.LuaTable)
        assert isinstance(other.LuaRuntime().table(), lupa.LuaTable)

    def test_generic_functions_take_them(self, lua, lupa_module):
        @functools.singledispatch
        def kind(value):
            return "other"

        kind.register(lupa_module.LuaTable, lambda value: "table")
        kind.register(lupa_module.LuaObject, lambda value: "object")
        values = (lua.table(), lua.eval("print"), 1)
        assert [kind(value) for value in values] == ["table", "object", "other"]

    def test_a_star_import_brings_the_names_of_lupa_only(self, lupa_module):
        assert set(lupa_module.__all__) & set(FAMILY) == set()

    def test_they_are_not_loaded_before_they_are_needed(self, run_script, lupa_module):
        source = """
        print("lupa._wrappers" in sys.modules, lua_type(lupa.LuaRuntime().table()))
        first = lupa.LuaRuntime().table()
        import lupa as package
        print(isinstance(first, package.LuaTable), "LuaTable" in vars(lupa) or "LuaTable" in vars(package))
        """
        assert run_script(source) == "False table\nTrue True\n"

    @pytest.mark.usefixtures("all_runtimes")
    def test_runtimes_that_come_later_have_them(self, run_script, runtime_name):
        other = "lua54" if runtime_name != "lua54" else "lua53"
        source = f"""
        table = lupa.LuaTable
        from lupa import {other}
        print(isinstance({other}.LuaRuntime().table(), table), {other}.LuaTable is table)
        """
        assert run_script(source) == "True True\n"

    def test_a_missing_name_is_missing_as_usual(self, lupa_module):
        with pytest.raises(AttributeError, match=f"^module '{lupa_module.__name__}' has no attribute 'LuaThing'$"):
            lupa_module.LuaThing  # noqa: B018

    def test_an_object_that_lies_about_its_class_is_believed_as_usual(self, lua, lupa_module):
        class Liar:
            __class__ = type(lua.table())

        assert isinstance(Liar(), lupa_module.LuaTable)
        assert lupa_module.lua_type(Liar()) is None
