"""What a template gives in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.wikitext import names
from transforms.wikitext.arguments import Arguments, Piece, bars_between, trimmed
from transforms.wikitext.page import Page
from transforms.wikitext.rules import words

_NAME = re.compile(r"\s*+([^|{}<>\[\]\n]*+)\s*+")
_PASSING = words("formatnum lc uc ucfirst lcfirst")
"""code: MediaWiki's functions whose text is their argument, but for its form."""


def expanded(page: Page, name: str, start: int, stop: int) -> Sequence[Piece] | None:
    """What stands for `{{...}}`, given its name (see `name_of`) and the place between the braces; None where it gives no text."""
    if name.partition(":")[0] in _PASSING and ":" in name:
        begin, end = trimmed(page.text, page.text.index(":", start) + 1, stop)
        bars = bars_between(page.text, begin, end, page.structure.ends, most=1)
        return ((begin, bars[0] if bars else end),)
    render = names.renderer(name, page.wiki.language)
    return (render(Arguments(page.text, start, stop, page.structure.ends)) or None) if render else None


def name_of(page: Page, start: int, stop: int) -> str:
    """A template's name, in lower case with single spaces, given the place between the braces."""
    found = _NAME.match(page.text, start, stop)
    if found and (found.end() == stop or page.text[found.end()] == "|"):
        return " ".join(found[1].replace("_", " ").split()).lower()
    return Arguments(page.text, start, stop, page.structure.ends).name
