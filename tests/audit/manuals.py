"""Compares lua/api.tsv with the reference manuals, which are not part of this project.

    python tests/audit/manuals.py 51=manual.html 52=manual.html 53=manual.of 54=manual.of 55=manual.of

The manuals come with the distributions of Lua (`doc/manual.html`), or stand in the repository of Lua (`manual/manual.of`). Says
where a manual and the table differ, or what the table says of a manual is not so.
"""

import html
import pathlib
import re
import sys

import audit_source as source

HTML = re.compile(r'<a name="(lua\w+)"><code>(?:(?!</h3>).)*</h3>(?:(?!<hr>|<h[12]>).)*?<span class="apii">\[(.*?)\]</span>', re.S)
OF = re.compile(r"@APIEntry\{((?:(?!@APIEntry).)*?)\|\s*@apii\{([^}]*)\}", re.S)
WORDS = {"nargs": "n", "nresults": "r", "nup": "n"}


def read(path):
    """Function to (pops, pushes, raises), each without blanks."""
    text = path.read_text(encoding="latin-1")
    if path.suffix == ".of":
        entries = ((name_of(head), fields) for head, fields in OF.findall(text))
    else:
        entries = ((name, html.unescape(re.sub(r"<[^>]+>", "", fields))) for name, fields in HTML.findall(text))
    return {name: canonical(fields.replace("\N{EN DASH}", "-")) for name, fields in entries if fields.count(",") == 2}


def name_of(head):
    """The function that an entry such as `int lua_next (lua_State *L, int index);` is about."""
    names = re.findall(r"\b(lua\w*)\s*\(", head)
    return names[0] if names else head


def canonical(fields):
    """Alternatives are sorted, the names of parameters short."""
    pops, pushes, raises = (re.sub(r"[\s()]", "", field) for field in fields.split(","))
    for word, letter in WORDS.items():
        pops, pushes = pops.replace(word, letter), pushes.replace(word, letter)
    return "|".join(sorted(pops.lstrip("-").split("|"))), "|".join(sorted(pushes.lstrip("+").split("|"))), raises


def expected(row, flavour):
    """What the manual of a version should say, by the table."""
    fields = canonical(row.effect.text.strip("[]"))
    for statement in filter(None, row.manual.split("; ")):
        which, what = statement.split(" ", 1)
        if flavour in which.split(","):
            return canonical(what.strip("[]")) if what.startswith("[") else (*fields[:2], what)
    # The manual of 5.2 has `e` wherever memory is asked for: finalizers may run.
    return (*fields[:2], "e") if flavour == "52" and fields[2] == "m" else fields


def differences(flavour, manual):
    for row in source.api().values():
        if flavour in row.flavours() and row.name in manual and manual[row.name] != expected(row, flavour):
            yield f"{row.name}: {flavour} has {manual[row.name]}, the table {expected(row, flavour)}"


def main():
    found = []
    for argument in sys.argv[1:]:
        flavour, _, path = argument.partition("=")
        manual = read(pathlib.Path(path))
        listed = [name for name, row in source.api().items() if flavour in row.flavours()]
        print(f"{flavour}: {sum(name in manual for name in listed)} of {len(listed)} functions are in the manual")
        found += differences(flavour, manual)
    print(*found, sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
