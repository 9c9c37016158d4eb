"""The libraries by which a source's inputs are read, called as a script would: the same bytes, the same fields, nothing checked and nothing named."""

from __future__ import annotations

import bz2
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import py7zr
from fastwarc.warc import ArchiveIterator, WarcRecordType
from isal import igzip
from py7zr.io import BytesIOFactory

FIELDS = ("Id", "PostTypeId", "ParentId", "Score", "Body", "Title", "Tags", "CreationDate", "LastActivityDate", "ContentLicense")
"""Attributes of a post that become columns."""


def json_lines(path: Path) -> None:
    for line in igzip.decompress(path.read_bytes()).split(b"\n"):
        if line:
            json.loads(line)


def wet(path: Path) -> None:
    for record in ArchiveIterator(str(path), record_types=WarcRecordType.conversion):
        (record.headers["WARC-Target-URI"], record.headers["WARC-Date"], record.headers["WARC-Record-ID"], record.reader.read().decode())


def archive(path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(igzip.decompress(path.read_bytes()))) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.isfile() else None
            if content is not None:
                content.read().decode("utf-8", "replace")


def dump(path: Path) -> None:
    with bz2.open(path) if path.suffix == ".bz2" else path.open("rb") as stream:
        for _, element in ElementTree.iterparse(stream):
            if element.tag.endswith("}page"):
                {field.tag: field.text for field in element.iter()}
                element.clear()


def texts(path: Path) -> None:
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError:
        data.decode("cp1252", "replace")


def bulk(path: Path) -> None:
    with tarfile.open(path) as opened:
        for member in opened:
            content = opened.extractfile(member)
            if content is not None:
                _submission(igzip.decompress(content.read()))


def _submission(data: bytes) -> None:
    """The files of a paper that are LaTeX by their names, or its one file."""
    if data[257:262] != b"ustar":
        data.decode("utf-8", "replace")
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.name.endswith((".tex", ".sty", ".cls", ".bbl")) else None
            if content is not None:
                content.read().decode("utf-8", "replace")


def posts_xml(path: Path) -> None:
    with path.open("rb") as stream:
        _rows(stream)


def posts_gzip(path: Path) -> None:
    with igzip.open(path) as stream:
        _rows(stream)


def posts_7z(path: Path) -> None:
    with py7zr.SevenZipFile(path) as archive:
        factory = BytesIOFactory(1 << 40)
        archive.extract(targets=["Posts.xml"], factory=factory)
    _rows(factory.products["Posts.xml"])


def _rows(stream: Any) -> None:
    """The attributes of each row as expat gives them."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = _row
    parser.ParseFile(stream)


def _row(name: str, attributes: dict[str, str]) -> None:
    if name == "row":
        tuple(map(attributes.get, FIELDS))


READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "released": ("isal gunzip, json.loads", json_lines),
    "crawl": ("fastwarc, decode", wet),
    "archives": ("isal gunzip, tarfile, decode", archive),
    "rows": ("isal gunzip, json.loads", json_lines),
    "tables": ("isal gunzip, json.loads", json_lines),
    "multistream": ("bz2, ElementTree.iterparse", dump),
    "xml": ("ElementTree.iterparse", dump),
    "archive": ("isal gunzip, tarfile, decode", archive),
    "texts": ("read, decode", texts),
    "bulk": ("tarfile, isal gunzip, tarfile, decode", bulk),
    "archives7z": ("py7zr, expat", posts_7z),
    "gzip": ("isal gunzip, expat", posts_gzip),
    "posts": ("expat", posts_xml),
}
