"""The programs: every public function of the files in `programs/`, named `topic.function` or `topic.function:case`."""

import functools
import importlib
import inspect
import pathlib
from typing import Any, Callable, NamedTuple

from support import DEFAULT_LIMIT

#: The outcomes of a program that took its interpreter along, and of one that did not end.
CRASH = "crash"
HANG = "hang"

PROGRAMS = pathlib.Path(__file__).parent / "programs"


class Program(NamedTuple):
    """One program, its arguments by name, and its time limit in seconds."""

    name: str
    function: Callable[..., Any]
    arguments: tuple
    limit: float

    def run(self, package, lupa):
        """Run with what the function asks for: the package, the runtime's module, a fresh runtime."""
        makers = {"package": lambda: package, "lupa": lambda: lupa, "lua": lambda: lupa.LuaRuntime()}
        return self.function(**{name: makers[name]() for name in self.arguments})


def load_programs():
    """All programs, by topic and in the order of the files."""
    topics = sorted(path.stem for path in PROGRAMS.glob("*.py"))
    return [program for topic in topics for program in _programs_of(topic)]


def _programs_of(topic):
    module = importlib.import_module("programs." + topic)
    for name, function in list(vars(module).items()):
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
            yield from _cases_of(topic + "." + name, function)


def _cases_of(name, function):
    limit = getattr(function, "limit", DEFAULT_LIMIT)
    arguments = tuple(inspect.signature(function).parameters)
    cases = getattr(function, "cases", None)
    if cases is None:
        yield Program(name, function, arguments, limit)
        return
    *arguments, last = arguments
    for case, value in cases.items():
        bound = functools.partial(function, **{last: value})
        yield Program(f"{name}:{case}", bound, tuple(arguments), limit)
