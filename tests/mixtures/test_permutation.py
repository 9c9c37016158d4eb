"""The keyed permutation: one to one at every size, and by its statistics as good as a random one. Seeds are fixed: a test that passes always passes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixtures.permutation import LARGEST, SMALL, key_of, permute, unpermute

LIMIT = 5.0
"""Standard deviations from what a random permutation gives. Some 200 figures are tested, so 3 would be exceeded by chance."""
keys = st.integers(0, 2**128 - 1)


def orders(size: int, count: int, name: str) -> np.ndarray:
    """[count, size] whole permutations under as many keys."""
    places = np.arange(size)
    return np.stack([permute(places, size, key_of(name, number)) for number in range(count)])


def excess(counts: np.ndarray) -> float:
    """Chi-square of counts that should be equal, in standard deviations over what chance gives."""
    expected, degrees = counts.sum() / counts.size, counts.size - 1
    return float((((counts - expected) ** 2).sum() / expected - degrees) / math.sqrt(2 * degrees))


@pytest.mark.parametrize("sizes", [range(1, 130), range(SMALL - 3, SMALL + 40), (1000, 1024, 1023, 4099, 65536, 100_003)], ids=str)
def test_every_place_goes_to_another(sizes):
    for size in sizes:
        places = np.arange(size)
        values = permute(places, size, key_of("one to one", size))
        assert np.array_equal(np.sort(values), places)
        assert np.array_equal(unpermute(values, size, key_of("one to one", size)), places)


@given(st.integers(1, LARGEST), keys, st.lists(st.integers(0, LARGEST), max_size=20))
@example(2**40, 0, [0, 1, 2**40 - 1])
@example(LARGEST, 2**128 - 1, [0, LARGEST - 1])
@example((2**31 - 1) ** 2 + 1, 1, list(range(40)))
def test_the_inverse_leads_back_at_any_size(size, key, drawn):
    places = np.array([place % size for place in drawn], np.int64)
    values = permute(places, size, key)
    assert values.dtype == np.int64
    assert ((values >= 0) & (values < size)).all()
    assert len(np.unique(values)) == len(np.unique(places))
    assert np.array_equal(unpermute(values, size, key), places)
    assert np.array_equal(permute(unpermute(places, size, key), size, key), places)


def test_a_place_goes_where_it_goes_alone():
    size, key = 70_000, key_of("alone")
    together = permute(np.arange(size), size, key)
    for place in (0, 1, 263, 264, 265, size - 1):
        assert permute(np.array([place], np.uint64), size, key).tolist() == [together[place]]


def test_the_same_on_every_machine():
    """Another value here changes the order of every run that goes on from a checkpoint."""
    assert key_of(1, "c4", 0) == 324932631456219040990026348090049656722
    assert permute(np.arange(8), 8, key_of(1, "c4", 0)).tolist() == [2, 1, 4, 5, 6, 7, 0, 3]
    assert permute(np.arange(5), 10**6, key_of(1, "c4", 0)).tolist() == [531309, 339649, 188550, 351587, 471866]
    assert permute(np.arange(3), LARGEST, key_of(1, "c4", 0)).tolist() == [1569018414864641874, 1443918065830708248, 2726207930099655413]


def test_keys_of_other_parts_differ():
    parts = [
        (),
        (1,),
        ("1",),
        (1, 2),
        (12,),
        ("1", 2),
        (2, 1),
        ("a", "b"),
        ("ab",),
        ("a", "", "b"),
        ("b", "a"),
        ("a,b",),
        ('a","b',),
        (-1,),
        ("ä",),
    ]
    found = [key_of(*part) for part in parts]
    assert len(set(found)) == len(parts)
    assert max(key.bit_length() for key in found) > 120
    assert all(0 <= key < 2**128 for key in found)


@pytest.mark.parametrize("size", range(2, 31))
def test_each_place_goes_everywhere_alike(size):
    found = orders(size, 1500, "everywhere")
    counts = np.stack([np.bincount(found[:, place], minlength=size) for place in range(size)])
    assert excess(counts) < LIMIT


@pytest.mark.parametrize("size", [3, 4, 5])
def test_all_orders_of_a_few_are_alike(size):
    codes = orders(size, 30 * math.factorial(size), "orders") @ size ** np.arange(size)
    counts = np.unique(codes, return_counts=True)[1]
    assert counts.size == math.factorial(size)
    assert excess(counts) < LIMIT


@pytest.mark.parametrize("size", [7, 25])
def test_even_and_odd_orders_are_alike(size):
    """A network whose sides are both odd gives even ones alone, whatever its rounds."""
    swapped = [np.triu(order[:, None] > order).sum() % 2 for order in orders(size, 2000, "parity")]
    assert excess(np.bincount(swapped, minlength=2)) < LIMIT


@pytest.mark.parametrize("size", [SMALL + 1, 17 * 17, 18 * 17, 500])
def test_two_places_go_together_as_any_two(size):
    """Distances of what stood side by side, in the same left half and in the same right half: what too few rounds show first."""
    side = -(-size // (math.isqrt(size - 1) + 1))
    found = orders(size, 2500, "pairs")
    for apart in (1, side, side + 1):
        distances = (found[:, apart:] - found[:, :-apart]) % size
        assert excess(np.bincount(distances.ravel(), minlength=size)[1:]) < LIMIT


@pytest.mark.parametrize("size", [1000, 10_000, 100_003, 10**6])
def test_one_order_shows_no_pattern(size):
    values = permute(np.arange(size), size, key_of("pattern", size))
    side = -(-size // (math.isqrt(size - 1) + 1))
    centred = values - (size - 1) / 2
    for apart in (1, 2, side - 1, side, side + 1, size // 2):
        correlation = (centred[apart:] * centred[:-apart]).sum() / (centred**2).sum()
        assert abs(correlation) * math.sqrt(size) < LIMIT
    assert abs((centred * (np.arange(size) - (size - 1) / 2)).sum() / (centred**2).sum()) * math.sqrt(size) < LIMIT
    # Distances of neighbours: of two random values, a distance under d has the probability 1 - (1 - d / size) ^ 2.
    distances = np.abs(np.diff(values)) / size
    assert excess(np.histogram(1 - (1 - distances) ** 2, 20, (0, 1))[0]) < LIMIT
    rises = (np.diff(values) > 0).sum()
    assert abs(rises - size / 2) / math.sqrt(size / 12) < LIMIT


@pytest.mark.parametrize("size", [100, 1000, 20_000])
def test_orders_under_two_keys_have_nothing_in_common(size):
    count = 200
    places = np.arange(size)
    found = [permute(places, size, key) for key in range(count + 1)]  # keys that differ in a few bits
    same = sum(int((one == other).sum()) for one, other in itertools.pairwise(found))
    fixed = sum(int((one == places).sum()) for one in found)
    assert abs(same - count) < LIMIT * math.sqrt(count)
    assert abs(fixed - count) < LIMIT * math.sqrt(count)
    correlations = [np.corrcoef(one, other)[0, 1] * math.sqrt(size) for one, other in itertools.pairwise(found)]
    assert abs(np.mean(correlations)) * math.sqrt(count) < LIMIT
    assert 0.7 < np.std(correlations) < 1.3


@pytest.mark.parametrize("size", [1000, 10**6, 2**40])
def test_the_first_places_are_a_fair_draw(size):
    found = np.concatenate([permute(np.arange(100), size, key_of("first", number)) for number in range(1000)])
    assert excess(np.bincount(found * 50 // size, minlength=50)) < LIMIT
    assert excess(np.bincount(found % 8, minlength=8)) < LIMIT
    assert abs(found.mean() / size - 0.5) * math.sqrt(12 * len(found)) < LIMIT


@pytest.mark.parametrize("way", [permute, unpermute])
def test_what_is_out_of_range_is_refused(way):
    for places, size in ([5], 5), ([-1], 5), ([0, 300], 300), ([-1], 300):
        with pytest.raises(ValueError, match=f"expected places from 0 to {size - 1}"):
            way(np.array(places), size, 1)
    for size in (0, LARGEST + 1):
        with pytest.raises(ValueError, match="expected a size from 1 to 2"):
            way(np.array([0]), size, 1)
    for key in (-1, 2**128):
        with pytest.raises(ValueError, match="expected a key"):
            way(np.array([0]), 300, key)
    assert way(np.array([], np.int64), 300, 1).tolist() == []
