"""Dumps that are not sound: what is wrong is named with its place, and all that came before and after is read."""

import gzip
import io
import time
import tracemalloc

import py7zr
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_mediawiki import FOOT, PACKED, dump, head, multistream, page, part, read_all, sevenzip

from pipeline.mediawiki import Bounds, read
from pipeline.mediawiki_between import ENTITIES, OUTSIDE, SITEINFO, UNFINISHED
from pipeline.mediawiki_frames import NO_END, OPAQUE
from pipeline.mediawiki_page import CONTROL
from transforms.wet import INVALID

PAGES = [page(number) for number in range(1, 8)]


def ids(pages):
    return [each.id for each in pages]


def among(bad):
    """The broken ones of a dump that has `bad` between the third page and the fourth; all sound pages must be there."""
    pages, broken = read_all(dump([*PAGES[:3], bad, *PAGES[3:]]))
    assert ids(pages) == list(range(1, 8))
    return broken


WORDS = b"<page><title>Bad</title><id>9</id><revision><id>1</id><text>%s</text></revision></page>"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (WORDS % b"a & b", "page is not well-formed: not well-formed (invalid token)"),
        (WORDS % b"a &nbsp; b", "page is not well-formed: undefined entity"),
        (WORDS % b"a &#0; b", "page is not well-formed: reference to invalid character number"),
        (WORDS % b"a </b> b", "page is not well-formed: mismatched tag"),
        (WORDS % b"a <b>c</b> d", "page has a tag within its text"),
        (WORDS % b"a <!-- b", OPAQUE),
        (WORDS % b"a <![CDATA[ b", OPAQUE),
        (WORDS % b'<!DOCTYPE x [<!ENTITY a "b">]>&a;', "page is not well-formed: not well-formed (invalid token)"),
        ((WORDS % b"a").replace(b"</page>", b""), NO_END),
        ((WORDS % b"a").replace(b"</text></revision></page>", b""), NO_END),
        ((WORDS % b"a").replace(b"<title>Bad</title>", b""), "page has no title"),
        ((WORDS % b"a").replace(b"<id>9</id>", b""), "page has no id"),
        ((WORDS % b"a").replace(b"<id>9</id>", b"<id>nine</id>"), "page has no id"),
        ((WORDS % b"a").replace(b"<page>", b"<p\0ge>"), OUTSIDE),
        (b"<logitem><id>1</id></logitem>", OUTSIDE),
        (b"\0" * 5000, OUTSIDE),
        (b"x" * 5_000_000, OUTSIDE),
    ],
)
def test_a_bad_page_is_one_broken_and_hinders_no_other(bad, reason):
    (broken,) = among(bad)
    assert (broken.reason, broken.offset > 0) == (reason, True)
    assert len(bad) <= broken.size <= len(bad) + 10
    assert broken.excerpt.strip()[:40] == bad[:40]


def test_a_large_bad_page_is_one_broken_too():
    for text, reason in [
        (b"<b>" + b"x" * 9_000_000, "page has a tag within its text"),
        (b"x" * 9_000_000 + b"& ", "page is not well-formed: not well-formed (invalid token)"),
        (b"<b " + b"x" * 12_000_000, "page holds a tag or comment without an end"),
    ]:
        (broken,) = among(WORDS % text)
        assert broken.reason == reason
        assert broken.size > 9_000_000
        assert broken.excerpt.startswith(b"<page><title>Bad</title>")


@pytest.mark.parametrize(
    ("text", "found", "notes"),
    [
        (b"a\xff b", "a\ufffd b", (INVALID,)),
        (b"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb", (INVALID,)),
        (b"a\0b\x0b", "a\ufffdb\ufffd", (CONTROL,)),
        (b"a\xef\xbf\xbf\xe2", "a\ufffd\ufffd", (INVALID, CONTROL)),
        ("a \ufffd".encode(), "a \ufffd", ()),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_characters_that_may_not_be_are_replaced_and_noted(text, found, notes, whole, monkeypatch):
    padding = b"" if whole else b"x" * 300_000
    monkeypatch.setattr("pipeline.mediawiki_frames.WHOLE", 200_000)
    pages, broken = read_all(dump([WORDS % (padding + text)]))
    assert broken == []
    assert (pages[0].text[len(padding) :], pages[0].notes) == (found, notes)


def test_what_an_encoding_does_not_allow_is_noted_with_its_page():
    data = dump([WORDS % b"good", WORDS % b"b?d"]).decode().encode("utf-16-le")
    at = data.index("b?d".encode("utf-16-le")) + 2
    pages, broken = read_all(b"\xff\xfe" + data[:at] + b"\x00\xd8" + data[at + 2 :])
    assert broken == []
    assert [(each.text, each.notes) for each in pages] == [("good", ()), ("b\ufffdd", (INVALID,))]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (gzip.compress(b""), "empty file"),
        (b'{"error": {"code": "x"}}', "JSON, not a MediaWiki dump"),
        (b"<!DOCTYPE html>\n<html><body>404<page></body></html>", "HTML, not a MediaWiki dump"),
        (b"<html><page></html>", "HTML, not a MediaWiki dump"),
        (gzip.compress(b"<HTML></HTML>"), "HTML, not a MediaWiki dump"),
        (b"<?xml version='1.0'?><posts><page></page></posts>", "not a MediaWiki dump"),
        (b"== Wool ==\n<page>", "not a MediaWiki dump"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a MediaWiki dump"),
        (b"<mediawikis><page></page></mediawikis>", "not a MediaWiki dump"),
        (dump(PAGES, head(encoding="rot13")), "declares an encoding that is not known"),
        (dump(PAGES, head(encoding="x-klingon")), "declares an encoding that is not known"),
    ],
)
@pytest.mark.parametrize("part_bytes", [None, 10])
def test_what_is_no_dump_is_one_broken(data, reason, part_bytes):
    pages, (broken,) = read_all(data, "x.xml", part_bytes=part_bytes)
    assert (pages, broken.reason, broken.size, broken.offset) == ([], reason, len(data), 0)


def test_a_dump_without_pages_is_sound():
    assert read_all(dump([])) == ([], [])


def test_entities_are_never_expanded_and_are_named():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    declared = f'<?xml version="1.0"?><!DOCTYPE mediawiki [<!ENTITY l0 "<page>ha</page>">{laughs}]>\n'.encode()
    pages, broken = read_all(declared + dump([PAGES[0], WORDS % b"&l29;", PAGES[1]]))
    assert ids(pages) == [1, 2]
    assert [each.reason for each in broken] == [ENTITIES, "page is not well-formed: undefined entity"]


def test_a_siteinfo_that_cannot_be_read_is_named_and_the_name_tells():
    pages, broken = read_all(dump(PAGES, head().replace(b"</sitename>", b"")), "frwiki-20240101.xml")
    assert [each.reason for each in broken] == [SITEINFO]
    assert {each.site.dbname for each in pages} == {"frwiki"}


def test_a_declared_encoding_that_the_bytes_deny_is_not_believed():
    pages, broken = read_all(dump(PAGES, head(encoding="UTF-16")))
    assert ([each.text for each in pages], broken) == ([each.text for each in read_all(dump(PAGES))[0]], [])


@pytest.mark.parametrize("cut", range(2, 2400, 37))
def test_a_plain_dump_that_is_cut_gives_the_pages_before(cut):
    data = dump(PAGES)
    pages, (broken,) = read_all(data[:-cut])
    assert ids(pages) == [n for n in range(1, 8) if data.index(PAGES[n - 1]) + len(PAGES[n - 1]) <= len(data) - cut]
    assert broken.reason in ("page is cut", UNFINISHED, OUTSIDE, "not a MediaWiki dump")
    for part_bytes in (100, 1000):
        assert read_all(data[:-cut], part_bytes=part_bytes) == (pages, [broken])


BIG = [page(number, "".join(chr(0x4E00 + (number * 7919 + i * i * 31) % 20000) for i in range(4000))) for number in range(1, 41)]


@pytest.mark.parametrize("packed", ["bzip2", "gzip", "zstd", "xz"])
def test_a_compressed_dump_that_is_cut_gives_the_pages_before(packed):
    name, pack = PACKED[packed]
    data = pack(BIG)
    pages, (broken,) = read_all(data[: len(data) * 3 // 4], name)
    assert ids(pages) == list(range(1, len(pages) + 1))
    assert len(pages) >= (0 if packed == "bzip2" else 20)  # bzip2 gives blocks of 900 kB
    assert broken.reason.endswith("is cut")
    assert 0 < broken.size <= len(data)


def test_a_corrupt_stream_costs_its_own_pages_alone():
    data, _ = multistream(BIG, each=4)
    starts = [at for at in range(len(data)) if data.startswith(b"BZh91AY", at)]
    damaged = bytearray(data)
    damaged[starts[3] + 500] ^= 255
    pages, (broken,) = read_all(bytes(damaged), "multistream.bz2")
    assert ids(pages) == [n for n in range(1, 41) if not 9 <= n <= 12]
    assert (broken.offset, broken.size, broken.reason) == (starts[3], starts[4] - starts[3], "bzip2 stream is corrupt")


def test_damage_between_pages_is_one_broken():
    data = gzip.compress(dump(PAGES, behind=b"  <pa")) + b"\0" * 100
    pages, (broken,) = read_all(data)
    assert (ids(pages), broken.reason, broken.size) == (list(range(1, 8)), "bytes that are no gzip member", 100)


SMALL, _ = multistream(PAGES, each=2)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.integers(0, 40), st.booleans(), st.integers(20, 1500))
@example(len(SMALL) - 1, 2, False, 165)  # behind the foot: of the range that has the foot
def test_ranges_of_a_damaged_file_share_out_what_is_left_and_what_is_broken(at, length, remove, part_bytes):
    data = SMALL[:at] + (b"" if remove else b"\xaa" * length) + SMALL[at + length :]
    assert read_all(data, "multistream.bz2", part_bytes=part_bytes) == read_all(data, "multistream.bz2")


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 3800),
    st.sampled_from([b"", b"<page>", b"</page>", b"<!--", b"-->", b"<", b"&", b"\0", b"</mediawiki>"]),
    st.integers(30, 999),
)
def test_ranges_of_damaged_xml_share_out_what_is_left_and_what_is_broken(at, put, part_bytes):
    content = dump(PAGES)
    at = max(len(head()), at % len(content))
    if put == b"<!--":
        return  # a range that begins within a comment does not know; MediaWiki writes none
    data = content[:at] + put + content[at + len(put) // 2 :]
    assert read_all(data, part_bytes=part_bytes) == read_all(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_7z_that_is_cut_gives_one_broken(share):
    data = sevenzip(dump(BIG))
    data = data[: int(len(data) * share)]
    pages, (broken,) = read_all(data, "x.7z")
    assert (pages, broken.reason, broken.size) == ([], "7z archive is cut or corrupt", len(data))


def test_a_7z_that_is_corrupt_gives_the_pages_before():
    data = bytearray(sevenzip(dump(BIG)))
    data[len(data) * 3 // 4] ^= 255
    pages, (broken,) = read_all(bytes(data), "x.7z")
    assert 20 <= len(pages) < 40
    assert (broken.offset, broken.reason.startswith("7z f")) == (32, True)


def test_a_7z_that_cannot_be_read_says_why():
    locked, copied = io.BytesIO(), io.BytesIO()
    with py7zr.SevenZipFile(locked, "w", password="wool") as archive:
        archive.writestr(dump(PAGES), "x.xml")
    assert [each.reason for each in read_all(locked.getvalue())[1]] == ["7z archive is encrypted"]
    with py7zr.SevenZipFile(copied, "w", filters=[{"id": py7zr.FILTER_COPY}]) as archive:
        archive.writestr(dump(PAGES), "x.xml")
    assert len(read_all(copied.getvalue())[0]) == 7
    altered = copied.getvalue().replace(b"Llamapedia", b"Lamapediaa")
    assert [each.reason for each in read_all(altered)[1]] == ["7z file does not have its checksum"]
    with py7zr.SevenZipFile(empty := io.BytesIO(), "w"):
        pass
    assert [each.reason for each in read_all(empty.getvalue())[1]] == ["7z archive without a file"]


def test_a_bomb_is_not_held():
    bomb = gzip.compress(head() + b"<page><title>t</title><id>1</id><revision><text>" + b"x" * 100_000_000, 1)
    tracemalloc.start()
    pages, (broken,) = read_all(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (pages, broken.reason) == ([], "page is cut")
    assert peak < 50_000_000


@pytest.mark.parametrize(
    "unit",
    [
        b"<page>",
        b"<page><!--",
        b"<page><![CDATA[",
        b"<!--",
        b"<!DOCTYPE [",
        b"<page><a ",
        b"</page>",
        b"<?",
        b"<page></page>",
        b"<siteinfo>",
    ],
)
def test_work_is_linear_in_what_is_broken(unit):
    def seconds(size):
        data = head() + unit * (size // len(unit)) + FOOT
        begin = time.perf_counter()
        sum(1 for _ in read(part(data), Bounds()))
        return time.perf_counter() - begin

    base = min(seconds(30_000) for _ in range(3))
    assert seconds(480_000) < 16 * 5 * base + 0.2
