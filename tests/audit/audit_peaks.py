"""How many slots a function has above its entry at most, read off its code.

The code is taken as a tree of branches and loops, and walked with the height of the stack. Where the height depends on more than
the code, the walk takes the greater one: a call under a condition may have happened, what pops at least one value pops one. The
result is a bound, and may be greater than what ever happens. What cannot be counted (arguments, results, a loop that pushes)
becomes an `n`, once.
"""

import re
from dataclasses import dataclass, replace

#: Macros of Lua's headers that are not in the table, as the functions that they stand for.
MACROS = {"lua_pushcfunction": 1, "lua_newtable": 1, "lua_pushliteral": 1}

TOKEN = re.compile(r"\w+|&&|\|\||->|::|=>|\S")
WORDS = {"if", "for", "while", "loop", "switch", "match", "return", "sizeof", "unsafe", "move"}
#: In Rust, what the functions of the same names of other types are not called on.
RECEIVERS = {"self", "state", "locked", "crossing", "references", "results", "thread", "entry", "Self", "traceback", "errors", "parts", "frame"}


@dataclass(frozen=True)
class Height:
    """Values above the entry; `many` if there are others, uncounted."""

    count: int = 0
    many: bool = False

    def __or__(self, other):
        return Height(max(self.count, other.count), self.many or other.many)

    def __add__(self, change):
        return Height(self.count + change.count, self.many or change.many)

    def __str__(self):
        if self.many:
            return f"n + {self.count}" if self.count else "n"
        return str(self.count)


def pushed(text):
    """The greatest number of values that `+text` stands for."""
    alternatives = [alternative.strip("()") for alternative in text.strip("()").split("|")]
    numbers = [re.findall(r"(?<![\w])\d+(?!\w)", alternative) for alternative in alternatives]
    many = any(re.search(r"[a-z?]", alternative) for alternative in alternatives)
    return Height(max(sum(map(int, each)) for each in numbers), many)


def popped(text):
    """The least number of values that `-text` stands for."""
    if "?" in text or "*" in text:
        return 0
    return min(sum(map(int, re.findall(r"(?<!\w)\d+(?!\w)", part))) for part in text.strip("()").split("|"))


def tokens_of(body):
    """Tokens; what the preprocessor chooses between becomes branches."""
    lines = []
    for line in body.split("\n"):
        directive = re.match(r" *# *(\w+)", line)
        instead = {"if": "if (0) {", "ifdef": "if (0) {", "elif": "} else if (0) {", "else": "} else {", "endif": "}"}
        lines.append(instead.get(directive[1], "") if directive else line)
    return TOKEN.findall("\n".join(lines))


class Walk:
    """One walk through the code of a function."""

    def __init__(self, function, known, peak_of):
        self.function, self.known, self.peak_of = function, known, peak_of
        self.tokens = tokens_of(function.body)
        self.peak = Height()

    def run(self):
        self.block(0, len(self.tokens), Height())
        return self.peak

    # ---- the tree: each method takes a height and gives the one that follows, None where the code does not go on ----

    def block(self, at, end, height):
        while at < end:
            at, height = self.statement(at, end, height or Height())
        return height

    def statement(self, at, end, height):
        token = self.tokens[at]
        if token in ("if", "while", "for", "switch", "match", "loop"):
            return getattr(self, {"match": "switch"}.get(token, token) + "_")(at + 1, end, height)
        if token == "{":
            close = self.closing(at)
            return close + 1, self.block(at + 1, close, height)
        if token in ("case", "default"):
            return self.find(":", at, end) + 1, height
        stop = self.end_of_expression(at, end)
        height = self.expression(at, stop, height)
        leaves = token in ("return", "break", "continue")
        if stop < end and self.tokens[stop] == ";":
            stop += 1
        return max(stop, at + 1), None if leaves else height

    def condition(self, at, end):
        """Where a condition ends: a parenthesis in C, the block in Rust."""
        if self.function.in_c:
            close = self.closing(at)
            return at + 1, close, close + 1
        stop = self.find("{", at, end)
        return at, stop, stop

    def if_(self, at, end, height):
        first, stop, then = self.condition(at, end)
        height = self.expression(first, stop, height)
        at, after = self.statement(then, end, height)
        otherwise = height
        if at < end and self.tokens[at] == "else":
            at, otherwise = self.statement(at + 1, end, height)
        return at, after | otherwise if after and otherwise else after or otherwise

    def loop_body(self, at, end, height, through):
        """A body that runs any number of times."""
        at, after = self.statement(at, end, through)
        if after and after.count > height.count:
            self.note(replace(after, many=True))
            return at, replace(after, many=True)
        return at, height | after if after else height

    def while_(self, at, end, height):
        first, stop, then = self.condition(at, end)
        through = self.expression(first, stop, height)
        at, after = self.loop_body(then, end, height, through)
        # Once lua_next has found nothing more, the key is gone.
        return at, replace(after, count=height.count - 1) if "lua_next" in self.tokens[first:stop] else after

    def for_(self, at, end, height):
        return self.while_(at, end, height)

    def loop_(self, at, end, height):
        return self.loop_body(at, end, height, height)

    def switch_(self, at, end, height):
        first, stop, then = self.condition(at, end)
        height = self.expression(first, stop, height)
        close = self.closing(then)
        arms = re.compile(r"case|default" if self.function.in_c else r"=>")
        starts = [i for i in range(then + 1, close) if arms.fullmatch(self.tokens[i]) and self.depth(then, i) == 1]
        after = None
        for start, stop in zip(starts, [*starts[1:], close]):
            first = start if self.function.in_c else start + 1
            stop = stop if self.function.in_c else self.end_of_arm(first, stop)
            result = self.block(first, stop, height)
            leaves = self.function.in_c and "return" in self.tokens[first:stop]
            if result and not leaves:
                after = after | result if after else result
        return close + 1, after or height

    def end_of_arm(self, at, stop):
        """An arm of a match ends with its block, or before the comma."""
        if self.tokens[at] == "{":
            return self.closing(at) + 1
        return min(self.find(",", at, stop), stop)

    # ---- expressions ----

    def expression(self, at, end, height):
        """Calls in the order of their closing parentheses; what follows a condition may not happen."""
        optional = False
        while at < end:
            token = self.tokens[at]
            if token in ("&&", "||", "?"):
                optional = True
            if token == "{" or token in ("if", "match", "unsafe", "loop", "while", "for") and not self.function.in_c:
                at, after = self.statement(at + (token == "unsafe"), end, height)
                height = height | after if after else height
                continue
            if at + 1 < end and self.tokens[at + 1] == "(" and re.match(r"[a-z]\w*$", token) and token not in WORDS:
                close = min(self.closing(at + 1), end)
                height = self.expression(at + 2, close, height)
                after = self.call(at, close, height)
                height = height | after if optional else after
                at = close
            at += 1
        return height

    def call(self, at, close, height):
        """What a call does to the height."""
        name = self.tokens[at]
        arguments = self.arguments(at + 2, close)
        if self.function.in_c and name.startswith("lua") and (not arguments or arguments[0] != [self.function.state]):
            return self.other_state(name, arguments, height)
        if name == "lua_settop" and (self.number(arguments[1]) or 0) >= 0 and self.number(arguments[1]) is not None:
            after = Height(self.number(arguments[1]))
            self.note(after)
            return after
        change, peak = self.effect(name, arguments, at)
        if change is None:
            return height
        self.note(height + peak)
        return Height(max(height.count + change.count, 0), height.many or change.many)

    def other_state(self, name, arguments, height):
        if name == "luaL_pushresult" or (name == "lua_xmove" and arguments[1] == [self.function.state]):
            count = self.number(arguments[2]) if name == "lua_xmove" else 1
            after = height + (Height(0, True) if count is None else Height(count))
            self.note(after)
            return after
        return height

    def effect(self, name, arguments, at):
        """What a call adds, and the most that it has above its entry; (None, None) for what does not touch the stack."""
        last = self.number(arguments[-1]) if arguments else None
        if name in ("lua_pop", "lua_xmove", "lua_settop"):
            return Height({"lua_settop": (last or -1) + 1}.get(name, -(last or 0))), Height()
        if name == "lua_getinfo":
            letters = "".join(arguments[1])
            return (pushes := Height(letters.count("f") + letters.count("L"))), pushes
        if name in MACROS or name in ("lua_concat", "lua_pushcclosure") and last is not None:
            change = MACROS.get(name, 1 - (last or 0))
            return Height(change), Height(max(change, 0))
        if name in ("lua_call", "lua_pcall", "lua_callk", "lua_pcallk"):
            return self.called(arguments)
        if not self.function.in_c and not self.is_on_the_stack(at):
            return None, None
        callee = self.known.get(name)
        if callee is None or callee.effect is None:
            return None, None
        growth = pushed(callee.effect.pushes)
        change = Height(growth.count - popped(callee.effect.pops), growth.many)
        inner = self.peak_of(name)
        return change, inner or Height(max(change.count, 0), growth.many)

    def is_on_the_stack(self, at):
        before, name = self.tokens[max(at - 2, 0) : at], self.tokens[at]
        if len(before) < 2 or before[1] not in (".", "::"):
            return not getattr(self.known.get(name), "is_method", True)
        receiver = before[0] if before[0] != ")" else self.tokens[max(self.opening(at - 2) - 1, 0)]
        return receiver in RECEIVERS or receiver == "ffi" or name.startswith(("push_", "lupa_", "lua_"))

    def called(self, arguments):
        """lua_call and lua_pcall, with the numbers that they are given."""
        given, results = self.number(arguments[1]), self.number(arguments[2])
        if given is None or results is None:
            return Height(-1, results is None), Height(0, results is None)
        return Height(results - given - 1), Height(max(results - given - 1, 0))

    def number(self, argument):
        text = "".join(argument)
        return int(text) if re.fullmatch(r"-?\d+", text) else {"LUPA_THE_RESULT": 2}.get(text)

    def note(self, height):
        self.peak |= height

    # ---- tokens ----

    def depth(self, start, at):
        inside = self.tokens[start:at]
        return sum(map(inside.count, "{([")) - sum(map(inside.count, "})]"))

    def closing(self, at):
        depth = 0
        for index in range(at, len(self.tokens)):
            depth += (self.tokens[index] in "([{") - (self.tokens[index] in ")]}")
            if depth == 0:
                return index
        return len(self.tokens)

    def opening(self, at):
        depth = 0
        for index in range(at, -1, -1):
            depth += (self.tokens[index] in ")]}") - (self.tokens[index] in "([{")
            if depth == 0:
                return index
        return 0

    def find(self, token, at, end):
        for index in range(at, end):
            if self.tokens[index] == token and self.depth(at, index) == 0:
                return index
        return end

    def end_of_expression(self, at, end):
        return self.find(";", at, end)

    def arguments(self, at, end):
        found, start = [], at
        while start < end:
            stop = self.find(",", start, end)
            found.append(self.tokens[start:stop])
            start = stop + 1
        return found


def peaks(functions, api):
    """The peak of each function of ours, by its place in the list."""
    by_name = {}
    for function in functions:
        # Of several with one name, the one with the greater effect counts.
        by_name.setdefault(function.name, function)
    known = {**api, **by_name}
    found, under_way = {}, set()

    def peak_of(name):
        function = by_name.get(name)
        return peak(function) if function else None

    def peak(function):
        key = (function.file, function.line)
        if key in under_way:
            return Height()
        if key not in found:
            under_way.add(key)
            found[key] = Walk(function, known, peak_of).run()
            under_way.discard(key)
        return found[key]

    return {(function.file, function.line): peak(function) for function in functions}
