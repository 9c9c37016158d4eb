"""What damage costs: nothing but what it hits, whatever it is, in time that grows with the file alone."""

import hashlib
import random
import zlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from made_warc import LAYOUTS, MIDDLE, OTHERS, PAGES, built, numbers, outcome, record, squeeze, text

from pipeline import warc_length
from pipeline.members import format_of
from pipeline.warc import Bounds


@pytest.mark.parametrize("layout", ["members", "zstd frames"])
@pytest.mark.parametrize("part", [5, 12, 40, 200, 360, 1000, -5])
def test_a_member_that_holds_part_of_a_record_costs_that_record_alone(layout, part):
    data, name = built(layout, PAGES[MIDDLE][:part])
    records, broken = outcome(data, name)
    assert numbers(records) == OTHERS
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


@st.composite
def damages(draw):
    """A layout, where the file is damaged, how many bytes are replaced, by what."""
    layout = draw(st.sampled_from(list(LAYOUTS)))
    whole = LAYOUTS[layout][1](PAGES)
    at = draw(st.integers(0, len(whole) - 1))
    flip = st.integers(1, 255).map(lambda bits: (1, bytes([whole[at] ^ bits])))
    length, put = draw(flip | st.tuples(st.integers(1, 3000), st.binary(max_size=40)))
    return layout, at, length, put


@settings(max_examples=150, deadline=None)
@given(damages(), st.sampled_from(["length", "line"]))
def test_damage_never_raises_and_costs_what_it_hits(damage, record_end):
    layout, at, length, put = damage
    name, build = LAYOUTS[layout]
    data = build(PAGES)[:at] + put + build(PAGES)[at + length :]
    assume(format_of(data[:16], name) is format_of(build(PAGES)[:16], name))  # the first bytes may be made to tell of another format
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
        else:
            if layout == "not compressed":  # the next record's first bytes end one, and the line end before it begins it
                begin, end = begin - 1, end + 5
            untouched = end <= at or begin >= at + length
        if untouched:
            assert text(number) in contents or (record_end == "line" and any(held.startswith(text(number)) for held in contents))


def corrupt(member):
    """With a wrong checksum."""
    return member[:-8] + bytes([member[-8] ^ 1]) + member[-7:]


def test_a_fault_is_one_broken_and_two_are_two():
    before, after = (b"".join(map(squeeze, pages)) for pages in (PAGES[:MIDDLE], PAGES[MIDDLE + 1 :]))
    fake = squeeze(record(MIDDLE, text(MIDDLE) + b"\n\nWARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"))
    long = squeeze(record(MIDDLE, length=10**6))
    good, bad = squeeze(PAGES[MIDDLE]), "gzip member is corrupt"
    cases = [
        (corrupt(good), [bad]),
        (corrupt(fake), [bad]),
        (corrupt(good) + corrupt(good), [bad, bad]),
        (long + corrupt(good), ["wrong Content-Length", bad]),
        (long[:-9], [bad]),
        (squeeze(b"x" * 300) + corrupt(good), ["no WARC record", bad]),
        (squeeze(PAGES[MIDDLE][:-300]) + b"junk", ["record is cut", "bytes that are no gzip member"]),
    ]
    for middle, reasons in cases:
        records, broken = outcome(before + middle + after, "x.gz")
        assert numbers(records) == OTHERS
        assert [each.reason for each in broken] == reasons
        assert len(before) <= broken[0].offset <= broken[-1].offset < len(before + middle)


def test_a_corrupt_member_of_many_records_gives_all_but_the_last():
    for tail in (b"", squeeze(record(99))):
        records, broken = outcome(corrupt(squeeze(b"".join(PAGES))) + tail, "x.gz")
        assert numbers(records) == [*range(8), *([99] if tail else [])]
        member = len(squeeze(b"".join(PAGES)))
        assert [(each.offset, each.inner, each.reason) for each in broken] == [(0, sum(map(len, PAGES[:8])), "gzip member is corrupt")]
        assert broken[0].excerpt == PAGES[8][:200]
        assert member / 10 < broken[0].bytes < member / 8  # its share of what was expanded


def test_no_byte_is_digested_twice(monkeypatch):
    """Records that all claim to end where a member does, with a digest that does not match: the same end, and each another."""
    hashed, sha1 = 0, hashlib.sha1

    def counting(data=b"", usedforsecurity=True):
        nonlocal hashed
        hashed += len(data)
        return sha1(data)

    monkeypatch.setattr(warc_length.hashlib, "sha1", counting)  # type: ignore[attr-defined]
    head = record(0, b"", length=0)[:-4]
    each = len(head) + 6
    for reach in (lambda number: 500 - number - 1, lambda number: 250):
        claims = [head.replace(b"Content-Length: 0", b"Content-Length: %07d" % (each * reach(number))) for number in range(500)]
        for layout in ("members", "one member", "not compressed"):
            name, build = LAYOUTS[layout]
            hashed = 0
            outcome(build(claims), name)
            assert hashed <= 500 * each


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
    assert numbers(records) == OTHERS
    assert [(each.reason, each.bytes) for each in broken] == [("gzip member expands beyond its bound", len(bomb))]
