"""C4's rules on lines and on what one line says of its page (spec 4.3, step 6): which lines stay, without citation markers, and why others go.

The rules are asked in the reference's order, so a brace or placeholder text in a line that an earlier rule drops does not drop the page.
Sentences are counted elsewhere: `Judged.lines` are what `Sentences.counts_between` takes. The loops are in `transforms.kernels.line_rules`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.texts import Lines, Texts

REASONS = (
    "kept",
    "a word is too long",
    "no end mark",
    "too few words",
    "placeholder text",
    "script notice",
    "curly bracket",
    "policy notice",
)
"""What a reason's number stands for, in the order in which the rules are asked. Placeholder text and curly brackets drop the page."""
NO_RULE = "none"

LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # those of str.splitlines
CODE_POINTS = 0x110000


def _rule(default: Any, origin: str) -> Any:
    return field(default=default, metadata={"origin": origin})


@dataclass(frozen=True)
class LineRules:
    """The rules and their values: those of the code that made C4 (code: tensorflow_datasets c4_utils), which are also T5's final ones.

    An empty tuple switches a rule off. ValueError where a sought string is not lower-case ASCII.
    """

    max_word_characters: int | None = _rule(
        1000, "code: c4_utils _MAX_WORD_LENGTH; a line with a longer word goes. The paper has no such rule; none: off"
    )
    citations: bool = _rule(
        True, "paper: removed citation markers; code: `[`, digits or nothing, `]`, and `[edit]` and `[citation needed]`"
    )
    words_before_citations: bool = _rule(False, "code: c4_utils counts words after citation markers went; datatrove before (true)")
    end_marks: tuple[str, ...] = _rule(
        (".", "?", "!", '"'),
        "code: c4_utils _END_MARKS; paper: period, exclamation mark, question mark, end quotation mark; datatrove adds '",
    )
    ellipses: tuple[str, ...] = _rule(("...",), "code: c4_utils _ELLIPSIS; an ending that is no end mark")
    min_words: int = _rule(5, "code: c4_utils _MIN_WORDS_PER_LINE and T5's final paper; arXiv v1 of it and datatrove: 3")
    placeholders: tuple[str, ...] = _rule(("lorem ipsum",), "paper: T5 drops the page, as the code does")
    scripts: tuple[str, ...] = _rule(("javascript",), "paper: T5 drops the line, as the code does")
    brackets: tuple[str, ...] = _rule(("{",), "paper: T5 drops the page, as the code does")
    policies: tuple[str, ...] = _rule(
        ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"),
        "code: c4_utils _POLICY_SUBSTRINGS; a line goes. Not in arXiv v1 of the paper",
    )

    def __post_init__(self) -> None:
        for sought in (*self.placeholders, *self.scripts, *self.brackets, *self.policies):
            if not sought or not sought.isascii() or sought != sought.lower():
                raise ValueError(f"expected lower-case ASCII to look for in lower-cased lines, found {sought!r}")
        if len(self.placeholders + self.scripts + self.brackets + self.policies) > 64:
            raise ValueError("expected no more than 64 strings to look for in lines")


@dataclass(frozen=True)
class Judged:
    """What became of a batch's lines and pages."""

    line_reasons: npt.NDArray[np.uint8]
    """[lines] Per line of the pages (as str.splitlines cuts them) a place in REASONS. Lines of a page that is dropped are judged all the same."""
    line_offsets: npt.NDArray[np.int64]
    """[pages + 1] Number of the first line of each page in `line_reasons`."""
    page_reasons: npt.NDArray[np.uint8]
    """[pages] 0, or what dropped the page, a place in REASONS."""
    buffer: npt.NDArray[np.uint8]
    """The kept lines without citation markers, each page's joined by newlines."""
    lines: Lines
    """Where the kept lines lie in `buffer`; a page that is dropped has none."""
    texts: pa.StringArray
    """[pages] The kept lines joined by newlines, stripped; empty where none is left."""

    @property
    def kept(self) -> int:
        """The number of lines kept."""
        return len(self.lines)

    @property
    def removed(self) -> dict[str, int]:
        """Lines by what removed them; with `kept` they sum to all. Lines that a dropped page takes along count under what dropped it."""
        pages = np.repeat(self.page_reasons, np.diff(self.line_offsets))
        counts = np.bincount(np.where(self.line_reasons == 0, pages, self.line_reasons), minlength=len(REASONS)).tolist()
        return {reason: count for reason, count in zip(REASONS[1:], counts[1:], strict=True) if count}

    @property
    def page_rules(self) -> pa.StringArray:
        """[pages] What dropped the page, in words; `none` where nothing did."""
        return pa.array(np.array((NO_RULE, *REASONS[1:]), object)[self.page_reasons], pa.string())


def judge(texts: Texts, rules: LineRules) -> Judged:
    """Judges every line of every page."""
    from transforms.kernels.line_rules import count_lines, judge_lines

    tables = _tables(rules)
    pages = texts.buffer, np.ascontiguousarray(texts.offsets)
    line_offsets = np.zeros(len(texts) + 1, np.int64)
    count = count_lines(pages, tables[0], line_offsets)
    line_reasons, page_reasons = np.zeros(count, np.uint8), np.zeros(len(texts), np.uint8)
    out = np.empty(len(texts.buffer), np.uint8)
    starts, ends, offsets = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(len(texts) + 1, np.int64)
    kept = judge_lines(pages, tables, line_reasons, page_reasons, (starts, ends, offsets), out)
    lines = Lines(starts[:kept], ends[:kept], offsets, np.repeat(np.arange(len(texts)), np.diff(offsets)))
    buffer = out[: lines.ends[-1] if kept else 0]
    return Judged(line_reasons, line_offsets, page_reasons, buffer, lines, _joined(buffer, lines))


def _joined(buffer: npt.NDArray[np.uint8], lines: Lines) -> pa.StringArray:
    """[pages] The texts. Lines were stripped before markers were deleted, so few pages have white space to lose now."""
    counts = np.diff(lines.offsets)
    filled = np.flatnonzero(counts)
    sizes = np.zeros(len(counts), np.int64)
    firsts = lines.starts[lines.offsets[filled]]
    lasts = lines.ends[lines.offsets[filled + 1] - 1]
    sizes[filled] = lasts - firsts
    places = np.append(0, np.cumsum(sizes)).astype(np.int32)
    array = pa.StringArray.from_buffers(len(counts), pa.py_buffer(places), pa.py_buffer(buffer))
    edges = np.append(buffer, np.uint8(0))[np.concatenate([firsts, np.maximum(lasts - 1, firsts)])]
    if (((edges > 0x20) & (edges < 0x80)) | (edges == 0)).all():
        return array
    return pa.array([text.strip() for text in array.to_pylist()], pa.string())


@cache
def _tables(rules: LineRules) -> tuple[Any, ...]:
    """What `transforms.kernels.line_rules` reads."""
    from transforms.kernels.line_rules import CODE, DELETE_CITATIONS, MAX_CHARACTERS, MIN_WORDS, PLACEHOLDER, POLICY, SCRIPT, WORDS_BEFORE

    limits = np.zeros(4, np.int64)
    limits[MIN_WORDS] = rules.min_words
    limits[MAX_CHARACTERS] = np.iinfo(np.int64).max if rules.max_word_characters is None else rules.max_word_characters
    limits[DELETE_CITATIONS] = rules.citations
    limits[WORDS_BEFORE] = rules.words_before_citations
    groups = {PLACEHOLDER: rules.placeholders, SCRIPT: rules.scripts, CODE: rules.brackets, POLICY: rules.policies}
    sought = [(sought, 1 << fate) for fate, strings in groups.items() for sought in strings]
    needles = _strings([string for string, _ in sought]), np.array([bit for _, bit in sought], np.uint8), *_filters([s for s, _ in sought])
    last = np.zeros(256, np.uint8)
    last[[mark.encode()[-1] for mark in (*rules.end_marks, "]")]] = 1
    if not rules.end_marks:
        last[:] = 1
    return _kinds(), (_strings(rules.end_marks), _strings(rules.ellipses)), needles, limits, last


def _filters(sought: list[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """[256] each: per byte the bits of the sought strings that may begin with it, and of those whose second byte it may be."""
    firsts, seconds = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
    beyond = {"k": 0xE2, "i": 0xC4}  # first bytes of U+212A and U+0130, whose lower case is ASCII
    for number, string in enumerate(sought):
        bit = np.uint64(1 << number)
        for table, character in ((firsts, string[0]), (seconds, string[1:2])):
            if character:
                table[list({ord(character), ord(character.upper()), beyond.get(character, ord(character))})] |= bit
        seconds[0x80:] |= bit if string[0] in beyond else np.uint64(0)
        if len(string) == 1:
            seconds |= bit
    return firsts, seconds


def _strings(strings: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes of the strings, one after the other, and their offsets."""
    encoded = [string.encode() for string in strings]
    return np.frombuffer(bytearray().join(encoded), np.uint8), np.cumsum([0, *map(len, encoded)], dtype=np.int64)


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Per code point the bits of its kind, asked of this Python."""
    from transforms.kernels.line_rules import BREAK, DIGIT, SPACE

    every = np.arange(CODE_POINTS, dtype="<u4")
    every[0xD800:0xE000] = 0
    string = every.tobytes().decode("utf-32-le")
    kinds = np.zeros(CODE_POINTS, np.uint8)
    kinds[[match.start() for match in re.finditer(r"\s", string)]] = SPACE
    kinds[[match.start() for match in re.finditer(r"\d", string)]] |= DIGIT
    kinds[list(map(ord, LINE_BREAKS))] |= BREAK
    return kinds
