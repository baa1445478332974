"""The figures of a run as text: one line for each workload, the mean of each group, and the mean of all."""

from bench import report
from bench.workloads import CEILING, GROUPS, TOTAL_TARGET

UNITS = ((1, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s"))


def text(content, runtime):
    """The table of one runtime of a document. Targets are for times; instructions have neither targets nor a spread."""
    timed = content["about"]["unit"] == "ns"
    means, figures = report.means_of(content, runtime), report.figures_of(content, runtime)
    lines = [heading(content, runtime), columns(timed)]
    for group in GROUPS:
        own = [each for each in figures if each.group == group.name]
        lines += [line for each in own for line in workload_lines(each, timed)]
        if group.name in means:
            lines += [mean_line(f"{group.name} ({len(own)})", means[group.name], group.target, timed), ""]
    if "all" in means:
        lines.append(
            mean_line(f"all but pure Lua and runtime ({means['all'].count})", means["all"], TOTAL_TARGET, timed)
        )
    return "\n".join(lines)


def heading(content, runtime):
    packages = content["runtimes"][runtime]["packages"]
    return f"{runtime}: " + ", ".join(
        f"{title} {each['lupa']} ({each['implementation']})" for title, each in packages.items()
    )


def columns(timed):
    return f"{'workload':<44} {'lupa':>9} {'ours':>9} {'ratio':>6}" + ("  quartiles    target" if timed else "")


def workload_lines(each, timed):
    title = f"{each.group}/{each.name}"
    amount = time_text if timed else "{:.0f}".format
    if each.ratio is not None:
        spread = f"  {each.low:.2f} - {each.high:.2f}{verdict(each.ratio, CEILING)}" if timed else ""
        yield f"{title:<44} {amount(each.lupa):>9} {amount(each.ours):>9} {each.ratio:6.2f}{spread}"
    for package, failure in dict.fromkeys(map(tuple, each.failures)):
        yield f"{title:<44} {package} failed: {failure.splitlines()[0]}"


def mean_line(title, value, target, timed):
    spread = f"  {value.low:.2f} - {value.high:.2f}" if timed else ""
    wanted = f"  {target:.2f}{verdict(value.ratio, target)}" if timed and target else ""
    return f"{'= ' + title:<64} {value.ratio:6.2f}{spread}{wanted}"


SCALE_COLUMNS = f"{'number':>64} {'lupa':>12} {'ours':>12} {'ratio':>6}"


def scale_line(row):
    """One figure of `bench.scale`."""
    write = {"ns": time_text, "bytes": "{:.0f} B".format, "times": "{:.2f} x".format}[row.unit]
    values = [write(value) if value is not None else "failed" for value in (row.lupa, row.ours)]
    ratio = f"{row.ours / row.lupa:6.2f}" if row.lupa and row.ours else ""
    return f"{row.section + ': ' + row.name:<60} {row.number:>10,} {values[0]:>12} {values[1]:>12} {ratio}"


def verdict(ratio, target):
    """A mark behind a ratio that misses its target."""
    return " !" if ratio > target else ""


def time_text(nanoseconds):
    """A time with three digits and a unit: `82.1 ns`, `4.15 us`, `49.0 ms`."""
    factor, unit = next(step for step in UNITS if nanoseconds < 1000 * step[0] or step is UNITS[-1])
    value = nanoseconds / factor
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"
