"""A line of a list that names an ebook becomes its address on a mirror."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Server

from pipeline.dumps import listing
from pipeline.dumps_fetch import DigestMismatch, fetch
from pipeline.dumps_gutenberg import address
from pipeline.files import InputError, open_read
from pipeline.transfer import Transfer

QUICK = Transfer(timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000)
MIRROR = "https://mirror.example/gutenberg"


def book(number: int) -> bytes:
    return f"*** START OF THE PROJECT GUTENBERG EBOOK {number} ***\r\n".encode() * 2000


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("11", "cache/epub/11/pg11.txt"),
        ("5", "cache/epub/5/pg5.txt"),
        ("5-0.txt", "0/5/5-0.txt"),
        ("11-0.txt", "1/11/11-0.txt"),
        ("2229-8.txt", "2/2/2/2229/2229-8.txt"),
        ("76123.txt", "7/6/1/2/76123/76123.txt"),
    ],
)
def test_where_an_ebook_lies(line: str, path: str, tmp_path: Path) -> None:
    assert address(line, MIRROR) == address(line, MIRROR + "/") == f"{MIRROR}/{path}"
    assert address(line, str(tmp_path)) == f"{tmp_path}/{path}"


@pytest.mark.parametrize("line", ["0", "011", "-11", "11-1.txt", "pg11.txt", "11.html", "11 12", "1" * 8, "../11", "¹¹", "Alice"])
def test_what_names_no_ebook(line: str) -> None:
    assert address(line, MIRROR) is None


@pytest.mark.parametrize("base", [None, "https://www.gutenberg.org/", "http://gutenberg.org", "https://WWW.Gutenberg.org/files"])
def test_the_site_for_readers_is_not_read_by_a_program(tmp_path: Path, base: str | None) -> None:
    (tmp_path / "list").write_text("11\n")
    with pytest.raises(InputError, match=r"ebook 11: expected --dump-base=MIRROR, found .*https://www.gutenberg.org/MIRRORS.ALL"):
        listing("books", f"@{tmp_path}/list", None, base)


def test_ebooks_and_digests_in_one_list(server: Server, tmp_path: Path) -> None:
    for number in (11, 35):
        server.put(f"cache/epub/{number}/pg{number}.txt", book(number))
    server.put("9/98/98-0.txt", book(98), etag='"old"')
    mine = server.put("mine/one.txt", b"my own")
    (tmp_path / "list").write_text(f"35\n\n98-0.txt\n{hashlib.md5(b'my own', usedforsecurity=False).hexdigest()}  {mine}\n11\n")
    listed = listing("books", f"@{tmp_path}/list", None, server.url, transfer=QUICK)
    assert [(file.name, file.size, file.tag.partition(":")[0]) for file in listed] == [
        ("9/98/98-0.txt", len(book(98)), '"old"'),
        ("cache/epub/11/pg11.txt", len(book(11)), '"one"'),
        ("cache/epub/35/pg35.txt", len(book(35)), '"one"'),
        ("mine/one.txt", 6, "md5"),
    ]
    got = fetch(listed, str(tmp_path / "dumps"), QUICK)
    assert got[:3] == listed[:3]
    assert Path(got[3].path).read_bytes() == b"my own"
    assert [file.name for file in listing("books", f"@{tmp_path}/list", 1, server.url, transfer=QUICK)] == ["pg35.txt"]
    server.put("mine/one.txt", b"others'")
    with pytest.raises(DigestMismatch, match=r"mine/one.txt: expected md5:"):
        fetch(listed, str(tmp_path / "anew"), QUICK)


def test_a_folder_that_mirrors_gutenberg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirror/cache/epub/11").mkdir(parents=True)
    (tmp_path / "mirror/cache/epub/11/pg11.txt").write_bytes(book(11))
    (tmp_path / "list").write_text("11\n")
    monkeypatch.chdir(tmp_path)
    [file] = listing("books", "@list", None, "mirror")
    assert file.path == str(tmp_path / "mirror/cache/epub/11/pg11.txt")
    assert file.size == len(book(11))


@pytest.mark.parametrize(
    ("source", "text", "message"),
    [
        ("books", "Alice\n", r"expected an MD5, SHA-1 or SHA-256 and a file \(for books also the number of an ebook\), found 'Alice'"),
        ("c4", "11\n", "expected an MD5, SHA-1 or SHA-256 and a file .*found '11'"),
        ("books", "11\n11\n", "expected each file once, found .*/cache/epub/11/pg11.txt twice"),
        ("books", "11\n12\n", r"cache/epub/12/pg12.txt: expected a file, found none .*HTTP 404"),
    ],
    ids=["no number", "not for other sources", "twice", "not there"],
)
def test_a_list_that_will_not_do_is_named(server: Server, tmp_path: Path, source: str, text: str, message: str) -> None:
    server.put("cache/epub/11/pg11.txt", book(11))
    (tmp_path / "list").write_text(text)
    with pytest.raises(InputError, match=message):
        listing(source, f"@{tmp_path}/list", None, server.url, transfer=QUICK)


FAULTS = {
    "a stall": {"stall_at": 100, "stall_seconds": 2, "stalls": 1},
    "a 503": {"refusals": 2, "retry_after": "0"},
    "a cut": {"cuts": 1, "cut_after": 20_000},
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_faulty_mirror_gives_the_same_books(server: Server, tmp_path: Path, faults: dict[str, Any]) -> None:
    (tmp_path / "list").write_text("11\n35\n")
    for number in (11, 35):
        server.put(f"cache/epub/{number}/pg{number}.txt", book(number), **faults)
    listed = listing("books", f"@{tmp_path}/list", None, server.url, transfer=QUICK)
    assert [file.name for file in listed] == ["11/pg11.txt", "35/pg35.txt"]
    for file, number in zip(fetch(listed, str(tmp_path / "dumps"), QUICK), (11, 35), strict=True):
        with open_read(file.path, QUICK) as stream:
            assert stream.read() == book(number)
