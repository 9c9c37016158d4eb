"""Trains the classifier of pages that Wikipedia uses as references: `python -m pipeline.train_references --dump=DUMP --input=CRAWL`.

Rules: spec, "Wikipedia-reference classifier". References are the crawl's own pages whose addresses a Wikipedia dump cites (RedPajama
fetches the cited pages anew). The same files and settings give the same bytes, in any order of the files.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files, settings, setup, training
from pipeline.reference_pages import Cited, Example, Pages, ReferenceTraining
from pipeline.training import Say, TrainingError, described, put_in_place
from transforms import reference_training
from transforms.language import Identifier
from transforms.references import ReferenceClassifier

MEANINGFUL = 1000  # ours: below it two standard errors of a share are three points or more
DIRECTORY = "references"

LLAMA = ReferenceTraining()
PRESETS = {"llama": LLAMA, "redpajama": dataclasses.replace(LLAMA, threshold=0.25)}


def train(
    dumps: Sequence[str | Path],
    inputs: Sequence[str | Path],
    models_directory: str | Path,
    config: ReferenceTraining = LLAMA,
    say: Say = lambda line: None,
) -> Path:
    """Trains on the pages of `inputs` that `dumps` cite and writes `references/model.bin` and `manifest.json`; the path of the model.

    Both appear together, whole, in place of what was there. `say` takes lines of progress. The language identifier is expected in
    `models_directory` unless `config.languages` is None. Raises InputError for files that cannot be used, TrainingError and BrokenDump for
    what is in them, OSError where nothing can be written.
    """
    models = Path(models_directory)
    dump_files = files.expand([str(dump) for dump in dumps])[0]
    input_files = files.expand([str(path) for path in inputs])[0]
    identifier = _identifier(models) if config.languages is not None else None
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{files.PARTIAL}{DIRECTORY}-", dir=models) as folder:
        cited = Cited([file.path for file in dump_files])
        say(f"{len(cited)} addresses are cited")
        if not len(cited):
            raise TrainingError(
                f"{', '.join(file.name for file in dump_files)}: expected articles with references, found no address in any"
            )
        with closing(Pages(cited, config, identifier, folder)) as pages:
            for number, file in enumerate(input_files, 1):
                pages.read(file.path, file.name)
                say(f"[{number}/{len(input_files)}] {file.name}: {pages.counts['pages']} pages so far, {pages.counts['cited']} cited")
            examples = pages.examples()
            result = Path(folder) / "result"
            result.mkdir()
            manifest = _fit(pages, examples, config, folder, result / "model.bin")
        manifest |= {"dumps": described(dump_files), "inputs": described(input_files)}
        (result / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        put_in_place(result, models / DIRECTORY, Path(folder) / "former")
    say(f"{manifest['positives']} references and {manifest['negatives']} other pages; held out: {manifest['held_out']}")
    return models / DIRECTORY / "model.bin"


def _identifier(models: Path) -> Identifier:
    path = models / setup.IDENTIFIER
    if not path.is_file():
        raise TrainingError(
            f"{path}: the language identifier is not there. Get it: python -m pipeline.setup --models={models}; or train on all languages: "
            "--set languages=any"
        )
    return Identifier(str(path))


def _fit(pages: Pages, examples: list[Example], config: ReferenceTraining, folder: str, model: Path) -> dict[str, Any]:
    """Trains, moves the model to its place, judges it, and gives the manifest without the files' digests."""
    held_out = [example for example in examples if example.share < config.held_out]
    learned = [example for example in examples if example.share >= config.held_out]
    if {example.is_reference for example in learned} != {True, False}:
        raise TrainingError(f"expected pages of both classes to train on, found {len(learned)} of {len(examples)}: lower held_out")
    chosen = ((example.is_reference, pages.text(example)) for example in learned)
    os.replace(reference_training.train(chosen, config.training, folder), model)
    positives = sum(example.is_reference for example in examples)
    return {
        "model": "fastText supervised: a linear model on a bag of words",
        "fingerprint": files.sha256(model),
        "thresholds": {name: preset.threshold for name, preset in PRESETS.items()},
        "pages": {name: pages.counts[name] for name in ("pages", "cited", "broken")},
        "positives": positives,
        "negatives": len(examples) - positives,
        "held_out": _judge(str(model), pages, held_out, config.threshold),
        "settings": settings.described(config),
        "seed": config.seed,
        "versions": {name: version(name) for name in ("fasttext-numpy2", "numpy")},
    }


def _judge(model: str, pages: Pages, held_out: list[Example], threshold: float) -> dict[str, Any]:
    """Precision and recall of "is a reference" on pages that were not trained on, as many of one class as of the other."""
    classifier = ReferenceClassifier(model)
    truth = np.array([example.is_reference for example in held_out], bool)
    found = np.array([classifier.scores([pages.text(example)])[0] for example in held_out]) >= threshold
    right = int((found & truth).sum())
    note = "" if len(held_out) >= MEANINGFUL else f"not meaningful: {len(held_out)} held-out pages, fewer than {MEANINGFUL}"
    return {
        "n": len(held_out),
        "threshold": threshold,
        "precision": right / int(found.sum()) if found.any() else None,
        "recall": right / int(truth.sum()) if truth.any() else None,
        "note": note,
    }


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.train_references",
        description="Trains the classifier of pages that Wikipedia uses as references.",
        epilog="Fields: " + ", ".join(name for name, _, _ in settings.fields(LLAMA)),
        allow_abbrev=False,
    )
    dump_help = "dumps of Wikipedia (pages-articles), plain, .gz or .bz2: paths, globs, URLs or @LIST"
    input_help = "files of a crawl, WET or WARC: paths, globs, URLs or @LIST"
    parser.add_argument("--dump", action="extend", nargs="+", required=True, metavar="PATH", help=dump_help)
    parser.add_argument("--input", action="extend", nargs="+", required=True, metavar="PATH", help=input_help)
    parser.add_argument("--models", default="models", metavar="DIR", help="the models' folder (default: models)")
    parser.add_argument(
        "--preset", default="llama", choices=sorted(PRESETS), help="whose threshold the held-out pages are judged by (default: llama)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="changes a field of the settings")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: as `training.run`."""
    options = _arguments().parse_args(arguments)

    def trained(say: Say) -> Path:
        return train(options.dump, options.input, options.models, settings.change(PRESETS[options.preset], options.set), say)

    return training.run(trained)


if __name__ == "__main__":
    sys.exit(main())
