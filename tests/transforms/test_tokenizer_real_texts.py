"""Ids equal SentencePiece's on real files: the start of some of them, and, slowly, all of all of them."""

import bz2
import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import real_pages
import sentencepiece
from shared_data import SHARED
from trained_tokenizers import LLAMA, assert_same, train

from transforms.tokenizer import Tokenizer

EVERY, START = 25, 100_000
"""The quick test takes these many bytes of one in so many files."""


def files(group: str) -> list[Path]:
    found = sorted(path for path in (SHARED / group).rglob("*") if path.is_file())
    if not found or not LLAMA.exists():
        pytest.skip(f"needs {group} and {LLAMA.name} in the shared data")
    return found


def text(path: Path, most: int | None = None) -> str:
    """What a file holds, unpacked where it is one packed stream, whatever it is: also archives, in which bytes are no text."""
    data = path.read_bytes()
    with contextlib.suppress(EOFError, OSError, zlib.error):  # broken on purpose, or no such file
        data = gzip.decompress(data) if path.suffix == ".gz" else bz2.decompress(data) if path.suffix == ".bz2" else data
    return data[:most].decode(errors="replace")


def models() -> Iterator[bytes]:
    yield LLAMA.read_bytes()
    yield train()


def test_the_start_of_some_files() -> None:
    texts = [text(path, START) for path in files("")[::EVERY]]
    for model in models():
        assert_same(model, texts)


@pytest.mark.slow
@pytest.mark.parametrize(
    "group",
    [
        "arxiv",
        "books",
        "c4",
        "commoncrawl",
        "dedup",
        "eval",
        "github",
        "html",
        "langid",
        "models",
        "stackexchange",
        "text",
        "wikipedia",
        "wordlists",
    ],
)
def test_all_files(group: str) -> None:
    model = LLAMA.read_bytes() if files(group) else b""
    tokenizer = Tokenizer(model)
    for path in files(group):
        assert_same(model, [text(path)], tokenizer)


@pytest.mark.slow
def test_a_book_of_16_megabytes_is_cut_as_it_is_read_whole() -> None:
    files("text")
    novels = "\n".join(real_pages.prose())
    book = (novels * (1 + (16 << 20) // len(novels)))[: 16 << 20]
    for model in models():
        whole = sentencepiece.SentencePieceProcessor(model_proto=model).encode(book)
        assert Tokenizer(model).encode(pa.array([book])).tokens.tolist() == whole
