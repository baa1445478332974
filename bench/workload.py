"""What a workload is, and how it becomes a function that runs it `count` times.

A workload is one piece of code, of Python or of Lua, which is the same for both packages. This file and the workloads
need nothing but the standard library and a runtime module of either package.
"""

from dataclasses import dataclass, field
from itertools import repeat

#: The loops around the code. They are part of what is measured: about 10 ns for Python, 1 ns for Lua.
PYTHON_LOOP = "def run(_count, {parameters}):\n    for _ in _repeat(None, _count):\n{code}\n"
LUA_LOOP = """local result, {names} = nil, ...
return function(_count) for i = 1, _count do {code} end end, function() return {check} end"""


@dataclass(frozen=True)
class Lua:
    """A name of a workload that stands for the value of a Lua expression."""

    expression: str

    def make(self, lua):
        return lua.eval(self.expression)


@dataclass(frozen=True)
class Made:
    """A name of a workload that stands for what a function makes of the runtime."""

    function: object

    def make(self, lua):
        return self.function(lua)


class WrongResult(Exception):
    """The code of a workload does not do what it should: its figures would say nothing."""


@dataclass(frozen=True)
class Workload:
    """One line of the table.

    `expect` makes the code an expression that must have this value; otherwise the code is a statement (in Lua: a
    block), and the expression `check` must be true after it has run. `elements` is the number of things that running
    it once deals with; the figures are for one of them. `options` goes to the constructor of the runtime.
    """

    group: str
    name: str
    code: str
    given: dict
    expect: object = None
    check: str = ""
    elements: int = 1
    options: dict = field(default_factory=dict)

    @property
    def path(self):
        return f"{self.group}/{self.name}"

    def runtime(self, lupa):
        """A runtime of the module `lupa`, as this workload wants it."""
        return lupa.LuaRuntime(**self.options)

    def prepare(self, lua):
        """Run the code once in a runtime, look at its result; return `run(count)`."""
        given = {
            name: value.make(lua) if isinstance(value, (Lua, Made)) else value for name, value in self.given.items()
        }
        run, result = self.build(lua, given)
        run(1)
        found, wanted = result(), True if self.check else self.expect
        if (type(found), found) != (type(wanted), wanted):
            raise WrongResult(f"{self.path}: {found!r} instead of {wanted!r}")
        return run


class PythonWorkload(Workload):
    """Its code is Python's."""

    def build(self, lua, given):
        names = {**given, "_repeat": repeat, "lua": lua}
        indented = "\n".join(" " * 8 + line for line in self.code.splitlines())
        # The names become local variables, which cost the least.
        parameters = ", ".join(f"{name}={name}" for name in names)
        exec(PYTHON_LOOP.format(parameters=parameters, code=indented), names)
        return names["run"], lambda: eval(self.check or self.code, names)


class LuaWorkload(Workload):
    """Its code is Lua's, inside of a loop in Lua. The variable `i` counts, the variable `result` is there to be set."""

    def build(self, lua, given):
        code, check = (self.code, self.check) if self.check else ("result = " + self.code, "result")
        names = ", ".join(given) or "_"
        return lua.execute(LUA_LOOP.format(names=names, code=code, check=check), *given.values())


class Group:
    """Workloads of one kind, with the ratio to lupa that is aimed at."""

    def __init__(self, name, about, target=None, in_total=True):
        self.name, self.about, self.target, self.in_total = name, about, target, in_total
        self.workloads = []

    def python(self, name, code, /, **details):
        self._add(PythonWorkload, name, code, **details)

    def lua(self, name, code, /, **details):
        self._add(LuaWorkload, name, code, **details)

    def _add(self, kind, name, code, /, expect=..., check="", elements=1, options=None, **given):
        if (expect is ...) != bool(check):
            raise TypeError(f"{name}: a workload has either `expect` or `check`")
        self.workloads.append(kind(self.name, name, code, given, expect, check, elements, options or {}))
