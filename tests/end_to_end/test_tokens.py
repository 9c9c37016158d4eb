"""From files to tokens and a mixture, by the lines of docs/tokens.md and README, as a user types them."""

import gzip
import hashlib
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import command
import made_clean
import made_crawl
import made_tables
import made_tokenizer
import pyarrow as pa
import pytest
import sentencepiece
from shared_data import SHARED

from mixtures.llama import LLAMA
from mixtures.loader import Loader
from pipeline.plan import SOURCES

ROOT = command.ROOT
MODEL = SHARED / "models" / "llama-tokenizer.model"


def lines(name):
    """The commands of a block of docs/tokens.md."""
    found = re.search(rf"<!-- command: {name} -->\s*```sh\n(.*?)```", (ROOT / "docs" / "tokens.md").read_text(), re.S)
    assert found, f"docs/tokens.md has no block for {name}"
    return found[1].strip().splitlines()


def typed(line, folder, **names):
    """Runs a line with its relative paths replaced; the standard output of each command."""
    for name, value in names.items():
        assert name in line, f"{name!r} is not in {line}"
        line = line.replace(name, str(value))
    line = line.replace("--output=out", f"--output={folder / 'out'}").replace("python -m", f"{shlex.quote(sys.executable)} -m")
    line = line.replace("-m pipeline.run", f"-m pipeline.run --models={made_crawl.identifier()}")
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def by_pyarrow(output, source):
    """id -> tokens of a source, opened as README shows."""
    found = {}
    for path in sorted((output / "tokens" / source).glob("*.arrow")):
        shard = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        found.update(zip(shard["id"].to_pylist(), shard["tokens"].to_pylist(), strict=True))
    return found


def holds(output, source):
    """Every clean document of a source became the ids that SentencePiece gives, and its text comes back."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(output / "tokens" / source / "tokenizer.model"))
    texts, tokens = made_clean.texts_of(output, source), by_pyarrow(output, source)
    assert list(tokens) == list(texts)
    assert texts
    for name, text in texts.items():
        assert tokens[name] == [1, *model.encode(text), 2], name
        assert model.decode(tokens[name][1:-1]) == text.replace("▁", " ")
    books = json.loads((output / "tokens" / source / "books.json").read_text())
    assert books["closed"]
    assert books["kept"] == len(texts)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """The seven samples with a tokenizer of their own, by the line that the page gives."""
    folder = tmp_path_factory.mktemp("samples")
    (line,) = lines("samples")
    return folder / "out", typed(line, folder)


@pytest.mark.slow
def test_the_seven_samples_become_tokens_and_a_mixture(samples):
    output, said = samples
    for source in SOURCES:
        holds(output, source)
        assert re.search(rf"^{source}\b.*\d", said, re.M), "the plan has a row for it"
    assert json.loads((output / "tokenizer" / "manifest.json").read_text())
    assert "tokens" in (output / "report.html").read_text()


@pytest.mark.slow
def test_readme_batches_are_there_and_each_token_leads_to_its_document(samples):
    output, _ = samples
    code = re.search(r"```python\n(from mixtures\.llama.*?)```", (ROOT / "README.md").read_text(), re.S)
    done = subprocess.run(
        [sys.executable, "-c", code[1].replace('"out"', repr(str(output)))], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    loader = Loader(str(output), LLAMA, sequence_length=256, sequences=8, seed=1)
    batch = loader.batch(1_000_000)
    assert done.stdout.startswith(str([loader.sources[source] for source in batch.sources]))
    for row in range(8):
        place = loader.where(1_000_000, row)
        line = [sys.executable, "-m", "pipeline.explain", f"--token={place.source}:{place.position}", f"--output={output}", "--json"]
        told = json.loads(subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        assert told["found"]
        assert told["token"]["token"] == batch.tokens[row, 0]
        assert told["token"]["document"] == place.documents[0].document == told["matches"][0]["id"]
        assert told["matches"][0]["origin_file"]


@pytest.mark.slow
def test_readme_reads_a_shard_with_pyarrow_alone(samples):
    output, _ = samples
    code = re.search(r"```python\n(import pyarrow as pa.*?)```", (ROOT / "README.md").read_text(), re.S)[1].replace("out/", f"{output}/")
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("wikipedia/"), done.stderr


REAL = {
    "commoncrawl": "commoncrawl/wet/cc-main-2026-12-part1.warc.wet",
    "github": "github/*.tar.gz",
    "wikipedia": "wikipedia/*.xml.bz2",
    "books": "books/gitenberg/*/*.txt.gz",
    "arxiv": "arxiv/papers",
    "stackexchange": "stackexchange/*/Posts.xml.gz",
}


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_real_files_become_tokens_by_the_line_of_the_page(source, tmp_path):
    if not MODEL.exists():
        pytest.skip("needs the shared data and LLaMA's tokenizer.model in it")
    if source == "c4":
        inputs = tmp_path / "c4" / "*.json.gz"
        inputs.parent.mkdir()
        rows = "".join(json.dumps(row) + "\n" for row in made_tables.real_rows())
        (inputs.parent / "c4-train.00000-of-00001.json.gz").write_bytes(gzip.compress(rows.encode(), mtime=0))
    else:
        inputs = SHARED / REAL[source]
    (line,) = [line for line in lines("real") if f"--source={source} " in line]
    given = re.search(r"--input=('[^']*'|\S+)", line)[0]
    said = typed(line, tmp_path, **{given: f"--input='{inputs}'", "--tokenizer=tokenizer.model": f"--tokenizer={MODEL}"})
    holds(tmp_path / "out", source)
    assert re.search(rf"^{source}\b.*\d", said, re.M)


@pytest.mark.slow
def test_kills_at_any_time_leave_nothing_behind(tmp_path):
    """The same line again after each kill -9; in the end the bytes are those of a run that nobody killed."""
    text = " ".join(made_tokenizer.TEXT)
    made_clean.write(tmp_path / "out", "c4", [[f"{number} {place} {text}" for place in range(60)] for number in range(30)])
    (tmp_path / "model").write_bytes(made_tokenizer.model())
    line = [sys.executable, "-m", "pipeline.tokenize", f"--output={tmp_path / 'out'}", f"--tokenizer={tmp_path / 'model'}"]
    line += ["--set", "shard_bytes=1", "--workers=2"]

    def digests():
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((tmp_path / "out" / "tokens" / "c4").glob("*"))}

    _, _, _ = command.run(line)
    whole, seeded = digests(), random.Random(6)
    assert len(whole) > 100
    shutil.rmtree(tmp_path / "out" / "tokens")
    shutil.rmtree(tmp_path / "out" / "work")
    for _ in range(6):
        process = command.start(line)
        time.sleep(seeded.uniform(0.2, 3))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    summary, _, _ = command.run(line)
    assert digests() == whole
    assert summary["kept"] == 1800


def test_an_unknown_source_of_lines_is_not_there():
    assert [re.search(r"--source=(\w+)", line)[1] for line in lines("real")] == list(SOURCES)
    assert Path(ROOT / "docs" / "tokens.md").exists()
