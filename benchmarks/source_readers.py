"""The libraries by which a source's inputs are read, called as a script would: the same bytes, the same fields, nothing checked and nothing named."""

from __future__ import annotations

import bz2
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from fastwarc.warc import ArchiveIterator, WarcRecordType
from isal import igzip


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


READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "released": ("isal gunzip, json.loads", json_lines),
    "crawl": ("fastwarc, decode", wet),
    "archives": ("isal gunzip, tarfile, decode", archive),
    "rows": ("isal gunzip, json.loads", json_lines),
    "tables": ("isal gunzip, json.loads", json_lines),
    "multistream": ("bz2, ElementTree.iterparse", dump),
    "xml": ("ElementTree.iterparse", dump),
}
