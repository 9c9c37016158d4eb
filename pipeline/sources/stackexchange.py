"""StackExchange, 2 % of the mixture. LLaMA section 2.1, Stack Exchange.

"We include a dump of Stack Exchange, a website of high quality questions and answers that covers a diverse set of domains, ranging from computer science
to chemistry. We kept the data from the 28 largest websites, removed the HTML tags from text and sorted the answers by score (from highest to lowest)."
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import posts, settings
from pipeline.documents import Batch
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import (
    Gather,
    Gathered,
    Keep,
    Mask,
    Measure,
    Merged,
    Recipe,
    Rewrite,
    Rewritten,
    Step,
    Survey,
    Test,
    at_least,
    at_most,
    one_of,
)
from pipeline.records import Document, Fed, Read, Row, Total
from pipeline.settings import setting
from transforms import post_html

NAME = "stackexchange"
READ_AS = "read the row as a question"


@dataclass(frozen=True)
class StackExchange:
    """What LLaMA did to Stack Exchange; where it does not say, as RedPajama does, and scores compare as numbers."""

    sites: tuple[str, ...] | None = setting(
        None, "paper: the 28 largest websites, computed from the dump; or a list of sites that are kept instead"
    )
    largest: int = setting(28, "paper: the 28 largest websites; by questions and answers")
    meta_sites: Literal["dropped", "kept"] = setting("dropped", "ours: they are about a site, and no website of their own")
    unanswered: Literal["kept", "dropped"] = setting("kept", "code: RedPajama keeps questions without an answer; LLaMA does not say")
    deleted: Literal["dropped", "kept"] = setting(
        "dropped", "ours: public dumps have none; a question or answer whose row has a DeletionDate was taken back"
    )
    min_question_score: int | None = setting(None, "paper: no least score is named; EleutherAI takes 3")
    min_answer_score: int | None = setting(None, "paper: no least score is named; EleutherAI takes 3")
    max_answers: int | None = setting(None, "paper: the answers, so all of them; EleutherAI takes 3")
    question: str = setting(
        "Q: {title}\n\n{body}", "code: RedPajama marks it with `Q: `; title, blank line and body are ours, where it has a blank"
    )
    answer: str = setting(r"\nA: {body}", r"code: RedPajama's `\nA: `; \n in a template is a line end")
    max_document_bytes: int = setting(
        16 * 2**20, "ours: a row as stored that is held; a body has 30,000 characters at most, old ones some more"
    )
    rejected_text: bool = setting(False, "ours: rejects name the question; its text is in the dump")

    def __post_init__(self) -> None:
        for name in ("largest", "max_document_bytes", "max_answers"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is at least 1, not {getattr(self, name)}")
        for name, fields in (("question", ("title", "body")), ("answer", ("body",))):
            template = getattr(self, name)
            if "{body}" not in template or _unknown(template, fields):
                raise settings.SettingError(
                    f"{name} is a text with {{body}}{' and {title}' * (name == 'question')} in it, found {template!r}"
                )


def _unknown(template: str, fields: Sequence[str]) -> bool:
    try:
        template.format(**dict.fromkeys(fields, ""))
    except (KeyError, IndexError, ValueError):
        return True
    return False


LLAMA = StackExchange()
PRESETS = {"llama": LLAMA}

READ = pa.schema(
    [
        ("url", pa.string()),
        ("site", pa.string()),
        ("question", pa.string()),
        ("title", pa.string()),
        ("score", pa.int64()),
        ("tags", pa.list_(pa.string())),
        ("created", pa.string()),
        ("content_license", pa.string()),
        ("deleted", pa.string()),
    ]
)
"""The columns that the reader gives beside id, source, text, notes and origin. `question`: what its answers ask for, file and number."""

SURVEYED = pa.schema([("snapshot", pa.string()), ("site_rank", pa.int64()), ("site_posts", pa.int64())])
"""Of a dump: whether it is the newest of its site; the place of the site among all, from 1, and its questions and answers."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("site", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),
        ("score", pa.int64()),
        ("answers", pa.int64()),
        ("answer_scores", pa.list_(pa.int64())),
        ("tags", pa.list_(pa.string())),
        ("created", pa.string()),
        ("content_license", pa.string()),
        ("site_rank", pa.int64()),
        ("characters", pa.int64()),
        *PLACE,
    ]
)
"""A question with its answers. `answer_scores`: of the answers in the text, in their order; `content_license`: as the dump has it."""

PASSED = pa.schema([("document", pa.uint32()), ("question", pa.string()), ("deleted", pa.string()), *CLEAN])

MEASURES = (("site_rank", "largest", "at most"), ("score", "min_question_score", "at least"))
"""(column of a clean shard, setting that bounds it, how), for `explain`."""

ROWS = {"answers": pa.schema([("id", pa.int64()), ("score", pa.int64()), ("body", pa.string())])}
"""Rows that feed documents: a question's answers, wherever they stand in the dump."""

splits = posts.splits


# ---- reading


def read(part: Part, config: StackExchange) -> Iterator[Read]:
    """Every question of a dump as a document, every answer as a row that feeds it, and what the dump comes to."""
    bounds = posts.Bounds(row_bytes=config.max_document_bytes)
    for post in posts.read(part, bounds):
        if isinstance(post, posts.Question):
            yield _document(post, part)
        elif isinstance(post, posts.Answer):
            if config.deleted == "dropped" and post.deleted:
                yield Fed("answers", 0, {"deleted": 1})
            elif config.min_answer_score is not None and post.score < config.min_answer_score:
                yield Fed("answers", 0, {"below the least score": 1})
            else:
                yield Row("answers", _key(part, post.question), {"id": post.id, "score": post.score, "body": post.body}, post.notes)
        elif isinstance(post, posts.Totals):
            yield Total("posts", {"input": part.name, "site": post.site, "posts": post.posts, "newest": post.newest or ""})
        else:
            yield post


def _key(part: Part, question: int) -> str:
    """What an answer and its question have in common: answers of one dump do not mix with those of another of the same site."""
    return f"{part.name}#{question}"


def _document(question: posts.Question, part: Part) -> Document:
    site = question.site
    columns = {
        "url": f"https://{site}/questions/{question.id}" if "." in site else None,
        "site": site,
        "question": _key(part, question.id),
        "title": question.title,
        "score": question.score,
        "tags": question.tags,
        "created": question.created,
        "content_license": question.license,
        "deleted": "deleted" if question.deleted else "stands",
    }
    return Document(f"{site}/{question.id}", question.body, question.offset, question.inner, columns, question.notes)


# ---- the recipe


SORTED = "sorted the answers by score (from highest to lowest)"


def recipe(config: StackExchange, models: object) -> Recipe:
    """LLaMA section 2.1, the Stack Exchange paragraph, clause by clause."""
    steps: list[Step | None] = [
        Survey("what each site comes to", "posts", SURVEYED, functools.partial(survey, config)),
        Keep("newest dump of a site", "snapshot", one_of(("newest",))),
        Keep("no meta sites", "site", _no_meta()) if config.meta_sites == "dropped" and config.sites is None else None,
        Keep("listed websites", "site", one_of(config.sites))
        if config.sites is not None
        else Keep(f"{config.largest} largest websites", "site_rank", at_most(config.largest)),
        Keep("no deleted questions", "deleted", one_of(("stands",))) if config.deleted == "dropped" else None,
        Keep("least score of a question", "score", at_least(config.min_question_score)) if config.min_question_score is not None else None,
        Rewrite("removed the HTML tags from text", _without_tags),
        Gather(SORTED, "answers", lambda batch: batch["question"], functools.partial(_with_answers, config), None),
        Keep("has an answer", "answers", at_least(1)) if config.unanswered == "dropped" else None,
        Measure("the text", lambda batch: {"characters": pa.array(batch.texts.characters)}),
    ]
    return [step for step in steps if step is not None]


def survey(config: StackExchange, totals: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Which dump is the newest of its site (by the newest post; of equals, the last name), and the sites' places by questions and answers."""
    inputs: dict[str, dict[str, Any]] = {}
    for total in totals:  # ranges of one dump come apart
        held = inputs.setdefault(total["input"], {"input": total["input"], "site": total["site"], "posts": 0, "newest": ""})
        held["posts"] += total["posts"]
        held["newest"] = max(held["newest"], total["newest"])
    newest: dict[str, dict[str, Any]] = {}
    for dump in inputs.values():
        known = newest.setdefault(dump["site"], dump)
        newest[dump["site"]] = max(known, dump, key=lambda held: (held["newest"], held["input"]))
    ranked = [dump for site, dump in newest.items() if config.meta_sites == "kept" or not posts.is_meta(site)]
    ranked.sort(key=lambda dump: (-dump["posts"], dump["site"]))
    rank = {dump["site"]: place for place, dump in enumerate(ranked, 1)}
    found = {}
    for total in totals:
        dump = newest[total["site"]]
        is_newest = dump["input"] == total["input"]
        found[total["unit"]] = {
            "snapshot": "newest" if is_newest else f"older than {dump['input']}",
            "site_rank": rank.get(total["site"]) if is_newest else None,
            "site_posts": inputs[total["input"]]["posts"],
        }
    return found


def said(label: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The survey in lines for standard error: the sites by their size, and dumps that a newer one of the same site stands for."""
    sites = {row["site"]: row for row in rows if row["site_rank"] is not None}
    ranked = sorted(sites.values(), key=lambda row: int(row["site_rank"]))
    lines = [f"{row['site_rank']:3}. {row['site']}: {row['site_posts']:,} posts" for row in ranked]
    older = sorted({f"{row['input']}: left out, {row['snapshot']}" for row in rows if row["snapshot"] != "newest"})
    return [f"{label}:", *lines, *older]


def _no_meta() -> Test:
    def holds(column: pa.Array) -> Mask:
        known = column.dictionary_encode()
        website = pa.array([not posts.is_meta(site) for site in known.dictionary.to_pylist()], pa.bool_())
        return np.asarray(pc.take(website, known.indices).to_numpy(zero_copy_only=False), bool)

    return Test("is a meta site", holds)


def _without_tags(batch: Batch) -> Rewritten:
    converted = post_html.convert(batch["text"])
    return Rewritten(converted.text, {}, converted.noted)


def _with_answers(config: StackExchange, batch: Batch, gathered: Gathered) -> Merged:
    """The question and its answers by the templates; equal scores in the order of the answers' numbers."""
    rows = gathered.rows
    counts = np.diff(gathered.offsets)
    document = np.repeat(np.arange(len(batch)), counts)
    score, number = (np.asarray(rows.column(name).combine_chunks(), np.int64) for name in ("score", "id"))
    order = np.lexsort((number, -score, document))
    if config.max_answers is not None:
        place = np.arange(len(order)) - np.repeat(gathered.offsets[:-1], counts)
        order, document = order[place < config.max_answers], document[place < config.max_answers]
        counts = np.minimum(counts, config.max_answers)
    converted = post_html.convert(rows.column("body").combine_chunks().take(pa.array(order)))
    answers, ends = converted.text.to_pylist(), np.cumsum(counts).tolist()
    question, answer = (template.replace("\\n", "\n") for template in (config.question, config.answer))
    texts = []
    for title, body, count, end in zip(batch["title"].to_pylist(), batch["text"].to_pylist(), counts.tolist(), ends, strict=True):
        parts = [answer.format(body=text) for text in answers[end - count : end]]
        texts.append("".join([question.format(title=title, body=body), *parts]))
    scores = pa.ListArray.from_arrays(pa.array([0, *ends], pa.int32()), pa.array(score[order]))
    return Merged({"text": pa.array(texts, pa.string()), "answers": pa.array(counts), "answer_scores": scores}, converted.noted)
