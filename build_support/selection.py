"""Which modules the package is built from: ``lupa._core``, and one for each wanted and available runtime."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import luajit20

PLAIN = ("lua51", "lua52", "lua53", "lua54", "lua55")
LUAJIT = ("luajit20", "luajit21")
RUNTIMES = PLAIN + LUAJIT

#: Where LuaJIT is built.
LUAJIT_MACHINES = {"luajit20": {"x86_64"}, "luajit21": {"x86_64", "aarch64"}}


class Unavailable(Exception):
    """A runtime cannot be built here; the text says why."""


def wanted():
    """The runtimes that the builder asks for, by the variables ``LUPA_*``.

    Raises:
        ValueError: the variables contradict each other, or name what does not exist.
    """
    includes = os.environ.get("LUPA_LUA_INCLUDES")
    if includes:
        names = [runtime_of(pathlib.Path(includes))]
    elif is_on("LUPA_NO_BUNDLE"):
        names = [name for name in RUNTIMES if in_system(name)]
    else:
        names = [name for name in RUNTIMES if name in PLAIN or platform_has(name)]
    if is_on("LUPA_NO_LUAJIT"):
        names = [name for name in names if name in PLAIN]
    names = [name for name in names if name in _selected()]
    if not names:
        raise ValueError("there is no Lua to build: see the variables LUPA_*, or the config settings, of this build")
    return names


def bundled():
    """The wanted runtimes whose Lua becomes a part of the package."""
    return [] if is_of_others() else wanted()


def is_of_others():
    """Whether the builder brings the Lua."""
    return bool(os.environ.get("LUPA_LUA_INCLUDES")) or is_on("LUPA_NO_BUNDLE")


def title(name):
    """A runtime as people write it: `Lua-5.4`, `LuaJIT-2.1`."""
    return f"{'LuaJIT' if name in LUAJIT else 'Lua'}-{name[-2]}.{name[-1]}"


def is_on(variable):
    return os.environ.get(variable, "") not in ("", "0")


def _selected():
    """The runtimes that ``LUPA_FLAVOURS`` lists, or all."""
    names = [name.strip() for name in os.environ.get("LUPA_FLAVOURS", "").split(",") if name.strip()]
    unknown = set(names) - set(RUNTIMES)
    if unknown:
        raise ValueError(f"LUPA_FLAVOURS names unknown runtimes: {', '.join(sorted(unknown))}")
    return names or RUNTIMES


def platform_has(name):
    return sys.platform == "linux" and platform.machine() in LUAJIT_MACHINES[name]


def in_system(name):
    """Whether pkg-config knows this runtime."""
    if name in LUAJIT:
        version = _pkg_config("--modversion", "luajit") or ""
        return version.startswith({"luajit20": "2.0.", "luajit21": "2.1."}[name])
    digits = f"{name[3]}.{name[4]}"
    return any(_pkg_config("--exists", package) is not None for package in (f"lua{digits}", f"lua-{digits}", name))


def _pkg_config(*arguments):
    """The answer of pkg-config, or None where it fails or does not exist."""
    command = [os.environ.get("PKG_CONFIG", "pkg-config"), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def runtime_of(folder):
    """The runtime whose headers are in ``folder``."""
    luajit = folder / "luajit.h"
    if luajit.is_file():
        return "luajit20" if _macro(luajit, "LUAJIT_VERSION_NUM") < 20100 else "luajit21"
    lua = folder / "lua.h"
    if not lua.is_file():
        raise ValueError(f"LUPA_LUA_INCLUDES: there is no lua.h in {folder}")
    number = _macro(lua, "LUA_VERSION_NUM") or 500 + _macro(lua, "LUA_VERSION_MINOR_N")
    name = f"lua{number // 100}{number % 100}"
    if name not in RUNTIMES:
        raise ValueError(f"LUPA_LUA_INCLUDES: the headers in {folder} are those of {name}, which is not supported")
    return name


def _macro(header, name):
    """The value of a macro that a header defines as a plain number, else 0."""
    text = header.read_text(encoding="latin-1")
    found = re.search(rf"^\s*#\s*define\s+{name}\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def environment(name):
    """The variables that Cargo needs for this module beside the usual ones.

    Raises:
        Unavailable: what the build of this runtime needs cannot be had.
    """
    variables = {"PYO3_BUILD_EXTENSION_MODULE": "1"}
    if name in LUAJIT and not is_of_others() and not shutil.which("make"):
        raise Unavailable("its makefile needs the program make")
    if name == "luajit20" and not is_of_others():
        try:
            variables["LUPA_LUAJIT20_SOURCE"] = str(luajit20.source_folder())
        except luajit20.NotAvailable as error:
            raise Unavailable(f"its sources cannot be had: {error}") from error
    return variables
