"""From wikitext to plain text: hyperlinks, comments and formatting boilerplate go (LLaMA section 2.1), the words, formulas and measures stay.

Passes over the page, each linear in its length, whatever it holds: `comments` go, `structure` finds where each construct ends, `render` gives what a
reader sees of it, with marks where something went, and `finish` closes up around the marks. Neither recursion nor a parser's tree.
What a broken page gives:

* `{{`, `[[`, `[http:` without an end: the opener is text, and so is what follows it;
* `<ref>`, `<!--`, `<b>` and other tags without an end: the opener goes, what follows stays;
* `{|` without an end: until the next heading, lines that begin as rows go (`|`, `!`), other lines stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transforms.wikitext import marks
from transforms.wikitext.comments import without_comments
from transforms.wikitext.finish import finished
from transforms.wikitext.page import Page
from transforms.wikitext.render import Renderer
from transforms.wikitext.rules import LLAMA, Rules
from transforms.wikitext.structure import Structure
from transforms.wikitext.wiki import LANGUAGES, Wiki, is_redirect, wiki_of

__all__ = ["LANGUAGES", "LLAMA", "Rules", "Stripped", "Wiki", "is_redirect", "strip", "wiki_of"]


@dataclass(frozen=True)
class Stripped:
    """A page's text and what was noticed.

    Attributes:
        text: plain text; lines end in "\\n", at most one blank line stands between two.
        holes: templates that stood in a line of text and gave none: name in lower case to count. Notes, icons and the like are no holes.
        unclosed: openers without an end, by kind (`{{`, `[[`, `{|`, `<ref>`, `<!--`, ...), to count.
    """

    text: str
    holes: Mapping[str, int]
    unclosed: Mapping[str, int]


def strip(wikitext: str, wiki: Wiki, rules: Rules = LLAMA) -> Stripped:
    """The text that a reader of the page sees, less references, tables, captions and boilerplate.

    Args:
        wikitext: a page's source as it stands in a dump, after XML's own decoding.
        wiki: whose page it is; `wiki_of("en")`.
    """
    if any(mark in wikitext for mark in marks.ALL):
        wikitext = wikitext.translate(marks.REMOVED)
    text = without_comments("\n" + (wikitext.replace("\r\n", "\n") if "\r" in wikitext else wikitext), rules.literal)
    page = Page(text, Structure(text, rules), wiki, rules)
    renderer = Renderer(page)
    return Stripped(finished(renderer.run(), rules), renderer.holes, page.structure.unclosed)
