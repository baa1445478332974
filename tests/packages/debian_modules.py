"""Where Debian keeps Lua modules, and what it means when one is not there.

The bundled runtimes search below /usr/local, so everything here sets `package.path` and `package.cpath` by itself.
"""

import glob
import os

#: The Debian package of each module that the tests load.
PACKAGES = {
    "pl": "lua-penlight", "inspect": "lua-inspect", "luaunit": "lua-unit", "cjson": "lua-cjson", "lpeg": "lua-lpeg",
    "re": "lua-lpeg", "lfs": "lua-filesystem", "socket": "lua-socket", "posix": "lua-posix",
}

VERSIONS = ("5.1", "5.2", "5.3", "5.4", "5.5")


def plain_folders(version):
    """Folders of modules in plain Lua: those of the version, then those of older ones, which mostly run as well."""
    older_or_same = VERSIONS[:VERSIONS.index(version) + 1]
    return [f"/usr/share/lua/{version}" for version in reversed(older_or_same)]


def binary_folders(version):
    """Folders of binary modules, which fit one version only."""
    return [*sorted(glob.glob(f"/usr/lib/*/lua/{version}")), f"/usr/lib/lua/{version}"]


def point_to(lua, version):
    """Make `require` search Debian's folders and nothing else."""
    package = lua.globals().package
    package.path = ";".join(f"{folder}/?.lua;{folder}/?/init.lua" for folder in plain_folders(version))
    package.cpath = ";".join(f"{folder}/?.so" for folder in binary_folders(version))


def is_plain(module, version):
    return any(glob.glob(f"{folder}/{module}.lua") or glob.glob(f"{folder}/{module}/*.lua")
               for folder in plain_folders(version))


def is_binary(module, version):
    return any(glob.glob(f"{folder}/{module}.so") or glob.glob(f"{folder}/{module}/*.so")
               for folder in binary_folders(version))


def why_absent(module, version, is_there):
    """Return (reason, whether that is a failure), or None if the module is there."""
    if is_there(module, version):
        return None
    package = PACKAGES[module]
    if any(is_there(module, other) for other in VERSIONS):
        return f"Debian's {package} has no `{module}` for Lua {version}", False
    return f"Debian's package {package} is not installed", bool(os.environ.get("CI"))
