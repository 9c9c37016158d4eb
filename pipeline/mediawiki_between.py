"""What stands before, between and behind the pages of a dump: its root, its siteinfo, and what has no business there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.mediawiki_frames import DOCTYPE_END, Frames, Span
from pipeline.mediawiki_site import site
from pipeline.members import EXCERPT
from pipeline.records import Broken

OUTSIDE = "bytes that belong to no page"
ENTITIES = "declares entities"
SITEINFO = "siteinfo cannot be read"
UNFINISHED = "dump ends without </mediawiki>"

_DOCTYPE = rb"<!DOCTYPE" + DOCTYPE_END.pattern
_SKIPPED = re.compile(rb"(?:\s++|\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>|" + _DOCTYPE + rb")*+", re.DOTALL)
_KNOWN = re.compile(
    rb"(?P<root><mediawiki\b[^>]*+>)|(?P<end></mediawiki\s*+>)|(?P<entities>"
    + _DOCTYPE
    + rb")|<siteinfo\b[^>]*+(?:(?<=/)>|>.*?</siteinfo\s*+>)"
    rb"|\s++|\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>",
    re.DOTALL,
)
_JSON = re.compile(rb"\{\s*\"|\[\s*[\[{\"]")
_BEGINS = re.compile(rb"<(?:mediawiki|siteinfo|page)[\s>]")


def unlike_a_dump(head: bytes) -> str | None:
    """Why the first expanded bytes of a file are not those of a dump; None where they may be, or where there are none."""
    begin = head[_match_end(head) :]
    if not begin or _BEGINS.match(begin) or (len(begin) < 12 and b"<mediawiki ".startswith(begin)):
        return None
    if _JSON.match(begin):
        return "JSON, not a MediaWiki dump"
    if begin[:5].lower() == b"<html" or b"<!doctype html" in head[:1024].lower():
        return "HTML, not a MediaWiki dump"
    return "not a MediaWiki dump"


def _match_end(head: bytes) -> int:
    skipped = _SKIPPED.match(head)
    return skipped.end() if skipped else 0


class Between:
    """Keeps the site that the dump told last: dumps may follow one another in a file."""

    def __init__(self, head: bytes, name: str) -> None:
        self._name = name
        self.site, _ = site(head, name)
        self._open = b"<mediawiki" in head

    def items(self, frames: Frames, gap: Span, origin: int) -> Iterator[Broken]:
        """What is wrong with a stretch outside of pages. What damage cuts is not: the damage has its own name."""
        if frames.lost is not None:
            yield Broken(frames.lost.offset + origin, frames.lost.inner, gap.end - gap.begin, OUTSIDE, frames.lost.excerpt, True)
            return
        data = frames.window.bytes(gap.begin, gap.end)
        if not data.strip():
            return
        offset, inner = frames.window.place(gap.begin)
        rest = 0
        while found := _KNOWN.match(data, rest):
            if found["root"]:
                self._open = True
                self.site, read = site(data, self._name)
                if not read:
                    yield Broken(offset + origin, inner, 0, SITEINFO, data[rest : rest + EXCERPT])
            elif found["end"]:
                self._open = False
            elif found["entities"] and b"<!ENTITY" in found["entities"]:
                yield Broken(offset + origin, inner, len(found["entities"]), ENTITIES, found["entities"][:EXCERPT], True)
            rest = found.end()
        if rest < len(data) and not frames.window.fault:
            self._open = self._open and not gap.cut
            yield Broken(offset + origin, inner, len(data) - rest, OUTSIDE, data[rest : rest + EXCERPT], True)

    def unfinished(self, offset: int, inner: int) -> Iterator[Broken]:
        """At the end of the file: whether the dump has said that it ends."""
        if self._open:
            yield Broken(offset, inner, 0, UNFINISHED, b"")
