"""A DropContained step in the exchange: documents that share fingerprints become candidates, to be compared by their full sets.

Each fingerprint that several documents hold pairs each of them with the MOST longest of the others that are longer. So a fingerprint of a thousand
copies gives a few thousand pairs and not half a million: all but the longest are compared with the longest, which is enough to drop them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pipeline import files
from pipeline.exchange import Array
from pipeline.gather import KeyClaim
from pipeline.verdicts import Use, by_unit, pieces

MOST = 16
"""Longer documents with which one fingerprint pairs a document. ours: a document that is missed has MOST longer ones at every fingerprint that
it shares with the one that contains it, none of which is kept and contains it too."""
PIECE_ROWS = 2_000_000
"""Fingerprints that are held at once. ours: about 200 MB with the arrays made on the way."""
CHUNK_ROWS = 250_000
"""Fingerprints that are paired at once: at most MOST times as many pairs. ours."""

CANDIDATE = np.dtype([("document", np.uint32), ("unit", np.uint32), ("other", np.uint32), ("shared", np.uint32)])
"""A document, a longer one (its unit and number there), and how many fingerprints of one piece of the exchange they share."""

Lengths = Callable[[int], Array]
"""unit -> its LENGTH records."""


@dataclass(frozen=True)
class CandidateClaim:
    """Where candidates of one unit lie; `digest` is of their content."""

    path: str
    run: int
    offset: int
    records: int
    digest: str


def pair(claims: Sequence[KeyClaim], path: str, lengths: Lengths) -> list[tuple[int, CandidateClaim]]:
    """Writes the candidates of one hash range to `path`; gives (unit, claim) for every unit that has any."""
    claims = sorted(claims, key=lambda claim: (claim.unit, claim.run))
    given: list[tuple[int, CandidateClaim]] = []
    with files.replacing(path) as out:
        position = 0
        for spans, use in pieces(claims, PIECE_ROWS):
            for unit, records in _candidates(claims, spans, use, lengths):
                body = records.tobytes()
                digest = hashlib.blake2b(body, digest_size=16).hexdigest()
                given.append((unit, CandidateClaim(path, 0, position, len(records), digest)))
                position += out.write(body)
    return given


def _candidates(claims: Sequence[KeyClaim], spans: Sequence[tuple[int, int]], use: Use, lengths: Lengths) -> Iterator[tuple[int, Array]]:
    read: list[tuple[Array, Array]] = [use(i, partial(claims[i].read, low=low, high=high)) for i, (low, high) in enumerate(spans)]
    hashes = np.concatenate([np.empty(0, np.uint64), *(part[0] for part in read)])
    owners = [(np.uint64(claim.unit) << np.uint64(32)) | part[1] for claim, part in zip(claims, read, strict=True)]
    documents, who = np.unique(np.concatenate([np.empty(0, np.uint64), *owners]), return_inverse=True)
    if len(documents) < 2:
        return
    by_rank = np.lexsort((documents, ~_lengths(documents, lengths)))  # the longest first
    rank = np.empty(len(documents), np.uint32)
    rank[by_rank] = np.arange(len(documents), dtype=np.uint32)
    longer, shorter, shared = _pairs(hashes, rank[who])
    longer, shorter = documents[by_rank[longer]], documents[by_rank[shorter]]
    order = np.lexsort((longer, shorter))
    records = np.empty(len(order), CANDIDATE)
    records["shared"] = shared[order]
    records["unit"], records["other"] = longer[order] >> np.uint64(32), longer[order]  # the lower 32 bits
    for unit, span, numbers in by_unit(shorter[order]):
        records["document"][span] = numbers
        yield unit, records[span]


def _lengths(documents: Array, lengths: Lengths) -> Array:
    """Distinct n-grams of each document, uint64; the documents are (unit << 32 | number), ascending."""
    found = np.empty(len(documents), np.uint64)
    for unit, span, numbers in by_unit(documents):
        records = lengths(unit)
        found[span] = records["count"][np.searchsorted(records["document"], numbers)]
    return found


def _pairs(hashes: Array, rank: Array) -> tuple[Array, Array, Array]:
    """(rank of the longer, rank of the shorter, shared hashes) of every pair that meets at a hash. `rank`: of the document at each row."""
    order = np.lexsort((rank, hashes))
    hashes, rank = hashes[order], rank[order]
    starts = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
    start = np.repeat(starts, np.diff(np.append(starts, len(hashes))))
    keys, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
    for low in range(0, len(hashes), CHUNK_ROWS):
        rows = np.arange(low, min(low + CHUNK_ROWS, len(hashes)))
        place = rows - start[rows]
        met = [np.empty(0, np.uint64)]
        for k in range(min(MOST, int(place.max(initial=0)))):
            shorter = rows[place > k]
            met.append((rank[start[shorter] + k].astype(np.uint64) << np.uint64(32)) | rank[shorter])
        found, times = np.unique(np.concatenate(met), return_counts=True)
        keys, counts = _summed(np.concatenate([keys, found]), np.concatenate([counts, times]))
    return (keys >> np.uint64(32)).astype(np.int64), (keys & np.uint64(0xFFFFFFFF)).astype(np.int64), counts


def _summed(keys: Array, counts: Array) -> tuple[Array, Array]:
    distinct, place = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(place, weights=counts, minlength=len(distinct)).astype(np.int64)


def read_candidates(claims: Sequence[Any]) -> Array:
    """The CANDIDATE records of one unit: each pair once, by document, with all that they share."""
    parts = [np.empty(0, CANDIDATE)]
    for claim in claims:
        with files.open_read(claim.path) as stream:
            stream.seek(claim.offset)
            parts.append(np.frombuffer(stream.read(CANDIDATE.itemsize * claim.records), CANDIDATE))
    records = np.concatenate(parts)
    order = np.lexsort((records["other"], records["unit"], records["document"]))
    records = records[order]
    same = np.zeros(len(records), bool)
    if len(records):
        same[1:] = np.logical_and.reduce([records[name][1:] == records[name][:-1] for name in ("document", "unit", "other")])
    starts = np.flatnonzero(~same)
    merged = records[starts].copy()
    merged["shared"] = np.add.reduceat(records["shared"], starts) if len(starts) else merged["shared"]
    return merged
