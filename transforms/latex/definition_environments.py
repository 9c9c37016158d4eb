"""Own environments: their definitions always go from the text; their uses are replaced if asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from transforms.latex.definition_targets import body_of
from transforms.latex.expansion_meanings import Own, Primitive
from transforms.latex.expansion_state import Expander
from transforms.latex.macros import Macro, latex_parameters

_NAME = re.compile(r"\s*+\{([^{}\\]*+)\}")
_NUMBER = re.compile(r"\s*([0-9])\s*\Z")
_CLOSE = "\ufdd1"
"""A control symbol that no paper has: where the group of an environment ends behind its last text."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An own environment; `last` is read with the arguments of `first`."""

    first: Macro
    last: Macro


@dataclass(frozen=True, slots=True)
class Open:
    """An environment whose end is still to come, and the one around it."""

    name: str
    arguments: tuple[str, ...]
    around: Open | None


def newenvironment(only_if_new: bool) -> Callable[[Expander, str], None]:
    """`\\newenvironment{name}[number][default]{first}{last}` and its kin."""

    def define(state: Expander, command: str) -> None:
        place = state.place()
        if state.skip_blanks() == "*":
            state.position += 1
        name = state.argument()
        count = state.bracketed() if name else None
        default = state.bracketed() if count is not None else None
        number = _NUMBER.match(count or "0")
        first = body_of(state) if name and number else None
        last = body_of(state) if first is not None else None
        if name is None or number is None or first is None or last is None:
            return state.leave(command, place, "no name, no number of arguments or no body")
        parameters = latex_parameters(int(number[1]), default)
        if not (only_if_new and name in state.environments):
            define_environment(state, name, Macro.of(parameters, first, state.letters), Macro.of(parameters, last, state.letters))
        return None

    return define


def define_environment(state: Expander, name: str, first: Macro, last: Macro) -> None:
    """Keeps an environment for use, if uses are to be replaced. Its definition counts for the whole text that follows."""
    state.defined += 1
    if state.expand_environments and name.strip() not in ("document", "verbatim"):
        state.environments[name.strip()] = Environment(first, last)


def _begin(state: Expander, command: str) -> None:
    place = state.place()
    environment = _named(state)
    if environment is None:
        return state.write(f"\\{command}")
    name, found = environment
    state.count()
    arguments = state.arguments(found.first)
    if arguments is None:
        state.left[name] += 1
        return state.leave(command, place, f"the arguments of {name} are not there")
    state.scan_groups()
    state.group_depth += 1
    state.open = Open(name, tuple(arguments), state.open)
    state.internal = state.internal or found.first.letters
    return state.push(state.filled(found.first.parts, arguments), found.first.letters)


def _end(state: Expander, command: str) -> None:
    place = state.place()
    environment = _named(state)
    if environment is None:
        return state.write(f"\\{command}")
    if state.open is None or state.open.name != environment[0]:
        state.go(place)
        return state.write(f"\\{command}")
    opened, last = state.open, environment[1].last
    state.open = opened.around
    return state.push(f"{state.filled(last.parts, opened.arguments)}\\{_CLOSE}", last.letters)


def _close(state: Expander, name: str) -> None:
    if state.depth == 0:
        return state.write(f"\\{name}")
    state.scan_groups()
    state.group_depth = max(0, state.group_depth - 1)
    return state.end_locals()


def _named(state: Expander) -> tuple[str, Environment] | None:
    """The own environment whose name in braces comes next; None, and nothing is read, where it is none.

    As LaTeX does, a pair of macros `\\name` and `\\endname` is an environment too.
    """
    place = state.place()
    command = state.name()
    if command is not None:  # \begin\name, where \name is an environment's name
        state.go(place)
        letters, made = state.letters, state.expanded(state.token(), state.letters)
        state.push(f"{{{made}}}", letters)
    found = _NAME.match(state.text, state.position)
    if found is None:
        return None
    name = found[1].strip()
    environment = state.environments.get(name)
    meaning = state.meanings.get(name)
    if environment is None and isinstance(meaning, Own):
        end = state.meanings.get(f"end{name}")
        environment = Environment(meaning.macro, end.macro if isinstance(end, Own) else Macro((), ()))
    if environment is None:
        return None
    state.position = found.end()
    return name, environment


EDGES = {"begin": Primitive(_begin), "end": Primitive(_end), _CLOSE: Primitive(_close)}
