"""Errors in a notebook: where Lua was, with the lines of its code, as IPython shows where Python was."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable
from typing import Any

from lupa._core import LuaError
from lupa._interactive.errors import Colours, NoColours, frames_of_others

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa._notebook.session import Session

PLACE = re.compile(r"^\t?(?P<chunk>[^\t]+?):(?P<line>\d+):")
AROUND = 2
RULE = "-" * 75


def explain(error: Exception, session: Session, shell: Any) -> None:
    """Let IPython show an exception with the traceback of Lua. It asks each exception how it wants to be shown."""
    colours = NoColours if str(getattr(shell, "colors", "")).lower() == "nocolor" else Colours
    if isinstance(error, LuaError):
        lines = lua_error(error, session, colours)
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    elif getattr(error, "lua_traceback", None):
        lua = places(error.lua_traceback, session.sources, colours)  # type: ignore[attr-defined]
        error._render_traceback_ = both(error, lua, shell, colours)  # type: ignore[attr-defined]


def lua_error(error: LuaError, session: Session, colours: type[Any]) -> list[str]:
    """The lines that show an error of Lua."""
    message, trace = session.teller.parts(error)
    name = type(error).__name__
    title = f"{colours.message}{name}{colours.plain}{'Lua traceback (innermost call first)':>{75 - len(name)}}"
    # A syntax error has no traceback, and its place in its message.
    shown = places(trace, session.sources, colours) or excerpts(message, session.sources, colours)
    return [colours.message + RULE + colours.plain, title, *shown, f"{colours.message}{name}{colours.plain}: {message}"]


def both(error: Exception, lua: list[str], shell: Any, colours: type[Any]) -> Callable[[], list[str]]:
    """Shows a Python exception: where Python was, and where Lua was."""

    def render() -> list[str]:
        frames = frames_of_others(error.__traceback__)
        python: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, frames, tb_offset=0)
        return [*python, "", f"{colours.quiet}Lua traceback (innermost call last){colours.plain}", *lua]

    return render


def places(trace: str, sources: dict[str, str], colours: type[Any]) -> list[str]:
    """The lines of a Lua traceback, each with the code around it."""
    lines = []
    for line in trace.splitlines()[1:]:
        lines.append(f"{colours.place}{line.strip()}{colours.plain}")
        lines += excerpts(line, sources, colours)
    return lines


def excerpts(place: str, sources: dict[str, str], colours: type[Any]) -> list[str]:
    """The code at a place, if it is known: of a cell, or of a file."""
    found = PLACE.match(place)
    if found is None:
        return []
    chunk, number = found["chunk"], int(found["line"])
    code = sources[chunk].splitlines() if chunk in sources else "".join(linecache.getlines(chunk)).splitlines()
    lines = []
    for position in range(max(1, number - AROUND), min(len(code), number + AROUND) + 1):
        arrow = "---->" if position == number else "     "
        mark = colours.message if position == number else ""
        lines.append(f"{mark}{arrow} {position:>3}{colours.plain if mark else ''} {code[position - 1]}".rstrip())
    return lines
