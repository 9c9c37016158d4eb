"""The overview's sections on tokens: documents and tokens of each source, and how long its documents are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.overview_figures import Axis, Pair, compact, pairs, strips
from pipeline.overview_held import Held, Tokens
from pipeline.report_markup import Figure, Markup, escaped, number, paragraph, size, table


def counted(held: Held) -> Markup:
    """Documents and tokens, source by source: the table, and the figures of counts and of lengths."""
    found = held.tokenized
    head = ("source", "documents", "text", "tokens", "in text", "bytes a token", "tokens a document")
    rows = [(name, *_row(tokens)) for name, tokens in found.items()]
    words = "Tokens are with BOS and EOS where those are set; bytes a token are of the text alone: its UTF-8 bytes by the tokens in text."
    return Markup(
        table("Tokenized documents", head, rows, ("all", *_row(_sum(found)))) + paragraph(words, "soft") + _counts(found) + _lengths(found)
    )


def of_source(tokens: Tokens) -> Markup:
    """A source's tokens, in its own section."""
    marks = "with BOS and EOS" if tokens.all != tokens.in_text else "no BOS, no EOS"
    words = f"Tokenized documents: {number(tokens.documents)}; tokens: {number(tokens.all)}, in text {number(tokens.in_text)}, {marks}"
    words += f"; {tokens.text_bytes / tokens.in_text:.2f} bytes of text a token." if tokens.in_text else "."
    noted = "".join(f" Noted: {note}, {number(count)} times." for note, count in tokens.noted.items())
    return Markup(f"<p>{escaped(words + noted)} Tokenizer: <code>{escaped(tokens.tokenizer)}</code>.</p>")


def _row(tokens: Tokens) -> tuple[Any, ...]:
    return (
        tokens.documents,
        size(tokens.text_bytes),
        tokens.all,
        tokens.in_text,
        Figure(f"{tokens.text_bytes / tokens.in_text:.2f}" if tokens.in_text else "–"),
        Figure(number(round(tokens.all / tokens.documents)) if tokens.documents else "–"),
    )


def _sum(found: Mapping[str, Tokens]) -> Tokens:
    documents, every, in_text, text = (
        sum(getattr(tokens, name) for tokens in found.values()) for name in ("documents", "all", "in_text", "text_bytes")
    )
    return Tokens(documents, every, in_text, text, {}, (), "", 0, True, True, {})


def _counts(found: Mapping[str, Tokens]) -> Markup:
    rows = []
    for name, tokens in found.items():
        each = f", {compact(tokens.all / tokens.documents)} each" if tokens.documents else ""
        rows.append(Pair(name, tokens.all, tokens.documents, f"{compact(tokens.documents)} → {compact(tokens.all)}{each}"))
    words = "What each source gives: the wider a pair, the longer its documents. Each step of the axis is a multiple, not a sum."
    return pairs("Documents and tokens of each source", words, Axis("tokens", "documents", compact, "documents → tokens"), rows)


def _lengths(found: Mapping[str, Tokens]) -> Markup:
    rows = [(name, tokens.lengths) for name, tokens in found.items() if any(count for _, count in tokens.lengths)]
    if not rows:
        return Markup("")
    words = (
        "Share of each source's documents by their tokens, with BOS and EOS; each bar is of lengths from a power of two to the next. "
        "All rows have one scale; beside each, how many documents, and the lengths between which the middle one lies."
    )
    return strips("Lengths of documents in tokens", words, rows)
