import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.normalize import MARKS, for_language_model


def plain(text: str) -> str:
    """The rule's own steps, one after the other (spec: Perplexity)."""
    text = text.strip().lower()
    text = "".join(mark for mark in unicodedata.normalize("NFD", text) if unicodedata.category(mark) != "Mn")
    text = re.sub(r"\d", "0", text)
    text = "".join(MARKS.get(mark, mark) for mark in text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "", text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("H\u00e8llo W\u00f6rld 42", "hello world 00"),
        ("\u201cQuote\u201d \u2014 dash\u2026 99\uff05", '"quote"  -  dash... 00%'),
        ("\uff26\uff55\uff4c\uff4c\uff11\uff12", "\uff46\uff55\uff4c\uff4c00"),
        ("\u00d8re \u00df \u0130", "\u00f8re \u00df i"),
        ("First line\nSecond line", "first linesecond line"),
        ("  \t\n", ""),
        ("", ""),
        ("\u3000 a\tb \x1f", "ab"),
        ("\u039f\u0394\u039f\u03a3 \u03a3", "\u03bf\u03b4\u03bf\u03c2 \u03c3"),  # a final sigma, and one that stands alone
        ("\uac01", "\u1100\u1161\u11a8"),  # Hangul is left decomposed
        ("\u2329", "<"),  # becomes U+3008 when decomposed, then a mark
    ],
)
def test_vectors(text: str, normal: str) -> None:
    assert for_language_model(text) == normal


def test_every_mark() -> None:
    assert len(MARKS) == 34
    assert for_language_model("a" + "".join(MARKS) + "b") == "a" + ',.,"""""0""""\'::?!();- - . ~\'...-<>[]%-' + "b"


@pytest.mark.parametrize(("before", "after"), [("", ""), ("A", "b"), ("\u00e9\u03a3", "\u0323\u0301")])
def test_every_code_point_in_context(before: str, after: str) -> None:
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(codes), 4096):
        text = "".join(f"{before}{chr(code)}{after}" for code in codes[start : start + 4096])
        assert for_language_model(text) == plain(text)


def test_every_white_space_is_stripped() -> None:
    spaces = [chr(code) for code in range(0x110000) if chr(code).isspace()]
    assert [for_language_model(f"{space}a{space}") for space in spaces] == ["a"] * len(spaces)


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60)
    | st.text(alphabet="aA1\u03a3\u0345.\u00ad\u0301\u302e\u1d165\u2019 \n\x00\u2014")
)
def test_equals_the_plain_steps(text: str) -> None:
    assert for_language_model(text) == plain(text)


@given(st.integers(1, 40), st.text(alphabet="\u00e9\u0301\u302e\u0323\u2026\u0660", min_size=1, max_size=4))
def test_long_runs_equal_short_ones(times: int, run: str) -> None:
    assert for_language_model(run * times) == plain(run * times)
