"""Writes the pages about the stack: STACK.md, what each function does to it, and lua/API.md, which functions of Lua are used.

    python tests/audit/pages.py            writes both
    python tests/audit/pages.py --check    says whether they are up to date
"""

import sys

import audit_calls as calls
import audit_peaks as peaks
import audit_source as source

STACK_INTRODUCTION = """\
# The stack, function by function

Every function of this crate that touches the stack of Lua, in C and in Rust. `python tests/audit/pages.py` writes this page
from the source, and a test fails when it is out of date. [lua/API.md](lua/API.md) lists the functions of Lua.

* **effect** is what the comment of the function states, in the notation of Lua's manual: values popped, values pushed, and how it
  raises (`-` never, `m` for want of memory, `v` errors of its own, `e` whatever Lua code raises). Of a function that Lua or
  `lua_pcall` calls, what is pushed are its results. Checked builds compare it, at each return, with what has happened.
* **peak** is the most values that lie above those which the function has found, in its own frame: what it pushes, and what functions
  of ours that it calls push. It is read off the code (`tests/audit/audit_peaks.py`) and an upper bound: all conditions may be true,
  whether they exclude each other or not. `n` stands for what depends on data: arguments, results, the items of a table; these get
  room by `lua_checkstack` first, or lie in the free slots of a C function under a limit that Rust counts (`ROOM` in
  `src/bridge/direct.rs`). The number beside stays below `LUA_MINSTACK`, 20, which Lua leaves free for each C function. What Lua's
  own functions need for a moment is Lua's business, and a called function has a frame of its own.
* **runs**: *protected*, under `lua_pcall`, in a body; *by Lua*, in a function that Lua calls, so that an error goes to whoever
  has called Lua; *Rust*, directly, so that nothing may raise. A function that runs in several ways has all of them, and the
  strictest counts.
* **may raise** are the functions that it calls which may raise, with their error class. All else that it calls never raises.
"""

CONDITIONS_INTRODUCTION = """\
## Where a condition keeps a function from raising

These state that they never raise, and call functions which may (`tests/audit/conditions.tsv`).
"""

API_INTRODUCTION = """\
# The functions of Lua

Every function that the headers of a supported Lua declare, in any version, and where this crate uses it. `python
tests/audit/pages.py` writes this page from `api.tsv` and the source; a test fails when it is out of date. The build compares the
table with the headers that it finds, and takes from it what Rust may name.

* **versions** are those whose headers declare it: plain Lua 5.1 to 5.5, LuaJIT 2.0 and 2.1. `?` means: not in every release,
  or only if told to be compatible with an older version. Macros are not listed; where one is used, the function that it becomes counts.
* **effect** is that of the reference manuals: 5.1.5, 5.2.4, 5.3.6, 5.4.8 and 5.5.0, for LuaJIT that of 5.1.
  `tests/audit/manuals.py` compares it with copies of them. Where a manual says something else, that stands under **manual**: the table
  has the stricter statement then, or what the code does. (5.2's manual has `e` for `m`, since finalizers run when memory is asked
  for; so they do on 5.1, 5.3 and LuaJIT 2.0.)
* **Rust**: *yes*, it never raises; *guarded*, only through the one function that excludes the condition; *c*, only in C.
"""

NAMES = {"51": "5.1", "52": "5.2", "53": "5.3", "54": "5.4", "55": "5.5", "jit20": "J2.0", "jit21": "J2.1"}


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines) + "\n"


def names_by_class(raising):
    """`m` a, b; `e` c"""
    classes = sorted(set(raising.values()))
    return "; ".join(f"`{each}` " + ", ".join(sorted(n for n in raising if raising[n] == each)) for each in classes)


class Source:
    """What the pages are made of: one of the two programs that the source is."""

    def __init__(self, layers=source.WITH_PYTHON):
        self.api = source.api()
        self.c_functions = list(source.c_functions())
        rust = list(source.rust_functions(layers))
        self.functions = [*self.c_functions, *rust]
        self.peaks = peaks.peaks(self.functions, self.api)
        self.ours = {function.name: function for function in self.c_functions}
        self.ways = calls.ways_in(self.functions)
        self.rust_functions = [function for function in rust if function.effect]

    def peak(self, function):
        return self.peaks[function.file, function.line]

    def raising(self, function):
        return calls.raising_calls(function, self.api, self.ours)

    def needing_conditions(self):
        """(function, callee) where a function that never raises calls one which may."""
        for function in self.c_functions:
            if function.effect.raises == "-":
                for callee in self.raising(function):
                    if callee not in ("lua_settop", "lua_pop"):
                        yield function, callee


def stack_page(of, host):
    parts = [STACK_INTRODUCTION]
    only_host = [function for function in host.rust_functions if function not in of.rust_functions]
    sections = (("C", of, of.c_functions), ("Rust", of, of.rust_functions), ("Rust, without Python", host, only_host))
    for title, program, functions in sections:
        parts.append(f"## {title}\n")
        for file in dict.fromkeys(function.file for function in functions):
            rows = [row_of(program, function) for function in functions if function.file == file]
            parts += [f"### {file}\n", table(["function", "line", "effect", "peak", "runs", "may raise"], rows)]
    reasons = calls.conditions()
    rows = [
        [function.name, callee, reasons.get((function.name, callee), "?")]
        for function, callee in dict.fromkeys((f, c) for f, c in of.needing_conditions())
    ]
    rows = list(map(list, dict.fromkeys(map(tuple, rows))))
    parts += [CONDITIONS_INTRODUCTION, table(["function", "calls", "which does not raise, because"], rows)]
    return "\n".join(parts)


def row_of(of, function):
    ways = of.ways[function.name] if function.in_c else {calls.RUST}
    raising = {name: kind for name, kind in of.raising(function).items() if name != "lua_settop"}
    order = [calls.PROTECTED, calls.BY_LUA, calls.RUST]
    return [
        f"`{function.name}`",
        str(function.line),
        f"`{function.effect.text}`",
        str(of.peak(function)),
        ", ".join(way for way in order if way in ways),
        names_by_class(raising),
    ]


def api_page(of):
    used = used_where(of)
    parts = [API_INTRODUCTION, "## Used\n"]
    columns = ["function", "effect", "versions", "used in", "Rust", "manual", "where", "remark"]
    rows = [
        [f"`{each.name}`", f"`{each.effect.text}`", versions(each.versions), versions(each.used), each.rust, manual(each.manual)]
        + [places(used.get(each.name, [])), each.remark]
        for each in of.api.values()
        if each.used != "-"
    ]
    parts += [table(columns, rows), "## Not used\n"]
    columns = ["function", "effect", "versions", "manual", "remark"]
    rows = [
        [f"`{each.name}`", f"`{each.effect.text}`", versions(each.versions), manual(each.manual), each.remark]
        for each in of.api.values()
        if each.used == "-"
    ]
    return "\n".join([*parts, table(columns, rows)])


def versions(text):
    return " ".join(NAMES.get(each.rstrip("?"), each) + "?" * each.endswith("?") for each in text.split(","))


def manual(text):
    parts = [part.split(" ", 1) for part in text.split("; ") if part]
    return "; ".join(f"{versions(which)}: `{what}`" for which, what in parts)


def used_where(of):
    """Function of Lua to the (file, line) that it is called at."""
    found = {}
    for path in source.c_files():
        for line, name in calls.called(source.c_code_of(path.read_text(encoding="utf-8")), 1):
            found.setdefault(name, []).append((f"lua/{path.name}", line))
    for function in of.functions:
        for line, name in calls.called_in(function) if not function.in_c else ():
            found.setdefault(name, []).append((function.file, line))
    return found


def places(found):
    """bodies.h:3,4 stack.rs:5"""
    lines = {}
    for file, line in found:
        lines.setdefault(file.rpartition("/")[2], []).append(line)
    return "; ".join(f"{file} {', '.join(map(str, sorted(set(each))))}" for file, each in lines.items())


def pages():
    """The text of each page, by its path."""
    of = Source()
    return {source.ROOT / "STACK.md": stack_page(of, Source(source.WITHOUT_PYTHON)), source.ROOT / "lua" / "API.md": api_page(of)}


def outdated():
    return [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main():
    if sys.argv[1:] == ["--check"]:
        stale = [str(path.relative_to(source.ROOT)) for path in outdated()]
        sys.exit(f"out of date: {', '.join(stale)}; run python tests/audit/pages.py" if stale else 0)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
