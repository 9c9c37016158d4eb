"""`python -m mixtures.batch`: what is printed of a step is what the loader gives there."""

import json

import made_tokens
import pytest

from mixtures import batch
from mixtures.llama import LLAMA
from mixtures.loader import Loader


@pytest.fixture
def output(tmp_path):
    for number, source in enumerate(LLAMA.weights):
        made_tokens.write_source(tmp_path, source, [made_tokens.made_documents([5, 9, 3, 14], 31 * number)] * 2)
    return tmp_path


LINE = ("--sequence-length=6", "--sequences=5", "--seed=3")


@pytest.mark.parametrize("step", [0, 7, 10**9])
def test_each_row_names_its_place_and_its_documents(output, capsys, step):
    assert batch.main([f"--step={step}", f"--output={output}", *LINE, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    loader = Loader(str(output), sequence_length=6, sequences=5, seed=3)
    assert (told["step"], told["fingerprint"]) == (step, loader.fingerprint["loader"])
    assert len(told["rows"]) == 5
    for row, found in enumerate(told["rows"]):
        place = loader.where(step, row)
        assert (found["row"], found["source"], found["epoch"], found["window"]) == (row, place.source, place.epoch, place.window)
        assert found["position"] == place.position
        assert [document["id"] for document in found["documents"]] == [held.document for held in place.documents]


def test_in_a_table_a_place_can_be_handed_to_explain(output, capsys):
    assert batch.main(["--step=7", f"--output={output}", *LINE]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = Loader(str(output), sequence_length=6, sequences=5, seed=3).where(7, 4)
    assert len(lines) == 6
    assert f"{place.source}:{place.position} " in lines[5]
    assert place.documents[0].document in lines[5]


def test_some_sources_alone(output, capsys):
    assert batch.main(["--step=1", f"--output={output}", "--only=c4,books", *LINE, "--json"]) == 0
    assert {row["source"] for row in json.loads(capsys.readouterr().out)["rows"]} <= {"c4", "books"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--step=-1"], "a step from 0"),
        (["--step=1", "--mixture=lama"], "llama"),
        (["--step=1", "--only=nothing"], "nothing"),
        (["--step=1", "--sequences=0"], "sequences"),
    ],
)
def test_what_is_wrong_is_said(output, capsys, words, said):
    assert batch.main([f"--output={output}", *words]) == 2
    assert said in capsys.readouterr().err
