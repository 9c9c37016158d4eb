"""A variant of C4 becomes shards with their SHA-256, by the hub's listing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Server

from pipeline.dumps_c4 import c4
from pipeline.dumps_fetch import DigestMismatch, fetch
from pipeline.files import InputError
from pipeline.transfer import Transfer

QUICK = Transfer(timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000)
TREE = "api/datasets/allenai/c4/tree/main"
EN = [f"en/c4-train.{number:05d}-of-00005.json.gz" for number in range(5)]
EN_VALIDATION = [f"en/c4-validation.{number:05d}-of-00002.json.gz" for number in range(2)]
FRENCH = [f"multilingual/c4-fr.tfrecord-{number:05d}-of-00003.json.gz" for number in range(3)]
FRENCH_VALIDATION = ["multilingual/c4-fr-validation.tfrecord-00000-of-00001.json.gz"]
LATIN = ["multilingual/c4-bg-Latn.tfrecord-00000-of-00001.json.gz", "multilingual/c4-bg.tfrecord-00000-of-00001.json.gz"]


def content(path: str) -> bytes:
    return hashlib.sha256(path.encode()).digest() * 3000


def entry(path: str) -> dict[str, Any]:
    digest = hashlib.sha256(content(path)).hexdigest()
    lfs = {"oid": digest, "size": len(content(path)), "pointerSize": 134}
    return {"type": "file", "oid": "0" * 40, "size": len(content(path)), "lfs": lfs, "path": path}


def publish(server: Server, folder: str, paths: list[str], page: int = 3, **faults: Any) -> list[dict[str, Any]]:
    """The listing of a folder in pages, the files behind a redirect, as the hub has them; the entries."""
    entries = [{"type": "file", "oid": "0" * 40, "size": 5, "path": f"{folder}/README.md"}, *map(entry, paths)]
    put_pages(server, folder, entries, page, **faults)
    for path in paths:
        server.put(f"datasets/allenai/c4/resolve/main/{path}", b"", redirect=f"{server.url}cdn/{path}?signed=1")
        server.put(f"cdn/{path}?signed=1", content(path))
    return entries


def put_pages(server: Server, folder: str, entries: list[Any], page: int = 3, **faults: Any) -> None:
    """The server of the tests sends no Link header of its own: it rides behind the etag."""
    addresses = [f"{TREE}/{folder}" + (f"?cursor=p%3D{at}" if at else "") for at in range(0, max(len(entries), 1), page)]
    for at, address in enumerate(addresses):
        following = f'\r\nLink: <{server.url}{addresses[at + 1]}>; rel="next"' if at + 1 < len(addresses) else ""
        server.put(address, json.dumps(entries[at * page : (at + 1) * page]).encode(), etag=f'"{at}"{following}', **faults)


def base(server: Server) -> str:
    return server.url + "datasets/allenai/c4"


def paths(server: Server, *arguments: Any, **options: Any) -> list[str]:
    return [file.name for file in c4(*arguments, base=base(server), transfer=QUICK, **options)]


def test_what_a_shard_is_said_to_be(server: Server) -> None:
    publish(server, "en", [*reversed(EN), *EN_VALIDATION])
    first, *_ = listed = c4("en", base=base(server), transfer=QUICK)
    assert [file.name for file in listed] == EN
    assert first.path == f"{base(server)}/resolve/main/{EN[0]}"
    assert first.size == len(content(EN[0]))
    assert first.tag == "sha256:" + hashlib.sha256(content(EN[0])).hexdigest()


def test_the_first_shards_and_the_held_out_ones(server: Server) -> None:
    publish(server, "en", [*EN_VALIDATION, *EN])
    assert paths(server, "en", 2) == EN[:2]
    assert paths(server, "en", validation=True) == EN + EN_VALIDATION
    assert paths(server, "en", 6, validation=True) == EN + EN_VALIDATION[:1]
    with pytest.raises(InputError, match="expected 6 files, it names 5"):
        paths(server, "en", 6)
    with pytest.raises(InputError, match="at least 1 file"):
        paths(server, "en", 0)


def test_one_language_of_many(server: Server) -> None:
    publish(server, "multilingual", [*FRENCH, *FRENCH_VALIDATION, *LATIN])
    assert paths(server, "multilingual/fr") == FRENCH
    assert paths(server, "multilingual/fr", validation=True) == FRENCH + FRENCH_VALIDATION
    assert paths(server, "multilingual/bg") == LATIN[1:]
    assert paths(server, "multilingual/bg-Latn") == LATIN[:1]
    with pytest.raises(
        InputError, match="expected shards of multilingual/fra, found none; the languages are bg, bg-Latn, fr; did you mean fr"
    ):
        paths(server, "multilingual/fra")


def test_a_digest_with_its_kind_before_it(server: Server) -> None:
    [_, shard] = publish(server, "multilingual", LATIN[:1])
    shard["lfs"]["oid"] = "sha256:" + shard["lfs"]["oid"]
    put_pages(server, "multilingual", [shard])
    assert c4("multilingual/bg-Latn", base=base(server), transfer=QUICK)[0].tag == shard["lfs"]["oid"]


@pytest.mark.parametrize("variant", ["", "english", "en.nocean", "multilingual", "multilingual/", "en/fr", "../en"])
def test_what_is_no_variant_is_named(variant: str) -> None:
    with pytest.raises(InputError, match=r"expected one of en, en.noclean, en.noblocklist, realnewslike, or multilingual/LANGUAGE"):
        c4(variant)


def test_a_listing_that_lacks_shards_is_named(server: Server) -> None:
    publish(server, "en", [*EN[:3], *EN[4:]])
    with pytest.raises(InputError, match="expected 5 shards, the listing lacks 1, the first is 00003"):
        paths(server, "en")
    assert paths(server, "en", 3) == EN[:3]
    publish(server, "en", [*EN, "en/c4-train.00005-of-00006.json.gz"])
    with pytest.raises(InputError, match="found shards of 5 and of 6"):
        paths(server, "en")
    publish(server, "en", EN_VALIDATION)
    with pytest.raises(InputError, match="expected shards of en, found none"):
        paths(server, "en")


@pytest.mark.parametrize("lfs", [None, {}, {"oid": "0" * 40, "size": 1}, {"oid": "0" * 64}, {"oid": 1, "size": 1}])
def test_a_shard_that_cannot_be_checked_is_not_read(server: Server, lfs: Any) -> None:
    entries = publish(server, "en", EN)
    entries[2]["lfs"] = lfs
    put_pages(server, "en", entries)
    with pytest.raises(InputError, match=r"expected size and SHA-256 .lfs. of en/c4-train.00001"):
        paths(server, "en")


def test_a_folder_that_is_not_there_is_named_with_those_that_are(server: Server) -> None:
    with pytest.raises(InputError, match=r"tree/main/en: no such folder; .* cannot be listed either: check --dump-base"):
        paths(server, "en")
    put_pages(
        server, "", [{"type": "directory", "path": name} for name in ("realnewslike", "multilingual")] + [{"type": "file", "path": "x"}]
    )
    server.files[TREE] = server.files.pop(f"{TREE}/")
    with pytest.raises(InputError, match="no such folder; there are multilingual, realnewslike"):
        paths(server, "en")


@pytest.mark.parametrize(
    ("page", "message"),
    [(b"<html>", "expected a listing in JSON"), (b'{"error": "x"}', "expected a list of files, found"), (b"[1, null]", "found none")],
)
def test_a_listing_that_will_not_do_is_named(server: Server, page: bytes, message: str) -> None:
    server.put(f"{TREE}/en", page)
    with pytest.raises(InputError, match=message):
        paths(server, "en")


def test_a_listing_that_never_ends_is_named(server: Server) -> None:
    server.put(f"{TREE}/en", b"[]", etag=f'"1"\r\nLink: <{server.url}{TREE}/en>; rel="next"')
    with pytest.raises(InputError, match="names itself as a later one"):
        paths(server, "en")


def test_a_server_that_refuses_is_named(server: Server) -> None:
    server.put(f"{TREE}/en", b"", status=401, refusals=1)
    with pytest.raises(InputError, match=r"cannot be listed: .*HTTP 401"):
        paths(server, "en")


@pytest.mark.parametrize(
    "where", ["/mirror/c4", "https://example.org/c4", "gs://bucket/datasets/allenai/c4", "https://datasets/allenai/c4"]
)
def test_a_base_that_is_no_hub_is_named(where: str) -> None:
    with pytest.raises(InputError, match=r"expected the address of a dataset, as https://huggingface.co/datasets/allenai/c4/"):
        c4("en", base=where)


FAULTS = {"a stall": {"stall_at": 100, "stall_seconds": 2, "stalls": 1}, "a 503": {"refusals": 2}, "a cut": {"cuts": 1, "cut_after": 150}}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_faulty_server_gives_the_same_listing_and_the_same_files(server: Server, tmp_path: Path, faults: dict[str, Any]) -> None:
    publish(server, "en", EN, **faults)
    listed = c4("en", 3, base=base(server) + "/", transfer=QUICK)
    server.put(f"cdn/{EN[1]}?signed=1", content(EN[1]), **faults)
    got = fetch(listed, str(tmp_path), QUICK)
    assert [Path(file.path).read_bytes() for file in got] == [content(path) for path in EN[:3]]
    server.put(f"cdn/{EN[2]}?signed=1", content(EN[1]))
    with pytest.raises(DigestMismatch, match=f"{EN[2]}: expected {listed[2].tag}"):
        fetch(listed, str(tmp_path / "anew"), QUICK)
