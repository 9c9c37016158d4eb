"""A run without Beam: both stages and the exchanges between them, in this process, one after the other, with the CPU time of each part."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import files, plan
from pipeline.plan import Job, Unit, group_of
from pipeline.reading import IDENTITY
from pipeline.recipe import DropDuplicates
from pipeline.work import Element, run_unit, run_verdict


class Times:
    """CPU seconds of this process, all its threads, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.process_time()
        yield
        self.seconds[name] += time.process_time() - started

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def job_of(paths: list[Path], config: Any, models: Any, output: Path) -> tuple[Job, list[Unit]]:
    """A CommonCrawl job on these files, with empty folders for its output."""
    listing, _ = files.expand([str(path) for path in paths])
    job = plan.make_job("commoncrawl", config, models, str(output), listing)
    for kind in ("clean", "rejected", "broken", "partners"):
        files.make_directory(files.join(job.directory, kind))
    return job, plan.units(listing)


def run(job: Job, units: list[Unit], times: Times) -> None:
    """What pipeline/graph.py has a runner do; the receipts stand in the work folder afterwards."""
    with times("stage 0"):
        done = [run_unit(job, (unit, 0, [])) for unit in units]
    with times("exchange"):
        identity = _exchange(job, done, IDENTITY, 0, [])
    for number in range(1, len(job.stages)):
        name = f"duplicates-{number - 1}"
        with times("exchange"):
            verdicts = _exchange(job, done, name, number - 1, identity)
        with times(f"stage {number}"):
            received: dict[int, list[Any]] = defaultdict(list)
            for unit, verdict in identity + verdicts:
                received[unit].append(verdict)
            done = [run_unit(job, (unit, number, received[unit.number])) for unit in units]


def _exchange(job: Job, done: list[list[Element]], name: str, number: int, identity: list[Element]) -> list[Element]:
    """The claims of all units, grouped by hash range, and the verdicts on each."""
    ranges: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for unit, claims in (element for answers in done for element in answers):
        step = job.stages[number][-1] if name != IDENTITY else None
        group = group_of(step, unit.number, job.units) if isinstance(step, DropDuplicates) else 0
        for exchanged, partition, claim in claims:
            if exchanged == name:
                ranges[f"{name}/{group}/{partition}"].append(claim)
    return [element for key, claims in ranges.items() for element in run_verdict(job, (key, claims), identity)]
