"""What all runtime modules offer and is best written in Python."""

import sys
from _thread import RLock

from lupa._core import unpack_arguments

TYPE_CHECKING = False  # Importing `typing` takes as long as a runtime module.
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, TypeVar

    _Result = TypeVar("_Result")

PUBLIC_NAMES = [
    "LUA_VERSION",
    "LUA_MAXINTEGER",
    "LUA_MININTEGER",
    "LuaRuntime",
    "LuaError",
    "LuaSyntaxError",
    "LuaMemoryError",
    "as_itemgetter",
    "as_attrgetter",
    "lua_type",
    "unpacks_lua_table",
    "unpacks_lua_table_method",
]

# lupa shows the class of its own lock; the reentrant lock of the standard library has the same methods.
FastRLock = RLock


#: What Python code calls the objects of Lua, in the order in which the runtime modules offer their classes.
WRAPPER_NAMES = ("LuaObject", "LuaTable", "LuaFunction", "LuaCoroutineFunction", "LuaThread")

#: The classes of the runtime modules that are there so far.
wrapper_types: "list[tuple[type, ...]]" = []


def offer_wrapper_types(module: "ModuleType", *types: type) -> "Callable[[str], Any]":
    """Make the classes of a new runtime module known by their public names; the ``__getattr__`` of the module.

    The module of the public names is imported when one of them is asked for, and not before.
    """
    wrapper_types.append(types)
    register = getattr(sys.modules.get("lupa._wrappers"), "register", None)
    if register is not None:
        register(types)

    def fetch(name: str) -> "Any":
        if name not in WRAPPER_NAMES:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        from lupa import _wrappers

        value = vars(module)[name] = getattr(_wrappers, name)
        return value

    return fetch


def unpacks_lua_table(func: "Callable[..., _Result]") -> "Callable[..., _Result]":
    """Let Lua code call ``func`` with named arguments: ``func{1, 2, name=3}``.

    A single Lua table as argument is unpacked: its entries 1 to #t are positional (``None`` where one is missing), string
    keys are names. Called in any other way, the function gets its arguments as they are, so that a function whose first
    argument may be a Lua table had better not be decorated.

    Raises:
        IndexError: the table has an integer key outside of 1 to #t.
        TypeError: the table has a key that is neither an integer nor a string.

    >>> import lupa
    >>> @lupa.unpacks_lua_table
    ... def add(a, b):
    ...     return a + b
    >>> lua = lupa.LuaRuntime()
    >>> lua.eval('function(add) return add{1, b=2} end')(add)
    3
    """

    from functools import wraps

    @wraps(func)
    def wrapper(*args: "Any") -> "_Result":
        args, kwargs = unpack_arguments(args)
        return func(*args, **kwargs)

    return wrapper


def unpacks_lua_table_method(meth: "Callable[..., _Result]") -> "Callable[..., _Result]":
    """:func:`unpacks_lua_table` for methods: the object is passed on, the other arguments are unpacked.

    >>> import lupa
    >>> class Counter:
    ...     @lupa.unpacks_lua_table_method
    ...     def count(self, start, step=1):
    ...         return start + step
    >>> lua = lupa.LuaRuntime()
    >>> lua.eval('function(counter) return counter:count{1, step=2} end')(Counter())
    3
    """

    from functools import wraps

    @wraps(meth)
    def wrapper(self: "Any", *args: "Any") -> "_Result":
        args, kwargs = unpack_arguments(args)
        return meth(self, *args, **kwargs)

    return wrapper
