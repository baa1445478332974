"""The differences from lupa 2.8 that are meant, in three files: what is wrong there, what is better here, wording."""

import fnmatch

from corrected import CORRECTED
from improved import IMPROVED
from worded import WORDED

DIFFERENCES = [*CORRECTED, *IMPROVED, *WORDED]


def matching(pattern, names):
    """The programs that a pattern means."""
    return [name for name in names if fnmatch.fnmatchcase(name, pattern)]


def differences_of(program, runtime):
    """The entries for a program on a runtime, each with what it says of our outcome."""
    return [
        (difference, expected)
        for difference in DIFFERENCES
        if runtime in difference.runtimes
        for pattern, expected in difference.programs.items()
        if matching(pattern, [program])
    ]
