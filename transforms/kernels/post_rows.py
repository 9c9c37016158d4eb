"""The rows of Posts.xml that are written as Stack Exchange writes them, in one pass: framed, their numbers read, their texts decoded.

    <row Id="7" PostTypeId="2" ... Body="&lt;p&gt;..." />    one blank before each attribute, double quotes, at the end `/>` or `></row>`

A row that is not so, or holds anything odd (a reference that means nothing, a character that XML does not allow, a number that is none, a wanted
attribute twice), is left: `posts_fields` reads it, or says what is wrong. Where both can read a row they give the same. All compiled code
stands in this one file: numba does not notice that a function which a cached one calls was changed in another file.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import BYTES

NUMBERS = (b"PostTypeId", b"Id", b"ParentId", b"Score", b"AcceptedAnswerId", b"AnswerCount")
TEXTS = (b"Body", b"Title", b"Tags", b"CreationDate", b"LastActivityDate", b"DeletionDate", b"ClosedDate", b"ContentLicense")
"""The wanted attributes, in the order of the columns."""
ABSENT = -(1 << 62)
"""A number that the row does not have."""

_COUNT = len(NUMBERS)
_LENGTHS = np.array([len(name) for name in NUMBERS + TEXTS], np.int64)
_NAMES = np.array([list(name.ljust(16, b"\0")) for name in NUMBERS + TEXTS], np.uint8)
_DIGITS = 18  # of a number, so that it is one of 64 bits
_BLANK, _QUOTE, _AMPERSAND, _LESS, _EQUALS, _MORE, _SLASH = (np.uint8(code) for code in b' "&<=>/')
_TAB, _NEWLINE, _RETURN, _MINUS, _SHARP, _SEMICOLON, _X = (np.uint8(code) for code in b"\t\n\r-#;x")
_BEYOND = np.uint8(0xEF)  # the first byte of U+FFFE and U+FFFF
_MARKS = np.zeros(256, np.bool_)  # bytes of a value that are not just copied
_MARKS[:32] = True
_MARKS[list(b'"&<\xef')] = True

INT = types.int64
OUT = types.uint8[::1]


@njit(types.boolean(types.uint8), cache=True)
def _is_letter(byte):  # type: ignore[no-untyped-def]
    return 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A


@njit(types.boolean(BYTES, INT, types.uint8, types.uint8, types.uint8, types.uint8), cache=True)
def _is(chunk, place, first, second, third, fourth):  # type: ignore[no-untyped-def]
    """Whether four bytes stand there."""
    return (
        place + 4 <= len(chunk)
        and chunk[place] == first
        and chunk[place + 1] == second
        and chunk[place + 2] == third
        and chunk[place + 3] == fourth
    )


@njit(INT(BYTES, INT, INT), cache=True)
def _column(chunk, begin, end):  # type: ignore[no-untyped-def]
    """The wanted attribute of that name, or -1."""
    for column in range(len(_LENGTHS)):
        if _LENGTHS[column] == end - begin:
            same = True
            for place in range(end - begin):
                if chunk[begin + place] != _NAMES[column, place]:
                    same = False
                    break
            if same:
                return column
    return -1


@njit(types.UniTuple(INT, 2)(BYTES, INT), cache=True)
def _reference(chunk, place):  # type: ignore[no-untyped-def]
    """(character, place behind it) of the reference that begins there; (-1, place) of one that is left."""
    if _is(chunk, place, 0x26, 0x6C, 0x74, 0x3B):
        return 0x3C, place + 4
    if _is(chunk, place, 0x26, 0x67, 0x74, 0x3B):
        return 0x3E, place + 4
    if _is(chunk, place + 1, 0x61, 0x6D, 0x70, 0x3B):
        return 0x26, place + 5
    if _is(chunk, place + 1, 0x71, 0x75, 0x6F, 0x74) and place + 5 < len(chunk) and chunk[place + 5] == _SEMICOLON:
        return 0x22, place + 6
    if _is(chunk, place + 1, 0x61, 0x70, 0x6F, 0x73) and place + 5 < len(chunk) and chunk[place + 5] == _SEMICOLON:
        return 0x27, place + 6
    if place + 2 >= len(chunk) or chunk[place + 1] != _SHARP:
        return -1, place
    radix, at = (16, place + 3) if chunk[place + 2] == _X else (10, place + 2)
    code, first = np.int64(0), at
    while at < len(chunk) and at - first < 8:
        byte = np.int64(chunk[at])
        small = byte | 0x20
        if 0x30 <= byte <= 0x39:
            code = code * radix + byte - 0x30
        elif radix == 16 and 0x61 <= small <= 0x66:
            code = code * radix + small - 0x57
        else:
            break
        at += 1
    if at == first or at >= len(chunk) or chunk[at] != _SEMICOLON:
        return -1, place
    # XML 1.0, 2.2
    if code < 0x20 and code != 0x09 and code != 0x0A and code != 0x0D:
        return -1, place
    if 0xD800 <= code < 0xE000 or code == 0xFFFE or code == 0xFFFF or code > 0x10FFFF:
        return -1, place
    return code, at + 1


@njit(INT(INT, OUT, INT), cache=True)
def _write(code, out, written):  # type: ignore[no-untyped-def]
    """Writes a character as UTF-8; returns the place behind it."""
    if code < 0x80:
        out[written] = code
        return written + 1
    if code < 0x800:
        out[written] = 0xC0 | code >> 6
    elif code < 0x10000:
        out[written] = 0xE0 | code >> 12
    else:
        out[written] = 0xF0 | code >> 18
        written += 1
        out[written] = 0x80 | code >> 12 & 0x3F
    if code >= 0x800:
        written += 1
        out[written] = 0x80 | code >> 6 & 0x3F
    out[written + 1] = 0x80 | code & 0x3F
    return written + 2


@njit(types.UniTuple(INT, 2)(BYTES, INT, OUT, INT), cache=True)
def _text(chunk, place, out, written):  # type: ignore[no-untyped-def]
    """(place of the quote that ends a value, end of what was written of it); (-1, 0) where it is left."""
    size = len(chunk)
    while place < size:
        byte = chunk[place]
        if not _MARKS[byte]:
            out[written] = byte
            written += 1
            place += 1
        elif byte == _AMPERSAND:
            code, place = _reference(chunk, place)
            if code < 0:
                return -1, 0
            written = _write(code, out, written)
        elif byte == _QUOTE:
            return place, written
        elif byte in (_TAB, _NEWLINE, _RETURN):
            place += 2 if byte == _RETURN and place + 1 < size and chunk[place + 1] == _NEWLINE else 1
            out[written] = _BLANK
            written += 1
        elif byte == _BEYOND and not (place + 2 < size and chunk[place + 1] == 0xBF and chunk[place + 2] >= 0xBE):
            out[written] = byte
            written += 1
            place += 1
        else:
            return -1, 0
    return -1, 0


@njit(types.UniTuple(INT, 2)(BYTES, INT), cache=True)
def _number(chunk, place):  # type: ignore[no-untyped-def]
    """(place of the quote that ends a value, number); (-1, 0) where it is left."""
    negative = place < len(chunk) and chunk[place] == _MINUS
    place += negative
    first, number = place, np.int64(0)
    while place < len(chunk) and 0x30 <= chunk[place] <= 0x39 and place - first <= _DIGITS:
        number = number * 10 + np.int64(chunk[place]) - 0x30
        place += 1
    if place == first or place - first > _DIGITS or place >= len(chunk) or chunk[place] != _QUOTE:
        return -1, 0
    return place, -number if negative else number


@njit(types.UniTuple(INT, 3)(BYTES, INT, INT[::1], INT[::1], OUT, INT, INT), cache=True)
def _row(chunk, place, numbers, texts, out, written, values):  # type: ignore[no-untyped-def]
    """(place behind the row, end of what was written, number of the next value); (-1, 0, 0) where it is left."""
    size = len(chunk)
    if not _is(chunk, place, 0x3C, 0x72, 0x6F, 0x77):
        return -1, 0, 0
    place += 4
    numbers[:] = ABSENT
    texts[:] = -1
    while place + 1 < size and chunk[place] == _BLANK and _is_letter(chunk[place + 1]):
        place += 1
        name = place
        while place < size and _is_letter(chunk[place]):
            place += 1
        if place + 1 >= size or chunk[place] != _EQUALS or chunk[place + 1] != _QUOTE:
            return -1, 0, 0
        column = _column(chunk, name, place)
        place += 2
        if column < 0:
            while place < size and chunk[place] != _QUOTE and chunk[place] != _LESS:
                place += 1
            if place >= size or chunk[place] == _LESS:
                return -1, 0, 0
        elif column < _COUNT:
            twice = numbers[column] != ABSENT
            place, numbers[column] = _number(chunk, place)
            if place < 0 or twice:
                return -1, 0, 0
        else:
            twice = texts[column - _COUNT] >= 0
            texts[column - _COUNT] = values
            place, written = _text(chunk, place, out, written)
            if place < 0 or twice:
                return -1, 0, 0
            out[written] = 0
            written += 1
            values += 1
        place += 1
    if place < size and chunk[place] == _BLANK:
        place += 1
    if place + 1 < size and chunk[place] == _SLASH and chunk[place + 1] == _MORE:
        return place + 2, written, values
    if _is(chunk, place, 0x3E, 0x3C, 0x2F, 0x72) and _is(chunk, place + 3, 0x72, 0x6F, 0x77, 0x3E):
        return place + 7, written, values
    return -1, 0, 0


@njit(types.UniTuple(INT, 3)(BYTES, INT, INT, INT, INT[:, ::1], INT[:, ::1], INT[:, ::1], OUT), cache=True)
def rows(chunk, at, last, most, places, numbers, texts, out):  # type: ignore[no-untyped-def]
    """Reads rows from `at` on, with the blanks before each, up to one that is left, begins at `last` or behind it, or has over `most` bytes.

    Returns (how many, place behind the last, bytes written to `out`, which has as many as the chunk): values, each with a 0 behind it, which no
    XML has; they are UTF-8 where the chunk is. Fills, for each row, `places` [n, 2] begin and end; `numbers` [n, 6]; `texts` [n, 8] number of the
    value, -1: absent.
    """
    count, written, values, size = 0, 0, 0, len(chunk)
    while count < len(places):
        begin = at
        while begin < size and chunk[begin] in (_BLANK, _NEWLINE, _RETURN, _TAB):
            begin += 1
        if begin >= last:
            break
        end, behind, following = _row(chunk, begin, numbers[count], texts[count], out, written, values)
        if end < 0 or end - begin > most:
            break
        places[count, 0], places[count, 1] = begin, end
        at, written, values = end, behind, following
        count += 1
    return count, at, written
