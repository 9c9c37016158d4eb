"""SentencePiece pieces of whole batches as numbers, and the surfaces of those that the model does not know.

Numbers come out of the library 1.5 times as fast as strings do (measured). They leave one thing open: all unknown pieces have one number,
but each has its own surface, which may well be a word of the n-gram model. In a unigram or BPE model an unknown piece is a whole run of
characters that have no piece of their own, so the runs in the normalised text are the surfaces, in order.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sentencepiece

Numbers = npt.NDArray[np.int32]


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
        usable = [number for number in numbers if not self._model.is_control(number) and not self._model.is_unused(number)]
        known = [self.surfaces[number] for number in usable if number != self._model.unk_id()]
        alphabet = {surface for surface in known if len(surface) == 1}
        self._covered = all(alphabet.issuperset(surface) for surface in known)
        self._alone = np.ones(0x110000, bool)
        self._alone[[ord(character) for character in [*alphabet, "\n"]]] = False

    def segment(self, texts: list[str]) -> Segmented:
        """The most probable pieces of each text. All threads but one stay free."""
        found: list[Numbers] = self._model.encode(texts, return_type="numpy", num_threads=1)
        offsets = np.zeros(len(texts) + 1, np.int32)
        np.cumsum([len(pieces) for pieces in found], out=offsets[1:])
        pieces = np.concatenate([*found, np.empty(0, np.int32)])
        places = np.flatnonzero(pieces == self._model.unk_id())
        owners = np.unique(np.searchsorted(offsets, places, "right") - 1)
        unknown = self._unknown([texts[owner] for owner in owners], len(places))
        pieces[places] = len(self.surfaces) + np.arange(len(places))
        return Segmented(pieces, offsets, unknown)

    def words(self, texts: list[str]) -> tuple[pa.BinaryArray, Numbers]:
        """([texts] its pieces joined by spaces, as UTF-8; [texts] how many they are): the words of a document, as KenLM takes them."""
        segmented = self.segment(texts)
        surfaces = pa.array([*self.surfaces, *segmented.unknown], pa.string()).cast(pa.binary())
        words = pa.ListArray.from_arrays(pa.array(segmented.offsets), surfaces.take(pa.array(segmented.pieces)))
        return pc.binary_join(words, b" "), np.diff(segmented.offsets)

    def _unknown(self, texts: Sequence[str], expected: int) -> list[str]:
        """The surfaces of the unknown pieces of all texts, in order."""
        text = "\n".join(["", *map(self._model.normalize, texts), ""])
        alone = self._alone[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)]
        starts = np.flatnonzero(alone[1:] & ~alone[:-1]) + 1
        ends = np.flatnonzero(alone[:-1] & ~alone[1:]) + 1
        if self._covered and len(starts) == expected:
            return [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        return [piece for text in texts for piece in self._unknown_one_by_one(text)]

    def _unknown_one_by_one(self, text: str) -> Iterator[str]:
        """For a model with a character that has no piece of its own, but is in a longer one."""
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
