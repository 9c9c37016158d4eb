"""Dumps for `benchmarks.sources`: the posts of all dumps of shared/data/stackexchange as those of one site, and that site under several names.

    archives7z  a .7z a site, with other tables before and behind Posts.xml, as the published ones
    gzip        .xml.gz
    posts       .xml

Ids are moved, so that each is there once in a site. Names are made up, and there are fewer of them than the recipe keeps: nothing is dropped as an older
dump or a smaller site.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import py7zr

from benchmarks.source_inputs_shared import shared

SITES = 9
APART = 10**7
"""Between the ids of two dumps."""
ROW = re.compile(rb"<row\s[^<]*/>")
NUMBER = re.compile(rb' (Id|ParentId|AcceptedAnswerId)="(\d+)"')
HEAD, END = b'<?xml version="1.0" encoding="utf-8"?>\n<posts>\n', b"</posts>\n"
LEVEL = 6
BEFORE, BEHIND = ("Badges", "Comments"), ("Tags", "Users", "Votes")


def plain(to: Path, folder: Path) -> None:
    data = posts()
    for number in range(SITES):
        (to / f"{_site(number)}.xml").write_bytes(data)


def gzipped(to: Path, folder: Path) -> None:
    data = gzip.compress(posts(), LEVEL)
    for number in range(SITES):
        (to / f"{_site(number)}.xml.gz").write_bytes(data)


def archives(to: Path, folder: Path) -> None:
    data = posts()
    first = to / f"{_site(0)}.7z"
    with py7zr.SevenZipFile(first, "w") as archive:
        for name in BEFORE:
            archive.writestr(_table(name), f"{name}.xml")
        archive.writestr(data, "Posts.xml")
        for name in BEHIND:
            archive.writestr(_table(name), f"{name}.xml")
    for number in range(1, SITES):
        (to / f"{_site(number)}.7z").write_bytes(first.read_bytes())


def posts() -> bytes:
    """A Posts.xml of all rows of all dumps."""
    return b"".join((HEAD, *(b"  %s\r\n" % row for row in rows()), END))


def rows() -> Iterator[bytes]:
    """The rows of all dumps, a dump after another."""
    paths = [path for path in sorted(shared("stackexchange").glob("*/*.xml.gz")) if path.name.lower() == "posts.xml.gz"]
    for number, path in enumerate(paths):
        for row in ROW.findall(gzip.decompress(path.read_bytes())):
            yield moved(row, number * APART)


def moved(row: bytes, by: int) -> bytes:
    """A row whose ids are larger by so much."""
    return NUMBER.sub(lambda found: b' %s="%d"' % (found[1], int(found[2]) + by), row)


def _table(name: str) -> bytes:
    """Another table of the dumps, of all that have it, one after the other."""
    return b"".join(gzip.decompress(path.read_bytes()) for path in sorted(shared("stackexchange").glob(f"*/{name}.xml.gz")))


def _site(number: int) -> str:
    return f"science{number}.stackexchange.com"
