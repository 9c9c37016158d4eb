"""CCNet's line hashes in one pass over the UTF-8 buffer: strip and normalise each line into a scratch, then SHA-1 of 32 at once.

The tables of characters are made in `transforms.lines`. All compiled code stands in this one file: numba does not notice that a function
which a cached one calls was changed in another file.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.int64[::1]
WORDS = types.uint32[::1]
SCRATCH = types.uint8[::1]
WORK = types.uint32[:, ::1]

WHITESPACE, CASED, IGNORABLE = 1, 2, 4
"""Bits of a character's kind: what `str.strip` removes; has case; passed over when the context of a final sigma is looked at."""

CAPITAL_SIGMA = 0x3A3
SMALL_SIGMA, FINAL_SIGMA = 0x83CF, 0x82CF
"""UTF-8 bytes of U+03C3 and U+03C2, the first in the lowest byte, as in the table of normal forms."""

LANES = np.uint64(32)
"""SHA-1 runs over many lines at once, one a lane: each round is a loop over the lanes that becomes vector instructions, at five times the
speed of one line after the other, as a round hangs on the one before. ours: the fastest of 8, 16, 32 and 64 with AVX2."""
WORK_ROWS, STATE_ROWS = 250, 5
ROUND_A, ROUND_C = 85, 170
"""Row of the working space that holds register a after round 0, and a rotated by 30 bits, which is register c a round later."""

row = np.uint64  # numba checks signed indices for negative ones, and then LLVM finds no vector instructions


@njit(types.int64(BYTES, types.int64), cache=True)
def _before(buffer, place):  # type: ignore[no-untyped-def]
    """The place of the character that ends at `place`."""
    place -= 1
    while buffer[place] & 0xC0 == 0x80:
        place -= 1
    return place


@njit(types.boolean(BYTES, types.int64, types.int64, types.int64, SCRATCH), cache=True)
def _is_final_sigma(buffer, place, start, end, kinds):  # type: ignore[no-untyped-def]
    """Whether the capital sigma at `place` in the line [start, end) is lower-cased as a final one: a cased letter before, none after."""
    cased = False
    before = place
    while before > start:
        before = _before(buffer, before)
        kind = kinds[character(buffer, before)[0]]
        if not kind & IGNORABLE:
            cased = kind & CASED != 0
            break
    if not cased:
        return False
    after = place + 2
    while after < end:
        code, after = character(buffer, after)
        if not kinds[code] & IGNORABLE:
            return kinds[code] & CASED == 0
    return True


@njit(types.int64(BYTES, types.int64, types.int64, WORDS, SCRATCH, SCRATCH), cache=True)
def _normalise(buffer, start, end, forms, kinds, scratch):  # type: ignore[no-untyped-def]
    """Writes the normal form of the line [start, end) to `scratch`; returns its length in bytes, at most 3 / 2 of the line's."""
    while start < end:
        code, after = character(buffer, start)
        if not kinds[code] & WHITESPACE:
            break
        start = after
    while start < end:
        before = _before(buffer, end)
        if not kinds[character(buffer, before)[0]] & WHITESPACE:
            break
        end = before
    length = 0
    place = start
    while place < end:
        byte = buffer[place]
        if byte < 0x80:
            form = forms[byte]
            scratch[length] = form
            length += form != 0
            place += 1
            continue
        code, after = character(buffer, place)
        form = forms[code]
        if code == CAPITAL_SIGMA:
            form = FINAL_SIGMA if _is_final_sigma(buffer, place, start, end, kinds) else SMALL_SIGMA
        while form:
            scratch[length] = form & 0xFF
            form >>= 8
            length += 1
        place = after
    return length


@njit(types.uint32(types.uint32, types.int64), cache=True)
def _rotated(word, bits):  # type: ignore[no-untyped-def]
    return np.uint32(word << np.uint32(bits) | word >> np.uint32(32 - bits))


@njit(types.void(WORK, types.int64), cache=True)
def _start(state, lane):  # type: ignore[no-untyped-def]
    """Sets `state` [STATE_ROWS, LANES] of one lane to the initial value."""
    for register, word in enumerate((0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)):
        state[register, lane] = word


@njit(types.void(WORK, WORK), cache=True)
def _take_blocks(work, state):  # type: ignore[no-untyped-def]
    """Takes one block a lane, the 16 words work[:16], into `state` (FIPS 180-4, section 6.1). `work` [WORK_ROWS, LANES]: working space."""
    for t in range(16, 80):
        for lane in range(LANES):
            mixed = work[row(t - 3), lane] ^ work[row(t - 8), lane] ^ work[row(t - 14), lane] ^ work[row(t - 16), lane]
            work[row(t), lane] = _rotated(mixed, 1)
    for lane in range(LANES):
        work[row(ROUND_A - 1), lane], work[row(ROUND_A - 2), lane] = state[0, lane], state[1, lane]
        work[row(ROUND_C - 2), lane] = _rotated(state[1, lane], 30)
        work[row(ROUND_C - 3), lane], work[row(ROUND_C - 4), lane], work[row(ROUND_C - 5), lane] = (
            state[2, lane],
            state[3, lane],
            state[4, lane],
        )
    for t in range(80):
        for lane in range(LANES):
            a, b = work[row(ROUND_A + t - 1), lane], work[row(ROUND_A + t - 2), lane]
            c, d, e = work[row(ROUND_C + t - 3), lane], work[row(ROUND_C + t - 4), lane], work[row(ROUND_C + t - 5), lane]
            if t < 20:
                mixed = np.uint32((d ^ (b & (c ^ d))) + np.uint32(0x5A827999))
            elif t < 40:
                mixed = np.uint32((b ^ c ^ d) + np.uint32(0x6ED9EBA1))
            elif t < 60:
                mixed = np.uint32(((b & c) | (d & (b | c))) + np.uint32(0x8F1BBCDC))
            else:
                mixed = np.uint32((b ^ c ^ d) + np.uint32(0xCA62C1D6))
            work[row(ROUND_A + t), lane] = np.uint32(_rotated(a, 5) + mixed + e + work[row(t), lane])
            work[row(ROUND_C + t - 1), lane] = _rotated(a, 30)
    for lane in range(LANES):
        state[0, lane] += work[row(ROUND_A + 79), lane]
        state[1, lane] += work[row(ROUND_A + 78), lane]
        for register in range(2, 5):
            state[register, lane] += work[row(ROUND_C + 79 - register), lane]


@njit(types.int64(SCRATCH, types.int64), cache=True)
def _pad(scratch, length):  # type: ignore[no-untyped-def]
    """Ends the message scratch[:length] as SHA-1 wants it, with at most 72 bytes; returns the length, in whole blocks of 64 bytes."""
    end = (length + 8) // 64 * 64 + 64
    scratch[length] = 0x80
    for place in range(length + 1, end - 8):
        scratch[place] = 0
    for k in range(8):
        scratch[end - 1 - k] = (8 * length) >> (8 * k) & 0xFF
    return end


@njit(types.void(SCRATCH, types.int64, types.int64, WORK), cache=True)
def _load(scratch, place, lane, work):  # type: ignore[no-untyped-def]
    """Puts the block at `place` into its lane as 16 big-endian words."""
    for t in range(16):
        at = np.uint64(place + 4 * t)
        high = np.uint32(scratch[at]) << np.uint32(24) | np.uint32(scratch[at + row(1)]) << np.uint32(16)
        low = np.uint32(scratch[at + row(2)]) << np.uint32(8) | np.uint32(scratch[at + row(3)])
        work[row(t), row(lane)] = high | low


@njit(types.uint64(types.uint32, types.uint32), cache=True)
def _hash(first, second):  # type: ignore[no-untyped-def]
    """The 8 bytes of two big-endian words, read as one little-endian integer."""
    value = np.uint64(0)
    for k in range(4):
        value |= np.uint64(first >> np.uint32(24 - 8 * k) & np.uint32(0xFF)) << np.uint64(8 * k)
        value |= np.uint64(second >> np.uint32(24 - 8 * k) & np.uint32(0xFF)) << np.uint64(8 * k + 32)
    return value


@njit(types.void(BYTES, PLACES, PLACES, WORDS, SCRATCH, types.uint64[::1]), cache=True)
def hash_lines(buffer, starts, ends, forms, kinds, hashes):  # type: ignore[no-untyped-def]
    """Writes the hash of each line to `hashes` [lines].

    `forms` [code points]: the normal form of each as UTF-8, its first byte lowest, 0 where it is deleted. `kinds` [code points]: bits.
    A lane takes the next line as soon as its own is done, so lines of any lengths keep all lanes at work.
    """
    lanes = int(LANES)
    longest = 0
    for number in range(len(starts)):
        longest = max(longest, ends[number] - starts[number])
    scratch = np.empty((lanes, longest + longest // 2 + 72), np.uint8)
    work, state = np.zeros((WORK_ROWS, lanes), np.uint32), np.empty((STATE_ROWS, lanes), np.uint32)
    line, place, end = np.full(lanes, -1), np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    begun = done = 0
    while done < len(starts):
        for lane in range(lanes):
            if line[lane] < 0 and begun < len(starts):
                line[lane], place[lane] = begun, 0
                end[lane] = _pad(scratch[lane], _normalise(buffer, starts[begun], ends[begun], forms, kinds, scratch[lane]))
                _start(state, lane)
                begun += 1
            if line[lane] >= 0:
                _load(scratch[lane], place[lane], lane, work)
        _take_blocks(work, state)
        for lane in range(lanes):
            place[lane] += 64
            if line[lane] >= 0 and place[lane] == end[lane]:
                hashes[line[lane]] = _hash(state[0, lane], state[1, lane])
                line[lane] = -1
                done += 1
