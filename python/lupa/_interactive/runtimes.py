"""The runtimes of this installation, by name."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import lupa


def runtime_names() -> list[str]:
    """The names of all runtime modules."""
    modules = (module.name for module in pkgutil.iter_modules(lupa.__path__))
    return sorted(name for name in modules if re.fullmatch(r"lua(jit)?\d+", name))


def load_runtime_module(name: str | None) -> Any:
    """The module to take LuaRuntime from, imported so that Lua can load binary modules."""
    with lupa.allow_lua_module_loading():
        module = importlib.import_module("lupa." + name) if name else lupa
        module.LuaRuntime  # noqa: B018 - the package imports its newest runtime at the first access
    return module
