"""What the command line runs before there is a prompt: the environment's chunk, the options, the script."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime, LuaTable

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BYTECODE_MARK = b"\x1bL"  # "\x1bLua" and "\x1bLJ"

LOAD_MODULE = """
local name, module = ...
local loaded = require(module)
if loaded ~= nil then _G[name] = loaded end
"""


@contextmanager
def environment_of(options: Namespace) -> Iterator[None]:
    """The environment in which a runtime is made: with -E, without the variables that are Lua's."""
    hidden = [name for name in os.environ if options.ignore_environment and name.startswith(("LUA_PATH", "LUA_CPATH"))]
    values = {name: os.environ.pop(name) for name in hidden}
    try:
        yield
    finally:
        os.environ.update(values)


def argument_table(lua: LuaRuntime, command: list[str], words: list[str]) -> LuaTable:
    """Lua's `arg`: the script at 0, its arguments above, what came before it below."""
    script = len(command) - len(words) if words else 0
    return lua.table_from({place - script: os.fsencode(word) for place, word in enumerate(command)})


def run(lua: LuaRuntime, options: Namespace) -> None:
    """Run what the environment and the command line name, in that order."""
    if not options.ignore_environment:
        run_environment(lua)
    for option, value in options.steps:
        run_step(lua, option, value)
    if options.script:
        code, name = read_script(options.script)
        lua.compile(code, name=name)(*map(os.fsencode, options.arguments))


def run_environment(lua: LuaRuntime) -> None:
    """Run what LUA_INIT holds, or the file that it names after an @; since Lua 5.2 that of the version comes first."""
    names = ["LUA_INIT"]
    if lua.lua_version >= (5, 2):
        names.insert(0, "LUA_INIT_{}_{}".format(*lua.lua_version))
    name = next((name for name in names if name in os.environ), None)
    if name is None:
        return
    value = os.environ[name]
    if value.startswith("@"):
        code, chunk_name = read_script(value[1:])
        lua.compile(code, name=chunk_name)()
    else:
        lua.compile(os.fsencode(value), name=f"={name}")()


def run_step(lua: LuaRuntime, option: str, value: str) -> None:
    """Run one of the options that have an order."""
    if option == "-e":
        lua.compile(os.fsencode(value), name="=(command line)")()
    elif option == "-l":
        name, _, module = value.partition("=")
        # What follows a hyphen is a version, and no part of a name.
        lua.execute(LOAD_MODULE, os.fsencode(name if module else name.partition("-")[0]), os.fsencode(module or name),
                    name="=(command line)")  # fmt: skip
    elif lua.globals().warn is None:
        raise SystemExit("lupa: -W needs Lua 5.4 or newer")
    else:
        lua.globals().warn("@on")


def read_script(path: str) -> tuple[bytes, str | bytes]:
    """The bytes of a script and its chunk name."""
    if path == "-":
        return without_first_comment(sys.stdin.buffer.read()), "=stdin"
    try:
        with open(path, "rb") as file:
            return without_first_comment(file.read()), b"@" + os.fsencode(path)
    except OSError as error:
        raise SystemExit(f"lupa: cannot open {path}: {error.strerror}") from None


def without_first_comment(code: bytes) -> bytes:
    """Blank out a first line that starts with `#`, as Lua's own loader does; line numbers stay."""
    if code.startswith(BYTE_ORDER_MARK):
        code = code[len(BYTE_ORDER_MARK) :]
    if not code.startswith(b"#"):
        return code
    _, newline, rest = code.partition(b"\n")
    return rest if rest.startswith(BYTECODE_MARK) else newline + rest
