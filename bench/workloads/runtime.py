"""Bringing runtimes up: nearly all of it is Lua, opening its libraries."""

from bench.workload import Group, Made

GROUP = Group("runtime", "creation of runtimes", in_total=False)
NEW = Made(lambda lua: type(lua))

GROUP.python("creation", "new()", new=NEW, check="new().eval('1') == 1")
GROUP.python("creation and eval", "new().eval('1 + 1')", new=NEW, expect=2)
GROUP.python(
    "creation without builtins",
    "new(register_builtins=False)",
    new=NEW,
    check="new(register_builtins=False).eval('python.builtins') is None",
)
