"""The part of the project's README that is made of figures: between two comments, from a document of times."""

from bench import plot, report
from bench.process import ROOT
from bench.table import time_text
from bench.workloads import GROUPS

RESULTS = ROOT / "bench" / "results"
DOCUMENT, PLOT, PAGE = RESULTS / "time.json", RESULTS / "ratios.svg", ROOT / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
#: The workloads of the second table.
SHOWN = [
    "call/no argument, no result",
    "call/integer",
    "call/3 mixed",
    "call/method",
    "callback/1 integer",
    "callback/object:method(x)",
    "table/get by integer",
    "table/get by attribute",
    "table/set by string",
    "table/len",
    "wrap/object in, known",
    "wrap/object in, new",
    "wrap/table out, known",
    "create/list of integers, element",
    "py-iteration/iter, list",
    "attribute/read an integer",
    "iteration/values()",
    "string/in, 1 kB, not ASCII",
    "coroutine/next",
    "error/exception through Lua and back",
    "eval/eval",
    "programs/request handler",
]


def section(content):
    """The text between the comments."""
    about, heads = content["about"], report.titles(content)
    first = next(iter(heads))
    python = content["runtimes"][first]["packages"]["ours"]["python"]
    lines = [
        f"Ratios of the times, ours to lupa's, geometric means by group. {about['machine']}, CPython {python};",
        f"{about['plan']['rounds']} rounds, pairs of fresh processes: {about['plan']['processes']}.",
        "",
        f"| group | target | {' | '.join(heads.values())} |",
        f"|---|--:|{'--:|' * len(heads)}",
        *group_rows(content),
        "",
        f"Some of the workloads, on {heads[first]}:",
        "",
        "| workload | lupa 2.8 | lupa-rs | ratio |",
        "|---|--:|--:|--:|",
        *workload_rows(content, first),
    ]
    return "\n".join(lines)


def group_rows(content):
    means = [report.means_of(content, runtime) for runtime in content["runtimes"]]
    abouts = {group.name: f"{group.name}: {group.about}" for group in GROUPS}
    abouts["all"] = "**all but pure Lua and creation of runtimes**"
    for name, about in abouts.items():
        target = content["targets"].get(name)
        ratios = [f"{own[name].ratio:.2f}" if name in own else "" for own in means]
        yield f"| {about} | {f'{target:.2f}' if target else ''} | {' | '.join(ratios)} |"


def workload_rows(content, runtime):
    figures = {f"{each.group}/{each.name}": each for each in report.figures_of(content, runtime)}
    for path in SHOWN:
        each = figures.get(path)
        if each and each.ratio is not None:
            yield f"| {path} | {time_text(each.lupa)} | {time_text(each.ours)} | {each.ratio:.2f} |"


def with_section(page, content):
    """The text of a page, with the section as the document has it."""
    if BEGIN not in page or END not in page:
        raise ValueError(f"the page has no place for the figures: {BEGIN} and {END}")
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{section(content)}\n{END}{rest.split(END, 1)[1]}"


def write(content):
    """Keep the document, and what is made of it."""
    RESULTS.mkdir(exist_ok=True)
    report.save(DOCUMENT, content)
    PLOT.write_text(plot.svg(content), encoding="utf-8")
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), content), encoding="utf-8")
