"""What follows a defining command: the name that is defined, and its replacement."""

from __future__ import annotations

import re

from transforms.latex.expansion_state import Expander
from transforms.latex.macros import MARK

_NAME = {False: re.compile(r"\s*\\([A-Za-z]+|[^A-Za-z])\s*\Z"), True: re.compile(r"\s*\\([A-Za-z@]+|[^A-Za-z@])\s*\Z")}
_LONGEST_NAME = 1_000  # ours: characters between \csname and \endcsname; some ten in real papers, conditionals among them
_MOST_PREFIXES = 20  # ours: \expandafter before a name; real ones are three


def target_of(state: Expander) -> str | None:
    """The name of the control sequence that comes next: `\\name`, `{\\name}` or `\\csname ...\\endcsname`; None, and nothing is read, if none does."""
    place = state.place()
    if state.skip_blanks() == "{":
        inner = state.group()
        found = _NAME[state.letters].match(inner) if inner else None
        if found is None:
            state.go(place)
            return None
        return found[1]
    name = state.name()
    for _ in range(_MOST_PREFIXES):
        if name != "expandafter":
            break
        name = state.name()
    if name == "csname":
        name = constructed_name(state)
    if name is None or name == "endcsname":
        state.go(place)
        return None
    return name


def constructed_name(state: Expander) -> str | None:
    """The characters between `\\csname` and `\\endcsname`, with what they hold expanded; None where they are no plain characters, or have no end here."""
    end = state.text.find("\\endcsname", state.position, state.position + _LONGEST_NAME)
    if end < 0:
        return None
    inner = state.text[state.position : end]
    letters = state.letters
    state.spend(len(inner))
    state.position = end + len("\\endcsname")
    if "\\" in inner:
        inner = state.expanded(inner, letters)
    inner = inner.strip()
    return inner if inner and not re.search(r"[\\{}\s]", inner) else None


def body_of(state: Expander) -> str | None:
    """The replacement text that comes next, its verbatim stretches as they were written; of `\\expandafter{`, with its first token expanded."""
    place = state.place()
    if state.skip_blanks() == "\\" and state.name() == "expandafter" and state.peek() == "{":
        inner = state.group()
        body = None if inner is None else state.expanded_once(inner)
    else:
        state.go(place)
        body = state.argument()
    if body is None or MARK not in body:
        return body
    body = state.restored(body)
    state.spend(len(body))
    return body
