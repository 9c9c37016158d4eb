"""ArXiv's embedded sample: a bulk archive of invented papers, single papers as downloaded, and one in a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline import models
from pipeline.samples import paper_packing
from pipeline.sources.arxiv import Arxiv


def prepare(folder: Path, models_directory: str, config: Arxiv) -> tuple[list[Path], object]:
    """(the sample's files, the models that the configuration needs), under `folder`; what stands there already is kept."""
    return paper_packing.pack(folder / "sample-arxiv"), models.find(config, models_directory)
