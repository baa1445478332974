"""Operators of Lua on Python objects: what `LuaRuntime(operators=True)` adds to the metatable that all of them have.

Each metamethod is a Python function, which Lua calls as it calls any other. Where access to attributes is filtered, whoever may
read the special method of an object (`obj.__add__`) may use the operator.
"""

from __future__ import annotations

import operator

from lupa._core import LuaError, as_itemgetter, lua_type
from lupa._runtime import base_class

TYPE_CHECKING = False  # Importing `typing` takes as long as a runtime module.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lupa import LuaRuntime, LuaTable

    _Check = Callable[[Any, str], object]

#: By metamethod: the special method that a filter is asked for, and the function.
BINARY: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "__add": ("__add__", operator.add),
    "__sub": ("__sub__", operator.sub),
    "__mul": ("__mul__", operator.mul),
    "__div": ("__truediv__", operator.truediv),
    "__idiv": ("__floordiv__", operator.floordiv),
    "__mod": ("__mod__", operator.mod),
    "__pow": ("__pow__", operator.pow),
    "__concat": ("__add__", operator.concat),
    "__eq": ("__eq__", operator.eq),
    "__lt": ("__lt__", operator.lt),
    "__le": ("__le__", operator.le),
}
UNARY: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "__unm": ("__neg__", operator.neg),
    "__len": ("__len__", len),
}
#: Lua takes the truth of their results, and every object is true there.
COMPARISONS = {"__eq", "__lt", "__le"}

PAIRS = "local iterex, entries = python.iterex, ... return function(object) return iterex(entries(object)) end"
#: What Lua has in its own form, so that it is no object there.
PLAIN = (str, bytes, int, float, bool, type(None))


def install(
    lua: LuaRuntime,
    metatable: LuaTable,
    attribute_filter: Callable[[Any, str, bool], object] | None,
    attribute_handlers: Any,
    item_filter: Callable[[Any, Any, bool], object] | None,
) -> None:
    """Add the metamethods of a new runtime to the metatable of its boxes."""
    check = check_of(attribute_filter, attribute_handlers)
    for name, (special, binary) in BINARY.items():
        metatable[name] = binary_metamethod(check, special, binary, name in COMPARISONS)
    for name, (special, unary) in UNARY.items():
        metatable[name] = unary_metamethod(check, special, unary)
    metatable["__close"] = close_metamethod(check)
    execute = base_class(lua).execute
    metatable["__pairs"] = execute(lua, PAIRS, entries_function(check, item_filter), mode="t")


def check_of(attribute_filter: Callable[[Any, str, bool], object] | None, attribute_handlers: Any) -> _Check | None:
    """What raises if a special method must not be read; None if all may."""
    if attribute_filter is not None:
        attribute_filter_of_all = attribute_filter
        return lambda obj, name: attribute_filter_of_all(obj, name, False)
    getter: _Check | None = None
    if attribute_handlers:
        getter, _ = attribute_handlers
    return getter


def ask(check: _Check | None, name: str, *operands: Any) -> None:
    """Ask for each operand that is a Python object in Lua."""
    if check is not None:
        for operand in operands:
            if lua_type(operand) is None and type(operand) not in PLAIN:
                check(operand, name)


def result_of(value: Any) -> Any:
    """Tuples stay one value, whatever the runtime does with those that calls return."""
    return as_itemgetter(value) if isinstance(value, tuple) else value


def binary_metamethod(
    check: _Check | None, name: str, function: Callable[[Any, Any], Any], compares: bool
) -> Callable[[Any, Any], Any]:
    convert = bool if compares else result_of

    def metamethod(left: Any, right: Any) -> Any:
        ask(check, name, left, right)
        return convert(function(left, right))

    return metamethod


def unary_metamethod(check: _Check | None, name: str, function: Callable[[Any], Any]) -> Callable[..., Any]:
    def metamethod(operand: Any, *_: Any) -> Any:
        """Lua gives the operand twice."""
        ask(check, name, operand)
        return result_of(function(operand))

    return metamethod


def close_metamethod(check: _Check | None) -> Callable[..., None]:
    def metamethod(resource: Any, error: Any = None) -> None:
        if hasattr(resource, "__exit__"):
            ask(check, "__exit__", resource)
            resource.__exit__(*details_of(error))
        else:
            ask(check, "close", resource)
            resource.close()

    return metamethod


def details_of(error: Any) -> tuple[Any, Any, Any]:
    """What `__exit__` is told of the error that leaves the block, if there is one."""
    if error is None:
        return None, None, None
    exception = error if isinstance(error, BaseException) else LuaError(str(error))
    return type(exception), exception, exception.__traceback__


def entries_function(
    check: _Check | None, item_filter: Callable[[Any, Any, bool], object] | None
) -> Callable[[Any], Iterator[tuple[Any, Any]]]:
    from collections.abc import Mapping, Sequence

    def entries(container: Any) -> Iterator[tuple[Any, Any]]:
        ask(check, "__iter__", container)
        if isinstance(container, Mapping):
            pairs = iter(container.items())
        elif isinstance(container, Sequence):
            pairs = enumerate(container)
        else:
            raise TypeError(f"pairs: expected a mapping or a sequence, got {type(container).__name__}")
        return pairs if item_filter is None else allowed(container, pairs, item_filter)

    return entries


def allowed(
    container: Any, pairs: Iterator[tuple[Any, Any]], item_filter: Callable[[Any, Any, bool], object]
) -> Iterator[tuple[Any, Any]]:
    for key, value in pairs:
        item_filter(container, key, False)
        yield key, value
