"""C4's line rules in one pass over the UTF-8 buffer: cut at line ends, strip, delete citation markers, test, copy what stays.

The tables are made in `transforms.line_rules`. All compiled code stands in this one file: numba does not notice that a function which a
cached one calls was changed in another file.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.int64[::1]
MUTABLE = types.uint8[::1]
STRINGS = types.Tuple((types.uint8[::1], types.int64[::1]))
"""Bytes of several strings, one after the other, and their offsets."""
NEEDLES = types.Tuple((STRINGS, types.uint8[::1], types.uint64[::1], types.uint64[::1]))
"""The sought strings, the bit of each one's group, and per byte which of them may have it as their first, and which as their second."""
LIMITS = types.int64[::1]
"""Least words, most characters of a word, whether citation markers go, whether words are counted before that."""
TABLES = types.Tuple((types.uint8[::1], types.UniTuple(STRINGS, 2), NEEDLES, LIMITS, types.uint8[::1]))
"""Kinds of characters; end marks, and endings that do not count as one; needles; limits; per byte, whether it may be the last of a line
that stays: the last one of an end mark, or of a citation marker."""
INPUT = types.Tuple((BYTES, PLACES))
LINES = types.Tuple((PLACES, PLACES, PLACES))

SPACE, DIGIT, BREAK = 1, 2, 4
"""Bits of a character's kind: white space for str.strip and str.split; a digit for `\\d`; where str.splitlines cuts."""

KEPT, LONG_WORD, NO_END_MARK, FEW_WORDS, PLACEHOLDER, SCRIPT, CODE, POLICY = range(8)
"""Fates of a line; PLACEHOLDER and CODE drop the page."""
EVERY = 1 << 62
MIN_WORDS, MAX_CHARACTERS, DELETE_CITATIONS, WORDS_BEFORE = range(4)
NEWLINE, RETURN, OPENING, CLOSING = 0x0A, 0x0D, 0x5B, 0x5D
EDIT, NEEDED = np.frombuffer(b"edit]", np.uint8), np.frombuffer(b"citation needed]", np.uint8)
"""What stands after the bracket of a citation marker that is no number."""


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, MUTABLE), cache=True)
def _line_end(buffer, place, end, kinds):  # type: ignore[no-untyped-def]
    """Where the line that begins at `place` ends, and where the next one begins."""
    while place < end:
        byte = buffer[place]
        if byte >= 0x20 and byte != 0xC2 and byte != 0xE2:  # the bytes that U+0085 and U+2028 begin with
            place += 1
            continue
        code, after = character(buffer, place)
        if kinds[code] & BREAK:
            if byte == RETURN and after < end and buffer[after] == NEWLINE:
                after += 1
            return place, after
        place = after
    return end, end


@njit(types.int64(INPUT, MUTABLE, PLACES), cache=True)
def count_lines(texts, kinds, offsets):  # type: ignore[no-untyped-def]
    """Writes the number of the first line of each page, and gives the number of all."""
    buffer, places = texts
    lines = 0
    for page in range(len(places) - 1):
        offsets[page] = lines
        place = places[page]
        while place < places[page + 1]:
            place = _line_end(buffer, place, places[page + 1], kinds)[1]
            lines += 1
    offsets[len(places) - 1] = lines
    return lines


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, MUTABLE), cache=True)
def _stripped(buffer, start, end, kinds):  # type: ignore[no-untyped-def]
    while start < end:
        code, after = character(buffer, start)
        if not kinds[code] & SPACE:
            break
        start = after
    while start < end:
        before = end - 1
        while buffer[before] & 0xC0 == 0x80:
            before -= 1
        if not kinds[character(buffer, before)[0]] & SPACE:
            break
        end = before
    return start, end


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, MUTABLE, types.int64), cache=True)
def _words(buffer, start, end, kinds, enough):  # type: ignore[no-untyped-def]
    """The number of words that white space parts, and the characters of the longest; no further than the word `enough`."""
    words = longest = length = 0
    while start < end and words < enough:
        byte = buffer[start]
        if 0x20 < byte < 0x80:
            space = False
            start += 1
        else:
            code, start = character(buffer, start)
            space = kinds[code] & SPACE != 0
        if space:
            longest = max(longest, length)
            length = 0
        else:
            words += length == 0
            length += 1
    return words, max(longest, length)


@njit(types.boolean(BYTES, types.int64, types.int64, BYTES), cache=True)
def _begins(buffer, place, end, string):  # type: ignore[no-untyped-def]
    if end - place < len(string):
        return False
    index = 0
    while index < len(string) and buffer[place + index] == string[index]:
        index += 1
    return index == len(string)


@njit(types.int64(BYTES, types.int64, types.int64, MUTABLE), cache=True)
def _digits_end(buffer, place, end, kinds):  # type: ignore[no-untyped-def]
    while place < end:
        code, after = character(buffer, place)
        if not kinds[code] & DIGIT:
            break
        place = after
    return place


@njit(types.int64(BYTES, types.int64, types.int64, MUTABLE, MUTABLE, types.int64), cache=True)
def _copy(buffer, start, end, kinds, out, length):  # type: ignore[no-untyped-def]
    """Copies [start, end) to `out` from `length` on, without citation markers; gives the new length."""
    while start < end:
        if buffer[start] == OPENING:
            after = _digits_end(buffer, start + 1, end, kinds)
            if after < end and buffer[after] == CLOSING:
                start = after + 1
                continue
            if _begins(buffer, start + 1, end, EDIT):
                start += 1 + len(EDIT)
                continue
            if _begins(buffer, start + 1, end, NEEDED):
                start += 1 + len(NEEDED)
                continue
        out[length] = buffer[start]
        length += 1
        start += 1
    return length


@njit(types.boolean(BYTES, types.int64, types.int64, STRINGS), cache=True)
def _ends_with(buffer, start, end, endings):  # type: ignore[no-untyped-def]
    """Whether [start, end) ends with one of the strings."""
    strings, offsets = endings
    for number in range(len(offsets) - 1):
        size = offsets[number + 1] - offsets[number]
        if size > end - start:
            continue
        index = 0
        while index < size and buffer[end - size + index] == strings[offsets[number] + index]:
            index += 1
        if index == size:
            return True
    return False


@njit(types.boolean(BYTES, types.int64, types.int64, MUTABLE, types.int64, types.int64), cache=True)
def _found_at(buffer, place, end, strings, first, last):  # type: ignore[no-untyped-def]
    """Whether strings[first:last], which is lower-case ASCII, stands at `place` of the lower-cased line.

    Two characters beyond ASCII have ASCII in their lower case: U+212A is k, and U+0130 is i and a combining dot, which no needle goes past.
    """
    for index in range(first, last):
        if place >= end:
            return False
        byte = np.uint32(buffer[place])
        if byte - np.uint32(0x41) < np.uint32(26):
            byte |= np.uint32(0x20)
        elif byte == 0xE2 and buffer[place + 1] == 0x84 and buffer[place + 2] == 0xAA:
            byte = np.uint32(0x6B)
            place += 2
        elif byte == 0xC4 and buffer[place + 1] == 0xB0 and index == last - 1:
            byte = np.uint32(0x69)
        if byte != strings[index]:
            return False
        place += 1
    return True


@njit(types.int64(BYTES, types.int64, types.int64, NEEDLES), cache=True)
def _groups(buffer, start, end, needles):  # type: ignore[no-untyped-def]
    """The bits of the groups of which a needle stands in the line."""
    (strings, offsets), groups, firsts, seconds = needles
    found = 0
    for place in range(start, end):
        here = firsts[buffer[place]]
        if here and place + 1 < end:
            here &= seconds[buffer[place + 1]]
        number = 0
        while here:
            sought = here & np.uint64(1) and not found & groups[number]
            if sought and _found_at(buffer, place, end, strings, offsets[number], offsets[number + 1]):
                found |= groups[number]
            here >>= np.uint64(1)
            number += 1
    return found


@njit(types.int64(BYTES, types.int64, types.int64, types.int64, MUTABLE, types.UniTuple(STRINGS, 2), NEEDLES, LIMITS), cache=True)
def _fate(out, start, end, words, kinds, endings, needles, limits):  # type: ignore[no-untyped-def]
    """What becomes of the line out[start:end], from the end mark on. `words`: counted before citation markers went; -1: count now."""
    marks, ellipses = endings
    if (len(marks[1]) > 1 and not _ends_with(out, start, end, marks)) or _ends_with(out, start, end, ellipses):
        return NO_END_MARK
    if words < 0:
        words = _words(out, start, end, kinds, limits[MIN_WORDS])[0]
    if words < limits[MIN_WORDS]:
        return FEW_WORDS
    found = _groups(out, start, end, needles)
    for fate in (PLACEHOLDER, SCRIPT, CODE, POLICY):
        if found & 1 << fate:
            return fate
    return KEPT


@njit(types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, MUTABLE, types.int64, TABLES), cache=True)
def _take(buffer, start, end, out, begin, tables):  # type: ignore[no-untyped-def]
    """What becomes of the line [start, end), which is stripped; it is written to `out` from `begin` on, up to the place that is returned."""
    kinds, endings, needles, limits, last = tables
    words = -1
    if limits[WORDS_BEFORE] or end - start > limits[MAX_CHARACTERS]:
        count, longest = _words(buffer, start, end, kinds, EVERY)
        if longest > limits[MAX_CHARACTERS]:
            return LONG_WORD, begin
        if limits[WORDS_BEFORE]:
            words = count
    if end > start and not last[buffer[end - 1]]:
        return NO_END_MARK, begin
    if limits[DELETE_CITATIONS]:
        stop = _copy(buffer, start, end, kinds, out, begin)
    else:
        stop = begin + end - start
        out[begin:stop] = buffer[start:end]
    return _fate(out, begin, stop, words, kinds, endings, needles, limits), stop


@njit(types.int64(INPUT, TABLES, MUTABLE, MUTABLE, LINES, MUTABLE), cache=True)
def judge_lines(texts, tables, fates, pages, lines, out):  # type: ignore[no-untyped-def]
    """Writes the fate of every line and page, and the kept lines: joined by newlines to `out`, their places in it to `lines` (starts, ends,
    and per page the number of its first). A page that is dropped keeps none, but all its lines are judged. Gives the number of lines kept."""
    buffer, places = texts
    kinds = tables[0]
    starts, ends, offsets = lines
    line = kept = length = 0
    for page in range(len(places) - 1):
        offsets[page] = first = kept
        first_length = length
        place = places[page]
        while place < places[page + 1]:
            end, after = _line_end(buffer, place, places[page + 1], kinds)
            start, end = _stripped(buffer, place, end, kinds)
            place = after
            begin = length + (kept > first)
            fate, stop = _take(buffer, start, end, out, begin, tables)
            fates[line] = fate
            line += 1
            if fate == KEPT:
                out[length:begin] = NEWLINE
                starts[kept], ends[kept] = begin, stop
                kept += 1
                length = stop
            elif fate in (PLACEHOLDER, CODE) and not pages[page]:
                pages[page] = fate
        if pages[page]:
            kept, length = first, first_length
    offsets[len(places) - 1] = kept
    return kept
