"""The part of a SentencePiece unigram model that a kernel segments texts by, as arrays (`transforms.kernels.unigram_pieces`)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# code: sentencepiece_model.proto, the numbers of fields and of values.
NORMALISER, TRAINER, PIECES = 3, 2, 1
MODEL_TYPE, UNIGRAM = 3, 1
CHARACTER_MAP, ADD_DUMMY_PREFIX, REMOVE_EXTRA_WHITESPACES, ESCAPE_WHITESPACES = 2, 3, 4, 5
TREAT_WHITESPACE_AS_SUFFIX, BYTE_FALLBACK = 24, 35
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
# code: sentencepiece unigram_model.cc, kUnkPenalty.
UNKNOWN_PENALTY = np.float32(10)

Fields = dict[int, list[int | bytes]]


@dataclass(frozen=True)
class Unigram:
    """What `unigram_pieces.normalise` and `segment` take."""

    character_map: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]
    trie: tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32], npt.NDArray[np.int32]]
    unknown_score: np.float32


def read(model: bytes) -> Unigram | None:
    """None for a model with anything that the kernel leaves out: BPE, user-defined pieces, another treatment of spaces."""
    fields = _fields(model)
    trainer, normaliser = (_fields(b"".join(_all_bytes(fields, number))) for number in (TRAINER, NORMALISER))
    if trainer.get(MODEL_TYPE, [UNIGRAM])[-1] != UNIGRAM or any(
        trainer.get(n, [0])[-1] for n in (TREAT_WHITESPACE_AS_SUFFIX, BYTE_FALLBACK)
    ):
        return None
    if not all(normaliser.get(number, [1])[-1] for number in (ADD_DUMMY_PREFIX, REMOVE_EXTRA_WHITESPACES, ESCAPE_WHITESPACES)):
        return None
    surfaces, scores, kinds = zip(*map(_piece, _all_bytes(fields, PIECES)), strict=True)
    if USER_DEFINED in kinds or BYTE in kinds:
        return None
    normal = {surface.replace("\u2581".encode(), b" "): number for number, surface in enumerate(surfaces) if kinds[number] == NORMAL}
    if not normal or len(normal) != kinds.count(NORMAL) or any(b"\0" in surface for surface in normal):
        return None
    weights = np.array(scores, np.float32)
    lowest = weights[[kind == NORMAL for kind in kinds]].min()
    trie = _trie(normal, weights)
    if not len(trie[0]):
        return None
    return Unigram(_character_map(b"".join(_all_bytes(normaliser, CHARACTER_MAP))), trie, lowest - UNKNOWN_PENALTY)


def _piece(message: bytes) -> tuple[bytes, float, int]:
    """Surface, score and kind."""
    fields = _fields(message)
    score, kind = fields.get(2, [bytes(4)])[-1], fields.get(3, [NORMAL])[-1]
    assert isinstance(score, bytes)
    assert isinstance(kind, int)
    return b"".join(_all_bytes(fields, 1)), float(np.frombuffer(score, "<f4")[0]), kind


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


def _fields(message: bytes) -> Fields:
    """The fields of a protocol buffers message, by number."""
    found: Fields = {}
    for number, value in _values(message):
        found.setdefault(number, []).append(value)
    return found


def _values(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(message):
        tag, place = _variable(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _variable(message, place)
            yield tag >> 3, value
            continue
        length = {1: 8, 5: 4}.get(kind, 0)
        if kind == 2:
            length, place = _variable(message, place)
        yield tag >> 3, message[place : place + length]
        place += length


def _variable(message: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the place after it."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        shift += 7
        place += 1
        if byte < 0x80:
            return value, place


def _all_bytes(fields: Fields, number: int) -> list[bytes]:
    return [value for value in fields.get(number, []) if isinstance(value, bytes)]
