"""Where rows begin and end in the expanded bytes of Posts.xml, and what in it is no row.

`<` is escaped in an attribute's value, so a row is framed by what is written; behind damage the next `<row` is one. A row that looks like one
within a comment is none; dumps have no comments, and a range of a file that begins within one would not know.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np

from pipeline.mediawiki_frames import DOCTYPE_END
from pipeline.members import EXCERPT
from pipeline.records import Broken
from pipeline.window import Window
from transforms.kernels import post_rows

WORK = 2 << 20  # ours: bytes gone through at once: some 2,000 rows
OPAQUE_BYTES = 1 << 20  # ours: longest comment, instruction, document type or begin of the root
_TOKEN = 32  # bytes that tell a tag: the longest is `</` root `>`

MALFORMED = "row is not well-formed"
CUT = "dump ends within a row"
LONG = "row is longer than its bound"
OUTSIDE = "bytes that belong to no row"
ENTITIES = "declares entities"

_GENERAL = re.compile(rb"<row((?:\s++[A-Za-z_:][\w:.-]*+\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+)\s*+(?:/>|>\s{0,9}</row\s{0,9}>)").match
ROW = b"<row"
_START = re.compile(rb"<row[\s/>]")
_BLANK = re.compile(rb"(?:\s++|\xef\xbb\xbf)*+")
_OPAQUE = ((b"<!--", b"-->"), (b"<?", b"?>"))
_DOCTYPE = b"<!DOCTYPE"
_MANY = 2048  # ours: rows gone through at once


class Row(NamedTuple):
    """A row in a segment: its positions, its attributes as written."""

    begin: int
    end: int
    attributes: bytes


class Usual(NamedTuple):
    """Rows in the usual form, read as `post_rows.rows` says. Their places are in the chunk, which begins at `position`."""

    position: int
    chunk: bytes
    places: list[list[int]]
    numbers: list[list[int]]
    texts: list[list[int]]
    decoded: bytes


class _Damage(NamedTuple):
    """An open stretch of what is no row. `broken` has its place and beginning."""

    begin: int
    row: bool
    broken: Broken


class Rows:
    """Goes through a window, segment by segment. `open`: the root element has begun and not ended; `cut`: what the segment's end breaks off.

    `leading`: no row has come yet, and what stood there was left out.
    """

    def __init__(self, window: Window, root: bytes, within: bool, row_bytes: int, origin: int, last: int) -> None:
        """`within`: it begins behind the root's begin. `origin`: file offset of position 0; `last`: what begins there or behind it is not asked for."""
        name = re.escape(root or b"posts")
        self._window, self._most, self._origin, self._last = window, row_bytes, origin, last
        self._root_begin, self._root_end = re.compile(rb"<%b(?:\s[^<>]*+)?>" % name), re.compile(rb"</%b\s{0,9}>" % name)
        self._next = re.compile(rb"<row[\s/>]|</%b\s{0,9}>" % name)
        self.open = within and bool(root)
        self.cut: Broken | None = None
        self.leading = self.done = False
        self._places = np.empty((_MANY, 2), np.int64)
        self._numbers = np.empty((_MANY, len(post_rows.NUMBERS)), np.int64)
        self._texts = np.empty((_MANY, len(post_rows.TEXTS)), np.int64)
        self._out = np.empty(0, np.uint8)

    def segment(self, leading: bool) -> Iterator[Usual | Row | Broken]:
        """What a segment holds, up to its end, or to a row that begins at `last` or behind it: then it is `done`.

        `leading`: what stands before the first row is left out, as it is another range's, or lost to damage.
        """
        window, position, size = self._window, 0, WORK
        self.leading, self.cut = leading, None
        self._damage: _Damage | None = None
        self._none: dict[bytes, int] = {}  # up to where there is no such end, so that it is sought once
        while True:
            window.fill(position + size)
            chunk = window.bytes(position, window.end)
            done = yield from self._chunk(chunk, position)
            if done is None:
                self.done = True
                return
            if window.closed:
                break
            position += done
            window.advance(position)
            size = max(WORK, 2 * (len(chunk) - done))
        if self._damage is not None:
            self.cut = self._closed(self._damage, window.end, True)

    def _chunk(self, chunk: bytes, position: int) -> Generator[Usual | Row | Broken, None, int | None]:
        """Returns how much of the chunk is done with, all of it where the segment ends; None where a row came that is not asked for."""
        at, last, most = 0, self._last - position, self._most
        while True:
            if self.leading or self._damage is not None:
                found = (_START if self.leading else self._next).search(chunk, at)
                if found is None:
                    if self.leading and len(chunk) - _TOKEN >= last:
                        return None
                    return len(chunk) if self._window.closed else max(at, len(chunk) - _TOKEN)
                at, self.leading = found.start(), False
                if self._damage is not None:
                    yield self._closed(self._damage, position + at, False)
                    self._damage = None
            usual, at = self._usual(chunk, at, position)
            if usual is not None:
                yield usual
                continue
            at = _end(_BLANK, chunk, at)
            row = _START.match(chunk, at) is not None
            if row and at >= last:
                return None
            if at == len(chunk):
                return at
            general = _GENERAL(chunk, at) if row else None
            if general and general.end() - at <= most:
                yield Row(position + at, position + general.end(), general[1])
                at = general.end()
            elif end := 0 if row else self._known(chunk, at, position):
                if chunk.startswith(_DOCTYPE, at) and chunk.find(b"<!ENTITY", at, end) >= 0:
                    yield self._broken(position + at, position + end, ENTITIES)
                at = end
            elif self._undecided(chunk, at, row):
                return at
            else:
                self._damage = _Damage(position + at, row, self._broken(position + at, self._window.end, ""))
                at += 1

    def _usual(self, chunk: bytes, at: int, position: int) -> tuple[Usual | None, int]:
        """The usual rows from a place on, None where there are none, and the place behind them."""
        if len(self._out) < len(chunk):
            self._out = np.empty(len(chunk), np.uint8)
        last = min(self._last - position, len(chunk))
        count, at, written = post_rows.rows(
            np.frombuffer(chunk, np.uint8), at, last, self._most, self._places, self._numbers, self._texts, self._out
        )
        if not count:
            return None, at
        places, numbers, texts = (table[:count].tolist() for table in (self._places, self._numbers, self._texts))
        return Usual(position, chunk, places, numbers, texts, self._out[:written].tobytes()), at

    def _known(self, chunk: bytes, at: int, position: int) -> int:
        """Behind what stands between rows by right; 0 where something else does."""
        for tag, begins in ((self._root_begin, True), (self._root_end, False)):
            if found := tag.match(chunk, at):
                self.open = begins
                return found.end()
        limit = at + OPAQUE_BYTES
        for begin, end in _OPAQUE:
            if chunk.startswith(begin, at):
                scan = max(at, self._none.get(end, 0) - position)
                behind = chunk.find(end, scan, limit) + len(end)
                if behind >= len(end):
                    return behind
                self._none[end] = position + min(limit, len(chunk)) - len(end) + 1
        if chunk.startswith(_DOCTYPE, at) and _DOCTYPE not in self._none:
            if found := DOCTYPE_END.match(chunk, at + len(_DOCTYPE), limit):
                return found.end()
            if not self._undecided(chunk, at, False):
                self._none[_DOCTYPE] = position + at  # a file may have one: a second without an end is not sought
        return 0

    def _undecided(self, chunk: bytes, at: int, row: bool) -> bool:
        """Whether what begins here may go on behind the chunk."""
        left = len(chunk) - at
        if self._window.closed:
            return False
        if left < _TOKEN:
            return True
        if row:
            following = chunk.find(b"<", at + 1)
            return left <= self._most + _TOKEN and (following < 0 or len(chunk) - following < _TOKEN)
        if chunk.startswith((b"<!--", b"<?", _DOCTYPE), at):
            return left < OPAQUE_BYTES
        return chunk.startswith(b"<", at) and left < OPAQUE_BYTES and chunk.find(b">", at) < 0

    def _closed(self, damage: _Damage, end: int, cut: bool) -> Broken:
        broken, size = damage.broken, end - damage.begin
        reason = ENTITIES if broken.excerpt.startswith(_DOCTYPE) else OUTSIDE
        if damage.row:
            reason = LONG if size > self._most else CUT if cut else MALFORMED
        return Broken(broken.offset, broken.inner, size, reason, broken.excerpt[:size], True)

    def _broken(self, begin: int, end: int, reason: str) -> Broken:
        offset, inner = self._window.place(begin)
        return Broken(offset + self._origin, inner, end - begin, reason, self._window.bytes(begin, min(begin + EXCERPT, end)), True)


def _end(pattern: re.Pattern[bytes], chunk: bytes, at: int) -> int:
    found = pattern.match(chunk, at)
    return found.end() if found else at
