"""Which pages of a crawl the reference classifier is trained on: those that Wikipedia cites, and as many others.

One pass over the crawl. Held in memory are a hash of each cited address and of each picked page; the texts lie in a temporary file.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline import files, settings
from pipeline.citations import cited_urls, match_key
from pipeline.part import Part
from pipeline.records import Broken, Document
from pipeline.settings import setting
from pipeline.sources import commoncrawl
from pipeline.training import TrainingError
from transforms.language import Identifier
from transforms.reference_training import TrainingOptions
from transforms.texts import Texts


@dataclass(frozen=True)
class ReferenceTraining:
    """Which pages the classifier is trained on, and how."""

    threshold: float = setting(0.5, "paper: pages not classified as references are discarded, so P >= 0.5; held-out pages are judged by it")
    languages: tuple[str, ...] | None = setting(
        ("en",), "code: RedPajama takes both classes from cc_net's English pages, or the classifier would learn languages; any: no check"
    )
    min_reference_characters: int = setting(1000, "code: RedPajama, for references alone; without the title")
    min_random_characters: int = setting(300, "code: RedPajama's random pages come out of cc_net, whose min_len this is; without the title")
    max_pages: int = setting(300_000, "code: RedPajama stops at 300,000 references; here of each class")
    min_pages: int = setting(100, "ours: of each class; fewer teach the classifier some names, not what a reference is like")
    held_out: float = setting(
        0.1, "ours: share of the pages that is judged and not trained on; at 300,000 it leaves an error of 0.2 points"
    )
    seed: int = setting(0, "ours: of the choice of random pages and of the split; any number does")
    training: TrainingOptions = setting(TrainingOptions(), "code: fastText's defaults, as RedPajama")

    def __post_init__(self) -> None:
        if min(self.max_pages, self.min_pages, self.min_reference_characters, self.min_random_characters) < 1 or self.seed < 0:
            raise settings.SettingError("numbers of pages and characters are at least 1, the seed at least 0")
        if not (0 < self.threshold < 1 and 0 < self.held_out < 1):
            raise settings.SettingError("threshold and held_out lie between 0 and 1")


class Cited:
    """The addresses that dumps cite, as sorted 64-bit hashes: two addresses of a billion pages collide with a chance of about 1 in 500."""

    def __init__(self, dumps: Sequence[str]) -> None:
        hashes = array("Q")
        for dump in dumps:
            hashes.extend(map(_address_hash, cited_urls(dump)))
        self._hashes: npt.NDArray[np.uint64] = np.unique(np.frombuffer(hashes, np.uint64))

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, url: str) -> bool:
        wanted = _address_hash(url)
        place = int(np.searchsorted(self._hashes, np.uint64(wanted)))
        return place < len(self._hashes) and int(self._hashes[place]) == wanted


def _address_hash(url: str) -> int:
    return int.from_bytes(hashlib.blake2b(match_key(url).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Sample:
    """The `capacity` texts of the smallest keyed hashes: a choice by chance that depends on the texts alone, not on their order.

    The hash is of the text, so that a text that occurs often is there once, and no likelier than others. Texts lie in a temporary file of
    `folder` until `close`.
    """

    def __init__(self, capacity: int, folder: str) -> None:
        self._capacity = capacity
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by `close`)
        self._heap: list[tuple[int, int, int]] = []  # the largest hash first: (-hash, offset, bytes)
        self.hashes: set[int] = set()

    def wants(self, hash_: int) -> bool:
        """Whether the text of this hash is new and, as far as has been seen, among the smallest."""
        return hash_ not in self.hashes and (len(self._heap) < self._capacity or hash_ < -self._heap[0][0])

    def add(self, hash_: int, text: str) -> None:
        data = text.encode()
        entry = (-hash_, self._file.seek(0, os.SEEK_END), self._file.write(data))
        self.hashes.add(hash_)
        if len(self._heap) < self._capacity:
            heapq.heappush(self._heap, entry)
        else:
            self.hashes.discard(-heapq.heappushpop(self._heap, entry)[0])

    def smallest(self, count: int, without: set[int]) -> list[tuple[int, int, int]]:
        """(hash, offset, bytes) of at most `count` texts, sorted by hash, leaving out some."""
        return sorted((-negative, offset, size) for negative, offset, size in self._heap if -negative not in without)[:count]

    def text(self, offset: int, size: int) -> str:
        self._file.seek(offset)
        return self._file.read(size).decode()

    def close(self) -> None:
        self._file.close()


def text_hash(text: str, seed: int) -> int:
    """Three times 64 bits: the upper ones pick a text, those in the middle order it among the picked, the lower ones split it off."""
    return int.from_bytes(hashlib.blake2b(text.encode(), key=b"reference %d" % seed, digest_size=24).digest(), "big")


@dataclass(frozen=True)
class Example:
    """A picked page: its text is at a place in its class's sample."""

    is_reference: bool
    hash: int
    offset: int
    size: int

    @property
    def order(self) -> int:
        """64 bits that do not depend on the class, so that the classes are mixed."""
        return (self.hash >> 64) & (2**64 - 1)

    @property
    def share(self) -> float:
        """From 0 to 1; below `held_out` the page is held out."""
        return (self.hash & (2**64 - 1)) / 2**64


class Pages:
    """Picks the pages of both classes out of a crawl."""

    def __init__(self, cited: Cited, config: ReferenceTraining, identifier: Identifier | None, folder: str) -> None:
        self._cited, self._config, self._identifier = cited, config, identifier
        self._samples = {kind: Sample(config.max_pages, folder) for kind in (True, False)}
        self.counts: Counter[str] = Counter()

    def read(self, path: str, name: str) -> None:
        """Takes in one crawl file."""
        with files.open_read(path) as stream:
            for record in commoncrawl.read(Part(stream, path, name, 0, 0, 0), commoncrawl.LLAMA):
                if isinstance(record, Document):
                    self._take(str(record.columns["url"]), record.text)
                elif isinstance(record, Broken):
                    self.counts["broken"] += 1

    def _take(self, url: str, text: str) -> None:
        self.counts["pages"] += 1
        is_reference = url in self._cited
        self.counts["cited"] += is_reference
        config = self._config
        if len(text) < (config.min_reference_characters if is_reference else config.min_random_characters):
            return
        sample, hash_ = self._samples[is_reference], text_hash(text, config.seed)
        if sample.wants(hash_) and self._in_language(text):
            sample.add(hash_, text)

    def _in_language(self, text: str) -> bool:
        if self._identifier is None:
            return True
        labels, scores = self._identifier.identify(Texts(pa.array([text])))
        return labels[0].as_py() in (self._config.languages or ()) and bool(scores[0] >= commoncrawl.LLAMA.min_language_score)

    def examples(self) -> list[Example]:
        """As many of one class as of the other, mixed by hash. Raises TrainingError where they are too few."""
        references = self._samples[True].smallest(self._config.max_pages, set())
        others = self._samples[False].smallest(len(references), self._samples[True].hashes)
        count = min(len(references), len(others))
        counts = self.counts
        if not counts["cited"]:
            raise TrainingError(
                f"none of the {counts['pages']} pages that were read is cited by the dump ({len(self._cited)} addresses; "
                f"{counts['broken']} records could not be read): give more of the crawl, or a larger dump, of a Wikipedia in its language"
            )
        if count < self._config.min_pages:
            raise TrainingError(
                f"expected at least {self._config.min_pages} pages of each class (min_pages), found {len(references)} references and "
                f"{len(others)} others: {counts['cited']} of the {counts['pages']} pages are cited, the rest is too short, repeated "
                "or in other languages. Give more of the crawl or of the dump, or lower min_reference_characters or min_pages with --set"
            )
        found = [Example(kind, *entry) for kind, entries in ((True, references), (False, others)) for entry in entries[:count]]
        return sorted(found, key=lambda example: example.order)

    def text(self, example: Example) -> str:
        return self._samples[example.is_reference].text(example.offset, example.size)

    def close(self) -> None:
        for sample in self._samples.values():
            sample.close()
