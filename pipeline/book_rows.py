"""Books as rows: PG-19 as Hugging Face has it (short_book_title, publication_date, url, text), Books3 (title, text). Spec section 7.1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline import rows
from pipeline.members import EXCERPT
from pipeline.part import Part
from pipeline.records import Broken, Document, Read, Refused
from transforms import gutenberg_header

COLUMNS = (
    rows.Column("text"),
    rows.Column("title", required=False, names=("short_book_title", "title")),
    rows.Column("url", required=False),
)
EBOOK = re.compile(r"gutenberg\.(?:org|net)/(?:ebooks|files|etext)/(\d{1,6})\b")


def read(part: Part, document_bytes: int, member_bytes: int, row_bytes: int) -> Iterator[Read]:
    """A book a row; its key is its url, and where it has none its place names it. A table without a row is broken, as an archive without a file."""
    anything = False
    for row in rows.read(part, COLUMNS, rows.Bounds(member_bytes=member_bytes, row_bytes=row_bytes)):
        anything = True
        yield row if isinstance(row, Broken) else _book(row, document_bytes)
    if not anything:
        yield Broken(0, 0, part.size, "no row", part.name.encode("utf-8", "replace")[:EXCERPT])


def _book(row: rows.Row, document_bytes: int) -> Document | Refused | Broken:
    text, url = row.values["text"], row.values["url"] or None
    size = len(text) if text.isascii() else len(text.encode())
    if size > document_bytes:
        return Refused(
            url, "over-size file", f"more than {document_bytes} bytes", str(size), row.offset, row.inner, {"url": url}, row.notes
        )
    if not text:
        return Broken(row.offset, row.inner, 0, "empty text", (row.values["title"] or url or "").encode()[:EXCERPT])
    header = gutenberg_header.parse(text)
    named = EBOOK.search(url or "")
    number = header.number or (named[1] if named else None)
    columns = {
        "url": url or (f"https://www.gutenberg.org/ebooks/{number}" if number else None),
        "title": row.values["title"] or header.title,
        "author": header.author,
        "language": header.language,
        "number": number,
    }
    return Document(url, text, row.offset, row.inner, columns, row.notes)
