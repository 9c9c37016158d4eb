"""Months of arXiv become archives with their MD5, by its manifest."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Server

from pipeline import dumps_list
from pipeline.dumps import listing
from pipeline.dumps_arxiv import arxiv
from pipeline.dumps_fetch import DigestMismatch, fetch
from pipeline.files import InputError, Listed
from pipeline.transfer import Transfer

QUICK = Transfer(timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000)
MANIFEST = "src/arXiv_src_manifest.xml"
OLDEST_LAST = ["0001_001", "2212_001", "2301_001", "2301_002", "2302_001", "2306_001", "9108_001", "9912_001"]
"""As arXiv's manifest has them: sorted as text."""


def name(archive: str) -> str:
    return f"src/arXiv_src_{archive}.tar"


def content(archive: str) -> bytes:
    return hashlib.sha256(archive.encode()).digest() * 3000


def entry(archive: str, **changes: str) -> str:
    yymm, number = archive.split("_")
    described = {
        "content_md5sum": "0" * 32,
        "filename": name(archive),
        "first_item": f"{yymm}.00001",
        "last_item": f"{yymm}.00099",
        "md5sum": hashlib.md5(content(archive), usedforsecurity=False).hexdigest(),
        "num_items": "99",
        "seq_num": str(int(number)),
        "size": str(len(content(archive))),
        "timestamp": "2023-07-04 10:00:00",
        "yymm": yymm,
        **changes,
    }
    return "<file>\n" + "".join(f"  <{tag}>{text}</{tag}>\n" for tag, text in described.items()) + "</file>\n"


def manifest(*entries: str) -> bytes:
    whole = "<?xml version='1.0' standalone='yes'?>\n<arXivSRC>\n" + "".join(entries)
    return (whole + "<timestamp>Mon Jul  3 04:10:12 2023</timestamp>\n</arXivSRC>\n").encode()


def publish(server: Server, archives: list[str], **faults: Any) -> None:
    server.put(MANIFEST, manifest(*map(entry, archives)), **faults)
    for archive in archives:
        server.put(name(archive), content(archive))


def mirror(folder: Path, archives: list[str], there: list[str]) -> str:
    (folder / "src").mkdir(parents=True)
    (folder / MANIFEST).write_bytes(manifest(*map(entry, archives)))
    for archive in there:
        (folder / name(archive)).write_bytes(content(archive))
    return str(folder)


def archives_of(server: Server, dump: str, files: int | None = None) -> list[str]:
    return [re.sub(r"src/arXiv_src_|\.tar", "", file.name) for file in arxiv(dump, files, base=server.url, transfer=QUICK)]


def test_what_an_archive_is_said_to_be(server: Server) -> None:
    publish(server, OLDEST_LAST)
    [file] = arxiv("2306", base=server.url, transfer=QUICK)
    digest = hashlib.md5(content("2306_001"), usedforsecurity=False).hexdigest()
    assert file == Listed(server.url + name("2306_001"), len(content("2306_001")), f"md5:{digest}", name("2306_001"))


def test_months_ranges_and_all_in_the_order_of_time(server: Server) -> None:
    publish(server, OLDEST_LAST)
    in_time = ["9108_001", "9912_001", "0001_001", "2212_001", "2301_001", "2301_002", "2302_001", "2306_001"]
    assert archives_of(server, "all") == in_time
    assert archives_of(server, "all", 3) == in_time[:3]
    assert archives_of(server, "2301") == ["2301_001", "2301_002"]
    assert archives_of(server, "2212-2302") == in_time[3:7]
    assert archives_of(server, "9912-0001") == ["9912_001", "0001_001"]
    assert [file.name for file in listing("arxiv", "all", 2, server.url, transfer=QUICK)] == [name("9108_001"), name("9912_001")]


def test_months_without_archives_are_named_with_those_there_are(server: Server) -> None:
    publish(server, OLDEST_LAST)
    with pytest.raises(InputError, match="expected archives of 2303-2305, found none: it names those from 9108 to 2306"):
        archives_of(server, "2303-2305")
    with pytest.raises(InputError, match="of 2301: expected 3 files, it names 2"):
        archives_of(server, "2301", 3)


@pytest.mark.parametrize("dump", ["", "2300", "2313", "23", "202301", "2301-", "2301..2306", "All", "2301-2313", "../2301", "²301"])
def test_what_is_no_month_is_named(dump: str) -> None:
    with pytest.raises(InputError, match=r"expected a month, YYMM such as 2306, a range of months such as 2301-2306, or all"):
        arxiv(dump, base="nowhere")


def test_a_range_backwards_is_named() -> None:
    with pytest.raises(InputError, match="expected the earlier month first, such as 2301-2306"):
        arxiv("2306-2301", base="nowhere")


@pytest.mark.parametrize("base", [None, "s3://arxiv/", "s3://arxiv"])
def test_the_bucket_that_asks_for_payment_is_named_with_the_commands(base: str | None) -> None:
    with pytest.raises(InputError) as error:
        listing("arxiv", "2211-2402", None, base)
    included = "".join(f" --include 'arXiv_src_{months}_*.tar'" for months in ("2211", "2212", "23??", "2401", "2402"))
    assert str(error.value).splitlines()[1:] == [
        "  aws s3 cp --request-payer requester s3://arxiv/src/arXiv_src_manifest.xml arxiv/src/",
        f"  aws s3 sync --request-payer requester s3://arxiv/src/ arxiv/src/ --exclude '*'{included}",
        "then --dump=2211-2402 --dump-base=arxiv",
    ]
    with pytest.raises(InputError, match=r"--exclude '\*' --include 'arXiv_src_\*\.tar'\nthen --dump=all"):
        arxiv("all")


def test_a_folder_that_mirrors_the_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = mirror(tmp_path / "the mirror", OLDEST_LAST, ["2301_001", "2301_002", "2302_001"])
    monkeypatch.chdir(tmp_path)
    for given in (base, "the mirror"):
        listed = listing("arxiv", "2301-2302", None, given)
        assert [file.path for file in listed] == [f"{base}/{name(archive)}" for archive in ("2301_001", "2301_002", "2302_001")]
        assert fetch(listed, str(tmp_path / "dumps")) == listed
    (tmp_path / "the mirror" / name("2302_001")).write_bytes(content("2301_001"))
    with pytest.raises(DigestMismatch, match=r"2302_001\.tar: expected md5:.*get it again"):
        fetch(listed, str(tmp_path / "dumps"))


def test_archives_that_are_missing_in_a_folder_are_named_with_the_command(tmp_path: Path) -> None:
    base = mirror(tmp_path / "the mirror", OLDEST_LAST, ["2301_001"])
    with pytest.raises(
        InputError, match=r"expected 3 archives beside it, 2 are missing \(192,000 bytes\), the first is .*2301_002"
    ) as error:
        arxiv("2301-2302", base=base)
    assert str(error.value).splitlines()[1:] == [
        f"  aws s3 sync --request-payer requester s3://arxiv/src/ '{base}/src/' --exclude '*'"
        " --include 'arXiv_src_2301_002.tar' --include 'arXiv_src_2302_001.tar'"
    ]
    many = mirror(tmp_path / "many", [f"2301_{number:03d}" for number in range(1, 41)], [])
    with pytest.raises(InputError, match=r"40 are missing .*\n.*--exclude '\*' --include 'arXiv_src_2301_\*.tar'$"):
        arxiv("2301", base=many)
    with pytest.raises(InputError, match=rf"no such manifest.*\n  aws s3 cp .*manifest.xml {tmp_path}/none/src/\n"):
        arxiv("2301", base=str(tmp_path / "none"))


def test_an_archive_of_another_size_is_named(tmp_path: Path) -> None:
    base = mirror(tmp_path / "mirror", ["2301_001"], ["2301_001"])
    (tmp_path / "mirror" / name("2301_001")).write_bytes(content("2301_001")[:-1])
    with pytest.raises(InputError, match=r"2301_001.tar: expected 96,000 bytes by its listing, found 95,999: get it again"):
        arxiv("2301", base=base)


BOMB = (
    b"<?xml version='1.0'?><!DOCTYPE arXivSRC [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (letter + 1, b"&%c;" % letter * 10) for letter in range(ord("a"), ord("k")))
    + b"]><arXivSRC><file><filename>&k;</filename></file></arXivSRC>"
)
WILL_NOT_DO = {
    "no XML": (b"<html><p>moved</html>", "expected a listing, XML with <arXivSRC><file>...: found <html>"),
    "empty": (b"", "well-formed XML, found no element found in line 1 of 0 bytes"),
    "cut": (manifest(entry("2301_001"))[:-30], "found no element found in line"),
    "malformed": (manifest(entry("2301_001")).replace(b"</size>", b"</sise>"), "found mismatched tag in line 11"),
    "an entity bomb": (BOMB, "found a document type 'arXivSRC', whose entities are not read"),
    "too deep": (b"<arXivSRC>" + b"<file>" * 100_000, "found elements in elements, deeper than 16"),
    "not text": (manifest(entry("2301_001", first_item="x")).replace(b">x<", b">\xff<"), "found not well-formed"),
    "an unknown encoding": (b"<?xml version='1.0' encoding='none'?><arXivSRC/>", "found none in it"),
    "of PDF": (manifest().replace(b"SRC", b"PDF"), "found <arXivPDF>"),
    "no archives": (manifest(), "expected a manifest of archives, found none in it"),
    "out of the folder": (
        manifest(entry("2301_001", filename="src/../../arXiv_src_2301_001.tar")),
        "expected archives named src/arXiv_src_",
    ),
    "absolute": (manifest(entry("2301_001", filename="/etc/passwd")), "found '/etc/passwd'"),
    "without a name": (manifest("<file/>"), "expected archives named .* found ''"),
    "twice": (manifest(entry("2301_001"), entry("2301_001")), r"expected each archive once, found src/arXiv_src_2301_001.tar twice"),
    "no size": (
        manifest(entry("2301_001", size="large")),
        r"expected size and md5sum of src/arXiv_src_2301_001.tar, found {.*'size': 'large'",
    ),
    "a negative size": (manifest(entry("2301_001", size="-1")), "expected size and md5sum"),
    "a short digest": (manifest(entry("2301_001", md5sum="0" * 31)), "expected size and md5sum"),
    "no digest": (manifest(entry("2301_001").replace("md5sum", "sum")), "expected size and md5sum"),
}


@pytest.mark.parametrize(("stored", "message"), WILL_NOT_DO.values(), ids=WILL_NOT_DO)
def test_a_manifest_that_will_not_do_is_named(server: Server, stored: bytes, message: str) -> None:
    server.put(MANIFEST, stored)
    with pytest.raises(InputError, match=message):
        archives_of(server, "2301")


def test_what_is_wrong_with_other_months_does_not_matter(server: Server) -> None:
    server.put(MANIFEST, manifest(entry("2301_001"), entry("2302_001", md5sum="?")))
    assert archives_of(server, "2301") == ["2301_001"]


def test_a_manifest_without_end_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps_list, "LARGEST_XML", 1000)
    server.put(MANIFEST, manifest(*map(entry, OLDEST_LAST)))
    with pytest.raises(InputError, match="expected a listing of at most 1,000 bytes, found more"):
        archives_of(server, "2301")


def test_a_server_without_a_manifest_or_that_refuses_is_named(server: Server) -> None:
    with pytest.raises(InputError, match=r"(?s)arXiv_src_manifest.xml: no such manifest\. .*--dump-base=arxiv"):
        archives_of(server, "2301")
    server.put(MANIFEST, b"", status=403, refusals=1)
    with pytest.raises(InputError, match=r"arXiv_src_manifest.xml: cannot be read: .*HTTP 403"):
        archives_of(server, "2301")


FAULTS = {
    "a stall": {"stall_at": 100, "stall_seconds": 2, "stalls": 1},
    "a 503": {"refusals": 2, "retry_after": "0"},
    "a cut": {"cuts": 1, "cut_after": 150},
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_faulty_server_gives_the_same_listing_and_the_same_files(server: Server, tmp_path: Path, faults: dict[str, Any]) -> None:
    publish(server, OLDEST_LAST, **faults)
    listed = listing("arxiv", "2301-2302", None, server.url, transfer=QUICK)
    server.put(name("2301_002"), content("2301_002"), **faults)
    got = fetch(listed, str(tmp_path), QUICK)
    assert [Path(file.path).read_bytes() for file in got] == [content(archive) for archive in ("2301_001", "2301_002", "2302_001")]
    assert [(file.name, file.tag, file.size) for file in got] == [(file.name, file.tag, file.size) for file in listed]
    server.put(name("2302_001"), content("2301_001"))
    with pytest.raises(DigestMismatch, match=rf"2302_001.tar: expected {listed[2].tag} .*nothing of it was kept"):
        fetch(listed, str(tmp_path / "anew"), QUICK)
