"""Which models a configuration of CommonCrawl needs, and where they lie."""

from __future__ import annotations

import json
import os
from typing import Any

from pipeline import files, language_models, setup
from pipeline.language_models import LanguageModelFiles, ModelMissing
from pipeline.sources.commoncrawl import CommonCrawl, Models


def find(config: CommonCrawl, directory: str) -> Models:
    """The models of `directory` that the configuration needs. Raises ModelMissing with the command that makes the first missing one."""
    language, shown = _identifier(config, directory)
    found = _language_models(config, directory)
    references, reference_shown = _references(directory) if config.min_reference is not None else (None, {})
    fingerprints = {**shown, **{f"lm/{name}": model.fingerprint for name, model in found.items()}, **reference_shown}
    return Models(language, found, references, fingerprints)


def _identifier(config: CommonCrawl, directory: str) -> tuple[str, dict[str, str]]:
    name = setup.IDENTIFIER if config.language_identifier == "ftz" else setup.LARGE_IDENTIFIER
    path = os.path.join(directory, name)
    if not os.path.isfile(path):
        flag = "" if name == setup.IDENTIFIER else " --lid=bin --from=URL_OR_PATH"
        raise ModelMissing(
            f"the language identifier {name} is not in {directory}. Get it: python -m pipeline.setup --models={directory}{flag}"
        )
    digest = files.sha256(path)
    if digest != setup.SHA256[name]:
        raise ModelMissing(
            f"{path} is not {name}: its sha256 is {digest}, not {setup.SHA256[name]}. Delete it, then: python -m pipeline.setup"
        )
    return path, {name: digest}


def _language_models(config: CommonCrawl, directory: str) -> dict[str, LanguageModelFiles]:
    if not (config.needs_perplexity or config.measure_perplexity):
        return {}
    if config.languages is not None and config.needs_perplexity:
        return {name: language_models.find(directory, name, config.language_model) for name in config.languages}
    there = language_models.available(directory, config.language_model)
    wanted = [name for name in there if config.languages is None or name in config.languages]
    if config.needs_perplexity and not wanted:
        raise ModelMissing(
            f"buckets and max_perplexity need a language model, and {directory} holds none. Train one: python -m pipeline.train_lm "
            f"--language=en --input=TEXT --models={directory}; or do without: --set buckets=any --set max_perplexity=none"
        )
    return {name: language_models.find(directory, name, config.language_model) for name in wanted}


def _references(directory: str) -> tuple[str, dict[str, str]]:
    path, manifest = (os.path.join(directory, "references", name) for name in ("model.bin", "manifest.json"))
    if not (os.path.isfile(path) and os.path.isfile(manifest)):
        raise ModelMissing(
            f"the reference classifier is not in {directory}/references. Train it: python -m pipeline.train_references --dump=WIKIPEDIA.xml.bz2 "
            f"--input=CRAWL.warc.wet.gz --models={directory}; or do without: --set min_reference=none"
        )
    with open(manifest, encoding="utf-8") as file:
        said: dict[str, Any] = json.load(file)
    digest = files.sha256(path)
    if digest != said["fingerprint"]:
        raise ModelMissing(f"{path} is not the model of its manifest: sha256 {digest}, not {said['fingerprint']}. Train it again")
    return path, {"references": digest}
