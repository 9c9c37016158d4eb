"""The books' embedded sample: files, a tar, a zip and rows of invented books."""

from __future__ import annotations

from pathlib import Path

from pipeline import models
from pipeline.samples import book_packing
from pipeline.sources.books import Books


def prepare(folder: Path, models_directory: str, config: Books) -> tuple[list[Path], object]:
    """(the sample's files, the models that the configuration needs), under `folder`; what stands there already is kept."""
    return book_packing.pack(folder / "sample-books"), models.find(config, models_directory)
