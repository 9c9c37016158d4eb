"""HTML of the report: escaped text, tables, folds and the page around them. Nothing is loaded from anywhere, and no script runs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from pipeline.visible import visible

Cell = str | int | float | None
"""A table's cell: text is hostile until `Markup` says otherwise; numbers are set to the right."""


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


STYLE = """
:root{color-scheme:light dark;--ink:#1d2328;--soft:#5c6770;--paper:#fbfaf7;--card:#fff;--rule:#d9d6ce;--kept:#2e7d5b;--dropped:#c0603f;--bar:#3b6ea5;--mark:#a3254b}
@media (prefers-color-scheme:dark){:root{--ink:#e4e6e8;--soft:#9aa4ad;--paper:#15181b;--card:#1d2125;--rule:#363c42;--kept:#62bb91;--dropped:#e08b6c;--bar:#7bb0e6;--mark:#ff86a8}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:68rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.7rem;margin:.2rem 0 .4rem}h2{font-size:1.25rem;margin:2.6rem 0 .6rem;padding-top:.7rem;border-top:1px solid var(--rule)}h3{font-size:1rem;margin:1.3rem 0 .4rem}
p{max-width:46rem;margin:.4rem 0}.soft,figcaption,caption{color:var(--soft);font-size:.88rem}a{color:inherit}
nav{font-size:.9rem;display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin-top:1rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.7rem;margin:1.2rem 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:.4rem;padding:.6rem .8rem}.tile b{display:block;font-size:1.45rem;font-variant-numeric:tabular-nums}
.alarm{border-left:.3rem solid var(--mark);background:var(--card);padding:.5rem .9rem;margin:.8rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0;font-size:.92rem}caption{text-align:left;padding-bottom:.3rem}
th,td{text-align:left;padding:.22rem .9rem .22rem 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}thead th{color:var(--soft);font-weight:600;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}tbody th{font-weight:400;min-width:9rem}tr.sum>*{font-weight:600;border-top:2px solid var(--soft)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:.4rem 2rem;align-items:start}.pair>*{min-width:0}
figure{margin:1rem 0}svg{display:block;max-width:100%;height:auto}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}svg .mark{fill:var(--mark)}
.bar{fill:var(--bar)}.kept{fill:var(--kept)}.dropped{fill:var(--dropped)}.axis{stroke:var(--soft)}.grid{stroke:var(--rule)}.threshold{stroke:var(--mark);stroke-width:2;stroke-dasharray:5 3}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--soft)}summary.step{color:inherit;font-weight:600}
.sample{background:var(--card);border:1px solid var(--rule);border-left:.3rem solid var(--rule);border-radius:.3rem;padding:.5rem .7rem;margin:.5rem 0;break-inside:avoid}
.sample.is-kept{border-left-color:var(--kept)}.sample.is-dropped{border-left-color:var(--dropped)}.sample .soft{overflow-wrap:anywhere}
.excerpt{white-space:pre-wrap;overflow-wrap:anywhere;overflow:hidden;font-size:.88rem;line-height:1.45;margin-top:.3rem;contain:paint}
code{font-size:.88em;overflow-wrap:anywhere}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb;color-scheme:light}body{font-size:10pt}nav{display:none}main{max-width:none;padding:0}
h2,h3,summary{break-after:avoid}figure,tr{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}.bar,.kept,.dropped{print-color-adjust:exact}}
"""


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


def size(count: float) -> str:
    """Bytes in decimal units."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], total: Sequence[Cell] | None = None) -> Markup:
    """A table whose first column heads the rows; a column is set to the right where its first cell is a number."""
    listed = list(rows)
    if not listed and total is None:
        return Markup(f'<p class="soft">{html.escape(caption)}: none.</p>')
    right = [isinstance(cell, int | float) for cell in (listed[0] if listed else total or ())]
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
    """Something that opens on a click; it is printed open."""
    return Markup(
        f'<details{" open" if opened else ""}><summary class="{kind}">{html.escape(summary)}</summary>{"".join(inside)}</details>'
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
