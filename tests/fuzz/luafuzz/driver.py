"""Runs batches of seeds in workers, one runtime after the other, and keeps what goes wrong."""

import pathlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from . import program

MAIN = pathlib.Path(__file__).parents[1]
RUNTIMES = ("lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21")
BATCH = 400

#: Texts in what a worker writes to its standard error that are findings by themselves.
ALARMS = ("panicked at", "stack guard", "Sanitizer")


@dataclass
class Finding:
    """What went wrong: the seed or file, and how."""

    name: str
    text: str
    details: str = ""

    @property
    def kind(self):
        """What a smaller program must show to be the same finding."""
        return " ".join(self.text.split()[:3])


def run_worker(flavour, inputs, on_line=lambda line: None):
    """One worker; its findings, a crash or hang among them, and the last input that it began."""
    command = [sys.executable, "-X", "faulthandler", str(MAIN), "worker", flavour, *map(str, inputs)]
    findings, last, ended = [], None, False
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": errors}
        process = subprocess.Popen(command, **streams, text=True, errors="replace")
        for line in process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "begin":
                last = rest
            elif word == "finding":
                findings.append(Finding(*rest.split(" ", 1)))
            elif word == "end":
                ended = True
            on_line(line)
        status = process.wait()
        errors.seek(0)
        noise = errors.read()[-20000:]
    alarm = next((alarm for alarm in ALARMS if alarm in noise), None)
    if status != 0 or not ended:
        kind = "hang" if "Timeout (" in noise else "crash"
        findings.append(Finding(last or "start", f"{kind} status {status} {alarm or ''}".rstrip(), noise))
    elif alarm:
        findings.append(Finding(last, f"alarm {alarm}", noise))
    return findings, last


class Campaign:
    """A run over many seeds."""

    def __init__(self, runtimes, first, folder, log=print):
        self.next = {runtime: first for runtime in runtimes}
        self.first = first
        self.spent = dict.fromkeys(runtimes, 0.0)
        self.folder = pathlib.Path(folder)
        self.log = log
        self.found = 0

    def run(self, until):
        while True:
            for runtime in self.next:
                if time.time() > until:
                    return
                self.batch(runtime)

    def batch(self, runtime):
        first = self.next[runtime]
        begun = time.time()
        findings, last = run_worker(runtime, [f"{first}-{first + BATCH - 1}"])
        self.spent[runtime] += time.time() - begun
        stopped = any(finding.text.split()[0] in ("hang", "crash") for finding in findings)
        self.next[runtime] = int(last) + 1 if stopped and last else first + BATCH
        for finding in findings:
            self.keep(runtime, finding)

    def keep(self, runtime, finding):
        self.found += 1
        self.log(f"{runtime} {finding.name}: {finding.text}", flush=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / f"{runtime}-{finding.name}"
        place.with_suffix(".txt").write_text(finding.text + "\n" + finding.details)
        if finding.name.isdigit():
            place.with_suffix(".json").write_text(program.generate(int(finding.name)).text())

    def summary(self):
        for runtime, following in self.next.items():
            yield f"{runtime}: {following - self.first} programs in {self.spent[runtime] / 3600:.2f} hours"
        yield f"{self.found} findings"
