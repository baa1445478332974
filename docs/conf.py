"""How `nox -s docs` turns the pages into a site.

Sphinx with MyST, because the pages stay plain Markdown that is read without any tool, and because autodoc takes the
reference from the package itself. The theme, Furo, follows the reader's light or dark mode, as the pictures do, and loads
nothing from the network.

The source folder is the project, so that pages link to each other by their paths, as they do in the repository.
"""

import ast
import pathlib

import lupa

ROOT = pathlib.Path(__file__).parents[1]

project = "lupa-rs"
author = "The lupa-rs authors"
copyright = author
version = release = lupa.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "bench/README.md", "lua/API.md", "tests/**.md"]
source_suffix = {".md": "markdown"}
nitpicky = True
#: Names in the stubs that no page of this site describes: of the standard library, and private ones.
FOREIGN = "Any|Buffer|Callable|Iterable|Iterator|AbstractContextManager|Literal|SupportsWrite|TracebackType|_.*"
nitpick_ignore_regex = [("py:class", FOREIGN)]

myst_heading_anchors = 3
html_theme = "furo"
html_title = f"lupa-rs {release}"
html_extra_path = ["start"]
html_copy_source = False

# The docstrings are plain text: a name between backticks is code.
default_role = "literal"
add_module_names = False
napoleon_use_param = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 100


def signatures():
    """Parameters and result of each function and method, as the stubs have them: `{"LuaRuntime.eval": ("(...)", "Any")}`."""
    found = {}
    for file in ("__init__.pyi", "_core.pyi", "_decorators.py", "_output.py", "_values.py", "_wrappers.py"):
        add_signatures(found, "", ast.parse((ROOT / "python" / "lupa" / file).read_text(encoding="utf-8")).body)
    return found


def add_signatures(found, prefix, body):
    for node in body:
        if isinstance(node, ast.ClassDef):
            add_signatures(found, f"{node.name}.", node.body)
        elif isinstance(node, ast.FunctionDef):
            found[prefix + node.name] = signature(node, is_method=bool(prefix))


def signature(node, is_method):
    """As text: without `self`, and without quotes around types."""
    if is_method:
        (node.args.posonlyargs or node.args.args).pop(0)
    for part in ast.walk(node):
        if isinstance(part, ast.arg) and isinstance(part.annotation, ast.Constant):
            part.annotation = ast.Name(part.annotation.value)
    result = ast.unparse(node.returns).strip("'") if node.returns else None
    return f"({ast.unparse(node.args)})", result


SIGNATURES = signatures()


def take_signature_of_stub(app, what, name, obj, options, parameters, result):
    path = name.partition(".")[2]
    if parameters is None:
        return None
    if what == "class":
        return SIGNATURES[f"{path}.__new__"][0] if f"{path}.__new__" in SIGNATURES else "", None
    return SIGNATURES.get(path)


def setup(app):
    app.connect("autodoc-process-signature", take_signature_of_stub)
