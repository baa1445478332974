"""What is run before a change is accepted: `nox` runs the tests, `nox -s lint` and the like the other sessions.

`LUPA_FLAVOURS=lua54,luajit21` limits the runtimes that are built and tested.
"""

import os
import pathlib
import shutil
import subprocess

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "venv"

RUNTIMES = ["lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21"]
#: What `import lupa` takes.
NEWEST = "lua55"
SELECTED = [name for name in os.environ.get("LUPA_FLAVOURS", "").split(",") if name]
ORACLE = "lupa==2.8"
SMOKE_TEST = "tests/smoke/smoke.py"

#: For checks that take long: every way between Python and Lua.
ENTRANCES = [
    f"tests/test_{name}.py"
    for name in (
        "callbacks", "calls", "coroutine_protocol", "coroutines", "errors", "eval_execute_compile",
        "exceptions_through_lua", "gc", "iteration_in_lua", "lifetimes", "named_arguments", "python_objects",
        "python_table", "table_from", "tables",
    )
]  # fmt: skip

#: What comes in between on these ways: hooks, metamethods that lie, Lua used by Python code that Lua waits for, odd stacks.
IN_BETWEEN = [
    f"tests/test_{name}.py"
    for name in ("debug_hooks", "debug_hooks_coroutines", "hostile_metamethods", "pitfalls_nesting", "pitfalls_stack")
]  # fmt: skip

#: The tests of the benchmark need a build that is not slowed down.
WITHOUT_BENCHMARK = "--ignore=tests/test_bench.py"

#: A file stays in one process: its tests share what takes long to prepare.
IN_PARALLEL = ["--numprocesses", "auto", "--dist", "loadfile"]

#: All sessions compile the dependencies of the crate once, in a folder of their own.
CARGO = {"CARGO_TARGET_DIR": str(pathlib.Path(".nox", "cargo").resolve())}


def interpreters():
    """CPython 3.9 to 3.13 as far as this machine has them, oldest first: `{"3.9": path}`."""
    found = {}
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    for minor in range(9, 14):
        version = f"3.{minor}"
        in_pyenv = sorted(str(path) for path in pyenv.glob(f"versions/{version}.*/bin/python3"))
        for candidate in [f"python{version}", *in_pyenv]:
            if runs(candidate, version):
                found[version] = candidate
                break
    return found


def runs(candidate, version):
    command = [candidate, "-c", "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


def oldest_and_newest():
    found = list(interpreters().items())
    return [nox.param(path, id=version) for version, path in dict(found[:1] + found[-1:]).items()]


@nox.session
def tests(session):
    """The whole test suite, with the stack guard compiled in, next to the lupa that it is compared with."""
    session.install(".[test]", env={**CARGO, "LUPA_CHECKED": "1"})
    run_suite(session, CARGO)


def run_suite(session, build, *arguments):
    """All tests, in as many processes as there are processors; the variables of the build let them look at the compiled C
    side."""
    environment = {"LUPA_ORACLE_PYTHON": oracle_python(session), **build}
    if SELECTED:
        environment["LUPA_TEST_RUNTIMES"] = ",".join(SELECTED)
    session.run("pytest", *IN_PARALLEL, *arguments, *session.posargs, env=environment)


@nox.session
def trace(session):
    """A build with the trace, which writes what ARCHITECTURE.md shows."""
    flavours = ",".join(SELECTED or ["lua54"])
    build = {**CARGO, "LUPA_TRACE": "1", "LUPA_FLAVOURS": flavours}
    session.install(".[test]", env=build)
    session.run("pytest", "tests/audit/test_trace.py", env={**build, "LUPA_TEST_RUNTIMES": flavours})


@nox.session
def selfcheck(session):
    """The whole test suite on Luas that check how they are used, and move stacks and collect garbage whenever they may."""
    run_suite(session, install_self_checking(session), WITHOUT_BENCHMARK)


@nox.session
def selfcheck_entrances(session):
    """The part of `selfcheck` that CI has the time for: each way between Python and Lua, and what comes in between."""
    run_suite(session, install_self_checking(session), *ENTRANCES, *IN_BETWEEN)


def install_self_checking(session):
    """Returns the variables for the tests."""
    build = {**CARGO, "LUPA_SELF_CHECK": "1"}
    session.install(".[test]", env=build)
    # The C library spoils what is freed, and does not keep it in a cache before.
    spoiling = "glibc.malloc.perturb=85:glibc.malloc.tcache_count=0"
    return {**build, "LUPA_TEST_REPETITIONS": "2000", "GLIBC_TUNABLES": spoiling}


@nox.session
def asan(session):
    """The whole test suite under AddressSanitizer: Lua and the C bodies are compiled for it, all allocations are watched."""
    build = {
        "CARGO_TARGET_DIR": CARGO["CARGO_TARGET_DIR"] + "-asan",
        "LUPA_CHECKED": "1",
        "CFLAGS": "-fsanitize=address -fno-omit-frame-pointer -g",
        # The makefile of LuaJIT runs programs that it has compiled.
        "LDFLAGS": "-fsanitize=address",
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        # The limit of the fuzz target's workers must leave room for the addresses that are kept for the marks.
        "LUPA_FUZZ_MEMORY": str(1 << 46),
    }
    session.install(".[test]", env=build)
    library = session.run("cc", "-print-file-name=libasan.so", silent=True, external=True).strip()
    # The tests of leaks measure the memory of the process, which includes what is kept after it was freed.
    run_suite(session, {**build, "LD_PRELOAD": library, "PYTHONMALLOC": "malloc"}, WITHOUT_BENCHMARK, "-m", "not slow")


@nox.session
def valgrind(session):
    """The tests of each way between Python and Lua under valgrind's memcheck."""
    session.install(".[test]", env={**CARGO, "LUPA_CHECKED": "1"})
    flavours = ",".join(SELECTED or ["lua51", "lua54", "luajit21"])
    session.run(
        "valgrind", "--quiet", "--error-exitcode=1", "--suppressions=tests/valgrind.supp", "--num-callers=30",
        str(pathlib.Path(session.bin, "python")), "-m", "pytest", *(session.posargs or ENTRANCES),
        external=True, env={"PYTHONMALLOC": "malloc", "LUPA_TEST_RUNTIMES": flavours},
    )  # fmt: skip


def oracle_python(session):
    """The Python of a venv that holds lupa itself."""
    folder = pathlib.Path(session.create_tmp()).resolve() / "oracle"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    session.run("python", "-m", "venv", "--clear", str(folder))
    session.run(str(python), "-m", "pip", "install", "--quiet", ORACLE, external=True)
    return str(python)


@nox.session
def builds(session):
    """The tests with other Luas: of the system, and compiled in other ways; `nox -s builds -- --list` names them."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    session.install("pip", *project["optional-dependencies"]["test"])
    session.run("python", "tests/builds", "--work", session.create_tmp(), *session.posargs)


@nox.session
def bench(session):
    """The benchmark against lupa, on Lua 5.4; `nox -s bench -- --help` tells what else it can do."""
    session.install(".", env=CARGO)
    environment = {"LUPA_ORACLE_PYTHON": oracle_python(session)}
    session.run("python", "-m", "bench", *(session.posargs or ["time"]), env=environment)


@nox.session
def lint(session):
    """Formatting and lints of the Rust code, for every flavour of it, for one with checks and trace, and for one without Python."""
    session.install("libclang", "pip")
    session.run("cargo", "fmt", "--check", external=True)
    python = str(pathlib.Path(session.bin, "python"))
    flavours = SELECTED or RUNTIMES
    of_python = ["core", *(f"{name},python" for name in flavours), f"{flavours[-1]},checked,trace"]
    # Examples and tests in Rust are of the crate without Python.
    checks = [*(("--lib", features) for features in of_python), ("--all-targets", f"{flavours[-1]},checked")]
    for targets, features in checks:
        session.run(
            "cargo", "clippy", "--locked", targets, "--features", features, "--", "-D", "warnings",
            external=True, env={**CARGO, "PYO3_PYTHON": python},
        )  # fmt: skip


@nox.session
def rust(session):
    """The crate without Python: its tests, its examples, and its documentation without a warning."""
    session.install("libclang", "pip")
    session.run("python", "tests/rust", *(session.posargs or SELECTED), env=CARGO)


@nox.session
def docs(session):
    """The pages as a site, `docs/site`, without a warning; every link inside of it leads somewhere."""
    flavours = ",".join(SELECTED or [NEWEST])
    session.install(".", "sphinx", "myst-parser", "furo", env={**CARGO, "LUPA_FLAVOURS": flavours})
    doctrees = str(pathlib.Path(session.create_tmp(), "doctrees"))
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-E", "-q", "-c", "docs", "-d", doctrees, ".", "docs/site")


@nox.session
def types(session):
    """The stubs say what is there, and two type checkers accept the package and the examples."""
    # Node comes from the package index as well, whether the machine has one or not.
    used_by_examples = ["Pillow", "tqdm", "types-tqdm", "werkzeug"]
    session.install(".[prompt]", "ipython", "mypy", "pyright[nodejs]", "types-Pygments", *used_by_examples, env=CARGO)
    session.run("stubtest", "lupa")
    session.run("mypy", "--strict", "--package", "lupa")
    session.run("mypy", "--strict", "examples", "tests/typing")
    session.run("pyright", "--pythonpath", str(pathlib.Path(session.bin, "python")), "examples", "tests/typing",
                env={"PYRIGHT_PYTHON_GLOBAL_NODE": "off"})  # fmt: skip


@nox.session
@nox.parametrize("python", oldest_and_newest())
def smoke(session):
    """Two runtimes and the essentials, on the oldest and the newest Python of this machine."""
    flavours = SELECTED or ["lua54", "luajit21"]
    session.install(".", env={**CARGO, "LUPA_FLAVOURS": ",".join(flavours)})
    session.run("python", SMOKE_TEST, *flavours)


@nox.session
def sdist(session):
    """The source distribution, a wheel built from it, and that wheel in an empty environment."""
    session.install("build")
    packages = pathlib.Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(packages, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(packages), env=CARGO)
    [wheel] = packages.glob("*.whl")
    session.install("--force-reinstall", str(wheel))
    session.run("python", SMOKE_TEST, *(SELECTED or RUNTIMES))
    session.run("lupa", "-v", "-e", "print(python.builtins.len(arg))")


@nox.session
def wheels(session):
    """A wheel for each CPython of this machine, in `dist`, tried in an empty environment; what it needs, and how large it is."""
    session.install("auditwheel", "twine")
    for version, python in interpreters().items():
        environment = pathlib.Path(session.create_tmp()).resolve() / version
        session.run(python, "-m", "venv", "--clear", str(environment), external=True)
        wheel = build_wheel(session, environment, pathlib.Path("dist", version))
        session.run(str(environment / "bin" / "python"), SMOKE_TEST, *(SELECTED or RUNTIMES), external=True)
        session.run("auditwheel", "show", str(wheel))
        session.run("twine", "check", "--strict", str(wheel))
        compare_size(session, version, wheel)


def build_wheel(session, environment, folder):
    """Build a wheel with the Python of an environment, and install it there."""
    shutil.rmtree(folder, ignore_errors=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    # The names of functions, which only debuggers and profilers read, are a sixth of the size.
    variables = {**CARGO, "LUPA_REQUIRE_ALL": "1", "CARGO_PROFILE_RELEASE_STRIP": "symbols"}
    session.run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".", env=variables, external=True)
    [wheel] = folder.glob("*.whl")
    session.run(*pip, "install", "--quiet", "--no-index", str(wheel), external=True)
    return wheel


def compare_size(session, version, ours):
    """Say how large a wheel is, and lupa's, if there is one for this Python."""
    folder = pathlib.Path(session.create_tmp(), "lupa", version)
    session.run(
        "python", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version", version,
        "--dest", str(folder), ORACLE, success_codes=[0, 1],
    )  # fmt: skip
    for theirs in folder.glob("*.whl"):
        sizes = [wheel.stat().st_size for wheel in (ours, theirs)]
        session.log("Python {}: {:,} bytes, lupa {:,}".format(version, *sizes))


@nox.session
def options(session):
    """The build options: a Lua of the system, by pkg-config and by path; a bundled one; no LuaJIT; an editable one."""
    includes = pkg_config(session, "--cflags-only-I").removeprefix("-I")
    library = pkg_config(session, "--variable=libdir")
    cases = {
        "lua54": ["no-bundle=1", "flavours=lua54"],
        "lua54 by path": [f"lua-includes={includes}", f"lua-lib={library}/liblua5.4.so"],
        "lua53": ["use-bundle=1", "no-lua-jit=1", "flavours=lua53,luajit21"],
    }
    for title, settings in cases.items():
        options = [f"--config-settings={setting}" for setting in settings]
        session.install("--force-reinstall", *options, ".", env=CARGO)
        installed_runtimes_are(session, [title.split()[0]])
    session.install("--force-reinstall", "--config-settings=flavours=lua54", "--editable", ".", env=CARGO)
    session.run("python", SMOKE_TEST, "lua54")


def pkg_config(session, question):
    return session.run("pkg-config", question, "lua5.4", external=True, silent=True).strip()


def installed_runtimes_are(session, expected):
    program = "import lupa, pkgutil; print(*(module.name for module in pkgutil.iter_modules(lupa.__path__)))"
    installed = set(session.run("python", "-c", program, silent=True).split()) & set(RUNTIMES)
    if installed != set(expected):
        session.error(f"installed are {installed}, not {expected}")
    session.run("python", SMOKE_TEST, *expected)
