"""From the page's constructs to text with marks: one pass, with a stack of places still to be rendered instead of recursion."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from transforms.wikitext import links, names, tags
from transforms.wikitext.arguments import Arguments, Piece, Span, bars_between, first_outside, trimmed
from transforms.wikitext.entities import decode
from transforms.wikitext.inline import SCRIPT, SUBSCRIPTS, SUPERSCRIPTS, script
from transforms.wikitext.marks import BOLD, BREAK, HEADING, HEADING_END, HOLE, ITALIC, ITEM
from transforms.wikitext.rules import Rules
from transforms.wikitext.structure import Structure
from transforms.wikitext.wiki import Wiki

_SCHEMES = (
    r"(?:(?:https?|ftps?|sftp|ircs?|git|svn|telnet|nntp|gopher|worldwind)://|//|mailto:|news:|tel:|sms:|urn:|geo:|magnet:|xmpp:|bitcoin:)"
)
_TOKEN = re.compile(
    r"[\[{'\n<&_](?:"  # the first character by itself, so that the search skips to it; the alternatives look back at it
    r"(?<=\n)(?:(?P<item>[*#:;]++[ \t]*+(?!\{\|))|(?P<table>[ \t:*#;]*+\{\|)|(?P<row>[ \t]*+[|!])|(?P<rule>-{4,}+[ \t]*+)"
    r"|(?P<heading>=[^\n]*=[ \t]*+(?:<!--[^<>\n]*+(?<=--)>[ \t]*+)?(?=\n|\Z)))"
    r"|(?<=\[)(?:\[(?P<target>[^\[\]{}<>|\n&':]++)(?:\|(?P<label>(?:[^\[\]{}<>|\n&'_]|'(?!'))++))?(?P<simple>\]\])|(?P<link>\[)"
    rf"|(?P<external>(?={_SCHEMES})[^\s\[\]<>\"{{}}]*+))"
    r"|(?<=\{)(?P<template>\{)"
    r"|(?<=')(?P<quotes>'+)"
    r"|(?<=<)(?:(?P<comment>!--)|(?P<tag>/?(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?=[\s/>])[^<>]*+>))"
    r"|(?<=&)(?P<entity>(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?<=_)(?P<switch>_(?:[^\W\d_]|_(?!_)){2,50}+__))"
)
_PLAIN_HEADING = re.compile(r"[^\[\]{}<>&'_]*+")
_SCRIPTED = re.compile(r"<(su[bp])\b[^<>]*+>\s*+([-0-9+−–=()]{1,20})\s*+</\1\s*+>", re.IGNORECASE)
_MACROS = frozenset(
    "__FILE__ __LINE__ __DATE__ __TIME__ __DIR__ __CLASS__ __METHOD__ __NAMESPACE__ __FUNCTION__ __COUNTER__ __END__ __DATA__ __PACKAGE__ __MAIN__ __FUNC__".split()
)
"""ours: words of programming languages that look like behaviour switches; all other words in capitals between two underscores are switches."""
_SPOKEN_SWITCHES = frozenset("__NOTOC__ __TOC__ __FORCETOC__ __NOEDITSECTION__ __NOGALLERY__ __INDEX__ __NOINDEX__".split())
_CONVERTING = frozenset("sr sh zh kk ku iu gan uz tg shi crh ban wuu".split())
"""code: languages whose wikis write `-{...}-` around what is not to be converted to another script."""
_VARIANT = re.compile(r"-\{(?:[^{}|\n]*+\|)?([^{}\n]*+)\}-")
_NAME = re.compile(r"\s*+([^|{}<>\[\]\n]*+)\s*+")
_BEHIND = re.compile(r"[ \t]*+(?:\n|\Z|\{|<|\|)")
_ENTITIES = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


class Renderer:
    """Renders one page.

    Attributes:
        out: the text so far, in pieces, with marks (see `marks`).
        holes: names of templates that vanished within a line of text, with how often.
    """

    def __init__(self, text: str, structure: Structure, wiki: Wiki, rules: Rules) -> None:
        self.text, self.wiki, self.rules = text, wiki, rules
        self.ends, self.arguments = structure.ends, structure.arguments
        self.out: list[str] = []
        self.holes: Counter[str] = Counter()
        self._work: list[Piece] = [(0, len(text))]
        self._in_rows = False  # behind a table without an end: lines that begin as rows go
        self._no_bracket = 0  # no `]` closes an external link that opens before here
        self._handlers: dict[str, Callable[[re.Match[str], int], int]] = {
            name.removeprefix("_on_"): getattr(self, name) for name in dir(self) if name.startswith("_on_")
        }

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
        text, add, handlers = self.text, self.out.append, self._handlers
        while 0 <= position < end:
            start = position
            for found in _TOKEN.finditer(text, position, end):
                begin = found.start()
                if begin > start:
                    add(text[start:begin])
                kind = found.lastgroup
                if kind == "simple":
                    add(found["label"] or found["target"])
                    start = found.end()
                    continue
                position = handlers[kind](found, end)  # type: ignore[index]
                start = found.end()
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

    def _hole(self, position: int) -> int:
        self.out.append(HOLE)
        return position

    def _on_quotes(self, found: re.Match[str], end: int) -> int:
        count = found.end() - found.start()
        marks = {2: ITALIC, 3: BOLD, 4: "'" + BOLD, 5: BOLD + ITALIC}
        self.out.append(marks.get(count) or "'" * (count - 5) + BOLD + ITALIC)
        return found.end()

    def _on_entity(self, found: re.Match[str], end: int) -> int:
        self.out.append(decode(found[0]))
        return found.end()

    def _on_comment(self, found: re.Match[str], end: int) -> int:
        start = found.start()
        if start not in self.ends:
            return found.end()  # without an end: the opener alone goes
        after = self.ends[start]
        if self.text[start - 1] == "\n" and self.text[after : after + 1] == "\n":
            return after + 1  # code: MediaWiki takes the line with a comment that stands alone on it
        return after

    def _on_switch(self, found: re.Match[str], end: int) -> int:
        word = found[0]
        switch = word.isupper() and word not in _MACROS or word.upper() in _SPOKEN_SWITCHES
        self.out.append(HOLE if switch else word)
        return found.end()

    def _on_variant(self, found: re.Match[str], end: int) -> int:
        whole = _VARIANT.match(self.text, found.start(), end) if self.wiki.language in _CONVERTING else None
        if not whole:
            self.out.append(found[0])
            return found.end()
        start, stop = whole.span(1)
        first = self.text.find(";", start, stop)
        colon = self.text.find(":", start, stop)
        if (
            0 <= colon
            and self.text[start:colon].strip().replace("-", "").isalpha()
            and self.text[start : start + 3].strip().startswith(self.wiki.language[:2])
        ):
            start, stop = colon + 1, first if first > colon else stop
        return self._pieces(whole.end(), end, (start, stop))

    # lines

    def _on_item(self, found: re.Match[str], end: int) -> int:
        self.out.append("\n" + ITEM)
        if self.rules.keep_lists:
            return found.end()
        return first_outside(self.text, "\n", found.end(), end, self.ends)

    def _on_rule(self, found: re.Match[str], end: int) -> int:
        self.out.append("\n")
        return found.end()

    def _on_heading(self, found: re.Match[str], end: int) -> int:
        self._in_rows = False
        line = found[0][1:].rstrip()
        if line.endswith("-->"):
            line = line[: line.rindex("<!--")].rstrip()
        level = min(len(line) - len(line.lstrip("=")), len(line) - len(line.rstrip("=")), 6, (len(line) - 1) // 2)
        if level < 1:
            self.out.append(found[0])
            return found.end()
        start = found.start() + 1 + level
        place = trimmed(self.text, start, start + len(line) - 2 * level)
        self.out.append(f"\n{HEADING}{level}")
        if _PLAIN_HEADING.fullmatch(self.text, *place):
            self.out.append(self.text[place[0] : place[1]] + HEADING_END)
            return found.end()
        return self._pieces(found.end(), end, place, HEADING_END)

    def _on_table(self, found: re.Match[str], end: int) -> int:
        start = found.end() - 2
        self.out.append("\n" + HOLE)
        if start in self.ends:
            return self.ends[start]
        self._in_rows = True
        return first_outside(self.text, "\n", found.end(), end, self.ends)

    def _on_row(self, found: re.Match[str], end: int) -> int:
        """A row of a table that has no end, or no beginning; any other line that begins so is text."""
        follows = self.text[found.end() - 1 : found.end() + 1]
        if follows == "|}":
            self._in_rows = False
            self.out.append("\n" + HOLE)
            return min(found.end() + 1, end)
        self._in_rows |= follows == "|-"
        if not self._in_rows:
            self.out.append(found[0])
            return found.end()
        self.out.append("\n" + HOLE)
        return first_outside(self.text, "\n", found.end(), end, self.ends)

    # links

    def _on_link(self, found: re.Match[str], end: int) -> int:
        start, inside = found.span()
        after = self.ends.get(start)
        if after is None or after > end:
            self.out.append("[[")
            return inside
        bars = bars_between(self.text, inside, after - 2, self.ends, most=1)
        stop = bars[0] if bars else after - 2
        target = self.text[inside:stop]
        if "\n" in target.strip() or not target.strip():
            return self._pieces(after, end, (inside, after - 2))
        if links.vanishes(target, self.wiki):
            return self._hole(after)
        if target.lstrip().lower().startswith(("http://", "https://")):
            return self._pieces(after, end, *self._labelled(inside, after - 2))
        if not bars:
            place = trimmed(self.text, inside, stop)
            return self._pieces(after, end, (place[0] + (self.text[place[0]] == ":"), place[1]))
        if not self.text[stop + 1 : after - 2].strip():
            return self._pieces(after, end, links.pipe_trick(target, self.wiki))
        return self._pieces(after, end, (stop + 1, after - 2))

    def _labelled(self, start: int, stop: int) -> Sequence[Piece]:
        """An address with two brackets instead of one: the label behind the first blank."""
        blank = self.text.find(" ", start, stop)
        return ((blank + 1, stop),) if blank >= 0 else (HOLE,)

    def _on_external(self, found: re.Match[str], end: int) -> int:
        start, inside = found.span()
        if start < self._no_bracket:
            self.out.append(found[0])
            return inside
        close = first_outside(self.text, "]\n", inside, end, self.ends)
        if close >= end or self.text[close] == "\n":
            self._no_bracket = close
            self.out.append(found[0])
            return inside
        label = trimmed(self.text, inside, close)
        if label[0] == label[1]:
            return self._hole(close + 1)
        return self._pieces(close + 1, end, label)

    # templates

    def _on_template(self, found: re.Match[str], end: int) -> int:
        start = found.start()
        after = self.ends.get(start)
        if after is None or after > end:
            self.out.append("{")
            return start + 1
        if start in self.arguments:
            bars = bars_between(self.text, start + 3, after - 3, self.ends, most=1)
            return self._pieces(after, end, (bars[0] + 1, after - 3)) if bars else self._hole(after)
        pieces = self._expanded(start, after) if self.rules.render else None
        if pieces is None:
            return self._hole(after)
        return self._pieces(after, end, *pieces)

    def _expanded(self, start: int, after: int) -> Sequence[Piece] | None:
        """What a template gives, or None; counts it where it is missed."""
        name = self._name(start + 2, after - 2)
        function, colon, _ = name.partition(":")
        if colon and function in ("formatnum", "lc", "uc", "ucfirst", "lcfirst"):
            place = trimmed(self.text, self.text.index(":", start) + 1, after - 2)
            return ((place[0], (bars_between(self.text, *place, self.ends, most=1) or place[1:])[0]),)
        render = names.renderer(name, self.wiki.language)
        if render:
            given = Arguments(self.text, start + 2, after - 2, self.ends)
            pieces = render(given)
            if pieces:
                return pieces
        elif not names.is_silent(name) and self._within_line(after):
            self.holes[name] += 1
        return None

    def _name(self, start: int, end: int) -> str:
        found = _NAME.match(self.text, start, end)
        if found and (found.end() == end or self.text[found.end()] == "|"):
            return " ".join(found[1].replace("_", " ").split()).lower()
        return Arguments(self.text, start, end, self.ends).name

    def _within_line(self, after: int) -> bool:
        """Whether text stands before on the same line, or behind."""
        for piece in reversed(self.out):
            before = piece.rstrip(" \t" + HOLE + BOLD + ITALIC)
            if before:
                if before[-1] not in "\n" + ITEM + BREAK:
                    return True
                break
        return _BEHIND.match(self.text, after) is None

    # tags

    def _on_tag(self, found: re.Match[str], end: int) -> int:
        name = found["name"].lower()
        start, after = found.start(), self.ends.get(found.start())
        if after is not None and after <= end:
            return self._raw(name, found, after, end)
        if name in ("sub", "sup") and (whole := _SCRIPTED.match(self.text, start, end)):
            self.out.append(script(whole[2], SUBSCRIPTS if name == "sub" else SUPERSCRIPTS))
            return whole.end()
        if name in tags.BREAKING:
            self.out.append(BREAK)
        elif name not in tags.INLINE and name not in self.rules.vanishing | self.rules.formulas | self.rules.literal:
            self.out.append("<")
            return start + 1
        return found.end()

    def _raw(self, name: str, found: re.Match[str], after: int, end: int) -> int:
        """A tag with contents that are no wikitext, or that go."""
        inside = found.end()
        if name in self.rules.vanishing:
            return self._hole(after)
        closer = self.text.rfind("<", inside, after) if after > inside else inside
        contents = self.text[inside:closer]
        if name in self.rules.formulas:
            self.out.append(_ENTITIES.sub(lambda each: decode(each[0]), contents.strip()))
        elif name == "nowiki":
            self.out.append(_ENTITIES.sub(lambda each: decode(each[0]), contents))
        else:
            shown = _ENTITIES.sub(lambda each: decode(each[0]), contents) if name == "pre" else contents
            self.out.append(shown if "\n" not in shown.strip() else BREAK + shown.strip("\n") + BREAK)
        return after
