"""Zip archives as a sequence of entries, by the archive's directory, one at a time, within bounds (PKWARE's APPNOTE); as `tar_members` of tars.

Nothing is written to disk; content is held only of files that are wanted and within bounds.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from pipeline import zip_members_cut
from pipeline.members import EXCERPT
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.tar_members import DIRECTORY, FILE, Entry
from pipeline.zip_members_cut import CHECKSUM, NOT_EXPANDED, OVER, seconds

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # APPNOTE 4.3: a local header; the end of the directory, of an empty archive
END_MAGIC, END_SIZE = b"PK\x05\x06", 22
ZIP64 = 0xFFFFFFFF
COMMENT = 1 << 16  # APPNOTE 4.3.16: a comment has 65,535 bytes at most
DIRECTORY_BYTES = 64 << 20  # ours: half a million entries; the directory is held as a whole
ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
"""What zipfile raises of what it reads. RuntimeError: encrypted; NotImplementedError: PKZIP 1's methods, as some archives of 1992 have."""
BZIP2 = zipfile.ZIP_BZIP2
DIRECTORY_DAMAGED = "zip directory cannot be read: it is damaged"


def read(part: Part, wanted: Callable[[str], bool], file_bytes: int, total_bytes: int) -> Iterator[Entry | Broken]:
    """The archive's entries in the order of their place; each fault is one Broken. As `tar_members.read`.

    `file_bytes`: what one entry may expand to, `total_bytes`: all of them; entries may overlap, so that a small archive has more than any disk.
    """
    stream = _Stream(part.stream)
    reason = _directory_fault(part)
    if reason is None:
        try:
            archive = zipfile.ZipFile(cast(BinaryIO, stream))
        except ERRORS:
            reason = DIRECTORY_DAMAGED
    if reason is not None:
        yield from zip_members_cut.read(part, reason, wanted, file_bytes, total_bytes)
        return
    left = total_bytes
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            if left < info.file_size <= file_bytes and wanted(info.filename):
                yield Broken(
                    info.header_offset, 0, part.size - info.header_offset, OVER, info.filename.encode("utf-8", "replace")[:EXCERPT]
                )
                return
            found = _entry(archive, info, wanted, file_bytes)
            if isinstance(found, Broken) or found.content is not None:  # a corrupt entry may have been expanded up to its last byte
                left -= info.file_size
            yield found


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, wanted: Callable[[str], bool], file_bytes: int) -> Entry | Broken:
    mode = info.external_attr >> 16
    kind = DIRECTORY if info.is_dir() else "symbolic link" if stat.S_ISLNK(mode) else FILE
    content: bytes | None = None
    if kind == FILE and info.file_size <= file_bytes and wanted(info.filename):
        try:
            with archive.open(info) as file:
                content = file.read(info.file_size + 1)
        except (*ERRORS, OSError) as error:
            if isinstance(error, OSError) and info.compress_type != BZIP2:
                raise  # of the stream itself; bzip2's own are OSError too
            return Broken(
                info.header_offset, 0, info.compress_size, _reason(info, error), info.filename.encode("utf-8", "replace")[:EXCERPT]
            )
    modified = seconds(*info.date_time)
    return Entry(info.filename, kind, info.file_size, stat.S_IMODE(mode), "", content, info.header_offset, 0, modified)


def _reason(info: zipfile.ZipInfo, error: Exception) -> str:
    if info.flag_bits & 1:
        return "zip entry is encrypted"
    if isinstance(error, NotImplementedError):
        return f"zip entry's compression is not known: method {info.compress_type}"
    if isinstance(error, zipfile.BadZipFile):
        return CHECKSUM if "CRC" in str(error) else "zip entry is corrupt: its header is not the directory's"
    return NOT_EXPANDED


def _directory_fault(part: Part) -> str | None:
    """Why the directory is not to be read; None: zipfile may try. Zip64's sizes lie elsewhere: the file's own size bounds them."""
    tail = min(part.size, COMMENT + END_SIZE)
    part.stream.seek(part.size - tail)
    data = part.stream.read(tail)
    at = data.rfind(END_MAGIC)
    if at < 0 or len(data) - at < END_SIZE:
        return "zip without its directory: it is cut"
    size = struct.unpack_from("<L", data, at + 12)[0]
    size = min(part.size, _zip64_size(part, data, at)) if size == ZIP64 else size
    return "zip directory is over its bound" if size > DIRECTORY_BYTES else None


def _zip64_size(part: Part, data: bytes, at: int) -> int:
    """Bytes of the directory by the zip64 record before its locator; the file's size where it cannot be told."""
    if at < 20 or data[at - 20 : at - 16] != b"PK\x06\x07":
        return part.size
    where = struct.unpack_from("<Q", data, at - 12)[0]
    part.stream.seek(min(where, part.size))
    record = part.stream.read(56)
    return struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 and record[:4] == b"PK\x06\x06" else part.size


class _Stream(io.RawIOBase):
    """The part's stream for zipfile, which closes what it is given; this one leaves it open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
