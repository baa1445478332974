# What the package and every runtime module offer; lua51.pyi and the others are this without what is the package's own.
# The classes of two runtimes are one for a type checker, so that a function takes a runtime of either.

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from typing_extensions import Buffer, Self, disjoint_base

from lupa import (
    lua51 as lua51,
    lua52 as lua52,
    lua53 as lua53,
    lua54 as lua54,
    lua55 as lua55,
    luajit20 as luajit20,
    luajit21 as luajit21,
)
from lupa._core import (
    LuaError as LuaError,
    LuaMemoryError as LuaMemoryError,
    LuaSyntaxError as LuaSyntaxError,
    as_attrgetter as as_attrgetter,
    as_itemgetter as as_itemgetter,
    lua_type as lua_type,
)
from lupa._decorators import (
    FastRLock as FastRLock,
    unpacks_lua_table as unpacks_lua_table,
    unpacks_lua_table_method as unpacks_lua_table_method,
)
from lupa._output import redirect_output as redirect_output
from lupa._values import describe as describe, to_python as to_python
from lupa._wrappers import (
    LuaCoroutineFunction as LuaCoroutineFunction,
    LuaFunction as LuaFunction,
    LuaObject as LuaObject,
    LuaTable as LuaTable,
    LuaThread as LuaThread,
)
from lupa.version import __version__ as __version__

__all__ = [
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

LUA_VERSION: tuple[int, int]
LUA_MAXINTEGER: int
LUA_MININTEGER: int

@disjoint_base
class LuaRuntime:
    def __new__(
        cls,
        encoding: str | Buffer | None = "UTF-8",
        source_encoding: str | Buffer | None = None,
        attribute_filter: Callable[[Any, str, bool], str] | None = None,
        attribute_handlers: tuple[Callable[[Any, Any], Any] | None, Callable[[Any, Any, Any], object] | None]
        | None = None,
        register_eval: bool = True,
        unpack_returned_tuples: bool = False,
        register_builtins: bool = True,
        overflow_handler: Callable[[int], Any] | None = None,
        max_memory: int | None = None,
        string_hash_seed: int | None = None,
        *,
        traceback_notes: bool = False,
        libs: str | Iterable[str] | None = None,
        mode: str | Buffer | None = None,
        item_filter: Callable[[Any, Any, bool], Any] | None = None,
        operators: bool = False,
    ) -> Self: ...
    @property
    def lua_version(self) -> tuple[int, int]: ...
    @property
    def lua_implementation(self) -> str: ...
    def eval(
        self, lua_code: str | Buffer, *args: Any, name: str | Buffer | None = None, mode: str | Buffer | None = None
    ) -> Any: ...
    def execute(
        self, lua_code: str | Buffer, *args: Any, name: str | Buffer | None = None, mode: str | Buffer | None = None
    ) -> Any: ...
    def compile(
        self, lua_code: str | Buffer, name: str | Buffer | None = None, mode: str | Buffer | None = None
    ) -> LuaFunction: ...
    def require(self, modulename: str | Buffer) -> Any: ...
    def globals(self) -> LuaTable: ...
    def table(self, /, *items: Any, **fields: Any) -> LuaTable: ...
    def table_from(self, /, *sources: Iterable[Any], recursive: bool = False) -> LuaTable: ...
    def nogc(self) -> AbstractContextManager[None]: ...
    def gccollect(self) -> None: ...
    def set_max_memory(self, max_memory: int, total: bool = False) -> None: ...
    def get_max_memory(self, total: bool = False) -> int | None: ...
    def get_memory_used(self, total: bool = False) -> int | None: ...
    def set_overflow_handler(self, overflow_handler: Callable[[int], Any] | None) -> None: ...

def allow_lua_module_loading() -> AbstractContextManager[None]: ...
def load_ipython_extension(shell: Any) -> None: ...
