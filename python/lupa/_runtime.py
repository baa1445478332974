"""The methods of a runtime, whatever a class that is derived from `LuaRuntime` has made of their names."""

from __future__ import annotations

TYPE_CHECKING = False  # Importing `typing` takes as long as a runtime module.
if TYPE_CHECKING:
    from lupa import LuaRuntime


def base_class(runtime: LuaRuntime) -> type[LuaRuntime]:
    """`LuaRuntime` itself, of the module of a runtime."""
    classes = type(runtime).__mro__
    return next(each for each in classes if each.__name__ == "LuaRuntime" and each.__module__.startswith("lupa."))
