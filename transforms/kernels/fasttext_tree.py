"""fastText's prediction with a hierarchical softmax, over the UTF-8 buffer of a batch. The model: `transforms.fasttext_file`.

code: fastText 0.9.2, Dictionary::getLine, computeSubwords, hash, Model::computeHidden, HierarchicalSoftmaxLoss::dfs. Float32 sums are
made in fastText's order, so that scores differ from its own by the last bits of exp and log alone.
"""

import numpy as np
from numba import njit, types

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
SCRATCH = types.uint8[::1]
PLACES = types.int64[::1]
INDEX = types.int32[::1]
VECTOR = types.float32[::1]
MATRIX = types.float32[:, ::1]
VOCABULARY = types.Tuple([INDEX, PLACES, SCRATCH])
BUCKETS = types.Tuple([SCRATCH, INDEX])
BUCKETS_FOUND = types.uint32[::1]

DIM, BUCKET, MIN_N, MAX_N = 16, 2_000_000, 2, 4
"""The shape of lid.176.ftz, compiled in: it gives a third of the speed. A model of another shape goes to fastText itself."""

HASH_START, HASH_PRIME = np.uint32(2166136261), np.uint32(16777619)  # code: Dictionary::hash, FNV-1a of 32 bits
SMALLEST = 1e-5  # code: std_log, what it adds before the logarithm
NEAR = np.float32(1e-3)
"""ours: two best labels whose log scores are nearer than this go to fastText itself. Rounding errors are below 1e-6, and fastText's own
pruning may miss the best of two labels by 1e-5 a level, as the log of a certain branch is SMALLEST instead of 0."""
FALLBACK = -1
"""The label of a document that fastText itself must judge."""


@njit(types.uint32(types.uint32, types.uint8), cache=True)
def _hashed(value, byte):  # type: ignore[no-untyped-def]
    """Takes one more byte into a hash. code: the byte is sign-extended, which FNV-1a itself does not do."""
    return np.uint32((value ^ np.uint32(np.int32(np.int8(byte)))) * HASH_PRIME)


@njit(types.int64(SCRATCH, types.int64, types.int64, VOCABULARY), cache=True)
def _slot(token, start, end, vocabulary):  # type: ignore[no-untyped-def]
    """The slot of the word token[start:end]: the one that holds its number, or the free one where it would stand."""
    slots, offsets, letters = vocabulary
    value = HASH_START
    for place in range(start, end):
        value = _hashed(value, token[place])
    slot = np.int64(value) & (len(slots) - 1)
    while slots[slot] >= 0:
        first = offsets[slots[slot]]
        if offsets[slots[slot] + 1] - first == end - start:
            same = 0
            while same < end - start and letters[first + same] == token[start + same]:
                same += 1
            if same == end - start:
                break
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@njit(types.void(VOCABULARY), cache=True)
def fill_slots(vocabulary):  # type: ignore[no-untyped-def]
    """Enters the numbers of all words into the slots [a power of two], which are -1 before."""
    slots, offsets, letters = vocabulary
    for word in range(len(offsets) - 1):
        slots[_slot(letters, offsets[word], offsets[word + 1], vocabulary)] = word


@njit(types.boolean(SCRATCH, types.int64), cache=True)
def _is_special(token, length):  # type: ignore[no-untyped-def]
    """Whether token[1 : length - 1] is `</s>`, or starts with `__label__`: fastText treats those otherwise."""
    if token[1] == 60:  # <
        return length == 6 and token[2] == 47 and token[3] == 115 and token[4] == 62
    if token[1] != 95 or length < 11:  # _
        return False
    return (
        token[2] == 95
        and token[3] == 108
        and token[4] == 97
        and token[5] == 98
        and token[6] == 101
        and token[7] == 108
        and token[8] == 95
        and token[9] == 95
    )


@njit(types.void(BUCKETS_FOUND, types.int64, types.int64, INDEX, MATRIX, VECTOR), cache=True)
def _add_rows(found, count, words, places, rows, hidden):  # type: ignore[no-untyped-def]
    """Adds to `hidden` the rows of found[:count], which are buckets that survived pruning, in order."""
    for k in range(count):
        row = np.uint64(words + places[found[k]])
        for column in range(DIM):
            hidden[column] += rows[row, column]


@njit(types.int64(SCRATCH, types.int64, types.int64, BUCKETS, MATRIX, VECTOR, BUCKETS_FOUND), cache=True)
def _add_ngrams(token, length, words, buckets, rows, hidden, found):  # type: ignore[no-untyped-def]
    """Adds to `hidden` the rows of the character n-grams of token[:length], `<` and `>` included; returns how many there are.

    `found` is working space. Buckets are collected without a branch, as whether one survived pruning cannot be predicted.
    """
    survives, places = buckets
    added, count = 0, 0
    for first in range(length):
        if token[first] & 0xC0 == 0x80:
            continue
        if count > len(found) - MAX_N:
            _add_rows(found, count, words, places, rows, hidden)
            added, count = added + count, 0
        value, end, n = HASH_START, first, 1
        while end < length and n <= MAX_N:
            value = _hashed(value, token[end])
            end += 1
            while end < length and token[end] & 0xC0 == 0x80:
                value = _hashed(value, token[end])
                end += 1
            if n >= MIN_N:
                bucket = value % np.uint32(BUCKET)
                found[count] = bucket
                count += int(survives[bucket >> np.uint32(3)] >> (bucket & np.uint32(7)) & np.uint8(1))
            n += 1
    _add_rows(found, count, words, places, rows, hidden)
    return added + count


@njit(types.Tuple([types.int64, types.float32])(VECTOR, MATRIX, types.int32[:, ::1], INDEX, VECTOR), cache=True)
def _best(hidden, output, children, nodes, scores):  # type: ignore[no-untyped-def]
    """The best label and its log score; FALLBACK for the label where another is near. `nodes`, `scores` [labels]: the stack."""
    leaves = len(output)
    nodes[0], scores[0] = len(children) - 1, np.float32(0)
    depth = 1
    best, second, label = np.float32(-np.inf), np.float32(-np.inf), FALLBACK
    while depth:
        depth -= 1
        node, score = nodes[depth], scores[depth]
        if score < best - NEAR:
            continue
        if node < leaves:
            if score > best:
                best, second, label = score, best, node
            else:
                second = max(second, score)
            continue
        product = np.float32(0)
        for k in range(DIM):
            product += output[node - leaves, k] * hidden[k]
        right = np.float32(1.0 / np.float64(np.float32(1) + np.exp(-product)))
        likely = 1 if right > 0.5 else 0  # the likelier child is taken first, so that the other is rarely looked into
        for side in range(2):
            share = right if (likely == 1) == (side == 1) else np.float32(1.0 - right)
            nodes[depth] = children[node, likely if side else 1 - likely]
            scores[depth] = score + np.float32(np.log(share + SMALLEST))
            depth += 1
    return (FALLBACK if best - second < NEAR else label), best


@njit(types.int64(BYTES, types.int64, types.int64, VOCABULARY, BUCKETS, MATRIX, VECTOR, SCRATCH, BUCKETS_FOUND), cache=True)
def _sum_rows(buffer, start, end, vocabulary, buckets, rows, hidden, token, found):  # type: ignore[no-untyped-def]
    """Adds to `hidden` the rows of all tokens of buffer[start:end]; returns how many, or FALLBACK where a token is special."""
    words = len(vocabulary[1]) - 1
    added = 0
    length = 1
    token[0] = 60  # <
    for place in range(start, end + 1):
        byte = buffer[place] if place < end else np.uint8(32)
        if byte > 32 or not (byte == 32 or byte == 0 or 9 <= byte <= 13):
            token[length] = byte
            length += 1
        elif byte != 10 and length > 1:  # CCNet deletes newlines, so they part no tokens
            token[length] = 62  # >
            length += 1
            if _is_special(token, length):
                return FALLBACK
            word = vocabulary[0][_slot(token, 1, length - 1, vocabulary)]
            if word >= 0:
                for k in range(DIM):
                    hidden[k] += rows[word, k]
                added += 1
            added += _add_ngrams(token, length, words, buckets, rows, hidden, found)
            length = 1
    return added


MODEL = types.Tuple([VOCABULARY, BUCKETS, MATRIX, MATRIX, types.int32[:, ::1], types.int64])


@njit(types.void(BYTES, PLACES, MODEL, INDEX, VECTOR), cache=True)
def identify(buffer, offsets, model, labels, scores):  # type: ignore[no-untyped-def]
    """Writes the best label and its score for each document of `offsets` [documents + 1]; FALLBACK where fastText itself must say."""
    vocabulary, buckets, rows, output, children, end_of_line = model
    longest = 0
    for document in range(len(labels)):
        longest = max(longest, offsets[document + 1] - offsets[document])
    token = np.empty(longest + 2, np.uint8)
    hidden = np.empty(DIM, np.float32)
    found = np.empty(1024, np.uint32)
    stack = np.empty(len(children), np.int32)
    stack_scores = np.empty(len(children), np.float32)
    for document in range(len(labels)):
        hidden[:] = 0
        added = _sum_rows(buffer, offsets[document], offsets[document + 1], vocabulary, buckets, rows, hidden, token, found)
        labels[document] = FALLBACK
        if added == FALLBACK:
            continue
        factor = np.float32(1.0 / (added + 1))
        for k in range(DIM):
            hidden[k] = (hidden[k] + rows[end_of_line, k]) * factor
        label, score = _best(hidden, output, children, stack, stack_scores)
        labels[document] = label
        scores[document] = np.exp(score)
