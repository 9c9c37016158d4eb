"""MediaWiki dumps made of a few words, packed in every format in which dumps come."""

import bz2
import gzip
import io
import lzma
from xml.sax.saxutils import escape

import py7zr
import pytest
import zstandard
from shared_data import SHARED

from pipeline.mediawiki import Bounds, Page, read, splits
from pipeline.part import Part
from pipeline.records import Broken

BOUNDS = Bounds()
NAMESPACES = {-1: "Special", 0: "", 1: "Talk", 10: "Template"}
FOOT = b"</mediawiki>\n"


def head(version="0.11", encoding=None, dbname="llwiki"):
    """From the first byte to behind siteinfo."""
    spaces = "".join(f'      <namespace key="{key}" case="first-letter">{name}</namespace>\n' for key, name in NAMESPACES.items())
    return (
        (f'<?xml version="1.0" encoding="{encoding}"?>\n' if encoding else "")
        + f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-{version}/" version="{version}" xml:lang="ll">\n  <siteinfo>\n'
        f"    <sitename>Llamapedia</sitename>\n    <dbname>{dbname}</dbname>\n    <base>https://ll.wikipedia.org/wiki/Main_Page</base>\n"
        f"    <namespaces>\n{spaces}    </namespaces>\n  </siteinfo>\n"
    ).encode()


def revision(number, text, timestamp="2024-01-01T00:00:00Z", attributes=' xml:space="preserve"'):
    return (
        f"    <revision>\n      <id>{number}</id>\n      <timestamp>{timestamp}</timestamp>\n      <contributor>\n"
        f"        <username>U &amp; I</username>\n        <id>7</id>\n      </contributor>\n      <comment>c</comment>\n"
        f"      <model>wikitext</model>\n      <format>text/x-wiki</format>\n"
        f'      <text bytes="{len(text.encode())}"{attributes}>{escape(text)}</text>\n      <sha1>x</sha1>\n    </revision>\n'
    ).encode()


def page(number, text=None, title=None, ns=0, inside=b"", revisions=None):
    """The bytes of a page, from `<page>` on."""
    text = f"'''Page {number}''' says \"<b>hé</b>\" & {{{{ok}}}} " + "wool " * number if text is None else text
    begin = f"<page>\n    <title>{escape(title or f'Page {number}')}</title>\n" + (f"    <ns>{ns}</ns>\n" if ns is not None else "")
    body = [revision(100 + number, text)] if revisions is None else revisions
    return f"{begin}    <id>{number}</id>\n".encode() + inside + b"".join(body) + b"  </page>"


def dump(pages, before=None, behind=FOOT):
    return (head() if before is None else before) + b"".join(b"  " + each + b"\n" for each in pages) + behind


def multistream(pages, each=2, compress=bz2.compress):
    """(the file, the lines of its index): the head, streams of `each` pages, the foot."""
    streams, lines = [compress(head())], []
    for first in range(0, len(pages), each):
        offset = sum(map(len, streams))
        for one in pages[first : first + each]:
            number = one.split(b"<id>")[1].split(b"<")[0].decode()
            lines.append(f"{offset}:{number}:Page: {number}\n")
        streams.append(compress(b"".join(b"  " + one + b"\n" for one in pages[first : first + each])))
    return b"".join([*streams, compress(FOOT)]), "".join(lines).encode()


def sevenzip(*contents):
    archive = io.BytesIO()
    with py7zr.SevenZipFile(archive, "w", filters=[{"id": py7zr.FILTER_LZMA2, "preset": 1}]) as packed:
        for number, content in enumerate(contents):
            packed.writestr(content, f"{number}.xml")
    return archive.getvalue()


PACKED = {
    "plain": ("x.xml", dump),
    "bzip2": ("x.xml.bz2", lambda pages: bz2.compress(dump(pages))),
    "multistream": ("x-multistream.xml.bz2", lambda pages: multistream(pages)[0]),
    "gzip": ("x.xml.gz", lambda pages: gzip.compress(dump(pages), mtime=0)),
    "gzip members": ("x.xml.gz", lambda pages: multistream(pages, compress=gzip.compress)[0]),
    "zstd": ("x.xml.zst", lambda pages: zstandard.ZstdCompressor().compress(dump(pages))),
    "xz": ("x.xml.xz", lambda pages: lzma.compress(dump(pages))),
    "7z": ("x.xml.7z", lambda pages: sevenzip(dump(pages))),
    "utf-16": ("x.xml", lambda pages: dump(pages).decode().encode("utf-16")),
    "utf-16 in bzip2": ("x.xml.bz2", lambda pages: bz2.compress(dump(pages).decode().encode("utf-16-be"))),
    "latin-1": ("x.xml", lambda pages: dump(pages, head(encoding="ISO-8859-1")).decode().encode("latin-1")),
}


def part(data, name="x.xml", start=0, end=None):
    return Part(io.BytesIO(data), name, name, len(data), start, len(data) if end is None else end)


def read_all(data, name="x.xml", bounds=BOUNDS, index=None, part_bytes=None):
    """(pages, broken) of a file, read whole or in ranges."""
    ranges = [(0, len(data))] if part_bytes is None else splits(name, len(data), part_bytes)
    items = [item for start, end in ranges for item in read(part(data, name, start, end), bounds, index)]
    return [item for item in items if isinstance(item, Page)], [item for item in items if isinstance(item, Broken)]


def real():
    """The folder of real dumps; skips where it is not there."""
    if not (SHARED / "wikipedia").is_dir():
        pytest.skip(f"no shared data: {SHARED}/wikipedia is absent")
    return SHARED / "wikipedia"
