"""All workloads, by group, in the order of the report."""

from fnmatch import fnmatchcase

from bench.workloads import (
    attribute,
    call,
    callback,
    coroutine,
    create,
    error,
    evaluation,
    iteration,
    programs,
    pure_lua,
    py_iteration,
    runtime,
    string,
    table,
    wrap,
)

GROUPS = [
    call.GROUP,
    callback.GROUP,
    table.GROUP,
    wrap.GROUP,
    create.GROUP,
    py_iteration.GROUP,
    attribute.GROUP,
    iteration.GROUP,
    string.GROUP,
    coroutine.GROUP,
    error.GROUP,
    evaluation.GROUP,
    programs.GROUP,
    pure_lua.GROUP,
    runtime.GROUP,
]

#: No single workload may take longer than this, as a ratio to lupa.
CEILING = 1.03

#: The target of the geometric mean over all groups but pure Lua and the creation of runtimes.
TOTAL_TARGET = 0.50


def selected(patterns=()):
    """The workloads whose group, or `group/name`, matches one of the patterns; all without a pattern."""
    workloads = [workload for group in GROUPS for workload in group.workloads]
    if not patterns:
        return workloads
    return [
        workload
        for workload in workloads
        if any(fnmatchcase(text, pattern) for pattern in patterns for text in (workload.group, workload.path))
    ]


def find(path):
    """The workload of that `group/name`."""
    return next(workload for workload in selected() if workload.path == path)
