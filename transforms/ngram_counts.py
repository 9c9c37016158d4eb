"""All n-grams of a corpus with the counts that Kneser-Ney smoothing wants, in bounded memory: sorted in parts, and on disk between them.

Words are cut into ranges of about as many occurrences as fit into memory; a part is the n-grams whose last word falls into one range. It is
sorted whole, so that an n-gram lies next to all others with the same end, and the n-grams of every order are runs of one sorted table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

UNKNOWN, START, END = 0, 1, 2
SPECIALS = 3
"""Number of the special words `<unk>`, `<s>` and `</s>`; word w of the caller is SPECIALS + w here."""

# ours: bytes that sorting an n-gram takes at its peak, per word of it and besides (measured with 5-grams; the corpus itself stays on disk).
BYTES_PER_WORD, BYTES_PER_NGRAM = 24, 90
# ours: words that are buffered before they are written; the arrays of a buffer take some 20 MB.
BUFFERED_WORDS = 1 << 18

Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Buckets:
    """Files of fixed-size records in one folder, `name` and a number each. A bucket that got no record is empty."""

    def __init__(self, folder: Path, name: str, dtype: npt.DTypeLike) -> None:
        self._folder, self._name, self._dtype = folder, name, dtype

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{self._name}-{bucket}"

    def add(self, bucket: int, records: npt.NDArray[Any]) -> None:
        with self._path(bucket).open("ab") as file:
            np.ascontiguousarray(records).tofile(file)

    def spread(self, buckets: Integers, records: npt.NDArray[Any]) -> None:
        """Adds each record to its bucket, in their order."""
        for bucket in np.unique(buckets):
            self.add(int(bucket), records[buckets == bucket])

    def take(self, bucket: int) -> npt.NDArray[Any]:
        """The records of a bucket, in the order of their coming; the file is deleted."""
        path = self._path(bucket)
        if not path.exists():
            return np.empty(0, self._dtype)
        records = np.fromfile(path, self._dtype)
        path.unlink()
        return records


@dataclass(frozen=True)
class Corpus:
    """The documents on disk: each is order - 1 times `<s>`, its words, `</s>`."""

    path: Path
    order: int
    occurrences: Integers
    """[words] How often each occurs in the file."""

    def windows(self) -> Iterator[Words]:
        """[ngrams, order] The n-gram that ends at each word and each `</s>`, some at a time."""
        if not self.path.stat().st_size:
            return
        words = np.memmap(self.path, np.uint32, "r")
        for start in range(0, len(words), BUFFERED_WORDS):
            piece = np.asarray(words[max(start - self.order + 1, 0) : start + BUFFERED_WORDS])
            if len(piece) >= self.order:
                windows = np.lib.stride_tricks.sliding_window_view(piece, self.order)
                yield windows[windows[:, -1] != START]

    def ranges(self, memory_bytes: int) -> Integers:
        """[words] The part of each word. A range holds one word at least, so a part is larger where one word is that frequent."""
        room = max(memory_bytes // (BYTES_PER_WORD * self.order + BYTES_PER_NGRAM), 1)
        parts = np.zeros(len(self.occurrences), np.int64)
        part = held = 0
        for word, count in enumerate(self.occurrences.tolist()):
            if held and held + count > room:
                part, held = part + 1, 0
            held += count
            parts[word] = part
        return parts


def write_corpus(documents: Iterable[npt.NDArray[np.integer]], order: int, path: Path) -> Corpus:
    """Writes the documents (arrays of words from 0) to `path` and counts their words. Raises ValueError for words below 0."""
    occurrences = np.zeros(SPECIALS, np.int64)
    start, end = np.full(order - 1, START, np.uint32), np.array([END], np.uint32)
    with path.open("wb") as file:
        for batch in _batches(documents):
            if any(len(document) and document.min() < 0 for document in batch):
                raise ValueError(f"expected words from 0, found {min(document.min() for document in batch if len(document))}")
            words = np.concatenate([part for document in batch for part in (start, document.astype(np.uint32) + np.uint32(SPECIALS), end)])
            found = np.bincount(words, minlength=len(occurrences))
            found[: len(occurrences)] += occurrences
            occurrences = found
            words.tofile(file)
    return Corpus(path, order, occurrences)


def _batches(documents: Iterable[npt.NDArray[np.integer]]) -> Iterator[list[npt.NDArray[np.integer]]]:
    batch: list[npt.NDArray[np.integer]] = []
    held = 0
    for document in documents:
        batch.append(document)
        held += len(document) + 1
        if held >= BUFFERED_WORDS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


@dataclass(frozen=True)
class Table:
    """The n-grams of one order and one part, in suffix order: by their last word, then the last but one, and so on."""

    words: Words
    """[ngrams, order] The words of each."""
    counts: Integers
    """[ngrams] Its adjusted count."""


def tables(ngrams: Words, vocabulary: int) -> list[Table]:
    """The tables of orders 1 to N of one part, given the N-grams (with repeats) that end in its words; `vocabulary` counts the specials.

    Adjusted counts (Chen and Goodman 1998, as in lmplz): those of the highest order, and of n-grams that begin with `<s>`, are their
    occurrences; others count the distinct words before them. An n-gram with two `<s>` is none.
    """
    order = ngrams.shape[1]
    ngrams = ngrams[sorted_order([ngrams[:, place] for place in reversed(range(order))], vocabulary)]
    starts = [differences(ngrams[:, order - 1])]
    for place in reversed(range(order - 1)):
        starts.append(starts[-1] | differences(ngrams[:, place]))
    found = []
    for n in range(1, order + 1):
        first = np.flatnonzero(starts[n - 1])
        words = ngrams[first, order - n :]
        counts = np.diff(first, append=len(ngrams))
        if n < order and len(first):
            adjusted = np.add.reduceat(starts[n], first, dtype=np.int64)
            counts = np.where(words[:, 0] == START, counts, adjusted)
        if n > 1:
            proper = words[:, 1] != START
            words, counts = words[proper], counts[proper]
        found.append(Table(words, counts))
    return found


def sorted_order(columns: list[Words], vocabulary: int) -> Integers:
    """[rows] The order that sorts rows by the first column, then the second, and so on. Equal rows come in any order.

    As many columns as 64 bits hold are sorted as one number; the next ones are sorted behind the rank of those before.
    """
    width = max(vocabulary - 1, 1).bit_length()
    rest = list(columns)
    order: Integers | None = None
    rank = np.zeros(len(columns[0]), np.uint64)
    while rest:
        taken = max((64 - int(rank[-1] if len(rank) else 0).bit_length()) // width, 1)
        key = rank
        for column in rest[:taken]:
            key = (key << np.uint64(width)) | (column if order is None else column[order])
        del rest[:taken]
        by_key = np.argsort(key)
        order = by_key if order is None else order[by_key]
        if rest:
            rank = np.cumsum(differences(key[by_key]), dtype=np.uint64)
    assert order is not None
    return order


def differences(column: npt.NDArray[np.integer]) -> Flags:
    """[rows] Whether a row is the first one or differs from the one before."""
    changed = np.ones(len(column), bool)
    np.not_equal(column[1:], column[:-1], out=changed[1:])
    return changed


def counts_of_counts(counts: Integers) -> Integers:
    """[5] How many n-grams have the adjusted count 0 (of no use), 1, 2, 3, 4."""
    return np.bincount(np.minimum(counts, 5), minlength=6)[:5].astype(np.int64)
