"""What a configuration needs and the folder lacks is an error that names the command."""

import json
import shutil
from dataclasses import replace

import made_crawl
import pytest

from pipeline import files, models, setup
from pipeline.language_models import ModelMissing
from pipeline.sources.commoncrawl import LLAMA, PRESETS

FEW = replace(LLAMA, buckets=None, min_reference=None)


@pytest.fixture
def folder(tmp_path):
    shutil.copyfile(made_crawl.identifier() / setup.IDENTIFIER, tmp_path / setup.IDENTIFIER)
    return tmp_path


def test_no_model_is_needed_but_what_a_keep_uses(folder):
    found = models.find(FEW, str(folder))
    assert (found.language_models, found.references) == ({}, None)
    assert found.fingerprints == {setup.IDENTIFIER: setup.SHA256[setup.IDENTIFIER]}
    assert models.find(PRESETS["ccnet"], str(folder)).language_models == {}


def test_a_missing_identifier(tmp_path):
    with pytest.raises(ModelMissing, match=r"python -m pipeline\.setup --models="):
        models.find(FEW, str(tmp_path))
    with pytest.raises(ModelMissing, match=r"--lid=bin --from="):
        models.find(replace(FEW, language_identifier="bin"), str(tmp_path))


def test_an_identifier_that_is_another_file(folder):
    (folder / setup.IDENTIFIER).write_bytes(b"not it")
    with pytest.raises(ModelMissing, match="its sha256 is"):
        models.find(FEW, str(folder))


@pytest.mark.parametrize("config", [LLAMA, replace(FEW, max_perplexity=100.0), replace(FEW, languages=None, buckets=("head",))])
def test_a_missing_language_model(folder, config):
    with pytest.raises(ModelMissing, match=r"python -m pipeline\.train_lm"):
        models.find(config, str(folder))


def test_a_missing_or_changed_classifier(folder):
    config = replace(FEW, min_reference=0.5)
    with pytest.raises(ModelMissing, match=r"python -m pipeline\.train_references"):
        models.find(config, str(folder))
    (folder / "references").mkdir()
    (folder / "references" / "model.bin").write_bytes(b"a model")
    digest = files.sha256(folder / "references" / "model.bin")
    (folder / "references" / "manifest.json").write_text(json.dumps({"fingerprint": digest}))
    assert models.find(config, str(folder)).fingerprints["references"] == digest
    (folder / "references" / "model.bin").write_bytes(b"another model")
    with pytest.raises(ModelMissing, match="not the model of its manifest"):
        models.find(config, str(folder))
