"""Tar archives as a stream of entries, in any compression: ustar, pax, GNU and old ones (POSIX.1-2017 "pax"; GNU tar manual).

`tarfile` takes a broken header behind the first one for the archive's end, in silence. Here it is one Broken, and reading goes on at the next
512 bytes that are a header with a right checksum. Nothing is written to disk; content is held only of files that are wanted and within bounds.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipeline.members import EXCERPT, Content, pieces
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.window import STEP, Window

BLOCK = 512  # POSIX: bytes of a header; content is padded to a multiple
LONGEST_NAME = 1 << 20  # ours: bytes of a pax header or of a GNU long name; paths have 4 KiB at most
CHECKSUM = re.compile(rb"[ \0]*[0-7]{1,7}[ \0]?")  # POSIX: octal digits; what lacks them is no header, told fast
MAGIC_AT = 257  # POSIX: where `ustar` lies in a header
TAR = Content(re.compile(rb"(?s).{257}ustar"))
FILE, DIRECTORY = "file", "directory"
KINDS = {
    **dict.fromkeys((tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE), FILE),
    tarfile.DIRTYPE: DIRECTORY,
    tarfile.LNKTYPE: "hard link",
    tarfile.SYMTYPE: "symbolic link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "fifo",
    tarfile.GNUTYPE_SPARSE: "sparse file",
}
LONG_NAME, LONG_LINK, SPARSE = tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE
PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of an archive or a folder. `kind`: file, directory, or what it is instead; `link`: where a link points.

    `content`: the bytes of a file; None where it is no file, is not wanted or is over the bound. `size`: in bytes, as the entry says.
    `offset`: of the entry's header (in a compressed archive, of its member; in a folder, of the bytes before it); `inner`: in the member.
    `modified`: in seconds since 1970, as the header says; 0 where none does.
    """

    name: str
    kind: str
    size: int
    mode: int
    link: str
    content: bytes | None
    offset: int
    inner: int
    modified: int = 0


@dataclass(frozen=True, slots=True)
class _Header:
    """A header, with what pax and GNU headers before it say. `begin`: where the first of them begins; `content`: where its content does."""

    begin: int
    content: int
    name: str
    kind: str
    stored: int
    mode: int
    link: str
    modified: int


class _HeaderError(Exception):
    """Why no header can be read."""


class _CutError(_HeaderError):
    """The segment ends before the entry does."""


def read(part: Part, wanted: Callable[[str], bool], file_bytes: int, member_bytes: int) -> Iterator[Entry | Broken]:
    """The archive's entries in their order; each fault is one Broken. `wanted`: whether a file's content is, by its name."""
    part.stream.seek(0)
    window = Window(pieces(part.stream, part.name, member_bytes, TAR))
    archive = _Archive(window, wanted, file_bytes)
    while not window.finished:
        window.reopen()
        yield from archive.segment()
    if not window.anything and not archive.faults:
        yield Broken(0, 0, 0, "empty file", b"")
    elif not archive.ended and not archive.faults:
        yield Broken(part.size, 0, 0, "tar without its end: it may be cut between two files", b"")


class _Archive:
    """Reads segments: what lies between two stretches of damage, or all of the archive."""

    def __init__(self, window: Window, wanted: Callable[[str], bool], file_bytes: int) -> None:
        self._window, self._wanted, self._file_bytes = window, wanted, file_bytes
        self.ended = False  # whether the last thing that was read was a block of zeros
        self.faults = 0

    def segment(self) -> Iterator[Entry | Broken]:
        window, position = self._window, 0
        if self.faults:  # behind damage nothing tells where blocks begin
            position = self._seek(0, 1)
            if position:
                yield self._broken(*self._begun(0), position, "bytes of no entry, behind damage")
        while window.fill(position + 1):
            window.advance(position)
            begun = self._begun(position)
            try:
                header = self._header(position)
                if header is None:
                    self.ended, position = True, position + BLOCK
                    continue
                self.ended = False
                yield self._entry(header, begun)
                position = header.content + _padded(header.stored)
            except _HeaderError as error:
                found = window.end if isinstance(error, _CutError) else self._seek(position + BLOCK, BLOCK)
                if window.fault and found == window.end:
                    yield self._damage(position, begun)
                    return
                yield self._broken(*begun, found - position, str(error))
                position = found
        if window.fault:
            yield self._damage(position, self._begun(position))

    def _begun(self, position: int) -> tuple[int, int, bytes]:
        """Offset, inner and first bytes of what begins at the position; taken before the window moves on."""
        window = self._window
        window.fill(position + EXCERPT)
        if position >= window.end:
            return (window.fault.offset if window.fault else 0), 0, b""
        return *window.place(position), window.bytes(position, min(position + EXCERPT, window.end))

    def _broken(self, offset: int, inner: int, excerpt: bytes, size: int, reason: str) -> Broken:
        self.faults += 1
        return Broken(offset, inner, size, reason, excerpt)

    def _damage(self, position: int, begun: tuple[int, int, bytes]) -> Broken:
        """The damage that ends the segment, with the entry that it cut."""
        fault = self._window.fault
        assert fault is not None
        inner = begun[1] if begun[0] == fault.offset else 0
        return self._broken(fault.offset, inner, begun[2] or fault.excerpt, self._window.unread(fault, position), fault.reason)

    # ---- headers

    def _header(self, position: int) -> _Header | None:
        """The header at the position with those that belong to it; None: a block of zeros. Raises _HeaderError."""
        begin, pax, name, link = position, dict[str, str](), None, None
        while True:
            info = self._block(position)
            if info is None:
                if begin != position:
                    raise _HeaderError("tar header is missing behind its extension")
                return None
            content = position + BLOCK
            if info.type not in (LONG_NAME, LONG_LINK, tarfile.XGLTYPE, *PAX):
                break
            data = self._extension(content, info.size)
            if info.type == LONG_NAME:
                name = _text(data.split(b"\0")[0])
            elif info.type == LONG_LINK:
                link = _text(data.split(b"\0")[0])
            elif info.type in PAX:  # global ones hold git's commit, and nothing that an entry needs
                pax.update(_pax(data))
            position = content + _padded(info.size)
        if info.type == SPARSE:
            content = self._behind_sparse_map(position)
        return _joined(
            _Header(
                begin,
                content,
                name or info.name,
                KINDS.get(info.type, "unknown kind of entry"),
                info.size,
                info.mode,
                link or info.linkname,
                int(info.mtime),
            ),
            pax,
        )

    def _block(self, position: int) -> tarfile.TarInfo | None:
        if not self._window.fill(position + BLOCK):
            raise _CutError("tar is cut in a header")
        block = self._window.bytes(position, position + BLOCK)
        return _info(block)

    def _extension(self, content: int, size: int) -> bytes:
        if size > LONGEST_NAME:
            raise _HeaderError("tar header's extension is over its bound")
        if not self._window.fill(content + size):
            raise _CutError("tar is cut in a header")
        return self._window.bytes(content, content + size)

    def _behind_sparse_map(self, position: int) -> int:
        """GNU: a sparse file's map goes on in blocks of their own while a byte of the block before says so."""
        more, at = self._window.bytes(position + 482, position + 483), position + BLOCK
        while more != b"\0":
            if not self._window.fill(at + BLOCK):
                raise _CutError("tar is cut in a header")
            more, at = self._window.bytes(at + 504, at + 505), at + BLOCK
            if at - position > LONGEST_NAME:
                raise _HeaderError("tar header's extension is over its bound")
        return at

    def _seek(self, begin: int, step: int) -> int:
        """The next position, by steps, at which a header with a right checksum lies; or the segment's end. Forgets what lies before."""
        window, at = self._window, begin
        while True:
            window.fill(at + STEP)
            if window.end - at < BLOCK:
                return window.end
            while window.end - at >= BLOCK:
                if step == 1:  # by the magic: not every byte can be tried
                    found = window.buffer.find(b"ustar", at + MAGIC_AT - window.base)
                    at = window.base + found - MAGIC_AT if found >= 0 else max(at, window.end - MAGIC_AT - 4)
                    if found < 0 or window.end - at < BLOCK:
                        break
                if is_header(window.bytes(at, at + BLOCK)):
                    return at
                at += step
            window.advance(at)
            if window.closed and window.end - at < BLOCK:
                return window.end

    # ---- content

    def _entry(self, header: _Header, begun: tuple[int, int, bytes]) -> Entry:
        """The entry; its content is passed over where it is not wanted."""
        window, end = self._window, header.content + header.stored
        hold = header.kind == FILE and header.stored <= self._file_bytes and self._wanted(header.name)
        if hold:
            window.fill(end)
        else:
            at = header.content
            while at < end and window.fill(min(end, at + STEP)):
                at = min(end, at + STEP)
                window.advance(at)
        if window.end < end:
            raise _CutError("tar is cut in a file")
        content = window.bytes(header.content, end) if hold else None
        return Entry(header.name, header.kind, header.stored, header.mode, header.link, content, *begun[:2], header.modified)


def _info(block: bytes) -> tarfile.TarInfo | None:
    """A header's fields; None for a block of zeros. Raises _HeaderError."""
    if not block.strip(b"\0"):
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise _HeaderError("tar header is corrupt") from error
    if info.size < 0:
        raise _HeaderError("tar header is corrupt")
    if KINDS.get(info.type, FILE) not in (FILE, "sparse file"):
        info.size = 0  # as tarfile: links, folders, devices have no content, whatever the field says
    return info


def is_header(block: bytes) -> bool:
    """Whether 512 bytes are a header of a tar of whatever age, by their checksum."""
    if not CHECKSUM.match(block, 148):
        return False
    try:
        return _info(block) is not None
    except _HeaderError:
        return False


def _joined(header: _Header, pax: dict[str, str]) -> _Header:
    """The header with what the pax header before it says (POSIX: it counts before the header's own fields)."""
    kind = "sparse file" if any(key.startswith("GNU.sparse.") for key in pax) else header.kind
    name = pax.get("GNU.sparse.name", pax.get("path", header.name))
    size = pax.get("size", "")
    stored = int(size) if size.isascii() and size.isdigit() and len(size) < 20 and header.kind == FILE else header.stored
    return replace(header, name=name, kind=kind, stored=stored, link=pax.get("linkpath", header.link))


def _pax(data: bytes) -> dict[str, str]:
    """The records `length key=value` of a pax header. Raises _HeaderError."""
    found, at = dict[str, str](), 0
    while at < len(data) and data[at]:
        digits, space, _ = data[at : at + 20].partition(b" ")
        if not space or not digits.isdigit() or int(digits) <= len(digits) + 1:
            raise _HeaderError("pax header is corrupt")
        end = at + int(digits)
        key, equals, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
        if end > len(data) or not equals:
            raise _HeaderError("pax header is corrupt")
        found[_text(key)] = _text(value)
        at = end
    return found


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
