"""SentencePiece BPE ids of whole batches: what SentencePieceProcessor.encode gives for each text, to the id, several times as fast.

A text is cut into units that merging can not cross, and each distinct unit is encoded once, as long as the cache holds it. Why the ids are the same:

- Normal form: `byte_pairs.check` refuses a model whose normaliser does more than to put U+2581 for a space and, where it has a dummy prefix, one
  before a text that is not empty. So a character of the text is one of the normal form, and U+2581 and a space are the same.
- Merging: a symbol is a character or a piece (NORMAL or USER_DEFINED), and a merge only ever makes a piece. Where no piece holds characters a and b
  side by side, no symbol ever holds both, so no merge crosses the place between them. Which merge comes next is by score, then by place; to take
  away the merges of one side leaves the order on the other as it was. So the text may be cut there. The table of such places is made from the
  pieces of the model itself; it may join more than the pieces do, never less.
- User-defined pieces: from left to right, the longest at a place is one symbol that does not merge. None crosses a cut, so the search starts anew there.
- Text that reads as a control, unknown or byte piece ("<s>") is no such piece: only NORMAL and USER_DEFINED ones are found in texts.
- Unknown characters: with byte fallback each gives its bytes. Without it unknown pieces that follow each other are one, in SentencePiece after all
  merging, here after the units are put together.
- Equal scores (LLaMA's pieces of spaces, wherever they stand in the vocabulary) go by place, within a unit as within a text.
- UNUSED pieces: SentencePiece takes them apart as they were last made anywhere in the text, no matter of a unit: such models are refused.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sentencepiece

from transforms import byte_pairs, sentencepiece_file
from transforms.kernels import byte_pairs as kernel
from transforms.texts import Texts

SEGMENT = 1 << 20
"""ours: tokens that are made at a time, in 4 MB of working space; no id depends on it."""
FIRST_UNITS, UNITS = 1 << 12, 1 << 19
"""ours: units for which the cache has room at first, and at most (60 MB). A full one is replaced by an empty one, four times as large."""

MARKS = re.compile(byte_pairs.MARK.encode())


@dataclass(frozen=True)
class Encoded:
    """The tokens of some texts."""

    tokens: npt.NDArray[Any]
    """[tokens] uint16 or uint32. Of all texts, one after the other."""
    offsets: npt.NDArray[np.int64]
    """[texts + 1] Number of the first token of each text."""
    spaces: int
    """How many U+2581 characters the texts hold: the model reads them as spaces."""


class Tokenizer:
    """A SentencePiece BPE model, from its serialized bytes. What it keeps is bounded by `units`, a power of two: no id depends on that.

    Raises ValueError for bytes that are no such model, or whose encoding is not proven to be the same: another type of model, a normaliser that does
    more than LLaMA's, UNUSED pieces.
    """

    def __init__(self, model: bytes, units: int = UNITS) -> None:
        file = sentencepiece_file.read(model)
        byte_pairs.check(file)
        try:
            self._model = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise ValueError(f"expected a SentencePiece model: {error}") from None
        self.vocabulary: int = len(file.pieces)
        self.bos_id: int = self._model.bos_id()
        self.eos_id: int = self._model.eos_id()
        self.dtype: np.dtype[Any] = np.dtype(np.uint16 if self.vocabulary <= 2**16 else np.uint32)
        self._joins_unknown = not file.trainer["byte_fallback"]
        self._prefix = bool(file.normalizer["add_dummy_prefix"])
        self._tables = byte_pairs.tables(file)
        self._tokens = np.empty(SEGMENT, np.uint32)
        self._work = _work()
        self._most = units
        self._cache = _cache(min(FIRST_UNITS, units))

    def encode(self, texts: pa.Array, bos: bool = False, eos: bool = False) -> Encoded:
        """The ids of each text of a string or large_string array without nulls, with BOS before and EOS after each one where they are asked for.

        Beside the ids it takes the texts once more, and some 50 bytes a byte for the longest unit: a text of one letter only is one unit, prose has words.
        Raises ValueError for nulls, and for BOS or EOS where the model has none; pa.ArrowInvalid for bytes that are not UTF-8.
        """
        batch = Texts(texts)
        spaces = sum(1 for _ in MARKS.finditer(batch.buffer.data))
        if self._prefix:
            batch = Texts(pc.binary_join_element_wise("", batch.array, " "), valid=True)
        options = np.array([self._prefix, self._piece("BOS", self.bos_id, bos), self._piece("EOS", self.eos_id, eos)], np.int64)
        offsets, state = np.zeros(len(batch) + 1, np.int64), np.array([0, -1, 0, 0], np.int64)
        parts = [np.empty(0, self.dtype)]
        while state[0] < len(batch):
            count = kernel.encode(batch.buffer, batch.offsets, options, self._tables, self._cache, self._work, self._tokens, offsets, state)
            parts.append(self._tokens[:count].astype(self.dtype))
            if state[3]:
                self._cache = _cache(min(4 * len(self._cache[0]) // kernel.LOAD, self._most))
            elif count == 0 and state[0] < len(batch):
                self._tokens = np.empty(2 * len(self._tokens), np.uint32)
        tokens = np.concatenate(parts)
        if self._joins_unknown:
            tokens, offsets = _one_unknown(tokens, offsets, self._model.unk_id())
        return Encoded(tokens, offsets, spaces)

    def decode(self, tokens: npt.ArrayLike) -> str:
        """The text of ids; BOS and EOS give none. Exact for what `encode` gives of a text without U+2581, where the model has a fallback to bytes."""
        text: str = self._model.decode(np.asarray(tokens, np.int64).tolist())
        return text

    def piece(self, token: int) -> str:
        """The piece of an id. Raises IndexError for one that is not in the vocabulary."""
        found: str = self._model.id_to_piece(token)
        return found

    @staticmethod
    def _piece(name: str, identifier: int, wanted: bool) -> int:
        if wanted and identifier < 0:
            raise ValueError(
                f"expected a model with {name}, found one without: encode without it, or train one with {name.lower()}_id of 0 or more"
            )
        return identifier if wanted else -1


def _cache(units: int) -> tuple[npt.NDArray[Any], ...]:
    """Room for units, of eight numbers and sixteen letters each on average."""
    slots = np.full((kernel.LOAD * units, 2), kernel.EMPTY, np.uint64)
    return slots, np.empty(8 * units, np.uint32), np.empty(16 * units, np.uint8), np.zeros(3, np.int64)


def _work() -> tuple[npt.NDArray[Any], ...]:
    block, longest = kernel.BLOCK, kernel.LONGEST
    return np.empty(block, np.int64), np.empty(block, np.uint64), np.empty((longest, 5), np.int32), np.empty(4 * longest, np.int64)


def _one_unknown(tokens: npt.NDArray[Any], offsets: npt.NDArray[np.int64], unknown: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Leaves one of unknown pieces that follow each other in a text."""
    is_unknown = tokens == unknown
    kept = np.ones(len(tokens), np.bool_)
    kept[1:] = ~(is_unknown[1:] & is_unknown[:-1])
    kept[offsets[:-1][np.diff(offsets) > 0]] = True
    return tokens[kept], np.concatenate([[0], np.cumsum(kept)])[offsets]
