"""A character of UTF-8 bytes, for the kernels that go through texts character by character."""

import numpy as np
from numba import njit, types

BYTES = types.Array(types.uint8, 1, "C", readonly=True)


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64), cache=True)
def character(buffer, place):  # type: ignore[no-untyped-def]
    """The code point at `place`, and the place after it. The buffer is valid UTF-8."""
    byte = np.int64(buffer[place])
    if byte < 0x80:
        return byte, place + 1
    second = np.int64(buffer[place + 1]) & 0x3F
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | second, place + 2
    third = np.int64(buffer[place + 2]) & 0x3F
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | second << 6 | third, place + 3
    return (byte & 0x07) << 18 | second << 12 | third << 6 | (np.int64(buffer[place + 3]) & 0x3F), place + 4
