"""A stage is a plain function from a unit to its output: it streams batches through its steps in bounded memory, and gives a receipt.

perform(job, stage, unit, verdicts)
  stage 0:   reader -> batches -> steps -> keys for the exchange          -> documents, rejects, ids and keys in the work folder; broken shard
  stage k:   documents of stage k - 1 -> verdicts -> steps -> keys        -> the same in the work folder; partners shard
  the last:  documents of the stage before -> verdicts -> steps           -> clean, rejected and partners shards
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pipeline import contained, exchange, files, gather, receipts, settings, survey
from pipeline.apply import IdVerdicts, apply_duplicates, receipt_of, sent
from pipeline.attach import attach
from pipeline.deliver import Delivery, Fate
from pipeline.documents import Batch
from pipeline.ledger import Ledger
from pipeline.order import order_of
from pipeline.overlap import OverlapSender
from pipeline.plan import SCHEMA, Job, Unit
from pipeline.progress import Heartbeat
from pipeline.reading import BATCH_BYTES, IDENTITY, REJECTED, Rejects, batches, rejects_of
from pipeline.recipe import Compare, Cut, DropContained, DropDuplicates, Gather, Keep, Mask, Measure, RemoveLines, Rewrite, Step, Survey
from pipeline.shards import PARTNERS, Passed, Shard

Verdicts = dict[str, list[Any]]
"""Exchange -> claims of verdicts, or of deliveries, for one unit."""


@dataclass(frozen=True)
class Task:
    """One stage of one unit, with the verdicts that reached it."""

    job: Job
    stage: int
    unit: Unit
    verdicts: Verdicts

    @cached_property
    def fingerprint(self) -> str:
        """Of all that shapes the output, the stages before included: a unit whose output stands with the same one is not done again."""
        before = receipt_of(self.job, self.stage - 1, self.unit.number).fingerprint if self.stage else ""
        digests = {name: sorted((claim.run, claim.digest) for claim in claims) for name, claims in self.verdicts.items() if claims}
        unit = self.unit
        return settings.fingerprint(
            self.job.fingerprint,
            [unit.number, self.job.units, unit.name, unit.tag, unit.start, unit.end, unit.file_size],
            [self.stage, before, self.job.partitions, digests],
        )

    @cached_property
    def identity(self) -> IdVerdicts:
        """What the unit's documents are called in the end; known from stage 1 on."""
        return IdVerdicts(self.job, self.unit.number, self.verdicts.get(IDENTITY, []))


def perform(task: Task) -> receipts.Receipt:
    """Does a stage of a unit, or finds it done: gives its receipt, which stands in the work folder."""
    path = task.job.receipt(task.stage, task.unit.number)
    standing = receipts.standing(path, task.fingerprint)
    if standing:
        files.write_bytes(files.join(task.job.work, "reused", f"{task.unit.number:05d}"), b"")
        return standing
    started = time.monotonic()
    receipt = receipts.Receipt(task.unit.number, task.stage, task.fingerprint, task.unit.name, task.unit.size)
    with Heartbeat(task.job.work, task.stage, task.unit.number, task.unit.size) as heartbeat:
        ledger = Ledger(receipt, heartbeat, with_text=task.job.config.rejected_text)
        if task.stage == len(task.job.stages) - 1:
            _finish(task, ledger)
        elif isinstance(cut := task.job.cut(task.stage), Compare):
            _compare(task, cut, ledger)
        else:
            _pass_on(task, cut, ledger)
    receipt.seconds = round(time.monotonic() - started, 3)
    receipt.write(path)
    return receipt


Sender = exchange.Sender | gather.KeySender | OverlapSender


def _pass_on(task: Task, cut: Cut | None, ledger: Ledger) -> None:
    """A stage that ends at a step that needs the whole corpus, or, in a recipe without one, where the ids are compared."""
    job, number = task.job, task.unit.number
    name = job.exchange(task.stage)
    keys = job.passed(task.stage, number, name)
    documents = Passed(job.passed(task.stage, number, "documents"), job.module.PASSED)
    rejects = Passed(job.passed(task.stage, number, "rejected"), REJECTED)
    with files.replacing(keys) as out, documents, rejects, ExitStack() as stack:
        sender = _sender(task, cut, out, stack)
        for batch in _incoming(task, ledger, rejects, stack):
            batch = run_steps(batch, job.stages[task.stage], ledger, rejects)
            ledger.kept(batch)
            if len(batch):
                documents.write(batch.record_batch(job.module.PASSED))
            if len(batch) and cut is not None:
                _send(sender, cut, batch)
        ledger.receipt.runs[name] = [asdict(run) for run in sender.close()]
    sets = sender.written if isinstance(sender, OverlapSender) else {}
    ledger.receipt.files.update({**documents.written, **rejects.written, **sets, keys: files.size(keys)})
    ledger.close(job.directory)


def _compare(task: Task, cut: Compare, ledger: Ledger) -> None:
    """A stage that only compares what the one before left: the documents stay where they are."""
    job, number, name = task.job, task.unit.number, task.job.exchange(task.stage)
    path = job.passed(task.stage, number, name)
    rejects = Passed(job.passed(task.stage, number, "rejected"), REJECTED)
    candidates = task.verdicts.get(job.exchange(task.stage - 1), [])
    with rejects, files.replacing(path) as out:
        edges = contained.compare(job, task.stage - 1, number, cut.step, candidates, ledger)
        out.write(edges.tobytes())
    ledger.receipt.runs[name] = [{"edges": len(edges)}] if len(edges) else []
    ledger.receipt.files.update({**rejects.written, path: files.size(path)})
    ledger.close(job.directory)


def _sender(task: Task, cut: Cut | None, out: BinaryIO, stack: ExitStack) -> Sender:
    if isinstance(cut, DropContained):
        return stack.enter_context(OverlapSender(task.job, task.stage, task.unit.number, cut, out))
    return gather.KeySender(out) if isinstance(cut, Gather) else exchange.Sender(out)


def _send(sender: Sender, cut: Cut, batch: Batch) -> None:
    if isinstance(sender, OverlapSender):
        sender.add(batch)
    elif isinstance(sender, gather.KeySender) and isinstance(cut, Gather):
        sender.add(cut.by(batch), batch.numbers)
    elif isinstance(sender, exchange.Sender) and isinstance(cut, DropDuplicates):
        documents = batch.numbers if cut.of == "documents" else batch.numbers[batch.texts.lines.documents]
        sender.add(cut.by(batch), documents, order_of(batch.numbers, cut.order(batch)) if cut.order else None)


def _finish(task: Task, ledger: Ledger) -> None:
    """The last stage: writes the shards. Rejects of all stages get their final ids here."""
    job, number = task.job, task.unit.number
    ledger.noted("repeated id", task.identity.repeats)
    footer = _footer(job)
    clean = Shard(job.shard("clean", number), job.module.CLEAN, footer)
    rejected = Shard(job.shard("rejected", number), REJECTED.remove(0), footer, optional=True)
    with clean, rejected, ExitStack() as stack:
        rejects = _Renaming(rejected, task.identity)
        for earlier in range(task.stage):
            with files.open_read(job.passed(earlier, number, "rejected")) as stream:
                for rows in pa.ipc.open_stream(stream):
                    rejects.write(rows)
        for batch in _incoming(task, ledger, rejects, stack):
            batch = run_steps(batch, job.stages[task.stage], ledger, rejects)
            ledger.kept(batch)
            if len(batch):
                ledger.sample_clean(batch)
                clean.write(task.identity.rename(batch.record_batch(job.module.PASSED)).select(job.module.CLEAN.names))
    ledger.receipt.files.update({**clean.written, **rejected.written})
    ledger.close(job.directory)


def _footer(job: Job) -> dict[str, str]:
    return {"cria.schema": SCHEMA, "cria.source": job.source, "cria.config": job.fingerprint}


class _Renaming:
    """Rejects that get their final ids on the way to the shard."""

    def __init__(self, shard: Shard, identity: IdVerdicts) -> None:
        self._shard, self._identity = shard, identity

    def write(self, rows: pa.RecordBatch) -> None:
        self._shard.write(self._identity.rename(rows).remove_column(0))


def _incoming(task: Task, ledger: Ledger, rejects: Rejects, stack: ExitStack) -> Iterator[Batch]:
    """The stage's documents: from the reader, or from the stage before with its verdicts applied."""
    job, stage, number = task.job, task.stage, task.unit.number
    if stage == 0:
        yield from batches(job, task.unit, ledger, rejects)
        return
    before = job.cut(stage - 1)
    stream = stack.enter_context(files.open_read(job.documents(stage, number)))
    arriving = _beating((Batch(dict(zip(rows.schema.names, rows.columns, strict=True))) for rows in pa.ipc.open_stream(stream)), ledger)
    name = job.exchange(stage - 1)
    claims = task.verdicts.get(name, [])
    if isinstance(before, Gather):
        yield from _gathered(task, before, arriving, ledger)
    elif isinstance(before, Survey):
        yield from survey.with_columns(before, arriving, claims)
    elif isinstance(before, Compare):
        yield from contained.apply(before.step, arriving, claims, ledger, rejects)
    elif isinstance(before, DropDuplicates):
        yield from _deduplicated(task, before, name, arriving, ledger, rejects)
    else:
        yield from arriving


def _gathered(task: Task, step: Gather, arriving: Iterator[Batch], ledger: Ledger) -> Iterator[Batch]:
    """The documents with the rows that were gathered for them; and what became of the unit's own rows."""
    claims = task.verdicts.get(task.job.exchange(task.stage - 1), [])
    for claim in claims:
        if isinstance(claim, Fate):
            ledger.fed(step.kind, used=claim.used, unused={"orphan": claim.orphans, "repeated key": claim.repeated})
    before = receipt_of(task.job, task.stage - 1, task.unit.number)
    runs = [gather.KeyRun(**run) for run in before.runs[task.job.exchange(task.stage - 1)]]
    delivered = [claim for claim in claims if isinstance(claim, Delivery)]
    return attach(step, arriving, runs, delivered, gather.rows_schema(task.job, step.kind), BATCH_BYTES, ledger.noted)


def _deduplicated(
    task: Task, before: DropDuplicates, name: str, arriving: Iterator[Batch], ledger: Ledger, rejects: Rejects
) -> Iterator[Batch]:
    job, stage, number = task.job, task.stage, task.unit.number
    runs, rows = sent(job, stage - 1, number, name)
    ledger.step(before.label, 0, 0)
    partners = Shard(job.shard("partners", number), PARTNERS, _footer(job), optional=True) if before.of == "lines" else None
    with partners or nullcontext():
        yield from apply_duplicates(before, arriving, rows, runs, task.verdicts.get(name, []), ledger, rejects, partners, task.identity)
    rows.close()
    if partners:
        ledger.receipt.files.update(partners.written)


def _beating(arriving: Iterator[Batch], ledger: Ledger) -> Iterator[Batch]:
    for batch in arriving:
        ledger.heartbeat.beat(int(batch.numbers[-1]), int(batch["origin_offset"][-1].as_py()))
        yield batch


def run_steps(batch: Batch, steps: Sequence[Step], ledger: Ledger, rejects: Rejects) -> Batch:
    """The batch after the steps that look at one batch; what is dropped goes to the rejects.

    Keeps that follow one another share a mask, so that the columns are filtered once and not at each.
    """
    left: Mask | None = None
    for step in steps:
        if isinstance(step, Keep):
            left = _keep(batch, left, step, ledger, rejects)
            continue
        if left is not None:
            batch, left = batch.where(left), None
        if isinstance(step, Rewrite) and len(batch):
            rewritten = step.rewrite(batch)
            for note, count in rewritten.noted.items():
                ledger.noted(note, count)
            ledger.measured(rewritten.columns)
            batch = batch.with_columns({"text": rewritten.text, **rewritten.columns})
        elif isinstance(step, RemoveLines) and len(batch):
            removed = step.remove(batch)
            ledger.lines(step.label, removed.kept, removed.removed)
            ledger.measured(removed.columns)
            batch = batch.with_columns({"text": removed.text, **removed.columns})
        elif isinstance(step, Measure) and len(batch):
            columns = step.measure(batch)
            batch = batch.with_columns(columns)
            ledger.measured(columns)
    return batch if left is None else batch.where(left)


def _keep(batch: Batch, before: Mask | None, step: Keep, ledger: Ledger, rejects: Rejects) -> Mask | None:
    """Which of the batch's documents pass this step too; `before`: those that passed the Keeps before it, None: all."""
    if not len(batch):
        ledger.step(step.label, 0, 0)
        return None
    if before is None:
        before = np.ones(len(batch), bool)
    passes: Mask = step.test.holds(batch[step.column])
    lost: Mask = before & ~passes
    if lost.any():
        dropped = batch.where(lost)
        values = dropped[step.column]
        rejects.write(rejects_of(dropped, step.label, f"{step.column} {step.test.words}", values, None, ledger.with_text))
        ledger.dropped(step.label, dropped, values)
    kept: Mask = before & passes
    ledger.step(step.label, int(before.sum()), int(kept.sum()), batch, kept)
    return kept
