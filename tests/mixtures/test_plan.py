"""`python -m mixtures.plan`: the table, its warnings, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mixtures import plan
from mixtures.mixture import MixtureError
from mixtures.plan import amount

ROOT = Path(__file__).resolve().parents[2]
DERIVED = ["commoncrawl=852.7B", "c4=198.1B", "github=98.4B", "wikipedia=25.7B", "books=28.3B", "arxiv=33B", "stackexchange=27.2B"]
TABLE = """\
llama (paper: LLaMA, Table 1, sampling proportions)
source         unique tokens  proportion  tokens drawn  epochs  paper
commoncrawl         852.700B      67.00%      938.000B    1.10   1.10
c4                  198.100B      15.00%      210.000B    1.06   1.06
github               98.400B       4.50%       63.000B    0.64   0.64
wikipedia            25.700B       4.50%       63.000B    2.45   2.45
books                28.300B       4.50%       63.000B    2.23   2.23
arxiv                33.000B       2.50%       35.000B    1.06   1.06
stackexchange        27.200B       2.00%       28.000B    1.03   1.03
total             1,263.400B     100.00%    1,400.000B    1.11
683,593,750 sequences of 2,048 tokens: 350,022 steps of 1,953 sequences (3,999,744 tokens), 784 over
"""


def ran(capsys, *words: str) -> tuple[int, str, str]:
    code = plan.main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def tokenized(output: Path, source: str, tokens: int, **changes: object) -> None:
    """A manifest as pipeline.tokenize leaves it."""
    folder = output / "tokens" / source
    folder.mkdir(parents=True)
    made = {
        "source": source,
        "complete": True,
        "documents": 1,
        "tokens": tokens,
        "text_bytes": 1,
        "dtype": "uint16",
        "tokenizer": {"sha256": "0" * 64, "vocabulary": 32000, "bos_id": 1, "eos_id": 2},
        "settings": {name: {"value": True, "origin": "ours: a test"} for name in ("bos", "eos")},
        "shards": {"00000.arrow": {"bytes": 1, "sha256": "0" * 64, "documents": 1, "tokens": tokens}},
    }
    (folder / "manifest.json").write_text(json.dumps(made | changes))


def test_the_paper_s_plan(capsys):
    assert ran(capsys, "--unique", *DERIVED) == (0, TABLE, "note: github: 36.0% of its tokens are never drawn\n")


def test_the_paper_s_epochs_stand_beside_its_own_plan_alone(capsys):
    _, out, _ = ran(capsys, "--tokens=1T", "--unique", *DERIVED)
    assert "paper" not in out.splitlines()[1]
    _, out, _ = ran(capsys, "--mixture=redpajama", "--tokens=1.4T", "--unique", *DERIVED)
    assert "paper" not in out.splitlines()[1]


def test_token_shards_are_counted_and_small_numbers_are_plain(tmp_path, capsys):
    tokenized(tmp_path, "arxiv", 12_345)
    tokenized(tmp_path, "books", 1_000_000)
    code, out, err = ran(capsys, f"--output={tmp_path}", "--only=arxiv,books", "--tokens=70k", "--sequence-length=100", "--batch-tokens=1k")
    assert (code, err.splitlines()) == (0, ["note: books: 95.5% of its tokens are never drawn"])
    assert [line.split() for line in out.splitlines()[1:5]] == [
        ["source", "unique", "tokens", "proportion", "tokens", "drawn", "epochs"],
        ["books", "1,000,000", "64.29%", "45,000", "0.04"],
        ["arxiv", "12,345", "35.71%", "25,000", "2.03"],
        ["total", "1,012,345", "100.00%", "70,000", "0.07"],
    ]
    assert out.splitlines()[5] == "700 sequences of 100 tokens: 70 steps of 10 sequences (1,000 tokens), 0 over"
    assert len({len(line) for line in out.splitlines()[1:5]}) == 1


def test_a_column_with_a_small_number_is_plain(capsys):
    _, out, _ = ran(capsys, "--only=c4,arxiv", "--tokens=1750000", "--unique", "c4=2B", "arxiv=5k")
    assert [line.split()[1:] for line in out.splitlines()[2:4]] == [
        ["2,000,000,000", "85.71%", "1,500,000", "7.5e-04"],
        ["5,000", "14.29%", "250,000", "50.00"],
    ]


def test_unique_on_the_line_goes_before_the_shards(tmp_path, capsys):
    tokenized(tmp_path, "arxiv", 12_345)
    _, out, _ = ran(capsys, f"--output={tmp_path}", "--only=arxiv", "--tokens=10k", "--unique", "arxiv=5k", "--json")
    assert json.loads(out)["unique"] == 5_000


def test_as_json(capsys):
    _, out, err = ran(capsys, "--only=c4,github", "--tokens=390", "--unique", "c4=1k", "--unique", "github=20", "--json")
    found = json.loads(out)
    assert found["sources"] == [
        {"source": "c4", "unique": 1000, "share": 300 / 390, "tokens": 300, "epochs": 0.3, "passes": 0, "rest": 300},
        {"source": "github", "unique": 20, "share": 90 / 390, "tokens": 90, "epochs": 4.5, "passes": 4, "rest": 10},
    ]
    assert {name: found[name] for name in ("mixture", "tokens", "unique", "sequence_length", "sequences", "batch_sequences", "steps")} == {
        "mixture": "llama, only c4, github",
        "tokens": 390,
        "unique": 1020,
        "sequence_length": 2048,
        "sequences": 0,
        "batch_sequences": 1953,
        "steps": 0,
    }
    assert found["warnings"][0] == "github is gone through 4.50 times, more than --most-epochs=4"
    assert found["notes"] == ["c4: 70.0% of its tokens are never drawn", "the tokens drawn are less than one sequence"]
    assert err.count("\n") == len(found["warnings"] + found["notes"])


def test_warnings_of_repeats(capsys):
    words = ["--tokens=1.4T", "--unique", *DERIVED]
    _, _, err = ran(capsys, "--most-epochs=2.3", *words)
    assert err.splitlines()[0] == "warning: wikipedia is gone through 2.45 times, more than --most-epochs=2.3"
    assert "2305.16264" in err.splitlines()[1]
    assert "books" not in err
    at_most = ["--only=c4", "--unique", "c4=10"]
    assert ran(capsys, "--tokens=40", "--sequence-length=1", *at_most)[2] == ""
    assert "c4 is gone through 4.10 times" in ran(capsys, "--tokens=41", "--sequence-length=1", *at_most)[2]


def test_once_is_the_most_that_repeats_nothing(capsys):
    _, out, err = ran(capsys, "--tokens=once", "--unique", *DERIVED, "--json")
    found = json.loads(out)
    assert found["tokens"] == 571_111_111_111  # Wikipedia's 25.7B are 4.5 % of it
    assert max(row["epochs"] for row in found["sources"]) <= 1
    assert "warning" not in err
    assert "wikipedia: under 0.1% of its tokens" in err or "wikipedia" not in err


def test_neither_all_nor_nothing_is_said_where_it_is_not_so(capsys):
    _, _, err = ran(capsys, "--only=c4", "--tokens=1M", "--unique", "c4=10B")
    assert err == "note: c4: 99.9% of its tokens are never drawn\n"
    _, _, err = ran(capsys, "--only=c4", "--tokens=999999", "--unique", "c4=1M")
    assert err == "note: c4: under 0.1% of its tokens are never drawn\n"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1400000000000", 1_400 * 10**9),
        ("1.4T", 1_400 * 10**9),
        ("300B", 300 * 10**9),
        ("12M", 12_000_000),
        ("500k", 500_000),
        ("1.5K", 1500),
    ],
)
def test_amounts(text, tokens):
    assert amount("--tokens", text) == tokens


@pytest.mark.parametrize("text", ["", "0", "0T", "-1", "1.5", "1.4X", "1.00001k", "T", "1 400", "1e9", "inf", "all", "\u0661"])
def test_amounts_that_are_none(text):
    with pytest.raises(MixtureError, match=r"^--tokens takes a whole number of tokens such as"):
        amount("--tokens", text)


def test_missing_sources_are_named_with_the_ways_out(tmp_path, capsys):
    tokenized(tmp_path, "c4", 5)
    tokenized(tmp_path, "books", 0)
    tokenized(tmp_path, "arxiv", 7, complete=False)
    tokenized(tmp_path, "github", 7, shards={})
    (tmp_path / "tokens" / "wikipedia").mkdir()
    (tmp_path / "tokens" / "wikipedia" / "manifest.json").write_text("{")
    code, out, err = ran(capsys, f"--output={tmp_path}", "--unique", "commoncrawl=3")
    assert (code, out) == (2, "")
    first, make, say, leave = err.splitlines()
    assert f"{tmp_path / 'tokens'} has no tokens of github, wikipedia, books, arxiv, stackexchange; " in first
    assert first.count(";") == 4
    assert make.endswith(f"python -m pipeline.tokenize --output={tmp_path} --source=github,wikipedia,books,arxiv,stackexchange")
    assert say.endswith("--unique github=N wikipedia=N books=N arxiv=N stackexchange=N")
    assert leave.endswith("--only=commoncrawl,c4")
    assert "--only" not in ran(capsys, f"--output={tmp_path / 'absent'}")[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mixture=lama"], "did you mean llama?"),
        (["--only=c5"], "mixture llama has no source 'c5': expected one of commoncrawl, c4, "),
        (["--only="], "expected one source of mixture llama at least"),
        (["--unique", "c5=1"], "--unique c5=1: mixture llama has no source 'c5'"),
        (["--unique", "c4=1", "c4=2"], "c4 was given before, as 1"),
        (["--most-epochs=nan"], "--most-epochs is above 0, found nan"),
        (["--only=c4", "--unique", "c4=9", "--tokens=" + "9" * 5000], "--tokens takes a whole number"),
        (["--only=c4", "--unique", "c4=9", "--tokens=4611686018427387905"], "--tokens takes a whole number"),
        (["--only=c4", "--unique", "books=1"], "has no source 'books'"),
        (["--unique", "c4"], "--unique c4 takes a whole number"),
        (["--only=c4", "--unique", "c4=9", "--tokens=0"], "--tokens takes a whole number"),
        (["--only=c4", "--unique", "c4=9", "--sequence-length=0"], "--sequence-length is 1 or more, found 0"),
        (["--only=c4", "--unique", "c4=9", "--batch-tokens=2k"], "--batch-tokens=2k is less than one sequence of --sequence-length=2048"),
    ],
)
def test_bad_usage(capsys, words, message):
    code, out, err = ran(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("mixtures.plan: ")
    assert message in err


def test_a_mixture_that_cannot_be_interleaved_is_refused(tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text('tokens = 5\norigin = "ours"\n[weights]\na = 0.00000001\nb = 0.99999999\n')
    code, _, err = ran(capsys, f"--mixture={path}", "--unique", "a=1", "b=1")
    assert code == 2
    assert "common denominator is 100,000,000" in err


def test_the_command_runs_and_unknown_flags_are_refused():
    line = [sys.executable, "-m", "mixtures.plan"]
    done = subprocess.run([*line, "--unique", *DERIVED], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stdout) == (0, TABLE)
    done = subprocess.run([*line, "--most-epoch=3", "--unique", *DERIVED], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 2
