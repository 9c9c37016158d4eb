"""Hashes of word n-grams in one pass over UTF-8 bytes, with a state that goes on from one piece of a text to the next.

The tables of characters are made in `transforms.shingles`. All compiled code but the reader of characters stands in this one file: numba
does not notice that a function which a cached one calls was changed in another file.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
FORMS = types.int32[::1]
MARKS = types.uint8[::1]
HASHES = types.uint64[::1]

EXPANDED = 0x200000
"""Forms from here on name a place in the expansions: a length, then so many forms. Below: 0 separates words, else a code point of a word."""
SLACK = 32
"""ours: free places that the output must have left before a character is taken; the longest expansion of Unicode has 18 characters."""

OPEN, WORD, ROLLING, WORDS, SLOT, RING = range(6)
"""Places in the state: whether a word has begun, its hash so far, the n-gram's hash before the last mixing, words seen, where in the ring the
oldest word's hash lies; from RING on the hashes of the last n words, 0 where there were fewer."""

SEED = np.uint64(0x9E3779B97F4A7C15)
LETTER = np.uint64(0xD6E8FEB86659FD93)
SHIFT = np.uint64(32)
WEIGHT = np.uint64(0x9FB21C651E98DF25)
"""ours: odd, so that n-grams which differ in one word never meet unless the words' hashes do, and 5 modulo 8, so that two words which change
places cancel in few low bits alone."""
FIRST_MIX, SECOND_MIX, MIX_SHIFT = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33)  # code: MurmurHash3 fmix64
ONE = np.uint64(1)


@njit(types.uint64(types.uint64), cache=True)
def _mixed(value):  # type: ignore[no-untyped-def]
    """A permutation of the 64-bit numbers in which every bit hangs on every bit."""
    value = (value ^ value >> MIX_SHIFT) * FIRST_MIX
    value = (value ^ value >> MIX_SHIFT) * SECOND_MIX
    return value ^ value >> MIX_SHIFT


@njit(types.uint64(types.int64), cache=True)
def _oldest_weight(n):  # type: ignore[no-untyped-def]
    """What a word's hash has been multiplied by once n more words have come."""
    weight = ONE
    for _ in range(n):
        weight *= WEIGHT
    return weight


@njit(types.int64(types.uint64, types.uint64, HASHES, HASHES, types.int64), cache=True)
def _end_word(word, oldest_weight, state, out, count):  # type: ignore[no-untyped-def]
    """Takes a whole word into the state; writes the n-gram that ends with it, if there are n words; gives the number of hashes in `out`."""
    n = len(state) - RING
    slot = np.int64(state[SLOT])
    mixed = _mixed(word)
    rolling = state[ROLLING] * WEIGHT + mixed - state[RING + slot] * oldest_weight
    state[ROLLING] = rolling
    state[RING + slot] = mixed
    slot += 1
    state[SLOT] = 0 if slot == n else slot
    words = np.int64(state[WORDS]) + 1
    state[WORDS] = words
    if words < n:
        return count
    out[count] = _mixed(rolling)
    return count + 1


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, FORMS, FORMS, HASHES, HASHES, types.int64), cache=True)
def hash_ngrams(buffer, place, end, forms, expansions, state, out, count):  # type: ignore[no-untyped-def]
    """Takes the characters of buffer[place:end] until they end or `out` is full; gives the place after the last and the hashes in `out`.

    `forms` [code points, or 128 where the buffer is ASCII], `expansions`: see EXPANDED. `out` holds `count` hashes already.
    """
    limit = len(out) - SLACK
    oldest_weight = _oldest_weight(len(state) - RING)
    word, is_open = state[WORD], state[OPEN] != 0
    while place < end and count < limit:
        code = np.int64(buffer[place])
        if code < 0x80:
            place += 1
        else:
            code, place = character(buffer, place)
        form = np.int64(forms[code])
        if form == 0:
            if is_open:
                count = _end_word(word, oldest_weight, state, out, count)
                word, is_open = SEED, False
        elif form < EXPANDED:
            word = (word ^ np.uint64(form)) * LETTER
            word ^= word >> SHIFT
            is_open = True
        else:
            at = form - EXPANDED
            for index in range(at + 1, at + 1 + expansions[at]):
                form = np.int64(expansions[index])
                if form:
                    word = (word ^ np.uint64(form)) * LETTER
                    word ^= word >> SHIFT
                    is_open = True
                elif is_open:
                    count = _end_word(word, oldest_weight, state, out, count)
                    word, is_open = SEED, False
    state[WORD], state[OPEN] = word, np.uint64(is_open)
    return place, count


@njit(types.int64(HASHES, HASHES, types.int64), cache=True)
def finish(state, out, count):  # type: ignore[no-untyped-def]
    """Ends the text: its last word, and where it has fewer than n words the one n-gram of all of them; gives the hashes in `out`."""
    n = len(state) - RING
    if state[OPEN]:
        count = _end_word(state[WORD], _oldest_weight(n), state, out, count)
    if 0 < state[WORDS] < n:
        out[count] = _mixed(state[ROLLING])
        count += 1
    return count


@njit(types.int64(BYTES, types.int64, types.int64, MARKS), cache=True)
def next_clean(buffer, place, end, marks):  # type: ignore[no-untyped-def]
    """The first place from `place` on, at most `end`, where a character begins that is no mark."""
    while place < end:
        if buffer[place] & 0xC0 != 0x80 and not marks[character(buffer, place)[0]]:
            return place
        place += 1
    return end


@njit(types.int64(BYTES, types.int64, types.int64, MARKS), cache=True)
def next_marked(buffer, place, end, marks):  # type: ignore[no-untyped-def]
    """The place of the first character from `place` on that a mark follows, or that is one itself; `end` where there is none."""
    before = place
    while place < end:
        if buffer[place] < 0x80:
            before = place
            place += 1
            continue
        code, after = character(buffer, place)
        if marks[code]:
            return before
        before, place = place, after
    return end


@njit(types.int64(BYTES, MARKS), cache=True)
def longest_run(buffer, marks):  # type: ignore[no-untyped-def]
    """How many marks follow each other at most."""
    longest = run = place = 0
    while place < len(buffer):
        code, place = character(buffer, place)
        run = run + 1 if marks[code] else 0
        longest = max(longest, run)
    return longest
