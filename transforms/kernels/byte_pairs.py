"""SentencePiece's BPE over the UTF-8 buffer of a batch, unit by unit, with a cache of units. The model: `transforms.byte_pairs`.

code: sentencepiece 0.2.3, bpe_model.cc, SampleEncode with alpha 0: of all adjacent symbols that make a piece those of the best score become one, the first
of them where scores are equal. Functions that are called for a unit take arrays one by one, and are small: numba counts references to what a tuple holds,
and to arrays where loops are left in several places, which took most of the time.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

I64, U64 = types.int64, types.uint64
BYTES, PLACES = (types.Array(kind, 1, "C", readonly=True) for kind in (types.uint8, types.int64))
FLAGS, INDEX, SLOTS = types.boolean[::1], types.int32[::1], types.uint64[:, ::1]
MODEL = types.Tuple([FLAGS, INDEX, SLOTS, INDEX, INDEX, INDEX])
"""Which characters join; symbols of characters; pairs; pieces of symbols; user-defined pieces; pieces of bytes, or the unknown piece."""
TOKENS, LETTERS, STATE = types.uint32[::1], types.uint8[::1], types.int64[::1]
CACHE = types.Tuple([SLOTS, TOKENS, LETTERS, STATE])
"""Slots; records; letters; how many of each are used."""
ROWS, KEYS = types.int32[:, ::1], types.uint64[::1]
WORK = types.Tuple([STATE, KEYS, ROWS, STATE])
"""Ends of units; their keys; rows of characters; a tree over those."""
APPENDED = types.Tuple([I64, I64, types.boolean])

SPACE, MARK, NONE, NEVER = 0x20, 0x2581, -1, 1 << 62
EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # ours: 2^64 over the golden ratio, odd
ASCII_JOINS = 1 << 14
JOIN_BITS = 18  # ours: 256 KB, of which 32,000 pieces of many scripts fill some per cent
PAGE_BITS, PAGES = 8, 0x110000 >> 8
MOST = 3  # tokens of a byte at most: a space that is no piece is the three bytes of U+2581
SHORT = 7  # bytes of a unit that is its own key, with its length above them
LOAD = 4  # ours: slots of a unit
BLOCK = 4096  # ours: bytes that are cut at a time
LONGEST = 64  # ours: bytes of a unit that is stored; longer ones hardly come twice
CHARACTER, SYMBOL, FOLLOWING, BEFORE, MERGED = range(5)
"""Columns of the working space, a row a character."""


@njit(I64(I64, I64), cache=True)
def join_place(first, second):  # type: ignore[no-untyped-def]
    """Where the table of joins has two characters: those of ASCII have places of their own, others by a hash."""
    if first | second < 0x80:
        return first << 7 | second
    return I64(ASCII_JOINS + ((U64(first) << U64(21) | U64(second)) * MULTIPLIER >> U64(64 - JOIN_BITS)))


@njit(U64(U64, I64), cache=True)
def first_slot(key, size):  # type: ignore[no-untyped-def]
    """Where a key is looked for first in a table of `size` slots, a power of two."""
    value = key * MULTIPLIER
    return (value ^ value >> U64(32)) & U64(size - 1)


@njit(I64(I64, INDEX), cache=True)
def _symbol(letter, symbols):  # type: ignore[no-untyped-def]
    """Symbol of a character, negative where it is in no piece."""
    page = I64(symbols[U64(letter >> PAGE_BITS)])
    return I64(symbols[U64(page + (letter & ((1 << PAGE_BITS) - 1)))])


@njit(I64(BYTES, I64, I64, INDEX, INDEX, ROWS), cache=True)
def _symbols(text, start, end, symbols, defined, work):  # type: ignore[no-untyped-def]
    """Fills in the characters of a unit and their symbols; a user-defined piece is one, -2 - its id. Returns how many.

    `defined`: of each symbol where the pieces that start with it begin, the longest first; of each piece its length, id and symbols.
    """
    length = count = at = 0
    while start < end:
        work[length, CHARACTER], start = character(text, start)
        work[length, SYMBOL] = _symbol(I64(work[length, CHARACTER]), symbols)
        length += 1
    if len(defined) == 0:
        return length
    while at < length:
        symbol, taken = work[at, SYMBOL], 1
        piece, last = (defined[symbol], defined[symbol + 1]) if symbol >= 0 else (0, 0)
        while piece < last:
            size, same = defined[piece], 0
            while same < size and at + same < length and defined[piece + 2 + same] == work[at + same, SYMBOL]:
                same += 1
            if same == size:
                symbol, taken = -2 - defined[piece + 1], size
                break
            piece += 2 + size
        work[count, CHARACTER], work[count, SYMBOL] = work[at, CHARACTER], symbol
        count += 1
        at += taken
    return count


@njit(I64(I64, I64, I64, SLOTS, ROWS), cache=True)
def _rank(at, after, length, pairs, work):  # type: ignore[no-untyped-def]
    """rank << 32 | row of the symbols of two rows, what they become going into MERGED; NEVER where they make no piece."""
    if after == length or work[at, SYMBOL] < 0 or work[after, SYMBOL] < 0:
        return NEVER
    key = U64(work[at, SYMBOL]) << U64(32) | U64(work[after, SYMBOL])
    slot = first_slot(key, len(pairs))
    while pairs[slot, 0] != key:
        if pairs[slot, 0] == EMPTY:
            return NEVER
        slot = (slot + U64(1)) & U64(len(pairs) - 1)
    value = I64(pairs[slot, 1])
    work[at, MERGED] = value & 0xFFFFFFFF
    return value >> 32 << 32 | at


@njit(types.void(STATE, I64, I64), cache=True)
def _set(tree, place, key):  # type: ignore[no-untyped-def]
    """Sets a leaf; each node above is the smaller of the two below it."""
    tree[U64(place)] = key
    while place > 1:
        key = min(key, tree[U64(place ^ 1)])
        place >>= 1
        if tree[U64(place)] == key:
            break
        tree[U64(place)] = key


@njit(types.void(I64, SLOTS, ROWS, STATE), cache=True)
def _merge(length, pairs, work, tree):  # type: ignore[no-untyped-def]
    """Merges the symbols of a unit; those that are left are chained from row 0 by FOLLOWING.

    The leaves of the tree are the ranks of each symbol with the one after it, so its root is the pair that is merged next.
    """
    leaves = 1
    while leaves < length:
        leaves *= 2
    for at in range(length):
        work[at, FOLLOWING], work[at, BEFORE] = at + 1, at - 1
        tree[leaves + at] = _rank(at, at + 1, length, pairs, work)
    for at in range(leaves + length, 2 * leaves):
        tree[at] = NEVER
    for node in range(leaves - 1, 0, -1):
        tree[node] = min(tree[2 * node], tree[2 * node + 1])
    while tree[1] != NEVER:
        at = tree[1] & 0xFFFFFFFF
        work[at, SYMBOL] = work[at, MERGED]
        gone, left = I64(work[at, FOLLOWING]), I64(work[at, BEFORE])
        after = I64(work[gone, FOLLOWING])
        work[at, FOLLOWING] = after
        if after < length:
            work[after, BEFORE] = at
        _set(tree, leaves + gone, NEVER)
        _set(tree, leaves + at, _rank(at, after, length, pairs, work))
        if left >= 0:
            _set(tree, leaves + left, _rank(left, at, length, pairs, work))


@njit(I64(I64, I64, INDEX, INDEX, TOKENS, I64), cache=True)
def _append_symbol(symbol, letter, pieces, others, tokens, count):  # type: ignore[no-untyped-def]
    """Appends a symbol's piece, or where it has none those of the character's bytes, or the unknown one. A space is U+2581."""
    piece = I64(pieces[U64(symbol)]) if symbol >= 0 else -2 - symbol
    if piece >= 0 or len(others) == 1:
        tokens[U64(count)] = piece if piece >= 0 else others[0]
        return count + 1
    letter = I64(MARK) if letter == SPACE else letter
    width = 1 if letter < 0x80 else 2 if letter < 0x800 else 3 if letter < 0x10000 else 4
    tokens[count] = others[(0xF00 >> width) & 0xFF | letter >> 6 * (width - 1)] if width > 1 else others[letter]
    for at in range(1, width):
        tokens[count + at] = others[0x80 | letter >> 6 * (width - 1 - at) & 0x3F]
    return count + width


@njit(I64(BYTES, I64, I64, INDEX, SLOTS, INDEX, INDEX, INDEX, ROWS, STATE, TOKENS, I64), cache=True)
def _append_merged(text, start, end, symbols, pairs, pieces, defined, others, work, tree, tokens, count):  # type: ignore[no-untyped-def]
    """Appends the tokens of a unit, which are made here; returns how many there are then."""
    if end - start > len(work):
        work, tree = np.empty((end - start, 5), np.int32), np.empty(4 * (end - start), np.int64)
    length = _symbols(text, start, end, symbols, defined, work)
    _merge(length, pairs, work, tree)
    at = I64(0)
    while at < length:
        count = _append_symbol(I64(work[at, SYMBOL]), I64(work[at, CHARACTER]), pieces, others, tokens, count)
        at = I64(work[at, FOLLOWING])
    return count


@njit(I64(BYTES, I64, I64, FLAGS, STATE, KEYS), cache=True)
def _cut(text, place, end, joins, ends, keys):  # type: ignore[no-untyped-def]
    """Cuts what comes next into units; their ends, and of those of SHORT bytes at most the bytes as a number. Returns how many: one at least.

    Whether a unit ends is no branch, as it can not be predicted.
    """
    last, before = place + len(ends), NONE
    count, key = U64(0), U64(0)
    while place < end and (place < last or count == 0):
        letter, after = I64(text[U64(place)]), place + 1
        if letter >= 0x80:
            letter, after = character(text, place)
        joined = before < 0 or joins[U64(join_place(before, letter))]
        key = key if joined else U64(0)
        for at in range(place, after):
            key = key << U64(8) | U64(text[U64(at)])
        before, place = letter, after
        count += U64(not joined)
        keys[count], ends[count] = key, place
    return I64(count) + (place == end)


@njit(U64(BYTES, I64, I64), cache=True)
def _hash(text, start, end):  # type: ignore[no-untyped-def]
    """The key of a unit of more than SHORT bytes: none of a shorter one, and never EMPTY."""
    value = U64(0)
    for place in range(U64(start), U64(end)):
        value = (value ^ U64(text[place])) * MULTIPLIER
        value ^= value >> U64(29)
    return value >> U64(8) | U64(0xFE) << U64(56)


@njit(types.boolean(BYTES, I64, I64, U64, TOKENS, LETTERS), cache=True)
def _is_unit(text, start, size, record, records, letters):  # type: ignore[no-untyped-def]
    """Whether a record is that of these bytes."""
    if I64(records[record]) != size:
        return False
    place = U64(records[record + U64(1)])
    for at in range(U64(size)):  # noqa: SIM110, as numba has no all() of a generator
        if letters[place + at] != text[U64(start) + at]:
            return False
    return True


@njit(U64(U64, U64, SLOTS), cache=True)
def _probe(key, slot, slots):  # type: ignore[no-untyped-def]
    """The first slot from this one that has the key or none."""
    mask = U64(len(slots) - 1)
    while slots[slot, 0] != key and slots[slot, 0] != EMPTY:
        slot = (slot + U64(1)) & mask
    return slot


@njit(U64(BYTES, I64, I64, U64, SLOTS, TOKENS, LETTERS), cache=True)
def _find_long(text, start, size, key, slots, records, letters):  # type: ignore[no-untyped-def]
    """The slot of a unit of more than SHORT bytes: the one that holds it, or the free one where it would stand."""
    mask = U64(len(slots) - 1)
    slot = _probe(key, first_slot(key, len(slots)), slots)
    while slots[slot, 0] != EMPTY and not _is_unit(text, start, size, slots[slot, 1] >> U64(2), records, letters):
        slot = _probe(key, (slot + U64(1)) & mask, slots)
    return slot


@njit(types.boolean(BYTES, I64, I64, U64, U64, SLOTS, TOKENS, LETTERS, STATE, TOKENS, I64, I64), cache=True)
def _store(text, start, size, key, slot, slots, records, letters, used, tokens, first, count):  # type: ignore[no-untyped-def]
    """Stores a unit with tokens[first:count]; false where there is no room.

    In the slot: one or two tokens and how many, in 31, 31 and 2 bits; or of a longer unit, or with more tokens, the place of its record and 0.
    A record: bytes, place of the letters, how many tokens, the tokens.
    """
    units, record, place = used
    if LOAD * units >= len(slots) or record + 3 + count - first > len(records) or place + size > len(letters):
        return False
    used[0] = units + 1
    slots[slot, 0] = key
    if size <= SHORT and count - first <= 2:
        slots[slot, 1] = U64(tokens[count - 1]) << U64(33) | U64(tokens[first]) << U64(2) | U64(count - first)
        return True
    slots[slot, 1] = U64(record) << U64(2)
    records[record], records[record + 1], records[record + 2] = size, place, count - first
    for at in range(count - first):
        records[record + 3 + at] = tokens[first + at]
    for at in range(size):
        letters[place + at] = text[start + at]
    used[1], used[2] = record + 3 + count - first, place + size
    return True


@njit(APPENDED(BYTES, I64, I64, MODEL, CACHE, WORK, TOKENS, I64), cache=True)
def _append(text, place, end, model, cache, work, tokens, count):  # type: ignore[no-untyped-def]
    """Appends the tokens of text[place:end]; (the place that it came to, how many tokens there are then, whether the cache has room)."""
    joins, symbols, pairs, pieces, defined, others = model
    slots, records, letters, used = cache
    ends, keys, rows, tree = work
    stored = True
    while place < end and stored:
        for number in range(_cut(text, place, end, joins, ends, keys)):
            start, place, first = place, ends[number], I64(count)
            size, byte = place - start, text[U64(start)]
            if count + MOST * size + 2 > len(tokens):
                return start, count, True
            if size > LONGEST:
                count = _append_merged(text, start, place, symbols, pairs, pieces, defined, others, rows, tree, tokens, count)
                continue
            if byte >= 0xC0 and size == 2 + (byte >= 0xE0) + (byte >= 0xF0):
                letter, _ = character(text, start)
                count = _append_symbol(_symbol(letter, symbols), letter, pieces, others, tokens, count)
                continue
            if size <= SHORT:
                key = keys[number] | U64(size) << U64(56)
                slot = _probe(key, first_slot(key, len(slots)), slots)
            else:
                key = _hash(text, start, place)
                slot = _find_long(text, start, size, key, slots, records, letters)
            value = slots[slot, 1]
            if slots[slot, 0] == EMPTY:
                count = _append_merged(text, start, place, symbols, pairs, pieces, defined, others, rows, tree, tokens, count)
                stored = _store(text, start, size, key, slot, slots, records, letters, used, tokens, first, count)
                if not stored:
                    break
            elif value & U64(3):
                tokens[U64(count)] = value >> U64(2) & U64(0x7FFFFFFF)
                tokens[U64(count + 1)] = value >> U64(33)  # where there is one, the next is written over it
                count += I64(value & U64(3))
            else:
                record = (value >> U64(2)) + U64(3)
                for at in range(U64(records[record - U64(1)])):
                    tokens[U64(count)] = records[record + at]
                    count += 1
    return place, count, stored


@njit(I64(BYTES, PLACES, STATE, MODEL, CACHE, WORK, TOKENS, STATE, STATE), cache=True)
def encode(buffer, offsets, options, model, cache, work, tokens, bounds, state):  # type: ignore[no-untyped-def]
    """Goes on with the documents of `offsets` [documents + 1] until they, or the room for tokens or units, end; returns how many tokens it wrote.

    `options`: the bytes of a document without a text (1 where each has got a space in front), the pieces to put before and after each (negative: none).
    `state`: the document and the place in it that come next (negative: it has not begun), how many tokens were written by this and former calls,
    and whether the cache is full. `bounds` [documents + 1] gets the number of the first token of each document.
    Nothing written though the cache is not full: the next unit needs more room than all of `tokens`.
    """
    empty, bos, eos = options
    document, place, earlier = state[:3]
    count, stored = I64(0), True
    while stored and document < len(offsets) - 1 and count + 2 <= len(tokens):
        start, end = offsets[document], offsets[document + 1]
        if place < 0:
            if bos >= 0:
                tokens[count] = bos
                count += 1
            place = end if end - start == empty else start
        place, count, stored = _append(buffer, place, end, model, cache, work, tokens, count)
        if place < end or count == len(tokens):
            break
        if eos >= 0:
            tokens[count] = eos
            count += 1
        document, place = document + 1, NONE
        bounds[document] = earlier + count
    state[0], state[1], state[2], state[3] = document, place, earlier + count, not stored
    return count
