"""KenLM's score of documents that are numbers of words, from the tables of `transforms.arpa`.

code: kenlm GenericModel::FullScore and ScoreSentence: probabilities and backoffs are float32, the backoffs of the shorter contexts are added
first, and the total is float32 as well. Any other order gives other totals: they differ by 0.35 on long documents.

An n-gram is found by the cell of its context, which is all its words but the last, and its last word: exactly, without fingerprints. All
words of some documents are looked up with one word of context, then all with two and so on: then no look-up waits for the one before it.
"""

import numpy as np
from numba import njit, types

PLACES = types.Array(types.int64, 1, "C", readonly=True)
WORDS = types.Array(types.int32, 1, "C", readonly=True)
BYTES = types.Array(types.uint8, 1, "C", readonly=True)
WEIGHTS = types.Array(types.float32, 2, "C", readonly=True)
KEYS = types.uint64[:, ::1]
TABLE = types.Tuple([KEYS, types.float32[:, ::1]])
TABLES = types.UniTuple(TABLE, 2)
VOCABULARY = types.Tuple([types.int32[::1], WORDS, BYTES])
CELLS = types.int64[::1]

# Columns of a cell: its key and the words that may follow as 64-bit numbers, the others as float32.
KEY, PROBABILITY, BACKOFF, FOLLOWERS = 0, 2, 3, 2
NONE = np.int64(-1)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # ours: Fibonacci hashing
BLOCK = 4096  # ours: words looked up together; their cells stay in a processor's cache


@njit(types.UniTuple(types.int64, 2)(KEYS, types.int64, types.int64, types.int64), cache=True)
def _cell(keys, first, context, word):  # type: ignore[no-untyped-def]
    """(cell, 1) of context and word in the table from its cell `first` on, or (the free cell where they would stand, 0)."""
    key = np.uint64(context + 1) << np.uint64(32) | np.uint64(word)
    mixed = key * MULTIPLIER
    mixed = (mixed ^ mixed >> np.uint64(32)) * MULTIPLIER >> np.uint64(32)
    cell = np.uint64(first) + (mixed * np.uint64(len(keys) - first) >> np.uint64(32))
    while keys[cell, KEY] != key:
        if keys[cell, KEY] == 0:
            return np.int64(cell), 0
        cell += np.uint64(1)
        if cell == np.uint64(len(keys)):
            cell = np.uint64(first)
    return np.int64(cell), 1


@njit(types.uint64(types.int64), cache=True)
def _bit(word):  # type: ignore[no-untyped-def]
    """Of 64, the one by which a context knows that the word may follow: most that do not need no look at the table."""
    return np.uint64(1) << (np.uint64(word) * MULTIPLIER >> np.uint64(58))


@njit(types.void(CELLS, types.int64, types.int64, CELLS, types.float32[::1], TABLE, TABLE, types.int64), cache=True)
def _extend(words, start, end, cells, probabilities, contexts, table, first):  # type: ignore[no-untyped-def]
    """Looks up the words [start + 1, end) of a document with one word more of context.

    `cells` [words]: that of the n-gram that ends at each word, NONE where there is none, and afterwards that of the one a word longer.
    """
    for place in range(end - 1, start, -1):
        context = cells[place - 1]
        cells[place] = NONE
        if context == NONE:
            continue
        word = words[place]
        if contexts[0][np.uint64(context), FOLLOWERS] & _bit(word):
            cell, found = _cell(table[0], first, context, word)
            if found:
                cells[place] = cell
                probabilities[place] = table[1][np.uint64(cell), PROBABILITY]
                continue
        probabilities[place] += contexts[1][np.uint64(context), BACKOFF]
    cells[start] = NONE


@njit(types.void(WORDS, PLACES, TABLES, types.UniTuple(types.int64, 4), types.float32[::1]), cache=True)
def score(words, offsets, tables, sizes, totals):  # type: ignore[no-untyped-def]
    """Writes the log10 probability of each document and of the end after the beginning to `totals` [documents].

    `words`: of all documents, the n-gram model's numbers; `sizes`: `<s>`, `</s>`, the number of words the model has, its order.
    """
    begin, stop, vocabulary, order = sizes
    middle, longest = tables
    documents = len(offsets) - 1
    first = 0
    while first < documents:
        last = first + 1
        while last < documents and offsets[last + 1] - offsets[first] <= BLOCK:
            last += 1
        size = offsets[last] - offsets[first] + 2 * (last - first)
        numbers, cells, probabilities = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float32)
        starts = np.empty(last - first + 1, np.int64)
        place = 0
        for document in range(first, last):
            starts[document - first] = place
            numbers[place] = begin
            for word in range(offsets[document], offsets[document + 1]):
                place += 1
                numbers[place] = words[word]
            numbers[place + 1] = stop
            place += 2
        starts[last - first] = place
        for place in range(size):
            cells[place] = numbers[place]
            probabilities[place] = middle[1][np.uint64(numbers[place]), PROBABILITY]
        for length in range(2, order + 1):
            for document in range(last - first):
                table, origin = (longest, 0) if length == order else (middle, vocabulary)
                _extend(numbers, starts[document], starts[document + 1], cells, probabilities, middle, table, origin)
        for document in range(last - first):
            total = np.float32(0)
            for place in range(starts[document] + 1, starts[document + 1]):
                total += probabilities[place]
            totals[first + document] = total
        first = last


@njit(types.int64(BYTES, types.int64, types.int64, VOCABULARY), cache=True)
def _slot(letters, start, end, vocabulary):  # type: ignore[no-untyped-def]
    """The slot of the word letters[start:end]: the one that holds its number, or the free one where it would stand."""
    slots, offsets, known = vocabulary
    value = np.uint64(0)
    for place in range(start, end):
        value = (value ^ np.uint64(letters[place])) * MULTIPLIER
    slot = np.int64(value >> np.uint64(32)) & (len(slots) - 1)
    while slots[slot] >= 0:
        first = np.int64(offsets[slots[slot]])
        if offsets[slots[slot] + 1] - first == end - start:
            same = 0
            while same < end - start and known[first + same] == letters[start + same]:
                same += 1
            if same == end - start:
                break
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@njit(types.boolean(VOCABULARY), cache=True)
def fill_slots(vocabulary):  # type: ignore[no-untyped-def]
    """Enters the numbers of all words into the slots [a power of two], which are -1 before. False where a word is there twice."""
    slots, offsets, letters = vocabulary
    for word in range(len(offsets) - 1):
        slot = _slot(letters, np.int64(offsets[word]), np.int64(offsets[word + 1]), vocabulary)
        if slots[slot] >= 0:
            return False
        slots[slot] = word
    return True


@njit(types.boolean(BYTES, WORDS, VOCABULARY, types.int64[:, ::1]), cache=True)
def _numbers(letters, offsets, vocabulary, found):  # type: ignore[no-untyped-def]
    """Writes the numbers of the words of each n-gram to `found` [order, n-grams]. False where there are others."""
    order = len(found)
    for row in range(len(offsets) - 1):
        start, last = np.int64(offsets[row]), np.int64(offsets[row + 1])
        for index in range(order):
            end = start
            while end < last and letters[end] != 0x20:
                end += 1
            word = vocabulary[0][_slot(letters, start, end, vocabulary)]
            if word < 0 or (end == last) != (index == order - 1):
                return False
            found[index, row] = word
            start = end + 1
    return True


@njit(types.boolean(types.int64[:, ::1], TABLE, types.int64, CELLS), cache=True)
def _find(words, middle, vocabulary, cells):  # type: ignore[no-untyped-def]
    """Writes the cell of each n-gram `words` [order, n-grams] to `cells`. False where one is not there."""
    cells[:] = words[0]
    missing = 0
    for index in range(1, len(words)):
        for row in range(len(cells)):
            cells[row], found = _cell(middle[0], vocabulary, cells[row], words[index, row])
            missing += 1 - found
    return missing == 0


@njit(types.boolean(BYTES, WORDS, WEIGHTS, types.int64, types.boolean, VOCABULARY, TABLES), cache=True)
def enter(letters, offsets, weights, order, is_longest, vocabulary, tables):  # type: ignore[no-untyped-def]
    """Enters n-grams of one order, each its words with a space between, all shorter ones being there already.

    `weights` [2, n-grams]: probability and backoff. False where an n-gram is not as it must be: a word that is no unigram, its first or its
    last words not there as an n-gram themselves, or there twice.
    """
    middle, longest = tables
    size, rows = len(vocabulary[1]) - 1, len(offsets) - 1
    words, contexts = np.empty((order, rows), np.int64), np.empty(rows, np.int64)
    if not _numbers(letters, offsets, vocabulary, words):
        return False
    if order > 2 and not (_find(words[1:order], middle, size, contexts)):
        return False
    if not _find(words[: order - 1], middle, size, contexts):
        return False
    table, first = (longest, 0) if is_longest else (middle, size)
    for row in range(rows):
        context, word = contexts[row], words[order - 1, row]
        cell, twice = _cell(table[0], first, context, word)
        if twice:
            return False
        table[0][cell, KEY] = np.uint64(context + 1) << np.uint64(32) | np.uint64(word)
        table[1][cell, PROBABILITY] = weights[0, row]
        if not is_longest:
            table[1][cell, BACKOFF] = weights[1, row]
        middle[0][context, FOLLOWERS] |= _bit(word)
    return True
