"""The bytes of a dump, whatever it is packed in and written in: what format and encoding it has, and its expanded bytes from a place on.

The first bytes tell the format, not the name (which tells it where they are damaged). What is not UTF-8 is recoded on the way, so that
the frames of pages are sought in UTF-8 alone.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import sevenzip
from pipeline.members import HEAD, Content, Format, Piece, Unreadable, format_of, pieces_from
from pipeline.part import Part

HEADER_BYTES = 1 << 20  # ours: most bytes before the first page; siteinfo has some 10 KB
PAGE = re.compile(rb"<page[\s>]")
# Members of a dump are cut anywhere; streams of a multistream file are the exception, and any one begins where its magic says.
_DUMP = Content(re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{\[]|\xff\xfe|\xfe\xff|<\0|\0<"), any_bzip2=True)
_ENDLESS = 1 << 62  # a dump may be one stream that expands to terabytes; what is held does not depend on it
_DECLARED = re.compile(rb"\s*<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
_SPLIT = re.compile(r"multistream[^/]*\.bz2\Z|\.xml(?:-p\d+p\d+)?\Z", re.IGNORECASE)


def _invalid(error: UnicodeError) -> tuple[str, int]:
    """For what an encoding does not allow: a lone surrogate, which `surrogateescape` then writes as a byte that no UTF-8 has."""
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error


codecs.register_error("mediawiki-invalid", _invalid)


def splits(name: str, size: int, part_bytes: int) -> list[tuple[int, int]]:
    """Ranges of some `part_bytes` bytes that a file may be read in: of bzip2 files that say multistream, and of plain `.xml`.

    Every other file is one range. Where the content is not what the name says, the range that begins at 0 gives all of it.
    """
    if size <= part_bytes or not _SPLIT.search(name):
        return [(0, size)]
    return [(start, min(start + part_bytes, size)) for start in range(0, size, part_bytes)]


@dataclass(frozen=True)
class Input:
    """A dump as stored. `format`: how it is compressed, or None; `encoding`: what it is recoded from, or None.

    `head`: its expanded bytes as far as the first page, or as far as they go. `unknown`: an encoding that it declares and Python has not.
    """

    part: Part
    format: Format | None
    archive: bool
    encoding: str | None = None
    head: bytes = b""
    unknown: str | None = None

    @property
    def split(self) -> bool:
        """Whether ranges of it can be read; else the one that begins at 0 has all of it."""
        return not self.archive and self.encoding is None and (self.format is None or self.format.part == "bzip2 stream")

    @property
    def end(self) -> int:
        return self.part.end if self.split else self.part.size

    def pieces(self, start: int) -> Iterator[Piece | Unreadable]:
        """From the file offset on; unless that is 0, from the first stream that begins there or behind it."""
        part = self.part
        part.stream.seek(start)
        expanded = (
            sevenzip.pieces(part.stream, part.size) if self.archive else pieces_from(part.stream, self.format, _ENDLESS, _DUMP, start)
        )
        return expanded if self.encoding is None else recoded(expanded, self.encoding)


def inspect(part: Part) -> Input:
    """What the first bytes tell. Errors of the stream are raised."""
    part.stream.seek(0)
    head = part.stream.read(HEAD)
    archive = head.startswith(sevenzip.MAGIC) or (part.name.endswith(".7z") and not _DUMP.plain.match(head))
    found = None if archive else format_of(head, part.name, _DUMP)
    first = _first(Input(part, found, archive))
    encoding, unknown = encoding_of(first)
    if encoding is not None:
        first = _first(Input(part, found, archive, encoding))
    return Input(part, found, archive, encoding, first, unknown)


def _first(stored: Input) -> bytes:
    """Its first expanded bytes: up to the first page, to damage, or HEADER_BYTES. What a document type declares is no page."""
    first, page = bytearray(), None
    for piece in stored.pieces(0):
        if isinstance(piece, Unreadable):
            break
        begin = max(0, len(first) - 5)
        first += piece.data
        page = None if b"<!DOCTYPE" in first else PAGE.search(first, begin)
        if page or len(first) >= HEADER_BYTES:
            break
    return bytes(first[: page.end() if page else HEADER_BYTES])


def encoding_of(first: bytes) -> tuple[str | None, str | None]:
    """(what to recode from, an encoding that is not known). XML 1.0, appendix F. What can be read as ASCII is not UTF-16, whatever it says."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", None
    if first.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if first.startswith(b"<\0") else "utf-16-be", None
    declared = _DECLARED.match(first)
    if declared is None:
        return None, None
    name = declared[1].decode("ascii")
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return None, name
    if not codec._is_text_encoding or codec.name in ("idna", "punycode", "raw_unicode_escape", "unicode_escape", "utf-7"):
        return None, name
    return (None if codec.name.startswith("utf-") or codec.name == "ascii" else codec.name), None


def recoded(expanded: Iterator[Piece | Unreadable], encoding: str) -> Iterator[Piece | Unreadable]:
    """The same in UTF-8. What the encoding does not allow becomes a byte that UTF-8 does not allow, so that it is found and noted with its page."""
    decoder = codecs.getincrementaldecoder(encoding)("mediawiki-invalid")
    member: int | None = 0
    for piece in expanded:
        if isinstance(piece, Unreadable):
            decoder.reset()
            yield piece
            continue
        member = piece.member or 0
        yield Piece(decoder.decode(piece.data).encode("utf-8", "surrogateescape"), member, piece.ends)
    yield Piece(decoder.decode(b"", True).encode("utf-8", "surrogateescape"), member, False)
