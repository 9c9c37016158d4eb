"""Parquet to rows, row group by row group in batches of bounded size.

The footer lies at the file's end: a file that is cut has none, and yields nothing. A row group that cannot be read is one Broken; the others
are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import parquet_footer
from pipeline.members import EXCERPT
from pipeline.parquet_footer import Group
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.rows_columns import Bounds, Row, Taker, Unfit, lacking

BATCH_BYTES = 4 << 20  # ours: as the batches of documents
BATCH_ROWS = 4096  # ours: bounds the batches of small rows
BUFFER = 1 << 20  # ours: a column is read in steps of this instead of whole
ERRORS = (pa.ArrowException, OSError, ValueError, EOFError)


def read(part: Part, taker: Taker, bounds: Bounds) -> Iterator[list[Row | Unfit | Broken]]:
    """The rows of the file. Only the declared columns are read. Checksums of pages are checked where they are."""
    if part.start:
        return  # the file is wholly the first part's
    try:
        groups = parquet_footer.groups(part.stream, part.size)
        part.stream.seek(0)
        file = pq.ParquetFile(pa.PythonFile(part.stream, "r"), buffer_size=BUFFER, page_checksum_verification=True)
        fields = tuple(file.schema_arrow.names)
        if file.num_row_groups != len(groups):
            raise ValueError("the Parquet footer is corrupt")
    except ERRORS as error:
        yield [Broken(0, 0, part.size, "Parquet file is cut or its footer is corrupt", str(error).encode()[:EXCERPT])]
        return
    missing = taker.missing(fields)
    if missing:
        reason = f"another table: {lacking(missing, fields, taker.columns)}"
        yield [Broken(0, 0, part.size, reason, ", ".join(fields).encode()[:EXCERPT])]
        return
    columns = [name for name in fields if name in taker.names]
    for number, group in enumerate(groups):
        yield from _group(file, number, group, columns, taker, bounds)


def _group(
    file: pq.ParquetFile, number: int, group: Group, columns: list[str], taker: Taker, bounds: Bounds
) -> Iterator[list[Row | Unfit | Broken]]:
    """The rows of a row group, batch by batch; from damage on, one Broken for the rest."""
    offset = min((chunk.offset for chunk in group.chunks), default=0)
    row_bytes = sum(chunk.expanded for chunk in group.chunks if chunk.column in columns) // max(group.rows, 1)
    size, done = max(1, min(BATCH_ROWS, BATCH_BYTES // max(row_bytes, 1))), 0
    try:
        for batch in file.iter_batches(size, row_groups=[number], columns=columns, use_threads=False):
            yield _rows(batch, offset, done, row_bytes, taker, bounds)
            done += batch.num_rows
        if done != group.rows:
            raise ValueError(f"{done} rows are there, {group.rows} were promised")
    except ERRORS as error:
        lost, stored = max(0, group.rows - done), sum(chunk.stored for chunk in group.chunks)
        excerpt = f"{lost} of {group.rows} rows of row group {number}: {error}".encode()[:EXCERPT]
        yield [Broken(offset, done, stored * lost // max(group.rows, 1), "Parquet row group is corrupt", excerpt)]


def _rows(batch: pa.RecordBatch, offset: int, first: int, size: int, taker: Taker, bounds: Bounds) -> list[Row | Unfit | Broken]:
    names = batch.schema.names
    columns = [_values(column) for column in batch.columns]
    rows = list[Row | Unfit | Broken]()
    for number, values in enumerate(zip(*columns, strict=True)):
        longest = max((len(value) for value in values if isinstance(value, str | bytes)), default=0)
        if longest > bounds.row_bytes:
            rows.append(Broken(offset, first + number, longest, "row over its bound", b""))
        else:
            rows.append(taker.take(dict(zip(names, values, strict=True)), offset, first + number, size, (), values))
    return rows


def _values(column: pa.Array) -> list[Any]:
    """Python values. Parquet's text is not checked when it is read: where it is no UTF-8, its bytes."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.view(pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()).to_pylist()
    return values
