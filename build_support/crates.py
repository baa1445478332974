"""Where Cargo keeps the sources of the crates that the build takes Lua from."""

import functools
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parents[1]


@functools.lru_cache(maxsize=None)
def folder(crate):
    """The folder of a crate that `Cargo.lock` names.

    Raises:
        LookupError: there is none.
    """
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version=1", "--locked"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    for package in metadata["packages"]:
        if package["name"] == crate:
            return pathlib.Path(package["manifest_path"]).parent
    raise LookupError(f"Cargo.lock names no crate {crate}")
