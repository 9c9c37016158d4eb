"""langdetect's detector as loops: n-grams of the first characters, then seven trials that multiply probabilities of n-grams drawn at random.

The tables are made in `transforms.detection`. All compiled code stands in this one file: numba does not notice that a function which a
cached one calls was changed in another file. Sums run from left to right and nothing is fused, so scores are equal to the last bit.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.int64[::1]
CODES = types.int32[::1]
FLAGS = types.uint8[::1]
REALS = types.float64[::1]
GRAMS = types.Tuple((types.uint64[::1], CODES, types.float64[:, ::1]))
"""A hash table of the n-grams (key, FREE where there is none; row), and [rows, languages] how frequent each is in each language."""
STREAM = types.Tuple((types.uint32[::1], REALS, REALS))
"""The generator's 32-bit words from its seed on; per place in them, the weights that a pair of Gaussian numbers drawn there gives."""

FREE = np.uint64(0)
SPACE = 0x20
FIRST_LATIN, LAST_LATIN, FIRST_NON_LATIN = 0x41, 0x7A, 0x300  # code: langdetect cleaning_text, 'A' <= character <= 'z', >= '\u0300'
TRIALS = 7  # code: Detector.n_trial
ITERATION_LIMIT = 1000  # code: Detector.ITERATION_LIMIT
CONVERGENCE = 0.99999  # code: Detector.CONV_THRESHOLD
NORMALISE_EVERY = 5  # code: Detector._detect_block
BITS = np.uint64(21)
"""Of a code point in the key of an n-gram, the last character lowest."""
MIX = np.uint64(0x9E3779B97F4A7C15)


@njit(types.int64(types.uint64, types.int64), cache=True)
def _slot(key, slots):  # type: ignore[no-untyped-def]
    """Where the search for a key begins; `slots` is a power of two."""
    key = (key ^ key >> np.uint64(23)) * MIX
    return np.int64(key >> np.uint64(24)) & (slots - 1)


@njit(types.void(types.uint64[::1], types.uint64[::1], CODES), cache=True)
def fill_slots(keys, slots, rows):  # type: ignore[no-untyped-def]
    """Enters every key with its number."""
    for number in range(len(keys)):
        slot = _slot(keys[number], len(slots))
        while slots[slot] != FREE:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = keys[number]
        rows[slot] = number


@njit(types.int32(types.uint64, GRAMS), cache=True)
def _row(key, grams):  # type: ignore[no-untyped-def]
    """The row of an n-gram, -1 where no language has it."""
    slots, rows = grams[0], grams[1]
    slot = _slot(key, len(slots))
    while slots[slot] != FREE:
        if slots[slot] == key:
            return rows[slot]
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@njit(types.int64(BYTES, types.int64, types.int64, CODES), cache=True)
def _read(buffer, place, end, codes):  # type: ignore[no-untyped-def]
    """Writes the first characters, as many as `codes` holds, without Latin letters where most are not Latin; gives their number. Runs of
    spaces, which langdetect makes one, stay: no n-gram goes over a space."""
    count = latin = other = 0
    while place < end and count < len(codes):
        code, place = character(buffer, place)
        codes[count] = code
        count += 1
        latin += FIRST_LATIN <= code <= LAST_LATIN
        other += code >= FIRST_NON_LATIN
    if latin * 2 < other:
        kept = 0
        for index in range(count):
            code = codes[index]
            if code < FIRST_LATIN or code > LAST_LATIN:
                codes[kept] = code
                kept += 1
        return kept
    return count


@njit(types.int64(CODES, types.int64, CODES, FLAGS, GRAMS, CODES), cache=True)
def _extract(codes, count, forms, upper, grams, found):  # type: ignore[no-untyped-def]
    """Writes the rows of the n-grams of one to three characters, those within a word of capitals left out; gives their number."""
    size = 0
    first, second, last = 0, 0, SPACE  # the three latest characters, 0 where there is none since the last space
    capitals = False
    for index in range(count):
        code = forms[codes[index]]
        if last == SPACE:
            first = second = 0
            capitals = False
            if code == SPACE:
                continue
        if upper[code]:
            if upper[last]:
                capitals = True
        else:
            capitals = False
        first, second, last = second, last, code
        if capitals:
            continue
        key = np.uint64(last)
        if last != SPACE:
            row = _row(key, grams)
            if row >= 0:
                found[size] = row
                size += 1
        key |= np.uint64(second) << BITS
        row = _row(key, grams)
        if row >= 0:
            found[size] = row
            size += 1
        if first:
            row = _row(key | np.uint64(first) << (BITS + BITS), grams)
            if row >= 0:
                found[size] = row
                size += 1
    return size


@njit(types.void(CODES, types.int64, types.float64[:, ::1], STREAM, REALS, REALS), cache=True)
def _try(found, size, frequencies, stream, trial, mean):  # type: ignore[no-untyped-def]
    """Writes to `mean` [languages] the probabilities: the mean of the trials. `trial`: working space."""
    words, weights, next_weights = stream
    bits = 0
    while size >> bits:
        bits += 1
    shift = np.uint32(32 - bits)
    mean[:] = 0.0
    place = 0
    next_weight = 0.0
    for number in range(TRIALS):
        trial[:] = 1.0 / len(trial)
        if number % 2:
            weight = next_weight
        else:
            weight, next_weight = weights[place], next_weights[place]
            place += 4
        iteration = 0
        while True:
            pick = np.int64(words[place] >> shift)
            place += 1
            while pick >= size:
                pick = np.int64(words[place] >> shift)
                place += 1
            row = found[pick]
            for language in range(len(trial)):
                trial[language] *= weight + frequencies[row, language]
            if iteration % NORMALISE_EVERY == 0:
                total = 0.0
                for language in range(len(trial)):
                    total += trial[language]
                highest = 0.0
                for language in range(len(trial)):
                    trial[language] /= total
                    highest = max(highest, trial[language])
                if highest > CONVERGENCE or iteration >= ITERATION_LIMIT:
                    break
            iteration += 1
        for language in range(len(trial)):
            mean[language] += trial[language] / TRIALS


@njit(types.void(BYTES, PLACES, types.int64, CODES, FLAGS, GRAMS, STREAM, CODES, REALS), cache=True)
def detect_languages(buffer, offsets, characters, forms, upper, grams, stream, languages, scores):  # type: ignore[no-untyped-def]
    """Writes the most probable language of each text, by its first characters, and its probability; -1 and 0 where no n-gram is known."""
    codes = np.empty(characters, np.int32)
    found = np.empty(3 * characters, np.int32)
    trial = np.empty(grams[2].shape[1])
    mean = np.empty(grams[2].shape[1])
    for text in range(len(offsets) - 1):
        languages[text], scores[text] = -1, 0.0
        count = _read(buffer, offsets[text], offsets[text + 1], codes)
        size = _extract(codes, count, forms, upper, grams, found)
        if size == 0:
            continue
        _try(found, size, grams[2], stream, trial, mean)
        best = 0
        for language in range(1, len(mean)):
            if mean[language] > mean[best]:
                best = language
        languages[text], scores[text] = best, mean[best]
