"""Trains the language model of one language: `python -m pipeline.train_lm --language=en --input=TEXTS`.

CCNet's recipe (spec: LM training recipe): SentencePiece unigram and a 5-gram model over its pieces, both on texts in CCNet's normal form, and
the perplexities that cut head, middle and tail, measured on documents that were held out. CCNet trains on the openings of Wikipedia's
articles and takes its cut-offs from the crawl: for a split in 30, 30 and 40 per cent, give pages of the crawl as --held-out.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline import files, settings, training
from pipeline.files import InputError, Listed
from pipeline.language_models import ARPA, BINARY, HEAD_PERCENTILE, MANIFEST, MIDDLE_PERCENTILE, OWN, SENTENCEPIECE
from pipeline.ngram_training import build_binary, choose, estimate
from pipeline.settings import setting
from pipeline.training import Say, TrainingError, described, put_in_place
from pipeline.training_texts import Lines, documents
from transforms.normalize import for_language_model
from transforms.perplexity import LanguageModel
from transforms.pieces import Segmenter, train_unigram


@dataclass(frozen=True)
class LanguageModelTraining:
    """How a language model is trained."""

    vocabulary: int = setting(65_536, "code: CCNet's Makefile, spm_train --vocab_size; on little text the largest that can be had")
    character_coverage: float = setting(0.9995, "code: CCNet's Makefile, spm_train --character_coverage")
    num_threads: int = setting(16, "code: spm_train's default, as CCNet; it changes the vocabulary, so it is no matter of the machine")
    line_bytes: int = setting(4192, "code: spm_train's default, as CCNet, which loses longer lines. ours: they are cut into pieces")
    order: int = setting(5, "code: CCNet's Makefile, lmplz -o 5; paper: CCNet, 5-gram models")
    documents: int = setting(1_000_000, "code: CCNet's Makefile, NDOC_FOR_LM: the first ones are trained on")
    held_out_every: int = setting(10, "ours: of the input where nothing is held out apart, every tenth document, from the first")
    column: str = setting("text", "ours: the Parquet column or JSON key of the text; what RedPajama and C4 call it")
    estimator: Literal["auto", "lmplz", "own"] = setting("auto", "ours: KenLM's lmplz where it is on the PATH; both give the same model")
    memory_bytes: int = setting(
        1 << 30, "ours: of the estimator, which takes to disk what is more; CCNet's lmplz -S 8G needs a large machine"
    )

    def __post_init__(self) -> None:
        for name, least in [
            ("vocabulary", 1),
            ("num_threads", 1),
            ("line_bytes", 16),
            ("order", 2),
            ("documents", 1),
            ("held_out_every", 2),
        ]:
            if getattr(self, name) < least:
                raise settings.SettingError(f"{name} is {least} or more, not {getattr(self, name)}")
        if not 0.9 <= self.character_coverage <= 1:
            raise settings.SettingError(f"character_coverage is a share from 0.9 to 1, not {self.character_coverage:g}")


def train(
    inputs: Sequence[str | Path],
    held_out: Sequence[str | Path],
    language: str,
    models_directory: str | Path,
    config: LanguageModelTraining = LanguageModelTraining(),
    say: Say = lambda line: None,
) -> Path:
    """Trains on the documents of `inputs` and writes `lm/LANGUAGE` in `models_directory`; the path of that folder.

    It appears whole, in place of what was there. The cut-offs come from the documents of `held_out`, or where that is empty from
    documents of `inputs` that are then not trained on. The same files and settings give the same bytes. `say` takes lines of progress.
    Raises InputError for files that cannot be used, TrainingError for texts that give no model, OSError where nothing can be written.
    """
    if not re.fullmatch("[a-z]{2,3}", language):
        raise TrainingError(f"--language takes a code of two or three letters such as en, found {language!r}")
    listing, held_out_listing = (files.expand([str(path) for path in paths])[0] if paths else [] for paths in (inputs, held_out))
    if not listing:
        raise InputError("no input: expected at least one file of texts")
    estimator = choose(config.estimator)
    models = Path(models_directory) / OWN
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{files.PARTIAL}{language}-", dir=models) as name:
        folder, result = Path(name), Path(name) / "result"
        result.mkdir()
        training, judged, empty = _split(listing, held_out_listing, folder, config)
        say(f"{training.count} documents to train on, {judged.count} held out, {empty} empty")
        vocabulary = _train_segmenter(training, result, config, say)
        ngrams = estimate(
            training, Segmenter(str(result / SENTENCEPIECE)), result / ARPA, folder, estimator, config.order, config.memory_bytes
        )
        build_binary(result / ARPA, result / BINARY)
        say(f"n-grams of orders 1 to {config.order}: {', '.join(map(str, ngrams))}, estimated by {estimator}")
        manifest: dict[str, Any] = {
            "language": language,
            "cutoffs": _cutoffs(judged, result),
            "vocabulary": {"wanted": config.vocabulary, "got": vocabulary},
            "estimator": estimator,
            "ngrams": ngrams,
            "documents": {"training": training.count, "held_out": judged.count, "empty": empty},
            "inputs": described(listing),
            "held_out": described(held_out_listing) or f"of the inputs, every {config.held_out_every}th document from the first",
        }
        _finish(manifest, result, config)
        put_in_place(result, models / language, folder / "former")
    say(f"cut-offs: head below {manifest['cutoffs']['p30']}, tail from {manifest['cutoffs']['p60']}")
    return models / language


def _split(listing: list[Listed], held_out: list[Listed], folder: Path, config: LanguageModelTraining) -> tuple[Lines, Lines, int]:
    """The documents to train on and those held out, in normal form, and how many have nothing left in it."""
    training, judged, empty = Lines(folder / "training"), Lines(folder / "held-out"), 0
    number = count()
    with training, judged:
        for text in _texts(listing, config.column):
            normal = for_language_model(text)
            if not normal:
                empty += 1
            elif held_out or next(number) % config.held_out_every:
                training.add(normal)
                if training.count == config.documents:
                    break
            else:
                judged.add(normal)
        for text in _texts(held_out, config.column):
            normal = for_language_model(text)
            if normal:
                judged.add(normal)
            else:
                empty += 1
    for lines, what in [(training, "trained on"), (judged, "held out")]:
        if not lines.count:
            raise TrainingError(
                f"expected documents with text, found {training.count + judged.count} in {len(listing) + len(held_out)} files, so that none "
                f"could be {what}: give more text, or with --held-out other files for the cut-offs"
            )
    return training, judged, empty


def _texts(listing: list[Listed], column: str) -> Iterator[str]:
    for listed in listing:
        yield from documents(listed, column)


def _train_segmenter(training: Lines, result: Path, config: LanguageModelTraining, say: Say) -> int:
    """Writes the SentencePiece model; the size of its vocabulary."""
    try:
        model = train_unigram(training, config.vocabulary, config.character_coverage, config.num_threads, config.line_bytes)
    except ValueError as error:
        raise TrainingError(str(error)) from None
    (result / SENTENCEPIECE).write_bytes(model)
    found = len(Segmenter(str(result / SENTENCEPIECE)).surfaces)
    if found < config.vocabulary:
        say(f"a vocabulary of {found} pieces, the largest that these texts give; {config.vocabulary} were wanted")
    return found


def _cutoffs(judged: Lines, result: Path) -> dict[str, Any]:
    ngrams = result / BINARY if (result / BINARY).is_file() else result / ARPA
    try:
        model = LanguageModel(str(result / SENTENCEPIECE), str(ngrams))
    except ValueError as error:  # lmplz writes a backoff of 0, which a few lines of text can have, as -inf
        raise TrainingError(
            f"the model that was estimated cannot be read: {error}; with other texts, or --set estimator=own, it may"
        ) from None
    perplexities = np.concatenate([model.of_normal_texts(batch) for batch in judged.batches()])
    perplexities = perplexities[~np.isnan(perplexities)]
    if not len(perplexities):
        raise TrainingError("expected held-out documents with text, found none of which the segmenter leaves anything: give others")
    p30, p60 = (round(float(found), 1) for found in np.percentile(perplexities, [HEAD_PERCENTILE, MIDDLE_PERCENTILE]))
    return {"p30": p30, "p60": p60, "documents": len(perplexities)}


def _finish(manifest: dict[str, Any], result: Path, config: LanguageModelTraining) -> None:
    """Completes the manifest and writes it."""
    paths = sorted(result.iterdir())
    manifest["files"] = {path.name: {"size": path.stat().st_size, "sha256": files.sha256(path)} for path in paths}
    # The binary form is made of the other, where build_binary is installed, and gives the same numbers.
    content = [manifest["files"][name]["sha256"] for name in (SENTENCEPIECE, ARPA)]
    manifest["fingerprint"] = settings.fingerprint(content, manifest["cutoffs"])
    manifest["settings"] = settings.described(config)
    manifest["versions"] = {name: version(name) for name in ("numpy", "pyarrow", "sentencepiece", "ufal-kenlm")}
    manifest["versions"]["unicode"] = unicodedata.unidata_version
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (result / MANIFEST).write_text(text, encoding="utf-8")


def _arguments() -> argparse.ArgumentParser:
    names = ", ".join(name for name, _, _ in settings.fields(LanguageModelTraining()))
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.train_lm",
        description="Trains the language model of one language, with the cut-offs of head, middle and tail.",
        epilog=f"Texts are Parquet, JSON lines (.jsonl, .json, .ndjson) or plain text with one document a line, in .gz or .zst or not. Fields: {names}",
        allow_abbrev=False,
    )
    paths = "paths, globs, URLs or @LIST"
    parser.add_argument("--language", required=True, metavar="CODE", help="the language's code, as the language identifier gives it: en")
    parser.add_argument("--input", action="extend", nargs="+", required=True, metavar="PATH", help=f"texts to train on: {paths}")
    held_out = f"texts for the cut-offs, best pages of the crawl: {paths} (default: every tenth of the input)"
    parser.add_argument("--held-out", action="extend", nargs="+", default=[], metavar="PATH", help=held_out)
    parser.add_argument("--column", metavar="NAME", help="the Parquet column or JSON key of the text (default: text)")
    parser.add_argument("--models", default="models", metavar="DIR", help="the models' folder (default: models)")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="changes a field of the settings")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: as `training.run`."""
    options = _arguments().parse_args(arguments)
    changes = options.set + ([f"column={options.column}"] if options.column else [])

    def trained(say: Say) -> Path:
        config = settings.change(LanguageModelTraining(), changes)
        return train(options.input, options.held_out, options.language, options.models, config, say)

    return training.run(trained)


if __name__ == "__main__":
    sys.exit(main())
