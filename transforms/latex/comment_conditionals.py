"""Where conditionals end: TeX skips what \\iffalse opens token by token, and counts \\if... and \\fi on its way, in whatever they stand but a comment.

Which words are conditionals TeX knows from their meaning at that place. Here (ours): every \\if..., but for the commands of that name that take arguments
and no \\fi. Where a block then has no end, TeX's own words and those that the text declares by \\newif are counted alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PRIMITIVES = """if ifcat ifx ifcase ifnum ifdim ifodd ifhmode ifvmode ifmmode ifinner ifvoid ifhbox ifvbox ifeof iftrue iffalse
ifdefined ifcsname iffontchar ifincsname"""
PRIMITIVES = frozenset(_PRIMITIVES.split())
"""TeX's and e-TeX's conditionals."""
_COMMANDS = """iff ifthenelse ifthispageodd ifdef ifundef ifcsdef ifcsundef ifdefmacro ifcsmacro ifdefempty ifcsempty ifdefvoid ifdefequal ifdefstring
ifdefstrequal ifcsstring ifdefcounter ifcscounter ifbool ifboolexpr ifboolexpe iftoggle ifblank ifnotblank ifstrempty ifstrequal ifnumcomp ifnumequal
ifnumgreater ifnumless ifnumodd ifdimcomp ifdimequal ifdimgreater ifdimless ifinlist ifinlistcs iffileexists ifentrytype iffieldundef iffieldequalstr
ifnameundef ifboolean ifstreq"""
COMMANDS = frozenset(_COMMANDS.split())
"""Commands that begin as conditionals do and need no \\fi: a formula's \\iff, and those of ifthen, etoolbox, biblatex."""

_TOKEN = re.compile(
    r"%(?<!\\%)[^\r\n]*+|\\(?<!\\\\)(?:\\(?:\\\\)*+%[^\r\n]*+|(?:\\\\)*+"
    r"(?:newif(?![A-Za-z@])\s*+(?:\\if[A-Za-z@]*+)?+|(?P<opens>if[A-Za-z@]*+)|(?P<turns>else(?![A-Za-z@]))|(?P<closes>fi(?![A-Za-z@]))))"
)
_DECLARED = re.compile(r"\\newif(?![A-Za-z@])\s*+\\(if[A-Za-z@]++)")


class Block(NamedTuple):
    """A conditional's own \\else, as [start, end) or None, and its \\fi."""

    turn: tuple[int, int] | None
    close: tuple[int, int]


class Conditionals:
    """The blocks of a text, found as they are asked for."""

    def __init__(self, text: str) -> None:
        self._all = _Blocks(text, None)
        self._sure: _Blocks | None = None
        self._text = text

    def block(self, start: int) -> Block | None:
        """The block that opens at a place (that of the first of its backslashes), or None where it has no end."""
        if (found := self._all.block(start)) is not None:
            return found
        if self._sure is None:
            self._sure = _Blocks(self._text, PRIMITIVES.union(_DECLARED.findall(self._text)))
        return self._sure.block(start)


class _Blocks:
    """The blocks, where `counted` words are conditionals, or all are. What one search has gone through, none goes through again: linear however they nest."""

    def __init__(self, text: str, counted: frozenset[str] | None) -> None:
        self._text, self._counted = text, counted
        self._blocks: dict[int, Block] = {}
        self._known_to = 0  # the blocks that open before this are known, or have no end

    def block(self, start: int) -> Block | None:
        if start >= self._known_to:
            self._known_to = self._find(start)
        return self._blocks.get(start)

    def _find(self, start: int) -> int:
        """Puts down the block that opens at `start` and those within it, or all that follow where it has no end; gives the place to which that is known."""
        stack: list[tuple[int, tuple[int, int] | None]] = []
        for token in _TOKEN.finditer(self._text, start):
            kind = token.lastgroup
            if kind == "opens":
                if token[kind] in self._counted if self._counted is not None else token[kind] not in COMMANDS:
                    stack.append((token.start(), None))
            elif kind is None or not stack:
                continue
            elif kind == "turns":
                stack[-1] = (stack[-1][0], (token.start(kind) - 1, token.end()))
            else:
                opened, turn = stack.pop()
                self._blocks[opened] = Block(turn, (token.start(kind) - 1, token.end()))
                if not stack:
                    return token.end()
        return len(self._text)
