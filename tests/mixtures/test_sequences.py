"""Windows, epochs and the order within them: every token floor or ceil of (drawn / tokens) times at any moment, and exact beyond 2^53."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixtures import sequences
from mixtures.permutation import key_of


def key(epoch):
    return key_of(7, "books", epoch)


def drawn(places, tokens, length):
    return sequences.windows(np.array(places), tokens, length, key)


@given(st.integers(1, 90), st.integers(1, 40))
@example(1, 5)
@example(1, 1)
@example(3, 40)
@example(24, 8)
@example(8, 8)
@example(25, 8)
def test_at_any_moment_every_token_was_drawn_floor_or_ceil_times(tokens, length):
    draws = 4 * tokens // length + 20
    _, windows = drawn(range(draws), tokens, length)
    inputs, targets = np.zeros(tokens, int), np.zeros(tokens, int)
    for number, window in enumerate(windows.tolist(), 1):
        np.add.at(inputs, np.arange(window * length, window * length + length) % tokens, 1)
        np.add.at(targets, np.arange(window * length + 1, window * length + length + 1) % tokens, 1)
        low, high = number * length // tokens, -(-number * length // tokens)
        for counts in (inputs, targets):
            assert low <= counts.min() <= counts.max() <= high


@given(st.integers(1, 200), st.integers(1, 40))
def test_an_epoch_is_the_windows_that_begin_in_it_and_the_one_that_reaches_beyond_comes_last(tokens, length):
    draws = 3 * tokens // length + 3
    epochs, windows = drawn(range(draws), tokens, length)
    assert (windows * length // tokens == epochs).all()
    assert (np.diff(epochs) >= 0).all()
    for number in range(int(epochs[-1])):
        held = sequences.epoch(number, tokens, length)
        of_epoch = windows[epochs == number].tolist()
        assert sorted(of_epoch) == list(range(held.first, held.first + held.count))
        assert held.first == sum(1 for window in range(held.first + 1) if window * length < number * tokens)
        beyond = [window for window in of_epoch if (window + 1) * length > (number + 1) * tokens]
        assert beyond == ([of_epoch[-1]] if held.reaches else [])


def test_every_epoch_has_another_order():
    epochs, windows = drawn(range(300), 1000, 10)
    orders = [(windows[epochs == number] - 100 * number).tolist() for number in range(3)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(100))
    assert orders[0] != list(range(100))
    assert len({tuple(order) for order in orders}) == 3
    other = sequences.windows(np.arange(100), 1000, 10, lambda epoch: key_of(8, "books", epoch))[1]
    assert other.tolist() != orders[0]


@given(st.lists(st.integers(0, 400), max_size=30), st.integers(1, 200), st.integers(1, 40))
def test_a_place_has_its_window_whatever_is_asked_for_beside_it(places, tokens, length):
    epochs, windows = drawn(np.array(places, np.int64), tokens, length)
    alone = [drawn([place], tokens, length) for place in places]
    assert epochs.tolist() == [int(held[0][0]) for held in alone]
    assert windows.tolist() == [int(held[1][0]) for held in alone]


@given(st.integers(1, 2**61), st.integers(1, 2**20), st.data())
def test_large_numbers_are_exact(tokens, length, data):
    places = data.draw(st.lists(st.integers(0, sequences.MOST_TOKENS // length - 1), min_size=1, max_size=5))
    epochs, windows = drawn(places, tokens, length)
    for place, epoch, window in zip(places, epochs.tolist(), windows.tolist(), strict=True):
        assert epoch == place * length // tokens
        held = sequences.epoch(epoch, tokens, length)
        assert held.first <= place < held.first + held.count
        assert epoch * tokens <= window * length < (epoch + 1) * tokens
        if held.reaches:
            assert (window == held.first + held.count - 1) == (place == held.first + held.count - 1)


@pytest.mark.parametrize("places", [[-1], [sequences.MOST_TOKENS // 8]])
def test_places_out_of_range_are_refused(places):
    with pytest.raises(ValueError, match="expected draws from 0 to"):
        drawn(places, 100, 8)


@pytest.mark.parametrize(("tokens", "length"), [(0, 8), (8, 0)])
def test_nothing_to_draw_is_refused(tokens, length):
    with pytest.raises(ValueError, match="expected a token at least"):
        drawn([0], tokens, length)
