"""Builds the package with other Luas and runs the tests: `python tests/builds [NAME...]`.

Prints a table, one row for each Lua: how many tests passed, were skipped, and failed. What follows `--` is for pytest. Needs
what building the package needs, the packages of its tests, and for the Luas of the system their development packages.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "build_support")]

import crates  # noqa: E402
import luas  # noqa: E402

#: What is about the bundled Luas, about several runtimes at once, or not about runtimes at all.
LEFT_OUT = [
    "audit", "bench", "differential", "documentation", "examples", "fuzz", "leaks", "packages", "source_laws", "stress", "typing",
]  # fmt: skip
IN_PARALLEL = ["--numprocesses", "auto", "--dist", "loadfile"]


@dataclass
class Outcome:
    passed: int
    skipped: int
    failed: int

    @classmethod
    def read(cls, summary):
        return cls(*(int((re.search(rf"(\d+) {word}", summary) or [0, 0])[1]) for word in ("passed", "skipped", "failed")))


class Workplace:
    """A folder for the Luas, the builds, and the packages."""

    def __init__(self, folder):
        self.folder = folder

    def try_with(self, build, arguments):
        lua = self.folder / "luas" / build.name
        lua.mkdir(parents=True, exist_ok=True)
        variables = build.make(lua)
        package = self.folder / "packages" / build.name
        self.install(build, variables, package)
        return self.test(build, package, arguments)

    def install(self, build, variables, package):
        environment = {
            **os.environ, **variables, "LUPA_FLAVOURS": build.runtime, "LUPA_CHECKED": "1",
            "CARGO_TARGET_DIR": str(self.folder / "target"),
        }  # fmt: skip
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", str(package), str(crates.ROOT)]
        subprocess.run(command, env=environment, check=True)

    def test(self, build, package, arguments):
        environment = {
            **os.environ, "PYTHONPATH": str(package), "LUPA_TEST_RUNTIMES": build.runtime, "LUPA_OTHER_LUA": build.name,
        }  # fmt: skip
        ignored = [f"--ignore-glob=tests/{prefix}{name}*" for name in LEFT_OUT for prefix in ("", "test_")]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *IN_PARALLEL, *ignored, *arguments]
        done = subprocess.run(command, cwd=crates.ROOT, env=environment, stdout=subprocess.PIPE, text=True, errors="replace")
        (self.folder / f"{build.name}.log").write_text(done.stdout, encoding="utf-8")
        last = done.stdout.strip().rsplit("\n", 1)[-1]
        if "passed" not in last:
            raise luas.NoResult(f"pytest did not come to its end: {last}")
        return Outcome.read(last)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, help="folder for the builds and logs, which can be used again")
    parser.add_argument("--list", action="store_true", help="print the names and what they stand for")
    parser.add_argument("names", nargs="*", help="parts of names; all without")
    words, arguments = sys.argv[1:], []
    if "--" in words:
        words, arguments = words[: words.index("--")], words[words.index("--") + 1 :]
    options = parser.parse_args(words)
    wanted = [each for each in luas.BUILDS if not options.names or any(name in each.name for name in options.names)]
    if options.list:
        for build in wanted:
            print(f"{build.name:16} {build.runtime:9} {build.what}")
        return 0
    workplace = Workplace((options.work or pathlib.Path(tempfile.mkdtemp(prefix="builds-"))).absolute())
    print(f"logs are in {workplace.folder}", file=sys.stderr)
    print("| build | runtime | what | passed | skipped | failed |\n| --- | --- | --- | --: | --: | --: |", flush=True)
    failed = 0
    for build in wanted:
        try:
            outcome = workplace.try_with(build, arguments)
            failed += outcome.failed
            cells = [f"{number:,}" for number in (outcome.passed, outcome.skipped, outcome.failed)]
        except luas.NoResult as reason:
            cells = [str(reason), "", "1"]
            failed += 1
        print("|", " | ".join([build.name, build.runtime, build.what, *cells]), "|", flush=True)
    return min(failed, 125)


if __name__ == "__main__":
    sys.exit(main())
