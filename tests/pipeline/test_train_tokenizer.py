import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import made_clean
import made_tokenizer
import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from mixtures.llama import LLAMA
from pipeline import files, settings
from pipeline.train_tokenizer import TokenizerTraining, main, train
from pipeline.training import TrainingError
from transforms import sentencepiece_file

ENGLISH, CODE, NUMBERS, SPANISH, CHINESE = made_tokenizer.TEXT[:5]
TEXTS = {
    "commoncrawl": [[f"{ENGLISH} Number {n} of the wall." for n in range(30)], [f"{SPANISH}\n\n{n} y {n + 1}" for n in range(20)]],
    "github": [[f"{CODE}\r\n\tpass\t# {n}" for n in range(9)]],
    "wikipedia": [[f"{NUMBERS} {CHINESE} {n}" for n in range(40)]],
    "letters": [["A source that no paper has."]],
}
TABLE = {
    "model_type": "BPE", "vocab_size": 32000, "self_test_sample_size": 0, "enable_differential_privacy": False,
    "differential_privacy_noise_level": 0.0, "differential_privacy_clipping_threshold": 0, "character_coverage": 0.99995,
    "input_sentence_size": 200_000_000, "shuffle_input_sentence": True, "seed_sentencepiece_size": 1_000_000, "shrinking_factor": 0.75,
    "max_sentence_length": 4192, "num_threads": 80, "num_sub_iterations": 2, "max_sentencepiece_length": 16,
    "split_by_unicode_script": True, "split_by_number": True, "split_by_whitespace": True, "treat_whitespace_as_suffix": False,
    "allow_whitespace_only_pieces": True, "split_digits": True, "control_symbols": [], "user_defined_symbols": [], "required_chars": "",
    "byte_fallback": True, "vocabulary_output_piece_score": True, "hard_vocab_limit": True, "use_all_vocab": False, "unk_id": 0,
    "bos_id": 1, "eos_id": 2, "pad_id": -1, "unk_piece": "<unk>", "bos_piece": "<s>", "eos_piece": "</s>", "pad_piece": "<pad>",
    "unk_surface": " \u2047 ", "train_extremely_large_corpus": False,
}  # fmt: skip
"""Spec: Stored options of LLaMA's tokenizer.model, trainer_spec, but for input, input_format and model_prefix."""
NORMALIZER = {
    "name": "identity", "precompiled_charsmap": b"", "add_dummy_prefix": True, "remove_extra_whitespaces": False,
    "escape_whitespaces": True, "normalization_rule_tsv": "",
}  # fmt: skip
OURS = {"input": [], "input_format": "tsv", "model_prefix": ""}
"""What differs from LLaMA's file: no file is read, and lines come with how often they count."""


def write(output: Path, row_group: int = 4) -> Path:
    for source, shards in TEXTS.items():
        made_clean.write(output, source, shards, row_group)
    return output


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An output with a tokenizer, and what was said."""
    output = write(tmp_path_factory.mktemp("output"))
    said: list[str] = []
    assert train(str(output), say=said.append) == str(output / "tokenizer")
    return output, said


def manifest(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "tokenizer" / "manifest.json").read_text(encoding="utf-8"))
    return found


def model(output: Path) -> bytes:
    return (output / "tokenizer" / "tokenizer.model").read_bytes()


def text_bytes(source: str) -> int:
    return sum(len(text.encode()) for texts in TEXTS[source] for text in texts)


def test_the_model_stores_llamas_options(trained: tuple[Path, list[str]]) -> None:
    held = sentencepiece_file.read(model(trained[0]))
    assert held.normalizer == NORMALIZER
    wanted = TABLE | OURS | {"vocab_size": len(held.pieces)}
    assert {name: held.trainer[name] for name in wanted} == wanted


def test_every_stored_option_is_that_of_llamas_file(trained: tuple[Path, list[str]]) -> None:
    path = SHARED / "models" / "llama-tokenizer.model"
    if not path.is_file():
        pytest.skip("needs LLaMA's tokenizer.model of the shared data")
    theirs, ours = sentencepiece_file.read(path.read_bytes()), sentencepiece_file.read(model(trained[0]))
    assert {name for name in theirs.trainer if theirs.trainer[name] != ours.trainer[name]} == {*OURS, "vocab_size"}
    assert theirs.trainer["vocab_size"] == TokenizerTraining().vocab_size
    assert theirs.normalizer == ours.normalizer == NORMALIZER
    assert {name: theirs.trainer[name] for name in TABLE} == TABLE


def test_the_first_pieces_are_those_of_llama(trained: tuple[Path, list[str]]) -> None:
    held = sentencepiece_file.read(model(trained[0]))
    assert held.pieces[:259] == ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [sentencepiece_file.UNKNOWN, *[sentencepiece_file.CONTROL] * 2, *[sentencepiece_file.BYTE] * 256]
    assert held.types.tolist() == kinds + [sentencepiece_file.NORMAL] * (len(held.pieces) - 259)
    spaces = np.array([not piece.strip("\u2581") for piece in held.pieces])
    assert (held.scores[spaces] == -1e9).all()
    assert (held.scores[~spaces][259:] == -(np.flatnonzero(~spaces)[259:] - 259)).all()


def test_digits_stand_alone(trained: tuple[Path, list[str]]) -> None:
    found = sentencepiece.SentencePieceProcessor(model_proto=model(trained[0]))
    assert not [
        piece for piece in sentencepiece_file.read(model(trained[0])).pieces[259:] if len(piece) > 1 and set(piece) & set("0123456789")
    ]
    for digits in ("7", "1957", "0123456789" * 3):
        assert found.encode_as_pieces(digits) == ["\u2581", *digits]
        assert len(found.encode(f"walks{digits}")) == len(found.encode("walks")) + len(digits)


@given(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\u2581"), max_size=60)
    | st.text("\t\n\r\0 7羊🦙\x7fa", max_size=60)
)
def test_any_text_comes_back(trained: tuple[Path, list[str]], text: str) -> None:
    found = _processor(model(trained[0]))
    assert found.decode(found.encode(text)) == text


def _processor(serialized: bytes, held: dict[bytes, Any] = {}) -> Any:  # noqa: B006
    return held.setdefault(serialized, sentencepiece.SentencePieceProcessor(model_proto=serialized))


def test_the_manifest(trained: tuple[Path, list[str]]) -> None:
    output, said = trained
    found = manifest(output)
    total = sum(text_bytes(source) for source in ("commoncrawl", "github", "wikipedia"))
    assert found["sha256"] == hashlib.sha256(model(output)).hexdigest()
    assert found["vocabulary"] == {"wanted": 32000, "got": len(sentencepiece_file.read(model(output)).pieces)}
    assert any(
        f"a vocabulary of {found['vocabulary']['got']} pieces, the largest that these texts give; 32000 were wanted" == line
        for line in said
    )
    assert found["mixture"]["weights"] == {"commoncrawl": "67/76", "github": "9/152", "wikipedia": "9/152"}
    assert found["left_out"].keys() == {"letters", "c4", "books", "arxiv", "stackexchange"}
    assert "letters is left out: no source of the mixture llama" in said
    for source, one in found["sources"].items():
        weight = LLAMA.weights[source] / sum(LLAMA.weights[name] for name in found["sources"])
        assert abs(one["bytes_wanted"] - weight * total) <= 1
        longest = max(len(text.encode()) for texts in TEXTS[source] for text in texts)
        assert abs(one["bytes"] - one["bytes_wanted"]) <= longest
        assert one["share_got"] == pytest.approx(float(weight), abs=2 * longest / total)
        assert one["read_bytes"] == text_bytes(source)
        shards = {name: shard for name, shard in found["inputs"].items() if name.startswith(f"{source}/")}
        assert sum(shard["text_bytes"] for shard in shards.values()) == one["bytes"]
        assert sum(shard["documents"] for shard in shards.values()) == one["documents"]
        assert {name: {key: shard[key] for key in ("bytes", "sha256")} for name, shard in shards.items()} == json.loads(
            (output / source / "manifest.json").read_text()
        )["shards"]
    assert found["sources"]["commoncrawl"]["repeats"] > 0
    assert found["sources"]["wikipedia"]["documents"] < 40
    assert found["bytes"]["sampled"] == sum(one["bytes"] for one in found["sources"].values())
    assert found["bytes"]["sampled"] == found["bytes"]["line_bytes"] + found["bytes"]["line_ends"]
    assert found["lines"]["counting_as"] > found["lines"]["given"] > 0
    assert found["boundaries"]["tabs"] == 2 * (found["sources"]["github"]["documents"] + found["sources"]["github"]["repeats"])
    assert found["settings"]["vocab_size"] == {
        "value": 32000,
        "origin": next(o for n, _, o in settings.fields(TokenizerTraining()) if n == "vocab_size"),
    }
    assert str(output) not in json.dumps(found)


def test_only_the_tokenizer_is_left(trained: tuple[Path, list[str]]) -> None:
    assert {path.name for path in trained[0].iterdir()} == {*TEXTS, "tokenizer"}
    assert {path.name for path in (trained[0] / "tokenizer").iterdir()} == {"tokenizer.model", "manifest.json"}


def test_the_same_bytes_elsewhere_and_from_other_row_groups(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    train(str(write(tmp_path / "elsewhere", row_group=1)))
    assert model(tmp_path / "elsewhere") == model(trained[0])
    shutil.copytree(trained[0], tmp_path / "copy", ignore=shutil.ignore_patterns("tokenizer"))
    train(str(tmp_path / "copy"))
    assert files_of(tmp_path / "copy") == files_of(trained[0])


def files_of(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (output / "tokenizer").iterdir()}


def test_the_same_again_and_other_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    line = [f"--output={tmp_path}", "--set", "vocab_size=400"]
    assert main(line) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "tokenizer")
    before = files_of(tmp_path)
    (tmp_path / "tokenizer" / "mine").touch()
    assert main(line) == 0
    assert "holds this tokenizer already: nothing is done again" in capsys.readouterr().err
    assert (tmp_path / "tokenizer" / "mine").exists()
    assert main([f"--output={tmp_path}", "--set=vocab_size=401"]) == 2
    refusal = "holds a tokenizer of other inputs, settings or versions. Name another --output, or replace it with --overwrite"
    assert refusal in capsys.readouterr().err
    assert files_of(tmp_path) == {**before, "mine": b""}
    assert main([f"--output={tmp_path}", "--set=vocab_size=401", "--overwrite"]) == 0
    assert manifest(tmp_path)["vocabulary"] == {"wanted": 401, "got": 401}
    assert files_of(tmp_path).keys() == before.keys()


@pytest.mark.parametrize("name", ["tokenizer.model", "manifest.json"])
def test_what_else_stands_there_is_not_replaced(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    config = settings.change(TokenizerTraining(), ["vocab_size=400"])
    train(str(tmp_path), config=config)
    (tmp_path / "tokenizer" / name).write_bytes(b"mine")
    with pytest.raises(TrainingError, match="replace it with --overwrite"):
        train(str(tmp_path), config=config)
    (tmp_path / "tokenizer" / name).unlink()
    with pytest.raises(TrainingError, match="what is no tokenizer of this command"):
        train(str(tmp_path), config=config)


def test_other_documents_are_another_tokenizer(tmp_path: Path) -> None:
    write(tmp_path)
    config = settings.change(TokenizerTraining(), ["vocab_size=400"])
    train(str(tmp_path), config=config)
    shutil.rmtree(tmp_path / "github")
    made_clean.write(tmp_path, "github", [[ENGLISH]])
    with pytest.raises(TrainingError, match="a tokenizer of other inputs"):
        train(str(tmp_path), config=config)


def test_a_sample_is_no_larger_than_it_may_be(tmp_path: Path) -> None:
    config = settings.change(TokenizerTraining(), ["vocab_size=400", "sample_bytes=2000"])
    train(str(write(tmp_path)), config=config)
    found = manifest(tmp_path)
    assert sum(one["bytes_wanted"] for one in found["sources"].values()) == 2000
    assert abs(found["bytes"]["sampled"] - 2000) <= 300
    assert all(one["repeats"] == 0 for one in found["sources"].values())


def test_a_mixture_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "mine.toml").write_text('tokens = 1\norigin = "ours: for a test"\n[weights]\nletters = "1/4"\ngithub = "3/4"\n')
    assert main([f"--output={tmp_path}", f"--mixture={tmp_path / 'mine.toml'}", "--set=vocab_size=400"]) == 0
    assert manifest(tmp_path)["mixture"] == {"name": "mine", "origin": "ours: for a test", "weights": {"letters": "1/4", "github": "3/4"}}
    assert manifest(tmp_path)["left_out"].keys() == {"commoncrawl", "wikipedia"}


def test_files_of_texts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"body": f"{ENGLISH}\n{n}"}) + "\n" for n in range(9)), encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"{SPANISH}\n\n" * 5, encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("a.jsonl", "b.txt")]
    line = [f"--output={tmp_path / 'out'}", "--column=body", "--set=vocab_size=350", "--input", *paths]
    assert main(line) == 0
    found = manifest(tmp_path / "out")
    assert found["sources"].keys() == {"input"}
    assert {name: file["documents"] for name, file in found["inputs"].items()} == {"a.jsonl": 9, "b.txt": 5}
    assert found["inputs"]["b.txt"]["sha256"] == files.sha256(tmp_path / "b.txt")
    assert found["bytes"]["sampled"] == 9 * (len(ENGLISH) + 2) + 5 * len(SPANISH.encode())
    assert str(tmp_path) not in json.dumps(found)


def test_whitespace_scores_can_be_the_trainers_own(tmp_path: Path) -> None:
    train(str(write(tmp_path)), config=settings.change(TokenizerTraining(), ["vocab_size=400", "whitespace_score=none"]))
    assert sentencepiece_file.read(model(tmp_path)).scores[259:].tolist() == [-float(number) for number in range(400 - 259)]


def test_an_output_in_a_store(store: Path, trained: tuple[Path, list[str]]) -> None:
    write(store / "out")
    for _ in range(2):
        assert train("test://out", overwrite=True) == "test://out/tokenizer"
    assert files_of(store / "out") == files_of(trained[0])
    said: list[str] = []
    train("test://out", say=said.append)
    assert said[-1] == "test://out/tokenizer holds this tokenizer already: nothing is done again"


def test_fields_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-fields"]) == 0
    said = capsys.readouterr().out
    assert "vocab_size=32000\n    code: LLaMA's tokenizer.model, trainer_spec" in said
    assert all(f"{name}=" in said for name, _, _ in settings.fields(TokenizerTraining()))


def unfinished(output: Path) -> None:
    (made_clean.write(output, "c4", [["text"]]) / "manifest.json").unlink()


def many(output: Path) -> None:
    made_clean.write(output, "c4", [["one\ntwo"] * 60])


WRONG = {
    "no folder": (lambda output: None, [], "expected the clean shards of a source of the mixture llama, found none of commoncrawl, c4"),
    "other sources": (
        lambda output: made_clean.write(output, "letters", [["text"]]),
        [],
        "found no text in letters: run python -m pipeline.run",
    ),
    "no text": (lambda output: made_clean.write(output, "c4", [["", ""], []]), [], "found no text in c4"),
    "not finished": (unfinished, [], "c4: expected a finished run, found no manifest.json"),
    "not complete": (
        lambda output: made_clean.write(output, "c4", [["text"]], complete=False),
        [],
        "c4: expected a complete run, but lost.txt",
    ),
    "too small": (write, ["--set=vocab_size=270"], "a vocabulary of 3"),
    "line ends": (
        lambda output: made_clean.write(output, "c4", [["\n\n"]]),
        [],
        "expected lines to train on, found documents of line ends alone",
    ),
    "unknown field": (write, ["--set=vocab=9"], "there is no field 'vocab'; did you mean vocab_size?"),
    "field out of range": (write, ["--set=max_sentence_length=70000"], "max_sentence_length is 16 to 65535, not 70000"),
    "coverage": (write, ["--set=character_coverage=2"], "character_coverage is a share from 0.98 to 1, not 2"),
    "ids": (write, ["--set=bos_id=0"], "unk_id, bos_id, eos_id and pad_id are 0, 1, 2, ... in any order"),
    "mixture": (write, ["--mixture=lama"], "there is no mixture 'lama': did you mean llama?"),
    "too many lines": (many, ["--set=input_sentence_size=101"], "expected at most 101 lines (input_sentence_size) in the sample"),
    "no input": (write, ["--input=nothing.txt"], "nothing.txt: expected a file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_usage_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    make, flags, said = WRONG[case]
    output = tmp_path / "out"
    make(output)
    assert main([f"--output={output}", *flags]) == 2
    assert said in capsys.readouterr().err
    assert not (output / "tokenizer").exists()
    assert not list(tmp_path.glob("**/.partial*"))


def test_a_damaged_shard_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path) / "github" / "clean" / "00000.parquet"
    path.write_bytes(b"PAR1" + bytes(100) + path.read_bytes()[104:])
    assert main([f"--output={tmp_path}"]) == 2
    assert "github/clean/00000.parquet: expected a sound clean shard" in capsys.readouterr().err
    assert not (tmp_path / "tokenizer").exists()


def test_flags_that_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--input=a.txt", "--mixture=llama"])
    assert "give the one or the other" in capsys.readouterr().err
