"""What the stripping keeps, drops and renders: one record, each field with the origin of its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _rule(default: Any, origin: str) -> Any:
    return field(default=default, metadata={"origin": origin})


def words(text: str) -> frozenset[str]:
    """The words of a table that is written as one string."""
    return frozenset(text.split())


VANISHING = words(
    "ref references gallery timeline score graph chart imagemap templatedata templatestyles inputbox categorytree hiero mapframe maplink section indicator "
    "includeonly phonos table style script"
)
LITERAL = words("nowiki pre syntaxhighlight source")
FORMULA = words("math chem ce")


@dataclass(frozen=True)
class Rules:
    """Options of the stripping.

    Attributes:
        keep_headings: headings as plain lines; a heading whose section has no text goes either way.
        keep_lists: list items as lines without their markers.
        vanishing: tags that go with their contents.
        formulas: tags whose contents, LaTeX, stay as they are.
        literal: tags whose contents are not wikitext and stay as they are.
        render: whether templates that carry text (convert, lang, nowrap, ...) give it; else every template vanishes.
    """

    keep_headings: bool = _rule(True, "code: Hugging Face's script keeps headings as their text")
    keep_lists: bool = _rule(True, "code: Hugging Face's script keeps list items, without markers")
    vanishing: frozenset[str] = _rule(
        VANISHING, "code: mwparserfromhell's invisible tags, ref and table as in Hugging Face's script; ours: the later extensions"
    )
    formulas: frozenset[str] = _rule(FORMULA, "ours: a sentence whose formula is lost says nothing; Hugging Face's script loses them")
    literal: frozenset[str] = _rule(LITERAL, "code: MediaWiki parses no wikitext inside these tags")
    render: bool = _rule(True, "ours: a sentence without its measures and foreign words is broken; Hugging Face's script loses them")


LLAMA = Rules()
"""paper: LLaMA section 2.1 removes hyperlinks, comments and other formatting boilerplate; the rest is said field by field."""
