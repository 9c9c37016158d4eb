"""SentencePiece model files: spec 10.1's table, field by field, and changed scores."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import sentencepiece_file
from transforms.sentencepiece_file import BYTE, CONTROL, NORMAL, UNKNOWN

LLAMA = SHARED / "models" / "llama-tokenizer.model"
TEXT = Path(__file__).resolve().parents[2] / "pipeline" / "samples" / "texts" / "commoncrawl" / "encyclopaedia.txt"

# Spec 10.1, the stored options of LLaMA's tokenizer.model.
TRAINER = {
    "input": ["/large_experiments/theorem/datasets/MERGED/all.test1.merged"],
    "input_format": "text",
    "model_prefix": "spm_model_32k_200M_charcov099995_allowWSO__v2",
    "model_type": "BPE",
    "vocab_size": 32000,
    "self_test_sample_size": 0,
    "enable_differential_privacy": False,
    "differential_privacy_noise_level": 0.0,
    "differential_privacy_clipping_threshold": 0,
    "character_coverage": 0.99995,
    "input_sentence_size": 200_000_000,
    "shuffle_input_sentence": True,
    "seed_sentencepiece_size": 1_000_000,
    "shrinking_factor": 0.75,
    "max_sentence_length": 4192,
    "num_threads": 80,
    "num_sub_iterations": 2,
    "max_sentencepiece_length": 16,
    "split_by_unicode_script": True,
    "split_by_number": True,
    "split_by_whitespace": True,
    "treat_whitespace_as_suffix": False,
    "allow_whitespace_only_pieces": True,
    "split_digits": True,
    "control_symbols": [],
    "user_defined_symbols": [],
    "required_chars": "",
    "byte_fallback": True,
    "vocabulary_output_piece_score": True,
    "hard_vocab_limit": True,
    "use_all_vocab": False,
    "unk_id": 0,
    "bos_id": 1,
    "eos_id": 2,
    "pad_id": -1,
    "unk_piece": "<unk>",
    "bos_piece": "<s>",
    "eos_piece": "</s>",
    "pad_piece": "<pad>",
    "unk_surface": " \u2047 ",
    "train_extremely_large_corpus": False,
}
NORMALIZER = {
    "name": "identity",
    "precompiled_charsmap": b"",
    "add_dummy_prefix": True,
    "remove_extra_whitespaces": False,
    "escape_whitespaces": True,
    "normalization_rule_tsv": "",
}


@pytest.fixture(scope="module")
def trained() -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.read_text(encoding="utf-8").splitlines()),
        model_writer=model,
        model_type="unigram",
        vocab_size=300,
        hard_vocab_limit=False,
        user_defined_symbols=["<one>", "<two>"],
        pad_id=3,
        character_coverage=0.9997,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def test_llama_s_options_are_those_of_the_specification() -> None:
    if not LLAMA.exists():
        pytest.skip(f"needs {LLAMA.name} in the shared data")
    model = sentencepiece_file.read(LLAMA.read_bytes())
    assert {name: model.trainer[name] for name in TRAINER} == TRAINER
    assert model.normalizer == NORMALIZER
    assert (model.types == np.array([UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * 31741)).all()
    assert model.pieces[3 + 65] == "<0x41>"
    spaces = [number for number, piece in enumerate(model.pieces) if piece and not piece.strip("\u2581")]
    assert len(spaces) == 16
    assert (model.scores[spaces] == np.float32(-1e9)).all()
    others = np.setdiff1d(np.arange(259, 32000), spaces)
    assert (model.scores[others] == 259 - others).all()


def test_options_that_are_not_the_defaults_are_read(trained: bytes) -> None:
    model = sentencepiece_file.read(trained)
    assert model.trainer["model_type"] == "UNIGRAM"
    assert model.trainer["user_defined_symbols"] == ["<one>", "<two>"]
    assert model.trainer["pad_id"] == 3
    assert model.trainer["character_coverage"] == 0.9997
    assert model.normalizer["name"] == "nmt_nfkc"
    assert isinstance(model.normalizer["precompiled_charsmap"], bytes)
    assert len(model.normalizer["precompiled_charsmap"]) > 1000


def test_pieces_scores_and_types_are_the_library_s(trained: bytes) -> None:
    model = sentencepiece_file.read(trained)
    library = sentencepiece.SentencePieceProcessor(model_proto=trained)
    numbers = list(range(library.get_piece_size()))
    assert model.pieces == library.id_to_piece(numbers)
    assert model.scores.tolist() == library.get_score(numbers)
    assert [kind == CONTROL for kind in model.types] == library.is_control(numbers)
    assert [kind == UNKNOWN for kind in model.types] == library.is_unknown(numbers)


def test_changed_scores_change_nothing_else(trained: bytes) -> None:
    model = sentencepiece_file.read(trained)
    assert sentencepiece_file.with_scores(trained, model.scores) == trained
    scores = np.linspace(-5, 5, len(model.pieces)).astype(np.float32)
    changed = sentencepiece_file.with_scores(trained, scores)
    found = sentencepiece_file.read(changed)
    assert (found.scores == scores).all()
    assert (found.pieces, found.trainer, found.normalizer) == (model.pieces, model.trainer, model.normalizer)
    assert sentencepiece_file.with_scores(changed, model.scores) == trained
    with pytest.raises(ValueError, match=f"each of {len(scores)} pieces, found 1"):
        sentencepiece_file.with_scores(trained, scores[:1])


def test_a_piece_without_a_score_is_named() -> None:
    with pytest.raises(ValueError, match="stores the score"):
        sentencepiece_file.with_scores(b"\x0a\x03\x0a\x01a", np.zeros(1, np.float32))


@pytest.mark.parametrize("data", [b"", b"no model", b"\x0a\xff", b"\x0a\x03\x0a\x01\xff", b"\xff" * 100, b"\x0b\x00", b"\x12\x00", b"{}"])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=f"expected a serialized SentencePiece model, found {len(data)} bytes"):
        sentencepiece_file.read(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_model_or_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert sentencepiece_file.read(data).pieces
