"""A Gather step in the exchange: the rows of one hash range go to the units whose documents ask for them, in the order of those documents.

For each run of documents' keys and each piece of the range, the verdicts file holds the rows asked for, once a document, as serialized batches, and behind them

    documents  uint32 x documents  those that get rows, ascending
    counts     uint32 x documents  how many rows each gets
    sizes      uint64 x documents  bytes of these rows
    firsts     uint32 x chunks+1   the first row of each batch
    offsets    uint64 x chunks+1   the byte of this file at which each begins

Memory depends on PIECE_BYTES and PIECE_KEYS, and on the rows that have one hash, not on how many documents ask for a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pipeline import files
from pipeline.exchange import CUTS, Array
from pipeline.gather import CHUNK_BYTES, KeyClaim, RowClaim, cuts_by_size, row_sizes, serialized
from pipeline.verdicts import spans

PIECE_BYTES = 64 * 2**20
"""Text of the rows that are held at once. ours."""
PIECE_KEYS = 2_000_000
"""Documents' keys that are held at once, and rows that are given to them at once. ours: about 100 MB with the arrays made on the way."""


@dataclass(frozen=True)
class Delivery:
    """Rows for one run of a unit's keys: where their index lies, of how many documents and batches. `digest` is of what is delivered."""

    path: str
    run: int
    offset: int
    documents: int
    chunks: int
    digest: str


@dataclass(frozen=True)
class Fate:
    """What became of a unit's rows in one piece: how many were used, how many no document asked for, how many repeated a key."""

    path: str
    offset: int
    run: int
    used: int
    orphans: int
    repeated: int
    digest: str


@dataclass(frozen=True)
class _Piece:
    """Hash range of the claims: the rows with their sizes, hashes and owners, in hash order; the keys, those of one claim together.

    `bounds`: where the keys of each claim begin, and their number.
    """

    rows: pa.RecordBatch
    sizes: Array
    hashes: Array
    owner: Array
    keys: Array
    documents: Array
    bounds: Array


def deliver(
    claims: Sequence[dict[str, Any]], path: str, schema: pa.Schema, most: int | None, cuts: tuple[int, int]
) -> list[tuple[int, Delivery | Fate]]:
    """Writes what one hash range, from one of the CUTS to another, delivers to `path`.

    Gives (unit, Delivery) to the units that asked, (unit, Fate) to those the rows came from. With `most`, a document gets at most that many
    rows with its key, the first in unit order.
    """
    rows = sorted((RowClaim(**claim) for claim in claims if "rows" in claim), key=lambda claim: (claim.unit, claim.run))
    keys = sorted((KeyClaim(**claim) for claim in claims if "keys" in claim), key=lambda claim: (claim.unit, claim.run))
    given: list[tuple[int, Delivery | Fate]] = []
    with files.replacing(path) as out:
        position = 0
        for piece in _pieces(rows, keys, schema, cuts):
            allowed = np.ones(len(piece.rows), bool) if most is None else _earlier(piece.rows.column("key")) < most
            given.extend(_fates(rows, piece, allowed, path, position))
            for claim, documents, counts, places in _wanted(keys, piece, np.flatnonzero(allowed)):
                delivery, written = _write(out, position, path, claim.run, documents, counts, piece, places)
                given.append((claim.unit, delivery))
                position += written
    return given


def _earlier(keys: pa.StringArray) -> Array:
    """How many earlier rows have the same key. Keys, not hashes: of two keys with one hash, neither may stand in the other's way."""
    codes = np.asarray(keys.dictionary_encode().indices)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    earlier = np.empty(len(codes), np.int64)
    earlier[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    return earlier


def _wanted(keys: Sequence[KeyClaim], piece: _Piece, allowed: Array) -> Iterator[tuple[KeyClaim, Array, Array, Array]]:
    """(claim, its documents that get rows, how many each gets, the rows one after the other): for each claim once, or more often for many rows."""
    hashes = piece.hashes[allowed]
    first = np.searchsorted(hashes, piece.keys, "left")
    count = np.searchsorted(hashes, piece.keys, "right") - first
    for claim, (low, high) in zip(keys, pairwise(piece.bounds.tolist()), strict=True):
        there = low + np.flatnonzero(count[low:high])
        for begin, end in pairwise(cuts_by_size(count[there], PIECE_KEYS)):
            part = there[begin:end]
            part = part[np.argsort(piece.documents[part])]
            yield claim, piece.documents[part], count[part], allowed[spans(first[part], count[part])]


def _fates(rows: Sequence[RowClaim], piece: _Piece, allowed: Array, path: str, position: int) -> Iterator[tuple[int, Fate]]:
    asked = np.isin(piece.hashes, piece.keys)
    masks = (asked & allowed, ~asked, asked & ~allowed)
    for claim, counts in zip(rows, np.stack([np.bincount(piece.owner[mask], minlength=len(rows)) for mask in masks], 1), strict=True):
        if counts.any():
            used, orphans, repeated = counts.tolist()
            digest = hashlib.blake2b(repr((used, orphans, repeated)).encode(), digest_size=16).hexdigest()
            yield claim.unit, Fate(path, position, claim.run, used, orphans, repeated, digest)


def _write(
    out: BinaryIO, position: int, path: str, run: int, documents: Array, counts: Array, piece: _Piece, rows: Array
) -> tuple[Delivery, int]:
    """Writes the rows in this order, and their index; gives the claim and the bytes written."""
    sizes = piece.sizes[rows]
    firsts = cuts_by_size(sizes, CHUNK_BYTES)
    of_documents = np.add.reduceat(sizes, np.cumsum(counts) - counts)
    digest = hashlib.blake2b(documents.tobytes() + counts.astype(np.uint32).tobytes(), digest_size=16)
    offsets = [position]
    for low, high in pairwise(firsts):
        blob = serialized(piece.rows.take(pa.array(rows[low:high])))
        digest.update(blob)
        offsets.append(offsets[-1] + out.write(blob))
    end = offsets[-1]
    kinds = (np.uint32, np.uint32, np.uint64, np.uint32, np.uint64)
    for array, kind in zip((documents, counts, of_documents, firsts, offsets), kinds, strict=True):
        end += out.write(np.asarray(array, kind).tobytes())
    return Delivery(path, run, offsets[-1], len(documents), len(firsts) - 1, digest.hexdigest()), end - position


def _pieces(rows: Sequence[RowClaim], keys: Sequence[KeyClaim], schema: pa.Schema, cuts: tuple[int, int]) -> Iterator[_Piece]:
    """The claims in pieces within the bounds, as far as the rows of one hash allow it."""
    row_cuts, key_cuts = [_cuts(claim, cuts) for claim in rows], [_cuts(claim, cuts) for claim in keys]
    weights = np.zeros(cuts[1] - cuts[0])
    for claim, at in zip(rows, row_cuts, strict=True):
        weights += np.diff(at) * (claim.size / claim.rows)
    for at in key_cuts:
        weights += np.diff(at) * (PIECE_BYTES / PIECE_KEYS)
    weights = np.ceil(weights).astype(np.int64)
    for low, high in pairwise(cuts_by_size(weights, PIECE_BYTES)):
        parts = int(weights[low:high].sum()) // PIECE_BYTES + 1 if high - low == 1 else 1
        edges = _edges(cuts[0] + low, parts)
        of_rows = [_divided(claim, int(at[low]), int(at[high]), edges) for claim, at in zip(rows, row_cuts, strict=True)]
        of_keys = [_divided(claim, int(at[low]), int(at[high]), edges) for claim, at in zip(keys, key_cuts, strict=True)]
        for part in range(parts):
            piece = _piece(rows, [at[part : part + 2] for at in of_rows], keys, [at[part : part + 2] for at in of_keys], schema)
            if len(piece.rows):
                yield piece


def _cuts(claim: RowClaim | KeyClaim, cuts: tuple[int, int]) -> Array:
    """The cuts of a claim's run in this range. No more of them: a whole dump has more claims than memory has room for all of theirs."""
    with files.open_read(claim.path) as stream:
        return claim.cuts(stream, *cuts).astype(np.int64)


def _edges(cut: int, parts: int) -> Array:
    """The hashes at which the equal parts of one of the CUTS ranges meet."""
    width = 2**64 // CUTS
    return np.array([cut * width + width * part // parts for part in range(1, parts)], np.uint64)


def _divided(claim: RowClaim | KeyClaim, begin: int, end: int, edges: Array) -> list[int]:
    """Where each of the parts between these hashes begins among the rows or keys [begin, end) of a claim, with the end."""
    if begin == end or not len(edges):
        return [begin] * (len(edges) + 1) + [end]
    with files.open_read(claim.path) as stream:
        return [begin, *(begin + np.searchsorted(claim.hashes(stream, begin, end), edges)).tolist(), end]


def _piece(
    rows: Sequence[RowClaim], row_spans: Sequence[list[int]], keys: Sequence[KeyClaim], key_spans: Sequence[list[int]], schema: pa.Schema
) -> _Piece:
    tables, hashes, owner = [schema.empty_table()], [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for i, (claim, (begin, end)) in enumerate(zip(rows, row_spans, strict=True)):
        if begin < end:
            with files.open_read(claim.path) as stream:
                tables.append(claim.read(stream, schema, begin, end))
                hashes.append(claim.hashes(stream, begin, end))
            owner.append(np.full(end - begin, i))
    asked, documents = [np.empty(0, np.uint64)], [np.empty(0, np.uint32)]
    for key_claim, (begin, end) in zip(keys, key_spans, strict=True):
        if begin < end:
            with files.open_read(key_claim.path) as stream:
                found = key_claim.read(stream, begin, end)
            asked.append(found[0])
            documents.append(found[1])
    bounds = np.cumsum([0, *(end - begin for begin, end in key_spans)])
    found_hashes = np.concatenate(hashes)
    order = np.argsort(found_hashes, kind="stable")  # stable keeps unit order among equal keys
    whole = pa.RecordBatch.from_arrays([column.combine_chunks() for column in pa.concat_tables(tables).columns], schema=schema)
    batch = whole.take(pa.array(order))
    return _Piece(
        batch, row_sizes(batch), found_hashes[order], np.concatenate(owner)[order], np.concatenate(asked), np.concatenate(documents), bounds
    )
