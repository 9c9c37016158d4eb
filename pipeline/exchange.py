"""What leaves a unit for the exchange: runs of sorted distinct keys on disk, and claim checks for ranges of them.

A run is the keys of consecutive batches, at most `RUN_KEYS` and one batch more, so memory depends on that number alone. It lies in the unit's keys file as

    hashes  uint64  x distinct    sorted, each once
    first   uint32  x distinct    the first document that holds the key
    second  uint32  x distinct    the next other one, or NONE
    cuts    uint32  x CUTS + 1    where each of the CUTS equal ranges of the hash begins
    rows    uint32  x keys        for each key in the order it came: its place among the distinct; the top bit says that its document held it before

What the shuffle carries is a claim: which rows of which run of which file lie in a hash range.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, BinaryIO

import numpy as np

from pipeline import files
from transforms.repeats import distinct

RUN_KEYS = 2_000_000
"""Keys of one run. ours: about 100 MB of text, sorted in about 100 MB of memory."""
CUTS = 4096
"""Ranges of the hash that a run's cuts tell apart. ours: a verdict on a huge partition goes through it in pieces of whole ranges."""
REPEATED = np.uint32(1 << 31)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Run:
    """Where a run lies in its unit's keys file: byte offset of its first array, and how many keys it holds, distinct and in all."""

    start: int
    distinct: int
    keys: int

    @property
    def cuts_at(self) -> int:
        return self.start + 16 * self.distinct

    @property
    def rows_at(self) -> int:
        return self.cuts_at + 4 * (CUTS + 1)


@dataclass(frozen=True)
class Claim:
    """A claim check: the rows [low, high) of run number `run` of unit `unit`, in the keys file `path`."""

    path: str
    unit: int
    run: int
    start: int
    distinct: int
    keys: int
    low: int
    high: int

    def cuts(self, stream: BinaryIO) -> Array:
        """The run's cuts, uint32."""
        return read_array(stream, Run(self.start, self.distinct, self.keys).cuts_at, np.uint32, CUTS + 1)

    def read(self, stream: BinaryIO, low: int, high: int) -> tuple[Array, Array, Array]:
        """hashes, first and second of the rows [low, high)."""
        n = high - low
        after = self.start + 8 * self.distinct
        return (
            read_array(stream, self.start + 8 * low, np.uint64, n),
            read_array(stream, after + 4 * low, np.uint32, n),
            read_array(stream, after + 4 * self.distinct + 4 * low, np.uint32, n),
        )


def read_array(stream: BinaryIO, offset: int, kind: Any, count: int) -> Array:
    """`count` values of the type `kind` at a byte offset. Raises EOFError where the file ends before."""
    if count == 0:
        return np.empty(0, kind)
    stream.seek(offset)
    size = np.dtype(kind).itemsize * count
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"keys file ends at {offset + len(data)}, wanted {size} bytes at {offset}")
    return np.frombuffer(data, kind)


class Sender:
    """Collects the keys of a unit's batches and writes them as runs to `stream`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hashes: list[Array] = []
        self._documents: list[Array] = []
        self._held = 0
        self._position = 0
        self.runs: list[Run] = []

    def add(self, hashes: Array, documents: Array) -> None:
        """The keys of one batch (uint64) and the document that holds each (uint32, ascending over the whole unit)."""
        self._hashes.append(hashes)
        self._documents.append(documents)
        self._held += len(hashes)
        if self._held >= RUN_KEYS:
            self._flush()

    def close(self) -> list[Run]:
        """Writes the last run; gives all of them."""
        if self._held:
            self._flush()
        return self.runs

    def _flush(self) -> None:
        found = distinct(np.concatenate(self._hashes), np.concatenate(self._documents))
        edges = np.arange(1, CUTS, dtype=np.uint64) << np.uint64(64 - CUTS.bit_length() + 1)
        cuts = np.concatenate([[0], np.searchsorted(found.hashes, edges), [len(found.hashes)]]).astype(np.uint32)
        rows = found.rows | np.where(found.repeated, REPEATED, np.uint32(0))
        self.runs.append(Run(self._position, len(found.hashes), self._held))
        for array in (found.hashes, found.first, found.second, cuts, rows):
            self._position += self._stream.write(np.ascontiguousarray(array).data)
        self._hashes, self._documents, self._held = [], [], 0


def claims(path: str, unit: int, runs: list[Run], partitions: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """(partition, claim) for every partition in which a run has rows; a partition is one of `partitions` equal ranges of the hash."""
    with files.open_read(path) as stream:
        for number, run in enumerate(runs):
            whole = Claim(path, unit, number, run.start, run.distinct, run.keys, 0, run.distinct)
            edges = whole.cuts(stream)[:: CUTS // partitions].tolist()
            for partition, (low, high) in enumerate(pairwise(edges)):
                if low < high:
                    yield partition, {**asdict(whole), "low": low, "high": high}


class Rows:
    """Reads back, batch by batch and in order, the rows that a unit's keys were given."""

    def __init__(self, path: str, runs: list[Run]) -> None:
        self._stream = files.open_read(path)
        self._runs = runs
        self._run = 0
        self._used = 0

    def next(self, count: int) -> tuple[int, Array, Array]:
        """(run, rows uint32, repeated bool) of the next `count` keys, which lie in one run."""
        while self._run < len(self._runs) and self._used == self._runs[self._run].keys:
            self._run, self._used = self._run + 1, 0
        if count == 0:
            return min(self._run, len(self._runs) - 1), np.empty(0, np.uint32), np.empty(0, bool)
        raw = read_array(self._stream, self._runs[self._run].rows_at + 4 * self._used, np.uint32, count)
        self._used += count
        return self._run, raw & ~REPEATED, raw >= REPEATED

    def close(self) -> None:
        self._stream.close()
