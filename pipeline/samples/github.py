"""GitHub's embedded sample: repositories in archives, and rows of BigQuery's export, in one run."""

from __future__ import annotations

from pathlib import Path

from pipeline import models
from pipeline.samples import joined_files, repository_files
from pipeline.sources.github import GitHub


def prepare(folder: Path, models_directory: str, config: GitHub) -> tuple[list[Path], object]:
    """(the sample's files, the models that the configuration needs), under `folder`; what stands there already is kept."""
    packed = folder / "sample-github"
    return [*repository_files.pack(packed), *joined_files.pack(packed)], models.find(config, models_directory)
