"""What `transforms.kernels.byte_pairs` encodes by, made from the pieces of a SentencePiece BPE model.

code: sentencepiece 0.2.3, bpe_model.cc, model_interface.cc, sentencepiece_processor.cc. Characters here are code points, and U+2581, which SentencePiece
writes for a space, is a space.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.kernels.byte_pairs import JOIN_BITS, PAGE_BITS, join_place, pair_slots
from transforms.sentencepiece_file import BPE, BYTE, CONTROL, UNKNOWN, UNUSED, USER_DEFINED, ModelFile

MARK = "\u2581"
LAST_CHARACTER = 0x10FFFF
UNKNOWN_SYMBOL = -1
Arrays = tuple[Any, ...]


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
        raise ValueError("expected no piece of type UNUSED, as SentencePiece cuts those by what else the text holds: give them type NORMAL or leave them out")
    if np.isnan(model.scores).any():
        raise ValueError("expected a score for every piece, found NaN: train the model anew")


def tables(model: ModelFile) -> Arrays:
    """The arrays that `kernels.byte_pairs.encode` takes as its model."""
    texts = {number: piece.replace(MARK, " ") for number, piece in enumerate(model.pieces) if " " not in piece}  # a space itself is never met
    merged = {number: text for number, text in texts.items() if model.types[number] not in (UNKNOWN, CONTROL, BYTE)}
    symbols = _symbols(texts, merged)
    identifiers = np.full(len(symbols), UNKNOWN_SYMBOL, np.int32)
    for number, text in texts.items():
        if text in symbols and model.types[number] != UNKNOWN:
            identifiers[symbols[text]] = number
    defined = {number: text for number, text in merged.items() if model.types[number] == USER_DEFINED}
    return *_joins(merged), *_pages(symbols), _pairs(model, merged, symbols), identifiers, *_defined(defined, symbols), _bytes(model)


def _symbols(texts: dict[int, str], merged: dict[int, str]) -> dict[str, int]:
    """Numbers of what a text may consist of while it is merged: the pieces, and the characters in them that are none."""
    characters = [character for text in merged.values() for character in text]
    single = [text for text in texts.values() if len(text) == 1]
    return {text: number for number, text in enumerate(dict.fromkeys([*characters, *single, *merged.values()]))}


def _joins(merged: dict[int, str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """[2^14], [2^JOIN_BITS] whether any piece holds two adjacent characters: of ASCII ones, and of others by a hash, which errs to the safe side alone."""
    plain, hashed = np.zeros(1 << 14, np.bool_), np.zeros(1 << JOIN_BITS, np.bool_)
    pairs = {pair for text in merged.values() for pair in zip(text, text[1:], strict=False)}
    for first, second in pairs:
        if first < "\x80" and second < "\x80":
            plain[ord(first) << 7 | ord(second)] = True
        else:
            hashed[join_place(ord(first), ord(second))] = True
    return plain, hashed


def _pages(symbols: dict[str, int]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The symbol of a character, or UNKNOWN_SYMBOL, in pages: symbol = symbols[pages[character >> PAGE_BITS] + low bits]."""
    size = 1 << PAGE_BITS
    single = {ord(text): number for text, number in symbols.items() if len(text) == 1}
    used = sorted({character >> PAGE_BITS for character in single})
    starts = np.zeros((LAST_CHARACTER >> PAGE_BITS) + 1, np.int32)
    starts[used] = size * np.arange(1, len(used) + 1)
    held = np.full(size * (len(used) + 1), UNKNOWN_SYMBOL, np.int32)
    for character, number in single.items():
        held[starts[character >> PAGE_BITS] + (character & size - 1)] = number
    return starts, held


def _pairs(model: ModelFile, merged: dict[int, str], symbols: dict[str, int]) -> npt.NDArray[np.uint64]:
    """Which two symbols become which one, and when: rank 0 is merged first; equal scores are one rank."""
    ranks = np.unique(-model.scores, return_inverse=True)[1].tolist()
    entries = [entry for number, text in merged.items() for entry in _splits(text, symbols, ranks[number])]
    return pair_slots(np.array(entries, np.uint64).reshape(-1, 2))


def _splits(text: str, symbols: dict[str, int], rank: int) -> Iterator[tuple[int, int]]:
    value = rank << 32 | symbols[text]
    for place in range(1, len(text)):
        first, second = symbols.get(text[:place]), symbols.get(text[place:])
        if first is not None and second is not None:
            yield first << 32 | second, value


def _defined(defined: dict[int, str], symbols: dict[str, int]) -> tuple[npt.NDArray[np.int32], ...]:
    """User-defined pieces by their first symbol, the longest first: [symbols + 1] the first of each symbol, [pieces + 1] offsets, characters, ids."""
    order = sorted(defined, key=lambda number: (symbols[defined[number][0]], -len(defined[number])))
    texts = [defined[number] for number in order]
    starts = np.searchsorted([symbols[text[0]] for text in texts], np.arange(len(symbols) + 1))
    offsets = np.cumsum([0, *map(len, texts)])
    characters = [ord(character) for text in texts for character in text]
    return starts.astype(np.int32), offsets.astype(np.int32), np.array(characters, np.int32), np.array(order, np.int32)


def _bytes(model: ModelFile) -> npt.NDArray[np.int32]:
    """[256] the piece of each byte, or [1] the unknown piece where the model has no fallback to bytes."""
    if not model.trainer["byte_fallback"]:
        return np.flatnonzero(model.types == UNKNOWN).astype(np.int32)
    numbers = {piece: number for number, piece in enumerate(model.pieces)}
    return np.array([numbers[f"<0x{byte:02X}>"] for byte in range(256)], np.int32)


