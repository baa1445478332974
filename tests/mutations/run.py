"""Take out one protection at a time, and see that a test fails.

    python tests/mutations/run.py [--work FOLDER] [NAME...]

`protections.txt` names the protections: for each a file, a runtime, the tests that should fail, and the lines that go and
come. This script copies the project, builds the runtime with that change, runs these tests, and says which fails first. With
names, only the protections whose names contain one of them. First the tests have to pass without a change. Each protection
takes about a minute; the exit status is the number of those that no test misses. Needs what building the package needs, and
pytest.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: What a change can cause instead of a failure is a hang.
TIME_LIMIT = 300


@dataclass(frozen=True)
class Protection:
    """Lines of a file, what takes their place, and the tests that should fail then."""

    name: str
    file: str
    runtime: str
    tests: tuple
    lines: str
    instead: str

    def is_in(self, text):
        return ("\n" + text).count("\n" + self.lines) == 1

    def taken_out(self, text):
        return ("\n" + text).replace("\n" + self.lines, "\n" + self.instead)[1:]


def read_protections():
    text = (ROOT / "tests" / "mutations" / "protections.txt").read_text(encoding="utf-8")
    for block in text.strip().split("\n\n"):
        name, place, *changes = block.split("\n")
        file, runtime, *tests = place.split()
        old, new = ("".join(line[1:] + "\n" for line in changes if line[0] == sign) for sign in "-+")
        yield Protection(name, file, runtime, tuple(tests), old, new)


class Copy:
    """A copy of the project, with a build folder and a package of its own."""

    def __init__(self, work):
        self.source, self.target, self.package = work / "source", work / "target", work / "package"
        shutil.rmtree(self.source, ignore_errors=True)
        for name in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines():
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.source / name)
        shutil.copytree(self.source / "python" / "lupa", self.package / "lupa", dirs_exist_ok=True)

    def build(self, module):
        """Build one module; returns the compiler's output if that fails."""
        environment = {
            **os.environ, "CARGO_TARGET_DIR": str(self.target), "CARGO_PROFILE_DEV_DEBUG": "0",
            "PYO3_PYTHON": sys.executable, "PYO3_BUILD_EXTENSION_MODULE": "1",
        }  # fmt: skip
        features = module if module == "core" else module + ",python,checked"
        command = ["cargo", "build", "--locked", "-q", "--no-default-features", "--features", features]
        done = subprocess.run(command, cwd=self.source, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            return done.stderr
        library = self.package / "lupa" / ("_core.so" if module == "core" else module + ".so")
        shutil.copy2(self.target / "debug" / "liblupa.so", library.with_suffix(".new"))
        library.with_suffix(".new").replace(library)
        return None

    def first_failure(self, runtime, tests):
        """The first test that fails, hangs or kills the process; None if all pass."""
        environment = {**os.environ, "PYTHONPATH": str(self.package), "LUPA_TEST_RUNTIMES": runtime}
        command = [sys.executable, "-X", "faulthandler", "-m", "pytest", "-x", "-v", "-p", "no:cacheprovider", *tests]
        try:
            done = subprocess.run(
                command, cwd=self.source, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT
            )
        except subprocess.TimeoutExpired as hang:
            return f"{last_test(hang.stdout)} does not end"
        if done.returncode == 0:
            return None
        failed = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - |$)", done.stdout.decode(errors="replace"), re.MULTILINE)
        # LuaJIT panics by exiting.
        return failed[1] if failed else f"{last_test(done.stdout)} ends the process"


def last_test(output):
    """The test that ran when there was no more output."""
    return re.findall(r"^tests/.*?(?= PASSED| SKIPPED|$)", output.decode(errors="replace"), re.MULTILINE)[-1].strip()


def control(copy, protections):
    """Do the tests pass where nothing was taken out? They see one runtime module only."""
    for runtime in sorted({each.runtime for each in protections}):
        tests = sorted({test for each in protections if each.runtime == runtime for test in each.tests})
        problem = copy.build(runtime) or copy.first_failure(runtime, tests)
        if problem:
            sys.exit(f"without a change, on {runtime}: {problem}")


def try_without(copy, protection):
    """Build and test without a protection: the first failure if there is one, and what there is to say."""
    file = copy.source / protection.file
    text = file.read_text(encoding="utf-8")
    if not protection.is_in(text):
        return None, f"{protection.file} does not have these lines once"
    # What is shared by the runtime modules is in one more.
    modules = ["core", protection.runtime] if protection.file.startswith("src/shared") else [protection.runtime]
    file.write_text(protection.taken_out(text), encoding="utf-8")
    try:
        problems = [problem for problem in map(copy.build, modules) if problem]
        if problems:
            return None, f"cannot be built:\n{problems[0]}"
        failure = copy.first_failure(protection.runtime, protection.tests)
    finally:
        file.write_text(text, encoding="utf-8")
        if "core" in modules:
            copy.build("core")
    return failure, failure or "NO TEST FAILS"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=pathlib.Path, help="folder for the copy and the builds, which can be used again")
    parser.add_argument("names", nargs="*", help="parts of names of protections")
    options = parser.parse_args()
    copy = Copy((options.work or pathlib.Path(tempfile.mkdtemp(prefix="mutations-"))).absolute())
    problem = copy.build("core")
    if problem:
        sys.exit(problem)
    wanted = [
        each for each in read_protections() if not options.names or any(name in each.name for name in options.names)
    ]
    control(copy, wanted)
    missed = 0
    for protection in wanted:
        failure, outcome = try_without(copy, protection)
        missed += failure is None
        print(f"{protection.name} ({protection.runtime}): {outcome}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
