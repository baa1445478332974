"""Writes Lua programs that use Python hard, by a grammar (`lua.grammar`): text with `$names`, which stand for one of several
texts each.

A statement is one line of the program, so that a program can be made smaller by dropping lines. A text that only some
Luas can compile carries marks, `@5.4` (that version or newer) or `@goto`; they come out at the end of the line, and
`Dialect.select` drops the lines that a Lua cannot compile. So one seed is the same program on all runtimes.

What keeps programs finite: numeric loops are short, every other loop and every function calls `burn`, which raises an
error once the program has used up its fuel.
"""

import pathlib
import re

NAME = re.compile(r"\$([a-z_]+)|@(\w[\w.]*)\b")

#: How deep expressions nest, and how many names one line expands.
DEPTH = 5
SIZE = 70


def read(text):
    """`{name: [what it may stand for]}`"""
    grammar = {}
    for line in text.splitlines():
        if line.startswith("    "):
            alternatives.append(line.strip())
        elif line and not line.startswith("#"):
            alternatives = grammar[line.strip()] = []
    return grammar


ALTERNATIVES = read((pathlib.Path(__file__).parent / "lua.grammar").read_text(encoding="ascii"))


class Writer:
    """Writes lines of Lua, all from one random number generator."""

    def __init__(self, random, objects):
        self.random = random
        self.objects = objects

    def lines(self, count):
        return [self.line() for _ in range(count)]

    def line(self):
        self.left = SIZE
        self.marks = set()
        text = self.wrapped(self.write("s", 0))
        return " ".join([text, *(f"--@{mark}" for mark in sorted(self.marks))])

    def wrapped(self, text):
        """Most lines run protected, so that an error does not end the program; some in a coroutine."""
        kind = self.random.randrange(8)
        if kind == 0 or text.startswith("local"):
            return text
        if kind == 1:
            return f"stash(try(coroutine.wrap(function(...) {text} end), ...));"
        return f"try(function(...) {text} end, ...);"

    def write(self, name, depth):
        if name == "nothing":
            return ""
        if name in ("n", "note"):
            number = self.random.randrange(1, self.objects + 1)
            return str(number) if name == "n" else f'note("object {number}", H[{number}]);'
        self.left -= 1
        if name == "e" and (depth > DEPTH or self.left < 0):
            name = "leaf"
        elif self.left < 0 and name in ENDS:
            return ENDS[name]
        alternatives = ALTERNATIVES[name]
        text = alternatives[self.random.randrange(len(alternatives))]
        return NAME.sub(lambda match: self.part(match, depth), text).rstrip()

    def part(self, match, depth):
        if match[1]:
            return self.write(match[1], depth + 1)
        self.marks.add(match[2])
        return ""


#: What stands for the names that would go on for ever, once a line is long enough.
ENDS = {
    "s": "",
    "block": "",
    "t": "S",
    "f": "stash",
    "o": "H[1]",
    "p": "S",
    "co": "S[1]",
    "args": "a",
    "mt": "{}",
    "call": "fetch(1)",
    "python": "python.none",
    "closable": "nil",
}


class Dialect:
    """What one Lua can compile."""

    def __init__(self, flavour, version):
        self.version = version
        self.jit = flavour.startswith("luajit")

    def has(self, mark):
        if mark == "goto":
            return self.jit or self.version >= (5, 2)
        return self.version >= tuple(map(int, mark.split(".")))

    def select(self, lines):
        return [line for line in lines if all(self.has(mark) for mark in re.findall(r"--@(\S+)", line))]
