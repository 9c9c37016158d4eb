"""Stack Exchange's embedded sample: dumps of 31 invented sites, so that three are beyond the 28 largest, of a meta site, and an older one."""

from __future__ import annotations

from pathlib import Path

from pipeline import models
from pipeline.samples import post_packing
from pipeline.sources.stackexchange import StackExchange


def prepare(folder: Path, models_directory: str, config: StackExchange) -> tuple[list[Path], object]:
    """(the sample's files, the models that the configuration needs), under `folder`; what stands there already is kept."""
    return post_packing.pack(folder / "sample-stackexchange"), models.find(config, models_directory)
