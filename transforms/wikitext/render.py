"""From the page's constructs to text with marks: one pass, with a stack of places still to be rendered instead of recursion."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from transforms.wikitext import links, tags, templates
from transforms.wikitext.arguments import Piece, bars_between, first_outside, trimmed
from transforms.wikitext.entities import REFERENCE, decode
from transforms.wikitext.marks import BOLD, BREAK, HEADING, HEADING_END, HOLE, ITALIC, ITEM
from transforms.wikitext.page import Page
from transforms.wikitext.rules import words
from transforms.wikitext.silent_names import is_silent

_PLAIN = re.compile(r"[^\[\]{}<>&'_]*+")
_MACROS = words(
    "__FILE__ __LINE__ __DATE__ __TIME__ __DIR__ __CLASS__ __METHOD__ __NAMESPACE__ __FUNCTION__ __COUNTER__ __END__ __DATA__ __PACKAGE__ __MAIN__ __FUNC__"
)
"""ours: words of programming languages that look like behaviour switches; all other words in capitals between underscores are switches."""
_SWITCHES = words("__NOTOC__ __TOC__ __FORCETOC__ __NOEDITSECTION__ __NOGALLERY__")
"""code: switches of MediaWiki that count in lower case too."""
_CONVERTING = words("sr sh zh kk ku iu gan uz tg shi crh ban wuu")
"""code: languages whose wikis write `-{...}-` around what is not to be converted to another script."""
_VARIANTS = re.compile(r"-\{(?:[^{}|\n]*+\|)?(?:\s*+[a-z]{2,3}(?:-[a-z]+)*+\s*+:)?+([^{}\n;]*+)[^{}\n]*+\}-")
_BEHIND = re.compile(r"[ \t]*+(?:\n|\Z|\{|<|\|)")


class Renderer:
    """Renders one page.

    Attributes:
        out: the text so far, in pieces, with marks (see `marks`).
        holes: names of templates that vanished within a line of text, with how often.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.text, self.ends = page, page.text, page.structure.ends
        self.out: list[str] = []
        self.holes: Counter[str] = Counter()
        self._work: list[Piece] = [(0, len(page.text))]
        self._in_rows = False  # behind a table without an end: lines that begin as rows go
        self._no_bracket = 0  # no `]` closes an external link that opens before here
        self._asked, self._line_has_text = 0, False  # of `out`: pieces looked at, and what they said
        self._token = _token(page.wiki.language in _CONVERTING)

    def run(self) -> str:
        """The text with its marks."""
        while self._work:
            piece = self._work.pop()
            if isinstance(piece, str):
                self.out.append(piece)
            else:
                self._range(*piece)
        return "".join(self.out)

    def _range(self, position: int, end: int) -> None:
        """Renders a place. A handler returns where to go on, or -1 where it has left the rest to the stack."""
        text, add = self.text, self.out.append
        while 0 <= position < end:
            start = position
            for found in self._token.finditer(text, position, end):
                begin = found.start()
                if begin > start:
                    add(text[start:begin])
                kind = found.lastgroup
                start = found.end()
                if kind == "simple":
                    add(found["label"] or found["target"])
                    continue
                position = _HANDLERS[kind or ""](self, found, end)
                if position != start:
                    break
            else:
                if start < end:
                    add(text[start:end])
                return

    def _pieces(self, position: int, end: int, *pieces: Piece) -> int:
        """Renders these pieces next, then goes on at a position."""
        self._work.append((position, end))
        self._work.extend(reversed(pieces))
        return -1

    def _give(self, text: str, position: int) -> int:
        self.out.append(text)
        return position

    def _quotes(self, found: re.Match[str], end: int) -> int:
        count = found.end() - found.start()
        marks = {2: ITALIC, 3: BOLD, 4: "'" + BOLD}
        return self._give(marks.get(count) or "'" * (count - 5) + BOLD + ITALIC, found.end())

    def _entity(self, found: re.Match[str], end: int) -> int:
        return self._give(decode(found[0]), found.end())

    def _comment(self, found: re.Match[str], end: int) -> int:
        return self._give(HOLE, found.end())  # without an end, since those with one have gone: the opener alone goes

    def _switch(self, found: re.Match[str], end: int) -> int:
        word = found[0]
        goes = (word.isupper() and word not in _MACROS) or word.upper() in _SWITCHES
        return self._give(HOLE if goes else word, found.end())

    def _variant(self, found: re.Match[str], end: int) -> int:
        """`-{text}-` gives its text; `-{sr-ec:text; sr-el:tekst}-` the first."""
        whole = _VARIANTS.match(self.text, found.start(), end)
        if not whole:
            return self._give(found[0], found.end())
        return self._pieces(whole.end(), end, trimmed(self.text, *whole.span(1)))

    def _item(self, found: re.Match[str], end: int) -> int:
        self.out.append("\n" + ITEM)
        return found.end() if self.page.rules.keep_lists else first_outside(self.text, "\n", found.end(), end, self.ends)

    def _rule(self, found: re.Match[str], end: int) -> int:
        return self._give("\n", found.end())

    def _heading(self, found: re.Match[str], end: int) -> int:
        self._in_rows = False
        line = found[0][1:].rstrip()
        level = min(len(line) - len(line.lstrip("=")), len(line) - len(line.rstrip("=")), 6, (len(line) - 1) // 2)
        if level < 1:
            return self._give(found[0], found.end())
        start = found.start() + 1 + level
        place = trimmed(self.text, start, start + len(line) - 2 * level)
        self.out.append(f"\n{HEADING}{level}")
        if _PLAIN.fullmatch(self.text, *place):
            return self._give(self.text[place[0] : place[1]] + HEADING_END, found.end())
        return self._pieces(found.end(), end, place, HEADING_END)

    def _table(self, found: re.Match[str], end: int) -> int:
        self.out.append("\n" + HOLE)
        after = self.page.end(found.end() - 2, end)
        if after >= 0:
            return after
        self._in_rows = True
        return first_outside(self.text, "\n", found.end(), end, self.ends)

    def _row(self, found: re.Match[str], end: int) -> int:
        """A row of a table that has no end, or no beginning; any other line that begins so is text."""
        follows = self.text[found.end() - 1 : found.end() + 1]
        if follows == "|}":
            self._in_rows = False
            return self._give("\n" + HOLE, min(found.end() + 1, end))
        follow = self.text.find("\n", found.end(), end) + 1
        self._in_rows |= follows == "|-" or (follows[:1] == "!" and self.text[follow : follow + 1] in ("|", "!"))
        if not self._in_rows:
            return self._give(found[0], found.end())
        return self._give("\n" + HOLE, first_outside(self.text, "\n", found.end(), end, self.ends))

    def _link(self, found: re.Match[str], end: int) -> int:
        after = self.page.end(found.start(), end)
        if after < 0:
            return self._give("[[", found.end())
        return self._pieces(after, end, *links.internal(self.page, found.end(), after - 2))

    def _external(self, found: re.Match[str], end: int) -> int:
        """`[address label]` gives its label, `[address]` nothing; without `]` on the line it is text."""
        start, inside = found.span()
        close = first_outside(self.text, "]\n", inside, end, self.ends) if start >= self._no_bracket else end
        if close >= end or self.text[close] == "\n":
            self._no_bracket = max(self._no_bracket, close if start >= self._no_bracket else 0)
            return self._give(found[0], inside)
        label = trimmed(self.text, inside, close)
        return self._pieces(close + 1, end, label if label[0] < label[1] else HOLE)

    def _template(self, found: re.Match[str], end: int) -> int:
        start = found.start()
        after = self.page.end(start, end)
        if after < 0:
            return self._give("{", start + 1)
        if start in self.page.structure.arguments:
            bars = [*bars_between(self.text, start + 3, after - 3, self.ends, most=2), after - 3]
            return self._pieces(after, end, (bars[0] + 1, bars[1]) if len(bars) > 1 else HOLE)
        name = templates.name_of(self.page, start + 2, after - 2)
        pieces = templates.expanded(self.page, name, start + 2, after - 2) if self.page.rules.render else None
        if pieces:
            return self._pieces(after, end, *pieces)
        if not is_silent(name) and self._within_line(after):
            self.holes[name] += 1
        return self._give(HOLE, after)

    def _within_line(self, after: int) -> bool:
        """Whether text stands before on the same line, or behind. Each piece of `out` is looked at once."""
        for piece in self.out[self._asked :]:
            line = max(piece.rfind("\n"), piece.rfind(BREAK), piece.rfind(ITEM)) + 1
            has_text = bool(piece[line:].strip(" \t" + HOLE + BOLD + ITALIC))
            self._line_has_text = has_text if line else self._line_has_text or has_text
        self._asked = len(self.out)
        return self._line_has_text or _BEHIND.match(self.text, after) is None

    def _tag(self, found: re.Match[str], end: int) -> int:
        name = found["name"].lower()
        start = found.start()
        after = self.page.end(start, end)
        if after >= 0:
            return self._give(tags.contents(self.page, name, found.end(), after), after)
        if name in ("sub", "sup") and (script := tags.script(self.page, start, end)):
            return self._give(*script)
        if name in tags.BREAKING:
            return self._give(BREAK, found.end())
        if tags.is_tag(name, self.page):
            return found.end()
        return self._give("<", start + 1)


_HANDLERS: dict[str, Callable[[Renderer, re.Match[str], int], int]] = {
    "quotes": Renderer._quotes,
    "entity": Renderer._entity,
    "comment": Renderer._comment,
    "switch": Renderer._switch,
    "variant": Renderer._variant,
    "item": Renderer._item,
    "rule": Renderer._rule,
    "heading": Renderer._heading,
    "table": Renderer._table,
    "row": Renderer._row,
    "link": Renderer._link,
    "external": Renderer._external,
    "template": Renderer._template,
    "tag": Renderer._tag,
}


@lru_cache(maxsize=2)
def _token(converting: bool) -> re.Pattern[str]:
    """What the text is cut at. The first character stands by itself, so that the search skips to it; the alternatives look back at it."""
    return re.compile(
        rf"[\[{{'\n<&_{'-' if converting else ''}](?:"
        r"(?<=\n)(?:(?P<item>[*#:;]++[ \t]*+(?!\{\|))|(?P<table>[ \t:*#;]*+\{\|)|(?P<row>[ \t]*+[|!])|(?P<rule>-{4,}+[ \t]*+)"
        r"|(?P<heading>=[^\n]*=[ \t]*+(?=\n|\Z)))"
        r"|(?<=\[)(?:\[(?P<target>[^\[\]{}<>|\n&':]++)(?:\|(?P<label>(?:[^\[\]{}<>|\n&'_]|'(?!'))++))?(?P<simple>\]\])|(?P<link>\[(?!\[))"
        rf"|(?P<external>(?={links.SCHEMES})[^\s\[\]<>\"{{}}]*+))"
        r"|(?<=\{)(?P<template>\{)"
        r"|(?<=')(?P<quotes>'+)"
        r"|(?<=<)(?:(?P<comment>!--)|(?P<tag>/?(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?=[\s/>])[^<>]*+>))"
        rf"|(?<=&)(?P<entity>{REFERENCE})"
        r"|(?<=_)(?P<switch>_(?:[^\W\d_]|_(?!_)){2,50}+__)"
        r"|(?<=-)(?P<variant>\{))"
    )
