"""The figures of the overview: every mark lies in its plot, in the order of its value, and the numbers stand beside it."""

import math
import re

import made_output
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import overview_figures
from pipeline.overview_figures import LEFT, RIGHT, Axis, Pair

AXIS = Axis("full", "open", overview_figures.compact, "words", 1.0)
VALUES = st.floats(1e-9, 1e15) | st.none() | st.just(0.0)


def marks(drawn):
    """Abscissae of the filled and of the hollow marks, without the legend's."""
    filled = [float(x) for x in re.findall(r'<circle class="bar" cx="([^"]*)"', drawn)][1:]
    hollow = [float(x) + 6.5 for x in re.findall(r'd="M([-0-9.]*) ', drawn)][1:]
    return filled, hollow


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_marks_lie_in_the_plot_in_the_order_of_their_values(values):
    rows = [Pair(f"source {place}", filled, hollow, "") for place, (filled, hollow) in enumerate(values)]
    found = marks(overview_figures.pairs("Title", "Words.", AXIS, rows))
    for side, places in enumerate(found):
        shown = [pair[side] for pair in values if pair[side]]
        assert len(places) == len(shown), "what is missing or zero has no mark on a logarithmic axis"
        assert all(LEFT - 0.01 <= x <= RIGHT + 0.01 for x in places)
        for (low, x), (high, y) in zip(sorted(zip(shown, places, strict=True)), sorted(zip(shown, places, strict=True))[1:], strict=False):
            assert x <= y + 0.01 or low == high


@given(st.lists(st.floats(1e-9, 1e15), min_size=1, max_size=20))
def test_ticks_hold_all_values_and_are_few(values):
    ticks = overview_figures._ticks(values)
    assert ticks == sorted(set(ticks))
    assert ticks[0] <= min(values)
    assert max(values) <= ticks[-1]
    assert 2 <= len(ticks) <= overview_figures.TICKS + 1


def test_a_mark_stands_where_its_value_is():
    drawn = overview_figures.pairs("Title", "Words.", AXIS, [Pair("a", 10.0, 1.0, "x"), Pair("b", 100.0, math.sqrt(1000), "")])
    (ten, hundred), (one, between) = marks(drawn)
    assert [ten, hundred, one, between] == pytest.approx([(LEFT + RIGHT) / 2, RIGHT, LEFT, LEFT + 0.75 * (RIGHT - LEFT)], abs=0.01)
    assert made_output.rows(drawn, "Title") == {"a": ["1", "10", "x"], "b": ["31.6", "100", ""]}
    assert 'class="threshold"' in drawn


def test_names_are_cut_to_their_place_and_whole_on_touch():
    drawn = overview_figures.pairs("Title", "Words.", AXIS, [Pair("<a-very-long-name-of-a-source>", 1.0, 2.0, "")])
    assert "&lt;a-very-long-nam…<title>&lt;a-very-long-name-of-a-source&gt;</title>" in drawn


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "0.5"), (999, "999"), (999.9, "1k"), (1400, "1.4k"), (999_600, "1M"), (878e9, "878B"), (1.4e12, "1.4T"), (0, "0")],
)
def test_numbers_are_short(value, shown):
    assert overview_figures.compact(value) == shown


def test_lengths_are_shares_of_each_source_on_one_scale():
    rows = [("few", [(0, 1), (64, 3)]), ("many", [(32, 10), (64, 10), (2**20, 60)])]
    drawn = overview_figures.strips("Lengths", "Words.", rows)
    heights = [float(tall) for tall in re.findall(r'<rect class="bar"[^>]* height="([^"]*)"', drawn)]
    most = overview_figures.STRIP - 8
    assert heights == pytest.approx([most / 3, most, most / 6, most / 6, most], abs=0.01)
    text = made_output.text(drawn)
    assert "4: 64–127 tokens" in text, "the middle one of four"
    assert "80: 1,048,576–2,097,151 tokens" in text
    assert "1Mi" in text
    assert "0 tokens: 1 (25.0%)" in text


def test_edges_of_one_power_of_two_are_one_bar_and_the_middle_is_the_lower_one():
    drawn = overview_figures.strips("Lengths", "Words.", [("odd", [(4, 1), (5, 1), (8, 2)])])
    assert made_output.rows(drawn, "Lengths") == {"odd": ["8–15", "2", "50.0%"]}, "the last of its two rows"
    assert "4–7 tokens: 2 (50.0%)" in drawn
    assert "4: 4–7 tokens" in made_output.text(drawn)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=9), st.integers(0, 30))
def test_the_middle_document_has_half_on_each_side(counts, first):
    counts = {first + place: count for place, count in enumerate([*counts, 1])}
    middle, whole = overview_figures._middle(counts), sum(counts.values())
    assert 2 * sum(count for at, count in counts.items() if at < middle) < whole + 1
    assert 2 * sum(count for at, count in counts.items() if at > middle) <= whole
