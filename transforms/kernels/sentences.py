"""Where Punkt ends a sentence: its regular expressions and its two passes as loops over the UTF-8 bytes.

The tables are made in `transforms.sentences`. All compiled code stands in this one file: numba does not notice that a function which a
cached one calls was changed in another file. Names of the parts follow nltk.tokenize.punkt, whose decisions these are.
"""

import numpy as np
from numba import njit, types

from transforms.kernels.characters import character

BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.int64[::1]
KINDS = types.uint8[::1]
PAIRS = types.int64[:, ::1]
VOCABULARY = types.Tuple((types.int32[::1], PLACES, KINDS, KINDS, KINDS, PAIRS))
"""Slots of a hash table (number of a word, -1 where free); offsets of the words and their bytes; per word its orthographic context and its
roles; the collocations as pairs of words' numbers."""

SPACE, LETTER, DIGIT, UPPER, LOWER, CLOSES, OPENS, STRIPPED = 1, 2, 4, 8, 16, 32, 64, 128
"""Bits of a character's kind: white space; a word character that is no digit; a digit; upper case; lower case; never within a word
(nltk's _re_non_word_chars); never the first of a word (_re_word_start); what str.strip removes."""

ABBREVIATION, STARTER, COLLOCATES = 1, 2, 4
"""Bits of a word's roles: ends in a period that need not end a sentence; begins sentences; is the first of a collocation."""

MID_UPPER, ANY_UPPER, BEGIN_LOWER, ANY_LOWER = 4, 14, 16, 112
"""Orthographic contexts as the parameter files have them (punkt's _ORTHO_MID_UC, _ORTHO_UC, _ORTHO_BEG_LC, _ORTHO_LC)."""

NUMBER_WORD = 0
"""Number of the word `##number##`, which stands for all numbers."""

NO, YES, UNKNOWN = range(3)
PERIOD, QUESTION, EXCLAMATION, HYPHEN, COMMA, COLON, SEMICOLON, NEWLINE = 0x2E, 0x3F, 0x21, 0x2D, 0x2C, 0x3A, 0x3B, 0x0A
FNV_OFFSET, FNV_PRIME = 2166136261, 16777619


@njit(types.int64(BYTES, types.int64, types.int64, KINDS, types.boolean), cache=True)
def _run_end(buffer, place, end, kinds, space):  # type: ignore[no-untyped-def]
    """Where the run of white space, or of what is none, that `place` may begin ends."""
    while place < end:
        code, after = character(buffer, place)
        if (kinds[code] & SPACE != 0) != space:
            break
        place = after
    return place


@njit(types.int64(BYTES, types.int64, types.int64, KINDS), cache=True)
def _punctuation_end(buffer, place, end, kinds):  # type: ignore[no-untyped-def]
    """Where the run of hyphens or periods, or the spaced ellipsis, that begins at `place` ends; -1 where none does (_re_multi_char_punct)."""
    byte = buffer[place]
    if byte != HYPHEN and byte != PERIOD:
        return -1
    after = place + 1
    while after < end and buffer[after] == byte:
        after += 1
    if after > place + 1:
        return after
    if byte == HYPHEN:
        return -1
    pairs = last = 0
    after = place
    while after + 1 < end and buffer[after] == PERIOD:
        code, following = character(buffer, after + 1)
        if not kinds[code] & SPACE:
            break
        pairs += 1
        last = after
        after = following
    if pairs >= 2 and after < end and buffer[after] == PERIOD:
        return after + 1
    return last + 1 if pairs >= 3 else -1


@njit(types.boolean(BYTES, types.int64, types.int64, KINDS), cache=True)
def _ends_word(buffer, place, end, kinds):  # type: ignore[no-untyped-def]
    """Whether a word ends before `place`, but for the comma's case."""
    if place >= end or kinds[character(buffer, place)[0]] & (SPACE | CLOSES):
        return True
    return _punctuation_end(buffer, place, end, kinds) >= 0


@njit(types.int64(BYTES, types.int64, types.int64, KINDS), cache=True)
def _token_end(buffer, place, end, kinds):  # type: ignore[no-untyped-def]
    """Where the token ends that begins at `place`, which is no white space; the line ends at `end` (_word_tokenize_fmt)."""
    after = _punctuation_end(buffer, place, end, kinds)
    if after >= 0:
        return after
    code, after = character(buffer, place)
    if kinds[code] & OPENS:
        return after
    while not _ends_word(buffer, after, end, kinds):
        if buffer[after] == COMMA and _ends_word(buffer, after + 1, end, kinds):
            break
        after = character(buffer, after)[1]
    return after


@njit(types.boolean(BYTES, types.int64, types.int64, KINDS), cache=True)
def _is_number(buffer, start, end, kinds):  # type: ignore[no-untyped-def]
    """Whether the token is a number (_RE_NUMERIC): a sign, a period or comma, a digit; then digits, commas, periods, hyphens."""
    if buffer[start] == HYPHEN:
        start += 1
    if start < end and (buffer[start] == PERIOD or buffer[start] == COMMA):
        start += 1
    if start >= end or not kinds[character(buffer, start)[0]] & DIGIT:
        return False
    while start < end:
        code, after = character(buffer, start)
        if not kinds[code] & DIGIT and code != COMMA and code != PERIOD and code != HYPHEN:
            return False
        start = after
    return True


@njit(types.int32(BYTES, types.int64, types.int64, VOCABULARY), cache=True)
def _word(buffer, start, end, vocabulary):  # type: ignore[no-untyped-def]
    """The number of the word that [start, end) is when lower-cased; -1 where it is none. All words are ASCII; of all other characters
    only the Kelvin sign has an ASCII lower case. The slot where a search begins is FNV-1a of the word."""
    slots, offsets, words = vocabulary[0], vocabulary[1], vocabulary[2]
    code = np.uint32(FNV_OFFSET)
    place = start
    while place < end:
        byte = np.uint32(buffer[place])
        if byte - np.uint32(0x41) < np.uint32(26):
            byte |= np.uint32(0x20)
        elif byte >= 0x80:
            if byte != 0xE2 or buffer[place + 1] != 0x84 or buffer[place + 2] != 0xAA:
                return -1
            byte = np.uint32(0x6B)
            place += 2
        code = np.uint32((code ^ byte) * np.uint32(FNV_PRIME))
        place += 1
    slot = np.int64(code) & (len(slots) - 1)
    while slots[slot] >= 0:
        number = slots[slot]
        other, place = offsets[number], start
        while place < end and other < offsets[number + 1]:
            byte = np.uint32(buffer[place])
            if byte - np.uint32(0x41) < np.uint32(26):
                byte |= np.uint32(0x20)
            elif byte == 0xE2:
                byte = np.uint32(0x6B)
                place += 2
            if byte != words[other]:
                break
            place += 1
            other += 1
        if place == end and other == offsets[number + 1]:
            return number
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@njit(types.boolean(BYTES, types.int64, types.int64, VOCABULARY), cache=True)
def _is_abbreviation(buffer, start, end, vocabulary):  # type: ignore[no-untyped-def]
    """Whether the token less its period, or what follows the last hyphen in it, is a known abbreviation."""
    roles = vocabulary[4]
    number = _word(buffer, start, end - 1, vocabulary)
    if number >= 0 and roles[number] & ABBREVIATION:
        return True
    for place in range(end - 2, start - 1, -1):
        if buffer[place] == HYPHEN:
            number = _word(buffer, place + 1, end - 1, vocabulary)
            return number >= 0 and roles[number] & ABBREVIATION != 0
    return False


@njit(types.int32(BYTES, types.int64, types.int64, KINDS, VOCABULARY), cache=True)
def _next_word(buffer, start, end, kinds, vocabulary):  # type: ignore[no-untyped-def]
    """The word's number of the token after a period: less its own period where the first pass ends a sentence there (type_no_sentperiod)."""
    if _is_number(buffer, start, end, kinds):
        return NUMBER_WORD
    period = end - start > 1 and buffer[end - 1] == PERIOD and buffer[end - 2] != PERIOD
    if period and not _is_abbreviation(buffer, start, end, vocabulary):
        end -= 1
    return _word(buffer, start, end, vocabulary)


@njit(types.int64(types.uint8, types.uint8, types.boolean), cache=True)
def _starts_sentence(first, context, punctuation):  # type: ignore[no-untyped-def]
    """_ortho_heuristic: `first` is the kind of the token's first character, `context` how its word is written elsewhere."""
    if punctuation:
        return NO
    if first & UPPER and context & ANY_LOWER and not context & MID_UPPER:
        return YES
    if first & LOWER and (context & ANY_UPPER or not context & BEGIN_LOWER):
        return NO
    return UNKNOWN


@njit(types.boolean(BYTES, types.int64, types.int64, types.int64, types.int64, KINDS, VOCABULARY), cache=True)
def _breaks(buffer, start, end, next_start, next_end, kinds, vocabulary):  # type: ignore[no-untyped-def]
    """Whether the token [start, end), which ends in a period, ends a sentence before the token [next_start, next_end): both passes."""
    contexts, roles, collocations = vocabulary[3], vocabulary[4], vocabulary[5]
    ellipsis = end - start > 1 and buffer[end - 2] == PERIOD  # a token that ends in two periods is nothing but periods
    abbreviation = end - start > 1 and not ellipsis and _is_abbreviation(buffer, start, end, vocabulary)
    code, after = character(buffer, start)
    initial = after == end - 1 and kinds[code] & LETTER != 0
    number = _is_number(buffer, start, end, kinds)
    word = NUMBER_WORD if number else _word(buffer, start, max(start + 1, end - 1), vocabulary)
    collocates = word >= 0 and roles[word] & COLLOCATES != 0
    if not (ellipsis or abbreviation or initial or number or collocates):
        return True
    following = _next_word(buffer, next_start, next_end, kinds, vocabulary)
    if collocates and following >= 0:
        for pair in range(len(collocations)):
            if collocations[pair, 0] == word and collocations[pair, 1] == following:
                return False
    context = contexts[following] if following >= 0 else np.uint8(0)
    first = kinds[character(buffer, next_start)[0]]
    mark = next_end == next_start + 1 and buffer[next_start] in (SEMICOLON, COLON, COMMA, PERIOD, EXCLAMATION, QUESTION)
    starts = _starts_sentence(first, context, mark)
    starter = first & UPPER and following >= 0 and roles[following] & STARTER
    if (abbreviation or ellipsis) and not initial and (starts == YES or starter):
        return True
    if initial or number:
        if starts == NO:
            return False
        if starts == UNKNOWN and initial and first & UPPER and not context & ANY_LOWER:
            return False
    return not (abbreviation or ellipsis)


@njit(types.boolean(BYTES, types.int64, types.int64, KINDS, VOCABULARY), cache=True)
def _contains_break(buffer, place, end, kinds, vocabulary):  # type: ignore[no-untyped-def]
    """Whether one of the tokens of [place, end) but the last ends a sentence (text_contains_sentbreak)."""
    start = stop = -1
    line = place
    while True:
        place = _run_end(buffer, place, end, kinds, True)
        if place >= end:
            return False
        if place >= line:  # a new line: tokens do not cross its end, and one that is blank for str.strip is passed over
            line = place
            blank = True
            while line < end and buffer[line] != NEWLINE:
                code, line = character(buffer, line)
                blank = blank and kinds[code] & (SPACE | STRIPPED) != 0
            if blank:
                place = line
                continue
        after = _token_end(buffer, place, line, kinds)
        if start >= 0:
            byte = buffer[stop - 1]
            if byte == PERIOD:
                if _breaks(buffer, start, stop, place, after, kinds, vocabulary):
                    return True
            elif stop - start == 1 and byte in (QUESTION, EXCLAMATION):
                return True
        start, stop, place = place, after, after


@njit(types.int64(BYTES, types.int64, types.int64, KINDS, VOCABULARY, PAIRS), cache=True)
def find_breaks(buffer, start, end, kinds, vocabulary, found):  # type: ignore[no-untyped-def]
    """The number of sentence breaks in [start, end), before boundaries are realigned (_match_potential_end_contexts, _slices_from_text).

    Where `found` has rows, the break's two places are written: after its mark, and where the next sentence begins. Always in row 0: the last.
    """
    count = 0
    word, mark, next_start, after = start, -1, start, start  # of the candidate before; its word is [word, mark)
    stop = start
    place = start
    while place < end:
        byte = buffer[place]
        if byte != PERIOD and byte != QUESTION and byte != EXCLAMATION:
            place += 1
            continue
        if place + 1 >= end:
            break
        code, following = character(buffer, place + 1)
        begin = place + 1
        if kinds[code] & SPACE:
            begin = _run_end(buffer, following, end, kinds, True)
            if begin >= end:
                break
        elif not kinds[code] & CLOSES:
            place += 1
            continue
        before = place - 1  # back to the last ASCII white space, which does not count where the mark before is, or the text begins
        while before > stop and not (buffer[before] == 0x20 or 0x09 <= buffer[before] <= 0x0D):
            before -= 1
        before = before + 1 if before > stop else word
        if mark >= 0 and stop <= before and _contains_break(buffer, word, after, kinds, vocabulary):
            row = count if len(found) > 1 else 0
            found[row, 0], found[row, 1] = mark + 1, next_start
            count += 1
        word, mark, stop, next_start = before, place, place, begin
        after = following if begin == place + 1 else _run_end(buffer, begin, end, kinds, False)
        place = begin
    if mark >= 0 and _contains_break(buffer, word, after, kinds, vocabulary):
        row = count if len(found) > 1 else 0
        found[row, 0], found[row, 1] = mark + 1, next_start
        count += 1
    return count


@njit(types.void(BYTES, PLACES, PLACES, KINDS, KINDS, VOCABULARY, PLACES), cache=True)
def count_sentences(buffer, starts, ends, kinds, closing, vocabulary, counts):  # type: ignore[no-untyped-def]
    """Writes the number of sentences of each span: one more than breaks, less what realignment takes away.

    Realignment (_realign_boundaries) moves closing marks to the sentence before them. It empties a sentence only where that is the last one
    and nothing but such marks: every other piece ends in the mark of a break, which is no closing mark.
    """
    last = np.zeros((1, 2), np.int64)
    for span in range(len(starts)):
        start, end = starts[span], ends[span]
        while end > start:
            before = end - 1
            while buffer[before] & 0xC0 == 0x80:
                before -= 1
            if not kinds[character(buffer, before)[0]] & STRIPPED:
                break
            end = before
        if end == start:
            counts[span] = 0
            continue
        breaks = find_breaks(buffer, start, ends[span], kinds, vocabulary, last)
        place = last[0, 1] if breaks else end
        while place < end:
            code, after = character(buffer, place)
            if not closing[code]:
                break
            place = after
        counts[span] = breaks + (breaks == 0 or place < end)
