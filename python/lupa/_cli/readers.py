"""Where the chunks of a prompt come from: prompt_toolkit, a terminal without it, or no terminal at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime
    from lupa._cli.completion import Completer

STDIN = """
return io.stdin.read, io.stdin, _VERSION == "Lua 5.1" and not jit and "*l" or "*L"
"""

IsIncomplete = Callable[[str], bool]


class Reader(Protocol):
    def read(self, prompt: str, continuation: str) -> str:
        """The next chunk. Raises EOFError at the end of the input, KeyboardInterrupt for a chunk that is given up."""


def make_reader(lua: LuaRuntime, completer: Completer, is_incomplete: IsIncomplete) -> Reader:
    """The best reader for what standard input and output are."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()):
        return LineReader(lua_lines(lua), is_incomplete)
    if os.environ.get("TERM") != "dumb":
        try:
            from lupa._cli.terminal import TerminalReader
        except ImportError:
            pass
        else:
            return TerminalReader(completer, is_incomplete)
    use_readline(completer)
    return LineReader(input, is_incomplete)


class LineReader:
    """Reads line by line, and asks for more until a chunk is complete."""

    def __init__(self, read_line: Callable[[str], str], is_incomplete: IsIncomplete) -> None:
        self.read_line = read_line
        self.is_incomplete = is_incomplete

    def read(self, prompt: str, continuation: str) -> str:
        code = self.read_line(prompt)
        while self.is_incomplete(code):
            try:
                code += "\n" + self.read_line(continuation)
            except EOFError:
                break
        return code


def lua_lines(lua: LuaRuntime) -> Callable[[str], str]:
    """Lines of the standard input of C, whose buffer the chunks share: what they read is no code."""
    read, stdin, line_format = lua.execute(STDIN, name="=[lupa]")

    def read_line(prompt: str) -> str:
        print(prompt, end="", flush=True)
        try:
            line: str | None = read(stdin, line_format)
        except UnicodeDecodeError as error:
            line = error.object.decode("utf-8", "surrogateescape")
        if line is None:
            raise EOFError
        return line[:-1] if line.endswith("\n") else line

    return read_line


def history_file(name: str) -> str | None:
    """Where the history is kept: LUPA_HISTORY if it is set (empty for nowhere), else among the states of programs."""
    chosen = os.environ.get("LUPA_HISTORY")
    if chosen is not None:
        return chosen or None
    states = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    path = pathlib.Path(states, "lupa", name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(path)


def use_readline(completer: Completer) -> None:
    """Give `input` editing, history and completion, where there is GNU readline or what stands in for it."""
    try:
        import atexit
        import readline
    except ImportError:
        return
    matches: list[str] = []

    def complete(text: str, state: int) -> str | None:
        if state == 0:
            before = readline.get_line_buffer()[: readline.get_endidx()]
            unfinished, names = completer.complete(before)
            matches[:] = [text[: len(text) - len(unfinished)] + name for name in names]
        return matches[state] if state < len(matches) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n`!@#$^&*()=+[{]}\\|;'\",<>/?-~%")
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")
    path = history_file("history.readline")
    if path is not None:
        with contextlib.suppress(OSError):
            readline.read_history_file(path)
        atexit.register(save_history, path)


def save_history(path: str) -> None:
    import readline

    with contextlib.suppress(OSError):
        readline.set_history_length(10_000)
        readline.write_history_file(path)
