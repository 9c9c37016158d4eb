"""Avro files that are damaged: a block is lost whole, and no other."""

import random

import pytest
from made_tables import C4, SYNC, avro, avro_block, avro_schema, c4_rows, part

from pipeline.records import Broken
from pipeline.rows import Bounds, Column, Row, read

CODECS = ("null", "deflate", "snappy", "zstandard")


def outcomes(data, columns=C4, bounds=None):
    found = list(read(part(data), columns, bounds))
    return [item for item in found if isinstance(item, Row)], [item for item in found if isinstance(item, Broken)]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("where", ["count", "size", "marker", "data"])
def test_a_corrupt_block_is_one_broken_and_reading_goes_on_at_the_next_marker(codec, where):
    rows = c4_rows(30)
    data, offsets = avro(rows, codec)
    damaged = bytearray(data)
    begin, end = offsets[2], offsets[3]
    if where == "count":
        damaged[begin] = 0x01  # -1
    elif where == "size":
        damaged[begin + 1] ^= 0x06
    elif where == "marker":
        damaged[end - 16] ^= 0xFF
    else:
        at = begin + (3 if codec == "null" else 12)  # the length of the first text, or compressed data
        damaged[at : at + 6] = b"\xff" * 6
    found, broken = outcomes(bytes(damaged))
    lost = 10 if where == "marker" else 5  # without its marker, a block goes on to the next one's
    assert [dict(row.values) for row in found] == rows[:10] + rows[10 + lost :]
    assert [(item.offset, item.size, item.reason) for item in broken] == [
        (begin, (offsets[4] if where == "marker" else end) - begin, "Avro block is corrupt")
    ]
    assert broken[0].excerpt == bytes(damaged[begin : begin + 200])[: len(broken[0].excerpt)]


def test_places_are_the_block_and_the_bytes_before_the_row_in_it():
    rows = c4_rows(12)
    data, offsets = avro(rows, "null")
    found, _ = outcomes(data)
    assert [row.offset for row in found] == [offsets[number // 5] for number in range(12)]
    for row in found:
        at = data.index(row.values["text"].encode())
        assert 0 < at - row.offset - row.inner < 12  # the block's two longs, the row's union branch and length


@pytest.mark.parametrize("cut", [1, 17, 300])
def test_of_a_cut_file_the_blocks_before_survive(cut):
    rows = c4_rows(30)
    data, offsets = avro(rows, "deflate")
    found, broken = outcomes(data[:-cut])
    assert [dict(row.values) for row in found] == rows[: len(found)]
    assert len(found) in (20, 25)
    assert [item.reason for item in broken] == ["Avro block is cut"]
    assert broken[0].offset + broken[0].size == len(data) - cut
    assert broken[0].offset in offsets


def test_a_header_that_cannot_be_read_is_one_broken_for_the_file():
    data, offsets = avro(c4_rows(5))
    for damaged in (data[:20], b"Obj\x01" + bytes(200), data.replace(b"avro.schema", b"avro_schema", 1)):
        found, broken = outcomes(damaged)
        assert (found, broken[0].size, len(broken)) == ([], len(damaged), 1)
        assert broken[0].reason.startswith("Avro header is corrupt")
    unknown, _ = avro(c4_rows(5), "rot13")
    assert [item.reason for item in outcomes(unknown)[1]] == ["Avro codec rot13 is not read"]
    assert len(offsets) == 1


def test_invalid_utf8_is_replaced_and_noted_in_its_row_alone():
    rows = [{"text": "aa", "timestamp": "", "url": f"{number}\ufffd"} for number in range(4)]
    data, _ = avro(rows)
    at = data.index(b"\x04aa", data.index(b"\x04aa") + 1)
    found, broken = outcomes(data[: at + 1] + b"a\xff" + data[at + 3 :])
    assert broken == []
    assert [(row.values["text"], row.notes) for row in found] == [
        ("aa", ()),
        ("a\ufffd", ("invalid UTF-8 replaced",)),
        ("aa", ()),
        ("aa", ()),
    ]


@pytest.mark.parametrize("codec", CODECS)
def test_a_bomb_ends_at_its_bound(codec):
    bomb, good = {"text": "x" * 3_000_000, "timestamp": "", "url": ""}, {"text": "y", "timestamp": "", "url": ""}
    data, offsets = avro([good, bomb, good], codec, 1)
    found, broken = outcomes(data, bounds=Bounds(block_bytes=1 << 20))
    assert [row.values["text"] for row in found] == ["y", "y"]
    assert [(item.offset, item.reason) for item in broken] == [(offsets[1], "Avro block over its bound")]


def test_a_wrong_count_of_rows_is_a_corrupt_block():
    rows = [{"text": "x", "timestamp": "", "url": ""}] * 3
    data, offsets = avro(rows, "null", 3)
    for count in (2, 4, 1 << 40):
        body = data[offsets[0] + 2 : -16]
        found, broken = outcomes(data[: offsets[0]] + avro_block(count, body))
        assert (found, [item.reason for item in broken]) == ([], ["Avro block is corrupt"])
    assert avro_schema(rows)["fields"][0]["type"] == ["null", "string"]


def test_a_count_of_rows_without_bytes_is_no_endless_block():
    schema = {"type": "record", "name": "Root", "fields": [{"name": "nothing", "type": "null"}]}
    data, _ = avro([], schema=schema)
    found, broken = outcomes(data + avro_block(10**7, b""), (Column("nothing", required=False),))
    assert (found, [item.reason for item in broken]) == ([], ["Avro block is corrupt"])


def test_markers_within_a_broken_stretch_are_each_tried():
    rows = c4_rows(10)
    data, offsets = avro(rows, "null")
    junk = b"\xff" * 100 + SYNC + b"\xff" * 50 + SYNC
    found, broken = outcomes(data[: offsets[1]] + junk + data[offsets[1] :])
    assert [dict(row.values) for row in found] == rows
    assert [(item.offset, item.size) for item in broken] == [(offsets[1], 116), (offsets[1] + 116, 66)]


def test_random_damage_gives_an_outcome_never_an_error():
    chance = random.Random(6)
    for codec in CODECS:
        whole, _ = avro(c4_rows(20), codec)
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(4, len(data))] = chance.randrange(256)
            found = list(read(part(bytes(data)), (Column("text"),)))
            assert all(isinstance(item, Row | Broken) for item in found)
            assert sum(item.size for item in found if isinstance(item, Broken)) <= len(data)
