"""The compiled language identifier, against fastText itself."""

import gzip
import multiprocessing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fasttext.FastText import load_model, train_supervised
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from transforms.kernels import fasttext_tree
from transforms.language import Identifier, _near_edge
from transforms.texts import Texts

LID = SHARED / "models" / "lid.176.ftz"

THREADS = 10  # code: DenseMatrix::uniform, which with fewer leaves part of the input matrix as the memory was, often NaN

SENTENCES = {
    "en": "the quick brown fox jumps over the lazy dog and runs away",
    "de": "der schnelle braune Fuchs springt über den faulen Hund und läuft",
    "ru": "быстрая коричневая лиса прыгает через ленивую собаку",
    "zh": "敏捷 的 棕色 狐狸 跳过 了 懒 狗",
}


@pytest.fixture(scope="session")
def lid() -> Identifier:
    if not LID.is_file():
        pytest.skip(f"no language model: {LID} is absent")
    return Identifier(str(LID))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small models of our own: `tree.ftz` of the shape of lid.176.ftz, `tree.bin` before its quantisation, `flat.bin`."""
    folder = tmp_path_factory.mktemp("models")
    lines = [f"__label__{label} {' '.join(text.split()[k:])}" for label, text in SENTENCES.items() for k in range(6) for _ in range(20)]
    (folder / "train.txt").write_text("\n".join(lines) + "\n", "utf-8")
    shape = {"minn": 2, "maxn": 4, "verbose": 0, "thread": THREADS, "input": str(folder / "train.txt")}
    train_supervised(**shape, dim=4, bucket=1000, loss="softmax").save_model(str(folder / "flat.bin"))
    tree = train_supervised(**shape, dim=16, bucket=2_000_000, loss="hs", epoch=25)
    tree.save_model(str(folder / "tree.bin"))
    tree.quantize(cutoff=400, qnorm=True)
    tree.save_model(str(folder / "tree.ftz"))
    return folder


def by_fasttext(path: str, texts: list[str]) -> list[tuple[str, float]]:
    """cc_net's own lines: newlines deleted, the best label, its score rounded; nothing for an empty text."""
    model = load_model(path)
    out = []
    for text in texts:
        line = text.replace("\n", "")
        labels, scores = model.predict(line) if line else (["__label__"], [0.0])
        out.append((labels[0].removeprefix("__label__"), round(float(scores[0]), 2)))
    return out


def identified(identifier: Identifier, texts: list[str]) -> list[tuple[str, float]]:
    labels, scores = identifier.identify(Texts(pa.array(texts, pa.string())))
    assert labels.type == pa.string()
    return list(zip(labels.to_pylist(), scores.tolist(), strict=True))


def assert_equal(identifier: Identifier, texts: list[str]) -> None:
    expected = by_fasttext(identifier.path, texts)
    wrong = [(text[:80], got, want) for text, got, want in zip(texts, identified(identifier, texts), expected, strict=True) if got != want]
    assert not wrong, f"{len(wrong)} of {len(texts)} differ: {wrong[:5]}"


def test_sentences_in_known_languages(lid: Identifier) -> None:
    assert [label for label, _ in identified(lid, list(SENTENCES.values()))] == list(SENTENCES)


def test_the_lid_model_takes_the_compiled_path_and_hardly_ever_fasttext(lid: Identifier, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(array: pa.StringArray) -> tuple[list[str], list[float]]:
        asked.extend(array.to_pylist())
        return ["?"] * len(array), [0.0] * len(array)

    monkeypatch.setattr(lid, "_ask", ask)
    sentences = [f"{text} {number}" for text in SENTENCES.values() for number in range(100)]
    identified(lid, [*sentences, "a </s> b", "__label__en"])
    assert asked[-2:] == ["a </s> b", "__label__en"]
    assert len(asked) < 10


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            "\n",
            "\n\n\n",
            " ",
            "\0",
            "\t\n ",
            "a",
            "\u00e9",
            "</s>",
            "the </s> le chat est sur la table",
            "</s",
            "x</s>",
            "</s>x",
            "<",
            ">",
            "<a>",
        ],
        *[
            "__label__en",
            "__label__",
            "__label__zz hello",
            "x__label__en",
            "_",
            "__label_ le chat",
            "le\0chat\rest\vsur\fla\ttable",
            "le cha\nt est",
        ],
        *["a" * 5000, "日" * 5000, "de " * 3000, "e\u0301" * 700, "\U0001f600 \U0001f600\n\U0001f600"],
    ],
)
def test_odd_texts(lid: Identifier, text: str) -> None:
    assert_equal(lid, [text, "and " + text + "\nthe end", text + text])


tokens = st.sampled_from(
    ["</s>", "__label__", "__label__en", "the ", "de ", "und", "и ", "的", " ", "\n", "\0", "\r", "\x0b", "\xa0", "<", ">"]
)


@given(st.lists(st.lists(tokens | st.text(st.characters(codec="utf-8"), max_size=20), max_size=12).map("".join), max_size=8))
def test_any_text(lid: Identifier, texts: list[str]) -> None:
    assert_equal(lid, texts)


def test_real_sentences(lid: Identifier) -> None:
    sentences = [
        line for path in sorted((SHARED / "langid" / "lingua-sentences").glob("*.txt")) for line in path.read_text("utf-8").split("\n")
    ]
    tweets = gzip.decompress((SHARED / "langid" / "eld-tweets.txt.gz").read_bytes()).decode().split("\n")
    assert_equal(lid, [*sentences[::7], *(tweet.partition("\t")[2] for tweet in tweets[::7])])


def test_real_pages(lid: Identifier) -> None:
    paths = [*sorted((SHARED / "html").rglob("*.txt.gz"))[::3], *sorted((SHARED / "html").rglob("*.html.gz"))[::20]]
    assert_equal(lid, [gzip.decompress(path.read_bytes()).decode(errors="replace") for path in paths])


def test_a_model_of_our_own_in_the_shape_of_lid(trained: Path) -> None:
    identifier = Identifier(str(trained / "tree.ftz"))
    assert identifier._tables is not None
    words = " ".join(SENTENCES.values()).split()
    texts = [" ".join(words[k : k + n]) + "\n" + words[-k - 1] for k in range(len(words)) for n in range(5)]
    assert_equal(identifier, [*SENTENCES.values(), *texts, "", "</s> der Hund"])


@pytest.mark.parametrize("name", ["tree.bin", "flat.bin"])
def test_other_models_go_through_fasttext(trained: Path, name: str) -> None:
    identifier = Identifier(str(trained / name))
    assert identifier._tables is None
    assert_equal(identifier, [*SENTENCES.values(), "", "der\nFuchs", "</s> the dog"])


@pytest.mark.parametrize(("lean", "expected"), [(0.0, fasttext_tree.FALLBACK), (1e-5, fasttext_tree.FALLBACK), (0.1, 1), (-0.1, 0)])
def test_two_labels_that_are_near_are_left_to_fasttext(lean: float, expected: int) -> None:
    hidden, output = np.zeros(16, np.float32), np.zeros((2, 16), np.float32)
    hidden[3], output[0, 3] = 1, lean
    stack = np.empty(3, np.int32), np.empty(3, np.float32)
    assert fasttext_tree._best(hidden, output, np.array([[-1, -1], [-1, -1], [0, 1]], np.int32), *stack)[0] == expected


def test_a_score_near_a_rounding_edge_is_left_to_fasttext() -> None:
    scores = np.array([0.495, 0.494995, 0.495005, 0.4949, 0.4951, 0.49, 0.5, 0.0, 1.0], np.float32)
    assert _near_edge(scores).tolist() == [True] * 3 + [False] * 6


def _in_a_worker(path: str) -> list[tuple[str, float]]:
    return identified(Identifier(path), list(SENTENCES.values()))


def test_a_spawned_worker_identifies_too(trained: Path) -> None:
    path = str(trained / "tree.ftz")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_in_a_worker, (path,)) == by_fasttext(path, list(SENTENCES.values()))
