"""SentencePiece's normal form and its unigram segmentation, over the UTF-8 buffer of a batch. The model: `transforms.unigram_file`.

code: sentencepiece 0.2.3, Normalizer::Normalize and unigram Model::EncodeOptimized. Scores are float32 and are summed in its order from the
start of the text, so that ties, and what nearly is one, come out as there. U+2581, its mark for a space, is one byte here, a space.
"""

import numpy as np
from numba import njit, types

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
SCRATCH = types.uint8[::1]
PLACES = types.Array(types.int64, 1, "C", readonly=True)
UNITS = types.Array(types.uint32, 1, "C", readonly=True)
TRIE = types.Tuple([types.uint32[:, ::1], types.float32[:, ::1], types.int32[::1]])
CHARACTER_MAP = types.Tuple([UNITS, BYTES, types.boolean[::1]])
PATH = types.Tuple([types.float32[::1], types.int32[::1], types.int32[::1]])
SEGMENTED = types.Tuple([types.int32[::1], types.int64[::1], types.int64[:, ::1]])

SPACE = 0x20
# code: EncodeOptimized, kScoreResetThreshold: sums start anew when they are beyond it, in either direction.
RESET = np.float32(100000.0)
LABEL_BITS = 9
WINDOW = 512  # ours: cells behind the last one in which a free place is looked for


@njit(types.int64(types.uint8), cache=True)
def _width(byte):  # type: ignore[no-untyped-def]
    """Bytes of the character that starts with `byte`."""
    return 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, UNITS), cache=True)
def _rule(text, place, end, units):  # type: ignore[no-untyped-def]
    """(bytes, place of what replaces them) of the longest rule at `place`, (0, 0) where there is none. `units`: a Darts double array."""
    length, value = np.int64(0), np.int64(0)
    if len(units) == 0:
        return length, value
    unit = np.int64(units[0])
    node = unit >> 10 << ((unit & 0x200) >> 6)
    for at in range(place, end):
        node ^= np.int64(text[at])
        unit = np.int64(units[node])
        if unit & 0x800000FF != np.int64(text[at]):
            break
        node ^= unit >> 10 << ((unit & 0x200) >> 6)
        if unit & 0x100:
            length, value = np.int64(at + 1 - place), np.int64(units[node]) & 0x7FFFFFFF
    return length, value


@njit(types.Tuple([types.int64, types.boolean])(BYTES, types.int64, types.int64, SCRATCH, types.int64, types.boolean), cache=True)
def _append(source, start, end, written, length, after_space):  # type: ignore[no-untyped-def]
    """Writes source[start:end], without its first spaces where one was before; U+2581, which is no space, is then a space as well."""
    while after_space and start < end and source[start] == SPACE:
        start += 1
    if start == end:
        return length, after_space
    place = start
    while place < end:
        if source[place] == 0xE2 and place + 2 < end and source[place + 1] == 0x96 and source[place + 2] == 0x81:
            written[length] = SPACE
            place += 3
        else:
            written[length] = source[place]
            place += 1
        length += 1
    return length, source[end - 1] == SPACE


@njit(types.Tuple([SCRATCH, types.int64[::1]])(BYTES, PLACES, CHARACTER_MAP), cache=True)
def normalise(buffer, offsets, character_map):  # type: ignore[no-untyped-def]
    """(bytes, [texts + 1] offsets) The normal forms, a space before each; nothing of a text that has only spaces.

    `character_map`: the rules' double array; what they lead to, each ended by 0; [256] whether the byte is ASCII and
    starts no rule where another ASCII one is after it.
    """
    units, replacements, plain = character_map
    written = np.empty(len(buffer) + len(offsets) + 1024, np.uint8)
    bounds = np.zeros(len(offsets), np.int64)
    length = np.int64(0)
    for number in range(len(offsets) - 1):
        place, end, start = offsets[number], offsets[number + 1], length
        written[length] = SPACE
        length += 1
        after_space = True
        while place < end:
            if length + (end - place) + 512 > len(written):
                longer = np.empty(2 * len(written) + (end - place), np.uint8)
                for at in range(length):  # a loop: numba takes 2 seconds for a slice
                    longer[at] = written[at]
                written = longer
            byte = buffer[place]
            to, source, last = np.uint64(length), np.uint64(place), np.uint64(end)
            while source < last and plain[byte]:
                following = buffer[source + np.uint64(1)] if source + np.uint64(1) < last else np.uint8(0)
                if following >= 0x80:
                    break
                written[to] = byte
                space = byte == SPACE
                to += np.uint64(not (space & after_space))
                after_space = space
                source += np.uint64(1)
                byte = following
            length, place = np.int64(to), np.int64(source)
            if place == end:
                break
            taken, first = _rule(buffer, place, end, units)
            if taken > 0:
                last = first
                while replacements[last] != 0:
                    last += 1
                length, after_space = _append(replacements, first, last, written, length, after_space)
            else:
                taken = min(_width(byte), end - place)
                length, after_space = _append(buffer, place, place + taken, written, length, after_space)
            place += taken
        while length > start and written[length - 1] == SPACE:
            length -= 1
        bounds[number + 1] = length
    return written, bounds


@njit(types.void(SCRATCH, TRIE, types.float32, PATH), cache=True)
def _best_path(text, trie, unknown_score, path):  # type: ignore[no-untyped-def]
    """Fills `path` [at least bytes + 1]: for each end of a piece the score up to it, where the piece starts, and its node in the trie."""
    labels, scores, _ = trie
    totals, starts, nodes = path
    size = np.uint64(len(text))
    for end in range(1, len(text) + 1):
        totals[end] = -np.inf
    totals[0] = 0
    root = labels[0, 0] >> np.uint32(LABEL_BITS)
    start = np.uint64(0)
    while start < size:
        here = totals[start]
        if here < -RESET or here > RESET:
            for end in range(start, size + np.uint64(1)):
                totals[end] -= here
            here = np.float32(0)
        width = np.uint64(_width(text[start]))
        character_end = min(start + width, size)
        known = False
        base, place = root, start
        while place < size:
            byte = np.uint32(text[place])
            node = base ^ byte
            unit = labels[node, 0]
            if unit & np.uint32((1 << LABEL_BITS) - 1) != byte + np.uint32(1):
                break
            place += np.uint64(1)
            base = unit >> np.uint32(LABEL_BITS)
            score = scores[node, 1]
            total = score + here
            if total > totals[place]:  # never where no piece ends: the score is then NaN
                totals[place], starts[place], nodes[place] = total, start, node
            known |= place == character_end and score == score
        if not known:
            total = unknown_score + here
            if total > totals[character_end]:
                totals[character_end], starts[character_end], nodes[character_end] = total, start, 0
        start = character_end


@njit(SEGMENTED(SCRATCH, types.int64[::1], TRIE, types.float32), cache=True)
def segment(buffer, offsets, trie, unknown_score):  # type: ignore[no-untyped-def]
    """([pieces] numbers, [texts + 1] offsets, [unknown pieces, 2] start and end in the buffer), an unknown one being -1.

    It is a run of characters without a piece; those of a text come last to first. `trie` [cells, 2]: base and label, and as float32 the score, NaN where no
    piece ends; [cells] the number of the piece.
    """
    numbers = trie[2]
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    path = np.empty(longest + 1, np.float32), np.empty(longest + 1, np.int32), np.empty(longest + 1, np.int32)
    _, starts, nodes = path
    pieces, bounds = np.empty(offsets[-1], np.int32), np.zeros(len(offsets), np.int64)
    unknown = np.empty((offsets[-1], 2), np.int64)
    count = spans = 0
    for text in range(len(offsets) - 1):
        first, size = offsets[text], offsets[text + 1] - offsets[text]
        _best_path(buffer[first : first + size], trie, unknown_score, path)
        end, begun, following = size, count, True
        while end > 0:
            node, start = nodes[end], starts[end]
            if node > 0:
                pieces[count] = numbers[node]
                count += 1
                following = True
            else:
                if following:
                    spans += 1
                    unknown[spans - 1, 1] = first + end
                    pieces[count] = -1
                    count += 1
                unknown[spans - 1, 0] = first + start
                following = False
            end = start
        low, high = begun, count - 1
        while low < high:
            pieces[low], pieces[high] = pieces[high], pieces[low]
            low, high = low + 1, high - 1
        bounds[text + 1] = count
    return pieces[:count], bounds, unknown[:spans]


@njit(types.boolean(types.uint32[:, ::1], types.int64, types.uint8[::1]), cache=True)
def _is_free(units, base, letters):  # type: ignore[no-untyped-def]
    used = np.uint32(0)
    for letter in letters:
        used |= units[base ^ letter, 0]
    return used == 0


@njit(types.uint32[:, ::1](BYTES, PLACES), cache=True)
def double_array(letters, offsets):  # type: ignore[no-untyped-def]
    """[cells, 2] The trie of words in the order of their bytes: base and label of a cell, and 1 + the word that ends there.

    A child of a cell is at its base XOR the letter; its label is the letter and one. Cell 0 is the root, and no child.
    No cells at all where they would be too many, which no vocabulary of words leads to.
    """
    most = 2 * len(letters) + (1 << 16)
    units = np.zeros((most, 2), np.uint32)
    taken = np.zeros(most, np.bool_)  # as a base: a label alone does not tell whose child a cell is
    waiting = np.empty((len(offsets), 4), np.int64)  # words [first, last) with the same first letters, how many those are, and their cell
    waiting[0] = 0, len(offsets) - 1, 0, 0
    pending, top = 1, 256
    children, firsts = np.empty(256, np.uint8), np.empty(257, np.int64)
    while pending:
        pending -= 1
        low, high, depth, cell = waiting[pending]
        if offsets[low + 1] - offsets[low] == depth:
            low += 1
            units[cell, 1] = low
        count = 0
        for word in range(low, high):
            letter = letters[offsets[word] + depth]
            if count == 0 or children[count - 1] != letter:
                children[count], firsts[count] = letter, word
                count += 1
        firsts[count] = high
        if count == 0:
            continue
        base = np.int64(top - WINDOW if top > WINDOW + 256 else 256)
        while base | 255 < most and (taken[base] or not _is_free(units, base, children[:count])):
            base += 1
        if base | 255 >= most:
            return units[:0]
        units[cell, 0] |= base << LABEL_BITS
        taken[base] = True
        top = max(top, int(base) | 255)
        for child in range(count):
            target = base ^ np.int64(children[child])
            units[target, 0] = np.int64(children[child]) + 1
            waiting[pending] = firsts[child], firsts[child + 1], depth + 1, target
            pending += 1
    return units[: top + 1]
