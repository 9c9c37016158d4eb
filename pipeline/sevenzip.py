"""The files of a 7z archive as one stream of pieces, each with the place of its folder in the archive.

Pull, not push: py7zr hands extracted bytes to a writer of its own; here its decompressor of a folder is asked for one piece after the
other, so that no thread is needed and little is held. The archive's directory lies at its end: cut, it gives nothing.
"""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, cast

from pipeline.members import EXCERPT, Piece, Unreadable

MAGIC = b"7z\xbc\xaf\x27\x1c"
FEED = 1 << 10  # ours: compressed bytes fed at once. LZMA gives at most some 7,000 bytes for one, so that `MOST` takes up all that is fed
MOST = 8 << 20  # ours: expanded bytes of one piece; history expands 50 to 100 times, so that a piece has some 100 KB
# What py7zr, and what is below it, raise on archives that are not sound
_UNSOUND = (
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
)


def pieces(stream: BinaryIO, size: int) -> Iterator[Piece | Unreadable]:
    """Pieces of the archive's files, one file after the other, in the archive's order; `Piece.member` is the offset of their folder.

    `size`: bytes of the archive. Damage ends its folder: one Unreadable; the next folder is read. Errors of the stream are raised.
    """
    import py7zr

    excerpt = stream.read(EXCERPT)
    stream.seek(0)
    try:
        archive = py7zr.SevenZipFile(cast(io.IOBase, stream))
        folders = folders_of(archive)
    except unsound() as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the stream's own; what a decompressor raises has no number
        yield Unreadable(0, size, "7z archive is cut or corrupt", excerpt, 0)
        return
    if not folders:
        yield Unreadable(0, size, "7z archive without a file", excerpt, 0)
    for folder in folders:
        yield from folder_pieces(stream, *folder)


def unsound() -> tuple[type[Exception], ...]:
    """What is raised for archives that are not sound, and by the stream itself."""
    from py7zr.exceptions import ArchiveError, PasswordRequired

    return (ArchiveError, PasswordRequired, OSError, *_UNSOUND)


def folder_pieces(stream: BinaryIO, offset: int, packed: int, files: list[Any]) -> Iterator[Piece | Unreadable]:
    """Pieces of the first files of a folder, each of one file; damage ends it with one Unreadable."""
    reason = yield from _folder(stream, offset, packed, files, unsound())
    if reason is not None:
        read = max(0, min(stream.tell() - offset, packed))
        stream.seek(offset)
        yield Unreadable(offset, packed, reason, stream.read(EXCERPT), read)


def folders_of(archive: Any) -> list[tuple[int, int, list[Any]]]:
    """(file offset, packed bytes, files) of each folder: a run of files that are packed as one stream."""
    streams = getattr(archive.header, "main_streams", None)
    if streams is None:
        return []
    begin, packed = archive.afterheader + streams.packinfo.packpos, streams.packinfo
    return [
        (begin + packed.packpositions[number], packed.packsizes[number], [file for file in archive.files if file.folder is folder])
        for number, folder in enumerate(streams.unpackinfo.folders)
    ]


def _folder(
    stream: BinaryIO, offset: int, packed: int, files: list[Any], raised: tuple[type[Exception], ...]
) -> Generator[Piece, None, str | None]:
    """The pieces of a folder's files; returns why it cannot be read to its end, or None."""
    from py7zr.compressor import SevenZipDecompressor
    from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError

    if not files:
        return None
    stream.seek(offset)
    folder = files[0].folder
    try:
        decompressor = SevenZipDecompressor(folder.coders, packed, folder.unpacksizes, folder.crc, None, FEED)
        for file in files:
            left, checksum = file.uncompressed, 0
            while left:
                before = decompressor.consumed
                data = bytes(decompressor.decompress(cast(Any, stream), min(left, MOST)))
                if not data and decompressor.consumed == before:
                    return "7z folder is cut"
                left -= len(data)
                checksum = zlib.crc32(data, checksum)
                if not left and file.crc32 is not None and checksum != file.crc32:
                    yield Piece(data, offset, False)
                    return "7z file does not have its checksum"
                yield Piece(data, offset, not left and file is files[-1])
    except PasswordRequired:
        return "7z archive is encrypted"
    except UnsupportedCompressionMethodError:
        return "7z archive is packed by a method that is not read"
    except raised as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return "7z folder is corrupt"
    return None
