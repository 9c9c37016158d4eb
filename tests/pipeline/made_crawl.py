"""Crawl files made of a few words, and the graph run in this process without a pool: what the tests of a source stand on."""

import base64
import gzip
import hashlib
from dataclasses import replace

import made_run
import pytest
from shared_data import SHARED

SENTENCES = {
    letter: f"{who} and the people of the town went down to the river in the {letter} of the evening, because they had heard that the old boat "
    "was coming home again with all of its cargo."
    for letter, who in zip(
        "ABCDEFGHXYZ",
        ["baker", "neighbour", "teacher", "brother", "captain", "farmer", "doctor", "miller", "sailor", "painter", "weaver"],
        strict=True,
    )
}
"""A line of English of some 180 characters for each letter."""


def identifier():
    """The folder that holds lid.176.ftz; skips where it is not there."""
    if not (SHARED / "models" / "lid.176.ftz").exists():
        pytest.skip(f"no shared data: {SHARED}/models/lid.176.ftz is absent")
    return SHARED / "models"


def record(url, content, number=0, kind="conversion", headers=""):
    """The bytes of one WARC record with a good length and digest."""
    digest = base64.b32encode(hashlib.sha1(content).digest()).decode()
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2019-02-15T20:03:40Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012d}>\r\nWARC-Block-Digest: sha1:{digest}\r\n{headers}"
        f"Content-Type: text/plain\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def page(name, letters, number):
    """A record whose text is a title and one line for each letter; `_` is an empty line, other words stand as they are."""
    lines = [SENTENCES.get(letter, "" if letter == "_" else letter) for letter in letters]
    return record(f"http://made.example/{name}", "\n".join([f"Title {name}", *lines]).encode(), number)


def write(path, records):
    """A gzipped file of these records, one member each."""
    path.write_bytes(b"".join(gzip.compress(data, mtime=0) for data in records))
    return path


def crawl(folder, shards):
    """One file a shard; a shard is a list of (name, letters). Record ids are unique over all."""
    folder.mkdir(parents=True, exist_ok=True)
    number, paths = 0, []
    for place, pages in enumerate(shards):
        records = []
        for name, letters in pages:
            records.append(page(name, letters, number))
            number += 1
        paths.append(write(folder / f"{place:03}.warc.wet.gz", records))
    return paths


def run(paths, output, config, expect=0):
    """Runs commoncrawl on these files with lid.176.ftz alone; gives the outcome. Language, LM and classifier filters are off unless the config says so."""
    return made_run.run("commoncrawl", paths, output, config, identifier(), expect)


def open_config(**changes):
    """The llama preset with the filters that need other models than lid.176.ftz off, and all languages."""
    from pipeline.sources.commoncrawl import LLAMA

    return replace(
        LLAMA, **{"languages": None, "buckets": None, "min_reference": None, "min_characters": 1, "min_language_score": 0.0, **changes}
    )


def rows(output, kind, columns=None):
    """All rows of a kind of shard, in order."""
    return made_run.rows(output, "commoncrawl", kind, columns)


def kept_letters(output):
    """{page name: letters of the lines that are left}; an empty line is `_`, a word that is no letter stands as it is."""
    back = {sentence: letter for letter, sentence in SENTENCES.items()} | {"": "_"}
    return {row["url"].rsplit("/", 1)[1]: [back.get(line, line) for line in row["text"].split("\n")] for row in rows(output, "clean")}
