"""What two long texts share of their word n-grams (shingles): the arithmetic of near-duplicate books (spec 7.3, rulings on books).

S(x) is the set of n-grams of a text (`transforms.word_ngrams`), and overlap(B in A) = |S(A) & S(B)| / |S(B)|. Candidates come from
winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): texts that share fingerprints. Whether one is a duplicate is counted on the full
sets. Memory hangs on a segment of the text and on `held`, not on the length of a text, but for its fingerprints: one in 27 n-grams.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from transforms.word_ngrams import Hashes

WORDS = 13
"""Words of an n-gram. code: GPT-3's and datatrove's overlap of test sets; spec 7.3 proposes it."""
THRESHOLD = 0.90
"""paper: LLaMA section 2.1, "removing books with more than 90% content overlap"."""
HELD = 1 << 18
"""Hashes that are sorted at once. ours: 2 MiB, the n-grams of a book of 1.5 MB; longer ones go through a file, so that they take no more memory."""
CELL_BITS = 12
"""Bits of a hash that name its cell in a spilled run. ours: a cell of the longest book is far below HELD; 32 KiB of places for a run of 2 MiB."""
SHARE_OF_EXPECTED = 0.5
"""ours: see `least_shared`."""

Mask = npt.NDArray[np.bool_]
Spill = Callable[[], BinaryIO]


def window_for(n: int = WORDS, threshold: float = THRESHOLD) -> int:
    """Consecutive n-grams of which one becomes a fingerprint: 54 for n = 13 and 0.9, 18 for n = 5. ValueError: n < 1, threshold not in (0, 1).

    Why this many. Let B, a text of N distinct n-grams, be put together from passages of A that do not overlap there, with words of its own
    between them or none. Where two passages meet, at least the n - 1 n-grams that reach over the seam are not A's; a changed word costs n.
    If more than t N are A's, fewer than (1 - t) N are not, so there are at most (1 - t) N / (n - 1) seams and one passage more, and the
    longest has at least t N / ((1 - t) N / (n - 1) + 1) n-grams. That grows with N, and at N = (n - 1) / (1 - t), where one seam becomes
    possible, it is t (n - 1) / (2 (1 - t)): the window. Two texts that share a window of consecutive n-grams share its minimum. Below that
    N there is no seam, and the one passage, over t N, holds a window from N = window / t on (60 n-grams, or 72 words, for 13 and 0.9).

    Not covered: texts below that length inside of much longer ones; and a B whose passages overlap in A, which then repeats them: seams
    cost less there, down to nothing where A holds every n-gram of B, but no window of them in order.
    """
    _check(n, threshold)
    return max(1, math.floor(_rounded(threshold * (n - 1) / (2 * (1 - threshold)))))


def all_below(n: int = WORDS, threshold: float = THRESHOLD) -> int:
    """Texts with fewer n-grams are their own fingerprints, all of them: ceil((n - 1) / (1 - threshold)), 120 for 13 and 0.9."""
    _check(n, threshold)
    return math.ceil(_rounded((n - 1) / (1 - threshold)))


def least_shared(n: int = WORDS, threshold: float = THRESHOLD) -> float:
    """The share of B's fingerprints that a text must have before it can hold over `threshold` of a long B: threshold / 4. See `may_hold`.

    Of a sequence's windows, one in (w + 1) / 2 gives a new fingerprint, w being the window. A passage of r n-grams that two texts share gives
    them at least 2 (r - w + 1) / (w + 1) common ones in expectation (none where r < w). Summed over the passages of `window_for`, at least
    t - (w - 1) (1 - t) / (n - 1) of B's fingerprints are common, less (w - 1) / N for the first passage; as w - 1 < t (n - 1) / (2 (1 - t)),
    that is over t / 2. SHARE_OF_EXPECTED of t / 2 is asked for, since these are expectations. It is far from tight: windows that reach over a
    seam often choose the same n-gram in both texts. Measured at overlaps just over 0.9: 0.72 and more with 50 to 8,400 fingerprints.
    """
    _check(n, threshold)
    return SHARE_OF_EXPECTED * threshold / 2


def may_hold(shared: npt.NDArray[np.integer], sent: npt.NDArray[np.integer], n: int = WORDS, threshold: float = THRESHOLD) -> Mask:
    """[pairs] Whether a text that has `shared` of the `sent` distinct fingerprints of B may hold over `threshold` of it.

    Where B sent fewer than `all_below`, one is enough: a short text sends all of its n-grams, of which a long one sends few; and of few
    fingerprints the share is a matter of chance. From there on `least_shared` is asked for.
    """
    few = sent < all_below(n, threshold)
    mask: Mask = (shared > 0) & (few | (shared >= least_shared(n, threshold) * sent))
    return mask


def _rounded(value: float) -> float:
    """Without what binary fractions add: 12 / (1 - 0.9) is 120."""
    return round(value, 9)


def _check(n: int, threshold: float) -> None:
    if n < 1 or not 0 < threshold < 1:
        raise ValueError(f"expected n-grams of at least one word and a threshold between 0 and 1, found {n} and {threshold}")


class Winnow:
    """The minimum of each `window` consecutive hashes of a sequence that comes in arrays, one for each run of equal minima.

    A sequence shorter than the window is one window. What `take` and `end` give, joined, does not hang on how the sequence is cut. These are
    the values of Schleimer's fingerprints; who keeps places too takes the rightmost of equal minima. ValueError for a window below 1.
    """

    def __init__(self, window: int) -> None:
        if window < 1:
            raise ValueError(f"expected a window of at least one hash, found {window}")
        self._window = window
        self._tail = self._last = np.zeros(0, np.uint64)

    def take(self, hashes: Hashes) -> Hashes:
        """The minima of the windows that end in `hashes`."""
        from transforms.kernels.overlap import window_minima

        known = np.concatenate([self._tail, hashes])
        out = np.empty(len(known), np.uint64)
        found = out[: window_minima(known, self._window, out)].copy()  # a view would keep all of `out`
        self._tail = known[max(len(known) - self._window + 1, 0) :].copy()
        if not len(found):
            return found
        again = np.array_equal(found[:1], self._last)
        self._last = found[-1:].copy()
        return found[1:] if again else found

    def end(self) -> Hashes:
        """The minimum of a sequence that was shorter than the window; nothing for others."""
        return self._tail[:0] if len(self._last) or not len(self._tail) else self._tail.min(keepdims=True)


class Fingerprints:
    """What a text sends to find its candidates: `Winnow` with `window_for`, and all hashes of a text that has fewer than `all_below`.

    It is given the text's `ngram_hashes` in order, with the same n. Fingerprints are minima, so most are small: spread them before they are
    divided by range.
    """

    def __init__(self, n: int = WORDS, threshold: float = THRESHOLD) -> None:
        self._few, self._winnow = all_below(n, threshold), Winnow(window_for(n, threshold))
        self._first: list[Hashes] = []
        self._held = 0
        self._found: list[Hashes] = []

    def watched(self, arrays: Iterable[Hashes]) -> Iterator[Hashes]:
        """The same arrays, seen as they go by."""
        for hashes in arrays:
            if self._held < self._few:
                self._first.append(hashes[: self._few].copy())
                self._held += len(hashes)
            self._found.append(self._winnow.take(hashes))
            yield hashes

    def distinct(self) -> Hashes:
        """The fingerprints of what has gone by, once it has ended: each once, ascending."""
        sent = [*self._found, self._winnow.end()] if self._held >= self._few else self._first
        return np.unique(np.concatenate([np.zeros(0, np.uint64), *sent]))


def distinct_sorted(arrays: Iterable[Hashes], out: BinaryIO, spill: Spill = tempfile.TemporaryFile, held: int = HELD) -> int:
    """Writes the distinct hashes of all arrays to `out`, ascending, as little-endian uint64; gives their number. Holds about 3 * `held`.

    More than `held` go to a file that `spill` opens (for writing and reading; closed here) as sorted runs, and come back from all runs
    by ranges of the hash. Raises ValueError for held below 1, OSError where the file gives back less than it took.
    """
    if held < 1:
        raise ValueError(f"expected room for at least one hash, found {held}")
    room, count = np.empty(held, np.uint64), 0
    with ExitStack() as stack:
        runs: _Runs | None = None
        for hashes in arrays:
            while len(hashes):
                if count == held:
                    runs = runs or _Runs(stack.enter_context(spill()))
                    runs.add(_distinct(room))
                    count = 0
                part, hashes = hashes[: held - count], hashes[held - count :]
                room[count : count + len(part)] = part
                count += len(part)
        last = _distinct(room[:count])
        if runs is None:
            out.write(_little_endian(last))
            return len(last)
        runs.add(last)
        return runs.merge(out, held)


def _distinct(hashes: Hashes) -> Hashes:
    """The distinct hashes, ascending; `hashes` is sorted."""
    hashes.sort()
    opens = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=opens[1:])
    return hashes[opens]


def _little_endian(hashes: Hashes) -> memoryview:
    return hashes.astype("<u8", copy=False).data


class _Runs:
    """Sorted runs in a file. Of each is kept where the hashes of each cell begin, a cell being those with the same first CELL_BITS bits."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begins: list[npt.NDArray[np.int64]] = []
        """[cells + 1] of each run: places in the file, in hashes."""
        self._size = 0

    def add(self, hashes: Hashes) -> None:
        self._file.write(_little_endian(hashes))
        firsts = np.arange(1 << CELL_BITS, dtype=np.uint64) << np.uint64(64 - CELL_BITS)
        self._begins.append(self._size + np.append(np.searchsorted(hashes, firsts), len(hashes)))
        self._size += len(hashes)

    def merge(self, out: BinaryIO, held: int) -> int:
        """Writes the distinct hashes of all runs, as many cells at once as are held together; gives their number."""
        totals = np.cumsum(np.sum([np.diff(begins) for begins in self._begins], axis=0))
        count = low = taken = 0
        while low < len(totals):
            high = max(int(np.searchsorted(totals, taken + held, "right")), low + 1)
            hashes = _distinct(np.concatenate([self._read(int(begins[low]), int(begins[high])) for begins in self._begins]))
            out.write(_little_endian(hashes))
            count += len(hashes)
            low, taken = high, int(totals[high - 1])
        return count

    def _read(self, begin: int, end: int) -> Hashes:
        self._file.seek(8 * begin)
        data = self._file.read(8 * (end - begin))
        if len(data) != 8 * (end - begin):
            raise OSError(f"expected {8 * (end - begin)} bytes at {8 * begin} of the file that hashes were spilled to, found {len(data)}")
        return np.frombuffer(data, "<u8").astype(np.uint64, copy=False)


def count_common(left: Iterable[Hashes], right: Iterable[Hashes]) -> int:
    """How many hashes two sets share that come in arrays, each of them distinct and ascending over all of its arrays.

    Where an array is much longer than the other, its parts are skipped: a memory-mapped set may be given whole. A pair is over the
    threshold where `count_common / |S(B)| > threshold`, in full sets, strictly.
    """
    from transforms.kernels.overlap import common

    count = 0
    others = iter(right)
    there: Hashes | None = np.zeros(0, np.uint64)
    for here in left:
        while len(here):
            while there is not None and not len(there):
                there = next(others, None)
            if there is None:
                return count
            found, first, second = common(here, there)
            count += found
            here, there = here[first:], there[second:]
    return count
