"""Normal forms of addresses and what their MD5 decides, against the reference's rules written out plainly."""

import hashlib
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import addresses

VECTORS = {
    "http://www.example.com/": "example.com",
    "https://example.com/a/b///": "example.com/a/b",
    "http://wwww.example.com": "wwww.example.com",
    "https://a.com/?u=http://www.b.com/": "a.com/?u=b.com",
    "http://http://www.www.a.com": "www.a.com",
    "https://a.com/x/?utm_source=b&c=d": "a.com/x",
    "https://a.com/x?refine=1": "a.com/x",
    "https://a.com/x?feeding": "a.com/x",
    "https://a.com/x?a=1&utm_source=b": "a.com/x?a=1&utm_source=b",
    "HTTP://WWW.A.COM/?UTM_=1": "HTTP://WWW.A.COM/?UTM_=1",
    "ftp://www.a.com": "ftp://www.a.com",
    "//": "",
    "": "",
    "http://é.de/ü?ref": "é.de/ü",
}


def plain_form(url: str) -> str:
    return re.sub(r"\?(utm_|ref|feed).*", "", re.sub(r"https?://(www\.)?", "", url)).rstrip("/")


def plain_number(url: str) -> int:
    return int(hashlib.md5(url.encode()).hexdigest(), 16)


@pytest.mark.parametrize(("url", "expected"), VECTORS.items())
def test_vectors(url: str, expected: str) -> None:
    assert plain_form(url) == expected
    assert addresses.normal_form(pa.array([url])).to_pylist() == [expected]


PARTS = [
    "http://",
    "https://",
    "www.",
    "http",
    ":/",
    "/",
    "?",
    "?utm_",
    "?ref",
    "?feed",
    "utm_",
    "&",
    "a.com",
    "\n",
    "é",
    "\u2028",
    "\x85",
    "\r",
]


@given(st.lists(st.lists(st.sampled_from(PARTS) | st.characters(codec="utf-8"), max_size=12).map("".join)))
def test_any_address(urls: list[str]) -> None:
    assert addresses.normal_form(pa.array(urls, pa.string())).to_pylist() == [plain_form(url) for url in urls]


def test_an_address_that_is_not_there_stays_so_but_has_no_digest() -> None:
    normal = addresses.normal_form(pa.array(["http://a", None]))
    assert normal.to_pylist() == ["a", None]
    with pytest.raises(ValueError, match="found 1 nulls among 2"):
        addresses.digests(normal)


URLS = [f"example.com/{number}" for number in range(20_000)]


def test_digests_order_as_the_hexadecimal_strings_do() -> None:
    rows = addresses.digests(pa.array(URLS[:500]))
    assert rows.shape == (500, 16)
    assert sorted(range(500), key=lambda row: rows[row].tobytes()) == sorted(
        range(500), key=lambda row: hashlib.md5(URLS[row].encode()).hexdigest()
    )
    assert addresses.digests(pa.array([], pa.string())).shape == (0, 16)


def test_the_validation_split_is_one_page_in_a_thousand() -> None:
    rows = addresses.digests(pa.array(URLS))
    assert addresses.is_validation(rows).tolist() == [plain_number(url) % 1000 == 0 for url in URLS]
    assert 5 <= addresses.is_validation(rows).sum() <= 40
    assert addresses.is_validation(rows, 2).tolist() == [plain_number(url) % 2 == 0 for url in URLS]


@pytest.mark.parametrize("fraction", [0, 0.3, 0.5, 0.999, 1, 1.0])
def test_pages_with_bad_words_that_stay(fraction: float) -> None:
    least, modulus = float(fraction).as_integer_ratio()
    exempt = addresses.is_exempt(addresses.digests(pa.array(URLS)), fraction)
    assert exempt.tolist() == [plain_number(url) % modulus >= least for url in URLS]
    assert abs(float(np.mean(exempt)) - (1 - fraction)) < 0.02


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_fraction_is_between_0_and_1(fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        addresses.is_exempt(np.zeros((1, 16), np.uint8), fraction)
