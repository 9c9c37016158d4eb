"""Rows of tables: C4 as released (JSON lines) and GitHub's BigQuery exports (JSON lines, Avro, Parquet). Spec sections 4.1 and 5.1.

The caller declares the columns it expects. A table that lacks one is one Broken, with what was found instead; a row that does not fit is one
Broken of its own; everything around what is broken is read. The same bytes give the same rows in the same order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from pipeline.part import Part
from pipeline.records import Broken
from pipeline.rows_columns import Bounds, Column, Row, Taker, Unfit, lacking

__all__ = ["Bounds", "Column", "Row", "read"]

JUDGED_ROWS = 100  # ours: a table none of whose first rows fits, all for one reason, is another table, not as many broken rows
AVRO_MAGIC, PARQUET_MAGIC, PARQUET_ENCRYPTED = b"Obj\x01", b"PAR1", b"PARE"  # Avro 1.11 "Object Container Files"; Parquet "File format"


def read(part: Part, columns: tuple[Column, ...], bounds: Bounds | None = None) -> Iterator[Row | Broken]:
    """The rows of a file in their order. The format is told by the first bytes: Avro, Parquet, else JSON lines in any compression.

    A part that is a range gives the JSON lines that begin in it, if the file is not compressed; other files are wholly the part's that begins
    at 0. Errors of the stream itself (OSError) are raised.
    """
    bounds = bounds or Bounds()
    part.stream.seek(0)
    magic = part.stream.read(4)
    part.stream.seek(0)
    return itertools.chain.from_iterable(
        _judged(_reader(magic)(part, Taker(columns, magic in (AVRO_MAGIC, PARQUET_MAGIC)), bounds), part, columns)
    )


def _reader(magic: bytes) -> Callable[[Part, Taker, Bounds], Iterator[list[Row | Unfit | Broken]]]:
    """Loads what the format needs alone, so that workers start fast."""
    if magic == AVRO_MAGIC:
        from pipeline import rows_avro

        return rows_avro.read
    if magic == PARQUET_MAGIC:
        from pipeline import rows_parquet

        return rows_parquet.read
    if magic in (b"", PARQUET_ENCRYPTED):
        return lambda part, taker, bounds: iter([[Broken(0, 0, part.size, "encrypted Parquet file" if magic else "empty file", magic)]])
    from pipeline import rows_json

    return rows_json.read


def _judged(stretches: Iterator[list[Row | Unfit | Broken]], part: Part, columns: tuple[Column, ...]) -> Iterator[list[Row | Broken]]:
    """Unfit rows as broken ones; or the table as one, where none of its first rows fits and all for one reason."""
    first: list[Row | Unfit | Broken] = []
    for stretch in stretches:
        first += stretch
        if len(first) >= JUDGED_ROWS or any(isinstance(item, Row) for item in stretch):
            break
    judged = first[:JUDGED_ROWS]
    unfit = [item for item in judged if isinstance(item, Unfit)]
    if len({item.broken.reason for item in unfit}) == 1 and not any(isinstance(item, Row) for item in judged):
        yield [_other_table(unfit[0], part, columns)]
        return
    for stretch in itertools.chain([first], stretches):
        yield [item.broken if isinstance(item, Unfit) else item for item in stretch]


def _other_table(row: Unfit, part: Part, columns: tuple[Column, ...]) -> Broken:
    reason = f"another table: {row.broken.reason}"
    if row.lacking:
        reason = f"another table: {lacking(row.lacking, row.found, columns)}"
    return Broken(part.start, 0, part.end - part.start, reason, row.broken.excerpt)
