"""SentencePiece's BPE over the UTF-8 buffer of a batch, unit by unit, with a cache of units. The model: `transforms.byte_pairs`.

code: sentencepiece 0.2.3, bpe_model.cc, SampleEncode with alpha 0: of all adjacent symbols that make a piece those of the best score become one, the first
of them where scores are equal.
"""

import numpy as np
from numba import njit, types

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.Array(types.int64, 1, "C", readonly=True)
FLAGS = types.boolean[::1]
INDEX = types.int32[::1]
SLOTS = types.uint64[:, ::1]
MODEL = types.Tuple([FLAGS, FLAGS, INDEX, INDEX, SLOTS, INDEX, INDEX, INDEX, INDEX, INDEX, INDEX])
"""Joins of ASCII and of other characters; pages and symbols of characters; pairs; ids of symbols; user-defined: starts, offsets, characters, ids; bytes."""
TOKENS, LETTERS = types.uint32[::1], types.uint8[::1]
CACHE = types.Tuple([SLOTS, TOKENS, LETTERS, types.int64[::1]])
"""Slots, tokens, letters, how much of each is used."""
WORK = types.Tuple([INDEX, INDEX, INDEX, INDEX, types.int64[::1], types.int64[::1]])
STATE = types.int64[::1]

SPACE, MARK = 0x20, 0x2581
PAGE_BITS = 8
JOIN_BITS = 18  # ours: 256 KB, of which 32,000 pieces of many scripts fill some per cent
EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # ours: 2^64 over the golden ratio, odd
NONE = np.int64(-1)

SHORT_KEY = 7  # bytes of a unit that is its own key, with its length above them
LONGEST_CACHED = 64  # ours: longer units hardly come twice
MOST = 3  # tokens of a byte at most: a space that is no piece is the three bytes of U+2581
WORK_SIZE = 512  # ours: characters of a unit for which no working space is made anew


@njit(types.int64(types.int64, types.int64), cache=True)
def join_place(first, second):  # type: ignore[no-untyped-def]
    """Where the table of joins has two characters that are not both ASCII."""
    return np.int64((np.uint64(first) << np.uint64(21) | np.uint64(second)) * MULTIPLIER >> np.uint64(64 - JOIN_BITS))


@njit(types.uint64(types.uint64, types.int64), cache=True)
def _slot(key, size):  # type: ignore[no-untyped-def]
    """Where a key is looked for first in a table of `size` slots, a power of two."""
    value = key * MULTIPLIER
    return (value ^ value >> np.uint64(32)) & np.uint64(size - 1)


@njit(SLOTS(SLOTS), cache=True)
def pair_slots(entries):  # type: ignore[no-untyped-def]
    """[a power of two, 2] Keys and values by the hash of the key, EMPTY where there is none. Of equal keys all values are equal."""
    size = 4
    while size < 2 * len(entries):
        size *= 2
    slots = np.full((size, 2), EMPTY, np.uint64)
    for number in range(len(entries)):
        slot = _slot(entries[number, 0], size)
        while slots[slot, 0] != EMPTY:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        slots[slot] = entries[number]
    return slots


@njit(types.int64(SLOTS, types.int64, types.int64), cache=True)
def _pair(slots, first, second):  # type: ignore[no-untyped-def]
    """rank << 32 | symbol of two symbols that make a piece, NONE of others."""
    if first < 0 or second < 0:
        return NONE
    key = np.uint64(first) << np.uint64(32) | np.uint64(second)
    slot = _slot(key, len(slots))
    while True:
        held = slots[slot, 0]
        if held == key:
            return np.int64(slots[slot, 1])
        if held == EMPTY:
            return NONE
        slot = (slot + np.uint64(1)) & np.uint64(len(slots) - 1)


@njit(types.UniTuple(types.int64, 2)(BYTES, types.uint64), cache=True)
def _character(text, place):  # type: ignore[no-untyped-def]
    """The code point at `place`, U+2581 being a space, and its bytes."""
    byte = np.int64(text[place])
    if byte < 0x80:
        return byte, np.int64(1)
    second = np.int64(text[place + np.uint64(1)]) & 0x3F
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | second, np.int64(2)
    third = np.int64(text[place + np.uint64(2)]) & 0x3F
    if byte < 0xF0:
        value = (byte & 0x0F) << 12 | second << 6 | third
        return (np.int64(SPACE) if value == MARK else value), np.int64(3)
    return (byte & 0x07) << 18 | second << 12 | third << 6 | np.int64(text[place + np.uint64(3)]) & 0x3F, np.int64(4)


@njit(types.int64(BYTES, types.int64, types.int64, types.int64, FLAGS, FLAGS), cache=True)
def _unit_end(text, place, end, before, plain, hashed):  # type: ignore[no-untyped-def]
    """Where the unit ends that text[place] continues: `before` is its last character so far, negative where there is none."""
    if before < 0:
        before, width = _character(text, np.uint64(place))
        place += width
    while place < end:
        character, width = _character(text, np.uint64(place))
        if before | character < 0x80:
            joins = plain[np.uint64(before << 7 | character)]
        else:
            joins = hashed[np.uint64(join_place(before, character))]
        if not joins:
            break
        before = character
        place += width
    return place


@njit(types.int64(BYTES, types.int64, types.int64, MODEL, WORK), cache=True)
def _symbols(text, start, end, model, work):  # type: ignore[no-untyped-def]
    """Fills in the characters of a unit and their symbols; a user-defined piece is one, -2 - its id. Returns how many."""
    pages, singles, firsts, offsets, letters, ids = model[2], model[3], model[6], model[7], model[8], model[9]
    characters, symbols = work[0], work[1]
    length = 0
    while start < end:
        character, width = _character(text, np.uint64(start))
        characters[length] = character
        length += 1
        start += width
    if len(ids) == 0:
        for at in range(length):
            character = np.int64(characters[at])
            symbols[at] = singles[pages[character >> PAGE_BITS] + (character & ((1 << PAGE_BITS) - 1))]
        return length
    count = at = 0
    while at < length:
        character = np.int64(characters[at])
        symbol = singles[pages[character >> PAGE_BITS] + (character & ((1 << PAGE_BITS) - 1))]
        taken = 1
        if symbol >= 0:
            for number in range(firsts[symbol], firsts[symbol + 1]):
                size = offsets[number + 1] - offsets[number]
                same = 0
                while same < size and at + same < length and letters[offsets[number] + same] == characters[at + same]:
                    same += 1
                if same == size:
                    symbol, taken = np.int32(-2 - ids[number]), size
                    break
        characters[count], symbols[count] = character, symbol
        count += 1
        at += taken
    return count


@njit(types.void(types.int64[::1], types.int64, types.int64), cache=True)
def _sink(heap, place, size):  # type: ignore[no-untyped-def]
    """Moves heap[place] down to where it is no larger than what is below it."""
    key = heap[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = key


@njit(types.int64(types.int64[::1], types.int64, types.int64), cache=True)
def _push(heap, size, key):  # type: ignore[no-untyped-def]
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if heap[parent] <= key:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = key
    return size + 1


@njit(types.void(types.int64, SLOTS, WORK), cache=True)
def _merge(length, pairs, work):  # type: ignore[no-untyped-def]
    """Merges the symbols of a unit; those that are left are chained by `following`, from 0.

    The heap holds rank << 32 | place of the first symbol. An entry counts where the two symbols that stand there now have that rank: merging them
    then is right, whichever two it was made for.
    """
    _, symbols, following, before, best, heap = work
    size = 0
    for at in range(length):
        following[at], before[at] = at + 1, at - 1
        best[at] = _pair(pairs, symbols[at], symbols[at + 1]) if at + 1 < length else NONE
        if best[at] >= 0:
            heap[size] = best[at] >> 32 << 32 | at
            size += 1
    for at in range(size // 2 - 1, -1, -1):
        _sink(heap, at, size)
    while size > 0:
        key = heap[0]
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            _sink(heap, 0, size)
        at = key & 0xFFFFFFFF
        if best[at] < 0 or best[at] >> 32 != key >> 32:
            continue
        symbols[at] = best[at] & 0xFFFFFFFF
        gone = following[at]
        after = following[gone]
        best[gone] = NONE
        following[at] = after
        best[at] = NONE
        if after < length:
            before[after] = at
            best[at] = _pair(pairs, symbols[at], symbols[after])
            if best[at] >= 0:
                size = _push(heap, size, best[at] >> 32 << 32 | at)
        left = before[at]
        if left >= 0:
            best[left] = _pair(pairs, symbols[left], symbols[at])
            if best[left] >= 0:
                size = _push(heap, size, best[left] >> 32 << 32 | left)


@njit(types.int64(types.int64, INDEX, TOKENS, types.int64), cache=True)
def _write_bytes(character, identifiers, tokens, count):  # type: ignore[no-untyped-def]
    """Writes a character that no piece is as the pieces of its bytes; a space is U+2581."""
    if character == SPACE:
        character = np.int64(MARK)
    if character < 0x80:
        tokens[count] = identifiers[character]
        return count + 1
    if character < 0x800:
        tokens[count] = identifiers[0xC0 | character >> 6]
        width = 2
    elif character < 0x10000:
        tokens[count] = identifiers[0xE0 | character >> 12]
        width = 3
    else:
        tokens[count] = identifiers[0xF0 | character >> 18]
        width = 4
    for at in range(1, width):
        tokens[count + at] = identifiers[0x80 | character >> 6 * (width - 1 - at) & 0x3F]
    return count + width


@njit(types.int64(BYTES, types.int64, types.int64, MODEL, WORK, TOKENS, types.int64), cache=True)
def _encode_unit(text, start, end, model, work, tokens, count):  # type: ignore[no-untyped-def]
    """Writes the tokens of a unit; returns how many there are then."""
    if end - start > WORK_SIZE:
        room = end - start
        work = (
            np.empty(room, np.int32),
            np.empty(room, np.int32),
            np.empty(room, np.int32),
            np.empty(room, np.int32),
            np.empty(room, np.int64),
            np.empty(2 * room, np.int64),
        )
    length = _symbols(text, start, end, model, work)
    _merge(length, model[4], work)
    identifiers, by_byte = model[5], model[10]
    characters, symbols, following = work[0], work[1], work[2]
    at, unknown = 0, False
    while at < length:
        symbol = symbols[at]
        identifier = identifiers[symbol] if symbol >= 0 else np.int32(-2 - symbol)
        if identifier >= 0:
            tokens[count] = identifier
            count += 1
        elif len(by_byte) == 256:
            count = _write_bytes(np.int64(characters[at]), by_byte, tokens, count)
        elif not unknown:
            tokens[count] = by_byte[0]
            count += 1
        unknown = identifier < 0
        at = np.int64(following[at])
    return count


@njit(types.uint64(BYTES, types.int64, types.int64), cache=True)
def _key(text, start, end):  # type: ignore[no-untyped-def]
    """Of a short unit its bytes and their number; of another a hash below 255 in the highest byte. Never EMPTY."""
    value = np.uint64(0)
    if end - start <= SHORT_KEY:
        for place in range(np.uint64(start), np.uint64(end)):
            value = value << np.uint64(8) | np.uint64(text[place])
        return value | np.uint64(end - start) << np.uint64(56)
    for place in range(np.uint64(start), np.uint64(end)):
        value = (value ^ np.uint64(text[place])) * MULTIPLIER
        value ^= value >> np.uint64(29)
    return value >> np.uint64(8) | np.uint64(0xFE) << np.uint64(56)


@njit(types.uint64(BYTES, types.int64, types.int64, types.uint64, SLOTS, TOKENS, LETTERS), cache=True)
def _find(text, start, end, key, slots, records, letters):  # type: ignore[no-untyped-def]
    """The slot of a unit: the one that holds it, or the free one where it would stand."""
    slot = _slot(key, len(slots))
    while True:
        held = slots[slot, 0]
        if held == EMPTY:
            return slot
        if held == key:
            if end - start <= SHORT_KEY:
                return slot
            record = slots[slot, 1]
            if np.int64(records[record]) == end - start:
                place, same = np.uint64(records[record + np.uint64(1)]), np.uint64(start)
                while same < np.uint64(end) and letters[place] == text[same]:
                    place += np.uint64(1)
                    same += np.uint64(1)
                if same == np.uint64(end):
                    return slot
        slot = (slot + np.uint64(1)) & np.uint64(len(slots) - 1)


@njit(types.boolean(BYTES, types.int64, types.int64, types.uint64, types.uint64, TOKENS, types.int64, types.int64, CACHE), cache=True)
def _store(text, start, end, key, slot, tokens, first, count, cache):  # type: ignore[no-untyped-def]
    """Stores a unit with tokens[first:count]; false where there is no room. A record: bytes, place of the letters, how many tokens, the tokens."""
    slots, records, letters, used = cache
    units, record, place = used
    if 2 * units >= len(slots) or record + 3 + count - first > len(records) or place + end - start > len(letters):
        return False
    slots[slot, 0] = key
    slots[slot, 1] = record
    records[record], records[record + 1], records[record + 2] = end - start, place, count - first
    for at in range(count - first):
        records[record + 3 + at] = tokens[first + at]
    if end - start > SHORT_KEY:
        for at in range(end - start):
            letters[place + at] = text[start + at]
        used[2] += end - start
    used[0] += 1
    used[1] += 3 + count - first
    return True


@njit(types.int64(types.uint64, TOKENS, TOKENS, types.int64), cache=True)
def _copy(record, records, tokens, count):  # type: ignore[no-untyped-def]
    """Appends the tokens of a record."""
    record += np.uint64(2)
    for _ in range(records[record]):
        record += np.uint64(1)
        tokens[np.uint64(count)] = records[record]
        count += 1
    return count


@njit(types.Tuple([types.int64, types.boolean])(BYTES, types.int64, types.int64, MODEL, CACHE, WORK, TOKENS, types.int64), cache=True)
def _append_new(text, start, end, model, cache, work, tokens, count):  # type: ignore[no-untyped-def]
    """Appends the tokens of a unit and stores it; (how many there are then, whether the cache had room)."""
    first = count
    count = _encode_unit(text, start, end, model, work, tokens, count)
    if end - start > LONGEST_CACHED:
        return count, True
    key = _key(text, start, end)
    slot = _find(text, start, end, key, cache[0], cache[1], cache[2])
    return count, cache[0][slot, 0] != EMPTY or _store(text, start, end, key, slot, tokens, first, count, cache)


@njit(types.Tuple([types.int64, types.boolean])(BYTES, types.int64, types.int64, MODEL, CACHE, WORK, TOKENS, types.int64), cache=True)
def _append_after_space(text, start, end, model, cache, work, tokens, count):  # type: ignore[no-untyped-def]
    """The same for a unit that a space comes before."""
    unit = np.empty(end - start + 1, np.uint8)
    unit[0] = SPACE
    for at in range(end - start):
        unit[at + 1] = text[start + at]
    return _append_new(unit, 0, len(unit), model, cache, work, tokens, count)


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, FLAGS, FLAGS, SLOTS, TOKENS, LETTERS, TOKENS, types.int64), cache=True)
def _append_known(text, place, end, plain, hashed, slots, records, letters, tokens, count):  # type: ignore[no-untyped-def]
    """Appends units as long as the cache holds them and there is room for tokens; (the place after them, how many tokens there are then)."""
    room = len(tokens) - LONGEST_CACHED * MOST - 1
    while place < end and count <= room:
        unit = _unit_end(text, place, end, NONE, plain, hashed)
        if unit - place > LONGEST_CACHED:
            break
        slot = _find(text, place, unit, _key(text, place, unit), slots, records, letters)
        if slots[slot, 0] == EMPTY:
            break
        count = _copy(slots[slot, 1], records, tokens, count)
        place = unit
    return place, count


@njit(types.int64(BYTES, PLACES, STATE, MODEL, CACHE, WORK, TOKENS, STATE, STATE), cache=True)
def encode(buffer, offsets, options, model, cache, work, tokens, bounds, state):  # type: ignore[no-untyped-def]
    """Goes on with the documents of `offsets` [documents + 1] until they, or the room for tokens or units, end; returns how many tokens it wrote.

    `options`: whether a space comes before each document, the pieces to put before and after it (negative: none).
    `state`: the document and the place in it that come next (negative: it has not begun), how many tokens were written by this and former calls,
    and whether the cache is full. `bounds` [documents + 1] gets the number of the first token of each document.
    Nothing written though the cache is not full: the next unit needs more room than all of `tokens`.
    """
    prefix, bos, eos = options
    plain, hashed = model[0], model[1]
    slots, records, letters, _ = cache
    document, place, earlier = state[:3]
    count, stored = np.int64(0), True
    while stored and document < len(offsets) - 1:
        end = offsets[document + 1]
        if place < 0:
            place = offsets[document]
            unit = _unit_end(buffer, place, end, SPACE, plain, hashed) if prefix else place
            if count + MOST * (unit - place + 1) + 2 > len(tokens):
                place = NONE
                break
            if bos >= 0:
                tokens[count] = bos
                count += 1
            if prefix and place < end:
                count, stored = _append_after_space(buffer, place, unit, model, cache, work, tokens, count)
            place = unit
        while stored and place < end:
            place, count = _append_known(buffer, place, end, plain, hashed, slots, records, letters, tokens, count)
            if place < end:
                unit = _unit_end(buffer, place, end, NONE, plain, hashed)
                if count + MOST * (unit - place) + 1 > len(tokens):
                    break
                count, stored = _append_new(buffer, place, unit, model, cache, work, tokens, count)
                place = unit
        if place < end:
            break
        if eos >= 0:
            tokens[count] = eos
            count += 1
        document, place = document + 1, NONE
        bounds[document] = earlier + count
    state[0], state[1], state[2], state[3] = document, place, earlier + count, not stored
    return count
