"""SentencePiece models that tests train in a second, and the library's own encoding, which is the reference for ours."""

import io
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sentencepiece
from shared_data import SHARED

from transforms.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT / "pipeline" / "samples" / "texts"
LLAMA = SHARED / "models" / "llama-tokenizer.model"

OPTIONS: dict[str, Any] = {
    "model_type": "bpe",
    "vocab_size": 2000,
    "character_coverage": 0.99995,
    "split_digits": True,
    "byte_fallback": True,
    "allow_whitespace_only_pieces": True,
    "normalization_rule_name": "identity",
    "remove_extra_whitespaces": False,
    "num_threads": 1,
    "minloglevel": 2,
}
"""Those of spec 10.1, with a small vocabulary."""


@cache
def lines() -> list[str]:
    """The project's own sample texts, and lines in which runs of spaces and other scripts come often."""
    own = [
        line
        for path in sorted(TEXTS.rglob("*"))
        if path.suffix in (".txt", ".py", ".c")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    other = [
        "    if x:",
        "        return  y",
        "\u65e5\u672c\u8a9e\u306e\u6587\u3068\u6587",
        "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
        "aaaa aaa aa",
    ]
    return [line for line in own if line.strip()] + other * 20


def train(sentences: list[str] | None = None, **options: Any) -> bytes:
    """A model of `lines`, or of others, with OPTIONS and these."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(sentences or lines()), model_writer=model, **OPTIONS | options)
    return model.getvalue()


def expected(model: bytes, texts: list[str]) -> list[list[int]]:
    """SentencePieceProcessor.encode of each text."""
    found: list[list[int]] = sentencepiece.SentencePieceProcessor(model_proto=model).encode(texts, num_threads=1)
    return found


def found(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Ours of each text, all in one batch."""
    encoded = tokenizer.encode(pa.array(texts, pa.string()))
    assert encoded.tokens.dtype == tokenizer.dtype
    assert encoded.offsets.dtype == np.int64
    bounds = encoded.offsets.tolist()
    assert (len(bounds), bounds[0], bounds[-1]) == (len(texts) + 1, 0, len(encoded.tokens))
    return [encoded.tokens[start:end].tolist() for start, end in pairwise(bounds)]


def assert_same(model: bytes, texts: list[str], tokenizer: Tokenizer | None = None) -> None:
    """Fails with the first text whose ids differ."""
    for text, ours, theirs in zip(texts, found(tokenizer or Tokenizer(model), texts), expected(model, texts), strict=True):
        if ours != theirs:
            at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
            raise AssertionError(
                f"{text[:200]!r}: token {at} of {len(theirs)}: ours {ours[at : at + 8]}, SentencePiece {theirs[at : at + 8]}"
            )
