"""A recipe's own functions alone: what each was called with during a run is recorded, then each is called again with the same, and nothing between.

Beside the steps stand the kernels by which DropDuplicates works (distinct keys, lines taken out), those of DropContained (n-gram hashes with sets and
fingerprints; full sets compared), those by which a reader judges (licences, headers of books, the files of a paper as one text), and pyarrow writing the
same rows to Parquet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import alone
from benchmarks.in_process import Times
from pipeline import overlap, shards
from pipeline.documents import Batch
from pipeline.plan import Job
from pipeline.recipe import DropContained, DropDuplicates, Gather, Keep, Measure, RemoveLines, Rewrite, Step, Survey, Test
from transforms import gutenberg_header, licences, shingles
from transforms.latex import assembly, main_file
from transforms.latex.project import Project
from transforms.removal import keep_lines
from transforms.repeats import distinct
from transforms.texts import Texts
from transforms.word_ngrams import Hashes, ngram_hashes

DISTINCT, REMOVE, LICENCES = "distinct keys", "take lines out", "licences of texts"
SKETCH, COMPARE = "n-gram hashes, sets, fingerprints", "full sets compared"
HEADERS, ASSEMBLE = "headers of books", "main file and its inputs as one text"
CLEAN, OTHER = "write clean rows", "write other shards"


@dataclass
class Calls:
    """The calls of a run in their order: (name, function, arguments); of a step's function the first is a batch."""

    steps: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = field(default_factory=list)
    kernels: alone.Calls = field(default_factory=alone.Calls)
    licences: list[dict[str, str]] = field(default_factory=list)
    sketched: list[tuple[DropContained, pa.StringArray]] = field(default_factory=list)
    compared: list[tuple[list[Hashes], list[Hashes]]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    papers: list[tuple[dict[str, str], str, main_file.Readme]] = field(default_factory=list)

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
        if isinstance(step, Survey):
            return replace(step, measure=self._noting(step.label, step.measure))
        if isinstance(step, DropDuplicates):
            order = self._noting(step.label, step.order) if step.order else None
            return replace(step, by=self._noting(step.label, step.by), order=order)
        return step  # DropContained works by kernels alone

    def _noting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.steps.append((name, function, arguments))
            return function(*arguments)

        return call


@contextmanager
def recorded() -> Iterator[Calls]:
    """While the context lasts, kernels note what they are called with; the steps of a job do once it is watched. Such a run is not timed."""
    calls = Calls()
    of_folder, sketched, count_common = licences.of_folder, overlap.sketched, shingles.count_common
    parse, choose = gutenberg_header.parse, main_file.choose

    def folder(held: dict[str, str]) -> str:
        calls.licences.append(held)
        return of_folder(held)

    def sketch(step: DropContained, batch: Batch, sets: BinaryIO) -> Any:
        calls.sketched.append((step, batch["text"]))
        return sketched(step, batch, sets)

    def common(left: Iterable[Hashes], right: Iterable[Hashes]) -> int:
        calls.compared.append((list(left), list(right)))
        return count_common(*calls.compared[-1])

    def header(text: str) -> gutenberg_header.Header:
        calls.headers.append(text)
        return parse(text)

    def main(project: Project, paper: str, readme: main_file.Readme) -> main_file.Choice:
        calls.papers.append((dict(project.files), paper, readme))
        return choose(project, paper, readme)

    with ExitStack() as stack:
        calls.kernels = stack.enter_context(alone.recorded())
        for owner, name, noting in (
            (licences, "of_folder", folder),
            (overlap, "sketched", sketch),
            (shingles, "count_common", common),
            (gutenberg_header, "parse", header),
            (main_file, "choose", main),
        ):
            stack.enter_context(patch.object(owner, name, noting))
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
    with times(HEADERS):
        for text in calls.headers:
            gutenberg_header.parse(text)
    with times(ASSEMBLE):
        for files, paper, readme in calls.papers:
            project = Project(files)
            choice = main_file.choose(project, paper, readme)
            if choice.main is not None:
                assembly.assemble(project, choice.main)
    with times(SKETCH):
        for step, array in calls.sketched:
            _sketch(step, array)
    with times(COMPARE):
        for left, right in calls.compared:
            shingles.count_common(left, right)
    _write(calls, clean, times)


def _sketch(step: DropContained, array: pa.StringArray) -> None:
    texts = Texts(array)
    with tempfile.TemporaryFile() as sets:
        for i in range(len(texts)):
            prints = shingles.Fingerprints(step.n, step.threshold)
            hashes = ngram_hashes(texts.buffer[texts.offsets[i] : texts.offsets[i + 1]], step.n)
            shingles.distinct_sorted(prints.watched(hashes), sets)
            prints.distinct()


def _write(calls: Calls, clean: pa.Schema, times: Times) -> None:
    for schema, tables in calls.kernels.written:
        with (
            times(CLEAN if schema.names == clean.names else OTHER),
            pq.ParquetWriter(pa.BufferOutputStream(), schema, compression="zstd", compression_level=shards.LEVEL) as writer,
        ):
            for table in tables:
                writer.write_table(table, row_group_size=len(table))
