"""Licences by their names: in a text too short to be a licence, in SPDX tags, in the keys of GitHub, and in the names of licence files."""

from __future__ import annotations

import re
from functools import cache

SHORT = 200
"""Words of the longest text in which a licence's name counts. ours: a longer one without any licence's text is a licence that is not known."""

_GPL = r"GNU (?:General Public|GPL)|GPL"
_VERSION = r"(?: ?\w* Licen[sc]e)?(?: \(\w+\))?[ ,-]*(?:\(?v(?:ersion)?)?[ .]?"
_NAMES: tuple[tuple[str, str], ...] = (
    ("Apache-2.0", rf"Apache(?: Software| Foundation)*{_VERSION}2(?:\.0)?\b"),
    ("BSD-2-Clause", r"(?:2|two)[- ]clause (?:\w+ )?BSD|BSD[- ](?:License )?\(?(?:2|two)[- ]clause|(?:Simplified|Free) ?BSD"),
    ("BSD-3-Clause", r"(?:3|three)[- ]clause (?:\w+ )?BSD|BSD[- ](?:License )?\(?(?:3|three)[- ]clause|(?:New|Modified|Revised)[- ]BSD"),
    ("BSD-4-Clause", r"(?:4|four)[- ]clause (?:\w+ )?BSD|BSD[- ](?:License )?\(?(?:4|four)[- ]clause|Original[- ]BSD"),
    ("MIT-0", r"MIT-0\b|MIT No Attribution"),
    ("MIT", r"(?-i:\bMIT\b)(?!-0| No Attr)|\bMIT[- /]Licen[sc]e|\bExpat Licen[sc]e"),
    ("ISC", r"(?-i:\bISC\b)"),
    ("Zlib", r"\bzlib(?:/libpng)? licen[sc]e"),
    ("Unlicense", r"\bunlicen[sc]e\b"),
    ("CC0-1.0", r"\bCC0\b"),
    ("BSL-1.0", r"\bBoost Software Licen[sc]e|\bBSL-1\.0"),
    ("MPL-2.0", rf"\b(?:MPL|Mozilla Public){_VERSION}2(?:\.0)?\b"),
    ("EPL-1.0", rf"\b(?:EPL|Eclipse Public){_VERSION}1(?:\.0)?\b"),
    ("AGPL-3.0", r"\bAGPL|\bAffero"),
    ("LGPL-2.0-or-later", r"\bLGPL|\b(?:Lesser|Library) (?:GNU )?(?:General Public|GPL)"),
    ("GPL-2.0", rf"\b(?:{_GPL}){_VERSION}2(?:\.0)?\b"),
    ("GPL-3.0", rf"\b(?:{_GPL}){_VERSION}3(?:\.0)?\b"),
    ("GPL-1.0-or-later", rf"\b(?:{_GPL})\b(?!{_VERSION}[23])"),
)
"""What each licence is called. "BSD" alone is none: it does not say which. A GPL of no stated version is any, as its text says."""
_PATTERNS = tuple((name, re.compile(pattern, re.I)) for name, pattern in _NAMES)
_SPACE = re.compile(r"\s+")

_TAG = re.compile(r"SPDX-Licen[sc]e-Identifier:[ \t]*([\w.+() \t-]*[\w.+)])", re.I)

_LICENCES = "mit x11 expat apache asl bsd gpl lgpl agpl mpl epl cddl isc zlib boost bsl cc0 unlicense unlicence wtfpl artistic"
_FILES = "license licence licenses licences unlicense unlicence copying"
_OTHERS = (
    "lesser lib library cc by sa nc nd ofl psf un the new v clause simplified x software project code doc docs documentation content data font fonts"
    " txt text md markdown rst html htm adoc asciidoc org rtf"
)
_NAMED_AFTER, _STEMS = frozenset(_LICENCES.split()), frozenset(_FILES.split())
_ALLOWED = _NAMED_AFTER | _STEMS | frozenset(_OTHERS.split())
"""What may stand in the name of a licence file, besides numbers."""
_FILE_NAME = re.compile(r"[\w.() -]+")
_PIECE = re.compile(r"[a-z]+(?:\d+(?![\d._]))?|\d+")


def named(text: str) -> tuple[str, ...]:
    """SPDX identifiers of the licences that a short text names, sorted; none for a longer text than `SHORT` words. Case counts for MIT and ISC."""
    flat = _SPACE.sub(" ", text[: 20 * SHORT]).strip()
    if len(text) > 20 * SHORT or flat.count(" ") >= SHORT:
        return ()
    return tuple(sorted(name for name, pattern in _PATTERNS if pattern.search(flat)))


def tags(text: str) -> tuple[str, ...]:
    """What follows `SPDX-License-Identifier:` in the text, each distinct expression once, in order."""
    return tuple(dict.fromkeys(_SPACE.sub(" ", match.group(1)).strip() for match in _TAG.finditer(text)))


def key(name: str | None) -> str | None:
    """The SPDX identifier that a key of GitHub and BigQuery (`mit`, `bsd-3-clause`) stands for, in any case; None where there is none (`other`, null)."""
    return _identifiers().get(name.strip().lower()) if name else None


def is_licence_file(path: str) -> bool:
    """Whether a file's name says that it holds a licence: LICENSE, COPYING.LESSER, LICENSE-MIT.txt, MIT-LICENSE, UNLICENSE, license.html.

    Not COPYRIGHT, NOTICE or AUTHORS, which name holders, nor names of other words (license_test.txt, licenses.json, LICENSE-THIRD-PARTY).
    """
    name = path.rpartition("/")[2]
    words = set(_words(name))
    return not words.isdisjoint(_STEMS) and words <= _ALLOWED and _FILE_NAME.fullmatch(name) is not None


def is_alternative(path: str) -> bool:
    """Whether a licence file bears a licence's name (LICENSE-MIT, MIT-LICENSE, UNLICENSE): where a folder has two of these, they are a choice.

    Creative Commons but for CC0 is not among them: LICENSE-MIT and LICENSE-CC-BY are for code and for text.
    """
    return not _NAMED_AFTER.isdisjoint(_words(path.rpartition("/")[2]))


def _words(name: str) -> list[str]:
    """The words of a file's name in lower case, without numbers: of `LICENSE-Apache2_0.txt` license, apache, txt."""
    found = (word if word in _NAMED_AFTER else word.rstrip("0123456789") for word in _PIECE.findall(name.lower()))
    return [word for word in found if word]


@cache
def _identifiers() -> dict[str, str]:
    import spdx

    return {name.lower(): name for name in ["MIT-0", *(record["id"] for record in spdx._licenses)]}
