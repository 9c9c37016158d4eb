"""Sequences of a source: where the m-th sequence drawn from it lies, in constant time.

A source's U tokens are read as an endless stream, over and over. Window k is the L + 1 tokens from k L to k L + L of that stream:
its inputs are the first L of them, its targets the last L. A window whose end lies behind the source's last token goes on with its
first. Epoch e is the windows that begin in e U to (e + 1) U - 1, those from F(e) = ceil(e U / L) to F(e + 1) - 1. They are drawn
in the order of a keyed permutation, another one each epoch, but a window whose inputs reach into the next epoch comes last.

*At any moment every token has been drawn floor(D / U) or ceil(D / U) times*, where D = m L is the number of tokens drawn. Count a
token as drawn where it is an input. Let e be the epoch of the next draw: F(e) <= m < F(e + 1), which is e U <= m L < (e + 1) U, so
e = floor(D / U).
- All windows before F(e) were drawn: every token e times, and those from e U to F(e) L - 1, which is less than an epoch, once more.
- Of the windows of epoch e some were drawn, but none that reaches into the next epoch: that one is the last to be drawn, and
  after it epoch e + 1 would be next. The others begin at F(e) L or behind it, end before (e + 1) U, and do not overlap: each token
  in them is drawn once more, and was not before.
So every token was drawn e or e + 1 times; where D = e U, the sum leaves e for all. A token is a target exactly where the one before
it in the stream is an input, and the stream is a circle, so targets are counted alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtures.mixture import MOST_TOKENS
from mixtures.permutation import permute

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """The windows of one epoch: `count` from `first` on, of which the last `reaches` into the next one, or does not."""

    first: int
    count: int
    reaches: bool


def epoch(number: int, tokens: int, length: int) -> Epoch:
    """Epoch `number` (from 0) of a source of so many tokens, in windows of stride `length`. It may have no window, where `tokens` < `length`."""
    first, behind = (-(-edge * tokens // length) for edge in (number, number + 1))
    return Epoch(first, behind - first, behind > first and behind * length > (number + 1) * tokens)


def epochs(places: npt.NDArray[Any], tokens: int, length: int) -> Integers:
    """[n] places among a source's draws (from 0) -> [n] the epoch of each. Raises ValueError for places before 0 or behind MOST_TOKENS."""
    if tokens < 1 or length < 1:
        raise ValueError(f"expected a token at least, in windows of one at least, found {tokens} tokens and windows of {length}")
    if len(places) and not 0 <= int(places.min()) <= int(places.max()) < MOST_TOKENS // length:
        raise ValueError(f"expected draws from 0 to {MOST_TOKENS // length - 1}, found {places.min()} to {places.max()}")
    return places.astype(np.int64, copy=False) * length // tokens


def windows(places: npt.NDArray[Any], tokens: int, length: int, key: Callable[[int], int]) -> tuple[Integers, Integers]:
    """[n] places among a source's draws -> [n] epochs, [n] windows. `key`: the permutation's key for an epoch."""
    of_epoch = epochs(places, tokens, length)
    drawn = places.astype(np.int64)
    # An epoch has at most one window there: nothing to permute.
    if tokens <= length or not len(drawn):
        return of_epoch, drawn
    for number in np.unique(of_epoch).tolist():
        held = epoch(number, tokens, length)
        shuffled = held.count - held.reaches
        rows = np.flatnonzero((of_epoch == number) & (drawn < held.first + shuffled))
        if shuffled > 1 and len(rows):
            drawn[rows] = held.first + permute(drawn[rows] - held.first, shuffled, key(number))
    return of_epoch, drawn
