"""The open form of a receipt: counts as they happen, and what the report will show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import files
from pipeline.documents import Batch
from pipeline.progress import Heartbeat
from pipeline.receipts import DOMAINS, Receipt, Samples, StepCount, counted, histogram, top
from pipeline.recipe import Mask

EDGES: Mapping[str, Sequence[float]] = {
    "original_characters": [0] + [int(100 * 2 ** (i / 2)) for i in range(32)],
    "characters": [0] + [int(100 * 2 ** (i / 2)) for i in range(32)],
    "longest_line": [0] + [int(10 * 2 ** (i / 2)) for i in range(28)],
    "average_line": [0] + [int(10 * 2 ** (i / 2)) for i in range(20)],
    "alphanumeric": [i / 20 for i in range(20)],
    "sentences": [0, 1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 320, 640],
    "perplexity": [0] + [round(10 * 2 ** (i / 3)) for i in range(48)],
    "reference_score": [i / 20 for i in range(20)],
    "language_score": [i / 20 for i in range(20)],
}
"""Lower edges of the report's histograms. ours: even on a log scale for what spans orders of magnitude."""


NAMED = ("language", "bucket", "license", "kind", "page_rule", "bad_word", "split")
"""Columns of names whose values are counted for the report. ours: each has few values; a receipt must not grow with the documents."""


class Ledger:
    """Counts into a receipt. Every document that enters a step is counted there as kept or dropped."""

    def __init__(self, receipt: Receipt, heartbeat: Heartbeat, with_text: bool = False) -> None:
        self.receipt = receipt
        self.heartbeat = heartbeat
        self.with_text = with_text
        self._steps: dict[str, StepCount] = {}
        self._samples = Samples()
        self._domains: dict[str, Counter[str]] = {"kept": Counter(), "dropped": Counter()}
        self._histograms: dict[str, Counter[str]] = {}

    def step(self, label: str, read: int, kept: int, documents: Batch | None = None, mask: Mask | None = None) -> None:
        """Counts a batch through a step; `documents` (where `mask` is true) are what it kept, offered as samples."""
        count = self._steps.setdefault(label, StepCount(label))
        count.read += read
        count.kept += kept
        count.dropped += read - kept
        if documents is not None and len(documents):
            self._samples.offer(label, "kept", documents["id"], documents["text"], mask=mask)

    def dropped(self, label: str, documents: Batch, values: Sequence[Any]) -> None:
        """Shows some of the documents that a step dropped, and counts their domains."""
        self._samples.offer(label, "dropped", documents["id"], documents["text"], values)
        self._count_domains("dropped", documents)

    def refused(self, label: str) -> None:
        self.receipt.refused[label] = self.receipt.refused.get(label, 0) + 1

    def broken(self, reason: str) -> None:
        self.receipt.broken[reason] = self.receipt.broken.get(reason, 0) + 1

    def unread(self, size: int) -> None:
        """Counts bytes of the file as stored that could not be read; never more than it has."""
        self.receipt.unread = min(self.receipt.unread + size, self.receipt.size)

    def skipped(self, kind: str) -> None:
        self.receipt.skipped[kind] = self.receipt.skipped.get(kind, 0) + 1

    def noted(self, note: str, count: int = 1) -> None:
        if count:
            self.receipt.noted[note] = self.receipt.noted.get(note, 0) + count

    def read(self, count: int) -> None:
        """Counts documents as they come from the reader."""
        self.receipt.documents += count

    def lines(self, label: str, kept: int, removed: Mapping[str, int]) -> None:
        """Counts the lines of a batch through a step that removes lines."""
        _add(self.receipt.lines.setdefault(label, {}), {"in": kept + sum(removed.values()), "kept": kept, **removed})

    def fed(self, kind: str, read: int = 0, used: int = 0, unused: Mapping[str, int] | None = None) -> None:
        """Counts rows that feed documents without being one."""
        _add(self.receipt.inputs.setdefault(kind, {}), {"read": read, "used": used, **(unused or {})})

    def measured(self, columns: Mapping[str, pa.Array]) -> None:
        """Counts the values of measured columns for the report's histograms."""
        for name, column in columns.items():
            if name in EDGES:
                self._histograms.setdefault(name, Counter()).update(histogram(column, EDGES[name]))
            elif name in NAMED:
                self._histograms.setdefault(name, Counter()).update(counted(column))

    def kept(self, batch: Batch) -> None:
        """Counts what a stage passes on or writes."""
        self.receipt.kept += len(batch)
        if len(batch):
            self.receipt.text_bytes += pc.sum(pc.binary_length(batch["text"])).as_py()
            self._count_domains("kept", batch)

    def sample_clean(self, batch: Batch) -> None:
        """Offers documents that come out clean as samples of the run."""
        self._samples.offer("clean", "kept", batch["id"], batch["text"])

    def _count_domains(self, fate: str, documents: Batch) -> None:
        if "domain" in documents.columns:
            self._domains[fate].update(counted(documents["domain"]))

    def close(self, folder: str) -> None:
        """Completes the receipt, once its files are written: with the content digests of those in `folder`."""
        self.receipt.steps = list(self._steps.values())
        self.receipt.histograms = {name: dict(counts) for name, counts in self._histograms.items()}
        self.receipt.domains = {fate: top(counts, DOMAINS) for fate, counts in self._domains.items()}
        self.receipt.samples = self._samples.rows()
        self.receipt.digests = {path: files.sha256(path) for path in self.receipt.files if path.startswith(files.join(folder, ""))}


def _add(ledger: dict[str, int], counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        ledger[name] = ledger.get(name, 0) + int(count)
