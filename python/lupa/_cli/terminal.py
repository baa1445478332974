"""The prompt on a terminal with prompt_toolkit: editing over several lines, history, completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import prompt_toolkit
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, InMemoryHistory

from lupa._cli.completion import Completer as LuaCompleter
from lupa._cli.readers import history_file


class TerminalReader:
    """Enter ends a chunk that is complete, and begins a new line in one that is not."""

    def __init__(self, completer: LuaCompleter, is_incomplete: Callable[[str], bool]) -> None:
        path = history_file("history")
        self.session: prompt_toolkit.PromptSession[str] = prompt_toolkit.PromptSession(
            history=InMemoryHistory() if path is None else FileHistory(path),
            completer=_Completer(completer),
            complete_while_typing=False,
            multiline=Condition(lambda: is_incomplete(get_app().current_buffer.text)),
            lexer=lua_lexer(),
        )

    def read(self, prompt: str, continuation: str) -> str:
        return self.session.prompt(prompt, prompt_continuation=continuation)


class _Completer(Completer):
    def __init__(self, completer: LuaCompleter) -> None:
        self.completer = completer

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        unfinished, names = self.completer.complete(document.text_before_cursor)
        return (Completion(name, start_position=-len(unfinished)) for name in names)


def lua_lexer() -> Any | None:
    """Colours for Lua code, if Pygments is installed."""
    try:
        from prompt_toolkit.lexers import PygmentsLexer
        from pygments.lexers.scripting import LuaLexer
    except ImportError:
        return None
    return PygmentsLexer(LuaLexer)
