"""Books as files: one text a file, tars as Books3's, zips as Gutenberg's, rows as PG-19's. LLaMA section 2.1, "Gutenberg and Books3".

What a file is its content tells. Every book is a Document with its header and footer still on, or says by name why it is none; archives in
archives are not opened, no link is followed, nothing is unpacked to disk.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipeline import book_names, book_rows, book_text, book_zip, tar_members
from pipeline.files import InputError
from pipeline.member_names import storable
from pipeline.members import EXCERPT, FORMATS, HEAD, Content, Piece, Unreadable, pieces
from pipeline.part import Part
from pipeline.records import Broken, Document, Read, Refused, Skipped
from pipeline.rows import AVRO_MAGIC, PARQUET_ENCRYPTED, PARQUET_MAGIC
from pipeline.stores import Stat
from pipeline.tar_members import DIRECTORY, FILE, TAR, Entry
from transforms import gutenberg_header

PLAIN = Content(re.compile(rb"[^\x00-\x08\x0e-\x19\x1c-\x1f\x7f]+\Z"))
"""A file whose first bytes are text is not compressed, whatever its name says."""
COMPRESSED = re.compile(b"|".join(known.magic.pattern for known in FORMATS), re.DOTALL)
ARCHIVES = (*book_zip.MAGICS, b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
OVER_SIZE, BINARY, NO_TEXT, NESTED = "over-size file", "binary file", "not a text file", "archive in an archive"


@dataclass(frozen=True)
class Bounds:
    """`document_bytes`: a larger book is refused by name and not held; `member_bytes`: what one compressed member, or a zip, may expand to.

    `row_bytes`: a row as stored.
    """

    document_bytes: int = 64 << 20  # ours: ten times the longest book of Project Gutenberg; the longest of PG-19 has some 10 MB
    member_bytes: int = 256 << 30  # ours: Books3 is one gzip member of 108 GB
    row_bytes: int = 128 << 20  # ours: a book of that size whose every second character JSON escapes


def read(part: Part, bounds: Bounds | None = None) -> Iterator[Read]:
    """The books of a file in their order. Errors of the stream itself (OSError) are raised."""
    bounds = bounds or Bounds()
    part.stream.seek(0)
    head, name = part.stream.read(HEAD), book_names.stem(part.name)
    part.stream.seek(0)
    if not head:
        return iter([Broken(0, 0, 0, "empty file", b"")])
    if head[:4] in (PARQUET_MAGIC, PARQUET_ENCRYPTED, AVRO_MAGIC) or book_names.ROWS.search(name):
        return book_rows.read(part, bounds.document_bytes, bounds.member_bytes, bounds.row_bytes)
    if book_names.NOT_TEXT.search(name):
        return iter([_refused(name, NO_TEXT, _suffix(name), part.size, 0, 0)])
    if head[:4] in book_zip.MAGICS:
        return _members(book_zip.read(part, _wanted, bounds.document_bytes, bounds.member_bytes), bounds)
    return _expanded(part, name, bounds)


def folders(path: str) -> list[tuple[str, Stat]]:
    """A folder given as input: its texts, archives and tables of books, in all folders below; other files are left out, and links to folders.

    Raises InputError where there are none.
    """
    found: list[tuple[str, Stat]] = []
    seen = 0
    for folder, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            stem = book_names.stem(name)
            if name.startswith(".") or not (
                book_names.BOOK.search(stem) or book_names.ROWS.search(stem) or book_names.TAR.search(stem) or stem.lower().endswith(".zip")
            ):
                continue
            found.append((os.path.join(folder, name), _stat(os.path.join(folder, name))))
    if not found:
        raise InputError(f"{path}: expected books (.txt, .tar, .zip, .jsonl, .parquet, compressed or not), found none among {seen} files")
    return found


def _stat(path: str) -> Stat:
    """Size and tag as `files.expand` gives them. Raises InputError for what only looks like a book: a broken link, a pipe."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise InputError(f"{path}: expected a file that can be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: expected a regular file, found a folder, pipe, socket or device; take it out of the folder")
    return status.st_size, str(status.st_mtime_ns)


# ---- forms


def _expanded(part: Part, name: str, bounds: Bounds) -> Iterator[Read]:
    """A file that is a text, a tar or JSON lines, compressed or not: its first expanded bytes tell."""
    stream = pieces(part.stream, part.name, bounds.member_bytes, PLAIN)
    first: list[Piece | Unreadable] = []
    head = b""
    for piece in stream:
        first.append(piece)
        if isinstance(piece, Unreadable):
            break
        head += piece.data[: HEAD - len(head)]
        if len(head) == HEAD:
            break
    if TAR.plain.match(head) or book_names.TAR.search(name):
        part.stream.seek(0)
        yield from _members(tar_members.read(part, _wanted, bounds.document_bytes, bounds.member_bytes), bounds)
    elif head.lstrip().startswith(b'{"') and not book_names.BOOK.search(name):
        yield from book_rows.read(part, bounds.document_bytes, bounds.member_bytes, bounds.row_bytes)
    else:
        yield _text(chain(first, stream), part, name, bounds)


def _text(stream: Iterator[Piece | Unreadable], part: Part, name: str, bounds: Bounds) -> Document | Refused | Broken:
    """The one book of a file. A part of a book is no book: damage makes it broken as a whole."""
    held, size = list[bytes](), 0
    for piece in stream:
        if isinstance(piece, Unreadable):
            return Broken(0, 0, part.size, piece.reason, b"".join(held)[:EXCERPT] or piece.excerpt)
        size += len(piece.data)
        if size > bounds.document_bytes:
            return _refused(name, OVER_SIZE, f"more than {bounds.document_bytes} bytes", part.size, 0, 0)
        held.append(piece.data)
    return _book(name, b"".join(held), part.size, 0, 0)


def _members(entries: Iterator[Entry | Broken], bounds: Bounds) -> Iterator[Read]:
    for entry in entries:
        if isinstance(entry, Broken):
            yield entry
        elif entry.kind == DIRECTORY:
            yield Skipped(DIRECTORY)
        else:
            yield _member(entry, bounds)


def _member(entry: Entry, bounds: Bounds) -> Document | Refused | Broken:
    name = book_names.key(entry.name)

    def refuse(label: str, reason: str, value: object) -> Refused:
        return _refused(name, label, reason, value, entry.offset, entry.inner)

    unsafe = book_names.unsafe(entry.name)
    if unsafe:
        return refuse("unsafe path", unsafe, storable(entry.name))
    if entry.kind != FILE:
        return refuse("not a regular file", entry.kind, storable(entry.link))
    if not book_names.BOOK.search(name):
        nested = book_names.ARCHIVE.search(name)
        return refuse(NESTED, "archives in archives are not opened", entry.size) if nested else refuse(NO_TEXT, _suffix(name), entry.size)
    if entry.content is None:
        return refuse(OVER_SIZE, f"more than {bounds.document_bytes} bytes", entry.size)
    return _book(name, entry.content, entry.size, entry.offset, entry.inner)


def _wanted(name: str) -> bool:
    """Whether a member's content is read."""
    return book_names.BOOK.search(name) is not None


# ---- a book


def _book(name: str, data: bytes, size: int, offset: int, inner: int) -> Document | Refused | Broken:
    if not data:
        return Broken(offset, inner, 0, "empty file", name.encode("utf-8", "replace")[:EXCERPT])
    if data.startswith(ARCHIVES) or COMPRESSED.match(data):
        return _refused(name, NESTED, "archives in archives are not opened", size, offset, inner)
    decoded = book_text.decode(data, name)
    if decoded is None:
        return _refused(name, BINARY, "a NUL byte, or control characters that no text has", size, offset, inner)
    text, notes = decoded
    header = gutenberg_header.parse(text)
    number = header.number or book_names.number(name, header != gutenberg_header.NOTHING)
    columns = {
        "url": url(number),
        "title": header.title or book_names.title(name),
        "author": header.author,
        "language": header.language,
        "number": number,
    }
    return Document(name, text, offset, inner, columns, notes)


def url(number: str | None) -> str | None:
    """Where Project Gutenberg has the book."""
    return f"https://www.gutenberg.org/ebooks/{number}" if number else None


def _refused(name: str, label: str, reason: str, value: object, offset: int, inner: int) -> Refused:
    return Refused(name, label, reason, str(value), offset, inner, {"url": url(book_names.number(name, False))})


def _suffix(name: str) -> str:
    base = name.rpartition("/")[2]
    return f"its name ends in .{base.rpartition('.')[2].lower()}" if "." in base else "its name has no ending"
