"""A configuration language: a Lua file with functions and conditions becomes plain data of Python.

The settings are the global variables that the file sets. It reaches neither files nor Python, and sees what it is
given as globals too. A name that does not exist is an error, and errors name the file and the line.

It prints::

    shop has 1 worker for 2 servers
    {'host': 'web1.test', 'port': 8080}
    {'host': 'web2.test', 'port': 8081}
    in production: 4 workers, ports [80, 81]
    shop.lua:2: unexpected symbol near '}'
    shop.lua:2: there is no 'prot'
    shop.lua:3: a port is a number
    shop.lua: jobs.nightly is a function
"""

import pathlib
import tempfile
from typing import Any

import lupa

SHOP = """
local production = stage == "production"
local first_port = production and 80 or 8080

local function server(number)
  return {host = "web" .. number .. ".test", port = first_port + number - 1}
end

name = "shop"
servers = {server(1), server(2)}
workers = 1
if production then workers = 2 * #servers end
"""

MISTAKES = [
    "name = 'shop'\nservers = {port = }",
    "port = 80\nservers = {{port = prot}}",
    "local port = 'eighty'\n\nif type(port) ~= 'number' then error('a port is a number') end",
    "jobs = {nightly = function() end}",
]

STRICT = """
setmetatable(_G, {__index = function(_, name) error("there is no '" .. tostring(name) .. "'", 2) end})
"""


class ConfigurationError(Exception):
    """The message begins with the file, and with the line where there is one."""


def load(file: pathlib.Path, new_runtime: type[lupa.LuaRuntime], **given: Any) -> dict[str, Any]:
    lua = new_runtime(libs="safe")
    names = lua.globals()
    names.python = None                                 # no way to Python: the file is data
    for name, value in given.items():
        names[name] = value
    known = set(names)
    try:
        lua.execute(STRICT)
        lua.execute(file.read_bytes(), name=f"@{file.name}")
        return {name: plain(value, name) for name, value in names.items() if name not in known}
    except lupa.LuaError as error:
        raise ConfigurationError(str(error.value)) from error
    except TypeError as error:
        raise ConfigurationError(f"{file.name}: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{file.name}: a table contains itself") from error


def plain(value: Any, place: str) -> Any:
    """Tables that count from 1 as lists, others as dicts, and what they contain likewise."""
    if not isinstance(value, lupa.LuaObject):
        return value
    if not isinstance(value, lupa.LuaTable):
        raise TypeError(f"{place} is a {lupa.lua_type(value)}")
    items = {key: plain(item, f"{place}.{key}") for key, item in value.items()}
    counting = range(1, len(items) + 1)
    return [items[index] for index in counting] if items.keys() == set(counting) else items


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "shop.lua")
        file.write_text(SHOP)
        settings = load(file, new_runtime, stage="test")
        print(settings["name"], "has", settings["workers"], "worker for", len(settings["servers"]), "servers")
        for server in settings["servers"]:
            print(dict(sorted(server.items())))

        settings = load(file, new_runtime, stage="production")
        ports = [server["port"] for server in settings["servers"]]
        print(f"in production: {settings['workers']} workers, ports {ports}")

        for mistake in MISTAKES:
            file.write_text(mistake)
            try:
                load(file, new_runtime)
            except ConfigurationError as error:
                print(error)


if __name__ == "__main__":
    main()
