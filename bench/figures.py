"""Statistics: from the samples of rounds to the figures of a workload, a group, and all of them.

The ratio (ours to lupa's) is taken within each round, since both turns of a round have seen the same machine; the
median over all rounds of all processes is the ratio of the workload, the quartiles are its spread. The ratio of a group
is the geometric mean over its workloads; its spread is that of the processes, each taken by itself.
"""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """The result of one workload on one runtime. Times are in nanoseconds for one operation."""

    runtime: str
    group: str
    name: str
    lupa: float
    ours: float
    ratio: float
    low: float
    high: float
    by_process: tuple
    """The ratio as each pair of processes alone would give it."""
    failures: tuple = ()


@dataclass(frozen=True)
class Mean:
    """The geometric mean of the ratios of several workloads, and the range of what single processes gave."""

    ratio: float
    low: float
    high: float
    count: int


def figure(samples):
    """The figure of a workload; without a number where nothing could be measured."""
    rounds = [pair for process in samples.rounds for pair in process]
    low, ratio, high = quartiles([ours / lupa for lupa, ours in rounds])
    return Figure(
        runtime=samples.runtime,
        group=samples.workload.group,
        name=samples.workload.name,
        lupa=median([lupa for lupa, _ in rounds]),
        ours=median([ours for _, ours in rounds]),
        ratio=ratio,
        low=low,
        high=high,
        by_process=tuple(median([ours / lupa for lupa, ours in process]) for process in samples.rounds),
        failures=tuple(samples.failures),
    )


def median(values):
    return statistics.median(values) if values else None


def quartiles(values):
    """The lower quartile, the median, and the upper quartile."""
    if not values:
        return None, None, None
    if len(values) == 1:
        return values[0], values[0], values[0]
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def mean(figures):
    """The geometric mean over workloads, or None without any."""
    figures = [each for each in figures if each.ratio is not None]
    if not figures:
        return None
    processes = min(len(each.by_process) for each in figures)
    ratio = statistics.geometric_mean(each.ratio for each in figures)
    alone = (statistics.geometric_mean(each.by_process[n] for each in figures) for n in range(processes))
    # The median of all rounds need not lie between those of the processes.
    found = [ratio, *alone]
    return Mean(ratio, min(found), max(found), len(figures))
