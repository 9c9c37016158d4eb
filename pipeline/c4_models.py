"""What C4 rebuilt from a crawl is measured with: Punkt's parameters, and the list of bad words that the user names."""

from __future__ import annotations

import os

from pipeline import files, setup
from pipeline.language_models import ModelMissing
from pipeline.sources.c4 import C4, Models
from transforms import bad_words
from transforms.sentences import FILES


def find(config: C4, directory: str) -> Models:
    """The models of `directory` that the configuration needs; none for what was released. Raises ModelMissing with what to do."""
    if config.origin == "released":
        return Models("", None, {})
    folder = os.path.join(directory, setup.PUNKT)
    missing = [name for name in FILES if not os.path.isfile(os.path.join(folder, name))]
    if missing:
        raise ModelMissing(f"Punkt's {missing[0]} is not in {folder}. Get it: python -m pipeline.setup --models={directory} --punkt")
    shown = {f"{setup.PUNKT}/{name}": files.sha256(os.path.join(folder, name)) for name in FILES}
    return Models(folder, config.bad_words, {**shown, **_bad_words(config)})


def _bad_words(config: C4) -> dict[str, str]:
    path = config.bad_words
    if path is None:
        return {}
    if not path:
        raise ModelMissing(
            "C4 drops pages with a word of a list, which is yours to name: --set bad_words=FILE (one entry a line; LDNOOBW has a file for each "
            "of 28 languages); without: --set bad_words=none"
        )
    if not os.path.isfile(path):
        raise ModelMissing(f"bad_words={path}: expected a file of one entry a line, found none")
    try:
        with open(path, encoding="utf-8") as file:
            bad_words.BadWords(file.read(), config.language, old=config.bad_words_match == "line")
    except ValueError as error:
        raise ModelMissing(f"bad_words={path}: {error}") from None
    return {"bad_words": files.sha256(path)}
