from lupa import *
from lupa import (
    FastRLock as FastRLock,
    LuaCoroutineFunction as LuaCoroutineFunction,
    LuaFunction as LuaFunction,
    LuaObject as LuaObject,
    LuaTable as LuaTable,
    LuaThread as LuaThread,
    __all__ as __all__,
)
