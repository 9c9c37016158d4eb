"""Avro object container files to rows, block by block (Avro 1.11 specification, "Object Container Files").

A file is a header (schema, codec, a sync marker of 16 random bytes) and blocks: how many rows, how many bytes, the bytes, the marker. So a
block that is broken ends at the next marker, and reading goes on behind it.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import fastavro
import pyarrow as pa
import zstandard

from pipeline.members import EXCERPT, pieces
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.rows_columns import Bounds, Row, Taker, Unfit, lacking
from pipeline.window import STEP, Window

HEADER = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
            {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
        ],
    }
)
HEADER_BYTES = 4 << 20  # ours: schemas of wide tables have some 100 KB
LONG = 10  # Avro: most bytes of a long
SYNC = 16  # Avro: bytes of the marker
CUT, CORRUPT, TOO_LARGE = "Avro block is cut", "Avro block is corrupt", "Avro block over its bound"


class _BlockError(Exception):
    """Why a block gives no rows."""


def read(part: Part, taker: Taker, bounds: Bounds) -> Iterator[list[Row | Unfit | Broken]]:
    """The rows of the file; a block that cannot be read whole is one Broken and gives none, as nothing tells which of its rows are right."""
    if part.start:
        return  # the file is wholly the first part's
    head = io.BytesIO(part.stream.read(HEADER_BYTES))
    try:
        header: Any = fastavro.schemaless_reader(head, HEADER, None)
        written = json.loads(header["meta"]["avro.schema"])
        schema = fastavro.parse_schema(written)
        is_record = isinstance(written, dict) and written.get("type") == "record"
        fields = tuple(field["name"] for field in written["fields"]) if is_record else ()
        codec = header["meta"].get("avro.codec", b"null").decode("ascii", "replace")
    except Exception as error:  # whatever fastavro meets in bytes that are no header
        yield [Broken(0, 0, part.size, f"Avro header is corrupt: {type(error).__name__}", head.getvalue()[:EXCERPT])]
        return
    missing = taker.missing(fields)
    if missing or codec not in CODECS:
        reason = f"another table: {lacking(missing, fields, taker.columns)}" if missing else f"Avro codec {codec} is not read"
        yield [Broken(0, 0, part.size, reason, head.getvalue()[:EXCERPT])]
        return
    begin = head.tell()
    part.stream.seek(0)
    yield from _Blocks(Window(pieces(part.stream, "", part.size + 1)), schema, codec, header["sync"], taker, bounds).read(begin)


class _Blocks:
    """Goes from block to block; positions are offsets in the file."""

    def __init__(self, window: Window, schema: Any, codec: str, sync: bytes, taker: Taker, bounds: Bounds) -> None:
        self._window, self._schema, self._codec, self._sync = window, schema, codec, sync
        self._taker, self._bounds = taker, bounds

    def read(self, position: int) -> Iterator[list[Row | Unfit | Broken]]:
        window = self._window
        while window.fill(position + 1):
            window.advance(position)
            try:
                count, begin, end = self._block(position)
                rows = self._rows(count, self._expanded(window.bytes(begin, end)), position)
            except _BlockError as error:
                excerpt = window.bytes(position, min(position + EXCERPT, window.end))
                behind = self._behind_marker(position)
                yield [Broken(position, 0, behind - position, str(error), excerpt)]
                position = behind
                continue
            position = end + SYNC
            yield rows

    def _block(self, position: int) -> tuple[int, int, int]:
        """How many rows the block at the position has, and where its bytes lie; its marker is checked."""
        window = self._window
        window.fill(position + 2 * LONG)
        count, at = self._long(position)
        size, at = self._long(at)
        if count < 0 or size < 0:
            raise _BlockError(CORRUPT)
        if size > self._bounds.block_bytes:
            raise _BlockError(TOO_LARGE)
        if not window.fill(at + size + SYNC):
            raise _BlockError(CUT)
        if window.bytes(at + size, at + size + SYNC) != self._sync:
            raise _BlockError(CORRUPT)
        return count, at, at + size

    def _long(self, position: int) -> tuple[int, int]:
        """A zig-zag variable-length long, and the position behind it."""
        value = 0
        data = self._window.bytes(position, min(position + LONG, self._window.end))
        for number, byte in enumerate(data):
            value |= (byte & 0x7F) << (7 * number)
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1), position + number + 1
        raise _BlockError(CORRUPT if len(data) == LONG else CUT)

    def _behind_marker(self, position: int) -> int:
        """The position behind the next marker, or the end of the file; forgets what lies before it."""
        window = self._window
        at = position
        while True:
            found = window.buffer.find(self._sync, at - window.base)
            if found >= 0:
                return window.base + found + SYNC
            if window.closed:
                return window.end
            at = max(at, window.end - SYNC + 1)
            window.advance(at)
            window.fill(window.end + STEP)

    def _expanded(self, data: bytes) -> bytes:
        most = self._bounds.block_bytes
        try:
            expanded = CODECS[self._codec](data, most)
        except (zlib.error, zstandard.ZstdError, OSError, ValueError) as error:
            raise _BlockError(CORRUPT) from error
        if len(expanded) > most:
            raise _BlockError(TOO_LARGE)
        return expanded

    def _rows(self, count: int, data: bytes, offset: int) -> list[Row | Unfit | Broken]:
        """All rows of a block; invalid UTF-8 comes as surrogates, so that exactly the rows that hold it are noted."""
        if count > len(data):
            raise _BlockError(CORRUPT)  # a row with a required column has a byte at least, so the count is wrong
        stream, rows = io.BytesIO(data), list[Row | Unfit | Broken]()
        try:
            for _ in range(count):
                begin = stream.tell()
                found: Any = fastavro.schemaless_reader(stream, self._schema, None, handle_unicode_errors="surrogateescape")
                rows.append(self._taker.take(found, offset, begin, stream.tell() - begin, (), data[begin : begin + EXCERPT]))
        except Exception as error:  # whatever fastavro meets in bytes that are no rows
            raise _BlockError(CORRUPT) from error
        if stream.tell() != len(data):
            raise _BlockError(CORRUPT)
        return rows


def _deflate(data: bytes, most: int) -> bytes:
    expander = zlib.decompressobj(-zlib.MAX_WBITS)
    expanded = expander.decompress(data, most + 1)
    if not expander.eof and len(expanded) <= most:
        raise ValueError("the stream is cut")
    return expanded


def _snappy(data: bytes, most: int) -> bytes:
    """Snappy, then the CRC-32 of the expanded bytes (big-endian). Its first bytes say how long they are."""
    size = sum((byte & 0x7F) << (7 * number) for number, byte in enumerate(data[: _varint_bytes(data)]))
    if size > most:
        raise _BlockError(TOO_LARGE)
    expanded: bytes = pa.Codec("snappy").decompress(data[:-4], size, asbytes=True)
    if zlib.crc32(expanded) != int.from_bytes(data[-4:], "big"):
        raise ValueError("the checksum does not hold")
    return expanded


def _varint_bytes(data: bytes) -> int:
    return next((number + 1 for number, byte in enumerate(data[:5]) if byte < 0x80), 5)


def _zstandard(data: bytes, most: int) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(data).read(most + 1)


CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": lambda data, most: data,
    "deflate": _deflate,
    "snappy": _snappy,
    "zstandard": _zstandard,
}
"""BigQuery exports deflate and snappy, or none."""
