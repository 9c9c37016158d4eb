"""The samples' files: sound by other readers than ours, the same bytes each time, and left alone where they stand."""

import bz2
import gzip
import io
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import py7zr
import pytest
from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]

from pipeline.samples import (
    book_packing,
    c4_files,
    joined_files,
    paper_packing,
    post_packing,
    repository_files,
    stored_files,
    table_files,
    wikipedia_files,
)
from pipeline.samples.case_files import read

Packer = Callable[[Path], list[Path]]


def pack_crawl(folder: Path) -> list[Path]:
    paths, bad_words = c4_files.pack_crawl(folder)
    return [*paths, bad_words]


PACKERS: dict[str, Packer] = {
    "c4 released": c4_files.pack_released,
    "c4 broken": c4_files.pack_broken,
    "c4 crawl": pack_crawl,
    "github repositories": repository_files.pack,
    "github joined": joined_files.pack,
    "github tables": table_files.pack_tables,
    "wikipedia": wikipedia_files.pack,
    "books": book_packing.pack,
    "books broken": book_packing.pack_broken,
    "stackexchange": post_packing.pack,
    "stackexchange broken": post_packing.pack_broken,
    "arxiv": paper_packing.pack,
    "arxiv broken": paper_packing.pack_broken,
    "arxiv folder": paper_packing.pack_folder,
}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_two_packs_are_equal_and_a_second_one_leaves_files(pack: Packer, tmp_path: Path) -> None:
    paths = pack(tmp_path / "first")
    again = pack(tmp_path / "deeper" / "second")
    assert [(path.name, path.read_bytes()) for path in again] == [(path.name, path.read_bytes()) for path in paths]
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths]
    content = paths[0].read_bytes()
    assert pack(tmp_path / "first") == paths
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths] == before
    assert {time for _, time in before} == {stored_files.FILE_TIME * 10**9}
    paths[0].write_bytes(content[:-9])
    pack(tmp_path / "first")
    assert paths[0].read_bytes() == content
    assert sorted(path for path in (tmp_path / "first").rglob("*") if path.is_file()) == sorted(paths)


def test_wet_files_parse_and_their_digests_verify(tmp_path: Path) -> None:
    paths, _ = c4_files.pack_crawl(tmp_path)
    pages: dict[str, bytes] = {}
    for path in paths:
        with path.open("rb") as stream:
            for number, record in enumerate(ArchiveIterator(stream, check_digests="raise")):
                assert (record.rec_type == "warcinfo") == (number == 0)
                pages[record.rec_headers.get_header("WARC-Record-ID")] = record.raw_stream.read()
    assert len(pages) == len(read(c4_files.CRAWL)) + len(paths)
    for case in read(c4_files.CRAWL):
        assert pages[f"<urn:uuid:{c4_files.record_id(case.name)}>"] == case.section("page") + b"\n"


def test_rows_of_bigquery_have_integers_as_text_no_nulls_and_escapes(tmp_path: Path) -> None:
    (path,) = joined_files.pack(tmp_path)
    written = gzip.decompress(path.read_bytes())
    assert not set(b"<>&") & set(written)
    for row in map(json.loads, written.splitlines()):
        assert row["size"].isdigit()
        assert row["mode"].isdigit()
        assert type(row["binary"]) is bool
        assert None not in row.values()
        assert ("content" in row) == (row["mode"] in ("33188", "33261") and not row["binary"] and row["path"] != "data/huge.csv")


def test_a_blob_s_id_is_git_s() -> None:
    assert joined_files.blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # the empty blob, which every git repository knows


def test_tars_hold_every_kind_of_entry(tmp_path: Path) -> None:
    kinds = set()
    for path in repository_files.pack(tmp_path):
        with tarfile.open(path) as archive:
            kinds |= {entry.type for entry in archive}
    assert kinds == set(repository_files.KINDS.values())


def test_the_index_says_where_each_page_s_stream_begins(tmp_path: Path) -> None:
    dump, index = (path for path in wikipedia_files.pack(tmp_path) if "multistream" in path.name)
    stored, rows = dump.read_bytes(), bz2.decompress(index.read_bytes()).decode().splitlines()
    assert len(rows) == len(wikipedia_files.WIKIS[0].cases)
    for row in rows:
        offset, identifier, title = row.split(":", 2)
        stream = bz2.BZ2Decompressor().decompress(stored[int(offset) :]).decode()
        assert stream.startswith("  <page>\n")
        assert f"<title>{title}</title>\n    <ns>" in stream
        assert f"    <id>{identifier}</id>\n" in stream
    assert len({row.split(":")[0] for row in rows}) > 3


def test_the_bulk_archive_holds_what_arxiv_s_hold(tmp_path: Path) -> None:
    bulk, *others = paper_packing.pack(tmp_path)
    kinds = Counter[str]()
    with tarfile.open(bulk) as archive:
        for entry in archive:
            packed = archive.extractfile(entry) if entry.isreg() and entry.name.endswith(".gz") else None
            if packed is None:
                kinds["other"] += 1
            elif entry.name != "2306/2306.00308.gz":  # it is cut
                kinds["tar" if tarfile.is_tarfile(io.BytesIO(gzip.decompress(packed.read()))) else "file"] += 1
    assert min(kinds[kind] for kind in ("tar", "file", "other")) > 2
    assert {path.suffix for path in others} == {".gz", ".zip", ".Z"}
    zips = [path for path in others if path.suffix == ".zip"]
    assert [zipfile.ZipFile(path).testzip() for path in zips] == [None]


def test_books_are_sound_by_other_readers(tmp_path: Path) -> None:
    paths = {str(path.relative_to(tmp_path)): path for path in book_packing.pack(tmp_path)}
    cases = read(book_packing.COLLECTIONS)
    for file in ("books3.tar.gz", "gutenberg/310-0.zip", "pg19/test.jsonl"):
        held = [case for case in cases if case.value("in") == file]
        if file.endswith(".jsonl"):
            rows = list(map(json.loads, paths[file].read_text().splitlines()))
            assert [(row["url"], row["text"]) for row in rows] == [(case.name, book_packing.book(case) + "\n") for case in held]
        elif file.endswith(".zip"):
            with zipfile.ZipFile(paths[file]) as zipped:
                assert zipped.testzip() is None
                assert {name: zipped.read(name) for name in zipped.namelist()} == {case.name: book_packing.content(case) for case in held}
        else:
            with tarfile.open(paths[file]) as archive:
                entries = {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isreg()}  # type: ignore[union-attr]
                assert {entry.type for entry in archive} == set(repository_files.KINDS.values())
            regular = [case for case in held if "type" not in case.values]
            assert entries == {case.name: book_packing.content(case) for case in regular}
            assert len(regular) < len(held)


def test_dumps_of_sites_parse_and_have_the_posts_in_order(tmp_path: Path) -> None:
    post_packing.pack(tmp_path)
    for dump in post_packing.DUMPS:
        stored = (tmp_path / dump.name).read_bytes()
        if dump.name.endswith(".7z"):
            with py7zr.SevenZipFile(tmp_path / dump.name) as archive:
                assert sorted(archive.getnames()) == sorted(["Posts.xml", *(f"{name}.xml" for name in post_packing.TABLES)])
                archive.extractall(tmp_path / "extracted")
            stored = (tmp_path / "extracted" / "Posts.xml").read_bytes()
        data = gzip.decompress(stored) if dump.name.endswith(".gz") else bz2.decompress(stored) if dump.name.endswith(".bz2") else stored
        text = data.decode("utf-8-sig", "replace").replace("\f", "")  # one post has invalid bytes, and a character that XML does not allow
        rows = ElementTree.fromstring(text)
        assert [row.get("Id") for row in rows] == [case.value("id") for case in dump.cases]
        for row, case in zip(rows, dump.cases, strict=True):
            assert row.get("Body") == case.section("body").decode("utf-8", "replace").replace("\f", "") + "\n"
            assert (row.get("Title") is not None) == (case.fate().word in ("kept", "dropped") and case.values.get("title") != "none")
