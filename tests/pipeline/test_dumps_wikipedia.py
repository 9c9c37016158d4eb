"""A date and languages become files with their SHA-1, by what the wikis publish of their dumps."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Server

from pipeline.dumps_fetch import DigestMismatch, fetch
from pipeline.dumps_wikipedia import LANGUAGES, wikipedia
from pipeline.files import InputError
from pipeline.transfer import Transfer

DATE = "20250801"
QUICK = Transfer(timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000)
WHOLE = "-pages-articles-multistream.xml.bz2"
INDEX = "-pages-articles-multistream-index.txt.bz2"
SINGLE = "-pages-articles.xml.bz2"
PARTS = [
    f"-pages-articles-multistream{n}.xml-p{first}p{last}.bz2" for n, first, last in ((1, 1, 9), (2, 10, 50), (10, 51, 60), (10, 61, 99))
]
INDEXES = [
    f"-pages-articles-multistream-index{n}.txt-p{first}p{last}.bz2"
    for n, first, last in ((1, 1, 9), (2, 10, 50), (10, 51, 60), (10, 61, 99))
]
MULTISTREAM, PLAIN = "articlesmultistreamdump", "articlesdump"


def content(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest() * 3000


def job(wiki: str, endings: list[str], status: str = "done", date: str = DATE) -> dict[str, Any]:
    names = [f"{wiki}-{date}{ending}" for ending in endings]
    described = {
        name: {
            "size": len(content(name)),
            "url": f"/{wiki}/{date}/{name}",
            "md5": "0" * 32,
            "sha1": hashlib.sha1(content(name)).hexdigest(),
        }
        for name in names
    }
    return {"status": status, "updated": "2025-08-03 01:02:03", "files": described}


def publish(server: Server, wiki: str, jobs: dict[str, Any], date: str = DATE, **faults: Any) -> None:
    """A wiki's dump of a date: its state, its files, and the page that lists its dates."""
    server.put(f"{wiki}/{date}/dumpstatus.json", json.dumps({"version": "0.8", "jobs": jobs}).encode(), **faults)
    for described in jobs.values():
        for name in described.get("files", {}):
            server.put(f"{wiki}/{date}/{name}", content(name))
    dates = {path.split("/")[1] for path in server.files if path.startswith(f"{wiki}/2")}
    links = "".join(f'<a href="{date}/">{date}/</a>  01-Aug-2025 03:04  -\n' for date in [*sorted(dates), "latest"])
    server.put(f"{wiki}/", f'<html><a href="../">../</a>\n{links}</html>'.encode())


def names(server: Server, *arguments: Any, **options: Any) -> list[str]:
    return [file.name for file in wikipedia(*arguments, base=server.url, transfer=QUICK, **options)]


def test_what_a_file_is_said_to_be(server: Server) -> None:
    publish(server, "bgwiki", {PLAIN: job("bgwiki", [SINGLE]), MULTISTREAM: job("bgwiki", [WHOLE, INDEX])})
    [file] = wikipedia(DATE, ["bg"], base=server.url, transfer=QUICK)
    name = f"bgwiki-{DATE}{WHOLE}"
    assert file.path == f"{server.url}bgwiki/{DATE}/{name}"
    assert (file.name, file.size) == (f"bgwiki/{DATE}/{name}", len(content(name)))
    assert file.tag == "sha1:" + hashlib.sha1(content(name)).hexdigest()


def test_parts_come_in_the_order_of_their_pages_and_languages_as_given(server: Server) -> None:
    publish(server, "enwiki", {MULTISTREAM: job("enwiki", [*INDEXES, *reversed(PARTS)])})
    publish(server, "zh_min_nanwiki", {MULTISTREAM: job("zh_min_nanwiki", [WHOLE, INDEX])})
    parts = [f"enwiki/{DATE}/enwiki-{DATE}{ending}" for ending in PARTS]
    other = f"zh_min_nanwiki/{DATE}/zh_min_nanwiki-{DATE}"
    assert names(server, DATE, ["en", "zh-min-nan"]) == [*parts, other + WHOLE]
    assert names(server, DATE, ["en", "en"]) == parts
    assert names(server, DATE, ["zh-min-nan", "en"], 2) == [other + WHOLE, parts[0]]
    paired = [f"enwiki/{DATE}/enwiki-{DATE}{ending}" for pair in zip(PARTS, INDEXES, strict=True) for ending in pair]
    assert names(server, DATE, ["en"], indexes=True) == paired
    assert names(server, DATE, ["en"], 1, indexes=True) == paired[:2]


def test_parts_without_their_pages_come_by_number(server: Server) -> None:
    endings = [f"-pages-articles-multistream{number}.xml.bz2" for number in (1, 2, 10)]
    publish(server, "enwiki", {MULTISTREAM: job("enwiki", sorted(endings))})
    assert names(server, DATE, ["en"]) == [f"enwiki/{DATE}/enwiki-{DATE}{ending}" for ending in endings]


def test_parts_and_their_sum_are_not_both_read(server: Server) -> None:
    publish(server, "enwiki", {MULTISTREAM: job("enwiki", [WHOLE, INDEX, *PARTS, *INDEXES])})
    assert names(server, DATE, ["en"]) == [f"enwiki/{DATE}/enwiki-{DATE}{ending}" for ending in PARTS]


@pytest.mark.parametrize("multistream", [{}, {MULTISTREAM: {"status": "skipped"}}], ids=["absent", "skipped"])
def test_without_a_multistream_job_the_single_one_is_read(server: Server, multistream: dict[str, Any]) -> None:
    publish(server, "bgwiki", {**multistream, PLAIN: job("bgwiki", [SINGLE])})
    assert names(server, DATE, ["bg"], indexes=True) == [f"bgwiki/{DATE}/bgwiki-{DATE}{SINGLE}"]


@pytest.mark.parametrize("status", ["waiting", "in-progress", "failed"])
def test_a_dump_that_is_not_done_is_named_with_the_dates_there_are(server: Server, status: str) -> None:
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])}, "20250720")
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE], status), PLAIN: job("bgwiki", [SINGLE])})
    with pytest.raises(InputError, match=rf"expected {MULTISTREAM} to be done.*found '{status}'; there are 20250720, 20250801"):
        names(server, DATE, ["bg"])


def test_a_date_that_is_not_there_is_named_with_those_that_are(server: Server) -> None:
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])})
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])}, "20250720")
    with pytest.raises(InputError, match=r"bgwiki/20220620/dumpstatus.json: no such dump; there are 20250720, 20250801.*--dump-base"):
        names(server, "20220620", ["bg"])


def test_a_language_that_is_not_there_is_named(server: Server) -> None:
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])})
    with pytest.raises(
        InputError, match=r"engwiki/20250801/.* no such dump; .*names no dates for engwiki. Is 'eng' a Wikipedia.; did you mean en"
    ):
        names(server, DATE, ["bg", "eng"])


def test_latest_is_the_newest_date_that_is_done_in_all_languages(server: Server) -> None:
    for date, bulgarian, danish in (("20250620", "done", "done"), ("20250701", "done", "done"), ("20250720", "done", "waiting")):
        publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE], bulgarian, date)}, date)
        publish(server, "dawiki", {MULTISTREAM: job("dawiki", [WHOLE], danish, date)}, date)
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])})
    server.files.pop("dawiki/20250620/dumpstatus.json")
    assert names(server, "latest", ["bg"]) == [f"bgwiki/{DATE}/bgwiki-{DATE}{WHOLE}"]
    assert names(server, "latest", ["bg", "da"]) == [f"{wiki}/20250701/{wiki}-20250701{WHOLE}" for wiki in ("bgwiki", "dawiki")]
    server.files.pop("dawiki/20250701/dumpstatus.json")
    with pytest.raises(InputError, match=r"no date has a finished dump in bg,da: .*no such dump"):
        names(server, "latest", ["bg", "da"])


def test_latest_needs_a_server_that_lists_its_dates(server: Server) -> None:
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])})
    server.put("bgwiki/", b"<html>no dates here</html>")
    with pytest.raises(InputError, match="bgwiki: expected a page that lists the dates of dumps, found none; give a date"):
        names(server, "latest", ["bg"])
    with pytest.raises(InputError, match=r"the dates of dumps cannot be listed: .*xxwiki/.*404"):
        names(server, "latest", ["xx"])
    publish(server, "dawiki", {MULTISTREAM: job("dawiki", [WHOLE], date="20250720")}, "20250720")
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])})
    with pytest.raises(InputError, match="no date has a finished dump in bg,da: the wikis have no date in common"):
        names(server, "latest", ["bg", "da"])


def test_a_folder_that_mirrors_the_server(tmp_path: Path) -> None:
    for date in (DATE, "20250720"):
        (tmp_path / "bgwiki" / date).mkdir(parents=True)
    (tmp_path / "bgwiki" / DATE / "dumpstatus.json").write_text(json.dumps({"jobs": {MULTISTREAM: job("bgwiki", [WHOLE])}}))
    for date in (DATE, "latest"):
        [file] = wikipedia(date, ["bg"], base=str(tmp_path))
        assert file.path == str(tmp_path / "bgwiki" / DATE / f"bgwiki-{DATE}{WHOLE}")
    with pytest.raises(InputError, match="no such dump; there are 20250720, 20250801"):
        wikipedia("20250101", ["bg"], base=str(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha1": None}, "expected size and sha1 of bgwiki-20250801-pages"),
        ({"sha1": "0" * 39}, "expected size and sha1 of"),
        ({"size": "large"}, "expected size and sha1 of"),
    ],
    ids=["no sha1", "short sha1", "no size"],
)
def test_a_file_that_cannot_be_checked_is_not_read(server: Server, change: dict[str, Any], message: str) -> None:
    made = job("bgwiki", [WHOLE])
    made["files"][f"bgwiki-{DATE}{WHOLE}"].update(change)
    publish(server, "bgwiki", {MULTISTREAM: made})
    with pytest.raises(InputError, match=message):
        names(server, DATE, ["bg"])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (b"<html>", "expected the state of a dump, JSON with 'jobs'"),
        (b'{"jobs": 1}', "expected the state of a dump"),
        (b"[]", "expected the state of a dump"),
        (b"[" * 200_000, "expected the state of a dump"),
        (b'{"jobs": {}}', "expected a job articlesmultistreamdump or articlesdump, found none"),
        (b'{"jobs": {"articlesmultistreamdump": {"status": "done"}}}', "to be done, with files, found 'done'"),
        (
            b'{"jobs": {"articlesmultistreamdump": {"status": "done", "files": {}}}}',
            "expected files named bgwiki-20250801-pages.*found none",
        ),
        (b'{"jobs": {"articlesmultistreamdump": {"status": "done", "files": {"../x.bz2": {}}}}}', r"found \.\./x\.bz2"),
    ],
)
def test_a_state_that_will_not_do_is_named(server: Server, state: bytes, message: str) -> None:
    server.put(f"bgwiki/{DATE}/dumpstatus.json", state)
    with pytest.raises(InputError, match=message):
        names(server, DATE, ["bg"])


@pytest.mark.parametrize("date", ["", "2025", "20251301", "20250732", "2025-08-01", "newest", "20250801/..", "19990101"])
def test_what_is_no_date_is_named(date: str) -> None:
    with pytest.raises(InputError, match="expected the date of a dump, YYYYMMDD"):
        wikipedia(date, ["en"])


@pytest.mark.parametrize("languages", [[], ["EN"], ["../en"], ["en", ""], ["en wiki"]])
def test_what_is_no_language_is_named(languages: list[str]) -> None:
    with pytest.raises(InputError, match="expected languages by their codes"):
        wikipedia(DATE, languages)


@pytest.mark.parametrize(("files", "message"), [(2, "expected 2 files, it names 1"), (0, "at least 1 file")])
def test_more_files_than_there_are(server: Server, files: int, message: str) -> None:
    publish(server, "bgwiki", {MULTISTREAM: job("bgwiki", [WHOLE])})
    with pytest.raises(InputError, match=message):
        names(server, DATE, ["bg"], files)


FAULTS = {"a stall": {"stall_at": 100, "stall_seconds": 2, "stalls": 1}, "a 503": {"refusals": 2}, "a cut": {"cuts": 1, "cut_after": 150}}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_faulty_server_gives_the_same_listing_and_the_same_files(server: Server, tmp_path: Path, faults: dict[str, Any]) -> None:
    publish(server, "enwiki", {MULTISTREAM: job("enwiki", PARTS)}, **faults)
    listed = wikipedia(DATE, ["en"], base=server.url, transfer=QUICK)
    server.put(listed[1].name, content(listed[1].name.split("/")[-1]), **faults)
    got = fetch(listed, str(tmp_path), QUICK)
    assert [Path(file.path).read_bytes() for file in got] == [content(file.name.split("/")[-1]) for file in got]
    assert [(file.name, file.tag, file.size) for file in got] == [(file.name, file.tag, file.size) for file in listed]
    server.put(listed[2].name, b"another file")
    with pytest.raises(DigestMismatch, match=f"{DATE}/enwiki.*multistream10.*expected {listed[2].tag}"):
        fetch(listed, str(tmp_path / "anew"), QUICK)


def test_the_papers_languages() -> None:
    assert len(set(LANGUAGES)) == 20
