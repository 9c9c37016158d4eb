"""`OUT/report.html`: all sources that an output holds, beside the paper's Table 1, with the funnel of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import files
from pipeline.plan import SOURCES
from pipeline.report_figures import bars, flow
from pipeline.report_markup import Figure, Markup, escaped, page, paragraph, section, share, size, table


@dataclass(frozen=True)
class PaperRow:
    """A row of Table 1: per cent of the tokens drawn, epochs at 1.4 T tokens, bytes on disk."""

    proportion: float
    epochs: float
    disk: float


TABLE_1 = {
    "commoncrawl": PaperRow(67.0, 1.10, 3.3e12),
    "c4": PaperRow(15.0, 1.06, 783e9),
    "github": PaperRow(4.5, 0.64, 328e9),
    "wikipedia": PaperRow(4.5, 2.45, 83e9),
    "books": PaperRow(4.5, 2.23, 85e9),
    "arxiv": PaperRow(2.5, 1.06, 92e9),
    "stackexchange": PaperRow(2.0, 1.03, 78e9),
}
"""paper: Table 1, pre-training data."""

PAPER_DISK = sum(row.disk for row in TABLE_1.values())


@dataclass(frozen=True)
class Source:
    """What an output holds of a source: its books, and the bytes of its clean text; None where its run did not end."""

    name: str
    books: Mapping[str, Any]
    text: int | None


def write(output: str) -> str | None:
    """Writes the report of all sources in an output; gives its path, None where there is none."""
    held = [source for name in SOURCES if (source := _read(output, name)) is not None]
    if not held:
        return None
    path = files.join(output, "report.html")
    files.write_bytes(path, render(held).encode("utf-8", "replace"))
    return path


def _read(output: str, name: str) -> Source | None:
    books, manifest = (files.join(output, name, file) for file in ("books.json", "manifest.json"))
    if not files.exists(books) or not files.exists(manifest):
        return None
    return Source(name, json.loads(files.read_bytes(books)), json.loads(files.read_bytes(manifest)).get("clean_text_bytes"))


def render(held: list[Source]) -> str:
    """The whole page."""
    kept, read = (sum(source.books[name] for source in held) for name in ("kept", "in"))
    parts = [
        f"<h1>{escaped('The corpus')}</h1>",
        paragraph(f"{len(held)} sources, of which the paper has {len(TABLE_1)}; {kept:,} of {read:,} documents kept."),
        *_alarms(held),
        section("table-1", "Beside the paper's Table 1", _table_1(held)),
        *(section(source.name, source.name, _funnel(source)) for source in held),
    ]
    return page(f"The corpus: {kept:,} of {read:,} kept", "".join(parts))


def _alarms(held: list[Source]) -> list[Markup]:
    return [paragraph(f"The books of {source.name} do not close.", "alarm") for source in held if not source.books["closed"]]


def _table_1(held: list[Source]) -> Markup:
    whole = sum(source.text or 0 for source in held)
    rows: list[tuple[Any, ...]] = []
    for source in held:
        paper = TABLE_1.get(source.name)
        text = "–" if source.text is None else size(source.text)
        here = share(source.text or 0, whole)
        there = (
            (f"{paper.disk / PAPER_DISK:.1%}", size(paper.disk), f"{paper.proportion:.1f}%", f"{paper.epochs:.2f}") if paper else ("–",) * 4
        )
        rows.append((source.name, source.books["kept"], Figure(text), here, *map(Figure, there)))
    head = (
        "source",
        "documents",
        "clean text",
        "share",
        "paper: share",
        "paper: disk",
        "paper: proportion",
        "paper: epochs",
    )
    total = ("all", sum(source.books["kept"] for source in held), size(whole), "", "", "", "", "")
    words = (
        "Tokens, and with them proportions and epochs of our own, come with the tokenizer. "
        "The paper's disk sizes are not said to be of plain text; its proportions are of tokens drawn."
    )
    drawn = bars(
        "Share of the clean text",
        f"{size(whole)} in {len(held)} sources.",
        "source",
        [(source.name, source.text or 0) for source in held],
        max(whole, 1),
    )
    return Markup(table("Pre-training data, here and in the paper", head, rows, total) + paragraph(words, "soft") + drawn)


def _funnel(source: Source) -> Markup:
    books = source.books
    whole, broken = books["in"], sum(books["broken"].values())
    rows: list[tuple[Any, ...]] = [
        (
            "all that should have become a document",
            whole,
            whole - broken,
            broken,
            share(whole - broken, whole),
            flow(whole - broken, broken, whole),
        )
    ]
    for step in books["steps"]:
        rows.append(
            (
                step["label"],
                step["in"],
                step["kept"],
                step["dropped"],
                share(step["kept"], whole),
                flow(step["kept"], step["dropped"], whole),
            )
        )
    head = ("step, in the paper's words", "in", "kept", "dropped", "left of all", "kept, then dropped")
    link = Markup(
        f'<p><a href="{escaped(source.name)}/report.html">All of {escaped(source.name)}: measures, samples, what was run.</a></p>'
    )
    return Markup(table("What each step took, kept and dropped, in documents", head, rows) + link)
