"""Example 32: one picture of the Mandelbrot set, computed by eight threads with a runtime each."""

import hashlib
import threading

import pytest

SIZE, THREADS = 1280, 8

#: What lupa's example computes, on every runtime alike.
PICTURE = "c1949851218ef1f170c669a2cbd1ee13"

BAND = """
local size, band, bands = ...
local unpack, char = table.unpack or unpack, string.char
local lines, per_line, step = {}, math.floor(size / 8), 2 / size
local first = math.floor(size / bands) * (band - 1)

local function stays(cr, ci)
  local r, i, rr, ii = cr, ci, cr * cr, ci * ci
  for _ = 1, 49 do
    i = r * i * 2 + ci
    r = rr - ii + cr
    ii = i * i
    rr = r * r
    if rr + ii > 4 then return false end
  end
  return true
end

for y = first, first + math.floor(size / bands) - 1 do
  local bytes = {}
  for byte = 0, per_line - 1 do
    local bits = 0
    for x = byte * 8, byte * 8 + 7 do
      bits = bits * 2 + (stays(x * step - 1.5, y * step - 1) and 1 or 0)
    end
    bytes[byte + 1] = bits
  end
  lines[#lines + 1] = char(unpack(bytes))
end
return table.concat(lines)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("usual_numbers")
def test_32_threads_compute_the_bands_of_a_picture(lupa_module):
    bands = [None] * THREADS

    def compute(place):
        lua = lupa_module.LuaRuntime(encoding=None)
        bands[place] = lua.execute(BAND, SIZE, place + 1, THREADS)

    threads = [threading.Thread(target=compute, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    picture = b"".join(bands)
    assert len(picture) == SIZE * SIZE // 8
    assert hashlib.md5(picture).hexdigest() == PICTURE


def test_32_a_table_of_one_runtime_is_refused_by_another(lupa_module):
    table = lupa_module.LuaRuntime().table(1)
    with pytest.raises(lupa_module.LuaError, match="cannot mix objects from different Lua runtimes"):
        lupa_module.LuaRuntime().eval("function(t) return t end")(table)


def test_32_what_the_threads_return_can_be_shown(lupa_module):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    lua = lupa_module.LuaRuntime(encoding=None)
    picture = image.frombytes("1", (64, 64), lua.execute(BAND, 64, 1, 1))
    assert picture.size == (64, 64)
    assert picture.getpixel((32, 32)) and not picture.getpixel((63, 0))
