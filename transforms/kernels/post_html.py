"""Text from HTML bodies and their tokens in one pass: what stands between tokens is copied, and between two texts stands what the tags there ask for.

Which tag asks for what, and why, stands in `transforms.post_html`; the tokens are those of `kernels.post_tokens`, of which nothing but the numbers of
their kinds is taken (numba's cache does not see a change there). A body's state is an array of integers, so that a function can change it.
"""

import numpy as np
from numba import njit, types

from transforms.kernels import post_tokens as token

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACE = types.int64
PLACES = types.int64[::1]
OUT = types.uint8[::1]
NAMES = types.Tuple((PLACES, BYTES))
"""Where the characters of each named reference begin, and those characters."""

# The fields of a body's state.
AT, BEGIN = 0, 1  # where the next byte goes; where the body's text begins
GAP, BLANK = 2, 3  # due before the next text: newlines; a blank
MARKER, INDENT, NUMBER = 4, 5, 6  # due: an item's marker, its levels of indent, its number
CELLS, BEGUN, ROW_TEXT = 7, 8, 9  # due: separators of cells; cells begun in this row; whether it has text
PRE, PRE_BEGIN, PRE_TEXT = 10, 11, 12  # within <pre>; where its text begins; whether it has any but white space
SAVED = 13  # AT, GAP, MARKER, CELLS and ROW_TEXT before <pre>
DEPTH, NUMBERED = 18, 19  # open lists; how many of them are numbered
KEPT, FAILED = 20, 21  # the end of the formula that keeps its white space; for each kind of formula, up to where none ends
FIELDS = 24

NO_NUMBER = -(2**62)
"""Stands for an unordered list among the numbers of lists."""
LEVELS = 8  # ours: what is nested deeper is indented no further, so that the text grows with the body alone
MOST_CELLS = 32  # ours: empty cells that are counted in a row of them, for the same reason
GROWTH_OF_TOKEN, GROWTH = 64, 256
"""Bytes by which a text may be longer than its body: for each token (an item's marker), and once, for what an empty <pre> takes back."""

TEXT, SPACE, FORMULA = range(3)
CLASSES = np.zeros(256, np.uint8)
CLASSES[[0x09, 0x0A, 0x0C, 0x0D, 0x20]] = SPACE
CLASSES[[ord("$"), ord("\\")]] = FORMULA

ENVIRONMENT = 2
OPENERS = tuple(np.frombuffer(word, np.uint8) for word in (b"$$", b"\\[", b"\\begin{"))
CLOSERS = tuple(np.frombuffer(word, np.uint8) for word in (b"$$", b"\\]", b"\\end{"))
"""What formulas of lines begin and end with: MathJax's marks of display mathematics on Stack Exchange. Environments nest."""


@njit(PLACE(PLACE, OUT, PLACE), cache=True)
def _write_marker(number, out, at):  # type: ignore[no-untyped-def]
    if number == NO_NUMBER:
        out[at] = ord("*")
        return at + 1
    if number < 0:
        out[at] = ord("-")
        at, number = at + 1, -number
    power = 1
    while power * 10 <= number:
        power *= 10
    while power:
        out[at] = ord("0") + number // power % 10
        at, power = at + 1, power // 10
    out[at] = ord(".")
    return at + 1


@njit(types.void(PLACES, OUT, types.boolean), cache=True)
def _flush(s, out, code):  # type: ignore[no-untyped-def]
    """Writes what is due before a text; before code, an item's marker stands alone on its line."""
    at = s[AT]
    if s[CELLS] and s[ROW_TEXT]:
        s[GAP] = 0
    if at > s[BEGIN]:
        for _ in range(s[GAP]):
            out[at] = ord("\n")
            at += 1
        if s[BLANK] and not s[GAP] and not s[CELLS]:
            out[at] = ord(" ")
            at += 1
    if s[MARKER]:
        for _ in range(4 * s[INDENT]):
            out[at] = ord(" ")
            at += 1
        at = _write_marker(s[NUMBER], out, at)
        out[at] = ord("\n") if code else ord(" ")
        at += 1
    for _ in range(s[CELLS]):
        if s[ROW_TEXT]:
            out[at] = ord(" ")
            at += 1
        out[at], out[at + 1] = ord("|"), ord(" ")
        at += 2
    s[AT] = at
    s[GAP] = s[BLANK] = s[MARKER] = s[CELLS] = 0
    s[ROW_TEXT] = 1


@njit(types.void(PLACES, OUT), cache=True)
def _before_text(s, out):  # type: ignore[no-untyped-def]
    if s[PRE]:
        s[PRE_TEXT] = 1
    elif s[GAP] or s[BLANK] or s[MARKER] or s[CELLS] or not s[ROW_TEXT]:
        _flush(s, out, False)


@njit(types.void(types.uint8, PLACE, PLACES, OUT), cache=True)
def _take_space(byte, place, s, out):  # type: ignore[no-untyped-def]
    """White space: kept in <pre>, but for blank lines at its beginning, and in formulas; elsewhere it separates words."""
    if not s[PRE] and place >= s[KEPT]:
        s[BLANK] = 1
        return
    if not s[PRE]:
        _flush(s, out, False)
    out[s[AT]] = byte
    s[AT] += 1
    if s[PRE] and byte == ord("\n") and not s[PRE_TEXT]:
        s[AT] = s[PRE_BEGIN]


@njit(types.void(PLACES, OUT), cache=True)
def _close_pre(s, out):  # type: ignore[no-untyped-def]
    if s[PRE]:
        while s[AT] > s[PRE_BEGIN] and CLASSES[out[s[AT] - 1]] == SPACE:
            s[AT] -= 1
        if s[AT] == s[PRE_BEGIN]:
            s[AT], s[GAP], s[MARKER], s[CELLS], s[ROW_TEXT] = s[SAVED], s[SAVED + 1], s[SAVED + 2], s[SAVED + 3], s[SAVED + 4]
        s[PRE] = 0
    s[GAP] = 2


@njit(types.void(PLACES, OUT), cache=True)
def _open_pre(s, out):  # type: ignore[no-untyped-def]
    _close_pre(s, out)
    s[SAVED], s[SAVED + 1], s[SAVED + 2], s[SAVED + 3], s[SAVED + 4] = s[AT], s[GAP], s[MARKER], s[CELLS], s[ROW_TEXT]
    _flush(s, out, True)
    s[PRE], s[PRE_BEGIN], s[PRE_TEXT] = 1, s[AT], 0


@njit(types.void(PLACE, types.boolean, PLACE, PLACES, PLACES), cache=True)
def _take_list(kind, closing, first, s, numbers):  # type: ignore[no-untyped-def]
    """A list stands apart, one within a list on lines of its own. An end tag closes up to the innermost open list of its kind, if there is one."""
    ordered = kind == token.ORDERED
    if not closing:
        s[GAP] = max(s[GAP], 1 if s[DEPTH] else 2)
        numbers[s[DEPTH]] = first if ordered else NO_NUMBER
        s[DEPTH] += 1
        s[NUMBERED] += ordered
        return
    if (s[NUMBERED] if ordered else s[DEPTH] - s[NUMBERED]) == 0:
        return
    found = False
    while not found:
        s[DEPTH] -= 1
        found = (numbers[s[DEPTH]] != NO_NUMBER) == ordered
        s[NUMBERED] -= numbers[s[DEPTH]] != NO_NUMBER
    s[GAP] = max(s[GAP], 1 if s[DEPTH] else 2)


@njit(types.void(types.boolean, PLACES, PLACES), cache=True)
def _take_item(closing, s, numbers):  # type: ignore[no-untyped-def]
    s[GAP] = max(s[GAP], 1)
    s[MARKER] = not closing
    if not closing:
        s[INDENT] = max(0, min(s[DEPTH] - 1, LEVELS))
        s[NUMBER] = numbers[s[DEPTH] - 1] if s[DEPTH] else NO_NUMBER
        if s[NUMBER] != NO_NUMBER:
            numbers[s[DEPTH] - 1] += 1


@njit(types.void(PLACE, types.boolean, PLACE, PLACES, PLACES, OUT), cache=True)
def _take_element(kind, closing, first, s, numbers, out):  # type: ignore[no-untyped-def]
    """What a start or an end tag asks for. `first`: the number that an ordered list begins with."""
    if kind == token.PREFORMATTED:
        if closing:
            _close_pre(s, out)
        else:
            _open_pre(s, out)
    elif s[PRE]:
        if kind == token.BREAK or (token.APART <= kind <= token.ROW and s[AT] > s[PRE_BEGIN] and out[s[AT] - 1] != ord("\n")):
            _take_space(ord("\n"), 0, s, out)
    elif kind in (token.APART, token.LINE):
        s[GAP] = max(s[GAP], 2 if kind == token.APART else 1)
    elif kind in (token.UNORDERED, token.ORDERED):
        _take_list(kind, closing, first, s, numbers)
    elif kind == token.ITEM:
        _take_item(closing, s, numbers)
    elif kind in (token.TABLE, token.ROW):
        s[GAP] = max(s[GAP], 2 if kind == token.TABLE else 1)
        s[CELLS] = s[BEGUN] = s[ROW_TEXT] = 0
    elif kind == token.CELL:
        if not closing:
            s[CELLS] = min(s[CELLS] + (s[BEGUN] > 0), MOST_CELLS)
            s[BEGUN] += 1
    elif kind == token.BREAK and s[BEGUN]:
        s[BLANK] = 1
    elif kind == token.BREAK:
        s[GAP] = min(s[GAP] + 1, 2)


@njit(types.boolean(BYTES, PLACE, PLACE, BYTES), cache=True)
def _starts(buffer, place, end, word):  # type: ignore[no-untyped-def]
    if place + len(word) > end:
        return False
    same = True
    for index in range(len(word)):
        same = same and buffer[place + index] == word[index]
    return same


@njit(types.void(BYTES, PLACE, PLACE, PLACES), cache=True)
def _find_formula(buffer, place, end, s):  # type: ignore[no-untyped-def]
    """Sets KEPT where a formula of lines begins at `place`, $$..$$, \\[..\\] or \\begin{..}..\\end{..}, and ends before the next `<`."""
    start = place
    for kind in range(3):
        if _starts(buffer, place, end, OPENERS[kind]):
            break
    else:
        return
    if place < s[FAILED + kind]:
        return
    depth = 0 if kind == ENVIRONMENT else 1
    while place < end and buffer[place] != ord("<"):
        if kind == ENVIRONMENT and _starts(buffer, place, end, OPENERS[kind]):
            depth += 1
        elif place >= start + 2 and _starts(buffer, place, end, CLOSERS[kind]):
            depth -= 1
            if depth == 0:
                s[KEPT] = place + len(CLOSERS[kind])
                return
        place += 1
    s[FAILED + kind] = place


@njit(types.void(BYTES, PLACE, PLACE, PLACE, PLACES, OUT), cache=True)
def _copy(buffer, place, end, body_end, s, out):  # type: ignore[no-untyped-def]
    """Writes the text between two tokens, [place, end)."""
    while place < end:
        byte = buffer[place]
        kind = CLASSES[byte]
        if kind == SPACE:
            if byte == ord("\r"):  # HTML standard, 13.2.3.5: a line may end in \r\n or \r
                byte = np.uint8(ord("\n"))
                place += place + 1 < end and buffer[place + 1] == ord("\n")
            _take_space(byte, place, s, out)
            place += 1
            continue
        if kind == FORMULA and not s[PRE] and place >= s[KEPT]:
            _find_formula(buffer, place, body_end, s)
        _before_text(s, out)
        at = s[AT]
        while True:
            out[at] = byte
            at, place = at + 1, place + 1
            if place >= end:
                break
            byte = buffer[place]
            if CLASSES[byte] != TEXT and (byte != ord(" ") or place + 1 >= end or CLASSES[buffer[place + 1]] != TEXT):
                break
        s[AT] = at


@njit(types.void(PLACE, PLACE, PLACES, OUT), cache=True)
def _write_character(code, place, s, out):  # type: ignore[no-untyped-def]
    """Writes the code point of the reference at `place`, in UTF-8."""
    if code < 0x80 and CLASSES[code] == SPACE:
        _take_space(np.uint8(ord("\n") if code == ord("\r") else code), place, s, out)
        return
    _before_text(s, out)
    size = 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000)
    at = s[AT]
    for index in range(size - 1, 0, -1):
        out[at + index] = 0x80 | code & 0x3F
        code >>= 6
    out[at] = code if size == 1 else (0xF00 >> size) & 0xFF | code
    s[AT] = at + size


@njit(types.void(PLACE, PLACE, NAMES, PLACES, OUT), cache=True)
def _write_name(number, place, names, s, out):  # type: ignore[no-untyped-def]
    """Writes the characters of the named reference at `place`."""
    starts, characters = names
    start, end = starts[number], starts[number + 1]
    if end - start == 1:
        _write_character(np.int64(characters[start]), place, s, out)
        return
    _before_text(s, out)
    for index in range(start, end):
        out[s[AT]] = characters[index]
        s[AT] += 1


@njit(types.void(BYTES, PLACE, types.uint32[::1], PLACES, OUT), cache=True)
def _write_raised(buffer, place, forms, s, out):  # type: ignore[no-untyped-def]
    """Writes the characters at `place`, up to the tag that ends them, as super- or subscripts."""
    _before_text(s, out)
    while buffer[place] != ord("<"):
        beyond = buffer[place] >= 0x80  # a minus sign or an en dash
        form = forms[ord("-") if beyond else buffer[place]]
        while form:
            out[s[AT]] = form & 0xFF
            s[AT] += 1
            form >>= 8
        place += 3 if beyond else 1


@njit(types.void(BYTES, PLACES, PLACES, types.int64[:, ::1], NAMES, types.uint32[:, ::1], PLACES, OUT, PLACES), cache=True)
def write_texts(buffer, offsets, counts, tokens, names, forms, numbers, out, out_offsets):  # type: ignore[no-untyped-def]
    """Writes the texts to `out` and where each begins to `out_offsets` [bodies + 1]. `forms` [2, 128]: UTF-8 bytes, the first lowest, of super- and
    subscripts. `numbers`: space for one number an open list; more lists than tokens are never open."""
    s = np.zeros(FIELDS, np.int64)
    for body in range(len(offsets) - 1):
        at = s[AT]
        s[:] = 0
        s[AT] = s[BEGIN] = at
        place, end = offsets[body], offsets[body + 1]
        for number in range(counts[body], counts[body + 1]):
            _copy(buffer, place, tokens[number, 0], end, s, out)
            kind, value = tokens[number, 2], tokens[number, 3]
            if kind == token.NAMED:
                _write_name(value, tokens[number, 0], names, s, out)
            elif kind == token.CHARACTER:
                _write_character(value, tokens[number, 0], s, out)
            elif kind in (token.SUPERSCRIPT, token.SUBSCRIPT):
                _write_raised(buffer, value, forms[kind - token.SUPERSCRIPT], s, out)
            elif kind:
                _take_element(kind % token.CLOSING, kind >= token.CLOSING, value, s, numbers, out)
            place = tokens[number, 1]
        _copy(buffer, place, end, end, s, out)
        if s[PRE]:
            _close_pre(s, out)
        out_offsets[body + 1] = s[AT]
