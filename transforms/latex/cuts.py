"""A paper from its first section on, without its bibliography (LLaMA section 2.1, as Lewkowycz et al. 2022, appendix B).

Both cuts see commands alone: not what is in a comment, in code, in an address or in a definition. Macros are best expanded before, since a paper may have its
own for headings. LLaMA promises that the bibliography goes, not what follows it: an appendix stays, and Minerva's cut at its header is an option.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from transforms.latex import cut_marks as marks
from transforms.latex.verbatim import Scan, outside, regions

_HEADINGS = rf"{marks.DEFINITION}|{marks.HEADING}|{marks.APPENDIX}|{marks.END}"
_CUTS = rf"{_HEADINGS}|{marks.BIBLIOGRAPHY}|{marks.FLOAT}"
_BRACE = re.compile(r"\\[\s\S]|[{}]")
_LINE_END = re.compile(r"[ \t]*+(?:\r?\n|\Z)")
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*+(?=\n)")


def from_first_section(text: str) -> str | None:
    r"""The text from its first heading on, or None where it has none.

    A heading is \part, \chapter, \section or \subsection, with or without star and short title. \subsubsection, \paragraph and \subparagraph count where none
    of these comes before an appendix, as letters have them (RedPajama means to; in a structured abstract they head no section). A heading of references or
    acknowledgements does not begin a text: a letter without sections would be cut down to it. What is before \begin{document} or behind \end{document} is
    no text.
    """
    start = 0
    if "\\begin{document}" in text:
        start = next((found.end() for found in outside(text, marks.BEGIN)), 0)
    scan, position, minor = Scan(text, _HEADINGS), start, -1
    while (mark := scan.after(position)) is not None and not mark["end"]:
        position, place = mark.end(), mark.start("command") - 1
        if mark["appendix"] and minor >= 0:
            break
        if not mark["heading"]:
            continue
        if mark["level"] not in marks.MAJOR:
            minor = place if minor < 0 else minor
        elif marks.title(text, position) not in marks.REFERENCES | marks.ACKNOWLEDGEMENTS:
            return _balanced(text[place:])
    return _balanced(text[minor:]) if minor >= 0 else None


def _balanced(text: str) -> str:
    r"""The text without the braces that end groups begun before it: pandoc writes \hypertarget{..}{\section{..}\label{..}}."""
    if text.count("}") - text.count("\\}") <= text.count("{") - text.count("\\{"):
        return text
    code, stray, depth = iter(regions(text)), [], 0
    begin, end = next(code, (len(text), len(text)))
    for found in _BRACE.finditer(text):
        place = found.start()
        while place >= end:
            begin, end = next(code, (len(text), len(text) + 1))
        if place >= begin or found[0][0] == "\\":
            continue
        depth += 1 if found[0] == "{" else -1
        if depth < 0:
            stray.append(place)
            depth = 0
    return "".join(text[a + 1 : b] for a, b in pairwise([-1, *stray, len(text)]))


@dataclass(frozen=True)
class Cut:
    """A text, and what was cut from it: how many characters by what opened them, in the order of their first places."""

    text: str
    cut: dict[str, int]


def without_bibliography(text: str, appendices: bool = True) -> Cut:
    r"""The text without its bibliography and what is behind \end{document}; without `appendices`, also without all from the first appendix on (Minerva).

    What goes: bibliographies as environments, from begin to end; \bibliography, \bibliographystyle, \printbibliography and their kin; a section whose title
    says References, up to the bibliography that it holds, or else the next heading, appendix, figure or table; and \bibitem outside any environment, or in one
    without an end, up to the end of the last one's paragraph. A line that nothing else stands on goes with its end.
    """
    return _Cutter(text, appendices).run()


class _Cutter:
    """One pass over a text. `_open`: where a bibliography without a known end begins, and what opened it; `_item`: the last \\bibitem in it."""

    def __init__(self, text: str, appendices: bool) -> None:
        self._text, self._appendices = text, appendices
        self._scan = Scan(text, _CUTS)
        self._kept: list[str] = []
        self._cut: dict[str, int] = {}
        self._done = 0  # up to here the text is kept or cut
        self._open: tuple[int, str] | None = None
        self._item = -1

    def run(self) -> Cut:
        position = 0
        while (mark := self._scan.after(position)) is not None:
            place, position = mark.start("command") - 1, mark.end()
            if mark["bibliography"]:
                position = self._bibliography(mark, place)
            elif not mark["definition"]:
                self._close(place)
                if mark["end"] or (not self._appendices and self._is_appendix(mark)):
                    self._leave_out(place, len(self._text), "\\end{document}" if mark["end"] else "appendix")
                    break
                if mark["heading"] and (words := marks.title(self._text, position)) in marks.REFERENCES:
                    self._open = (place, f"\\{mark['level']}{{{words}}}")
        self._close(len(self._text))
        if not self._cut:
            return Cut(self._text, {})
        return Cut("".join((*self._kept, self._text[self._done :])), self._cut)

    def _is_appendix(self, mark: re.Match[str]) -> bool:
        return bool(mark["appendix"]) or (
            bool(mark["heading"]) and marks.title(self._text, mark.end()).startswith(("appendix", "appendices"))
        )

    def _bibliography(self, mark: re.Match[str], place: int) -> int:
        """Deals with a bibliography's command; gives the place to go on from."""
        if mark["item"]:
            self._open, self._item = self._open or (place, "\\bibitem"), mark.end()
            return mark.end()
        name = mark["bibliography"] if mark["opened"] or mark["closed"] else mark["reader"] or mark["printer"] or mark["entry"]
        start, opener = self._open or (place, f"\\{name}")
        end: int | None = mark.end()
        if mark["opened"]:
            end = self._scan.ends.after(mark["opened"], mark.end())
        if end is None:
            self._open = (start, opener)
            return mark.end()
        self._open, self._item = None, -1
        self._leave_out(start, end, opener)
        return self._done

    def _close(self, stop: int) -> None:
        """Ends what is open, before the place of what can not be part of it."""
        if self._open is not None:
            if self._item >= 0 and (paragraph := _PARAGRAPH_END.search(self._text, self._item, stop)) is not None:
                stop = paragraph.start()
            self._leave_out(self._open[0], stop, self._open[1])
        self._open, self._item = None, -1

    def _leave_out(self, start: int, end: int, opener: str) -> None:
        text = self._text
        line = text.rfind("\n", self._done, start) + 1
        begins = line > 0 or self._done == 0 or text[self._done - 1] == "\n"
        before = max(line, self._done)
        if begins and not text[before:start].strip(" \t") and (rest := _LINE_END.match(text, end)) is not None:
            start, end = before, rest.end()
        self._kept.append(text[self._done : start])
        self._cut[opener] = self._cut.get(opener, 0) + end - start
        self._done = end
