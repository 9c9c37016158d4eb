"""Comments go before anything else is read, as in MediaWiki: behind one, a line may still begin."""

from __future__ import annotations

import re
from functools import lru_cache


def without_comments(text: str, literal: frozenset[str]) -> str:
    """The text without `<!-- ... -->`, but for those in literal tags, which say what they say; with a comment that stands alone, its line goes.

    A comment without an end stays, opener and all. Linear: an end that is not found once is not looked for again.
    """
    if "<!--" not in text:
        return text
    kept, done, position = [], 0, 0
    absent: set[str] = set()
    while found := _opener(literal).search(text, position):
        name = (found["name"] or "--").lower()
        closer = "-->" if name == "--" else f"</{name}"
        end = None if closer in absent else _closer(closer).search(text, found.end())
        if end is None:
            absent.add(closer)
            position = found.end()
            continue
        position = end.end()
        if name == "--":
            start = found.start()
            alone = _LINE_BEHIND.match(text, position) if text[start - 1 : start] == "\n" else None
            kept.append(text[done : start - 1 if alone else start])
            if not alone and text[start - 1 : start] in (" ", "\t", "\n"):
                alone = _BLANKS.match(text, position)  # one blank is left of two
            done = position = alone.end() if alone else position
    return "".join((*kept, text[done:]))


_BLANKS = re.compile(r"[ \t]*+")
_LINE_BEHIND = re.compile(r"[ \t]*+(?=\n)")


@lru_cache(maxsize=16)
def _opener(literal: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"<(?:!--|(?P<name>{'|'.join(sorted(literal))})(?=[\s>])[^<>]*+(?<!/)>)", re.IGNORECASE)


@lru_cache(maxsize=64)
def _closer(closer: str) -> re.Pattern[str]:
    return re.compile(re.escape(closer), re.IGNORECASE)
