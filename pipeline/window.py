"""A window that slides over the expanded bytes of a file of WARC records, and the search in it for the start of a record.

Positions are counted in the expanded bytes of one segment: the stretch up to damage, or up to the file's end. Members follow one another
in it without a seam, but the window knows where they begin, where the last whole one ends, and the place in the file of every position.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from pipeline.members import Piece, Unreadable

HEADER_BYTES = 1 << 20  # ours: longest header of a record; the longest known are URLs of some 100 KiB
STEP = 1 << 16  # ours: bytes asked for at least where the window does not suffice

# WARC/1.x, and the 0.17 and 0.18 of the drafts
START = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n(?:(?!WARC/\d|\r?\n)[^\n]*\n)*?WARC-Type[ \t]*:", re.IGNORECASE)
# The blank line that ends a header, or the next record, which a header that is cut runs into
HEADER_END = re.compile(rb"\n(?:\r?\n|(?=WARC/\d))")
BLANK_LINE_BEFORE = re.compile(rb"\n\r?\n\Z")
BEHIND = 4  # a blank line before a start: CR LF CR LF


class Window:
    """`buffer` holds the bytes from position `base` to `end`; `closed`: none can be added, by the damage `fault` or as the file ends."""

    def __init__(self, pieces: Iterator[Piece | Unreadable]) -> None:
        self._pieces = pieces
        self.finished = False
        self.anything = False
        self.reopen()

    def reopen(self) -> None:
        """Begins a segment: the first, or the one behind damage."""
        self.buffer = bytearray()
        self.base = self.end = 0
        self.closed = self.finished
        self.fault: Unreadable | None = None
        self.refused = -1  # an end of a member that a wrong length reached: none other may, so that no byte is digested twice
        self.whole = 0  # where the last member that was read to its end ends
        self._first = 0  # index of the member in which the window begins
        self._starts: list[int] = []
        self._offsets: list[int | None] = []

    def fill(self, position: int) -> bool:
        """Whether the bytes before the position are there; takes pieces until they are or the segment ends."""
        while self.end < position and not self.closed:
            self._take()
        return self.end >= position

    def _take(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            self.closed = self.finished = True
        elif isinstance(piece, Unreadable):
            self.closed, self.fault = True, piece
        else:
            self.anything = True
            if not self._offsets or self._offsets[-1] != piece.member:
                self._starts.append(self.end)
                self._offsets.append(piece.member)
            self.buffer += piece.data
            self.end += len(piece.data)
            if piece.ends:
                self.whole = self.end

    def advance(self, position: int) -> None:
        """Forgets the bytes before the position."""
        if position > self.base:
            del self.buffer[: position - self.base]
            self.base = position
        while len(self._starts) > self._first + 1 and self._starts[self._first + 1] <= position:
            self._first += 1
        if self._first > len(self._starts) // 2:  # seldom, as deleting moves all that stays
            del self._starts[: self._first], self._offsets[: self._first]
            self._first = 0

    def bytes(self, begin: int, end: int) -> bytes:
        """A copy of the bytes between two positions."""
        with memoryview(self.buffer) as view:
            return bytes(view[begin - self.base : end - self.base])

    def is_boundary(self, position: int) -> bool:
        """Whether a member that was read to its end ends there."""
        if position == self.whole:
            return True
        at = bisect_left(self._starts, position, self._first)
        return at < len(self._starts) and self._starts[at] == position

    def boundaries(self, begin: int, end: int) -> list[int]:
        """Where members begin in (begin, end)."""
        return self._starts[bisect_right(self._starts, begin, self._first) : bisect_left(self._starts, end, self._first)]

    def place(self, position: int) -> tuple[int, int]:
        """Offset of the position's member in the file, offset in its expanded bytes; without compression the file's own offset, and 0."""
        at = max(self._first, bisect_right(self._starts, position, self._first) - 1)
        member, inner = self._offsets[at], position - self._starts[at]
        return (inner, 0) if member is None else (member, inner)

    def unread(self, fault: Unreadable, position: int) -> int:
        """Bytes of the damaged stretch that hold what lies behind the position: in a member, by the share of its expanded bytes."""
        expanded = self.end - self._starts[-1] if self._starts and self._offsets[-1] == fault.offset else 0
        given = expanded - (self.end - position)
        return fault.length - (min(fault.read, fault.length) * given // expanded if given > 0 else 0)

    def seek_start(self, begin: int) -> int:
        """Position of the first record that starts at or behind `begin`, or the segment's end; forgets what lies before it."""
        while True:
            start, undecided = self.find_start(begin, self.end, after_blank=False)
            if start is not None or self.closed:
                found = self.end if start is None else start
                self.advance(found)
                return found
            begin = max(begin, undecided)
            self.advance(begin - BEHIND)
            self.fill(self.end + max(STEP, self.end - begin))

    def find_start(self, begin: int, stop: int, after_blank: bool) -> tuple[int | None, int]:
        """The first record that starts in [begin, stop) as far as the window reaches; where there is none, from where on to look again.

        A start is a line `WARC/1.x` that is followed by header lines among which WARC-Type comes; `after_blank`: and that follows a blank
        line. The first byte of the window or of a member counts as the first of a line.
        """
        at = begin - self.base
        while True:
            at = self.buffer.find(b"WARC/", at, stop - self.base + 4)
            if at < 0:
                return None, max(begin, min(stop, self.end) - BEHIND)
            behind = self.buffer[max(0, at - BEHIND) : at]
            begins_line = at == 0 or behind.endswith(b"\n") or self.is_boundary(self.base + at)
            if begins_line and (not after_blank or BLANK_LINE_BEFORE.search(behind)):
                if START.match(self.buffer, at, at + HEADER_BYTES):
                    return self.base + at, 0
                cut = len(self.buffer) - at < HEADER_BYTES and not HEADER_END.search(self.buffer, at)
                if cut and not self.closed:
                    return None, self.base + at
            at += 1
