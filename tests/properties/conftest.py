"""Settings of Hypothesis. The default is the same examples in each run; `LUPA_TEST_PROPERTIES=long` looks for new ones."""

import os

from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,
    # The runtimes are session-wide fixtures; a program of a state machine is large.
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.large_base_example],
    "print_blob": True,
}
settings.register_profile("short", settings(max_examples=100, stateful_step_count=25, derandomize=True, database=None, **COMMON))
settings.register_profile("long", settings(max_examples=20_000, stateful_step_count=80, **COMMON))
settings.load_profile(os.environ.get("LUPA_TEST_PROPERTIES", "short"))
