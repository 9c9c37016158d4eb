"""The reference classifier: scoring against fastText itself, and training that gives the same bytes."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.reference_training import TrainingOptions, train
from transforms.references import RANDOM, REFERENCE, ReferenceClassifier, reference_line

SCHOLARLY = ["inquiry", "committee", "survey", "published", "archive", "institute", "results", "century", "parliament", "report"]
COMMERCIAL = ["buy", "cheap", "offer", "click", "shipping", "basket", "login", "cookies", "sale", "subscribe"]
COMMON = ["the", "of", "and", "in", "to", "a", "is", "was", "for", "it"]


def made_up(count: int) -> list[tuple[bool, str]]:
    """Pages of both classes in turns, in words of their own and common ones, on several lines."""
    generator = random.Random(7)
    pages = []
    for number in range(count):
        own = SCHOLARLY if number % 2 == 0 else COMMERCIAL
        words = [generator.choice(own if generator.random() < 0.3 else COMMON) for _ in range(80)]
        pages.append((number % 2 == 0, "\n".join(" ".join(words[k : k + 10]) for k in range(0, 80, 10))))
    return pages


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return train(made_up(200), TrainingOptions(epoch=25), str(tmp_path_factory.mktemp("references")))


@pytest.fixture(scope="module")
def classifier(model: str) -> ReferenceClassifier:
    return ReferenceClassifier(model)


# ---- one line of a page


def test_lines_are_joined_by_a_space() -> None:
    assert reference_line("\n  a\r\nb\x0bc\u2028d \n") == "a b c d"
    assert reference_line("a\n\nb") == "a  b"


def test_words_that_mean_something_to_fasttext_are_taken_out() -> None:
    assert reference_line("a </s> b __label__wiki c x</s>y") == "a  b  c x</s>y"
    assert reference_line("a __label__cc b") == "a  b"
    assert reference_line("__label__wiki a\x00</s>\tb x__label__cc \u00a0</s>") == " a\x00\tb x__label__cc \u00a0</s>"


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    line = reference_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip() or "\x1f" in text


# ---- scores


def test_references_score_high_and_others_low(classifier: ReferenceClassifier) -> None:
    pages = made_up(40)
    scores = classifier.scores([text for _, text in pages])
    assert scores.dtype == np.float64
    assert np.array_equal(scores >= 0.5, [is_reference for is_reference, _ in pages])


def test_a_score_is_that_of_the_reference_label_whichever_is_on_top(model: str, classifier: ReferenceClassifier) -> None:
    plain = fasttext.load_model(model)
    tops = set()
    for _, text in made_up(20):
        labels, probabilities = plain.predict(" ".join(text.strip().splitlines()), k=2)
        tops.add(labels[0])
        assert classifier.scores([text])[0] == min(1.0, dict(zip(labels, probabilities, strict=True))[REFERENCE])
    assert tops == {REFERENCE, RANDOM}


def test_a_score_is_no_more_than_1(tmp_path: Path) -> None:
    path = train(made_up(200), TrainingOptions(epoch=300), str(tmp_path))
    text = " ".join(SCHOLARLY)
    assert fasttext.load_model(path).predict(text)[1][0] > 1
    assert ReferenceClassifier(path).scores([text])[0] == 1


def test_arrow_columns_and_lists_are_the_same(classifier: ReferenceClassifier) -> None:
    texts = [text for _, text in made_up(6)]
    column = pa.array(["skipped", *texts])[1:]
    assert np.array_equal(classifier.scores(column), classifier.scores(texts))
    assert classifier.scores([]).shape == (0,)
    assert classifier.scores(pa.array([], pa.string())).shape == (0,)


def test_the_words_of_fasttext_change_no_score(classifier: ReferenceClassifier) -> None:
    text = made_up(1)[0][1]
    assert classifier.scores([f"buy </s> {text} {RANDOM}"])[0] == classifier.scores([f"buy {text}"])[0]


@settings(max_examples=50)
@given(st.lists(st.text()))
def test_any_text_has_a_probability(classifier: ReferenceClassifier, texts: list[str]) -> None:
    scores = classifier.scores(texts)
    assert scores.shape == (len(texts),)
    assert np.all((scores >= 0) & (scores <= 1))


def test_what_is_no_reference_classifier_is_named(model: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ReferenceClassifier(str(tmp_path / "none"))
    (tmp_path / "text").write_text("not a model")
    with pytest.raises(ValueError, match=r"expected a fastText model.*train_references"):
        ReferenceClassifier(str(tmp_path / "text"))
    other = tmp_path / "other"
    other.write_bytes(Path(model).read_bytes().replace(REFERENCE.encode(), b"__label__wise"))
    with pytest.raises(ValueError, match="__label__wiki and __label__cc, found __label__cc, __label__wise"):
        ReferenceClassifier(str(other))


# ---- training

TRAIN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from transforms.reference_training import TrainingOptions, train
train(json.load(sys.stdin), TrainingOptions(epoch=2, dim=16), sys.argv[2])
"""


def test_the_same_pages_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    digests = set()
    for junk in ("0", "85", "170"):  # glibc fills fresh memory with it, so that what is not initialised differs for sure
        folder = tmp_path / junk
        folder.mkdir()
        command = [sys.executable, "-c", TRAIN, str(Path(__file__).resolve().parents[2]), str(folder)]
        environment = {**os.environ, "MALLOC_PERTURB_": junk, "PYTHONHASHSEED": junk}
        subprocess.run(command, check=True, env=environment, input=json.dumps(made_up(60)).encode())
        digests.add(hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest())
    assert len(digests) == 1


def trained(folder: Path, pages: list[tuple[bool, str]], **options: float) -> bytes:
    folder.mkdir()
    return Path(train(pages, TrainingOptions(**{"epoch": 1, "dim": 8, **options}), str(folder))).read_bytes()  # type: ignore[arg-type]


def test_seed_and_options_change_the_model(tmp_path: Path) -> None:
    pages = made_up(20)
    changes: list[dict[str, float]] = [{}, {"seed": 1}, {"epoch": 2}, {"lr": 0.2}, {"dim": 9}]
    models = [trained(tmp_path / str(k), pages, **options) for k, options in enumerate(changes)]
    assert len(set(models)) == 5


def test_rare_words_stay_out(tmp_path: Path) -> None:
    trained(tmp_path / "m", [*made_up(20), (True, "once twice twice")], minCount=2)
    words = fasttext.load_model(str(tmp_path / "m" / "model.bin")).words
    assert "twice" in words
    assert "once" not in words


def test_any_page_can_be_trained_on_and_its_vocabulary_is_fasttexts(tmp_path: Path) -> None:
    odd = "NUL\x00in a\u00a0no-break\u2003em nel\x85 __label__cc </s> \x1c control \ufeff é漢字 \x0b"
    trained(tmp_path / "m", [(True, odd), (False, ""), (False, "\n\n")])
    found = fasttext.load_model(str(tmp_path / "m" / "model.bin"))
    assert sorted(found.words) == sorted(["</s>", "NUL", "in", "a\u00a0no-break\u2003em", "nel", "control", "\ufeff", "é漢字"])
    assert sorted(found.labels) == [RANDOM, REFERENCE]


@pytest.mark.parametrize("pages", [[], [(True, "a")], [(False, "a")]])
def test_both_classes_are_needed(tmp_path: Path, pages: list[tuple[bool, str]]) -> None:
    with pytest.raises(ValueError, match="both classes"):
        train(pages, TrainingOptions(), str(tmp_path))


@pytest.mark.parametrize("options", [{"wordNgrams": 2}, {"minn": 2}, {"maxn": 3}, {"epoch": 0}, {"lr": 0.0}, {"dim": 0}, {"seed": -1}])
def test_options_that_cannot_be_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        TrainingOptions(**options)  # type: ignore[arg-type]


def test_a_few_hundred_short_pages_need_more_epochs_than_redpajamas(tmp_path: Path) -> None:
    """Why the sample's caller passes its own: with 5 epochs no page gets away from one half."""
    pages, unseen = made_up(200), [text for _, text in made_up(40)]
    for name, epoch, sure in (("5", 5, False), ("25", 25, True)):
        (tmp_path / name).mkdir()
        scores = ReferenceClassifier(train(pages, TrainingOptions(epoch=epoch), str(tmp_path / name))).scores(unseen)
        assert bool(np.all(np.abs(scores - 0.5) > 0.25)) is sure
