"""Every program has the same outcome on lupa 2.8 and here, except for the listed differences.

`LUPA_ORACLE_PYTHON` names a Python of the same version in whose environment lupa 2.8 is installed.
"""

import os
import subprocess
import sys

import pytest

from catalogue import CRASH, HANG, load_programs
from collect import WorkerFailed, outcomes, pool
from differences import DIFFERENCES, differences_of, matching

PROGRAMS = [program.name for program in load_programs()]


@pytest.fixture(scope="session")
def oracle():
    """The Python with lupa 2.8; it must be of our version, or Python's own messages would differ."""
    python = os.environ.get("LUPA_ORACLE_PYTHON")
    if python is None:
        without = pytest.fail if os.environ.get("CI") else pytest.skip
        without("LUPA_ORACLE_PYTHON does not name a Python that has lupa 2.8")
    question = "import lupa, sys; print(lupa.__version__, *sys.version_info[:2])"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-c", question]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert answer == ["2.8", *map(str, sys.version_info[:2])], "lupa 2.8 on the Python version of this test run"
    return python


@pytest.fixture(scope="session")
def workers(request, oracle):
    """Both implementations at work on all runtimes that the selected tests need: `{runtime: (theirs, ours)}`."""
    selected = [item for item in request.session.items if getattr(item, "originalname", None) == "test_same_outcome"]
    runtimes = dict.fromkeys(item.callspec.params["runtime_name"] for item in selected)
    with pool() as executor:
        yield {
            runtime: tuple(executor.submit(outcomes, python, runtime) for python in (oracle, sys.executable))
            for runtime in runtimes
        }


@pytest.fixture(scope="session")
def both(runtime_name, lupa_module, workers):
    """The outcomes of one runtime: theirs and ours, by program."""
    try:
        theirs, ours = (worker.result() for worker in workers[runtime_name])
    except WorkerFailed as failure:
        pytest.fail(str(failure), pytrace=False)
    return theirs, ours


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_outcome(program, runtime_name, both):
    theirs, ours = (outcomes_by_program[program] for outcomes_by_program in both)
    shown = f"\nlupa 2.8:\n{theirs}\nhere:\n{ours}"
    assert ours not in (CRASH, HANG), shown
    listed = differences_of(program, runtime_name)
    if not listed:
        assert ours == theirs, "a difference that is not on the list" + shown
    for difference, expected in listed:
        assert expected in ours, f"not the outcome that the list expects: {expected}" + shown
        assert difference.varies or ours != theirs, "on the list, but no longer different" + shown


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.title.replace(" ", "_"))
def test_every_pattern_of_the_list_matches_a_program(difference):
    unused = [pattern for pattern in difference.programs if not matching(pattern, PROGRAMS)]
    assert not unused


def test_no_outcome_is_listed_twice(runtime_name):
    assert [name for name in PROGRAMS if len(differences_of(name, runtime_name)) > 1] == []


def test_the_compatibility_page_explains_every_difference(pytestconfig):
    page = (pytestconfig.rootpath / "COMPATIBILITY.md").read_text(encoding="utf-8")
    headings = {line.lstrip("# ") for line in page.splitlines() if line.startswith("#")}
    assert {difference.title for difference in DIFFERENCES} - headings == set()
