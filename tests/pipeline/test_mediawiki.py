"""Pages of dumps that are sound: the same from every format, and what a page's fields say."""

import bz2
import gzip
import io
import tracemalloc
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_mediawiki import FOOT, NAMESPACES, PACKED, dump, head, page, part, read_all, revision, sevenzip

from pipeline.mediawiki import OVER, Bounds, read, splits
from pipeline.mediawiki_page import Cleaner, parse
from pipeline.part import Part

PAGES = [page(number) for number in range(1, 8)]


def told(pages):
    return [(each.title, each.ns, each.id, each.revision, each.timestamp, each.text) for each in pages]


EXPECTED = [
    (f"Page {n}", 0, n, 100 + n, "2024-01-01T00:00:00Z", f"'''Page {n}''' says \"<b>hé</b>\" & {{{{ok}}}} " + "wool " * n)
    for n in range(1, 8)
]


@pytest.mark.parametrize("format", PACKED)
@pytest.mark.parametrize("name", [None, "nameless"])
def test_every_format_gives_the_same_pages_whatever_its_name(format, name):
    given, pack = PACKED[format]
    pages, broken = read_all(pack(PAGES), name or given)
    assert broken == []
    assert told(pages) == EXPECTED
    assert {(each.model, each.format, each.redirect, each.lacking, each.older, each.notes) for each in pages} == {
        ("wikitext", "text/x-wiki", None, None, 0, ())
    }


def test_places_are_those_of_the_file():
    data = dump(PAGES)
    assert [data[each.offset : each.offset + 7] for each in read_all(data)[0]] == [b"<page>\n"] * 7
    packed = PACKED["multistream"][1](PAGES)
    places = [(each.offset, each.inner) for each in read_all(packed, "multistream.bz2")[0]]
    assert all(packed[offset:].startswith(b"BZh") for offset, _ in places)
    assert places[0][1] == 2
    assert places[1] == (places[0][0], len(PAGES[0]) + 5)


def test_the_site_is_told_by_siteinfo():
    site = read_all(dump(PAGES))[0][0].site
    assert (site.dbname, site.language, site.base) == ("llwiki", "ll", "https://ll.wikipedia.org/wiki/Main_Page")
    assert (site.sitename, dict(site.namespaces)) == ("Llamapedia", NAMESPACES)


@pytest.mark.parametrize(
    ("name", "dbname", "language", "base"),
    [
        (
            "20240101/zh_min_nanwiki-20240101-pages-articles.xml.bz2",
            "zh_min_nanwiki",
            "zh-min-nan",
            "https://zh-min-nan.wikipedia.org/wiki/",
        ),
        ("frwiktionary-latest-pages-articles.xml", "frwiktionary", "fr", "https://fr.wiktionary.org/wiki/"),
        ("pages.xml", "", "", ""),
    ],
)
def test_the_site_is_told_by_the_name_where_siteinfo_is_missing(name, dbname, language, base):
    site = read_all(b"<mediawiki>" + PAGES[0] + FOOT, name)[0][0].site
    assert (site.dbname, site.language, site.base, dict(site.namespaces)) == (dbname, language, base, {})


def test_an_old_export_names_its_wiki_by_its_host():
    assert read_all(dump(PAGES, head().replace(b"<dbname>llwiki</dbname>", b"")))[0][0].site.dbname == "llwiki"


def test_dumps_that_follow_one_another_have_their_own_sites():
    pages, broken = read_all(dump(PAGES[:2]) + dump(PAGES[2:4], head(dbname="otherwiki")))
    assert [each.site.dbname for each in pages] == ["llwiki"] * 2 + ["otherwiki"] * 2
    assert broken == []
    assert len(read_all(sevenzip(dump(PAGES[:2]), dump(PAGES[2:])))[0]) == 7


def one(inside=b"", revisions=None, **other):
    pages, broken = read_all(dump([page(1, inside=inside, revisions=revisions, **other)]))
    assert broken == []
    return pages[0]


def test_the_newest_revision_counts_and_the_older_are_counted():
    years = [2003, 2001, 2009, 2009, 2004]
    found = one(revisions=[revision(n, f"text {n}", f"{year}-01-01T00:00:00Z") for n, year in enumerate(years)])
    assert (found.text, found.revision, found.timestamp, found.older) == ("text 3", 3, "2009-01-01T00:00:00Z", 4)


@pytest.mark.parametrize(
    ("element", "redirect"),
    [(b'<redirect title="A &amp; B" />', "A & B"), (b"<redirect />", ""), (b"<restrictions>x</restrictions>", None)],
)
def test_a_redirect_says_where_to(element, redirect):
    assert one(element).redirect == redirect


def test_a_namespace_that_is_not_given_is_told_by_the_title():
    titles = {"Template:Wool": 10, "Wool: a history": 0, "Talk:Wool": 1, "Wool": 0, ":Wool": 0}
    assert {title: one(title=title, ns=None).ns for title in titles} == titles


@pytest.mark.parametrize(
    ("text", "found", "lacking"),
    [
        (b'<text bytes="9" deleted="deleted" />', None, "text is deleted"),
        (b'<text bytes="9" id="77" />', None, "text is in another file (a stub)"),
        (b'<text bytes="0" />', "", None),
        (b"<text></text>", "", None),
        (b"", None, "no text"),
        (b"<text>a<![CDATA[ <b></page><page> ]]>&#233;<!-- </page> -->\r\n<?x </page>?>z</text>", "a <b></page><page> é\nz", None),
        (b"<text>main</text><content><role>m</role><model>json</model><text>slot</text></content>", "main", None),
    ],
)
def test_what_a_text_is(text, found, lacking):
    result = one(revisions=[b"<revision><id>1</id><timestamp>t</timestamp>" + text + b"</revision>"])
    assert (result.text, result.lacking) == (found, lacking)


def test_a_page_without_a_revision():
    found = one(revisions=[])
    assert (found.text, found.lacking, found.revision, found.timestamp, found.older) == (None, "no revision", 0, "", 0)


def test_an_upload_s_fields_are_not_the_page_s():
    upload = b'<upload><timestamp>2030</timestamp><id>99</id><text deleted="deleted">no</text></upload>'
    for found in (one(upload), one(revisions=[revision(101, "yes"), upload])):
        assert (found.revision, found.id, found.timestamp, found.lacking) == (101, 1, "2024-01-01T00:00:00Z", None)


def test_tags_are_found_wherever_the_pieces_of_a_file_end(monkeypatch):
    monkeypatch.setattr("pipeline.mediawiki_frames.STEP", 1)
    content = dump([*PAGES, page(8, revisions=[revision(1, "x").replace(b">x<", b"><![CDATA[</page>]]><!-- <page> --><")])])
    whole = read_all(content)
    assert len(whole[0]) == 8
    for step in (1, 2, 3, 5, 7):
        pages, broken = read_all(b"".join(gzip.compress(content[at : at + step], 0) for at in range(0, len(content), step)))
        assert (told(pages), broken) == (told(whole[0]), [])


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, [*range(32), 0xFFFE, 0xFFFF])))
        | st.sampled_from("\n\t&<>'\"]")
    )
)
def test_any_text_comes_out_as_it_went_in(text):
    data = b"<page><title>t</title><id>1</id><revision><text>" + escape(text).encode() + b"</text></revision></page>"
    found = parse(data, 1 << 20)
    assert (found.revision.text, found.notes) == (text, ())


@given(st.lists(st.binary(max_size=6) | st.sampled_from([b"\xf0\x9f", b"\xa6\x99", b"\xc3", b"ok"])))
def test_chunks_are_cleaned_as_the_whole(chunks):
    cleaner = Cleaner()
    found = b"".join([*map(cleaner.clean, chunks), cleaner.clean(b"", final=True)]).decode()
    allowed = str.maketrans(dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd"))
    assert found == b"".join(chunks).decode("utf-8", "replace").translate(allowed)


def test_an_over_size_text_is_not_held_and_its_page_is_given():
    texts = ["é" * 500, "é" * 501, "x" * 1001, "x" * 9_000_000]
    pages, broken = read_all(dump([page(n, text) for n, text in enumerate(texts)]), bounds=Bounds(1000))
    assert broken == []
    assert [each.lacking for each in pages] == [None, OVER, OVER, OVER]
    assert [each.text for each in pages] == [texts[0], None, None, None]


def test_a_page_in_chunks_reads_as_one_that_is_held(monkeypatch):
    history = [page(n, revisions=[revision(i, "é&<" * 200_000 + str(i)) for i in range(2)]) for n in (1, 2)]
    data = dump([PAGES[0], *history, PAGES[6]])
    monkeypatch.setattr("pipeline.mediawiki_frames.WHOLE", 200_000)
    chunks = read_all(data)
    monkeypatch.setattr("pipeline.mediawiki_frames.WHOLE", 1 << 40)
    assert chunks == read_all(data)
    assert [(each.older, each.text[-4:]) for each in chunks[0][1:3]] == [(1, "é&<1")] * 2


@pytest.mark.parametrize("packed", ["plain", "multistream"])
def test_ranges_share_out_the_pages(packed):
    name, pack = PACKED[packed]
    data = pack(PAGES)
    whole = read_all(data, name)
    assert len(whole[0]) == 7
    for part_bytes in [1, 2, 3, 50, 400, 401, 1000, len(data) - 1, len(data)]:
        assert read_all(data, name, part_bytes=part_bytes) == whole


@pytest.mark.parametrize("packed", [name for name in PACKED if name not in ("plain", "multistream")])
@pytest.mark.parametrize("claimed", ["x.xml", "x-multistream.xml.bz2"])
def test_what_cannot_be_split_is_the_first_range_s_whatever_its_name(packed, claimed):
    data = PACKED[packed][1](PAGES)
    pages, broken = read_all(data, claimed, part_bytes=97)
    assert (told(pages), broken) == (EXPECTED, [])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(20, 4000))
def test_streams_that_pages_straddle_are_shared_out_too(streams, part_bytes):
    content = dump(PAGES)
    step = len(content) // streams + 1
    data = b"".join(bz2.compress(content[at : at + step]) for at in range(0, len(content), step))
    assert read_all(data, "multistream.bz2", part_bytes=part_bytes) == read_all(data, "multistream.bz2")


def test_which_files_are_split():
    assert splits("a/enwiki-20240101-pages-articles-multistream1.xml-p1p41242.bz2", 25, 10) == [(0, 10), (10, 20), (20, 25)]
    assert splits("enwiki-pages.xml-p1p2", 15, 10) == splits("pages.XML", 15, 10) == [(0, 10), (10, 15)]
    for name in ("pages.xml.bz2", "multistream/pages.xml.bz2", "multistream.xml.gz", "pages.xml.7z", "pages.xml.zst"):
        assert splits(name, 25, 10) == [(0, 25)]
    assert splits("pages.xml", 0, 10) == [(0, 0)]


class Repeated(io.RawIOBase):
    """A file that is `before`, then `again` many times, then `behind`, and lies nowhere."""

    def __init__(self, before, again, times, behind):
        self.parts = [(before, 1), (again, times), (behind, 1)]
        self.size = sum(len(data) * count for data, count in self.parts)
        self.at = 0

    def seek(self, offset, whence=0):
        self.at = offset
        return offset

    def read(self, size=-1):
        begin, given = 0, []
        for data, count in self.parts:
            while size and begin <= self.at < begin + len(data) * count:
                inside = (self.at - begin) % len(data)
                given.append(data[inside : inside + size])
                size -= len(given[-1])
                self.at += len(given[-1])
            begin += len(data) * count
        return b"".join(given)


@pytest.mark.parametrize("again", [revision(5, "wool &amp; " * 100_000), b"<revision><text>" + b"x" * 30_000_000 + b"</text></revision>"])
def test_memory_does_not_grow_with_a_history(again):
    times = 300_000_000 // len(again)
    stream = Repeated(head() + b"<page><title>t</title><id>1</id>", again, times, b"</page>" + FOOT)
    tracemalloc.start()
    found = list(read(Part(stream, "x", "x", stream.size, 0, stream.size), Bounds()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [each.older for each in found] == [times - 1]
    assert peak < 60_000_000


def test_a_part_is_read_again_from_its_start():
    stored = part(dump(PAGES))
    assert list(read(stored, Bounds())) == list(read(stored, Bounds()))
