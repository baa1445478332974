"""One entry of the list of differences, and the groups of runtimes that the entries name."""

from typing import Dict, NamedTuple, Tuple

from collect import RUNTIMES

PLAIN = tuple(name for name in RUNTIMES if not name.startswith("luajit"))
LUAJIT = ("luajit20", "luajit21")
LIKE_51 = ("lua51", *LUAJIT)
DOUBLES_ONLY = ("lua51", "lua52", *LUAJIT)
FROM_52 = ("lua52", "lua53", "lua54", "lua55")
ASSERT_WITH_ANY_VALUE = ("lua53", "lua54", "lua55", "luajit21")
WITH_ALLOCATOR = tuple(name for name in RUNTIMES if name != "luajit20")
WITHOUT_ALLOCATOR = ("luajit20",)


class Difference(NamedTuple):
    """Programs that differ from lupa 2.8 for one reason, explained in COMPATIBILITY.md under the title.

    A pattern is a program's name, `*` matches anything. Beside it stands a part of our outcome, so that a listed
    program cannot change unnoticed. What is listed must differ on each of its runtimes; only where lupa's outcome
    changes from run to run (`varies`) may the two agree.
    """

    title: str
    reason: str
    programs: Dict[str, str]
    runtimes: Tuple[str, ...] = RUNTIMES
    varies: bool = False
