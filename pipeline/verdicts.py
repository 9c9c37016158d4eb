"""Who holds the same key: claims of one hash range in, verdicts for each unit out.

A verdict names the first document of the group that holds a key, in the step's order or else in unit order, and another one (the next, where the
step has no order). It goes to every run that holds the key, wherever two documents or more do. What it means (drop the line, drop the document,
rename a repeated id) is for the stage that receives it.

A verdicts file holds, for each run, records of (row, holder, first, second) and an Arrow stream of the ids that `first` and `second` index.
Memory depends on `VERDICT_ROWS` alone: a partition that holds more is gone through in pieces of whole hash ranges.
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import files
from pipeline.exchange import CUTS, Array, Claim
from transforms.repeats import NONE

VERDICT_ROWS = 3_000_000
"""Rows that are compared at once. ours: about 300 MB with the arrays made on the way."""

RECORD = np.dtype([("row", np.uint32), ("holder", np.uint32), ("first", np.uint32), ("second", np.uint32)])
"""row: place among the run's distinct keys; holder: the first holder's document number where it is in this unit, else NONE; first, second: ids."""

Names = Callable[[int, Array], list[str]]
"""(unit, document numbers) -> their ids."""


@dataclass(frozen=True)
class VerdictClaim:
    """Where the verdicts for one run of one unit lie; `digest` is of their content."""

    path: str
    run: int
    offset: int
    records: int
    names: int
    digest: str


@dataclass(frozen=True)
class Piece:
    """The rows of all claims that lie in some hash ranges: one entry a row; `sender` indexes the claims, which are in unit order."""

    hashes: Array
    first: Array
    second: Array
    order: Array
    row: Array
    sender: Array


def decide(claims: Sequence[Claim], path: str, names: Names) -> list[tuple[int, VerdictClaim]]:
    """Writes the verdicts on one partition to `path`; gives (unit, claim) for every run that has any.

    The claims are put into unit order first, so the order in which they arrive does not matter.
    """
    claims = sorted(claims, key=lambda claim: (claim.unit, claim.run))
    given: list[tuple[int, VerdictClaim]] = []
    with files.replacing(path) as out:
        position = 0
        for piece in _pieces(claims):
            for claim, records, ids in _verdicts(piece, claims, names):
                blob = _ids_blob(ids)
                body = records.tobytes()
                digest = hashlib.blake2b(body + blob, digest_size=16).hexdigest()
                given.append((claim.unit, VerdictClaim(path, claim.run, position, len(records), len(blob), digest)))
                position += out.write(body) + out.write(blob)
    return given


def _pieces(claims: Sequence[Claim]) -> Iterator[Piece]:
    """The claims' rows, in pieces of at most VERDICT_ROWS where the hash ranges allow it."""
    for spans, use in pieces(claims, VERDICT_ROWS):
        yield _piece(claims, spans, use)


class Ranged(Protocol):
    """A claim on rows that lie in the order of their hashes."""

    @property
    def path(self) -> str: ...
    @property
    def low(self) -> int: ...
    @property
    def high(self) -> int: ...
    def cuts(self, stream: BinaryIO) -> Array: ...


Use = Callable[[int, Callable[[BinaryIO], Any]], Any]
"""(number of a claim, what to read of its file's stream) -> what was read."""


def pieces(claims: Sequence[Ranged], most: int) -> Iterator[tuple[list[tuple[int, int]], Use]]:
    """Spans of the claims' rows, one of each claim, that hold the same hash ranges: at most `most` rows in all, where the ranges allow it."""
    with ExitStack() as stack:
        streams = [stack.enter_context(files.open_read(claim.path)) for claim in claims] if len(claims) <= 256 else None

        def use(i: int, read: Callable[[BinaryIO], Any]) -> Any:
            if streams:
                return read(streams[i])
            with files.open_read(claims[i].path) as stream:  # a whole dump has more units than a process may open files
                return read(stream)

        if sum(claim.high - claim.low for claim in claims) <= most:
            yield [(claim.low, claim.high) for claim in claims], use
            return
        counts = np.zeros(CUTS, np.int64)
        for i, claim in enumerate(claims):
            counts += np.diff(np.clip(use(i, claim.cuts), claim.low, claim.high).astype(np.int64))
        edges = [0]
        for cut in range(1, CUTS + 1):
            if counts[edges[-1] : cut].sum() > most and cut - 1 > edges[-1]:
                edges.append(cut - 1)
        edges.append(CUTS)
        for low, high in pairwise(edges):
            spans = []
            for i, claim in enumerate(claims):
                cuts = np.clip(use(i, claim.cuts), claim.low, claim.high)
                spans.append((int(cuts[low]), int(cuts[high])))
            yield spans, use


def _piece(claims: Sequence[Claim], spans: Sequence[tuple[int, int]], use: Use) -> Piece:
    parts: list[tuple[Array, Array, Array, Array]] = []
    for i, (low, high) in enumerate(spans):
        parts.append(use(i, partial(claims[i].read, low=low, high=high)))
    lengths = [high - low for low, high in spans]
    return Piece(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
        np.concatenate([np.arange(low, high, dtype=np.uint32) for low, high in spans]),
        np.repeat(np.arange(len(claims), dtype=np.uint32), lengths),
    )


def _verdicts(piece: Piece, claims: Sequence[Claim], names: Names) -> Iterator[tuple[Claim, Array, list[str]]]:
    """(claim, records, ids) for each claim with a key that two documents or more hold."""
    order = _order(piece, claims)
    hashes = piece.hashes[order]
    starts = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]])) if len(hashes) else np.empty(0, np.int64)
    lengths = np.diff(np.append(starts, len(hashes)))
    leader = order[starts]
    shared = (lengths > 1) | (piece.second[leader] != NONE)
    if not shared.any():
        return
    leader, starts, lengths = leader[shared], starts[shared], lengths[shared]
    unit_of = np.array([claim.unit for claim in claims], np.uint32)
    follower = order[np.minimum(starts + 1, len(order) - 1)]
    second_here = piece.second[leader] != NONE
    first_unit, first_document = unit_of[piece.sender[leader]], piece.first[leader]
    second_unit = np.where(second_here, first_unit, unit_of[piece.sender[follower]])
    second_document = np.where(second_here, piece.second[leader], piece.first[follower])
    group = np.repeat(np.arange(len(leader)), lengths)
    members = order[spans(starts, lengths)]
    by_sender = np.argsort(piece.sender[members], kind="stable")
    members, group = members[by_sender], group[by_sender]
    senders = piece.sender[members]
    bounds = np.searchsorted(senders, np.arange(len(claims) + 1))
    index, ids = _resolve(np.concatenate([first_unit, second_unit]), np.concatenate([first_document, second_document]), names)
    first_id, second_id = index[: len(leader)], index[len(leader) :]
    for i, claim in enumerate(claims):
        low, high = bounds[i], bounds[i + 1]
        if low == high:
            continue
        mine = group[low:high]
        rows = np.argsort(piece.row[members[low:high]])
        mine = mine[rows]
        records = np.empty(high - low, RECORD)
        records["row"] = piece.row[members[low:high]][rows]
        records["holder"] = np.where(first_unit[mine] == claim.unit, first_document[mine], NONE)
        used, place = np.unique(np.concatenate([first_id[mine], second_id[mine]]), return_inverse=True)
        records["first"], records["second"] = place[: len(mine)], place[len(mine) :]
        yield claim, records, [ids[i] for i in used.tolist()]


def _order(piece: Piece, claims: Sequence[Claim]) -> Array:
    """The rows by hash, those of one hash as the step prefers them: by its order where it has one, then in unit order."""
    if not any(claim.ordered for claim in claims):
        return np.argsort(piece.hashes, kind="stable")  # stable keeps unit order within a key; on sorted runs it merges
    order = np.lexsort((piece.order, piece.hashes))
    if not any(claim.ordered == 2 for claim in claims):
        return order
    alike = np.flatnonzero((np.diff(piece.hashes[order]) == 0) & (np.diff(piece.order[order]) == 0))
    if not len(alike):
        return order
    rows = order[np.unique(np.concatenate([alike, alike + 1]))]
    rows = rows[np.argsort(piece.sender[rows], kind="stable")]
    names: list[pa.LargeBinaryArray] = []
    for claim, (low, high) in zip(claims, pairwise(np.searchsorted(piece.sender[rows], np.arange(len(claims) + 1)).tolist()), strict=True):
        if low < high:
            with files.open_read(claim.path) as stream:
                names.append(claim.names(stream, piece.row[rows[low:high]]))
    ranks = np.zeros(len(order), np.uint64)
    ranks[rows] = pc.rank(pa.concat_arrays(names), tiebreaker="dense").to_numpy()
    return np.lexsort((ranks, piece.order, piece.hashes))


def spans(starts: Array, lengths: Array) -> Array:
    """The numbers start, start + 1, ... of each span, one span after another."""
    ends = np.cumsum(lengths)
    numbers: Array = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths) + np.repeat(starts, lengths)
    return numbers


def _resolve(units: Array, documents: Array, names: Names) -> tuple[Array, list[str]]:
    """(place of each among the ids, the ids) of (unit, document) pairs, each unit's names read once."""
    pairs, index = np.unique((units.astype(np.uint64) << np.uint64(32)) | documents, return_inverse=True)
    return index, names_of(pairs, names)


def by_unit(pairs: Array) -> Iterator[tuple[int, slice, Array]]:
    """(unit, its span, the document numbers in it) of ascending (unit << 32 | document) pairs: each pair is looked at once, however many units."""
    units = (pairs >> np.uint64(32)).astype(np.int64)
    for low, high in pairwise([0, *(np.flatnonzero(np.diff(units)) + 1).tolist(), len(units)]):
        if low < high:
            yield int(units[low]), slice(low, high), (pairs[low:high] & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def names_of(pairs: Array, names: Names) -> list[str]:
    """The ids of ascending (unit << 32 | document) pairs, each unit's names read once."""
    return [name for unit, _, documents in by_unit(pairs) for name in names(unit, documents)]


def _ids_blob(ids: list[str]) -> bytes:
    sink = io.BytesIO()
    batch = pa.RecordBatch.from_arrays([pa.array(ids, pa.string())], names=["id"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


@dataclass(frozen=True)
class RunVerdicts:
    """The verdicts on one run. `place[row]` is the index of the row's record, or -1; `ids` are what `first` and `second` index."""

    place: Array
    records: Array
    ids: pa.StringArray


def read_verdicts(claims: Sequence[VerdictClaim], distinct: int) -> RunVerdicts:
    """All verdicts on a run of `distinct` keys."""
    parts: list[Array] = []
    ids: list[pa.Array] = []
    known = 0
    for claim in sorted(claims, key=lambda claim: (claim.path, claim.offset)):
        with files.open_read(claim.path) as stream:
            stream.seek(claim.offset)
            data = stream.read(RECORD.itemsize * claim.records + claim.names)
        records = np.frombuffer(data, RECORD, claim.records).copy()
        column = pa.ipc.open_stream(data[RECORD.itemsize * claim.records :]).read_all().column("id").combine_chunks()
        records["first"] += np.uint32(known)
        records["second"] += np.uint32(known)
        known += len(column)
        parts.append(records)
        ids.append(column)
    records = np.concatenate(parts) if parts else np.empty(0, RECORD)
    place = np.full(distinct, -1, np.int32)
    place[records["row"]] = np.arange(len(records), dtype=np.int32)
    return RunVerdicts(place, records, pa.concat_arrays(ids) if ids else pa.array([], pa.string()))
