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
