"""An item of archive.org becomes archives with their SHA-1, by its listing."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from faulty_server import FOR_EVER, Served, Server

from pipeline import dumps_fetch
from pipeline.dumps import listing
from pipeline.dumps_fetch import DigestMismatch, fetch
from pipeline.dumps_stackexchange import stackexchange
from pipeline.files import InputError, Listed
from pipeline.transfer import SourceUnavailable, Transfer

QUICK = Transfer(timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000)
ITEM = "stackexchange"
DATED = "stackexchange_20240630"
SITES = ["ai.stackexchange.com", "math.meta.stackexchange.com", "math.stackexchange.com", "ru.stackoverflow.com"]
TABLES = ["Badges", "Comments", "PostHistory", "PostLinks", "Posts", "Tags", "Users", "Votes"]
NAMES = [f"{site}.7z" for site in SITES] + [f"stackoverflow.com-{table}.7z" for table in TABLES]
OTHERS = ["Sites.xml", "license.txt", "stackexchange_archive.torrent", "stackexchange_files.xml", "stackexchange_meta.sqlite"]


@dataclass(frozen=True)
class Config:
    sites: tuple[str, ...] | None = None


def content(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest() * 3000


def entry(name: str, **changes: str) -> str:
    described = {
        "mtime": "1719999999",
        "size": str(len(content(name))),
        "md5": hashlib.md5(content(name), usedforsecurity=False).hexdigest(),
        "crc32": "00000000",
        "sha1": hashlib.sha1(content(name)).hexdigest(),
        "format": "7z",
        **changes,
    }
    children = "".join(f"    <{tag}>{text}</{tag}>\n" for tag, text in described.items())
    return f'  <file name="{name}" source="original">\n{children}  </file>\n'


def files_xml(*entries: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<files>\n' + "".join(entries) + "</files>\n").encode()


def publish(server: Server, names: list[str], item: str = ITEM, **faults: Any) -> None:
    """The listing, and the archives behind a redirect to the machine that holds them, as archive.org has them."""
    server.put(f"{item}/{item}_files.xml", files_xml(*map(entry, names)), **faults)
    for name in set(names) - set(OTHERS):
        server.put(f"{item}/{name}", b"", redirect=f"{server.url}29/items/{item}/{name}")
        server.put(f"29/items/{item}/{name}", content(name))


def names_of(server: Server, **options: Any) -> list[str]:
    return [file.name for file in stackexchange(base=server.url, transfer=QUICK, **options)]


def test_what_an_archive_is_said_to_be(server: Server) -> None:
    publish(server, [*NAMES, *OTHERS])
    file = stackexchange(base=server.url, transfer=QUICK)[2]
    name = "math.stackexchange.com.7z"
    tag = "sha1:" + hashlib.sha1(content(name)).hexdigest()
    assert file == Listed(f"{server.url}{ITEM}/{name}", len(content(name)), tag, f"{ITEM}/{name}")


def test_the_archives_that_hold_posts(server: Server) -> None:
    publish(server, [*OTHERS, *NAMES])
    wanted = [*(f"{ITEM}/{site}.7z" for site in SITES), f"{ITEM}/stackoverflow.com-Posts.7z"]
    assert names_of(server) == wanted
    assert names_of(server, files=2) == wanted[:2]
    assert names_of(server, sites=("stackoverflow.com", "ai.stackexchange.com")) == [wanted[0], wanted[-1]]
    assert names_of(server, sites=("stackoverflow.com", "ai.stackexchange.com"), files=1) == wanted[:1]
    with pytest.raises(InputError, match="expected 6 files, it names 5"):
        names_of(server, files=6)
    publish(server, [*NAMES, "stackoverflow.com.7z"])
    assert names_of(server, sites=("stackoverflow.com",)) == wanted[-1:]


def test_an_item_with_a_date_and_its_archives_in_a_folder(server: Server) -> None:
    publish(server, [f"{DATED}/{name}" for name in ("ai.stackexchange.com.7z", "stackoverflow.com.7z")], DATED)
    listed = listing("stackexchange", DATED, None, server.url, Config(("stackoverflow.com",)), QUICK)
    assert [(file.path, file.name) for file in listed] == [
        (f"{server.url}{DATED}/{DATED}/stackoverflow.com.7z", f"{DATED}/{DATED}/stackoverflow.com.7z")
    ]


def test_sites_are_the_configurations(server: Server) -> None:
    publish(server, NAMES)
    assert len(listing("stackexchange", ITEM, None, server.url, Config(), QUICK)) == 5
    assert [file.name for file in listing("stackexchange", ITEM, None, server.url, Config((SITES[2],)), QUICK)] == [f"{ITEM}/{SITES[2]}.7z"]
    with pytest.raises(
        InputError, match=r"an archive of maths.stackexchange.com, found those of 5 other sites; did you mean math.stackexchange.com"
    ):
        listing("stackexchange", ITEM, None, server.url, Config(("maths.stackexchange.com",)), QUICK)


@pytest.mark.parametrize(
    "item", ["", "stackoverflow", "stackexchange/..", "stackexchange_2024", "Stackexchange", "stackexchange_20240630/x"]
)
def test_what_is_no_item_is_named(item: str) -> None:
    with pytest.raises(InputError, match=r"expected an item of archive.org with the dump, stackexchange or with a date"):
        stackexchange(item)


def test_an_item_that_is_not_there_is_named(server: Server) -> None:
    with pytest.raises(InputError, match=r"stackexchange_20240402_bis_files.xml: no such listing; the pages https://archive.org/details/"):
        names_of(server, item="stackexchange_20240402_bis")
    server.put(f"{ITEM}/{ITEM}_files.xml", b"", status=403, refusals=1)
    with pytest.raises(InputError, match=r"stackexchange_files.xml: cannot be read: .*HTTP 403"):
        names_of(server)


def test_a_folder_that_mirrors_an_item(tmp_path: Path) -> None:
    (tmp_path / ITEM).mkdir()
    (tmp_path / ITEM / f"{ITEM}_files.xml").write_bytes(files_xml(*map(entry, NAMES)))
    with pytest.raises(
        InputError, match=r"expected 5 archives beside it, 5 are missing, the first is .*ai.stackexchange.com.7z: get them from"
    ):
        listing("stackexchange", ITEM, None, str(tmp_path), Config())
    (tmp_path / ITEM / f"{SITES[0]}.7z").write_bytes(content(f"{SITES[0]}.7z"))
    [file] = listed = listing("stackexchange", ITEM, None, str(tmp_path), Config((SITES[0],)))
    assert file.path == str(tmp_path / ITEM / f"{SITES[0]}.7z")
    assert fetch(listed, str(tmp_path / "dumps")) == listed
    (tmp_path / ITEM / f"{SITES[0]}.7z").write_bytes(b"cut")
    with pytest.raises(InputError, match=r"ai.stackexchange.com.7z: expected 96,000 bytes by its listing, found 3"):
        listing("stackexchange", ITEM, None, str(tmp_path), Config((SITES[0],)))


BOMB = b"<!DOCTYPE files [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><files><file name='&b;'/></files>"
WILL_NOT_DO = {
    "a page": (b"<!DOCTYPE html><html/>", "found a document type 'html', whose entities are not read"),
    "an entity bomb": (BOMB, "found a document type 'files'"),
    "an entity that is not declared": (b"<files><file name='&b;'/></files>", "found undefined entity in line 1"),
    "cut": (files_xml(*map(entry, NAMES))[:-20], r"found no element found in line \d+ of"),
    "no archives": (files_xml(*map(entry, OTHERS)), "expected archives SITE.7z, found none among 5 files"),
    "no archives with posts": (files_xml(entry("stackoverflow.com-Users.7z")), "found none among 1 files"),
    "out of the item": (files_xml(entry("../x.7z")), r"expected archives named SITE.7z below the item, found '\.\./x\.7z'"),
    "out of its folder": (files_xml(entry("a/../../x.7z")), "below the item"),
    "absolute": (files_xml(entry("/tmp/x.7z")), "below the item, found '/tmp/x.7z'"),
    "a fragment": (files_xml(entry("a#b.7z")), "below the item"),
    "twice": (files_xml(entry("a.7z"), entry("b.7z"), entry("x/a.7z")), "expected one archive of a, found a.7z and x/a.7z"),
    "no sha1": (files_xml(entry("a.7z").replace("sha1", "sha")), "expected size and sha1 of stackexchange/a.7z, found {'name'"),
    "a wrong sha1": (files_xml(entry("a.7z", sha1="x" * 40)), "expected size and sha1 of"),
    "no size": (files_xml(entry("a.7z", size="")), "expected size and sha1 of"),
}


@pytest.mark.parametrize(("stored", "message"), WILL_NOT_DO.values(), ids=WILL_NOT_DO)
def test_a_listing_that_will_not_do_is_named(server: Server, stored: bytes, message: str) -> None:
    server.put(f"{ITEM}/{ITEM}_files.xml", stored)
    with pytest.raises(InputError, match=message):
        names_of(server)


FAULTS = {
    "a stall": {"stall_at": 100, "stall_seconds": 2, "stalls": 1},
    "a 503": {"refusals": 2, "retry_after": "0"},
    "a cut": {"cuts": 1, "cut_after": 150},
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_faulty_server_gives_the_same_listing_and_the_same_files(server: Server, tmp_path: Path, faults: dict[str, Any]) -> None:
    publish(server, NAMES, **faults)
    listed = listing("stackexchange", ITEM, 3, server.url, Config(), QUICK)
    server.put(f"29/items/{ITEM}/{NAMES[1]}", content(NAMES[1]), **faults)
    got = fetch(listed, str(tmp_path), QUICK)
    assert [Path(file.path).read_bytes() for file in got] == [content(name) for name in NAMES[:3]]
    assert [(file.name, file.tag, file.size) for file in got] == [(file.name, file.tag, file.size) for file in listed]
    server.put(f"29/items/{ITEM}/{NAMES[2]}", content(NAMES[1]))
    with pytest.raises(DigestMismatch, match=rf"{NAMES[2]}: expected {listed[2].tag} .*nothing of it was kept"):
        fetch(listed, str(tmp_path / "anew"), QUICK)


def test_a_server_is_left_in_peace_as_long_as_it_asks(server: Server, tmp_path: Path) -> None:
    publish(server, NAMES)
    listed = listing("stackexchange", ITEM, 1, server.url, Config(), QUICK)
    server.put(f"29/items/{ITEM}/{NAMES[0]}", content(NAMES[0]), refusals=1, retry_after="1")
    before = time.monotonic()
    fetch(listed, str(tmp_path), QUICK)
    assert time.monotonic() - before >= 1


def test_a_download_that_broke_is_continued_by_the_next_run(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps_fetch, "CHUNK", 4096)
    publish(server, NAMES)
    listed = listing("stackexchange", ITEM, 1, server.url, Config(), QUICK)
    where = f"29/items/{ITEM}/{NAMES[0]}"
    impatient = Transfer(timeout_seconds=0.2, attempts=2, first_wait_seconds=0.001, buffer_bytes=4096)
    server.put(where, content(NAMES[0]), cuts=1, cut_after=60_000, then=Served(b"", refusals=FOR_EVER))
    with pytest.raises(SourceUnavailable, match="HTTP 503"):
        fetch(listed, str(tmp_path), impatient)
    [partial] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert content(NAMES[0]).startswith(partial.read_bytes())
    server.put(where, content(NAMES[0]))
    server.requests.clear()
    reached = partial.stat().st_size
    [got] = fetch(listed, str(tmp_path), QUICK)
    assert Path(got.path).read_bytes() == content(NAMES[0])
    assert reached > 0
    assert server.ranges()[-1] == f"bytes={reached}-"
