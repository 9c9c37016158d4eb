"""Real crawl files, good and odd: what is known of them, and warcio and fastwarc as witnesses."""

import logging
from collections import Counter

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from made_warc import BOUNDS, crawl
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pipeline.warc import Broken, Record, read

REASONS = {
    "bytes that are no gzip member",
    "gzip member is cut",
    "malformed Content-Length",
    "no Content-Length",
    "no WARC record",
    "record is cut",
    "wrong Content-Length",
}


def files():
    return sorted(path for path in crawl().rglob("*") if path.is_file())


def outcome(path, record_end="length"):
    with path.open("rb") as stream:
        found = list(read(stream, path.name, BOUNDS, record_end))
    return [item for item in found if isinstance(item, Record)], [item for item in found if isinstance(item, Broken)]


def by_warcio(path):
    with path.open("rb") as stream:
        return [(each.rec_type.strip(), each.raw_stream.read()) for each in ArchiveIterator(stream, no_record_parse=True)]


def by_fastwarc(path):
    return [(str(each.record_type), each.reader.read() if each.reader else b"") for each in FastIterator(str(path), parse_http=False)]


def test_what_is_known_of_the_wet_files():
    wet = crawl() / "wet"
    records, broken = outcome(wet / "cc-main-2026-12-part1.warc.wet")
    assert (Counter(each.type for each in records), broken) == ({"warcinfo": 1, "conversion": 89}, [])
    assert not any(each.notes for each in records)
    records, broken = outcome(wet / "cc-main-2014-10-slice.warc.wet")
    assert Counter(each.type for each in records) == {"warcinfo": 1, "conversion": 57}
    assert [each.reason for each in broken] == ["wrong Content-Length", "record is cut"]
    records, broken = outcome(wet / "ccnet-sample.warc.txt")
    assert (records, [each.reason for each in broken]) == ([], ["wrong Content-Length"] * 4)
    records, broken = outcome(wet / "ccnet-sample.warc.txt", "line")
    assert (Counter(each.type for each in records), broken) == ({"warcinfo": 1, "conversion": 3}, [])
    assert records[1].content.startswith(b"Famous Mark Twain Quotes\nDon't part with your illusions.")
    assert all(each.content.endswith(b"\n") and b"WARC/1.0" not in each.content for each in records)


def test_every_good_file_is_read_as_by_warcio_and_fastwarc(caplog):
    caplog.set_level(logging.CRITICAL)
    compared = 0
    for path in files():
        records, broken = outcome(path)
        if broken:
            continue
        ours = [(each.type, each.content) for each in records]
        for witness in (by_warcio, by_fastwarc):
            try:
                theirs = witness(path)
            except (ArchiveLoadFailed, OSError):  # wrong gzip layouts and folded headers, which we read
                continue
            assert ours == theirs, path.name
            compared += len(ours)
    assert compared > 2500


def test_a_capture_as_members_and_as_one_piece_gives_the_same_records():
    pairs = [("cc-whirlwind/whirlwind.warc", ".gz"), ("cc-whirlwind/whirlwind.warc.wet", ".gz"), ("warcio-test/example.warc", ".gz")]
    for name, ending in pairs:
        plain, packed = (outcome(crawl() / "warc" / f"{name}{more}") for more in ("", ending))
        assert not plain[1]
        assert not packed[1]
        assert [each.type for each in plain[0]] == [each.type for each in packed[0]]
        if "example" not in name:
            assert [each.content for each in plain[0]] == [each.content for each in packed[0]]


@pytest.mark.parametrize("record_end", ["length", "line"])
def test_no_file_is_too_odd(record_end):
    for path in files():
        records, broken = outcome(path, record_end)
        size = path.stat().st_size
        assert records or broken, path.name
        assert all(each.content is not None and len(each.content) == each.length for each in records)
        assert all(0 <= each.offset <= size and each.inner >= 0 for each in [*records, *broken])
        places = [(each.offset, each.inner) for each in records]
        assert places == sorted(set(places))
        assert all(each.bytes > 0 and len(each.excerpt) <= 200 for each in broken), path.name
        if record_end == "length":
            assert {each.reason for each in broken} <= REASONS, (path.name, broken)
        if ".arc" in path.name or path.name.endswith(".paths.gz"):  # no WARC files: one fault
            assert (len(records), len(broken)) == (0, 1), path.name


def test_the_odd_files_cost_what_is_odd_in_them():
    expected = {
        "jwat-edge/invalid-warcfile-lonely-warcinfo-metadata.warc": (0, ["no Content-Length"] * 2),
        "jwat-edge/invalid-warcfile-fields-invalidformat.warc": (0, ["malformed Content-Length"]),
        "jwat-edge/invalid-warcfile-record-then-garbage.warc": (0, ["wrong Content-Length"]),
        "jwat-edge/valid-warcfile-fields-continuation.warc": (1, []),
        "jwat-edge/valid-warcfile-duplicate-concurrentto.warc": (1, []),
        "jwat-edge/invalid-compression.gz": (0, ["bytes that are no gzip member"]),
        "jwat-edge/sample.txt.gz": (0, ["no WARC record"]),
        "resiliparse/clipped.warc.gz": (0, ["gzip member is cut"]),
        "ia-small_warcs/date_resolution_microsecond.warc.gz": (0, ["record is cut"]),
        "warcio-test/example-trunc.warc": (3, ["wrong Content-Length"]),
        "warcio-test/example-wrong-chunks.warc.gz": (1, ["wrong Content-Length"]),
        "pywb-sample/example-bad.warc.gz.bad": (6, []),
        "vu-ccmain2014-sample.warc.gz": (8, ["wrong Content-Length"] * 3 + ["record is cut"]),
    }
    for name, (count, reasons) in expected.items():
        records, broken = outcome(crawl() / "warc" / name)
        assert (len(records), [each.reason for each in broken]) == (count, reasons), name
