"""What the actions of hooks.py do. Each function gets the world, the object whose hook runs, and the hook's arguments."""

import contextlib
import functools
import gc
import itertools
import os
import time
import weakref


def give(world, me, arguments, value):
    return get(world, me, arguments, value)


def get(world, me, arguments, value):
    kind, which = value
    if kind == "object":
        return world.objects[which % len(world.objects)] if world.objects else None
    if kind == "stash":
        return world.stash.get(which)
    if kind == "foreign":
        session = world.sessions[1]
        return FOREIGN[which % len(FOREIGN)](session) if session.alive else None
    return PLAIN[which](world, me, arguments)


FOREIGN = [
    lambda session: session.runtime.table(1, 2),
    lambda session: session.tools["same"],
    lambda session: session.runtime,
    lambda session: session.runtime.eval("function(...) coroutine.yield(...) return 1 end").coroutine(1),
    lambda session: session.runtime.table(1, 2).items(),
    lambda session: session.H,
]


def cyclic_list():
    made = [1]
    made.append(made)
    return made


def values(world, me, arguments, references):
    return [get(world, me, arguments, reference) for reference in references]


PLAIN = {
    "none": lambda world, me, arguments: None,
    "true": lambda world, me, arguments: True,
    "zero": lambda world, me, arguments: 0,
    "int": lambda world, me, arguments: 3,
    "big": lambda world, me, arguments: 2**53 + 1,
    "huge": lambda world, me, arguments: 2**70,
    "negative": lambda world, me, arguments: -(2**63),
    "float": lambda world, me, arguments: 1.5,
    "nan": lambda world, me, arguments: float("nan"),
    "infinity": lambda world, me, arguments: float("inf"),
    "minus_zero": lambda world, me, arguments: -0.0,
    "text": lambda world, me, arguments: "a",
    "surrogate": lambda world, me, arguments: "\ud800",
    "nul": lambda world, me, arguments: "a\0\xe4",
    "bytes": lambda world, me, arguments: b"\xff",
    "tuple": lambda world, me, arguments: (1, me, "x"),
    "nested_tuple": lambda world, me, arguments: ((None, ()), None),
    "empty_tuple": lambda world, me, arguments: (),
    "list": lambda world, me, arguments: [1, me, None],
    "cyclic_list": lambda world, me, arguments: cyclic_list(),
    "dict": lambda world, me, arguments: {1: me, "a": None},
    "class": lambda world, me, arguments: type(me),
    "function": lambda world, me, arguments: lambda *args: args[0] if args else None,
    "generator": lambda world, me, arguments: (item for item in (1, None, (2, me))),
    "exception": lambda world, me, arguments: error(world, "ValueError"),
    "exception_class": lambda world, me, arguments: KeyError,
    "builtin_method": lambda world, me, arguments: [].append,
    "self": lambda world, me, arguments: me,
    "arguments": lambda world, me, arguments: arguments,
    "runtime": lambda world, me, arguments: world.sessions[0].runtime if world.sessions else None,
    "unpacker": lambda world, me, arguments: world.lupa.unpacks_lua_table(lambda *args, **named: (args, named)),
    "attrgetter": lambda world, me, arguments: world.lupa.as_attrgetter(me),
    "itemgetter": lambda world, me, arguments: world.lupa.as_itemgetter(me),
    "module_function": lambda world, me, arguments: world.lupa.lua_type,
}


class Strange(BaseException):
    """Cannot be shown."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


def error(world, name):
    """An exception; the common ones are one object each, which is raised again and again."""
    special = {
        "Strange": Strange,
        "UnicodeDecodeError": lambda text: UnicodeDecodeError("ascii", b"\xff", 0, 1, text),
        **{kind: getattr(world.lupa, kind) for kind in ("LuaError", "LuaSyntaxError", "LuaMemoryError")},
    }
    builtins = __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)
    kind = special.get(name) or builtins[name]
    if name in ("ValueError", "KeyboardInterrupt", "LuaError"):
        return world.errors.setdefault(name, kind("again"))
    made = kind("hostile")
    if name == "IndexError":
        made.itself = made
    return made


def raise_error(world, me, arguments, name):
    raise error(world, name)


def lua(world, me, arguments, lines, session=0):
    if world.sessions:
        return world.sessions[session].execute(lines, arguments)


def start(world, me, arguments, lines):
    if world.sessions:
        thread = world.keep(world.sessions[0].start(lines, (me, *arguments)))
        return next(thread) if thread is not None else None


def compile_lines(world, me, arguments, lines):
    if world.sessions:
        return world.keep(world.sessions[0].compile(lines))


def call(world, me, arguments, which, *references):
    function = world.stash.get(which)
    return function(*values(world, me, arguments, references)) if callable(function) else function


def odd_call(world, me, arguments, which):
    function = world.stash.get(which)
    return function(*arguments, me, None) if callable(function) else me


def table(world, me, arguments, verb, which, first, second):
    target = world.stash.get(which)
    first, second = values(world, me, arguments, (first, second))
    if target is not None:
        return TABLE[verb](world, target, first, second)


def get_attribute(world, target, key, value):
    return getattr(target, key if type(key) is str else "a")


def iterate(world, target, key, value):
    """Go over a table that changes meanwhile."""
    seen = []
    for item in itertools.islice(iter(target), 20):
        seen.append(item)
        target[key] = value
    return seen


TABLE = {
    "get": lambda world, target, key, value: target[key],
    "set": lambda world, target, key, value: target.__setitem__(key, value),
    "delete": lambda world, target, key, value: target.__delitem__(key),
    "attribute": get_attribute,
    "set_attribute": lambda world, target, key, value: setattr(target, key if type(key) is str else "a", value),
    "length": lambda world, target, key, value: len(target),
    "iterate": iterate,
    "items": lambda world, target, key, value: list(itertools.islice(target.items(), 20)),
    "values": lambda world, target, key, value: list(itertools.islice(target.values(), 20)),
    "text": lambda world, target, key, value: str(target) + repr(target),
    "truth": lambda world, target, key, value: bool(target),
    "keep_iterator": lambda world, target, key, value: world.keep(iter(target)),
    "type": lambda world, target, key, value: world.lupa.lua_type(target),
}


def coroutine(world, me, arguments, verb, which, value):
    thread = world.stash.get(which)
    value = get(world, me, arguments, value)
    if thread is not None:
        return COROUTINE[verb](world, thread, value)


COROUTINE = {
    "next": lambda world, thread, value: next(thread),
    "send": lambda world, thread, value: thread.send(value),
    "throw": lambda world, thread, value: thread.throw(value if isinstance(value, BaseException) else KeyError("thrown")),
    "close": lambda world, thread, value: thread.close(),
    "truth": lambda world, thread, value: bool(thread),
    "iterate": lambda world, thread, value: list(itertools.islice(thread, 5)),
    "coroutine": lambda world, thread, value: world.keep(thread.coroutine(value)),
}


def both(world, me, arguments, first, second):
    world.perform(first, me, arguments)
    return world.perform(second, me, arguments)


def swallow(world, me, arguments, first, second):
    try:
        world.perform(first, me, arguments)
    except BaseException as problem:
        world.judge(problem)
    return world.perform(second, me, arguments)


def thread(world, me, arguments, action):
    world.spawn(action, me)


def nogc(world, me, arguments, action):
    if world.sessions and world.sessions[0].alive:
        with world.sessions[0].runtime.nogc():
            return world.perform(action, me, arguments)


def finalize(world, me, arguments, which, action):
    target = world.stash.get(which)
    with contextlib.suppress(TypeError):
        world.weak.append(weakref.ref(target, lambda reference: world.run_hook("finalize", action, None, ())))


def generator(world, me, arguments, first, second):
    def run():
        yield world.perform(first, me, arguments)
        yield world.perform(second, me, arguments)

    return run()


def callback(world, me, arguments, action):
    return lambda *given: world.run_hook("callback", action, me, given)


TRIGGERS = {
    "__str__": str,
    "__repr__": repr,
    "__getitem__": lambda me: me[1],
    "__setitem__": lambda me: me.__setitem__(1, me),
    "__setattr__": lambda me: setattr(me, "x", me),
    "__delattr__": lambda me: delattr(me, "x"),
    "__call__": lambda me: me(me),
    "__iter__": lambda me: list(itertools.islice(me, 5)),
    "__next__": next,
    "__len__": len,
    "__bool__": bool,
    "__eq__": lambda me: me == 1,
    "__hash__": hash,
    "__contains__": lambda me: 1 in me,
    "__del__": lambda me: None,
}


def trigger(world, me, arguments, name):
    return TRIGGERS.get(name, lambda me: getattr(me, name))(me)


def table_from(world, me, arguments, recursive, *references):
    if world.sessions and world.sessions[0].alive:
        given = values(world, me, arguments, references)
        return world.keep(world.sessions[0].runtime.table_from(*given, recursive=bool(recursive)))


def new_table(world, me, arguments, *references):
    if world.sessions and world.sessions[0].alive:
        return world.keep(world.sessions[0].runtime.table(*values(world, me, arguments, references), x=me))


def with_runtime(use):
    """An action on the runtime, if it has not been dropped."""

    @functools.wraps(use)
    def action(world, me, arguments, *rest):
        runtime = world.sessions[0].runtime if world.sessions else None
        if runtime is not None:
            return use(world, runtime, me, arguments, *rest)

    return action


@with_runtime
def gccollect(world, runtime, me, arguments):
    runtime.gccollect()


@with_runtime
def close(world, runtime, me, arguments):
    getattr(runtime, "close", lambda: None)()


@with_runtime
def overflow(world, runtime, me, arguments, value):
    runtime.set_overflow_handler(get(world, me, arguments, value))


@with_runtime
def memory(world, runtime, me, arguments, limit):
    if runtime.get_max_memory() is not None:
        runtime.set_max_memory(limit)


@with_runtime
def set_global(world, runtime, me, arguments, name, value):
    runtime.globals()[name] = get(world, me, arguments, value)


@with_runtime
def identity(world, runtime, me, arguments, value):
    thing = get(world, me, arguments, value)
    same = world.sessions[0].tools["same"]
    returned = same(world.lupa.as_attrgetter(thing))
    if returned is not thing:
        world.findings.append(f"{type(thing)} came back as {type(returned)}")
    return thing


def drop(world, me, arguments):
    if world.sessions:
        world.sessions[0].drop()


def forget(world, me, arguments, which):
    world.stash.pop(which, None)


def keep(world, me, arguments, value):
    return world.keep(get(world, me, arguments, value))


def system_error(world, me, arguments):
    raise SystemError("as a panic would")


#: What only tests of the fuzz target itself do: each is a finding.
MISDEEDS = {
    "system_error": system_error,
    "abort": lambda world, me, arguments: os.abort(),
    "sleep": lambda world, me, arguments: time.sleep(1000),
    "leak": lambda world, me, arguments: LEAKED.extend(world.objects),
    "another_object": lambda world, me, arguments: world.note("object 1", object()),
    "break_the_runtime": lambda world, me, arguments: world.sessions[0].tools.update(same=None),
}
LEAKED = []

VERBS = {
    **MISDEEDS,
    "give": give,
    "raise": raise_error,
    "lua": lua,
    "other": functools.partial(lua, session=1),
    "start": start,
    "compile": compile_lines,
    "call": call,
    "odd_call": odd_call,
    "table": table,
    "coroutine": coroutine,
    "both": both,
    "swallow": swallow,
    "thread": thread,
    "nogc": nogc,
    "finalize": finalize,
    "generator": generator,
    "callback": callback,
    "self": trigger,
    "table_from": table_from,
    "new_table": new_table,
    "collect": lambda world, me, arguments: gc.collect() and None,
    "gccollect": gccollect,
    "forget": forget,
    "forget_all": lambda world, me, arguments: world.stash.clear(),
    "keep": keep,
    "drop": drop,
    "close": close,
    "overflow": overflow,
    "memory": memory,
    "globals": set_global,
    "identity": identity,
}
