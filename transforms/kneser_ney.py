"""Interpolated modified Kneser-Ney: an n-gram model of documents, written as ARPA, the same as KenLM's `lmplz --discount_fallback` gives.

Chen and Goodman 1998, in the form of Heafield et al. 2013: nothing is pruned, and the unigrams are interpolated with a uniform distribution
over the words that occur, `</s>` and `<unk>`. One thing differs from lmplz, which takes the last n-gram of each order into its counts of
counts by its occurrences: here all are taken by their adjusted counts. That moves a count of counts by one at most.
"""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.ngram_counts import (
    END,
    SPECIALS,
    START,
    UNKNOWN,
    Buckets,
    Corpus,
    Integers,
    Words,
    counts_of_counts,
    differences,
    sorted_order,
    tables,
    write_corpus,
)

# code: lmplz --discount_fallback: of n-grams counted once, twice, and more often, where they cannot be computed.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
SPECIAL_WORDS = ("<unk>", "<s>", "</s>")
# ours: for a backoff of 0, where a discount happens to be 0; lmplz writes -inf, which KenLM does not read.
SMALLEST = 1e-99
# ours: lines of ARPA that are made at once, some 15 MB.
LINES = 1 << 16

Numbers = npt.NDArray[np.float64]
_WEIGHTS = np.dtype([("place", np.int64), ("own", np.float64), ("backoff", np.float64)])


def estimate(
    documents: Iterable[npt.NDArray[np.integer]],
    surfaces: Sequence[str],
    arpa: Path,
    folder: Path,
    order: int = 5,
    memory_bytes: int = 1 << 30,
) -> list[int]:
    """Writes the model of `documents` to `arpa`; returns the number of n-grams of each order.

    A document is an array of words, which are indices into `surfaces`; this is looked at after the last document, so it may grow with them.
    `folder` is an empty one for files that are needed meanwhile, some 150 bytes a word in all. `memory_bytes` bounds the arrays (not the
    vocabulary): a smaller one means more files and about the same time.

    Raises ValueError for no document at all, an order below 2, a document with `<unk>`, `<s>` or `</s>` among its words, and surfaces that are
    not distinct, are empty or hold white space.
    """
    if order < 2:
        raise ValueError(f"expected an order of 2 or more (KenLM reads no other), found {order}")
    corpus = write_corpus(documents, order, folder / "corpus")
    _check(surfaces, corpus.occurrences)
    estimation = _Estimation(corpus, corpus.ranges(memory_bytes), folder)
    estimation.count()
    estimation.weigh()
    text = _Arpa(folder, pa.array([*SPECIAL_WORDS, *surfaces], pa.string()), order)
    estimation.interpolate(text)
    return text.finish(arpa)


def _check(surfaces: Sequence[str], occurrences: Integers) -> None:
    if not occurrences[END]:
        raise ValueError("expected at least one document to estimate a language model from, found none")
    if len(occurrences) > SPECIALS + len(surfaces):
        raise ValueError(f"expected words below {len(surfaces)}, the number of surfaces, found {len(occurrences) - SPECIALS - 1}")
    column = pa.array(surfaces, pa.string())
    for what, wrong in [
        ("hold a character that KenLM splits words at", pc.match_substring_regex(column, r"[\x00\t\n\x0b\x0c\r ]")),
        ("be empty", pc.equal(column, "")),
    ]:
        if (place := pc.index(wrong, True).as_py()) >= 0:
            raise ValueError(f"no word may {what}, but word {place} is {surfaces[place]!r}")
    if pc.count_distinct(column).as_py() != len(column):
        raise ValueError(f"expected distinct words, found {pc.count_distinct(column)} distinct ones among {len(column)}")
    for word in np.flatnonzero(occurrences[SPECIALS:]).tolist():
        if surfaces[word] in SPECIAL_WORDS:
            raise ValueError(f"no document may hold {surfaces[word]}, which has a meaning of its own in a model: take it out (word {word})")


def discounts(counts_of_counts: Integers) -> Numbers:
    """[4] What is taken off an adjusted count of 0, 1, 2, and 3 or more, from the numbers of n-grams with 0 to 4 (Chen and Goodman, 26)."""
    _, *n = counts_of_counts.tolist()
    if all(n[:3]):
        y = n[0] / (n[0] + 2 * n[1])
        found = [j - (j + 1) * y * n[j] / n[j - 1] for j in (1, 2, 3)]
        if all(0 <= discount <= j for j, discount in enumerate(found, 1)):
            return np.array([0.0, *found])
    return np.array([0.0, *FALLBACK_DISCOUNTS])


class _Estimation:
    """The three passes over the parts; what goes from one to the next lies in buckets, one a part."""

    def __init__(self, corpus: Corpus, parts: Integers, folder: Path) -> None:
        self._corpus, self._order, self._parts, self._folder = corpus, corpus.order, parts, folder
        self._numbers = range(int(parts[-1]) + 1)
        self._counts_of_counts = {n: np.zeros(5, np.int64) for n in range(1, self._order + 1)}
        self._unigrams = np.zeros(len(parts), np.int64)
        self._unigram_backoffs = np.ones(len(parts))
        higher = range(2, self._order + 1)
        self._first = {n: [0] for n in higher}  # number of the first n-gram of each part
        self._ngrams = {n: Buckets(folder, f"ngrams-{n}", (np.uint32, (n,))) for n in higher}
        self._followed = {n: Buckets(folder, f"followed-{n}", _followed(n)) for n in higher}
        self._weights = {n: Buckets(folder, f"weights-{n}", _WEIGHTS) for n in higher}
        self._backoffs = {n: Buckets(folder, f"backoffs-{n}", np.float64) for n in higher}

    def count(self) -> None:
        """Adjusted counts; each n-gram goes on to the part of its context's last word."""
        windows = Buckets(self._folder, "windows", (np.uint32, (self._order,)))
        for some in self._corpus.windows():
            windows.spread(self._parts[some[:, -1]], some)
        self._corpus.path.unlink()
        for part in self._numbers:
            for n, table in enumerate(tables(windows.take(part), len(self._parts)), 1):
                self._counts_of_counts[n] += counts_of_counts(table.counts)
                if n == 1:
                    self._unigrams[table.words[:, 0]] = table.counts
                    continue
                self._ngrams[n].add(part, table.words)
                records = np.empty(len(table.words), _followed(n))
                records["context"], records["count"] = table.words[:, :-1], table.counts
                records["place"] = np.arange(len(records)) + self._first[n][-1]
                self._first[n].append(self._first[n][-1] + len(records))
                self._followed[n].spread(self._parts[table.words[:, -2]], records)

    def weigh(self) -> None:
        """What each n-gram has of its own, and what its context leaves to the shorter ones; both go back to the part of the n-gram."""
        for n in range(2, self._order + 1):
            off = discounts(self._counts_of_counts[n])
            for part in self._numbers:
                records = self._followed[n].take(part)
                if not len(records):
                    continue
                contexts = records["context"]
                records = records[sorted_order([contexts[:, place] for place in reversed(range(n - 1))], len(self._parts))]
                starts = _runs(records["context"])
                weights, backoffs = _weights(records["count"], starts, off)
                if n == 2:
                    self._unigram_backoffs[records["context"][starts, 0]] = backoffs
                else:
                    self._backoffs[n - 1].add(part, backoffs)
                weights["place"] = records["place"]
                self._weights[n].spread(np.searchsorted(self._first[n], weights["place"], "right") - 1, weights)

    def interpolate(self, text: "_Arpa") -> None:
        """Probabilities, those of an order from those of the order below."""
        unigrams = self._write_unigrams(text)
        for part in self._numbers:
            words = np.flatnonzero((self._parts == part) & (self._unigrams > 0))[:, None].astype(np.uint32)
            lower = unigrams[words[:, 0]]
            for n in range(2, self._order + 1):
                shorter, words = words, self._ngrams[n].take(part)
                weights = self._weights[n].take(part)
                own, left = np.empty(len(words)), np.empty(len(words))
                own[weights["place"] - self._first[n][part]] = weights["own"]
                left[weights["place"] - self._first[n][part]] = weights["backoff"]
                # Of the shorter ones all but those that begin with <s> go on to the left, in the same order.
                lower = own + left * lower[shorter[:, 0] != START][np.cumsum(_runs(words[:, 1:])) - 1]
                text.add(words, lower, self._backoffs_of(n, part, words) if n < self._order else None)

    def _backoffs_of(self, n: int, part: int, words: Words) -> Numbers:
        """[ngrams] All but those that end in `</s>` are contexts, in the same order."""
        backoffs = np.ones(len(words))
        backoffs[words[:, -1] != END] = self._backoffs[n].take(part)
        return backoffs

    def _write_unigrams(self, text: "_Arpa") -> Numbers:
        """[vocabulary] Probabilities of the words; `<unk>` has its share of what is left alone, `<s>` is written with 1 as lmplz does."""
        counts = self._unigrams
        off = discounts(self._counts_of_counts[1])
        taken = off[np.minimum(counts, 3)]
        uniform = 1 / (np.count_nonzero(counts) + 1)
        probabilities: Numbers = (counts - taken + taken.sum() * uniform) / counts.sum()
        words = np.concatenate([[UNKNOWN, START], np.flatnonzero(counts)]).astype(np.uint32)
        shown = probabilities[words]
        shown[1] = 1.0
        text.add(words[:, None], shown, self._unigram_backoffs[words])
        return probabilities


def _followed(n: int) -> np.dtype[np.void]:
    return np.dtype([("context", np.uint32, (n - 1,)), ("count", np.int64), ("place", np.int64)])


def _runs(rows: Words) -> npt.NDArray[np.bool_]:
    """[rows] Whether a row is the first one or differs from the one before."""
    starts = differences(rows[:, 0])
    for place in range(1, rows.shape[1]):
        starts |= differences(rows[:, place])
    return starts


def _weights(counts: Integers, starts: npt.NDArray[np.bool_], off: Numbers) -> tuple[npt.NDArray[np.void], Numbers]:
    """([ngrams] the n-gram's own share and its context's backoff, [contexts] the backoffs), given counts in runs of one context each."""
    first = np.flatnonzero(starts)
    taken = off[np.minimum(counts, 3)]
    totals = np.add.reduceat(counts, first)
    backoffs: Numbers = np.add.reduceat(taken, first) / totals
    context = np.cumsum(starts) - 1
    weights = np.empty(len(counts), _WEIGHTS)
    weights["own"] = (counts - taken) / totals[context]
    weights["backoff"] = backoffs[context]
    return weights, backoffs


class _Arpa:
    """The model's text, a file an order until all is there."""

    def __init__(self, folder: Path, surfaces: pa.StringArray, order: int) -> None:
        self._surfaces = surfaces
        self._paths = [folder / f"arpa-{n}" for n in range(1, order + 1)]
        self._counts = [0] * order
        for path in self._paths:
            path.touch()

    def add(self, words: Words, probabilities: Numbers, backoffs: Numbers | None) -> None:
        n = words.shape[1]
        self._counts[n - 1] += len(words)
        with self._paths[n - 1].open("ab") as file:
            for start in range(0, len(words), LINES):
                some = slice(start, start + LINES)
                file.write(self._lines(words[some], probabilities[some], None if backoffs is None else backoffs[some]))

    def _lines(self, words: Words, probabilities: Numbers, backoffs: Numbers | None) -> pa.Buffer:
        columns = [_logarithms(np.minimum(probabilities, 1.0))]
        for place in range(words.shape[1]):
            columns += [" " if place else "\t", self._surfaces.take(pa.array(words[:, place]))]
        if backoffs is not None:
            columns += ["\t", _logarithms(backoffs)]
        lines = pc.binary_join_element_wise(*columns, "\n", "")
        return lines.buffers()[2]

    def finish(self, arpa: Path) -> list[int]:
        with arpa.open("wb") as file:
            counts = "".join(f"ngram {n}={count}\n" for n, count in enumerate(self._counts, 1))
            file.write(f"\\data\\\n{counts}\n".encode())
            for n, path in enumerate(self._paths, 1):
                file.write(f"\\{n}-grams:\n".encode())
                with path.open("rb") as section:
                    shutil.copyfileobj(section, file)
                path.unlink()
                file.write(b"\n")
            file.write(b"\\end\\\n")
        return self._counts


def _logarithms(values: Numbers) -> pa.StringArray:
    """log10 as the shortest decimal that is the same 32-bit number, as lmplz writes it."""
    return pc.cast(pa.array(np.log10(np.maximum(values, SMALLEST)).astype(np.float32)), pa.string())
