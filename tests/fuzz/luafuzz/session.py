"""One runtime of a program: the prelude, and running lines of Lua in it."""

import pathlib

from .grammar import Dialect

PRELUDE = (pathlib.Path(__file__).parent / "prelude.lua").read_text(encoding="ascii")

#: What the prelude returns, and what each piece of Lua code gets as its first arguments.
NAMES = "burn try xtry short concat limited finalized reset same".split()
HEADER = "local " + ", ".join(["note", "stash", "fetch", "H", "S", *NAMES]) + ", a, b, c, d = ...;"

#: How many calls of functions and turns of loops a program has in each runtime.
FUEL = 250

#: Bases whose objects Lua gets as values of its own.
CONVERTED = (int, float, str, bytes)


class Session:
    def __init__(self, world, lupa, flavour, options):
        self.lupa = lupa
        self.dialect = Dialect(flavour, lupa.LUA_VERSION)
        self.runtime = lupa.LuaRuntime(**options)
        tools = self.runtime.execute(PRELUDE, world.failed, FUEL, name="=prelude")
        self.tools = dict(zip(NAMES, tools))
        self.S = self.runtime.table()
        self.H = self.runtime.table()
        for number, thing in enumerate(world.objects, 1):
            self.H[number] = self.boxable(thing)
        self.arguments = (world.note, world.stash_values, world.fetch, self.H, self.S, *tools)
        self.alive, self.disturbed = True, 0

    def boxable(self, thing):
        """An argument that becomes a box, whatever the object is, without asking the object."""
        methods = type(thing).__mro__[0].__dict__
        if isinstance_without_asking(thing, CONVERTED) or methods.keys() & {"__getattribute__", "__getattr__", "__class__"}:
            wrap = self.lupa.as_itemgetter if "__getitem__" in methods else self.lupa.as_attrgetter
            return wrap(thing)
        return thing

    def code(self, lines):
        return "\n".join([HEADER, *self.dialect.select(lines)])

    def execute(self, lines, more=()):
        if self.alive:
            return self.runtime.execute(self.code(lines), *self.arguments, *more)

    def start(self, lines, more=()):
        if self.alive:
            return self.runtime.compile(self.code(lines)).coroutine(*self.arguments, *more)

    def compile(self, lines):
        if self.alive:
            return self.runtime.compile(self.code(lines))

    def drop(self):
        """Let go of the runtime: what lives on are the wrappers that the program has kept."""
        self.alive = False
        self.runtime = self.tools = self.arguments = self.H = self.S = None

    def problems(self, world):
        """What does not work any more after a program."""
        if not self.alive:
            return
        if getattr(self.runtime, "closed", False):
            return
        if self.runtime.get_max_memory() is not None:
            self.runtime.set_max_memory(0)
        try:
            self.patiently(self.tools["reset"])
            if self.patiently(self.runtime.eval, "1 + 1") != 2:
                yield "1 + 1 is not 2"
            things = [object() for _ in range(20)] + list(world.objects)
            wrapped = [self.lupa.as_attrgetter(thing) for thing in things]
            returned = self.patiently(self.tools["same"], *wrapped, 1)[: len(things)]
        except BaseException as error:
            yield f"the runtime does not work any more: {error!r}"
            return
        if any(one is not other for one, other in zip(things, returned)):
            yield "objects lose their identity"

    def patiently(self, work, *arguments):
        """A call that finalizers of the program may disturb, but not for ever: Lua up to 5.3 raises their errors anywhere."""
        for _ in range(10_000):
            try:
                return work(*arguments)
            except BaseException:
                self.disturbed += 1
        return work(*arguments)


def isinstance_without_asking(thing, classes):
    """`isinstance` that does not look at `__class__`, which may be a property."""
    return issubclass(type(thing), classes) if type(type(thing)) is type else False
