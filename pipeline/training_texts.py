"""The documents in files of texts: Parquet, JSON lines, or plain text with a document a line; the last two also in gzip or zstd."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import files
from pipeline.files import InputError, Listed

MAGICS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
JSON_LINES = (".jsonl", ".json", ".ndjson")
PACKED = (".gz", ".zst", ".zstd")
ROWS = 1024  # ours: of a Parquet file at once; documents of a crawl then take some megabytes
CHARACTERS = 1 << 20  # ours: of lines at once; more does not make segmenting faster
_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can escape what no text may hold


def documents(listed: Listed, column: str) -> Iterator[str]:
    """The texts of a file in order; "" where a document has none (an empty line, a null).

    What a file is says its content (Parquet, gzip, zstd) or its name (JSON lines: .jsonl, .json or .ndjson before .gz or .zst); any
    other is plain text. `column` is the Parquet column or the JSON key. Raises InputError for a file that is damaged, is not UTF-8, or
    has no such column; what came before has then been yielded.
    """
    name = listed.name
    try:
        with files.open_read(listed.path) as stored:
            head = stored.read(4)
            stored.seek(0)
            if head == b"PAR1":
                yield from _rows(stored, listed, column)
                return
            while name.endswith(PACKED):
                name = name.rpartition(".")[0]
            with _expanded(stored, head) as data:
                for number, line in enumerate(data, 1):
                    text = _decoded(line, listed, number)
                    yield _of_json(text, listed, number, column) if name.endswith(JSON_LINES) else text
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{listed.path}: expected a file that can be read to its end: {error}") from error


def _rows(stored: BinaryIO, listed: Listed, column: str) -> Iterator[str]:
    table = pq.ParquetFile(stored)
    names = table.schema_arrow.names
    if column not in names:
        raise InputError(f"{listed.path}: expected a column {column!r}, found {', '.join(names)}; name it with --column")
    kind = table.schema_arrow.field(column).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise InputError(f"{listed.path}: expected strings in the column {column!r}, found {kind}; name another with --column")
    for batch in table.iter_batches(ROWS, columns=[column]):
        yield from (text or "" for text in batch.column(0).to_pylist())


@contextmanager
def _expanded(stored: BinaryIO, head: bytes) -> Iterator[BinaryIO]:
    """All of its members or frames, one after the other; one that is cut short is an error (zstandard's own reader does not say)."""
    form = next((form for magic, form in MAGICS.items() if head.startswith(magic)), None)
    if form is None:
        yield stored
        return
    with pa.CompressedInputStream(pa.PythonFile(stored, mode="r"), form) as stream, io.BufferedReader(stream) as data:
        yield cast(BinaryIO, data)


def _decoded(line: bytes, listed: Listed, number: int) -> str:
    try:
        return line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{listed.path}, line {number}: expected UTF-8: {error}; convert the file first") from None


def _of_json(line: str, listed: Listed, number: int, key: str) -> str:
    if not line.strip():
        return ""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InputError(f"{listed.path}, line {number}: expected one JSON object a line: {error}") from None
    text = record.get(key, 0) if isinstance(record, dict) else 0
    if text is not None and not isinstance(text, str):
        found = f"an object with {', '.join(record)}" if isinstance(record, dict) else f"a {type(record).__name__}"
        raise InputError(
            f"{listed.path}, line {number}: expected an object with a string {key!r}, found {found}; name another with --column"
        )
    return _SURROGATE.sub("\ufffd", text or "")


class Lines:
    """Texts without newlines, in a file, a line each; iterated as often as one likes once they are written. Used in a `with` while written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.count = 0

    def __enter__(self) -> Self:
        self._file = self._path.open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        self._file.write(f"{text}\n")
        self.count += 1

    def __iter__(self) -> Iterator[str]:
        with self._path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")

    def batches(self) -> Iterator[list[str]]:
        """Lists of about CHARACTERS characters in all."""
        batch: list[str] = []
        held = 0
        for line in self:
            batch.append(line)
            held += len(line)
            if held >= CHARACTERS:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch
