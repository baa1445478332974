"""A script that sees only what it is given: chosen globals, public attributes, limited memory.

This keeps out mistakes and curiosity. A script may still run for ever; against a determined attacker use a process of
its own as well.

It prints::

    12
    no attribute for you: _secret
    no attribute for you: __class__
    os is nil, python.eval is nil
    the script was stopped: out of memory
    still working: 12
"""

import lupa

FORBIDDEN = ("os", "io", "package", "require", "debug", "dofile", "loadfile", "load", "loadstring", "ffi", "jit")


class Api:
    """What scripts may use: every attribute without a leading underscore."""

    _secret = "password"
    factor = 3

    def scale(self, number):
        return number * self.factor


def only_public(obj, name, is_setting):
    if is_setting or not isinstance(name, str) or name.startswith("_"):
        raise AttributeError(f"no attribute for you: {name}")
    return name


def make_sandbox(lupa):
    lua = lupa.LuaRuntime(
        register_eval=False, register_builtins=False, attribute_filter=only_public, max_memory=5_000_000)
    for name in FORBIDDEN:
        lua.globals()[name] = None
    lua.globals().api = Api()
    return lua


def main(lupa=lupa):
    """Show it on the newest Lua, or on one runtime module; LuaJIT 2.0 cannot limit memory."""
    lua = make_sandbox(lupa)
    print(lua.eval("api:scale(4)"))

    for name in ("_secret", "__class__"):
        try:
            lua.eval("api." + name)
        except AttributeError as error:
            print(error)

    print(lua.eval("'os is ' .. tostring(os) .. ', python.eval is ' .. tostring(python.eval)"))

    try:
        lua.execute("local s = 'x' while true do s = s .. s end")
    except MemoryError:
        print("the script was stopped: out of memory")
    print("still working:", lua.eval("api:scale(4)"))


if __name__ == "__main__":
    main()
