"""What the report shows, summed from the receipts. Sums do not depend on the order in which units were done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.ledger import EDGES
from pipeline.plan import Job
from pipeline.recipe import Compare, Dropping, Keep
from pipeline.totals import Total


@dataclass(frozen=True)
class StageTime:
    """Seconds of a stage, summed over its units, and the bytes that it read: of files in stage 0, of text afterwards."""

    words: str
    units: int
    seconds: float
    read: int


def labels(job: Job) -> list[str]:
    """The labels of the steps that may drop documents, in the recipe's order."""
    return [step.label for stage in job.stages for step in stage if isinstance(step, Dropping)]


def thresholds(job: Job) -> dict[str, list[float]]:
    """Column to the numbers with which the recipe compares it."""
    found: dict[str, list[float]] = {}
    for step in (step for stage in job.stages for step in stage if isinstance(step, Keep)):
        said = re.fullmatch(r"(?:below|above) ([-+.\de]+)", step.test.words)
        if said:
            found.setdefault(step.column, []).append(float(said[1]))
    return found


def histogram(stood: Sequence[Total], column: str) -> list[int]:
    """How many values lie in each bin of the column's EDGES, in their order."""
    total = named(stood, column)
    return [total[f"{edge:g}"] for edge in EDGES[column]]


def named(stood: Sequence[Total], column: str) -> Counter[str]:
    """How often each value (or lower edge) was counted in a column, in all units."""
    total: Counter[str] = Counter()
    for receipt in stood:
        total.update(receipt.histograms.get(column, {}))
    return total


def domains(stood: Sequence[Total], last: int) -> dict[str, Counter[str]]:
    """Documents by domain: kept as the last stage counts them, dropped in any stage."""
    kept: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for receipt in stood:
        dropped.update(receipt.domains.get("dropped", {}))
        if receipt.stage == last:
            kept.update(receipt.domains.get("kept", {}))
    return {"kept": kept, "dropped": dropped}


def samples(stood: Sequence[Total]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(step, fate) to the documents that are shown; a step belongs to one stage, whose sum has those of the smallest ranks."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in (row for total in stood for row in total.samples):
        found.setdefault((row["step"], row["fate"]), []).append(row)
    return found


def broken(stood: Sequence[Total]) -> list[tuple[str, str, int]]:
    """(file, reason, records) of broken input, worst first; no more than the sums keep."""
    return sorted(((name, reason, n) for total in stood for n, name, reason in total.places), key=lambda row: (-row[2], row[0], row[1]))


def text_after(job: Job, stood: Sequence[Total]) -> dict[str, int]:
    """Label of a step to the bytes of text that it kept, where a stage ends and the text is counted: before each step that needs the whole corpus."""
    found: dict[str, int] = {}
    label = job.module.READ_AS
    for number, stage in enumerate(job.stages):
        if isinstance(job.cut(number), Compare):
            continue  # it passes no text on
        for step in stage:
            if isinstance(step, Keep):
                label = step.label
        found[label] = sum(receipt.text_bytes for receipt in stood if receipt.stage == number)
        cut = job.cut(number)
        if cut is not None:
            label = cut.label
    return found


def clean_text(stood: Sequence[Total], last: int) -> int:
    """Bytes of text in the clean shards."""
    return sum(receipt.text_bytes for receipt in stood if receipt.stage == last)


def stage_times(job: Job, stood: Sequence[Total]) -> list[StageTime]:
    """What each stage took."""
    times = []
    before: str | None = None
    for number, stage in enumerate(job.stages):
        mine = [receipt for receipt in stood if receipt.stage == number]
        before_it = number - 2 if number and isinstance(job.cut(number - 1), Compare) else number - 1
        source = sum(r.size for r in mine) if number == 0 else sum(r.text_bytes for r in stood if r.stage == before_it)
        ends = job.cut(number)
        words = ["read" if number == 0 else f"apply: {before}" if before else "go on", *(step.label for step in stage if step is not ends)]
        before = ends.label if ends else None
        if ends:
            words.append(f"keys for: {ends.label}")
        times.append(StageTime(", ".join(words), sum(total.units for total in mine), sum(receipt.seconds for receipt in mine), source))
    return times
