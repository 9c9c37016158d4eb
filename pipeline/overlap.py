"""What leaves a unit for a DropContained step: fingerprints of its documents for the exchange, and their full sets of n-grams, to be compared.

A unit leaves three files beside its documents:

    candidates-K  runs of (hash, document), sorted by hash: the documents' fingerprints, as keys that meet in the exchange
    sets          of each document its distinct n-grams' hashes, uint64, sorted
    lengths       a LENGTH record a document: where its set lies

Sets take about 1.3 times the text on disk. Memory depends on the segment of text that is hashed at once, not on the longest document.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

import numpy as np

from pipeline import files
from pipeline.documents import Batch
from pipeline.exchange import Array, read_array
from pipeline.gather import KeyRun, KeySender
from pipeline.plan import Job
from pipeline.recipe import DropContained
from transforms import shingles
from transforms.word_ngrams import ngram_hashes

LENGTH = np.dtype([("document", np.uint32), ("sent", np.uint32), ("offset", np.uint64), ("count", np.uint64)])
"""sent: fingerprints of the document; offset: byte of the sets file at which its set begins; count: of its distinct n-grams."""

SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""ours: fingerprints are minima, so small; an odd factor spreads them over all ranges of the hash, each to a value of its own."""

READ = 1 << 17
"""Hashes of a set that are read at once. ours: 1 MiB of each of two sets."""


class OverlapSender:
    """Collects fingerprints and sets of a unit's documents and writes them."""

    def __init__(self, job: Job, stage: int, unit: int, step: DropContained, keys: BinaryIO) -> None:
        self._step = step
        self._paths = [job.passed(stage, unit, what) for what in ("sets", "lengths")]
        self._keys = KeySender(keys)
        self._stack = ExitStack()
        self._offset = 0

    def __enter__(self) -> OverlapSender:
        self._sets, self._lengths = (self._stack.enter_context(files.replacing(path)) for path in self._paths)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    @property
    def written(self) -> dict[str, int]:
        """{path: bytes} of the sets and their lengths, once the context has ended."""
        return {path: files.size(path) for path in self._paths}

    def add(self, batch: Batch) -> None:
        """The documents of a batch."""
        for document, count, prints in sketched(self._step, batch, self._sets):
            self._lengths.write(np.array([(document, len(prints), self._offset, count)], LENGTH).tobytes())
            self._offset += 8 * count
            self._keys.add_hashes(prints, np.full(len(prints), document, np.uint32))

    def close(self) -> list[KeyRun]:
        """Writes the last run of fingerprints; gives all of them."""
        return self._keys.close()


def sketched(step: DropContained, batch: Batch, sets: BinaryIO) -> Iterator[tuple[int, int, Array]]:
    """(document, its distinct n-grams, its fingerprints) of each document of a batch; its set is written to `sets`."""
    texts = batch.texts
    for i, document in enumerate(batch.numbers.tolist()):
        prints = shingles.Fingerprints(step.n, step.threshold)
        hashes = ngram_hashes(texts.buffer[texts.offsets[i] : texts.offsets[i + 1]], step.n)
        count = shingles.distinct_sorted(prints.watched(hashes), sets)
        yield document, count, prints.distinct() * SPREAD


def lengths(job: Job, stage: int, unit: int) -> Array:
    """The LENGTH records of a unit, by document."""
    return np.frombuffer(files.read_bytes(job.passed(stage, unit, "lengths")), LENGTH)


def read_set(stream: BinaryIO, offset: int, count: int) -> Iterator[Array]:
    """A document's sorted distinct n-grams, READ of them at a time."""
    for begin in range(0, count, READ):
        yield read_array(stream, offset + 8 * begin, np.uint64, min(READ, count - begin))
