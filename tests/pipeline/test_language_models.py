import json
import os
from pathlib import Path

import pytest
from shared_data import SHARED

from pipeline.language_models import LanguageModelFiles, ModelMissing, available, find

ROOT = Path(__file__).resolve().parents[2]
CUTOFFS = ",de,en\n0,0,10\n30,370,340\n60,590,520\n99,9e4,9e4\n"


def own(models: Path, language: str = "en", binary: bool = False) -> Path:
    folder = models / "lm" / language
    folder.mkdir(parents=True)
    names = ["sentencepiece.model", "ngrams.arpa", *(["ngrams.bin"] if binary else [])]
    for name in names:
        (folder / name).write_text(name)
    said = {name: {"size": len(name), "sha256": "0"} for name in names}
    (folder / "manifest.json").write_text(json.dumps({"files": said, "cutoffs": {"p30": 81.5, "p60": 101.0}, "fingerprint": "f1"}))
    return folder


def ccnet(models: Path, *languages: str) -> Path:
    folder = models / "ccnet"
    folder.mkdir(parents=True)
    for language in languages:
        (folder / f"{language}.sp.model").write_text("model")
        (folder / f"{language}.arpa.bin").write_text("binary")
    (folder / "cutoff.csv").write_text(CUTOFFS)
    return folder


def test_own(tmp_path: Path) -> None:
    folder = own(tmp_path)
    assert find(tmp_path, "en", "own") == LanguageModelFiles(
        str(folder / "sentencepiece.model"), str(folder / "ngrams.arpa"), 81.5, 101.0, "f1"
    )


def test_the_binary_form_is_preferred(tmp_path: Path) -> None:
    folder = own(tmp_path, binary=True)
    assert find(str(tmp_path), "en", "own").ngrams == str(folder / "ngrams.bin")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("manifest.json", None, "there is no language model of 'en'"),
        ("manifest.json", "{", "expected the manifest"),
        ("manifest.json", "[]", "expected the manifest"),
        ("manifest.json", '{"files": {}, "fingerprint": "1"}', "expected the manifest"),
        ("manifest.json", '{"files": {}, "cutoffs": {"p30": 1, "p60": 2}, "fingerprint": "1"}', "expected sentencepiece.model"),
        ("ngrams.arpa", None, "expected 11 bytes as its manifest says, but it is not there"),
        ("ngrams.arpa", "cut", "has 3 bytes"),
    ],
)
def test_own_that_is_not_whole(file: str, content: str | None, message: str, tmp_path: Path) -> None:
    folder = own(tmp_path)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(ModelMissing, match=message) as error:
        find(tmp_path, "en", "own")
    assert f"python -m pipeline.train_lm --language=en --input=TEXTS --models={tmp_path}" in str(error.value)


def test_ccnet(tmp_path: Path) -> None:
    folder = ccnet(tmp_path, "en")
    found = find(tmp_path, "en", "ccnet")
    assert (found.sentencepiece, found.ngrams) == (str(folder / "en.sp.model"), str(folder / "en.arpa.bin"))
    assert (found.p30, found.p60) == (340, 520)


def test_ccnets_fingerprint(tmp_path: Path) -> None:
    """By time of change, or where setup recorded a digest by that."""
    folder = ccnet(tmp_path, "en")
    first = find(tmp_path, "en", "ccnet").fingerprint
    assert find(tmp_path, "en", "ccnet").fingerprint == first
    os.utime(folder / "en.arpa.bin", ns=(5, 5))
    assert find(tmp_path, "en", "ccnet").fingerprint != first
    (folder / "sha256.json").write_text(json.dumps({"en.sp.model": "1", "en.arpa.bin": "2"}))
    recorded = find(tmp_path, "en", "ccnet").fingerprint
    os.utime(folder / "en.arpa.bin", ns=(6, 6))
    assert find(tmp_path, "en", "ccnet").fingerprint == recorded
    (folder / "cutoff.csv").write_text(CUTOFFS.replace("340", "341"))
    assert find(tmp_path, "en", "ccnet").fingerprint != recorded


@pytest.mark.parametrize("missing", ["en.sp.model", "en.arpa.bin", "cutoff.csv"])
def test_ccnet_that_is_not_whole(missing: str, tmp_path: Path) -> None:
    (ccnet(tmp_path, "en") / missing).unlink()
    with pytest.raises(ModelMissing, match=rf"{missing} of CCNet's models is not there.*pipeline.setup.*--ccnet en --from=https"):
        find(tmp_path, "en", "ccnet")


@pytest.mark.parametrize("table", [CUTOFFS.replace("en", "fr"), CUTOFFS.replace("340", "x"), ",de\n", "", CUTOFFS.replace("60,", "61,")])
def test_no_cutoffs(table: str, tmp_path: Path) -> None:
    (ccnet(tmp_path, "en") / "cutoff.csv").write_text(table)
    with pytest.raises(ModelMissing, match="expected the perplexities of 'en'"):
        find(tmp_path, "en", "ccnet")


def test_the_published_table(tmp_path: Path) -> None:
    path = SHARED / "models" / "cc_net-cutoff.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not there: it is only tried where a folder shared/data lies beside the checkout")
    folder = ccnet(tmp_path, "de", "en", "ko")
    (folder / "cutoff.csv").write_bytes(path.read_bytes())
    found = [find(tmp_path, language, "ccnet") for language in ("de", "en", "ko")]
    assert [(model.p30, model.p60) for model in found] == [(370, 590), (340, 520), (920, 2130)]


def test_available(tmp_path: Path) -> None:
    assert available(tmp_path, "own") == available(tmp_path, "ccnet") == []
    for language in ("fr", "en"):
        own(tmp_path, language)
    (tmp_path / "lm" / ".partial-de").mkdir()
    (tmp_path / "lm" / ".partial-de" / "manifest.json").touch()
    (ccnet(tmp_path, "ja", "de", "it") / "it.arpa.bin").unlink()
    assert available(tmp_path, "own") == ["en", "fr"]
    assert available(tmp_path, "ccnet") == ["de", "ja"]
