"""The plot of a document of times: for each group the ratio of every runtime, as a bar, in SVG.

The text of SVG is written here, since the colours have to follow the reader's light or dark mode: that is one media
query, and more than a library gives.
"""

from html import escape

from bench import report
from bench.workloads import GROUPS

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 130, 24, 64, 34
BAR, GAP = 9, 12
#: (light, dark) of the bars, in the order of the runtimes.
COLOURS = [("#0969da", "#58a6ff"), ("#1a7f37", "#3fb950"), ("#bf8700", "#d29922"), ("#8250df", "#bc8cff")]
STYLE = """
  text { font: 12px sans-serif; fill: #24292f }
  .title { font-size: 14px; font-weight: bold }
  .faint { fill: #57606a }
  line { stroke: #d0d7de }
  .lupa { stroke: #cf222e; stroke-width: 1.5 }
  .target { stroke: #24292f; stroke-width: 2 }
"""
DARK = """
    text { fill: #e6edf3 }
    .faint { fill: #9198a1 }
    line { stroke: #30363d }
    .lupa { stroke: #ff7b72 }
    .target { stroke: #e6edf3 }
"""


def svg(content):
    """The plot as text."""
    runtimes = dict(list(report.titles(content).items())[: len(COLOURS)])
    means = {runtime: report.means_of(content, runtime) for runtime in runtimes}
    names = [name for name in ["all", *(group.name for group in GROUPS)] if any(name in own for own in means.values())]
    longest = max(own[name].ratio for own in means.values() for name in names if name in own)
    scale = Scale(max(1.1, longest * 1.1))
    row = BAR * len(runtimes) + GAP
    height = TOP + row * len(names) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{style(len(runtimes))}</style>",
        '<text class="title" x="8" y="20">Time of lupa-rs as a part of the time of lupa 2.8</text>',
        *legend(runtimes.values()),
        *axis(scale, height - BOTTOM),
    ]
    for number, name in enumerate(names):
        ratios = [own.get(name) for own in means.values()]
        parts += bars(name, content["targets"].get(name), ratios, TOP + row * number, scale)
    return "\n".join([*parts, "</svg>"]) + "\n"


class Scale:
    """From ratios to places on the horizontal axis."""

    def __init__(self, end):
        self.end = end

    def __call__(self, ratio):
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ratio / self.end, 1)

    def steps(self):
        step = 0.25 if self.end <= 2 else 0.5
        return [step * number for number in range(int(self.end / step) + 1)]


def style(count):
    light = "".join(f"  .bar{n} {{ fill: {COLOURS[n][0]} }}\n" for n in range(count))
    dark = "".join(f"    .bar{n} {{ fill: {COLOURS[n][1]} }}\n" for n in range(count))
    return f"{STYLE}{light}  @media (prefers-color-scheme: dark) {{{DARK}{dark}  }}\n"


def legend(titles):
    """Which colour is which runtime, and what the lines mean."""
    place = 8
    for number, title in enumerate(titles):
        yield f'<rect class="bar{number}" x="{place}" y="34" width="10" height="10"/>'
        yield f'<text x="{place + 15}" y="43">{escape(title)}</text>'
        place += 85
    for kind, text in (("target", "target"), ("lupa", "lupa 2.8")):
        yield f'<line class="{kind}" x1="{place + 4}" x2="{place + 4}" y1="33" y2="46"/>'
        yield f'<text x="{place + 12}" y="43">{text}</text>'
        place += 75


def axis(scale, bottom):
    for ratio in scale.steps():
        kind = ' class="lupa"' if ratio == 1 else ""
        yield f'<line{kind} x1="{scale(ratio)}" x2="{scale(ratio)}" y1="{TOP - 8}" y2="{bottom}"/>'
        yield f'<text class="faint" x="{scale(ratio)}" y="{bottom + 18}" text-anchor="middle">{ratio:g}</text>'


def bars(title, target, means, top, scale):
    """One group."""
    middle = top + BAR * len(means) / 2
    yield f'<text x="{LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(title)}</text>'
    for number, mean in enumerate(means):
        if mean:
            place = (
                f'x="{LEFT}" y="{top + BAR * number}" width="{round(scale(mean.ratio) - LEFT, 1)}" height="{BAR - 1}"'
            )
            yield f'<rect class="bar{number}" {place}><title>{escape(title)}: {mean.ratio:.2f}</title></rect>'
    if target:
        ends = f'y1="{top - 2}" y2="{top + BAR * len(means) + 1}"'
        yield f'<line class="target" x1="{scale(target)}" x2="{scale(target)}" {ends}/>'
