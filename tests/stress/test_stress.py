"""Threads, runtimes, callbacks, coroutines, finalizers and both collectors at once, after seeded plans (worker.py).

The default is a short run. `LUPA_STRESS_SECONDS=600` makes each run last so long, `LUPA_STRESS_OPERATIONS=100000` asks for so
many operations of each thread, `LUPA_STRESS_SEED` begins with another plan. With `-s` each run says what it did.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

WORKER = pathlib.Path(__file__).with_name("worker.py")
SECONDS = float(os.environ.get("LUPA_STRESS_SECONDS", 0))
OPERATIONS = int(os.environ.get("LUPA_STRESS_OPERATIONS", 1000))
SEED = int(os.environ.get("LUPA_STRESS_SEED", 1))
PATIENCE = 90


@pytest.fixture
def stress(runtime_name, lupa_module, record_property):
    """Run a plan; what it did, by operation."""

    def stress(scenario, *, threads, seed):
        command = [sys.executable, "-X", "faulthandler", WORKER, runtime_name, scenario]
        numbers = {"seed": seed, "threads": threads, "operations": OPERATIONS, "seconds": SECONDS, "patience": PATIENCE}
        for name, value in numbers.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS + 2 * PATIENCE
        )
        told = f"{runtime_name} {scenario} --seed {seed} --threads {threads}: exit status {done.returncode}\n{done.stdout}"
        if done.returncode != 0 or done.stderr:
            pytest.fail(told + done.stderr, pytrace=False)
        counts = json.loads(done.stdout)
        record_property("operations", counts["operations"])
        print(told)
        return counts

    return stress


@pytest.mark.parametrize("threads", [2, 8])
@pytest.mark.parametrize("scenario", ["shared", "separate", "crosswise"])
def test_nothing_is_lost(stress, scenario, threads):
    counts = stress(scenario, threads=threads, seed=SEED + threads)
    assert counts["operations"] >= threads * OPERATIONS


def test_rings_of_waits_are_refused_and_work_goes_on(stress):
    """Few runtimes, many threads that nest: some waits would never end."""
    refused = 0
    for seed in range(SEED, SEED + 20):
        refused += stress("crosswise", threads=8, seed=seed).get("refused", 0)
        if refused:
            break
    assert refused > 0
