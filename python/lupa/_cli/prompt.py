"""The prompt: read a chunk, run it, show its values or its error."""

from __future__ import annotations

import sys
from collections.abc import Callable

from lupa._cli.completion import Completer
from lupa._cli.readers import Reader, make_reader
from lupa._core import LuaError
from lupa._interactive.chunks import Evaluator, Incomplete
from lupa._interactive.errors import ErrorTeller, colours_for, describe_exception
from lupa._interactive.inspection import inspect_value
from lupa._interactive.text import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime


class Prompt:
    """A dialogue with one runtime."""

    def __init__(self, lua: LuaRuntime, teller: ErrorTeller, flush: Callable[[], None]) -> None:
        self.lua = lua
        self.teller = teller
        self.flush = flush
        self.evaluator = Evaluator(lua)
        self.reader: Reader = make_reader(lua, Completer(lua), self.evaluator.is_incomplete)

    def run(self) -> None:
        """Until the end of the input."""
        while True:
            try:
                code = self.reader.read(self.prompt_text("_PROMPT", "> "), self.prompt_text("_PROMPT2", ">> "))
            except KeyboardInterrupt:
                print()
                continue
            except EOFError:
                break
            try:
                self.execute(code)
                self.flush()
            except KeyboardInterrupt:
                self.complain("interrupted")
        print()

    def prompt_text(self, variable: str, default: str) -> str:
        """The text of a global variable, as in the program lua."""
        try:
            value = self.lua.globals()[variable]
            return default if value is None else str(value)
        except Exception:
            return default

    def execute(self, code: str) -> None:
        """Run a chunk and show what comes of it."""
        try:
            for value in self.evaluator.run(self.evaluator.compile(code)):
                print(as_text(inspect_value(value)))
        except Incomplete as error:
            # The input has ended.
            assert isinstance(error.__cause__, LuaError)
            self.complain(self.teller.describe(error.__cause__, colours_for(sys.stderr)))
        except LuaError as error:
            self.complain(self.teller.describe(error, colours_for(sys.stderr)))
        except Exception as error:
            self.complain(describe_exception(error, colours_for(sys.stderr)))

    def complain(self, text: str) -> None:
        self.flush()
        print(text, file=sys.stderr, flush=True)
