from pathlib import Path

import kenlm
import numpy as np
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import kneser_ney, perplexity
from transforms.normalize import for_language_model
from transforms.perplexity import LanguageModel, buckets
from transforms.pieces import Segmenter, cut, train_unigram

ROOT = Path(__file__).resolve().parents[2]


class Plain:
    """CCNet's route: normal form, pieces as strings, joined by spaces, scored as one line."""

    def __init__(self, model: Path, ngrams: Path) -> None:
        self.segmenter = sentencepiece.SentencePieceProcessor()
        self.segmenter.Load(str(model))
        configuration = kenlm.Config()
        configuration.show_progress = False
        configuration.arpa_complain = kenlm.ARPALoadComplain.NONE
        self.ngrams = kenlm.Model(str(ngrams), configuration)

    def __call__(self, text: str) -> float:
        pieces = self.segmenter.encode_as_pieces(for_language_model(text))
        if not pieces:
            return float("nan")
        return float(round(10.0 ** (-self.ngrams.score(" ".join(pieces), bos=True, eos=True) / (len(pieces) + 1)), 1))


def sample() -> list[str]:
    return (ROOT / "pipeline" / "samples" / "texts" / "commoncrawl" / "encyclopaedia.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of a sample of English. Some words of the n-grams are unknown to the segmenter, as in a model trained by CCNet's recipe."""
    folder = tmp_path_factory.mktemp("models")
    lines = [for_language_model(line) for line in sample()[:100]]
    (folder / "model").write_bytes(train_unigram(lines, 800, 0.99, 1, 4192))
    segmenter = sentencepiece.SentencePieceProcessor()
    segmenter.Load(str(folder / "model"))
    documents = [
        segmenter.encode_as_pieces(line + rare)
        for line, rare in zip(lines, ["", " \u2603", "\u2602\u2603 x", " \u1100\u1161\u11a8"] * 40, strict=False)
    ]
    words = {word: number for number, word in enumerate(dict.fromkeys(word for document in documents for word in document))}
    work = folder / "work"
    work.mkdir()
    numbers = [np.array([words[word] for word in document]) for document in documents]
    kneser_ney.estimate(numbers, list(words), folder / "ngrams", work, 3)
    assert {"\u2603", "\u2602\u2603", "\uac01"} <= words.keys()
    return folder / "model", folder / "ngrams"


@pytest.fixture(scope="module")
def both(models: tuple[Path, Path]) -> tuple[LanguageModel, Plain]:
    return LanguageModel(*map(str, models)), Plain(*models)


def assert_equal(both: tuple[LanguageModel, Plain], texts: list[str]) -> None:
    assert both[0].perplexities(texts).tolist() == pytest.approx([both[1](text) for text in texts], abs=0, rel=0, nan_ok=True)


def test_the_formula() -> None:
    assert perplexity.perplexity(-30.0, 11) == 316.2


def test_equals_the_plain_route(both: tuple[LanguageModel, Plain], monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        "",
        "\n\t",
        " \u200b",
        "snow \u2603 and \u2602\u2603",
        "\u2604\u2604 \u2603",
        "\u2602",
        *sample()[90:140],
        "two\nlines",
        "",
        "end",
    ]
    found = both[0].perplexities(texts)
    assert np.isnan(found).tolist() == [text.strip() in ("", "\u200b") for text in texts]
    assert_equal(both, texts)
    monkeypatch.setattr(perplexity, "CHARACTERS", 50)
    assert both[0].perplexities(texts).tobytes() == found.tobytes()
    assert both[0].perplexities(pa.array(texts)).tobytes() == found.tobytes()


def test_an_unknown_piece_may_be_a_word(both: tuple[LanguageModel, Plain]) -> None:
    known, unknown = both[0].perplexities(["\u2602\u2603 x", "\u2604\u2603 x"])
    assert known < unknown


def test_no_documents(both: tuple[LanguageModel, Plain]) -> None:
    assert both[0].perplexities([]).shape == (0,)
    assert both[0].perplexities(["", ""]).tolist() == pytest.approx([np.nan, np.nan], nan_ok=True)


@settings(max_examples=150, deadline=None)
@given(
    data=st.lists(
        st.text(st.sampled_from("aeinst 1.\u2602\u2603\u2604\u2581\u00e9\uac01\ufb01\u00a0\u3000\n"), max_size=30)
        | st.text(st.characters(exclude_categories=("Cs",))),
        max_size=5,
    )
)
def test_equals_the_plain_route_on_any_text(both: tuple[LanguageModel, Plain], data: list[str]) -> None:
    assert_equal(both, data)


def test_a_character_without_a_piece_of_its_own(models: tuple[Path, Path], tmp_path: Path) -> None:
    """Its runs are then not the unknown pieces; the model is made by hand, since training gives none."""
    path = tmp_path / "model"
    path.write_bytes(models[0].read_bytes().replace(b"\x0a\x01e\x15", b"\x0a\x01\x01\x15"))  # the piece "e" becomes U+0001
    longer = [surface for surface in Segmenter(str(path)).surfaces if "e" in surface]
    assert longer
    assert "e" not in longer
    pair = LanguageModel(str(path), str(models[1])), Plain(path, models[1])
    assert_equal(pair, [*sample()[:20], "e ee eee \u2603e", "bexe"])
    for word in longer:
        assert_equal(pair, [f"\u2603{word}"])  # here there are as many runs as unknown pieces


def shared(*names: str) -> Path:
    path = SHARED.joinpath(*names)
    if not path.is_file():
        pytest.skip(f"{path.name} is not there: it is only tried where a folder shared/data lies beside the checkout")
    return path


def test_kenlms_own_test_model(models: tuple[Path, Path]) -> None:
    arpa = shared("models", "kenlm-test.arpa")
    assert_equal((LanguageModel(str(models[0]), str(arpa)), Plain(models[0], arpa)), sample()[:20])


def test_real_pages(both: tuple[LanguageModel, Plain]) -> None:
    lines = shared("c4", "redpajama-c4-refined.jsonl").read_text(encoding="utf-8").splitlines()
    assert_equal(both, [line for line in lines if line])


def test_buckets() -> None:
    found = buckets(np.array([1, 29.9, 30, 59.9, 60, 1e9, np.nan]), 30, 60)
    assert found.to_pylist() == ["head", "head", "middle", "middle", "tail", "tail", "all"]
    assert buckets(np.array([]), 30, 60).to_pylist() == []


def test_models_that_are_none(models: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(FileNotFoundError):
        LanguageModel(str(tmp_path / "no"), str(models[1]))
    with pytest.raises(FileNotFoundError):
        LanguageModel(str(models[0]), str(tmp_path / "no"))
    with pytest.raises(ValueError, match="expected a SentencePiece model"):
        LanguageModel(str(tmp_path / "empty"), str(models[1]))
    with pytest.raises(ValueError, match="expected an n-gram model"):
        LanguageModel(str(models[0]), str(tmp_path / "empty"))


class TestTraining:
    def test_the_same_lines_give_the_same_bytes(self) -> None:
        lines = [for_language_model(line) for line in sample()[:60]]
        assert train_unigram(lines, 400, 0.9995, 16, 4192) == train_unigram(lines, 400, 0.9995, 16, 4192)

    def test_the_vocabulary_is_the_one_wanted_or_the_largest(self) -> None:
        lines = [for_language_model(line) for line in sample()[:60]]
        assert _size(train_unigram(lines, 400, 0.9995, 2, 4192)) == 400
        largest = _size(train_unigram(lines, 65_536, 0.9995, 2, 4192))
        assert 400 < largest < 65_536
        with pytest.raises(ValueError, match="for 10 pieces"):
            train_unigram(lines, 10, 0.9995, 2, 4192)

    def test_long_lines_are_learned_from(self) -> None:
        lines = [for_language_model(line) for line in sample()]
        assert _size(train_unigram([" ".join(lines)], 65_536, 0.9995, 2, 4192)) > 1000

    @given(st.text(st.sampled_from("a \u00e9\u20ac\U0001f999")), st.integers(4, 20))
    def test_cut(self, line: str, most: int) -> None:
        pieces = list(cut(line, most))
        assert "".join(pieces) == line
        assert all(len(piece.encode()) <= most for piece in pieces)
        assert all(pieces) or not line

    def test_cut_at_spaces(self) -> None:
        assert list(cut("one two three", 9)) == ["one two ", "three"]


def _size(model: bytes) -> int:
    segmenter = sentencepiece.SentencePieceProcessor()
    segmenter.LoadFromSerializedProto(model)
    return int(segmenter.get_piece_size())
