"""Addresses that a dump cites: vectors made here, the linear bound, every form of dump, and real dumps."""

import bz2
import gzip
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from pipeline.citations import BrokenDump, cited_urls, match_key, references

WIKIPEDIA = SHARED / "wikipedia"

A, B, C = "http://a.example/1", "https://b.example/2?x=1&y=2", "http://c.example/3"

VECTORS = [
    ("plain", f"x<ref>{A}</ref>", [A]),
    ("bracketed", f"<ref>[{A} Title, see {B}]</ref>", [A, B]),
    ("attributes", f'<ref name="n" group=g>[{A}]</ref>', [A]),
    ("a reference used again", f'<ref name="n"/> {A} <ref name=n />', []),
    ("several lines", f"<ref>\n{{{{cite web\n| url = {A}\n| title = T\n}}}}\n</ref>", [A]),
    ("template", f"<ref>{{{{cite web|url={A}|archive-url={B}|title=T}}}}</ref>", [A, B]),
    ("template outside of references", f"* {{{{Cite book|title=T|chapter-url={A}}}}} {B}", [A]),
    ("German template", f"{{{{Internetquelle |url={A} |titel=T}}}}", [A]),
    ("reference in an infobox", f"{{{{Infobox|website={B}|x=1<ref>{A}</ref>|y=2}}}}", [A]),
    ("tag function", f"{{{{#tag:ref|[{A} T]|group=n}}}}", [A]),
    ("external link", f"== External links ==\n* [{A} T]\n* {B}", []),
    ("official website", f"{{{{Official website|{A}}}}}", []),
    ("list-defined", f"<references>\n<ref name=a>{A}</ref>\n</references>", [A]),
    ("capitals", f"<REF>HTTP://{A[7:]}</REF>", [f"HTTP://{A[7:]}"]),
    ("punctuation", f"<ref>See {A}. And ({C}), or ''{B}''</ref>", [A, C, B]),
    ("parentheses", "<ref>http://a.example/T_(film)</ref>", ["http://a.example/T_(film)"]),
    ("ampersand", "<ref>http://a.example/?a=1&amp;b=2&copy=3</ref>", ["http://a.example/?a=1&b=2&copy=3"]),
    ("other schemes", "<ref>ftp://a.example/1 gopher://b xhttp://c //d mailto:e</ref>", []),
    ("an archive of a page is one address", f"<ref>https://web.archive.org/web/2010/{A}</ref>", [f"https://web.archive.org/web/2010/{A}"]),
    ("comment", f"<ref>{A}<!-- {B} --></ref><!-- <ref>{C}</ref> -->", [A]),
    ("open comment", f"<ref>{A}</ref><!-- <ref>{B}</ref>", [A]),
    ("nowiki", f"<nowiki><ref>{A}</ref></nowiki><ref>{B}</ref>", [B]),
    ("open nowiki", f"<nowiki><ref>{A}</ref> <nowiki>", [A]),
    ("empty nowiki", f"<nowiki/><ref>{A}</ref> </nowiki>", [A]),
    ("dead link", f"<ref>[{A} T] {{{{dead link|date=May 2020}}}} [{B} U]</ref>", [B]),
    ("dead template", f"<ref>{{{{cite web|url={A}|archive-url={B}}}}} {{{{Dead_link}}}}</ref>", []),
    ("dead within the template", f"<ref>{{{{cite web|url={A} {{{{dead link}}}}|archive-url={B}}}}}</ref>", [B]),
    ("dead behind the reference", f"<ref>{A}</ref> {{{{deadlink}}}}<ref>{B}</ref> text {{{{dead link}}}}", [B]),
    ("dead behind a template outside", f"{{{{cite web|url={A}}}}} {{{{dead link}}}} {{{{cite web|url={B}}}}}", [B]),
    ("dead twice takes one", f"<ref>{B}</ref><ref>{A}</ref>{{{{dead link}}}}{{{{dead link}}}}", [B]),
    ("the marker holds the address", f"<ref>{A} {{{{Lien brisé|url={B}|titre=T}}}}</ref>", [A]),
    ("only a marker", "<ref>{{dead link}}</ref>{{dead link}}", []),
    ("open reference", f"<ref>{A} x {{{{cite web|url={B}}}}}", []),
    ("reference within a reference", f"<ref>{A}<ref>{B}</ref>{C}", [A, B]),
    ("open template within a reference", f"<ref>{{{{cite web|url={A}</ref>{C}<ref>{B}</ref>", [A, B]),
    ("open template", f"{{{{cite web|url={A} <ref>{B}</ref>", [B]),
    ("closed too often", f"}}}}}}}}</ref>{{{{cite web|url={A}}}}}}}}}</ref><ref>{B}</ref>", [A, B]),
    ("no reference", f"<reference>{A}</reference><refs>{A}</refs>", []),
]


@pytest.mark.parametrize(("wikitext", "cited"), [case[1:] for case in VECTORS], ids=[case[0] for case in VECTORS])
def test_what_wikitext_cites(wikitext: str, cited: list[str]) -> None:
    assert references(wikitext) == cited


MARKUP = [
    "<ref>",
    "<ref ",
    "</ref>",
    "<ref name=a/>",
    "{{",
    "}}",
    "{{cite web|url=",
    "{{dead link}}",
    "{{dead link|",
    "<!--",
    "-->",
    "<nowiki>",
]


@pytest.mark.parametrize("markup", [*MARKUP, "</nowiki>", "http://", "http://a ", "[http://a", "{{ ", "<ref>http://a{{dead link}}", "<pre"])
def test_unclosed_markup_takes_linear_time(markup: str) -> None:
    start = time.perf_counter()
    references(markup * (1_000_000 // len(markup)))
    references(f"<ref>{A}</ref> x {' ' * 500_000}{markup * 50_000}")
    assert time.perf_counter() - start < 5  # a quadratic one takes hours


def test_a_dead_link_far_behind_is_looked_for_once() -> None:
    start = time.perf_counter()
    assert references(f"<ref>{A}</ref> x {' ' * 5_000_000}{'{{dead link}}' * 50_000}") == [A]
    assert time.perf_counter() - start < 5


@given(st.lists(st.sampled_from([*MARKUP, "</nowiki>", f"{A} ", f"[{B} T]", "text", "\n", "|", "<", "{"])).map("".join))
def test_any_markup_is_read_and_gives_only_addresses_of_the_text(wikitext: str) -> None:
    assert set(references(wikitext)) <= {A, B, f"{A}", "http://a.example/1"}


@settings(max_examples=30)
@given(st.text())
def test_any_text_is_read(wikitext: str) -> None:
    assert references(f"<ref>{A} {wikitext}")[:1] in ([], [A])


# ---- dumps


def page(text: str, number: int = 1, namespace: str = "<ns>0</ns>", title: str = "T") -> str:
    return f"<page><title>{title}</title>{namespace}<id>{number}</id>{revision(text, number)}</page>"


def revision(text: str, number: int) -> str:
    return f"<revision><id>{number}</id><timestamp>2020-01-{number:02}T00:00:00Z</timestamp><text bytes='9'>{text}</text></revision>"


def dump(*pages: str, version: str = "0.11", head: str = "") -> str:
    return f'{head}<mediawiki xmlns="http://www.mediawiki.org/xml/export-{version}/"><siteinfo><namespaces><namespace key="0"/>' + (
        f'<namespace key="1">Talk</namespace></namespaces></siteinfo>{"".join(pages)}</mediawiki>'
    )


def cite(url: str) -> str:
    return f"&lt;ref&gt;{url.replace('&', '&amp;')}&lt;/ref&gt;"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dump.xml"


def test_plain_gzip_and_bzip2_of_two_streams_are_the_same(path: Path) -> None:
    data = dump(page(cite(A)), page(cite(B), 2)).encode()
    for stored in (data, gzip.compress(data), bz2.compress(data[:300]) + bz2.compress(data[300:])):
        path.write_bytes(stored)
        assert list(cited_urls(path)) == [A, B]


@pytest.mark.parametrize("version", ["0.3", "0.10", "0.11", "9.9"])
def test_any_version_of_the_format(path: Path, version: str) -> None:
    path.write_text(dump(page(cite(A)), version=version))
    assert list(cited_urls(path)) == [A]


def test_a_dump_without_a_namespace_and_one_in_utf_16(path: Path) -> None:
    path.write_text(f"<mediawiki>{page(cite(A))}</mediawiki>")
    assert list(cited_urls(path)) == [A]
    path.write_bytes(dump(page(cite("http://é.example/ü")), head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"))
    assert list(cited_urls(path)) == ["http://é.example/ü"]


def test_only_articles_cite(path: Path) -> None:
    path.write_text(dump(page(cite(A)), page(cite(B), namespace="<ns>1</ns>", title="Talk:T")))
    assert list(cited_urls(path)) == [A]
    pages = [page(cite(A), namespace="", title="Talk:T"), page(cite(B), namespace="", title="Star Wars: T"), page(cite(C), namespace="")]
    path.write_text(dump(*pages, version="0.3"))
    assert list(cited_urls(path)) == [B, C]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_newest_revision_counts(path: Path, order: tuple[int, int]) -> None:
    revisions = {1: revision(cite(A), 1), 2: revision(cite(B), 2)}
    path.write_text(dump("<page><title>T</title><ns>0</ns>" + "".join(revisions[number] for number in order) + "</page>"))
    assert list(cited_urls(path)) == [B]


def test_pages_and_revisions_do_not_add_up_in_memory(path: Path) -> None:
    body = "x" * 100_000 + cite(A)
    with open(path, "w") as file:
        before, after = dump("@").split("@")
        file.write(before + "".join(page(body, number) for number in range(1, 30)))
        file.write(page("", 1) * 9000)
        file.write("<page><title>T</title><ns>0</ns>" + revision(body, 1) * 200 + "</page>" + after)
    tracemalloc.start()
    assert len(list(cited_urls(path))) == 30
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (dump(page(cite(A)))[:-20].encode(), "not well-formed"),
        (bz2.compress(dump(page(cite(A))).encode())[:-20], "damaged or cut"),
        (gzip.compress(dump(page(cite(A))).encode())[:-20], "damaged or cut"),
        (b"BZh9 nonsense", "damaged or cut"),
        (b"7z\xbc\xaf\x27\x1c", "not well-formed"),
        (b"", "not well-formed"),
        (b"<html></html>", "whose root is <mediawiki>, found <html>"),
        (b'<!DOCTYPE m [<!ENTITY a "' + b"x" * 9999 + b'">]><mediawiki>' + b"&a;" * 99_999 + b"</mediawiki>", "not well-formed"),
    ],
)
def test_what_is_no_whole_dump_is_named(path: Path, data: bytes, said: str) -> None:
    path.write_bytes(data)
    with pytest.raises(BrokenDump, match=said) as raised:
        list(cited_urls(path))
    assert str(path) in str(raised.value)


def test_elements_out_of_place_are_read(path: Path) -> None:
    path.write_text(f"<mediawiki>{revision(cite(A), 1)}<page><id>{revision(cite(B), 1)}</id></page></mediawiki>")
    assert list(cited_urls(path)) == [B]


def test_a_missing_dump_is_an_os_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(cited_urls(path))


# ---- keys

SAME = [
    ("http://example.org/a", "https://example.org/a"),
    ("http://example.org/a", "http://www.example.org/a"),
    ("http://example.org/a", "http://WWW.Example.ORG/a/"),
    ("http://example.org/a", "http://example.org:80/a#part"),
    ("https://example.org/a", "HTTPS://example.org:443/a"),
    ("http://example.org", "http://example.org/?"),
    ("http://example.org./a", "http://example.org/a"),
    ("http://example.org/%c3%a9%2f", "http://example.org/é%2F"),
    ("http://example.org/%7Euser", "http://example.org/~user"),
    ("http://bücher.example/", "http://xn--bcher-kva.example"),
    ("http://example.org/a b", "http://example.org/a%20b"),
]
OTHER = [
    ("http://example.org/a", "http://example.org/A"),
    ("http://example.org/a", "http://example.org/a?x"),
    ("http://example.org/a?x=/", "http://example.org/a?x="),
    ("http://example.org:8080/a", "http://example.org/a"),
    ("http://example.org:443/a", "http://example.org/a"),
    ("http://example.org/a%2Fb", "http://example.org/a/b"),
    ("http://example.org/a%2", "http://example.org/a"),
    ("http://en.example.org/", "http://example.org/"),
    ("ftp://example.org/a", "http://example.org/a"),
    ("http://www.com/", "http://www.www.com/a"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_page(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_pages(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


@given(st.text(), st.sampled_from(["", "#x", "/", "//"]))
def test_keys_of_any_text(text: str, end: str) -> None:
    url = f"http://h.example/{text}"
    assert match_key(url).isascii()
    assert match_key(url) == match_key(f"https://www.H.example:443/{text}")
    if not {"?", "#"} & set(text) and text == text.strip():
        assert match_key(url) == match_key(url + end)
    match_key(text)


@pytest.mark.parametrize(
    "text", ["http://[::1]:80/a", "http://[::1", "http://", "http://:80", "http://a:b@c.example/", "\ud800", "http://\ud800/\ud800"]
)
def test_odd_addresses_have_keys(text: str) -> None:
    assert isinstance(match_key(text), str)


# ---- real dumps

COUNTED = {"enwiki-20090902-sample.xml": 109, "enwiki-2025-tiny_dump.xml.bz2": 856, "minidumps/frwiki-pages-articles.xml.bz2": 63}


@pytest.mark.parametrize("name", COUNTED)
def test_real_dumps(name: str) -> None:
    if not WIKIPEDIA.exists():
        pytest.skip(f"the real dumps are not here: no folder {WIKIPEDIA.name} of shared data")
    assert len(list(cited_urls(WIKIPEDIA / name))) == COUNTED[name]
