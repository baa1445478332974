"""The package `lupa`: its names, lazy attributes and submodules."""

import importlib
import sys

from support import attempt, each


def public_names(package):
    return sorted(package.__all__)


def star_import(package):
    scope = {}
    exec("from lupa import *", scope)
    return sorted(name for name in scope if name != "__builtins__")


def runtime_module_names(lupa):
    return sorted(lupa.__all__)


def star_import_of_a_runtime_module(lupa):
    scope = {}
    exec(f"from {lupa.__name__} import *", scope)
    return sorted(name for name in scope if name != "__builtins__")


def version_is_text(package):
    return type(package.__version__), int(package.__version__.split(".")[0]) >= 2


def unknown_name(package):
    return package.no_such_name


def unknown_name_of_a_runtime_module(lupa):
    return lupa.no_such_name


def unknown_runtime(package):
    return package.lua99


def unknown_runtime_of_a_known_family(package):
    return package.luajit99


def import_of_an_unknown_runtime():
    return importlib.import_module("lupa.lua99")


def from_import_of_an_unknown_name():
    try:
        exec("from lupa import no_such_name")
    except ImportError as error:
        return str(error).split(" (")[0]


def default_runtime(package):
    return package.LuaRuntime.__module__, package.LUA_VERSION, package.LuaRuntime().lua_implementation


def runtime_module_as_attribute(package, lupa):
    name = lupa.__name__.split(".")[1]
    return getattr(package, name) is lupa, sys.modules[lupa.__name__] is lupa


def names_are_cached(package):
    before = "LuaError" in vars(package)
    found = package.LuaError
    return before, "LuaError" in vars(package), package.LuaError is found


@each(
    runtime="LuaRuntime",
    error="LuaError",
    syntax_error="LuaSyntaxError",
    memory_error="LuaMemoryError",
    lua_type="lua_type",
    attrgetter="as_attrgetter",
    itemgetter="as_itemgetter",
    unpacks="unpacks_lua_table",
    unpacks_method="unpacks_lua_table_method",
    version="LUA_VERSION",
    maximum="LUA_MAXINTEGER",
    minimum="LUA_MININTEGER",
)
def name_is_in_the_package(package, name):
    return getattr(package, name) is getattr(package.lua55, name), callable(getattr(package, name))


def allow_lua_module_loading_sets_the_flags_and_restores_them(package):
    before = sys.getdlopenflags()
    with package.allow_lua_module_loading() as entered:
        inside = sys.getdlopenflags()
    return entered, inside, sys.getdlopenflags() == before


def allow_lua_module_loading_restores_after_an_error(package):
    before = sys.getdlopenflags()

    def fail():
        with package.allow_lua_module_loading():
            raise KeyError("inside")

    return attempt(fail), sys.getdlopenflags() == before


def runtime_module_documentation(lupa):
    return bool(lupa.__doc__), bool(lupa.LuaRuntime.__doc__)


def module_name_of_the_types(lupa, lua):
    names = []
    for value in (lua, lua.table(), lua.eval("print"), lua.eval("io.stdout")):
        names.append((type(value).__module__ == lupa.__name__, type(value).__name__, type(value).__qualname__))
    return names


@each(error="LuaError", syntax="LuaSyntaxError", memory="LuaMemoryError")
def module_name_of_the_exceptions(lupa, name):
    return getattr(lupa, name).__module__ == lupa.__name__, getattr(lupa, name).__name__


def exceptions_of_the_package_and_of_its_runtimes(package, lupa):
    return lupa.LuaError is package.lua55.LuaError, issubclass(lupa.LuaError, package.lua54.LuaError)


def exception_bases(lupa):
    return [cls.__bases__ for cls in (lupa.LuaError, lupa.LuaSyntaxError, lupa.LuaMemoryError)]


def exceptions_can_be_made_and_raised(lupa):
    made = lupa.LuaError("text"), lupa.LuaSyntaxError("text", 2), lupa.LuaMemoryError()
    return made, [str(error) for error in made], [error.args for error in made]


def exceptions_can_be_subclassed(lupa):
    class Mine(lupa.LuaError):
        pass

    return isinstance(Mine("x"), lupa.LuaError), str(Mine("x")), repr(Mine("x"))


def memory_error_is_a_python_memory_error(lupa):
    return isinstance(lupa.LuaMemoryError("x"), MemoryError), isinstance(lupa.LuaMemoryError("x"), lupa.LuaError)


def a_runtime_error_is_caught_by_the_name_of_the_package(package, lua):
    try:
        lua.execute("error('x', 0)")
    except package.LuaError as error:
        return "caught", type(error).__name__


def objects_of_another_flavour_through_the_package(package, lua):
    return package.lua_type(lua.table()), package.lua_type(1)
