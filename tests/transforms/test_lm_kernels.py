from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kenlm
import numpy as np
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import arpa, kneser_ney, perplexity, pieces, unigram_file
from transforms.normalize import for_language_model
from transforms.perplexity import LanguageModel
from transforms.pieces import Segmenter, train_unigram

ROOT = Path(__file__).resolve().parents[2]
TEXT = ROOT / "pipeline" / "samples" / "texts" / "commoncrawl" / "encyclopaedia.txt"
LINES = [for_language_model(line) for line in TEXT.read_text(encoding="utf-8").splitlines()[:120]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("segmenter") / "model"
    path.write_bytes(train_unigram(LINES, 800, 0.99, 1, 4192))
    return path


@pytest.fixture(scope="module", autouse=True)
def kernels_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "KERNEL_CHARACTERS", 0)
        patch.setattr(perplexity, "TABLES_BYTES", 0)
        yield


def load(path: Path) -> sentencepiece.SentencePieceProcessor:
    segmenter = sentencepiece.SentencePieceProcessor()
    segmenter.Load(str(path))
    return segmenter


def assert_same_pieces(path: Path, texts: list[str]) -> None:
    segmenter = Segmenter(str(path))
    found = segmenter.segment(texts)
    surfaces = [*segmenter.surfaces, *found.unknown]
    words = [surfaces[number] for number in found.pieces]
    expected = load(path).encode_as_pieces(texts)
    assert [words[start:end] for start, end in zip(found.offsets, found.offsets[1:], strict=False)] == expected


ODD = [
    "",
    " ",
    "\u2581",
    " \u2581 a",
    "  a   b ",
    "\u2603\u2604 \u2603",
    "e\u0301",
    "\u1112\u1161\u11ab",
    "\ufb01\ufdfa\u3000",
    "a\u00a0 b",
    "<unk>",
]


def test_pieces_equal_the_librarys(model: Path) -> None:
    assert unigram_file.read(model.read_bytes()) is not None
    assert_same_pieces(model, [*ODD, *LINES])
    assert_same_pieces(model, [])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("aeinst 1.\u2603\u2604\u2581\u00e9\u0301\uac01\u1112\u1161\ufb01\u00a0\u3000\n")) | st.text(), max_size=4
    )
)
def test_pieces_equal_the_librarys_on_any_text(model: Path, texts: list[str]) -> None:
    assert_same_pieces(model, [text.encode("utf-8", "replace").decode() for text in texts])


def test_long_texts_equal_the_librarys(model: Path) -> None:
    """The sums of scores start anew on the way."""
    assert_same_pieces(model, ["a" * 200_000, "\u2603" * 50_000, " " * 100_000, "".join(LINES) * 5, "x\u2603" * 40_000, "0" * 200_000])


@pytest.mark.parametrize("settings", [{"model_type": "bpe"}, {"user_defined_symbols": ["the"]}, {"add_dummy_prefix": False}])
def test_other_models_are_the_librarys(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "other"
    with path.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(LINES), model_writer=file, vocab_size=600, hard_vocab_limit=False, minloglevel=2, **settings
        )
    assert unigram_file.read(path.read_bytes()) is None
    assert_same_pieces(path, [*ODD, *LINES[:20]])


@pytest.mark.parametrize("normaliser", ["identity", "nfkc_cf"])
def test_other_normal_forms(tmp_path: Path, normaliser: str) -> None:
    path = tmp_path / "other"
    with path.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(LINES), model_writer=file, vocab_size=600, normalization_rule_name=normaliser, minloglevel=2
        )
    assert unigram_file.read(path.read_bytes()) is not None
    assert_same_pieces(path, [*ODD, "The \u00df\u1e9e", *LINES[:20]])


def estimate(folder: Path, model: Path, order: int) -> Path:
    documents = load(model).encode_as_pieces(LINES[:100])
    words = {word: number for number, word in enumerate(dict.fromkeys(word for document in documents for word in document))}
    (folder / "work").mkdir()
    kneser_ney.estimate(
        [np.array([words[word] for word in document]) for document in documents], list(words), folder / "ngrams", folder / "work", order
    )
    return folder / "ngrams"


def kenlm_model(path: Path) -> kenlm.Model:
    configuration = kenlm.Config()
    configuration.show_progress = False
    configuration.arpa_complain = kenlm.ARPALoadComplain.NONE
    return kenlm.Model(str(path), configuration)


@pytest.mark.parametrize("order", [2, 3, 5])
def test_scores_equal_kenlms(model: Path, tmp_path: Path, order: int) -> None:
    path = estimate(tmp_path, model, order)
    tables = arpa.read(str(path))
    assert tables is not None
    documents = [[], *load(model).encode_as_pieces(LINES), ["\u2603", "<s>", "</s>", "<unk>"] * 3, ["the"] * 10_000]
    numbers = {word: number for number, word in enumerate(tables.words)}
    words = np.array([numbers.get(word, numbers["<unk>"]) for document in documents for word in document], np.int32)
    found = tables.scores(words, np.cumsum([0, *map(len, documents)], dtype=np.int32))
    reference = kenlm_model(path)
    assert found.tolist() == [reference.score(" ".join(document)) for document in documents]


def test_perplexities_are_the_same_by_kernels_and_libraries(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = estimate(tmp_path, model, 3)
    texts = [*LINES, *ODD, "snow \u2603 and \u2604\u2603 rain"]
    found = LanguageModel(str(model), str(path)).perplexities(texts)
    monkeypatch.setattr(pieces, "KERNEL_CHARACTERS", 1 << 40)
    assert LanguageModel(str(model), str(path)).perplexities(texts).tobytes() == found.tobytes()
    monkeypatch.setattr(perplexity, "TABLES_BYTES", 1 << 40)
    assert LanguageModel(str(model), str(path)).perplexities(texts).tobytes() == found.tobytes()


def without(path: Path, line: int, order: int) -> None:
    """Leaves out a line of the n-grams of an order, and counts one less."""
    rows = path.read_text(encoding="utf-8").split("\n")
    del rows[rows.index(f"\\{order}-grams:") + line]
    count = int(rows[order].split("=")[1])
    rows[order] = f"ngram {order}={count - 1}"
    path.write_text("\n".join(rows), encoding="utf-8")


def test_unusual_files_are_kenlms(model: Path, tmp_path: Path) -> None:
    path = estimate(tmp_path, model, 3)
    plain = path.read_text(encoding="utf-8")
    text = "\n\n" + LINES[110]

    def assert_kenlms() -> None:
        assert arpa.read(str(path)) is None
        words = load(model).encode_as_pieces(text)
        expected = 10.0 ** (-kenlm_model(path).score(" ".join(words)) / (len(words) + 1))
        assert LanguageModel(str(model), str(path)).of_normal_texts([text]).tolist() == [round(expected, 1)]

    rows = plain.split("\n")
    words = {row.split("\t")[1] for row in rows if row.count("\t") == 2 and row.count(" ") == 1}
    trigrams = [row.split("\t")[1].split(" ") for row in rows[rows.index("\\3-grams:") + 1 :] if "\t" in row]
    contexts = {" ".join(trigram[:2]) for trigram in trigrams}
    ends = {" ".join(trigram[1:]) for trigram in trigrams}
    only_an_end = next(word for word in sorted(ends - contexts) if word in words)
    start = rows.index("\\2-grams:")
    line = next(n for n, row in enumerate(rows[start:]) if row.split("\t")[1:2] == [only_an_end])
    without(path, line, 2)
    assert_kenlms()
    path.write_text(plain.replace("<unk>", "<UNK>", 1), encoding="utf-8")
    assert_kenlms()
    path.write_text(plain.replace("\\end\\", ""), encoding="utf-8")
    assert arpa.read(str(path)) is None
