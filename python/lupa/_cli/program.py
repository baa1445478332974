"""The program behind ``python -m lupa`` and ``lupa``.

It follows Lua's own stand-alone interpreter: the same `arg` table and `...`, the same chunk names, errors on stderr,
the same order of what is run. Everything goes through the public interface of the package.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import lupa
from lupa._cli import scripts
from lupa._cli.options import parse, program
from lupa._cli.streams import share_stdout
from lupa._core import LuaError
from lupa._interactive.errors import ErrorTeller, colours_for, describe_exception
from lupa._interactive.runtimes import load_runtime_module


def main(argv: Sequence[str] | None = None) -> str | None:
    """Run the command line; return what `sys.exit` takes: nothing, or the message to leave with."""
    argv = sys.argv[1:] if argv is None else argv
    options = parse(argv)
    module = load_runtime_module(options.runtime)
    with scripts.environment_of(options):
        lua: lupa.LuaRuntime = module.LuaRuntime()
    if options.version or options.interactive:
        print(f"{lua.lua_implementation} (lupa-rs {lupa.__version__})")
    lua.globals().arg = scripts.argument_table(lua, [*program(), *argv], options.words)
    flush, teller = share_stdout(lua), ErrorTeller(lua)
    try:
        scripts.run(lua, options)
        if options.interactive:
            from lupa._cli.prompt import Prompt

            Prompt(lua, teller, flush).run()
    except LuaError as error:
        return f"lupa: {teller.describe(error, colours_for(sys.stderr))}"
    except Exception as error:
        return f"lupa: {describe_exception(error, colours_for(sys.stderr))}"
    finally:
        flush()
    return None
