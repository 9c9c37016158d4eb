"""Removing lines: each document becomes its kept lines, joined by one newline."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.texts import Texts


def keep_lines(texts: Texts, kept: npt.NDArray[np.bool_]) -> pa.StringArray:
    """The documents of `texts` with the lines where `kept` [lines] is true, joined by newlines; a document with none is empty.

    A kept line takes the newline after it along, unless it is the last one kept of its document, so the output is a selection of the
    input's bytes. ValueError where `kept` is not one bool a line.
    """
    lines = texts.lines
    if kept.shape != (len(lines),) or kept.dtype != np.bool_:
        raise ValueError(f"expected one bool for each of {len(lines)} lines, found {kept.dtype} {kept.shape}")
    numbers = np.flatnonzero(kept)
    nexts = np.append(lines.starts[1:], len(texts.buffer))[: len(lines)]
    documents = lines.documents[numbers]
    last = np.append(documents[1:] != documents[:-1], True)[: len(numbers)]
    selected = np.repeat(kept, nexts - lines.starts)
    ends, places = lines.ends[numbers], nexts[numbers]
    selected[ends[last & (ends < places)]] = False

    sizes = np.where(last, ends, places) - lines.starts[numbers]
    offsets = np.append(0, np.cumsum(sizes))[np.searchsorted(numbers, lines.offsets)].astype(np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(texts.buffer[selected]))
