"""A fetched file is the one that its publisher announced, whatever the way there; nothing else ever has its name."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from faulty_server import FOR_EVER, Server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dumps_fetch import DigestMismatch, fetch, is_published, published
from pipeline.files import InputError, Listed
from pipeline.transfer import SourceMissing, SourceUnavailable, Transfer

BODY = bytes(value * value % 251 for value in range(300_000))
QUICK = Transfer(
    timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000, buffer_bytes=4096
)
NAME = "enwiki/20250801/a.xml.bz2"


def listed(server: Server, body: bytes = BODY, name: str = NAME, algorithm: str = "sha1", **faults: Any) -> Listed:
    """A file on the server, and what a listing says of it."""
    url = server.put(name, body, **faults)
    return Listed(url, len(body), published(algorithm, hashlib.new(algorithm, body).hexdigest()), name)


def held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


FAULTS = {
    "none": {},
    "a stall": {"stall_at": 100_000, "stall_seconds": 2, "stalls": 1},
    "a 503, then recovery": {"refusals": 2, "status": 503},
    "a cut connection": {"cuts": 2, "cut_after": 70_000},
    "all of them": {"refusals": 1, "cuts": 1, "cut_after": 50_000, "stall_at": 150_000, "stall_seconds": 2, "stalls": 1},
    "no ranges, and a cut": {"ranges": False, "cuts": 1, "cut_after": 70_000},
}


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_the_same_bytes_whatever_the_server_does(server: Server, tmp_path: Path, faults: dict[str, Any], algorithm: str) -> None:
    file = listed(server, algorithm=algorithm, **faults)
    told: list[str] = []
    [got] = fetch([file], str(tmp_path), QUICK, told.append)
    assert held(tmp_path) == {NAME: BODY}
    assert got == Listed(str(tmp_path / NAME), len(BODY), file.tag, NAME)
    assert told == [f"fetching 300,000 bytes of 1 file into {tmp_path}", f"fetched {NAME}: 300,000 bytes, {algorithm} as published"]


def test_what_is_there_is_checked_and_not_fetched_again(server: Server, tmp_path: Path) -> None:
    file = listed(server)
    first = fetch([file], str(tmp_path), QUICK)
    server.requests.clear()
    told: list[str] = []
    assert fetch([file], str(tmp_path), QUICK, told.append) == first
    assert told == []
    assert server.requests == []
    (tmp_path / NAME).write_bytes(BODY[:-1] + b"?")
    fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {NAME: BODY}


def test_a_download_that_broke_is_continued_by_the_next_run(server: Server, tmp_path: Path) -> None:
    body = BODY * 10
    file = listed(server, body, cuts=1, cut_after=2_500_000, refusals=0)
    server.files[NAME].then = server.files[NAME].__class__(b"", status=503, refusals=FOR_EVER)
    with pytest.raises(SourceUnavailable, match="HTTP 503"):
        fetch([file], str(tmp_path), QUICK)
    [(name, part)] = held(tmp_path).items()
    assert name == "enwiki/20250801/.partial-a.xml.bz2"
    assert 2_000_000 <= len(part) <= 2_500_000
    assert body.startswith(part)
    server.put(NAME, body)
    server.requests.clear()
    fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {NAME: body}
    assert server.ranges() == [f"bytes={len(part)}-"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.integers(0, len(BODY) + 10), damaged=st.booleans(), cut=st.integers(1, len(BODY)))
def test_whatever_an_earlier_run_left_the_file_is_right(server: Server, tmp_path: Path, kept: int, damaged: bool, cut: int) -> None:
    shutil.rmtree(tmp_path / "enwiki", ignore_errors=True)
    file = listed(server, cuts=1, cut_after=cut)
    partial = tmp_path / "enwiki/20250801/.partial-a.xml.bz2"
    partial.parent.mkdir(parents=True)
    left = (BODY + b"0123456789")[:kept]
    partial.write_bytes(left[: kept // 2] + b"?" + left[kept // 2 + 1 :] if damaged else left)
    fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {NAME: BODY}


def test_more_than_the_whole_file_is_no_beginning_of_it(server: Server, tmp_path: Path) -> None:
    """A server may answer 416 without a size to a range behind the end: such a left-over would stand in the way for ever."""
    file = listed(server)
    (tmp_path / "enwiki/20250801").mkdir(parents=True)
    (tmp_path / "enwiki/20250801/.partial-a.xml.bz2").write_bytes(BODY + b"?")
    fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {NAME: BODY}
    assert server.ranges() == [None]


@pytest.mark.parametrize("sent", [BODY[:-1] + b"?", BODY[:-1], BODY + b"?", b""], ids=["another byte", "short", "long", "empty"])
def test_a_wrong_digest_is_named_and_nothing_is_kept(server: Server, tmp_path: Path, sent: bytes) -> None:
    file = listed(server)
    server.put(NAME, sent)
    found = hashlib.sha1(sent).hexdigest()
    expected = rf"a.xml.bz2: expected {file.tag} \(300,000 bytes\), found sha1:{found} \({len(sent):,} bytes\): nothing of it was kept"
    with pytest.raises(DigestMismatch, match=expected):
        fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {}


def test_one_failure_ends_the_others_and_what_they_have_stays(server: Server, tmp_path: Path) -> None:
    slow = listed(server, name="slow", stall_at=100_000, stall_seconds=0.3, stalls=1)
    wrong = listed(server, name="wrong")
    server.put("wrong", b"")
    others = [listed(server, name=f"other-{number}") for number in range(20)]
    with pytest.raises(DigestMismatch, match="wrong"):
        fetch([slow, wrong, *others], str(tmp_path), Transfer(timeout_seconds=5))
    assert set(held(tmp_path)) == {".partial-slow"}
    assert len([path for _, path, _ in server.requests if path.startswith("other")]) == 0
    fetch([slow], str(tmp_path), QUICK)
    assert held(tmp_path) == {"slow": BODY}


def test_what_has_no_digest_stays_where_it_is(server: Server, tmp_path: Path) -> None:
    plain = Listed(server.put("plain", BODY), len(BODY), '"etag"', "plain")
    file = listed(server)
    got = fetch([plain, file], str(tmp_path), QUICK)
    assert got[0] is plain
    assert got[1].path == str(tmp_path / NAME)


def test_a_local_file_is_checked_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    right = Listed(str(tmp_path / "a"), len(BODY), published("sha256", hashlib.sha256(BODY).hexdigest()), "a")
    assert fetch([right], str(tmp_path / "folder")) == [right]
    assert held(tmp_path) == {"a": BODY}
    wrong = Listed(right.path, right.size, published("sha256", "0" * 64), "a")
    with pytest.raises(DigestMismatch, match=r"expected sha256:0+ .*, found sha256:.*get it again"):
        fetch([wrong], str(tmp_path / "folder"))
    assert held(tmp_path) == {"a": BODY}


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    file = listed(server, name="resolve/main/a", redirect=server.url + "cdn/a?signature=1")
    server.put("cdn/a?signature=1", BODY, cuts=1, cut_after=1000)
    fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {"resolve/main/a": BODY}


def test_a_listed_file_that_is_missing_is_named(server: Server, tmp_path: Path) -> None:
    file = listed(server)
    server.files.clear()
    with pytest.raises(SourceMissing, match=r"a\.xml\.bz2: .*HTTP 404"):
        fetch([file], str(tmp_path), QUICK)


def test_a_disk_that_is_too_small_is_named_before_the_first_byte(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=299_999)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    file = listed(server)
    with pytest.raises(InputError, match="need 300,000 bytes more, the disk has 299,999 free"):
        fetch([file], str(tmp_path), QUICK)
    assert server.requests == []
    (tmp_path / "enwiki/20250801").mkdir(parents=True)
    (tmp_path / "enwiki/20250801/.partial-a.xml.bz2").write_bytes(BODY[:1])
    fetch([file], str(tmp_path), QUICK)


def test_two_runs_do_not_write_one_file(server: Server, tmp_path: Path) -> None:
    file = listed(server)
    partial = tmp_path / "enwiki/20250801/.partial-a.xml.bz2"
    partial.parent.mkdir(parents=True)
    with open(partial, "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another run is fetching it"):
            fetch([file], str(tmp_path), QUICK)
    fetch([file], str(tmp_path), QUICK)
    assert held(tmp_path) == {NAME: BODY}


def test_no_name_leads_out_of_the_folder(server: Server, tmp_path: Path) -> None:
    file = listed(server)
    outside = Listed(file.path, file.size, file.tag, "enwiki/../../a")
    with pytest.raises(InputError, match=r"without '\.\.'"):
        fetch([outside], str(tmp_path / "folder"), QUICK)


def test_a_tag_is_a_digest_or_not() -> None:
    assert published("sha1", "A" * 40) == "sha1:" + "a" * 40
    assert all(map(is_published, ["md5:" + "0" * 32, "sha256:" + "0" * 64]))
    assert not any(map(is_published, ["", '"etag"', "sha1:" + "0" * 39, "md5:" + "0" * 40, "sha256:" + "0" * 65, "0" * 32]))
    for digest in ("", "0" * 39, "g" * 40, "0" * 64):
        with pytest.raises(ValueError, match="hexadecimal digits of a sha1"):
            published("sha1", digest)
