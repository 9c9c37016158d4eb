"""The overview's section on the tokenizer: its pieces, the text that it was trained on, and all else that its manifest says.

The manifest is another command's, and a tokenizer may come from elsewhere: what is not in it, or is not of the kind expected, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from mixtures.json_fields import MOST
from mixtures.mixture import NUMBER
from pipeline.overview_held import Held
from pipeline.report_markup import Cell, Figure, Markup, escaped, fold, number, paragraph, size, table
from pipeline.visible import visible

ENTRIES = 30
"""Entries of a table or a list that are shown; the manifest has all. ours: LLaMA's settings are 25."""
COLUMNS = 6
"""Columns that fit a page. ours."""

SAMPLE = {
    "share_wanted": "share wanted",
    "share_got": "share",
    "bytes": "text given",
    "documents": "documents",
    "repeats": "repeats",
    "read_documents": "documents read",
}
"""What the manifest says of each source that the tokenizer was trained on: its name there, and here."""


def shown(manifest: Mapping[str, Any], held: Held) -> Markup:
    """The section: words, the sample by source, and the whole manifest, folded."""
    digest = manifest.get("sha256")
    parts = [
        f"<p>{_vocabulary(manifest.get('vocabulary'))}{f' SHA-256: <code>{escaped(digest)}</code>.' if isinstance(digest, str) else ''}</p>"
    ]
    if isinstance(digest, str) and {tokens.tokenizer for tokens in held.tokenized.values()} - {digest}:
        parts.append(paragraph("The tokens that are here were made with another one.", "soft"))
    sources = manifest.get("sources")
    if isinstance(sources, Mapping) and all(isinstance(row, Mapping) for row in sources.values()):
        parts.append(_sample({name: sources[name] for name in sorted(sources, key=lambda name: _rank(name, held))}))
    rest = {name: value for name, value in manifest.items() if name not in ("sources", "sha256")}
    parts.append(fold("all of its manifest", *_rest(rest), kind="numbers"))
    return Markup("".join(parts))


def _rank(name: str, held: Held) -> tuple[int, str]:
    """A source's place in the output's order."""
    order = [source.name for source in held.sources]
    return (order.index(name) if name in order else len(order), name)


def _vocabulary(vocabulary: Any) -> str:
    """How many pieces it has, and how many were wanted."""
    if not isinstance(vocabulary, Mapping):
        return f"{number(vocabulary)} pieces." if isinstance(vocabulary, int) else "Its manifest does not say how many pieces it has."
    got, wanted = vocabulary.get("got"), vocabulary.get("wanted")
    if not isinstance(got, int) or not isinstance(wanted, int):
        return "Its manifest does not say how many pieces it has."
    return f"{number(got)} pieces, as were wanted." if got == wanted else f"{number(got)} pieces, of {number(wanted)} that were wanted."


def _sample(sources: Mapping[str, Mapping[str, Any]]) -> Markup:
    named = {name: words for name, words in SAMPLE.items() if any(name in row for row in sources.values())}
    rows = [(name, *(_of_sample(column, row.get(column)) for column in named)) for name, row in sources.items()]
    return table("What it was trained on; a source with less text than its share gives it repeatedly", ("source", *named.values()), rows)


def _of_sample(column: str, value: Any) -> Cell:
    if column == "bytes" and isinstance(value, int) and abs(value) <= MOST:
        return size(value)
    if column.startswith("share") and NUMBER.fullmatch(str(value)):
        try:
            return Figure(f"{float(Fraction(value)):.1%}")
        except (ValueError, ArithmeticError):
            return _cell(value)
    return _cell(value)


def _rest(manifest: Mapping[str, Any]) -> Iterator[Markup]:
    """Plain values in one table, then a table for each list of them."""
    plain = [(_words(name), _cell(value)) for name, value in manifest.items() if not isinstance(value, Mapping)]
    yield table("Its values", ("what", "value"), plain)
    for name, value in manifest.items():
        if isinstance(value, Mapping):
            first = dict(list(value.items())[:ENTRIES])
            more = "" if len(value) <= ENTRIES else f" (the first {ENTRIES} of {len(value):,}; its manifest.json has all)"
            yield table(_words(name) + more, *_columns(first))


def _columns(value: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Heads and rows of a mapping; one of mappings with few names has a column for each of them."""
    if value and all(isinstance(inner, Mapping) for inner in value.values()):
        names = list(dict.fromkeys(name for inner in value.values() for name in inner))
        if len(names) <= COLUMNS:
            rows = [(key, *(_cell(inner.get(name)) for name in names)) for key, inner in value.items()]
            return ("", *map(_words, names)), rows
    return ("", "value"), [(key, _cell(inner)) for key, inner in value.items()]


def _words(name: str) -> str:
    return visible(name).replace("_", " ")


def _cell(value: Any) -> Cell:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Figure(number(value) if isinstance(value, int) else repr(value))
    if isinstance(value, Mapping | list) and len(value) > ENTRIES:
        return f"{len(value):,}, see its manifest.json"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
