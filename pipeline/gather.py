"""What leaves a unit for a Gather step: rows that feed documents, and the keys that documents ask for. Both lie sorted by the key's hash.

A unit's rows of one kind lie in runs, each in memory once, of

    hashes   uint64 x rows         sorted; rows with one hash in the order in which they were read
    cuts     uint32 x CUTS + 1     where each of the CUTS equal ranges of the hash begins
    batches  uint32 x batches + 1  the first row of each batch
    offsets  uint64 x batches + 1  the byte in this file at which each begins
    then the batches, each an Arrow stream of one record batch of about CHUNK_BYTES

and the keys of the documents in runs of hashes, documents (uint32 each) and cuts. What the shuffle carries is a claim on a hash range of a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import files
from pipeline.exchange import CUTS, RUN_KEYS, Array, cuts_of, hashed, read_array, shared_out
from pipeline.plan import Job
from pipeline.records import Row

RUN_BYTES = 64 * 2**20
"""Text of one run of rows. ours: it is sorted in memory."""
RUN_ROWS = 500_000
"""ours: bounds a run of rows that hold hardly any text."""
CHUNK_BYTES = 2**16
"""Text of one serialized batch. ours: a reader holds one of each piece that it merges, thousands for a whole dump; lz4 looks no further back."""

COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
"""ours: rows cross the disk twice; lz4 halves them at a speed that disks do not reach."""


@dataclass(frozen=True)
class RowRun:
    """Where a run of rows lies in its file; `size` is the text that it holds in bytes."""

    start: int
    rows: int
    batches: int
    size: int


@dataclass(frozen=True)
class KeyRun:
    """Where a run of documents' keys lies in its file."""

    start: int
    keys: int


@dataclass(frozen=True)
class RowClaim:
    """The rows [low, high) of a run of rows."""

    path: str
    unit: int
    run: int
    start: int
    rows: int
    batches: int
    size: int
    low: int
    high: int

    def cuts(self, stream: BinaryIO, low: int = 0, high: int = CUTS) -> Array:
        """The run's cuts low to high, both included, uint32."""
        return read_array(stream, self.start + 8 * self.rows + 4 * low, np.uint32, high - low + 1)

    def hashes(self, stream: BinaryIO, low: int, high: int) -> Array:
        """The hashes of the rows [low, high)."""
        return read_array(stream, self.start + 8 * low, np.uint64, high - low)

    def read(self, stream: BinaryIO, schema: pa.Schema, low: int, high: int) -> pa.Table:
        """The rows [low, high), which hold nothing of the rows around them."""
        at = self.start + 8 * self.rows + 4 * (CUTS + 1)
        firsts = read_array(stream, at, np.uint32, self.batches + 1)
        offsets = read_array(stream, at + 4 * (self.batches + 1), np.uint64, self.batches + 1)
        begin, end = int(np.searchsorted(firsts, low, "right")) - 1, int(np.searchsorted(firsts, high, "left"))
        read = [read_rows(stream, int(offsets[i]), int(offsets[i + 1])) for i in range(begin, end)]
        return pa.concat_tables([schema.empty_table(), *read]).take(pa.array(np.arange(low, high) - int(firsts[begin])))


@dataclass(frozen=True)
class KeyClaim:
    """The keys [low, high) of a run of documents' keys."""

    path: str
    unit: int
    run: int
    start: int
    keys: int
    low: int
    high: int

    def cuts(self, stream: BinaryIO, low: int = 0, high: int = CUTS) -> Array:
        """The run's cuts low to high, both included, uint32."""
        return read_array(stream, self.start + 12 * self.keys + 4 * low, np.uint32, high - low + 1)

    def hashes(self, stream: BinaryIO, low: int, high: int) -> Array:
        """The hashes of the keys [low, high)."""
        return read_array(stream, self.start + 8 * low, np.uint64, high - low)

    def read(self, stream: BinaryIO, low: int, high: int) -> tuple[Array, Array]:
        """(hashes, documents) of the keys [low, high)."""
        return self.hashes(stream, low, high), read_array(stream, self.start + 8 * self.keys + 4 * low, np.uint32, high - low)


class RowSenders:
    """Takes the rows that a unit's reader yields, and writes those of each kind to a file of their own."""

    def __init__(self, job: Job, unit: int) -> None:
        self._job, self._unit = job, unit
        self._senders: dict[str, _RowSender] = {}
        self._stack = ExitStack()
        self.written: dict[str, int] = {}
        self.runs: dict[str, list[RowRun]] = {}

    def __enter__(self) -> RowSenders:
        return self

    def add(self, row: Row) -> None:
        """Adds a row, whose key it hashes."""
        if row.kind not in self._senders:
            path = self._job.passed(0, self._unit, rows_name(row.kind))
            stream = self._stack.enter_context(files.replacing(path))
            self._senders[row.kind] = _RowSender(stream, rows_schema(self._job, row.kind))
        self._senders[row.kind].add(row)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            with self._stack:
                self.runs = {rows_name(name): sender.close() for name, sender in self._senders.items()}
        self._stack.__exit__(kind, error, trace)
        if kind is None:
            paths = [self._job.passed(0, self._unit, name) for name in self.runs]
            self.written = {path: files.size(path) for path in paths}


class _RowSender:
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._stream, self._schema = stream, schema
        self._position = self._size = 0
        self._rows: list[Row] = []
        self._runs: list[RowRun] = []

    def add(self, row: Row) -> None:
        self._rows.append(row)
        self._size += len(row.key) + sum(len(value) for value in row.columns.values() if isinstance(value, str | bytes))
        if self._size >= RUN_BYTES or len(self._rows) >= RUN_ROWS:
            self._flush()

    def close(self) -> list[RowRun]:
        if self._rows:
            self._flush()
        return self._runs

    def _flush(self) -> None:
        hashes = key_hashes([row.key for row in self._rows])
        order = np.argsort(hashes, kind="stable")
        rows = [self._rows[i] for i in order.tolist()]
        names = self._schema.names[1:]
        columns = [[row.key for row in rows], *([row.columns.get(name) for row in rows] for name in names)]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        table = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        sizes = row_sizes(table)
        firsts = cuts_by_size(sizes, CHUNK_BYTES)
        blobs = [serialized(table.slice(low, high - low)) for low, high in pairwise(firsts)]
        start = self._position
        begins = start + 8 * len(rows) + 4 * (CUTS + 1) + 12 * len(firsts)
        offsets = begins + np.cumsum([0, *map(len, blobs)])
        run = RowRun(start, len(rows), len(blobs), int(sizes.sum()))
        for array in (hashes[order], cuts_of(hashes[order]), np.array(firsts, np.uint32), offsets.astype(np.uint64)):
            self._position += self._stream.write(np.ascontiguousarray(array).data)
        for blob in blobs:
            self._position += self._stream.write(blob)
        self._runs.append(run)
        self._rows, self._size = [], 0


class KeySender:
    """Collects the keys that a unit's documents ask for and writes them as runs; the keys of one batch lie in one run."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hashes: list[Array] = []
        self._documents: list[Array] = []
        self._held = self._position = 0
        self.runs: list[KeyRun] = []

    def add(self, keys: pa.Array, documents: Array) -> None:
        """The key of each document of a batch (null: it asks for nothing), and the documents' numbers (uint32, ascending over the unit)."""
        there = np.flatnonzero(np.asarray(keys.is_valid()))
        self.add_hashes(key_hashes(keys.take(pa.array(there)).to_pylist()), documents[there])

    def add_hashes(self, hashes: Array, documents: Array) -> None:
        """The hashes of keys, and the document that asks for each."""
        self._hashes.append(hashes)
        self._documents.append(documents)
        self._held += len(documents)
        if self._held >= RUN_KEYS:
            self._flush()

    def close(self) -> list[KeyRun]:
        """Writes the last run; gives all of them."""
        if self._held:
            self._flush()
        return self.runs

    def _flush(self) -> None:
        hashes, documents = np.concatenate(self._hashes), np.concatenate(self._documents)
        order = np.argsort(hashes, kind="stable")
        self.runs.append(KeyRun(self._position, len(hashes)))
        for array in (hashes[order], documents[order], cuts_of(hashes[order])):
            self._position += self._stream.write(np.ascontiguousarray(array).data)
        self._hashes, self._documents, self._held = [], [], 0


def claims(path: str, unit: int, runs: Sequence[RowRun | KeyRun], partitions: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """(partition, claim) for every partition in which a run has rows or keys."""
    with files.open_read(path) as stream:
        for number, run in enumerate(runs):
            count = run.rows if isinstance(run, RowRun) else run.keys
            whole = {"path": path, "unit": unit, "run": number, **asdict(run), "low": 0, "high": count}
            yield from shared_out(RowClaim(**whole) if isinstance(run, RowRun) else KeyClaim(**whole), stream, partitions)


def rows_name(kind: str) -> str:
    """The exchange that the rows of a kind go to; also the name of their file."""
    return f"rows-{kind}"


def rows_schema(job: Job, kind: str) -> pa.Schema:
    """The columns of a kind of row, the key first."""
    return pa.schema([("key", pa.string()), *job.module.ROWS[kind]])


def key_hashes(keys: Sequence[str]) -> Array:
    """A 64-bit hash of each key. That keys are equal, and not only their hashes, is checked where rows meet documents."""
    return hashed(keys)


def row_sizes(table: pa.RecordBatch | pa.Table) -> Array:
    """Bytes of each row: of its strings, of text or of bytes, and 16 for the rest."""
    sizes = np.full(len(table), 16, np.int64)
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            sizes += np.asarray(pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False), np.int64)
    return sizes


def cuts_by_size(sizes: Array, most: int) -> list[int]:
    """Row numbers at which pieces of about `most` bytes begin, with the end; a larger row is a piece of its own."""
    ends = np.cumsum(sizes)
    cuts = [0]
    while cuts[-1] < len(sizes):
        before = int(ends[cuts[-1] - 1]) if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(ends, before + most, "right"))))
    return cuts


def serialized(rows: pa.RecordBatch) -> bytes:
    """The rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=COMPRESSED) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue())


def read_rows(stream: BinaryIO, begin: int, end: int) -> pa.Table:
    """The rows that were serialized into the bytes [begin, end) of a file."""
    return pa.ipc.open_stream(read_array(stream, begin, np.uint8, end - begin)).read_all()
