"""Macros that a paper defines are replaced where it uses them (LLaMA section 2.1: "inline-expanded definitions and macros written by users").

TeX is followed where a reader would notice: definitions count from where they stand, the last one wins, a group ends those made in it, a replacement
is itself expanded, arguments are one token or one group, delimiters and optional arguments are found as TeX finds them. Only names that mean something
here are stopped at; all else is copied. What ours does that TeX does not:

* Blanks behind a macro without arguments stay (`\\R x` gives `\\mathbb{R} x`), but for those behind something that is empty or ends in a blank: TeX drops
  them, which in formulas nobody sees and in text glues words that the author meant to stand apart.
* A line that held nothing but definitions or empty replacements goes with its end, so that no paragraph is made.
* Names of the parts of a paper (`STRUCTURE`) keep their meaning whatever the paper makes of them: readers and later steps go by them.
* What would leave an internal command (a name with `@`) in the text, or stores its argument for later (`\\def\\@title{#1}`), stays as written: it belongs to
  a class, and its name says more than its code.

A use that reaches a bound stays as written. Work is linear: every use has a bound, a macro that reached it once is not tried again, and all uses
together have one in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from transforms.latex import verbatim
from transforms.latex.definition_environments import EDGES, Environment
from transforms.latex.definitions import DEFINERS
from transforms.latex.expansion_conditionals import CONDITIONALS, TAKES_ARGUMENTS, Conditional
from transforms.latex.expansion_meanings import Alias, Meaning, Own
from transforms.latex.expansion_primitives import PRIMITIVES
from transforms.latex.expansion_scope import restored
from transforms.latex.expansion_state import Expander
from transforms.latex.macros import CONTROL, MARK, MOST_NOTES, Bounds, Expanded

__all__ = ["Bounds", "Expanded", "expand"]

BOUNDS = Bounds()
_WORTH_READING = re.compile(
    r"\\(?:new|renew|provide|[gex]?def(?![a-z])|let(?![a-z])|futurelet|Declare|New|Renew|Provide|if|xspace|csname|expandafter|romannumeral|@namedef|cs)"
)
"""What makes a text worth going through: definers, conditionals, and what is replaced wherever it stands."""
_TITLES = ("\\maketitle", "\\begin{abstract}", "\\section", "\\begin{document}")
"""Where title and authors are set, the first that a paper has: AASTeX needs no \\maketitle."""
_CONDITIONAL = re.compile(r"\\(if[A-Za-z@]*)")
_DEFINED = re.compile(r"\\begin\{[A-Za-z]+\*?\}(?:\[[^\]]*\]|\{[^}]*\})*\s*\}")
"""A verbatim environment that begins at the end of a group: part of a definition (`\\newenvironment{code}{\\begin{verbatim}}{\\end{verbatim}}`)."""
_ADDRESS = re.compile(r"\\(url|nolinkurl|path)(?![A-Za-z@])(?:[ \t]*+\{[^{}\\]*+\\(?:[^{}]++|\{[^{}]*+\})*+\}|\|[^|\n]*+\|)")
"""An address that holds a backslash: url prints it as it is written."""
_OWN_ADDRESS = re.compile(r"\\(?:[gex]?def|let|\w*command)\*?\s*+(?:\{\s*+)?\\(url|nolinkurl|path)(?![A-Za-z@])")
_HELD, _LONGEST_HELD = 16, 1 << 20
"""ours: packages of papers whose meanings are held, and their most characters: the classes of publishers (IEEEtran has 280,000) come with many papers."""
_MEANINGS: Mapping[str, Meaning] = {**PRIMITIVES, **CONDITIONALS, **DEFINERS}


def expand(text: str, definitions: str = "", bounds: Bounds = BOUNDS, environments: bool = False) -> Expanded:
    """The paper with every use of what it defines itself replaced, and without the definitions.

    Args:
        text: a whole paper without its comments, preamble included.
        definitions: local packages and classes that the preamble names, without their comments; read first, `@` is a letter in them.
        bounds: when to stop.
        environments: replace own environments too; else their `\\begin` and `\\end` stay, and only their definitions go.

    Gives the text back, untouched, where nothing in it is to be done. Raises nothing on any text. Linear in the two texts.
    """
    if not definitions and not _WORTH_READING.search(text):
        return Expanded(text)
    hidden, stretches = _protected(text)
    state = Expander(bounds, len(text) + len(definitions), environments, stretches)
    read = _read_package if len(definitions) > _LONGEST_HELD else _held_package
    package = read(definitions, bounds, environments)
    state.meanings = dict(package.meanings)
    state.environments = dict(package.environments)
    state.defined = package.defined
    _know_conditionals(state, text)
    out = _with_title(state, state.read(hidden, letters=False))
    return Expanded(
        restored(out, stretches),
        state.defined,
        state.expansions - state.undone,
        dict(state.left),
        tuple(state.notes)[:MOST_NOTES],
    )


def _know_conditionals(state: Expander, text: str) -> None:
    """Every \\if... that a text holds and that means nothing yet may be a conditional."""
    for name in set(_CONDITIONAL.findall(text)):
        for shorter in (name, name.partition("@")[0]):
            if shorter not in TAKES_ARGUMENTS:
                state.meanings.setdefault(shorter, Conditional(None))


class _Package(NamedTuple):
    """What local packages define; nobody changes it, since many papers may bring the same ones."""

    meanings: Mapping[str | None, Meaning]
    environments: Mapping[str, Environment]
    defined: int


def _read_package(definitions: str, bounds: Bounds, environments: bool) -> _Package:
    """Takes the definitions of local packages; what else stands there is no part of the paper."""
    state = Expander(bounds, len(definitions), environments, ())
    state.meanings.update(_MEANINGS)
    if environments:
        state.meanings.update(EDGES)
    _know_conditionals(state, definitions)
    state.package = True
    state.read(definitions, letters=True)
    return _Package(state.meanings, state.environments, state.defined)


_held_package = lru_cache(_HELD)(_read_package)


def _with_title(state: Expander, out: str) -> str:
    """The output with macros that stand before their definition replaced as far as `_TITLES`: title and authors are kept, and set there.

    A name that an own macro gives as the standard's own (`\\let\\old\\vec`) is not replaced: where it stands it is the standard's.
    """
    edge = next((place for title in _TITLES if (place := out.find(title)) >= 0), 0)
    standard = {meaning.written[1:] for meaning in state.meanings.values() if isinstance(meaning, Alias)}
    late = {name: meaning for name, meaning in state.meanings.items() if isinstance(meaning, Own) and name not in standard}
    if late.keys().isdisjoint(CONTROL[False].findall(out, 0, edge)):
        return out
    front = Expander(state.bounds, edge, False, state.stretches)
    front.meanings.update(state.meanings)
    for name in standard:
        front.meanings.pop(name, None)
    text = front.read(out[:edge], letters=False)
    state.expansions, state.undone = state.expansions + front.expansions, state.undone + front.undone
    return text + out[edge:]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, less those that begin in another."""
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _protected(text: str) -> tuple[str, list[str]]:
    """The text with each verbatim stretch as a numbered mark, and the stretches. A mark that the text itself holds is a stretch too."""
    spans = [span for span in verbatim.regions(text) if not _DEFINED.match(text, *span)]
    if "\\url" in text or "\\path" in text:
        redefined = set(_OWN_ADDRESS.findall(text))
        inside = [found.span() for found in _ADDRESS.finditer(text) if found[1] not in redefined and text[found.start() - 1] != "\\"]
        spans = _merged(sorted(spans + inside))
    if MARK in text:
        spans = _merged(sorted([*spans, *(found.span() for found in re.finditer(MARK, text))]))
    if not spans:
        return text, []
    pieces: list[str] = []
    stretches: list[str] = []
    done = 0
    for start, end in spans:
        pieces += (text[done:start], f"{MARK}{len(stretches)}{MARK}")
        stretches.append(text[start:end])
        done = end
    return "".join((*pieces, text[done:])), stretches
