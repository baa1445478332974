"""A program of the fuzz target: what a seed stands for, and how it is written to a file."""

import json
import random
from dataclasses import asdict, dataclass, field

from . import hooks
from .grammar import Writer


@dataclass
class Program:
    #: Arguments of LuaRuntime; functions are named by the object that is called.
    options: dict = field(default_factory=dict)
    #: The hostile objects: `[base, {name of the special method: action}]`.
    objects: list = field(default_factory=list)
    #: What happens: actions, as those of the objects.
    steps: list = field(default_factory=list)

    def text(self):
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def parse(cls, text):
        return cls(**json.loads(text))


def generate(seed):
    """The program of a seed: the same on every machine and for every Lua."""
    chance = random.Random(seed)
    count = chance.randrange(2, 7)
    writer = Writer(chance, count)
    actions = hooks.Actions(chance, writer)
    return Program(
        options=options(chance, count),
        objects=[actions.object() for _ in range(count)],
        steps=[actions.step() for _ in range(chance.randrange(2, 9))],
    )


def options(chance, count):
    """Arguments of the constructor: most programs use the defaults."""
    chosen = {}

    def sometimes(one_in, name, *values):
        if chance.randrange(one_in) == 0:
            chosen[name] = values[chance.randrange(len(values))]

    sometimes(4, "encoding", "latin-1", "latin-1", None, None, "ascii", "utf-16")
    if "encoding" in chosen:
        chosen["source_encoding"] = "utf-8"
    sometimes(3, "unpack_returned_tuples", True)
    sometimes(8, "attribute_filter", *range(count))
    if "attribute_filter" not in chosen:
        sometimes(8, "attribute_handlers", *([first, second] for first in [None, 0] for second in [None, 1]))
    if "attribute_handlers" not in chosen:
        sometimes(6, "item_filter", *range(count))
    sometimes(6, "overflow_handler", *range(count))
    sometimes(4, "traceback_notes", True)
    sometimes(8, "max_memory", 0, 100_000, 1_000_000)
    sometimes(4, "other", "same", "another")
    return chosen
