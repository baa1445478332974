"""The package and its runtime modules: names, constants, lazy attributes, what the runtimes share."""

import copy
import importlib
import pickle
import subprocess
import sys

import pytest

PUBLIC = [
    "LUA_VERSION", "LUA_MAXINTEGER", "LUA_MININTEGER", "LuaRuntime", "LuaError", "LuaSyntaxError", "LuaMemoryError",
    "as_itemgetter", "as_attrgetter", "lua_type", "unpacks_lua_table", "unpacks_lua_table_method",
]  # fmt: skip


def run_python(source, *options):
    """The output of Python source run in a process of its own."""
    done = subprocess.run(
        [sys.executable, *options, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class TestNames:
    def test_all(self, lupa_module):
        assert sorted(lupa_module.__all__) == sorted(PUBLIC)
        assert all(hasattr(lupa_module, name) for name in PUBLIC)

    def test_module_name_and_doc(self, lupa_module, runtime_name):
        assert lupa_module.__name__ == f"lupa.{runtime_name}"
        assert lupa_module.__doc__.strip()

    def test_every_public_name_is_documented(self, lupa_module):
        for name in PUBLIC:
            value = getattr(lupa_module, name)
            assert isinstance(value, (tuple, int)) or value.__doc__ or name.endswith("Error"), name

    def test_an_unknown_name(self, lupa_module):
        with pytest.raises(AttributeError, match="no_such_name"):
            lupa_module.no_such_name  # noqa: B018

    def test_star_import(self, runtime_name, lupa_module):
        names = {}
        exec(f"from lupa.{runtime_name} import *", names)
        assert set(PUBLIC) <= set(names)

    def test_python_arguments_are_visible(self, lupa_module):
        assert lupa_module._PyArguments.__name__ == "_PyArguments"

    def test_reimporting_gives_the_same_module(self, runtime_name, lupa_module):
        assert importlib.import_module("lupa." + runtime_name) is lupa_module


class TestTypes:
    @pytest.mark.parametrize(
        "name, code",
        [
            ("_LuaTable", "{}"), ("_LuaFunction", "print"), ("_LuaObject", "io.stdout"),
            ("_LuaCoroutineFunction", "coroutine.create(function() end)"),
        ],
    )  # fmt: skip
    def test_names_of_wrapper_types(self, lua, lupa_module, name, code):
        kind = type(lua.eval(code))
        assert (kind.__name__, kind.__module__) == (name, lupa_module.__name__)

    def test_the_family(self, lua):
        table, function, userdata = (type(lua.eval(code)) for code in ("{}", "print", "io.stdout"))
        thread, unstarted = type(lua.eval("function() end").coroutine()), type(lua.eval("coroutine.create(function() end)"))
        assert all(issubclass(kind, userdata) for kind in (table, function, thread, unstarted))
        assert issubclass(unstarted, function)
        assert not issubclass(table, function)

    def test_iterators_and_contexts(self, lua):
        assert type(lua.table().keys()).__name__ == "_LuaIter"
        assert type(lua.nogc()).__name__ == "_LuaNoGC"

    @pytest.mark.usefixtures("all_runtimes")
    def test_types_differ_between_runtimes(self, lua, runtime_name):
        other = importlib.import_module("lupa.lua54" if runtime_name != "lua54" else "lupa.lua53")
        assert type(other.LuaRuntime().table()) is not type(lua.table())

    @pytest.mark.usefixtures("all_runtimes")
    def test_objects_of_another_module_are_python_objects(self, lua, runtime_name):
        other = importlib.import_module("lupa.lua54" if runtime_name != "lua54" else "lupa.lua53")
        table = other.LuaRuntime().table(1, 2)
        assert lua.eval("function(t) return type(t), t[1] end")(table) == ("userdata", 1)
        assert lua.eval("function(t) return t end")(table) is table

    @pytest.mark.parametrize("code", ["print", "io.stdout", "coroutine.create(function() end)"])
    def test_other_wrappers_than_tables_are_neither_pickled_nor_copied(self, lua, code):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                attempt(lua.eval(code))


class TestLuaType:
    @pytest.mark.parametrize(
        "code, kind", [("{}", "table"), ("print", "function"), ("function() end", "function"), ("io.stdout", "userdata")]
    )
    def test_of_lua_objects(self, lua, lupa_module, code, kind):
        assert lupa_module.lua_type(lua.eval(code)) == kind

    @pytest.mark.parametrize("value", [123, 1.5, "abc", b"abc", {}, [], None, True, len, object], ids=repr)
    def test_of_python_objects_it_is_none(self, lupa_module, value):
        assert lupa_module.lua_type(value) is None

    def test_of_threads_and_runtimes(self, lua, lupa_module):
        assert lupa_module.lua_type(lua.eval("function() end").coroutine()) == "thread"
        assert lupa_module.lua_type(lua) is None
        assert lupa_module.lua_type(lua.table().keys()) is None

    def test_of_light_userdata(self, lua, lupa_module, flavour):
        if flavour.version == (5, 1) and not flavour.is_luajit:
            pytest.skip("no library function of Lua 5.1 makes light userdata")
        value = lua.execute("local x; return debug.upvalueid(function() return x end, 1)")
        assert lupa_module.lua_type(value) == "userdata"
        assert lua.eval("type")(value) == "userdata"
        assert repr(value).startswith("<Lua userdata at 0x")

    def test_exactly_one_argument(self, lupa_module):
        with pytest.raises(TypeError):
            lupa_module.lua_type()
        with pytest.raises(TypeError):
            lupa_module.lua_type(1, 2)


class TestPackage:
    """`import lupa` takes the newest plain Lua and fetches its names when they are asked for."""

    @pytest.mark.usefixtures("all_runtimes")
    def test_the_names_of_the_newest_lua(self):
        lupa = importlib.import_module("lupa")
        assert lupa.LUA_VERSION == (5, 5)
        assert lupa.LuaRuntime().lua_implementation == "Lua 5.5"
        assert sorted(lupa.__all__) == sorted(PUBLIC)

    def test_version(self):
        version = importlib.import_module("lupa").__version__
        assert [int(part) for part in version.split(".")[:2]] >= [2, 8]

    def test_runtime_modules_as_attributes(self, runtime_name, lupa_module):
        output = run_python(f"import lupa; print(lupa.{runtime_name}.__name__)")
        assert output.strip() == lupa_module.__name__
        output = run_python(f"from lupa import {runtime_name}; print({runtime_name}.LuaRuntime().lua_version)")
        assert output.strip() == repr(lupa_module.LUA_VERSION)

    def test_importing_under_its_own_name(self, runtime_name, lupa_module):
        source = f"import lupa.{runtime_name} as lupa; print(lupa.LuaRuntime().eval('1 + 1'))"
        assert run_python(source).strip() == "2"

    def test_importing_does_not_bring_slow_modules_along(self, lupa_module):
        source = f"import sys; before = set(sys.modules); import {lupa_module.__name__}; print(set(sys.modules) - before)"
        added = eval(run_python(source))
        assert lupa_module.__name__ in added
        assert added & {"re", "threading", "logging", "typing", "inspect"} == set()

    def test_names_that_are_no_runtimes(self):
        lupa = importlib.import_module("lupa")
        for name in ("lua54x", "luaX54", "lu54", "Lua54", "lua\N{GREEK SMALL LETTER ALPHA}54"):
            with pytest.raises(AttributeError, match="has no attribute"):
                getattr(lupa, name)
        with pytest.raises(AttributeError, match=r"^lua99$"):
            lupa.lua99

    def test_nothing_is_loaded_before_it_is_needed(self):
        source = "import sys, lupa; print([name for name in sys.modules if name.startswith('lupa.lua')])"
        assert run_python(source).strip() == "[]"

    def test_a_missing_runtime_is_a_missing_attribute(self):
        lupa = importlib.import_module("lupa")
        with pytest.raises(AttributeError, match="lua99"):
            lupa.lua99  # noqa: B018
        with pytest.raises(ImportError):
            importlib.import_module("lupa.lua99")

    def test_an_unknown_name_is_a_missing_attribute(self):
        lupa = importlib.import_module("lupa")
        with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
            lupa.no_such_name  # noqa: B018

    @pytest.mark.usefixtures("all_runtimes")
    def test_star_import(self):
        source = "from lupa import *; print(LuaRuntime().eval('1 + 1'), lua_type(1), LUA_VERSION)"
        assert run_python(source).strip() == "2 None (5, 5)"

    def test_names_are_cached(self):
        source = "import lupa; first = lupa.LuaRuntime; print('LuaRuntime' in vars(lupa), first is lupa.LuaRuntime)"
        assert run_python(source).strip() == "True True"

    @pytest.mark.usefixtures("all_runtimes")
    def test_the_import_cascade_of_the_documentation(self):
        source = """
try:
    import lupa.lua99 as lupa
except ImportError:
    import lupa.lua54 as lupa
print(lupa.LUA_VERSION)
"""
        assert run_python(source).strip() == "(5, 4)"

    def test_warnings_are_errors(self, runtime_name, lupa_module):
        run_python(f"import lupa.{runtime_name}; lupa.{runtime_name}.LuaRuntime()", "-W", "error")

    @pytest.mark.usefixtures("all_runtimes")
    def test_all_runtimes_in_one_process(self, lupa_module):
        names = ["lua51", "lua52", "lua53", "lua54", "lua55", "luajit21"]
        modules = [importlib.import_module("lupa." + name) for name in names]
        versions = [module.LuaRuntime().eval("_VERSION") for module in modules]
        assert versions == ["Lua 5.1", "Lua 5.2", "Lua 5.3", "Lua 5.4", "Lua 5.5", "Lua 5.1"]


class TestModuleLoading:
    """`allow_lua_module_loading` makes the symbols of the first runtime imported inside visible."""

    def test_it_restores_the_flags(self):
        source = (
            "import sys, lupa; before = sys.getdlopenflags()\n"
            "with lupa.allow_lua_module_loading():\n    inside = sys.getdlopenflags()\n"
            "print(inside != before, sys.getdlopenflags() == before)"
        )
        if not hasattr(sys, "getdlopenflags"):
            pytest.skip("this platform has no flags for dlopen")
        assert run_python(source).strip() == "True True"

    def test_it_restores_them_after_an_exception(self):
        if not hasattr(sys, "getdlopenflags"):
            pytest.skip("this platform has no flags for dlopen")
        lupa = importlib.import_module("lupa")
        before = sys.getdlopenflags()
        with pytest.raises(KeyError):
            with lupa.allow_lua_module_loading():
                raise KeyError
        assert sys.getdlopenflags() == before

    def test_a_runtime_imported_inside_works(self, runtime_name, lupa_module):
        source = f"import lupa\nwith lupa.allow_lua_module_loading():\n    import lupa.{runtime_name} as m\nprint(m.LuaRuntime().eval('6 * 7'))"
        assert run_python(source).strip() == "42"


@pytest.mark.deviation
class TestSharedByAllRuntimes:
    @pytest.mark.usefixtures("all_runtimes")
    def test_exceptions(self, lupa_module):
        lupa = importlib.import_module("lupa")
        for name in ("LuaError", "LuaSyntaxError", "LuaMemoryError"):
            assert getattr(lupa_module, name) is getattr(lupa, name)
            assert getattr(lupa_module, name) is getattr(importlib.import_module("lupa.lua54"), name)

    def test_the_packages_exception_catches_those_of_every_runtime(self, lua):
        lupa = importlib.import_module("lupa")
        with pytest.raises(lupa.LuaError):
            lua.execute("error('x')")
        with pytest.raises(lupa.LuaSyntaxError):
            lua.execute("x = = 1")

    @pytest.mark.parametrize("name", ["as_attrgetter", "as_itemgetter", "lua_type", "unpacks_lua_table", "unpacks_lua_table_method"])
    def test_helpers(self, lupa_module, name):
        lupa = importlib.import_module("lupa")
        assert getattr(lupa_module, name) is getattr(lupa, name)

    def test_lua_type_of_another_modules_object(self, lua):
        lupa = importlib.import_module("lupa")
        assert lupa.lua_type(lua.table()) == "table"
        assert lupa.lua_type(lua.eval("print")) == "function"

    def test_protocol_helpers_of_another_module(self, lua):
        lupa = importlib.import_module("lupa")
        d = {"get": "value"}
        get = lua.eval("function(o) return o.get end")
        assert get(lupa.as_attrgetter(d)) == d.get
        assert get(lupa.as_itemgetter(d)) == "value"

    def test_named_arguments_with_another_modules_decorator(self, lua):
        lupa = importlib.import_module("lupa")
        function = lupa.unpacks_lua_table(lambda a, b=0: (a, b))
        assert lua.eval("function(f) return f{1, b=2} end")(function) == (1, 2)

        class Thing:
            @lupa.unpacks_lua_table_method
            def method(self, a, b=0):
                return a, b

        assert lua.eval("function(o) return o:method{1, b=2} end")(Thing()) == (1, 2)
