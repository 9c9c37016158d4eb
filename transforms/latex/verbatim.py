"""What TeX does not read as markup: inline code and environments whose content is printed, or skipped, as it stands.

Which they are (ours, from the packages' manuals): LaTeX's \\verb and verbatim, both with a star; fancyvrb's \\Verb and Verbatim, BVerbatim, LVerbatim,
SaveVerbatim, VerbatimOut; spverbatim; moreverb's verbatimtab and boxedverbatim; listings' \\lstinline and lstlisting; minted's \\mint, \\mintinline and
minted; tcolorbox' tcblisting; Sinput, Soutput (Sweave) and CodeInput, CodeOutput (the class jss); LaTeX's filecontents; and the environments that the text
itself declares by \\lstnewenvironment, \\DefineVerbatimEnvironment, \\newminted, \\newtcblisting. Not alltt: its % is a character, but TeX reads its macros.
Not \\MakeShortVerb either: what | means then changes with every group.

An opener in a comment, or behind a backslash (\\\\verb is a line break and a word), opens nothing. Inline code ends in its line, whether closed or not, as
TeX stops there with an error; with braces it must close there, or is none. An environment without its end is none: it must not swallow the paper.
Each place is gone through once, or once a level of the few that are nested: linear, whatever it holds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

_ENVIRONMENTS = """verbatim verbatim* Verbatim Verbatim* BVerbatim BVerbatim* LVerbatim LVerbatim* SaveVerbatim SaveVerbatim* VerbatimOut spverbatim
verbatimtab boxedverbatim lstlisting lstlisting* minted minted* tcblisting tcblisting* Sinput Soutput CodeInput CodeOutput filecontents filecontents*"""
ENVIRONMENTS = frozenset(_ENVIRONMENTS.split())
LITERAL_PERCENT = frozenset(("alltt", "alltt*"))
"""Environments in which a % is a character, though commands are read (the manual of alltt)."""

_BRACED = r"\{(?:[^{}\r\n]++|\{(?:[^{}\r\n]++|\{[^{}\r\n]*+\})*+\})*+\}"  # three levels: a fourth opener ends the search, so none is searched from often
_OPTIONS = r"(?:\[(?:[^\[\]]++|\[[^\[\]]*+\])*+\])?+"  # two levels, for the same reason
INLINE = (
    rf"(?:(?:verb|spverb)(?![A-Za-z@])\*?+|(?:Verb|lstinline)(?![A-Za-z@])\*?+{_OPTIONS}|SaveVerb(?![A-Za-z@]){_OPTIONS}{_BRACED}"
    rf"|mint(?:inline)?+(?![A-Za-z@]){_OPTIONS}{_BRACED})[ \t]*+"
    rf"(?:{_BRACED}|(?P<delimiter>[^\sA-Za-z*{{}}\\])[^\r\n]*?(?:(?P=delimiter)|(?=[\r\n]|\Z)))"
)
"""Inline code, from behind its backslash to its end."""
LINK = rf"(?:(?:url|nolinkurl|path)(?:\|[^|\r\n]*+\||[ \t]*+{_BRACED})|href[ \t]*+{_OPTIONS}[ \t]*+{_BRACED})"
"""An address, from behind its backslash: a % in it is a character. In one line: TeX Live's url drops line ends, so one in it follows a comment's %."""

_DECLARED = re.compile(
    r"\\(?:lstnewenvironment|DefineVerbatimEnvironment|newtcblisting|newminted)(?![A-Za-z])(?:\[(?P<alias>[A-Za-z]++)\])?+[ \t]*+\{(?P<name>[A-Za-z]++\*?)\}"
)

_END = re.compile(r"\\end\{([A-Za-z]++\*?)\}")


def regions(text: str) -> list[tuple[int, int]]:
    """Where [start, end) the text holds what TeX does not read as markup, opener and end included, from the first to the last."""
    scan = Scan(text, r"(?!)")
    found = scan.after(0)
    assert found is None  # the scan looks for nothing, and so passes everything verbatim
    return scan.passed


def outside(text: str, commands: str) -> Iterator[re.Match[str]]:
    """The commands, given as a pattern from behind their backslash, that are in no comment, no address and nothing verbatim; in their order.

    A match begins at the backslashes before the command, of which the last is its own; the group "command" begins behind it.
    """
    scan, position = Scan(text, commands), 0
    while (found := scan.after(position)) is not None:
        yield found
        position = found.end()


def declared(text: str) -> frozenset[str]:
    """The names of environments that the text declares as verbatim. minted's \\newminted{cpp} makes cppcode, or what its option says."""
    if (
        "\\lstnewenvironment" not in text
        and "VerbatimEnvironment" not in text
        and "\\newminted" not in text
        and "\\newtcblisting" not in text
    ):
        return frozenset()
    return frozenset(
        (found["alias"] or f"{found['name']}code") if "newminted" in found[0] else found["name"] for found in _DECLARED.finditer(text)
    )


class Ends:
    """Where a text's environments end; found in one pass for all names, since a text may have any number of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[str, list[int]] | None = None

    def after(self, name: str, position: int) -> int | None:
        """The place behind the next \\end{name}, or None."""
        if self._ends is None:
            self._ends = {}
            for found in _END.finditer(self._text):
                self._ends.setdefault(found[1], []).append(found.end())
        ends = self._ends.get(name, [])
        following = bisect_left(ends, position + len(name) + 6)  # \end{}
        return ends[following] if following < len(ends) else None


class Scan:
    """Finds commands, passing over comments, addresses and what is verbatim; `passed` is where that lay."""

    def __init__(self, text: str, commands: str) -> None:
        self.text, self.ends, self.passed = text, Ends(text), list[tuple[int, int]]()
        self._pattern = _pattern(commands)
        self._verbatim = ENVIRONMENTS | declared(text)

    def after(self, position: int) -> re.Match[str] | None:
        """The next command at or behind a place that is in no comment and nothing verbatim."""
        text, search = self.text, self._pattern.search
        while (found := search(text, position)) is not None:
            kind = found.lastgroup
            if kind == "command":
                return found
            position = found.end()
            if kind == "inline":
                self.passed.append((found.start(kind) - 1, position))
            elif kind == "environment":
                position = self._pass(found)
        return None

    def _pass(self, opened: re.Match[str]) -> int:
        name = opened["environment"]
        end = self.ends.after(name, opened.end()) if name in self._verbatim else None
        if end is None:
            return opened.end()
        self.passed.append((opened.start("environment") - 7, end))  # \begin{
        return end


@lru_cache(maxsize=32)
def _pattern(commands: str) -> re.Pattern[str]:
    """One pattern for all that a scan stops at. It begins with a % or a backslash, so that the search jumps from one to the next; only the first
    backslash of a run is tried, so that a run is gone through once."""
    return re.compile(
        rf"%(?<!\\%)[^\r\n]*+|\\(?<!\\\\)(?:\\(?:\\\\)*+%[^\r\n]*+|(?:\\\\)*+(?:(?P<inline>{INLINE})|(?P<link>{LINK})"
        rf"|(?P<command>{commands})|begin\{{(?P<environment>[A-Za-z]++\*?)\}}))"
    )
