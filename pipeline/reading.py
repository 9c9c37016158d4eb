"""From a source's reader to batches: documents are numbered as they come, named, and whatever else the reader yields is counted and written down."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
import pyarrow as pa

from pipeline import exchange, files, gather
from pipeline.documents import Batch
from pipeline.ledger import Ledger
from pipeline.part import Part
from pipeline.plan import Job, Unit, totals_name
from pipeline.records import Broken, Document, Fed, Read, Refused, Row, Skipped, Total
from pipeline.shards import BROKEN, Passed, Shard

BATCH_BYTES = 4 * 2**20
"""Text of one batch. ours: kernels reach full speed from about 1 MB; memory is a small multiple of it."""
BATCH_DOCUMENTS = 8192
"""ours: bounds a batch of empty documents."""
CHUNK = 1 << 20
"""ours: bytes read at once where a range is hashed."""
BROKEN_ROWS = 1024
"""ours: broken records that are held before they are written."""

PLACE = (("origin_file", pa.string()), ("origin_offset", pa.int64()), ("origin_inner", pa.int64()), ("notes", pa.list_(pa.string())))
"""The last columns of every clean shard: where a document came from, and what was noted."""

REJECTED = pa.schema(
    [
        ("document", pa.uint32()),
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("origin_file", pa.string()),
        ("origin_offset", pa.int64()),
        ("origin_inner", pa.int64()),
        ("step", pa.string()),
        ("reason", pa.string()),
        ("value", pa.string()),
        ("partner", pa.string()),
        ("notes", pa.list_(pa.string())),
        ("text", pa.string()),
    ]
)
"""A dropped document. `value` is what decided, `partner` the document that a duplicate repeats; `text` where the configuration asks for it."""

IDENTITY = "identity"
"""The exchange by which a repeated id is found. Every source has it; its keys come from stage 0."""


class Rejects(Protocol):
    """Where rows of dropped documents go."""

    def write(self, rows: pa.RecordBatch) -> None: ...


def rejects_of(dropped: Batch, step: str, reason: str, value: pa.Array | None, partner: pa.Array | None, with_text: bool) -> pa.RecordBatch:
    """The rows of dropped documents."""
    n = len(dropped)
    columns = {
        **dropped.columns,
        "step": pa.repeat(step, n),
        "reason": pa.repeat(reason, n),
        "value": value.cast(pa.string()) if value is not None else pa.nulls(n, pa.string()),
        "partner": partner if partner is not None else pa.nulls(n, pa.string()),
    }
    if not with_text:
        columns.pop("text")
    return Batch(columns).record_batch(REJECTED)


def suffix(unit: int, document: int) -> str:
    """What a repeated id gets: the place of the repeat, so that it is an id of its own whatever the others are."""
    return f"~{unit:05d}.{document}"


def batches(job: Job, unit: Unit, ledger: Ledger, rejects: Rejects) -> Iterator[Batch]:
    """Reads a unit: gives its documents in batches; refused records go to the rejects, broken ones to their shard.

    The ids of all of them are handed to the identity exchange, and lie in the work folder for whoever must name a document.
    """
    footer = {"cria.source": job.source}
    keys_path, ids_path = job.passed(0, unit.number, IDENTITY), job.passed(0, unit.number, "ids")
    broken = Shard(job.shard("broken", unit.number), BROKEN, footer, optional=True)
    rows = gather.RowSenders(job, unit.number)
    with files.replacing(keys_path) as keys, Passed(ids_path, pa.schema([("id", pa.string())])) as ids, broken, rows:
        sender = exchange.Sender(keys)
        reader = Reader(job, unit, ledger, broken, rows)
        number = 0
        for documents, refused, named in reader.read():
            sender.add(exchange.hashed(named), np.arange(number, number + len(named), dtype=np.uint32))
            ids.write(pa.RecordBatch.from_arrays([pa.array(named, pa.string())], names=["id"]))
            number += len(named)
            if refused is not None:
                rejects.write(refused)
            if len(documents):
                yield documents
        ledger.receipt.runs[IDENTITY] = [asdict(run) for run in sender.close()]
    ledger.receipt.runs.update({name: [asdict(run) for run in runs] for name, runs in rows.runs.items()})
    ledger.receipt.files.update({**broken.written, **ids.written, **rows.written, keys_path: files.size(keys_path)})


class _Digesting(io.RawIOBase):
    """The input as it is read, with the sha256 of its bytes on the way: each byte is hashed once, however often a reader goes back to it.

    Readers that jump (Parquet, 7z, a range of a file) leave bytes out: `digest` then reads the range once more, in order.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = self._hashed = 0
        self._sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        before, self._position = self._position, self._position + len(data)
        if before <= self._hashed < self._position:
            self._sha256.update(memoryview(data)[self._hashed - before :])
            self._hashed = self._position
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = self._stream.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def expect(self, unit: Unit) -> None:
        """Raises OSError where the file has another size than when it was listed: what was read of it may be neither the one nor the other."""
        size = self._stream.seek(0, io.SEEK_END)
        if size != unit.file_size:
            raise OSError(
                f"{unit.name} changed while the run went on: it was listed with {unit.file_size:,} bytes and has {size:,}; run again"
            )

    def digest(self, start: int, end: int) -> str:
        """Of the bytes [start, end), in hexadecimal digits. Raises OSError."""
        if start == 0 and self._hashed == end:
            return self._sha256.hexdigest()
        sha256, left = hashlib.sha256(), end - start
        self._stream.seek(start)
        while left and (data := self._stream.read(min(left, CHUNK))):
            sha256.update(data)
            left -= len(data)
        return sha256.hexdigest()


@dataclass
class _Member:
    """What was read of a compressed member, or of the record of a file without compression, that begins at `offset`.

    `extent`: expanded bytes that it is known to have; `stored`, `expanded`: bytes that could not be read, by what they were counted in.
    """

    offset: int
    documents: int = 0
    extent: int = 0
    stored: int = 0
    expanded: int = 0

    def lose(self, record: Broken) -> None:
        """Counts a broken record."""
        if record.expanded:
            self.expanded += record.size
            self.extent = max(self.extent, record.inner + record.size)
        else:
            self.stored += record.size

    def unread(self, end: int) -> int:
        """Bytes of the file that could not be read, of those before `end`: a row's share of its member's expanded bytes is its share of the stored ones."""
        span = end - self.offset
        share = self.expanded * span // max(self.extent, span) if self.expanded else 0
        return min(self.stored + share, span)


class Reader:
    """Gathers what a source yields for one unit into columns."""

    def __init__(self, job: Job, unit: Unit, ledger: Ledger, broken: Shard, rows: gather.RowSenders) -> None:
        self._job, self._unit, self._ledger, self._broken, self._rows = job, unit, ledger, broken, rows
        self._number = 0
        self._names: list[str] = []
        self._documents: list[tuple[int, str, Document]] = []
        self._refused: list[tuple[int, str, Refused]] = []
        self._lost: list[Broken] = []
        self._member = _Member(0)
        self._held = 0

    def read(self) -> Iterator[tuple[Batch, pa.RecordBatch | None, list[str]]]:
        """(documents, rows of refused records, the ids of all of them in the order of their numbers) of each batch."""
        unit = self._unit
        with io.BytesIO() if os.path.isdir(unit.path) else files.open_read(unit.path) as opened:
            stream = _Digesting(opened)
            part = Part(cast(BinaryIO, stream), unit.path, unit.name, unit.file_size, unit.start, unit.end, unit.companion)
            for record in self._job.module.read(part, self._job.config):
                self._take(record)
                if self._held >= BATCH_BYTES or len(self._names) >= BATCH_DOCUMENTS:
                    yield self._batch()
            if not os.path.isdir(unit.path):
                stream.expect(unit)
                self._ledger.receipt.input_digest = stream.digest(unit.start, unit.end)
        self._reached(unit.file_size + 1)
        if self._names:
            yield self._batch()
        self._write_broken()

    def _reached(self, offset: int) -> None:
        """Counts what was unreadable before this place of the file."""
        if offset > self._member.offset:
            self._ledger.unread(self._member.unread(offset))
            self._member = _Member(offset)

    def _take(self, record: Read) -> None:
        if isinstance(record, Row):
            self._rows.add(record)
            self._ledger.fed(record.kind, read=1)
            for note in record.notes:
                self._ledger.noted(note)
            return
        if isinstance(record, Fed):
            self._ledger.fed(record.kind, record.used + sum(record.unused.values()), record.used, record.unused)
            return
        if isinstance(record, Skipped):
            self._ledger.skipped(record.type)
            return
        if isinstance(record, Total):
            self._ledger.receipt.runs.setdefault(totals_name(record.kind), []).append(dict(record.columns))
            return
        self._reached(record.offset)
        if isinstance(record, Broken):
            self._ledger.broken(record.reason)
            if record.reason.endswith("is corrupt"):  # of a member whose checksum fails, all bytes are in doubt
                self._ledger.noted("read from a member that proved corrupt", self._member.documents)
            self._member.lose(record)
            self._lost.append(record)
            if len(self._lost) >= BROKEN_ROWS:
                self._write_broken()
        else:
            key = record.key or f"{self._unit.name}@{record.offset}" + (f"+{record.inner}" if record.inner else "")
            name = f"{self._job.source}/{key}"
            self._names.append(name)
            self._member.documents += 1
            self._member.extent = max(self._member.extent, record.inner)
            for note in record.notes:
                self._ledger.noted(note)
            if isinstance(record, Document):
                self._documents.append((self._number, name, record))
                self._held += len(record.text)
            else:
                self._ledger.refused(record.label)
                self._refused.append((self._number, name, record))
            self._number += 1
            self._ledger.heartbeat.beat(self._number, record.offset)

    def _batch(self) -> tuple[Batch, pa.RecordBatch | None, list[str]]:
        documents, refused, names = self._documents, self._refused, self._names
        self._documents, self._refused, self._names, self._held = [], [], [], 0
        self._ledger.read(len(names))
        return self._columns(documents), self._refused_rows(refused) if refused else None, names

    def _columns(self, held: list[tuple[int, str, Document]]) -> Batch:
        records = [record for _, _, record in held]
        columns: dict[str, pa.Array] = self._places(held)
        columns["text"] = pa.array([record.text for record in records], pa.string())
        for field in self._job.module.READ:
            columns[field.name] = pa.array([record.columns.get(field.name) for record in records], field.type)
        return Batch(columns, valid=True)

    def _places(self, held: list[tuple[int, str, Any]]) -> dict[str, pa.Array]:
        return {
            "document": pa.array([number for number, _, _ in held], pa.uint32()),
            "id": pa.array([name for _, name, _ in held], pa.string()),
            "source": pa.repeat(self._job.source, len(held)),
            "origin_file": pa.repeat(self._unit.name, len(held)),
            "origin_offset": pa.array([record.offset for _, _, record in held], pa.int64()),
            "origin_inner": pa.array([record.inner for _, _, record in held], pa.int64()),
            "notes": pa.array([list(record.notes) for _, _, record in held], pa.list_(pa.string())),
        }

    def _refused_rows(self, held: list[tuple[int, str, Refused]]) -> pa.RecordBatch:
        records = [record for _, _, record in held]
        columns = self._places(held)
        columns["url"] = pa.array([record.columns.get("url") for record in records], pa.string())
        columns["step"] = pa.array([record.label for record in records], pa.string())
        columns["reason"] = pa.array([record.reason for record in records], pa.string())
        columns["value"] = pa.array([record.value for record in records], pa.string())
        return Batch(columns).record_batch(REJECTED)

    def _write_broken(self) -> None:
        lost, self._lost = self._lost, []
        if not lost:
            return
        rows = {
            "source": pa.repeat(self._job.source, len(lost)),
            "file": pa.repeat(self._unit.name, len(lost)),
            "offset": pa.array([record.offset for record in lost], pa.int64()),
            "inner": pa.array([record.inner for record in lost], pa.int64()),
            "bytes": pa.array([record.size for record in lost], pa.int64()),
            "reason": pa.array([record.reason for record in lost], pa.string()),
            "excerpt": pa.array([record.excerpt.decode("utf-8", "replace") for record in lost], pa.string()),
        }
        self._broken.write(pa.RecordBatch.from_arrays([rows[field.name] for field in BROKEN], schema=BROKEN))
