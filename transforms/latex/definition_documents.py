"""LaTeX's newer definitions, `\\NewDocumentCommand{\\name}{s O{x} m}{...}` (package xparse, in the kernel since 2020), and what they ask of their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable

from transforms.latex.definition_environments import define_environment
from transforms.latex.definition_targets import body_of, target_of
from transforms.latex.expansion_meanings import Own, Primitive
from transforms.latex.expansion_state import Expander
from transforms.latex.macros import Macro, Parameter

MISSING = "-NoValue-"
_SPECIFIER = re.compile(
    r"\s*+[+!]?\s*+(?:(?P<m>m)|(?P<s>s)|t\\?(?P<t>\S)|(?P<o>o)|O\s*+\{(?P<O>(?:[^{}]++|\{[^{}]*+\})*+)\}"
    r"|d(?P<d>[^\s{}\\]{2})|D(?P<D>[^\s{}\\]{2})\s*+\{(?P<default>(?:[^{}]++|\{[^{}]*+\})*+)\})"
)


def parameters_of(specification: str) -> tuple[Parameter, ...] | None:
    """The parameters that a specification asks for; None where there are more than nine, TeX's most, or one of a kind that is not known here (processors,
    embellishments, `v`)."""
    parameters: list[Parameter] = []
    specification = specification.rstrip()
    position = 0
    while position < len(specification):
        if len(parameters) == 9:
            return None
        found = _SPECIFIER.match(specification, position)
        if found is None:
            return None
        position = found.end()
        if found["m"]:
            parameters.append(Parameter("m"))
        elif found["s"] or found["t"]:
            parameters.append(Parameter("s", marks=found["t"] or "*"))
        elif found["d"] or found["D"]:
            parameters.append(Parameter("d", MISSING if found["d"] else found["default"], found["d"] or found["D"]))
        else:
            parameters.append(Parameter("o", MISSING if found["o"] else found["O"]))
    return tuple(parameters)


def document_command(only_if_new: bool) -> Callable[[Expander, str], None]:
    def define(state: Expander, command: str) -> None:
        place = state.place()
        name = target_of(state)
        specification = state.argument() if name else None
        parameters = parameters_of(specification) if specification is not None else None
        body = body_of(state) if parameters is not None else None
        if name is None or parameters is None or body is None:
            return state.leave(command, place, "no name, no body, or arguments of a kind that is not known here")
        if not (only_if_new and isinstance(state.meanings.get(name), Own)):
            state.define_macro(name, Macro.of(parameters, body, state.letters, robust=True))
        return None

    return define


def document_environment(state: Expander, command: str) -> None:
    place = state.place()
    name = state.argument()
    specification = state.argument() if name else None
    parameters = parameters_of(specification) if specification is not None else None
    first = body_of(state) if parameters is not None else None
    last = body_of(state) if first is not None else None
    if name is None or parameters is None or first is None or last is None:
        return state.leave(command, place, "no name, no body, or arguments of a kind that is not known here")
    return define_environment(state, name, Macro.of(parameters, first, state.letters), Macro.of(parameters, last, state.letters))


def _asked(holds: Callable[[str], bool | None], branches: str) -> Callable[[Expander, str], None]:
    """A test of one argument with the branches T, F or both; it stays as written where the argument is not one that was read here."""

    def choose(state: Expander, command: str) -> None:
        place = state.place()
        letters, value = state.letters, state.argument()
        answer = holds(value.strip()) if value is not None else None
        texts = {branch: state.argument() for branch in branches} if answer is not None else {}
        if answer is None or None in texts.values():
            return state.leave(command, place, "what it asks for is not known")
        return state.push(texts.get("T" if answer else "F") or "", letters)

    return choose


def _is_true(value: str) -> bool | None:
    return {r"\BooleanTrue": True, r"\BooleanFalse": False}.get(value)


def _tests() -> dict[str, Primitive]:
    made = {}
    for branches in ("TF", "T", "F"):
        made[f"IfBoolean{branches}"] = Primitive(_asked(_is_true, branches))
        made[f"IfNoValue{branches}"] = Primitive(_asked(lambda value: value == MISSING, branches))
        made[f"IfValue{branches}"] = Primitive(_asked(lambda value: value != MISSING, branches))
    return made


DOCUMENT_DEFINERS: dict[str, Primitive] = {
    **{
        f"{kind}{expandable}DocumentCommand": Primitive(document_command(kind == "Provide"))
        for kind in ("New", "Renew", "Provide", "Declare")
        for expandable in ("", "Expandable")
    },
    **{f"{kind}DocumentEnvironment": Primitive(document_environment) for kind in ("New", "Renew", "Provide", "Declare")},
    **_tests(),
}
