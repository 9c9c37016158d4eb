"""Books as files: one text a file, tars as Books3's, zips as Gutenberg's, rows as PG-19's. LLaMA section 2.1, "Gutenberg and Books3".

What a file is its content tells. Every book is a Document with its header and footer still on, or says by name why it is none; archives in
archives are not opened, no link is followed, nothing is unpacked to disk.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipeline import book_names, book_rows, book_text, one_file, tar_members, zip_members
from pipeline.files import InputError
from pipeline.member_names import storable
from pipeline.members import EXCERPT, FORMATS, HEAD, Content, Piece, Unreadable, pieces
from pipeline.part import Part
from pipeline.records import Broken, Document, Read, Refused, Skipped
from pipeline.rows import AVRO_MAGIC, PARQUET_ENCRYPTED, PARQUET_MAGIC
from pipeline.stores import Stat
from pipeline.tar_members import DIRECTORY, FILE, TAR, Entry
from pipeline.visible import visible
from transforms import gutenberg_header

PLAIN = Content(re.compile(rb"[^\x00-\x08\x0e-\x19\x1c-\x1f\x7f]+\Z"))
"""A file whose first bytes are text is not compressed, whatever its name says."""
COMPRESSED = re.compile(b"|".join(known.magic.pattern for known in FORMATS), re.DOTALL)
ARCHIVES = (*zip_members.MAGICS, b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
MOST_SAID = 12  # ours: reasons for which files of a folder are left out, the commonest; a folder may hold any number of endings
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
    if head[:4] in zip_members.MAGICS:
        return _members(zip_members.read(part, _wanted, bounds.document_bytes, bounds.member_bytes), part, bounds)
    return _expanded(part, name, bounds)


# ---- folders


def folders(path: str) -> list[tuple[str, Stat]]:
    """A folder given as input: its texts, archives and tables of books, in all folders below; links to folders are not followed.

    What else is in it is no book, be it a pipe or a broken link that is named as one: how much is left out is said on standard error.
    Raises InputError where there are no books, or where a folder cannot be listed.
    """
    found: list[tuple[str, Stat]] = []
    counts, examples = Counter[str](), dict[str, str]()
    for folder, inside, names in os.walk(path, onerror=_unlisted):
        for name in sorted(inside + names):
            status = _status(folder, name, name in inside)
            if isinstance(status, str):
                counts[status] += 1
                examples.setdefault(status, os.path.join(folder, name))
            elif status is not None:
                found.append((os.path.join(folder, name), status))
        inside[:] = sorted(name for name in inside if not name.startswith("."))
    said = f"{sum(counts.values()):,} files" + "".join(
        f"; {reason}: {number:,}, such as {visible(os.path.relpath(examples[reason], path))}"
        for reason, number in counts.most_common(MOST_SAID)
    )
    if not found:
        raise InputError(f"{path}: expected books (.txt, .tar, .zip, .jsonl, .parquet, compressed or not), found none among {said}")
    if counts:
        print(f"pipeline.run: {path}: no books and left out are {said}", file=sys.stderr)
    return found


def _status(folder: str, name: str, is_folder: bool) -> Stat | str | None:
    """Size and tag of a file of books, as `files.expand` gives them; why another file is left out; None of a folder that is gone into."""
    if name.startswith("."):
        return "hidden"
    path, stem = os.path.join(folder, name), book_names.stem(name)
    if is_folder:
        return "link to a folder" if os.path.islink(path) else None
    if not any(kind.search(stem) for kind in (book_names.BOOK, book_names.ROWS, book_names.TAR, book_names.ZIP)):
        return _suffix(name)
    try:
        status = os.stat(path)
    except OSError as error:
        return f"link to nothing ({error.strerror})" if os.path.islink(path) else f"not to be read ({error.strerror})"
    return (status.st_size, str(status.st_mtime_ns)) if stat.S_ISREG(status.st_mode) else "pipe, socket or device"


def _unlisted(error: OSError) -> None:
    raise InputError(f"{error.filename}: expected a folder that can be listed: {error.strerror}; check its permissions") from error


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
        yield from _members(tar_members.read(part, _wanted, bounds.document_bytes, bounds.member_bytes), part, bounds)
    elif head.lstrip().startswith(b'{"') and not book_names.BOOK.search(name):
        yield from book_rows.read(part, bounds.document_bytes, bounds.member_bytes, bounds.row_bytes)
    else:
        yield _text(chain(first, stream), part, name, bounds)


def _text(stream: Iterator[Piece | Unreadable], part: Part, name: str, bounds: Bounds) -> Document | Refused | Broken:
    """The one book of a file. A part of a book is no book: damage makes it broken as a whole."""
    found = one_file.whole(stream, bounds.document_bytes)
    if found.data is None:
        return _refused(name, OVER_SIZE, f"more than {bounds.document_bytes} bytes", part.size, 0, 0)
    if found.fault:
        return Broken(0, 0, part.size, *found.fault)
    cut = one_file.cut_in_magic(found.data, part.name)
    if cut:
        return Broken(0, 0, part.size, cut, found.data)
    return _book(name, found.data, part.size, 0, 0, found.notes)


def _members(entries: Iterator[Entry | Broken], part: Part, bounds: Bounds) -> Iterator[Read]:
    """What each entry of an archive is; an archive without any is broken, so that every input is in the books."""
    anything = False
    for entry in entries:
        anything = True
        if isinstance(entry, Broken):
            yield entry
        elif entry.kind == DIRECTORY:
            yield Skipped(DIRECTORY)
        else:
            yield _member(entry, bounds)
    if not anything:
        yield Broken(0, 0, part.size, "archive without a file", part.name.encode("utf-8", "replace")[:EXCERPT])


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


def _book(name: str, data: bytes, size: int, offset: int, inner: int, notes: tuple[str, ...] = ()) -> Document | Refused | Broken:
    if not data:
        return Broken(offset, inner, 0, "empty file", name.encode("utf-8", "replace")[:EXCERPT])
    if data.startswith(ARCHIVES) or COMPRESSED.match(data):
        return _refused(name, NESTED, "archives in archives are not opened", size, offset, inner)
    decoded = book_text.decode(data, name)
    if decoded is None:
        return _refused(name, BINARY, "a NUL byte, or control characters that no text has", size, offset, inner)
    text, told = decoded
    header = gutenberg_header.parse(text)
    number = header.number or book_names.number(name, header != gutenberg_header.NOTHING)
    columns = {
        "url": url(number),
        "title": header.title or book_names.title(name),
        "author": header.author,
        "language": header.language,
        "number": number,
    }
    return Document(name, text, offset, inner, columns, notes + told)


def url(number: str | None) -> str | None:
    """Where Project Gutenberg has the book."""
    return f"https://www.gutenberg.org/ebooks/{number}" if number else None


def _refused(name: str, label: str, reason: str, value: object, offset: int, inner: int) -> Refused:
    return Refused(name, label, reason, str(value), offset, inner, {"url": url(book_names.number(name, False))})


def _suffix(name: str) -> str:
    base = name.rpartition("/")[2]
    return f"its name ends in .{base.rpartition('.')[2].lower()}" if "." in base else "its name has no ending"
