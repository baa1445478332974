"""Binary modules from Debian, under `allow_lua_module_loading()`: data and calls in both directions."""

import os
import subprocess
import sys

import binary_checks
import pytest


def module_of(check):
    """Which binary module a check needs: the one that its name mentions."""
    for word, module in (("cjson", "cjson"), ("lpeg", "lpeg"), ("re_takes", "lpeg"), ("lfs", "lfs"),
                         ("socket", "socket"), ("posix", "posix")):
        if word in check:
            return module
    raise LookupError(check)


@pytest.mark.parametrize("check", binary_checks.CHECKS)
def test_binary_module(runtime_name, needs_binary, check):
    needs_binary(module_of(check))
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", binary_checks.__file__, runtime_name, check],
        capture_output=True, encoding="utf-8", timeout=120, env={**os.environ, "PYTHONUTF8": "1"})
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
