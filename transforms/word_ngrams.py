"""The hashes of a text's word n-grams, a segment at a time (spec 7.3; `transforms.shingles` says what they are for).

The normalised text: NFKC, then lower case, then words are maximal runs of `str.isalnum` and all else separates; a final sigma counts as a
sigma. Both follow the Unicode version of this Python. So CamelCase is one word, "don't" is two, and a writing that puts no spaces, or
has vowels as marks, is cut where it has punctuation, or marks. A text of fewer than n words has one n-gram, all its words, which equals
that of the same short text and nothing in a longer one; a text without words has none.

Hashes stand for n-grams. Two that differ get the same hash with odds of about 2**-64: with 2 million n-grams in each of two books, one
false agreement is expected in some 4.6 million such pairs, and it would move the overlap by one n-gram. The hash is fast, not secret.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Tables = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]

SEGMENT_BYTES = 1 << 20
"""ours: at 64 KiB and at 16 MiB it is no faster."""
STRETCH_BYTES = 4096
"""What is normalised by Python at once where marks stand. ours: long enough for the calls to cost nothing beside the work."""
CROWD_BYTES = 4096
"""Marks between which a text is cut after all. ours: far over MOST_MARKS; what such a cut parts composes with nothing."""
MOST_MARKS = 30
"""Marks that may follow each other before a joiner is put between them; without, ordering them takes quadratic time. code: Unicode UAX 15,
Stream-Safe Text Format, counted here in characters as they stand."""
JOINER = "\u034f"  # code: UAX 15, the combining grapheme joiner
HANGUL_PARTS = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))  # code: Unicode section 3.12, vowels and trailing consonants that compose
CODE_POINTS = 0x110000
CAPITAL_DOTTED_I, CAPITAL_SIGMA, FINAL_SIGMA, SMALL_SIGMA = 0x130, 0x3A3, 0x3C2, "\u03c3"


def ngram_hashes(text: str | bytes | memoryview | Bytes, n: int, segment_bytes: int = SEGMENT_BYTES) -> Iterator[Hashes]:
    """The hashes of all n-grams of a text in order, repeats included, in arrays of up to about `segment_bytes` of text each.

    `text`: a string, or UTF-8 in any buffer (such as a slice of `Texts.buffer`), which is not copied. Where arrays are cut hangs on
    `segment_bytes`, the hashes do not. Raises ValueError for n or segment_bytes below 1, and for a text that is not UTF-8.
    """
    from transforms.kernels.word_ngrams import RING, SEED, SLACK, WORD, finish

    if n < 1 or segment_bytes < 1:
        raise ValueError(f"expected n-grams of at least one word and segments of at least one byte, found {n} and {segment_bytes}")
    buffer = _utf8(text)
    state = np.zeros(RING + n, np.uint64)
    state[WORD] = SEED
    place = 0
    while place < len(buffer):
        end = _cut(buffer, place + segment_bytes)
        yield from _segment(buffer, place, end, state, np.empty(segment_bytes // 4 + 2 * SLACK, np.uint64))
        place = end
    last = np.empty(2, np.uint64)
    count = finish(state, last, 0)
    if count:
        yield last[:count]


def _utf8(text: str | bytes | memoryview | Bytes) -> Bytes:
    """The bytes of a text, checked: kernels read without looking where a character ends."""
    if isinstance(text, str):
        return np.frombuffer(text.encode(), np.uint8)
    buffer = np.frombuffer(text, np.uint8)
    offsets = np.array([0, len(buffer)], np.int64)
    pa.LargeStringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(buffer)).validate(full=True)
    return buffer


def _cut(buffer: Bytes, place: int) -> int:
    """The first place from `place` on where a text can be cut and both parts normalised alone: before a character that is no mark.

    After CROWD_BYTES of marks it is cut between two of them; no character there composes with one that is no mark.
    """
    from transforms.kernels.word_ngrams import next_clean

    if place >= len(buffer) or buffer[place] < 0x80:
        return min(place, len(buffer))
    end = min(place + CROWD_BYTES, len(buffer))
    while end < len(buffer) and buffer[end] & 0xC0 == 0x80:
        end += 1
    return next_clean(buffer, place, end, _marks())  # type: ignore[no-any-return]


def _segment(buffer: Bytes, place: int, end: int, state: Hashes, out: Hashes) -> Iterator[Hashes]:
    """The hashes of the n-grams that end in buffer[place:end], mostly as one array."""
    from transforms.kernels.word_ngrams import hash_ngrams

    count = 0
    for piece, start, stop, tables in _pieces(buffer, place, end):
        while start < stop:
            start, count = hash_ngrams(piece, start, stop, *tables, state, out, count)
            if start < stop:
                yield out[:count].copy()
                count = 0
    if count:
        yield out[:count]


def _pieces(buffer: Bytes, place: int, end: int) -> Iterator[tuple[Bytes, int, int, Tables]]:
    """(bytes, start, end, tables) of the parts of buffer[place:end], each a text that can be taken character by character.

    Characters that no mark follows have a normal form each; a stretch with marks is normalised here first.
    """
    from transforms.kernels.word_ngrams import next_clean, next_marked

    if buffer[place:end].max(initial=0) < 0x80:
        yield buffer, place, end, _ascii_forms()
        return
    tables, marks = _forms(), _marks()
    while place < end:
        marked = next_marked(buffer, place, end, marks)
        if place < marked:
            yield buffer, place, marked, tables
        place = marked
        if marked < end:
            place = next_clean(buffer, min(marked + STRETCH_BYTES, end), end, marks)
            normal = _normalised(buffer[marked:place])
            yield normal, 0, len(normal), tables


def _normalised(stretch: Bytes) -> Bytes:
    """NFKC of a stretch with marks, as UTF-8."""
    from transforms.kernels.word_ngrams import longest_run

    text = stretch.tobytes().decode()
    if longest_run(stretch, _marks()) > MOST_MARKS:
        text = _crowds().sub(rf"\g<0>{JOINER}", text)
    return np.frombuffer(unicodedata.normalize("NFKC", text).encode(), np.uint8)


@cache
def _ascii_forms() -> Tables:
    """`_forms` of ASCII texts, which need no other."""
    return np.array([ord(chr(code).lower()) * chr(code).isalnum() for code in range(128)], np.int32), np.zeros(0, np.int32)


@cache
def _forms() -> Tables:
    """[code points] The form of each as `transforms.kernels.word_ngrams` reads it, and the expansions: NFKC and lower case."""
    from transforms.kernels.word_ngrams import EXPANDED

    every = list(map(chr, range(CODE_POINTS)))
    every[CAPITAL_DOTTED_I] = every[CAPITAL_SIGMA] = " "  # the one becomes two characters, the other hangs on its neighbours: see below
    every[FINAL_SIGMA] = SMALL_SIGMA
    every = list("".join(every).lower())
    expansions: list[int] = []
    places = {}
    for code in (*_decomposed(), CAPITAL_SIGMA):
        every[code] = unicodedata.normalize("NFKC", chr(code)).lower().replace(chr(FINAL_SIGMA), SMALL_SIGMA)
        if len(every[code]) > 1:
            places[code] = EXPANDED + len(expansions)
            expansions += [len(every[code]), *(ord(character) * character.isalnum() for character in every[code])]
            every[code] = " "
    normal = "".join(every)
    forms = np.frombuffer(normal.encode("utf-32-le", "surrogatepass"), "<i4") * np.frombuffer(bytes(map(str.isalnum, normal)), bool)
    forms[list(places)] = list(places.values())
    return forms.astype(np.int32), np.array(expansions, np.int32)


@cache
def _marks() -> npt.NDArray[np.uint8]:
    """[code points] Whether a character can change what the one before becomes in NFKC: it has a combining class, or composes with one
    before it, or its decomposition begins so. Between two characters of which the second is none, a text may be cut."""
    pairs = [unicodedata.decomposition(chr(code)).split() for code in _decomposed()]
    seconds = {int(pair[1], 16) for pair in pairs if len(pair) == 2 and pair[0][0] != "<"}
    marks = np.frombuffer(bytes(unicodedata.combining(chr(code)) > 0 for code in range(CODE_POINTS)), np.uint8).copy()
    marks[[*seconds, *HANGUL_PARTS]] = 1
    marks[_decomposed()] |= marks[[ord(unicodedata.normalize("NFKD", chr(code))[0]) for code in _decomposed()]]
    return marks


@cache
def _decomposed() -> list[int]:
    """The code points that Unicode decomposes. Hangul syllables, which it decomposes by a rule, are not among them: NFKC leaves them."""
    return [code for code in range(CODE_POINTS) if unicodedata.decomposition(chr(code))]


@cache
def _crowds() -> re.Pattern[str]:
    """MOST_MARKS characters with a combining class, and another after them."""
    marks = "".join(re.escape(chr(code)) for code in range(CODE_POINTS) if unicodedata.combining(chr(code)))
    return re.compile(f"[{marks}]{{{MOST_MARKS}}}(?=[{marks}])")
