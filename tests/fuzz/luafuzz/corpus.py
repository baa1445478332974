"""Programs that are kept: run by the tests on every runtime. Chosen so that few do much of what many do."""

import pathlib

from . import driver, program

FOLDER = pathlib.Path(__file__).parents[1] / "corpus"
COUNT = 100
LARGEST = 6000


def choose(flavour, inputs):
    """The seeds among the inputs that together show most kinds of events, the most telling first."""
    events = {}

    def on_line(line):
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "events":
            seed, *happened = rest.split(" ")
            if len(program.generate(int(seed)).text()) <= LARGEST:
                events[int(seed)] = set(happened)

    driver.run_worker(flavour, ["--events", *inputs], on_line)
    seen = set()
    while events and len(seen) < COUNT * 1000:
        best = max(events, key=lambda seed: len(events[seed] - seen))
        gained = events.pop(best) - seen
        if not gained:
            return
        seen |= gained
        yield best


def keep(seed):
    FOLDER.mkdir(exist_ok=True)
    if len(list(FOLDER.glob("seed-*.json"))) < COUNT:
        (FOLDER / f"seed-{seed}.json").write_text(program.generate(seed).text())
