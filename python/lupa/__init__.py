"""Lua and LuaJIT inside Python.

The package holds one module for each runtime (``lupa.lua54``, ``lupa.luajit21``, ...).  Whatever is asked of the
package itself is taken from the newest plain Lua among them, and only then is that module loaded:

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> lua.eval("1 + 1")
2

A certain runtime is a module to import:

>>> from lupa import lua54
>>> lua54.LuaRuntime().lua_version
(5, 4)
"""

import os
import sys

from lupa.version import __version__

#: What is written in Python, and where it is loaded from when it is asked for.
_PYTHON_NAMES = {"describe": "lupa._values", "redirect_output": "lupa._output", "to_python": "lupa._values"}

#: The module that lends the package its names, once one of them was asked for.
_newest_lib = None


def _parts(name):
    """`("lua", "54")` for the name of a runtime, with or without digits; None for any other name."""
    # Importing `re` for this would take longer than all the rest; so would other modules that are imported where they are used.
    letters = name.rstrip("0123456789")
    is_runtime = letters.startswith("lua") and letters.isascii() and letters.isalpha() and letters.islower()
    return (letters, name[len(letters) :]) if is_runtime else None


def allow_lua_module_loading():
    """Let the runtime that is first imported inside the ``with`` block load Lua modules written in C.

    Such modules look for the functions of Lua among the global symbols of the process, so the runtime must have put
    its own there when it was loaded.  Do this for one runtime per process: a second one would come second in the
    search of every module.  Where dynamic linking has no such modes (Windows) the block changes nothing.

    >>> import lupa
    >>> with lupa.allow_lua_module_loading():
    ...     from lupa import lua54
    >>> lua54.LuaRuntime().lua_version
    (5, 4)
    """
    from contextlib import contextmanager

    return contextmanager(_with_global_symbols)()


def _with_global_symbols():
    """Keep ``RTLD_GLOBAL`` in force until the generator goes on."""
    if not hasattr(os, "RTLD_GLOBAL"):
        yield
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)
    try:
        yield
    finally:
        sys.setdlopenflags(flags)


def load_ipython_extension(shell):
    """``%load_ext lupa`` in IPython and in notebooks: the magics ``%lua`` and ``%%lua``, and tables that can be read.

    ``%lua?`` tells what they can do.
    """
    from lupa._notebook.magics import load

    load(shell)


def _load_runtimes_with_global_symbols():
    """Keep ``RTLD_GLOBAL`` in force for every runtime, since it was in force when this package was imported.

    Programs written before ``allow_lua_module_loading`` existed set the flags, import the package, and restore them.
    """
    from importlib.machinery import ExtensionFileLoader, PathFinder

    class Loader(ExtensionFileLoader):
        def create_module(self, spec):
            with allow_lua_module_loading():
                return super().create_module(spec)

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            package, _, module = name.rpartition(".")
            if package != __name__ or not _parts(module):
                return None
            spec = PathFinder.find_spec(name, path, target)
            if spec is not None and isinstance(spec.loader, ExtensionFileLoader):
                spec.loader = Loader(name, spec.origin)
            return spec

    sys.meta_path.insert(0, Finder)


if hasattr(os, "RTLD_GLOBAL") and sys.getdlopenflags() & os.RTLD_GLOBAL:
    _load_runtimes_with_global_symbols()


def _import_newest_lib():
    """Import the newest plain Lua of the package, or the newest LuaJIT if there is no other.

    Raises:
        RuntimeError: the package holds no runtime at all.
    """
    global _newest_lib
    if _newest_lib is None:
        from importlib.machinery import EXTENSION_SUFFIXES

        suffixes = tuple(EXTENSION_SUFFIXES)
        files = (file for folder in __path__ for file in os.listdir(folder) if file.endswith(suffixes))
        names = {file.partition(".")[0] for file in files}
        runtimes = [parts for parts in map(_parts, names) if parts and parts[1]]
        if not runtimes:
            raise RuntimeError("Failed to import Lua binary module.")
        newest = max(runtimes, key=lambda parts: (parts[0] == "lua", int(parts[1])))
        _newest_lib = _import_runtime("".join(newest))
    return _newest_lib


def _import_runtime(name):
    """The module of a runtime."""
    return _import(f"{__name__}.{name}")


def _import(name):
    from importlib import import_module

    return import_module(name)


def __getattr__(name):
    """Import a runtime by its name; take any other name from where it is, mostly the newest runtime, and remember it.

    Raises:
        AttributeError: there is no such runtime, or the newest runtime has no such name.
    """
    if _parts(name):
        try:
            return _import_runtime(name)
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
            raise AttributeError(name) from None
    home = _import(_PYTHON_NAMES[name]) if name in _PYTHON_NAMES else _import_newest_lib()
    value = globals()[name] = getattr(home, name)
    return value
