"""Stack Exchange dumps made of a few words, packed in every format in which dumps come."""

import bz2
import gzip
import io
import lzma
from xml.sax.saxutils import escape

import py7zr
import pytest
import zstandard
from shared_data import SHARED

from pipeline.part import Part
from pipeline.posts import Answer, Bounds, Question, Totals, read, splits
from pipeline.records import Broken, Skipped

BOUNDS = Bounds()
HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n'
FOOT = b"</posts>"
ESCAPED = {'"': "&quot;", "\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"}


def row(**attributes):
    """As Stack Exchange writes it: one line, two blanks before it."""
    return ("  <row" + "".join(f' {name}="{escape(str(value), ESCAPED)}"' for name, value in attributes.items()) + " />\r\n").encode()


def question(number, **other):
    return {
        "Id": number,
        "PostTypeId": 1,
        "CreationDate": f"2014-01-{number % 28 + 1:02d}T20:26:05.383",
        "Score": number - 3,
        "Body": f'<p>Which llama is <b>Nr. {number}</b> & what is its "name"?</p>\n' + "<p>Humming…</p>\n" * (number % 5),
        "LastActivityDate": f"2015-02-{number % 28 + 1:02d}T01:02:03.004",
        "Title": f"Llama {number}: who's > others?",
        "Tags": "<wool><alpacas>",
        "AnswerCount": 1,
        **other,
    }


def answer(number, parent, **other):
    return {
        "Id": number,
        "PostTypeId": 2,
        "ParentId": parent,
        "CreationDate": "2014-01-21T20:26:05.383",
        "Score": 2,
        "Body": f"<p>It is {number}, née &amp;.</p>\n",
        **other,
    }


def rows(count):
    """Questions with odd ids, each with an answer of the next."""
    return [row(**(question(number) if number % 2 else answer(number, number - 1))) for number in range(1, count + 1)]


def dump(rows, head=HEAD, foot=FOOT):
    return head + b"".join(rows) + foot


def sevenzip(files, filters=None):
    archive = io.BytesIO()
    with py7zr.SevenZipFile(archive, "w", filters=filters or [{"id": py7zr.FILTER_LZMA2, "preset": 1}]) as packed:
        for name, content in files.items():
            packed.writestr(content, name)
    return archive.getvalue()


OTHERS = {
    name: f"<{name.lower()}>\n  <row Id='1' />\n</{name.lower()}>".encode() for name in ("Badges", "Comments", "PostHistory", "PostLinks")
}
LATER = {name: f"<{name.lower()}>\n  <row Id='1' />\n</{name.lower()}>".encode() for name in ("Tags", "Users", "Votes")}


def site_archive(posts):
    """As archive.org has a site: all tables, by name."""
    return sevenzip({f"{name}.xml": data for name, data in {**OTHERS, "Posts": posts, **LATER}.items()})


PACKED = {
    "plain": ("llama.com/Posts.xml", lambda data: data),
    "gzip": ("llama.com/Posts.xml.gz", lambda data: gzip.compress(data, mtime=0)),
    "bzip2": ("llama.com/Posts.xml.bz2", bz2.compress),
    "zstd": ("llama.com/Posts.xml.zst", lambda data: zstandard.ZstdCompressor().compress(data)),
    "xz": ("llama.com/posts.xml.xz", lambda data: lzma.compress(data, preset=1)),
    "7z of a site": ("llama.com.7z", site_archive),
    "7z of a table": ("llama.com-Posts.7z", lambda data: sevenzip({"Posts.xml": data})),
    "7z by bzip2": ("llama.com.7z", lambda data: sevenzip({"Posts.xml": data}, [{"id": py7zr.FILTER_BZIP2}])),
    "utf-16": ("llama.com/Posts.xml", lambda data: _other_encoding(data, "utf-16")),
    "utf-16 in 7z": ("llama.com.7z", lambda data: site_archive(_other_encoding(data, "utf-16-be"))),
}


def _other_encoding(data, encoding):
    return data.decode("utf-8-sig").replace("utf-8", "utf-16", 1).encode(encoding)


def part(data, name="llama.com/Posts.xml", start=0, end=None):
    return Part(io.BytesIO(data), name, name, len(data), start, len(data) if end is None else end)


def items(data, name="llama.com/Posts.xml", bounds=BOUNDS, part_bytes=None):
    """Everything that is read of a file, whole or in ranges, but the totals."""
    ranges = [(0, len(data))] if part_bytes is None else splits(name, len(data), part_bytes)
    found = [item for start, end in ranges for item in read(part(data, name, start, end), bounds)]
    return [item for item in found if not isinstance(item, Totals)]


def read_all(data, name="llama.com/Posts.xml", bounds=BOUNDS):
    """(posts, broken, types of what was skipped)."""
    found = items(data, name, bounds)
    return (
        [item for item in found if isinstance(item, Question | Answer)],
        [item for item in found if isinstance(item, Broken)],
        [item.type for item in found if isinstance(item, Skipped)],
    )


def contents(found):
    """Posts without their places, which differ between formats."""
    places = {"offset", "inner"}
    return [(type(post).__name__, *(getattr(post, name) for name in post.__slots__ if name not in places)) for post in found]


def real():
    """The real dumps; skips where they are not there."""
    if not (SHARED / "stackexchange").is_dir():
        pytest.skip(f"no shared data: {SHARED}/stackexchange is absent")
    return SHARED / "stackexchange"
