"""What the words of the command line mean."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from lupa._interactive.runtimes import runtime_names

DESCRIPTION = "Run Lua code inside Python, as the program lua does. Without anything to run there is a prompt."


class _Step(argparse.Action):
    """Adds an option to those that run in the order in which they are given."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace.steps = [*namespace.steps, (option_string, values)]


def program() -> list[str]:
    """The words with which this program was called, before its arguments."""
    if sys.argv[0].endswith("__main__.py"):
        return [sys.executable or "python", "-m", "lupa"]
    return sys.argv[:1]


def parser() -> argparse.ArgumentParser:
    name = "lupa" if len(program()) == 1 else "python -m lupa"
    made = argparse.ArgumentParser(
        prog=name, usage="%(prog)s [options] [script [args]]", allow_abbrev=False, description=DESCRIPTION)  # fmt: skip
    made.set_defaults(steps=[])
    made.add_argument("-e", dest="steps", metavar="CODE", action=_Step, help="run CODE; may be repeated")
    made.add_argument(
        "-l", dest="steps", metavar="MODULE", action=_Step,
        help="load MODULE into the global of that name, or NAME=MODULE into NAME")  # fmt: skip
    made.add_argument("-i", dest="interactive", action="store_true", help="a prompt after the script")
    made.add_argument("-v", "--version", action="store_true", help="show the versions of Lua and lupa")
    made.add_argument(
        "-E", dest="ignore_environment", action="store_true", help="ignore LUA_INIT, LUA_PATH and LUA_CPATH"
    )
    made.add_argument("-W", dest="steps", action=_Step, nargs=0, help="show warnings (Lua 5.4 and newer)")
    made.add_argument(
        "--runtime", metavar="NAME", choices=runtime_names(), help="one of %(choices)s; the newest Lua if not given"
    )
    # Whatever follows the script's name is the script's, options too; REMAINDER is the one nargs that touches nothing.
    made.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="script [args]",
        help="a file of Lua code, or - for standard input, and its arguments")  # fmt: skip
    return made


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options, with `script` and `arguments` apart, and `interactive` if nothing else is to be done."""
    options = parser().parse_args(argv)
    if options.words[:1] == ["--"]:
        del options.words[0]
    options.script, *options.arguments = options.words or [None]
    runs_something = options.script or options.version or any(name == "-e" for name, _ in options.steps)
    if not (runs_something or options.interactive):
        if sys.stdin is not None and sys.stdin.isatty():
            options.interactive = True
        else:
            options.script = "-"
    return options
