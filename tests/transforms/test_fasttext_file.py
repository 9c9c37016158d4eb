"""Files that are no fastText model, or half of one: fastText itself crashes on some of them."""

from pathlib import Path

import numpy as np
import pytest
from fasttext.FastText import train_supervised, train_unsupervised

from transforms.fasttext_file import read, tree

THREADS = 10  # code: DenseMatrix::uniform, which with fewer leaves part of the input matrix as the memory was, often NaN


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    (folder / "train.txt").write_text("__label__a one two three\n__label__b four five six\n" * 60)
    options = {"input": str(folder / "train.txt"), "dim": 4, "bucket": 500, "verbose": 0, "thread": THREADS, "minn": 2, "maxn": 3}
    train_unsupervised(**options).save_model(str(folder / "vectors.bin"))
    model = train_supervised(**options, loss="hs")
    model.save_model(str(folder / "model.bin"))
    model.quantize(cutoff=300)
    model.save_model(str(folder / "model.ftz"))
    return folder


def test_a_quantised_model_is_read_to_its_end(models: Path) -> None:
    model = read(str(models / "model.ftz"))
    assert model is not None
    assert model.labels == ["a", "b"]
    assert b"</s>" in model.words
    assert set(model.words) <= {b"</s>", b"one", b"two", b"three", b"four", b"five", b"six"}
    assert model.rows.shape == (len(model.words) + len(model.pruned), 4)
    assert model.output.shape == (2, 4)


def test_a_dense_model_is_whole_but_of_another_kind(models: Path) -> None:
    assert read(str(models / "model.bin")) is None


@pytest.mark.parametrize("name", ["model.bin", "model.ftz"])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_named(models: Path, tmp_path: Path, name: str, share: float) -> None:
    whole = (models / name).read_bytes()
    path = tmp_path / "cut.ftz"
    path.write_bytes(whole[: max(4, int(share * len(whole)))])
    with pytest.raises(ValueError, match=r"cut\.ftz: the fastText model is damaged at byte \d+ of \d+: get the file again"):
        read(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a fastText model .* found b''"),
        (b"<!DOCTYPE html><p>404 not found", "expected a fastText model .* found b'<!DO'"),
        (b"\xba\x16\x4f\x2f\x63\0\0\0" + bytes(200), "version 12 or older, found 99"),
    ],
)
def test_what_is_no_model_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "page.ftz"
    path.write_bytes(content if not content.startswith(b"\xba") else (793712314).to_bytes(4, "little") + content[4:])
    with pytest.raises(ValueError, match=message):
        read(str(path))


def test_bytes_after_the_end_are_refused(models: Path, tmp_path: Path) -> None:
    (tmp_path / "long.ftz").write_bytes((models / "model.ftz").read_bytes() + b"x")
    with pytest.raises(ValueError, match="to end at byte"):
        read(str(tmp_path / "long.ftz"))


def test_word_vectors_have_no_labels(models: Path) -> None:
    with pytest.raises(ValueError, match="supervised"):
        read(str(models / "vectors.bin"))


def test_the_tree_is_huffmans() -> None:
    children = tree([9, 5, 2, 1])
    assert children.tolist() == [[-1, -1]] * 4 + [[3, 2], [4, 1], [5, 0]]
    assert tree([2, 1, 1]).tolist() == [[-1, -1]] * 3 + [[2, 1], [3, 0]]  # of two equal weights the inner node comes first
    assert np.array_equal(tree([1]), [[-1, -1]])
