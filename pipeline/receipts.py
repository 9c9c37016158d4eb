"""Receipts: what a stage did to a unit, in numbers that add up. Their sum is the books.

A ledger is open while the stage runs; a receipt is its closed form, a JSON file in the work folder, written after everything that it names.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import files

Array = np.ndarray[Any, Any]

SAMPLES = 3
"""Documents shown for each step and fate. ours: enough for a reader of the report to see what a step does."""
EXCERPT = 600
"""Characters of a shown document. ours."""
DOMAINS = 200
"""Domains counted for each unit and fate. ours: bounds the receipt; the report says that it is drawn from these."""


@dataclass
class StepCount:
    """A step's own books."""

    label: str
    read: int = 0
    kept: int = 0
    dropped: int = 0


@dataclass
class Receipt:
    """Counts of one stage of one unit. `files`: path to size, of what the stage wrote; `runs`: exchange to its runs; `fingerprint`: of its inputs.

    `lines`: for each step that removes lines, how many came in and were kept, and how many went for each reason; `inputs`: for each kind of
    row that feeds documents, how many were read, used, and left for each reason. `runs` also holds the totals that the reader gave. `tokens`:
    of documents that became tokens, how many by what they are.
    """

    unit: int
    stage: int
    fingerprint: str
    name: str
    size: int
    documents: int = 0
    steps: list[StepCount] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    lines: dict[str, dict[str, int]] = field(default_factory=dict)
    inputs: dict[str, dict[str, int]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    kept: int = 0
    text_bytes: int = 0
    files: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    histograms: dict[str, dict[str, int]] = field(default_factory=dict)
    domains: dict[str, dict[str, int]] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    input_digest: str | None = None

    def write(self, path: str) -> None:
        """Writes the receipt, whole or not at all."""
        files.write_bytes(path, json.dumps(asdict(self), ensure_ascii=False).encode())


def read(path: str) -> Receipt | None:
    """The receipt at a path, or None where there is none."""
    if not files.exists(path):
        return None
    data = json.loads(files.read_bytes(path))
    return Receipt(**{**data, "steps": [StepCount(**step) for step in data["steps"]]})


def standing(path: str, fingerprint: str) -> Receipt | None:
    """The receipt at a path where it is of these inputs, and all files that it names stand in the size that it names.

    One that cannot be read, as a power cut may leave it, is as good as none: the unit is done again.
    """
    try:
        receipt = read(path)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if receipt is None or receipt.fingerprint != fingerprint:
        return None
    if any(not files.exists(file) or files.size(file) != size for file, size in receipt.files.items()):
        return None
    return receipt


class Samples:
    """The documents with the smallest ids' hashes, a few for each step and fate: the same whatever the order of arrival."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], list[tuple[int, str, dict[str, Any]]]] = {}

    def offer(
        self, step: str, fate: str, ids: pa.Array, texts: pa.Array, values: Sequence[Any] | None = None, mask: Array | None = None
    ) -> None:
        """Offers documents, those whose mask is true; few are looked at, since only the smallest hashes of a batch can be chosen."""
        if not len(ids):
            return
        ranks = _ranks(ids)
        places = np.arange(len(ranks)) if mask is None else np.flatnonzero(mask)
        if len(places) > SAMPLES:
            places = places[np.argpartition(ranks[places], SAMPLES)[:SAMPLES]]
        for i in places.tolist():
            row = {"step": step, "fate": fate, "id": ids[i].as_py(), "excerpt": (texts[i].as_py() or "")[:EXCERPT]}
            if values is not None:
                row["value"] = str(values[i])
            self.add(int(ranks[i]), row)

    def add(self, rank: int, row: dict[str, Any]) -> None:
        """Keeps the row if it is among the first of its step and fate."""
        kept = self._shown.setdefault((row["step"], row["fate"]), [])
        kept.append((rank, row["id"], {**row, "rank": rank}))
        kept.sort(key=lambda entry: entry[:2])
        del kept[SAMPLES:]

    def rows(self) -> list[dict[str, Any]]:
        return [row for _, kept in sorted(self._shown.items()) for _, _, row in kept]


def _ranks(ids: pa.Array) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """A 32-bit number for each id, spread evenly: a multiplicative hash of the last 8 bytes of each (a uuid's are random already)."""
    places = np.frombuffer(ids.buffers()[1], np.int32, len(ids) + 1, 4 * ids.offset).astype(np.int64)
    data = np.frombuffer(ids.buffers()[2], np.uint8)
    taken = data[np.clip(places[1:, None] - np.arange(8, 0, -1), 0, None)].astype(np.uint64)
    packed = (taken << (np.arange(8, dtype=np.uint64) * np.uint64(8))).sum(axis=1, dtype=np.uint64)
    ranks: np.ndarray[Any, np.dtype[np.uint32]] = ((packed * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)).astype(np.uint32)
    return ranks


def top(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """The largest counts, ties by name, largest first."""
    return dict(heapq.nsmallest(most, counts.items(), key=lambda item: (-item[1], item[0])))


def histogram(column: pa.Array, edges: Sequence[float]) -> Counter[str]:
    """How many values lie from each edge to the next; the key is the lower edge. Missing values are left out."""
    values = np.asarray(pc.drop_null(column).to_numpy(zero_copy_only=False), dtype=float)
    counts, _ = np.histogram(values, bins=np.append(np.asarray(edges, float), np.inf))
    return Counter({f"{edge:g}": int(n) for edge, n in zip(edges, counts, strict=True) if n})


def counted(column: pa.Array) -> Counter[str]:
    """How often each value stands in a column of strings; a missing one is `none`."""
    return Counter({pair["values"].as_py(): pair["counts"].as_py() for pair in pc.value_counts(pc.fill_null(column, "none"))})
