"""The texts of a batch as one UTF-8 buffer, and the views of it that every step shares.

A kernel works on the whole buffer, never on a document or a line at a time; a view is computed when it is first asked for, once a batch.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NEWLINE = 0x0A


@dataclass(frozen=True)
class Lines:
    """The lines of all documents, in order. A text with k newlines has k + 1 lines, so an empty text has one empty line."""

    starts: npt.NDArray[np.int64]
    """[lines] Byte position in the buffer of the first byte."""
    ends: npt.NDArray[np.int64]
    """[lines] Byte position after the last byte; the newline is outside."""
    offsets: npt.NDArray[np.int64]
    """[documents + 1] Number of the first line of each document."""
    documents: npt.NDArray[np.int64]
    """[lines] Index in the batch of the line's document."""

    def __len__(self) -> int:
        return len(self.starts)


class Texts:
    """A column of documents: one buffer of UTF-8 bytes, and the byte offsets of the documents in it.

    `array` is a string column without nulls; slices, chunked and large columns are taken too (`array` is then one plain StringArray).
    Raises ValueError for nulls and pa.ArrowInvalid for bytes that are not UTF-8: the kernels read without bounds checks and rely on it. With
    `valid` the caller vouches for the bytes.
    """

    def __init__(self, array: pa.StringArray | pa.LargeStringArray | pa.ChunkedArray, valid: bool = False) -> None:
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if array.type != pa.string():
            array = array.cast(pa.string())
        if array.null_count:
            raise ValueError(
                f"expected a text for every document, found {array.null_count} nulls among {len(array)}: fill or drop them first"
            )
        if not valid:
            array.validate(full=True)
        self.array: pa.StringArray = array
        _, places, data = array.buffers()
        offsets = np.zeros(1, np.int64)
        if len(array):
            offsets = np.frombuffer(places, np.int32, len(array) + 1, 4 * array.offset).astype(np.int64)
        first, last = int(offsets[0]), int(offsets[-1])
        self.offsets: npt.NDArray[np.int64] = offsets - first
        """[documents + 1] Byte position in the buffer of each document's first byte."""
        self.buffer: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8)[first:last] if last > first else np.zeros(0, np.uint8)
        """The UTF-8 bytes of all documents, one after the other, without copying them."""

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def lines(self) -> Lines:
        """The pieces between newlines (U+000A alone, as in CCNet: `split("\\n")`)."""
        newlines = np.flatnonzero(self.buffer == NEWLINE)
        offsets = np.searchsorted(newlines, self.offsets) + np.arange(len(self) + 1)
        inner = np.ones(offsets[-1], bool)
        inner[offsets[1:] - 1] = False
        ends = np.empty(len(inner), np.int64)
        ends[inner] = newlines
        ends[~inner] = self.offsets[1:]
        starts = np.empty(len(inner), np.int64)
        starts[1:] = ends[:-1] + 1
        starts[offsets[:-1]] = self.offsets[:-1]
        return Lines(starts, ends, offsets, np.repeat(np.arange(len(self)), np.diff(offsets)))

    @cached_property
    def characters(self) -> npt.NDArray[np.int64]:
        """[documents] Length in Unicode code points."""
        return np.asarray(pc.utf8_length(self.array)).astype(np.int64)
