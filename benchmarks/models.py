"""Models for the benchmarks, trained on the corpus by what a user's commands call, and kept in FOLDER/models.

They are right in kind, not in judgement: the LM knows 5 MB of English manuals, and the reference classifier tells some manuals from others.
What matters is that each costs what such a model costs. A real LM is larger, so KenLM misses the processor's caches more often than here,
alike in ours and in what it is measured against.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import corpus
from pipeline import files, models, setup, train_lm
from pipeline.part import Part
from pipeline.records import Document
from pipeline.sources import commoncrawl
from transforms import reference_training
from transforms.language import Identifier
from transforms.texts import Texts

LM_BYTES = 5 * 10**6
"""ours: trained in half a minute, vocabulary 65,536 as CCNet's where the text gives it."""
EXAMPLES = 2000
"""ours: pages of each class."""


def prepare(folder: Path, config: commoncrawl.CommonCrawl) -> commoncrawl.Models:
    """The models of the corpus in `folder`, made where they are not there yet."""
    made = folder / "models"
    made.mkdir(parents=True, exist_ok=True)
    identifier = Identifier(str(setup.obtain_language_identifier(made)))
    if not (made / "lm" / "en" / "manifest.json").is_file():
        english = made / "english.jsonl"
        english.write_text("".join(json.dumps({"text": text}) + "\n" for text in _english(folder, identifier)), encoding="utf-8")
        train_lm.train([english], [], "en", made, replace(train_lm.LanguageModelTraining(), estimator="own"), print)
        english.unlink()
    if not (made / "references" / "manifest.json").is_file():
        _references(folder, made / "references")
    return models.find(config, str(made))


def pages(paths: list[Path], config: commoncrawl.CommonCrawl) -> Iterator[Document]:
    """The documents of WET files, as the source reads them."""
    for path in paths:
        with path.open("rb") as stream:
            for record in commoncrawl.read(Part(stream, str(path), path.name, 0, 0, 0), config):
                if isinstance(record, Document):
                    yield record


def _english(folder: Path, identifier: Identifier) -> Iterator[str]:
    held = 0
    reader = pages(corpus.paths(folder), commoncrawl.LLAMA)
    while held < LM_BYTES:
        texts = [page.text for page in islice(reader, 512)]
        labels, scores = identifier.identify(Texts(pa.array(texts, pa.string())))
        for text, label, score in zip(texts, labels.to_pylist(), scores.tolist(), strict=True):
            if label == "en" and score >= 0.5 and held < LM_BYTES:
                held += len(text.encode())
                yield text


def _references(folder: Path, made: Path) -> None:
    """Classes by a hash of the host, so that there is something to learn."""
    made.mkdir(exist_ok=True)
    classes: dict[bool, list[str]] = {True: [], False: []}
    for page in pages(corpus.paths(folder)[::-1], commoncrawl.LLAMA):
        positive = hashlib.sha256(str(page.columns["domain"]).encode()).digest()[0] < 128
        if len(classes[positive]) < EXAMPLES:
            classes[positive].append(page.text)
        if min(map(len, classes.values())) == EXAMPLES:
            break
    examples = [example for pair in zip(classes[True], classes[False], strict=False) for example in zip((True, False), pair, strict=True)]
    reference_training.train(examples, reference_training.TrainingOptions(), str(made))
    for scratch in ("examples.txt", "first.vec"):
        (made / scratch).unlink()
    said: dict[str, Any] = {"fingerprint": files.sha256(made / "model.bin"), "made by": "benchmarks.models"}
    (made / "manifest.json").write_text(json.dumps(said))
