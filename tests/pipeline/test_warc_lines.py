"""CCNet's reading of WET files: by lines, without lengths."""

import pytest
from made_warc import BOUNDS, PAGES, Trickle, numbers, outcome, record, squeeze

from pipeline import warc_lines, warc_records
from pipeline.warc import Bounds, Record, read


def by_line(data, name="x.warc", bounds=BOUNDS):
    return outcome(data, name, bounds, "line")


def contents(data):
    records, broken = by_line(data)
    assert not broken
    return [each.content for each in records]


def test_a_record_ends_before_the_next_marker_whatever_its_length_says():
    texts = [b"Title\nline one\n\n", b"Other\n  line\n", b"Third"]
    data = b"".join(record(number, each, length=7, newline=b"\n")[:-1] for number, each in enumerate(texts))
    assert contents(data) == [each + b"\n" for each in texts]
    assert [each.length for each in by_line(data)[0]] == [len(each) + 1 for each in texts]
    assert [each.offset for each in by_line(data)[0]] == [data.index(b"WARC/1.0"), data.index(b"WARC/1.0", 9), data.rindex(b"WARC/1.0")]


def test_the_marker_is_a_whole_line_but_for_white_space():
    page = b"before\n \tWARC/1.0\xc2\xa0\r\nWARC-Type: conversion\r\n\r\nafter"
    assert contents(record(1, page)) == [b"before\n", b"after\r\n\r\n"]
    page = b"before WARC/1.0\nWARC/1.0 after\nWARC/1.1\n"
    assert contents(record(1, page)) == [page + b"\r\n\r\n"]


@pytest.mark.parametrize("step", [7, 70, 1000])
def test_the_marker_is_found_wherever_the_window_ends(monkeypatch, step):
    for module in (warc_lines, warc_records):
        monkeypatch.setattr(module, "STEP", 1)
    for held in (100, 1 << 20):
        contents = [(b"see WARC/1.0\n" + b"x" * 300) * (1500 if number == 7 else 10) + b"x" * number for number in range(100)]
        data = b"".join(record(number, content) for number, content in enumerate(contents))
        found = list(read(Trickle(data, step), "x.warc", Bounds(record_bytes=held), "line"))  # type: ignore[arg-type]
        assert numbers(found) == list(range(100))
        assert [each.length for each in found if isinstance(each, Record)] == [len(content) + 4 for content in contents]
        assert all((each.content is None) == (held == 100) for each in found if isinstance(each, Record))


def test_what_holds_no_record_is_named():
    records, broken = by_line(b"garbage\n" + record(1) + record(2, drop=[b"WARC-Type"]) + record(3))
    assert numbers(records) == [1, 3]
    assert [(each.reason, each.offset) for each in broken] == [("no WARC record", 0), ("no WARC-Type", 8 + len(record(1)))]
    assert [each.reason for each in by_line(b"")[1]] == ["empty file"]
    assert [each.reason for each in by_line(b"WARC/1.0\r\nWARC-Type: x")[1]] == ["record is cut"]
    records, broken = by_line(b"".join(map(squeeze, PAGES))[:-40], "x.gz")
    assert numbers(records) == list(range(8))
    assert [each.reason for each in broken] == ["gzip member is cut"]
    records, broken = by_line(squeeze(PAGES[0]) + squeeze(PAGES[1][:-9]) + squeeze(PAGES[2]) + b"junk", "x.gz")
    assert numbers(records) == [0, 1, 2]
    assert [each.reason for each in broken] == ["bytes that are no gzip member"]
