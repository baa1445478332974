"""Two standard outputs: that of C, which Lua's `print` writes to, and `sys.stdout`, each with a buffer of its own.

Both are switched to whole lines, so that what is printed from both sides keeps its order in a file or a pipe.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

from lupa._core import LuaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime

SHARE_STDOUT = """
local flush_python = ...
local stdout, exit = io.stdout, os.exit
stdout:setvbuf("line")
function os.exit(...)                     -- leaves through C, where Python's buffers would be lost
  flush_python()
  return exit(...)
end
return stdout.flush, stdout
"""


def flush_python() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def share_stdout(lua: LuaRuntime) -> Callable[[], None]:
    """Make the two standard outputs keep their order; return a function that flushes both."""
    with contextlib.suppress(AttributeError):  # sys.stdout may be None or somebody's own object
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr, unused-ignore]
    flush_lua, stdout = lua.execute(SHARE_STDOUT, flush_python)

    def flush() -> None:
        with contextlib.suppress(LuaError):  # it is closed, or a hook raises
            flush_lua(stdout)
        flush_python()

    return flush
