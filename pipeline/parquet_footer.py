"""Where the row groups of a Parquet file lie, out of its footer (Parquet "Metadata"; Thrift "Compact protocol").

pyarrow gives the same figures, but ends the process where a footer is corrupt (RowGroupMetaData.column of pyarrow 25, on files whose
footer had a byte changed). Here that is a ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

TAIL = 8  # Parquet: the footer's length in 4 bytes, little-endian, and the magic
DEEPEST = 16  # ours: FileMetaData nests 6 deep
BOOLEANS, BYTE, INTEGERS, DOUBLE, BINARY, LISTS, MAP, STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, (9, 10), 11, 12
ROW_GROUPS, CHUNKS, ROWS, CHUNK_META = 4, 1, 3, 3  # field numbers of FileMetaData, RowGroup and ColumnChunk
PATH, EXPANDED, STORED, DATA_PAGE, DICTIONARY_PAGE = 3, 6, 7, 9, 11  # of ColumnMetaData


class Chunk(NamedTuple):
    """A column's bytes in a row group: `column`: its top-level name; `stored` and `expanded`: bytes in the file and before compression."""

    column: str
    offset: int
    stored: int
    expanded: int


class Group(NamedTuple):
    """A row group: its rows and its columns' chunks."""

    rows: int
    chunks: tuple[Chunk, ...]


def groups(stream: BinaryIO, size: int) -> list[Group]:
    """The row groups in their order. Raises ValueError where the footer is not whole. `size`: bytes of the file."""
    stream.seek(max(0, size - TAIL))
    tail = stream.read(TAIL)
    length = int.from_bytes(tail[:4], "little")
    if len(tail) < TAIL or tail[4:] != b"PAR1" or length > size - TAIL - 4:
        raise ValueError("no Parquet footer at the file's end")
    stream.seek(size - TAIL - length)
    try:
        found = _Compact(stream.read(length)).struct(0)
        return [_group(group, size) for group in found.get(ROW_GROUPS, [])]
    except (KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError("the Parquet footer is corrupt") from error


def _group(group: dict[int, Any], size: int) -> Group:
    chunks = []
    for chunk in group[CHUNKS]:
        meta = chunk[CHUNK_META]
        begin = min(meta[DATA_PAGE], meta.get(DICTIONARY_PAGE) or meta[DATA_PAGE])
        if not 0 <= begin <= begin + meta[STORED] <= size or meta[STORED] < 0 or meta[EXPANDED] < 0:
            raise ValueError("the Parquet footer is corrupt")
        chunks.append(Chunk(meta[PATH][0].decode(), begin, meta[STORED], meta[EXPANDED]))
    if group[ROWS] < 0:
        raise ValueError("the Parquet footer is corrupt")
    return Group(group[ROWS], tuple(chunks))


class _Compact:
    """Reads Thrift's compact protocol: structs as {field number: value}."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self, depth: int) -> dict[int, Any]:
        if depth > DEEPEST:
            raise ValueError("the Parquet footer nests too deep")
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            found[number] = head & 15 == 1 if head & 15 in BOOLEANS else self._value(head & 15, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        simple: dict[int, Callable[[], Any]] = {
            BYTE: self._byte,
            BINARY: self._binary,
            DOUBLE: lambda: self._take(8),
            1: self._byte,
            2: self._byte,
        }
        if kind in INTEGERS:
            return self._integer()
        if kind in simple:
            return simple[kind]()
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in LISTS:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            self._has(count)
            return [self._value(head & 15, depth + 1) for _ in range(count)]
        if kind == MAP:
            count = self._varint()
            self._has(count)
            kinds = self._byte() if count else 0
            return {_key(self._value(kinds >> 4, depth + 1)): self._value(kinds & 15, depth + 1) for _ in range(count)}
        raise ValueError("the Parquet footer is corrupt")

    def _has(self, count: int) -> None:
        """Raises ValueError where so many bytes do not follow: each value takes one at least."""
        if count > len(self._data) - self._at:
            raise ValueError("the Parquet footer is corrupt")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError("the Parquet footer is corrupt")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _binary(self) -> bytes:
        return self._take(self._varint())

    def _take(self, size: int) -> bytes:
        self._has(size)
        self._at += size
        return self._data[self._at - size : self._at]


def _key(value: Any) -> Any:
    return value if isinstance(value, int | bytes) else repr(value)
