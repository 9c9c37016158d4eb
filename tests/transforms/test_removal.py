"""Removal, against joining the kept lines of each string."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.removal import keep_lines
from transforms.texts import Texts


@st.composite
def texts_and_kept(draw: st.DrawFn) -> tuple[list[list[str]], list[list[bool]]]:
    lines = draw(st.lists(st.lists(st.text(st.sampled_from("aé日𐐀\r"), max_size=3), min_size=1, max_size=6), max_size=6))
    return lines, [draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text))) for text in lines]


@given(texts_and_kept(), st.integers(0, 3))
def test_the_kept_lines_are_joined_by_one_newline(case: tuple[list[list[str]], list[list[bool]]], skipped: int) -> None:
    documents, kept = case
    array = pa.array(["\n".join(lines) for lines in documents], pa.string())[skipped:]
    out = keep_lines(Texts(array), np.array([keep for document in kept[skipped:] for keep in document], bool))
    out.validate(full=True)
    assert out.to_pylist() == [
        "\n".join(line for line, keep in zip(lines, choice, strict=True) if keep)
        for lines, choice in zip(documents[skipped:], kept[skipped:], strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        ("a\nb\nc", [1, 0, 1], "a\nc"),
        ("a\nb\nc", [1, 1, 0], "a\nb"),
        ("a\nb\nc", [0, 0, 1], "c"),
        ("a\n\n", [1, 0, 1], "a\n"),
        ("a\n\n", [0, 1, 1], "\n"),
        ("a\nb", [0, 0], ""),
        ("", [1], ""),
    ],
)
def test_the_newline_goes_with_its_line(text: str, kept: list[int], expected: str) -> None:
    assert keep_lines(Texts(pa.array([text, "next"])), np.array([*kept, 1], bool)).to_pylist() == [expected, "next"]


def test_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one bool for each of 2 lines, found bool"):
        keep_lines(Texts(pa.array(["a\nb"])), np.ones(3, bool))
