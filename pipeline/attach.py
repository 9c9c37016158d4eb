"""A Gather step in a unit: documents arrive in batches, the rows that were delivered for them are put beside them, in bounded memory.

Deliveries of one run of keys come from many hash ranges, each in the order of the documents. A batch of documents is cut where the rows that it
asked for exceed the text of a batch; of each delivery one chunk is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import files
from pipeline.deliver import Delivery
from pipeline.documents import Batch
from pipeline.exchange import Array, read_array
from pipeline.gather import KeyRun, cuts_by_size, read_rows
from pipeline.recipe import Gather, Gathered
from transforms.repeats import NONE


def attach(
    step: Gather,
    arriving: Iterable[Batch],
    runs: Sequence[KeyRun],
    claims: Sequence[Delivery],
    schema: pa.Schema,
    batch_bytes: int,
    noted: Callable[[str, int], None] = lambda note, count: None,
) -> Iterator[Batch]:
    """The documents with what the step makes of the rows delivered for them; about `batch_bytes` of rows to a batch.

    `noted` is told what the step finds worth knowing.
    """
    index = _Index([], schema)
    left, run = 0, -1
    for batch in arriving:
        keys = step.by(batch)
        wanted = len(keys) - keys.null_count
        while wanted and left == 0:  # the keys of one batch lie in one run
            run += 1
            left = runs[run].keys
            index = _Index([claim for claim in claims if claim.run == run], schema)
        left -= wanted
        for low, high in index.parts(batch.numbers, batch_bytes):
            mask = np.zeros(len(batch), bool)
            mask[low:high] = True
            part = batch.where(mask)
            gathered = index.take(part.numbers, keys.slice(low, high - low))
            merged = step.merge(part, gathered)
            for note, count in merged.noted.items():
                noted(note, count)
            yield part.with_columns(merged.columns)


class _Index:
    """The rows delivered for one run of keys: which document each is for, and where it lies."""

    def __init__(self, claims: Sequence[Delivery], schema: pa.Schema) -> None:
        self._cursors = [_Cursor(claim, schema) for claim in sorted(claims, key=lambda claim: (claim.path, claim.offset))]
        self._schema = schema
        documents = np.concatenate([np.empty(0, np.uint32), *(cursor.documents for cursor in self._cursors)])
        sizes = np.concatenate([np.empty(0, np.uint64), *(cursor.sizes for cursor in self._cursors)])
        order = np.argsort(documents)  # a document has one key, so one delivery
        self._documents = documents[order]
        self._ends = np.concatenate([[0], np.cumsum(sizes[order].astype(np.int64))])

    def parts(self, numbers: Array, most: int) -> Iterator[tuple[int, int]]:
        """Ranges of the documents that have about `most` bytes of rows each."""
        low, high = np.searchsorted(self._documents, numbers, "left"), np.searchsorted(self._documents, numbers, "right")
        yield from pairwise(cuts_by_size(self._ends[high] - self._ends[low], most))

    def take(self, numbers: Array, keys: pa.Array) -> Gathered:
        """The rows of these documents, which come after all that were taken before; only those whose key is the document's own."""
        last = int(numbers[-1])
        taken = [cursor.upto(last) for cursor in self._cursors if cursor.next <= last]
        documents = np.concatenate([np.empty(0, np.uint32), *(found[0] for found in taken)])
        table = pa.concat_tables([self._schema.empty_table(), *(found[1] for found in taken)])
        order = np.argsort(documents, kind="stable")
        place = np.searchsorted(numbers, documents[order])
        rows = table.take(pa.array(order)).combine_chunks()
        equal = pc.equal(rows.column("key"), pa.chunked_array([keys.take(pa.array(place))], pa.string()))
        mask = np.asarray(pc.fill_null(equal, False).to_numpy(), bool)
        counts = np.bincount(place[mask], minlength=len(numbers))
        return Gathered(np.concatenate([[0], np.cumsum(counts)]), rows.filter(pa.array(mask)).combine_chunks())


class _Cursor:
    """Goes through one delivery once, in order."""

    def __init__(self, claim: Delivery, schema: pa.Schema) -> None:
        self._claim, self._schema = claim, schema
        n, chunks, at = claim.documents, claim.chunks + 1, claim.offset
        with files.open_read(claim.path) as stream:
            self.documents = read_array(stream, at, np.uint32, n)
            self._ends = np.cumsum(read_array(stream, at + 4 * n, np.uint32, n), dtype=np.int64)
            self.sizes = read_array(stream, at + 8 * n, np.uint64, n)
            self._firsts = read_array(stream, at + 16 * n, np.uint32, chunks)
            self._offsets = read_array(stream, at + 16 * n + 4 * chunks, np.uint64, chunks)
        self._passed = self._row = 0
        self._chunk = -1
        self._held: pa.Table = schema.empty_table()

    @property
    def next(self) -> int:
        """The first document that it has not come to; past all where there is none."""
        return int(self.documents[self._passed]) if self._passed < len(self.documents) else NONE

    def upto(self, document: int) -> tuple[Array, pa.Table]:
        """(document of each row, rows) from where it stands to the last row for `document` or an earlier one."""
        passed = int(np.searchsorted(self.documents, document, "right"))
        counts = np.diff(self._ends[self._passed : passed], prepend=self._row)
        documents = np.repeat(self.documents[self._passed : passed], counts)
        parts: list[pa.Table] = []
        end = self._row + len(documents)
        while self._row < end:
            chunk = int(np.searchsorted(self._firsts, self._row, "right")) - 1
            if chunk != self._chunk:
                self._chunk, self._held = chunk, self._read(chunk)
            first, last = int(self._firsts[chunk]), min(end, int(self._firsts[chunk + 1]))
            parts.append(self._held.slice(self._row - first, last - self._row))
            self._row = last
        self._passed = passed
        return documents, pa.concat_tables(parts)

    def _read(self, chunk: int) -> pa.Table:
        begin, end = int(self._offsets[chunk]), int(self._offsets[chunk + 1])
        with files.open_read(self._claim.path) as stream:
            return read_rows(stream, begin, end)
