"""The plan as a Beam graph: a few small elements a unit, claim checks through GroupByKey. The same on every runner.

    units | stage 0 -+- claims | GroupByKey(exchange, group, hash range) | verdicts -+- Flatten | GroupByKey(unit) | stage 1 ...
                     +- units -------------------------------------------------------+

The vocabulary is Create, ParDo with one output, GroupByKey, Flatten and side inputs: what every runner does alike.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.utils.windowed_value import WindowedValue

from pipeline import files, gather, pool, settings
from pipeline.plan import Job, Unit, Work, group_of
from pipeline.reading import IDENTITY
from pipeline.recipe import DropDuplicates, Gather
from pipeline.work import Element, run_unit, run_verdict


class Pooled(beam.DoFn):
    """Does `function(job, element)` for each element: in the shared pool where `workers` is set, else here. A list of results each.

    All elements of a bundle are gathered and handed back in finish_bundle: the local runner's only bundle keeps all workers busy.
    """

    def __init__(self, function: Any, job: Work, workers: int) -> None:
        self._function, self._job, self._workers = function, job, workers

    def start_bundle(self) -> None:
        self._held: list[tuple[Any, ...]] = []

    def process(self, element: Any, side: Any = None) -> Iterable[Any]:
        task = (self._job, element) if side is None else (self._job, element, side)
        if not self._workers:
            return _attempt(self._function, task)
        self._held.append(task)
        return []

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if not self._held:
            return
        held, self._held = self._held, []
        for task, answer in zip(held, pool.shared(self._workers).map(self._function, held), strict=True):
            for result in _settle(task, answer):
                yield WindowedValue(result, 0, [beam.transforms.window.GlobalWindow()])


def _attempt(function: Any, task: tuple[Any, ...]) -> list[Any]:
    """On a cluster the runner keeps the workers; a unit that raises is named like one of the pool's."""
    try:
        answer = function(*task)
    except Exception as error:
        answer = pool.Failed(f"{type(error).__name__}: {error}", traceback.format_exc())
    return _settle(task, answer)


def _settle(task: tuple[Any, ...], answer: Any) -> list[Any]:
    """The results, or a quarantine note in the work folder for a task that gave none."""
    if not isinstance(answer, pool.Failed):
        return list(answer)
    job, element = task[0], task[1]
    name, unit = (str(element[0]), -1) if isinstance(element[0], str) else (element[0].name, element[0].number)
    quarantine(job, name, unit, answer)
    return []


def quarantine(job: Work, name: str, unit: int, failed: pool.Failed) -> None:
    """Writes down a unit (or a verdict, unit -1) that could not be done; the run goes on without it, and ends with 1."""
    path = files.join(job.work, "quarantine", f"{settings.fingerprint(name)[:16]}.json")
    files.write_bytes(path, settings.canonical({"name": name, "unit": unit, "why": failed.why, "trace": failed.trace}).encode())


ByUnit = tuple[int, Any]
"""Type of what is grouped by unit. Said to Beam, since the JVM runners take an untyped element for bytes, not for a pair."""


def build(pipeline: beam.Pipeline, job: Job, units: list[Unit], workers: int) -> Any:
    """The graph of one source's run; gives the PCollection of what the last stage did."""
    judge = Pooled(run_verdict, job, workers)
    done = pipeline | f"{job.source}: units" >> beam.Create([(unit, 0, []) for unit in units], reshuffle=False)
    done = read = done | f"{job.source}: stage 0" >> beam.ParDo(Pooled(run_unit, job, workers))
    identity = done | f"{job.source}: id claims" >> beam.FlatMap(_to_exchange, job, IDENTITY, 0)
    identity = identity | f"{job.source}: ids" >> beam.GroupByKey() | f"{job.source}: id list" >> beam.Map(_listed)
    identity = identity | f"{job.source}: repeated ids" >> beam.ParDo(judge).with_output_types(ByUnit)
    for number in range(1, len(job.stages)):
        name, cut = job.exchange(number - 1), job.cut(number - 1)
        sent_by, sent_as = job.sent(number - 1)
        sending = done if sent_by else read  # what the reader gave left in stage 0
        claims = sending | f"{job.source}: claims {name}" >> beam.FlatMap(_to_exchange, job, name, number - 1, sent_as)
        if isinstance(cut, Gather):  # the rows were read in stage 0, by other units or the same
            rows = read | f"{job.source}: rows {name}" >> beam.FlatMap(_to_exchange, job, name, number - 1, gather.rows_name(cut.kind))
            claims = (claims, rows) | f"{job.source}: rows and keys {name}" >> beam.Flatten()
        ranges = claims | f"{job.source}: {name}" >> beam.GroupByKey() | f"{job.source}: {name} list" >> beam.Map(_listed)
        judged = beam.ParDo(judge, beam.pvalue.AsList(identity)).with_output_types(ByUnit)
        verdicts = ranges | f"{job.source}: verdicts {name}" >> judged
        arriving = done | f"{job.source}: after {number - 1}" >> beam.Map(
            lambda element: (element[0].number, element[0])
        ).with_output_types(ByUnit)
        meeting = (arriving, verdicts, identity) | f"{job.source}: meet {number}" >> beam.Flatten()
        grouped = meeting | f"{job.source}: by unit {number}" >> beam.GroupByKey()
        ready = grouped | f"{job.source}: ready {number}" >> beam.FlatMap(_ready, number)
        done = ready | f"{job.source}: stage {number}" >> beam.ParDo(Pooled(run_unit, job, workers))
    return done


def _to_exchange(element: Element, job: Job, name: str, number: int, sent: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The claims that go to an exchange; `sent`: the name under which they left, where that is another."""
    unit, claims = element
    step = job.cut(number) if name != IDENTITY else None
    group = group_of(step, unit.number, job.units) if isinstance(step, DropDuplicates) else 0
    for exchanged, partition, claim in claims:
        if exchanged == (sent or name):
            yield f"{name}/{group}/{partition}", claim


def _listed(element: tuple[str, Iterable[Any]]) -> tuple[str, list[Any]]:
    key, values = element
    return key, list(values)


def _ready(element: tuple[int, Iterable[Any]], number: int) -> Iterator[tuple[Unit, int, list[Any]]]:
    """A unit with all verdicts that reached it; verdicts for a unit that was quarantined in the meantime reach nobody."""
    values = list(element[1])
    units = [value for value in values if isinstance(value, Unit)]
    received = sorted((value for value in values if not isinstance(value, Unit)), key=lambda pair: (pair[0], pair[1].path, pair[1].offset))
    for unit in units:
        yield unit, number, received
