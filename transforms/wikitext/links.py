"""What a link shows: nothing for files, categories and other languages, its label or its target for the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.wikitext.arguments import Piece, bars_between, trimmed
from transforms.wikitext.marks import HOLE
from transforms.wikitext.page import Page
from transforms.wikitext.rules import words
from transforms.wikitext.wiki import Wiki, folded

SCHEMES = (
    r"(?:(?:https?|ftps?|sftp|ircs?|git|svn|telnet|nntp|gopher|worldwind)://|//|mailto:|news:|tel:|sms:|urn:|geo:|magnet:|xmpp:|bitcoin:)"
)
"""code: MediaWiki's $wgUrlProtocols: what makes a bracket an external link."""
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}|simple|[a-z]{2,3}(?:-[a-z]{1,9}){1,2})")
_NOT_A_LANGUAGE = words("mw wmf voy doi rfc iso irc wp hdl osm bug rev oei utc")
"""ours: interwiki prefixes of two and three letters that name no language; links to them show text."""
_BRACKETED = re.compile(r"[^(（]*+(?=[(（][^()（）]*[)）]\Z)")


def internal(page: Page, inside: int, stop: int) -> Sequence[Piece]:
    """What stands for `[[...]]`, given the place between the brackets."""
    bars = bars_between(page.text, inside, stop, page.structure.ends, most=1)
    bar = bars[0] if bars else stop
    target = page.text[inside:bar]
    if not target.strip() or "\n" in target.strip():
        return ("[[", (inside, stop), "]]")  # code: MediaWiki takes it for text
    if vanishes(target, page.wiki):
        return (HOLE,)
    if target.lstrip()[:8].lower().startswith(("http://", "https://")):  # two brackets where one was meant
        blank = page.text.find(" ", inside, stop)
        return ((blank + 1, stop),) if blank >= 0 else (HOLE,)
    if not bars:
        start, end = trimmed(page.text, inside, bar)
        return ((start + (page.text[start] == ":"), end),)
    if not page.text[bar + 1 : stop].strip():
        return (pipe_trick(target, page.wiki),)
    return ((bar + 1, stop),)


def vanishes(target: str, wiki: Wiki) -> bool:
    """Whether a link to this target is none that a reader sees in the text: a file, a category, the page in another language.

    A leading colon makes it a link like any other, as in MediaWiki. A prefix counts as a language by its form, in lower case: `fr`, `zh-yue`, `be-x-old`.
    """
    prefix, colon, _ = target.partition(":")
    prefix = prefix.strip()
    if not colon or not prefix:
        return False
    name = folded(prefix)
    if name in wiki.media or name in wiki.category:
        return True
    return bool(_LANGUAGE.fullmatch(prefix)) and prefix not in _NOT_A_LANGUAGE and prefix != wiki.language and name not in wiki.namespaces


def pipe_trick(target: str, wiki: Wiki) -> str:
    """What `[[target|]]` shows: no namespace, no bracket at the end, else nothing behind a comma."""
    name = target.strip().removeprefix(":").strip()
    prefix, colon, rest = name.partition(":")
    if colon and (folded(prefix) in wiki.namespaces or _LANGUAGE.fullmatch(prefix)):
        name = rest.strip()
    bracketed = _BRACKETED.match(name)
    return bracketed[0].rstrip() if bracketed and bracketed[0] else name.partition(", ")[0]
