"""Runs a source over its embedded sample in this process, and says what became of each record."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import made_run
import pytest
from made_run import rows

from pipeline import files, models, plan, settings, setup
from pipeline.samples.case_files import Fate


class Ran(NamedTuple):
    """What a run over files of a sample left: `books.json`, and the rows of its shards."""

    books: dict[str, Any]
    recipe: list[Any]
    clean: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    broken: list[dict[str, Any]]

    def fates(self, name: Callable[[dict[str, Any]], str]) -> dict[str, tuple[Fate, str | None]]:
        """What became of each document, by a name that tells them apart, with the text where it was kept."""
        kept = {name(row): (Fate("kept"), row["text"]) for row in self.clean}
        dropped = {name(row): (Fate("dropped", row["step"]), None) for row in self.rejected}
        fates = {**kept, **dropped}
        assert len(fates) == len(self.clean) + len(self.rejected), "two documents have one name"
        return fates


def run_sample(source: str, output: Path, *changes: str) -> Ran:
    """The run that `pipeline.run --source=SOURCE --set CHANGE ...` does without `--input`. Skips where a model cannot be had."""
    config = settings.change(plan.source_module(source).PRESETS["llama"], list(changes))
    sample = importlib.import_module(f"pipeline.samples.{source}")
    try:
        paths, found = sample.prepare(output / "work", os.environ.get("CRIA_MODELS") or str(output / "models"), config)
    except setup.SetupError as error:
        pytest.skip(f"needs a model that cannot be had: {error}")
    return run_files(source, paths, output, config, found)


def run_files(source: str, paths: list[Path], output: Path, config: Any = None, found: Any = None, expect: int = 0) -> Ran:
    """A run over these files, whose exit code must be `expect`."""
    module = plan.source_module(source)
    config = config or module.PRESETS["llama"]
    listing, _ = files.expand([str(path) for path in paths])
    config = module.resolve(config, listing) if hasattr(module, "resolve") else config
    found = found or models.find(config, str(output / "models"))
    outcome = made_run.run(source, paths, output, config, output / "models", expect, 0.01, found)
    steps = module.recipe(config, found)
    return Ran(outcome.books, steps, *(rows(output, source, kind) for kind in ("clean", "rejected", "broken")))
