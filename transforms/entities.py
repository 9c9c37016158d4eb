"""HTML's named character references and other names as prefix trees, which kernels walk a byte at a time."""

from collections.abc import Sequence
from functools import cache
from html.entities import html5

import numpy as np
import numpy.typing as npt

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789;"
SYMBOLS = np.zeros(256, np.uint8)
"""[bytes] The column of a byte in a tree; 0, which leads nowhere, for bytes that stand in no name."""
SYMBOLS[list(_ALPHABET)] = np.arange(1, len(_ALPHABET) + 1)
FOLDED = SYMBOLS[[ord(chr(byte).lower()) if byte < 0x80 else byte for byte in range(256)]]
"""[bytes] The same for names whose case does not matter; they stand in the tree in lower case."""

PrefixTree = tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]
"""[nodes, 64] The node that a byte leads to, 0 where no name goes on so (the root is node 0); [nodes] the number of the name that ends there, else -1."""


def prefix_tree(names: Sequence[bytes]) -> PrefixTree:
    """The tree of the names; each ends at the node that holds its place in `names`."""
    children: list[list[int]] = [[0] * 64]
    values = [-1]
    for number, name in enumerate(names):
        node = 0
        for symbol in SYMBOLS[list(name)]:
            if not children[node][symbol]:
                children[node][symbol] = len(children)
                children.append([0] * 64)
                values.append(-1)
            node = children[node][symbol]
        values[node] = number
    return np.array(children, np.int16), np.array(values, np.int16)


@cache
def references() -> tuple[PrefixTree, npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """HTML5's named references (HTML standard, 13.5), those that need no semicolon without it too.

    Returns:
        The tree of the names, as they stand behind `&`; [names + 1] where each one's characters begin in the bytes; the bytes (UTF-8).
    """
    characters = [value.encode() for value in html5.values()]
    offsets = np.append(0, np.cumsum([len(value) for value in characters]))
    return prefix_tree([name.encode() for name in html5]), offsets, np.frombuffer(b"".join(characters), np.uint8)
