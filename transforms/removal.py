"""Removing lines: each document becomes its kept lines, joined by one newline."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.texts import Texts


def keep_lines(texts: Texts, kept: npt.NDArray[np.bool_]) -> pa.StringArray:
    """The documents of `texts` with the lines where `kept` [lines] is true, joined by newlines; a document with none is empty.

    A kept line takes the newline after it along, unless it is the last one kept of its document, so the output is a subset of the
    input's bytes: one copy for each run of kept lines.
    """
    lines = texts.lines
    if kept.shape != (len(lines),) or kept.dtype != np.bool_:
        raise ValueError(f"expected one bool for each of {len(lines)} lines, found {kept.dtype} {kept.shape}")
    numbers = np.flatnonzero(kept)
    documents = lines.documents[numbers]
    newline = np.zeros(len(numbers), bool)
    newline[:-1] = documents[1:] == documents[:-1]
    starts, ends = lines.starts[numbers], lines.ends[numbers] + newline
    lengths = np.concatenate([[0], np.cumsum(ends - starts)])
    offsets = lengths[np.searchsorted(numbers, lines.offsets)]
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(_join(texts.buffer, starts, ends)))


def _join(buffer: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> bytes:
    """The slices [starts, ends) of `buffer`, in order; slices that touch are copied at once."""
    if not len(starts):
        return b""
    apart = ends[:-1] != starts[1:]
    firsts = starts[np.concatenate([[True], apart])].tolist()
    lasts = ends[np.concatenate([apart, [True]])].tolist()
    view = buffer.data
    return b"".join([view[first:last] for first, last in zip(firsts, lasts, strict=True)])
