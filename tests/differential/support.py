"""What programs may use: `each` for families of programs, `attempt` for errors in the middle of a program."""

import contextlib
import os
import tempfile

DEFAULT_LIMIT = 10  # seconds


class Raised:
    """Stands for an exception inside a program's result."""

    def __init__(self, exception):
        self.exception = exception


class Text(str):
    """A text whose line breaks are kept in the outcome, for readable differences."""


def attempt(function, *args, **kwargs):
    """The function's value, or the exception that it raised, as part of a larger result."""
    try:
        return function(*args, **kwargs)
    except BaseException as exception:
        return Raised(exception)


def each(**cases):
    """Turn a function into one program per keyword; the keyword's value is the program's last argument."""

    def mark(function):
        function.cases = cases
        return function

    return mark


def limit(seconds):
    """Lower the time limit of a program that is known to hang somewhere."""

    def mark(function):
        function.limit = seconds
        return function

    return mark


@contextlib.contextmanager
def captured_output(descriptor=1):
    """Collect what C code writes to a file descriptor; yields a function that returns the text so far."""
    with tempfile.TemporaryFile() as file:
        saved = os.dup(descriptor)
        os.dup2(file.fileno(), descriptor)

        def text():
            file.seek(0)
            return file.read().decode()

        try:
            yield text
        finally:
            os.dup2(saved, descriptor)
            os.close(saved)
