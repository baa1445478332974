"""Lua reads and writes attributes and items of Python objects."""

from bench.workload import Group


class Point:
    """Attributes of several kinds."""

    shared = 3

    def __init__(self):
        self.x, self.text, self.nested = 1, "text", None

    @property
    def computed(self):
        return 2

    def __str__(self):
        return "point"


class Slotted:
    """An attribute that is not in a dictionary."""

    __slots__ = ("x",)

    def __init__(self):
        self.x = 1


def nested_points():
    outer = Point()
    outer.nested = Point()
    outer.nested.nested = Point()
    return outer


def allow_all(owner, name, is_setting):
    return name


FILTER = {"attribute_filter": allow_all}
HANDLERS = {"attribute_handlers": (getattr, setattr)}
GROUP = Group("attribute", "Lua reads and writes attributes and items of Python objects", target=0.70)

GROUP.lua("read an integer", "o.x", o=Point(), expect=1)
GROUP.lua("read a string", "o.text", o=Point(), expect="text")
GROUP.lua("read from the class", "o.shared", o=Point(), expect=3)
GROUP.lua("read a property", "o.computed", o=Point(), expect=2)
GROUP.lua("read a slot", "o.x", o=Slotted(), expect=1)
GROUP.lua("read a method", "o.computed ~= nil and o.__str__ ~= nil", o=Point(), expect=True)
GROUP.lua("read nested attributes", "o.nested.nested.x", o=nested_points(), expect=1)
GROUP.lua("read from a module", "python.builtins.len ~= nil", expect=True)
GROUP.lua("write an integer", "o.x = 7", o=Point(), check="o.x == 7")
GROUP.lua("write a string", "o.text = 'new'", o=Point(), check="o.text == 'new'")
GROUP.lua("write a slot", "o.x = 7", o=Slotted(), check="o.x == 7")
GROUP.lua("item of a dictionary", "o.key", o={"key": 1}, expect=1)
GROUP.lua("item of a dictionary by number", "o[5]", o={5: 1}, expect=1)
GROUP.lua("item of a list", "o[1]", o=[1, 2, 3], expect=2)
GROUP.lua("item of a tuple", "o[1]", o=(1, 2, 3), expect=2)
GROUP.lua("write an item of a dictionary", "o.key = 7", o={"key": 1}, check="o.key == 7")
GROUP.lua("write an item of a list", "o[1] = 7", o=[1, 2, 3], check="o[1] == 7")
GROUP.lua("with a filter, read", "o.x", o=Point(), expect=1, options=FILTER)
GROUP.lua("with a filter, write", "o.x = 7", o=Point(), check="o.x == 7", options=FILTER)
GROUP.lua("with handlers, read", "o.x", o=Point(), expect=1, options=HANDLERS)
GROUP.lua("with handlers, write", "o.x = 7", o=Point(), check="o.x == 7", options=HANDLERS)
GROUP.lua("tostring", "tostring(o)", o=Point(), expect="point")
GROUP.lua("tostring of a list", "tostring(o)", o=[1, 2], expect="[1, 2]")
