from contextlib import AbstractContextManager
from typing import Any

from lupa import (
    lua51 as lua51,
    lua52 as lua52,
    lua53 as lua53,
    lua54 as lua54,
    lua55 as lua55,
    luajit20 as luajit20,
    luajit21 as luajit21,
)
from lupa._runtime import *
from lupa._runtime import (
    FastRLock as FastRLock,
    LuaCoroutineFunction as LuaCoroutineFunction,
    LuaFunction as LuaFunction,
    LuaObject as LuaObject,
    LuaTable as LuaTable,
    LuaThread as LuaThread,
    __all__ as __all__,
)
from lupa.version import __version__ as __version__

def allow_lua_module_loading() -> AbstractContextManager[None]: ...
def load_ipython_extension(shell: Any) -> None: ...
