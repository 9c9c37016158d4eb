"""From a binary stream to pieces of expanded bytes, with the place of each: gzip, zstd, bzip2, xz or nothing.

WARC files are compressed a record at a time, so that a file is many gzip members (WARC 1.1, annex D); files with one member for all
and files that are not compressed are read too, and what is in them need not be WARC (`Content`). What cannot be read is named, with its
place, and everything after it is read.

The stream is read once, forward, so it need not be seekable. Held are at most about 16 MiB of compressed bytes and one piece.
"""

from __future__ import annotations

import bz2
import lzma
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

import zstandard
from isal import igzip_lib

CHUNK = 1 << 20  # ours: bytes asked of the stream at once; larger reads gain nothing
PIECE = 1 << 18  # ours: most expanded bytes of one piece: a gzip bomb is never expanded in memory, and a piece stays in the cache
BACKLOG = 8 << 20  # ours: compressed bytes held to search from a broken member's start; a damaged stream shows it within some KiB
PROBE = 1 << 16  # ours: compressed bytes tried to see whether a member begins with a record; a gzip header with a file name is far shorter
FIRST = 1 << 13  # ours: compressed bytes fed first: most members hold one page, and what is fed beyond them is copied for nothing
FINE = 64  # ours: bytes fed at once when a broken member is read a second time, for the records that lie close before its damage
EXCERPT = 200  # ours: bytes of an excerpt
CERTAIN = 10  # ours: bytes of a magic that do not occur by chance (bzip2's 80 bits)
HEAD = 512  # ours: bytes by which a format is told; the magic of a tar lies in them
XZ_MEMORY = 256 << 20  # ours: xz -9 takes 65 MiB to expand; a header may ask for 4 GiB


@dataclass(frozen=True, slots=True)
class Piece:
    """Expanded bytes. `member`: file offset of their member (None: not compressed). `ends`: they are its last, and its checksum holds."""

    data: bytes
    member: int | None
    ends: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stretch of the file that gives no further bytes: `length` bytes from `offset` on, `read` of them read before the damage showed."""

    offset: int
    length: int
    reason: str
    excerpt: bytes
    read: int


class Decompressor(Protocol):
    """Reads one member, frame or stream; as `bz2.BZ2Decompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class ZstdFrame:
    """One zstd frame. zstandard has no bound on its output, so it is fed little: a block of 4 bytes may expand to 128 KiB."""

    needs_input = True

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._frame.decompress(data) if data else b""


def _gzip_member() -> Decompressor:
    member: Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)  # checks CRC-32 and length
    return member


def _xz_stream() -> Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


@dataclass(frozen=True, slots=True)
class Format:
    """A compressed format: what its parts are called, how one begins, `feed` compressed bytes at once."""

    part: str
    suffix: str
    magic: re.Pattern[bytes]
    magic_bytes: int
    feed: int
    open: Callable[[], Decompressor]
    errors: tuple[type[Exception], ...]


FORMATS = (
    # RFC 1952: method 8, the three high bits of the flags are 0
    Format(
        "gzip member",
        ".gz",
        re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
        4,
        1 << 16,
        _gzip_member,
        (cast("type[Exception]", igzip_lib.IsalError),),
    ),
    # RFC 8878: the magic number; 1 KiB expands to 32 MiB at most
    Format("zstd frame", ".zst", re.compile(rb"\x28\xb5\x2f\xfd"), 4, 1 << 10, ZstdFrame, (zstandard.ZstdError,)),
    # .xz file format 1.2, 2.1.1.1
    Format("xz stream", ".xz", re.compile(rb"\xfd7zXZ\x00"), 6, 1 << 16, _xz_stream, (lzma.LZMAError,)),
    # bzip2: level, then the magic of the first block or of the end
    Format("bzip2 stream", ".bz2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), 10, 1 << 16, bz2.BZ2Decompressor, (OSError,)),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What the expanded bytes are: how they begin where the file is not compressed, whatever its name says; and how, in each member.

    `member` None: members are cut anywhere; behind damage the next one is the first that expands without an error as far as it is probed.
    `any_bzip2`: where a bzip2 stream begins, by its magic alone, the next one begins, be it damaged too: ranges of a file meet there.
    """

    plain: re.Pattern[bytes]
    member: re.Pattern[bytes] | None = None
    any_bzip2: bool = False


WARC = Content(re.compile(rb"WARC/"), re.compile(rb"WARC/"))
MEMBER_HEAD = 5  # expanded bytes that decide whether a member begins with `WARC/`


def format_of(head: bytes | bytearray, name: str, content: Content = WARC) -> Format | None:
    """By content; by the name's ending where the first bytes are neither a known magic nor what is expected. None: not compressed."""
    for candidate in FORMATS:
        if candidate.magic.match(head):
            return candidate
    if content.plain.match(head):
        return None
    return next((candidate for candidate in FORMATS if name.lower().endswith(candidate.suffix)), None)


def pieces(stream: BinaryIO, name: str, member_bytes: int, content: Content = WARC) -> Iterator[Piece | Unreadable]:
    """Pieces in file order, at most 256 KiB each, of plain files 1 MiB (32 MiB for a zstd bomb); an empty file gives none.

    `member_bytes`: expanded bytes that one member may have. After damage the search for the next member begins behind the broken one's
    start, and takes only a member that begins as `content` says: the stretch up to it is one Unreadable. Errors of the stream are raised.
    """
    source = _Source(stream)
    found = format_of(source.peek(HEAD), name, content)
    return _plain(source) if found is None else _compressed(source, found, member_bytes, content)


def pieces_from(stream: BinaryIO, found: Format | None, member_bytes: int, content: Content, start: int) -> Iterator[Piece | Unreadable]:
    """As `pieces`, from a place within the file, where the stream stands: the search for the first member begins there, as after damage."""
    source = _Source(stream, start)
    if found is None:
        return _plain(source)
    if start:
        _seek_member(source, found, content)
    return _compressed(source, found, member_bytes, content)


class _Source:
    """The file's bytes from `base` on, as far as they are held; `at`: the file offset of the next byte to take."""

    def __init__(self, stream: BinaryIO, start: int = 0) -> None:
        self.stream = stream
        self.held = bytearray()
        self.base = self.at = self.begun = start
        self.searched = 0  # bytes that were gone through a second time

    def more(self) -> bool:
        data = self.stream.read(CHUNK)
        self.held += data
        return bool(data)

    def peek(self, size: int) -> bytearray:
        while len(self.held) - (self.at - self.base) < size and self.more():
            pass
        return self.held[self.at - self.base : self.at - self.base + size]

    def take(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end of the file."""
        if self.at == self.base + len(self.held):
            if self.at - self.base >= 2 * BACKLOG:  # seldom: behind each, the buffer is copied as it grows
                self.forget(self.at - BACKLOG)
            self.more()
        with memoryview(self.held) as view:
            data = bytes(view[self.at - self.base : self.at - self.base + size])
        self.at += len(data)
        return data

    def excerpt(self, offset: int) -> bytes:
        """The first bytes from the file offset on, as far as they are held."""
        return bytes(self.held[max(0, offset - self.base) : max(0, offset - self.base) + EXCERPT])

    def forget(self, offset: int) -> None:
        """No longer hold what lies before the file offset."""
        if offset > self.base:
            del self.held[: offset - self.base]
            self.base = offset

    def return_to(self, offset: int) -> bool:
        """Read again from the file offset, if it is held and if the whole stays linear in the file's size."""
        back = self.at - offset
        if offset < self.base or self.searched + back > 3 * (self.at - self.begun) + BACKLOG:
            return False
        self.searched += back
        self.at = offset
        return True


def _plain(source: _Source) -> Iterator[Piece]:
    data = source.take(CHUNK)
    while data:
        source.forget(source.at)
        following = source.take(CHUNK)
        yield Piece(data, None, not following)
        data = following


def _compressed(source: _Source, found: Format, member_bytes: int, content: Content) -> Iterator[Piece | Unreadable]:
    while begin := source.peek(found.magic_bytes):
        start = source.at
        reason: str | None = f"bytes that are no {found.part}"
        if found.magic.match(begin):
            reason = yield from _member(source, found, member_bytes)
        if reason is None:
            source.forget(source.at)
            continue
        read = source.at - start
        excerpt = source.excerpt(start)
        if not source.return_to(max(start + 1, source.base)):
            source.forget(source.at)
        _seek_member(source, found, content)
        if reason == "cut":
            reason = f"{found.part} is corrupt" if source.peek(1) else f"{found.part} is cut"
        yield Unreadable(start, source.at - start, reason, excerpt, read)


def _member(source: _Source, found: Format, member_bytes: int) -> Generator[Piece, None, str | None]:
    """The pieces of the member at the read point; returns why it cannot be read to its end, or None."""
    start, given, decompressor, feed = source.at, 0, found.open(), min(found.feed, FIRST)
    while not decompressor.eof:
        data = b""
        if decompressor.needs_input:
            data = source.take(feed)
            if not data:
                return "cut"
            feed = found.feed
        try:
            expanded = decompressor.decompress(data, PIECE)
        except found.errors:
            yield from _close_to_damage(source, found, start, given)
            return f"{found.part} is corrupt"
        given += len(expanded)
        if given > member_bytes:
            return f"{found.part} expands beyond its bound"
        if expanded or decompressor.eof:
            yield Piece(expanded, start, decompressor.eof)
    source.at -= len(decompressor.unused_data)
    return None


def _close_to_damage(source: _Source, found: Format, start: int, given: int) -> Iterator[Piece]:
    """What a broken member holds between the `given` bytes and its damage: it is read again in small steps, where it is still held."""
    damage = source.at
    if not source.return_to(start):
        return
    decompressor, expanded = found.open(), 0
    try:
        while source.at < damage:
            data = source.take(min(found.feed if expanded + PIECE < given else FINE, damage - source.at))
            piece = decompressor.decompress(data, -1)
            expanded += len(piece)
            if expanded > given:
                yield Piece(piece[max(0, given - expanded + len(piece)) :], start, False)
                given = max(given, expanded)
    except found.errors:
        return  # the damage that is known


def _seek_member(source: _Source, found: Format, content: Content) -> None:
    """Moves to the next member that begins as expected, or to the end of the file."""
    while True:
        match = found.magic.search(source.held, source.at - source.base)
        if match is None:
            source.at = max(source.at, source.base + len(source.held) - found.magic_bytes + 1)
            source.forget(source.at)
            if not source.more():
                source.at = source.base + len(source.held)
                return
            continue
        source.at = source.base + match.start()
        source.forget(source.at)
        if (content.any_bzip2 and found.magic_bytes >= CERTAIN) or _begins_as_expected(source, found, content.member):
            return
        source.at += 1


def _begins_as_expected(source: _Source, found: Format, expected: re.Pattern[bytes] | None) -> bool:
    """Whether the member at the read point expands to bytes that begin as expected. The read point stays."""
    data, decompressor, begin = bytes(source.peek(PROBE)), found.open(), b""
    try:
        for at in range(0, len(data), FINE * 4):
            expanded = decompressor.decompress(data[at : at + FINE * 4], -1)
            begin = begin if len(begin) >= MEMBER_HEAD else begin + expanded
            if decompressor.eof or (expected and len(begin) >= MEMBER_HEAD):
                break
    except found.errors:
        return False
    return bool(expected.match(begin)) if expected else bool(begin)
