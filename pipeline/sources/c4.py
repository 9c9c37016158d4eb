"""C4, 15 % of the mixture. LLaMA section 2.1, C4.

"During exploratory experiments, we observed that using diverse pre-processed CommonCrawl datasets improves performance. We thus included the publicly
available C4 dataset in our data. The preprocessing of C4 also contains deduplication and language identification steps: the main difference with
CCNet is the quality filtering, which mostly relies on heuristics such as presence of punctuation marks or the number of words and sentences in a
webpage."

So C4 is taken as it was released. `origin=crawl` rebuilds it from WET files by the code that made it (spec 4.3), in that code's order.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from pipeline import rows, settings, warc
from pipeline.documents import Batch
from pipeline.exchange import hashed
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import DropDuplicates, Keep, Measure, Recipe, Removed, RemoveLines, at_least, at_most, one_of
from pipeline.records import Broken, Document, Read, Refused, Skipped
from pipeline.settings import setting
from transforms import addresses, line_rules, lines, wet
from transforms.bad_words import BadWords
from transforms.detection import Detector
from transforms.sentences import Sentences

NAME = "c4"
READ_AS = "read the row as a document"
MODELS = "pipeline.c4_models"


@dataclass(frozen=True)
class C4:
    """The public C4 as LLaMA took it; with origin=crawl what the code that made C4 does to a dump of CommonCrawl."""

    origin: Literal["released", "crawl"] = setting(
        "released", "paper: we included the publicly available C4 dataset; crawl: rebuilt from WET"
    )
    language: str = setting(
        "en", "ours: 783 GB is the size of `en`, the variant that RedPajama takes too; crawl: what langdetect must find"
    )
    max_page_characters: int = setting(190_000, "code: c4_utils' _MAX_PAGE_CHARACTERS: longer pages go before anything else looks at them")
    line_rules: line_rules.LineRules = setting(
        line_rules.LineRules(), "code: c4_utils.clean_page, whose numbers T5's paper has in its last version"
    )
    min_sentences: int = setting(3, "code: c4_utils' _MIN_NUM_SENTENCES, by NLTK's punkt; checked before and after lines are deduplicated")
    min_language_score: float = setting(0.99, "paper: T5: langdetect with a probability of at least 0.99")
    bad_words: str | None = setting(
        "", "paper: T5: pages with a word of the list go. The list is yours to name; none: as C4's en.noblocklist", path=True
    )
    bad_words_match: Literal["page", "line"] = setting(
        "page", "code: the newer regular expression; line: the older, which made the released `en`"
    )
    bad_words_fraction: float = setting(
        1.0, "code: C4's; 0.999 is mC4's: one page in a thousand stays all the same, by the md5 of its address"
    )
    equal_addresses: Literal["newest", "kept"] = setting("newest", "code: remove_duplicate_urls keeps the page with the greatest timestamp")
    max_document_bytes: int = setting(64 * 2**20, "ours: beyond it a text is dropped by name; the longest page of C4 has some MB")
    max_record_bytes: int = setting(64 * 2**20, "ours: content of one record, or one row, that is held in memory")
    max_member_bytes: int = setting(64 * 2**30, "ours: expanded size at which a compressed member is a bomb")
    rejected_text: bool = setting(False, "ours: rejects name the page; their text is in the input")

    def __post_init__(self) -> None:
        for name in ("max_page_characters", "max_document_bytes", "max_record_bytes", "max_member_bytes"):
            if getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is at least 1, not {getattr(self, name)}")
        if not 0 <= self.bad_words_fraction <= 1:
            raise settings.SettingError(f"bad_words_fraction is a share from 0 to 1, not {self.bad_words_fraction:g}")


LLAMA = C4()
PRESETS = {"llama": LLAMA}

READ = pa.schema([(name, pa.string()) for name in ("url", "timestamp", "language", "split")])
"""The columns that the reader gives beside id, source, text, notes and origin."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("text", pa.string()),
        ("timestamp", pa.string()),
        ("language", pa.string()),
        ("language_score", pa.float64()),
        ("split", pa.string()),
        ("original_characters", pa.int64()),
        ("original_lines", pa.int64()),
        *PLACE,
    ]
)
"""A document. `split`: train or validation. language_score is langdetect's, and null for what was released. original_* count the text as it was read."""

PASSED = pa.schema([("document", pa.uint32()), ("address", pa.string()), *CLEAN])

MEASURES = (
    ("original_characters", "max_page_characters", "at most"),
    ("language_score", "min_language_score", "at least"),
    ("language", "language", "one of"),
)
"""(column of a clean shard, setting that bounds it, how), for `explain`."""

COLUMNS = (
    rows.Column("text"),
    rows.Column("url", required=False),
    rows.Column("timestamp", "timestamp", required=False),
)
RELEASED_LANGUAGE = re.compile(r"(?:^|/)c4-([a-z]{2,3}(?:-[A-Za-z]+)?)(?:-validation)?\.tfrecord")
"""The language in the name of a file of the multilingual variant."""


# ---- reading


def read(part: Part, config: C4) -> Iterator[Read]:
    """Every row of a released file, or every record of a WET file."""
    if config.origin == "crawl":
        yield from _crawled(part, config)
    else:
        yield from _released(part, config)


def _released(part: Part, config: C4) -> Iterator[Read]:
    named = RELEASED_LANGUAGE.search(part.name)
    always = {"language": named[1] if named else config.language, "split": "validation" if "-validation." in part.name else "train"}
    bounds = rows.Bounds(member_bytes=config.max_member_bytes, row_bytes=config.max_record_bytes)
    for row in rows.read(part, COLUMNS, bounds):
        if isinstance(row, Broken):
            yield row
            continue
        text, url = row.values["text"], row.values["url"]
        columns = {"url": url, "timestamp": row.values["timestamp"], **always}
        if not text.strip():
            yield Refused(url, "no text", "the text is empty", "", row.offset, row.inner, columns, row.notes)
        elif 4 * len(text) > config.max_document_bytes and len(text.encode()) > config.max_document_bytes:
            reason = f"more than {config.max_document_bytes} bytes"
            yield Refused(url, "over-size page", reason, str(len(text.encode())), row.offset, row.inner, columns, row.notes)
        else:
            yield Document(url, text, row.offset, row.inner, columns, row.notes)


def _crawled(part: Part, config: C4) -> Iterator[Read]:
    bounds = warc.Bounds(member_bytes=config.max_member_bytes, record_bytes=config.max_record_bytes)
    for record in warc.read(part.stream, part.name, bounds):
        if isinstance(record, warc.Broken):
            yield Broken(record.offset, record.inner, record.bytes, record.reason, record.excerpt)
        elif record.type != "conversion":
            yield Skipped(record.type)
        else:
            yield _page(record, config)


def _page(record: warc.Record, config: C4) -> Document | Refused:
    """A page: its lines, stripped, without the blank ones. The code that made C4 also skips lines that begin like WARC headers; its parser needs that."""
    url, date = record.headers.get("warc-target-uri", "").strip("<>"), record.headers.get("warc-date")
    key = warc.key(record)
    columns = {"url": url, "timestamp": date}

    def refuse(label: str, reason: str, value: object) -> Refused:
        return Refused(key, label, reason, str(value), record.offset, record.inner, columns, record.notes)

    if record.content is None or len(record.content) > config.max_document_bytes:
        return refuse("over-size page", f"more than {config.max_document_bytes} bytes", record.length)
    if not url or not date:
        return refuse("no address or date", "C4 needs the address, the date and the text of a page", url or date or "")
    decoded, notes = wet.decoded(record.content)
    text = "\n".join(filter(None, map(str.strip, decoded.split("\n"))))
    if not text:
        return refuse("no text", "the page has no line with anything on it", "")
    return Document(key, text, record.offset, record.inner, columns, record.notes + notes)


# ---- the recipe


@dataclass(frozen=True)
class Models:
    """What a crawl is measured with: the folder of Punkt's parameters, the list of bad words; empty and None where the configuration needs none."""

    sentences: str
    bad_words: str | None
    fingerprints: Mapping[str, str]


def recipe(config: C4, models: Models) -> Recipe:
    """C4 as released has nothing left to do; a crawl goes through `clean_page` and what follows it, in the order of the code that made C4."""
    counted = Measure("characters", _counted)
    if config.origin == "released":
        return [counted]
    steps: list[Measure | Keep | RemoveLines | DropDuplicates | None] = [
        counted,
        Keep("at most 190,000 characters", "original_characters", at_most(config.max_page_characters)),
        Measure("address", _address),
        DropDuplicates(
            "keep the newest page of each address", lambda batch: hashed(batch["address"]), "documents", "corpus", 1, "keep_first", _newest
        )
        if config.equal_addresses == "newest"
        else None,
        RemoveLines("punctuation, words and boilerplate of lines", functools.partial(_clean, config.line_rules, models.sentences)),
        Keep("no lorem ipsum, no curly bracket", "page_rule", one_of((line_rules.NO_RULE,))),
        Keep(f"at least {config.min_sentences} sentences", "sentences", at_least(config.min_sentences)),
        DropDuplicates("deduplicate lines", _line_keys, "lines", "corpus", 1, "keep_first", _smallest_digest),
        Measure("sentences", functools.partial(_sentences, models.sentences)),
        Keep(f"at least {config.min_sentences} sentences after deduplication", "sentences", at_least(config.min_sentences)),
        Measure("language", _language),
        Keep("language identified", "language_score", at_least(config.min_language_score)),
        Keep("remove pages in other languages", "language", one_of((config.language,))),
        Measure("bad words", functools.partial(_bad_words, config, models.bad_words)) if models.bad_words else None,
        Keep("no bad words", "bad_word", one_of(("",))) if models.bad_words else None,
        Measure("split", _split),
    ]
    return [step for step in steps if step is not None]


def _counted(batch: Batch) -> dict[str, pa.Array]:
    return {"original_characters": pa.array(batch.texts.characters), "original_lines": pa.array(np.diff(batch.texts.lines.offsets))}


def _address(batch: Batch) -> dict[str, pa.Array]:
    return {"address": addresses.normal_form(batch["url"])}


def _newest(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The greatest date first: its digits, YYYYMMDDhhmmss and up to three of a second, taken from the largest number."""
    digits = [(re.sub(r"\D", "", date or "") + "0" * 17)[:17] for date in batch["timestamp"].to_pylist()]
    return np.uint64(2**64 - 1) - np.array([int(value) for value in digits], np.uint64)


def _clean(rules: line_rules.LineRules, sentences: str, batch: Batch) -> Removed:
    """The lines that stay, what the others went for, and the sentences of those that stay, each line by itself."""
    judged = line_rules.judge(batch.texts, rules)
    counts = _splitter(sentences).counts_between(judged.buffer, judged.lines.starts, judged.lines.ends)
    totals = np.bincount(judged.lines.documents, weights=counts, minlength=len(batch)).astype(np.int64)
    return Removed(judged.texts, judged.kept, judged.removed, {"page_rule": judged.page_rules, "sentences": pa.array(totals)})


def _sentences(path: str, batch: Batch) -> dict[str, pa.Array]:
    return {"sentences": pa.array(_splitter(path).counts(batch.texts))}


def _line_keys(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return lines.lowered_hashes(batch.texts)


def _smallest_digest(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The first 8 bytes of the md5 of the address: two pages that agree in them are one page."""
    return np.ascontiguousarray(addresses.digests(batch["address"])[:, :8]).view(">u8").ravel().astype(np.uint64)


def _language(batch: Batch) -> dict[str, pa.Array]:
    labels, scores = _detector().detect(batch.texts)
    return {"language": labels, "language_score": pa.array(scores)}


def _bad_words(config: C4, path: str, batch: Batch) -> dict[str, pa.Array]:
    """The first word of the list that a page has, or nothing; one page in so many is let off."""
    found = _list(path, config.language, config.bad_words_match).hits(batch.texts)
    if config.bad_words_fraction < 1:
        exempt = addresses.is_exempt(addresses.digests(batch["address"]), config.bad_words_fraction)
        found = [None if free else word for word, free in zip(found, exempt.tolist(), strict=True)]
    return {"bad_word": pa.array([word or "" for word in found], pa.string())}


def _split(batch: Batch) -> dict[str, pa.Array]:
    validation = addresses.is_validation(addresses.digests(batch["address"]))
    return {"split": pa.array(np.where(validation, "validation", "train"), pa.string())}


@functools.cache
def _splitter(path: str) -> Sentences:
    return Sentences(path)


@functools.cache
def _detector() -> Detector:
    return Detector()


@functools.cache
def _list(path: str, language: str, match: str) -> BadWords:
    with open(path, encoding="utf-8") as file:
        return BadWords(file.read(), language, old=match == "line")
