"""Two standard outputs: that of C, which Lua's `print` writes to, and `sys.stdout`, each with a buffer of its own.

Both are switched to whole lines, so that what is printed from both sides keeps its order in a file or a pipe.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime

SHARE_STDOUT = """
local flush_python = ...
local pcall, stdout, exit = pcall, io.stdout, os.exit
stdout:setvbuf("line")
function os.exit(...)                     -- leaves through C, where Python's buffers would be lost
  flush_python()
  return exit(...)
end
return function() pcall(stdout.flush, stdout) end
"""


def flush_python() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def share_stdout(lua: LuaRuntime) -> Callable[[], None]:
    """Make the two standard outputs keep their order; return a function that flushes both."""
    with contextlib.suppress(AttributeError):  # sys.stdout may be None or somebody's own object
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr, unused-ignore]
    flush_lua = lua.execute(SHARE_STDOUT, flush_python)

    def flush() -> None:
        flush_lua()
        flush_python()

    return flush
