"""Where each construct of a page ends: one pass over the brackets, before anything is rendered.

An opener is matched as MediaWiki's preprocessor matches it: the innermost first, braces in threes (arguments) before twos (templates), nothing
inside a reference, a formula or literal text (comments have gone before). Where MediaWiki gives up, so that the rest of a page would be swallowed,
an opener has no end here, and who renders it goes on behind it:

* `}}` closes the nearest open template, and what was opened within it and not closed stays without an end;
* `<ref>` (and any tag that goes with its contents) has no end where another `<ref>` stands before the next `</ref>`;
* `{|` ends at `|}` at the beginning of a line, in the same template.

Each character is passed once, and once more at most behind a tag without an end; each opener is pushed and popped once.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from transforms.wikitext.rules import Rules

TEMPLATE, LINK, TABLE, ELEMENT = range(4)
_NAMES = ("{{", "[[", "{|", "<table>")
_OPENERS = {"into": LINK, "table": TABLE, "element": ELEMENT}
_LOOK_BACK = 1000  # ours: characters within which `[` must stand for `]]]` to close an external link first; bounds nested look-backs


class Structure:
    """The ends of a page's constructs.

    Attributes:
        ends: position of an opener (`{{`, `{{{`, `[[`, `{|`, `<ref>`, ...) to the position behind its closer.
        arguments: positions of `{{{` that open a template's argument.
        unclosed: openers without an end, by kind.
    """

    def __init__(self, text: str, rules: Rules) -> None:
        self.text = text
        self.ends: dict[int, int] = {}
        self.arguments: set[int] = set()
        self.unclosed: Counter[str] = Counter()
        self._stack: list[tuple[int, int, int]] = []  # kind, position, braces
        self._open = [0, 0, 0, 0]
        self._absent: set[str] = set()  # closers of which there are no more
        self._literal = rules.literal
        self._scan(_token(rules))

    def _scan(self, token: re.Pattern[str]) -> None:
        text, ends, position = self.text, self.ends, 0
        while position >= 0:
            matches = token.finditer(text, position)
            position = -1
            for found in matches:
                kind = found.lastgroup or ""
                if kind == "link" or kind == "template":
                    ends[found.start()] = found.end()
                elif kind == "comment":
                    self.unclosed["<!--"] += 1  # those with an end have gone
                elif kind == "raw":
                    position = self._raw(found)
                    break
                else:
                    self._bracket(kind, found)
        for left, _, _ in self._stack:
            self.unclosed[_NAMES[left]] += 1

    def _bracket(self, kind: str, found: re.Match[str]) -> None:
        if kind == "braces":
            self._push(TEMPLATE, found.start(), found.end() - found.start())
        elif kind == "unbraces":
            self._close_braces(found.start(), found.end())
        elif kind == "out":
            self._close_links(found.start(), found.end())
        elif kind in _OPENERS:
            self._push(_OPENERS[kind], found.end() - 2 if kind == "table" else found.start(), 2)
        else:
            self._close_block(TABLE if kind == "untable" else ELEMENT, found.end())

    def _push(self, kind: int, position: int, count: int) -> None:
        self._stack.append((kind, position, count))
        self._open[kind] += 1

    def _pop(self) -> tuple[int, int, int]:
        popped = self._stack.pop()
        self._open[popped[0]] -= 1
        return popped

    def _abandon(self) -> None:
        self.unclosed[_NAMES[self._pop()[0]]] += 1

    def _close_braces(self, position: int, end: int) -> None:
        while end - position >= 2 and self._open[TEMPLATE]:
            while self._stack[-1][0] != TEMPLATE:
                self._abandon()
            _, start, count = self._pop()
            taken = 3 if count >= 3 and end - position >= 3 else 2
            position += taken
            count -= taken
            self.ends[start + count] = position
            if taken == 3:
                self.arguments.add(start + count)
            if count >= 2:
                self._push(TEMPLATE, start, count)

    def _close_links(self, position: int, end: int) -> None:
        while end - position >= 2 and self._stack and self._stack[-1][0] == LINK:
            start = self._stack[-1][1]
            if end - position == 3 and self._open_bracket(start, position):
                position += 1
            self._pop()
            position += 2
            self.ends[start] = position

    def _open_bracket(self, start: int, position: int) -> bool:
        """Whether an external link in this link's label is still open: of `]]]`, the first `]` is its."""
        first = max(start + 2, position - _LOOK_BACK)
        opened = self.text.rfind("[", first, position)
        return opened >= 0 and self.text.find("]", opened, position) < 0

    def _close_block(self, kind: int, end: int) -> None:
        if not self._open[kind]:
            return
        while self._stack[-1][0] == LINK:
            self._abandon()
        if self._stack[-1][0] == kind:
            self.ends[self._pop()[1]] = end

    def _raw(self, found: re.Match[str]) -> int:
        """A tag whose contents are not wikitext. Returns where the scan goes on."""
        start, inside = found.span()
        name = found["name"].lower()
        if self.text[inside - 2] == "/":
            self.ends[start] = inside
            return inside
        closer = None if name in self._absent else _closer(name, name in self._literal).search(self.text, inside)
        if closer is None or closer[0][1] != "/":
            if closer is None:
                self._absent.add(name)
            self.unclosed[f"<{name}>"] += 1
            return inside
        self.ends[start] = closer.end()
        return closer.end()


@lru_cache(maxsize=16)
def _token(rules: Rules) -> re.Pattern[str]:
    raw = "|".join(sorted((rules.vanishing | rules.formulas | rules.literal) - {"table"}))
    return re.compile(
        r"[\[{}\]<\n](?:"  # the first character by itself, so that the search skips to it; the alternatives look back at it
        r"(?<=\n)(?:(?P<table>[ \t:*#;]*+\{\|(?!\}))|(?P<untable>[ \t]*+\|\}(?=(?:\}\})*+(?!\}))))"
        r"|(?<=\[)(?:(?P<link>\[[^\[\]{}<\n]*+\]\](?!\]))|(?P<into>\[(?!\[)))"
        r"|(?<=\{)(?:(?P<template>\{[^{}\[\]<\n]*+\}\}(?!\}))|(?P<braces>\{+))"
        r"|(?<=\})(?P<unbraces>\}+)|(?<=\])(?P<out>\]+)"
        rf"|(?<=<)(?:(?P<comment>!--)|(?P<raw>(?P<name>{raw})(?=[\s/>])[^<>]*+>)|(?P<element>table\b[^<>]*+>)|(?P<unelement>/table\s*+>)))",
        re.IGNORECASE,
    )


@lru_cache(maxsize=256)
def _closer(name: str, literal: bool) -> re.Pattern[str]:
    """What ends a tag's contents; where they are not literal, also what shows that it was never closed: the next of its kind."""
    closing = rf"</{name}\s*+>"
    return re.compile(closing if literal else rf"{closing}|<{name}(?=[\s/>])[^<>]*+(?<!/)>", re.IGNORECASE)
