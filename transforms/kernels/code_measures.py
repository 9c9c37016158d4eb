"""Lines, letters, digits and control characters of each document in one pass over the UTF-8 buffer.

The table of characters is made in `transforms.source_code`. All compiled code stands in this one file: numba does not notice that a function
which a cached one calls was changed in another file.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
OFFSETS = types.int64[::1]
KINDS = types.uint8[::1]
COUNTS = types.int64[:, ::1]

ALPHANUMERIC, ALPHABETIC, BREAK, CONTROL = 1, 2, 4, 8
"""Bits of a character's kind: `str.isalnum`, `str.isalpha`, ends a line for `str.splitlines`, not of text."""
LINES, LONGEST, LINE_CHARACTERS, ALPHANUMERICS, ALPHABETICS, CONTROLS, CHARACTERS = range(7)
"""Columns of the counts."""


@njit(types.void(BYTES, OFFSETS, KINDS, COUNTS), cache=True)
def count(buffer, offsets, kinds, counts):  # type: ignore[no-untyped-def]
    """Fills `counts` [documents, 7]. CR LF ends one line; text after the last end of line is a line too."""
    for document in range(len(offsets) - 1):
        place, end = offsets[document], offsets[document + 1]
        lines, longest, length, total, alphanumerics, alphabetics, controls, characters = 0, 0, 0, 0, 0, 0, 0, 0
        while place < end:
            code = np.int64(buffer[place])
            if code < 0x80:
                place += 1
            else:
                code, place = character(buffer, place)
            kind = kinds[code]
            characters += 1
            length += 1
            alphanumerics += kind & 1
            alphabetics += kind >> 1 & 1
            if kind & 12:
                controls += kind >> 3
                if kind & 4:
                    length -= 1
                    lines += 1
                    longest = max(longest, length)
                    total += length
                    length = 0
                    if code == 0x0D and place < end and buffer[place] == 0x0A:
                        place += 1
                        characters += 1
        if length:
            lines += 1
            longest = max(longest, length)
            total += length
        counts[document, LINES] = lines
        counts[document, LONGEST] = longest
        counts[document, LINE_CHARACTERS] = total
        counts[document, ALPHANUMERICS] = alphanumerics
        counts[document, ALPHABETICS] = alphabetics
        counts[document, CONTROLS] = controls
        counts[document, CHARACTERS] = characters
