"""Reading WARC files: what a record is, what ends one, and what every kind of damage costs."""

import hashlib
import io
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_warc import BOUNDS, LAYOUTS, Trickle, numbers, outcome, record, squeeze, text

from pipeline.warc import Bounds, Record, read

PAGES = [record(number) for number in range(9)]
MIDDLE = 4
FAKE = text(MIDDLE) + b"\nWARC/1.0\nWARC-Type: conversion\nContent-Length: 9\n\nmore text\n"
layouts = pytest.mark.parametrize("layout", LAYOUTS)


def built(layout, middle, pages=PAGES):
    """A file whose middle record is another."""
    name, build = LAYOUTS[layout]
    return build([*pages[:MIDDLE], middle, *pages[MIDDLE + 1 :]]), name


def others():
    return [number for number in range(len(PAGES)) if number != MIDDLE]


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
    assert numbers(records) == others()
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
    assert numbers(records) == others()
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
    assert numbers(records) == others()
    assert [each.reason for each in broken] == [reason]


@layouts
def test_a_page_line_that_reads_like_a_record_ends_nothing(layout):
    data, name = built(layout, record(MIDDLE, FAKE))
    records, broken = outcome(data, name)
    assert not broken
    assert numbers(records) == list(range(9))
    assert records[MIDDLE].content == FAKE


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


def test_a_whole_content_needs_its_blank_line_before_something_else():
    bare = PAGES[MIDDLE][:-4]
    for data, name in (built("one member", bare), built("not compressed", bare), built("members", bare + b"junk")):
        records, broken = outcome(data, name)
        assert numbers(records) == others()
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
    long = text(MIDDLE) * 30 + b"x\nWARC/1.0\nWARC-Type: conversion\n\n"  # no blank line before it: it ends nothing
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


@pytest.mark.parametrize("layout", ["members", "zstd frames"])
@pytest.mark.parametrize("part", [5, 12, 40, 200, 360, 1000, -5])
def test_a_member_that_holds_part_of_a_record_costs_that_record_alone(layout, part):
    data, name = built(layout, PAGES[MIDDLE][:part])
    records, broken = outcome(data, name)
    assert numbers(records) == others()
    assert all(each.notes == () for each in records)
    assert len(broken) == 1


@pytest.mark.parametrize("layout", ["members", "one member", "not compressed"])
def test_a_file_that_is_cut_loses_what_is_cut(layout):
    name, build = LAYOUTS[layout]
    data = build(PAGES)
    ends = {len(build(PAGES[:count])) for count in range(1, 10)}
    ends |= {end - missing for end in ends for missing in (2, 3, 4)} if layout == "not compressed" else set()
    for end in random.Random(5).sample(range(1, len(data)), 80):
        records, broken = outcome(data[:end], name)
        assert numbers(records) == list(range(len(records)))
        assert [each.content for each in records] == [text(number) for number in range(len(records))]
        assert len(broken) == (0 if end in ends else 1), (end, broken)
        assert all(0 < each.bytes <= end for each in broken)


def read_by_line(data):
    return outcome(data, "x.warc", record_end="line")


def test_ccnet_reads_by_lines_and_checks_no_length():
    contents = [b"Title\nline one\n\n", b"Other\n  line\n", b"Third"]
    data = b"".join(record(number, content, length=7, newline=b"\n")[:-1] for number, content in enumerate(contents))
    records, broken = read_by_line(data)
    assert not broken
    assert [each.content for each in records] == [content + b"\n" for content in contents]
    assert [each.length for each in records] == [len(content) + 1 for content in contents]
    cut, _ = read_by_line(record(1, b"before\n \tWARC/1.0\xc2\xa0\r\nWARC-Type: conversion\r\n\r\nafter"))
    assert [each.content for each in cut] == [b"before\n", b"after\r\n\r\n"]
    kept, _ = read_by_line(record(1, b"before WARC/1.0\nWARC/1.0 after\nWARC/1.1\n"))
    assert [each.content for each in kept] == [b"before WARC/1.0\nWARC/1.0 after\nWARC/1.1\n\r\n\r\n"]
    _, broken = read_by_line(b"garbage\n" + record(1) + record(2, drop=[b"WARC-Type"]) + record(3))
    assert [each.reason for each in broken] == ["no WARC record", "no WARC-Type"]
    assert [each.content for each in outcome(record(1) + record(2, b""), "x", Bounds(record_bytes=9), "line")[0]] == [None, b"\r\n\r\n"]
    data = b"".join(map(squeeze, PAGES))
    records, broken = outcome(data[:-40], "x.gz", record_end="line")
    assert numbers(records) == list(range(8))
    assert [each.reason for each in broken] == ["gzip member is cut"]


@st.composite
def damages(draw):
    """(layout, file, where it is damaged, how many bytes are replaced, by what)."""
    layout = draw(st.sampled_from(list(LAYOUTS)))
    whole = LAYOUTS[layout][1](PAGES)
    at = draw(st.integers(0, len(whole) - 1))
    flip = st.integers(1, 255).map(lambda bits: (1, bytes([whole[at] ^ bits])))
    length, put = draw(flip | st.tuples(st.integers(1, 3000), st.binary(max_size=40)))
    return layout, whole[:at] + put + whole[at + length :], at, length


@settings(max_examples=150, deadline=None)
@given(damages(), st.sampled_from(["length", "line"]))
def test_damage_never_raises_and_costs_what_it_hits(damage, record_end):
    layout, data, at, length = damage
    name, build = LAYOUTS[layout]
    records, broken = outcome(data, name, record_end=record_end)
    assert records or broken
    assert all(0 <= each.offset <= len(data) and each.bytes >= 0 and len(each.excerpt) <= 200 for each in broken)
    contents = [each.content for each in records]
    for number in range(9):
        begin, end = len(build(PAGES[:number])), len(build(PAGES[: number + 1]))
        if layout == "one member":  # what was expanded before the damage, but for a small step
            begin, end = sum(map(len, PAGES[:number])), sum(map(len, PAGES[: number + 1])) + 5
            expanded = len(zlib.decompressobj(31).decompress(data[: max(0, at - 64)]))
            untouched = end <= expanded
        else:  # the next record's first bytes end one
            end += 5 if layout == "not compressed" else 0
            untouched = end <= at or begin >= at + length
        if untouched:
            assert text(number) in contents or (record_end == "line" and any(held.startswith(text(number)) for held in contents))


def test_time_is_linear_where_every_record_claims_far():
    """A reader that goes back, or that looks ahead again, for each of these would take hours."""
    for layout in ("not compressed", "members"):
        for held in (64 << 20, 1 << 20):
            claims = [record(number, b"short %d\n" % number, length=60_000_000 + number, digest=False) for number in range(6000)]
            name, build = LAYOUTS[layout]
            records, broken = outcome(build(claims), name, Bounds(record_bytes=held))
            assert not records
            assert len(broken) == 6000


def test_headers_that_never_end_are_read_once():
    lines = b"WARC/1.0\nWARC-Target-URI: x\n" * 60_000
    assert len(outcome(lines, "x.warc")[1]) == 1
    assert len(outcome(b"WARC/1.0\r\nWARC-Type: x\r\n" * 20_000, "x.warc")[1]) == 20_000
    assert len(outcome(b"WARC/1.0\r\nWARC-Type: " + b"x" * 5_000_000, "x.warc")[1]) == 1


def test_a_bomb_is_read_over_or_named_by_its_bound():
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = record(MIDDLE, b"", length=100_000_000, digest=False)[:-4]
    bomb = squeezer.compress(head) + squeezer.compress(b"a" * 100_000_000 + b"\r\n\r\n") + squeezer.flush()
    data = b"".join(map(squeeze, PAGES[:MIDDLE])) + bomb + b"".join(map(squeeze, PAGES[MIDDLE + 1 :]))
    records, broken = outcome(data, "x.gz")
    assert (numbers(records), broken) == (list(range(9)), [])
    assert records[MIDDLE].content is None
    records, broken = outcome(data, "x.gz", Bounds(member_bytes=50_000_000))
    assert numbers(records) == others()
    assert [(each.reason, each.bytes) for each in broken] == [("gzip member expands beyond its bound", len(bomb))]


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
