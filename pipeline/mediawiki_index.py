"""The index of a multistream dump: where its streams begin, and which pages each holds.

OFFSET:PAGE ID:TITLE        a line a page, in the order of the dump; bzip2, gzip or plain
"""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from pipeline import files
from pipeline.records import Broken

MISSING = "a page that the index lists is missing"
_LINE = re.compile(rb"^(\d{1,18}):(\d{1,18}):", re.MULTILINE)
_CHUNK = 4 << 20  # ours: expanded bytes taken at once


class BrokenIndex(ValueError):
    """An index that cannot be read: which, where, what was found."""


@dataclass(frozen=True)
class Index:
    """`offsets`: uint64, file offsets of the streams, sorted and distinct; stream i holds the pages `ids[starts[i]:starts[i + 1]]`."""

    offsets: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    ids: npt.NDArray[np.uint64]

    def pages(self, stream: int) -> npt.NDArray[np.uint64]:
        """The ids of the pages of a stream, by its number."""
        return self.ids[self.starts[stream] : self.starts[stream + 1]]


def index(path: str) -> Index:
    """Reads an index whole: 16 bytes a page are held while it is read, 8 afterwards. Raises OSError, BrokenIndex."""
    with files.open_read(path) as stored:
        try:
            parts = [_numbers(lines, path) for lines in _lines(stored)]
        except (EOFError, zlib.error) as error:
            raise BrokenIndex(f"{path}: is damaged or cut: {error}; fetch it again") from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise BrokenIndex(f"{path}: is damaged: {error}; fetch it again") from error
    rows = np.concatenate(parts) if parts else np.empty((0, 2), np.uint64)
    order = np.argsort(rows[:, 0], kind="stable")
    offsets, starts = np.unique(rows[order, 0], return_index=True)
    return Index(offsets, np.append(starts, len(rows)), rows[order, 1])


def _lines(stored: BinaryIO) -> Iterator[bytes]:
    """The expanded bytes in pieces that end with a line."""
    head = stored.read(3)
    stored.seek(0)
    packed = bz2.BZ2File(stored) if head == b"BZh" else gzip.GzipFile(fileobj=stored) if head.startswith(b"\x1f\x8b") else stored
    expanded, rest = cast(BinaryIO, packed), b""
    while data := expanded.read(_CHUNK):
        whole, newline, end = data.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = end
        else:
            rest += data
        if len(rest) > _CHUNK:
            break
    if rest:
        yield rest + b"\n"


def _numbers(lines: bytes, path: str) -> npt.NDArray[np.uint64]:
    """[pages, 2]: offset and page id of each line."""
    found = _LINE.findall(lines)
    if len(found) != lines.count(b"\n"):
        wrong = next(line for line in lines.split(b"\n") if not _LINE.match(line))
        raise BrokenIndex(f"{path}: expected lines OFFSET:PAGE ID:TITLE, found {wrong[:80]!r}")
    return np.array(found, dtype="S18").astype(np.uint64).reshape(-1, 2)


class Check:
    """What an index lists for a range of its dump, against what the dump gave: each listed page is given, broken or missing, once."""

    def __init__(self, index: Index, start: int, end: int) -> None:
        self._index = index
        self._stream = bisect_left(index.offsets, start)
        self._end = bisect_left(index.offsets, end)
        self._seen: set[int] = set()
        self._unnamed = 0

    def saw(self, offset: int, page: int | None) -> None:
        """A page of the stream at the offset, or something broken there: its id where that could be read."""
        if self._stream == self._end or offset != int(self._index.offsets[self._stream]):
            return
        if page is None:
            self._unnamed += 1
        else:
            self._seen.add(page)

    def missing(self, before: int) -> Iterator[Broken]:
        """What is missing in the streams that begin before the file offset. What is broken without an id is one of those, and named already."""
        index = self._index
        while self._stream < self._end and int(index.offsets[self._stream]) < before:
            lost = [page for page in index.pages(self._stream).tolist() if page not in self._seen]
            for page in lost[self._unnamed :]:
                yield Broken(int(index.offsets[self._stream]), 0, 0, MISSING, f"page id {page}".encode())
            self._seen.clear()
            self._unnamed = 0
            self._stream += 1
