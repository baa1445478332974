"""The catalogue of operations: every entrance into Lua, and every way back.

An operation is a function that prepares everything and returns `(action, expected)`: the action is what is run under
injection, `expected` is its result, or a function that checks the result. It is prepared anew for every point.
"""

import collections
import importlib
import weakref

#: Title to Operation, in the order of the files.
OPERATIONS = {}

FILES = ("runtimes", "calls", "tables", "objects", "errors", "coroutines", "standard_library")


class Operation(collections.namedtuple("Operation", "prepare options since accepts but")):
    """`options` of its runtime, the version of Lua that it needs, texts of other errors than MemoryError that it may end
    with, and why CPython does not survive it where its own allocators fail."""

    def runs_on(self, module, side):
        return module.LUA_VERSION >= self.since and not (self.but and side == "python")


def operation(since=(5, 1), accepts=(), but="", **options):
    """Add the decorated function to the catalogue; its name is the title."""

    def add(prepare):
        title = prepare.__name__.replace("_", " ")
        assert title not in OPERATIONS
        OPERATIONS[title] = Operation(prepare, options, since, accepts, but)
        return prepare

    return add


class Thing:
    """An object whose life is watched."""

    made = []

    def __init__(self, value=1):
        self.value = value
        Thing.made.append(weakref.ref(self))

    @staticmethod
    def count():
        """How many are alive."""
        Thing.made[:] = [thing for thing in Thing.made if thing() is not None]
        return len(Thing.made)

    def method(self, *arguments):
        return self.value

    def __str__(self):
        return "thing " * 20


class Failure(Exception):
    """What the operations raise on purpose."""


def fail(*arguments):
    raise Failure("on purpose")


def echo(*arguments):
    return arguments[0] if len(arguments) == 1 else arguments


def raised(kind, action):
    """The exception that the action raises, which is to be of this kind and no MemoryError."""
    try:
        value = action()
    except MemoryError:
        raise
    except kind as error:
        return error.with_traceback(None)
    raise AssertionError(f"{value!r} and no exception")


def load():
    """The catalogue, read from its files."""
    for name in FILES:
        importlib.import_module(f"{__name__}.{name}")
    return OPERATIONS
