"""Which actions there are, and how a generator chooses them. What they do is in `world.py`.

An action is a list: a verb and its arguments, which are numbers, strings and other actions, so that a program can be
written to a file.
"""

#: Special methods of hostile objects.
HOOKS = """
    __getattr__ __getattribute__ __setattr__ __delattr__ __getitem__ __setitem__ __delitem__ __contains__ __del__ __eq__
    __hash__ __str__ __repr__ __call__ __iter__ __next__ __len__ __bool__ __index__ __int__ __float__ __class__ keys items
    value __dir__ __dict__ __format__ __bytes__ __lt__ __add__ __enter__ __exit__ __reversed__ __get__ __length_hint__ x count
    close throw send __missing__ __instancecheck__ __name__ __doc__ __traceback__ __self__ append encode
""".split()

COMMON_HOOKS = "__getattr__ __getitem__ __setitem__ __setattr__ __del__ __call__ __iter__ __next__ __str__ __len__ __eq__".split()

#: What hostile objects derive from.
BASES = """
    object object object object int float str bytes tuple list dict set Exception BaseException KeyError StopIteration
    Mapping Sequence LuaError type
""".split()

PLAIN = """
    none true zero int big huge negative float nan infinity minus_zero text surrogate nul bytes tuple nested_tuple empty_tuple
    list cyclic_list dict class function generator exception exception_class builtin_method self arguments runtime
    unpacker attrgetter itemgetter module_function
""".split()

ERRORS = """
    ValueError KeyError AttributeError AttributeError TypeError IndexError StopIteration StopAsyncIteration KeyboardInterrupt
    GeneratorExit SystemExit MemoryError RecursionError OverflowError UnicodeDecodeError OSError LuaError LuaSyntaxError
    LuaMemoryError BaseException Strange
""".split()

TABLE_VERBS = "get set delete attribute set_attribute length iterate items values text truth keep_iterator type".split()
THREAD_VERBS = "next send throw close truth iterate coroutine".split()


class Actions:
    """Chooses actions, all from one random number generator."""

    def __init__(self, chance, writer):
        self.chance = chance
        self.writer = writer

    def choice(self, values):
        return values[self.chance.randrange(len(values))]

    def object(self):
        """`[base, {hook: action}]`"""
        hooks = {}
        for _ in range(self.chance.randrange(2, 9)):
            name = self.choice(HOOKS if self.chance.randrange(3) == 0 else COMMON_HOOKS)
            hooks[name] = self.action()
        return [self.choice(BASES), hooks]

    def lines(self, most):
        return self.writer.lines(self.chance.randrange(1, most + 1))

    def step(self):
        """What the host does between programs: mostly it runs Lua code."""
        kind = self.chance.randrange(10)
        if kind < 5:
            return ["lua", self.lines(12)]
        if kind == 5:
            return ["start", self.lines(6)]
        if kind == 6:
            return ["thread", self.action(1)]
        return self.action()

    def value(self):
        """A value as an argument: `[kind, which]`"""
        kind = self.choice(["object", "object", "stash", "stash", "plain", "plain", "foreign"])
        return [kind, self.choice(PLAIN) if kind == "plain" else self.chance.randrange(12)]

    def values(self):
        return [self.value() for _ in range(self.chance.randrange(4))]

    def action(self, depth=0):
        choose = self.choice(CHOICES if depth < 3 else SIMPLE)
        return choose(self, depth + 1)


def _give(actions, depth):
    return ["give", actions.value()]


def _raise(actions, depth):
    return ["raise", actions.choice(ERRORS)]


CHOICES = [
    *[_give] * 6,
    *[_raise] * 5,
    *[lambda a, depth: ["lua", a.lines(2)]] * 3,
    lambda a, depth: ["start", a.lines(2)],
    lambda a, depth: ["other", a.lines(2)],
    lambda a, depth: ["other", a.lines(1)],
    *[lambda a, depth: ["call", a.chance.randrange(12), *a.values()]] * 3,
    *[lambda a, depth: ["table", a.choice(TABLE_VERBS), a.chance.randrange(12), a.value(), a.value()]] * 3,
    *[lambda a, depth: ["coroutine", a.choice(THREAD_VERBS), a.chance.randrange(12), a.value()]] * 3,
    lambda a, depth: ["both", a.action(depth), a.action(depth)],
    lambda a, depth: ["both", a.action(depth), a.action(depth)],
    lambda a, depth: ["swallow", a.action(depth), a.action(depth)],
    lambda a, depth: ["swallow", a.action(depth), a.action(depth)],
    lambda a, depth: ["thread", a.action(depth)],
    lambda a, depth: ["nogc", a.action(depth)],
    lambda a, depth: ["finalize", a.chance.randrange(12), a.action(depth)],
    lambda a, depth: ["generator", a.action(depth), a.action(depth)],
    lambda a, depth: ["callback", a.action(depth)],
    lambda a, depth: ["self", a.choice(HOOKS)],
    lambda a, depth: ["table_from", a.chance.randrange(2), *a.values()],
    lambda a, depth: ["new_table", *a.values()],
    lambda a, depth: ["collect"],
    lambda a, depth: ["gccollect"],
    lambda a, depth: ["forget", a.chance.randrange(12)],
    lambda a, depth: ["forget_all"],
    lambda a, depth: ["keep", a.value()],
    lambda a, depth: ["drop"],
    lambda a, depth: ["close"],
    lambda a, depth: ["overflow", a.value()],
    lambda a, depth: ["memory", a.choice([0, 20_000, 200_000])],
    lambda a, depth: ["globals", a.choice(["a", "x", "pcall", "error", "debug"]), a.value()],
    lambda a, depth: ["compile", a.lines(1)],
    lambda a, depth: ["identity", a.value()],
    lambda a, depth: ["odd_call", a.chance.randrange(12)],
]
SIMPLE = [_give, _give, _raise]
