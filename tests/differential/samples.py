"""Classes and functions that programs of several topics use; no program is in here."""

COLLECT = (
    "function(make, ...) local t = {} for a, b, c in make(...) do "
    "t[#t + 1] = tostring(a) .. '|' .. tostring(b) .. '|' .. tostring(c) end return table.concat(t, '; ') end"
)


def collect(lua, name, *arguments):
    """What a loop over `python.NAME(...)` sees, up to three values a turn, as text."""
    return lua.eval(COLLECT)(lua.eval("python." + name), *arguments)


class Plain:
    """An object with all kinds of attributes, and without items."""

    attribute = "class attribute"

    def __init__(self):
        self.own = "own"
        self.nothing = None
        self._hidden = "hidden"

    def method(self, *args):
        return args

    @classmethod
    def class_method(cls, *args):
        return args

    @staticmethod
    def static_method(*args):
        return args

    @property
    def computed(self):
        return "computed"

    @property
    def failing(self):
        raise ValueError("failing property")

    @property
    def missing(self):
        raise AttributeError("pretends to be missing")

    def __str__(self):
        return "plain text"


def with_object(lua, value):
    """Make the object the global `o`."""
    lua.globals().o = value
    return value
