"""Where pages begin and end in the expanded bytes of a dump, and what stands between them.

`<` is escaped in text, so a page is framed by its tags: from `<page>` to `</page>`, or to the next `<page>` where its end is lost. What
looks like a tag in a comment, a CDATA section or a processing instruction is none (MediaWiki writes no such things, others may).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.mediawiki_input import HEADER_BYTES, PAGE
from pipeline.members import EXCERPT
from pipeline.window import STEP, Window

WHOLE = 4 << 20  # ours: a page up to this size is parsed at once. An article has 2 MiB at most ($wgMaxArticleSize) and a share more escaped
_TOKEN = 16  # bytes that tell a tag: the longest is `</page`, nine blanks, `>`
_OPAQUE = rb"!--|!\[CDATA\[|\?"
_WITHIN = re.compile(rb"<(?:/page\s{0,9}>|page[\s>]|" + _OPAQUE + rb")")
_BETWEEN = re.compile(rb"<(?:page[\s>]|!DOCTYPE|" + _OPAQUE + rb")")
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
DOCTYPE_END = re.compile(rb"[^\[>]*+(?:\[[^\]]*+\]\s*+)?>")
_DOCTYPE = b"<!DOCTYPE"

NO_END = "page has no end before the next"
OPAQUE = "comment or section without an end"


class Span(NamedTuple):
    """A stretch of a segment. `whole`: it ends where what it is part of ends; `cut`: where the search for that ends. `fault`: what is odd."""

    begin: int
    end: int
    whole: bool
    cut: bool = False
    fault: str | None = None


class Lost(NamedTuple):
    """The place and the first bytes of a stretch that was too long to be held."""

    offset: int
    inner: int
    excerpt: bytes


class Frames:
    """Goes through a window. `lost`: set where the stretch between two pages was too long."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.lost: Lost | None = None
        self._none: dict[bytes, int] = {}  # up to where there is no such end, so that it is sought once

    def reopen(self) -> None:
        self.window.reopen()
        self._none.clear()

    def between(self, begin: int, last: int | None) -> Span:
        """From a position to the next `<page`; `cut` where there is none. What goes on beyond HEADER_BYTES is `lost`.

        `last`: what lies in members that begin at this file offset or behind it is not searched.
        """
        window, scan, self.lost = self.window, begin, None
        while True:
            found = _BETWEEN.search(window.buffer, scan - window.base)
            if found is None:
                scan = max(scan, window.end - _TOKEN)
                if window.closed:
                    return Span(begin, window.end, False, cut=True)
                if last is not None and window.end and window.place(scan)[0] >= last:
                    return Span(begin, scan, False, cut=True)
                if window.end - begin > HEADER_BYTES:
                    self.lost = self.lost or Lost(*window.place(begin), window.bytes(begin, begin + EXCERPT))
                    window.advance(scan)
                window.fill(window.end + STEP)
                continue
            at, behind = window.base + found.start(), window.base + found.end()
            if PAGE.match(found[0]):
                return Span(begin, at, True)
            end = self._doctype_end(behind) if found[0] == _DOCTYPE else self._opaque_end(found[0], behind)
            scan = end or behind

    def page(self, begin: int) -> Iterator[Span]:
        """The page at a position: chunks where it is larger than WHOLE, then the rest of it. A chunk is gone when the next one is asked for."""
        window, given, scan, fault = self.window, begin, begin + 5, None
        while True:
            found = _WITHIN.search(window.buffer, scan - window.base)
            if found is None:
                scan = max(scan, window.end - _TOKEN)
                if window.closed:
                    yield Span(given, window.end, False, True, fault)
                    return
                if scan - given > WHOLE:
                    yield Span(given, scan, False)
                    given = scan
                    window.advance(given)
                window.fill(window.end + STEP)
                continue
            token, at, scan = found[0], window.base + found.start(), window.base + found.end()
            if token.startswith(b"</"):
                yield Span(given, scan, True, False, fault)
                return
            if PAGE.match(token):
                yield Span(given, at, True, False, fault or NO_END)
                return
            end = self._opaque_end(token, scan)
            if end is None:
                fault = OPAQUE
            scan = end or scan

    def _opaque_end(self, token: bytes, begin: int) -> int | None:
        """Behind the end of a comment, section or instruction; None where it has none within HEADER_BYTES."""
        window, end = self.window, _ENDS[token]
        limit = begin + HEADER_BYTES
        scan = max(begin, self._none.get(end, 0))
        while scan < limit:
            found = window.buffer.find(end, max(scan, window.base) - window.base, limit - window.base)
            if found >= 0:
                return window.base + found + len(end)
            scan = max(scan, min(limit, window.end) - len(end) + 1)
            self._none[end] = scan
            if window.closed or window.end >= limit:
                return None
            window.fill(window.end + STEP)
        return None

    def _doctype_end(self, begin: int) -> int | None:
        """Behind a document type and what it declares. One without an end is sought once, as it is the only one that a file may have."""
        if _DOCTYPE in self._none:
            return None
        window = self.window
        window.fill(begin + HEADER_BYTES)
        found = DOCTYPE_END.match(window.buffer, begin - window.base, begin - window.base + HEADER_BYTES)
        if found is None:
            self._none[_DOCTYPE] = begin
        return found and window.base + found.end()
