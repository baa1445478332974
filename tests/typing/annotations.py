"""What annotations can say: checked by mypy and pyright (`nox -s types`), never run."""

from collections.abc import Iterator
from io import StringIO
from typing import Any, Optional

from typing_extensions import assert_type

import lupa
from lupa import LuaError, LuaFunction, LuaRuntime, LuaTable, LuaThread, lua54, luajit21


def any_runtime(lua: LuaRuntime) -> LuaTable:
    return lua.table(1, 2, x=3)


def every_runtime_is_a_runtime() -> None:
    for new_runtime in (lua54.LuaRuntime, luajit21.LuaRuntime, lupa.lua51.LuaRuntime):
        assert_type(any_runtime(new_runtime(encoding=None, libs=["string", "base"])), LuaTable)


def a_table_is_a_mapping_of_anything(table: LuaTable) -> dict[Any, Any]:
    table.field = table["field"] or table.other
    del table.field, table["other"]
    assert_type(table.items(), Iterator[tuple[Any, Any]])
    return dict(table.items())


def a_function_makes_coroutines(function: LuaFunction) -> LuaThread:
    assert_type(function(1, "two"), Any)
    return function.coroutine(1, "two")


def a_coroutine_is_an_iterator(thread: LuaThread) -> Iterator[Any]:
    thread.send(1)
    return thread


def isinstance_tells_them(value: object) -> Optional[int]:
    if isinstance(value, lua54.LuaTable):
        assert_type(value, LuaTable)
        return len(value)
    return None


def errors_have_values(lua: LuaRuntime) -> Optional[str]:
    try:
        lua.execute("error()", name="=here")
    except LuaError as error:
        assert_type(error.value, Any)
        return error.traceback
    return None


class Service:
    @lupa.unpacks_lua_table_method
    def call(self, name: str, retries: int = 3) -> int:
        return retries


@lupa.unpacks_lua_table
def named(name: str = "") -> str:
    return name


def decorated_functions_keep_their_results() -> None:
    assert_type(named(), str)
    assert_type(Service().call("x"), int)


class Subclass(LuaRuntime):
    def __init__(self, *args: Any, extra: int = 0, **keywords: Any) -> None:
        self.extra = extra


def a_subclass_is_itself() -> None:
    assert_type(Subclass().extra, int)


def data_and_text(table: LuaTable) -> str:
    assert_type(lupa.to_python(table, max_depth=10), Any)
    return lupa.describe(table, depth=2)


def buffers_are_code(lua: LuaRuntime) -> None:
    lua.execute(memoryview(b"return 1"), name=bytearray(b"=chunk"))


def output_goes_to_streams(lua: LuaRuntime) -> None:
    lupa.redirect_output(lua)
    lupa.redirect_output(lua, StringIO())
