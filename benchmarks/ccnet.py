"""CCNet's own sequence of calls, written plainly from the specification: a line, a document at a time, in Python.

gzip by line -> pages of 300 characters -> normalise and SHA-1 each line -> a dictionary -> lines out -> fastText -> SentencePiece -> KenLM.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import kenlm
import sentencepiece
from fasttext.FastText import load_model

from benchmarks.in_process import Times
from pipeline.sources.commoncrawl import Models
from transforms.normalize import MARKS

READ, HASH, SEEN, REMOVE, IDENTIFY, PIECES, SCORE, WRITE = (
    "read",
    "normalise, SHA-1",
    "dictionary",
    "remove lines",
    "fastText",
    "normalise, SentencePiece",
    "KenLM",
    "JSON, gzip",
)

DIGIT = re.compile(r"\d")
MARK = re.compile(f"[{''.join(MARKS)}]")
CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
CONTROL = re.compile(f"[{re.escape(CONTROLS)}]")
MARK_OR_CONTROL = re.compile(f"[{''.join(MARKS)}{re.escape(CONTROLS)}]")


class Page(NamedTuple):
    url: str
    title: str
    text: str


def pages(path: Path) -> Iterator[Page]:
    """The conversion records of a WET file, read by line (spec: WET parsing)."""
    header: dict[str, str] = {}
    content: list[str] | None = None
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in (line.strip() for line in lines):
            if line == "WARC/1.0":
                yield from _page(header, content)
                header, content = {}, None
            elif content is not None:
                content.append(line)
            elif line:
                name, _, value = line.partition(": ")
                header[name] = value
            else:
                content = []
    yield from _page(header, content)


def _page(header: dict[str, str], content: list[str] | None) -> Iterator[Page]:
    if content and header.get("WARC-Type") == "conversion":
        if content[-2:] == ["", ""]:
            content = content[:-2]
        if content:
            text = "\n".join(content[1:])
            if len(text) >= 300:
                yield Page(header["WARC-Target-URI"], content[0], text)


def normal_line(line: str) -> str:
    """A line as it is hashed (spec: paragraph normalisation)."""
    line = line.strip()
    if not line:
        return line
    return MARK_OR_CONTROL.sub("", DIGIT.sub("0", line.lower()))


def normal_text(text: str) -> str:
    """A document as the language model sees it (spec: Perplexity)."""
    text = text.strip()
    if not text:
        return text
    text = unicodedata.normalize("NFD", text.lower())
    text = "".join([character for character in text if unicodedata.category(character) != "Mn"])
    text = DIGIT.sub("0", text)
    return CONTROL.sub("", "".join([MARKS.get(character, character) for character in text]))


class Mine:
    """One process of CCNet's miner, with CPU times. `counts`: what is left after each step."""

    def __init__(self, models: Models) -> None:
        english = models.language_models["en"]
        self._p60 = english.p60
        self._language = load_model(models.language)
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=english.sentencepiece)
        self._ngrams = kenlm.Model(english.ngrams)
        self.counts: Counter[str] = Counter()

    def run(self, paths: list[Path], times: Times) -> None:
        """All files as one group."""
        with times(READ):
            read = [page for path in paths for page in pages(path)]
        with times(HASH):
            hashes = [[hashlib.sha1(normal_line(line).encode()).digest()[:8] for line in page.text.split("\n")] for page in read]
        with times(SEEN):
            shared: dict[bytes, bool] = {}
            for document in hashes:
                for key in set(document):
                    shared[key] = key in shared
        with times(REMOVE):
            left = [page for page in map(_without, read, hashes, [shared] * len(read)) if page is not None]
        self.counts.update({"pages": len(read), "pages with a line": len(left), "lines": sum(page.text.count("\n") + 1 for page in left)})
        with times(IDENTIFY):
            english = [page for page in left if self._is_english(page.text)]
        with times(PIECES):
            pieces = [self._pieces.encode_as_pieces(normal_text(page.text)) for page in english]
        with times(SCORE):
            perplexities = [
                round(10.0 ** (-self._ngrams.score(" ".join(words)) / (len(words) + 1)), 1) if words else None for words in pieces
            ]
        self.counts["English"] += len(english)
        kept = [page for page, perplexity in zip(english, perplexities, strict=True) if perplexity is not None and perplexity < self._p60]
        self.counts["head and middle"] += len(kept)
        with times(WRITE):
            for page in kept:
                gzip.compress(json.dumps(page._asdict()).encode())

    def _is_english(self, text: str) -> bool:
        (label,), (score,) = self._language.predict(text.replace("\n", ""))
        return bool(label == "__label__en" and round(float(score), 2) >= 0.5)


def _without(page: Page, hashes: list[bytes], shared: dict[bytes, bool]) -> Page | None:
    """The page without the lines that another one has too, and without repeats of its own."""
    kept, own = [], set()
    for line, key in zip(page.text.split("\n"), hashes, strict=True):
        if not shared[key] and key not in own:
            own.add(key)
            kept.append(line)
    return page._replace(text="\n".join(kept)) if any(kept) else None
