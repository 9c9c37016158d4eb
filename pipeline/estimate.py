"""What a run would take: `--dry-run` does all of a recipe's steps to the first documents of a few files, and scales up by bytes."""

from __future__ import annotations

import io
import resource
import time
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import reading, receipts
from pipeline.documents import Batch
from pipeline.exchange import RUN_KEYS
from pipeline.gather import rows_schema
from pipeline.ledger import Ledger
from pipeline.overlap import sketched
from pipeline.plan import Job, Unit
from pipeline.recipe import Compare, Cut, DropContained, DropDuplicates, Gather, Gathered, Keep, Survey
from pipeline.records import Row
from pipeline.stage import run_steps
from pipeline.verdicts import VERDICT_ROWS
from transforms.repeats import distinct

PROBED = 3
"""Files that are looked into: the first, the middle and the last one. ours: enough to notice that files differ."""
PROBE_BATCHES = 2
"""Batches read of each. ours: some 8 MB of text, a second or two."""


class _Nowhere:
    """Takes rows of any kind, and the beats of a heart that nobody listens to."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Forgets them."""

    def add(self, row: Row) -> None:
        """Forgets it too."""

    def beat(self, documents: int, offset: int) -> None:
        """Says nothing."""


@dataclass
class Probe:
    """What the probed documents came to."""

    files: int = 0
    documents: int = 0
    kept: int = 0
    read_bytes: int = 0
    text_bytes: int = 0
    work_bytes: int = 0
    clean_bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def show(job: Job, units: list[Unit], workers: int) -> int:
    """Prints the plan and the estimate; gives the exit code."""
    probe = _probe(job, units)
    size = sum(unit.size for unit in units)
    scale = size / probe.read_bytes if probe.read_bytes else 0.0
    cpu = sum(probe.seconds.values()) * scale
    runs = 2 if any(isinstance(stage[-1], Cut) for stage in job.stages if stage) else 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + RUN_KEYS * 40 + VERDICT_ROWS * 60
    print(
        f"plan: {len(units):,} units (one input file each), {len(job.stages)} stages, {job.partitions} hash ranges in {runs} exchange(s), {workers} workers"
    )
    for number, stage in enumerate(job.stages):
        print(f"  stage {number}: {'; '.join(step.label for step in stage) or 'write the shards'}")
    print(
        f"probed: {probe.documents:,} documents, {probe.text_bytes / 1e6:.1f} MB of text in {probe.files} file(s), {probe.read_bytes / 1e6:.2f} MB as stored"
    )
    for label, seconds in sorted(probe.seconds.items(), key=lambda item: -item[1]):
        print(f"  {1e3 * seconds / max(probe.text_bytes / 1e6, 1e-9):8.1f} ms per MB of text  {label}")
    print(f"input: {size / 1e6:,.1f} MB; about {probe.documents * scale:,.0f} documents, {probe.text_bytes * scale / 1e6:,.0f} MB of text")
    print(
        f"time: about {cpu:,.0f} s of CPU, {cpu / workers:,.0f} s with {workers} workers (duplicate lines, which only the whole corpus shows, not taken off)"
    )
    print(f"memory: at most about {memory / 1e6:,.0f} MB for each worker, whatever the size of the input")
    print(
        f"disk: about {probe.work_bytes * scale / 1e6:,.0f} MB in work/ while it runs, at most {probe.clean_bytes * scale / 1e6:,.0f} MB of clean shards"
    )
    return 0


def _probe(job: Job, units: list[Unit]) -> Probe:
    probe = Probe()
    for place in sorted({0, len(units) // 2, len(units) - 1})[:PROBED]:
        _probe_unit(job, units[place], probe)
    return probe


def _probe_unit(job: Job, unit: Unit, probe: Probe) -> None:
    nowhere = _Nowhere()
    ledger = Ledger(receipts.Receipt(unit.number, 0, "", unit.name, unit.size), nowhere)  # type: ignore[arg-type]
    reader = reading.Reader(job, unit, ledger, nowhere, nowhere).read()  # type: ignore[arg-type]
    probe.files += 1
    read = unit.size
    for _ in range(PROBE_BATCHES):
        started = time.process_time()
        batch = next(reader, (None,))[0]
        _spend(probe, "read", started)
        if batch is None:
            break
        if len(batch) and not probe.text_bytes:  # compiles kernels and loads models, which a long run does once
            _probe_batch(job, batch.where(batch.numbers < 2), ledger, nowhere, Probe())
        if len(batch):
            read = int(batch["origin_offset"][-1].as_py()) - unit.start
        probe.documents += len(batch)
        probe.text_bytes += len(batch.texts.buffer)
        _probe_batch(job, batch, ledger, nowhere, probe)
    else:
        probe.read_bytes += max(read, 1)
        return
    probe.read_bytes += unit.size


def _probe_batch(job: Job, batch: Batch, ledger: Ledger, nowhere: _Nowhere, probe: Probe) -> None:
    surveyed: set[str] = set()
    for number, stage in enumerate(job.stages):
        for step in stage:
            started = time.process_time()
            if isinstance(step, Survey):  # what whole inputs hold is not known from a probe: nothing is dropped for it
                surveyed.update(step.columns.names)
                batch = batch.with_columns({field.name: pa.nulls(len(batch), field.type) for field in step.columns})
            elif isinstance(step, Keep) and step.column in surveyed:
                continue
            elif isinstance(step, DropContained):
                sets = io.BytesIO()
                for _ in sketched(step, batch, sets):
                    pass
                probe.work_bytes += sets.tell()
            elif isinstance(step, DropDuplicates):
                keys = step.by(batch)
                numbers = batch.numbers if step.of == "documents" else batch.numbers[batch.texts.lines.documents]
                distinct(keys, numbers)
            elif isinstance(step, Gather) and step.most is None:  # documents stand without rows; what fits one row to each cannot
                empty = Gathered(np.zeros(len(batch) + 1, np.int64), rows_schema(job, step.kind).empty_table())
                batch = batch.with_columns(step.merge(batch, empty).columns)
            elif not isinstance(step, Gather | Compare):
                batch = run_steps(batch, [step], ledger, nowhere)
            _spend(probe, step.label, started)
        if number == 0:
            started = time.process_time()
            probe.work_bytes += len(_arrow(batch, job.module.PASSED)) + 12 * len(batch.texts.lines)
            _spend(probe, "pass on", started)
    started = time.process_time()
    probe.kept += len(batch)
    probe.clean_bytes += len(_parquet(batch, job.module.CLEAN))
    _spend(probe, "write", started)


def _spend(probe: Probe, label: str, started: float) -> None:
    probe.seconds[label] = probe.seconds.get(label, 0.0) + time.process_time() - started


def _arrow(batch: Batch, schema: pa.Schema) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(batch.record_batch(schema))
    return sink.getvalue()


def _parquet(batch: Batch, schema: pa.Schema) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_batches([batch.record_batch(schema)]), sink, compression="zstd", compression_level=3)
    return sink.getvalue()
