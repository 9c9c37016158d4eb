"""What a run reads, and the models that it needs: named files, a dump, or the embedded sample with models of its own."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import dumps, files, models, sample_models, setup
from pipeline.command_line import UsageError
from pipeline.files import Listed
from pipeline.language_models import ModelMissing


@dataclass(frozen=True)
class Inputs:
    """The sorted listing, the paths that were listed more than once, and the models."""

    listing: list[Listed]
    twice: list[str]
    models: Any


def gather(flags: argparse.Namespace, config: Any) -> Inputs:
    """Finds the inputs and the models. Raises InputError or UsageError where one is missing.

    With inputs given nothing is trained or fetched; the embedded sample makes its own models under the output's work folder.
    """
    try:
        if not flags.input and not flags.dump:
            packed, made = sample_models.prepare(Path(flags.output) / "work", flags.models, config)
            return Inputs(*files.expand([str(path) for path in packed]), made)
        patterns = flags.input
        if flags.dump:
            base = {"base": flags.dump_base} if flags.dump_base else {}
            patterns = dumps.commoncrawl(flags.dump, flags.files, **base)
        return Inputs(*files.expand(patterns), models.find(config, flags.models))
    except (ModelMissing, setup.SetupError) as error:
        raise UsageError(str(error)) from None
