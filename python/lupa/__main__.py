"""The command line: ``python -m lupa [options] [script [args]]``.

It follows Lua's own stand-alone interpreter: the same `arg` table and `...`, the same chunk names, errors on stderr.
Everything goes through the public interface of the package. There is no prompt here.

Lua's `print` writes to C's standard output, Python's `print` to `sys.stdout`, each with a buffer of its own. Both are
switched to whole lines, so that what a script prints from both sides keeps its order when it goes to a file or a pipe.
"""

import argparse
import contextlib
import importlib
import os
import pkgutil
import re
import sys
import traceback

import lupa

SHARE_STDOUT = """
local flush_python = ...
local stdout, exit = io.stdout, os.exit
stdout:setvbuf("line")
function os.exit(...)                     -- leaves through C, where Python's buffers would be lost
  flush_python()
  return exit(...)
end
return function() pcall(stdout.flush, stdout) end
"""

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

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BYTECODE_MARK = b"\x1bL"                  # "\x1bLua" and "\x1bLJ"


def runtime_names():
    """The runtime modules of this installation, by name."""
    modules = (module.name for module in pkgutil.iter_modules(lupa.__path__))
    return sorted(name for name in modules if re.fullmatch(r"lua(jit)?\d+", name))


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="python -m lupa", usage="%(prog)s [options] [script [args]]", allow_abbrev=False,
        description="Run Lua code inside Python.")
    parser.add_argument("-e", dest="code", metavar="CODE", action="append", default=[],
                        help="run CODE; may be repeated, runs before the script")
    parser.add_argument("--runtime", metavar="NAME", choices=runtime_names(),
                        help="one of %(choices)s; the newest Lua if not given")
    parser.add_argument("-v", "--version", action="store_true", help="show the versions of Lua and lupa")
    # Whatever follows the script's name is the script's, options too; REMAINDER is the one nargs that touches nothing.
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="script [args]",
                        help="a file of Lua code, or - for standard input, and its arguments")
    options = parser.parse_args(argv)
    if options.words[:1] == ["--"]:
        del options.words[0]
    options.script, *options.arguments = options.words or [None]
    if not (options.script or options.code or options.version):
        if sys.stdin.isatty():
            parser.error("nothing to run: name a script, or -, or use -e CODE")
        options.script = "-"
    return options


def load_runtime_module(name):
    """The module to take LuaRuntime from, imported so that Lua can load binary modules."""
    with lupa.allow_lua_module_loading():
        module = importlib.import_module("lupa." + name) if name else lupa
        module.LuaRuntime  # noqa: B018 - the package imports its newest runtime at the first access
    return module


def argument_table(lua, argv, words):
    """Lua's `arg`: the script at 0, its arguments above, what came before it below."""
    command = [sys.executable or "python", "-m", "lupa", *argv]
    script = len(command) - len(words) if words else 0
    return lua.table_from({place - script: os.fsencode(word) for place, word in enumerate(command)})


def read_script(path):
    """Return the bytes of a script and its chunk name."""
    if path == "-":
        return without_first_comment(sys.stdin.buffer.read()), "=stdin"
    try:
        with open(path, "rb") as file:
            return without_first_comment(file.read()), b"@" + os.fsencode(path)
    except OSError as error:
        raise SystemExit(f"lupa: cannot open {path}: {error.strerror}") from None


def without_first_comment(code):
    """Blank out a first line that starts with `#`, as Lua's own loader does; line numbers stay."""
    if code.startswith(BYTE_ORDER_MARK):
        code = code[len(BYTE_ORDER_MARK):]
    if not code.startswith(b"#"):
        return code
    _, newline, rest = code.partition(b"\n")
    return rest if rest.startswith(BYTECODE_MARK) else newline + rest


def flush_python():
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def share_stdout(lua):
    """Make the two standard outputs keep their order; return a function that flushes both."""
    with contextlib.suppress(AttributeError):       # sys.stdout may be None or somebody's own object
        sys.stdout.reconfigure(line_buffering=True)
    flush_lua = lua.execute(SHARE_STDOUT, flush_python)

    def flush():
        flush_lua()
        flush_python()
    return flush


def describe(error, tell):
    """The text of an error, worded as by the stand-alone interpreter, and the traceback of Lua."""
    text, traceback_of_lua = str(error), getattr(error, "traceback", None)
    told = tell(getattr(error, "value", None))
    if not told and text in ("", traceback_of_lua):
        told = "not enough memory" if isinstance(error, MemoryError) else "(error object is a nil value)"
    return "\n".join(filter(None, (told, traceback_of_lua))) if told else text


def run(lua, options):
    """Run what the command line names, in its order."""
    for code in options.code:
        lua.compile(os.fsencode(code), name="=(command line)")()
    if options.script:
        code, name = read_script(options.script)
        lua.compile(code, name=name)(*map(os.fsencode, options.arguments))


def main(argv=None):
    """Run the command line; return what `sys.exit` takes: nothing, or the message to leave with."""
    argv = sys.argv[1:] if argv is None else argv
    options = parse(argv)
    module = load_runtime_module(options.runtime)
    lua = module.LuaRuntime()
    if options.version:
        print(f"{lua.lua_implementation} (lupa-rs {lupa.__version__})")
    lua.globals().arg = argument_table(lua, argv, options.words)
    flush, tell = share_stdout(lua), lua.execute(TELL)
    try:
        run(lua, options)
    except module.LuaError as error:
        return f"lupa: {describe(error, tell)}"
    except Exception as error:
        summary = "".join(traceback.format_exception_only(type(error), error))
        return f"lupa: {summary}{traceback.format_exc()}".rstrip()
    finally:
        flush()
    return None


if __name__ == "__main__":
    sys.exit(main())
