"""A zip archive whose directory, at its end, is missing or corrupt: its entries by the headers that stand before each of them."""

from __future__ import annotations

import calendar
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.members import CHUNK, EXCERPT
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.tar_members import DIRECTORY, FILE, Entry

# APPNOTE 4.3.7, 4.3.12: signatures of an entry's header and of the directory; 4.4: fields, flags, methods
HEADER, DIRECTORY_MAGIC, FIXED = b"PK\x03\x04", b"PK\x01\x02", struct.Struct("<4sHHHHHLLLHH")
ENCRYPTED, SIZES_BEHIND, UTF8 = 1, 8, 1 << 11
STORED, DEFLATED = 0, 8
LONGEST_NAME = 4096  # ours: longer ones are bytes that look like a header by chance
UNKNOWN = 0xFFFFFFFF
FIRST = 512  # ours: bytes read first, and twice as many each time, so that a false header costs little
REPEATED = 3  # ours: times the archive's size that may be gone through again behind corrupt entries, so that the whole stays linear
DIRECTORY_GIVES_KIND = 0o644  # ours: an entry's mode stands in the directory alone
CHECKSUM = "zip entry is corrupt: its checksum does not hold"
NOT_EXPANDED = "zip entry is corrupt: it does not expand"
OVER = "zip expands beyond its bound"


class _EntryError(Exception):
    """Why an entry cannot be read; `expanded`: bytes that were got out of it all the same, and count."""

    def __init__(self, reason: str, expanded: int = 0) -> None:
        super().__init__(reason)
        self.expanded = expanded


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    flags: int
    method: int
    checksum: int
    stored: int
    size: int
    content: int
    modified: int


def read(part: Part, reason: str, wanted: Callable[[str], bool], file_bytes: int, total_bytes: int) -> Iterator[Entry | Broken]:
    """One Broken for the directory, then every entry that is whole; what is cut or corrupt is one Broken, and reading goes on behind it."""
    part.stream.seek(0)
    yield Broken(0, 0, 0, reason, part.stream.read(EXCERPT))
    at, left, repeated = 0, total_bytes, 0
    while (begin := _seek(part.stream, at)) is not None:
        header = _header(part.stream, begin)
        if header is None:
            at = begin + len(HEADER)
            continue
        if left < 0 or (left < header.size <= file_bytes and wanted(header.name)):
            yield Broken(begin, 0, part.size - begin, OVER, header.name.encode("utf-8", "replace")[:EXCERPT])
            return
        try:
            content, expanded, at = _content(part, header, min(file_bytes, left), wanted(header.name))
        except _EntryError as error:
            left -= error.expanded
            stopped = part.stream.tell()
            repeated += max(0, stopped - header.content)
            following = _seek(part.stream, header.content if repeated <= REPEATED * part.size + CHUNK else max(stopped, header.content))
            at = part.size if following is None else following
            yield Broken(begin, 0, at - begin, str(error), header.name.encode("utf-8", "replace")[:EXCERPT])
            continue
        left -= expanded
        kind = DIRECTORY if header.name.endswith("/") else FILE
        yield Entry(header.name, kind, expanded or header.size, DIRECTORY_GIVES_KIND, "", content, begin, 0, header.modified)


def _seek(stream: BinaryIO, at: int) -> int | None:
    """Where the next header begins; None: the directory comes first, or the end."""
    step = FIRST
    while True:
        stream.seek(at)
        data = stream.read(step)
        found, directory = data.find(HEADER), data.find(DIRECTORY_MAGIC)
        if found >= 0 and not 0 <= directory < found:
            return at + found
        if directory >= 0 or len(data) < len(HEADER):
            return None
        at, step = at + len(data) - len(HEADER) + 1, min(2 * step, CHUNK)


def _header(stream: BinaryIO, begin: int) -> _Header | None:
    """None: bytes that only look like a header."""
    stream.seek(begin)
    data = stream.read(FIXED.size)
    if len(data) < FIXED.size:
        return None
    _, _, flags, method, time, date, checksum, stored, size, name_size, extra = FIXED.unpack(data)
    name = stream.read(name_size)
    if not 0 < name_size <= LONGEST_NAME or len(name) < name_size:
        return None
    text = name.decode("utf-8", "replace") if flags & UTF8 else name.decode("cp437")
    modified = seconds((date >> 9) + 1980, date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2)
    return _Header(text, flags, method, checksum, stored, size, begin + FIXED.size + name_size + extra, modified)


def seconds(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """A time of change in seconds since 1970, 0 for one that is none. Zips say local time without a zone: read as UTC, so it is the same everywhere."""
    try:
        return calendar.timegm((year, month, day, hour, minute, second, 0, 0, 0))
    except (ValueError, OverflowError):
        return 0


def _content(part: Part, header: _Header, file_bytes: int, wanted: bool) -> tuple[bytes | None, int, int]:
    """The bytes of the entry, None where they are not wanted or over the bound; how many were expanded; where it ends. Raises _EntryError.

    Where the header does not say how long it is, an entry is expanded to find its end, be it wanted or not.
    """
    sized = not header.flags & SIZES_BEHIND and UNKNOWN not in (header.stored, header.size)
    if header.flags & ENCRYPTED:
        raise _EntryError("zip entry is encrypted")
    if sized and header.content + header.stored > part.size:
        raise _EntryError("zip is cut in an entry")
    if sized and (not wanted or header.size > file_bytes):
        return None, 0, header.content + header.stored
    if header.method == STORED and sized:
        part.stream.seek(header.content)
        data, end = part.stream.read(header.stored), header.content + header.stored
    elif header.method == DEFLATED:
        data, end = _inflated(part.stream, header.content, file_bytes)
        if len(data) > file_bytes:
            raise _EntryError("zip entry expands beyond its bound", len(data))
    else:
        raise _EntryError(f"zip entry's compression is not known: method {header.method}")
    if not header.flags & SIZES_BEHIND and zlib.crc32(data) != header.checksum:
        raise _EntryError(CHECKSUM, len(data))
    return data if wanted else None, len(data), end


def _inflated(stream: BinaryIO, at: int, file_bytes: int) -> tuple[bytes, int]:
    """The bytes of a deflate stream, up to one more than the bound, and where it ends. Raises _EntryError."""
    stream.seek(at)
    inflater, held, size = zlib.decompressobj(-15), list[bytes](), 0
    step = FIRST
    while not inflater.eof and size <= file_bytes:
        data = inflater.unconsumed_tail or stream.read(step)
        step = min(2 * step, CHUNK)
        if not data:
            raise _EntryError("zip is cut in an entry")
        try:
            held.append(inflater.decompress(data, file_bytes + 1 - size))
        except zlib.error as error:
            raise _EntryError(NOT_EXPANDED, size) from error
        size += len(held[-1])
    return b"".join(held), stream.tell() - len(inflater.unused_data)
