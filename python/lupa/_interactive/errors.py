"""Errors as text: the message, where Lua was, where Python was."""

from __future__ import annotations

import os
import re
import traceback
from types import TracebackType
from typing import IO, Any

from lupa._core import LuaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaFunction, LuaRuntime

# What an error object with a metamethod for that says of itself; the functions are kept, as a script may replace them.
TELL = """
local getmetatable, pcall, tostring, type = getmetatable, pcall, tostring, type
return function(value)
  local metatable = getmetatable(value)
  if type(metatable) ~= "table" or not metatable.__tostring then return nil end
  local done, text = pcall(tostring, value)
  return done and text or nil
end
"""

PACKAGE = os.path.dirname(os.path.dirname(__file__))
OURS = tuple(os.path.join(PACKAGE, folder, "") for folder in ("_cli", "_interactive", "_notebook"))

#: A line of a Lua traceback: where, and in what.
PLACE = re.compile(r"^\t(.*?:(?:\d+:)?)( in .*)?$")


class Colours:
    """Escape sequences of a terminal."""

    message, place, quiet, plain = "\x1b[1;31m", "\x1b[36m", "\x1b[2m", "\x1b[0m"


class NoColours:
    """None of them."""

    message = place = quiet = plain = ""


def colours_for(stream: IO[str] | None) -> type[Any]:
    """Colours for a terminal that has them, unless NO_COLOR is set."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Colours if wanted and stream is not None and stream.isatty() else NoColours


class ErrorTeller:
    """Words errors as the stand-alone interpreter of Lua does."""

    def __init__(self, lua: LuaRuntime) -> None:
        self._tell: LuaFunction = lua.execute(TELL)

    def parts(self, error: LuaError) -> tuple[str, str]:
        """The message and the traceback of Lua, which may be empty."""
        text, trace = str(error), error.traceback or ""
        told = self.told(error)
        if told:
            return told, trace
        if text in ("", trace):
            return "not enough memory" if isinstance(error, MemoryError) else "(error object is a nil value)", trace
        return (text[: -len(trace)].rstrip("\n") if trace and text.endswith(trace) else text), trace

    def told(self, error: LuaError) -> str | None:
        """What the value of an error says of itself; nothing where no Lua code can run, as with a hook that raises."""
        try:
            text: str | None = self._tell(error.value)
        except Exception:
            return None
        return text

    def describe(self, error: LuaError, colours: type[Any] = NoColours) -> str:
        message, trace = self.parts(error)
        return "\n".join(filter(None, [f"{colours.message}{message}{colours.plain}", coloured(trace, colours)]))


def coloured(trace: str, colours: type[Any]) -> str:
    """A Lua traceback with its places marked."""
    lines = []
    for line in trace.splitlines():
        found = PLACE.match(line)
        if found:
            lines.append(f"\t{colours.place}{found[1]}{colours.plain}{found[2] or ''}")
        else:
            lines.append(f"{colours.quiet}{line}{colours.plain}")
    return "\n".join(lines)


def frames_of_others(trace: TracebackType | None) -> TracebackType | None:
    """A Python traceback without the frames of prompt, program or notebook, and those before."""
    others = trace
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(OURS):
            others = trace.tb_next
        trace = trace.tb_next
    return others


def describe_exception(error: BaseException, colours: type[Any] = NoColours) -> str:
    """A Python exception: what it is, where Python was, and where Lua was when it passed."""
    summary = "".join(traceback.format_exception_only(type(error), error)).rstrip()
    frames = frames_of_others(error.__traceback__)
    python = "".join(traceback.format_exception(type(error), error, frames)).rstrip() if frames else ""
    lua = getattr(error, "lua_traceback", None)
    parts = [f"{colours.message}{summary}{colours.plain}", python, coloured(lua, colours) if lua else ""]
    return "\n".join(filter(None, parts))
