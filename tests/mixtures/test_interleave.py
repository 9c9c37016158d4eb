"""Tijdeman's rule, against its text in exact fractions, and what it promises: every beginning of a run is near each source's share."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixtures.interleave import LONGEST_PERIOD, MOST_POSITIONS, Interleaving, period_of
from mixtures.llama import LLAMA
from mixtures.mixture import MixtureError

GREEDY_FAILS = [12, 12, 12, 9, 3, 3, 1, 1]
mixtures = st.lists(st.integers(1, 60), min_size=1, max_size=12)


def shares(counts: list[int]) -> list[Fraction]:
    return [Fraction(count, sum(counts)) for count in counts]


def tijdeman(weights: list[Fraction], positions: int) -> list[int]:
    """The oracle: the rule as the paper says it, step by step, with x the sequences drawn so far and the bound 1 - 1/(2k-2)."""
    if len(weights) == 1:
        return [0] * positions
    given, order = [0] * len(weights), []
    margin = Fraction(1, 2 * len(weights) - 2)
    for n in range(1, positions + 1):
        eligible = [i for i, weight in enumerate(weights) if n * weight - given[i] >= margin]
        latest = {i: int((given[i] + 1 - margin) / weights[i]) + 1 for i in eligible}
        chosen = min(eligible, key=lambda i: (latest[i], i))
        given[chosen] += 1
        order.append(chosen)
    return order


def most_lagging(weights: list[Fraction], positions: int) -> list[int]:
    """The common rule: the source that is furthest behind its share."""
    given, order = [0] * len(weights), []
    for n in range(1, positions + 1):
        chosen = max(range(len(weights)), key=lambda i: (n * weights[i] - given[i], -i))
        given[chosen] += 1
        order.append(chosen)
    return order


def furthest(weights: list[Fraction], order: list[int]) -> Fraction:
    """By how many sequences any source is off its share after any beginning, at most."""
    period = np.lcm.reduce([weight.denominator for weight in weights])
    counts = np.array([int(weight * int(period)) for weight in weights])
    drawn = np.cumsum(np.array(order)[:, None] == np.arange(len(weights)), axis=0)
    off = np.abs(drawn * period - np.arange(1, len(order) + 1)[:, None] * counts)
    return Fraction(int(off.max()), int(period))


@given(mixtures)
@example(GREEDY_FAILS)
@example([1])
@example([59, 1])
def test_every_beginning_is_within_the_bound(counts):
    weights = shares(counts)
    interleaving = Interleaving(weights)
    order = interleaving.sources(np.arange(interleaving.period))
    assert np.array_equal(np.bincount(order, minlength=len(counts)), [weight * interleaving.period for weight in weights])
    bound = 1 - Fraction(1, 2 * len(counts) - 2) if len(counts) > 1 else 0
    assert furthest(weights, order.tolist()) <= bound


def test_the_common_rule_exceeds_one_sequence_where_this_one_does_not():
    weights = shares(GREEDY_FAILS)
    assert furthest(weights, most_lagging(weights, sum(GREEDY_FAILS))) > 1
    assert furthest(weights, Interleaving(weights).sources(np.arange(sum(GREEDY_FAILS))).tolist()) <= 1 - Fraction(1, 14)


@given(st.lists(st.integers(1, 25), min_size=1, max_size=8))
@example(GREEDY_FAILS)
def test_the_order_is_that_of_the_rule(counts):
    weights = shares(counts)
    interleaving = Interleaving(weights)
    positions = 2 * interleaving.period + 3
    assert interleaving.sources(np.arange(positions)).tolist() == tijdeman(weights, positions)


@given(mixtures, st.integers(0, 10**4))
def test_sources_places_positions_and_counts_agree(counts, start):
    interleaving = Interleaving(shares(counts))
    positions = np.arange(start, start + 2 * interleaving.period)
    sources, places = interleaving.sources(positions), interleaving.places(positions)
    before = interleaving.drawn(start)
    for source in range(len(counts)):
        mine = sources == source
        assert np.array_equal(places[mine], before[source] + np.arange(mine.sum()))
        assert np.array_equal(interleaving.position(source, places[mine]), positions[mine])
    assert np.array_equal(interleaving.drawn(start + len(positions)), before + np.bincount(sources, minlength=len(counts)))


def test_drawn_counts_from_the_first_position():
    interleaving = Interleaving(shares(GREEDY_FAILS))
    sources = interleaving.sources(np.arange(120))
    for positions in range(120):
        assert np.array_equal(interleaving.drawn(positions), np.bincount(sources[:positions], minlength=len(GREEDY_FAILS)))


def test_far_positions_are_exact():
    weights = list(LLAMA.weights.values())
    interleaving = Interleaving(weights)
    far = np.array([MOST_POSITIONS - 1 - back for back in range(400)])
    sources, places = interleaving.sources(far), interleaving.places(far)
    for position, source, place in zip(far.tolist(), sources.tolist(), places.tolist(), strict=True):
        assert abs(place - position * weights[source]) < 1
        assert interleaving.position(source, np.array([place])).tolist() == [position]
    assert sum(interleaving.drawn(MOST_POSITIONS).tolist()) == MOST_POSITIONS


def test_llama_repeats_after_two_hundred_sequences():
    interleaving = Interleaving(list(LLAMA.weights.values()))
    assert interleaving.period == 200
    assert interleaving.drawn(200).tolist() == [134, 30, 9, 9, 9, 5, 4]
    # The order is part of what a run depends on: another one would change every run that goes on from a checkpoint.
    assert "".join(map(str, interleaving.sources(np.arange(60)))) == "001002001003001004001005000100200100300400600100100200100300"


def test_unsigned_positions_and_none_at_all_will_do():
    interleaving = Interleaving(shares([3, 2]))
    for call in (interleaving.sources, interleaving.places, lambda places: interleaving.position(1, places)):
        found = call(np.array([0, 7], np.uint64))
        assert found.dtype == np.int64
        assert found.tolist() == call(np.array([0, 7])).tolist()
    nothing = np.array([], np.int64)
    assert [len(found) for found in (interleaving.sources(nothing), interleaving.places(nothing), interleaving.position(0, nothing))] == [
        0
    ] * 3


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "one source at least"),
        ([Fraction(1), Fraction(0)], "above 0, found 1, 0: leave out"),
        ([Fraction(3, 2), Fraction(-1, 2)], "above 0"),
        ([Fraction(1, 2), Fraction(1, 3)], "sum to exactly 1, found 5/6"),
        ([Fraction(1, LONGEST_PERIOD + 1), Fraction(LONGEST_PERIOD, LONGEST_PERIOD + 1)], "common denominator is 1,048,577"),
    ],
)
def test_shares_that_cannot_be_are_refused(weights, message):
    for refusing in (Interleaving, period_of):
        with pytest.raises(MixtureError, match=message):
            refusing(weights)


def test_positions_out_of_range_are_refused():
    interleaving = Interleaving(shares([3, 2]))
    for call in (interleaving.sources, interleaving.places, lambda far: interleaving.position(0, far)):
        for wrong in (-1, MOST_POSITIONS):
            with pytest.raises(ValueError, match="expected positions from 0"):
                call(np.array([0, wrong]))
    with pytest.raises(ValueError, match=f"before position 2\\^62, found {MOST_POSITIONS - 1} of source 0"):
        interleaving.position(0, np.array([MOST_POSITIONS - 1]))
    for wrong in (-1, MOST_POSITIONS + 1):
        with pytest.raises(ValueError, match="expected a number of positions"):
            interleaving.drawn(wrong)
