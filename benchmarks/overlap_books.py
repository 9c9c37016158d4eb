"""Books with planted overlaps, the same in every run: for `benchmarks.overlap`."""

from __future__ import annotations

import gzip
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SHARED = Path(os.environ.get("CRIA_SHARED_DATA", Path(__file__).resolve().parents[1] / "../shared/data")) / "books"
OVERLAPS = (0.80, 0.85, 0.88, 0.90, 0.92, 0.95, 0.99)
KINDS = ("passages", "excerpt", "words")
VOCABULARY = 50_000
"""ours: words of the made language; word k is drawn with weight 1 / (k + 3), near English."""
PASSAGES = 5
"""ours: passages of a book that are exchanged for others."""
OMNIBUS = 3
"""ours: how many times as long as the book that it holds an omnibus is."""
PLANNED = 13
"""Words of the n-grams for which overlaps are planned; what they are, at any n, is counted."""


@dataclass(frozen=True)
class Pair:
    """Two books, of which about `overlap` of the second one's 13-grams lie in the first."""

    kind: str
    overlap: float
    whole: list[str]
    part: list[str]


class Language:
    """Words from a made language, by Zipf's law."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        lengths = np.clip(self._random.poisson(6, VOCABULARY), 1, 14)
        letters = self._random.choice(list("etaoinshrdlcumwfgypbvk"), (VOCABULARY, 14))
        self._words = np.array(["".join(row[:length]) for row, length in zip(letters, lengths, strict=True)])
        weights = 1 / (np.arange(VOCABULARY) + 3)
        self._sums = np.cumsum(weights / weights.sum())

    def words(self, count: int) -> list[str]:
        drawn: list[str] = self._words[np.searchsorted(self._sums, self._random.random(count))].tolist()
        return drawn

    def numbers(self, below: int, count: int) -> list[int]:
        """Distinct ones, ascending."""
        return sorted(self._random.choice(below, count, replace=False).tolist())


def pairs(language: Language, books: list[list[str]], each: int) -> list[Pair]:
    """`each` pairs of every kind at every overlap; the books are taken in turn, and where there are none, books of the language of 5,000 to
    40,000 words."""
    made: list[Pair] = []
    sizes = np.geomspace(5000, 40_000, each).astype(int).tolist()
    for kind in KINDS:
        for overlap in OVERLAPS:
            for size in sizes:
                book = books[len(made) % len(books)] if books else language.words(size)
                made.append(plant(language, kind, overlap, book))
    return made


def plant(language: Language, kind: str, overlap: float, book: list[str]) -> Pair:
    """passages: PASSAGES of the book are others in the second one, which is as long; excerpt: the same with the first one inside of an omnibus;
    words: words here and there are others."""
    part = list(book)
    if kind == "words":
        for place in language.numbers(len(book), round(len(book) * (1 - overlap ** (1 / PLANNED)))):
            part[place] = f"{book[place]}x"
        return Pair(kind, overlap, book, part)
    length = max(round(len(book) * (1 - overlap) / PASSAGES) - PLANNED + 1, 1)
    for k in range(PASSAGES):
        start = len(book) * (2 * k + 1) // (2 * PASSAGES)
        part[start : start + length] = language.words(length)
    before = language.words(len(book) * (OMNIBUS - 1)) if kind == "excerpt" else []
    return Pair(kind, overlap, before + book, part)


def shared_books() -> list[list[str]]:
    """The words of the plain texts in the shared data, one edition of each work. SystemExit where there are none."""
    paths = sorted(
        {path.parent: path for path in sorted(SHARED.rglob("*.txt.gz")) if "old" not in path.parts and "raw" not in path.parts}.values()
    )
    paths += sorted((SHARED / "c-w-gutenberg" / "clean").glob("*.txt.gz"))
    if not paths:
        raise SystemExit(
            "expected books in books/ of the shared data (beside the checkout, or CRIA_SHARED_DATA), found none: run without --real"
        )
    return [words(gzip.decompress(path.read_bytes()).decode("utf-8", "replace")) for path in dict.fromkeys(paths)]


def words(text: str) -> list[str]:
    """As the n-grams are defined: NFKC, lower case, runs of letters and digits."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())
