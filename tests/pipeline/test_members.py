"""Compressed files to expanded bytes: every format, every kind of damage, bounded memory."""

import gzip
import io
import random
import tracemalloc
import zlib

import pytest
from made_warc import LAYOUTS, Trickle, record, squeeze

from pipeline import members
from pipeline.members import PIECE, Piece, Unreadable, pieces

PAGES = [record(number) for number in range(6)]
GOOD = [squeeze(page) for page in PAGES]
JUNK = random.Random(3).randbytes(3000).replace(b"\x1f\x8b", b"\x1f\x1f")
WHOLE = 1 << 40


def expand(data, name="x.gz", bound=WHOLE):
    found = list(pieces(io.BytesIO(data), name, bound))
    return [item for item in found if isinstance(item, Piece)], [item for item in found if isinstance(item, Unreadable)]


def text(found):
    return b"".join(piece.data for piece in found)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", [1, 13, 1 << 30])
def test_every_layout_gives_its_bytes_and_members(layout, step):
    name, build = LAYOUTS[layout]
    data = build(PAGES)
    for called in (name, "no-ending"):  # the content alone tells the format
        found = list(pieces(Trickle(data, step), called, WHOLE))
        assert text(found) == b"".join(PAGES)
        begins = [len(build(PAGES[:number])) for number in range(6)]
        expected = {"one member": [0], "not compressed": [None]}.get(layout, begins)
        assert sorted({piece.member for piece in found}, key=lambda at: at or 0) == expected
        assert sum(piece.ends for piece in found) == len(expected)
        assert found[-1].ends


def test_the_name_tells_the_format_where_the_content_does_not():
    for step in (1, 2, 3):  # so that the magic number is cut at the end of what was read
        assert text(item for item in pieces(Trickle(JUNK + b"".join(GOOD), step), "x.gz", WHOLE) if isinstance(item, Piece)) == b"".join(
            PAGES
        )
    found, unreadable = expand(JUNK + b"".join(GOOD), "x.warc.GZ")
    assert text(found) == b"".join(PAGES)
    assert unreadable == [Unreadable(0, 3000, "bytes that are no gzip member", JUNK[:200], 0)]
    assert text(expand(PAGES[0], "x.warc.gz")[0]) == PAGES[0]  # not compressed, whatever its name
    assert text(expand(JUNK, "x.warc")[0]) == JUNK
    assert expand(b"") == expand(b"", "x") == ([], [])


@pytest.mark.parametrize(("layout", "part"), [("members", "gzip member"), ("zstd frames", "zstd frame"), ("bzip2 streams", "bzip2 stream")])
def test_damage_is_one_stretch_up_to_the_next_member(layout, part):
    name, build = LAYOUTS[layout]
    each = [build([page]) for page in PAGES]
    begin, length = len(b"".join(each[:2])), len(each[2])
    flipped = bytearray(each[2])
    flipped[5 if layout == "zstd frames" else length // 2] ^= 0xFF
    cases = [
        (JUNK + each[2], 3000, f"bytes that are no {part}"),
        (each[2][:-9], length - 9, f"{part} is corrupt"),
        (bytes(flipped), length, f"{part} is corrupt"),
        (bytes(flipped) + JUNK, length + 3000, f"{part} is corrupt"),
        (JUNK[:100] + build([b"<html>"]) + JUNK[:100], 200 + len(build([b"<html>"])), f"bytes that are no {part}"),
    ]
    for damaged, lost, reason in cases:
        found, unreadable = expand(b"".join([*each[:2], damaged, *each[3:]]), name)
        assert [(item.offset, item.length, item.reason) for item in unreadable] == [(begin, lost, reason)]
        assert unreadable[0].excerpt == damaged[:200]
        assert text(piece for piece in found if piece.member < begin) == b"".join(PAGES[:2])
        assert text(piece for piece in found if piece.member >= begin + lost).endswith(b"".join(PAGES[3:]))
    for cut in (1, 9, length // 2, length - 1):
        _, unreadable = expand(b"".join(each[:2]) + each[2][:cut], name)
        assert [(item.offset, item.length) for item in unreadable] == [(begin, cut)]
        assert unreadable[0].reason in (f"{part} is cut", f"bytes that are no {part}")
        assert cut < 10 or unreadable[0].reason == f"{part} is cut"


@pytest.mark.parametrize("at", [-1, -5])
def test_checksum_and_length_are_checked(at):
    wrong = bytearray(GOOD[1])
    wrong[at] ^= 1
    found, unreadable = expand(GOOD[0] + bytes(wrong) + GOOD[2])
    assert [item.reason for item in unreadable] == ["gzip member is corrupt"]
    assert [piece.member for piece in found if piece.ends] == [0, len(GOOD[0] + GOOD[1])]


def test_a_corrupt_member_gives_what_precedes_its_damage():
    """With steps of 64 bytes, whatever the size of the steps of a sound member."""
    whole = squeeze(b"".join(record(number) for number in range(2000)))
    at = len(whole) * 3 // 4
    expected = zlib.decompressobj(31).decompress(whole[: at - 64])
    for put in (JUNK[:2000], b""):
        found, unreadable = expand(whole[:at] + put + whole[at + 2000 :])
        assert text(found).startswith(expected)
        assert [(item.offset, item.reason) for item in unreadable] == [(0, "gzip member is corrupt" if put else unreadable[0].reason)]
        assert at - 64 <= unreadable[0].read <= len(whole)


def test_a_member_behind_a_damaged_one_is_found_from_its_start():
    """The damaged member's length field swallows what follows it: a stored block that claims 60 KB."""
    stored = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x00\x60\xea\x9f\x15" + PAGES[0]
    found, unreadable = expand(stored + b"".join(GOOD))
    assert text(piece for piece in found if piece.member) == b"".join(PAGES)
    assert [(item.length, item.reason) for item in unreadable] == [(len(stored), "gzip member is corrupt")]


def test_what_expands_beyond_the_bound_is_named():
    bomb = gzip.compress(b"a" * 5_000_000)
    found, unreadable = expand(GOOD[0] + bomb + GOOD[1], bound=3_000_000)
    assert [(item.offset, item.length, item.reason) for item in unreadable] == [
        (len(GOOD[0]), len(bomb), "gzip member expands beyond its bound")
    ]
    assert len(text(found)) <= 3_000_000 + len(PAGES[0]) + len(PAGES[1])


@pytest.mark.parametrize("layout", ["members", "zstd frames", "bzip2 streams"])
def test_memory_stays_bounded(layout):
    name, build = LAYOUTS[layout]
    bomb = build([PAGES[0][:-4] + b"a" * 120_000_000])
    tracemalloc.start()
    try:
        largest = max(len(piece.data) for piece in pieces(io.BytesIO(bomb), name, WHOLE))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert largest <= (33 << 20 if layout == "zstd frames" else PIECE)
    assert peak < 80 << 20


def test_a_long_member_is_not_held(monkeypatch):
    """Behind 16 MiB of compressed bytes the start of a member is forgotten: what follows its damage is found all the same."""
    monkeypatch.setattr(members, "BACKLOG", 1 << 16)
    monkeypatch.setattr(members, "CHUNK", 1 << 14)
    long = gzip.compress(PAGES[0] + random.Random(1).randbytes(1 << 20))
    found, unreadable = expand(long[:-5] + b"\0" + long[-4:] + GOOD[1])
    assert [(item.offset, item.length) for item in unreadable] == [(0, len(long))]
    assert text(piece for piece in found if piece.member) == PAGES[1]
    assert len(text(piece for piece in found if not piece.member)) > 1 << 20


def test_searching_again_stays_linear(monkeypatch):
    """Members in members, each reaching to the end of the file and each corrupt there: none is gone through from every start."""
    monkeypatch.setattr(members, "BACKLOG", 1 << 10)
    nest = b""
    for _ in range(2400):
        body = b"WARC/1.0\r\n" + nest
        nest = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\0" + len(body).to_bytes(2, "little") + (len(body) ^ 0xFFFF).to_bytes(2, "little") + body
    found, _ = expand(nest + JUNK)
    assert len(text(found)) < 10 * len(nest)
