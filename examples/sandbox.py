"""A script that sees only what it is given: safe libraries, listed attributes, limited memory.

A script may still run for ever; against a determined attacker use a process of its own as well. SECURITY.md has the
whole list.

It prints::

    12
    no attribute for you: secret
    no attribute for you: __class__
    io is nil, python.eval is nil
    the script was stopped: out of memory
    still working: 12
"""

from typing import NoReturn

import lupa


class Api:
    """What scripts may use of it is listed in PUBLIC."""

    secret = "password"
    factor = 3

    def scale(self, number: float) -> float:
        return number * self.factor


PUBLIC: dict[type, set[str]] = {Api: {"factor", "scale"}}


def only_public(obj: object, name: str, is_setting: bool) -> str:
    """A list of what is allowed: names without an underscore would include the frames of generators."""
    if is_setting or name not in PUBLIC.get(type(obj), ()):
        raise AttributeError(f"no attribute for you: {name}")
    return name


def no_items(obj: object, key: object, is_setting: bool) -> NoReturn:
    raise KeyError("no items for you")


def make_sandbox(new_runtime: type[lupa.LuaRuntime]) -> lupa.LuaRuntime:
    lua = new_runtime(
        libs="safe", register_eval=False, register_builtins=False, attribute_filter=only_public, item_filter=no_items,
        max_memory=5_000_000)
    lua.globals().api = Api()
    return lua


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime; LuaJIT 2.0 cannot limit memory."""
    lua = make_sandbox(new_runtime)
    print(lua.eval("api:scale(4)"))

    for name in ("secret", "__class__"):
        try:
            lua.eval("api." + name)
        except AttributeError as error:
            print(error)

    print(lua.eval("'io is ' .. tostring(io) .. ', python.eval is ' .. tostring(python.eval)"))

    try:
        lua.execute("local s = 'x' while true do s = s .. s end")
    except MemoryError:
        print("the script was stopped: out of memory")
    print("still working:", lua.eval("api:scale(4)"))


if __name__ == "__main__":
    main()
