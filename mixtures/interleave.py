"""Which sequence of a training run comes from which source: Tijdeman's rule, one period in a table.

R. Tijdeman, The chairman assignment problem (Discrete Mathematics 32, 1980): of k sources with shares that sum to 1, source i may give the
sequence with number n (from 1) once n times its share is at least 1/(2k-2) more than what it has given, and of those that may, the one goes first
whose own limit, 1 - 1/(2k-2) too few, is the nearest. Then every beginning of the run holds of each source within 1 - 1/(2k-2) sequences of its
share, which is the best that a rule can promise. Taking the source that lags most, as is common, exceeds one sequence on many mixtures.

After as many sequences as the shares' common denominator each count is within less than one of a whole number, so it is that number: the
order repeats, and one period of it is enough.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtures.mixture import MixtureError, written

Integers = npt.NDArray[np.int64]

LONGEST_PERIOD = 2**20
"""ours: shares of six decimals fit; the tables then take 20 MB and some 2 s to build."""
MOST_POSITIONS = 2**62
"""ours: leaves sums of positions within int64."""


class Interleaving:
    """The source of each sequence of a run without end, and where each source's sequences stand in it.

    Attributes:
        period: number of positions after which the order of sources repeats: the common denominator of the shares.
    """

    period: int

    def __init__(self, weights: Sequence[Fraction]) -> None:
        """`weights`: the share of each source, positive, with the sum 1; MixtureError for others, and for a period over LONGEST_PERIOD."""
        self.period = period_of(weights)
        counts = [int(weight * self.period) for weight in weights]
        self._source = _period(counts)
        self._counts = np.array(counts, np.int64)
        # The positions of the period by source, and within a source in their order: a source's k-th is at its start + k.
        self._by_source = np.argsort(self._source, kind="stable")
        self._starts = np.cumsum(self._counts) - self._counts
        self._place = np.empty(self.period, np.int64)
        self._place[self._by_source] = np.arange(self.period) - np.repeat(self._starts, self._counts)

    def sources(self, positions: npt.NDArray[Any]) -> Integers:
        """[n] positions from 0 on -> [n] the number of the source of each."""
        return self._source.take(_checked(positions) % self.period)

    def places(self, positions: npt.NDArray[Any]) -> Integers:
        """[n] positions from 0 on -> [n] how many earlier positions have the same source."""
        periods, index = np.divmod(_checked(positions), self.period)
        places: Integers = periods * self._counts[self._source[index]] + self._place[index]
        return places

    def drawn(self, positions: int) -> Integers:
        """[sources] how many of the first `positions` sequences come from each source."""
        periods, index = divmod(_checked_count(positions), self.period)
        rest = [
            np.searchsorted(self._by_source[start : start + count], index) for start, count in zip(self._starts, self._counts, strict=True)
        ]
        return self._counts * periods + np.array(rest, np.int64)

    def position(self, source: int, place: npt.NDArray[Any]) -> Integers:
        """[n] the position at which the `place`-th sequence (from 0) of a source stands: the inverse of `sources` and `places`."""
        periods, index = np.divmod(_checked(place), self._counts[source])
        if len(periods) and int(periods.max()) > MOST_POSITIONS // self.period:
            raise ValueError(f"expected places that stand before position 2^62, found {place.max()} of source {source}")
        positions: Integers = periods * self.period + self._by_source[self._starts[source] + index]
        return positions


def period_of(weights: Sequence[Fraction]) -> int:
    """The period of an interleaving of these shares, with the errors of `Interleaving`, which it would take longer to build."""
    if not weights:
        raise MixtureError("a mixture has one source at least, found none")
    if any(weight <= 0 for weight in weights):
        found = ", ".join(map(str, weights))
        raise MixtureError(f"every share is above 0, found {found}: leave out the sources that nothing is drawn from")
    if sum(weights) != 1:
        raise MixtureError(f"shares sum to exactly 1, found {written(sum(weights, Fraction()))}: give them as exact fractions")
    period = math.lcm(*(weight.denominator for weight in weights))
    if period > LONGEST_PERIOD:
        found = f"{period:,}" if period <= MOST_POSITIONS else "over 2^62"
        raise MixtureError(
            f"the shares' common denominator is {found}, more than {LONGEST_PERIOD:,}: round them to six decimals at most, so that they "
            "still sum to 1"
        )
    return period


def _checked(positions: npt.NDArray[Any]) -> Integers:
    """Positions as int64, which must be from 0 to 2^62 - 1."""
    if len(positions) and not 0 <= positions.min() <= positions.max() < MOST_POSITIONS:
        raise ValueError(f"expected positions from 0 to 2^62 - 1, found {positions.min()} to {positions.max()}")
    return positions.astype(np.int64, copy=False)


def _checked_count(positions: int) -> int:
    if not 0 <= positions <= MOST_POSITIONS:
        raise ValueError(f"expected a number of positions from 0 to 2^62, found {positions}")
    return positions


def _period(counts: list[int]) -> Integers:
    """[period] the source at each position of a period in which source i stands `counts[i]` times, by Tijdeman's rule; ties by table order.

    In terms of a source's sequences j = 0, 1, ...: each has a first and a last number at which it may stand, and of those that may
    now, the one whose last is the nearest does.
    """
    period, sources = sum(counts), len(counts)
    if sources == 1:
        return np.zeros(1, np.int64)
    slack = 2 * sources - 2
    opening: list[list[tuple[int, int]]] = [[] for _ in range(period + 1)]
    for source, count in enumerate(counts):
        for j in range(count):
            first = -(-(slack * j + 1) * period // (slack * count))
            last = (slack * (j + 1) - 1) * period // (slack * count) + 1
            opening[first].append((last, source))
    order, waiting = np.empty(period, np.int64), list[tuple[int, int]]()
    for number in range(1, period + 1):
        for sequence in opening[number]:
            heapq.heappush(waiting, sequence)
        order[number - 1] = heapq.heappop(waiting)[1]
    return order
