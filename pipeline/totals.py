"""The receipts of a stage summed as they are read: what is kept does not grow with the number of units."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from pipeline.receipts import DOMAINS, Receipt, Samples, StepCount, top

BROKEN_PLACES = 500
"""(file, reason) pairs that are kept, those with most records. ours: the report lists no more; the broken shards have every record."""
SLOWEST = 5
"""Units whose names are kept for their time. ours."""
MERGED_DOMAINS = 50 * DOMAINS
"""Domains carried from sum to sum. ours: a domain that is among the first of many units is not lost, and memory stays bounded."""


@dataclass
class Total(Receipt):
    """The sum of one stage's receipts. `places`: (records, file, reason) of broken input; `slowest`: (seconds, file)."""

    units: int = 0
    places: list[tuple[int, str, str]] = field(default_factory=list)
    broken_places: int = 0
    slowest: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._samples = Samples()

    def add(self, receipt: Receipt) -> None:
        """Adds a unit's receipt. The order of the units makes no difference but for domains beyond the most frequent ones."""
        self.units += 1
        for name in ("size", "documents", "unread", "kept", "text_bytes"):
            setattr(self, name, getattr(self, name) + getattr(receipt, name))
        self.seconds += receipt.seconds
        for name in ("refused", "broken", "noted", "skipped", "tokens"):
            _add(getattr(self, name), getattr(receipt, name))
        for name in ("lines", "inputs"):
            for label, counts in getattr(receipt, name).items():
                _add(getattr(self, name).setdefault(label, {}), counts)
        self._add_steps(receipt)
        for column, counts in receipt.histograms.items():
            _add(self.histograms.setdefault(column, {}), counts)
        for fate, counts in receipt.domains.items():
            known = self.domains.setdefault(fate, {})
            _add(known, counts)
            if len(known) > 2 * MERGED_DOMAINS:  # rarely, so that a unit costs what it brings
                self.domains[fate] = top(known, MERGED_DOMAINS)
        for row in receipt.samples:
            self._samples.add(row["rank"], row)
        self.samples = self._samples.rows()
        self.broken_places += len(receipt.broken)
        self.places = heapq.nlargest(BROKEN_PLACES, [*self.places, *((n, receipt.name, reason) for reason, n in receipt.broken.items())])
        self.slowest = heapq.nlargest(SLOWEST, [*self.slowest, (receipt.seconds, receipt.name)])

    def _add_steps(self, receipt: Receipt) -> None:
        known = {step.label: step for step in self.steps}
        for step in receipt.steps:
            if step.label not in known:
                known[step.label] = StepCount(step.label)
                self.steps.append(known[step.label])
            total = known[step.label]
            total.read, total.kept, total.dropped = total.read + step.read, total.kept + step.kept, total.dropped + step.dropped


def _add(total: dict[str, int], counts: dict[str, int]) -> None:
    """Adds counts by name; a name that was counted zero times stays a name."""
    for name, count in counts.items():
        total[name] = total.get(name, 0) + count


def of_stage(stage: int) -> Total:
    """An empty sum."""
    return Total(unit=-1, stage=stage, fingerprint="", name="", size=0)
