"""The figures of a run as a document, which is kept as JSON. The text for people is made from it, in `bench.table`."""

import json
import os
import platform
import re
import time
from dataclasses import asdict

from bench.figures import Figure, Mean, mean
from bench.workloads import CEILING, GROUPS, TOTAL_TARGET


def means(figures):
    """`{group: Mean}` in the order of the report, with the overall mean as `"all"`."""
    found = {group.name: mean([each for each in figures if each.group == group.name]) for group in GROUPS}
    counted = {group.name for group in GROUPS if group.in_total}
    found["all"] = mean([each for each in figures if each.group in counted])
    return {name: value for name, value in found.items() if value}


def targets():
    return {**{group.name: group.target for group in GROUPS}, "all": TOTAL_TARGET}


def document(about, figures, unit, plan=None):
    """What is kept of a run, of nanoseconds (`"ns"`) or `"instructions"`: `{"about": ..., "runtimes": {name: ...}}`."""
    runtimes = {}
    for runtime, packages in about.items():
        own = [each for each in figures if each.runtime == runtime]
        runtimes[runtime] = {
            "packages": packages,
            "workloads": [asdict(each) for each in own],
            "groups": {name: asdict(value) for name, value in means(own).items()},
        }
    content = {
        "about": {**circumstances(), "unit": unit, "plan": vars(plan) if plan else {}},
        "targets": {**targets(), "workload": CEILING},
        "runtimes": runtimes,
    }
    return rounded(content)


def scale_document(rows):
    """What is kept of the rows of `bench.scale`, by runtime."""
    runtimes = {runtime: [asdict(row) for row in own] for runtime, own in rows.items()}
    return rounded({"about": circumstances(), "runtimes": runtimes})


def circumstances():
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
    }


def processor():
    """The name of the processor, as far as the system tells."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def titles(content):
    """What the runtimes call themselves, without the patch level: `{"lua54": "Lua 5.4"}`."""
    return {
        runtime: re.match(r"\w+ \d+\.\d+", own["packages"]["ours"]["implementation"])[0]
        for runtime, own in content["runtimes"].items()
    }


def save(file, content):
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def rounded(content):
    """The same with numbers of five digits: more are noise, and what is shown at once is what a kept file shows."""
    if isinstance(content, float):
        return float(f"{content:.5g}")
    if isinstance(content, dict):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [rounded(value) for value in content]
    return content


def load(file):
    return json.loads(file.read_text(encoding="utf-8"))


def figures_of(content, runtime):
    """The figures of one runtime in a document."""
    return [Figure(**each) for each in content["runtimes"][runtime]["workloads"]]


def means_of(content, runtime):
    return {name: Mean(**each) for name, each in content["runtimes"][runtime]["groups"].items()}
