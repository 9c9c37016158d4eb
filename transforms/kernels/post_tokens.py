"""The tags, comments and character references of many HTML bodies, in one pass over their bytes, as the HTML standard's tokenizer finds them (13.2.5).

What is not in a token is text. Where the standard would drop text up to the end of a body (a tag, a quote, a comment or a script without an end), the
text stays. Every search to the end of a body that fails is remembered: no input takes more than linear time.
"""

import numpy as np
from numba import njit, types

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACE = types.int64
PLACES = types.int64[::1]
TREE = types.Tuple((types.int16[:, ::1], types.int16[::1]))
TABLES = types.Tuple((TREE, BYTES, types.int8[::1], TREE, BYTES))
"""The names of tags, the columns of bytes in that tree, the kind of each; the names of references, the columns of bytes in that tree."""

OTHER, APART, LINE, UNORDERED, ORDERED, ITEM, TABLE, ROW, CELL, BREAK, PREFORMATTED, SCRIPT, STYLE = range(13)
SUPERSCRIPT, SUBSCRIPT, NAMED, CHARACTER = range(13, 17)
"""What a token is: a tag, by what it asks for; the whole of a <sup> or <sub> of digits and signs; a reference by name or by number."""
CLOSING = 32
"""Added to the kind of an end tag."""
TAG, QUOTE, COMMENT, OPEN_SCRIPT, ENTITY, CODE_POINT = range(6)
"""What is noted."""

UNQUOTED, NO_END, NO_COMMENT, NO_SCRIPT, NO_STYLE, START = range(6)
"""A body's state: quotes mean nothing any more; no >, no -->, no </script, no </style ahead; the attribute `start` of the last tag."""

MOST_RAISED = 20  # ours: as in wikitext; longer superscripts are remarks
REPLACEMENT = 0xFFFD
TEXT, SPACE, NAME_END, MARKUP = range(4)
CLASSES = np.zeros(256, np.uint8)
CLASSES[[0x09, 0x0A, 0x0C, 0x0D, 0x20]] = SPACE
CLASSES[[ord("/"), ord(">")]] = NAME_END
CLASSES[[ord("<"), ord("&")]] = MARKUP
WINDOWS = np.array([ord(bytes([byte]).decode("windows-1252", "ignore") or chr(byte)) for byte in range(0x80, 0xA0)])
"""HTML standard, 13.2.5.80: numbers from 0x80 to 0x9F are characters of windows-1252."""


@njit(types.boolean(types.uint8), cache=True)
def _is_letter(byte):  # type: ignore[no-untyped-def]
    return 0x61 <= byte | 0x20 <= 0x7A


@njit(types.boolean(types.uint8), cache=True)
def _is_digit(byte):  # type: ignore[no-untyped-def]
    return 0x30 <= byte <= 0x39


@njit(PLACE(BYTES, PLACE, PLACE, types.uint8), cache=True)
def _find(buffer, place, end, byte):  # type: ignore[no-untyped-def]
    """The place of the byte, or `end`."""
    while place < end and buffer[place] != byte:
        place += 1
    return place


@njit(PLACE(BYTES, PLACE, PLACE), cache=True)
def _skip_space(buffer, place, end):  # type: ignore[no-untyped-def]
    while place < end and CLASSES[buffer[place]] == SPACE:
        place += 1
    return place


@njit(types.void(BYTES, PLACE, PLACE, PLACES), cache=True)
def _read_start(buffer, place, end, s):  # type: ignore[no-untyped-def]
    """Sets START to the number at `place`, if one of at most nine digits is there (of a list nobody wrote longer ones)."""
    if place < end and (buffer[place] == ord('"') or buffer[place] == ord("'")):
        place += 1
    negative = place < end and buffer[place] == ord("-")
    place += negative
    number = digits = 0
    while place < end and digits < 10 and _is_digit(buffer[place]):
        number = number * 10 + buffer[place] - 0x30
        place, digits = place + 1, digits + 1
    if 0 < digits < 10:
        s[START] = -number if negative else number


@njit(types.boolean(BYTES, PLACE, PLACE), cache=True)
def _is_start(buffer, place, end):  # type: ignore[no-untyped-def]
    if end - place != 5:
        return False
    folded = np.int64(0)
    for index in range(place, end):
        folded = folded << 8 | (np.int64(buffer[index]) | 0x20)
    return folded == 0x7374617274  # "start"


@njit(PLACE(BYTES, PLACE, PLACE, PLACES), cache=True)
def _attributes_end(buffer, place, end, s):  # type: ignore[no-untyped-def]
    """The place after the `>` of a tag whose attributes begin at `place`, 0 if the body ends before. A quote opens a value only behind `=`."""
    s[START], seen = 1, False
    while True:
        while place < end and (CLASSES[buffer[place]] == SPACE or buffer[place] == ord("/")):
            place += 1
        if place >= end:
            return 0
        if buffer[place] == ord(">"):
            return place + 1
        name = place
        place += 1
        while place < end and CLASSES[buffer[place]] != SPACE and CLASSES[buffer[place]] != NAME_END and buffer[place] != ord("="):
            place += 1
        name_end = place
        place = _skip_space(buffer, place, end)
        if place >= end or buffer[place] != ord("="):
            continue
        place = _skip_space(buffer, place + 1, end)
        if not seen and _is_start(buffer, name, name_end):
            seen = True
            _read_start(buffer, place, end, s)
        if place < end and (buffer[place] == ord('"') or buffer[place] == ord("'")):
            place = _find(buffer, place + 1, end, buffer[place]) + 1
            continue
        while place < end and CLASSES[buffer[place]] != SPACE and buffer[place] != ord(">"):
            place += 1


@njit(PLACE(BYTES, PLACE, PLACE, PLACES, PLACES), cache=True)
def _bogus_end(buffer, place, end, s, noted):  # type: ignore[no-untyped-def]
    """The place after the next `>`, 0 if there is none."""
    if not s[NO_END]:
        place = _find(buffer, place, end, ord(">"))
        if place < end:
            return place + 1
        s[NO_END] = 1
    noted[TAG] += 1
    return 0


@njit(PLACE(BYTES, PLACE, PLACE, PLACES, PLACES), cache=True)
def _tag_end(buffer, place, end, s, noted):  # type: ignore[no-untyped-def]
    """The place after a tag whose name ends at `place`, 0 if it has no end. A quote that none closes would take the rest of the body with it:
    there, and in the rest of the body, the next `>` ends a tag."""
    if not s[UNQUOTED]:
        after = _attributes_end(buffer, place, end, s)
        if after:
            return after
        s[UNQUOTED] = 1
        noted[QUOTE] += _find(buffer, place, end, ord(">")) < end
    s[START] = 1
    return _bogus_end(buffer, place, end, s, noted)


@njit(PLACE(BYTES, PLACE, PLACE, PLACES, PLACES), cache=True)
def _comment_end(buffer, place, end, s, noted):  # type: ignore[no-untyped-def]
    """The place after a comment whose text begins at `place`, 0 if it has no end. `<!-->`, `<!--->` and `--!>` end one too."""
    dash = place < end and buffer[place] == ord("-")
    if place + dash < end and buffer[place + dash] == ord(">"):
        return place + dash + 1
    if not s[NO_COMMENT]:
        while place + 2 < end:
            if buffer[place] == ord("-") and buffer[place + 1] == ord("-"):
                if buffer[place + 2] == ord(">"):
                    return place + 3
                if buffer[place + 2] == ord("!") and place + 3 < end and buffer[place + 3] == ord(">"):
                    return place + 4
            place += 1
        s[NO_COMMENT] = 1
    noted[COMMENT] += 1
    return 0


@njit(types.Tuple((PLACE, PLACE))(BYTES, PLACE, PLACE, TABLES), cache=True)
def _name(buffer, place, end, tables):  # type: ignore[no-untyped-def]
    """What the tag is whose name begins at `place`, and where the name ends."""
    (children, values), columns, kinds = tables[0], tables[1], tables[2]
    node, alive = 0, True
    while place < end and CLASSES[buffer[place]] != SPACE and CLASSES[buffer[place]] != NAME_END:
        node = children[node, columns[buffer[place]]]
        alive = alive and node != 0
        place += 1
    number = values[node] if alive else -1
    return (np.int64(kinds[number]) if number >= 0 else OTHER), place


@njit(PLACE(BYTES, PLACE, PLACE, PLACE, TABLES, PLACES, PLACES), cache=True)
def _script_end(buffer, place, end, kind, tables, s, noted):  # type: ignore[no-untyped-def]
    """The place of the end tag of a script or a style sheet, which are dropped; `place` itself where there is none: what looks like text stays."""
    field = NO_SCRIPT if kind == SCRIPT else NO_STYLE
    start = place
    while not s[field]:
        place = _find(buffer, place, end, ord("<"))
        if place + 1 >= end:
            s[field] = 1
        elif buffer[place + 1] == ord("/"):
            found, after = _name(buffer, place + 2, end, tables)
            if found == kind and after < end:
                return place
            place += 2
        else:
            place += 1
    noted[OPEN_SCRIPT] += 1
    return start


@njit(PLACE(BYTES, PLACE, PLACE, PLACE, TABLES), cache=True)
def _raised_end(buffer, place, end, kind, tables):  # type: ignore[no-untyped-def]
    """The place after the end tag of a <sup> or <sub> that holds one to MOST_RAISED digits and signs alone, 0 if it holds anything else."""
    count = 0
    while place < end and count <= MOST_RAISED:
        byte = buffer[place]
        if _is_digit(byte) or byte in (0x28, 0x29, 0x2B, 0x2D, 0x3D):  # ( ) + - =
            place += 1
        elif byte == 0xE2 and (
            (buffer[place + 1] == 0x88 and buffer[place + 2] == 0x92) or (buffer[place + 1] == 0x80 and buffer[place + 2] == 0x93)
        ):
            place += 3  # a minus sign, an en dash
        else:
            break
        count += 1
    if count == 0 or count > MOST_RAISED or place + 1 >= end or buffer[place] != ord("<") or buffer[place + 1] != ord("/"):
        return 0
    found, after = _name(buffer, place + 2, end, tables)
    return after + 1 if found == kind and after < end and buffer[after] == ord(">") else 0


@njit(types.UniTuple(PLACE, 3)(BYTES, PLACE, PLACE, TABLES, PLACES, PLACES), cache=True)
def _markup(buffer, place, end, tables, s, noted):  # type: ignore[no-untyped-def]
    """The place after the token that begins at `place` with `<`, 0 if that is text; the kind and the value of the token."""
    sign = buffer[place + 1] if place + 1 < end else np.uint8(0)
    closing = sign == ord("/")
    name = place + 1 + closing
    if name < end and _is_letter(buffer[name]):
        if s[NO_END]:
            noted[TAG] += 1
            return 0, OTHER, 0
        kind, name_end = _name(buffer, name, end, tables)
        after = _tag_end(buffer, name_end, end, s, noted)
        if closing or after == 0:
            return after, kind + CLOSING, 0
        if kind in (SCRIPT, STYLE):
            return _script_end(buffer, after, end, kind, tables, s, noted), OTHER, 0
        if kind in (SUPERSCRIPT, SUBSCRIPT):
            whole = _raised_end(buffer, after, end, kind, tables)
            return (whole, kind, after) if whole else (after, OTHER, 0)
        return after, kind, s[START]
    if sign == ord("!") and place + 3 < end and buffer[place + 2] == ord("-") and buffer[place + 3] == ord("-"):
        return _comment_end(buffer, place + 4, end, s, noted), OTHER, 0
    if closing or sign == ord("!") or sign == ord("?"):
        return _bogus_end(buffer, place + 2, end, s, noted), OTHER, 0
    return 0, OTHER, 0


@njit(types.UniTuple(PLACE, 2)(BYTES, PLACE, PLACE, PLACES), cache=True)
def _number(buffer, place, end, noted):  # type: ignore[no-untyped-def]
    """The place after the reference whose `#` is at `place`, 0 if no digit follows; the code point."""
    hexadecimal = place + 1 < end and buffer[place + 1] | 0x20 == ord("x")
    place += 1 + hexadecimal
    start, code = place, np.int64(0)
    while place < end:
        byte = np.int64(buffer[place])
        if 0x30 <= byte <= 0x39:
            digit = byte - 0x30
        elif hexadecimal and 0x61 <= byte | 0x20 <= 0x66:
            digit = (byte | 0x20) - 0x57
        else:
            break
        code = code * (16 if hexadecimal else 10) + digit
        if code > 0x110000:
            code = np.int64(0x110000)
        place += 1
    if place == start:
        return 0, 0
    if 0x80 <= code < 0xA0:
        code = WINDOWS[code - 0x80]
    elif code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        noted[CODE_POINT] += 1
        code = np.int64(REPLACEMENT)
    return place + (place < end and buffer[place] == ord(";")), code


@njit(types.UniTuple(PLACE, 3)(BYTES, PLACE, PLACE, TABLES, PLACES), cache=True)
def _reference(buffer, place, end, tables, noted):  # type: ignore[no-untyped-def]
    """The place after the reference that begins at `place` with `&`, 0 if that is text; NAMED or CHARACTER, the number of the name or the code point."""
    place += 1
    if place < end and buffer[place] == ord("#"):
        after, code = _number(buffer, place, end, noted)
        return after, CHARACTER, code
    (children, values), columns = tables[3], tables[4]
    start, node, after, number = place, 0, 0, -1
    while place < end:
        node = children[node, columns[buffer[place]]]
        if node == 0:
            break
        place += 1
        if values[node] >= 0:
            after, number = place, values[node]
    if after == 0 and start < end and _is_letter(buffer[start]):
        place = start
        while place < end and (_is_letter(buffer[place]) or _is_digit(buffer[place])):
            place += 1
        noted[ENTITY] += place < end and buffer[place] == ord(";")
    return after, NAMED, number


@njit(types.void(BYTES, PLACES, TABLES, PLACES, types.int64[:, ::1], PLACES), cache=True)
def find_tokens(buffer, offsets, tables, counts, tokens, noted):  # type: ignore[no-untyped-def]
    """Writes to `tokens` [tokens, 4] where each begins and ends, its kind (CLOSING added for an end tag) and value: of a list the number it begins with, of
    a superscript where its characters begin; to `counts` [bodies + 1] the number of tokens before each body. A token takes three bytes at least."""
    count = 0
    for body in range(len(offsets) - 1):
        s = np.zeros(6, np.int64)
        place, end = offsets[body], offsets[body + 1]
        while True:
            while place < end and CLASSES[buffer[place]] != MARKUP:
                place += 1
            if place >= end:
                break
            if buffer[place] == ord("<"):
                after, kind, value = _markup(buffer, place, end, tables, s, noted)
            else:
                after, kind, value = _reference(buffer, place, end, tables, noted)
            if after:
                tokens[count, 0], tokens[count, 1], tokens[count, 2], tokens[count, 3] = place, after, kind, value
                count += 1
            place = after if after else place + 1
        counts[body + 1] = count
