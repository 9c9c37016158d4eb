"""Ids equal SentencePiece's: spec 10.1's encodings, properties, every code point, texts of one megabyte that are hard on some algorithms, 150,000 strings."""

import random
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from trained_tokenizers import LLAMA, assert_same, found, lines, train

from transforms import tokenizer as module
from transforms.kernels import byte_pairs as kernel
from transforms.tokenizer import Tokenizer

MARK = "\u2581"


@cache
def trained_model() -> bytes:
    return train()


@cache
def made() -> Tokenizer:
    return Tokenizer(trained_model())


@pytest.fixture(scope="module", params=["LLaMA's", "trained"])
def model(request: pytest.FixtureRequest) -> bytes:
    if request.param == "trained":
        return trained_model()
    if not LLAMA.exists():
        pytest.skip(f"needs {LLAMA.name} in the shared data")
    return LLAMA.read_bytes()


@pytest.fixture(scope="module")
def tokenizer(model: bytes) -> Tokenizer:
    return Tokenizer(model)


# Spec 10.1, test encodings.
VECTORS = {
    "Hello world": [15043, 3186],
    "  two spaces": [259, 1023, 8162],
    "12345 3.14": [29871, 29896, 29906, 29941, 29946, 29945, 29871, 29941, 29889, 29896, 29946],
    "a\nb\tc": [263, 13, 29890, 12, 29883],
    "\u65e5\u672c\u8a9e\U0001f999": [29871, 30325, 30346, 30968, 243, 162, 169, 156],
    "": [],
}


def test_llama_s_encodings_are_those_of_the_specification() -> None:
    if not LLAMA.exists():
        pytest.skip(f"needs {LLAMA.name} in the shared data")
    llama = Tokenizer(LLAMA.read_bytes())
    assert found(llama, list(VECTORS)) == list(VECTORS.values())
    assert (llama.vocabulary, llama.bos_id, llama.eos_id, llama.dtype) == (32000, 1, 2, np.uint16)
    assert [llama.decode(ids) for ids in VECTORS.values()] == list(VECTORS)


def test_bos_and_eos_stand_before_and_after_each_text(tokenizer: Tokenizer) -> None:
    texts = ["a b", "", " ", "c"]
    plain = found(tokenizer, texts)
    for bos in (False, True):
        for eos in (False, True):
            encoded = tokenizer.encode(pa.array(texts), bos=bos, eos=eos)
            ids = [encoded.tokens[a:b].tolist() for a, b in pairwise(encoded.offsets)]
            assert ids == [[tokenizer.bos_id] * bos + text + [tokenizer.eos_id] * eos for text in plain]


def test_arrays_may_be_large_sliced_or_empty(tokenizer: Tokenizer) -> None:
    texts = ["first", "", "second one", "third"]
    whole = found(tokenizer, texts)
    for array in (pa.array(texts, pa.large_string())[1:3], pa.array(texts)[1:3], pa.chunked_array([texts[1:2], texts[2:3]])):
        encoded = tokenizer.encode(array)
        assert encoded.tokens.tolist() == whole[1] + whole[2]
        assert encoded.offsets.tolist() == [0, 0, len(whole[2])]
    empty = tokenizer.encode(pa.array([], pa.string()), bos=True, eos=True)
    assert (empty.tokens.tolist(), empty.offsets.tolist(), empty.spaces) == ([], [0], 0)
    with pytest.raises(ValueError, match="found 1 nulls among 2"):
        tokenizer.encode(pa.array(["a", None]))


def test_marks_are_read_as_spaces_and_counted(tokenizer: Tokenizer) -> None:
    encoded = tokenizer.encode(pa.array([f"a{MARK}b{MARK}{MARK}", "c\u2580\u2582", MARK]))
    spaces = tokenizer.encode(pa.array(["a b  ", "c\u2580\u2582", " "]))
    assert (encoded.spaces, spaces.spaces) == (4, 0)
    assert encoded.tokens.tolist() == spaces.tokens.tolist()


def test_every_code_point_in_context(model: bytes, tokenizer: Tokenizer) -> None:
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    assert_same(model, ["".join(characters), " ".join(characters), "".join(f"a{c}" for c in characters)], tokenizer)
    assert_same(model, characters[:0x3000], tokenizer)


MEGABYTE = 1 << 20
REPEATED = {
    "one letter": "a",
    "two letters": "ab",
    "spaces": " ",
    "marks": MARK,
    "spaces and letters": "  a",
    "17 spaces and a letter": " " * 17 + "a",
    "newlines": "\n",
    "digits": "0123456789",
    "a word": "the ",
    "a word without spaces": "there",
    "one of three bytes": "\u65e5",
    "two of three bytes": "\u65e5\u672c",
    "of no piece": "\U0001f999",
    "combining": "e\u0301",
    "NUL": "\0",
    "Khmer": "\u1780\u17b6\u179a",
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_megabyte_of(model: bytes, tokenizer: Tokenizer, name: str) -> None:
    piece = REPEATED[name]
    assert_same(model, [piece * (MEGABYTE // len(piece.encode()))], tokenizer)


@pytest.mark.parametrize(
    "alphabet", ["ab", "abcdefghijklmnopqrstuvwxyz", "aeiou ", "".join(map(chr, range(0x4E00, 0x9FFF))), " \n\t" + MARK]
)
def test_a_megabyte_of_random(model: bytes, tokenizer: Tokenizer, alphabet: str) -> None:
    assert_same(model, ["".join(random.Random(alphabet).choices(alphabet, k=MEGABYTE // 2))], tokenizer)


def parts(model: bytes) -> list[list[str]]:
    """What fuzz strings are made of: kinds of parts, and parts of each kind."""
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    pieces = [piece.replace(MARK, " ") for piece in library.id_to_piece(list(range(library.get_piece_size())))]
    scripts = [
        [chr(c) for c in range(start, start + 0x60)]
        for start in (0xA0, 0x370, 0x400, 0x5D0, 0x620, 0x900, 0xE01, 0x1780, 0x3041, 0x4E00, 0xAC00, 0x1F600)
    ]
    return [
        pieces,
        pieces,
        [" ", "  ", " " * 5, " " * 15, " " * 17, " " * 33, MARK, MARK * 2],
        ["\n", "\r\n", "\t", "\0", "\x7f", "\u200b", "\ufeff", "\u0301", "\u202e", "\ufffd", "\U0010ffff"],
        list("0123456789"),
        list(map(chr, range(0x21, 0x7F))),
        ["<s>", "</s>", "<unk>", "<0x41>", "<0x", "aaaaaaaa", "ababab", "--------"],
        *scripts,
    ]


def test_150_000_strings(model: bytes, tokenizer: Tokenizer) -> None:
    chance, kinds = random.Random(10), parts(model)
    texts = ["".join(chance.choice(chance.choice(kinds)) for _ in range(chance.randrange(1, 14))) for _ in range(150_000)]
    assert_same(model, texts, tokenizer)


TEXTS = st.lists(st.one_of(st.text(), st.sampled_from([" ", "  ", MARK, "the", "\n", "aa", "1"])), max_size=12).map("".join)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_any_texts(texts: list[str]) -> None:
    tokenizer = made()
    assert_same(trained_model(), texts, tokenizer)
    for text, ids in zip(texts, found(tokenizer, texts), strict=True):
        assert tokenizer.decode(ids) == text.replace(MARK, " ")


def test_texts_without_tokens_take_no_room(tokenizer: Tokenizer) -> None:
    before = len(tokenizer._tokens)
    for _ in range(3):
        assert found(tokenizer, ["", ""]) == [[], []]
    assert len(tokenizer._tokens) == before


def test_batches_the_cache_and_segments_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = trained_model(), made()
    texts = [*lines(), "x" * 5000, "ab " * 3000, "\u65e5\u672c" * 3000, "", " "]
    whole = found(tokenizer, texts)
    assert [ids for text in texts for ids in found(tokenizer, [text])] == whole
    for units in (1, 2, 64):
        assert found(Tokenizer(model, units=units), texts) == whole
    for segment in (1, 7, 1000):
        monkeypatch.setattr(module, "SEGMENT", segment)
        assert found(Tokenizer(model), texts) == whole
        encoded = Tokenizer(model).encode(pa.array(texts), bos=True, eos=True)
        assert len(encoded.tokens) == sum(map(len, whole)) + 2 * len(texts)
    monkeypatch.setattr(kernel, "BLOCK", 3)
    assert found(Tokenizer(model), texts) == whole


def test_units_whose_hashes_meet_are_told_apart_by_their_bytes() -> None:
    cache = (np.full((8, 2), kernel.EMPTY, np.uint64), np.zeros(64, np.uint32), np.zeros(64, np.uint8), np.zeros(3, np.int64))
    text, key, tokens = np.frombuffer(b"the first of them, the other one", np.uint8), 7, np.array([5], np.uint32)
    first = kernel._find_long(text, 0, 9, key, *cache[:3])
    assert kernel._store(text, 0, 9, key, first, *cache, tokens, 0, 1)
    assert kernel._find_long(text, 0, 9, key, *cache[:3]) == first
    for start, size in ((19, 9), (0, 10)):
        other = kernel._find_long(text, start, size, key, *cache[:3])
        assert other != first
        assert cache[0][other, 0] == kernel.EMPTY


def test_what_is_kept_does_not_grow() -> None:
    tokenizer = Tokenizer(trained_model(), units=64)
    chance = random.Random(0)
    for _ in range(5):
        tokenizer.encode(pa.array([" ".join("".join(chance.choices("abcdefgh", k=9)) for _ in range(5000))]))
        assert sum(array.nbytes for array in tokenizer._cache) < 64 * 200


def test_decoding_is_exact(tokenizer: Tokenizer) -> None:
    texts = [*lines(), "\U0001f999\u200d\0\x01", "a\u0301 \r\n\t", "   ", " leading", "trailing  ", "<s> </s> <unk> <0x41>"]
    assert [tokenizer.decode(ids) for ids in found(tokenizer, texts)] == texts
    both = tokenizer.encode(pa.array(["a b"]), bos=True, eos=True)
    assert tokenizer.decode(both.tokens) == "a b"
