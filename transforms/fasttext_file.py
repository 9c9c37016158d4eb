"""Reading fastText model files: the check that a file is whole, and the content of one of the kind of lid.176.ftz.

fastText itself crashes the process on a file that was cut short, so each file is walked to its end first.
code: fastText 0.9.2, the `save` methods of FastText, Args, Dictionary, QuantMatrix, ProductQuantizer and DenseMatrix; little-endian.
"""

import itertools
import mmap
import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MAGIC, VERSION = 793712314, 12  # code: FASTTEXT_FILEFORMAT_MAGIC_INT32, FASTTEXT_VERSION
HIERARCHICAL_SOFTMAX, SUPERVISED = 1, 3  # code: loss_name::hs, model_name::sup
END_OF_LINE, LABEL_PREFIX = b"</s>", b"__label__"  # code: Dictionary::EOS, Args::label
CENTROIDS = 256  # code: ProductQuantizer::ksub_
UNSEEN_COUNT = 10**15  # code: HierarchicalSoftmaxLoss::buildTree, the count of a node that is not built yet

Floats = npt.NDArray[np.float32]


class Arguments(NamedTuple):
    """The numbers a model was trained with, in the order of the file."""

    dim: int
    window: int
    epoch: int
    min_count: int
    negatives: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    min_n: int
    max_n: int
    update_rate: int
    sampling: float


@dataclass(frozen=True)
class Model:
    """What a prediction needs: the rows of the input matrix, and a binary tree whose leaves are the labels."""

    arguments: Arguments
    words: list[bytes]
    """In the order of their rows in `rows`."""
    labels: list[str]
    """Without the prefix `__label__`."""
    pruned: npt.NDArray[np.int32]
    """[kept buckets, 2] Bucket of an n-gram, and its row counted from the end of the words."""
    rows: Floats
    """[words + kept buckets, dim]"""
    output: Floats
    """[labels, dim] Row k belongs to inner node `labels + k` of the tree."""
    children: npt.NDArray[np.int32]
    """[2 * labels - 1, 2] Left and right child of each node; -1 for a leaf, whose number is its label's."""


class _Reader:
    """A cursor over the bytes of a file, with an error that names the file where it ends too soon."""

    def __init__(self, path: str, data: mmap.mmap) -> None:
        self.path, self.data, self.place = path, data, 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        """The numbers that the struct format `form` describes."""
        return struct.unpack_from("<" + form, self.data, self._skip(struct.calcsize("<" + form)))

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        """`count` numbers of the numpy type `kind`, without copying them."""
        return np.frombuffer(self.data, "<" + kind, count, self._skip(np.dtype(kind).itemsize * count))

    def string(self) -> bytes:
        """The bytes up to the next NUL."""
        first = self.place
        end = self.data.find(b"\0", first)
        self._skip(end + 1 - first)
        return self.data[first:end]

    def _skip(self, size: int) -> int:
        """The place before the next `size` bytes, which are passed over."""
        before, left = self.place, len(self.data) - self.place
        if not 0 <= size <= left:
            raise ValueError(f"{self.path}: the fastText model is damaged at byte {before} of {len(self.data)}: get the file again")
        self.place += size
        return before


@dataclass(frozen=True)
class _Dictionary:
    words: list[bytes]
    labels: list[bytes]
    label_counts: list[int]
    pruned: npt.NDArray[np.int32]
    words_come_first: bool


@dataclass(frozen=True)
class _Quantised:
    """A product-quantised matrix: per row and part of it, which of 256 centroids stands there; norms are quantised apart, or not."""

    height: int
    codes: npt.NDArray[np.uint8]
    centroids: list[Floats]  # per part [256, width]
    norms: "_Quantised | None"

    def decoded(self) -> Floats:
        """[height, dim]"""
        codes = self.codes.reshape(self.height, -1)
        rows = np.concatenate([part[codes[:, k]] for k, part in enumerate(self.centroids)], axis=1)
        return rows * self.norms.decoded() if self.norms else rows


def read(path: str) -> Model | None:
    """The model in the file at `path`, or None where it is sound but of another kind than lid.176.ftz (fastText itself can use that).

    ValueError where the file is no supervised fastText model, or ends too soon or too late.
    """
    with open(path, "rb") as file:
        start = file.read(4)
        if len(start) < 4 or struct.unpack("<i", start)[0] != MAGIC:
            raise ValueError(f"{path}: expected a fastText model (first bytes {struct.pack('<i', MAGIC)!r}), found {start!r}")
        reader = _Reader(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    found = _arguments(reader)
    dictionary = _dictionary(reader)
    rows = _matrix(reader, quantised := reader.numbers("?")[0])
    output = _matrix(reader, reader.numbers("?")[0] and quantised)
    if reader.place != len(reader.data):
        raise ValueError(f"{path}: expected the fastText model to end at byte {reader.place}, found {len(reader.data)}: get the file again")
    in_kind = found.loss == HIERARCHICAL_SOFTMAX and found.word_ngrams == 1 and len(dictionary.pruned) and dictionary.words_come_first
    plain_labels = all(label.startswith(LABEL_PREFIX) for label in dictionary.labels)
    if not (in_kind and plain_labels and END_OF_LINE in dictionary.words and isinstance(rows, _Quantised)) or isinstance(
        output, _Quantised
    ):
        return None
    labels = [label.removeprefix(LABEL_PREFIX).decode() for label in dictionary.labels]
    return Model(found, dictionary.words, labels, dictionary.pruned, rows.decoded(), output.copy(), tree(dictionary.label_counts))


def _arguments(reader: _Reader) -> Arguments:
    version = reader.numbers("ii")[1]
    if version > VERSION:
        raise ValueError(f"{reader.path}: expected a fastText model of version {VERSION} or older, found {version}")
    found = Arguments(*reader.numbers("12id"))
    if found.model != SUPERVISED:
        raise ValueError(
            f"{reader.path}: expected a supervised fastText model, found word vectors, which have no labels (kind {found.model})"
        )
    return found


def _dictionary(reader: _Reader) -> _Dictionary:
    size, words, labels, _, pruned = reader.numbers("iiiqq")
    names, counts, kinds = [], [], []
    for _ in range(size):
        names.append(reader.string())
        count, kind = reader.numbers("qb")
        counts.append(count)
        kinds.append(kind)
    pairs = reader.array("i4", 2 * max(pruned, 0)).reshape(-1, 2)
    return _Dictionary(names[:words], names[words:], counts[words:], pairs, kinds == [0] * words + [1] * labels)


def _matrix(reader: _Reader, quantised: bool) -> Floats | _Quantised:
    if not quantised:
        height, width = reader.numbers("qq")
        return reader.array("f4", height * width).reshape(height, width)
    has_norms, height, _, size = reader.numbers("?qqi")
    codes, centroids = reader.array("u1", size), _centroids(reader)
    norms = _Quantised(height, reader.array("u1", height), _centroids(reader), None) if has_norms else None
    return _Quantised(height, codes, centroids, norms)


def _centroids(reader: _Reader) -> list[Floats]:
    dim, parts, width, last = reader.numbers("iiii")
    edges = itertools.pairwise([*range(0, parts * width, width), (parts - 1) * width + last])
    numbers = reader.array("f4", dim * CENTROIDS)
    return [numbers[CENTROIDS * first : CENTROIDS * end].reshape(CENTROIDS, -1) for first, end in edges]


def tree(counts: list[int]) -> npt.NDArray[np.int32]:
    """[2 * labels - 1, 2] The Huffman tree of labels whose counts descend; ties are broken as fastText does."""
    leaves = len(counts)
    weights = counts + [UNSEEN_COUNT] * (leaves - 1)
    children = np.full((2 * leaves - 1, 2), -1, np.int32)
    leaf, node = leaves - 1, leaves
    for parent in range(leaves, 2 * leaves - 1):
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                children[parent, side] = leaf
                leaf -= 1
            else:
                children[parent, side] = node
                node += 1
        weights[parent] = weights[children[parent, 0]] + weights[children[parent, 1]]
    return children
