"""Verdicts from the exchange, applied: lines or documents that another document holds too go, and a repeated id gets a suffix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import exchange, receipts
from pipeline.documents import Batch
from pipeline.ledger import Ledger
from pipeline.plan import Job
from pipeline.reading import IDENTITY, Rejects, rejects_of, suffix
from pipeline.recipe import DropDuplicates
from pipeline.shards import PARTNERS, Shard
from pipeline.verdicts import RunVerdicts, VerdictClaim, read_verdicts
from transforms.removal import keep_lines

Array = exchange.Array
IN_ANOTHER, WITHIN = "in another document", "repeated within"


def sent(job: Job, stage: int, unit: int, exchanged: str) -> tuple[list[exchange.Run], exchange.Rows]:
    """The runs that a stage of a unit sent to an exchange, and their rows to be read back. Raises FileNotFoundError where its receipt is gone."""
    runs = [exchange.Run(**run) for run in receipt_of(job, stage, unit).runs[exchanged]]
    return runs, exchange.Rows(job.passed(stage, unit, exchanged), runs)


def receipt_of(job: Job, stage: int, unit: int) -> receipts.Receipt:
    """What a stage of a unit left. Raises FileNotFoundError where it is gone."""
    receipt = receipts.read(job.receipt(stage, unit))
    if receipt is None:
        raise FileNotFoundError(f"the receipt of stage {stage} of unit {unit} is gone from the work folder: run the same line again")
    return receipt


class IdVerdicts:
    """Which documents of a unit repeat an id that an earlier one of the run has, and what they are called instead."""

    def __init__(self, job: Job, unit: int, claims: Sequence[VerdictClaim]) -> None:
        self._unit = unit
        self._repeated = np.empty(0, np.uint32)
        if claims:
            self._repeated = self._find(job, claims)

    def _find(self, job: Job, claims: Sequence[VerdictClaim]) -> Array:
        runs, rows = sent(job, 0, self._unit, IDENTITY)
        repeated, number = [], 0
        for place, run in enumerate(runs):
            verdicts = read_verdicts([claim for claim in claims if claim.run == place], run.distinct)
            _, row, _ = rows.next(run.keys)
            numbers = np.arange(number, number + run.keys, dtype=np.uint32)
            record = verdicts.place[row]
            known = record >= 0
            mine = verdicts.records["holder"][record[known]] == numbers[known]
            repeated.append(numbers[known][~mine])
            number += run.keys
        rows.close()
        return np.concatenate(repeated)

    @property
    def repeats(self) -> int:
        """How many documents of the unit are renamed."""
        return len(self._repeated)

    def names(self, numbers: Array, ids: Sequence[str]) -> list[str]:
        """The final ids of documents, given their numbers and the ids that the reader gave them."""
        again = np.isin(numbers, self._repeated).tolist() if self.repeats else [False] * len(numbers)
        return [name + suffix(self._unit, number) if so else name for number, name, so in zip(numbers.tolist(), ids, again, strict=True)]

    def rename(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The rows (with `document` and `id` columns) under their final ids."""
        if not self.repeats:
            return rows
        named = self.names(np.asarray(rows.column("document")), rows.column("id").to_pylist())
        return rows.set_column(rows.schema.get_field_index("id"), "id", pa.array(named, pa.string()))


def apply_duplicates(
    step: DropDuplicates,
    arriving: Iterable[Batch],
    rows: exchange.Rows,
    runs: Sequence[exchange.Run],
    claims: Sequence[VerdictClaim],
    ledger: Ledger,
    rejects: Rejects,
    partners: Shard | None,
    identity: IdVerdicts,
) -> Iterator[Batch]:
    """The batches as a DropDuplicates step leaves them; `partners` takes the removed lines of a step of lines. Memory: the verdicts on one run."""
    current, verdicts = -1, None
    for batch in arriving:
        count = len(batch.texts.lines) if step.of == "lines" else len(batch)
        run, row, repeated = rows.next(count)
        if run != current or verdicts is None:
            current, verdicts = run, read_verdicts([claim for claim in claims if claim.run == run], runs[run].distinct)
        if partners is not None:
            yield _without_lines(step, batch, row, repeated, verdicts, ledger, rejects, partners, identity)
        else:
            yield _without_documents(step, batch, row, verdicts, ledger, rejects)


def _without_lines(
    step: DropDuplicates,
    batch: Batch,
    row: Array,
    repeated: Array,
    verdicts: RunVerdicts,
    ledger: Ledger,
    rejects: Rejects,
    partners: Shard,
    identity: IdVerdicts,
) -> Batch:
    """A line goes where another document of the group holds it (by policy, unless this one is the first), and where its document held it before."""
    lines = batch.texts.lines
    record = verdicts.place[row]
    known = np.flatnonzero(record >= 0)
    document = batch.numbers[lines.documents[known]]
    mine = verdicts.records["holder"][record[known]] == document
    another = np.zeros(len(row), bool)
    another[known] = ~mine if step.policy == "keep_first" else True
    within = repeated & ~another
    kept = ~(another | within)
    counted = np.diff(batch.texts.offsets)[lines.documents] > 0  # for the books, a text that an earlier step emptied has no line
    ledger.lines(
        step.label, int((kept & counted).sum()), {IN_ANOTHER: int((another & counted).sum()), WITHIN: int((within & counted).sum())}
    )
    place = np.where(mine, verdicts.records["second"][record[known]], verdicts.records["first"][record[known]])
    _write_partners(batch, another, within, known, place, verdicts, partners, identity)
    left = np.bincount(lines.documents[kept], weights=(lines.ends - lines.starts)[kept], minlength=len(batch))
    changed = batch.with_columns({"text": keep_lines(batch.texts, kept)})
    return _drop_duplicates(
        changed, left > 0, step, batch, None, "every line also stands in another document, or is empty", ledger, rejects
    )


def _write_partners(
    batch: Batch,
    another: Array,
    within: Array,
    known: Array,
    place: Array,
    verdicts: RunVerdicts,
    partners: Shard,
    identity: IdVerdicts,
) -> None:
    removed = np.flatnonzero(another | within)
    if not len(removed):
        return
    lines = batch.texts.lines
    owner = lines.documents[removed]
    names = pa.array(identity.names(batch.numbers, batch["id"].to_pylist()), pa.string())
    whose = np.full(len(another), -1, np.int64)
    whose[known] = place
    own = len(verdicts.ids)
    partner = np.where(another[removed], whose[removed], own + owner)
    rows = [
        pc.take(names, pa.array(owner)),
        pa.array((removed - lines.offsets[owner]).astype(np.int32)),
        pc.take(pa.array([IN_ANOTHER, WITHIN]), pa.array(within[removed].astype(np.int8))),
        pc.take(pa.concat_arrays([verdicts.ids, names]), pa.array(partner)),
    ]
    partners.write(pa.RecordBatch.from_arrays(rows, schema=PARTNERS))


def _without_documents(step: DropDuplicates, batch: Batch, row: Array, verdicts: RunVerdicts, ledger: Ledger, rejects: Rejects) -> Batch:
    record = verdicts.place[row]
    known = record >= 0
    holders = np.full(len(batch), 0, np.int64)
    mine = np.ones(len(batch), bool)
    mine[known] = verdicts.records["holder"][record[known]] == batch.numbers[known]
    kept = ~known if step.policy == "remove_all" else mine
    holders[known] = np.where(mine[known], verdicts.records["second"][record[known]], verdicts.records["first"][record[known]])
    partner = pc.take(verdicts.ids, pa.array(holders, mask=~known)) if len(verdicts.ids) else pa.nulls(len(batch), pa.string())
    return _drop_duplicates(batch, kept, step, batch, partner, "another document is equal", ledger, rejects)


def _drop_duplicates(
    batch: Batch, kept: Array, step: DropDuplicates, before: Batch, partner: pa.Array | None, reason: str, ledger: Ledger, rejects: Rejects
) -> Batch:
    """The documents that a DropDuplicates step keeps; the rejects show the texts as they were before."""
    if not kept.all():
        gone = before.where(~kept)
        whose = partner.filter(pa.array(~kept)) if partner is not None else None
        rejects.write(rejects_of(gone, step.label, reason, None, whose, ledger.with_text))
        ledger.dropped(step.label, gone, ["" for _ in range(len(gone))])
    left = batch.where(kept)
    ledger.step(step.label, len(batch), len(left), left)
    return left
