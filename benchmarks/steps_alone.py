"""A recipe's own functions alone: what each was called with during a run is recorded, then each is called again with the same, and nothing between.

Beside the steps stand the kernels by which DropDuplicates works (distinct keys, lines taken out), those by which a reader judges (licences), and
pyarrow writing the same rows to Parquet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import alone
from benchmarks.in_process import Times
from pipeline import shards
from pipeline.documents import Batch
from pipeline.plan import Job
from pipeline.recipe import Gather, Keep, Measure, RemoveLines, Rewrite, Step, Test
from transforms import licences
from transforms.removal import keep_lines
from transforms.repeats import distinct
from transforms.texts import Texts

DISTINCT, REMOVE, LICENCES = "distinct keys", "take lines out", "licences of texts"
CLEAN, OTHER = "write clean rows", "write other shards"


@dataclass
class Calls:
    """The calls of a run in their order: (name, function, arguments); of a step's function the first is a batch."""

    steps: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = field(default_factory=list)
    kernels: alone.Calls = field(default_factory=alone.Calls)
    licences: list[dict[str, str]] = field(default_factory=list)

    def watch(self, job: Job) -> None:
        """Has the job's steps note what they are called with."""
        job.__dict__["stages"] = [[self._watched(step) for step in stage] for stage in job.stages]

    def _watched(self, step: Step) -> Step:
        if isinstance(step, Measure):
            return replace(step, measure=self._noting(step.label, step.measure))
        if isinstance(step, Rewrite):
            return replace(step, rewrite=self._noting(step.label, step.rewrite))
        if isinstance(step, RemoveLines):
            return replace(step, remove=self._noting(step.label, step.remove))
        if isinstance(step, Keep):
            return replace(step, test=Test(step.test.words, self._noting(step.label, step.test.holds)))
        if isinstance(step, Gather):
            return replace(step, by=self._noting(step.label, step.by), merge=self._noting(step.label, step.merge))
        order = self._noting(step.label, step.order) if step.order else None
        return replace(step, by=self._noting(step.label, step.by), order=order)

    def _noting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.steps.append((name, function, arguments))
            return function(*arguments)

        return call


@contextmanager
def recorded() -> Iterator[Calls]:
    """While the context lasts, kernels note what they are called with; the steps of a job do once it is watched. Such a run is not timed."""
    calls = Calls()
    of_folder = licences.of_folder

    def noting(held: dict[str, str]) -> str:
        calls.licences.append(held)
        return of_folder(held)

    with alone.recorded() as calls.kernels, patch.object(licences, "of_folder", noting):
        yield calls


def replay(calls: Calls, clean: pa.Schema, times: Times) -> None:
    """Every call once more. Steps that shared a view of their texts in the run share one here, which the first that asks for it makes."""
    views: dict[int, Texts] = {}
    for name, function, arguments in calls.steps:
        if not isinstance(arguments[0], Batch):
            with times(name):
                function(*arguments)
            continue
        shared = arguments[0].__dict__.get("texts")
        batch = Batch(arguments[0].columns)
        if id(shared) in views:
            batch.__dict__["texts"] = views[id(shared)]
        with times(name):
            function(batch, *arguments[1:])
        if shared is not None and "texts" in batch.__dict__:
            views[id(shared)] = batch.texts
    with times(DISTINCT):
        for hashes, documents in calls.kernels.compared:
            distinct(hashes, documents)
    with times(REMOVE):
        for texts, kept in calls.kernels.removed:
            keep_lines(Texts(texts), kept)
    with times(LICENCES):
        for held in calls.licences:
            licences.of_folder(held)
    _write(calls, clean, times)


def _write(calls: Calls, clean: pa.Schema, times: Times) -> None:
    for schema, tables in calls.kernels.written:
        with (
            times(CLEAN if schema.names == clean.names else OTHER),
            pq.ParquetWriter(pa.BufferOutputStream(), schema, compression="zstd", compression_level=shards.LEVEL) as writer,
        ):
            for table in tables:
                writer.write_table(table, row_group_size=len(table))
