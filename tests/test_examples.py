"""Every example runs, and prints what its docstring says."""

import hashlib
import os
import pathlib
import runpy
import subprocess
import sys
import textwrap

import pytest

FOLDER = pathlib.Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.py"))
PRINTING = [name for name in EXAMPLES if name != "mandelbrot"]
LIMITING_MEMORY = ["plugin_host", "sandbox"]
NEEDED_MODULES = {"mandelbrot": "PIL.Image", "web_handlers": "werkzeug"}

#: The pixels of lupa's own example of the same size.
PIXELS = "c1949851218ef1f170c669a2cbd1ee13"


def load(name):
    """The names that an example defines."""
    if name in NEEDED_MODULES:
        pytest.importorskip(NEEDED_MODULES[name])
    return runpy.run_path(str(FOLDER / f"{name}.py"))


def announced_output(name):
    """What the docstring promises below "It prints::"."""
    return textwrap.dedent(load(name)["__doc__"].partition("It prints::\n\n")[2])


def needs_penlight(version):
    if version >= (5, 5):
        pytest.skip("Penlight 1.13 assigns to loop variables, which Lua 5.5 forbids")
    if not pathlib.Path("/usr/share/lua/{}.{}/pl".format(*version)).exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian's lua-penlight is not installed")


def test_there_are_examples():
    assert {"mandelbrot", "penlight", "sandbox"} <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_and_explained(name):
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert load(name)["__doc__"]
    assert text.count("\n") <= 130


@pytest.mark.parametrize("name", PRINTING)
def test_an_example_prints_what_it_announces(name, lupa_module, flavour, capsys):
    if name in LIMITING_MEMORY and not flavour.has_allocator:
        pytest.skip("LuaJIT 2.0 cannot limit memory")
    if name == "penlight":
        needs_penlight(flavour.version)
    load(name)["main"](lupa_module.LuaRuntime)
    assert capsys.readouterr().out == announced_output(name)


@pytest.mark.parametrize("name", PRINTING)
def test_an_example_runs_as_a_script(name):
    if name == "penlight":
        needs_penlight((5, 4))
    announced = announced_output(name)
    done = subprocess.run([sys.executable, FOLDER / f"{name}.py"], capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == announced


@pytest.fixture
def image():
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed")


@pytest.mark.usefixtures("usual_numbers")
def test_mandelbrot_writes_the_known_picture(image, runtime_name, lupa_module, tmp_path):
    output = tmp_path / "picture.png"
    load("mandelbrot")["main"](["--runtime", runtime_name, "--output", str(output)])
    with image.open(output) as picture:
        assert (picture.format, picture.size, picture.mode) == ("PNG", (1280, 1280), "1")
        assert hashlib.md5(picture.tobytes()).hexdigest() == PIXELS


@pytest.mark.parametrize("threads", [1, 3])
def test_mandelbrot_takes_any_size_and_number_of_threads(image, lupa_module, threads):
    compute = load("mandelbrot")["compute"]
    picture = image.frombytes("1", (37, 37), compute(lupa_module.LuaRuntime, 37, threads))
    centre, corner = picture.getpixel((18, 18)), picture.getpixel((36, 0))
    assert centre and not corner


def test_mandelbrot_runs_as_a_script(image, tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / "mandelbrot.py", "--size", "64", "--threads", "2"],
        capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mandelbrot.png: 2 threads, ")
    assert (tmp_path / "mandelbrot.png").stat().st_size > 0
