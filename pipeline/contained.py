"""A DropContained step after the exchange: candidates are compared by their full sets, it is decided who goes, and they go.

    compare   in each unit: of each of its documents and each longer candidate, how many n-grams they share, counted on the full sets
    decide    in one place, as it is a chain: the longest first, a document goes where over the threshold of it lies in one that is kept
    apply     in each unit: what goes becomes a reject that names the kept document and the share

What is compared in one place is a record of 36 bytes for each pair over the threshold, a few thousand for all of Gutenberg.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pipeline import files
from pipeline.candidates import read_candidates
from pipeline.documents import Batch
from pipeline.exchange import Array
from pipeline.ledger import Ledger
from pipeline.overlap import lengths, read_set
from pipeline.plan import Job
from pipeline.reading import Rejects, rejects_of
from pipeline.recipe import DropContained
from pipeline.verdicts import Names, by_unit, names_of
from transforms import shingles

EDGE = np.dtype(
    [
        ("document", np.uint32),
        ("length", np.uint64),
        ("unit", np.uint32),
        ("other", np.uint32),
        ("other_length", np.uint64),
        ("common", np.uint64),
    ]
)
"""A document of which over the threshold lies in another one: lengths and what they share in distinct n-grams."""

DROPPED = pa.schema([("document", pa.uint32()), ("partner", pa.string()), ("overlap", pa.float64())])


@dataclass(frozen=True)
class DropClaim:
    """Where the drops of one unit lie; `digest` is of their content."""

    path: str
    run: int
    offset: int
    size: int
    digest: str


def compare(job: Job, stage: int, unit: int, step: DropContained, claims: Sequence[Any], ledger: Ledger) -> Array:
    """The EDGE records of a unit. `stage`: that which left the sets. Memory: a piece of two sets, and the unit's candidates."""
    wanted = read_candidates(claims)
    mine = lengths(job, stage, unit)
    sent = mine["sent"][np.searchsorted(mine["document"], wanted["document"])]
    wanted = np.sort(wanted[shingles.may_hold(wanted["shared"], sent, step.n, step.threshold)], order=["unit", "other", "document"])
    share = Fraction(str(step.threshold))
    edges: list[tuple[int, ...]] = []
    with files.open_read(job.passed(stage, unit, "sets")) as own:
        for other, span, _ in by_unit(_key(wanted["unit"], wanted["other"])):
            theirs = lengths(job, stage, other)
            with files.open_read(job.passed(stage, other, "sets")) as stream:
                for record in wanted[span]:
                    a = mine[np.searchsorted(mine["document"], record["document"])]
                    b = theirs[np.searchsorted(theirs["document"], record["other"])]
                    common = shingles.count_common(_set(own, a), _set(stream, b))
                    if common > share * int(a["count"]):
                        edges.append((record["document"], a["count"], other, record["other"], b["count"], common))
                    ledger.heartbeat.beat(int(record["document"]), 0)
    return np.sort(np.array(edges, EDGE), order=["document", "unit", "other"])


def _set(stream: BinaryIO, record: Any) -> Iterator[Array]:
    return read_set(stream, int(record["offset"]), int(record["count"]))


def decide(claims: Sequence[dict[str, Any]], path: str, names: Names) -> list[tuple[int, DropClaim]]:
    """Who goes, of all edges of a run: written to `path`, with (unit, claim) for every unit that loses a document."""
    edges, own = _edges(claims)
    documents, place = np.unique(np.concatenate([own, _key(edges["unit"], edges["other"])]), return_inverse=True)
    small, large = place[: len(edges)], place[len(edges) :]
    length = np.empty(len(documents), np.uint64)
    length[small], length[large] = edges["length"], edges["other_length"]
    ids = names_of(documents, names)
    order = sorted(range(len(documents)), key=lambda i: (-int(length[i]), ids[i]))
    rank = np.empty(len(documents), np.int64)
    rank[order] = np.arange(len(documents))
    small, large = np.where(rank[small] > rank[large], small, large), np.where(rank[small] > rank[large], large, small)  # of equals, either
    gone: dict[int, tuple[int, int]] = {}
    for i in np.lexsort((rank[large], -edges["common"].astype(np.int64), rank[small])).tolist():
        if int(large[i]) not in gone:  # its own fate is settled: it comes before
            gone.setdefault(int(small[i]), (int(large[i]), int(edges["common"][i])))
    return list(_write(path, documents, ids, length, gone))


def _edges(claims: Sequence[dict[str, Any]]) -> tuple[Array, Array]:
    """(EDGE records of all units, unit and number of the document of each)."""
    parts, own = [np.empty(0, EDGE)], [np.empty(0, np.uint64)]
    for claim in sorted(claims, key=lambda claim: int(claim["unit"])):
        records = np.frombuffer(files.read_bytes(claim["path"]), EDGE)
        parts.append(records)
        own.append(_key(np.full(len(records), claim["unit"]), records["document"]))
    return np.concatenate(parts), np.concatenate(own)


def _key(unit: Array, document: Array) -> Array:
    keys: Array = (unit.astype(np.uint64) << np.uint64(32)) | document.astype(np.uint64)
    return keys


def _write(path: str, documents: Array, ids: list[str], length: Array, gone: dict[int, tuple[int, int]]) -> Iterator[tuple[int, DropClaim]]:
    by_unit: dict[int, list[tuple[int, str, float]]] = {}
    for i, (kept, common) in sorted(gone.items()):
        unit, number = divmod(int(documents[i]), 1 << 32)
        by_unit.setdefault(unit, []).append((number, ids[kept], common / int(length[i])))
    with files.replacing(path) as out:
        position = 0
        for unit, rows in by_unit.items():
            columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), DROPPED, strict=True)]
            sink = io.BytesIO()
            with pa.ipc.new_stream(sink, DROPPED) as writer:
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=DROPPED))
            blob = sink.getvalue()
            yield unit, DropClaim(path, 0, position, len(blob), hashlib.blake2b(blob, digest_size=16).hexdigest())
            position += out.write(blob)


def apply(step: DropContained, arriving: Iterable[Batch], claims: Sequence[DropClaim], ledger: Ledger, rejects: Rejects) -> Iterator[Batch]:
    """The batches without the documents that go."""
    gone = _read(claims)
    numbers = np.asarray(gone.column("document").combine_chunks(), np.uint32)
    ledger.step(step.label, 0, 0)
    for batch in arriving:
        kept = ~np.isin(batch.numbers, numbers)
        if not kept.all():
            dropped = batch.where(~kept)
            rows = gone.take(pa.array(np.searchsorted(numbers, dropped.numbers)))
            reason = f"over {step.threshold:g} of its distinct {step.n}-grams lie in one kept document"
            value, partner = (rows.column(name).combine_chunks() for name in ("overlap", "partner"))
            rejects.write(rejects_of(dropped, step.label, reason, value, partner, ledger.with_text))
            ledger.dropped(step.label, dropped, value)
        left = batch.where(kept)
        ledger.step(step.label, len(batch), len(left), left)
        yield left


def _read(claims: Sequence[DropClaim]) -> pa.Table:
    tables = [DROPPED.empty_table()]
    for claim in claims:
        with files.open_read(claim.path) as stream:
            stream.seek(claim.offset)
            tables.append(pa.ipc.open_stream(stream.read(claim.size)).read_all())
    return pa.concat_tables(tables).sort_by("document")
