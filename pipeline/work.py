"""The work of one element of the graph, without Beam: what a worker process loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import candidates, contained, exchange, files, gather, overlap, stage, survey
from pipeline.apply import IdVerdicts
from pipeline.deliver import deliver
from pipeline.gather import KeyClaim
from pipeline.plan import Job, Unit
from pipeline.reading import IDENTITY
from pipeline.recipe import Compare, DropContained, Gather, Survey
from pipeline.verdicts import VerdictClaim, decide

Element = tuple[Any, ...]


def run_unit(job: Job, element: tuple[Unit, int, list[tuple[str, Any]]]) -> list[Element]:
    """One stage of one unit: gives (unit, claims for the exchanges that follow)."""
    unit, number, received = element
    verdicts: stage.Verdicts = {}
    for name, claim in received:
        verdicts.setdefault(name, []).append(claim)
    receipt = stage.perform(stage.Task(job, number, unit, verdicts))
    claims = [
        (name, partition, claim) for name in receipt.runs for partition, claim in _claims(job, number, unit, name, receipt.runs[name])
    ]
    return [(unit, claims)]


def _claims(job: Job, number: int, unit: Unit, name: str, runs: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    path = job.passed(number, unit.number, name)
    if name.startswith("rows-"):
        return gather.claims(path, unit.number, [gather.RowRun(**run) for run in runs], job.partitions)
    if name.startswith("totals-"):
        return survey.claims(unit.number, runs)
    if name.startswith("contained-"):
        return ((0, {"path": path, "unit": unit.number, **run}) for run in runs)
    if name.startswith(("gather-", "candidates-")):
        return gather.claims(path, unit.number, [gather.KeyRun(**run) for run in runs], job.partitions)
    return exchange.claims(path, unit.number, [exchange.Run(**run) for run in runs], job.partitions)


def run_verdict(job: Job, element: tuple[str, list[dict[str, Any]]], identity: list[Element] | None = None) -> list[Element]:
    """The verdicts on one hash range of one group: gives (unit number, (exchange, verdict claim)) for every run that has any."""
    key, claims = element
    name, group, partition = key.rsplit("/", 2)
    path = job.verdicts(name, int(group), int(partition))
    stage_before = int(name.rpartition("-")[2]) if name != IDENTITY else -1
    step = job.cut(stage_before) if stage_before >= 0 else None
    if isinstance(step, Gather):
        width = exchange.CUTS // job.partitions
        cuts = (int(partition) * width, (int(partition) + 1) * width)
        delivered = deliver(claims, path, gather.rows_schema(job, step.kind), step.most, cuts)
        return [(unit, (name, claim)) for unit, claim in delivered]
    if isinstance(step, Survey):
        return [(number, (name, claim)) for number, claim in survey.measure(step, claims, path)]
    if isinstance(step, DropContained):
        lengths = partial(overlap.lengths, job, stage_before)
        return [(unit, (name, claim)) for unit, claim in candidates.pair([KeyClaim(**claim) for claim in claims], path, lengths)]
    names = _Names(job, identity or [])
    if isinstance(step, Compare):
        return [(unit, (name, claim)) for unit, claim in contained.decide(claims, path, names)]
    given = decide([exchange.Claim(**claim) for claim in claims], path, names)
    return [(unit, (name, claim)) for unit, claim in given]


class _Names:
    """The final ids of documents, read from the ids that stage 0 left for each unit and the verdicts on repeated ids."""

    def __init__(self, job: Job, identity: Iterable[Element]) -> None:
        self._job = job
        self._claims: dict[int, list[VerdictClaim]] = {}
        for unit, (_, claim) in identity:
            self._claims.setdefault(unit, []).append(claim)

    def __call__(self, unit: int, documents: exchange.Array) -> list[str]:
        with files.open_read(self._job.passed(0, unit, "ids")) as stream:
            ids = pa.ipc.open_stream(stream).read_all().column("id").combine_chunks()
        chosen = ids.take(pa.array(documents)).to_pylist()
        return IdVerdicts(self._job, unit, self._claims.get(unit, [])).names(np.asarray(documents), chosen)
