"""SentencePiece pieces of whole batches as numbers, and the surfaces of those that the model does not know.

A kernel segments by the usual unigram model, twice as fast as the library (measured), into the same pieces; the library does so by any other.
All unknown pieces have one number there, but each has its own surface, which may well be a word of the n-gram model.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sentencepiece

from transforms import unigram_file

Numbers = npt.NDArray[np.int32]

# ours: characters after which a segmenter takes the kernel: a trial with little text does not wait the seconds that its first compilation takes.
KERNEL_CHARACTERS = 1 << 23


@dataclass(frozen=True)
class Segmented:
    """The pieces of some texts."""

    pieces: Numbers
    """[pieces] Of all texts, one after the other; the vocabulary's size and more: an unknown one."""
    offsets: Numbers
    """[texts + 1] Number of the first piece of each text."""
    unknown: list[str]
    """[unknown pieces] The surface of piece vocabulary size + i, each as often as it occurs."""


class Segmenter:
    """A SentencePiece model. Raises FileNotFoundError where there is no file, and ValueError where it is no such model."""

    def __init__(self, path: str) -> None:
        with open(path, "rb"):
            pass  # the library has one and the same error for a missing and a malformed file
        self._model = sentencepiece.SentencePieceProcessor()
        try:
            self._model.Load(path)
        except (OSError, RuntimeError) as error:
            raise ValueError(f"{path}: expected a SentencePiece model: {error}") from None
        numbers = range(self._model.get_piece_size())
        self.surfaces: list[str] = self._model.id_to_piece(list(numbers))
        """[vocabulary] The pieces. That of an unknown one, `<unk>`, is in no text."""
        self._characters = 0

    @cached_property
    def _unigram(self) -> unigram_file.Unigram | None:
        return unigram_file.read(self._model.serialized_model_proto())

    def segment(self, texts: list[str]) -> Segmented:
        """The most probable pieces of each text. All threads but one stay free."""
        self._characters += sum(map(len, texts))
        unigram = self._unigram if self._characters >= KERNEL_CHARACTERS else None
        pieces, offsets, unknown = self._by_kernel(texts, unigram) if unigram else self._by_library(texts)
        places = np.flatnonzero(pieces < 0)
        pieces[places] = len(self.surfaces) + np.arange(len(places))
        return Segmented(pieces, offsets, unknown)

    def _by_kernel(self, texts: list[str], unigram: unigram_file.Unigram) -> tuple[Numbers, Numbers, list[str]]:
        """(pieces, offsets, surfaces of the unknown ones, which are negative in pieces)"""
        from transforms.kernels import unigram_pieces

        strings = pa.array(texts, pa.large_string())
        _, bounds, letters = strings.buffers()
        offsets = np.frombuffer(bounds, np.int64, len(texts) + 1)
        normal, offsets = unigram_pieces.normalise(np.frombuffer(letters or b"", np.uint8), offsets, unigram.character_map)
        pieces, offsets, unknown = unigram_pieces.segment(normal, offsets, unigram.trie, unigram.unknown_score)
        spans = unknown[np.argsort(unknown[:, 0])].tolist()
        surfaces = [normal[start:end].tobytes().replace(b" ", b"\xe2\x96\x81").decode() for start, end in spans]
        return pieces, offsets.astype(np.int32), surfaces

    def _by_library(self, texts: list[str]) -> tuple[Numbers, Numbers, list[str]]:
        found: list[Numbers] = self._model.encode(texts, return_type="numpy", num_threads=1)
        offsets = np.zeros(len(texts) + 1, np.int32)
        np.cumsum([len(pieces) for pieces in found], out=offsets[1:])
        pieces = np.concatenate([*found, np.empty(0, np.int32)])
        places = np.flatnonzero(pieces == self._model.unk_id())
        pieces[places] = -1
        owners = np.unique(np.searchsorted(offsets, places, "right") - 1)
        return pieces, offsets, [surface for owner in owners for surface in self._unknown(texts[owner])]

    def words(self, texts: list[str]) -> tuple[pa.BinaryArray, Numbers]:
        """([texts] its pieces joined by spaces, as UTF-8; [texts] how many they are): the words of a document, as KenLM takes them."""
        segmented = self.segment(texts)
        surfaces = pa.array([*self.surfaces, *segmented.unknown], pa.string()).cast(pa.binary())
        words = pa.ListArray.from_arrays(pa.array(segmented.offsets), surfaces.take(pa.array(segmented.pieces)))
        return pc.binary_join(words, b" "), np.diff(segmented.offsets)

    def _unknown(self, text: str) -> Iterator[str]:
        for piece, number in zip(self._model.encode_as_pieces(text), self._model.encode_as_ids(text), strict=True):
            if number == self._model.unk_id():
                yield piece


def train_unigram(lines: Iterable[str], vocabulary: int, character_coverage: float, num_threads: int, line_bytes: int) -> bytes:
    """A SentencePiece unigram model of `lines`, which may be iterated twice: where they do not give `vocabulary` pieces, all that they give.

    The same lines and numbers give the same bytes; `num_threads` is one of those numbers. The library passes over lines of more than
    `line_bytes`, so longer ones are cut at spaces. Raises ValueError where no model can be made, for example of too small a vocabulary.
    """

    def train(hard_limit: bool) -> bytes:
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(piece for line in lines for piece in cut(line, line_bytes)),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocabulary,
            hard_vocab_limit=hard_limit,
            character_coverage=character_coverage,
            num_threads=num_threads,
            max_sentence_length=line_bytes,
            minloglevel=2,
        )
        return model.getvalue()

    try:
        try:
            return train(hard_limit=True)
        except RuntimeError as error:
            if "Vocabulary size too high" not in str(error):
                raise
            return train(hard_limit=False)
    except RuntimeError as error:
        raise ValueError(f"SentencePiece could not be trained for {vocabulary} pieces: {error}") from None


def cut(line: str, most: int) -> Iterator[str]:
    """The line in pieces of at most `most` bytes of UTF-8, cut after a space where there is one, and never within a character."""
    if len(line) * 4 <= most or len(line.encode()) <= most:
        yield line
        return
    rest = line.encode()
    while len(rest) > most:
        end = rest.rfind(b" ", 0, most) + 1 or most
        while rest[end] & 0xC0 == 0x80:
            end -= 1
        yield rest[:end].decode()
        rest = rest[end:]
    if rest:
        yield rest.decode()
