"""A keyed permutation of 0 .. size - 1: where any place goes, computed by itself, so that a shuffle of any size needs no memory and has no state.

A Feistel network over a x b values, a = ceil(sqrt(size)) and b = ceil(size / a): a place is (left, right), and each round adds a
keyed hash of one half to the other, modulo a or b in turn. Each round can be undone, so the whole permutes the a x b values.
The few of them that are not below size are sent through it again until they are (cycle walking), which permutes those below size.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Unsigned = npt.NDArray[np.uint64]
RoundKeys = tuple[np.uint64, ...]
Rounds = Callable[[Unsigned, int, int, RoundKeys], Unsigned]

ROUNDS = 8
"""ours: one more than shows any bias in where two places go together, at sizes over SMALL and with a million keys (6 rounds still do). It is also
what one BLAKE2b digest gives keys for."""
SMALL = 256
"""ours: up to this size the places are sorted by their hashes, which makes all orders alike: so few values would need some 16 rounds, and where a and
b are odd no number of rounds gives every order."""
LARGEST = 2**62
"""ours: both halves fit 32 bits, so one multiplication brings a hash into range."""


def permute(places: npt.NDArray[Any], size: int, key: int) -> Integers:
    """[n] places from 0 to size - 1 -> [n] where each goes.

    `key`: 0 to 2^128 - 1, see `key_of`. The same places, size and key give the same on every machine. ValueError for what is out of range.
    """
    _check(places, size)
    if size <= SMALL:
        return _sorted_places(size, key).take(places)
    return _walk(places, size, key, _forwards)


def unpermute(values: npt.NDArray[Any], size: int, key: int) -> Integers:
    """[n] values from 0 to size - 1 -> [n] the places that `permute` sends there: its inverse, with its errors."""
    _check(values, size)
    if size <= SMALL:
        return np.argsort(_sorted_places(size, key)).take(values)
    return _walk(values, size, key, _backwards)


def key_of(*parts: int | str) -> int:
    """A key of 128 bits made of a seed, a source's name, an epoch, ...: the same on every machine. Other parts, or the same in another order, give another."""
    return int.from_bytes(hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest(), "little")


def _check(places: npt.NDArray[Any], size: int) -> None:
    if not 1 <= size <= LARGEST:
        raise ValueError(f"expected a size from 1 to 2^62, found {size}")
    if len(places) and not 0 <= places.min() <= places.max() < size:
        raise ValueError(f"expected places from 0 to {size - 1}, found {places.min()} to {places.max()}")


@lru_cache(maxsize=1024)
def _round_keys(key: int, size: int) -> RoundKeys:
    if not 0 <= key < 2**128:
        raise ValueError(f"expected a key from 0 to 2^128 - 1, such as key_of gives, found {key}")
    digest = hashlib.blake2b(key.to_bytes(16, "little") + size.to_bytes(8, "little"), digest_size=8 * ROUNDS).digest()
    return tuple(np.frombuffer(digest, "<u8"))


def _sorted_places(size: int, key: int) -> Integers:
    """[size] all places in the order of their hashes."""
    return np.argsort(_mix(np.arange(size, dtype=np.uint64), _round_keys(key, size)[0]), kind="stable")


def _walk(places: npt.NDArray[Any], size: int, key: int, rounds: Rounds) -> Integers:
    a = math.isqrt(size - 1) + 1
    b = -(-size // a)
    keys = _round_keys(key, size)
    values = rounds(places.astype(np.uint64), a, b, keys)
    beyond = np.flatnonzero(values >= size)
    while len(beyond):
        values[beyond] = rounds(values[beyond], a, b, keys)
        beyond = beyond[values[beyond] >= size]
    return values.astype(np.int64)


def _forwards(values: Unsigned, a: int, b: int, keys: RoundKeys) -> Unsigned:
    left, right = np.divmod(values, np.uint64(b))
    for number, key in enumerate(keys):
        if number % 2:
            _add(right, _below(b, left, key), b)
        else:
            _add(left, _below(a, right, key), a)
    return left * np.uint64(b) + right


def _backwards(values: Unsigned, a: int, b: int, keys: RoundKeys) -> Unsigned:
    left, right = np.divmod(values, np.uint64(b))
    for number, key in reversed(list(enumerate(keys))):
        if number % 2:
            _add(right, np.uint64(b) - _below(b, left, key), b)
        else:
            _add(left, np.uint64(a) - _below(a, right, key), a)
    return left * np.uint64(b) + right


def _add(half: Unsigned, addend: Unsigned, modulus: int) -> None:
    """half = (half + addend) mod modulus, in place; the addend is at most the modulus."""
    half += addend
    half -= np.uint64(modulus) * (half >= modulus)


def _below(modulus: int, half: Unsigned, key: np.uint64) -> Unsigned:
    """[n] a keyed hash of each value, below `modulus`: the high 32 bits, scaled."""
    hashed = _mix(half, key)
    hashed >>= np.uint64(32)
    hashed *= np.uint64(modulus)
    hashed >>= np.uint64(32)
    return hashed


def _mix(values: Unsigned, key: np.uint64) -> Unsigned:
    """[n] 64-bit hashes: the finaliser of SplitMix64 (Steele, Lea and Flood 2014; constants by Stafford) over value and key."""
    mixed = values ^ key
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
