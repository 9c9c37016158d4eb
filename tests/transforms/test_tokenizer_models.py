"""Models of other options than LLaMA's: those that are covered give SentencePiece's ids, the others are refused with what to do."""

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from trained_tokenizers import assert_same, found, lines, train

from transforms import sentencepiece_file
from transforms.tokenizer import Tokenizer

MARK = "\u2581"
DEFINED = [
    "<tag>",
    "<tag>>",
    "the",
    "they",
    "e t",
    f"of{MARK}a",
    "\n\n",
    "\u65e5\u672c\u8a9e",
    "\U0001f999\U0001f999",
    "1",
    f"{MARK}{MARK}x",
]

MODELS: dict[str, dict[str, Any]] = {
    "user-defined pieces": {"user_defined_symbols": DEFINED},
    "user-defined pieces, no fallback": {"user_defined_symbols": DEFINED, "byte_fallback": False},
    "no fallback to bytes": {"byte_fallback": False, "character_coverage": 0.99},
    "no dummy prefix": {"add_dummy_prefix": False},
    "no dummy prefix, no fallback": {"add_dummy_prefix": False, "byte_fallback": False},
    "control symbols": {"control_symbols": ["<start>", "q", "\u65e5"], "bos_id": -1},
    "numbers": {"split_digits": False, "split_by_number": False},
    "pieces over spaces": {"split_by_whitespace": False, "split_by_unicode_script": False, "max_sentencepiece_length": 40},
    "no pieces of spaces": {"allow_whitespace_only_pieces": False},
    "few characters": {"character_coverage": 0.98, "vocab_size": 600},
}
TEXTS = [
    "the they thethey <tag>> <tag>>> of a of  a",
    "e te t\n\n\n1121\u65e5\u672c\u8a9e\u65e5\u672c \U0001f999\U0001f999\U0001f999   xx  x",
    "\u4e00\u4e00 \u4e00 a\u4e00\U0001f999b\u4e00",
    "q<start>qq \u65e5\u65e5",
    "",
    " ",
    "\U0001f999",
    "12 3456 a1b2",
]


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> bytes:
    return train(**MODELS[request.param])


def test_ids_are_sentencepiece_s(model: bytes) -> None:
    chance = random.Random(5)
    kinds = [*DEFINED, *TEXTS, " ", "  ", MARK, "<tag", "th", "ey", "x", "0", "\n", "\u672c", "\u4e01", "\U0001f99a", "\u0416"]
    mixed = ["".join(chance.choices(kinds, k=chance.randrange(1, 12))) for _ in range(10_000)]
    tokenizer = Tokenizer(model)
    assert_same(model, [*TEXTS, *lines(), *mixed, "\n".join(mixed), "<tag>" * 5000, "the" * 5000, "\u4e00 " * 5000], tokenizer)
    assert found(Tokenizer(model, units=4), mixed) == found(tokenizer, mixed)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.text("ab \u4e00<", min_size=1, max_size=4), max_size=6, unique=True),
    st.booleans(),
    st.booleans(),
    st.lists(st.text("ab \u4e00<\U0001f999"), min_size=20, max_size=20),
)
def test_any_user_defined_pieces(defined: list[str], fallback: bool, prefix: bool, texts: list[str]) -> None:
    options = {"user_defined_symbols": [piece.replace(" ", MARK) for piece in defined if piece.strip(" ")]}
    made = train(**options, byte_fallback=fallback, add_dummy_prefix=prefix, character_coverage=0.98, vocab_size=600)
    assert_same(made, texts)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 50))
def test_any_scores(chance: random.Random, kinds: int) -> None:
    """Equal scores, and those in no order that merging would give."""
    scores = np.array([chance.randrange(kinds) for _ in sentencepiece_file.read(BASE).pieces], np.float32)
    assert_same(sentencepiece_file.with_scores(BASE, scores), lines()[:200] + TEXTS)


BASE = train(vocab_size=1500, character_coverage=0.999)


def test_a_space_that_is_no_piece_is_three_bytes() -> None:
    model = train(["abcabd", "abc"] * 50, add_dummy_prefix=False, vocab_size=266)
    assert MARK not in sentencepiece_file.read(model).pieces
    assert_same(model, ["ab c", " ", f"abc {MARK}abd  ", " " * 1000, "\u65e5 \u0416"])
    assert_same(
        train(["abcabd", "abc"] * 50, add_dummy_prefix=False, vocab_size=10, byte_fallback=False), ["ab c", "  ab  ", f"x {MARK}a", ""]
    )


def test_a_model_without_bos_says_so() -> None:
    tokenizer = Tokenizer(train(bos_id=-1, eos_id=-1))
    assert (tokenizer.bos_id, tokenizer.eos_id) == (-1, -1)
    with pytest.raises(ValueError, match="expected a model with BOS, found one without"):
        tokenizer.encode(pa.array(["a"]), bos=True)
    with pytest.raises(ValueError, match="expected a model with EOS, found one without"):
        tokenizer.encode(pa.array(["a"]), eos=True)


def test_a_large_vocabulary_takes_four_bytes() -> None:
    defined = [f"<{number}>" for number in range(66_000)]
    model = train(vocab_size=69_000, user_defined_symbols=defined, hard_vocab_limit=False)
    tokenizer = Tokenizer(model)
    assert tokenizer.dtype == np.uint32
    assert_same(model, ["<65999><0><12> a <66000>", *lines()[:50]], tokenizer)


REFUSED = {
    "unigram": ({"model_type": "unigram", "hard_vocab_limit": False}, "model_type = 'BPE', found UNIGRAM"),
    "characters": ({"model_type": "char"}, "model_type = 'BPE', found CHAR"),
    "NFKC": ({"normalization_rule_name": "nmt_nfkc"}, "charsmap .* found [0-9]+ bytes of rules"),
    "extra spaces": ({"remove_extra_whitespaces": True}, "remove_extra_whitespaces = False, found True"),
    "suffix": ({"treat_whitespace_as_suffix": True}, "treat_whitespace_as_suffix = False, found True"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_proven_is_refused(name: str) -> None:
    options, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as error:
        Tokenizer(train(**options))
    assert "train one with" in str(error.value)


def retyped(piece: bytes, kind: int) -> bytes:
    """BASE with another type, which a piece stores as 18 KIND, for the piece that ends so."""
    model = bytearray(BASE)
    at = model.index(piece + b"\x15") + len(piece)  # its score follows: 15 and four bytes
    length = model.rindex(b"\x0a", 0, at - len(piece) - 2) + 1
    return (
        bytes(model[:length])
        + bytes([model[length] + 2])
        + bytes(model[length + 1 : at + 5])
        + bytes([0x18, kind])
        + bytes(model[at + 5 :])
    )


def test_spaces_that_are_kept_are_refused() -> None:
    """SentencePiece trains no such model; stored fields that come twice count as they come last: 1a, the normaliser; 28 00, escape_whitespaces = false."""
    with pytest.raises(ValueError, match="escape_whitespaces = True, found False"):
        Tokenizer(BASE + b"\x1a\x02\x28\x00")


def test_unused_pieces_are_refused() -> None:
    model = retyped(b"\xe2\x96\x81the", sentencepiece_file.UNUSED)
    assert sentencepiece.SentencePieceProcessor(model_proto=model).get_piece_size() == len(sentencepiece_file.read(BASE).pieces)
    with pytest.raises(ValueError, match="no piece of type UNUSED"):
        Tokenizer(model)


def test_what_is_no_number_and_what_is_no_model_are_refused() -> None:
    scores = sentencepiece_file.read(BASE).scores
    scores[300] = np.nan
    with pytest.raises(ValueError, match="found NaN"):
        Tokenizer(sentencepiece_file.with_scores(BASE, scores))
    with pytest.raises(ValueError, match="expected a serialized SentencePiece model"):
        Tokenizer(b"no model")
    with pytest.raises(ValueError, match="expected every piece once"):
        Tokenizer(BASE + BASE[: 2 + BASE[1]])
    with pytest.raises(ValueError, match="expected a SentencePiece model"):
        Tokenizer(retyped(b"\xe2\x96\x81the", sentencepiece_file.BYTE))
