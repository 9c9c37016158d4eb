"""Comments go: from % to the end of the line, the environments that print nothing, and the side of \\iffalse and \\iftrue that is never read.

A % is a character behind an odd number of backslashes, in what is verbatim (transforms/latex/verbatim.py), in alltt, and in an address (\\url, \\path,
\\nolinkurl, the first argument of \\href). What a comment leaves behind:

* A line that holds nothing else goes whole, with its end: no blank line, which would be a new paragraph, appears where there was none.
* Behind text the line's end stays, as RedPajama's does (TeX drops it, and the next line's first blanks: `join_lines`), and the blanks before the % go,
  which at the end of a line mean nothing to TeX. RedPajama's character before the % is not dropped, nor is a bare % kept, as arxiv-latex-cleaner keeps it.
* Blanks behind \\else and \\fi go, as in TeX.

Environments: comment, unless the text defines it as something else, and those that \\excludecomment names (package comment). The first \\end counts that is
in no line beginning with %: that is the package's rule.
Conditionals: \\iffalse, \\if 0 and \\if false lose what is up to their \\fi or, where there is one, to their \\else, whose text stays; \\iftrue loses what is
behind its \\else. Those that the paper sets itself (\\ifdraft) stay as they are. A block without an end is text, and noted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transforms.latex import verbatim
from transforms.latex.comment_conditionals import Conditionals

_MARK = re.compile(
    rf"%(?<!\\%)|\\(?<!\\\\)(?:\\(?:\\\\)*+%|(?:\\\\)*+(?:(?P<inline>{verbatim.INLINE})|(?P<link>{verbatim.LINK})"
    r"|(?P<environment>begin\{(?P<name>[A-Za-z]++\*?)\})|(?P<conditional>if(?:(?P<false>[ \t]*+(?:false|0(?=[\s%])))|true)(?![A-Za-z@]|\s*+\}))))"
)
"""What a scan stops at. A conditional that ends a group is a definition's (\\def\\hide{\\iffalse}), and opens nothing there."""
_LINE_END = re.compile(r"[ \t]*+(?:\n|\Z)")
_NEXT_LINE = re.compile(r"\n(?![ \t]*+(?:\n|\Z))[ \t]*+")
_NAMED_ONLY = re.compile(
    r"\\(?:(?:let|ifx|newif)[ \t]*+\\[A-Za-z@]++|endcsname|expandafter|noexpand|string|ifx|let|def|newif)[ \t]*+=?[ \t]*+\Z"
)
"""Before an \\iffalse that is only named, as in \\let\\ifdraft=\\iffalse, and opens nothing."""
_WORD = re.compile(r"(?<!\\)(?:\\\\)*+\\[A-Za-z@]++\Z")
_LONGEST_NAME = 80  # ours: characters before a place in which a command's name is looked for
_EXCLUDED = re.compile(r"\\excludecomment[ \t]*+\{([A-Za-z]++\*?)\}")
_REDEFINED = re.compile(r"\\(?:newenvironment|newtheorem|includecomment|specialcomment)\*?[ \t]*+\{comment\}")


@dataclass(frozen=True)
class Removed:
    """A text without its comments; how many went (each %, environment and block is one); what is worth knowing, such as a block without an end."""

    text: str
    comments: int
    notes: tuple[str, ...]


def remove(text: str, join_lines: bool = False) -> Removed:
    """The text of a LaTeX file without its comments (LLaMA section 2.1: "we also removed the comments from the .tex files").

    `join_lines`: a comment takes its line's end with it, and the blanks that begin the next line, as in TeX. A text with \\r is given back with \\n at the
    ends of its lines. A text without comments comes back as it is.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _Removal(text, join_lines).run()


class _Removal:
    """One pass over a text: `_place` is where it stands, `_kept` what stays of what lies before, `_from` where what is not yet put there begins."""

    def __init__(self, text: str, join_lines: bool) -> None:
        self._text, self._join_lines = text, join_lines
        self._kept: list[str] = []
        self._used = False  # whether the last line of what is kept holds anything
        self._place = self._from = self._comments = 0
        self._ends, self._conditionals = verbatim.Ends(text), Conditionals(text)
        self._literal = verbatim.ENVIRONMENTS | verbatim.LITERAL_PERCENT | verbatim.declared(text)
        self._silent = _silent(text)
        self._hidden_ends: set[str] = set()  # environments of which all further ends are in lines that begin with %
        self._pending: list[tuple[int, int]] = []  # places yet to come that go: the \fi of an \else that stays, the \else of an \iftrue
        self._unclosed: dict[str, list[int]] = {}

    def run(self) -> Removed:
        text = self._text
        while (mark := _MARK.search(text, self._place)) is not None:
            kind = mark.lastgroup
            start = mark.end() - 1 if kind is None else mark.start(kind) - 1
            while self._pending and self._pending[-1][0] <= start:
                self._drop_pending()
            if self._place > mark.start():
                continue
            if kind is None:
                self._percent(start)
            elif kind == "environment":
                self._environment(mark, start)
            elif kind == "conditional":
                self._conditional(mark, start)
            else:
                self._place = mark.end()
        while self._pending:
            self._drop_pending()
        if not self._from:
            return Removed(text, 0, self._notes())
        return Removed("".join((*self._kept, text[self._from :])), self._comments, self._notes())

    def _notes(self) -> tuple[str, ...]:
        return tuple(
            f"{opener} has no end, and is left as text: {places[0]:,} times, first at character {places[1]:,}"
            for opener, places in self._unclosed.items()
        )

    def _note(self, opener: str, start: int) -> None:
        self._unclosed.setdefault(opener, [0, start])[0] += 1

    def _percent(self, start: int) -> None:
        end = self._text.find("\n", start)
        end = len(self._text) if end < 0 else end
        self._comments += 1
        self._drop(start, end)

    def _environment(self, mark: re.Match[str], start: int) -> None:
        name = mark["name"]
        self._place = mark.end()
        if name in self._silent:
            end = self._end_of_silent(name, mark.end())
            if end is None:
                self._note(f"\\begin{{{name}}}", start)
            else:
                self._comments += 1
                self._drop(start, end)
        elif name in self._literal:
            self._place = self._ends.after(name, mark.end()) or mark.end()

    def _end_of_silent(self, name: str, start: int) -> int | None:
        """Behind the first \\end{name} of a line that does not begin with %; where there is none, behind the first."""
        first = end = self._ends.after(name, start)
        while end is not None and name not in self._hidden_ends:
            line = max(self._text.rfind("\n", start, end) + 1, start)
            if not self._text.startswith("%", _behind_blanks(self._text, line)):
                return end
            newline = self._text.find("\n", end)
            end = None if newline < 0 else self._ends.after(name, newline)
        if first is not None:
            self._hidden_ends.add(name)
        return first

    def _conditional(self, mark: re.Match[str], start: int) -> None:
        self._place = mark.end()
        if _NAMED_ONLY.search(self._text, max(self._from, start - _LONGEST_NAME), start):
            return
        block = self._conditionals.block(mark.start())
        if block is None:
            self._note(f"\\{mark['conditional']}", start)
            return
        self._comments += 1
        turn, close = block
        if mark["false"] is None:
            self._pending.append((turn[0] if turn else close[0], close[1]))
            self._drop(start, mark.end(), block=True)
        elif turn is None:
            self._drop(start, close[1], block=True)
        else:
            self._pending.append(close)
            self._drop(start, turn[1], block=True)

    def _drop_pending(self) -> None:
        start, end = self._pending.pop()
        if start >= self._place:  # else something verbatim reaches over it, and it is no command
            self._drop(start, end, block=True)

    def _drop(self, start: int, end: int, block: bool = False) -> None:
        """Leaves [start, end) out, and of what is around it what the rules say; `block`: it ends with a command."""
        text = self._text
        self._keep(self._from, start)
        rest = _LINE_END.match(text, end)
        if rest is None:  # text follows in the line
            if block:
                end = _behind_blanks(text, end)
            if self._used:
                self._separate()
        elif not self._used:
            self._trim()
            end = rest.end()
        elif self._join_lines and (following := _NEXT_LINE.match(text, rest.end() - 1)) is not None:
            end = following.end()
            self._separate()
        else:
            self._trim()
            end = rest.end() - rest[0].count("\n")
        self._place = self._from = end

    def _keep(self, start: int, end: int) -> None:
        if start == end:
            return
        self._kept.append(self._text[start:end])
        line = self._text.rfind("\n", start, end) + 1
        self._used = (self._used and not line) or bool(self._text[max(line, start) : end].strip(" \t"))

    def _trim(self) -> None:
        """Takes the blanks off the end of what is kept, but for one that a backslash makes a word space."""
        while self._kept:
            last = self._kept[-1].rstrip(" \t")
            if last != self._kept[-1] and (len(last) - len(last.rstrip("\\"))) % 2:
                last += " "
            self._kept[-1] = last
            if last:
                return
            self._kept.pop()

    def _separate(self) -> None:
        """A blank between a command and what would make its name longer, or be its argument, once nothing is between them."""
        if self._kept and _WORD.search(self._kept[-1][-_LONGEST_NAME:]) is not None:
            self._kept.append(" ")


def _behind_blanks(text: str, start: int) -> int:
    while text.startswith((" ", "\t"), start):
        start += 1
    return start


def _silent(text: str) -> frozenset[str]:
    """The environments that print nothing."""
    names = {"comment"} if _REDEFINED.search(text) is None else set[str]()
    if "\\excludecomment" in text:
        names.update(_EXCLUDED.findall(text))
    return frozenset(names)
