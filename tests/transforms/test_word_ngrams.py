"""Hashes of word n-grams, against `unicodedata` and `re` on the whole text: equal hashes where n-grams are equal, and nowhere else."""

import re
import time
import unicodedata
from itertools import product
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms import word_ngrams
from transforms.word_ngrams import ngram_hashes

ACUTE, BELOW = "\u0301", "\u0316"
AWKWARD = (
    ACUTE
    + BELOW
    + "\u0327\u0345\u0307\u0130\u03a3\u03c2\u03c3\u00df\u1e9e\u017f\u212b\u2126"  # marks; letters whose case or form is not one to one
    "\u00bd\u2460\u2474\ufb01\ufdfa\u2026\u00a0\u00b2\u2163\uff21\uff11\u3392\u3300\u337f"  # compatibility forms, of up to 18 characters
    "\u1100\u1161\u11a8\uac00\uffc2\uffa1\u0dd9\u0dcf\u0dca\u09c7\u09be\u0344\u0958\u3099\u304b\uff9e\uff76"  # what composes in other scripts
    "\u034f\u200d\u00ad\U0001d7d8\U0001d400\U00016ff9\U0010ffff\U00020000\u4e2d"
)
characters = st.sampled_from(AWKWARD) | st.sampled_from("aAbZz09 _-'\n\x00\x7f") | st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=60)


def ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    """The oracle."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower().replace("\u03c2", "\u03c3"))
    return [tuple(words[k : k + n]) for k in range(max(len(words) - n, 0) + 1)] if words else []


def hashes(text: str | bytes, n: int, segment_bytes: int = word_ngrams.SEGMENT_BYTES) -> list[int]:
    return [value for array in ngram_hashes(text, n, segment_bytes) for value in array.tolist()]


def agree(pairs: list[tuple[list[tuple[str, ...]], list[int]]]) -> None:
    """Hashes name n-grams one to one."""
    names: dict[tuple[str, ...], int] = {}
    for expected, found in pairs:
        assert len(found) == len(expected)
        for ngram, value in zip(expected, found, strict=True):
            assert names.setdefault(ngram, value) == value
    assert len(set(names.values())) == len(names)


@given(st.lists(texts, min_size=1, max_size=4), st.integers(1, 5))
@example(["\u0130stanbul \u03a3\u03a3 \u03c3\u03c2", "i stanbul \u03c3\u03c3 \u03c3\u03c3", "I\u0307stanbul"], 1)
@example(["don't DON T", "snake_case snake case"], 2)
def test_equal_hashes_are_equal_ngrams(documents: list[str], n: int) -> None:
    agree([(ngrams(text, n), hashes(text, n)) for text in documents])


@given(texts, st.integers(1, 4), st.integers(1, 50), st.integers(1, 40))
def test_cuts_change_nothing(text: str, n: int, segment_bytes: int, stretch_bytes: int) -> None:
    expected = hashes(text, n)
    with mock.patch.object(word_ngrams, "STRETCH_BYTES", stretch_bytes):
        assert hashes(text, n, segment_bytes) == expected
        assert hashes(text.encode(), n, segment_bytes) == expected


def test_each_character_of_unicode_is_as_in_python() -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    text = "\n".join(f"x{character}y" for character in every)
    agree([(ngrams(text, 1), hashes(text, 1))])


def test_whatever_composes_does_so_as_in_python() -> None:
    composed = [chr(code) for code in range(0x110000) if len(unicodedata.normalize("NFD", chr(code))) > 1]
    assert len(composed) > 12_000  # most are Hangul
    parts = [unicodedata.normalize("NFD", text) for text in composed]
    marks = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code))[0] == "M"]
    text = " ".join(
        [
            *composed,
            *parts,
            *(part[0] for part in parts),
            *(letter + mark for mark in marks for letter in "a\u03b1\u0915\u304b\u1100\uac00\u09c7\u0dd9"),
        ]
    )
    expected = ngrams(text, 1)
    with mock.patch.object(word_ngrams, "STRETCH_BYTES", 1):  # each stands in a stretch of its own
        agree([(expected, hashes(text, 1)), (expected, hashes(text, 1, 500))])


def test_arrays_are_of_about_a_segment() -> None:
    text = b"word " * 200_000
    sizes = [len(array) for array in ngram_hashes(text, 13, 50_000)]
    assert sum(sizes) == 200_000 - 12
    assert len(sizes) == 20
    assert max(sizes) <= 10_001
    dense = [len(array) for array in ngram_hashes("\ufdfa" * 5000, 1, 1000)]
    assert sum(dense) == 3 * 5000 + 1
    assert max(dense) <= 1000 // 4 + 64  # where there are more n-grams than a segment of text mostly has, there are more arrays


def test_few_words_are_one_ngram() -> None:
    assert hashes("", 13) == hashes(" -_- ", 13) == []
    assert hashes("One, two.", 13) == hashes("one two", 13) == hashes("one two", 2)
    assert len(hashes("one two", 13)) == 1
    assert hashes("one two three", 13) != hashes("one two", 13)
    assert len(hashes("one two", 1)) == 2


def test_a_word_longer_than_segments_is_one_word() -> None:
    assert hashes("a" * 10_000, 1, 64) == hashes("a" * 10_000, 1)
    assert len(hashes("\u4e2d" * 10_000, 1, 64)) == 1


def test_structured_ngrams_do_not_meet() -> None:
    binary = [" ".join(words) for words in product("ab", repeat=13)]
    assert len({hashes(text, 13)[0] for text in binary}) == 1 << 13
    thue = [k.bit_count() & 1 for k in range(4096)]  # where a polynomial in powers of two's ring gives the same for both
    left, right = ("".join("ab"[bit ^ swapped] for bit in thue) for swapped in (0, 1))
    assert hashes(left, 1) != hashes(right, 1)
    numbers = hashes(" ".join(map(str, range(300_000))), 2)
    assert len(set(numbers)) == 300_000 - 1
    bits = np.unpackbits(np.array(numbers, "<u8").view(np.uint8)).reshape(-1, 64).mean(0)
    assert abs(bits - 0.5).max() < 0.006  # 6 standard deviations


def test_marks_without_end_are_not_quadratic() -> None:
    crowd = (ACUTE + BELOW) * 250_000
    started = time.perf_counter()
    found = hashes(f"one a{crowd} two", 2)
    assert time.perf_counter() - started < 20  # 0.3 s; minutes where 500,000 marks are put in order by insertion
    assert found == hashes("one \u00e1 two", 2)
    assert found == hashes(f"one a{crowd} two", 2, 10_000)


@pytest.mark.parametrize("text", ["caf\u00e9 \u4e2d", "plain"])
def test_any_buffer_is_taken(text: str) -> None:
    data = text.encode()
    padded = np.frombuffer(b"xx" + data + b"yy", np.uint8)[2:-2]
    assert hashes(data, 1) == hashes(text, 1)
    assert [value for array in ngram_hashes(padded, 1) for value in array.tolist()] == hashes(text, 1)
    assert [value for array in ngram_hashes(memoryview(data), 1) for value in array.tolist()] == hashes(text, 1)


def test_what_is_no_text_is_refused() -> None:
    for data in (b"caf\xe9", b"\xff", b"abc\xe4\xb8", b"\xed\xa0\x80"):
        with pytest.raises(pa.ArrowInvalid, match="UTF8"):
            hashes(data, 1)
    with pytest.raises(UnicodeEncodeError):
        hashes("\ud800", 1)
    with pytest.raises(ValueError, match="found 0 and 1"):
        hashes("a", 0, 1)
    with pytest.raises(ValueError, match="found 1 and 0"):
        hashes("a", 1, 0)
