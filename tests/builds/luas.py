"""The Luas that the package is tried with: how each is made, and what is left out of its tests."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field

import crates

#: The programs of Lua, which a library has no use for.
PROGRAMS = {"lua.c", "luac.c"}


class NoResult(Exception):
    """There is nothing to count: this machine has not what the build is made of, or the tests did not come to their end."""


@dataclass(frozen=True)
class Build:
    """One Lua: `make` gets an empty folder, and returns the variables that build the package with it."""

    name: str
    runtime: str
    what: str
    #: Replaced in `luaconf.h`: regular expressions of whole lines.
    edits: dict[str, str] = field(default_factory=dict)
    #: What pkg-config calls it, for a Lua of the system.
    package: str = ""
    shared: bool = True
    compiler: tuple[str, ...] = ("cc",)
    #: For the makefile of LuaJIT.
    flags: str = ""

    def make(self, folder: pathlib.Path) -> dict[str, str]:
        if self.package:
            return self._of_the_system()
        make = self._luajit if self.runtime.startswith("luajit") else self._plain
        includes, library = make(folder)
        return {"LUPA_LUA_INCLUDES": str(includes), "LUPA_LUA_LIB": str(library)}

    def _of_the_system(self) -> dict[str, str]:
        if subprocess.run(["pkg-config", "--exists", self.package]).returncode != 0:
            raise NoResult(f"pkg-config knows no {self.package}")
        return {"LUPA_NO_BUNDLE": "1", "LUPA_FLAVOURS": self.runtime}

    def _plain(self, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        digits = self.runtime.removeprefix("lua")
        source = next(crates.folder("lua-src").glob(f"lua-{digits[0]}.{digits[1]}.*"))
        shutil.copytree(source, folder, dirs_exist_ok=True)
        configuration = folder / "luaconf.h"
        configuration.write_text(edited(configuration.read_text(encoding="latin-1"), self.edits), encoding="latin-1")
        sources = sorted(path.name for path in folder.glob("*.c") if path.name not in PROGRAMS)
        command = [*self.compiler, "-O2", "-fPIC", "-DLUA_USE_LINUX"]
        if self.shared:
            run([*command, "-shared", "-o", "liblua.so", *sources, "-lm", "-ldl"], folder)
            return folder, folder / "liblua.so"
        run([*command, "-c", *sources], folder)
        run(["ar", "rcs", "liblua.a", *sorted(path.name for path in folder.glob("*.o"))], folder)
        return folder, folder / "liblua.a"

    def _luajit(self, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        shutil.copytree(crates.folder("luajit-src") / "luajit2", folder, dirs_exist_ok=True)
        # Releases name themselves by the date of the last change, which a copy of the sources has in a file.
        run(["make", "-s", f"-j{os.cpu_count()}", "BUILDMODE=dynamic", f"XCFLAGS={self.flags}"], folder)
        # The library is named by its soname where it is looked for.
        shutil.copy(folder / "src" / "libluajit.so", folder / "src" / "libluajit-5.1.so.2")
        return folder / "src", folder / "src" / "libluajit-5.1.so.2"


def edited(text: str, edits: dict[str, str]) -> str:
    for pattern, line in edits.items():
        text, count = re.subn(f"^{pattern}$", line, text, flags=re.MULTILINE)
        if count == 0:
            raise ValueError(f"luaconf.h has no line {pattern}")
    return text


def run(command: list[str], folder: pathlib.Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def define(name: str, value: str) -> dict[str, str]:
    """An edit: `name` is this everywhere in the header."""
    return {rf"(?:/\* )?#define[ \t]+{name}\b.*": f"#define {name} {value}"}


BUILDS = [
    Build("system-lua51", "lua51", "Debian's, shared, by pkg-config", package="lua5.1"),
    Build("system-lua52", "lua52", "Debian's, shared, by pkg-config", package="lua5.2"),
    Build("system-lua53", "lua53", "Debian's, shared, by pkg-config", package="lua5.3"),
    Build("system-lua54", "lua54", "Debian's, shared, by pkg-config", package="lua5.4"),
    Build("system-luajit", "luajit21", "Debian's, shared, by pkg-config", package="luajit"),
    Build("shared-lua55", "lua55", "a shared library given by path"),
    Build("static-lua54", "lua54", "a static library given by path", shared=False),
    Build("small-lua53", "lua53", "32-bit integers, `float` (`LUA_32BITS`)", edits=define("LUA_32BITS", "1")),
    Build("small-lua54", "lua54", "32-bit integers, `float` (`LUA_32BITS`)", edits=define("LUA_32BITS", "1")),
    Build("int-lua54", "lua54", "32-bit integers, `double`", edits=define("LUA_INT_TYPE", "LUA_INT_INT")),
    Build(
        "limits-lua54", "lua54", "`LUAI_MAXSTACK` 100000, `LUA_EXTRASPACE` 64 bytes, `LUA_IDSIZE` 200",
        edits={**define("LUAI_MAXSTACK", "100000"), **define("LUA_EXTRASPACE", "64"), **define("LUA_IDSIZE", "200")},
    ),
    Build(
        "c++-lua54", "lua54", "compiled as C++: its errors are exceptions",
        edits={r"#define LUA_API\t\textern": '#if defined(__cplusplus)\n#define LUA_API extern "C"\n#else\n#define LUA_API extern\n#endif'},
        compiler=("c++", "-x", "c++"),
    ),
    Build("gc64-luajit", "luajit21", "LuaJIT with GC64", flags=""),
    Build("no-gc64-luajit", "luajit21", "LuaJIT without GC64", flags="-DLUAJIT_DISABLE_GC64"),
    Build("5.2-luajit", "luajit21", "LuaJIT with the compatibility to 5.2", flags="-DLUAJIT_ENABLE_LUA52COMPAT"),
]  # fmt: skip
