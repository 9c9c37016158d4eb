"""Reading WARC files: what a record is, and what ends one."""

import hashlib
import io

import pytest
from made_warc import BOUNDS, LAYOUTS, MIDDLE, OTHERS, PAGES, Trickle, built, numbers, outcome, record, squeeze, text

from pipeline import warc_length, warc_records, window
from pipeline.warc import Bounds, Record, read

FAKE = text(MIDDLE) + b"\nWARC/1.0\nWARC-Type: conversion\nContent-Length: 9\n\nmore text\n"
layouts = pytest.mark.parametrize("layout", LAYOUTS)


@layouts
def test_good_files_give_every_record_with_its_place(layout):
    name, build = LAYOUTS[layout]
    records, broken = outcome(build(PAGES), name)
    assert not broken
    assert numbers(records) == list(range(9))
    assert [each.content for each in records] == [text(number) for number in range(9)]
    assert all(each.notes == () and each.type == "conversion" for each in records)
    assert all(each.length == int(each.headers["content-length"]) == len(each.content) for each in records)
    lengths = [len(build([page])) for page in PAGES]
    before = [sum(map(len, PAGES[:number])) for number in range(9)]
    many = [(sum(lengths[:number]), 0) for number in range(9)]
    places = {"one member": [(0, at) for at in before], "not compressed": [(at, 0) for at in before]}
    assert [(each.offset, each.inner) for each in records] == places.get(layout, many)


@layouts
@pytest.mark.parametrize("claim", [5000, 60_000_000, 10, 1, 2, 3, -1, -2, -1000])
def test_a_wrong_length_costs_its_record_alone(layout, claim):
    data, name = built(layout, record(MIDDLE, length=len(text(MIDDLE)) + claim))
    records, broken = outcome(data, name)
    assert numbers(records) == OTHERS
    assert [each.reason for each in broken] == ["wrong Content-Length"]
    whole = len(PAGES[MIDDLE])
    assert whole - 4 <= broken[0].bytes <= whole + 5  # the claim's own digits differ
    assert broken[0].excerpt.startswith(b"WARC/1.0\r\nWARC-Type: conversion")
    assert len(broken[0].excerpt) == 200


@layouts
@pytest.mark.parametrize("claim", [70_000_000, 10**15])
def test_a_length_beyond_what_is_held_costs_its_record_alone(layout, claim):
    data, name = built(layout, record(MIDDLE, length=claim))
    records, broken = outcome(data, name)
    assert numbers(records) == OTHERS
    assert [each.reason for each in broken] == ["wrong Content-Length"]


@layouts
@pytest.mark.parametrize(
    ("drop", "add", "reason"),
    [
        (b"Content-Length", (), "no Content-Length"),
        (b"Content-Length", (b"Content-Length: very lengthy",), "malformed Content-Length"),
        (b"Content-Length", (b"Content-Length: -5",), "malformed Content-Length"),
        (b"Content-Length", (b"Content-Length: 99999999999999999999",), "malformed Content-Length"),
        (b"WARC-Type", (), "no WARC-Type"),
    ],
)
def test_only_type_and_length_are_needed(layout, drop, add, reason):
    data, name = built(layout, record(MIDDLE, drop=[drop], add=add))
    records, broken = outcome(data, name)
    assert numbers(records) == OTHERS
    assert [each.reason for each in broken] == [reason]


@layouts
def test_a_page_line_that_reads_like_a_record_ends_nothing(layout):
    data, name = built(layout, record(MIDDLE, FAKE))
    records, broken = outcome(data, name)
    assert not broken
    assert numbers(records) == list(range(9))
    assert records[MIDDLE].content == FAKE


@layouts
def test_reading_goes_on_at_the_beginning_of_a_line(layout):
    content = text(MIDDLE) + b"see WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"
    data, name = built(layout, record(MIDDLE, content, length=7))
    records, broken = outcome(data, name)
    assert numbers(records) == OTHERS
    assert len(broken) == 1


@pytest.mark.parametrize("step", [1, 2, 3, 50, 1000])
@pytest.mark.parametrize("claim", [7, 30_000, 10**9])
def test_the_next_record_is_found_wherever_the_window_ends(monkeypatch, step, claim):
    for module in (window, warc_length, warc_records):
        monkeypatch.setattr(module, "STEP", 1)
    content = text(MIDDLE) + b"see WARC/1.0\r\nWARC-Type: conversion\r\n" * 8 + text(MIDDLE)
    data, name = built("not compressed", record(MIDDLE, content, length=claim))
    found = list(read(Trickle(data, step), name, Bounds(record_bytes=20_000)))  # type: ignore[arg-type]
    assert [type(each).__name__ for each in found] == ["Record"] * 4 + ["Broken"] + ["Record"] * 4
    assert found[4].bytes == len(record(MIDDLE, content, length=claim))


@layouts
def test_any_content_is_read_as_it_is(layout):
    for content in (b"", b"\r\n", b"\r\n\r\n", b"WARC/1.0\r\n", b"\nWARC-Type: x\n", b"\0\0\xff\xfe\x80", b"x" * 3_000_000):
        data, name = built(layout, record(MIDDLE, content))
        records, broken = outcome(data, name)
        assert not broken
        assert [each.content for each in records if each.headers["warc-target-uri"].endswith("4")] == [content]


@layouts
def test_line_feeds_end_a_record_and_are_noted(layout):
    name, build = LAYOUTS[layout]
    records, broken = outcome(build([record(number, newline=b"\n") for number in range(5)]), name)
    assert not broken
    assert numbers(records) == list(range(5))
    assert all(each.notes == ("LF ends the record",) for each in records)


@pytest.mark.parametrize("kept", [b"", b"\r\n", b"\n"])
def test_a_whole_content_at_the_end_needs_no_blank_line(kept):
    bare = [page[:-4] + kept for page in PAGES]
    for name, data, noted in [("x.warc", b"".join([*PAGES[:-1], bare[-1]]), 1), ("x.warc.gz", b"".join(map(squeeze, bare)), 9)]:
        records, broken = outcome(data, name)
        assert (numbers(records), broken) == (list(range(9)), [])
        assert [each.content for each in records] == [text(number) for number in range(9)]
        assert [each.notes for each in records if each.notes] == [("no blank line ends the record",)] * noted


@pytest.mark.parametrize(("more", "whole"), [(1, False), (2, True), (3, False), (4, True)])
def test_a_length_that_takes_in_the_blank_line_is_whole_only_if_the_digest_lets_it(more, whole):
    """Without a digest nothing tells it from a record whose blank line is missing; between CR and LF no record ends."""
    for digest in (True, False):
        data, name = built("members", record(MIDDLE, length=len(text(MIDDLE)) + more, digest=digest))
        records, broken = outcome(data, name)
        if whole and not digest:
            assert numbers(records) == list(range(9))
            assert records[MIDDLE].notes == ("no blank line ends the record",)
        else:
            assert numbers(records) == OTHERS
            assert [each.reason for each in broken] == ["wrong Content-Length"]


def test_a_whole_content_needs_its_blank_line_before_something_else():
    bare = PAGES[MIDDLE][:-4]
    for data, name in (built("one member", bare), built("not compressed", bare), built("members", bare + b"junk")):
        records, broken = outcome(data, name)
        assert numbers(records) == OTHERS
        assert [each.reason for each in broken] == ["wrong Content-Length"]


def test_headers_are_read_by_name_and_oddities_are_noted():
    odd = {
        (): (),
        (b"X-Folded: one", b"  two"): ("malformed header",),
        (b"no colon here",): ("malformed header",),
        (b"X-Latin: caf\xe9",): ("malformed header",),
    }
    for add, notes in odd.items():
        records, broken = outcome(record(1, add=add), "x.warc")
        assert not broken
        assert records[0].notes == notes
        assert records[0].headers.get("x-folded", "one two") == "one two"
    for name in (b"WARC-Date", b"WARC-Record-ID", b"WARC-Target-URI"):
        records, _ = outcome(record(1, drop=[name]), "x.warc")
        assert records[0].notes == ("missing header",)
    assert outcome(record(1, drop=[b"WARC-Target-URI"], kind=b"warcinfo"), "x.warc")[0][0].notes == ()
    assert outcome(record(1, drop=[b"WARC-Date"], add=[b"WARC-Date: blue monday"]), "x.warc")[0][0].notes == ("malformed header",)
    shouted = record(1).replace(b"Content-Length", b"CONTENT-LENGTH").replace(b"WARC-Type: conversion", b"warc-type: Conversion")
    records, broken = outcome(shouted, "x.warc")
    assert [(each.type, each.content, each.notes) for each in records] == [("conversion", text(1), ())]


@pytest.mark.parametrize("held", [1 << 20, 100])
def test_a_digest_that_does_not_match_is_noted(held):
    content = text(1)
    shown = record(1).partition(b"sha1:")[2].partition(b"\r\n")[0]
    damaged = record(1, content).replace(content, content[:-9] + b"#" * 9)
    hexadecimal = record(1, digest=False, add=[b"WARC-Block-Digest: SHA1:" + hashlib.sha1(content).hexdigest().encode()])
    other = record(1, digest=False, add=[b"WARC-Block-Digest: md5:abc"])
    payload = record(1, digest=False, add=[b"WARC-Payload-Digest: sha1:" + shown[::-1]])
    response = record(1, digest=False, kind=b"response", add=[b"WARC-Payload-Digest: sha1:" + shown[::-1]])
    no_digits = record(1, digest=False, add=[b"WARC-Block-Digest: sha1:?"])
    noted = ("digest does not match",)
    expected = [(damaged, noted), (hexadecimal, ()), (other, ()), (payload, noted), (response, ()), (no_digits, noted)]
    for data, notes in expected:
        records, broken = outcome(data, "x.warc", Bounds(record_bytes=held))
        assert [each.notes for each in records] == [notes]
        assert not broken


@layouts
def test_a_record_that_is_too_long_is_read_over(layout):
    long = text(MIDDLE) * 1000 + b"x\nWARC/1.0\nWARC-Type: conversion\n\n"  # no blank line before it: it ends nothing
    data, name = built(layout, record(MIDDLE, long))
    records, broken = outcome(data, name, Bounds(record_bytes=10_000))
    assert not broken
    assert numbers(records) == list(range(9))
    assert [each.content is None for each in records] == [number == MIDDLE for number in range(9)]
    assert records[MIDDLE].length == len(long)
    assert records[MIDDLE].notes == ()


def test_what_holds_no_record_is_one_broken():
    page = b"<html>busy, try again</html>\n" * 50
    data = b"".join(map(squeeze, PAGES[:MIDDLE])) + squeeze(page) + b"".join(map(squeeze, PAGES[MIDDLE:]))
    records, broken = outcome(data, "x.wet.gz")
    assert numbers(records) == list(range(9))
    assert [(each.reason, each.bytes, each.excerpt) for each in broken] == [("no WARC record", len(page), page[:200])]
    for name in ("x.warc", "x.warc.gz"):
        assert [(each.reason, each.bytes) for each in outcome(b"", name)[1]] == [("empty file", 0)]
    assert [(each.reason, each.bytes) for each in outcome(page, "x.warc")[1]] == [("no WARC record", len(page))]
    assert [(each.reason, each.bytes) for each in outcome(page, "x.warc.gz")[1]] == [("bytes that are no gzip member", len(page))]
    assert [each.reason for each in outcome(squeeze(page), "x.warc.gz")[1]] == ["no WARC record"]
    assert [each.reason for each in outcome(squeeze(b""), "x.warc.gz")[1]] == ["no WARC record"]
    assert outcome(squeeze(b"") + squeeze(PAGES[0]) + squeeze(b""), "x.warc.gz")[1] == []
    assert len(outcome(squeeze(b"") + squeeze(PAGES[0]) + squeeze(b""), "x.warc.gz")[0]) == 1


@layouts
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_stream_may_give_little_at_a_time(layout, step):
    name, build = LAYOUTS[layout]
    found = list(read(Trickle(build(PAGES), step), name, BOUNDS))  # type: ignore[arg-type]
    assert [each.content for each in found if isinstance(each, Record)] == [text(number) for number in range(9)]
    assert len(found) == 9


def test_errors_of_the_stream_are_raised():
    class Fails(io.BytesIO):
        def read(self, size=-1):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(read(Fails(), "x.warc.gz", BOUNDS))
