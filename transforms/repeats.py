"""Which keys repeat: the arithmetic of duplicate removal on one run of (key, document) pairs, before runs meet in the exchange."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NONE = 0xFFFFFFFF
"""No document. ours: the largest uint32; document numbers stay below it."""

MAX_ROWS = 2**31
"""ours: rows are kept in 31 bits, so that the exchange may use the top bit of a uint32 as a mark."""


@dataclass(frozen=True)
class Distinct:
    """The distinct hashes of a run, and for each the first two documents that hold it."""

    hashes: npt.NDArray[np.uint64]
    """[distinct] Ascending."""
    first: npt.NDArray[np.uint32]
    """[distinct] Number of the first document that holds the hash."""
    second: npt.NDArray[np.uint32]
    """[distinct] Number of the next other document that holds it, or NONE."""
    rows: npt.NDArray[np.uint32]
    """[lines] Index of each line's hash in `hashes`."""
    repeated: npt.NDArray[np.bool_]
    """[lines] An earlier line of the same document has the same hash."""


def distinct(hashes: npt.NDArray[np.uint64], documents: npt.NDArray[np.uint32]) -> Distinct:
    """Groups `hashes` [lines], where `documents` [lines] (ascending) numbers the document of each.

    One unstable sort of all, which numpy does with SIMD; only the members of groups of two and more are then put in order of position.
    Raises ValueError where the two differ in length, documents descend or reach NONE, or there are more than MAX_ROWS lines.
    """
    _check(hashes, documents)
    order = np.argsort(hashes)
    sorted_hashes = hashes[order]
    opens = np.ones(len(order), bool)  # the first member of each group, in sorted order
    np.not_equal(sorted_hashes[1:], sorted_hashes[:-1], out=opens[1:])
    groups = np.cumsum(opens) - 1
    rows = np.empty(len(order), np.uint32)
    rows[order] = groups

    first = documents[order[opens]]
    second = np.full(len(first), NONE, np.uint32)
    repeated = np.zeros(len(order), bool)
    shared = ~opens
    shared[:-1] |= ~opens[1:]
    members = np.sort(groups[shared].astype(np.uint64) << np.uint64(32) | order[shared].astype(np.uint64))
    _fill(members, documents, first, second, repeated)
    return Distinct(sorted_hashes[opens], first, second, rows, repeated)


def _fill(
    members: npt.NDArray[np.uint64],
    documents: npt.NDArray[np.uint32],
    first: npt.NDArray[np.uint32],
    second: npt.NDArray[np.uint32],
    repeated: npt.NDArray[np.bool_],
) -> None:
    """Corrects `first`, `second` and `repeated` for the groups of two and more.

    `members`: their (group << 32 | position), ascending, so that the lines of one document in a group stand together.
    """
    group = (members >> np.uint64(32)).astype(np.int64)
    position = (members & np.uint64(0xFFFFFFFF)).astype(np.int64)
    document = documents[position]
    opens = np.ones(len(members), bool)
    np.not_equal(group[1:], group[:-1], out=opens[1:])
    first[group[opens]] = document[opens]

    again = np.zeros(len(members), bool)
    again[1:] = ~opens[1:] & (document[1:] == document[:-1])
    repeated[position[again]] = True

    others = np.flatnonzero(document != first[group])
    nearest = np.ones(len(others), bool)
    np.not_equal(group[others[1:]], group[others[:-1]], out=nearest[1:])
    second[group[others[nearest]]] = document[others[nearest]]


def _check(hashes: npt.NDArray[np.uint64], documents: npt.NDArray[np.uint32]) -> None:
    if len(hashes) != len(documents):
        raise ValueError(f"expected a document for each hash, found {len(documents)} for {len(hashes)}")
    if len(hashes) > MAX_ROWS:
        raise ValueError(f"expected at most {MAX_ROWS} lines in a run, found {len(hashes)}: split the run")
    if hashes.dtype != np.uint64 or documents.dtype != np.uint32:
        raise ValueError(f"expected uint64 hashes and uint32 documents, found {hashes.dtype} and {documents.dtype}")
    if len(documents) and (documents[-1] == NONE or (documents[1:] < documents[:-1]).any()):
        raise ValueError(f"expected document numbers in ascending order and below {NONE}")
