"""The crate without Python, as a program in Rust uses it: its tests, its examples, and its documentation without a warning.

    python tests/rust                  on all runtimes
    python tests/rust lua54 luajit21   on some

Cargo, a C compiler and libclang are needed, and for LuaJIT 2.0 its sources, which the build gets (`build_support/luajit20.py`).
"""

import os
import pathlib
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.rs"))

sys.path.insert(0, str(ROOT / "build_support"))

import selection  # noqa: E402

#: What the example says instead where Lua takes no allocator.
WITHOUT_ALLOCATOR = "this Lua takes no allocator\n"


def announced_output(example):
    """What the comment of an example promises below "It prints"."""
    comment = "".join(line[3:] or "\n" for line in example.read_text(encoding="utf-8").splitlines(True) if line.startswith("//!"))
    return textwrap.dedent(comment.partition("It prints")[2].partition(":\n\n")[2])


def cargo(flavour, *arguments, features=(), **options):
    environment = {**os.environ, **selection.environment(flavour), "PYO3_PYTHON": sys.executable, "RUSTDOCFLAGS": "-D warnings"}
    command = ["cargo", *arguments[:1], "--locked", "--quiet", "--features", ",".join([flavour, *features]), *arguments[1:]]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, text=True, **options)


def run_example(flavour, example):
    """Run an example and compare what it prints."""
    printed = cargo(flavour, "run", "--example", example.stem, features=["checked"], stdout=subprocess.PIPE).stdout
    wanted = announced_output(example)
    if example.stem == "allocator" and flavour == "luajit20":
        wanted = WITHOUT_ALLOCATOR
    if not wanted or printed != wanted:
        sys.exit(f"{example.name} on {flavour} prints\n{printed}\nand not\n{wanted}")


def main(flavours):
    for flavour in flavours:
        cargo(flavour, "test", features=["checked"])
        for example in EXAMPLES:
            run_example(flavour, example)
        print(f"{flavour}: the tests pass, {len(EXAMPLES)} examples print what they should", flush=True)
    cargo(flavours[0], "test", "--test", "rust")
    cargo(flavours[0], "doc", "--no-deps")
    print("the documentation has no warning")


main(sys.argv[1:] or selection.RUNTIMES)
