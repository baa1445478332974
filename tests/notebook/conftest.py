"""Fixtures: a kernel for all tests, and the magics on one runtime."""

import importlib.util
import os

import pytest


@pytest.fixture(scope="session")
def kernel():
    for needed in ("ipykernel", "jupyter_client"):
        if importlib.util.find_spec(needed) is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{needed} is not installed")
    from kernel import Kernel

    kernel = Kernel()
    yield kernel
    kernel.close()


@pytest.fixture
def notebook(kernel, runtime_name, lupa_module):
    """An empty notebook with the magics on one runtime; called with the code of a cell that must not fail."""
    kernel("%reset -f\nimport gc; gc.collect()")
    kernel("%load_ext lupa")
    kernel(f"lua = %lua --runtime {runtime_name} --reset")
    return kernel
