"""A terminal with a program in it: what is typed goes in, and the screen shows what a user would see."""

import os
import signal
import sys
import time

import pexpect
import pyte

WIDTH, HEIGHT = 100, 30
PATIENCE = 30

UP, TAB, CONTROL_C, CONTROL_D = "\x1b[A", "\t", "\x03", "\x04"

#: The command line, with modules that cannot be imported.
PROGRAM = "import sys; sys.modules.update(dict.fromkeys({missing!r})); from lupa.__main__ import main; sys.exit(main())"


def heed_interrupts():
    """The tests may run where SIGINT is ignored, which programs inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """The command line in a pseudo-terminal."""

    def __init__(self, *words, missing=(), env=()):
        command = ["-c", PROGRAM.format(missing=list(missing)), *words]
        # None takes a variable away.
        chosen = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "PYTHONUTF8": "1", "NO_COLOR": None}
        environment = {**os.environ, **chosen, **dict(env)}
        environment = {key: value for key, value in environment.items() if value is not None}
        self.program = pexpect.spawn(
            sys.executable, command, env=environment, dimensions=(HEIGHT, WIDTH), preexec_fn=heed_interrupts
        )
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.ByteStream(self.screen)

    def type(self, text):
        self.program.send(text)

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def wait_for(self, condition, description):
        """Read until the screen is as it should be."""
        end = time.monotonic() + PATIENCE
        while not condition(self.lines):
            assert time.monotonic() < end, f"waited for {description}; the screen shows:\n" + "\n".join(self.lines)
            try:
                self.stream.feed(self.program.read_nonblocking(4096, timeout=1))
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                assert condition(self.lines), f"ended before {description}:\n" + "\n".join(self.lines)

    def shows(self, *last):
        """Wait until these are the last lines of the screen, prompts with nothing behind them included."""
        self.wait_for(lambda lines: lines[-len(last) :] == list(last), last)

    def shows_somewhere(self, text):
        self.wait_for(lambda lines: any(text in line for line in lines), text)

    def colours_of(self, text):
        """The colours of the characters of the first line that contains a text."""
        for row, line in enumerate(self.screen.display):
            if text in line:
                start = line.index(text)
                return {self.screen.buffer[row][column].fg for column in range(start, start + len(text))}
        raise AssertionError(f"{text!r} is not on the screen")

    def end(self):
        """Wait for the end of the program; its exit status."""
        try:
            while True:
                self.stream.feed(self.program.read_nonblocking(4096, timeout=PATIENCE))
        except pexpect.EOF:
            pass
        self.program.close()
        return self.program.exitstatus
