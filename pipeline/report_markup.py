"""HTML of the report: escaped text, tables, folds and the page around them. Nothing is loaded from anywhere, and no script runs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from pipeline.report_style import STYLE
from pipeline.visible import visible

Cell = str | int | float | None
"""A table's cell: text is hostile until `Markup` says otherwise; numbers are set to the right."""


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


class Figure(str):
    """A number in words, such as 12.5%; set to the right like any number."""

    __slots__ = ()


def escaped(text: str, keep: str = "") -> Markup:
    """Hostile text as HTML text: nothing in it is markup, hidden, or reads like an address to load."""
    return Markup(re.sub(r"(?i)(https?|ftp):", r"\1&#58;", html.escape(visible(text, keep))))


def isolated(text: str) -> Markup:
    """Hostile text within a line: its direction ends where it ends."""
    return Markup(f"<bdi>{escaped(text)}</bdi>")


def excerpt(text: str) -> Markup:
    """The beginning of a page, with its lines."""
    return Markup(f'<div class="excerpt" dir="auto">{escaped(text, keep=chr(10) + chr(9))}</div>')


def number(value: float | None) -> str:
    """1,234; a fraction with three digits; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def size(count: float) -> Figure:
    """Bytes in decimal units."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return Figure(f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}")
        count /= 1000
    return Figure(f"{count:,.1f} TB")


def share(part: int, whole: int) -> Figure:
    """A part of a whole, in per cent."""
    return Figure(f"{part / whole:.1%}" if whole else "–")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], total: Sequence[Cell] | None = None) -> Markup:
    """A table whose first column heads the rows; a column is set to the right where its first cell is a number."""
    listed = list(rows)
    if not listed and total is None:
        return Markup(f'<p class="soft">{html.escape(caption)}: none.</p>')
    right = [isinstance(cell, int | float | Figure) for cell in (listed[0] if listed else total or ())]
    heads = "".join(f'<th scope="col"{_right(aside)}>{html.escape(word)}</th>' for word, aside in zip(head, right, strict=True))
    body = "".join(_row(row, right, "") for row in listed) + (_row(total, right, ' class="sum"') if total else "")
    return Markup(
        f'<div class="scroll"><table><caption>{html.escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _right(aside: bool) -> str:
    return ' class="n"' if aside else ""


def _row(row: Sequence[Cell], right: Sequence[bool], attributes: str) -> str:
    cells = []
    for place, (cell, aside) in enumerate(zip(row, right, strict=True)):
        shown = cell if isinstance(cell, Markup) else isolated(cell) if isinstance(cell, str) else number(cell)
        cells.append(f'<th scope="row"{_right(aside)}>{shown}</th>' if place == 0 else f"<td{_right(aside)}>{shown}</td>")
    return f"<tr{attributes}>{''.join(cells)}</tr>"


def fold(summary: str, *inside: str, opened: bool = False, kind: str = "") -> Markup:
    """Something that opens on a click; it is printed open, but for `numbers`, which a figure beside them shows."""
    return Markup(
        f'<details class="{kind}"{" open" if opened else ""}><summary>{html.escape(summary)}</summary>{"".join(inside)}</details>'
    )


def paragraph(words: str, kind: str = "") -> Markup:
    return Markup(f'<p class="{kind}">{html.escape(words)}</p>')


def section(name: str, title: str, *inside: str) -> Markup:
    return Markup(f'<section id="{name}"><h2>{html.escape(title)}</h2>{"".join(inside)}</section>\n')


def page(title: str, body: str) -> str:
    """A whole page, whose policy forbids the browser to load or run anything."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escaped(title)}</title><style>{STYLE}</style></head>\n<body><main>{body}</main></body></html>\n"
    )
