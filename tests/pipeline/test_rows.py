"""Rows in every format: the same values from all, other tables named once, unfit rows named one by one."""

import datetime
import json

import pytest
from made_tables import C4, COMPRESSED, CONTENTS, avro, c4_rows, code_rows, json_lines, parquet, part, real_code_rows, real_rows

from pipeline.records import Broken
from pipeline.rows import Bounds, Column, Row, read

WAYS = {
    **{f"json {name}": (lambda rows, squeeze=squeeze: squeeze(json_lines(rows))) for name, squeeze in COMPRESSED.items()},
    **{f"avro {codec}": (lambda rows, codec=codec: avro(rows, codec)[0]) for codec in ("null", "deflate", "snappy", "zstandard")},
    **{f"parquet {name}": (lambda rows, name=name: parquet(rows, 7, compression=name)) for name in ("snappy", "gzip", "zstd", "none")},
}


def values(data, columns, name="table"):
    found = list(read(part(data, name), columns))
    assert all(isinstance(row, Row) for row in found), [row for row in found if not isinstance(row, Row)]
    return [dict(row.values) for row in found]


def outcomes(data, columns, bounds=None):
    found = list(read(part(data), columns, bounds))
    return [item for item in found if isinstance(item, Row)], [item for item in found if isinstance(item, Broken)]


@pytest.mark.parametrize("way", WAYS)
def test_every_format_gives_the_same_rows(way):
    rows = c4_rows()
    assert values(WAYS[way](rows), C4) == rows
    assert values(WAYS[way](rows), (Column("url"),)) == [{"url": row["url"]} for row in rows]  # one column alone
    assert values(WAYS[way](rows), C4) == values(WAYS[way](rows), C4)


@pytest.mark.parametrize("way", WAYS)
def test_real_rows_come_from_every_format_as_they_are(way):
    rows = real_rows()
    assert len(rows) > 300
    assert values(WAYS[way](rows), C4) == rows
    code = real_code_rows()
    assert len(code) == 161
    data = json_lines(code, bigquery=True) if way == "json plain" else WAYS[way](code)
    assert [row["content"] for row in values(data, CONTENTS)] == [row["content"] for row in code]
    assert [row["size"] for row in values(data, CONTENTS)] == [row["size"] for row in code]


@pytest.mark.parametrize("way", [*WAYS, "bigquery"])
def test_columns_of_code_come_in_their_types_under_one_name(way):
    rows = code_rows()
    data = json_lines(rows, bigquery=True) if way == "bigquery" else WAYS[way](rows)
    expected = [{**row, "repository": row["repo_name"]} for row in rows]
    for row in expected:
        del row["repo_name"]
    assert values(data, CONTENTS) == expected
    renamed = [{{"repo_name": "sample_repo_name"}.get(key, key): value for key, value in row.items()} for row in rows]
    assert values(WAYS[way](renamed) if way != "bigquery" else json_lines(renamed, True), CONTENTS) == expected


@pytest.mark.parametrize("way", WAYS)
def test_another_table_is_one_broken_that_says_what_was_found(way):
    data = WAYS[way]([{"document": "a", "texts": "b", "number": "c"}] * 250)
    found = list(read(part(data), C4))
    assert [type(item) for item in found] == [Broken]
    assert (found[0].offset, found[0].size) == (0, len(data))
    assert found[0].reason == (
        "another table: it lacks text, timestamp, url; expected text (text), timestamp (timestamp), url (text); "
        "found document, number, texts; nearest: texts"
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_column_of_another_type_is_one_broken_or_one_a_row(way):
    column = (Column("text"), Column("url", "integer"))
    rows = [{"text": "a", "url": "one"}, {"text": "b", "url": "2"}]
    found, broken = outcomes(WAYS[way](rows), column)
    assert [row.values for row in found] == [{"text": "b", "url": 2}]
    assert [item.reason for item in broken] == ["column url: expected integer, found text that is no integer"]
    found, broken = outcomes(WAYS[way]([rows[0]] * 300), column)
    assert found == []
    assert [item.reason for item in broken] == ["another table: column url: expected integer, found text that is no integer"]


@pytest.mark.parametrize("way", WAYS)
def test_nul_bytes_stay_and_are_noted(way):
    rows = c4_rows(4)
    rows[1]["text"] = "a\0b"
    found = list(read(part(WAYS[way](rows) if not way.startswith("json") else COMPRESSED[way[5:]](json_lines(rows))), C4))
    assert [row.notes for row in found] == [(), ("NUL bytes",), (), ()]
    assert found[1].values["text"] == "a\0b"


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("integer", 5, 5),
        ("integer", "-12", -12),
        ("integer", str(2**63), "an integer of more than 64 bits"),
        ("integer", 2**80, "an integer of more than 64 bits"),
        ("integer", True, "boolean"),
        ("integer", 1.0, "number"),
        ("integer", "", "text that is no integer"),
        ("integer", "\u0661", "text that is no integer"),
        ("boolean", "TRUE", True),
        ("boolean", "false", False),
        ("boolean", 1, "integer"),
        ("boolean", "yes", "text"),
        ("text", 1, "integer"),
        ("text", {"a": 1}, "object"),
        ("text", [1], "array"),
        ("text", float("nan"), "number"),
        ("timestamp", "2019-04-25 12:57:54 UTC", "2019-04-25 12:57:54 UTC"),
        ("timestamp", 5, "integer"),
    ],
)
def test_what_each_type_takes(type_, value, expected):
    good = json.dumps({"v": {"integer": 1, "boolean": True}.get(type_, "x")})
    found = list(read(part(f"{good}\n{json.dumps({'v': value})}\n".encode()), (Column("v", type_),)))
    if isinstance(found[1], Row):
        assert found[1].values == {"v": expected}
        assert type(found[1].values["v"]) is type(expected)
    else:
        assert found[1].reason == f"column v: expected {type_}, found {expected}"


def test_null_and_missing_are_told_apart_and_allowed_where_not_required():
    lines = b'{"a":"1"}\n{"a":null}\n{"b":"1"}\n{}\n'
    found, broken = outcomes(lines, (Column("a"), Column("b", required=False)))
    assert [row.values for row in found] == [{"a": "1", "b": None}]
    assert [item.reason for item in broken] == ["column a is null", "row lacks column a", "row lacks column a"]
    assert [item.offset for item in broken] == [10, 21, 31]
    assert broken[1].excerpt == b'{"b":"1"}'


def test_rows_that_lack_a_column_before_the_first_that_has_it_are_single_ones():
    lines = b'{"b":"1"}\n' * 60 + b'{"a":"1"}\n' + b'{"b":"1"}\n' * 200
    found, broken = outcomes(lines, (Column("a"),))
    assert (len(found), len(broken)) == (1, 260)
    lines = b'{"b":"1"}\n' * 100 + b'{"a":"1"}\n'  # as many as are judged
    assert [item.reason for item in outcomes(lines, (Column("a"),))[1]] == ["another table: it lacks a; expected a (text); found b"]


def test_types_that_stand_for_text_are_read_as_text():
    moment = datetime.datetime(2019, 4, 25, 12, 57, 54, tzinfo=datetime.UTC)
    rows = [{"text": b"caf\xc3\xa9", "timestamp": moment, "url": "u"}]
    assert values(parquet(rows), C4) == [{"text": "café", "timestamp": "2019-04-25T12:57:54Z", "url": "u"}]
    schema = {
        "type": "record",
        "name": "Root",
        "fields": [
            {"name": "text", "type": "bytes"},
            {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "url", "type": "string"},
        ],
    }
    assert values(avro(rows, schema=schema)[0], C4) == [{"text": "café", "timestamp": "2019-04-25T12:57:54Z", "url": "u"}]


def test_no_bytes_are_one_broken_and_no_rows_are_none():
    assert list(read(part(b""), C4)) == [Broken(0, 0, 0, "empty file", b"")]
    fields = [{"name": name, "type": "string"} for name in ("text", "timestamp", "url")]
    assert outcomes(avro([], schema={"type": "record", "name": "Root", "fields": fields})[0], C4) == ([], [])
    assert outcomes(parquet([{"text": "", "timestamp": "", "url": ""}])[:-4] + b"PARE", C4)[0] == []
    assert outcomes(b"PARE" + bytes(100), C4)[1] == [Broken(0, 0, 104, "encrypted Parquet file", b"PARE")]


def test_a_range_of_a_format_that_cannot_be_split_is_wholly_the_first_one_s():
    rows = c4_rows(20)
    for way in ("avro deflate", "parquet snappy", "json gzip"):
        data = WAYS[way](rows)
        shares = [list(read(part(data, "t", start, start + 100), C4)) for start in range(0, len(data), 100)]
        assert [dict(row.values) for row in shares[0]] == rows
        assert not any(shares[1:])


def test_bounds_are_kept():
    rows = [{"text": "x" * 5000, "timestamp": "", "url": "1"}, {"text": "y", "timestamp": "", "url": "2"}]
    for way in ("json plain", "json gzip", "parquet snappy"):
        found, broken = outcomes(WAYS[way](rows), C4, Bounds(row_bytes=1000))
        assert [row.values["url"] for row in found] == ["2"]
        assert [item.reason for item in broken] == ["row over its bound"]
