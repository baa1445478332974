"""What Lua prints, written by Python.

The functions of Lua that write to its standard output are replaced, in one runtime, by functions in Lua that call Python. What C
writes itself, and other programs, is not seen; for that, a notebook puts pipes in the place of the descriptors of the process
(`lupa._notebook.output`).
"""

from __future__ import annotations

import sys

from lupa._runtime import base_class

TYPE_CHECKING = False  # Importing `typing` takes as long as a runtime module.
if TYPE_CHECKING:
    from _typeshed import SupportsWrite

    from lupa import LuaRuntime


REDIRECT = """
local write, rescue, flush, asks_global_tostring, has_own_floats = ...
local error, pcall, rawequal, select, type = error, pcall, rawequal, select, type
local sub, subtype = string and string.sub, math and math.type

local function put(text)
  local done, failure = pcall(write, text)
  if not done and not rescue(failure) then error(failure, 0) end
end

local text_of = tostring
if asks_global_tostring then
  function text_of(value) return tostring(value) end
end

function print(...)
  local line = ""
  for i = 1, select("#", ...) do
    local text = text_of((select(i, ...)))
    if type(text) ~= "string" and type(text) ~= "number" then
      error("'tostring' must return a string to 'print'", 2)
    end
    line = i == 1 and text or line .. "\\t" .. text
  end
  put(line .. "\\n")
end

local io = io
if type(io) ~= "table" then return end
local stdout, output, kind, io_write, io_flush = io.stdout, io.output, io.type, io.write, io.flush
local methods = getmetatable(stdout).__index
local file_write, file_flush = methods.write, methods.flush
file_flush(stdout)
local gives_file = rawequal(file_write(stdout), stdout)

local function is_redirected(file)
  return rawequal(file, stdout) and kind(file) == "file"
end

local function number_text(number)
  local text = number .. ""
  if has_own_floats and sub and subtype and subtype(number) == "float" and sub(text, -2) == ".0" then
    return sub(text, 1, -3)
  end
  return text
end

local function put_all(...)
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    if type(value) == "number" then
      value = number_text(value)
    elseif type(value) ~= "string" then
      error("bad argument #" .. i .. " to 'write' (string expected, got " .. type(value) .. ")", 3)
    end
    put(value)
  end
  return gives_file and stdout or true
end

function io.write(...)
  if is_redirected(output()) then return (put_all(...)) end
  return io_write(...)
end

function methods.write(file, ...)
  if is_redirected(file) then return (put_all(...)) end
  return file_write(file, ...)
end

function io.flush()
  if is_redirected(output()) then flush() end
  return io_flush()
end

function methods.flush(file)
  if is_redirected(file) then flush() end
  return file_flush(file)
end
"""


def redirect_output(lua: LuaRuntime, stream: SupportsWrite[str] | None = None) -> None:
    """Let ``print``, ``io.write`` and ``io.stdout:write`` of a runtime write to ``sys.stdout``, or to a stream of yours.

    ``sys.stdout`` is looked up at each write, so that ``contextlib.redirect_stdout``, pytest and notebooks see what Lua prints.
    Text is decoded as everything from that runtime is, in a runtime without an encoding as UTF-8, and what cannot be decoded is
    replaced. ``io.write`` goes on writing to a file that ``io.output`` has opened, and returns what it returns in that version of
    Lua; flushing ``io.stdout`` flushes the stream. What C and other programs write stays as it was.

    The runtime needs Lua's basic functions, and ``io`` only if it has it. Call it before other code can change them.

    >>> import lupa
    >>> lua = lupa.LuaRuntime()
    >>> lupa.redirect_output(lua)
    >>> lua.execute("print('one') io.write('two', 3, '!')")
    one
    two3!
    """

    def target() -> SupportsWrite[str] | None:
        return sys.stdout if stream is None else stream

    def write(text: str | bytes) -> None:
        to = target()
        if to is not None:
            to.write(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)

    def rescue(error: object) -> bool:
        """Write what could not be decoded on its way to `write`; false for other errors."""
        if not isinstance(error, UnicodeDecodeError):
            return False
        write(error.object.decode(error.encoding, "replace"))
        return True

    def flush() -> None:
        getattr(target(), "flush", lambda: None)()

    version = lua.lua_version
    base_class(lua).execute(lua, REDIRECT, write, rescue, flush, version < (5, 4), version in ((5, 3), (5, 4)), name="=[lupa]", mode="t")
