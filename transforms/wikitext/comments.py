"""Comments go before anything else is read, as in MediaWiki: behind one, a line may still begin."""

from __future__ import annotations

import re
from functools import lru_cache

_LINE_BEHIND = re.compile(r"[ \t]*+(?=\n)")
_BLANKS_BEHIND = re.compile(r"[ \t]*+")


def without_comments(text: str, literal: frozenset[str]) -> str:
    """The text without `<!-- ... -->`, but for those in literal tags, which say what they say; with a comment that stands alone, its line goes.

    A comment without an end stays, opener and all. Linear: an end that is not found once is not looked for again.
    """
    if "<!--" not in text:
        return text
    kept, done, position = [], 0, 0
    absent: set[str] = set()
    while found := _opener(literal).search(text, position):
        closer = f"</{found['name'].lower()}" if found["name"] else "-->"
        end = None if closer in absent else _closer(closer).search(text, found.end())
        if end is None:
            absent.add(closer)
            position = found.end()
            continue
        position = end.end()
        if closer == "-->":
            start, position = _with_blanks(text, found.start(), position)
            kept.append(text[done:start])
            done = position
    return "".join((*kept, text[done:]))


def _with_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """A comment's place, with the line that it takes up, or with the blanks behind it where one stands in front."""
    before = text[start - 1 : start]
    line = _LINE_BEHIND.match(text, end) if before == "\n" else None
    if line:
        return start - 1, line.end()
    blanks = _BLANKS_BEHIND.match(text, end) if before in (" ", "\t", "\n") else None
    return start, blanks.end() if blanks else end


@lru_cache(maxsize=16)
def _opener(literal: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"<(?:!--|(?P<name>{'|'.join(sorted(literal))})(?=[\s>])[^<>]*+(?<!/)>)", re.IGNORECASE)


@lru_cache(maxsize=64)
def _closer(closer: str) -> re.Pattern[str]:
    return re.compile(re.escape(closer), re.IGNORECASE)
