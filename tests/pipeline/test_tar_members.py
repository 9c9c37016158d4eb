"""Tars that are damaged: exactly the files that are hit are lost, and what follows is read."""

import gzip
import random
import tarfile
import tracemalloc

import pytest
from made_archives import CODE, COMPRESSED, EXPECTED, FILES, archive, read, texts

from pipeline.records import Broken, Refused, Skipped
from pipeline.repositories import SourceFile


@pytest.mark.parametrize("where", ["checksum", "name", "magic"])
def test_a_corrupt_header_is_one_broken_and_reading_goes_on_at_the_next(where):
    data, offsets = archive(FILES)
    damaged = bytearray(data)
    damaged[offsets[3] + {"checksum": 150, "name": 3, "magic": 258}[where]] ^= 0x55
    found = read(bytes(damaged))
    broken = [item for item in found if isinstance(item, Broken)]
    assert [(item.offset, item.size, item.reason) for item in broken] == [(offsets[3], offsets[4] - offsets[3], "tar header is corrupt")]
    assert texts(found) == {name: text for name, text in EXPECTED.items() if not name.endswith("3.c")}


@pytest.mark.parametrize("at", [100, 700])
def test_of_a_cut_tar_the_files_before_survive(at):
    data, offsets = archive(FILES)
    cut = data[: offsets[5] + at]
    found = read(cut)
    assert list(texts(found)) == list(EXPECTED)[:5]
    assert [(item.offset, item.size) for item in found if isinstance(item, Broken)] == [(offsets[5], at)]


def test_a_tar_that_is_cut_between_files_is_named():
    data, offsets = archive(FILES)
    found = read(data[: offsets[5]])
    assert len(texts(found)) == 5
    assert found[-1] == Broken(offsets[5], 0, 0, "tar without its end: it may be cut between two files", b"")


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("cut", [3, 60, 200])
def test_of_a_cut_compressed_tar_the_files_before_survive(ending, cut):
    files = [(f"repo/{number}", random.Random(number).randbytes(3000).hex().encode()) for number in range(20)]
    data = COMPRESSED[ending](archive(files)[0])
    found = read(data[:-cut] if ending in ("gz", "zst") else data[: len(data) - cut * 20])
    broken = [item for item in found if isinstance(item, Broken)]
    assert len(broken) == 1
    assert broken[0].offset == 0
    assert broken[0].reason.endswith("is cut")
    assert 0 <= broken[0].size <= len(data)
    kept = texts(found)
    assert kept == dict(files[: len(kept)])
    assert len(kept) >= (10 if ending in ("gz", "zst") else 0)


def test_a_wrong_checksum_of_gzip_is_named():
    files = [(f"repo/{number}", random.Random(number).randbytes(3000).hex().encode()) for number in range(5)]
    data = bytearray(gzip.compress(archive(files)[0]))
    data[-6] ^= 1
    found = read(bytes(data))
    assert list(texts(found).items())[:4] == files[:4]
    assert [item.reason for item in found if isinstance(item, Broken)] == ["gzip member is corrupt"]


def test_behind_damage_the_next_header_is_found_at_any_byte():
    data, offsets = archive([(f"repo/{number}", random.Random(number).randbytes(2000).hex().encode()) for number in range(30)])
    members = [gzip.compress(data[at : at + 10_001]) for at in range(0, len(data), 10_001)]
    damaged = bytearray(members[4])
    damaged[30:60] = bytes(30)
    found = read(b"".join([*members[:4], bytes(damaged), *members[5:]]))
    assert [item.reason for item in found if isinstance(item, Broken)] == ["gzip member is corrupt", "bytes of no entry, behind damage"]
    kept = [int(item.path) for item in found if isinstance(item, SourceFile)]
    lost = [number for number, at in enumerate(offsets) if at < 50_005 and at + 4608 > 40_004]
    assert set(range(30)) - set(kept) <= set(lost)
    assert kept == sorted(kept)


def test_archives_put_together_are_read_to_the_last():
    one, two = archive(FILES[:3])[0], archive(FILES[3:])[0]
    assert texts(read(one + two)) == EXPECTED
    assert texts(read(gzip.compress(one) + gzip.compress(two))) == EXPECTED
    assert not [item for item in read(one + two) if isinstance(item, Broken)]


def test_empty_and_foreign_files():
    assert read(b"") == [Broken(0, 0, 0, "empty file", b"")]
    assert read(bytes(10240)) == []
    found = read(b"this is no tar. " * 200)
    assert [(item.offset, item.size, item.reason) for item in found] == [(0, 3200, "tar header is corrupt")]


def test_a_bomb_ends_at_its_bound_and_large_files_are_not_held():
    data = gzip.compress(archive([("repo/a", CODE), ("repo/bomb", bytes(40 << 20)), ("repo/b", CODE)])[0], 1)
    tracemalloc.start()
    try:
        found = read(data)
        assert [type(item) for item in found] == [SourceFile, Refused, SourceFile]
        assert found[1].value == str(40 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    found = read(data, member_bytes=4 << 20)
    assert [getattr(item, "reason", "file") for item in found] == ["file", "gzip member expands beyond its bound"]


@pytest.mark.parametrize("size", ["99999999999", "9" * 30, "-5"])
def test_a_size_that_is_not_there_is_a_cut(size):
    pax, _ = archive([("repo/a", CODE, {"pax_headers": {"size": size}}), ("repo/b", CODE)], tarfile.PAX_FORMAT)
    found = read(pax)
    assert all(isinstance(item, SourceFile | Refused | Broken) for item in found)
    if size == "99999999999":
        assert [item.reason for item in found] == ["tar is cut in a file"]


def test_random_damage_gives_an_outcome_never_an_error():
    chance = random.Random(9)
    whole = archive([*FILES, ("repo/" + "x" * 300, CODE)], tarfile.PAX_FORMAT)[0]
    for squeeze in (COMPRESSED[""], COMPRESSED["gz"]):
        for _ in range(40):
            data = bytearray(squeeze(whole))
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            found = read(bytes(data[: chance.randrange(1, len(data))]))
            assert all(isinstance(item, SourceFile | Refused | Broken | Skipped) for item in found)
            assert all(item.size >= 0 for item in found if isinstance(item, Broken))
