"""The examples of lupa's documentation use one runtime for nearly everything; it is this one."""

import pytest


@pytest.fixture
def lua(lupa_module):
    """The runtime of the documentation: tuples from Python calls arrive in Lua as several values."""
    return lupa_module.LuaRuntime(unpack_returned_tuples=True)
