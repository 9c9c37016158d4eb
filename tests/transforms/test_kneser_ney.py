"""The estimator against numbers worked out by hand, a plain implementation of the formulas, the law that probabilities sum to 1, and lmplz."""

import gzip
import itertools
import math
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import kenlm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import kneser_ney, ngram_counts

ROOT = Path(__file__).resolve().parents[2]
Model = dict[tuple[str, ...], tuple[float, float]]
"""n-gram: (probability, backoff)"""


def estimated(documents: Sequence[str], order: int, memory_bytes: int = 1 << 20) -> tuple[Model, bytes]:
    """Our model of documents of words, and its ARPA file."""
    surfaces: dict[str, int] = {}
    numbers = [np.array([surfaces.setdefault(word, len(surfaces)) for word in text.split()], np.int64) for text in documents]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "work"
        folder.mkdir()
        arpa = Path(name) / "model.arpa"
        counts = kneser_ney.estimate(numbers, list(surfaces), arpa, folder, order, memory_bytes)
        assert list(folder.iterdir()) == []
        model = read(arpa)
        assert counts == [sum(len(ngram) == n for ngram in model) for n in range(1, order + 1)]
        return model, arpa.read_bytes()


def read(arpa: Path) -> Model:
    model: Model = {}
    with arpa.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            fields = line.removesuffix("\n").split("\t")
            if len(fields) > 1:
                model[tuple(fields[1].split(" "))] = (10 ** float(fields[0]), 10 ** float(fields[2]) if len(fields) > 2 else 1.0)
    return model


def plain(documents: Sequence[str], order: int) -> Model:
    """The formulas as they stand (Chen and Goodman 1998), over dictionaries."""
    sentences = [("<s>", *text.split(), "</s>") for text in documents]
    seen = {n: Counter(s[i : i + n] for s in sentences for i in range(len(s) - n + 1)) for n in range(1, order + 1)}
    adjusted: dict[int, dict[tuple[str, ...], int]] = {}
    for n in range(1, order + 1):
        lefts = Counter(ngram[1:] for ngram in seen.get(n + 1, {}))
        adjusted[n] = {ngram: times if n == order or ngram[0] == "<s>" else lefts[ngram] for ngram, times in seen[n].items()}
    del adjusted[1][("<s>",)]
    discounts = {n: [float(d) for d in kneser_ney.discounts(np.bincount([*adjusted[n].values(), 9])[:5])] for n in adjusted}
    sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for n in adjusted:
        for ngram, times in adjusted[n].items():
            sums[ngram[:-1]][0] += times
            sums[ngram[:-1]][1] += discounts[n][min(times, 3)]
    backoff = {context: taken / total for context, (total, taken) in sums.items()}
    found = {("<unk>",): backoff[()] / (len(adjusted[1]) + 1)}
    for n in adjusted:
        for ngram, times in adjusted[n].items():
            lower = found[ngram[1:]] if n > 1 else 1 / (len(adjusted[1]) + 1)
            own = (times - discounts[n][min(times, 3)]) / sums[ngram[:-1]][0]
            found[ngram] = own + backoff[ngram[:-1]] * lower
    found["<s>",] = 1.0
    return {ngram: (probability, max(backoff.get(ngram, 1.0), 1e-99)) for ngram, probability in found.items()}


def assert_close(found: Model, expected: Model, tolerance: float) -> None:
    """Probabilities and backoffs, in log10."""
    assert found.keys() == expected.keys()
    for ngram, numbers in expected.items():
        assert np.log10(found[ngram]) == pytest.approx(np.log10(numbers), abs=tolerance), ngram


def test_by_hand() -> None:
    model, _ = estimated(["a b", "a"], 2)
    assert_close(
        model,
        {
            ("<unk>",): (0.125, 1.0),
            ("<s>",): (1.0, 0.5),
            ("</s>",): (0.375, 1.0),
            ("a",): (0.25, 0.5),
            ("b",): (0.25, 0.5),
            ("<s>", "a"): (0.625, 1.0),
            ("a", "b"): (0.375, 1.0),
            ("a", "</s>"): (0.4375, 1.0),
            ("b", "</s>"): (0.6875, 1.0),
        },
        1e-6,
    )


def test_discounts() -> None:
    assert kneser_ney.discounts(np.array([7, 10, 4, 2, 1])) == pytest.approx([0, 5 / 9, 7 / 6, 17 / 9])
    for counts in ([0, 0, 4, 2, 1], [0, 10, 0, 2, 1], [0, 10, 4, 0, 1], [0, 10, 4, 1, 9]):  # the last one makes D3+ negative
        assert list(kneser_ney.discounts(np.array(counts))) == [0, 0.5, 1.0, 1.5]


texts = st.lists(st.lists(st.sampled_from("abcde"), max_size=12).map(" ".join), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(2, 6))
def test_equals_the_formulas(documents: list[str], order: int) -> None:
    assert_close(estimated(documents, order)[0], plain(documents, order), 1e-5)


@settings(max_examples=30, deadline=None)
@given(texts)
def test_probabilities_sum_to_1(documents: list[str]) -> None:
    model, _ = estimated(documents, 3)
    words = [ngram[0] for ngram in model if len(ngram) == 1 and ngram != ("<s>",)]
    for context in itertools.chain([()], (ngram for ngram in model if len(ngram) < 3)):
        if context[-1:] not in [("</s>",), ("<unk>",)]:
            assert math.fsum(probability(model, context, word) for word in words) == pytest.approx(1, abs=1e-5)


def probability(model: Model, context: tuple[str, ...], word: str) -> float:
    if (*context, word) in model:
        return model[*context, word][0]
    return model.get(context, (0.0, 1.0))[1] * probability(model, context[1:], word)


def sample() -> list[str]:
    """A text of our own, of words that repeat enough for every discount."""
    lines = (ROOT / "pipeline" / "samples" / "texts" / "commoncrawl" / "encyclopaedia.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip()]


def test_equals_the_formulas_on_text() -> None:
    documents = sample()[:60]
    assert_close(estimated(documents, 5)[0], plain(documents, 5), 2e-6)


def test_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [" ".join(line.split()[:12]) for line in sample()[:8]]
    whole = estimated(documents, 4)[1]
    for memory_bytes in (1, 5000):
        assert estimated(documents, 4, memory_bytes)[1] == whole
    monkeypatch.setattr(ngram_counts, "BUFFERED_WORDS", 7)
    monkeypatch.setattr(kneser_ney, "LINES", 5)
    assert estimated(documents, 4)[1] == whole


def test_words_are_counted_over_all_buffers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ngram_counts, "BUFFERED_WORDS", 2)
    corpus = ngram_counts.write_corpus((np.array(words, np.int64) for words in [[3, 0], [0], [], [1, 0, 0]]), 3, tmp_path / "corpus")
    assert corpus.occurrences.tolist() == [0, 8, 4, 4, 1, 0, 1]


def test_kenlm_reads_it(tmp_path: Path) -> None:
    model, arpa = estimated(sample()[:20], 3)
    (tmp_path / "model.arpa").write_bytes(arpa)
    ngrams = loaded(tmp_path / "model.arpa")
    assert ngrams.order == 3
    words = (*sample()[0].split(), "</s>")
    expected = sum(math.log10(probability(model, ("<s>", *words)[max(i - 1, 0) : i + 1], word)) for i, word in enumerate(words))
    assert ngrams.score(" ".join(words[:-1])) == pytest.approx(expected, rel=1e-5)
    assert "nowhere" not in ngrams


def loaded(arpa: Path) -> kenlm.Model:
    configuration = kenlm.Config()
    configuration.show_progress = False
    configuration.arpa_complain = kenlm.ARPALoadComplain.NONE
    return kenlm.Model(str(arpa), configuration)


def test_many_words_sort_by_all_of_them() -> None:
    columns = [np.random.default_rng(seed).integers(0, 3, 500).astype(np.uint32) for seed in range(40)]
    order = ngram_counts.sorted_order(columns, 60_000)  # 16 bits a word: 40 of them fit no 64 bits
    rows = list(zip(*(column[order].tolist() for column in columns), strict=True))
    assert rows == sorted(rows)


def test_a_backoff_of_0_can_be_read(tmp_path: Path) -> None:
    """The discount of bigrams counted twice is 2 - 3 * (4 / 6) * 1 / 1 = 0 here, and `c </s>` is one."""
    model, arpa = estimated(["", "", "", "a c", "b c"], 3)
    assert model["c",] == (pytest.approx(10**-0.57403123), pytest.approx(1e-99))
    (tmp_path / "model.arpa").write_bytes(arpa)
    assert loaded(tmp_path / "model.arpa").score("a c") < 0


@pytest.mark.parametrize(
    ("documents", "surfaces", "order", "message"),
    [
        ([], ["a"], 2, "at least one document"),
        ([[0]], ["a"], 1, "order of 2"),
        ([[0, 1]], ["a"], 2, "below 1.*found 1"),
        ([[0, -1]], ["a"], 2, "from 0, found -1"),
        ([[0]], ["a b"], 2, "word 0 is 'a b'"),
        ([[0]], ["a", ""], 2, "empty, but word 1"),
        ([[0]], ["a", "a"], 2, "distinct"),
        ([[0, 1]], ["a", "</s>"], 2, "</s>"),
    ],
)
def test_refused(documents: list[list[int]], surfaces: list[str], order: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        kneser_ney.estimate([np.array(words, np.int64) for words in documents], surfaces, tmp_path / "arpa", tmp_path, order)


def test_words_that_never_occur_are_left_out(tmp_path: Path) -> None:
    kneser_ney.estimate([np.array([1])], ["<unk>", "a", "b"], tmp_path / "arpa", tmp_path, 2)
    assert {ngram for ngram in read(tmp_path / "arpa") if len(ngram) == 1} == {("<unk>",), ("<s>",), ("</s>",), ("a",)}


def of_lmplz(documents: Sequence[str], order: int, folder: Path) -> Model:
    lmplz = shutil.which("lmplz")
    if lmplz is None:
        pytest.skip("KenLM's lmplz is not on the PATH: .ci/lmplz builds it")
    command = [lmplz, "-o", str(order), "-S", "100M", "-T", str(folder), "--discount_fallback", "--arpa", str(folder / "arpa")]
    text = "".join(f"{' '.join(document.split())}\n" for document in documents)
    subprocess.run(command, input=text.encode(), check=True, capture_output=True)
    return read(folder / "arpa")


@pytest.mark.parametrize("order", [2, 3, 5])
def test_equals_lmplz(order: int, tmp_path: Path) -> None:
    documents = sample()
    assert_close(estimated(documents, order)[0], of_lmplz(documents, order, tmp_path), 2e-6)


@pytest.mark.slow
def test_equals_lmplz_on_wikitext(tmp_path: Path) -> None:
    path = SHARED / "text" / "wikitext-2-valid.txt.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not there: real text is only tried where a folder shared/data lies beside the checkout")
    documents = gzip.decompress(path.read_bytes()).decode().replace("<unk>", "unknown").split("\n")
    found, expected = estimated(documents, 5)[0], of_lmplz(documents, 5, tmp_path)
    assert found.keys() == expected.keys()
    numbers = [np.log10([model[ngram] for ngram in expected]) for model in (found, expected)]
    assert np.abs(numbers[0] - numbers[1]).max() < 2e-6
