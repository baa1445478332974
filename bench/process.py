"""The driver's side of a worker: start it, ask it, notice that it died or hangs, start it again."""

import multiprocessing
import os
import pathlib
import signal
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).parents[1]


class Failed(Exception):
    """A worker did not do what it was asked for; the text says how."""


class Died(Failed):
    """It is not there any more."""


@dataclass(frozen=True)
class Package:
    """One of the two that are compared: the Python that has it."""

    title: str
    python: str
    path: str = ""
    """A folder that goes before the installed packages, for builds that are not installed."""

    def environment(self, seed):
        """The environment of a worker: nothing that would lead it to the other package."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        if self.path:
            environment["PYTHONPATH"] = self.path
        return {**environment, "PYTHONHASHSEED": str(seed)}


class WorkerProcess:
    """A worker that is alive, and comes back to life when it has died."""

    #: Seconds after which a request counts as a hang.
    PATIENCE = 60

    def __init__(self, package, runtime, seed=0, prefix=(), module="bench.worker"):
        self.package, self.runtime, self.seed, self.prefix, self.module = package, runtime, seed, prefix, module
        self.process = self.connection = None
        self.start()

    def start(self):
        self.connection, theirs = multiprocessing.Pipe()
        command = [*self.prefix, self.package.python, "-m", self.module, self.runtime, str(theirs.fileno())]
        environment = self.package.environment(self.seed)
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()])
        theirs.close()

    def ask(self, *request):
        """The answer to a request. A worker that dies is replaced at once, and `Died` is raised."""
        try:
            self.connection.send(request)
            if not self.connection.poll(self.PATIENCE):
                self.process.kill()
                raise self.replace(f"no answer after {self.PATIENCE} s")
            done, result = self.connection.recv()
        except (EOFError, OSError):
            raise self.replace(None) from None
        if not done:
            raise Failed(result)
        return result

    def replace(self, reason):
        """Start a new process; the exception that tells what became of the old one."""
        if reason is None:
            reason = how_it_ended(self.process.wait())
        self.close()
        self.start()
        return Died(reason)

    def close(self):
        self.connection.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def how_it_ended(status):
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
