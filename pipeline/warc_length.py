"""Records that end where their Content-Length says. What stands there is checked, and where it is wrong, nothing after it is lost."""

from __future__ import annotations

import hashlib
import re

from pipeline.warc_header import Header, is_sha1, parse_header, sha1_digests
from pipeline.warc_records import Beginning, Broken, Reader, Record
from pipeline.window import BEHIND, STEP

VERSION = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n")
TERMINATOR = re.compile(rb"\r?\n\r?\n")
NEXT = b"\r\n\r\nWARC/"
CUT = "record is cut"
WRONG_LENGTH = "wrong Content-Length"
NO_MATCH = "digest does not match"
NO_BLANK_LINE = "no blank line ends the record"


class LengthReader(Reader):
    """After the content must come CR LF CR LF and then a record or the end of a member or of the file.

    Line feeds alone end a record too, noted. At the end of its member or of the file a content as long as claimed is whole even where the
    blank lines are missing, unless its digest says otherwise, noted: crawlers write such files. Else the record is broken, and reading goes
    on at the next line `WARC/1.x` that WARC-Type follows, searched for from the content's start: a length too long reaches over records.
    """

    def next(self, position: int) -> tuple[Record | Broken, int]:
        window = self.window
        window.fill(position + 16)
        if not VERSION.match(window.buffer, position - window.base):
            return self.skip(self.beginning(position), position, "no WARC record")
        content, fault = self.header_end(position)
        if fault:
            return self.skip(self.beginning(position), content, fault)
        header = parse_header(window.bytes(position, content))
        if isinstance(header.length, str):
            return self.skip(self.beginning(position), content, header.length)
        end = content + header.length
        if header.length > self.bounds.record_bytes:
            return self.read_over(self.beginning(position), content, end, header)
        if not window.fill(end):
            return self.skip(self.beginning(position), content, CUT)
        ending = self.ending(content, end)
        if ending is None:
            return self.skip(self.beginning(position), content, WRONG_LENGTH)
        following, notes = ending
        if not header.type:
            return self.untyped(self.beginning(position), following)
        block = window.bytes(content, end)
        wanted = sha1_digests(header)
        if wanted and not _all_match(wanted, hashlib.sha1(block, usedforsecurity=False).digest()):
            if NO_BLANK_LINE in notes:
                window.refused = end
                return self.skip(self.beginning(position), content, WRONG_LENGTH)
            notes += (NO_MATCH,)
        return Record(header.type, header.fields, block, header.length, *window.place(position), header.notes + notes), following

    def ending(self, content: int, end: int) -> tuple[int, tuple[str, ...]] | None:
        """Where the next record begins, and what is to be noted; None: the record does not end there."""
        window = self.window
        if window.fill(end + 4) and window.buffer.startswith(b"\r\n\r\n", end - window.base) and window.is_boundary(end + 4):
            return end + 4, ()
        window.fill(end + len(NEXT))
        after = window.bytes(end, min(end + len(NEXT), window.end))
        split = after.startswith(b"\n") and window.buffer.startswith(b"\r", end - 1 - window.base)  # the length ends between CR and LF
        blank = TERMINATOR.match(after)
        if blank and not (split and blank.end() == 3):
            following = end + blank.end()
            if after.startswith(b"WARC/", blank.end()) or window.is_boundary(following):
                return following, () if blank.end() == 4 else ("LF ends the record",)
        if end != window.refused and not split and not window.boundaries(content, end):
            for line_end in (b"", b"\n", b"\r\n"):
                if after.startswith(line_end) and window.is_boundary(end + len(line_end)):
                    return end + len(line_end), (NO_BLANK_LINE,)
        return None

    def untyped(self, begun: Beginning, following: int) -> tuple[Broken, int]:
        return Broken(begun.offset, begun.inner, following - begun.position, "no WARC-Type", begun.excerpt), following

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
        ending = self.ending(content, end)
        if ending is None:
            return self.skip(begun, at, WRONG_LENGTH)
        following, notes = ending
        if not header.type:
            return self.untyped(begun, following)
        if wanted:
            digest.update(window.bytes(at, end))
            notes += () if _all_match(wanted, digest.digest()) else (NO_MATCH,)
        return Record(header.type, header.fields, None, end - content, begun.offset, begun.inner, header.notes + notes), following


def _all_match(wanted: list[str], digest: bytes) -> bool:
    return all(is_sha1(value, digest) for value in wanted)
