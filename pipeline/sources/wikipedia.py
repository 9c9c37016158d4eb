"""Wikipedia, 4.5 % of the mixture. LLaMA section 2.1, Wikipedia.

"We add Wikipedia dumps from the June-August 2022 period, covering 20 languages, which use either the Latin or Cyrillic scripts: bg, ca, cs, da, de, en,
es, fr, hr, hu, it, nl, pl, pt, ro, ru, sl, sr, sv, uk. We process the data to remove hyperlinks, comments and other formatting boilerplate."
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import mediawiki, settings
from pipeline.documents import Batch
from pipeline.files import Listed
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import Keep, Measure, Recipe, Rewrite, Rewritten, at_least, one_of
from pipeline.records import Broken, Document, Fed, Read, Refused
from pipeline.settings import setting
from transforms import wikitext

NAME = "wikipedia"
READ_AS = "read the page as an article"


@dataclass(frozen=True)
class Wikipedia:
    """What LLaMA did to Wikipedia; where it does not say, as Hugging Face's script does, which RedPajama uses."""

    languages: tuple[str, ...] | None = setting(
        wikitext.LANGUAGES, "paper: 20 languages in Latin or Cyrillic script; any: all languages stay"
    )
    markup: wikitext.Rules = setting(wikitext.LLAMA, "paper: remove hyperlinks, comments and other formatting boilerplate")
    namespaces: tuple[str, ...] = setting(("0",), "code: Hugging Face's script keeps articles alone")
    title_in_text: bool = setting(False, "code: Hugging Face's script keeps the title apart; true: it is the text's first line")
    min_characters: int = setting(1, "code: Hugging Face's script drops pages of which nothing is left, and no others")
    max_document_bytes: int = setting(16 * 2**20, "ours: beyond it a page is dropped by name; MediaWiki allows 2 MiB of wikitext")
    rejected_text: bool = setting(False, "ours: rejects name the page; its text is in the dump")

    def __post_init__(self) -> None:
        if self.max_document_bytes < 1:
            raise settings.SettingError(f"max_document_bytes is at least 1, not {self.max_document_bytes}")
        for namespace in self.namespaces:
            if not namespace.lstrip("-").isdigit():
                raise settings.SettingError(f"namespaces are numbers such as 0,14; found {namespace!r}")


LLAMA = Wikipedia()
PRESETS = {"llama": LLAMA}

READ = pa.schema([(name, pa.string()) for name in ("url", "title", "language", "wiki", "timestamp", "names")])
"""The columns that the reader gives beside id, source, text, notes and origin. `names`: of the wiki's namespaces."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("language", pa.string()),
        ("text", pa.string()),
        ("wiki", pa.string()),
        ("timestamp", pa.string()),
        ("characters", pa.int64()),
        ("original_characters", pa.int64()),
        ("holes", pa.int64()),
        *PLACE,
    ]
)
"""An article. original_characters count its wikitext; `holes`: templates amid a sentence that left nothing."""

PASSED = pa.schema([("document", pa.uint32()), *CLEAN])

MEASURES = (("language", "languages", "one of"), ("characters", "min_characters", "at least"))
"""(column of a clean shard, setting that bounds it, how), for `explain`."""

PART_BYTES = 64 * 2**20
"""ours: bytes of a multistream dump that are one unit: some 250 MB of wikitext, half a minute of work."""


# ---- what the inputs are


def splits(name: str, size: int) -> list[tuple[int, int]]:
    """The ranges of a dump that are units of their own."""
    return mediawiki.splits(name, size, PART_BYTES)


def companions(listing: Sequence[Listed]) -> dict[str, Listed]:
    """The multistream index of each dump that has one among the inputs, by the dump's path."""
    by_path = {file.path: file for file in listing}
    named = {path: re.sub(r"-multistream(\d*)\.xml", r"-multistream-index\1.txt", path) for path in by_path}
    return {path: by_path[index] for path, index in named.items() if index != path and index in by_path}


# ---- reading


def read(part: Part, config: Wikipedia) -> Iterator[Read]:
    """Every page of a dump in its last revision."""
    index = None
    try:
        index = _index(part.companion) if part.companion else None
    except mediawiki.BrokenIndex as error:
        if part.start == 0:
            yield Broken(0, 0, 0, "the dump's index cannot be read; the dump was", str(error).encode())
    for page in mediawiki.read(part, mediawiki.Bounds(config.max_document_bytes), index):
        if isinstance(page, Broken):
            yield page
            continue
        yield Fed("revisions", 1, {"older revision": page.older})
        yield _page(page, config)


DISPUTED = "file name and siteinfo name two wikis: the name counts"


def _page(page: mediawiki.Page, config: Wikipedia) -> Document | Refused:
    site = page.site
    key = f"{site.dbname}/{page.id}"
    columns = {
        "url": _url(site.base, page.title),
        "title": page.title,
        "language": site.language,
        "wiki": site.dbname,
        "timestamp": page.timestamp,
        "names": _names(site),
    }

    notes = page.notes + ((DISPUTED,) if site.disputed else ())

    def refuse(label: str, reason: str, value: object = "") -> Refused:
        return Refused(key, label, reason, str(value), page.offset, page.inner, columns, notes)

    if str(page.ns) not in config.namespaces:
        return refuse("other namespace", f"not an article: namespace {site.namespaces.get(page.ns, '')}".rstrip(), page.ns)
    if page.redirect is not None:
        return refuse("redirect", "the page only points to another", page.redirect)
    if page.text is None:
        return refuse(page.lacking or "no text", "the dump has no text for the page")
    if page.model not in (None, "", "wikitext"):
        return refuse("not wikitext", "the page's content model", page.model)
    if not page.text.strip():
        return refuse("no text", "the text is empty")
    if wikitext.is_redirect(page.text, _wiki(site.language, _names(site))):
        return refuse("redirect", "the text only points to another page", page.text.strip()[:80])
    return Document(key, page.text, page.offset, page.inner, columns, notes)


def _url(base: str, title: str) -> str | None:
    """The page's address: that of the main page with another title."""
    head, slash, _ = base.rpartition("/")
    return f"{head}/{quote(title.replace(' ', '_'), safe=':/()!,;@*~')}" if slash else None


@functools.lru_cache(maxsize=1)
def _index(path: str) -> mediawiki.Index:
    """A dump's index, read once by each worker and not by each range."""
    return mediawiki.index(path)


@functools.lru_cache(maxsize=64)
def _names(site: mediawiki.Site) -> str:
    """The wiki's own names of its namespaces, as one string that repeats from page to page."""
    return json.dumps(sorted(site.namespaces.items()), ensure_ascii=False)


@functools.lru_cache(maxsize=1024)
def _wiki(language: str, names: str) -> wikitext.Wiki:
    return wikitext.wiki_of(language, {number: [name] for number, name in json.loads(names) if name})


# ---- the recipe


def recipe(config: Wikipedia, models: object) -> Recipe:
    """LLaMA section 2.1, the Wikipedia paragraph, clause by clause."""
    steps: list[Keep | Measure | Rewrite | None] = [
        Measure("language", lambda batch: {"language": batch["language"]}),
        Keep("20 languages" if config.languages == wikitext.LANGUAGES else "languages", "language", one_of(config.languages))
        if config.languages
        else None,
        Measure("wikitext", lambda batch: {"original_characters": pa.array(batch.texts.characters)}),
        Rewrite("remove hyperlinks, comments and other formatting boilerplate", functools.partial(_stripped, config.markup)),
        Measure("what is left", lambda batch: {"characters": pa.array(batch.texts.characters)}),
        Keep("something is left", "characters", at_least(config.min_characters)),
        Rewrite("title in the text", _with_title) if config.title_in_text else None,
    ]
    return [step for step in steps if step is not None]


def _stripped(rules: wikitext.Rules, batch: Batch) -> Rewritten:
    texts, holes, noted = [], [], Counter[str]()
    columns = (batch[name].to_pylist() for name in ("text", "language", "names"))
    for text, language, names in zip(*columns, strict=True):
        stripped = wikitext.strip(text, _wiki(language, names), rules)
        texts.append(stripped.text)
        holes.append(sum(stripped.holes.values()))
        noted.update(f"{opener} without an end" for opener in stripped.unclosed)
    return Rewritten(pa.array(texts, pa.string()), {"holes": pa.array(np.array(holes, np.int64))}, noted)


def _with_title(batch: Batch) -> Rewritten:
    return Rewritten(pc.binary_join_element_wise(batch["title"], batch["text"], "\n\n"))
