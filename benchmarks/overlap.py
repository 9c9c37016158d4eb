"""Books with planted overlaps: which pairs ours finds, and which RedPajama's Simhash and datasketch's MinHash, beside the exact answer.

    python -m benchmarks.overlap [--real] [--each=5]

Needs `datasketch==2.0.0` beside the project. Overlaps of 0.80 to 0.99 are planted as whole passages, as passages of a book that an omnibus
holds, and word by word; the answer is |S(A) & S(B)| / |S(B)| > 0.9, counted with Python's sets of n-grams, for n = 13 and n = 5. `--real`
plants them in the books of the shared data, and not in books of a made language, which has frequencies and no sentences: any two long books
of it are alike in their 6-grams, so there what Simhash takes for duplicates among `others` says little. With `--real` the others hold one
book several times over. Then what the check costs over the length of a book, in CPU time.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import numpy as np

from benchmarks import overlap_books, overlap_peers
from benchmarks.overlap_books import KINDS, OVERLAPS, Language, Pair
from transforms import shingles
from transforms.word_ngrams import Hashes, ngram_hashes

SEED = 20_261_121
THRESHOLD = shingles.THRESHOLD
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
Found = set[tuple[int, int]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overlap", description=__doc__.split("\n")[0])
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--each", type=int, default=5)
    flags = parser.parse_args()
    overlap_peers.datasketch()
    if overlap_peers.simhash(overlap_peers.SENTENCE) != overlap_peers.SENTENCE_HASH:
        raise SystemExit("our Simhash is not RedPajama's")
    language = Language(SEED)
    planted = overlap_books.pairs(language, overlap_books.shared_books() if flags.real else [], flags.each)
    books = [book for pair in planted for book in (pair.whole, pair.part)]
    texts = [" ".join(book) for book in books]
    megabytes = sum(map(len, texts)) / 1e6
    ours(texts[:2], 13)  # compiles
    print(f"{len(books)} books, {megabytes:.1f} MB, {len(planted)} pairs planted")
    by_simhash = timed("Simhash", megabytes, lambda: overlap_peers.simhash_pairs(list(map(overlap_peers.simhash, texts))))
    for n in (13, 5):
        sets = [ngrams(book, n) for book in books]
        answer = exact(sets)
        found = {
            "ours": timed(f"ours, n = {n}", megabytes, lambda n=n: ours(texts, n)),  # type: ignore[misc]
            "Simhash": by_simhash,
            "MinHash": timed(f"MinHash, n = {n}", megabytes, lambda sets=sets: by_minhash(sets)),  # type: ignore[misc]
        }
        table(n, planted, sets, answer, found)
    curve(language)
    return 0


def timed(name: str, megabytes: float, work: Callable[[], Found]) -> Found:
    """Prints the speed, in CPU time."""
    started = time.process_time()
    found = work()
    print(f"{name:16} {megabytes / (time.process_time() - started):7.2f} MB/s")
    return found


def ngrams(book: list[str], n: int) -> set[str]:
    return {" ".join(book[k : k + n]) for k in range(max(len(book) - n, 0) + 1)}


def exact(sets: list[set[str]]) -> Found:
    """(i, j), i < j, of all pairs of which the one with the smaller set is over the threshold in the other."""
    found = set()
    for (i, one), (j, other) in combinations(enumerate(sets), 2):
        few, many = sorted((one, other), key=len)
        if len(few & many) / len(few) > THRESHOLD:
            found.add((i, j))
    return found


def ours(texts: list[str], n: int) -> Found:
    """Sketches, candidates by fingerprint, full sets: the arithmetic of the run, without its exchange."""
    streams: list[Hashes] = []
    counts: list[int] = []
    prints: list[Hashes] = []
    for text in texts:
        full, sent = sketch(text.encode(), n)
        counts.append(len(full))
        streams.append(full)
        prints.append(sent)
    owners = np.repeat(np.arange(len(texts)), [len(some) for some in prints])
    values = np.concatenate(prints)
    order = np.argsort(values, kind="stable")
    shared: Counter[tuple[int, int]] = Counter()
    for holders in np.split(owners[order], np.flatnonzero(np.diff(values[order])) + 1):
        shared.update(combinations(holders.tolist(), 2))
    found = set()
    for (i, j), common in shared.items():
        few = min(i, j, key=lambda number: counts[number])
        if not shingles.may_hold(np.array([common]), np.array([len(prints[few])]), n).all():
            continue
        if shingles.count_common([streams[i]], [streams[j]]) / counts[few] > THRESHOLD:
            found.add((i, j))
    return found


def sketch(text: bytes, n: int) -> tuple[Hashes, Hashes]:
    """(distinct n-grams, fingerprints) of a text."""
    prints, stream = shingles.Fingerprints(n, THRESHOLD), io.BytesIO()
    shingles.distinct_sorted(prints.watched(ngram_hashes(text, n)), stream)
    return np.frombuffer(stream.getvalue(), np.uint64), prints.distinct()


def by_minhash(sets: list[set[str]]) -> Found:
    return overlap_peers.minhash_pairs(list(map(overlap_peers.minhash, sets)), THRESHOLD)


def table(n: int, planted: list[Pair], sets: list[set[str]], answer: Found, found: dict[str, Found]) -> None:
    """A row a kind and planned overlap: its pairs, their mean overlap, how many are duplicates, and how many each method takes for one."""
    print(f"\nn = {n}   planned at 13   is at {n}   pairs  duplicates" + "".join(f"{name:>9}" for name in found))
    for kind in KINDS:
        for overlap in OVERLAPS:
            rows = [(2 * k, 2 * k + 1) for k, pair in enumerate(planted) if (pair.kind, pair.overlap) == (kind, overlap)]
            mean = np.mean([len(sets[i] & sets[j]) / len(sets[j]) for i, j in rows])
            cells = "".join(f"{sum(row in some for row in rows):9}" for some in found.values())
            print(f"{kind:10} {overlap:11.2f} {mean:11.3f} {len(rows):7} {sum(row in answer for row in rows):11}{cells}")
    pairs = {(2 * k, 2 * k + 1) for k in range(len(planted))}
    for name, some in found.items():
        counts = f"found {len(some & answer):4} of {len(answer)}, missed {len(answer - some):3}"
        print(f"{name:8} {counts}, false {len((some - answer) & pairs):3} planted, {len(some - answer - pairs):5} others")
    print()


def curve(language: Language) -> None:
    """Nanoseconds a byte of a book, for its sketch, and for counting what it shares with another of its length."""
    print(f"{'bytes of text':>14} {'sketch ns/B':>12} {'set checked ns/B':>17}")
    for size in SIZES:
        words = language.words(size // 6)
        text = " ".join(words).encode()
        edited = " ".join(word if k % 500 else "other" for k, word in enumerate(words)).encode()
        rounds = max(3_000_000 // size, 3)
        seconds = fastest(rounds, lambda text=text: sketch(text, 13))  # type: ignore[misc]
        sides = [np.array_split(sketch(side, 13)[0], len(words) // 131_072 + 1) for side in (text, edited)]
        check = fastest(rounds, lambda sides=sides: shingles.count_common(*sides))  # type: ignore[misc]
        print(f"{len(text):14,} {1e9 * seconds / len(text):12.2f} {1e9 * check / len(text):17.2f}")
    hashing = fastest(3, lambda: sum(map(len, ngram_hashes(text, 13))))
    print(f"n-gram hashes alone {len(text) / 1e6 / hashing:.0f} MB/s")


def fastest(rounds: int, work: Callable[[], object]) -> float:
    """Seconds of the best round."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
