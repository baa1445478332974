"""Count the tests, for TESTING.md: `python tests/count.py` prints its table. Needs the package with what its tests need."""

import collections
import contextlib
import io
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
KINDS = {
    "differential": "the same program here and on lupa 2.8",
    "seeds": "the examples of lupa's documentation",
    "faults": "every request for memory fails",
    "audit": "the pages about the stack, and what they rest on",
    "properties": "values, tables and references against a model",
    "fuzz": "generated programs: the corpus and the first seeds",
    "stress": "threads",
    "packages": "Lua code and binary modules that nobody here wrote",
    "cli": "the command line",
    "notebook": "the magics, in an IPython kernel",
}


class Collector:
    """A plugin that keeps what pytest has collected."""

    def __init__(self):
        self.items = []

    def pytest_collection_modifyitems(self, items):
        self.items = list(items)


def kind_of(path):
    """The folder of a test below `tests`, the topic of a file directly in it."""
    parts = path.relative_to(TESTS).parts
    if len(parts) > 1:
        return parts[0]
    for topic in ("pitfalls", "debug", "untrusted", "hostile"):
        if f"test_{topic}_" in parts[0]:
            return topic
    return "features"


def lines_of(name):
    return (TESTS / name).read_text().splitlines()


def main():
    collector = Collector()
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = pytest.main([str(TESTS), "--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[collector])
    if status:
        sys.exit(output.getvalue())
    cases, functions = collections.Counter(), collections.defaultdict(set)
    for item in collector.items:
        kind = kind_of(item.path)
        cases[kind] += 1
        functions[kind].add((item.path, getattr(item, "originalname", None) or item.name))
    titles = {
        "features": "each feature, and the laws of the source",
        "pitfalls": "what goes wrong in lupa 2.8",
        "debug": "the debug library against the package",
        "hostile": "objects and metatables that lie",
        "untrusted": "what a script reaches",
        **KINDS,
    }
    print("| tests | what they are about | functions | cases on all runtimes |")
    print("|---|---|--:|--:|")
    for kind in [*titles, *sorted(set(cases) - set(titles))]:
        print(f"| `{kind}` | {titles.get(kind, '')} | {len(functions[kind]):,} | {cases[kind]:,} |")
    print(f"| | **together** | **{sum(map(len, functions.values())):,}** | **{sum(cases.values()):,}** |")
    # Blank lines lie between them.
    protections = len("\n".join(lines_of("mutations/protections.txt")).strip().split("\n\n"))
    print(f"\n{protections} protections are taken out one at a time; the fuzz corpus has", end=" ")
    print(f"{len(list((TESTS / 'fuzz' / 'corpus').rglob('*.json')))} programs.")


if __name__ == "__main__":
    main()
