"""Records that end where their Content-Length says. What stands there is checked, and where it is wrong, nothing after it is lost."""

from __future__ import annotations

import hashlib
import re

from pipeline.warc_header import Header, is_digest, parse_header, sha1_digests
from pipeline.warc_records import Beginning, Broken, Reader, Record
from pipeline.window import BEHIND, STEP

VERSION = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n")
TERMINATOR = re.compile(rb"\r?\n\r?\n")
NEXT = b"\r\n\r\nWARC/"
CUT = "record is cut"
WRONG_LENGTH = "wrong Content-Length"


class LengthReader(Reader):
    """After the content must come CR LF CR LF and then a record or the end of a member or of the file.

    Line feeds alone end a record too, noted. At the end of a member or of the file a content as long as claimed is whole even where the
    blank lines are missing, noted: crawlers write such files, and nothing of the page is lost. Else the record is broken, and reading goes
    on at the next line `WARC/1.x` that WARC-Type follows, searched for from the content's start: a length too long reaches over records.
    """

    def next(self, position: int) -> tuple[Record | Broken, int]:
        window = self.window
        window.fill(position + 16)
        begun = self.beginning(position)
        if not VERSION.match(window.buffer, position - window.base):
            return self.skip(begun, position, "no WARC record")
        content, fault = self.header_end(position)
        if fault:
            return self.skip(begun, content, fault)
        header = parse_header(window.bytes(position, content))
        if isinstance(header.length, str):
            return self.skip(begun, content, header.length)
        end = content + header.length
        if header.length > self.bounds.record_bytes:
            return self.read_over(begun, content, end, header)
        if not window.fill(end):
            return self.skip(begun, content, CUT)
        following, note = self.ending(end)
        if following is None:
            return self.skip(begun, end if note == CUT else content, note)
        block = window.bytes(content, end)
        wanted = sha1_digests(header)
        digest = hashlib.sha1(block, usedforsecurity=False).digest() if wanted else b""
        matches = all(is_digest(value, digest) for value in wanted)
        return self.whole(begun, header, block, following, note, matches), following

    def whole(self, begun: Beginning, header: Header, block: bytes | None, following: int, note: str, matches: bool) -> Record | Broken:
        assert isinstance(header.length, int)
        if not header.type:
            return Broken(begun.offset, begun.inner, following - begun.position, "no WARC-Type", begun.excerpt)
        notes = header.notes
        if note:
            notes += (note,)
        if not matches:
            notes += ("digest does not match",)
        return Record(header.type, header.fields, block, header.length, begun.offset, begun.inner, notes)

    def ending(self, end: int) -> tuple[int | None, str]:
        """Where the next record begins and what is to be noted; or None, and why the record does not end there."""
        window = self.window
        if window.fill(end + 4) and window.buffer.startswith(b"\r\n\r\n", end - window.base) and window.is_boundary(end + 4):
            return end + 4, ""
        window.fill(end + len(NEXT))
        after = window.bytes(end, min(end + len(NEXT), window.end))
        blank = TERMINATOR.match(after)
        if blank and (after.startswith(b"WARC/", blank.end()) or window.is_boundary(end + blank.end())):
            return end + blank.end(), "" if blank.end() == 4 else "LF ends the record"
        for line_end in (b"", b"\n", b"\r\n"):
            behind = after[len(line_end) :]
            if after.startswith(line_end) and window.is_boundary(end + len(line_end)) and (not behind or behind.startswith(b"WARC/")):
                return end + len(line_end), "no blank line ends the record"
        if window.closed and (NEXT.startswith(after) or NEXT.replace(b"\r", b"").startswith(after)):
            return None, CUT  # its end was read, but its member is damaged there
        return None, WRONG_LENGTH

    def skip(self, begun: Beginning, position: int, reason: str) -> tuple[Broken, int]:
        """One Broken for what lies up to the next record at or behind the position; the member's, where that is damaged instead."""
        window = self.window
        start = window.seek_start(position)
        if start < window.end:
            reason = WRONG_LENGTH if reason == CUT else reason
        elif self.is_damaged(begun):
            return self.damage(begun), start
        return Broken(begun.offset, begun.inner, start - begun.position, reason, begun.excerpt), start

    def read_over(self, begun: Beginning, content: int, end: int, header: Header) -> tuple[Record | Broken, int]:
        """A record that is too long to be held, unless another begins in it behind a blank line: then its length is wrong.

        So a bit that flipped in a Content-Length does not lose the rest of the file. No byte is read twice.
        """
        window, at = self.window, content
        wanted = sha1_digests(header)
        digest = hashlib.sha1(usedforsecurity=False)
        while True:
            start, again = window.find_start(at, end, after_blank=True)
            if start is not None:
                return Broken(begun.offset, begun.inner, start - begun.position, WRONG_LENGTH, begun.excerpt), start
            if window.end >= end or window.closed:
                break
            if wanted:
                digest.update(window.bytes(at, again))
            at = again
            window.advance(at - BEHIND)
            window.fill(min(end, window.end + max(STEP, window.end - at)))
        if window.end < end:
            return self.skip(begun, at, CUT)
        following, note = self.ending(end)
        if following is None:
            return self.skip(begun, at, note)
        if wanted:
            digest.update(window.bytes(at, end))
        matches = all(is_digest(value, digest.digest()) for value in wanted)
        return self.whole(begun, header, None, following, note, matches), following
