"""The magics ``%lua`` and ``%%lua``."""

# IPython's decorators have no types.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

import argparse
import re
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from lupa._interactive.inspection import inspect_value
from lupa._interactive.runtimes import runtime_names
from lupa._interactive.text import as_text
from lupa._notebook.html import as_html
from lupa._notebook.output import shown
from lupa._notebook.session import Session
from lupa._notebook.tracebacks import explain


@magics_class
class LuaMagics(Magics):
    """Lua in one runtime for each notebook."""

    shell: Any

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.session = Session()

    @magic_arguments()
    @argument(
        "-i", "--input", metavar="NAMES", action="append", default=[],
        help="variables of the notebook (a,b) that become globals of Lua")  # fmt: skip
    @argument(
        "-o", "--output", metavar="NAMES", action="append", default=[],
        help="globals of Lua that become variables of the notebook")  # fmt: skip
    @argument("-t", "--tables", action="store_true", help="lists, tuples and dicts of --input become tables")
    @argument("--runtime", metavar="NAME", help="choose lua54, luajit21, ...; another one than before begins anew")
    @argument("--reset", action="store_true", help="begin anew, with an empty runtime")
    @argument("code", nargs=argparse.REMAINDER, help="an expression or statements; -- before what begins with a hyphen")
    @line_cell_magic
    def lua(self, line: str, cell: str | None = None) -> Any:
        """Run Lua code; its value is that of the expression, or what it returns.

        Without code it returns the runtime.
        """
        options, code = self.parse(line)
        if cell is not None:
            code = f"{code}\n{cell}" if code else cell
        self.prepare(options)
        self.pass_in(names(options.input), options.tables)
        value = self.run(code) if code.strip() else self.session.lua
        self.pass_out(names(options.output))
        return value

    def parse(self, line: str) -> tuple[argparse.Namespace, str]:
        """The options, and the code behind them as it was written."""
        words = list(re.finditer(r"\S+", line))
        options = self.lua.parser.parse_args([word[0] for word in words])
        written = options.code[1:] if options.code[:1] == ["--"] else options.code
        return options, line[words[-len(written)].start() :] if written else ""

    def prepare(self, options: argparse.Namespace) -> None:
        if options.runtime is not None:
            if options.runtime not in runtime_names():
                raise UsageError(f"there is no runtime {options.runtime}, but {', '.join(runtime_names())}")
            self.session.choose(options.runtime)
        if options.reset:
            self.session.reset()

    def pass_in(self, wanted: list[str], as_tables: bool) -> None:
        lua, variables = self.session.lua, self.shell.user_ns
        for name in wanted:
            if name not in variables:
                raise UsageError(f"there is no variable {name}")
            value = variables[name]
            if as_tables and isinstance(value, (list, tuple, dict)):
                value = lua.table_from(value, recursive=True)
            lua.globals()[name] = value

    def pass_out(self, wanted: list[str]) -> None:
        table = self.session.lua.globals()
        self.shell.push({name: table[name] for name in wanted})

    def run(self, code: str) -> Any:
        assert self.session.lua
        with shown():
            try:
                return self.session.run(code, f"In[{self.shell.execution_count}]")
            except Exception as error:
                explain(error, self.session, self.shell)
                raise


def names(given: list[str]) -> list[str]:
    """The names of an option that may be repeated and may hold several, with commas between them."""
    return [name for each in given for name in each.split(",") if name]


def print_table(value: Any, printer: Any, cycle: bool) -> None:
    """Tables as text, also inside of Python's lists and the like."""
    first, *others = as_text(inspect_value(value)).split("\n")
    printer.text(first)
    for line in others:
        printer.break_()
        printer.text(line)


def load(shell: Any) -> None:
    """Add the magics to a shell, and let it show tables."""
    shell.register_magics(LuaMagics)
    formatters = shell.display_formatter.formatters
    for name in runtime_names():
        formatters["text/html"].for_type_by_name(f"lupa.{name}", "_LuaTable", as_html)
        formatters["text/plain"].for_type_by_name(f"lupa.{name}", "_LuaTable", print_table)
