"""The public names of Lua objects in Python: what `isinstance` and annotations know them by.

Each runtime module has classes of its own for the objects of its Lua (`lupa.lua54._LuaTable`, ...). They are registered
here, so that `isinstance(value, lupa.LuaTable)` holds for the tables of every runtime. The methods below only say what
those classes can do; nothing of it runs.
"""

from abc import ABCMeta, abstractmethod

from lupa._decorators import WRAPPER_NAMES, wrapper_types

TYPE_CHECKING = False  # Importing `typing` takes as long as a runtime module.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any


class LuaObject(metaclass=ABCMeta):
    """Any object of Lua, of every runtime; those that have none of the other names are userdata.

    >>> import lupa
    >>> lua = lupa.LuaRuntime()
    >>> isinstance(lua.eval("io.stdout"), lupa.LuaObject), isinstance(lua.table(), lupa.LuaObject)
    (True, True)
    """

    __module__ = "lupa"

    @abstractmethod
    def __getitem__(self, key: "Any", /) -> "Any":
        """What Lua gives for object[key]."""

    @abstractmethod
    def __getattr__(self, name: str, /) -> "Any":
        """What Lua gives for object.name."""

    @abstractmethod
    def __len__(self) -> int:
        """What Lua gives for #object."""

    @abstractmethod
    def __call__(self, *args: "Any") -> "Any":
        """None, the one result, or a tuple of the results."""


class LuaTable(LuaObject):
    """A table of Lua, of any runtime.

    >>> import lupa
    >>> from lupa import lua54
    >>> isinstance(lua54.LuaRuntime().table(), lupa.LuaTable)
    True
    """

    __module__ = "lupa"

    @abstractmethod
    def __iter__(self) -> "Iterator[Any]":
        """An iterator over the keys."""

    @abstractmethod
    def __setitem__(self, key: "Any", value: "Any", /) -> None:
        """Set a field; None removes it."""

    @abstractmethod
    def __delitem__(self, key: "Any", /) -> None:
        """Remove a field."""

    @abstractmethod
    def __setattr__(self, name: str, value: "Any", /) -> None:
        """Set a field; None removes it."""

    @abstractmethod
    def __delattr__(self, name: str, /) -> None:
        """Remove a field."""

    @abstractmethod
    def __copy__(self) -> "LuaTable":
        """A table of the same runtime with the same keys and values."""

    @abstractmethod
    def __deepcopy__(self, memo: "dict[Any, Any]", /) -> "LuaTable":
        """A table of the same runtime with copies of the tables in it."""

    @abstractmethod
    def keys(self) -> "Iterator[Any]":
        """An iterator over the keys."""

    @abstractmethod
    def values(self) -> "Iterator[Any]":
        """An iterator over the values."""

    @abstractmethod
    def items(self) -> "Iterator[tuple[Any, Any]]":
        """An iterator over (key, value) pairs."""


class LuaFunction(LuaObject):
    """A function of Lua, of any runtime."""

    __module__ = "lupa"

    @abstractmethod
    def coroutine(self, /, *args: "Any") -> "LuaThread":
        """A new coroutine that runs this function with the arguments."""


class LuaCoroutineFunction(LuaFunction):
    """A coroutine that was not started: calling it makes a fresh coroutine of its function."""

    __module__ = "lupa"

    @abstractmethod
    def __call__(self, *args: "Any") -> "LuaThread":
        """A new coroutine of the same function."""


class LuaThread(LuaObject):
    """A coroutine of Lua, of any runtime, used like a generator."""

    __module__ = "lupa"

    @abstractmethod
    def __iter__(self) -> "LuaThread":
        """The coroutine itself."""

    @abstractmethod
    def __next__(self) -> "Any":
        """Resume it; the next item."""

    @abstractmethod
    def __bool__(self) -> bool:
        """Whether it can be resumed."""

    @abstractmethod
    def send(self, value: "Any") -> "Any":
        """Resume it with a value; the next item."""

    @abstractmethod
    def throw(
        self,
        type: "type[BaseException] | BaseException",
        value: "BaseException | object" = None,
        traceback: "TracebackType | None" = None,
        /,
    ) -> "Any":
        """Resume it with an exception; the next item."""

    @abstractmethod
    def close(self) -> None:
        """End it."""


def register(types: "tuple[type, ...]") -> None:
    """Give the classes of one runtime module their public names."""
    for name, concrete in zip(WRAPPER_NAMES, types):
        globals()[name].register(concrete)


for types_of_a_module in wrapper_types:
    register(types_of_a_module)
