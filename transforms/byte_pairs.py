"""What `transforms.kernels.byte_pairs` encodes by, made from the pieces of a SentencePiece BPE model.

code: sentencepiece 0.2.3, bpe_model.cc, model_interface.cc, sentencepiece_processor.cc. Characters here are code points, and U+2581, which SentencePiece
writes for a space, is a space.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.kernels.byte_pairs import ASCII_JOINS, EMPTY, JOIN_BITS, PAGE_BITS, PAGES, first_slot, join_place
from transforms.sentencepiece_file import BPE, BYTE, CONTROL, UNKNOWN, UNUSED, USER_DEFINED, ModelFile

MARK = "\u2581"
UNKNOWN_SYMBOL = -1


def check(model: ModelFile) -> None:
    """Raises ValueError for a model whose encoding the tokenizer's proof does not cover, with what was expected, what was found, and what to do."""
    trainer, normalizer = model.trainer, model.normalizer
    expected = {
        "model_type": (trainer["model_type"], BPE),
        "precompiled_charsmap (of the normaliser)": (normalizer["precompiled_charsmap"], b""),
        "remove_extra_whitespaces": (normalizer["remove_extra_whitespaces"], False),
        "escape_whitespaces": (normalizer["escape_whitespaces"], True),
        "treat_whitespace_as_suffix": (trainer["treat_whitespace_as_suffix"], False),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            shown = f"{len(found)} bytes of rules" if isinstance(found, bytes) else found
            raise ValueError(
                f"expected a SentencePiece BPE model with {name} = {wanted!r}, found {shown}: train one with model_type=bpe, "
                "normalization_rule_name=identity and remove_extra_whitespaces=false, as LLaMA's is"
            )
    if len(set(model.pieces)) < len(model.pieces):
        raise ValueError("expected every piece once, found one that stands twice: train the model anew")
    if UNUSED in model.types:
        raise ValueError(
            "expected no piece of type UNUSED, as SentencePiece cuts those by what else the text holds: give them type NORMAL or leave them out"
        )
    if np.isnan(model.scores).any():
        raise ValueError("expected a score for every piece, found NaN: train the model anew")


def tables(model: ModelFile) -> tuple[npt.NDArray[Any], ...]:
    """The arrays that `kernels.byte_pairs.encode` takes as its model."""
    # Those that a text can give: text that reads as a control piece is none, and with a space, not U+2581, a piece is met in no normal form.
    merged = {
        number: piece.replace(MARK, " ")
        for number, piece in enumerate(model.pieces)
        if " " not in piece and model.types[number] not in (UNKNOWN, CONTROL, BYTE)
    }
    symbols = _symbols(merged)
    identifiers = np.full(len(symbols), UNKNOWN_SYMBOL, np.int32)
    identifiers[[symbols[text] for text in merged.values()]] = list(merged)
    defined = {number: text for number, text in merged.items() if model.types[number] == USER_DEFINED}
    return _joins(merged), _characters(symbols), _pairs(model, merged, symbols), identifiers, _defined(defined, symbols), _bytes(model)


def _symbols(merged: dict[int, str]) -> dict[str, int]:
    """Numbers of what a text may consist of while it is merged: the pieces, and the characters in them that are none."""
    characters = [character for text in merged.values() for character in text]
    return {text: number for number, text in enumerate(dict.fromkeys([*characters, *merged.values()]))}


def _joins(merged: dict[int, str]) -> npt.NDArray[np.bool_]:
    """Whether any piece holds two adjacent characters, by `join_place`; where hashes meet, more join than need."""
    joins = np.zeros(ASCII_JOINS + (1 << JOIN_BITS), np.bool_)
    for first, second in {pair for text in merged.values() for pair in itertools.pairwise(text)}:
        for a, b in itertools.product(_written(first), _written(second)):
            joins[join_place(a, b)] = True
    return joins


def _written(character: str) -> tuple[int, ...]:
    """The code points that a text may have for a character of a piece."""
    return (ord(" "), ord(MARK)) if character == " " else (ord(character),)


def _characters(symbols: dict[str, int]) -> npt.NDArray[np.int32]:
    """The symbols of characters, UNKNOWN_SYMBOL for those in no piece, in pages: [PAGES] where each page starts, then the pages, the empty one first."""
    size = 1 << PAGE_BITS
    single = {character: number for text, number in symbols.items() if len(text) == 1 for character in _written(text)}
    used = sorted({character >> PAGE_BITS for character in single})
    found = np.full(PAGES + size * (1 + len(used)), UNKNOWN_SYMBOL, np.int32)
    found[:PAGES] = PAGES
    found[used] = PAGES + size * np.arange(1, len(used) + 1)
    for character, number in single.items():
        found[found[character >> PAGE_BITS] + character % size] = number
    return found


def _pairs(model: ModelFile, merged: dict[int, str], symbols: dict[str, int]) -> npt.NDArray[np.uint64]:
    """Which two symbols become which one, and when: rank 0 is merged first; equal scores are one rank."""
    ranks = np.unique(-model.scores, return_inverse=True)[1].tolist()
    entries = [entry for number, text in merged.items() for entry in _splits(text, symbols, ranks[number])]
    return _slots(np.array(entries, np.uint64).reshape(-1, 2))


def _slots(entries: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """[a power of two, 2] Keys and values in the first free slot from `first_slot` of the key; EMPTY keys elsewhere. No key stands twice."""
    slots = np.full((1 << (2 * len(entries) + 1).bit_length(), 2), EMPTY, np.uint64)
    places = first_slot.py_func(entries[:, 0], len(slots))
    while len(entries):
        _, first = np.unique(places, return_index=True)
        taken = first[slots[places[first], 0] == EMPTY]
        slots[places[taken]] = entries[taken]
        entries, places = np.delete(entries, taken, 0), (np.delete(places, taken) + np.uint64(1)) & np.uint64(len(slots) - 1)
    return slots


def _splits(text: str, symbols: dict[str, int], rank: int) -> Iterator[tuple[int, int]]:
    value = rank << 32 | symbols[text]
    for place in range(1, len(text)):
        first, second = symbols.get(text[:place]), symbols.get(text[place:])
        if first is not None and second is not None:
            yield first << 32 | second, value


def _defined(defined: dict[int, str], symbols: dict[str, int]) -> npt.NDArray[np.int32]:
    """[symbols + 1] where the user-defined pieces that start with each symbol begin; then the pieces, the longest first: length, id, symbols. Or nothing."""
    if not defined:
        return np.empty(0, np.int32)
    starts, entries = [], list[int]()
    order = sorted(defined, key=lambda number: (symbols[defined[number][0]], -len(defined[number])))
    for symbol in range(len(symbols) + 1):
        starts.append(len(symbols) + 1 + len(entries))
        while order and symbols[defined[order[0]][0]] == symbol:
            number = order.pop(0)
            entries += [len(defined[number]), number, *(symbols[character] for character in defined[number])]
    return np.array(starts + entries, np.int32)


def _bytes(model: ModelFile) -> npt.NDArray[np.int32]:
    """[256] the piece of each byte, or [1] the unknown piece where the model has no fallback to bytes."""
    if not model.trainer["byte_fallback"]:
        return np.flatnonzero(model.types == UNKNOWN).astype(np.int32)
    numbers = {piece: number for number, piece in enumerate(model.pieces)}
    return np.array([numbers[f"<0x{byte:02X}>"] for byte in range(256)], np.int32)
