"""Winnowing, sets on disk and what two sets share, against sorted lists and Python's sets; and that no duplicate escapes the fingerprints."""

import gzip
import io
import math
import random
import tempfile
import tracemalloc
from collections.abc import Callable
from itertools import accumulate, groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED
from test_word_ngrams import ngrams

from transforms import shingles
from transforms.shingles import Fingerprints, Winnow, count_common, distinct_sorted
from transforms.word_ngrams import Hashes, ngram_hashes

values = st.integers(0, 6) | st.sampled_from([2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
sequences = st.lists(values, max_size=80)
cuts = st.lists(st.integers(0, 80), max_size=6).map(sorted)
Edit = Callable[[list[str], list[int]], tuple[list[str], list[str]]]


def pieces(sequence: list[int], places: list[int]) -> list[Hashes]:
    return [np.array(sequence[low:high], np.uint64) for low, high in pairwise([0, *places, max(len(sequence), 80)])]


def winnowed(arrays: list[Hashes], window: int) -> list[int]:
    winnow = Winnow(window)
    return [value for array in [*map(winnow.take, arrays), winnow.end()] for value in array.tolist()]


@given(sequences, cuts, st.integers(1, 20))
def test_winnowing_gives_the_minimum_of_each_window(sequence: list[int], places: list[int], window: int) -> None:
    minima = [min(sequence[k : k + window]) for k in range(max(len(sequence) - window, 0) + 1)] if sequence else []
    assert winnowed(pieces(sequence, places), window) == [value for value, _ in groupby(minima)]


def test_one_fingerprint_in_half_a_window() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**64 - 1, 200_000, np.uint64)
    assert len(winnowed([hashes], 54)) == pytest.approx(200_000 * 2 / 55, rel=0.02)  # Schleimer's density


def test_figures_of_13_and_5() -> None:
    assert [shingles.window_for(n, 0.9) for n in (13, 5, 1)] == [54, 18, 1]
    assert [shingles.all_below(n, 0.9) for n in (13, 5, 1)] == [120, 40, 0]
    assert shingles.least_shared(13, 0.9) == shingles.least_shared(5, 0.9) == pytest.approx(0.225)
    for n, threshold in ((0, 0.9), (13, 0.0), (13, 1.0)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            shingles.window_for(n, threshold)
    with pytest.raises(ValueError, match="found 0"):
        Winnow(0)


@given(st.lists(sequences, max_size=5), st.integers(1, 30))
def test_sets_are_written_sorted(lists: list[list[int]], held: int) -> None:
    out = io.BytesIO()
    count = distinct_sorted((np.array(one, np.uint64) for one in lists), out, held=held)
    found = np.frombuffer(out.getvalue(), "<u8").tolist()
    assert found == sorted({value for one in lists for value in one})
    assert count == len(found)


def test_a_spilled_set_is_the_set() -> None:
    hashes = np.random.default_rng(2).integers(0, 2**64 - 1, 300_000, np.uint64)
    hashes = np.concatenate([hashes, hashes[:100_000]])
    opened: list[io.BufferedRandom] = []

    def spill() -> io.BufferedRandom:
        opened.append(tempfile.TemporaryFile())  # noqa: SIM115
        return opened[-1]

    out = io.BytesIO()
    assert distinct_sorted(np.array_split(hashes, 7), out, spill, 10_000) == 300_000
    assert np.array_equal(np.frombuffer(out.getvalue(), np.uint64), np.unique(hashes))
    assert [file.closed for file in opened] == [True]


def test_a_file_that_loses_what_was_spilled_is_an_error() -> None:
    class Lossy(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size)[:-8]

    with pytest.raises(OSError, match="bytes at 0 of the file that hashes were spilled to"):
        distinct_sorted([np.arange(9, dtype=np.uint64)], io.BytesIO(), Lossy, 4)
    with pytest.raises(ValueError, match="found 0"):
        distinct_sorted([], io.BytesIO(), held=0)


@given(st.sets(st.integers(0, 300), max_size=80), st.sets(st.integers(0, 300), max_size=80), cuts, cuts)
def test_common_is_the_size_of_the_intersection(left: set[int], right: set[int], first: list[int], second: list[int]) -> None:
    assert count_common(pieces(sorted(left), first), pieces(sorted(right), second)) == len(left & right)


@given(st.sets(st.integers(0, 2000), max_size=12), st.integers(300, 900), st.integers(1, 3), cuts, st.booleans())
def test_common_of_a_small_and_a_large_set(few: set[int], size: int, step: int, places: list[int], swapped: bool) -> None:
    many = set(range(7, 7 + size * step, step))
    sides = [pieces(sorted(few), places), np.array_split(np.array(sorted(many), np.uint64), 2)]
    assert count_common(*(sides[::-1] if swapped else sides)) == len(few & many)


def test_memory_does_not_grow_with_the_book() -> None:
    class Nowhere(io.BytesIO):
        def write(self, data: object) -> int:
            return 0

    def peak(words: int) -> int:
        text = " ".join(map(str, range(10**6, 10**6 + words))).encode()
        tracemalloc.start()
        prints = Fingerprints()
        assert distinct_sorted(prints.watched(ngram_hashes(text, 13)), Nowhere(), held=1 << 16) == words - 12
        assert words - 12 < 30 * len(prints.distinct())
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1000)
    short, long = peak(200_000), peak(4_000_000)
    assert long < short + 5e6  # the set is 32 MB; 1.2 MB are fingerprints, once more to sort them


def seams(words: list[str], places: list[int]) -> tuple[list[str], list[str]]:
    """(A, B): B's passages lie in A, so far apart that no window of A reaches from one to the next."""
    parts = [words[low:high] for low, high in pairwise([0, *places, len(words)])]
    return [word for k, part in enumerate(parts) for word in (*part, *(f"{k}between{i}" for i in range(60)))], words


def edits(words: list[str], places: list[int]) -> tuple[list[str], list[str]]:
    """(A, B): B differs in one word at each place."""
    changed = set(places)
    return [f"changed{k}" if k in changed else word for k, word in enumerate(words)], words


def sketch(words: list[str], n: int) -> tuple[set[int], set[int]]:
    """(S, fingerprints) of a text."""
    full, sent = (array.tolist() for array in sketch_arrays(" ".join(words), n))
    return set(full), set(sent)


def sketch_arrays(text: str, n: int) -> tuple[Hashes, Hashes]:
    out, prints = io.BytesIO(), Fingerprints(n)
    count = distinct_sorted(prints.watched(ngram_hashes(text, n)), out)
    full = np.frombuffer(out.getvalue(), np.uint64)
    assert len(full) == count
    return full, prints.distinct()


def shares(edit: Edit, words: int, places: list[int], n: int, seed: int = 0) -> tuple[float, float, int]:
    """(overlap of B in A, share of B's fingerprints that A has, B's fingerprints)."""
    (all_a, some_a), (all_b, some_b) = (
        sketch(text, n) for text in edit([f"w{seed}x{k}" for k in range(words)], [place for place in places if place < words])
    )
    return len(all_a & all_b) / len(all_b), len(some_a & some_b) / len(some_b), len(some_b)


@pytest.mark.parametrize("n", [5, 13])
@pytest.mark.parametrize("edit", [seams, edits])
def test_no_duplicate_escapes_at_evenly_spaced_breaks(edit: Edit, n: int) -> None:
    killed = n - 1 if edit is seams else n
    least = math.ceil(shingles.window_for(n) / 0.9) + n - 1
    tried = 0
    for words in (least, *range(least + 1, 900, 7), 5000):
        most = int((words - n + 1) * 0.1 / killed)
        for breaks in {most, max(most - 1, 0)}:
            overlap, share, _ = shares(edit, words, [words * k // (breaks + 1) for k in range(1, breaks + 1)], n, words)
            if overlap > 0.9:
                tried += 1
                assert share > 0, (words, breaks)
    assert tried > 100


@given(st.integers(72, 2500), st.lists(st.integers(20, 400), max_size=30), st.sampled_from([seams, edits]), st.sampled_from([5, 13]))
def test_no_duplicate_escapes_at_any_breaks(words: int, lengths: list[int], edit: Edit, n: int) -> None:
    overlap, share, _ = shares(edit, words, list(accumulate(lengths)), n)
    assert share > 0 or overlap <= 0.9


@pytest.mark.parametrize("n", [5, 13])
@pytest.mark.parametrize("edit", [seams, edits])
def test_a_duplicate_shares_the_least_share_even_at_the_worst_lengths(edit: Edit, n: int) -> None:
    killed = n - 1 if edit is seams else n
    worst = shingles.window_for(n) - 1 + killed  # words from break to break: passages that are one n-gram short of a window
    for words, seed in [(size, seed) for size in (3400, 6000, 20_000) for seed in range(8)]:
        breaks = int((words - n + 1) * 0.1 / killed)
        places = [worst * k for k in range(1, breaks + 1)]
        while (found := shares(edit, words, places, n, seed))[0] <= 0.9:
            places.pop()
        _, share, sent = found
        assert shingles.may_hold(np.array([share * sent]), np.array([sent]), n).all()
        assert share > 3 * shingles.least_shared(n) or sent < shingles.all_below(n)


def test_short_texts_need_one_fingerprint_and_long_ones_a_share() -> None:
    shared, sent = np.array([0, 1, 1, 26, 27]), np.array([5, 5, 119, 120, 120])
    assert shingles.may_hold(shared, sent).tolist() == [False, True, True, False, True]


def test_short_texts_send_all() -> None:
    for words, all_of_them in ((131, True), (132, False), (12, True), (0, True)):
        full, sent = sketch([f"w{k}" for k in range(words)], 13)
        assert (sent == full) == all_of_them
        assert sent <= full


def test_fingerprints_see_the_arrays_and_pass_them_on() -> None:
    arrays = list(ngram_hashes(" ".join(map(str, range(500))), 13, 300))
    prints = Fingerprints()
    assert all(seen is array for seen, array in zip(prints.watched(arrays), arrays, strict=True))
    assert prints.distinct().tolist() == sorted(set(winnowed(arrays, 54)))


def test_editions_of_a_book_are_as_much_alike_as_their_sets() -> None:
    paths = [SHARED / "books" / "gitenberg" / "76" / name for name in ("old/hfinn12.txt.gz", "76-0.txt.gz")]
    if not all(path.exists() for path in paths):
        pytest.skip("needs two editions of one book in the shared data")
    texts = [gzip.decompress(path.read_bytes()).decode("utf-8", "replace") for path in paths]
    for n in (5, 13):
        one, other = (set(ngrams(text, n)) for text in texts)
        (mine, had), (theirs, sent) = (sketch_arrays(text, n) for text in texts)
        assert [len(mine), len(theirs)] == [len(one), len(other)]
        assert count_common([mine], [theirs]) == len(one & other)
        shared = len(np.intersect1d(had, sent)) / len(sent)
        assert shared == pytest.approx(len(one & other) / len(other), abs=0.1)


def test_random_books_share_nothing() -> None:
    generator = random.Random(3)
    one, other = (sketch([str(generator.randrange(5000)) for _ in range(20_000)], 13) for _ in range(2))
    assert not one[0] & other[0]
