"""A run without Beam: all stages and the exchanges between them, in this process, one after the other, with the CPU time of each part."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import files, gather, plan
from pipeline.plan import Job, Unit, group_of
from pipeline.reading import IDENTITY
from pipeline.recipe import DropDuplicates, Gather
from pipeline.work import Element, run_unit, run_verdict

Done = list[list[Element]]
"""What a stage gave for each unit."""


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


def job_of(source: str, paths: list[Path], config: Any, models: Any, output: Path) -> tuple[Job, list[Unit]]:
    """A source's job on these files, with empty folders for its output."""
    module = plan.source_module(source)
    listing, _ = files.expand([str(path) for path in paths], folders=getattr(module, "folders", None))
    resolve = getattr(module, "resolve", None)
    job = plan.make_job(source, resolve(config, listing) if resolve else config, models, str(output), listing)
    for kind in ("clean", "rejected", "broken", "partners"):
        files.make_directory(files.join(job.directory, kind))
    return job, plan.units(source, listing)


def run(job: Job, units: list[Unit], times: Times) -> None:
    """What pipeline/graph.py has a runner do; the receipts stand in the work folder afterwards."""
    with times("stage 0"):
        done = first = [run_unit(job, (unit, 0, [])) for unit in units]
    with times("exchange"):
        identity = _verdicts(job, _claims(job, done, IDENTITY, IDENTITY), [])
    for number in range(1, len(job.stages)):
        name, cut = job.exchange(number - 1), job.cut(number - 1)
        sent_by, sent_as = job.sent(number - 1)
        with times("exchange"):
            ranges = _claims(job, done if sent_by else first, name, sent_as, cut)
            if isinstance(cut, Gather):
                for key, claims in _claims(job, first, name, gather.rows_name(cut.kind)).items():
                    ranges[key].extend(claims)
            verdicts = _verdicts(job, ranges, identity)
        with times(f"stage {number}"):
            received: dict[int, list[Any]] = defaultdict(list)
            for unit, verdict in identity + verdicts:
                received[unit].append(verdict)
            done = [run_unit(job, (unit, number, received[unit.number])) for unit in units]


def _claims(job: Job, done: Done, name: str, sent: str, cut: Any = None) -> dict[str, list[dict[str, Any]]]:
    """The claims of all units that go to an exchange, by hash range; `sent`: the name under which they left."""
    ranges: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for unit, claims in (element for answers in done for element in answers):
        group = group_of(cut, unit.number, job.units) if isinstance(cut, DropDuplicates) else 0
        for exchanged, partition, claim in claims:
            if exchanged == sent:
                ranges[f"{name}/{group}/{partition}"].append(claim)
    return ranges


def _verdicts(job: Job, ranges: dict[str, list[dict[str, Any]]], identity: list[Element]) -> list[Element]:
    return [element for key, claims in ranges.items() for element in run_verdict(job, (key, claims), identity)]
