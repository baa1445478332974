"""What C writes to the standard outputs while Lua runs, shown where Python's output is shown.

Lua's `print` writes to the standard output of C, which a notebook does not show in the right cell, if at all. While a
cell of Lua runs, its file descriptors are pipes, and a thread passes on what comes out of them. Before Python writes
anything itself, what is in the pipe is passed on first, so that the order is kept.
"""

from __future__ import annotations

import codecs
import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

SIZE = 65536


class Pipe:
    """Stands in for a file descriptor and passes on to a stream of Python what is written to it."""

    def __init__(self, descriptor: int, stream: IO[str]) -> None:
        self.descriptor = descriptor
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.lock = threading.Lock()
        self.end, self.wake = os.pipe()
        self.reading, writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.saved = os.dup(descriptor)
        os.dup2(writing, descriptor)
        os.close(writing)
        self.thread = threading.Thread(target=self.pass_on, daemon=True)
        self.thread.start()

    def pass_on(self) -> None:
        """The thread: until the pipe is closed."""
        while self.end not in select.select([self.reading, self.end], [], [])[0]:
            self.drain()

    def drain(self) -> None:
        """Pass on all that was written so far."""
        with self.lock:
            while True:
                try:
                    data = os.read(self.reading, SIZE)
                except BlockingIOError:
                    return
                if not data:
                    return
                self.stream.write(self.decoder.decode(data))

    def close(self) -> None:
        os.dup2(self.saved, self.descriptor)
        os.write(self.wake, b".")
        self.thread.join()
        self.drain()
        rest = self.decoder.decode(b"", final=True)
        if rest:
            self.stream.write(rest)
        for descriptor in (self.saved, self.reading, self.end, self.wake):
            os.close(descriptor)


class Ordered:
    """A stream that lets pass what is on its way in pipes before it writes."""

    def __init__(self, stream: IO[str], pipes: list[Pipe]) -> None:
        self._stream = stream
        self._pipes = pipes

    def write(self, text: str) -> int:
        for pipe in self._pipes:
            pipe.drain()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def is_behind(stream: IO[str], descriptor: int) -> bool:
    """Whether the stream writes to the descriptor itself, as on a terminal."""
    try:
        return stream.fileno() == descriptor
    except (AttributeError, OSError, ValueError):
        return False


@contextmanager
def shown() -> Iterator[None]:
    """Show what is written to the descriptors 1 and 2 as output of `sys.stdout` and `sys.stderr`."""
    pipes: list[Pipe] = []
    with ExitStack() as stack:
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            stream = getattr(sys, name)
            if stream is None or is_behind(stream, descriptor) or not hasattr(select, "poll"):  # as on Windows
                continue
            stack.callback(setattr, sys, name, stream)
            pipe = Pipe(descriptor, stream)
            stack.callback(pipe.close)
            pipes.append(pipe)
            setattr(sys, name, Ordered(stream, pipes))
        yield
