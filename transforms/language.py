"""Which language a text is in: CCNet's use of fastText's lid.176 (spec 2.4), at three to four times fastText's speed.

Newlines are deleted, not replaced (so the last word of a line joins the first of the next); the best label alone; its score rounded to
two decimals. The compiled path is exact: what it cannot decide with certainty it gives to fastText itself.
"""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.fasttext_file import END_OF_LINE, LABEL_PREFIX, Model, read
from transforms.texts import NEWLINE, Texts

DECIMALS = 2  # code: cc_net split_by_lang, round(score, 2)
NEAR_EDGE = 1e-5
"""ours: a score that is nearer to where rounding changes goes to fastText itself, 0.2 % of real documents. No difference in the raw
scores was seen on x86-64; a fastText whose compiler fuses multiply and add may differ by some 1e-6."""

Measured = tuple[pa.StringArray, npt.NDArray[np.float64]]


class Identifier:
    """Identifies languages with the fastText model in the file at `path`.

    A model of the shape of lid.176.ftz (quantised, pruned, hierarchical softmax) takes the compiled path, any other fastText itself.
    ValueError where the file is no supervised fastText model; OSError where it cannot be read. Made once a process: it does not pickle.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        model = read(path)
        self._labels = np.array(model.labels if model else [], object)
        self._tables = _tables(model) if model and _has_compiled_shape(model) else None

    def identify(self, texts: Texts) -> Measured:
        """[documents] The label without `__label__`, and its score; "" and 0.0 for a text that is empty but for newlines."""
        if self._tables is None:
            labels, scores = self._ask(texts.array)
            return pa.array(labels, pa.string()), scores
        from transforms.kernels.fasttext_tree import FALLBACK, identify

        numbers = np.empty(len(texts), np.int32)
        raw = np.zeros(len(texts), np.float32)
        identify(texts.buffer, texts.offsets, self._tables, numbers, raw)
        empty = _without_words(texts)
        unsure = (numbers == FALLBACK) | _near_edge(raw) | empty
        best = self._labels[numbers]
        rounded = raw.astype(np.float64).round(DECIMALS)
        best[unsure], rounded[unsure] = self._ask(texts.array.filter(pa.array(unsure)))
        return pa.array(best, pa.string()), rounded

    def _ask(self, array: pa.StringArray) -> tuple[list[str], npt.NDArray[np.float64]]:
        """What fastText itself says of each text."""
        lines = [text.replace("\n", "") for text in array.to_pylist()]
        labels, scores = self._fasttext.predict(lines) if lines else ([], [])
        best = [
            (label[0].removeprefix(LABEL_PREFIX.decode()), round(float(score[0]), DECIMALS)) if line and label else ("", 0.0)
            for line, label, score in zip(lines, labels, scores, strict=True)
        ]
        return [label for label, _ in best], np.array([score for _, score in best], np.float64)

    @cached_property
    def _fasttext(self) -> Any:
        from fasttext.FastText import load_model

        return load_model(self.path)


def _without_words(texts: Texts) -> npt.NDArray[np.bool_]:
    """[documents] Whether a text is nothing but newlines; only one that begins so is looked at."""
    empty: npt.NDArray[np.bool_] = np.diff(texts.offsets) == 0
    begins = np.append(texts.buffer, np.uint8(0))[texts.offsets[:-1]] == NEWLINE
    for document in np.flatnonzero(begins & ~empty).tolist():
        empty[document] = bool((texts.buffer[texts.offsets[document] : texts.offsets[document + 1]] == NEWLINE).all())
    return empty


def _near_edge(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Whether a score is so near to where its rounding changes that the last bits of exp and log might decide."""
    scaled: npt.NDArray[np.float64] = scores.astype(np.float64) * 10**DECIMALS
    near: npt.NDArray[np.bool_] = np.abs(scaled - np.floor(scaled) - 0.5) < NEAR_EDGE * 10**DECIMALS
    return near


def _has_compiled_shape(model: Model) -> bool:
    from transforms.kernels.fasttext_tree import BUCKET, DIM, MAX_N, MIN_N

    found = model.arguments
    return (found.dim, found.bucket, found.min_n, found.max_n) == (DIM, BUCKET, MIN_N, MAX_N)


def _tables(model: Model) -> tuple[Any, ...]:
    """The arrays that `transforms.kernels.fasttext_tree.identify` reads."""
    survives = np.zeros(model.arguments.bucket, bool)
    places = np.zeros(model.arguments.bucket, np.int32)
    survives[model.pruned[:, 0]] = True
    places[model.pruned[:, 0]] = model.pruned[:, 1]
    buckets = (np.packbits(survives, bitorder="little"), places)
    return _vocabulary(model.words), buckets, model.rows, model.output, model.children, model.words.index(END_OF_LINE)


def _vocabulary(words: list[bytes]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """A hash table of the words by linear probing (slots, -1 where free), and their bytes, one after the other, with offsets."""
    from transforms.kernels.fasttext_tree import fill_slots

    slots = np.full(1 << (4 * len(words)).bit_length(), -1, np.int32)
    vocabulary = slots, np.cumsum([0, *map(len, words)]), np.frombuffer(bytearray().join(words), np.uint8)
    fill_slots(vocabulary)
    return vocabulary
