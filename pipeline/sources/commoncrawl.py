"""CommonCrawl, 67 % of the mixture. LLaMA section 2.1, English CommonCrawl.

"We preprocess five CommonCrawl dumps, ranging from 2017 to 2020, with the CCNet pipeline. This process deduplicates the data at the line level,
performs language identification with a fastText linear classifier to remove non-English pages and filters low quality content with an n-gram
language model. In addition, we trained a linear model to classify pages used as references in Wikipedia v.s. randomly sampled pages, and
discarded pages not classified as references."
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from pipeline import responses, settings, warc
from pipeline.documents import Batch
from pipeline.exchange import hashed
from pipeline.language_models import LanguageModelFiles
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import DropDuplicates, Keep, Measure, Recipe, at_least, at_most, one_of
from pipeline.records import Broken, Document, Read, Refused, Skipped
from pipeline.settings import setting
from transforms import html, lines, markup, perplexity, wet
from transforms.language import Identifier
from transforms.references import ReferenceClassifier

NAME = "commoncrawl"
READ_AS = "read the record as a page"
MODELS = "pipeline.commoncrawl_models"


@dataclass(frozen=True)
class DuplicateLines:
    """How far apart equal lines are looked for, and which copies go."""

    scope: str = setting("group:50", "code: CCNet's hash_in_mem=50: a shard is compared with the 50 of its block")
    policy: Literal["remove_all", "keep_first"] = setting("remove_all", "code: CCNet removes every copy of a line that two documents hold")

    def __post_init__(self) -> None:
        kind, colon, count = self.scope.partition(":")
        if not (self.scope in ("shard", "corpus") or (kind == "group" and colon and count.isdigit() and int(count) > 0)):
            raise settings.SettingError(f"lines.scope is shard, group:K (K shards, such as group:50) or corpus; found {self.scope!r}")


@dataclass(frozen=True)
class CommonCrawl:
    """What LLaMA did to CommonCrawl; where it does not say, what CCNet, which it used, does."""

    min_characters: int = setting(300, "code: CCNet's min_len, checked once, before deduplication and without the title")
    lines: DuplicateLines = setting(DuplicateLines(), "paper: deduplicates the data at the line level")
    shards: int = setting(1600, "code: CCNet's num_shards: a shard is ceil(files / shards) consecutive files")
    languages: tuple[str, ...] | None = setting(("en",), "paper: remove non-English pages; any: all languages stay")
    min_language_score: float = setting(0.5, "code: CCNet's lang_threshold, compared with the score rounded to 2 decimals")
    language_model: Literal["own", "ccnet"] = setting(
        "own", "ours: an LM that train_lm made, since CCNet's are large; ccnet: the published ones"
    )
    buckets: tuple[str, ...] | None = setting(("head", "middle"), "ours: LLaMA does not say which; as RedPajama. any: the step is off")
    max_perplexity: float | None = setting(None, "ours: no bound beside the buckets, as CCNet; none: the step is off")
    measure_perplexity: bool = setting(False, "ours: perplexity is measured where a step uses it; true: wherever a model is there")
    min_reference: float | None = setting(0.5, "paper: discarded pages not classified as references, so P >= 0.5; none: the step is off")
    equal_digests: Literal["kept", "one"] = setting("kept", "code: CCNet compares lines alone; RedPajama keeps one page of each digest")
    record_end: Literal["length", "line"] = setting("length", "ours: the WARC standard's; line: CCNet's, which a page line WARC/1.0 ends")
    max_document_bytes: int = setting(8 * 2**20, "ours: beyond it a text is dropped by name: SentencePiece takes 1.2 GB for 50 MB of text")
    max_record_bytes: int = setting(64 * 2**20, "ours: content of one record that is held in memory; larger ones are read over")
    max_member_bytes: int = setting(64 * 2**30, "ours: expanded size at which a gzip member is a bomb; whole crawls lie in one member")
    max_attributes: int = setting(
        2000, "ours: of one HTML tag; the parser takes quadratic time in them, and 1,700 real pages have 20 at most"
    )
    language_identifier: Literal["ftz", "bin"] = setting("ftz", "ours: 0.9 MB instead of 126; CCNet used lid.176.bin")
    rejected_text: bool = setting(False, "ours: rejects name the page; their text is in the crawl")

    def __post_init__(self) -> None:
        for bucket in self.buckets or ():
            settings.one_of("buckets", bucket, ("head", "middle", "tail", "all"))
        for name in ("min_characters", "shards", "max_document_bytes", "max_record_bytes", "max_member_bytes", "max_attributes"):
            if getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is at least 1, not {getattr(self, name)}")
        if self.max_document_bytes > self.max_record_bytes:
            raise settings.SettingError("max_document_bytes is at most max_record_bytes: a larger text is never held")

    @property
    def needs_perplexity(self) -> bool:
        """Whether a step uses what the language model measures."""
        return self.buckets is not None or self.max_perplexity is not None


LLAMA = CommonCrawl()
PRESETS = {
    "llama": LLAMA,
    "ccnet": dataclasses.replace(LLAMA, languages=None, buckets=None, measure_perplexity=True, min_reference=None, record_end="line"),
    "redpajama": dataclasses.replace(LLAMA, lines=DuplicateLines(scope="shard"), shards=5000, min_reference=0.25, equal_digests="one"),
}

READ = pa.schema([(name, pa.string()) for name in ("url", "domain", "title", "date", "digest")])
"""The columns that the reader gives beside id, source, text, notes and origin."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),
        ("date", pa.string()),
        ("digest", pa.string()),
        ("language", pa.string()),
        ("language_score", pa.float64()),
        ("perplexity", pa.float64()),
        ("bucket", pa.string()),
        ("reference_score", pa.float64()),
        ("original_characters", pa.int64()),
        ("original_lines", pa.int64()),
        *PLACE,
    ]
)
"""A clean page. original_characters and original_lines count the text before line deduplication, without the title."""

PASSED = pa.schema([("document", pa.uint32()), ("domain", pa.string()), *CLEAN])

MEASURES = (
    ("original_characters", "min_characters", "at least"),
    ("language_score", "min_language_score", "at least"),
    ("language", "languages", "one of"),
    ("perplexity", "max_perplexity", "at most"),
    ("bucket", "buckets", "one of"),
    ("reference_score", "min_reference", "at least"),
)
"""(column of a clean shard, setting that bounds it, how), for `explain`."""


# ---- reading


def read(part: Part, config: CommonCrawl) -> Iterator[Read]:
    """Every record of a WET or WARC file, as what it is for the books."""
    bounds = warc.Bounds(member_bytes=config.max_member_bytes, record_bytes=config.max_record_bytes)
    for record in warc.read(part.stream, part.name, bounds, config.record_end):
        if isinstance(record, warc.Broken):
            yield Broken(record.offset, record.inner, record.bytes, record.reason, record.excerpt)
        elif record.type not in ("conversion", "response", "resource", "revisit"):
            yield Skipped(record.type)
        else:
            yield _page(record, config)


def _page(record: warc.Record, config: CommonCrawl) -> Document | Refused:
    url = record.headers.get("warc-target-uri", "").strip("<>")
    digest = record.headers.get("warc-block-digest")
    columns = {"url": url, "domain": _domain(url), "date": record.headers.get("warc-date"), "digest": digest}

    def refuse(label: str, reason: str, value: object) -> Refused:
        return Refused(warc.key(record), label, reason, str(value), record.offset, record.inner, columns, record.notes)

    if record.type == "revisit":
        return refuse("revisit record", "the record names a page that was stored before", record.headers.get("warc-refers-to", ""))
    if record.content is None or (record.type == "conversion" and len(record.content) > config.max_document_bytes):
        return refuse("over-size page", f"more than {config.max_document_bytes} bytes", record.length)
    if record.type == "conversion":
        page = wet.page(record.content)
    else:
        found = _extract(record, config)
        if isinstance(found, responses.Refused):
            return refuse(found.reason, found.reason, found.excerpt.decode("utf-8", "replace"))
        page = found
    if 4 * len(page.text) > config.max_document_bytes and len(page.text.encode()) > config.max_document_bytes:
        return refuse("over-size page", f"more than {config.max_document_bytes} bytes", record.length)
    columns["title"] = page.title
    if digest is None:
        columns["digest"] = "sha1:" + base64.b32encode(hashlib.sha1(record.content).digest()).decode()
    return Document(warc.key(record), page.text, record.offset, record.inner, columns, record.notes + page.notes)


def _extract(record: warc.Record, config: CommonCrawl) -> wet.Page | responses.Refused:
    """Title and text of an HTML page, as WET would have them."""
    assert record.content is not None
    body, media_type, charset = record.content, record.headers.get("content-type", ""), None
    notes: tuple[str, ...] = ()
    if record.type == "response":
        response = responses.parse(record.content, config.max_record_bytes)
        if isinstance(response, responses.Refused):
            return response
        if response.status != 200:
            return responses.Refused("error status", f"HTTP status {response.status}".encode())
        body, media_type, charset, notes = response.body, response.media_type, response.charset, response.notes
    if media_type.split(";")[0].strip().lower() not in ("text/html", "application/xhtml+xml"):
        return responses.Refused("not an HTML page", media_type.encode())
    if len(body) > config.max_document_bytes:
        return responses.Refused("over-size page", str(len(body)).encode())
    attributes = markup.most_attributes(body)
    if attributes > config.max_attributes:
        return responses.Refused("a tag with too many attributes", str(attributes).encode())
    found = html.extract(body, charset)
    return wet.Page(found.title, "\n".join(map(str.strip, found.text.split("\n"))), notes + found.notes)


PLAIN_URL = re.compile(r"https?://([\w.:@%~!$&'()*+,;=-]+)(?:[/?#][!-~]*)?", re.ASCII)
"""An address whose host and port stand where urlsplit finds them, at a sixth of its cost. ours: most are of this form."""


def _domain(url: str) -> str:
    """The netloc, port and user included, as CCNet's source_domain; an ordinary URL is told in a sixth of urlsplit's time."""
    plain = PLAIN_URL.fullmatch(url)
    if plain:
        return plain[1]
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


# ---- the recipe


@dataclass(frozen=True)
class Models:
    """Paths of the models that a configuration needs, and fingerprints of their content; None or empty where it needs none."""

    language: str
    language_models: Mapping[str, LanguageModelFiles]
    references: str | None
    fingerprints: Mapping[str, str]


def recipe(config: CommonCrawl, models: Models) -> Recipe:
    """LLaMA section 2.1, the English CommonCrawl paragraph, clause by clause."""
    steps: list[Measure | Keep | DropDuplicates | None] = [
        Measure("characters", lambda batch: {"original_characters": pa.array(batch.texts.characters)}),
        Keep("at least 300 characters", "original_characters", at_least(config.min_characters)),
        Measure("lines", lambda batch: {"original_lines": pa.array(np.diff(batch.texts.lines.offsets))}),
        DropDuplicates(
            "deduplicate at the line level",
            lambda batch: lines.hashes(batch.texts),
            "lines",
            config.lines.scope,
            config.shards,
            config.lines.policy,
        ),
        Measure("language", functools.partial(_language, models.language)),
        Keep("language identified", "language_score", at_least(config.min_language_score)),
        Keep(
            "remove non-English pages" if config.languages == ("en",) else "remove pages in other languages",
            "language",
            one_of(config.languages),
        )
        if config.languages
        else None,
        Measure("perplexity", functools.partial(_perplexity, models.language_models))
        if config.needs_perplexity or (config.measure_perplexity and models.language_models)
        else None,
        Keep("filter low-quality content", "bucket", one_of(config.buckets)) if config.buckets else None,
        Keep("perplexity bound", "perplexity", at_most(config.max_perplexity)) if config.max_perplexity is not None else None,
        Measure("reference", functools.partial(_reference, models.references or "")) if config.min_reference is not None else None,
        Keep("discard pages not classified as references", "reference_score", at_least(config.min_reference))
        if config.min_reference is not None
        else None,
        DropDuplicates(
            "keep one page of each digest", lambda batch: hashed(batch["digest"]), "documents", "corpus", config.shards, "keep_first"
        )
        if config.equal_digests == "one"
        else None,
    ]
    return [step for step in steps if step is not None]


def _language(path: str, batch: Batch) -> dict[str, pa.Array]:
    labels, scores = _identifier(path).identify(batch.texts)
    return {"language": pa.array(labels, pa.string()), "language_score": pa.array(scores)}


def _perplexity(models: Mapping[str, LanguageModelFiles], batch: Batch) -> dict[str, pa.Array]:
    """Each page by the LM of its language; a page in a language without one has no perplexity, and is in bucket `all`."""
    languages = np.asarray(batch["language"].to_pylist(), dtype=object)
    values = np.full(len(batch), np.nan)
    buckets = np.full(len(batch), "all", dtype=object)
    for language, model in sorted(models.items()):
        mine = np.flatnonzero(languages == language)
        if len(mine):
            values[mine] = _scorer(model.sentencepiece, model.ngrams).perplexities(batch["text"].take(pa.array(mine)))
            buckets[mine] = perplexity.buckets(values[mine], model.p30, model.p60)
    return {"perplexity": pa.array(values, mask=np.isnan(values)), "bucket": pa.array(buckets, pa.string())}


def _reference(path: str, batch: Batch) -> dict[str, pa.Array]:
    return {"reference_score": pa.array(_classifier(path).scores(batch["text"]))}


@functools.cache
def _identifier(path: str) -> Identifier:
    return Identifier(path)


@functools.cache
def _scorer(sentencepiece: str, ngrams: str) -> perplexity.LanguageModel:
    return perplexity.LanguageModel(sentencepiece, ngrams)


@functools.cache
def _classifier(path: str) -> ReferenceClassifier:
    return ReferenceClassifier(path)
