"""The index of a multistream dump, and a dump held against it: each page that it lists is given, broken or missing, once."""

import bz2
import gzip

import pytest
from made_mediawiki import multistream, page, read_all

from pipeline.mediawiki import BrokenIndex, index
from pipeline.mediawiki_index import MISSING

PAGES = [page(number) for number in range(1, 12)]
DATA, LINES = multistream(PAGES, each=3)
NAME = "multistream.xml.bz2"


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "index.txt.bz2"
    path.write_bytes(bz2.compress(LINES))
    return index(str(path))


def test_an_index_says_where_streams_begin_and_what_they_hold(listed):
    assert [DATA[offset : offset + 4] for offset in listed.offsets.tolist()] == [b"BZh9"] * 4
    assert [listed.pages(stream).tolist() for stream in range(4)] == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11]]


def later_streams_first(lines):
    return b"".join(sorted(lines.splitlines(keepends=True), key=lambda line: -int(line.partition(b":")[0])))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lambda lines: lines.rstrip(b"\n"), later_streams_first])
def test_an_index_is_read_from_any_packing_and_order(pack, tmp_path, listed):
    path = tmp_path / "index"
    path.write_bytes(pack(LINES))
    found = index(str(path))
    assert found.offsets.tolist() == listed.offsets.tolist()
    assert found.ids.tolist() == listed.ids.tolist()


@pytest.mark.parametrize(
    "data", [b"one:2:three\n", b"1:2\n", b"{}", bz2.compress(LINES)[:-20], bz2.compress(LINES)[:40] + b"xxxx" + bz2.compress(LINES)[44:]]
)
def test_an_index_that_cannot_be_read_is_named(data, tmp_path):
    path = tmp_path / "index"
    path.write_bytes(data)
    with pytest.raises(BrokenIndex, match=r"index: (expected lines OFFSET:PAGE ID:TITLE, found|is damaged)"):
        index(str(path))


def test_an_empty_index_lists_nothing(tmp_path):
    (tmp_path / "index").write_bytes(b"")
    assert len(index(str(tmp_path / "index")).offsets) == 0


@pytest.mark.parametrize("part_bytes", [None, 1, 300, 700])
def test_a_dump_that_gives_what_its_index_lists(listed, part_bytes):
    assert read_all(DATA, NAME, index=listed, part_bytes=part_bytes) == read_all(DATA, NAME)


def streams():
    return [at for at in range(len(DATA)) if DATA.startswith(b"BZh91AY", at)] + [len(DATA)]


@pytest.mark.parametrize("part_bytes", [None, 100, 700])
def test_pages_that_are_missing_are_named_each_once(listed, part_bytes):
    two = streams()[2]
    without = bz2.compress(b"".join(b"  " + one + b"\n" for one in (PAGES[3], PAGES[5])))
    data = DATA[:two] + without + DATA[streams()[3] :]
    shift = streams()[3] - two - len(without)
    offsets = listed.offsets.copy()
    offsets[2:] -= shift
    moved = type(listed)(offsets, listed.starts, listed.ids)
    pages, broken = read_all(data, NAME, index=moved, part_bytes=part_bytes)
    assert [each.id for each in pages] == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert [(each.offset, each.reason, each.excerpt) for each in broken] == [(two, MISSING, b"page id 5")]


@pytest.mark.parametrize("part_bytes", [None, 100, 700])
@pytest.mark.parametrize("stream", [1, 2, 4])
def test_a_damaged_stream_costs_as_many_as_the_index_lists(listed, stream, part_bytes):
    begin, end = streams()[stream], streams()[stream + 1]
    data = DATA[: begin + 30] + b"\0" * (end - begin - 30) + DATA[end:]
    pages, broken = read_all(data, NAME, index=listed, part_bytes=part_bytes)
    assert len(pages) + len(broken) == 11
    assert [each.reason for each in broken] == ["bzip2 stream is corrupt"] + [MISSING] * (len(broken) - 1)
    assert {each.offset for each in broken} == {begin}


def test_a_page_that_is_broken_is_not_missing_as_well(tmp_path):
    bad = list(PAGES)
    bad[3] = bad[3].replace(b"</title>", b"</titel>")
    bad[5] = bad[5].replace(b"</revision>", b"")
    data, lines = multistream(bad, each=3)
    (tmp_path / "index").write_bytes(lines)
    pages, broken = read_all(data, NAME, index=index(str(tmp_path / "index")))
    assert [each.id for each in pages] == [1, 2, 3, 5, 7, 8, 9, 10, 11]
    assert ["not well-formed" in each.reason for each in broken] == [True, True]


def test_a_dump_that_is_cut_at_a_stream_lacks_what_the_index_lists_behind(listed):
    cut = streams()[3]
    pages, broken = read_all(DATA[:cut], NAME, index=listed)
    assert len(pages) == 6
    assert [each.excerpt for each in broken if each.reason == MISSING] == [b"page id %d" % n for n in range(7, 12)]
