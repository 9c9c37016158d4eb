"""HTML and extension tags: which end a line, which are dropped around their contents; what is no tag stays text, as in MediaWiki."""

from __future__ import annotations

import re

from transforms.scripts import SUBSCRIPTS, SUPERSCRIPTS
from transforms.wikitext.entities import decoded
from transforms.wikitext.marks import BREAK, HOLE
from transforms.wikitext.page import Page
from transforms.wikitext.rules import words

BREAKING = words("br p div li ul ol dl dt dd tr caption blockquote center hr h1 h2 h3 h4 h5 h6 poem th td tbody thead tfoot table")
"""Tags at which a line of text ends."""
INLINE = words(
    "abbr b bdi bdo big cite code col colgroup data del dfn em font i ins kbd link mark meta nobr noinclude onlyinclude q rb rp rt rtc ruby s samp small span "
    "strike strong sub sup time translate tt tvar u var wbr"
)
"""Tags that go from around their contents. code: MediaWiki's sanitizer, and the extensions of Wikipedia; `<stdio.h>` is none, and stays."""
_SCRIPT = re.compile(r"<(su[bp])\b[^<>]*+>\s*+([-0-9+−–=()]{1,20})\s*+</\1\s*+>", re.IGNORECASE)


def is_tag(name: str, page: Page) -> bool:
    """Whether a word in lower case between `<` and `>` is a tag of HTML or of a wiki; else it is text."""
    return name in INLINE or name in page.rules.vanishing or name in page.rules.formulas or name in page.rules.literal


def script(page: Page, start: int, bound: int) -> tuple[str, int] | None:
    """The sub- or superscript at `start` as such characters, and where it ends, where it is of digits and signs alone: 10<sup>6</sup> is not 106."""
    found = _SCRIPT.match(page.text, start, bound)
    return (found[2].translate(SUBSCRIPTS if found[1].lower() == "sub" else SUPERSCRIPTS), found.end()) if found else None


def contents(page: Page, name: str, inside: int, after: int) -> str:
    """What stands for a tag whose contents are not wikitext: formulas and literal text as they are, nothing for the others.

    Args:
        page: the page.
        name: of the tag, in lower case.
        inside, after: behind the opening tag, and behind the closing one.
    """
    if name in page.rules.vanishing:
        return HOLE
    text = page.text[inside : page.text.rfind("<", inside, after)] if after > inside else ""
    if name in page.rules.formulas:
        return decoded(text).strip()
    if name == "nowiki":
        return decoded(text)
    shown = (decoded(text) if name == "pre" else text).strip("\n")  # code: highlighted source decodes nothing
    return f"{BREAK}{shown}{BREAK}" if "\n" in shown else shown
