"""The one runtime of a notebook, and the code that it was given."""

from __future__ import annotations

from typing import Any

from lupa._interactive.chunks import Evaluator, Incomplete
from lupa._interactive.errors import ErrorTeller
from lupa._interactive.runtimes import load_runtime_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lupa import LuaRuntime

# What print and io.write leave in the buffer of C could not be told from what Python prints in between.
UNBUFFERED = "if io and io.stdout then io.stdout:setvbuf('no') end"


class Session:
    """A runtime that is made when it is needed, and made anew when another one is chosen."""

    def __init__(self) -> None:
        self.runtime_name: str | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the runtime; the next one is of the same kind."""
        self._lua: LuaRuntime | None = None
        #: The code of each chunk, by its name in messages.
        self.sources: dict[str, str] = {}

    def choose(self, name: str) -> None:
        """From now on a runtime of this kind."""
        if name != self.runtime_name:
            self.runtime_name = name
            self.reset()

    @property
    def lua(self) -> LuaRuntime:
        if self._lua is None:
            self._lua = load_runtime_module(self.runtime_name).LuaRuntime()
            self._lua.execute(UNBUFFERED)
            self.evaluator = Evaluator(self._lua)
            self.teller = ErrorTeller(self._lua)
        return self._lua

    def run(self, code: str, title: str) -> Any:
        """Run an expression or statements: None, the one value, or a tuple of the values."""
        assert self.lua
        name = self.new_name(title)
        self.sources[name] = code
        try:
            chunk = self.evaluator.compile(code, f"={name}")
        except Incomplete as error:
            raise (error.__cause__ or error) from None
        values = self.evaluator.run(chunk)
        return tuple(values) if len(values) > 1 else values[0] if values else None

    def new_name(self, title: str) -> str:
        """A name for a chunk that no other has."""
        name, number = title, 1
        while name in self.sources:
            number += 1
            name = f"{title}.{number}"
        return name
