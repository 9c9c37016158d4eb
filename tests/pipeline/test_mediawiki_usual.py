"""The pattern for usual pages gives what the parser gives, or nothing."""

import bz2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_mediawiki import page, real, revision

from pipeline.mediawiki_page import Malformed, parse
from pipeline.mediawiki_usual import usual

MOST = 1 << 20
INSIDE = b'<redirect title="A &amp; B" />\n<restrictions>edit=x</restrictions>'
OLD = page(3).replace(b"      <model>wikitext</model>\n      <format>text/x-wiki</format>\n", b"")
SOUND = [
    page(1),
    page(2, inside=INSIDE),
    OLD,
    page(4, "<&>\"' é\U0001f999\n\t ]] >"),
    page(5, revisions=[revision(1, "ok", attributes="")]),
]


def parsed(data):
    try:
        return parse(data, MOST)
    except Malformed:
        return None


@pytest.mark.parametrize("data", SOUND)
def test_a_usual_page_is_read_without_the_parser(data):
    assert usual(data, MOST) == parse(data, MOST)


@pytest.mark.parametrize("data", [page(1, "x" * 20_000), page(1, ""), page(1, revisions=[]), page(1, revisions=[revision(1, "x")] * 2)])
def test_a_page_that_is_not_usual_is_left_to_the_parser(data):
    assert usual(data, MOST) is None
    assert usual(page(1), 100) is None


ODD = [
    "&",
    "&#65;",
    "&lt",
    "&nbsp;",
    "<",
    ">",
    "]]>",
    "<!-- -->",
    "<![CDATA[x]]>",
    "<?x?>",
    '"',
    "'",
    "\r",
    "\r\n",
    "\0",
    "\x0b",
    "\ufffe",
    "\uffff",
]
ODD += ["<b/>", "</page>", "<id>9</id>", "<model>m</model>", ' deleted="deleted"', ' bytes="1"', "\x1f", "\x85", "\u2028", "é", "-", "1"]


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(SOUND),
    st.integers(0, 900),
    st.integers(0, 3),
    st.sampled_from([odd.encode() for odd in ODD] + [b"\xff", b"\xe2\x80", b"\xed\xa0\x80", b""]),
)
def test_what_is_usual_is_what_the_parser_reads(data, at, without, put):
    altered = data[: at % len(data)] + put + data[at % len(data) + without :]
    found = usual(altered, MOST)
    assert found is None or found == parsed(altered)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_odd_characters_in_any_field(data):
    fields = data.draw(
        st.lists(
            st.sampled_from([b"Page", b"wikitext", b"2024-01", b"U &amp", b"ok", b"<comment>c", b"<sha1>x", b"preserve", b"A &amp"]),
            max_size=2,
        )
    )
    altered = data.draw(st.sampled_from(SOUND))
    for found in fields:
        altered = altered.replace(found, found + data.draw(st.sampled_from(ODD)).encode())
    read = usual(altered, MOST)
    assert read is None or read == parsed(altered)


@pytest.mark.parametrize(
    "name", ["aawiki-20260101-pages-meta-current.xml.bz2", "smallwiki-pages-articles.xml.bz2", "enwiki-2025-tiny_dump.xml.bz2"]
)
def test_real_pages_are_usual(name):
    data = bz2.decompress((real() / name).read_bytes())
    pages = [b"<page>" + each.partition(b"</page>")[0] + b"</page>" for each in data.split(b"<page>")[1:]]
    short = [each for each in pages if len(each) <= 1 << 14]
    read = [(usual(each, MOST), parse(each, MOST)) for each in short]
    assert all(fast is None or fast == slow for fast, slow in read)
    assert sum(fast is not None for fast, _ in read) >= 0.9 * len(read)
