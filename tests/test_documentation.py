"""Every example of the pages and docstrings runs, and what the pages name exists."""

import ast
import doctest
import importlib.util
import inspect
import pathlib
import re
import runpy
import subprocess
import sys

import debian_modules as debian
import pytest

ROOT = pathlib.Path(__file__).parents[1]
DOCS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))
PAGES = [*sorted(path.name for path in ROOT.glob("*.md")), *DOCS]
#: Pages of the tests, for those who work on them.
INNER_PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.md"))
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

#: The types without a public name, by an expression for one of their objects.
PRIVATE_TYPES = {
    "_LuaObject": "lua.eval('io.stdout')",
    "_LuaTable": "lua.table()",
    "_LuaFunction": "lua.eval('print')",
    "_LuaCoroutineFunction": "lua.eval('coroutine.create(function() end)')",
    "_LuaThread": "lua.eval('function() end').coroutine()",
    "_LuaIter": "lua.table().keys()",
    "_LuaNoGC": "lua.nogc()",
}

#: Their public names, which are not part of `__all__`.
PUBLIC_TYPES = ["LuaObject", "LuaTable", "LuaFunction", "LuaCoroutineFunction", "LuaThread"]

#: What follows in a page is not for LuaJIT 2.0.
NEEDS_LIMIT = "<!-- the rest needs max_memory -->"
#: Before an example that is not for one of the runtimes.
NOT_ON = re.compile(r"^<!-- not on (\w+) -->\n+```python\n.*?^```", re.MULTILINE | re.DOTALL)
#: An example that has to be the first to import lupa, and needs Debian's `lua-cjson`.
ALONE = re.compile(r"^<!-- alone, with lua-cjson -->\n+```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
#: `tests/test_x.py`, `tests/test_x.py::test_y` or `tests/test_x.py::TestY::test_z`
TEST = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")
#: A file of this project, as the pages write it.
FILE = re.compile(r"`((?:\.ci|build_support|examples|lua|python|src|tests)/[\w./]+)`")
#: "`file`: `name`, `name`" at the beginning of a list item or table row: the names occur in the file.
PLACE = re.compile(r"^\s*(?:\d+\.|\*|\|)\s+`([\w./]+)`: (`[\w.:]+`(?:, `[\w.:]+`)*)", re.MULTILINE)


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture
def run_examples():
    """Run doctests; what differs is shown by the failure."""

    def run(examples):
        report = []
        runner = doctest.DocTestRunner(optionflags=OPTIONS)
        for example in examples:
            runner.run(example, out=report.append)
        if runner.failures:
            pytest.fail("".join(report), pytrace=False)
        return runner.tries

    return run


@pytest.fixture
def package(monkeypatch, lupa_module):
    """The package, with the names of one runtime instead of those of the newest Lua."""
    package = importlib.import_module("lupa")
    for name in lupa_module.__all__:
        monkeypatch.setattr(package, name, getattr(lupa_module, name))
    return package


@pytest.fixture
def needs_cjson():
    """For Lua 5.4."""
    absence = debian.why_absent("cjson", "5.4", debian.is_binary)
    if absence:
        reason, is_failure = absence
        (pytest.fail if is_failure else pytest.skip)(reason)
    if importlib.util.find_spec("lupa.lua54") is None:
        pytest.skip("the examples are about Lua 5.4, which was not built")


class TestPages:
    def test_they_are_there(self):
        assert {"README.md", "ARCHITECTURE.md", "COMPATIBILITY.md", "CHANGELOG.md", "docs/tutorial.md"} <= set(PAGES)

    @pytest.mark.parametrize("page", PAGES)
    def test_examples_run(self, page, package, flavour, run_examples):
        text = ALONE.sub("", read(page))
        text = NOT_ON.sub(lambda found: "" if found[1] == flavour.name else found[0], text)
        if not flavour.has_allocator:
            text = text.partition(NEEDS_LIMIT)[0]
        tries = run_examples([doctest.DocTestParser().get_doctest(text, {}, page, str(ROOT / page), 0)])
        assert tries > 0 or ">>>" not in text

    @pytest.mark.parametrize("page", PAGES)
    def test_examples_in_python_are_prompts_so_that_they_run(self, page):
        blocks = re.findall(r"^```python\n(.*?)^```", read(page), re.MULTILINE | re.DOTALL)
        assert all(block.startswith(">>> ") for block in blocks)

    @pytest.mark.parametrize("page", [page for page in PAGES if ALONE.search(read(page))])
    def test_examples_run_that_must_be_the_first_to_import_lupa(self, page, needs_cjson, tmp_path):
        for example in ALONE.findall(read(page)):
            (tmp_path / "example.txt").write_text(example, encoding="utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "doctest", "-o", "ELLIPSIS", tmp_path / "example.txt"],
                capture_output=True, text=True, timeout=60)
            assert (done.returncode, done.stdout + done.stderr) == (0, "")

    @pytest.mark.parametrize("page", [*PAGES, *INNER_PAGES])
    def test_links_lead_somewhere(self, page):
        assert [target for target in LINK.findall(read(page)) if not (ROOT / page).parent.joinpath(target).exists()] == []

    @pytest.mark.parametrize("page", [*PAGES, *INNER_PAGES])
    def test_files_that_they_name_exist(self, page):
        assert [name for name in FILE.findall(read(page)) if not (ROOT / name).exists()] == []

    @pytest.mark.parametrize("page", [*PAGES, *INNER_PAGES])
    def test_tests_that_they_name_exist(self, page):
        assert [path + names for path, names in TEST.findall(read(page)) if not has_test(path, names)] == []

    def test_the_picture_is_the_one_that_the_example_makes(self, tmp_path):
        image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
        output = tmp_path / "mandelbrot.png"
        runpy.run_path(str(ROOT / "examples" / "mandelbrot.py"))["main"](["--size", "480", "--output", str(output)])
        with image.open(output) as made, image.open(ROOT / "docs" / "mandelbrot.png") as shown:
            assert (made.size, made.tobytes()) == (shown.size, shown.tobytes())

    def test_the_architecture_page_finds_its_names_in_the_files(self):
        places = [(file, name) for file, names in PLACE.findall(read("ARCHITECTURE.md")) for name in names.split(", ")]
        assert len(places) > 30
        assert [(file, name) for file, name in places if name.strip("`").rpartition("::")[2] not in read(file)] == []

    def test_the_readme_lists_the_runtimes(self, flavour, lua):
        rows = {row[0]: row for row in table_rows(read("README.md"))}
        _, version, *_ = rows[f"`lupa.{flavour.name}`"]
        assert lua.lua_implementation.startswith(version.rpartition(".")[0])


def has_test(path, names):
    """Whether a test file has the class, function, or function of a class that `::A::b` names."""
    if not (ROOT / path).is_file():
        return False
    body = ast.parse(read(path)).body
    for name in names.split("::")[1:]:
        found = [node for node in body if getattr(node, "name", None) == name]
        if not found:
            return False
        body = found[0].body
    return True


def table_rows(text):
    """The cells of all rows of the tables in a page."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


class TestDocstrings:
    @pytest.mark.parametrize("module", ["lupa", "lupa._core", "lupa._decorators", "lupa._output", "lupa._values"])
    def test_examples_of_the_package_run(self, module, package, run_examples):
        module = importlib.import_module(module)
        assert run_examples(doctest.DocTestFinder(exclude_empty=True).find(module)) > 0

    def test_examples_of_a_runtime_run(self, package, documented, run_examples):
        finder = doctest.DocTestFinder(exclude_empty=True)
        examples = [each for name, value in documented.items() for each in finder.find(value, name, module=False)]
        assert run_examples(examples) > 20

    def test_every_public_name_has_one(self, documented):
        assert [name for name, value in documented.items() if not inspect.getdoc(value)] == []

    def test_every_method_has_one(self, documented):
        undocumented = [
            f"{name}.{attribute}"
            for name, value in documented.items()
            if inspect.isclass(value)
            for attribute, member in vars(value).items()
            if not attribute.startswith("_") and member is not None and not inspect.getdoc(member)
        ]
        assert undocumented == []

    @pytest.fixture
    def documented(self, lupa_module, lua):
        """All that a runtime module offers and that can have a docstring, by name."""
        public = [*lupa_module.__all__, *PUBLIC_TYPES]
        names = {name: getattr(lupa_module, name) for name in public if not name.startswith("LUA_")}
        types = {name: type(eval(source, {"lua": lua})) for name, source in PRIVATE_TYPES.items()}
        assert {name: value.__name__ for name, value in types.items()} == {name: name for name in types}
        return {"module": lupa_module, **names, **types}
