"""Values as text: on one line where it fits, else indented."""

from __future__ import annotations

from lupa._interactive.inspection import Again, Leaf, Node, Table, is_name

WIDTH = 79
INDENT = "  "


def as_text(node: Node, width: int = WIDTH) -> str:
    """The text of a value."""
    line = on_one_line(node)
    if len(line) <= width or not isinstance(node, Table):
        return line
    parts = [indented(part) for part in broken_parts(node, width - len(INDENT))]
    return label(node) + "{\n" + ",\n".join(parts) + "\n}"


def on_one_line(node: Node) -> str:
    if isinstance(node, Leaf):
        return node.text
    if isinstance(node, Again):
        return f"<table {node.table.label}>"
    parts = [on_one_line(item) for item in node.items]
    parts += [f"{as_key(key)} = {on_one_line(value)}" for key, value in node.fields]
    return label(node) + "{" + ", ".join(parts + rest(node)) + "}"


def broken_parts(node: Table, width: int) -> list[str]:
    parts = [as_text(item, width) for item in node.items]
    for key, value in node.fields:
        name = as_key(key)
        parts.append(f"{name} = {as_text(value, width - len(name) - 3)}")
    return parts + rest(node)


def as_key(key: Node) -> str:
    """A key as Lua code writes it; names need no quotes."""
    text = on_one_line(key)
    if isinstance(key, Leaf) and key.kind == "string" and is_name(text[1:-1]):
        return text[1:-1]
    return f"[{text}]"


def rest(node: Table) -> list[str]:
    return [f"... {node.omitted} more"] if node.omitted else []


def label(node: Table) -> str:
    """The mark of a table that is met again."""
    return "" if node.label is None else f"<{node.label}>"


def indented(text: str) -> str:
    return "\n".join(INDENT + line for line in text.split("\n"))
