"""The domain of a page is urlsplit's netloc, whatever the URL."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.commoncrawl import _domain


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://u:p@a.com:80/x", "u:p@a.com:80"),
        ("https://a.com?q=/b", "a.com"),
        ("https://a.com#/b", "a.com"),
        ("a.com/b", ""),
        ("http://[bad/x", ""),
        ("", ""),
    ],
)
def test_domains(url, domain):
    assert _domain(url) == domain


@given(st.text("htps:/.?#@[]a1 -%\t\n", max_size=20).map("http:".__add__) | st.text(max_size=12).map("https://a.b/".__add__) | st.text())
def test_equal_to_urlsplit(url):
    try:
        wanted = urlsplit(url).netloc
    except ValueError:
        wanted = ""
    assert _domain(url) == wanted
