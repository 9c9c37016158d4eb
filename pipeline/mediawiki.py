"""The pages of a MediaWiki XML dump, each in its last revision, and what in it cannot be read, each named with its place.

Versions 0.3 to 0.11 of the export format, plain or in bzip2 (one stream, or many), gzip, zstd, xz, 7z. Rules: spec, "Wikipedia", Dump.
`in` = pages, in their last revision, plus broken ones. Held are a page of some megabytes, whatever its history, and a few of the file.

Ranges of a file (`splits`): a range has what begins in [the first `<page` in a stream that begins at `start` or behind it, the same of
`end`): its pages, what stands between them, and the damage among them. So each page is in one range, wherever a range is cut.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from pipeline.mediawiki_between import Between, unlike_a_dump
from pipeline.mediawiki_frames import Frames
from pipeline.mediawiki_index import BrokenIndex, Check, Index, index
from pipeline.mediawiki_input import Input, inspect, splits
from pipeline.mediawiki_page import OVER, Cleaner, Fields, Malformed, PageParser, parse
from pipeline.mediawiki_site import Site
from pipeline.mediawiki_usual import usual
from pipeline.members import EXCERPT, Unreadable
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.window import Window

__all__ = ["OVER", "Bounds", "BrokenIndex", "Index", "Page", "Site", "index", "read", "splits"]

_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
_BEYOND = 1 << 62  # behind any stream: of a file that is cut, the index lists some beyond its end
_ID = re.compile(rb"<page>\s*<title>[^<]*</title>\s*(?:<ns>[^<]*</ns>\s*)?<id>(\d{1,18})</id>")


@dataclass(frozen=True)
class Bounds:
    """`max_page_bytes`: bytes of UTF-8 that a page's text may have; beyond, it is not held, and the page has none."""

    max_page_bytes: int = 16 << 20  # ours: eight times the longest article that MediaWiki takes ($wgMaxArticleSize, 2 MiB)


@dataclass(frozen=True, slots=True)
class Page:
    """A page in its last revision.

    `text` is its markup; None: it has none, for the reason `lacking` (a stable label, OVER where it is beyond the bound). `redirect`: the
    title it leads to, "" where an old export says only that it does; None: it is no redirect. `ns`: before version 0.5, from the title.
    `older`: revisions that were read and left. `timestamp`: as written, "" where there is none; `model`, `format`: None in old exports.
    `offset`: where its stream begins in the file (without compression: the page); `inner`: where it begins in the stream's expanded bytes
    (recoded to UTF-8, where the dump is not). `notes`: stable labels of what was odd and did not hinder reading.
    """

    title: str
    ns: int
    id: int
    revision: int
    timestamp: str
    model: str | None
    format: str | None
    redirect: str | None
    text: str | None
    lacking: str | None
    older: int
    offset: int
    inner: int
    notes: tuple[str, ...]
    site: Site


def read(part: Part, bounds: Bounds, index: Index | None = None) -> Iterator[Page | Broken]:
    """The pages and broken ones of a part in the order of the file; each fault gives one Broken. In bounded memory and linear time.

    `index`: of the dump; each page that it lists for the part and that neither was given nor is broken is one Broken more. A page that is
    broken before its id could be read counts as one of those. Errors of the stream itself (OSError) are raised.
    """
    stored = inspect(part)
    items = _Reader(stored, bounds).items()
    if index is None:
        yield from items
        return
    check = Check(index, part.start, stored.end if stored.end < part.size else _BEYOND)
    for item in items:
        yield from check.missing(item.offset)
        check.saw(item.offset, item.id if isinstance(item, Page) else _id(item.excerpt))
        yield item
    yield from check.missing(_BEYOND)


def _id(excerpt: bytes) -> int | None:
    found = _ID.match(excerpt)
    return int(found[1]) if found else None


class _Reader:
    """Reads a part, segment by segment: a segment ends with damage, or with the file."""

    def __init__(self, stored: Input, bounds: Bounds) -> None:
        self._stored = stored
        self._bounds = bounds
        self._end = stored.end
        self._origin = stored.part.start if stored.format is None else 0
        self._between = Between(stored.head, stored.part.name)

    def items(self) -> Iterator[Page | Broken]:
        part, stored = self._stored.part, self._stored
        unlike = unlike_a_dump(stored.head) if stored.unknown is None else "declares an encoding that is not known"
        if part.start and (unlike or not stored.split):
            return
        if not part.size or unlike:
            yield Broken(0, 0, part.size, unlike if part.size and unlike else "empty file", stored.head[:EXCERPT])
            return
        self._frames = Frames(Window(stored.pieces(part.start)))
        self._window = self._frames.window
        leading, anything = part.start > 0, False
        while not self._window.finished:
            self._frames.reopen()
            goes_on = yield from self._segment(leading)
            anything = anything or self._window.end > 0 or self._window.fault is not None
            if not goes_on:
                break
            leading = True
        if not anything and not part.start:
            yield Broken(0, 0, part.size, "empty file", b"")

    def _segment(self, leading: bool) -> Generator[Page | Broken, None, bool]:
        """Returns whether the part goes on behind it. `leading`: what stands before the first page is not the part's, or lost to damage."""
        frames, window, position = self._frames, self._window, 0
        while True:
            gap = frames.between(position, self._end - self._origin if leading else None)
            if gap.cut and not window.closed:
                return False
            if not leading:
                yield from self._between.items(frames, gap, self._origin)
            if gap.cut:
                return (yield from self._segment_end(leading, window.end, None))
            position = gap.end
            window.advance(position)
            offset, inner = window.place(position)
            if offset + self._origin >= self._end:
                return False
            leading = False
            item, end, cut = self._page(position, offset + self._origin, inner)
            if cut:
                return (yield from self._segment_end(False, position, item))
            yield item
            position = end
            window.advance(position)

    def _segment_end(self, leading: bool, position: int, cut: Page | Broken | None) -> Generator[Page | Broken, None, bool]:
        """`cut`: the page at the position, which the segment's end breaks off. Damage and the page that it cuts are one fault."""
        window, fault = self._window, self._window.fault
        if fault is None:
            if cut is not None:
                yield cut
            elif not leading:
                offset, inner = window.place(window.end) if window.end else (0, 0)
                yield from self._between.unfinished(offset + self._origin, inner)
            return False
        if self._owner(fault) >= self._end:
            if cut is not None:
                yield Broken(cut.offset, cut.inner, window.end - position, fault.reason, self._excerpt)
            return False
        if cut is not None:
            yield Broken(cut.offset, cut.inner, window.unread(fault, position), fault.reason, self._excerpt)
        else:
            yield Broken(fault.offset, 0, window.unread(fault, window.end), fault.reason, fault.excerpt)
        return True

    def _owner(self, fault: Unreadable) -> int:
        """The file offset that decides whose damage it is: where its stream begins, or the stream before it, if it is no stream at all."""
        window, format = self._window, self._stored.format
        if (format is not None and format.magic.match(fault.excerpt)) or not window.boundaries(-1, window.end + 1):
            return fault.offset
        return window.place(window.end)[0]

    def _page(self, begin: int, offset: int, inner: int) -> tuple[Page | Broken, int, bool]:
        """The page at a position, where it ends, and whether the segment ends within it."""
        window, most = self._window, self._bounds.max_page_bytes
        parser: PageParser | None = None
        cleaner: Cleaner | None = None
        fault: str | None = None
        fields: Fields | None = None
        self._excerpt = b""
        for span in self._frames.page(begin):
            self._excerpt = self._excerpt or window.bytes(begin, min(begin + EXCERPT, span.end))
            fault = fault or span.fault or ("page is cut" if span.cut else None)
            if fault:
                continue
            data = window.bytes(span.begin, span.end)
            try:
                if span.whole and span.begin == begin:
                    fields = usual(data, most) or parse(data, most)
                else:
                    parser, cleaner = parser or PageParser(most), cleaner or Cleaner()
                    parser.feed(cleaner.clean(data))
                    fields = parser.close(cleaner.notes) if span.whole else None
            except Malformed as malformed:
                fault = str(malformed)
        item: Page | Broken
        try:
            item = self._made(fields, fault, offset, inner)
        except Malformed as malformed:
            item = Broken(offset, inner, span.end - begin, str(malformed), self._excerpt, True)
        return item, span.end, span.cut

    def _made(self, fields: Fields | None, fault: str | None, offset: int, inner: int) -> Page:
        if fields is None or fault:
            raise Malformed(fault or "page is cut")
        page, revision, site = fields.page, fields.revision, self._between.site
        told = revision.fields if revision else {}
        title, number = page.get("title"), page.get("id", "").strip()
        if title is None:
            raise Malformed("page has no title")
        if not _NUMBER.fullmatch(number):
            raise Malformed("page has no id")
        ns = page.get("ns", "").strip()
        return Page(
            title,
            int(ns) if _NUMBER.fullmatch(ns) else site.namespace(title),
            int(number),
            int(told["id"]) if _NUMBER.fullmatch(told.get("id", "")) else 0,
            told.get("timestamp", ""),
            told.get("model"),
            told.get("format"),
            fields.redirect,
            revision.text if revision else None,
            revision.lacking if revision else "no revision",
            fields.older,
            offset,
            inner,
            fields.notes,
            site,
        )
