"""Wikipedia's embedded sample: dumps of five invented wikis."""

from __future__ import annotations

from pathlib import Path

from pipeline import models
from pipeline.samples import wikipedia_files
from pipeline.sources.wikipedia import Wikipedia


def prepare(folder: Path, models_directory: str, config: Wikipedia) -> tuple[list[Path], object]:
    """(the sample's files, the models that the configuration needs), under `folder`; what stands there already is kept."""
    return wikipedia_files.pack(folder / "sample-wikipedia"), models.find(config, models_directory)
