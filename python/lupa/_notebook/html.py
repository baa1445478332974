"""Tables of Lua as HTML."""

from __future__ import annotations

from html import escape
from typing import Any

from lupa._interactive.inspection import Again, Limits, Node, Table, inspect_value
from lupa._interactive.text import as_key, on_one_line

LIMITS = Limits(depth=4, characters=500)


def as_html(value: Any) -> str:
    """A table with a row for each field."""
    return f'<div class="lua-value">{of_node(inspect_value(value, LIMITS))}</div>'


def of_node(node: Node) -> str:
    if not isinstance(node, Table):
        text = escape(on_one_line(node))
        return f"<em>{text}</em>" if isinstance(node, Again) else f"<code>{text}</code>"
    rows = [row(f"[{index}]", item) for index, item in enumerate(node.items, 1)]
    rows += [row(as_key(key), value) for key, value in node.fields]
    if node.omitted:
        rows.append(f'<tr><td colspan="2"><em>... {node.omitted} more</em></td></tr>')
    mark = "" if node.label is None else f"<em>&lt;{node.label}&gt;</em>"
    return f"{mark}<table>{''.join(rows)}</table>" if rows else f"{mark}<code>{{}}</code>"


def row(key: str, value: Node) -> str:
    return f'<tr><th style="text-align: left">{escape(key)}</th><td style="text-align: left">{of_node(value)}</td></tr>'
