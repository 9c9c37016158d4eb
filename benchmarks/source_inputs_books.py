"""Books for `benchmarks.sources`: real ones, and for volume the same with one word in four replaced by another of the same book.

    archive  as Books3: tar.gz of .epub.txt, without Project Gutenberg's headers; the books of shared/data/books and shared/data/text
    texts    as Project Gutenberg: a .txt a book, with its header and licence and in its character set; those of shared/data/books

The changed ones share 2 % of their 13-grams, so none is taken for a duplicate but the editions that are in the shared data, and each thirtieth book, which
comes again with one word in 200 replaced: it shares 94 %. Duplicates lie in one group of three (`benchmarks.source_inputs.groups`).
"""

from __future__ import annotations

import gzip
import html
import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.source_inputs_shared import shared
from transforms import gutenberg

ARCHIVES, ARCHIVE_COPIES, TEXT_COPIES = 6, 5, 8
CHANGED, NEARLY = 0.25, 0.005
"""Share of the words that are replaced: 0.75 ** 13 is 0.02, 0.995 ** 13 is 0.94."""
EACH, TOGETHER = 30, 3
WORD = re.compile(r"([^\W\d_]+)")
MARKERS = re.compile(r"(?m)^\*\*\* ?(?:START|END) OF .*$")
LEVEL = 6


class Book(NamedTuple):
    """A text, and the character set that its file has."""

    text: str
    charset: str


def archives(to: Path, folder: Path) -> None:
    books = [Book(gutenberg.strip(book.text).text, "utf-8") for book in (*_gutenberg(), *_others())]
    with ExitStack() as stack:
        names = [f"books3-{number}.tar.gz" for number in range(ARCHIVES)]
        opened = [stack.enter_context(tarfile.open(to / name, "w:gz", compresslevel=LEVEL)) for name in names]
        for number, book in enumerate(_volume(books, ARCHIVE_COPIES)):
            member = tarfile.TarInfo(f"the-eye.eu/public/Books/Bibliotik/{'ABCDEFGH'[number % 8]}/Title {number:05}.epub.txt")
            data = book.text.encode()
            member.size = len(data)
            opened[number % ARCHIVES].addfile(member, io.BytesIO(data))


def texts(to: Path, folder: Path) -> None:
    for number, book in enumerate(_volume(list(_gutenberg()), TEXT_COPIES)):
        (to / f"{10_000 + number}{'' if book.charset == 'utf-8' else '-8'}.txt").write_bytes(book.text.encode(book.charset, "replace"))


def _gutenberg() -> Iterator[Book]:
    """Files of Project Gutenberg, with what it puts around a book."""
    for path in sorted(shared("books").rglob("*.txt.gz")):
        if "clean" not in path.parts:
            data = gzip.decompress(path.read_bytes())
            try:
                yield Book(data.decode("utf-8-sig"), "utf-8")
            except UnicodeDecodeError:
                yield Book(data.decode("cp1252", "replace"), "cp1252")


def novels() -> Iterator[Book]:
    """English ones."""
    for path in sorted(shared("text").glob("english-novels/*.txt.gz")):
        yield Book(gzip.decompress(path.read_bytes()).decode("utf-8", "replace"), "utf-8")


def _others() -> Iterator[Book]:
    """English novels, and French and Slovene ones out of their TEI."""
    yield from novels()
    for path in sorted(shared("text").glob("eltec-*/*.xml.gz")):
        body = gzip.decompress(path.read_bytes()).decode().partition("<body")[2]
        yield Book(html.unescape(re.sub(r"<[^>]*>", "", f"<{body}")), "utf-8")


def _volume(books: list[Book], copies: int) -> Iterator[Book]:
    """The books, `copies` - 1 times changed, and near-duplicates of each thirtieth, the place of each by three the same as that of its original."""
    dice = np.random.default_rng(20_261_121)
    made = [*books, *(changed(book, CHANGED, dice) for _ in range(copies - 1) for book in books)]
    del made[len(made) // TOGETHER * TOGETHER :]
    for first in range(0, len(made), EACH):
        made += [changed(book, NEARLY, dice) for book in made[first : first + TOGETHER]]
    yield from made


def changed(book: Book, share: float, dice: np.random.Generator) -> Book:
    """A share of the words of a book replaced by others of it; what stands outside of Gutenberg's markers is left."""
    marks = [found.span() for found in MARKERS.finditer(book.text)]
    begin, end = (marks[0][1], marks[-1][0]) if len(marks) > 1 else (0, len(book.text))
    parts = WORD.split(book.text[begin:end])
    words = parts[1::2]
    places = np.flatnonzero(dice.random(len(words)) < share)
    others = dice.integers(0, max(len(words), 1), len(places))
    for place, other in zip(places.tolist(), others.tolist(), strict=True):
        parts[2 * place + 1] = words[other]
    return Book("".join((book.text[:begin], *parts, book.text[end:])), book.charset)
