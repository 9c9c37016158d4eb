"""The part of a SentencePiece unigram model that a kernel segments texts by, as arrays (`transforms.kernels.unigram_pieces`)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transforms import sentencepiece_file
from transforms.sentencepiece_file import BYTE, NORMAL, UNIGRAM, USER_DEFINED

# code: sentencepiece unigram_model.cc, kUnkPenalty.
UNKNOWN_PENALTY = np.float32(10)


@dataclass(frozen=True)
class Unigram:
    """What `unigram_pieces.normalise` and `segment` take."""

    character_map: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]
    trie: tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32], npt.NDArray[np.int32]]
    unknown_score: np.float32


def read(model: bytes) -> Unigram | None:
    """None for a model with anything that the kernel leaves out: BPE, user-defined pieces, another treatment of spaces."""
    file = sentencepiece_file.read(model)
    trainer, normaliser, types = file.trainer, file.normalizer, file.types
    if trainer["model_type"] != UNIGRAM or trainer["treat_whitespace_as_suffix"] or trainer["byte_fallback"]:
        return None
    if not all(normaliser[name] for name in ("add_dummy_prefix", "remove_extra_whitespaces", "escape_whitespaces")):
        return None
    if USER_DEFINED in types or BYTE in types:
        return None
    numbers = np.flatnonzero(types == NORMAL).tolist()
    normal = {file.pieces[number].replace("\u2581", " ").encode(): number for number in numbers}
    if not normal or len(normal) != len(numbers) or any(b"\0" in surface for surface in normal):
        return None
    trie = _trie(normal, file.scores)
    if not len(trie[0]):
        return None
    rules = normaliser["precompiled_charsmap"]
    assert isinstance(rules, bytes)
    return Unigram(_character_map(rules), trie, file.scores[numbers].min() - UNKNOWN_PENALTY)


def _trie(
    normal: dict[bytes, int], scores: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    from transforms.kernels import unigram_pieces

    surfaces = sorted(normal)
    numbers = np.array([0, *(normal[surface] for surface in surfaces)], np.int32)
    offsets = np.cumsum([0, *map(len, surfaces)])
    units = unigram_pieces.double_array(np.frombuffer(b"".join(surfaces), np.uint8), offsets)
    ends = units[:, 1].copy()
    units[:, 1] = np.where(ends > 0, scores[numbers[ends]], np.float32(np.nan)).view(np.uint32)
    return units, units.view(np.float32), numbers[ends]


def _character_map(blob: bytes) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """code: Normalizer::DecodePrecompiledCharsMap: bytes of a double array, that array, texts each ended by 0."""
    size = int.from_bytes(blob[:4], "little")
    units = np.frombuffer(blob[4 : 4 + size], "<u4").astype(np.uint32)
    plain = np.zeros(256, bool)
    plain[:0x80] = True
    if len(units):
        root = _offset(int(units[0]))
        for byte in range(0x80):
            unit = int(units[root ^ byte])
            if unit & 0x800000FF == byte:
                children = root ^ byte ^ _offset(unit)
                followed = any(int(units[children ^ second]) & 0x800000FF == second for second in range(0x80))
                plain[byte] = not (unit & 0x100 or followed)
    return units, np.frombuffer(blob[4 + size :] or b"\0", np.uint8), plain


def _offset(unit: int) -> int:
    return unit >> 10 << ((unit & 0x200) >> 6)
