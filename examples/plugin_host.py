"""A chat with plug-ins in Lua: what one of them does wrong is reported, and the host and the others go on.

Each plug-in has a runtime of its own with little memory, and sees only what is on a list: some functions of Lua, and
`say`. A hook counts what it executes and stops what does not end. The hook sees no coroutines, finalizers and error
handlers, so the list has none, and it cannot look into a single call of `string.gsub` that takes for ever: against
attackers put the whole host in a process that can be killed (SECURITY.md).

It prints::

    Ada writes: hello
      greeter says: Hello Ada!
      counter says: Ada has written 1
      clumsy is removed: clumsy:2: I do not know Ada
      nosy is removed: plug-ins may not read __globals__
      hungry is removed: not enough memory
      endless is removed: did not come to an end
    Ada writes: bye
      counter says: Ada has written 2
"""

from typing import Callable, NoReturn

import lupa

ALLOWED = set("assert error ipairs math next pairs pcall select string table tonumber tostring type unpack".split())
MEMORY = 2_000_000          # bytes
STEPS = 100_000             # instructions for one call

#: After the first error each further instruction raises one, so that no `pcall` can hold it up.
STOPPER = """
local sethook, error = debug.sethook, error
local function stop()
  sethook(stop, "", 1)
  error("did not come to an end", 0)
end
return stop
"""

PLUGINS = {
    "greeter": "local met = {} return function(x) if not met[x] then met[x] = true say('Hello ' .. x .. '!') end end",
    "counter": "local count = 0 return function(who) count = count + 1 say(who .. ' has written ' .. count) end",
    "clumsy": "return function(who)\n  error('I do not know ' .. who)\nend",
    "nosy": "return function() say(say.__globals__.PLUGINS) end",
    "hungry": "return function() local all = 'x' while true do all = all .. all end end",
    "endless": "return function() while true do pcall(function() while true do end end) end end",
}


def refuse(obj: object, name: object, is_setting: bool) -> NoReturn:
    raise AttributeError(f"plug-ins may not {'write' if is_setting else 'read'} {name}")


class Plugin:
    """The source returns a function, which gets what is written."""

    def __init__(self, source: str, name: str, say: Callable[[str], None], new_runtime: type[lupa.LuaRuntime]) -> None:
        lua = new_runtime(
            libs={"base", "string", "table", "math", "debug", "jit"}, mode="t", max_memory=MEMORY,
            attribute_filter=refuse, item_filter=refuse, register_eval=False, register_builtins=False)
        names = lua.globals()
        if names.jit is not None:
            names.jit.off()                             # compiled code calls no hooks
        self.stop, self.sethook = lua.execute(STOPPER), names.debug.sethook
        for name_of_lua in set(names) - ALLOWED:
            del names[name_of_lua]
        names.say = say
        self.start_counting()
        self.react = lua.execute(source, name=f"={name}")

    def start_counting(self) -> None:
        self.sethook(self.stop, "", STEPS)

    def receive(self, who: str, text: str) -> None:
        self.start_counting()
        self.react(who, text)


class Host:
    def __init__(self, new_runtime: type[lupa.LuaRuntime]) -> None:
        self.new_runtime = new_runtime
        self.plugins: dict[str, Plugin] = {}

    def add(self, name: str, source: str) -> None:
        self.supervise(name, self.load, name, source)

    def load(self, name: str, source: str) -> None:
        def say(text: object) -> None:
            if not isinstance(text, str):               # it can be anything that Lua has
                raise TypeError("plug-ins say text")
            print(f"  {name} says: {text}")

        self.plugins[name] = Plugin(source, name, say, self.new_runtime)

    def write(self, who: str, text: str) -> None:
        print(f"{who} writes: {text}")
        for name, plugin in list(self.plugins.items()):
            self.supervise(name, plugin.receive, who, text)

    def supervise(self, name: str, work: Callable[..., None], *arguments: str) -> None:
        """What goes wrong in a plug-in, be it an error of Lua or an exception of ours, ends that plug-in only."""
        try:
            work(*arguments)
        except Exception as error:
            self.plugins.pop(name, None)
            reason, _, _ = str(error).partition("\n")
            print(f"  {name} is removed: {reason}")


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime; LuaJIT 2.0 cannot limit memory."""
    host = Host(new_runtime)
    for name, source in PLUGINS.items():
        host.add(name, source)
    host.write("Ada", "hello")
    host.write("Ada", "bye")


if __name__ == "__main__":
    main()
