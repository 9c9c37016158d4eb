"""Files of books packed from texts, as the reader meets them: Books3's tar, Gutenberg's zips, rows as Hugging Face has them."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
from made_archives import archive
from shared_data import SHARED

from pipeline import book_files
from pipeline.book_files import Bounds
from pipeline.part import Part
from pipeline.records import Broken, Document, Refused

BOOKS = SHARED / "books"
BODY = "Chapter 1\n\nThe ferry came late that morning, and the miller had already gone home.\n\nNobody was surprised.\n"
HEADER = """The Project Gutenberg EBook of A Made Book, by Ann Author

This eBook is for the use of anyone anywhere at no cost.

Title: A Made Book

Author: Ann Author

Release Date: May, 2004 [EBook #4711]

Language: {language}

Character set encoding: {encoding}

*** START OF THIS PROJECT GUTENBERG EBOOK A MADE BOOK ***
"""
FOOTER = """

End of the Project Gutenberg EBook of A Made Book, by Ann Author

*** END OF THIS PROJECT GUTENBERG EBOOK A MADE BOOK ***

***** This file should be named 4711.txt or 4711.zip *****

*** START: FULL LICENSE ***
"""


def gutenberg(body=BODY, language="English", encoding="UTF-8"):
    return HEADER.format(language=language, encoding=encoding) + "\n" + body + FOOTER


def part(data, name="4711-0.txt"):
    return Part(io.BytesIO(data), name, name, len(data), 0, len(data))


def read(data, name="4711-0.txt", **bounds):
    return list(book_files.read(part(data, name), Bounds(**bounds)))


def one(data, name="4711-0.txt", **bounds):
    (found,) = read(data, name, **bounds)
    return found


def books(found):
    return {item.key: item.text for item in found if isinstance(item, Document)}


def fates(found):
    """(key, label, reason) of what was refused, (offset, reason) of what is broken."""
    return [
        (item.key, item.label, item.reason) if isinstance(item, Refused) else (item.offset, item.reason)
        for item in found
        if isinstance(item, Refused | Broken)
    ]


def books3(texts):
    """A tar as Books3's of {title: text}."""
    return archive([(books3_name(title), text.encode()) for title, text in texts.items()])[0]


def books3_name(title):
    return f"books3/the-eye.eu/public/Books/Bibliotik/{title[0].upper()}/{title}.epub.txt"


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    """A zip of (name, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in entries:
            file.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def json_lines(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def parquet(rows):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def real(pattern):
    """{path below books/, without .gz: bytes} of the real files."""
    return {str(path.relative_to(BOOKS))[:-3]: gzip.decompress(path.read_bytes()) for path in sorted(BOOKS.glob(pattern))}
