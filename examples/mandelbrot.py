"""A picture of the Mandelbrot set, computed by Lua in as many threads as there are cores.

Every thread has a runtime of its own. While Lua runs, the interpreter lock of Python is free, so they really run at the
same time. `python mandelbrot.py --help` shows the options; writing the picture needs Pillow.
"""

import argparse
import importlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

from PIL import Image

import lupa

ROWS_PER_TASK = 16
# Returns rows of a black and white picture, eight pixels to a byte; white is what stays near the origin.
ROWS = """
local size, first, last = ...
local step = 2 / size
local function stays(cr, ci)
  local r, i, rr, ii = cr, ci, cr * cr, ci * ci
  for _ = 1, 49 do
    i = r * i * 2 + ci
    r = rr - ii + cr
    rr, ii = r * r, i * i
    if rr + ii > 4 then return false end
  end
  return true
end
local rows = {}
for y = first, last do
  local bytes = {}
  for left = 0, size - 1, 8 do
    local bits = 0
    for x = left, left + 7 do
      bits = bits * 2 + (x < size and stays(x * step - 1.5, y * step - 1) and 1 or 0)
    end
    bytes[#bytes + 1] = string.char(bits)
  end
  rows[#rows + 1] = table.concat(bytes)
end
return table.concat(rows)
"""


def compute(new_runtime: type[lupa.LuaRuntime], size: int, threads: int) -> bytes:
    """Return the pixels of a square picture."""
    local = threading.local()

    def make_runtime() -> None:
        local.rows = new_runtime(encoding=None).compile(ROWS)        # strings of Lua arrive as bytes

    def compute_rows(first: int) -> Any:
        return local.rows(size, first, min(first + ROWS_PER_TASK, size) - 1)

    with ThreadPoolExecutor(threads, initializer=make_runtime) as pool:
        return b"".join(pool.map(compute_rows, range(0, size, ROWS_PER_TASK)))


def main(arguments: Optional[list[str]] = None) -> None:
    parser = argparse.ArgumentParser(description="Write a picture of the Mandelbrot set.")
    parser.add_argument("--size", type=int, default=1280, help="width and height in pixels (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: one for each core (%(default)s)")
    parser.add_argument("--runtime", help="such as lua54 or luajit21; default: the newest Lua")
    parser.add_argument("--output", default="mandelbrot.png", help="%(default)s")
    options = parser.parse_args(arguments)
    module = importlib.import_module("lupa." + options.runtime) if options.runtime else lupa
    started, worked = time.perf_counter(), time.process_time()
    pixels = compute(module.LuaRuntime, options.size, options.threads)
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    Image.frombytes("1", (options.size, options.size), pixels).save(options.output)
    print(f"{options.output}: {options.threads} threads, {work:.2f} s of work in {seconds:.2f} s")


if __name__ == "__main__":
    main()
