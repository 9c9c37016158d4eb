"""One page as its parts are rendered from: the source, where its constructs end, whose it is, and what is to be kept."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.wikitext.rules import Rules
from transforms.wikitext.structure import Structure
from transforms.wikitext.wiki import Wiki


@dataclass(frozen=True)
class Page:
    """What every part of the rendering reads, and none changes.

    Attributes:
        text: the source, behind one newline, so that each line has one in front.
        structure: where its constructs end.
        wiki, rules: as given to `strip`.
    """

    text: str
    structure: Structure
    wiki: Wiki
    rules: Rules

    def end(self, start: int, bound: int) -> int:
        """Where the construct at `start` ends, or -1 where it has no end before `bound`."""
        end = self.structure.ends.get(start, -1)
        return end if end <= bound else -1
