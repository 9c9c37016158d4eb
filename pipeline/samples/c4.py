"""C4's embedded sample: pages as released, or, with origin=crawl, WET files with a list of bad words and Punkt's parameters."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from pipeline import models, setup
from pipeline.samples import c4_files
from pipeline.sources.c4 import C4


def prepare(folder: Path, models_directory: str, config: C4) -> tuple[list[Path], object]:
    """(the sample's files, the models that the configuration needs), both under `folder`; what stands there already is kept."""
    packed = folder / "sample-c4" / config.origin
    if config.origin == "released":
        return c4_files.pack_released(packed), models.find(config, models_directory)
    paths, bad_words = c4_files.pack_crawl(packed)
    made = folder / "models"
    _obtain_punkt(made, Path(models_directory))
    if config.bad_words == "":
        config = replace(config, bad_words=str(bad_words))
    return paths, models.find(config, str(made))


def _obtain_punkt(made: Path, given: Path) -> None:
    """Punkt's parameters, from the user's models where they stand there; `obtain_punkt` checks them, or fetches them. Raises SetupError."""
    if (given / setup.PUNKT).is_dir() and not (made / setup.PUNKT).exists():
        shutil.copytree(given / setup.PUNKT, made / setup.PUNKT)
    setup.obtain_punkt(made)
