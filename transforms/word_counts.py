"""How many words a text has: stretches between ASCII white space, counted on the bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms.texts import Texts

SEGMENT = 1 << 20
"""ours: bytes looked at at once, so that a long book takes no more memory than a short one."""
SPACE = np.zeros(256, bool)
SPACE[list(b"\t\n\f\r ")] = True


def count(texts: Texts) -> npt.NDArray[np.int64]:
    """[documents] The words of each text."""
    return np.array([_words(texts.buffer[begin:end]) for begin, end in zip(texts.offsets[:-1], texts.offsets[1:], strict=True)], np.int64)


def _words(data: npt.NDArray[np.uint8]) -> int:
    words, behind_space = 0, True
    for begin in range(0, len(data), SEGMENT):
        space = SPACE[data[begin : begin + SEGMENT]]
        words += int(np.count_nonzero(space[:-1] & ~space[1:])) + int(behind_space and not space[0])
        behind_space = bool(space[-1])
    return words
