"""The first bad word of each text, in one pass: from every place where an entry may begin, down a tree of the entries' bytes.

The tables are made in `transforms.bad_words`. All compiled code stands in this one file: numba does not notice that a function which a
cached one calls was changed in another file.
"""

from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.int64[::1]
FLANKS = types.uint8[::1]
TREE = types.Tuple((types.int32[:, ::1], types.int32[::1], types.uint8[::1]))
"""[nodes, columns] The node that a byte's column leads to, 0: none (node 0 is the root); [nodes] number of the entry that ends there, or
NONE; [256] the column of a byte, 0: in no entry. A tree of entries in lower case; ASCII capitals have their small letter's column."""

NONE = -1
ANYWHERE, BETWEEN, WITHIN = 0, 1, 2
"""Where an entry counts: anywhere; between flanks or the ends of the text; between flanks of the same line, which the ends are not."""
NEWLINE = 0x0A


@njit(types.boolean(BYTES, types.int64, types.int64, FLANKS, types.int64), cache=True)
def _may_end(buffer, place, end, flanks, where):  # type: ignore[no-untyped-def]
    """Whether an entry that ends before `place` counts."""
    if where == ANYWHERE:
        return True
    if place == end:
        return where == BETWEEN
    return flanks[character(buffer, place)[0]] != 0


@njit(types.int32(BYTES, types.int64, types.int64, FLANKS, TREE, types.int64), cache=True)
def _entry(buffer, place, end, flanks, tree, where):  # type: ignore[no-untyped-def]
    """The number of the first in the list of the entries that stand at `place`, or NONE."""
    nexts, entries, columns = tree
    found = NONE
    node = 0
    while place < end:
        column = columns[buffer[place]]
        if not column:
            break
        node = nexts[node, column]
        if not node:
            break
        place += 1
        entry = entries[node]
        if entry != NONE and (found == NONE or entry < found) and _may_end(buffer, place, end, flanks, where):
            found = entry
    return found


@njit(types.int32(BYTES, types.int64, types.int64, FLANKS, TREE, types.int64), cache=True)
def _first(buffer, start, end, flanks, tree, where):  # type: ignore[no-untyped-def]
    """The entry of the first match in [start, end), as a search by regular expression from the left finds it."""
    columns = tree[2]
    place = start
    if where != WITHIN and end > start:
        after = character(buffer, start)[1]
        if where == BETWEEN and flanks[character(buffer, start)[0]]:  # a flank is taken before the start of the text is
            found = _entry(buffer, after, end, flanks, tree, where)
            if found != NONE:
                return found
        found = _entry(buffer, start, end, flanks, tree, where)
        if found != NONE:
            return found
        place = start if where == BETWEEN else after
    while place < end:
        code, after = character(buffer, place)
        if where == ANYWHERE:
            begins = columns[buffer[place]] != 0
            at = place
        else:
            begins = flanks[code] != 0 and after < end and columns[buffer[after]] != 0
            at = after
        if begins:
            found = _entry(buffer, at, end, flanks, tree, where)
            if found != NONE:
                return found
        place = after
    return NONE


@njit(types.void(BYTES, PLACES, FLANKS, TREE, types.int64, types.int32[::1]), cache=True)
def find_entries(buffer, offsets, flanks, tree, where, found):  # type: ignore[no-untyped-def]
    """Writes the number of the first bad word of each text, or NONE."""
    for text in range(len(offsets) - 1):
        if where != WITHIN:
            found[text] = _first(buffer, offsets[text], offsets[text + 1], flanks, tree, where)
            continue
        start = offsets[text]
        found[text] = NONE
        while start < offsets[text + 1] and found[text] == NONE:
            end = start
            while end < offsets[text + 1] and buffer[end] != NEWLINE:
                end += 1
            found[text] = _first(buffer, start, end, flanks, tree, where)
            start = end + 1
