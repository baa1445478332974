"""What is run before a change is accepted: `nox` runs the tests, `nox -s lint` and the like the other sessions.

`LUPA_FLAVOURS=lua54,luajit21` limits the runtimes that are built and tested.
"""

import os
import pathlib
import shutil
import subprocess

import nox

nox.needs_version = ">=2024.3"
nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "venv"

RUNTIMES = ["lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21"]
SELECTED = [name for name in os.environ.get("LUPA_FLAVOURS", "").split(",") if name]
ORACLE = "lupa==2.8"
SMOKE_TEST = "tests/smoke/smoke.py"

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
    # The folder of the build lets the tests look at the compiled C side.
    environment = {**CARGO, "LUPA_ORACLE_PYTHON": oracle_python(session)}
    if SELECTED:
        environment["LUPA_TEST_RUNTIMES"] = ",".join(SELECTED)
    session.run("pytest", *session.posargs, env=environment)


def oracle_python(session):
    """The Python of a venv that holds lupa itself."""
    folder = pathlib.Path(session.create_tmp()).resolve() / "oracle"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    session.run("python", "-m", "venv", "--clear", str(folder))
    session.run(str(python), "-m", "pip", "install", "--quiet", ORACLE, external=True)
    return str(python)


@nox.session
def lint(session):
    """Formatting and lints of the Rust code, for every flavour of it."""
    session.install("libclang", "pip")
    session.run("cargo", "fmt", "--check", external=True)
    python = str(pathlib.Path(session.bin, "python"))
    for flavour in ["core", *(SELECTED or RUNTIMES)]:
        session.run(
            "cargo", "clippy", "--locked", "--all-targets", "--no-default-features", "--features", flavour,
            "--", "-D", "warnings",
            external=True, env={**CARGO, "PYO3_PYTHON": python},
        )  # fmt: skip


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
