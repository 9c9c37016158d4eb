"""What reading a WARC file gives, and what the two ways of finding a record's end share."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.members import EXCERPT
from pipeline.window import HEADER_BYTES, HEADER_END, STEP, Window


@dataclass(frozen=True)
class Bounds:
    """Expanded bytes that one member may have (beyond: broken); bytes of content that are held in memory (beyond: read over, not held)."""

    member_bytes: int = 64 << 30  # ours: one member for a whole file is a few GB; a bomb of 64 MB expands to this
    record_bytes: int = 64 << 20  # ours: eight times max_document_bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record. `type`: WARC-Type in lower case. `headers`: by lower-case name, the first of each.

    `content`: its block; None where it is longer than `Bounds.record_bytes`. `length`: bytes of the block. `offset`: where its member
    begins in the file (without compression: the record); `inner`: where it begins in the member's expanded bytes. `notes`: stable labels of
    what was odd and did not hinder reading.
    """

    type: str
    headers: dict[str, str]
    content: bytes | None
    length: int
    offset: int
    inner: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read. `bytes`: unread bytes, of the file where a member is damaged, else of the record. `reason`: a stable label.

    `excerpt`: the first of these bytes, at most 200, expanded where that was possible.
    """

    offset: int
    inner: int
    bytes: int
    reason: str
    excerpt: builtins.bytes


class Beginning(NamedTuple):
    """Where something begins, kept while the window moves on: its position in the segment, its place in the file, its first bytes."""

    position: int
    offset: int
    inner: int
    excerpt: bytes


class Reader:
    """Reads a segment: a run of records, then, where damage ends it, one Broken for that and for the record that it cut."""

    def __init__(self, window: Window, bounds: Bounds) -> None:
        self.window = window
        self.bounds = bounds

    def segment(self) -> Iterator[Record | Broken]:
        position = 0
        while self.window.fill(position + 1):
            item, position = self.next(position)
            yield item
            self.window.advance(position)
        if self.window.fault:
            yield self.damage(self.beginning(position))

    def next(self, position: int) -> tuple[Record | Broken, int]:
        """What begins at the position, and the position behind it."""
        raise NotImplementedError

    def beginning(self, position: int) -> Beginning:
        window = self.window
        if window.fault and position == window.end:
            return Beginning(position, window.fault.offset, 0, window.fault.excerpt)
        return Beginning(position, *window.place(position), window.bytes(position, min(position + EXCERPT, window.end)))

    def is_damaged(self, begun: Beginning) -> bool:
        """Whether what begins there begins in the member that turned out to be damaged: one fault, one Broken."""
        return self.window.fault is not None and self.window.fault.offset == begun.offset

    def damage(self, begun: Beginning) -> Broken:
        fault = self.window.fault
        assert fault is not None
        self.window.fault = None
        return Broken(fault.offset, begun.inner, self.window.unread(fault, begun.position), fault.reason, begun.excerpt)

    def header_end(self, position: int) -> tuple[int, str]:
        """The position behind the header's blank line and ""; or from where to look for the next record, and why the header has no end."""
        window = self.window
        while True:
            begin = position - window.base
            found = HEADER_END.search(window.buffer, begin, begin + HEADER_BYTES)
            if found:
                end = window.base + found.end()
                for boundary in window.boundaries(position, end):
                    if window.buffer.startswith(b"WARC/", boundary - window.base):
                        return boundary, "header without end"
                return end, "" if found.end() - found.start() > 1 else "header without end"
            if window.closed or window.end - position >= HEADER_BYTES:
                return position + 5, "record is cut" if window.closed else "header without end"
            window.fill(window.end + max(STEP, window.end - position))
