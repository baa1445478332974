"""A real IPython kernel, driven as a notebook does it."""

import os
import queue
import time
from dataclasses import dataclass, field

from jupyter_client.manager import start_new_kernel

PATIENCE = 60


@dataclass
class Outcome:
    """What a cell has shown."""

    stdout: str = ""
    stderr: str = ""
    #: The result of the cell, by MIME type.
    result: dict = field(default_factory=dict)
    #: The name, the text and the traceback of the exception that ended it.
    error: tuple = ()

    @property
    def text(self):
        return self.result.get("text/plain")

    @property
    def html(self):
        return self.result.get("text/html")

    @property
    def traceback(self):
        return "\n".join(self.error[2])


class Kernel:
    """A kernel in a process of its own."""

    def __init__(self):
        # Kernels treat their output in another way when they believe that they are part of a test.
        environment = {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"}
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment, startup_timeout=PATIENCE)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code):
        """Run a cell to its end; what it has shown."""
        outcome, request = Outcome(), self.client.execute(code)
        end = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < end, f"the cell does not end: {code}\n{outcome}"
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                assert self.manager.is_alive(), f"the kernel died of {code}"
                continue
            if message["parent_header"].get("msg_id") != request:
                # Output that comes in the wrong cell would be missing in the right one.
                continue
            content = message["content"]
            kind = message["msg_type"]
            if kind == "stream":
                setattr(outcome, content["name"], getattr(outcome, content["name"]) + content["text"])
            elif kind in ("execute_result", "display_data"):
                outcome.result = content["data"]
            elif kind == "error":
                outcome.error = content["ename"], content["evalue"], content["traceback"]
            elif kind == "status" and content["execution_state"] == "idle":
                return outcome

    def __call__(self, code):
        """Run a cell that must not fail."""
        outcome = self.run(code)
        assert outcome.error == (), "\n".join(outcome.error[2])
        return outcome
