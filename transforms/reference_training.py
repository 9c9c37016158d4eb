"""Training the reference classifier with fastText, so that the same pages give the same bytes.

fastText alone does not give them, not even with one thread: it leaves most of the input matrix uninitialised (measured with fasttext-numpy2
0.10.4). So it runs on one thread, and every word, `</s>` included, gets its first vector from a file written here out of a seed.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import fasttext
import numpy as np

from transforms.references import END, RANDOM, REFERENCE, reference_line

LEVELS = 256  # ours: as many values as a byte has, so that a vector is written by table
LARGEST_VOCABULARY = 22_500_000  # code: beyond 0.75 * MAX_VOCAB_SIZE fastText silently drops rare words


def _option(default: Any, origin: str) -> Any:
    return field(default=default, metadata={"origin": origin})


@dataclass(frozen=True)
class TrainingOptions:
    """fastText's options, by its own names. Raises ValueError for those that would leave part of the model to chance."""

    lr: float = _option(0.1, "code: RedPajama trains with fastText's defaults, of which this is one")
    dim: int = _option(100, "code: fastText's default, as RedPajama")
    ws: int = _option(5, "code: fastText's default, as RedPajama; stored in the model, without effect on supervised training")
    epoch: int = _option(5, "code: fastText's default, as RedPajama; too few for some hundred pages, where a caller asks for more")
    minCount: int = _option(1, "code: fastText's default, as RedPajama")
    wordNgrams: int = _option(1, "code: fastText's default, as RedPajama: a bag of words")
    minn: int = _option(0, "code: fastText's default, as RedPajama: no parts of words")
    maxn: int = _option(0, "code: fastText's default, as RedPajama: no parts of words")
    loss: str = _option("softmax", "code: fastText's default, as RedPajama")
    seed: int = _option(0, "ours: of the words' first vectors; any number does")

    def __post_init__(self) -> None:
        if (self.wordNgrams, self.minn, self.maxn) != (1, 0, 0):
            raise ValueError(
                f"wordNgrams=1, minn=0 and maxn=0 are expected, found {self.wordNgrams}, {self.minn} and {self.maxn}: fastText leaves the "
                "vectors of n-grams uninitialised, so that no two runs would give the same model"
            )
        if self.lr <= 0 or min(self.dim, self.epoch, self.minCount) < 1 or self.seed < 0:
            raise ValueError("lr above 0, dim, epoch and minCount of at least 1 and seed of at least 0 are expected")


def train(examples: Iterable[tuple[bool, str]], options: TrainingOptions, directory: str) -> str:
    """Trains on (is a reference, text) in the order given; the path of the model. Its bytes depend on examples and options alone.

    `directory` is the caller's scratch folder: fastText takes its data from files only. Neighbours should differ in class, as the classes
    are learned in turns. Raises ValueError where a class has no example, or where there are more words than fastText keeps.
    """
    data, vectors, model = (os.path.join(directory, name) for name in ("examples.txt", "first.vec", "model.bin"))
    words: Counter[bytes] = Counter()
    labels = set()
    with open(data, "wb") as file:
        for is_reference, text in examples:
            line = reference_line(text).encode()
            words.update(line.replace(b"\0", b" ").split())  # fastText's own white space: ASCII's, and NUL
            labels.add(is_reference)
            file.write((REFERENCE if is_reference else RANDOM).encode() + b" " + line + b"\n")
    if labels != {True, False}:
        raise ValueError("examples of both classes are expected, references and random pages")
    vocabulary = [word for word, count in words.items() if count >= options.minCount]
    if len(vocabulary) > LARGEST_VOCABULARY:
        raise ValueError(
            f"{len(vocabulary)} words occur {options.minCount} times or more, fastText keeps {LARGEST_VOCABULARY}: raise minCount"
        )
    with open(vectors, "wb") as file:
        file.writelines(_first_vectors([END.encode(), *vocabulary], options))
    trained = fasttext.train_supervised(
        input=data,
        pretrainedVectors=vectors,
        thread=1,
        verbose=0,
        lr=options.lr,
        dim=options.dim,
        ws=options.ws,
        epoch=options.epoch,
        minCount=options.minCount,
        wordNgrams=options.wordNgrams,
        minn=options.minn,
        maxn=options.maxn,
        loss=options.loss,
    )
    trained.save_model(model)
    return model


def _first_vectors(words: list[bytes], options: TrainingOptions) -> Iterator[bytes]:
    """Lines of a .vec file. code: fastText draws from -1/dim to 1/dim. The generator's raw output is the same in every version of numpy."""
    values = [f" {(2 * level / (LEVELS - 1) - 1) / options.dim:.6g}".encode() for level in range(LEVELS)]
    generator = np.random.PCG64(options.seed)
    yield f"{len(words)} {options.dim}\n".encode()
    for word in words:
        drawn = np.asarray(generator.random_raw(-(-options.dim // 8)), "<u8").tobytes()[: options.dim]
        yield word + b"".join([values[level] for level in drawn]) + b"\n"
