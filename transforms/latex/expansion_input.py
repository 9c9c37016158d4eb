"""What is still to be read: the paper, and on top of it replacements that are not used up yet. Positions only, nothing is copied to look ahead."""

from __future__ import annotations

import re
from typing import TypeAlias

from transforms.latex.macros import CONTROL, TOKEN, Bounds

_FLAT = re.compile(r"\{((?:[^{}\\]++|\\.|\{(?:[^{}\\]++|\\.)*+\})*+)\}", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BLANKS = re.compile(r"[ \t]*+(?:\n[ \t]*+(?!\n))?+")
_CLOSERS: dict[str, re.Pattern[str]] = {}
_PARAGRAPH = re.compile(r"\n[ \t]*+\n")
_NOWHERE = (-1, -1)
_WINDOW = 4_096  # ours: how much of the paper a delimited argument that begins in a replacement is looked for in

Place: TypeAlias = tuple[str, int, bool, int, object]
"""Where reading stands: text, position, whether `@` is a letter, depth, and the place below."""


class Stuck(Exception):
    """A bound is reached: the use in the text that led here stays as written."""


def _stops(delimiter: str, long: bool) -> str:
    """What the search for a delimiter stops at. A run of blanks where a delimiter that begins with blanks is not found is passed over as one: at no later
    place of it can the delimiter begin."""
    elsewhere = "" if long else rf"(?!{_PARAGRAPH.pattern})"
    empty, inner, symbol = "" if long else rf"{_PARAGRAPH.pattern}|", rf"{elsewhere}\s", f"{elsewhere}."
    blanks = rf"(?P<blanks>(?:{inner})++)" if delimiter.startswith("\\s") else "(?P<blanks>(?!))"
    return rf"{empty}(?P<until>{delimiter})|\\(?:[A-Za-z]+|{symbol})|[{{}}]|{blanks}"


class Input:
    """A stack of texts, the topmost read first.

    Attributes:
        text, position, letters: of the topmost.
        depth: how many lie below it.
        below: the next one as a `Place`, or None.
        effort: characters read as arguments or pushed so far; looked at when it goes over `next_look`.
    """

    def __init__(self, bounds: Bounds, most_effort: int) -> None:
        self.text = ""
        self.position = 0
        self.letters = False
        self.depth = 0
        self.below: Place | None = None
        self.bounds = bounds
        self.effort = 0
        self.most_effort = most_effort
        self.next_look = most_effort

    def place(self) -> Place:
        return self.text, self.position, self.letters, self.depth, self.below

    def go(self, place: Place) -> None:
        self.text, self.position, self.letters, self.depth, below = place
        self.below = below  # type: ignore[assignment]

    def push(self, text: str, letters: bool) -> None:
        """Puts a text on top. Raises Stuck where too many lie on one another."""
        self.spend(len(text))
        while self.position >= len(self.text) and self.below is not None:
            self.go(self.below)
        if self.depth >= self.bounds.depth:
            raise Stuck(f"nested deeper than {self.bounds.depth}")
        self.below = self.place()
        self.text, self.position, self.letters, self.depth = text, 0, letters, self.depth + 1

    def spend(self, characters: int) -> None:
        self.effort += characters
        if self.effort > self.next_look:
            self.look_at_effort()

    def look_at_effort(self) -> None:
        """Raises Stuck where all uses together had too much read or put in."""
        if self.effort > self.most_effort:
            raise Stuck(f"more than {self.most_effort} characters read as arguments and replacements")
        self.next_look = self.most_effort

    def peek(self) -> str:
        """The next character; "" at the end. Texts that are used up go."""
        while self.position >= len(self.text):
            if self.below is None:
                return ""
            self.go(self.below)
        return self.text[self.position]

    def skip_blanks(self) -> str:
        """Goes over blanks and at most one line end, and gives the character behind them; an empty line ends it."""
        while True:
            following = self.peek()
            if following not in (" ", "\t", "\n"):
                return following
            found = _BLANKS.match(self.text, self.position)
            if not found or found.end() == self.position:
                return following
            self.position = found.end()

    def token(self) -> str:
        """The next token as written, blanks before it skipped; "" where there is none before the text, its group or its paragraph ends."""
        if self.skip_blanks() in ("", "}", "\n"):
            return ""
        found = TOKEN[self.letters].match(self.text, self.position)
        assert found
        self.position = found.end()
        return found[0]

    def name(self) -> str | None:
        """The name of the control sequence that comes next, blanks before it skipped; None where it is none, and nothing is read."""
        if self.skip_blanks() != "\\":
            return None
        found = CONTROL[self.letters].match(self.text, self.position)
        if not found:
            return None
        self.position = found.end()
        return found[1]

    def argument(self) -> str | None:
        """One undelimited argument without its braces; None, and nothing is read, where there is none."""
        if self.skip_blanks() == "{":
            return self.group()
        return self.token() or None

    def group(self) -> str | None:
        """What stands between the brace here and the one that closes it; None, and nothing is read, where none does."""
        found = _FLAT.match(self.text, self.position)
        if found:
            self.position = found.end()
            self.spend(len(found[0]))
            return found[1]
        depth = 0
        for found in _BRACE.finditer(self.text, self.position):
            if found[0] == "{":
                depth += 1
            elif found[0] == "}":
                depth -= 1
                if depth == 0:
                    inner = self.text[self.position + 1 : found.start()]
                    self.position = found.end()
                    self.spend(len(inner))
                    return inner
        self.spend(len(self.text) - self.position)
        return None

    def bracketed(self, marks: str = "[]") -> str | None:
        """An optional argument between two marks, blanks before it skipped; None, and nothing is read, where there is none."""
        place = self.place()
        if self.skip_blanks() == marks[0]:
            self.position += 1
            closer = _CLOSERS.setdefault(marks[1], re.compile(re.escape(marks[1])))
            inner = self.until(closer, False)
            if inner is not None:
                return inner
        self.go(place)
        return None

    def until(self, delimiter: re.Pattern[str], long: bool) -> str | None:
        """What stands before a delimiter outside of braces, and goes behind it; one pair of braces around all of it goes.

        None where it is not found in the group, or, unless `long`, in the paragraph. What is left of a replacement is joined with what follows it.
        """
        while True:
            found = self._find(delimiter, long)
            if found is not None:
                break
            if self.below is None:
                return None
            self._join()
        if found == _NOWHERE:
            return None
        inner = self.text[self.position : found[0]]
        self.position = found[1]
        self.spend(len(inner))
        flat = _FLAT.fullmatch(inner)
        return flat[1] if flat else inner

    def _find(self, delimiter: re.Pattern[str], long: bool) -> tuple[int, int] | None:
        """Where the delimiter stands; `_NOWHERE` where it cannot come any more, None where this text ends first."""
        stops, depth = re.compile(_stops(delimiter.pattern, long), re.DOTALL), 0
        for found in stops.finditer(self.text, self.position):
            if found["until"] is not None:
                if not long and (empty := _PARAGRAPH.search(self.text, *found.span())) is not None:
                    shorter = delimiter.match(self.text, found.start(), empty.start()) if depth == 0 else None
                    return shorter.span() if shorter else _NOWHERE
                if depth == 0:
                    return found.span()
            elif found[0] == "{":
                depth += 1
            elif found[0] == "}":
                depth -= 1
                if depth < 0:
                    self.spend(found.start() - self.position)
                    return _NOWHERE
            elif found["blanks"] is None and found[0][0] != "\\":  # an empty line
                self.spend(found.start() - self.position)
                return _NOWHERE
        self.spend(len(self.text) - self.position)
        return None

    def _join(self) -> None:
        """Puts the rest of this text and the beginning of the one below into one."""
        rest, letters = self.text[self.position :], self.letters
        assert self.below is not None
        self.go(self.below)
        if self.below is not None:
            taken, self.position = self.text[self.position :], len(self.text)
            self.push(rest + taken, letters)
            return
        taken = self.text[self.position : self.position + _WINDOW]
        if not taken:
            self.push(rest, letters)
            self.below = None  # nothing follows
            return
        self.position += len(taken)
        self.push(rest + taken, letters)
