"""Reads the source as far as it touches the Lua stack: the table of Lua's functions, the functions of the C side, and those in
Rust, each with the effect that its comment states."""

import csv
import pathlib
import re
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
EFFECT = re.compile(r"\[-([^,\]]+), \+([^,\]]+), ([-mve])\]")
FLAVOURS = ("51", "52", "53", "54", "55", "jit20", "jit21")

#: Functions that Lua calls, or lua_pcall: their frame is their own.
BODY = re.compile(r"lupa_(body|pushed)_")
ENTRY = re.compile(r"lupa_(entry|guard)_|lupa_(message_handler|throw_hook|finalresults)$")


@dataclass(frozen=True)
class Effect:
    """What a function pops and pushes, and how it raises."""

    text: str
    pops: str
    pushes: str
    raises: str

    @classmethod
    def find(cls, text):
        match = EFFECT.search(text)
        return cls(match[0], *match.groups()) if match else None


@dataclass(frozen=True)
class Api:
    """A function of Lua, as lua/api.tsv has it."""

    name: str
    effect: Effect
    versions: str
    used: str
    rust: str
    manual: str
    remark: str

    def flavours(self, column="versions"):
        named = getattr(self, column)
        if named == "all":
            return FLAVOURS if column == "versions" else self.flavours()
        return tuple(flavour.rstrip("?") for flavour in named.split(",") if flavour != "-")


@dataclass(frozen=True)
class Function:
    """A function of ours."""

    name: str
    file: str
    line: int
    effect: Effect
    #: Its code, without comments and without what is in strings.
    body: str
    #: The parameter that is the state; in Rust any.
    state: str = ""
    #: The line that its code begins in.
    body_line: int = 0
    is_method: bool = False
    #: Called by Python.
    is_edge: bool = False

    @property
    def in_c(self):
        return self.file.endswith(".h")

    @property
    def has_frame(self):
        """Lua calls it, so that its frame begins with its arguments."""
        return self.in_c and bool(BODY.match(self.name) or ENTRY.match(self.name))


def api():
    """The functions of Lua, by name."""
    lines = (ROOT / "lua" / "api.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", restval="")
    return {
        row["function"]: Api(row["function"], Effect.find(row["effect"]), *(row[key] or "" for key in list(row)[2:]))
        for row in rows
    }


def blanked(text, pattern):
    """The text with what matches replaced by blanks, so that places stay."""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.S)


def without_strings(code, pattern):
    """Of strings, only single words remain."""
    return re.sub(
        pattern, lambda match: match[0] if re.fullmatch(r'"\w+"', match[0]) else re.sub(r"[^\n]", " ", match[0]), code, flags=re.S
    )


def c_functions():
    """The functions of lua/*.h that get a state."""
    for path in c_files():
        yield from c_functions_of(path)


def c_files():
    """All of lua/*.h but what only checked builds have."""
    return [path for path in sorted((ROOT / "lua").glob("*.h")) if path.name not in ("checks.h", "selftest.h")]


def c_code_of(text):
    """The text without comments and strings; each remains in its place."""
    return without_strings(blanked(text, r"/\*.*?\*/"), r'"(?:\\.|[^"\\\n])*"')


def c_functions_of(path):
    text = path.read_text(encoding="utf-8")
    code = c_code_of(text)
    for match in re.finditer(r"^(?:#define X\(.*?\) )?static ([^;={}]*?)(\w+(?:##name)?) \(([^)]*)\) *\{", code, re.M):
        state = re.search(r"lua_State \*(\w+)", match[3])
        if state:
            end = code.find("\n", match.end())
            if not code[match.end() : end].rstrip().endswith("}"):
                end = code.index("\n}", match.end())
            comment = text[text.rfind("/*", 0, match.start()) : match.start()]
            line = text.count("\n", 0, match.start()) + 1
            name = match[2].replace("##name", "...")
            body = code[match.end() : end].rstrip().removesuffix("}")
            yield Function(name, f"lua/{path.name}", line, Effect.find(comment), body, state[1], text.count("\n", 0, match.end()) + 1)


#: The layers that deal with Lua, in a module of Python, and in a program in Rust.
WITH_PYTHON = ("lua", "bridge", "api")
WITHOUT_PYTHON = ("lua", "lua/host")


def rust_functions(of=WITH_PYTHON):
    """All functions of some layers; `effect` is None where none is stated."""
    for layer in of:
        for path in sorted((ROOT / "src" / layer).glob("*.rs")):
            if path.name != "checked.rs":
                yield from rust_functions_of(path)


def rust_functions_of(path):
    text = path.read_text(encoding="utf-8")
    code = without_strings(blanked(text, r"//[^\n]*"), r'"(?:\\.|[^"\\])*"|\'\\?[^\'\n]\'')
    for match in re.finditer(r"^( *)(?:pub(?:\(\w+\))? )?(?:const )?(?:unsafe )?(?:extern +\"C\" +)?fn (\w+)", code, re.M):
        start, end = body_of(code, match.end())
        if start is None:
            continue
        lines = text[: match.start()].rstrip("\n").split("\n")
        comment = []
        while lines and re.match(r" *(///|#\[|[a-z_]+ = |\)\])", lines[-1]):
            comment.append(lines.pop())
        effect = Effect.find("\n".join(reversed(comment)))
        file = path.relative_to(ROOT).as_posix()
        yield Function(match[2], file, text.count("\n", 0, match.start()) + 1, effect, code[start:end], "", text.count("\n", 0, start) + 1, bool(match[1]), is_edge(match[0], code[start:end]))


def is_edge(head, body):
    """Is a function called by Python, or does it begin where Python has called?"""
    return "extern" in head or "edge(|gil|" in body


def body_of(code, position):
    """Where the body of the function begins and ends whose name ends at a position."""
    depth = 0
    for index in range(position, len(code)):
        if code[index] in "([":
            depth += 1
        elif code[index] in ")]":
            depth -= 1
        elif code[index] == ";" and depth == 0:
            return None, None
        elif code[index] == "{" and depth == 0:
            return index + 1, end_of_block(code, index)
    return None, None


def end_of_block(code, start):
    depth = 0
    for index in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[index], 0)
        if depth == 0:
            return index
    return len(code)
