"""Pages with words of a list (C4's bad-word filter; spec 4.4). The list is an input: a file of one entry a line, one file a language (LDNOOBW).

The pattern of the reference, on the lower-cased text: an entry between characters that are no word characters, or the ends of the text; in
Japanese, Thai and Chinese an entry anywhere. `old` is the pattern that made the released C4. The loops are in `transforms.kernels.bad_words`.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.texts import Texts

UNSPACED = ("ja", "th", "zh")  # code: c4_utils.get_badwords_filter_fn, languages without spaces between words
ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType(  # code: c4.py _BADWORDS_ALLOWLIST
    {"ja": frozenset({"sm", "\u30b0\u30ed", "\u5973\u306e\u5b50"}), "zh": frozenset({"\u6027"})}
)
OPERATORS = frozenset(".^$*+?{}[]\\|()")
CODE_POINTS = 0x110000


class BadWords:
    """Looks for the entries of the list `text`, one a line, in texts of `language` (its code, such as en).

    Entries are stripped; blank lines and allowed entries are left out; an entry with upper case matches nothing, as the text is lower-cased.
    `old`: each line alone, entries between characters other than a to z, so never at a line's start or end. ValueError where the list has
    no entry, or where `old` meets an entry with characters that are operators of regular expressions: that pattern does not escape them.
    """

    def __init__(self, text: str, language: str, old: bool = False) -> None:
        stripped = dict.fromkeys(line.strip() for line in text.split("\n"))
        allowed = ALLOWED.get(language, frozenset())
        self.entries = tuple(entry for entry in stripped if entry and entry not in allowed)
        if not self.entries:
            raise ValueError(f"expected a list of bad words for {language}, one a line, found no entry")
        if old and (wrong := [entry for entry in self.entries if OPERATORS & set(entry)]):
            raise ValueError(f"the old pattern takes entries as regular expressions; found {wrong[0]!r}: use the new one, or another list")
        from transforms.kernels.bad_words import ANYWHERE, BETWEEN, WITHIN

        self._where = WITHIN if old else ANYWHERE if language in UNSPACED else BETWEEN
        self._flanks = _no_small_letters() if old else _no_word_characters()
        self._tree = _tree(self.entries)

    def hits(self, texts: Texts) -> list[str | None]:
        """[documents] The entry of the first match, the first in the list where several begin there; None where there is none."""
        from transforms.kernels.bad_words import NONE, find_entries

        lowered = Texts(_lowered(texts))
        found = np.empty(len(texts), np.int32)
        find_entries(lowered.buffer, np.ascontiguousarray(lowered.offsets), self._flanks, self._tree, self._where, found)
        return [None if number == NONE else self.entries[number] for number in found.tolist()]


def _lowered(texts: Texts) -> pa.StringArray:
    """The texts with those beyond ASCII in lower case, as this Python has it; the kernel lower-cases ASCII by itself."""
    beyond = pc.invert(pc.string_is_ascii(texts.array))
    lowered = [text.lower() for text in cast(list[str], texts.array.filter(beyond).to_pylist())]
    return pc.replace_with_mask(texts.array, beyond, pa.array(lowered, pa.string())) if lowered else texts.array


def _tree(entries: tuple[str, ...]) -> tuple[npt.NDArray[Any], ...]:
    """What `transforms.kernels.bad_words` reads."""
    from transforms.kernels.bad_words import NONE

    encoded = [entry.encode() for entry in entries]
    used = sorted(set(b"".join(encoded)))
    columns = np.zeros(256, np.uint8)
    columns[used] = np.arange(1, len(used) + 1)
    nodes: list[dict[int, int]] = [{}]
    ends = [NONE]
    for number, word in enumerate(encoded):
        node = 0
        for byte in word:
            node = nodes[node].setdefault(columns[byte], len(nodes))
            if node == len(nodes):
                nodes.append({})
                ends.append(NONE)
        ends[node] = number
    nexts = np.zeros((len(nodes), len(used) + 1), np.int32)
    for node, children in enumerate(nodes):
        for column, child in children.items():
            nexts[node, column] = child
    for byte in range(ord("A"), ord("Z") + 1):  # which also puts entries with capitals out of reach
        columns[byte] = columns[byte | 0x20]
    return nexts, np.array(ends, np.int32), columns


@cache
def _no_word_characters() -> npt.NDArray[np.uint8]:
    r"""Per code point, whether it is `\W` for this Python."""
    every = np.arange(CODE_POINTS, dtype="<u4")
    every[0xD800:0xE000] = 0
    flanks = np.zeros(CODE_POINTS, np.uint8)
    flanks[[match.start() for match in re.finditer(r"\W", every.tobytes().decode("utf-32-le"))]] = 1
    return flanks


@cache
def _no_small_letters() -> npt.NDArray[np.uint8]:
    """Per code point, whether it is `[^a-z]`; capitals are small letters here, as the text is lower-cased."""
    flanks = np.ones(CODE_POINTS, np.uint8)
    flanks[ord("a") : ord("z") + 1] = flanks[ord("A") : ord("Z") + 1] = 0
    return flanks
