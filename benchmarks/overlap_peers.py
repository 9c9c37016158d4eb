"""What others take for near-duplicates: RedPajama's Simhash, written from its description, and datasketch's MinHash. For `benchmarks.overlap`."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

GRAM = 6  # code: RedPajama v1 data_prep/book/dedup.py, characters
DISTANCE = 5  # code: as above, bits that may differ
SENTENCE = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness "
SENTENCE_HASH = 0xCDD4913508FB3630
PERMUTATIONS = 128


def jaccard(overlap: float) -> float:
    """What an overlap of two texts of one size means as a Jaccard similarity: 0.9 is 0.818."""
    return overlap / (2 - overlap)


@cache
def feature(gram: str) -> bytes:
    return hashlib.md5(gram.encode()).digest()[-8:]


def simhash(text: str) -> int:
    """64 bits; bit i is set where more than half of the 6-grams, repeats counted, have it in the last 8 bytes of their MD5."""
    letters = re.sub(r"\W+", "", text.lower())
    grams = Counter(letters[k : k + GRAM] for k in range(max(len(letters) - GRAM + 1, 1)))
    counts = np.fromiter(grams.values(), np.int64, len(grams))
    digests = np.frombuffer(b"".join(map(feature, grams)), np.uint8).reshape(-1, 8)
    weights = counts @ np.unpackbits(digests, axis=1).astype(np.int64)
    return int.from_bytes(np.packbits(2 * weights > counts.sum()).tobytes(), "big")


def simhash_pairs(hashes: list[int]) -> set[tuple[int, int]]:
    """Numbers of the texts that differ in at most DISTANCE bits."""
    return {(i, j) for (i, one), (j, other) in combinations(enumerate(hashes), 2) if (one ^ other).bit_count() <= DISTANCE}


def minhash(ngrams: set[str]) -> Any:
    """datasketch's MinHash of the n-grams' texts."""
    made = datasketch().MinHash(num_perm=PERMUTATIONS)
    made.update_batch([ngram.encode() for ngram in ngrams])
    return made


def minhash_pairs(sketches: list[Any], overlap: float) -> set[tuple[int, int]]:
    """Numbers of the texts that datasketch's LSH gives for one another."""
    index = datasketch().MinHashLSH(threshold=jaccard(overlap), num_perm=PERMUTATIONS)
    found = set()
    for number, sketch in enumerate(sketches):
        found |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found


def datasketch() -> Any:
    """The package. SystemExit where it is not installed."""
    try:
        import datasketch  # type: ignore[import-not-found]
    except ImportError:
        raise SystemExit("benchmarks.overlap needs datasketch: pip install datasketch==2.0.0") from None
    return datasketch
