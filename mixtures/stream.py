"""The first tokens of a source, read over and over as one stream without end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from mixtures.token_source import Located, TokenSource


class Stream:
    """Token p of the stream is the source's token p modulo `tokens`.

    Attributes:
        tokens: how many of the source's tokens go into it: all, or those before the ones held out.
    """

    def __init__(self, source: TokenSource, tokens: int) -> None:
        self.source = source
        self.tokens = tokens

    def read(self, position: int, out: npt.NDArray[Any]) -> None:
        """Fills `out` ([n] integers) with the tokens from `position` on."""
        self._around(position, out, self.source.read)

    def mark_starts(self, position: int, out: npt.NDArray[Any]) -> None:
        """Sets those of `out` ([n], all 0) to 1 where a document begins, from `position` on."""
        self._around(position, out, self.source.mark_starts)

    def documents(self, position: int, count: int) -> list[Located]:
        """Where the first token of each document, or piece of one, stands among `count` tokens from `position` on."""
        found, end = [], position + count
        while position < end:
            located = self.source.locate(position % self.tokens)
            found.append(located)
            position += located.tokens - located.token
        return found

    def _around(self, position: int, out: npt.NDArray[Any], fill: Callable[[int, int, npt.NDArray[Any]], None]) -> None:
        start = position % self.tokens
        done = min(len(out), self.tokens)
        before = min(done, self.tokens - start)
        fill(start, before, out)
        if before < done:
            fill(0, done - before, out[before:])
        # All tokens stand in `out` now: what follows repeats them.
        while done < len(out):
            more = min(done, len(out) - done)
            out[done : done + more] = out[:more]
            done += more
