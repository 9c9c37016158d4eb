"""The models that a configuration needs. What is missing is an error that says how to get it; nothing is fetched here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class NoModels:
    """For a source that needs none."""

    fingerprints: Mapping[str, str] = field(default_factory=dict)


def find(config: Any, directory: str) -> Any:
    """The models of `directory` that the configuration needs, as the module finds them that its source names in `MODELS`.

    Raises ModelMissing with the command that makes the first missing one.
    """
    finder = getattr(importlib.import_module(type(config).__module__), "MODELS", None)
    return importlib.import_module(finder).find(config, directory) if finder else NoModels()
