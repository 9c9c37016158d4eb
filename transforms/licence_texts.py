"""Which licences' full texts stand in a text: shares of word 4-grams against SPDX's reference texts.

The reference texts come with the package `spdx` (322 licences of SPDX list 2.5). Its companion `spdx-lookup` compares *sets of words* of the whole
file: no file of two licences is ever named, BSD-2-Clause and BSD-3-Clause differ by few words, and a text takes 180 ms. Here a text is looked up in one
index of all references, in 0.5 ms (MIT) to 5 ms (GPL-3.0), whatever its title, holders, line breaks or bullets, and each licence of several is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Grams = npt.NDArray[np.uint64]

GRAM = 4
"""Words in a gram. ours: of 35 texts from another collection, 3 takes EUPL-1.2 for 1.1, and 5 loses NCSA; a changed word costs as many grams."""
CONTAINED = 0.9
"""Share of a licence's grams that a text must hold. ours: texts of the right licence at hand hold 0.90 (NCSA, with a holder's name in its clauses)
to 1; 0.82 of MIT's near relative Xnet stand in an MIT text, 0.89 of GPL-3.0's relative AGPL-3.0, which loses against it."""
OWN = 0.25
"""Share of those that no licence named before it has: BSD-2-Clause is all in BSD-3-Clause, 0.4 of MIT is not in NCSA. ours."""

APPENDIX = re.compile(r"END OF TERMS AND CONDITIONS", re.I)
"""What follows tells how to apply the licence (Apache, GPL) and is often left off: it may be there or not."""
FIXED_HOLDER = {"ISC": "ISC"}
"""A holder's name that stands in the package's text as if it were part of the licence."""
SAME = {"BSD-2-Clause-FreeBSD": "BSD-2-Clause", "BSD-2-Clause-NetBSD": "BSD-2-Clause", "MPL-2.0-no-copyleft-exception": "MPL-2.0"}
"""Identifiers whose text is another's: SPDX gave up the first two; the third differs by a choice that the text does not record."""

_WORD = re.compile(r"[a-z]{2,}")
_VARIABLE = re.compile(r"<<var;name=.*?;original=(.*?);match=.*?>>", re.S)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Found:
    """The licences whose texts stand in a text, and its words that are in none of them."""

    identifiers: tuple[str, ...]
    rest: str
    """Lower-case words of letters alone, joined by spaces; what lies between two of them may have been cut out."""


@dataclass(frozen=True)
class _References:
    identifiers: list[str]
    vocabulary: dict[str, int]
    grams: Grams
    """[grams] Sorted, distinct."""
    places: Ints
    """[grams + 1] Where each gram's owners begin."""
    owners: Ints
    """[owners] Number of the licence that holds the gram."""
    required: npt.NDArray[np.bool_]
    """[owners] Whether the licence must hold it; the usual wording of a holder's name may be there or not."""
    sizes: Ints
    """[licences] How many grams it must hold."""


def find(text: str) -> Found:
    """The licences whose texts are in `text`, sorted, and the words outside them. Linear in the text."""
    references = _references()
    words = _words(text)
    grams = _grams(words, references.vocabulary)
    covered = np.zeros(len(words), bool)
    names = []
    for licence, places in _accepted(references, grams):
        names.append(references.identifiers[licence])
        for shift in range(GRAM):
            covered[places + shift] = True
    rest = [word for word, inside in zip(words, covered.tolist(), strict=True) if not inside]
    return Found(tuple(sorted({SAME.get(name, name) for name in names})), " ".join(rest))


def _accepted(references: _References, grams: Grams) -> Iterator[tuple[int, Ints]]:
    """The licences in a text of `grams`, best first, each with the places of its grams.

    The best has most grams, less those that it lacks: of BSD's family the one whose clauses are all there and that has no clause too many.
    """
    known = np.searchsorted(references.grams, grams).clip(max=len(references.grams) - 1)
    where = np.flatnonzero(references.grams[known] == grams)
    present = np.unique(known[where])
    taken = np.zeros(len(references.grams), bool)
    slots = _slots(references, present)
    owners, required, held = references.owners[slots], references.required[slots], np.repeat(present, np.diff(references.places)[present])
    number = len(references.identifiers)
    matched = np.bincount(owners[required], minlength=number)
    scores = matched + np.bincount(owners, minlength=number) - references.sizes
    scores[matched < CONTAINED * references.sizes] = -1
    while (best := int(scores.argmax())) >= 0 and scores[best] >= 0:
        mine = held[owners == best]
        if np.count_nonzero(~taken[mine]) >= OWN * len(mine):
            taken[mine] = True
            yield best, where[np.isin(known[where], mine)]
        scores[best] = -1


def _slots(references: _References, present: Ints) -> Ints:
    """[owners] The places in `owners` that belong to the grams `present`, in order."""
    starts, counts = references.places[present], np.diff(references.places)[present]
    slots: Ints = np.arange(counts.sum()) + np.repeat(starts - np.append(0, np.cumsum(counts))[:-1], counts)
    return slots


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("licence", "license").replace("and/or", "and"))


def _grams(words: list[str], vocabulary: dict[str, int]) -> Grams:
    """[words - 3] A number for each four words in a row; those with a word of no reference match nothing (but for 1 in 10**13)."""
    codes = np.array([vocabulary.get(word, 0) for word in words], np.uint64)
    count = max(0, len(codes) - GRAM + 1)
    grams = np.zeros(count, np.uint64)
    for shift in range(GRAM):
        grams = (grams + codes[shift : shift + count]) * _MULTIPLIER
        grams ^= grams >> np.uint64(29)
    return grams


@cache
def _references() -> _References:
    """The index of all texts of the package: 0.3 s, once in a process."""
    import spdx

    identifiers, texts = [], []
    for record in spdx._licenses:
        identifiers.append(record["id"])
        text = spdx.License(record).template
        holder = FIXED_HOLDER.get(record["id"])
        texts.append(re.sub(rf"\b{holder}\b", "<<var;name=holder;original=the author;match=.+>>", text) if holder else text)
    vocabulary: dict[str, int] = {}
    for text in texts:
        for word in _words(_VARIABLE.sub(r" \1 ", text)):
            vocabulary.setdefault(word, len(vocabulary) + 1)

    grams, owners, required = [], [], []
    for number, text in enumerate(texts):
        pieces = _VARIABLE.split(APPENDIX.split(text)[0])[::2]
        fixed = np.unique(np.concatenate([_grams(_words(piece), vocabulary) for piece in pieces]))
        usual = np.setdiff1d(_grams(_words(_VARIABLE.sub(r" \1 ", text)), vocabulary), fixed)
        grams += [fixed, usual]
        owners.append(np.full(len(fixed) + len(usual), number))
        required.append(np.arange(len(fixed) + len(usual)) < len(fixed))
    every, owner, must = np.concatenate(grams), np.concatenate(owners), np.concatenate(required)
    order = np.argsort(every, kind="stable")
    distinct, places = np.unique(every[order], return_index=True)
    sizes = np.bincount(owner[must], minlength=len(identifiers))
    return _References(identifiers, vocabulary, distinct, np.append(places, len(every)), owner[order], must[order], sizes)
