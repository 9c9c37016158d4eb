"""Parquet files that are damaged: a row group is lost from its damage on, and no other."""

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_tables import C4, CONTENTS, c4_rows, code_rows, parquet, part

from pipeline import parquet_footer, rows_parquet
from pipeline.records import Broken
from pipeline.rows import Column, Row, read


def outcomes(data, columns=C4):
    found = list(read(part(data), columns))
    return [item for item in found if isinstance(item, Row)], [item for item in found if isinstance(item, Broken)]


def groups(data):
    meta = pq.read_metadata(io.BytesIO(data))
    return [meta.row_group(number) for number in range(meta.num_row_groups)]


def first_byte(group):
    columns = [group.column(number) for number in range(group.num_columns)]
    return min(column.dictionary_page_offset or column.data_page_offset for column in columns)


@pytest.mark.parametrize("checksums", [True, False])
def test_a_corrupt_row_group_is_one_broken_with_its_rows_and_the_others_are_read(checksums):
    rows = c4_rows(30)
    data = parquet(rows, 10, write_page_checksum=checksums)
    second = groups(data)[1]
    damaged = bytearray(data)
    begin = second.column(0).dictionary_page_offset or second.column(0).data_page_offset
    damaged[begin : begin + second.column(0).total_compressed_size] = b"\xff" * second.column(0).total_compressed_size
    found, broken = outcomes(bytes(damaged))
    assert [dict(row.values) for row in found] == rows[:10] + rows[20:]
    assert [(item.offset, item.inner, item.reason) for item in broken] == [(begin, 0, "Parquet row group is corrupt")]
    assert broken[0].size == sum(second.column(number).total_compressed_size for number in range(3))
    assert broken[0].excerpt.startswith(b"10 of 10 rows of row group 1: ")


def test_one_flipped_bit_in_a_page_with_a_checksum_is_seen():
    rows = c4_rows(20)
    data = bytearray(parquet(rows, 10, write_page_checksum=True, compression="none"))
    data[data.index(rows[3]["text"].encode())] ^= 1
    found, broken = outcomes(bytes(data))
    assert [dict(row.values) for row in found] == rows[10:]
    assert [item.reason for item in broken] == ["Parquet row group is corrupt"]


@pytest.mark.parametrize("cut", [1, 8, 500])
def test_a_cut_file_is_one_broken(cut):
    data = parquet(c4_rows())
    found, broken = outcomes(data[:-cut])
    assert found == []
    assert [(item.offset, item.size, item.reason) for item in broken] == [
        (0, len(data) - cut, "Parquet file is cut or its footer is corrupt")
    ]


def test_places_are_the_row_group_and_the_rows_before_in_it():
    data = parquet(c4_rows(25), 10)
    found, _ = outcomes(data)
    offsets = [first_byte(group) for group in groups(data)]
    assert [row.offset for row in found] == [offsets[0]] * 10 + [offsets[1]] * 10 + [offsets[2]] * 5
    assert offsets[0] == 4
    assert [row.inner for row in found] == [*range(10), *range(10), *range(5)]


@pytest.mark.parametrize("compression", ["snappy", "none", "zstd"])
def test_the_footer_says_what_pyarrow_reads_in_it(compression):
    data = parquet(code_rows(12), 5, compression=compression)
    found = parquet_footer.groups(io.BytesIO(data), len(data))
    assert [group.rows for group in found] == [5, 5, 2]
    for ours, theirs in zip(found, groups(data), strict=True):
        columns = [theirs.column(number) for number in range(theirs.num_columns)]
        assert [chunk.column for chunk in ours.chunks] == [column.path_in_schema for column in columns]
        assert [chunk.stored for chunk in ours.chunks] == [column.total_compressed_size for column in columns]
        assert [chunk.expanded for chunk in ours.chunks] == [column.total_uncompressed_size for column in columns]
        assert min(chunk.offset for chunk in ours.chunks) == first_byte(theirs)


def test_a_corrupt_footer_is_an_error_never_a_wrong_place():
    data = parquet(c4_rows(10), 2)
    length = int.from_bytes(data[-8:-4], "little")
    chance = random.Random(8)
    errors = 0
    for _ in range(300):
        damaged = bytearray(data)
        damaged[len(data) - 8 - chance.randrange(1, length)] = chance.randrange(256)
        try:
            found = parquet_footer.groups(io.BytesIO(bytes(damaged)), len(data))
        except ValueError:
            errors += 1
        else:
            assert all(0 <= chunk.offset <= len(data) for group in found for chunk in group.chunks)
    assert errors > 20
    for nested in (b"\x1c" * 100, b"\x19" * 100, b"\x19\xfc\xff\xff\xff\xff\x0f"):
        with pytest.raises(ValueError, match="footer"):
            parquet_footer.groups(io.BytesIO(b"PAR1" + nested + len(nested).to_bytes(4, "little") + b"PAR1"), len(nested) + 12)


def test_invalid_utf8_is_replaced_and_noted_in_its_row_alone():
    texts = pa.array([b"good", b"b\xffd", "caf\u00e9".encode()], pa.binary())
    for kind in (pa.string(), pa.large_string()):
        wide = texts.cast(pa.large_binary()) if kind == pa.large_string() else texts
        out = io.BytesIO()
        pq.write_table(pa.table({"t": pa.Array.from_buffers(kind, 3, wide.buffers())}), out)
        found, broken = outcomes(out.getvalue(), (Column("t"),))
        assert broken == []
        assert [(row.values["t"], row.notes) for row in found] == [
            ("good", ()),
            ("b\ufffdd", ("invalid UTF-8 replaced",)),
            ("café", ()),
        ]


def test_batches_are_bounded_by_bytes_and_change_nothing(monkeypatch):
    rows = code_rows(12)
    data = parquet(rows)
    whole, _ = outcomes(data, CONTENTS)
    sizes = []

    def counting(batch, *rest):
        sizes.append(batch.num_rows)
        return real(batch, *rest)

    real = rows_parquet._rows
    monkeypatch.setattr(rows_parquet, "_rows", counting)
    monkeypatch.setattr(rows_parquet, "BATCH_BYTES", 2000)
    assert outcomes(data, CONTENTS)[0] == whole
    assert len(sizes) > 2


def test_only_the_declared_columns_are_read(monkeypatch):
    names = []

    def counting(batch, *rest):
        names.append(batch.schema.names)
        return real(batch, *rest)

    real = rows_parquet._rows
    monkeypatch.setattr(rows_parquet, "_rows", counting)
    assert len(outcomes(parquet(c4_rows(5)), (Column("url"),))[0]) == 5
    assert names == [["url"]]


def test_random_damage_gives_an_outcome_never_an_error():
    chance = random.Random(7)
    for compression in ("snappy", "none"):
        whole = parquet(c4_rows(20), 5, compression=compression, write_page_checksum=True)
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(4, len(data))] = chance.randrange(256)
            found = list(read(part(bytes(data)), C4))
            assert all(isinstance(item, Row | Broken) for item in found)
