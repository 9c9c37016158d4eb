"""A template's name and arguments, as places in the page: what is rendered of them is rendered where it stands, so nothing is copied or read twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

Span = tuple[int, int]
Piece = str | Span
"""What a construct gives: text as it is to stand, or a place in the page that is still to be rendered."""

_STOP = re.compile(r"[|{\[<]")
_NAMED = re.compile(r"\s*+([^=|{}\[\]<>\n]{1,60}?)\s*=\s*+")
_LONGEST_NAME = 300  # code: MediaWiki's titles have 255 bytes at most; what is longer names nothing


class Arguments:
    """What stands between `{{` and `}}`.

    Attributes:
        text: the page.
        name: of the template: folded (see `names`), spaces single.
        written: as it is written, trimmed.
        positional: places of the arguments without a name, white space at both ends off.
        named: places of the arguments with a name, white space off; a number as name counts as a name.
    """

    def __init__(self, text: str, start: int, end: int, ends: Mapping[int, int]) -> None:
        self.text = text
        bars = bars_between(text, start, end, ends)
        bounds = [start - 1, *bars, end]
        self.written = " ".join(text[start : min(bounds[1], start + _LONGEST_NAME)].replace("_", " ").split())
        self.name = self.written.lower()
        self.positional: list[Span] = []
        self.named: dict[str, Span] = {}
        for bar, following in pairwise(bounds[1:]):
            found = _NAMED.match(text, bar + 1, following)
            if found:
                self.named[found[1]] = trimmed(text, found.end(), following)
            else:
                self.positional.append(trimmed(text, bar + 1, following))

    def __getitem__(self, key: int | str) -> Span | None:
        """The place of an argument by name, or by number from 1; None where it is absent or empty."""
        if isinstance(key, int) and key <= len(self.positional):
            place: Span | None = self.positional[key - 1]
        else:
            place = self.named.get(str(key))
        return place if place and place[0] < place[1] else None

    def plain(self, key: int | str) -> str:
        """An argument as it is written, or ""; to decide by, not to print."""
        place = self[key]
        return self.text[place[0] : place[1]] if place else ""

    def numbered(self) -> list[Span]:
        """The arguments 1, 2, ... that are not empty, in order."""
        most = max(len(self.positional), len(self.named))
        return [place for key in range(1, most + 1) if (place := self[key])]


def bars_between(text: str, start: int, end: int, ends: Mapping[int, int], most: int = -1) -> list[int]:
    """Positions of the `|` that stand in [start, end) and in nothing nested; the first `most` of them, all if negative."""
    bars: list[int] = []
    found = _STOP.search(text, start, end)
    while found and len(bars) != most:
        position = found.start()
        if text[position] == "|":
            bars.append(position)
        found = _STOP.search(text, ends.get(position, position + 1), end)
    return bars


def first_outside(text: str, stop: str, start: int, end: int, ends: Mapping[int, int]) -> int:
    """Position of the first character of `stop` that stands in [start, end) and in nothing nested, or `end`."""
    position = start
    wanted = _outside(stop)
    while found := wanted.search(text, position, end):
        position = found.start()
        if text[position] in stop:
            return position
        position = ends.get(position, position + 1)
    return end


@lru_cache(maxsize=8)
def _outside(stop: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(stop)}{{\\[<]")


def trimmed(text: str, start: int, end: int) -> Span:
    """The place without the white space at its ends; of a line that begins as a list item, its line end in front stays."""
    first = start
    while start < end and text[start].isspace():
        start += 1
    if start > first and start < end and text[start] in "*#:;" and text[start - 1] == "\n":
        start -= 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
