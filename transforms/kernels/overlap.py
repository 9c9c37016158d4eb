"""The smallest hash of every window of a sequence, and how many hashes two sorted sequences share."""

import numpy as np
from numba import njit, types

HASHES = types.Array(types.uint64, 1, "C", readonly=True)
OUT = types.uint64[::1]

LARGEST = np.uint64(0xFFFFFFFFFFFFFFFF)
GALLOP = 16
"""ours: from this ratio of lengths on, steps of doubling length through the longer sequence beat going through it; equal between 8 and 32."""


@njit(types.int64(HASHES, types.int64, OUT), cache=True)
def window_minima(hashes, window, out):  # type: ignore[no-untyped-def]
    """Writes the minimum of each window of `window` hashes to `out` [hashes], one for each run of equal ones; gives their number.

    van Herk's and Gil and Werman's way: the hashes are cut into blocks as long as a window, which is then the end of one block and the
    beginning of the next: three comparisons a hash, whatever the window.
    """
    ends = np.empty(window, np.uint64)
    """[window] The minimum from each place of the last block to its end."""
    count = 0
    start = 0
    while start + window <= len(hashes):
        lowest = LARGEST
        for index in range(window - 1, -1, -1):
            lowest = min(lowest, hashes[start + index])
            ends[index] = lowest
        lowest = LARGEST
        for index in range(min(window, len(hashes) - start - window + 1)):
            smallest = min(ends[index], lowest)
            if count == 0 or out[count - 1] != smallest:
                out[count] = smallest
                count += 1
            if start + window + index < len(hashes):
                lowest = min(lowest, hashes[start + window + index])
        start += window
    return count


@njit(types.int64(HASHES, types.int64, types.uint64), cache=True)
def _reach(hashes, place, value):  # type: ignore[no-untyped-def]
    """The first place from `place` on whose hash is not below `value`: steps of doubling length, then halves of the last one."""
    step = 1
    while place + step < len(hashes) and hashes[place + step] < value:
        place += step
        step *= 2
    low, high = place, min(place + step, len(hashes))
    while low < high:
        middle = (low + high) // 2
        if hashes[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(types.UniTuple(types.int64, 3)(HASHES, HASHES), cache=True)
def _gallop(few, many):  # type: ignore[no-untyped-def]
    """`common` where `many` is much the longer one."""
    first = second = count = 0
    while first < len(few) and second < len(many):
        second = _reach(many, second, few[first])
        if second < len(many):
            count += few[first] == many[second]
            first += 1
    return count, first, second


@njit(types.UniTuple(types.int64, 3)(HASHES, HASHES), cache=True)
def common(left, right):  # type: ignore[no-untyped-def]
    """How many hashes two ascending sequences share, up to where the first of them ends, and how many hashes of each were gone through."""
    if len(left) * GALLOP < len(right):
        return _gallop(left, right)
    if len(right) * GALLOP < len(left):
        count, second, first = _gallop(right, left)
        return count, first, second
    first = second = count = 0
    while first < len(left) and second < len(right):
        here, there = left[first], right[second]
        count += here == there
        first += here <= there
        second += there <= here
    return count, first, second
