"""CCNet's reading (spec 2.1): a line that reads `WARC/1.0`, stripped, begins a record and ends the one before; lengths are not checked."""

from __future__ import annotations

import re

from pipeline.warc_header import parse_header
from pipeline.warc_records import Broken, Reader, Record
from pipeline.window import STEP

MARKER = b"WARC/1.0"
MARGIN = 256  # ours: most white space looked at on either side of the marker; CCNet has no bound
LINE_END = re.compile(r"[\r\n]")  # as Python reads text files


class LineReader(Reader):
    """The content of a record is all between its header's blank line and the next marker, with the line ends that stand before that."""

    def next(self, position: int) -> tuple[Record | Broken, int]:
        window = self.window
        begun = self.beginning(position)
        content, reason = self.seek_marker(position, 0), "no WARC record"
        if content == position:
            content, reason = self.header_end(position)
        if not reason:
            header = parse_header(window.bytes(position, content))
            reason = "" if header.type else "no WARC-Type"
        end = self.seek_marker(content, self.bounds.record_bytes)
        if end == window.end and self.is_damaged(begun) and not window.is_boundary(end):
            return self.damage(begun), end
        if reason:
            return Broken(begun.offset, begun.inner, end - position, reason, begun.excerpt), end
        block = window.bytes(content, end) if end - content <= self.bounds.record_bytes else None
        return Record(header.type, header.fields, block, end - content, begun.offset, begun.inner, header.notes), end

    def seek_marker(self, begin: int, keep: int) -> int:
        """Where the first line that is the marker begins, at or behind `begin`, or the segment's end; holds the last `keep` bytes."""
        window, at = self.window, begin
        while True:
            window.fill(at + len(MARKER) + MARGIN)
            found = window.buffer.find(MARKER, at - window.base)
            if found < 0:
                if window.closed:
                    return window.end
                at = max(at, window.end - len(MARKER))
                if at - begin > keep:
                    window.advance(at - MARGIN)
                window.fill(window.end + STEP)
                continue
            at = window.base + found
            window.fill(at + len(MARKER) + MARGIN)
            line = self.line_start(at)
            if line is not None:
                return line
            at += len(MARKER)

    def line_start(self, marker: int) -> int | None:
        """Where the line of the marker begins, if there is nothing else on it."""
        window = self.window
        behind = window.bytes(max(window.base, marker - MARGIN), marker).decode("utf-8", "replace")
        after = window.bytes(marker + len(MARKER), min(window.end, marker + len(MARKER) + MARGIN)).decode("utf-8", "replace")
        before = "" if window.is_boundary(marker) else LINE_END.split(behind)[-1]
        if before.strip() or LINE_END.split(after, maxsplit=1)[0].strip():
            return None
        return marker - len(before.encode())
