import hashlib
import io
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import sentencepiece_file
from transforms.tokenizer_training import counted, split, train_bpe, with_whitespace_score

ROOT = Path(__file__).resolve().parents[2]
LLAMA = SHARED / "models" / "llama-tokenizer.model"
OPTIONS: dict[str, Any] = {
    "vocab_size": 700,
    "character_coverage": 0.99995,
    "input_sentence_size": 200_000_000,
    "split_digits": True,
    "byte_fallback": True,
    "allow_whitespace_only_pieces": True,
    "normalization_rule_name": "identity",
    "remove_extra_whitespaces": False,
    "num_threads": 80,
}
TEXT = "\n".join(
    f"The young llama of {name} walks {number} steps along the {stone} wall,\r\n\tand {name} looks at the valley.  if ({name}) {{ return; }}\r"
    for number, (name, stone) in enumerate(
        (name, stone) for name in ["Ana", "Bea", "Cid", "Dan", "Eva"] for stone in ["grey", "old", "high", "long"]
    )
)
ODD = st.lists(
    st.sampled_from([*"ab \n\t\r\0\x1f\x0b\x85\u2028\u2581\u2585\ufeff\ufffdé羊🦙", "<s>", "<0x4A>", "<unk>"])
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
    max_size=30,
).map("".join)


def lines(text: str, often: int = 1, most: int = 4192) -> list[str]:
    return [counted(line, often) for line in split(text, most).lines]


def pieces(model: bytes) -> list[tuple[str, float]]:
    held = sentencepiece_file.read(model)
    return list(zip(held.pieces, held.scores.tolist(), strict=True))


def of_file(path: Path, vocabulary: int) -> bytes:
    """What spm_train makes of a file of lines."""
    model = io.BytesIO()
    options = {**OPTIONS, "vocab_size": vocabulary, "model_type": "bpe", "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(input=str(path), model_writer=model, **options)
    return model.getvalue()


def of_lines(text: str, vocabulary: int) -> None:
    """Trains with the library itself, for so many pieces and no fewer."""
    options = {**OPTIONS, "vocab_size": vocabulary, "model_type": "bpe", "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter([text]), model_writer=io.BytesIO(), **options)


@given(ODD, st.integers(16, 40))
def test_no_byte_of_a_text_is_lost(text: str, most: int) -> None:
    found = split(text, most)
    assert found.line_bytes + found.line_ends == len(text.encode())
    assert found.line_bytes == sum(len(line.encode()) for line in found.lines)
    seen = text.replace("\t", "\x1f").replace("\u2585", "\0\0\0")
    assert "".join(found.lines) == seen.replace("\n", "")
    assert found.empty == text.split("\n").count("")
    assert found.cut == sum(len(line.encode()) > most for line in seen.split("\n"))
    assert all(0 < len(line.encode()) <= most and not set(line) & set("\n\t\u2585") for line in found.lines)
    assert (found.tabs, found.unit_separators, found.nuls) == (text.count("\t"), text.count("\x1f"), text.count("\0"))
    assert found.unknown_marks == text.count("\u2585")


def test_names_of_pieces_are_counted() -> None:
    assert split("<s>a</s> <unk> <0x4A> <0x4a> <S> <pad> <span>", 99).piece_names == 4


@pytest.mark.parametrize("text", ["<s>", "</s>", "<unk>", "<0x4A>"])
def test_names_of_pieces_are_boundaries(text: str) -> None:
    model = train_bpe(lines(TEXT + f"\nqq{text}qq" * 50), OPTIONS)
    assert {"qq"} == {piece.strip("\u2581") for piece, _ in pieces(model) if "qq" in piece}


@given(st.lists(ODD, min_size=1, max_size=5))
def test_the_trainer_takes_every_line(texts: list[str]) -> None:
    """Every character of every line is a piece of a model of characters."""
    given = [line for text in texts for line in lines(text, most=30)]
    sink = io.BytesIO()
    if given:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(given), model_writer=sink, input_format="tsv", model_type="char", hard_vocab_limit=False,
            max_sentence_length=30, byte_fallback=True, minloglevel=2, vocab_size=2000, character_coverage=1.0,
            normalization_rule_name="identity", remove_extra_whitespaces=False,
        )  # fmt: skip
        learnt = {piece for piece, _ in pieces(sink.getvalue())}
        wanted = set("".join(line.rpartition("\t")[0] for line in given)) - set("\0\x1f ")
        named = any(name in line for line in given for name in ("<s>", "</s>", "<unk>", "<0x"))
        assert named or wanted <= learnt


def test_the_trainer_says_that_it_loaded_every_line(capfd: pytest.CaptureFixture[str]) -> None:
    text = f"{TEXT}\n\n{'long ' * 2000}\n{'x' * 9000}\na\u2585b\n\0\n \r\n\u2581\n\tz"
    given = lines(text)
    sink = io.BytesIO()
    options = {**OPTIONS, "vocab_size": 400, "model_type": "bpe", "minloglevel": 0, "input_format": "tsv"}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(given), model_writer=sink, **options)
    said = capfd.readouterr().err
    assert f"Loaded all {len(given)} sentences" in said
    assert not re.search("[Ss]kipped|too long", said)


def test_tabs_and_marks_of_unknown_characters_become_no_piece_and_cost_no_line() -> None:
    model = train_bpe(lines("zebra\tzebra \u2585 zebra\u2585zebra\n" * 50 + TEXT), OPTIONS)
    found = dict(pieces(model))
    assert not [piece for piece in found if set(piece) & set("\t\0\x1f\u2585")]
    assert {"zebra", "\u2581zebra"} <= set(found)


def test_llama_has_no_piece_with_them_either() -> None:
    if not LLAMA.is_file():
        pytest.skip("needs LLaMA's tokenizer.model of the shared data")
    found = [piece for piece, _ in pieces(LLAMA.read_bytes())]
    assert not [piece for piece in found if set(piece) & set("\n\t\0\x1f\u2585")]
    assert ";\r" in found


def test_the_pieces_are_those_of_a_file(tmp_path: Path) -> None:
    text = TEXT.replace("\t", "")
    (tmp_path / "lines.txt").write_bytes(text.encode())
    found = pieces(train_bpe(lines(text), {**OPTIONS, "vocab_size": 440}))
    assert found == pieces(of_file(tmp_path / "lines.txt", 440))
    assert ".\r" in dict(found) or ";\r" in dict(found) or "}\r" in dict(found)


def test_a_line_that_counts_three_times_is_three_lines(tmp_path: Path) -> None:
    first, second = TEXT[: len(TEXT) // 2].replace("\t", ""), TEXT[len(TEXT) // 2 :].replace("\t", "")
    (tmp_path / "lines.txt").write_bytes("\n".join([first, first, first, second]).encode())
    found = train_bpe([*lines(first, 3), *lines(second)], {**OPTIONS, "vocab_size": 440})
    assert pieces(found) == pieces(of_file(tmp_path / "lines.txt", 440))
    assert pieces(found) != pieces(train_bpe([*lines(first), *lines(second)], {**OPTIONS, "vocab_size": 440}))


def test_neither_order_nor_threads_change_the_pieces() -> None:
    given = lines(TEXT)
    shuffled = random.Random(7).sample(given, len(given))
    model = train_bpe(given, OPTIONS)
    assert train_bpe(shuffled, OPTIONS) == model
    one = train_bpe(given, {**OPTIONS, "num_threads": 1})
    assert one != model, "the number of threads is stored"
    assert pieces(one) == pieces(model)


def test_the_same_bytes_in_every_process_and_folder(tmp_path: Path) -> None:
    code = (
        f"import hashlib, sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests/transforms')!r}, {str(ROOT / 'tests')!r}]\n"
        "from test_tokenizer_training import *\nprint(hashlib.sha256(train_bpe(lines(TEXT), OPTIONS)).hexdigest())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True)
    assert out.stdout.strip() == hashlib.sha256(train_bpe(lines(TEXT), OPTIONS)).hexdigest()


def test_the_largest_vocabulary_of_a_small_text() -> None:
    model = train_bpe(lines("ab ab ab cab"), OPTIONS)
    held = sentencepiece_file.read(model)
    found = len(held.pieces)
    assert 262 < found < 700
    assert held.trainer["vocab_size"] == found
    assert held.trainer["hard_vocab_limit"] is True
    with pytest.raises(RuntimeError, match=f"<= {found}"):
        of_lines("ab ab ab cab", found + 1)
    assert model == train_bpe(lines("ab ab ab cab"), {**OPTIONS, "vocab_size": found})


def test_a_vocabulary_too_small_for_the_characters() -> None:
    with pytest.raises(ValueError, match=r"a vocabulary of 263 pieces at least, .* found 262: set vocab_size higher"):
        train_bpe(lines("ab ab c"), {**OPTIONS, "vocab_size": 262})
    assert len(pieces(train_bpe(lines("ab ab c"), {**OPTIONS, "vocab_size": 263}))) == 263


def test_no_lines() -> None:
    with pytest.raises(ValueError, match="expected lines to train on, found none"):
        train_bpe([], OPTIONS)


def test_options_that_the_library_refuses() -> None:
    with pytest.raises(ValueError, match="could not be trained for 700 pieces: "):
        train_bpe(lines(TEXT), {**OPTIONS, "bos_id": 0})


def indented() -> list[str]:
    """Lines that give a piece for each run of up to 16 spaces, as LLaMA's file has."""
    return [*lines(TEXT), *(counted(f"{' ' * spaces}return the word if it is of the text", 2 ** (17 - spaces)) for spaces in range(17))]


def test_whitespace_scores() -> None:
    plain = train_bpe(indented(), OPTIONS)
    found, before = sentencepiece_file.read(with_whitespace_score(plain, -1e9)), sentencepiece_file.read(plain)
    spaces = np.array([not piece.strip("\u2581") for piece in found.pieces])
    assert (found.scores[spaces] == -1e9).all()
    assert (found.scores[~spaces] == before.scores[~spaces]).all()
    assert sum(spaces) == 16
    assert before.scores[spaces].min() > -1e9


def test_runs_of_spaces_before_words_are_cut_as_by_llama() -> None:
    if not LLAMA.is_file():
        pytest.skip("needs LLaMA's tokenizer.model of the shared data")
    plain = train_bpe(indented(), OPTIONS)
    model = with_whitespace_score(plain, -1e9)
    held = sentencepiece_file.read(model).pieces
    assert {"\u2581" * spaces for spaces in range(1, 17)} <= set(held)
    theirs, ours, raw = (sentencepiece.SentencePieceProcessor(model_proto=found) for found in (LLAMA.read_bytes(), model, plain))
    texts = [
        f"{before}{' ' * spaces}{word}" for before in ("", "if") for word in ("the", "return", "of", "text", "") for spaces in range(1, 40)
    ]
    expected = [theirs.encode_as_pieces(text) for text in texts]
    assert [ours.encode_as_pieces(text) for text in texts] == expected
    assert [raw.encode_as_pieces(text) for text in texts] != expected
