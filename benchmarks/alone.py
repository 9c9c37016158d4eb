"""The kernels alone: what each was called with during a run is recorded, then each is called again with the same, and nothing between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.in_process import Times
from pipeline import apply, exchange, shards, warc
from pipeline.sources import commoncrawl
from transforms import lines, wet
from transforms.language import Identifier
from transforms.perplexity import LanguageModel
from transforms.references import ReferenceClassifier
from transforms.removal import keep_lines
from transforms.repeats import distinct
from transforms.texts import Texts

READ, HASH, DISTINCT, REMOVE = "read", "hash lines", "distinct", "remove lines"
IDENTIFY, PERPLEXITY, REFERENCE, WRITE = "language", "perplexity", "reference", "write parquet"
KERNELS = (READ, HASH, DISTINCT, REMOVE, IDENTIFY, PERPLEXITY, REFERENCE, WRITE)


@dataclass
class Calls:
    """What each kernel was called with."""

    hashed: list[pa.StringArray] = field(default_factory=list)
    compared: list[tuple[Any, Any]] = field(default_factory=list)
    removed: list[tuple[pa.StringArray, Any]] = field(default_factory=list)
    identified: list[tuple[Identifier, pa.StringArray]] = field(default_factory=list)
    scored: list[tuple[LanguageModel, pa.StringArray]] = field(default_factory=list)
    judged: list[tuple[ReferenceClassifier, pa.StringArray]] = field(default_factory=list)
    written: list[tuple[pa.Schema, list[pa.Table]]] = field(default_factory=list)

    def megabytes(self, kernel: str) -> float:
        """Text that a kernel was given, by its name; of the writer: the bytes of all columns."""
        if kernel == WRITE:
            return float(sum(table.nbytes for _, tables in self.written for table in tables)) / 1e6
        arrays = {
            READ: self.hashed,
            HASH: self.hashed,
            DISTINCT: self.hashed,
            REMOVE: [texts for texts, _ in self.removed],
            IDENTIFY: [texts for _, texts in self.identified],
            PERPLEXITY: [texts for _, texts in self.scored],
            REFERENCE: [texts for _, texts in self.judged],
        }[kernel]
        return float(sum(len(Texts(array).buffer) for array in arrays)) / 1e6


@contextmanager
def recorded() -> Iterator[Calls]:
    """While the context lasts, every kernel notes what it is called with. Recording costs next to nothing, but such a run is not timed."""
    calls = Calls()

    def noting(where: list[Any], function: Callable[..., Any], note: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            where.append(note(*arguments))
            return function(*arguments)

        return call

    class Writer(pq.ParquetWriter):  # type: ignore[misc]
        def __init__(self, stream: Any, schema: pa.Schema, **options: Any) -> None:
            super().__init__(stream, schema, **options)
            self.tables: list[pa.Table] = []
            calls.written.append((schema, self.tables))

        def write_table(self, table: pa.Table, row_group_size: int | None = None) -> None:
            self.tables.append(table)
            super().write_table(table, row_group_size)

    with ExitStack() as stack:
        for owner, name, where, note in (
            (lines, "hashes", calls.hashed, lambda texts: texts.array),
            (exchange, "distinct", calls.compared, lambda hashes, documents: (hashes, documents)),
            (apply, "keep_lines", calls.removed, lambda texts, kept: (texts.array, kept)),
            (Identifier, "identify", calls.identified, lambda model, texts: (model, texts.array)),
            (LanguageModel, "perplexities", calls.scored, lambda model, texts: (model, texts)),
            (ReferenceClassifier, "scores", calls.judged, lambda model, texts: (model, texts)),
        ):
            stack.enter_context(patch.object(owner, name, noting(where, getattr(owner, name), note)))
        stack.enter_context(patch.object(pq, "ParquetWriter", Writer))
        yield calls


def replay(calls: Calls, paths: list[Path], config: commoncrawl.CommonCrawl, times: Times) -> None:
    """Each kernel on all that it was given, alone; a view of a text is made anew where the kernel needs it."""
    with times(READ):
        for path in paths:
            _read(path, config)
    with times(HASH):
        for array in calls.hashed:
            lines.hashes(Texts(array))
    with times(DISTINCT):
        for hashes, documents in calls.compared:
            distinct(hashes, documents)
    with times(REMOVE):
        for array, kept in calls.removed:
            keep_lines(Texts(array), kept)
    with times(IDENTIFY):
        for identifier, array in calls.identified:
            identifier.identify(Texts(array))
    with times(PERPLEXITY):
        for model, array in calls.scored:
            model.perplexities(array)
    with times(REFERENCE):
        for classifier, array in calls.judged:
            classifier.scores(array)
    with times(WRITE):
        for schema, tables in calls.written:
            _write(schema, tables)


def _read(path: Path, config: commoncrawl.CommonCrawl) -> None:
    bounds = warc.Bounds(member_bytes=config.max_member_bytes, record_bytes=config.max_record_bytes)
    with path.open("rb") as stream:
        for record in warc.read(stream, path.name, bounds, config.record_end):
            if isinstance(record, warc.Record) and record.type == "conversion" and record.content is not None:
                wet.page(record.content)


def _write(schema: pa.Schema, tables: list[pa.Table]) -> None:
    with pq.ParquetWriter(pa.BufferOutputStream(), schema, compression="zstd", compression_level=shards.LEVEL) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=len(table))
