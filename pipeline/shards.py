"""Parquet shards: one file a unit and kind, the same bytes for the same rows in the same order.

Row groups are cut by bytes of the rows themselves, never by how they happened to arrive; nothing of the host or the time goes in.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import files

ROW_GROUP_BYTES = 16 * 2**20
"""Bytes of rows after which a row group ends. ours: bounds the writer's memory, and readers still get large columns."""
LEVEL = 3
"""zstd level. ours: 200 MB/s on text; higher levels cost more than the language identifier for a few per cent of size."""

BROKEN = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("inner", pa.int64()),
        ("bytes", pa.int64()),
        ("reason", pa.string()),
        ("excerpt", pa.string()),
    ]
)
PARTNERS = pa.schema([("id", pa.string()), ("line", pa.int32()), ("reason", pa.string()), ("partner", pa.string())])
"""A removed line: its document, its number there (0-based, before anything was removed, the title not counted), and a document that holds it too."""


class Shard:
    """Writes the rows of one Parquet file; the file appears, whole, when the context ends without an exception.

    With `optional`, no file appears where there were no rows, and one that stands from an earlier run goes.
    """

    def __init__(self, path: str, schema: pa.Schema, footer: dict[str, str], optional: bool = False) -> None:
        self._path, self._optional = path, optional
        self._schema = schema.with_metadata(footer)
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._writer: pq.ParquetWriter | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Shard:
        if not self._optional:
            self._open()
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows; they are written when a row group is full."""
        if not len(batch):
            return
        self._held.append(batch)
        self._held_bytes += batch.nbytes
        if self._held_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _open(self) -> pq.ParquetWriter:
        if self._writer is None:
            stream = self._stack.enter_context(files.replacing(self._path))
            self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd", compression_level=LEVEL)
        return self._writer

    def _flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held).combine_chunks().replace_schema_metadata(self._schema.metadata)
            self._open().write_table(table, row_group_size=len(table))
        self._held, self._held_bytes = [], 0

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._flush()
        if self._writer is not None:
            if kind is None:
                self._writer.close()
            self._stack.__exit__(kind, error, trace)
        elif kind is None and files.exists(self._path):
            files.delete(self._path)

    @property
    def written(self) -> dict[str, int]:
        """{path: bytes} of the file, once the context has ended; empty where none was written."""
        return {self._path: files.size(self._path)} if self._writer is not None else {}


class Passed:
    """Record batches handed from one stage to the next through the work folder: an Arrow stream, plain, since lz4 costs more than hashing the lines."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._stack = ExitStack()

    def __enter__(self) -> Passed:
        stream = self._stack.enter_context(files.replacing(self._path))
        self._writer = pa.ipc.new_stream(stream, self._schema)
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._writer.close()
        self._stack.__exit__(kind, error, trace)

    @property
    def written(self) -> dict[str, int]:
        return {self._path: files.size(self._path)}
