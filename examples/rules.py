"""Rules in Lua files over objects of Python; edits take effect at once, and a broken edit keeps the old rules.

A file returns a list of rules, each with a name, a condition `when` and an action `run`. Each version of a file gets a
runtime of its own, so that nothing of the version before stays.

It prints::

    version 1 of shop.lua
      Ada pays 108: large order
    version 2 of shop.lua
      Ada pays 100: large order, at most 100
    version 3 of shop.lua
      shop.lua keeps its old rules: shop.lua:3: '}' expected (to close '{' at line 2) near 'when'
      Ada pays 100: large order, at most 100
    version 4 of shop.lua
      rule 'wrong field' fails: 'Order' object has no attribute 'totl'
      Ada pays 0: free for Ada
"""

import pathlib
import tempfile
from dataclasses import dataclass
from typing import Any, Callable

import lupa


@dataclass
class Order:
    customer: str
    total: int

    def reduce(self, percent: int) -> None:
        self.total -= self.total * percent // 100


LARGE = "{name = 'large order', when = function(o) return o.total > 50 end, run = function(o) o:reduce(10) end}"
LIMIT = "{name = 'at most 100', when = function(o) return o.total > 100 end, run = function(o) o.total = 100 end}"
WRONG = "{name = 'wrong field', when = function(o) return o.totl > 50 end, run = function(o) o:reduce(10) end}"
FREE = "{name = 'free for Ada', when = function(o) return o.customer == 'Ada' end, run = function(o) o.total = 0 end}"

VERSIONS = [
    [LARGE],
    [LARGE, LIMIT],
    ["{name = 'no comma'\n when = function(o) return true end}"],
    [WRONG, FREE],
]


class Rules:
    """The rules of all Lua files in a folder, in the order of the files' names."""

    def __init__(self, folder: pathlib.Path, report: Callable[[str], None], new_runtime: type[lupa.LuaRuntime]) -> None:
        self.folder = folder
        self.report = report
        self.new_runtime = new_runtime
        self.texts: dict[str, str] = {}                 # what the files contained when they were last looked at
        self.rules: dict[str, list[Any]] = {}           # from the last version of each file that was not broken

    def apply(self, subject: object) -> list[str]:
        """Run the action of each rule whose condition holds then; returns the names of these rules."""
        self.reload()
        applied = []
        for rule in [rule for _, rules in sorted(self.rules.items()) for rule in rules]:
            try:
                if rule.when(subject):
                    rule.run(subject)
                    applied.append(rule.name)
            except Exception as error:                  # of Lua, or of the subject
                self.report(f"rule {rule.name!r} fails: {message_of(error)}")
        return applied

    def reload(self) -> None:
        old, self.texts = self.texts, {file.name: file.read_text() for file in self.folder.glob("*.lua")}
        for name in old.keys() - self.texts.keys():
            self.rules.pop(name, None)
        for name, text in self.texts.items():
            if text != old.get(name):
                try:
                    self.rules[name] = self.read(name, text)
                except Exception as error:
                    self.report(f"{name} keeps its old rules: {message_of(error)}")

    def read(self, name: str, text: str) -> list[Any]:
        rules = self.new_runtime(libs="safe").execute(text, name=f"@{name}")
        if not isinstance(rules, lupa.LuaTable):
            raise TypeError("a file returns a list of rules")
        for rule in rules.values():
            if not (isinstance(rule, lupa.LuaTable) and rule.name and rule.when and rule.run):
                raise TypeError("a rule has the fields `name`, `when` and `run`")
        return list(rules.values())


def message_of(error: Exception) -> object:
    return error.value if isinstance(error, lupa.LuaError) else error       # str(error) of Lua's has a traceback too


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Rules(pathlib.Path(folder), lambda problem: print(f"  {problem}"), new_runtime)
        for number, version in enumerate(VERSIONS, 1):
            print(f"version {number} of shop.lua")
            pathlib.Path(folder, "shop.lua").write_text("return {\n" + ",\n".join(version) + "\n}")
            order = Order("Ada", 120)
            applied = rules.apply(order)
            print(f"  {order.customer} pays {order.total}: {', '.join(applied)}")


if __name__ == "__main__":
    main()
