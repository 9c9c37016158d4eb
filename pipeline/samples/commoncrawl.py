"""The embedded sample, packed, with models of its own, made by the same functions that a user's commands call.

They lie under the output's work folder, never among the user's models: a language model of 80 kB of text must not judge real pages.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import files, models, settings, setup, train_lm, train_references
from pipeline.samples import crawl_files

TEXTS = Path(__file__).parent / "texts" / "commoncrawl"
STAMP = "sample.json"

LANGUAGE_MODEL = train_lm.LanguageModelTraining(vocabulary=1500, estimator="own")
"""ours: on 86 kB the largest possible vocabulary (some 2,100 pieces) leaves hardly a piece seen twice, and the cut-offs of held-out text then pass anything."""
REFERENCES = replace(
    train_references.LLAMA,
    min_reference_characters=300,
    training=replace(train_references.LLAMA.training, epoch=25),
)
"""ours: the sample's pages have some 460 characters; 5 epochs over 240 of them leave every score at 0.50, 25 part the classes."""


def prepare(folder: Path, models_directory: str, config: Any) -> tuple[list[Path], Any]:
    """(the sample's crawl files, the models that the configuration needs), both under `folder`; what stands there already is kept."""
    packed = crawl_files.pack(folder / "sample")
    made = folder / "models"
    stamp = settings.fingerprint(
        {path.name: files.sha256(path) for path in [*packed, *sorted(TEXTS.glob("*.*"))]}, LANGUAGE_MODEL, REFERENCES, setup.SHA256
    )
    if not (made / STAMP).exists() or (made / STAMP).read_text() != stamp:
        _train(packed, made, models_directory)
        files.write_bytes(str(made / STAMP), stamp.encode())
    return packed, models.find(config, str(made))


def _train(packed: list[Path], made: Path, models_directory: str) -> None:
    print("pipeline.run: no --input: making the embedded sample's own models", file=sys.stderr)
    given = Path(models_directory) / setup.IDENTIFIER
    made.mkdir(parents=True, exist_ok=True)
    if given.is_file() and files.sha256(given) == setup.SHA256[setup.IDENTIFIER]:
        shutil.copyfile(given, made / setup.IDENTIFIER)
    setup.obtain_language_identifier(made)
    train_lm.train([TEXTS / "encyclopaedia.txt"], [TEXTS / "encyclopaedia.held-out.txt"], "en", made, LANGUAGE_MODEL)
    train_references.train([TEXTS / "wikipedia.xml"], packed, made, REFERENCES)
