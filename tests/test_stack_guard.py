"""Checked builds notice a function that does not do to the stack what it states, and say which, where, and by how much."""

import os
import re
import subprocess
import sys

import pytest

#: What to ask for, and what must be said. Places are those of the functions; the one of an operation is where it ends.
UNBALANCED = {
    "unbalanced": r"lua/selftest\.h:\d+: lupa_body_unbalanced: 2 results of \d values, stated is \[-0, \+1, -\]",
    "boastful": r"lua/selftest\.h:\d+: lupa_body_boastful: 2 results of 1 values, stated is \[-0, \+2, -\]",
    "leaves": r"lua/selftest\.h:\d+: lupa_leavevalue: the stack has changed by \+1, stated is \[-0, \+0, -\]",
    "rust": r"src/api/checked\.rs:\d+: leave_value: the stack has changed by \+1, stated is \[-0, \+0, -\]",
    "operation": r"src/bridge/crossing\.rs:\d+: 1 values, expected 0",
}


@pytest.fixture
def checked(lupa_module):
    if not hasattr(lupa_module.LuaRuntime, "_unbalance"):
        if os.environ.get("CI"):
            pytest.fail("the tests have to run on a checked build (LUPA_CHECKED=1)")
        pytest.skip("needs a checked build (LUPA_CHECKED=1)")


@pytest.mark.parametrize("which", UNBALANCED)
@pytest.mark.deviation
def test_what_is_not_as_stated_is_named(checked, runtime_name, which):
    program = f"import lupa.{runtime_name} as lupa; lupa.LuaRuntime()._unbalance({which!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("lupa: stack guard: ")]
    assert len(lines) == 1, done.stderr
    assert re.fullmatch(UNBALANCED[which], lines[0].removeprefix("lupa: stack guard: ")), lines[0]
