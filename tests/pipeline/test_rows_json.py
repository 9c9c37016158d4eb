"""JSON lines that are odd or damaged: exactly the rows that are hit are lost, and each is named with its place."""

import gzip
import io
import json
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_tables import C4, COMPRESSED, c4_rows, gzip_members, json_lines, part
from shared_data import SHARED

from pipeline import rows_json
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.rows import Bounds, Column, Row, read

TEXT = (Column("t"),)
GOOD = b'{"t":"good"}\n'


def outcomes(data, columns=TEXT, bounds=None, name="table"):
    found = list(read(part(data, name), columns, bounds))
    return [item for item in found if isinstance(item, Row)], [item for item in found if isinstance(item, Broken)]


@pytest.mark.parametrize(
    ("line", "text", "notes"),
    [
        (b'{"t":"caf\xe9"}', "caf\ufffd", ("invalid UTF-8 replaced",)),
        (b'{"t":"\xed\xa0\x80"}', "\ufffd\ufffd\ufffd", ("invalid UTF-8 replaced",)),
        (b'{"t":"a\\ud800b"}', "a\ufffdb", ("lone surrogate replaced",)),
        (b'{"t":"\\udc80"}', "\ufffd", ("lone surrogate replaced",)),
        (b'{"t":"\\uD83D\\uDE00"}', "\U0001f600", ()),
        (b'{"t":"\\u0000"}', "\0", ("NUL bytes",)),
        (b'{"t":"first","t":"last"}', "last", ("duplicate key, the last counts",)),
        (b'{"t":"x","u":NaN,"v":[{"w":1}],"huge":1' + b"0" * 300 + b"}", "x", ()),
        (b'{"t":"x"}\r', "x", ()),
        (b'  {"t":"x"}  ', "x", ()),
        (b'\xef\xbb\xbf{"t":"x"}', "x", ()),
        (b'{"t":"\xe2\x80\xa8\xc2\x85\\n"}', "\u2028\x85\n", ()),  # what str.splitlines would cut
    ],
)
def test_odd_rows_are_read_and_noted(line, text, notes):
    for before, after in ((b"", b""), (GOOD, b"\n" + GOOD)):
        found, broken = outcomes(before + line + after)
        assert broken == []
        row = found[1] if before else found[0]
        assert (row.values["t"], row.notes) == (text, notes)
        row.values["t"].encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"t":"cut', "row is not JSON: Unterminated string starting at"),
        (b"{'t':1}", "row is not JSON: Expecting property name enclosed in double quotes"),
        (b'{"t":"a\tb"}', "row is not JSON: Invalid control character at"),
        (b"[1]", "row is no object: array"),
        (b"null", "row is no object: null"),
        (b'"text"', "row is no object: text"),
        (b"\0\0\0\0", "row is not JSON: Expecting value"),
        (b"[" * 100_000, "row nests too deep"),
        (b'{"a":' * 100_000, "row nests too deep"),
        (b'{"t":' + b"9" * 5000 + b"}", "number of too many digits"),
        (b'{"t":"' + b"x" * 20_000 + b'"}', "row over its bound"),
    ],
)
def test_a_broken_row_is_one_broken_with_its_place(line, reason):
    bounds = Bounds(row_bytes=19_000) if reason == "row over its bound" else None
    for squeeze in (COMPRESSED["plain"], gzip.compress):
        data = squeeze(GOOD * 3 + b"\n" + line + b"\n" + GOOD)
        found, broken = outcomes(data, bounds=bounds)
        offset, inner = (40, 0) if squeeze is COMPRESSED["plain"] else (0, 40)
        assert broken == [Broken(offset, inner, len(line), reason, line[:200])]
        assert [row.values["t"] for row in found] == ["good"] * 4
        places = [(row.offset, row.inner) for row in found]
        steps = [0, 13, 26, 41 + len(line)]
        assert places == ([(at, 0) for at in steps] if squeeze is COMPRESSED["plain"] else [(0, at) for at in steps])


def test_blank_lines_are_nothing_and_a_last_line_needs_no_line_break():
    found, broken = outcomes(b"\n\r\n  \n" + GOOD + b"\n\n" + GOOD[:-1])
    assert (len(found), broken) == (2, [])
    found, broken = outcomes(GOOD + b'{"t":"cut')
    assert [(item.offset, item.size, item.reason) for item in broken] == [(13, 9, "row is cut: the file ends in it")]
    assert len(found) == 1
    assert outcomes(b"\n\n") == ([], [])
    assert outcomes(gzip.compress(b"")) == ([], [])


def test_rows_without_a_line_break_between_them_are_read_and_noted():
    found, broken = outcomes(b'{"t":"\xc3\xa9"}{"t":"b"} {"t":"c"} rest\n' + GOOD)
    assert [(row.values["t"], row.offset, row.notes) for row in found] == [
        ("é", 0, ()),
        ("b", 10, ("no line break before the row",)),
        ("c", 20, ("no line break before the row",)),
        ("good", 35, ()),
    ]
    assert broken == [Broken(30, 0, 4, "row is not JSON: Expecting value", b"rest")]
    assert [item.reason for item in outcomes(b"2019-04-25\n")[1]] == ["row is not JSON: Extra data"]


@pytest.mark.parametrize("before", [b"", GOOD * 2])
def test_what_stands_behind_a_row_in_its_line_is_broken_wherever_the_line_is(before):
    found, broken = outcomes(before + b'{"t":"a"},\n{"t":"b"}\r\n{"t":"c"} \rd\n' + GOOD)
    assert [row.values["t"] for row in found][-4:] == ["a", "b", "c", "good"]
    assert [(item.offset, item.excerpt) for item in broken] == [(len(before) + 9, b","), (len(before) + 33, b"d")]


def test_of_another_table_only_the_first_rows_are_read():
    stream = io.BytesIO(b'{"other":"x"}\n' * 500_000)
    size = len(stream.getvalue())
    assert len(list(read(Part(stream, "t", "t", size, 0, size), TEXT))) == 1
    assert stream.tell() < size // 2


def test_a_false_magic_in_damage_is_no_member():
    torn = gzip.compress(json_lines(c4_rows(20)))[:900] + b"\xff" * 300  # expands for a while, then not
    data = gzip.compress(GOOD) + b"junk" * 20 + torn + gzip.compress(GOOD)
    found, broken = outcomes(data)
    assert len(found) == 2
    assert [(item.offset, item.size) for item in broken] == [(len(gzip.compress(GOOD)), 80 + len(torn))]


def test_many_rows_in_one_line_take_linear_time(monkeypatch):
    read_over = 0

    def counting(text, at):
        nonlocal read_over
        found = real(text, at)
        read_over += found[1] - at
        return found

    real = rows_json._decode
    monkeypatch.setattr(rows_json, "_decode", counting)
    for count in (1000, 8000):
        read_over = 0
        assert len(outcomes(GOOD[:-1] * count)[0]) == count
        assert read_over <= 2 * len(GOOD) * count


def test_utf16_is_one_broken():
    data = (GOOD * 50).decode().encode("utf-16")
    assert outcomes(data) == ([], [Broken(0, 0, len(data), "UTF-16 text; expected UTF-8", data[:200])])


@pytest.mark.parametrize("cut", [1, 9, 30, 200])
def test_of_a_cut_gzip_the_rows_before_survive(cut):
    rows = c4_rows()
    data = gzip.compress(json_lines(rows))[:-cut]
    found, broken = outcomes(data, C4)
    assert [dict(row.values) for row in found] == rows[: len(found)]
    assert len(found) > len(rows) // 2
    assert [(item.offset, item.reason) for item in broken] == [(0, "gzip member is cut")]
    assert (len(found) < len(rows)) <= broken[0].size <= len(data)
    if len(found) < len(rows):
        start = len(json_lines(rows[: len(found)]))
        assert broken[0].inner == start
        assert json_lines(rows)[start:].startswith(broken[0].excerpt)


@pytest.mark.parametrize("kind", ["gzip", "zstd", "bzip2"])
def test_rows_behind_a_damaged_member_are_read(kind):
    rows = c4_rows(15)
    members = [COMPRESSED[kind](json_lines(rows[at : at + 5])) for at in (0, 5, 10)]
    damaged = bytearray(members[1])
    damaged[5 if kind == "zstd" else len(damaged) // 2] ^= 0xFF
    found, broken = outcomes(members[0] + damaged + members[2], C4)
    kept = [dict(row.values) for row in found]
    assert (kept[:5], kept[-5:]) == (rows[:5], rows[10:])
    assert 10 <= len(kept) <= 15  # of the damaged member, rows that came before its damage showed: a wrong byte may only show at its end
    assert [item.offset for item in broken] == [len(members[0])]
    assert 0 <= broken[0].size <= len(damaged)
    assert "is corrupt" in broken[0].reason


def test_damage_in_members_that_cut_lines_is_one_broken_and_the_torn_line_another():
    rows = c4_rows()
    lines = json_lines(rows)
    data = bytearray(gzip_members(lines))
    begin = data.find(b"\x1f\x8b\x08", len(data) // 2)
    data[begin + 20] ^= 0xFF
    found, broken = outcomes(bytes(data), C4)
    assert [item.reason for item in broken] == ["gzip member is corrupt", "row is not JSON: Extra data"]
    assert broken[0].offset == begin
    assert broken[1].offset == begin + broken[0].size
    kept = [dict(row.values) for row in found]
    assert len(rows) - 2 <= len(kept) < len(rows)
    assert kept == [row for row in rows if row in kept]


def test_a_whole_row_before_damage_is_a_row():
    data = gzip.compress(GOOD + GOOD[:-1]) + b"junk" * 30 + gzip.compress(GOOD)
    found, broken = outcomes(data)
    first = len(gzip.compress(GOOD + GOOD[:-1]))
    assert len(found) == 3
    assert [(item.offset, item.inner, item.size, item.excerpt[:4]) for item in broken] == [(first, 0, 120, b"junk")]


def test_a_name_that_promises_gzip_does_not_make_it_so():
    assert len(outcomes(GOOD, name="table.json.gz")[0]) == 1
    assert outcomes(b"\xff" * 100, name="table.json.gz")[1][0].reason == "bytes that are no gzip member"


def test_an_over_size_row_is_not_held():
    class Endless(io.RawIOBase):
        """Three rows, the middle one of 64 MB."""

        def __init__(self):
            self.rest = [GOOD, b'{"t":"', *[b"x" * (1 << 20)] * 64, b'"}\n', GOOD]

        def read(self, size=-1):
            return self.rest.pop(0) if self.rest and size > 4 else b""

        def seek(self, at, whence=0):
            return at

    class Stream(Endless):
        def read(self, size=-1):
            return b'{"t"' if size == 4 else GOOD if size == 512 else super().read(size)

    tracemalloc.start()
    try:
        found = list(read(Part(Stream(), "t", "t", 1 << 26, 0, 1 << 26), TEXT, Bounds(row_bytes=1 << 21)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [type(item) for item in found] == [Row, Broken, Row]
    assert (found[1].size, found[1].reason, len(found[1].excerpt)) == ((64 << 20) + 8, "row over its bound", 200)
    assert found[2].offset == 13 + (64 << 20) + 9
    assert peak < 16 << 20


def test_a_bomb_ends_at_its_bound():
    data = gzip.compress(GOOD + b" " * (8 << 20)) + gzip.compress(GOOD)
    found, broken = outcomes(data, bounds=Bounds(member_bytes=1 << 20))
    assert len(found) == 2
    assert [item.reason for item in broken] == ["gzip member expands beyond its bound"]


@given(st.data())
def test_ranges_share_the_rows_of_a_plain_file(data):
    texts = data.draw(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=20))
    lines = data.draw(st.sampled_from([b"", b"\n", b"\xef\xbb\xbf"]))
    for text in texts:
        lines += json.dumps({"t": text}, ensure_ascii=data.draw(st.booleans())).encode() + data.draw(
            st.sampled_from([b"\n", b"\r\n", b"\n\n"])
        )
    size = data.draw(st.integers(1, 60))
    whole = list(read(part(lines), TEXT)) if lines else []
    shares = [list(read(part(lines, "t", at, min(at + size, len(lines))), TEXT)) for at in range(0, len(lines), size)]
    assert [row for share in shares for row in share] == whole
    assert [row.values["t"] for row in whole] == texts
    for at, share in zip(range(0, len(lines), size), shares, strict=False):
        assert all(at - 3 <= row.offset < at + size + 3 for row in share)  # a byte order mark or blank lines may come before a row


@pytest.mark.parametrize("piece", [1, 7, 64])
def test_where_pieces_end_changes_nothing(piece, monkeypatch):
    lines = json_lines(c4_rows(6)) + b'\n{"broken\n' + GOOD + b"{"
    whole = list(read(part(lines), C4))
    monkeypatch.setattr("pipeline.members.CHUNK", piece)
    assert list(read(part(lines), C4)) == whole


def test_random_damage_gives_an_outcome_never_an_error():
    chance = random.Random(5)
    whole = gzip_members(json_lines(c4_rows(30)), 5000)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        found = list(read(part(bytes(data[: chance.randrange(1, len(data))])), C4))
        assert all(isinstance(item, Row | Broken) for item in found)
        assert all(0 <= item.size <= 40 * len(data) and len(item.excerpt) <= 200 for item in found if isinstance(item, Broken))


@pytest.mark.parametrize(
    "name", ["c4-en-prefixes-a.jsonl.gz", "mc4.en.jsonl", "mc4.fr.jsonl", "redpajama-c4-refined.jsonl", "cc_en_head-0091.jsonl.gz"]
)
def test_real_files_are_read_as_json_reads_them(name):
    path = SHARED / "c4" / name
    if not path.exists():
        pytest.skip(f"needs {name} of the shared data")
    data = path.read_bytes()
    lines = (gzip.decompress(data) if name.endswith(".gz") else data).split(b"\n")
    expected = [json.loads(line) for line in lines if line.strip()]
    column = next(key for key in ("text", "prefix", "prompt") if key in expected[0])
    found, broken = outcomes(data, (Column(column),))
    assert broken == []
    assert [row.values[column] for row in found] == [row[column] for row in expected]
