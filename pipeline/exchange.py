"""What leaves a unit for the exchange: runs of sorted distinct keys on disk, and claim checks for ranges of them.

A run is the keys of consecutive batches, at most `RUN_KEYS` and one batch more, so memory depends on that number alone. It lies in the unit's keys file as

    hashes  uint64  x distinct    sorted, each once
    first   uint32  x distinct    the first document that holds the key
    second  uint32  x distinct    the next other one, or NONE
    order   uint64  x distinct    only where the step has an order: what the first one has in it, or the first 8 bytes of that
    cuts    uint32  x CUTS + 1    where each of the CUTS equal ranges of the hash begins
    rows    uint32  x keys        for each key in the order it came: its place among the distinct; the top bit says that its document held it before

and, where the order goes by strings of bytes, uint64 x distinct + 1 offsets into the strings of the first ones, and those strings.
What the shuffle carries is a claim: which rows of which run of which file lie in a hash range.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pipeline import files
from pipeline.order import Order, joined, packed
from transforms.repeats import NONE, Distinct, distinct

RUN_KEYS = 2_000_000
"""Keys of one run. ours: about 100 MB of text, sorted in about 100 MB of memory."""
CUTS = 4096
"""Ranges of the hash that a run's cuts tell apart. ours: a verdict on a huge partition goes through it in pieces of whole ranges."""
REPEATED = np.uint32(1 << 31)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Run:
    """Where a run lies in its unit's keys file: byte offset of its first array, and how many keys it holds, distinct and in all.

    `ordered`: 1 where the step has an order of numbers, 2 where of strings.
    """

    start: int
    distinct: int
    keys: int
    ordered: int = 0

    @property
    def cuts_at(self) -> int:
        return self.start + (24 if self.ordered else 16) * self.distinct

    @property
    def rows_at(self) -> int:
        return self.cuts_at + 4 * (CUTS + 1)

    @property
    def names_at(self) -> int:
        return self.rows_at + 4 * self.keys


@dataclass(frozen=True)
class Claim:
    """A claim check: the rows [low, high) of run number `run` of unit `unit`, in the keys file `path`."""

    path: str
    unit: int
    run: int
    start: int
    distinct: int
    keys: int
    ordered: int
    low: int
    high: int

    def cuts(self, stream: BinaryIO) -> Array:
        """The run's cuts, uint32."""
        return read_array(stream, Run(self.start, self.distinct, self.keys, self.ordered).cuts_at, np.uint32, CUTS + 1)

    def names(self, stream: BinaryIO, rows: Array) -> pa.LargeBinaryArray:
        """What the first documents of these rows have in an order of strings."""
        at = Run(self.start, self.distinct, self.keys, self.ordered).names_at
        low, high = int(rows.min()), int(rows.max()) + 1
        offsets = read_array(stream, at + 8 * low, np.uint64, high - low + 1).astype(np.int64)
        data = read_array(stream, at + 8 * (self.distinct + 1) + int(offsets[0]), np.uint8, int(offsets[-1] - offsets[0]))
        buffers = [None, pa.py_buffer(offsets - offsets[0]), pa.py_buffer(data)]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), high - low, buffers).take(pa.array(rows - low))

    def read(self, stream: BinaryIO, low: int, high: int) -> tuple[Array, Array, Array, Array]:
        """hashes, first, second and order of the rows [low, high); the order is 0 where there is none."""
        n = high - low
        after = self.start + 8 * self.distinct
        return (
            read_array(stream, self.start + 8 * low, np.uint64, n),
            read_array(stream, after + 4 * low, np.uint32, n),
            read_array(stream, after + 4 * self.distinct + 4 * low, np.uint32, n),
            read_array(stream, after + 8 * self.distinct + 8 * low, np.uint64, n) if self.ordered else np.zeros(n, np.uint64),
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
        self._order: list[Order] = []
        self._held = 0
        self._position = 0
        self.runs: list[Run] = []

    def add(self, hashes: Array, documents: Array, order: Order | None = None) -> None:
        """The keys of one batch (uint64), the document that holds each (uint32, ascending over the whole unit), and the order of the batch's documents."""
        if order is not None:
            self._order.append(order)
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
        hashes, documents = np.concatenate(self._hashes), np.concatenate(self._documents)
        order = joined(self._order)
        found, first = _by_order(hashes, documents, order) if order else (distinct(hashes, documents), None)
        rows = found.rows | np.where(found.repeated, REPEATED, np.uint32(0))
        arrays = [found.hashes, found.first, found.second, *([] if first is None else [first.numbers]), cuts_of(found.hashes), rows]
        ordered = 0
        if first is not None:
            ordered = 1 if first.names is None else 2
            arrays += [] if first.names is None else packed(first.names)
        self.runs.append(Run(self._position, len(found.hashes), self._held, ordered))
        for array in arrays:
            self._position += self._stream.write(np.ascontiguousarray(array).data)
        self._hashes, self._documents, self._order, self._held = [], [], [], 0


def _by_order(hashes: Array, documents: Array, order: Order) -> tuple[Distinct, Order]:
    """As `distinct`, but the first document of a hash is the one that the order puts first; and what each first one has in the order."""
    by_rank = order.ranked()
    rank = np.empty(len(by_rank), np.uint32)
    rank[by_rank] = np.arange(len(by_rank), dtype=np.uint32)
    ranks = rank[np.searchsorted(order.documents, documents)]
    positions = np.argsort(ranks, kind="stable")
    found = distinct(hashes[positions], ranks[positions])
    rows, repeated = np.empty_like(found.rows), np.empty_like(found.repeated)
    rows[positions], repeated[positions] = found.rows, found.repeated
    numbers = order.documents[by_rank]
    second = np.where(found.second == NONE, np.uint32(NONE), numbers[np.where(found.second == NONE, 0, found.second)])
    return Distinct(found.hashes, numbers[found.first], second, rows, repeated), order.take(by_rank[found.first])


def claims(path: str, unit: int, runs: list[Run], partitions: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """(partition, claim) for every partition in which a run has rows; a partition is one of `partitions` equal ranges of the hash."""
    with files.open_read(path) as stream:
        for number, run in enumerate(runs):
            yield from shared_out(
                Claim(path, unit, number, run.start, run.distinct, run.keys, run.ordered, 0, run.distinct), stream, partitions
            )


def shared_out(whole: Any, stream: BinaryIO, partitions: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """(partition, claim) for every partition in which a claim on a whole run has rows. `whole` has `cuts`, `low` and `high`."""
    edges = whole.cuts(stream)[:: CUTS // partitions].tolist()
    for partition, (low, high) in enumerate(pairwise(edges)):
        if low < high:
            yield partition, {**asdict(whole), "low": low, "high": high}


def cuts_of(hashes: Array) -> Array:
    """Where each of the CUTS equal ranges of the hash begins in sorted hashes, and their number, uint32."""
    edges = np.arange(1, CUTS, dtype=np.uint64) << np.uint64(64 - CUTS.bit_length() + 1)
    return np.concatenate([[0], np.searchsorted(hashes, edges), [len(hashes)]]).astype(np.uint32)


def hashed(values: Sequence[str] | pa.Array) -> Array:
    """A 64-bit key for each string: the first bytes of its blake2b."""
    texts = values.to_pylist() if isinstance(values, pa.Array) else values
    return np.frombuffer(b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts), np.uint64)


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
