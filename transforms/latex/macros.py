"""What a macro is: its parameters, its replacement, and how arguments are put into it. Nothing here reads a paper."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def names(listed: str) -> frozenset[str]:
    """The names of a list between blanks."""
    return frozenset(listed.split())


LETTERS = string.ascii_letters
CONTROL = {
    False: re.compile(r"\\([A-Za-z]+|.)", re.DOTALL),
    True: re.compile(r"\\([A-Za-z@]+|.)", re.DOTALL),
}
"""A control sequence by whether `@` is a letter: a name ends where letters end (TeXbook, chapter 7); digits do not extend it."""
MARK = "\ufdd0"
"""Stands around the number of a verbatim stretch while a paper is expanded; a noncharacter of Unicode, and itself protected where a text holds it."""
TOKEN = {
    False: re.compile(rf"\\(?:[A-Za-z]+|.)|{MARK}[0-9]{{1,9}}{MARK}|.", re.DOTALL),
    True: re.compile(rf"\\(?:[A-Za-z@]+|.)|{MARK}[0-9]{{1,9}}{MARK}|.", re.DOTALL),
}
_PARAMETER = re.compile(r"#([1-9#])")
_BEFORE = re.compile(r"[ \t]*+\n\s*+")


@dataclass(frozen=True)
class Bounds:
    """How far expansion goes; a use that would go further stays as written and is counted.

    What real papers reach (21 of them): 4 replacements deep, 23 expansions by one use, half a character of effort and 1.09 of output for one of input.

    Attributes:
        depth: replacements inside one another at one place. ours: 200; the spec's 10 would do, but a long chain of abbreviations is no bomb.
        uses: expansions that one use in the text may set off, next to one a character that it takes from the text. ours: 2,000 end an exponential
            bomb within some ten milliseconds.
        growth: characters of output for one of input. ours: 4 (the spec's figure).
        floor: characters of output that are always allowed, so that a short text with long macros is no bomb; of effort too, of which one use has a
            sixteenth. ours: 1 MiB.
        effort: characters read as arguments, skipped or put in as replacements, for one of input. ours: 16.
    """

    depth: int = 200
    uses: int = 2_000
    growth: int = 4
    floor: int = 1 << 20
    effort: int = 16


@dataclass(frozen=True)
class Expanded:
    """A paper with its own macros replaced.

    Attributes:
        text: without the definitions, every use of an own macro replaced.
        defined: definitions read, those of local packages included.
        expanded: uses replaced in the text, those inside replacements included.
        left: own macros that stay as written, by name without backslash, counted.
        notes: why, one line for each name and reason, at most `MOST_NOTES`.
    """

    text: str
    defined: int = 0
    expanded: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


MOST_NOTES = 50
"""ours: a paper that leaves more than this behind has one cause, not fifty."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a macro.

    Attributes:
        kind: `m` one token or group, `o` an optional one in brackets, `s` a star or other mark that may stand there, `until` up to a delimiter,
            `d` optional between two other characters.
        default: for `o` and `d`, what stands for one that is missing.
        marks: the mark of `s`, the two characters of `d`.
        until: the delimiter of `until`, compiled.
    """

    kind: str
    default: str = ""
    marks: str = ""
    until: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Macro:
    """What an own control sequence stands for.

    Attributes:
        parameters: in the order in which they are read.
        parts: the replacement: text, and numbers of arguments from 0.
        prefix: what must stand before the first argument, or None.
        letters: `@` is a letter in the replacement.
        robust: stays as it is inside `\\edef`.
        long: arguments may hold a blank line.
    """

    parameters: tuple[Parameter, ...]
    parts: tuple[str | int, ...]
    prefix: re.Pattern[str] | None = None
    letters: bool = False
    robust: bool = False
    long: bool = True

    @property
    def length(self) -> int:
        """Characters of the replacement, its arguments left out."""
        return sum(len(part) for part in self.parts if isinstance(part, str))

    @staticmethod
    def of(parameters: tuple[Parameter, ...], body: str, letters: bool, robust: bool = False) -> Macro:
        """A macro from its replacement text; a number in it that is no argument's stands as it is."""
        parts = tuple(f"#{part + 1}" if isinstance(part, int) and part >= len(parameters) else part for part in replacement(body))
        return Macro(parameters, parts, letters=letters, robust=robust)


def replacement(body: str) -> tuple[str | int, ...]:
    """The parts of a replacement text: `#1` is argument 0, `##` is `#`.

    A line end at its edges goes: it was behind a `%` or is layout. Blanks without a line end stay, they are written on purpose.

    >>> replacement("a#1b##1")
    ('a', 0, 'b#1')
    """
    if blank := _BEFORE.match(body):
        body = body[blank.end() :]
    if body.rstrip(" \t").endswith("\n"):
        body = body.rstrip()
    if "#" not in body:
        return (body,) if body else ()
    parts: list[str | int] = []
    done = 0
    literal = ""
    for found in _PARAMETER.finditer(body):
        literal += body[done : found.start()]
        done = found.end()
        if found[1] == "#":
            literal += "#"
            continue
        if literal:
            parts.append(literal)
        parts.append(int(found[1]) - 1)
        literal = ""
    literal += body[done:]
    return (*parts, literal) if literal else tuple(parts)


def ends_in_word(text: str) -> bool:
    """Whether the text ends in a control word, so that a letter behind it would become part of its name.

    >>> ends_in_word(r"x\\alpha"), ends_in_word(r"x\\\\alpha")
    (True, False)
    """
    if not text or text[-1] not in LETTERS:
        return False
    before = text.rstrip(LETTERS)
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def substituted(parts: Sequence[str | int], arguments: Sequence[str]) -> str:
    """The replacement with its arguments; a blank keeps a control word from a letter that would join it (`\\bf#1`)."""
    pieces: list[str] = []
    for part in parts:
        piece = part if isinstance(part, str) else arguments[part]
        if not piece:
            continue
        if pieces and piece[0] in LETTERS and ends_in_word(pieces[-1]):
            pieces.append(" ")
        pieces.append(piece)
    return "".join(pieces)


def delimiter(text: str, letters: bool) -> re.Pattern[str]:
    """A pattern for the tokens of a delimiter: blanks match any blanks, a control word takes those behind it."""
    parts = []
    for token in TOKEN[letters].findall(re.sub(r"\s+", " ", text)):
        if token == " ":
            parts.append(r"\s+")
        elif len(token) > 1 and token[1] in LETTERS + "@":
            parts.append(re.escape(token) + r"(?![A-Za-z])[ \t]*+")
        else:
            parts.append(re.escape(token))
    return re.compile("".join(parts))


def tex_parameters(text: str, letters: bool) -> tuple[re.Pattern[str] | None, tuple[Parameter, ...]] | None:
    """Prefix and parameters of a `\\def`'s parameter text such as `#1.#2\\end`; None where it is none."""
    pieces = re.split(r"#([1-9])", text, maxsplit=10)  # nine at most
    if "#" in "".join(pieces[::2]) or [int(number) for number in pieces[1::2]] != list(range(1, len(pieces) // 2 + 1)):
        return None
    prefix = delimiter(pieces[0], letters) if pieces[0] else None
    return prefix, tuple(Parameter("until", until=delimiter(mark, letters)) if mark else Parameter("m") for mark in pieces[2::2])


def latex_parameters(count: int, default: str | None) -> tuple[Parameter, ...]:
    """Parameters of `\\newcommand`: `count` of them, the first one optional if it has a default."""
    first = (Parameter("o", default),) if default is not None and count else ()
    return first + (Parameter("m"),) * (count - len(first))
