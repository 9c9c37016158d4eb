import gzip
import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from pipeline import files, language_models, training_texts
from pipeline.files import InputError
from pipeline.settings import SettingError, change
from pipeline.train_lm import LanguageModelTraining, main, train
from pipeline.training import TrainingError
from transforms.perplexity import LanguageModel

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "pipeline" / "samples" / "texts" / "commoncrawl" / "encyclopaedia.txt"
OWN = LanguageModelTraining(estimator="own")
SMALL = LanguageModelTraining(estimator="own", vocabulary=400, order=3)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The models' folder of a model of the sample, and what was said."""
    models = tmp_path_factory.mktemp("models")
    said: list[str] = []
    assert train([SAMPLE], [], "en", models, OWN, said.append) == models / "lm" / "en"
    return models, said


def manifest(models: Path, language: str = "en") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((models / "lm" / language / "manifest.json").read_text(encoding="utf-8"))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_manifest(sample: tuple[Path, list[str]]) -> None:
    said = manifest(sample[0])
    documents = sum(bool(line.strip()) for line in SAMPLE.read_text(encoding="utf-8").splitlines())
    assert said["language"] == "en"
    assert said["documents"] == {"empty": 0, "held_out": -(-documents // 10), "training": documents - -(-documents // 10)}
    assert said["cutoffs"]["documents"] == said["documents"]["held_out"]
    assert 1 < said["cutoffs"]["p30"] < said["cutoffs"]["p60"]
    assert said["vocabulary"]["wanted"] == 65_536
    assert 1000 < said["vocabulary"]["got"] < 65_536
    assert said["estimator"] == "own"
    assert [file["name"] for file in said["inputs"]] == ["encyclopaedia.txt"]
    assert set(said["files"]) - {"ngrams.bin"} == {"sentencepiece.model", "ngrams.arpa"}
    assert said["settings"]["order"]["value"] == 5
    assert str(sample[0]) not in json.dumps(said)


def test_what_was_said(sample: tuple[Path, list[str]]) -> None:
    got = manifest(sample[0])["vocabulary"]["got"]
    assert any(f"{got} pieces, the largest that these texts give; 65536 were wanted" in line for line in sample[1])


def test_the_cutoffs_are_percentiles_of_the_held_out(sample: tuple[Path, list[str]]) -> None:
    found = language_models.find(sample[0], "en", "own")
    model = LanguageModel(found.sentencepiece, found.ngrams)
    held_out = [line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()][::10]
    assert np.percentile(model.perplexities(held_out), [30, 60]) == pytest.approx([found.p30, found.p60], abs=0.051)


def test_only_the_model_is_left(sample: tuple[Path, list[str]]) -> None:
    assert {path.name for path in (sample[0] / "lm").iterdir()} == {"en"}
    assert {path.name for path in (sample[0] / "lm" / "en").iterdir()} == {*manifest(sample[0])["files"], "manifest.json"}


def test_the_same_bytes_again(sample: tuple[Path, list[str]], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    copy = shutil.copy(SAMPLE, tmp_path / "elsewhere" / SAMPLE.name)
    folder = train([copy], [], "en", tmp_path, LanguageModelTraining(estimator="own", memory_bytes=1 << 16))
    found, expected = contents(folder), contents(sample[0] / "lm" / "en")
    said = [json.loads(model.pop("manifest.json")) for model in (found, expected)]
    assert found == expected
    assert said[0].pop("settings")["memory_bytes"]["value"] == 1 << 16
    assert said[1].pop("settings")["memory_bytes"]["value"] == 1 << 30
    assert said[0] == said[1]


def test_held_out_files(tmp_path: Path) -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    (tmp_path / "held.txt").write_text("\n".join(["", *lines[:7]]), encoding="utf-8")
    said = [manifest(train([SAMPLE], held, "en", tmp_path / str(len(held)), SMALL).parents[1]) for held in ([], [tmp_path / "held.txt"])]
    assert said[1]["documents"] == {"empty": 1, "held_out": 7, "training": sum(bool(line.strip()) for line in lines)}
    assert [file["name"] for file in said[1]["held_out"]] == ["held.txt"]
    assert said[0]["held_out"] == "of the inputs, every 10th document from the first"
    assert said[0]["fingerprint"] != said[1]["fingerprint"]


def test_at_most_so_many_documents(tmp_path: Path) -> None:
    train([SAMPLE], [], "en", tmp_path, change(SMALL, ["documents=18"]))
    assert manifest(tmp_path)["documents"] == {"empty": 0, "held_out": 2, "training": 18}


def test_a_model_is_replaced(tmp_path: Path) -> None:
    train([SAMPLE], [], "en", tmp_path, SMALL)
    (tmp_path / "lm" / "en" / "old").touch()
    train([SAMPLE], [], "en", tmp_path, change(SMALL, ["order=2"]))
    assert not (tmp_path / "lm" / "en" / "old").exists()
    assert len(manifest(tmp_path)["ngrams"]) == 2


def test_surfaces_that_the_segmenter_does_not_know_are_words(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(SAMPLE.read_text(encoding="utf-8") + "snow \u2603 here\n" * 2, encoding="utf-8")
    folder = train([text], [], "en", tmp_path, change(SMALL, ["character_coverage=0.99"]))
    model = (folder / "ngrams.arpa").read_text(encoding="utf-8")
    assert "\t\u2603\t" in model
    assert "\t<unk>\t" in model


TEXTS = ["One text,\nof two lines.", "", "Another \u00e9\U0001f999"]


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.jsonl.gz", "a.json.zst", "a.ndjson"])
def test_forms_of_texts(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.table({"text": [TEXTS[0], None, TEXTS[2]], "x": [1, 2, 3]}), path)
    else:
        data = "".join(json.dumps({"text": text or None, "x": 1}) + "\n" for text in TEXTS).encode()
        path.write_bytes(gzip.compress(data) if name.endswith("gz") else zstandard.compress(data) if name.endswith("zst") else data)
    assert list(training_texts.documents(files.expand([str(path)])[0][0], "text")) == TEXTS


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress, lambda data: gzip.compress(data[:3]) + gzip.compress(data[3:])])
def test_plain_text_has_a_document_a_line(pack: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(pack("\ufeffone\n\ntwo\r\nthr\u2028ee".encode()))
    found = [text.strip() for text in training_texts.documents(files.expand([str(path)])[0][0], "text")]
    assert found == ["one", "", "two", "thr\u2028ee"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"good\n\xff\n", "line 2: expected UTF-8"),
        ("a.txt.gz", gzip.compress(b"abc\n" * 1000, mtime=0)[:-9], "read to its end: Truncated"),
        ("a.txt.zst", zstandard.compress(b"abc\n" * 1000)[:-3], "read to its end: Truncated"),
        ("a.jsonl", b'{"text": "a"}\n{"tex', "line 2: expected one JSON object"),
        ("a.jsonl", b'{"body": "a"}\n', "a string 'text', found an object with body; name another with --column"),
        ("a.jsonl", b'["text"]\n', "found a list"),
        ("a.jsonl", b'{"text": 7}\n', "expected an object with a string 'text'"),
        ("a.parquet", b"PAR1 and no more", "read to its end"),
    ],
)
def test_files_that_cannot_be_read(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        list(training_texts.documents(files.expand([str(tmp_path / name)])[0][0], "text"))
    assert name in str(error.value)


def test_columns_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a"
    pq.write_table(pa.table({"body": ["b"], "n": [1]}), path)
    listed = files.expand([str(path)])[0][0]
    assert list(training_texts.documents(listed, "body")) == ["b"]
    with pytest.raises(InputError, match="a column 'text', found body, n; name it with --column"):
        list(training_texts.documents(listed, "text"))
    with pytest.raises(InputError, match="strings in the column 'n', found int64"):
        list(training_texts.documents(listed, "n"))


def test_lone_surrogates_of_json(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a\\ud800b"}')
    assert list(training_texts.documents(files.expand([str(tmp_path / "a.jsonl")])[0][0], "text")) == ["a\ufffdb"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "no.txt"], "no.txt"),
        (["--input", "empty.txt"], "expected documents with text, found 0 in 1 files"),
        (["--input", "one.txt"], "found 1 in 1 files, so that none could be trained on"),
        (["--input", "one.txt", "--held-out", "empty.txt"], "found 1 in 2 files, so that none could be held out"),
        (["--input", "one.jsonl", "--column", "body"], "a string 'body'"),
        (["--input", "one.txt", "--set", "orders=4"], "did you mean order"),
        (["--input", "one.txt", "--set", "order=1"], "order is 2 or more"),
        (["--input", "one.txt", "--set", "character_coverage=2"], "a share from 0.9 to 1"),
        (["--input", "one.txt", "--language", "../en"], "a code of two or three letters"),
        (["--input", "one.txt", "--held-out", "one.txt", "--set", "vocabulary=2"], "could not be trained for 2 pieces"),
    ],
)
def test_usage(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("\n\n \n")
    Path("one.txt").write_text("one document\n")
    Path("one.jsonl").write_text('{"text": "one document"}\n')
    assert main(["--language", "en", "--models", "models", *arguments]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: ")
    assert message in said
    assert not list(Path(".").glob("models/**/*.*"))


def test_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.train_lm", "--language=en", f"--input={SAMPLE}", f"--models={tmp_path}"]
    settings = ["vocabulary=400", "order=3", "estimator=own"]
    done = subprocess.run([*command, *(f"--set={item}" for item in settings)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path / 'lm' / 'en'}\n"
    assert "warning" not in done.stderr.lower()
    assert manifest(tmp_path)["vocabulary"] == {"got": 400, "wanted": 400}


def executable(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(stat.S_IRWXU)


def test_lmplz_is_asked_for_and_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TrainingError, match="expected KenLM's lmplz on the PATH"):
        train([SAMPLE], [], "en", tmp_path, change(SMALL, ["estimator=lmplz"]))
    train([SAMPLE], [], "en", tmp_path, change(SMALL, ["estimator=auto"]))
    assert manifest(tmp_path)["estimator"] == "own"


def test_lmplz_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin", "lmplz", "echo no memory >&2; exit 3")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(TrainingError, match="lmplz ended with 3: no memory; our own does without it"):
        train([SAMPLE], [], "en", tmp_path, change(SMALL, ["estimator=auto"]))
    assert not list((tmp_path / "lm").iterdir())


def test_by_lmplz(sample: tuple[Path, list[str]], tmp_path: Path) -> None:
    if shutil.which("lmplz") is None or shutil.which("build_binary") is None:
        pytest.skip("KenLM's lmplz and build_binary are not on the PATH: .ci/lmplz builds them")
    folder = train([SAMPLE], [], "en", tmp_path, change(OWN, ["estimator=auto"]))
    said, own = manifest(tmp_path), manifest(sample[0])
    assert said["estimator"] == "lmplz"
    assert {name: said[name] for name in ("ngrams", "vocabulary", "documents", "inputs")} == {
        name: own[name] for name in ("ngrams", "vocabulary", "documents", "inputs")
    }
    assert said["cutoffs"] == pytest.approx(own["cutoffs"], abs=0.11)
    models = [language_models.find(models, "en", "own") for models in (tmp_path, sample[0])]
    assert models[0].ngrams == str(folder / "ngrams.bin")
    texts = SAMPLE.read_text(encoding="utf-8").splitlines()[:50]
    found = [LanguageModel(model.sentencepiece, model.ngrams).perplexities(texts) for model in models]
    assert np.nanmax(np.abs(found[0] - found[1])) <= 0.11


def test_fields_out_of_range() -> None:
    for wrong in ("vocabulary=0", "num_threads=0", "line_bytes=3", "documents=0", "held_out_every=1", "estimator=kenlm"):
        with pytest.raises(SettingError, match=wrong.partition("=")[0]):
            change(OWN, [wrong])
