"""The licences of the Luas that a wheel carries: they come from the sources, and are put beside our own when it is made."""

import pathlib
import re

import crates
import luajit20
import selection


def add(dist_info, runtimes):
    """Write a file for each Lua to the folder `licenses` of a wheel's metadata, and name them in the metadata."""
    folder = pathlib.Path(dist_info) / "licenses"
    folder.mkdir(exist_ok=True)
    names = []
    for runtime in runtimes:
        name = f"{selection.title(runtime)}.txt"
        (folder / name).write_text(text_of(runtime), encoding="utf-8")
        names.append(name)
    metadata = pathlib.Path(dist_info) / "METADATA"
    text = metadata.read_text(encoding="utf-8")
    metadata.write_text(named_in(text, names), encoding="utf-8")


def named_in(metadata, names):
    """The metadata with a line for each file after the line for ours."""
    ours = "License-File: LICENSE\n"
    if ours not in metadata:
        raise ValueError(f"the metadata has no line {ours!r}")
    return metadata.replace(ours, ours + "".join(f"License-File: {name}\n" for name in names), 1)


def text_of(runtime):
    """What the authors ask to be passed on: LuaJIT has a file, Lua the end of its main header."""
    if runtime == "luajit20":
        return (luajit20.source_folder() / "COPYRIGHT").read_text(encoding="utf-8")
    if runtime == "luajit21":
        return (crates.folder("luajit-src") / "luajit2" / "COPYRIGHT").read_text(encoding="utf-8")
    [source] = crates.folder("lua-src").glob(f"lua-{runtime[3]}.{runtime[4]}.*")
    return notice((source / "lua.h").read_text(encoding="latin-1"))


def notice(header):
    """The comment of a header that begins with the copyright, as plain text."""
    found = re.search(r"/\*{20,}\n(\* Copyright \(C\).*?)\n\*{20,}/", header, re.DOTALL)
    if not found:
        raise ValueError("lua.h has no copyright notice at its end")
    return re.sub(r"^\* ?", "", found[1], flags=re.MULTILINE) + "\n"
