"""The bytes of a file that holds one text: what stands behind a member whose checksum holds, and a file that ends in its magic."""

import gzip
import io

import pytest
from made_damage import PACKED, gz

from pipeline import one_file
from pipeline.members import FORMATS, pieces
from pipeline.submissions import ANYTHING

TEXT = b"some words of a text\n" * 40


def whole(data, bound=10_000):
    return one_file.whole(pieces(io.BytesIO(data), "", 1 << 20, ANYTHING), bound)


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("behind", [bytes(700), b"garbage", b"\n", bytes(3 << 20)])
def test_bytes_behind_the_end_are_noted(ending, behind):
    assert whole(PACKED[ending](TEXT) + behind) == one_file.Whole(TEXT, None, ("bytes behind its end",))


def test_as_gzip_itself_reads_zeros_behind():
    data = gz(TEXT) + bytes(512)
    assert gzip.decompress(data) == whole(data).data


def test_what_lies_between_members_or_after_damage_is_damage():
    between = gz(TEXT) + b"garbage" + gz(TEXT)
    assert whole(between) == one_file.Whole(TEXT, ("bytes that are no gzip member", TEXT[:200]))
    for data in (gz(TEXT)[:-4], gz(TEXT) + gz(TEXT)[:-4], gz(TEXT)[:-8] + bytes(8) + b"x"):
        assert whole(data).fault[0].startswith("gzip member is c")
    assert whole(gz(TEXT) * 2) == one_file.Whole(TEXT * 2)


def test_a_file_over_its_bound_is_not_held():
    assert whole(gz(TEXT), len(TEXT)).data == TEXT
    assert whole(gz(TEXT), len(TEXT) - 1) == one_file.Whole(None)


def test_magics_are_those_of_the_formats():
    for known in FORMATS:
        for magic in one_file.MAGICS[known.suffix]:
            assert known.magic.fullmatch(magic)
            assert len(magic) == known.magic_bytes


@pytest.mark.parametrize("ending", PACKED)
def test_every_cut_in_a_magic_is_told(ending):
    known = next(known for known in FORMATS if known.suffix == ending)
    data = PACKED[ending](TEXT)
    for size in range(1, known.magic_bytes):
        assert one_file.cut_in_magic(data[:size], f"a.txt{ending.upper()}") == f"{known.part} is cut"
        assert one_file.cut_in_magic(data[:size], "a.txt") is None
    for other in (b"", data[: known.magic_bytes], b"x" + data[:2], b"BZh is no magic"):
        assert one_file.cut_in_magic(other, f"a.txt{ending}") is None
