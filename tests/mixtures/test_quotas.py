"""Quotas and epochs: whole tokens, with nothing lost and nothing invented."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.llama import LLAMA, TABLE_1
from mixtures.mixture import Mixture, MixtureError
from mixtures.quotas import Quota, largest_remainder, once, quotas
from mixtures.redpajama import REDPAJAMA, TOKENS


@st.composite
def cases(draw):
    """A mixture of 1 to 12 sources, their unique tokens, a budget."""
    parts = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=12))
    weights = {f"source{i}": Fraction(part, sum(parts)) for i, part in enumerate(parts)}
    unique = {source: draw(st.integers(1, 10**13)) for source in weights}
    return Mixture("test", weights, 1, "ours: a test"), unique, draw(st.integers(1, 10**13) | st.integers(1, 100))


@given(cases())
def test_quotas_are_the_budget_and_epochs_are_what_is_drawn(case):
    mixture, unique, budget = case
    found = quotas(mixture, unique, budget)
    assert [quota.source for quota in found] == list(mixture.weights)
    assert sum(quota.tokens for quota in found) == budget
    for quota in found:
        assert quota.unique == unique[quota.source]
        assert quota.epochs * quota.unique == quota.tokens == quota.passes * quota.unique + quota.rest
        assert 0 <= quota.rest < quota.unique
        assert abs(quota.tokens - mixture.weights[quota.source] * budget) < 1
        assert quota.unseen * quota.unique == max(0, quota.unique - quota.tokens)


@given(cases())
def test_a_remainder_that_is_larger_gets_the_token(case):
    mixture, _, budget = case
    weights = list(mixture.weights.values())
    parts = largest_remainder(weights, budget)
    remainders = [weight * budget - int(weight * budget) for weight in weights]
    more = [remainder for remainder, part, weight in zip(remainders, parts, weights, strict=True) if part > int(weight * budget)]
    others = [remainder for remainder, part, weight in zip(remainders, parts, weights, strict=True) if part == int(weight * budget)]
    assert not more or not others or min(more) >= max(others)


def test_ties_go_by_the_order_of_the_table():
    assert largest_remainder([Fraction(1, 4)] * 4, 6) == [2, 2, 1, 1]
    assert largest_remainder([Fraction(1, 3)] * 3, 1) == [1, 0, 0]
    assert largest_remainder([Fraction(1, 6), Fraction(5, 6)], 1) == [0, 1]


def test_made_up_counts():
    mixture = Mixture("test", {"a": Fraction(1, 2), "b": Fraction(3, 10), "c": Fraction(1, 5)}, 1, "ours: a test")
    assert quotas(mixture, {"a": 20, "b": 100, "c": 7}, 101) == [Quota("a", 20, 51), Quota("b", 100, 30), Quota("c", 7, 20)]
    a, b, c = quotas(mixture, {"a": 20, "b": 100, "c": 7}, 101)
    assert (a.passes, a.rest, a.epochs, a.unseen) == (2, 11, Fraction(51, 20), 0)
    assert (b.passes, b.rest, b.epochs, b.unseen) == (0, 30, Fraction(3, 10), Fraction(7, 10))
    assert (c.passes, c.rest) == (2, 6)


def test_table_1_over_redpajama_s_counts():
    """Epochs by hand: 1.4T x share / RedPajama's tokens."""
    found = quotas(LLAMA, TOKENS, LLAMA.tokens)
    by_hand = ["938/878", "210/175", "63/59", "63/24", "63/26", "35/28", "28/20"]
    assert [quota.epochs for quota in found] == [Fraction(epochs) for epochs in by_hand]
    assert all(quota.epochs == 1 for quota in quotas(REDPAJAMA, TOKENS, REDPAJAMA.tokens))


def test_table_1_s_epochs_come_back():
    """This proves nothing of the paper's numbers: the unique tokens were derived from that very column (spec 1.1). It holds the arithmetic together."""
    derived = {"commoncrawl": 852.7, "c4": 198.1, "github": 98.4, "wikipedia": 25.7, "books": 28.3, "arxiv": 33.0, "stackexchange": 27.2}
    found = quotas(LLAMA, {source: int(billions * 10**9) for source, billions in derived.items()}, LLAMA.tokens)
    assert {quota.source: round(float(quota.epochs), 2) for quota in found} == {source: row.epochs for source, row in TABLE_1.items()}


@given(cases())
def test_once_repeats_nothing_and_one_more_share_would(case):
    mixture, unique, _ = case
    budget = once(mixture, unique)
    assert all(quota.epochs <= 1 for quota in quotas(mixture, unique, budget))
    assert any(weight * (budget + 1) > unique[source] for source, weight in mixture.weights.items())


def test_a_source_without_tokens_is_refused():
    mixture = Mixture("test", {"a": Fraction(1, 2), "b": Fraction(1, 2)}, 1, "ours: a test")
    for unique in ({"a": 5}, {"a": 5, "b": 0}):
        for call in (lambda unique=unique: quotas(mixture, unique, 10), lambda unique=unique: once(mixture, unique)):
            with pytest.raises(MixtureError, match="b has no tokens: mixture test draws from it"):
                call()
    with pytest.raises(MixtureError, match="1 or more, found 0"):
        quotas(mixture, {"a": 1, "b": 1}, 0)
