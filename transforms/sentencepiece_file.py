"""A serialized SentencePiece model as plain values: its pieces, and the options that it was trained with.

code: sentencepiece 0.2.3, sentencepiece_model.proto: the numbers, kinds and defaults of the fields. The library offers no options, and its own message
classes need a newer protobuf than Beam allows.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""Types of pieces."""
UNIGRAM, BPE, WORD, CHAR = "UNIGRAM", "BPE", "WORD", "CHAR"
"""Values of the trainer's `model_type`."""

Value = int | float | bool | str | bytes | list[str]

_MODEL_TYPES = {1: UNIGRAM, 2: BPE, 3: WORD, 4: CHAR}
_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_PIECE, _SCORE, _TYPE = 1, 2, 3
_VARIABLE, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # code: protocol buffers' wire types

_TRAINER_FIELDS: dict[int, tuple[str, Value]] = {
    1: ("input", []),
    2: ("model_prefix", ""),
    3: ("model_type", UNIGRAM),
    4: ("vocab_size", 8000),
    5: ("accept_language", []),
    6: ("self_test_sample_size", 0),
    7: ("input_format", ""),
    10: ("character_coverage", 0.9995),
    11: ("input_sentence_size", 0),
    14: ("seed_sentencepiece_size", 1_000_000),
    15: ("shrinking_factor", 0.75),
    16: ("num_threads", 16),
    17: ("num_sub_iterations", 2),
    18: ("max_sentence_length", 4192),
    19: ("shuffle_input_sentence", True),
    20: ("max_sentencepiece_length", 16),
    21: ("split_by_unicode_script", True),
    22: ("split_by_whitespace", True),
    23: ("split_by_number", True),
    24: ("treat_whitespace_as_suffix", False),
    25: ("split_digits", False),
    26: ("allow_whitespace_only_pieces", False),
    30: ("control_symbols", []),
    31: ("user_defined_symbols", []),
    32: ("vocabulary_output_piece_score", True),
    33: ("hard_vocab_limit", True),
    34: ("use_all_vocab", False),
    35: ("byte_fallback", False),
    36: ("required_chars", ""),
    40: ("unk_id", 0),
    41: ("bos_id", 1),
    42: ("eos_id", 2),
    43: ("pad_id", -1),
    44: ("unk_surface", " \u2047 "),
    45: ("unk_piece", "<unk>"),
    46: ("bos_piece", "<s>"),
    47: ("eos_piece", "</s>"),
    48: ("pad_piece", "<pad>"),
    49: ("train_extremely_large_corpus", False),
    50: ("enable_differential_privacy", False),
    51: ("differential_privacy_noise_level", 0.0),
    52: ("differential_privacy_clipping_threshold", 0),
    53: ("pretokenization_delimiter", ""),
    54: ("seed_sentencepieces_file", ""),
    55: ("auto_character_coverage", False),
}
_NORMALIZER_FIELDS: dict[int, tuple[str, Value]] = {
    1: ("name", ""),
    2: ("precompiled_charsmap", b""),
    3: ("add_dummy_prefix", True),
    4: ("remove_extra_whitespaces", True),
    5: ("escape_whitespaces", True),
    6: ("normalization_rule_tsv", ""),
}


@dataclass(frozen=True)
class ModelFile:
    """What a model holds."""

    pieces: list[str]
    """[vocabulary]"""
    scores: npt.NDArray[np.float32]
    """[vocabulary]"""
    types: npt.NDArray[np.uint8]
    """[vocabulary] NORMAL, UNKNOWN, ..."""
    trainer: Mapping[str, Value]
    """Every option of the trainer by its name, with SentencePiece's default where the model stores none; `model_type` is BPE, UNIGRAM, ..."""
    normalizer: Mapping[str, Value]
    """The same of the normaliser."""


class _Stored(NamedTuple):
    """A field as it stands in a message: message[start:end] are its bytes, without those of its length."""

    number: int
    wire: int
    start: int
    end: int


def read(model: bytes) -> ModelFile:
    """Raises ValueError where these bytes are no SentencePiece model."""
    pieces: list[str] = []
    scores: list[float] = []
    types: list[int] = []
    try:
        for stored in _fields(model, _PIECES):
            piece, score, kind = _piece(model[stored.start : stored.end])
            pieces.append(piece)
            scores.append(score)
            types.append(kind)
        trainer = _options(_message(model, _TRAINER), _TRAINER_FIELDS)
        normalizer = _options(_message(model, _NORMALIZER), _NORMALIZER_FIELDS)
    except (IndexError, struct.error, UnicodeDecodeError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"expected a serialized SentencePiece model, found {len(model)} bytes that are none ({error})") from None
    if not pieces:
        raise ValueError(f"expected a serialized SentencePiece model, found {len(model)} bytes without a piece")
    return ModelFile(pieces, np.array(scores, np.float32), np.array(types, np.uint8), trainer, normalizer)


def with_scores(model: bytes, scores: npt.NDArray[np.float32]) -> bytes:
    """The model with other scores [vocabulary], all other bytes as they were.

    Raises ValueError where these bytes are no SentencePiece model, or there is not one score a piece.
    """
    if len(scores) != (found := len(read(model).pieces)):
        raise ValueError(f"expected a score for each of {found} pieces, found {len(scores)}")
    changed = bytearray(model)
    for stored, score in zip(_fields(model, _PIECES), scores, strict=True):
        places = [field.start for field in _fields(model[stored.start : stored.end], _SCORE)]
        if not places:
            raise ValueError("expected a model that stores the score of every piece, found a piece without one")
        struct.pack_into("<f", changed, stored.start + places[-1], score)
    return bytes(changed)


def _piece(message: bytes) -> tuple[str, float, int]:
    """Surface, score and type."""
    surface, score, kind = b"", 0.0, NORMAL
    for number, wire, start, end in _stored(message):
        if number == _PIECE:
            surface = message[start:end]
        elif number == _SCORE:
            (score,) = struct.unpack("<f", message[start:end])
        elif number == _TYPE and wire == _VARIABLE:
            kind, _ = _variable(message, start)
    return surface.decode(), score, kind


def _message(model: bytes, number: int) -> bytes:
    return b"".join(model[stored.start : stored.end] for stored in _fields(model, number))


def _options(message: bytes, fields: dict[int, tuple[str, Value]]) -> dict[str, Value]:
    """The options of a message by name. A repeated field adds, of any other the last one counts; fields that SentencePiece does not know are passed over."""
    options: dict[str, Value] = {name: list(default) if isinstance(default, list) else default for name, default in fields.values()}
    for number, wire, start, end in _stored(message):
        name, default = fields.get(number, ("", None))
        if wire != _wire(name, default):
            continue
        if isinstance(default, list):
            held = options[name]
            assert isinstance(held, list)
            held.append(message[start:end].decode())
        elif name == "model_type":
            options[name] = _MODEL_TYPES[_variable(message, start)[0]]
        elif isinstance(default, float):
            options[name] = _shortest(message[start:end])
        elif isinstance(default, bool):
            options[name] = bool(_variable(message, start)[0])
        elif isinstance(default, int):
            value, _ = _variable(message, start)
            options[name] = value - (value >> 63 << 64)
        else:
            options[name] = message[start:end].decode() if isinstance(default, str) else message[start:end]
    return options


def _wire(name: str, default: Value | None) -> int | None:
    """How a field with this default is stored."""
    if name == "model_type" or isinstance(default, int):
        return _VARIABLE
    if isinstance(default, float):
        return _FOUR_BYTES
    return None if default is None else _BYTES


def _shortest(stored: bytes) -> float:
    """The shortest number that a float32 stands for: 0.99995, not 0.9999499917030334."""
    (value,) = struct.unpack("<f", stored)
    return float(str(np.float32(value)))


def _fields(message: bytes, number: int) -> Iterator[_Stored]:
    return (stored for stored in _stored(message) if stored.number == number)


def _stored(message: bytes) -> Iterator[_Stored]:
    """The fields of a message in order. Raises IndexError where one goes over the end, KeyError for a wire type that is none."""
    place = 0
    while place < len(message):
        tag, start = _variable(message, place)
        wire = tag & 7
        if wire == _VARIABLE:
            _, end = _variable(message, start)
        elif wire == _BYTES:
            length, start = _variable(message, start)
            end = start + length
        else:
            end = start + {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}[wire]
        if end > len(message):
            raise IndexError("a field goes over the end")
        yield _Stored(tag >> 3, wire, start, end)
        place = end


def _variable(message: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the place after it."""
    value = 0
    for shift in range(0, 64, 7):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise OverflowError("a number of more than 64 bits")
