"""Strings in both directions: short and long, ASCII and not, the same one again and a fresh one each time."""

from itertools import cycle

from bench.workload import Group, Lua

GROUP = Group("string", "strings in both directions", target=0.55)
TAKES = Lua("function(s) end")
LENGTHS = {"10 B": 10, "1 kB": 1000, "1 MB": 1_000_000}
LATIN = {"encoding": "latin-1"}
BYTES = {"encoding": None}
#: A thousand strings, of ten bytes and so many more.
ONE_AFTER_THE_OTHER = """(function()
  local strings, n = {}, 0
  for i = 1, 1000 do strings[i] = string.format('%%010d', i) .. string.rep('x', %d) end
  return function() n = n %% 1000 + 1 return strings[n] end
end)()"""


def kept(length, letter):
    """A Lua function that returns the same string of so many bytes each time."""
    count = length // len(letter.encode())
    return Lua(f"(function() local kept = string.rep('{letter}', {count}) return function() return kept end end)()")


for title, length in LENGTHS.items():
    ascii_text, other_text, data = "x" * length, "ä" * (length // 2), b"x" * length
    GROUP.python(f"in, {title}, ASCII", "f(s)", f=Lua("function(s) return #s end"), s=ascii_text, expect=length)
    GROUP.python(f"in, {title}, not ASCII", "f(s)", f=Lua("function(s) return #s end"), s=other_text, expect=length)
    GROUP.python(f"in, {title}, bytes", "f(s)", f=Lua("function(s) return #s end"), s=data, expect=length)
    GROUP.python(f"out, {title}, ASCII", "f()", f=kept(length, "x"), expect=ascii_text)
    GROUP.python(f"out, {title}, not ASCII", "f()", f=kept(length, "ä"), expect=other_text)
    GROUP.python(f"out, {title}, bytes", "f()", f=kept(length, "x"), expect=data, options=BYTES)

# A new object each time, of a thousand contents; joining its halves is part of what is measured.
for title, length in (("10 B", 10), ("1 kB", 1000)):
    halves = [f"{n:08}".ljust(length - 2, "x") for n in range(1000)]
    fresh = {"f": TAKES, "s": cycle(halves), "next": next, "expect": None}
    GROUP.python(f"in, {title}, fresh", "f(next(s) + 'ab')", **fresh)
    GROUP.python(f"in, {title}, fresh, not ASCII", "f(next(s) + '\u00e4')", **fresh)
    GROUP.python(
        f"out, {title}, fresh",
        "f()",
        f=Lua(ONE_AFTER_THE_OTHER % (length - 10)),
        check=f"len(f()) == {length}",
    )

GROUP.python("in and out, 10 B", "f(s)", f=Lua("function(s) return s end"), s="x" * 10, expect="x" * 10)
GROUP.python("in, latin-1", "f(s)", f=Lua("function(s) return #s end"), s="ä" * 10, expect=10, options=LATIN)
GROUP.python(
    "out, latin-1", "f()", f=Lua("function() return string.rep('\\228', 10) end"), expect="ä" * 10, options=LATIN
)
GROUP.lua("to a callback, 10 B", "f(s) == s", f=lambda s: s, s="x" * 10, expect=True)
GROUP.lua("to a callback, 1 kB", "f(s) == s", f=lambda s: s, s="x" * 1000, expect=True)
