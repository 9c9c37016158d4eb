"""The questions and answers of a Stack Exchange dump, and what in it cannot be read, each named with its place.

`Posts.xml`, plain or in gzip, bzip2, zstd, xz, and a site's `.7z`. Rules: spec, "StackExchange", Dump layout. Held are a few megabytes of the file
and one row. Every row that cannot be read is one Broken, be it a question or an answer: what it was to be is not known.

Ranges of a plain file (`splits`): a range has what begins in [the first `<row` at `start` or behind it, the same of `end`): its rows, and the
damage among them. So each row is in one range, wherever a range is cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.members import EXCERPT
from pipeline.part import Part
from pipeline.posts_fields import Malformed, columns, post
from pipeline.posts_input import PART_BYTES, Opened, opened, splits
from pipeline.posts_records import Answer, Question, Totals
from pipeline.posts_rows import ROW, Row, Rows, Usual
from pipeline.posts_site import is_meta, site_of
from pipeline.records import Broken, Skipped
from pipeline.window import Window

__all__ = ["PART_BYTES", "Answer", "Bounds", "Question", "Totals", "is_meta", "read", "site_of", "splits"]

UNFINISHED = "dump ends without </posts>"
ROOTLESS = "dump begins without <posts>"
_BEYOND = 1 << 62  # behind any stream
_DATE = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z?", re.ASCII)


@dataclass(frozen=True)
class Bounds:
    """`row_bytes`: bytes of a row; a longer one is not held, and broken."""

    row_bytes: int = 4 << 20  # ours: a post has at most 30,000 characters of Markdown; rendered and escaped twice that is a few 100 KB


def read(part: Part, bounds: Bounds) -> Iterator[Question | Answer | Broken | Skipped | Totals]:
    """The posts of a part in the order of the file; each fault gives one Broken. In bounded memory and linear time.

    Skipped are posts of other types, and files that are other tables, by the table's name; of an archive, one for each. `Totals` comes last, where the
    part is one of a dump of posts. Errors of the stream itself (OSError) are raised.
    """
    dump, found = opened(part)
    if part.start == 0:
        yield from found
    if dump is None or (part.start and not dump.ranged):
        return
    reader = _Reader(part, bounds, dump)
    yield from reader.items()
    yield Totals(reader.site, reader.posts, reader.newest)


class _Reader:
    """Reads a dump, segment by segment: a segment ends with damage, or with the file."""

    def __init__(self, part: Part, bounds: Bounds, dump: Opened) -> None:
        self.site = site_of(part.name, part.path)
        self.posts = 0
        self.newest = ""
        self._root = dump.root
        self._part = part
        self._window = Window(dump.pieces)
        self._origin = part.start if dump.ranged else 0
        last = part.end if dump.ranged and part.end < part.size else _BEYOND
        self._rows = Rows(self._window, dump.root, part.start > 0, bounds.row_bytes, self._origin, last - self._origin)

    def items(self) -> Iterator[Question | Answer | Broken | Skipped]:
        window, rows, leading = self._window, self._rows, self._part.start > 0
        rootless = not leading and not self._root
        while not window.finished:
            window.reopen()
            for item in rows.segment(leading):
                if rootless and not isinstance(item, Broken):
                    yield Broken(*window.place(window.base), 0, ROOTLESS, window.bytes(window.base, window.base + EXCERPT))
                rootless = False
                if isinstance(item, Broken):
                    yield item
                elif isinstance(item, Row):
                    yield self._row(*item)
                else:
                    yield from self._usual(item)
            if rows.done:
                return
            yield from self._segment_end()
            leading, rootless = True, False

    def _usual(self, rows: Usual) -> Iterator[Question | Answer | Broken | Skipped]:
        position, values = rows.position, _values(rows.decoded)
        for (begin, end), numbers, texts in zip(rows.places, rows.numbers, rows.texts, strict=True):
            if values:
                yield self._post(position + begin, position + end, numbers, [values[number] for number in texts], ())
            else:
                yield self._row(position + begin, position + end, rows.chunk[begin + len(ROW) : end])

    def _row(self, begin: int, end: int, attributes: bytes) -> Question | Answer | Broken | Skipped:
        try:
            return self._post(begin, end, *columns(attributes))
        except Malformed as malformed:
            return self._broken(begin, end, malformed)

    def _post(
        self, begin: int, end: int, numbers: list[int], texts: list[str | None], notes: tuple[str, ...]
    ) -> Question | Answer | Broken | Skipped:
        offset, inner = self._window.place(begin)
        try:
            found = post(numbers, texts, notes, self.site, offset + self._origin, inner)
        except Malformed as malformed:
            return self._broken(begin, end, malformed)
        if not isinstance(found, Skipped):
            self.posts += 1
            newest = max(found.created, found.active)
            if newest > self.newest and _DATE.fullmatch(newest):
                self.newest = newest
        return found

    def _broken(self, begin: int, end: int, malformed: Malformed) -> Broken:
        offset, inner = self._window.place(begin)
        return Broken(offset + self._origin, inner, end - begin, str(malformed), self._window.bytes(begin, min(end, begin + EXCERPT)), True)

    def _segment_end(self) -> Iterator[Broken]:
        """Damage and the row that it cuts are one fault."""
        window, fault, cut = self._window, self._window.fault, self._rows.cut
        if fault is not None and cut is not None:
            yield Broken(cut.offset, cut.inner, window.unread(fault, window.end - cut.size), fault.reason, cut.excerpt)
        elif fault is not None:
            yield Broken(fault.offset, 0, window.unread(fault, window.end), fault.reason, fault.excerpt)
        elif cut is not None:
            yield cut
        elif self._rows.open and not self._rows.leading:
            offset, inner = window.place(window.end)
            yield Broken(offset + self._origin, inner, 0, UNFINISHED, b"")


def _values(decoded: bytes) -> list[str | None]:
    """The values that `post_rows.rows` wrote, and None as the last, so that -1 is it; none where one of them is no UTF-8."""
    try:
        values: list[str | None] = list(decoded.decode().split("\0"))
    except UnicodeDecodeError:
        return []
    values[-1] = None
    return values
