"""`OUT/report.html`: all that an output holds, beside the paper's Table 1: words, the mixture, tokens, tokenizer, and the funnel of each source."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mixtures.json_fields import WrongField
from mixtures.llama import LLAMA, TABLE_1
from pipeline import files, overview_held, overview_mixture, overview_tokenizer, overview_tokens, overview_words
from pipeline.overview_held import Held, Source
from pipeline.report_figures import bars, flow
from pipeline.report_markup import Figure, Markup, escaped, page, paragraph, section, share, size, table
from pipeline.visible import visible

PAPER_DISK = sum(row.disk for row in TABLE_1.values())


def write(output: str) -> str | None:
    """Writes the report of all that an output holds; gives its path, None where there is nothing.

    Raises OSError, and RuntimeError where a file that it would tell of is damaged.
    """
    path = files.join(output, "report.html")
    try:
        held = overview_held.read(output)
    except WrongField as error:
        raise RuntimeError(
            f"{path} was not written, as one of the files that it tells of is damaged: {error}: delete that file, and run its command again "
            "with --overwrite"
        ) from None
    if not held.sources:
        return None
    files.write_bytes(path, render(held).encode("utf-8", "replace"))
    return path


def render(held: Held) -> str:
    """The whole page."""
    parts = {"table-1": ("Beside the paper's Table 1", overview_mixture.mixed(held) if held.tokenized else _texts(held))}
    if held.tokenized:
        parts["tokens"] = ("Documents and tokens", overview_tokens.counted(held))
    if held.tokenizer is not None:
        parts["tokenizer"] = ("The tokenizer", overview_tokenizer.shown(held.tokenizer, held))
    parts |= {_anchor(place, source): (visible(source.name), _source(source)) for place, source in enumerate(held.sources)}
    links = "".join(f'<a href="#{name}">{escaped(title)}</a>' for name, (title, _) in parts.items())
    body = [
        overview_words.head(held, LLAMA),
        f"<nav>{links}</nav>",
        *(section(name, title, inside) for name, (title, inside) in parts.items()),
    ]
    kept = sum(source.documents for source in held.sources)
    return page(f"The corpus: {kept:,} documents in {len(held.sources)} sources", "".join(body))


def _anchor(place: int, source: Source) -> str:
    """Where a source's section is linked to; a name that is not the paper's may hold anything."""
    return source.name if source.name in TABLE_1 else f"source-{place + 1}"


def _texts(held: Held) -> Markup:
    """Table 1 as far as it goes without tokens: bytes of text."""
    whole = sum(source.text_bytes for source in held.sources)
    rows: list[tuple[Any, ...]] = []
    for source in held.sources:
        paper = TABLE_1.get(source.name)
        text = "–" if source.text is None else size(source.text)
        here = share(source.text_bytes, whole)
        there = (
            (f"{paper.disk / PAPER_DISK:.1%}", size(paper.disk), f"{paper.proportion:.1f}%", f"{paper.epochs:.2f}") if paper else ("–",) * 4
        )
        rows.append((source.name, source.documents, Figure(text), here, *map(Figure, there)))
    head = ("source", "documents", "clean text", "share", "paper: share", "paper: disk", "paper: proportion", "paper: epochs")
    total = ("all", sum(source.documents for source in held.sources), size(whole), "", "", "", "", "")
    words = (
        "Tokens, and with them proportions and epochs of our own, come with the tokenizer. "
        "The paper's disk sizes are not said to be of plain text; its proportions are of tokens drawn."
    )
    drawn = bars(
        "Share of the clean text",
        f"{size(whole)} in {len(held.sources)} source{'' if len(held.sources) == 1 else 's'}.",
        "source",
        [(source.name, source.text_bytes) for source in held.sources],
        max(whole, 1),
    )
    return Markup(table("Pre-training data, here and in the paper", head, rows, total) + paragraph(words, "soft") + drawn)


def _source(source: Source) -> Markup:
    """A source's own section: its funnel, its tokens, and the way to its own report."""
    parts: list[str] = [
        _funnel(source.books) if source.books is not None else paragraph("Only its tokens are here, not its clean text.", "soft")
    ]
    if source.tokens is not None:
        parts.append(overview_tokens.of_source(source.tokens))
    if source.books is not None:
        parts.append(
            f'<p><a href="{quote(source.name, safe="")}/report.html">All of <bdi>{escaped(source.name)}</bdi>: measures, samples, what was run.</a></p>'
        )
    return Markup("".join(parts))


def _funnel(books: Any) -> Markup:
    whole, broken = books["in"], sum(books["broken"].values())
    first = {"label": "all that should have become a document", "in": whole, "kept": whole - broken, "dropped": broken}
    rows = [
        (
            step["label"],
            step["in"],
            step["kept"],
            step["dropped"],
            share(step["kept"], whole),
            flow(step["kept"], step["dropped"], whole),
        )
        for step in (first, *books["steps"])
    ]
    head = ("step, in the paper's words", "in", "kept", "dropped", "left of all", "kept, then dropped")
    return table("What each step took, kept and dropped, in documents", head, rows)
