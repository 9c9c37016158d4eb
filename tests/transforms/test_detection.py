"""Language detection, against langdetect itself: the same label and the same score, to the last bit."""

import itertools
import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
import real_pages
from hypothesis import given
from hypothesis import strategies as st
from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException
from shared_data import SHARED

from transforms import detection
from transforms.detection import MAX_CHARACTERS, Detector
from transforms.kernels.detection import ITERATION_LIMIT, TRIALS
from transforms.texts import Texts

# From Python 3.12 on sum() of floats corrects its rounding; the kernel adds as Python 3.11 does.
SAME_SUMS = sys.version_info < (3, 12)
Answer = tuple[str | None, float]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@cache
def library() -> detector_factory.DetectorFactory:
    """langdetect with its profiles in the order of their names, and the seed."""
    factory = detector_factory.DetectorFactory()
    factory.load_json_profile([path.read_text("utf-8") for path in sorted(Path(detector_factory.PROFILES_DIRECTORY).iterdir())])
    factory.set_seed(0)
    return factory


def plain_answer(text: str, factory: detector_factory.DetectorFactory) -> Answer:
    asked = factory.create()
    asked.append(text)
    try:
        found = asked.get_probabilities()
    except LangDetectException:
        return None, 0.0
    return (found[0].lang, found[0].prob) if found else (None, 0.0)


def answers(detector: Detector, documents: list[str]) -> list[Answer]:
    labels, scores = detector.detect(Texts(pa.array(documents, pa.string())))
    return list(zip(labels.to_pylist(), scores.tolist(), strict=True))


def assert_equal(detector: Detector, documents: list[str]) -> set[str | None]:
    wrong = []
    got = answers(detector, documents)
    for text, mine in zip(documents, got, strict=True):
        theirs = plain_answer(text, library())
        if mine != theirs if SAME_SUMS else (mine[0] != theirs[0] or mine[1] != pytest.approx(theirs[1])):
            wrong.append((text[:100], mine, theirs))
    assert not wrong, f"{len(wrong)} of {len(documents)} answers differ, among them {wrong[0]!r}"
    return {label for label, _ in got}


def test_what_has_no_features_has_no_answer(detector: Detector) -> None:
    documents = ["", " \n", "12345 .,;", "http://example.com/all-of-it", "ALL IN CAPITALS", "someone@example.com"]
    assert answers(detector, documents[:4]) == [(None, 0.0)] * 4
    assert_equal(detector, documents)


def test_an_answer_of_one_tenth_or_less_is_none(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "This is a short English sentence."
    assert answers(detector, [text])[0][0] == "en"
    monkeypatch.setattr(detection, "LEAST_PROBABILITY", 1.0)
    assert answers(detector, [text]) == [(None, 0.0)]


PIECES = [
    *(
        "http://a.b/c?d",
        "https://",
        "http",
        "@",
        "a@b.c",
        "ab@cd.ef",
        "x" * 70 + "@y.zz",
        " ",
        " ",
        "  ",
        "\n",
        ".",
        "1",
        "\0",
        "[",
        "]",
        "^",
    ),
    *(
        "Hello",
        "the ",
        "and ",
        "ABC",
        "A",
        "l\u00e0",
        "der ",
        "na\u00efve",
        "A\u0301",
        "\u01b0\u0323",
        "e\u0302",
        "\u1ea4",
        "z",
        "\xab",
        "\xdf",
        "\xa0",
    ),
    *(
        "\u65e5\u672c",
        "\u8a9e",
        "\u304c",
        "\u30ab",
        "\ud55c",
        "\uad6d",
        "\u0629",
        "\u06cc",
        "\u0219",
        "\u021b",
        "\u0418",
        "\u041f\u0440",
        "\u0438",
        "\U0001f600",
    ),
]


@given(st.lists(st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=25).map("".join), max_size=8))
def test_any_text(detector: Detector, documents: list[str]) -> None:
    assert_equal(detector, documents)


def test_no_more_than_the_first_characters_count(detector: Detector) -> None:
    english, german = "This is the English part of it. " * 400, "Das ist nun der deutsche Teil davon. " * 400
    for gap in ("", "http://a.bc ", "someone@a.bc " * 30, "  " * 3000):
        assert_equal(detector, [english[:9990] + gap + german, (gap + german + english)[: MAX_CHARACTERS + 5]])
    assert answers(detector, [english + german])[0][0] == "en"


def test_what_is_substituted_makes_room_for_what_comes_later(detector: Detector) -> None:
    german = "Das ist nun der deutsche Teil davon. "
    assert_equal(detector, [f"http://a.bc/{'d' * 80} " * count + german * 400 for count in (200, 2_000)])
    assert_equal(detector, ["someone@somewhere.com" * 2_000 + " " + german, "http://a.bc/" + "d" * 30_000 + "\n" + german])


def test_latin_letters_do_not_count_where_most_are_not(detector: Detector) -> None:
    russian = "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 "
    assert_equal(detector, [russian + "hello " * number for number in range(12)])


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_every_process_gives_the_same_answer(detector: Detector, hash_seed: str) -> None:
    text = "ein the la il und of"
    command = (
        "import pyarrow as pa, random; random.seed(5)\nfrom transforms.detection import Detector\nfrom transforms.texts import Texts\n"
    )
    command += f"print(Detector().detect(Texts(pa.array([{text!r}])))[1][0].hex())"
    said = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed}
    )
    assert said.stdout.strip() == answers(detector, [text])[0][1].hex()


def test_no_text_can_use_up_the_generators_words() -> None:
    """Of all lists of n-grams that need as many bits, one of 2 ** (bits - 1) refuses the most draws: all that have the highest bit."""
    draws = TRIALS * (ITERATION_LIMIT + 1) + 4 * TRIALS
    for bits in range(1, (3 * MAX_CHARACTERS).bit_length() + 1):
        generator = random.Random(detection.SEED)
        refused = (generator.getrandbits(bits) >= 2 ** (bits - 1) for _ in itertools.count())
        words, accepted = 0, 0
        while accepted < draws:
            words += 1
            accepted += not next(refused)
        assert words + 4 * TRIALS < detection.STREAM_WORDS


def test_gaussian_weights_are_those_of_the_library(detector: Detector) -> None:
    generator = random.Random(detection.SEED)
    _, first, second = detector._stream
    for place in range(0, 400, 4):
        for weights in (first, second):
            assert weights[place] == (0.5 + generator.gauss(0.0, 1.0) * 0.05) / 10_000


def test_real_pages(detector: Detector) -> None:
    labels = assert_equal(detector, [*real_pages.c4()[::60], *real_pages.web()[::60]])
    assert {"en", "fr"} <= labels


def test_real_sentences_in_many_languages(detector: Detector) -> None:
    folder = SHARED / "langid" / "lingua-sentences"
    if not folder.is_dir():
        pytest.skip(f"no real text: {folder} is absent")
    sentences = [line for path in sorted(folder.glob("*.txt")) for line in path.read_text("utf-8").split("\n")[:200:100]]
    assert len(assert_equal(detector, sentences)) > 35


@pytest.mark.slow
def test_all_real_pages(detector: Detector) -> None:
    assert_equal(detector, real_pages.c4() + real_pages.web())
