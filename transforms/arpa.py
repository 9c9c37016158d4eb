"""An n-gram model in the ARPA format as the tables that `transforms.kernels.ngram_scores` scores by."""

import mmap
import os
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

Table = tuple[npt.NDArray[np.uint64], npt.NDArray[np.float32]]

# ours: cells for each n-gram. An open table that is two thirds full finds most in the first cell it looks at.
ROOM = 1.5
BLOCK_BYTES = 1 << 23
MOST_ORDER = 6  # code: kenlm as its wheel is compiled, KENLM_MAX_ORDER; beyond it there is an error to give
_COUNTS = re.compile(rb"\s*\\data\\\n(?:ngram \d+=\d+\n)+\n")


@dataclass(frozen=True)
class Ngrams:
    """The tables of a model."""

    words: list[str]
    """[vocabulary] The words. Their place is their number."""
    tables: tuple[Table, Table]
    """The n-grams that may have longer ones: unigrams by their number, then cells by hash; and the longest ones."""
    order: int

    def scores(self, words: npt.NDArray[np.int32], offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """[documents] As `kenlm.Model.score` has it, of documents that are numbers of words, one after the other."""
        from transforms.kernels import ngram_scores

        totals = np.empty(len(offsets) - 1, np.float32)
        sizes = self.words.index("<s>"), self.words.index("</s>"), len(self.words), self.order
        ngram_scores.score(words, offsets.astype(np.int64), self.tables, sizes, totals)
        return totals


def read(path: str) -> Ngrams | None:
    """None for a file that is not ARPA, or has n-grams that are not made of shorter ones: KenLM has an answer to those, or an error."""
    if not os.path.getsize(path):
        return None
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    found = _sections(content)
    try:
        return _read(pa.py_buffer(content), *found) if found else None
    except (pa.ArrowInvalid, _Unusual):
        return None


def _sections(content: mmap.mmap) -> tuple[list[slice], list[int]] | None:
    """(where the n-grams of each order are, how many there should be)"""
    head = _COUNTS.match(content)
    if head is None:
        return None
    counts = [int(count) for count in re.findall(rb"=(\d+)", head[0])]
    sections, start = [], head.end()
    for order in range(1, len(counts) + 1):
        title = b"\\%d-grams:\n" % order
        end = content.find(b"\n\n\\", start)
        if content[start : start + len(title)] != title or end < start + len(title):
            return None
        sections.append(slice(start + len(title), end + 1))
        start = end + 2
    if content[start:].strip() != b"\\end\\" or not 2 <= len(counts) <= MOST_ORDER:
        return None
    return sections, counts


class _Unusual(Exception):
    """Not for these tables."""


def _read(content: pa.Buffer, sections: list[slice], counts: list[int]) -> Ngrams:
    from transforms.kernels import ngram_scores

    unigrams = pa.Table.from_batches(list(_rows(content, sections[0], False))).combine_chunks()
    words = unigrams["words"].combine_chunks()
    if len(words) != counts[0]:
        raise _Unusual
    surfaces = words.to_pylist()
    if not {"<s>", "</s>", "<unk>"} <= set(surfaces) or "<UNK>" in surfaces:
        raise _Unusual
    middle, longest = _table(counts[0] + int(ROOM * sum(counts[1:-1])) + 1, 3), _table(int(ROOM * counts[-1]) + 1, 2)
    middle[1][: counts[0], ngram_scores.PROBABILITY] = unigrams["probability"]
    middle[1][: counts[0], ngram_scores.BACKOFF] = unigrams["backoff"]
    vocabulary = np.full(1 << (2 * counts[0]).bit_length(), -1, np.int32), *_text(words)
    if not ngram_scores.fill_slots(vocabulary):
        raise _Unusual
    for order in range(2, len(counts) + 1):
        seen = 0
        is_longest = order == len(counts)
        for batch in _rows(content, sections[order - 1], is_longest):
            probabilities = np.asarray(batch["probability"])
            weights = np.stack([probabilities, probabilities if is_longest else np.asarray(batch["backoff"])])
            offsets, letters = _text(batch["words"])
            if not ngram_scores.enter(letters, offsets, weights, order, is_longest, vocabulary, (middle, longest)):
                raise _Unusual
            seen += batch.num_rows
        if seen != counts[order - 1]:
            raise _Unusual
    return Ngrams(surfaces, (middle, longest), len(counts))


def _table(cells: int, numbers: int) -> Table:
    """Empty cells of so many 64-bit numbers. Not numpy's zeros: those would not lie in large pages, and look-ups would take longer."""
    keys = np.empty((cells, numbers), np.uint64)
    keys.fill(0)
    return keys, keys.view(np.float32)


def _rows(content: pa.Buffer, section: slice, is_longest: bool) -> csv.CSVStreamingReader:
    kinds = {"probability": pa.float32(), "words": pa.string()} | ({} if is_longest else {"backoff": pa.float32()})
    return csv.open_csv(
        pa.BufferReader(content.slice(section.start, section.stop - section.start)),
        csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=list(kinds)),
        csv.ParseOptions(delimiter="\t", quote_char=False),
        csv.ConvertOptions(column_types=kinds, null_values=[], strings_can_be_null=False),
    )


def _text(words: pa.StringArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """([words + 1] offsets, bytes)"""
    _, offsets, letters = words.buffers()
    return np.frombuffer(offsets, np.int32, len(words) + 1, 4 * words.offset), np.frombuffer(letters, np.uint8)
