"""A dump's name becomes the addresses of its files."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_server import serving
from shared_data import SHARED

from pipeline.dumps import commoncrawl
from pipeline.files import InputError
from pipeline.transfer import Transfer

REAL = SHARED / "commoncrawl/wet/wet.paths.gz"
DUMP = "CC-MAIN-2025-33"
PATHS = [f"crawl-data/{DUMP}/segments/17541512795{n}/wet/CC-MAIN-{n:05d}.warc.wet.gz" for n in (3, 1, 2)]

Mirror = Callable[[bytes], str]


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    """Puts a listing where the dump has it, below a base folder."""

    def put(listing: bytes) -> str:
        folder = tmp_path / "crawl-data" / DUMP
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "wet.paths.gz").write_bytes(listing)
        return str(tmp_path)

    return put


def listing(lines: list[str]) -> bytes:
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def test_the_first_files_in_the_order_of_the_listing(mirror: Mirror) -> None:
    base = mirror(listing(PATHS))
    assert commoncrawl(DUMP, 2, base=base) == [f"{base}/{path}" for path in PATHS[:2]]
    assert commoncrawl(DUMP, base=base + "/") == [f"{base}/{path}" for path in PATHS]


def test_from_a_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as server:
        server.put(f"crawl-data/{DUMP}/warc.paths.gz", listing(PATHS), cuts=1, cut_after=20)
        assert commoncrawl(DUMP, 1, "warc", server.url, Transfer(first_wait_seconds=0.001)) == [server.url + PATHS[0]]
        with pytest.raises(InputError, match="no such listing"):
            commoncrawl("CC-MAIN-2025-34", 1, "warc", server.url)


@pytest.mark.parametrize("name", ["", "2025-33", "CC-MAIN-2025-00", "CC-MAIN-2025-54", "CC-MAIN-2025-3", "CC-MAIN-2025-33/.."])
def test_what_is_no_dump_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected the name of a dump, CC-MAIN-YEAR-WEEK"):
        commoncrawl(name, 1, base=str(tmp_path))


@pytest.mark.parametrize(
    ("stored", "files", "message"),
    [
        (listing(PATHS), 4, "expected 4 wet files, the listing names 3"),
        (listing(PATHS), 0, "at least 1 file"),
        (listing([]), None, "expected some wet files, the listing names 0"),
        (b"<html>", 1, "expected a gzipped list"),
        (listing(PATHS)[:-20], None, "expected a gzipped list"),
        (listing(["/etc/passwd"]), 1, "begin with crawl-data/, found '/etc/passwd'"),
        (listing(["crawl-data/../../x"]), 1, "begin with crawl-data/"),
        (gzip.compress(b"crawl-data/\xff\n", mtime=0), 1, "expected a gzipped list"),
    ],
    ids=["too few", "none asked for", "empty", "no gzip", "cut", "absolute", "out of the base", "not text"],
)
def test_a_listing_that_will_not_do_is_named(mirror: Mirror, stored: bytes, files: int | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        commoncrawl(DUMP, files, base=mirror(stored))


def test_a_dump_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such listing"):
        commoncrawl(DUMP, 1, base=str(tmp_path))


@pytest.mark.skipif(not REAL.exists(), reason="shared data is absent: no real listing of a dump")
def test_a_real_listing(mirror: Mirror) -> None:
    base = mirror(REAL.read_bytes())
    paths = commoncrawl(DUMP, base=base)
    assert len(paths) == len(set(paths)) == 100_000
    assert commoncrawl(DUMP, 7, base=base) == paths[:7]
    assert all(path.startswith(f"{base}/crawl-data/{DUMP}/segments/") and path.endswith(".warc.wet.gz") for path in paths)
