"""A program that runs: its objects, its runtimes, what it has kept, and what must be true afterwards."""

import contextlib
import gc
import re
import sys
import threading
import weakref

from . import verbs, zoo
from .session import Session

#: How often hooks of hostile objects run in one program.
FUEL = 250
THREADS = 4

#: What is not of interest in an error message.
WORDS = re.compile(r"\[string.*?:\d+:|prelude:\d+:|'[^']*'|\W+")

#: What the stash holds when a program begins.
FIRST_STASH = [
    "return {1, 2, 3, a = 'x', b = {}}",
    "return function(...) return ... end",
    "return function(...) for i = 1, 3 do coroutine.yield(...) end return 'end' end",
    "return coroutine.create(function(...) for i = 1, 3 do coroutine.yield(i, ...) end end)",
    "return setmetatable({1}, {__index = function(t, k) return k end, __call = function(t, ...) return ... end})",
    "return userdata",
]
STASH = 24


class World:
    def __init__(self, program, lupa, flavour, other_lupa, other_flavour):
        self.lupa, self.fuel, self.findings, self.threads = lupa, FUEL, [], []
        self.stash, self.stashed, self.weak, self.errors = {}, 0, [], {}
        self.steps, self.specifications = program.steps, program.objects
        self.events = set()
        self.objects = [zoo.create(self, *specification) for specification in program.objects]
        # The class of an object dies with the last object: so this watches objects of types without weak references, too.
        self.watched = [weakref.ref(type(thing)) for thing in self.objects]
        self.make_functions()
        options = {name: self.option(name, value) for name, value in program.options.items() if name != "other"}
        if flavour == "luajit20":
            options.pop("max_memory", None)
        self.sessions = [Session(self, lupa, flavour, options)]
        if program.options.get("other") == "another":
            self.sessions.append(Session(self, other_lupa, other_flavour, {}))
        else:
            self.sessions.append(Session(self, lupa, flavour, {}))
        for code in FIRST_STASH:
            self.keep(self.sessions[0].runtime.execute(code))
        self.watched += [weakref.ref(session.runtime) for session in self.sessions]

    def option(self, name, value):
        if name in ("attribute_filter", "item_filter", "overflow_handler"):
            return self.caller(value)
        if name == "attribute_handlers":
            return [None if which is None else self.caller(which) for which in value]
        return value

    def caller(self, which):
        """A plain function that runs what the object does when it is called."""
        thing = self.objects[which]
        action = self.specifications[which][1].get("__call__", ["give", ["plain", "text"]])
        return lambda *arguments: self.run_hook("handler", action, thing, arguments)

    def make_functions(self):
        """The functions that Lua code calls; plain ones, so that they can be passed to both runtimes."""

        def note(label, thing):
            # A program may call this with anything; only the lines of the grammar use such labels.
            label = label.decode("latin-1") if type(label) is bytes else label
            number = int(label[7:]) if type(label) is str and re.fullmatch(r"object \d+", label, re.ASCII) else 0
            if not 1 <= number <= len(self.objects):
                return
            if thing is not None and thing is not self.objects[number - 1] and not plain_copy(thing):
                self.findings.append(f"object {number} arrived as another: {type(thing)}")

        def stash_values(*values):
            for value in values:
                self.keep(value)

        def fetch(number=0, *_):
            return self.stash.get(number) if type(number) is int else None

        def failed(problem=None, *_):
            self.events.add(("error", name_of(problem), WORDS.sub("", problem)[:40] if type(problem) is str else ""))
            self.judge(problem)

        self.note, self.stash_values, self.fetch, self.failed = note, stash_values, fetch, failed

    # ---- what hooks do ----

    def run_hook(self, name, action, me, arguments):
        if self.fuel <= 0:
            if name == "__del__":
                return None
            raise StopIteration if name in ("__next__", "__call__") else zoo.Exhausted(name)
        self.fuel -= 1
        try:
            result = self.perform(action, me, arguments)
        except BaseException as error:
            self.events.add((name, action[0], name_of(error)))
            raise
        self.events.add((name, action[0], name_of(result)))
        if name == "__hash__" and not isinstance(result, int):
            raise TypeError("unhashable")  # CPython up to 3.13 leaks such a result
        return result

    def perform(self, action, me=None, arguments=()):
        verb, *rest = action
        return verbs.VERBS[verb](self, me, arguments, *rest)

    def keep(self, value):
        self.stash[self.stashed % STASH] = value
        self.stashed += 1
        return value

    def spawn(self, action, me):
        def work():
            with contextlib.suppress(BaseException):
                self.attempt(action, me)

        if len(self.threads) < THREADS:
            thread = threading.Thread(target=work, daemon=True)
            self.threads.append(thread)
            thread.start()

    def attempt(self, action, me=None):
        try:
            self.perform(action, me)
        except BaseException as error:
            self.events.add(("step", action[0], name_of(error)))
            self.judge(error)

    # ---- what must be true ----

    def judge(self, problem):
        """An exception, or an error value: some must never be seen."""
        if is_one_of(type(problem), (SystemError, AssertionError, BufferError)):
            self.findings.append(f"{name_of(problem)}: {problem}")
        elif type(problem) is str and ("internal error" in problem or "lupa:" in problem):
            self.findings.append(problem)

    def run(self):
        for step in self.steps:
            self.attempt(step)
        for thread in self.threads:  # which may grow meanwhile
            thread.join(20)
            if thread.is_alive():
                self.findings.append("a thread does not end")
                return
        self.fuel = 0
        for session in self.sessions:
            self.findings.extend(session.problems(self))

    def forget(self):
        """Let go of everything; returns the weak references that should die."""
        watched = self.watched
        for session in self.sessions:
            session.drop()
        for container in (self.stash, self.objects, self.sessions, self.threads, self.weak, self.errors):
            container.clear()
        self.note = self.stash_values = self.fetch = self.failed = None
        return watched


def name_of(thing):
    """The name of a type, without asking a metaclass."""
    return type.__dict__["__name__"].__get__(type(thing))


def plain_copy(thing):
    return is_one_of(type(thing), (int, float, str, bytes))


def is_one_of(cls, classes):
    """`cls in classes` that does not ask a metaclass."""
    return any(cls is one for one in classes)


def run(program, lupa, flavour, other_lupa, other_flavour):
    """Runs a program and returns what was wrong, as texts, and what happened."""
    world = World(program, lupa, flavour, other_lupa, other_flavour)
    world.run()
    findings, events = world.findings, world.events
    watched = world.forget()
    del world
    for classes in (lasting_classes(lupa), lasting_classes(other_lupa)):
        restore(classes)
    for _ in range(6):
        gc.collect()
        if all(reference() is None for reference in watched):
            break
    else:
        alive = [reference() for reference in watched]
        names = [type.__repr__(one) if isinstance(one, type) else repr(one) for one in alive if one is not None]
        findings.append(f"still alive: {', '.join(names)}")
    return findings, events


#: Classes that outlive a program, with their attributes, which programs may set.
LASTING = {}


def lasting_classes(lupa):
    if lupa not in LASTING:
        runtime = lupa.LuaRuntime()
        table = runtime.table()
        things = [runtime, table, table.keys(), runtime.eval("print"), runtime.eval("function() end").coroutine(), runtime.nogc()]
        classes = [*map(type, things), type(table).__mro__[1], lupa.LuaError, lupa.LuaSyntaxError, lupa.LuaMemoryError]
        LASTING[lupa] = [(cls, dict(vars(cls))) for cls in [*classes, verbs.Strange, zoo.Exhausted, World]]
    return LASTING[lupa]


def restore(classes):
    for cls, attributes in classes:
        for name in [name for name, value in vars(cls).items() if attributes.get(name) is not value]:
            if name in attributes:
                setattr(cls, name, attributes[name])
            elif name not in ("__abstractmethods__",):
                delattr(cls, name)


def watch_unraisable(findings):
    """Errors that Python can only report are judged as well."""

    def hook(unraisable):
        if is_one_of(unraisable.exc_type, (SystemError, AssertionError)):
            findings.append(f"unraisable {unraisable.exc_type.__name__}: {unraisable.exc_value}")

    sys.unraisablehook = hook
    threading.excepthook = lambda arguments: None
