"""Sentences as Punkt finds them (Kiss and Strunk 2006), with the English parameters of NLTK's punkt_tab: what C4 counts (spec 4.3, step 6j).

Equal to nltk 3.10's `PunktSentenceTokenizer`, sentence by sentence. NLTK of 2019, which made C4, differs in one point: curly quotes and
guillemets did not yet end a word or close a sentence. The loops are in `transforms.kernels.sentences`.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.texts import Texts

Places = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.uint8]

ABBREVIATIONS, COLLOCATIONS, STARTERS, CONTEXTS = "abbrev_types.txt", "collocations.tab", "sent_starters.txt", "ortho_context.tab"
FILES = (ABBREVIATIONS, COLLOCATIONS, STARTERS, CONTEXTS)
NUMBER = "##number##"

# code: nltk 3.10 punkt, PunktLanguageVars. White space is Unicode's White_Space, as in the `regex` module that NLTK compiles its patterns with.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
CURLY = "\u2018\u2019\u201c\u201d\xab\xbb"
CLOSES_WORD = ")\";}]*:@'({[?!" + CURLY
NO_WORD_START = '("`{[:;&#*@)}]-,'
CLOSING = "\"')]}" + CURLY
REALIGNED = re.compile(rf"[{re.escape(CLOSING)}]+?(?:[{WHITE_SPACE}]+|(?=--)|$)", re.MULTILINE)

WORD_CATEGORIES = ("Nl", "Pc")
CIRCLED_LETTERS = ((0x24B6, 0x24EA), (0x1F130, 0x1F14A), (0x1F150, 0x1F16A), (0x1F170, 0x1F18A))
JOINERS = ((0x200C, 0x200E),)
"""`[^\\W\\d]` of the `regex` module, unlike that of `re`: Unicode's Alphabetic, marks, connectors and joiners, without other numbers."""

CODE_POINTS = 0x110000
ASSIGNED = (*range(0x34000), *range(0xE0000, 0xE0200))
"""Beyond these no character is a letter, digit, mark or space."""


class Sentences:
    """Splits into sentences with the Punkt parameters in the folder at `path` (the four files of punkt_tab/english).

    ValueError where a file is missing or is not what it should be. Made once a process.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        folder = Path(path)
        if missing := [name for name in FILES if not (folder / name).is_file()]:
            raise ValueError(
                f"{path}: expected Punkt's English parameters, found no {', '.join(missing)}: python -m pipeline.setup --punkt fetches them"
            )
        self._vocabulary = _vocabulary(*(_rows(folder / name) for name in FILES))

    def counts(self, texts: Texts) -> Places:
        """[documents] The number of sentences of each text, 0 where it is blank."""
        return self.counts_between(texts.buffer, texts.offsets[:-1], texts.offsets[1:])

    def counts_between(self, buffer: npt.NDArray[np.uint8], starts: Places, ends: Places) -> Places:
        """[spans] The number of sentences of each piece [start, end) of the buffer, as texts of their own.

        The buffer is valid UTF-8 and no span begins or ends within a character: neither is checked.
        """
        from transforms.kernels.sentences import count_sentences

        counts = np.zeros(len(starts), np.int64)
        spans = np.ascontiguousarray(starts, np.int64), np.ascontiguousarray(ends, np.int64)
        count_sentences(_read_only(buffer), *spans, _kinds(), _closing(), self._vocabulary, counts)
        return counts

    def split(self, text: str) -> list[str]:
        """The sentences of a text, as `nltk.tokenize.sent_tokenize` gives them."""
        from transforms.kernels.sentences import find_breaks

        encoded = np.frombuffer(text.encode(), np.uint8)
        found = np.zeros((2 + sum(map(text.count, ".?!")), 2), np.int64)
        count = find_breaks(_read_only(encoded), 0, len(encoded), _kinds(), self._vocabulary, found)
        starts_character = np.append((encoded & 0xC0) != 0x80, True)
        ends, nexts = (np.cumsum(starts_character)[found[:count]] - 1).T.tolist()
        return _realigned(text, list(zip([0, *nexts], [*ends, len(text.rstrip())], strict=True)))


def _realigned(text: str, slices: list[tuple[int, int]]) -> list[str]:
    """The sentences at the slices, closing marks at the start of one moved to the one before (code: punkt _realign_boundaries)."""
    sentences = []
    moved = 0
    for number, (start, end) in enumerate(slices):
        start += moved
        moved = 0
        if number + 1 < len(slices):
            following = slice(*slices[number + 1])
            if match := REALIGNED.match(text[following]):
                end, moved = following.start + len(match[0].rstrip()), match.end()
        sentences.append(text[start:end])
    return [sentence for sentence in sentences if sentence]


def _rows(path: Path) -> list[list[str]]:
    """The lines of a parameter file, split at tabs; ". . " is an entry, so nothing is stripped."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected UTF-8 text: {error}") from None
    rows = [line.removesuffix("\r").split("\t") for line in lines if line]
    columns = 2 if path.suffix == ".tab" else 1
    for number, row in enumerate(rows, 1):
        wrong = len(row) != columns or (path.name == CONTEXTS and not (row[1].isdecimal() and int(row[1]) < 256))
        if wrong or not row[0].isascii():
            raise ValueError(f"{path}, line {number}: expected {columns} columns of Punkt's parameters in ASCII, found {row!r}")
    return rows


def _vocabulary(
    abbreviations: list[list[str]], collocations: list[list[str]], starters: list[list[str]], contexts: list[list[str]]
) -> tuple[npt.NDArray[Any], ...]:
    """The tables that `transforms.kernels.sentences` reads. NUMBER is the word 0."""
    from transforms.kernels.sentences import ABBREVIATION, COLLOCATES, STARTER

    words: dict[str, int] = {NUMBER: 0}
    for rows in (abbreviations, starters, collocations):
        for row in rows:
            for word in row:
                words.setdefault(word, len(words))
    for word, _ in contexts:
        words.setdefault(word, len(words))
    context, roles = np.zeros(len(words), np.uint8), np.zeros(len(words), np.uint8)
    for word, value in contexts:
        context[words[word]] = int(value)
    for bit, rows in ((ABBREVIATION, abbreviations), (STARTER, starters), (COLLOCATES, collocations)):
        roles[[words[row[0]] for row in rows]] |= bit
    pairs = np.array([[words[first], words[second]] for first, second in collocations], np.int64).reshape(-1, 2)
    encoded = [word.encode() for word in words]
    return (
        _slots(encoded),
        np.cumsum([0, *map(len, encoded)], dtype=np.int64),
        np.frombuffer(bytearray().join(encoded), np.uint8),
        context,
        roles,
        pairs,
    )


def _slots(words: list[bytes]) -> npt.NDArray[np.int32]:
    """A hash table by linear probing: the number of a word, -1 where free."""
    from transforms.kernels.sentences import FNV_OFFSET, FNV_PRIME

    slots = [-1] * (1 << (2 * len(words)).bit_length())
    for number, word in enumerate(words):
        slot = FNV_OFFSET
        for byte in word:
            slot = (slot ^ byte) * FNV_PRIME & 0xFFFFFFFF
        slot &= len(slots) - 1
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = number
    return np.array(slots, np.int32)


@cache
def _kinds() -> Kinds:
    """Per code point the bits of its kind, as the regular expressions and string methods of Punkt see it."""
    from transforms.kernels import sentences as kernel

    kinds = np.zeros(CODE_POINTS, np.uint8)
    for code in ASSIGNED:
        category = unicodedata.category(chr(code))
        if category[0] in "LM" or category in WORD_CATEGORIES:
            kinds[code] = kernel.LETTER
        elif category == "Nd":
            kinds[code] = kernel.DIGIT
    for first, after in (*CIRCLED_LETTERS, *JOINERS):
        kinds[first:after] |= kernel.LETTER
    every = "".join(map(chr, ASSIGNED))
    for bit, characters in (
        (kernel.UPPER, filter(str.isupper, every)),
        (kernel.LOWER, filter(str.islower, every)),
        (kernel.STRIPPED, filter(str.isspace, every)),
        (kernel.SPACE, WHITE_SPACE),
        (kernel.CLOSES, CLOSES_WORD),
        (kernel.OPENS, NO_WORD_START),
    ):
        kinds[list(map(ord, characters))] |= bit
    return kinds


@cache
def _closing() -> Kinds:
    """Per code point, whether realignment moves it to the sentence before."""
    closing = np.zeros(CODE_POINTS, np.uint8)
    closing[list(map(ord, CLOSING))] = 1
    return closing


def _read_only(buffer: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The buffer as the kernels are compiled for it."""
    view = buffer.view()
    view.flags.writeable = False
    return view
