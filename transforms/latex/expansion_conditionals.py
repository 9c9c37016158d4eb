"""Conditionals that the paper itself decides: their other branch goes, and `\\if...`, `\\else` and `\\fi` with it. All others stay, with both branches.

Decided: `\\iftrue`, `\\iffalse`, what `\\newif` made and the paper sets, `\\ifx` of own macros and characters, `\\if` of characters, `\\ifnum` of plain
numbers, `\\ifdefined` of own names; by arguments `\\ifthenelse` of `\\boolean` and `\\equal`, etoolbox's flags, `\\@ifundefined`. Not decided: registers,
modes, engines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transforms.latex.definition_targets import constructed_name, target_of
from transforms.latex.expansion_input import Place
from transforms.latex.expansion_meanings import Alias, Condition, Meaning, Own, Primitive
from transforms.latex.expansion_state import Expander
from transforms.latex.macros import CONTROL, Macro, names

TAKES_ARGUMENTS = names(
    "ifthenelse iftoggle ifbool ifdef ifundef ifcsdef ifcsundef ifdefmacro ifdefempty ifdefvoid ifdefstring ifstrequal ifstrempty ifblank ifnotblank "
    "ifnumcomp ifnumequal ifnumgreater ifnumless ifnumodd ifdimgreater ifdimless ifdimequal iffieldundef iffootnote iffloatpage ifpatchable ifinlist "
    "iflanguage ifthispageodd ifstr ifdefequal ifcsequal ifcsempty ifcsvoid ifcsstring ifcsmacro iff ifff"
)
"""Names that begin as conditionals do and have no `\\fi`: they take their branches as arguments. `\\iff` is a symbol."""
_BLANKS = re.compile(r"[ \t]*+")
_PART = re.compile(r"[-+]?\d{1,9}|[<>=]|\s+")
_NUMBERS = re.compile(r"\s*([-+]?\d+)\s*([<>=])\s*([-+]?\d+)(?:\s|\Z)")
_LONGEST_COMPARISON = 100  # ours: characters of two numbers and what stands between them; TeX's have ten digits


@dataclass(frozen=True, slots=True)
class Conditional:
    """A conditional of `\\newif`, or one of TeX's: its state, or None where that is not known."""

    holds: bool | None

    def act(self, state: Expander, name: str) -> None:
        decide(state, name, self.holds)


@dataclass(frozen=True, slots=True)
class Setter:
    """`\\drafttrue` and its kin."""

    target: str
    value: bool

    def act(self, state: Expander, name: str) -> None:
        if state.only_expanding:
            return state.write(f"\\{name}")
        return state.define(self.target, Conditional(self.value))


def decide(state: Expander, name: str, holds: bool | None) -> None:
    """Goes on in the branch that holds; without an answer the conditional stays, and its `\\else` and `\\fi` with it."""
    if holds is None:
        state.conditions = Condition(False, state.conditions)
        return state.write(f"\\{name}")
    if holds:
        state.conditions = Condition(True, state.conditions)
        return _swallow(state)
    place = state.place()
    edge = _skip(state)
    if edge == "else":
        state.conditions = Condition(True, state.conditions)
    elif edge is None:
        return state.leave(name, place, "its \\fi is not there")
    return _swallow(state)


def _swallow(state: Expander) -> None:
    """Blanks behind a control word that went go with it, as in TeX."""
    found = _BLANKS.match(state.text, state.position)
    state.position = found.end() if found else state.position


def _skip(state: Expander) -> str | None:
    """Goes behind the `\\else` or `\\fi` of the conditional at hand and says which it was; None at the end of the text."""
    nested = 0
    while True:
        start = state.position
        for found in CONTROL[state.letters].finditer(state.text, start):
            name = found[1]
            if name in ("fi", "else") and nested == 0:
                state.position = found.end()
                state.spend(found.end() - start)
                return name
            if name == "fi":
                nested -= 1
            elif name[:2] == "if" and name not in TAKES_ARGUMENTS and isinstance(state.meanings.get(name), Conditional | Primitive):
                nested += 1
        state.spend(len(state.text) - start)
        if state.below is None:
            return None
        state.go(state.below)


def _else(state: Expander, name: str) -> None:
    if state.conditions is None or not state.conditions.taken:
        return state.write(f"\\{name}")
    place = state.place()
    if _skip(state) is None:
        return state.leave(name, place, "its \\fi is not there")
    state.conditions = state.conditions.around
    return _swallow(state)


def _fi(state: Expander, name: str) -> None:
    conditions = state.conditions
    if conditions is not None:
        state.conditions = conditions.around
    if conditions is None or not conditions.taken:
        return state.write(f"\\{name}")
    return _swallow(state)


def _newif(state: Expander, name: str) -> None:
    place = state.place()
    made = target_of(state)
    if made is None or not made.startswith("if") or len(made) < 3 or made in CONDITIONALS:
        return state.leave(name, place, "it names no conditional")
    return _flag(state, made[2:])


def _flag(state: Expander, flag: str, value: bool | None = False) -> None:
    state.define(f"if{flag}", Conditional(value))
    if not isinstance(state.meanings.get(f"{flag}true"), Primitive):
        state.define(f"{flag}true", Setter(f"if{flag}", True))
        state.define(f"{flag}false", Setter(f"if{flag}", False))


def _meaning(state: Expander, token: str) -> Meaning:
    """What a token means, so that equal tokens compare equal; an own macro is what it is made of."""
    if not token.startswith("\\"):
        return Alias(token)
    found = state.meanings.get(token[1:])
    if isinstance(found, Own):
        state.spend(found.macro.length)
        return Own(Macro(found.macro.parameters, found.macro.parts))
    if found is None and token == "\\empty":
        return Own(Macro((), ()))
    return found if isinstance(found, Alias) else Alias(token)


def _ifx(state: Expander, name: str) -> None:
    place = state.place()
    first, second = _raw(state), _raw(state)
    left, right = _meaning(state, first), _meaning(state, second)
    holds: bool | None = left == right
    if not holds and first.startswith("\\") and second.startswith("\\"):
        unknown = [isinstance(meaning, Alias) and meaning.written.startswith("\\") for meaning in (left, right)]
        holds = None if all(unknown) else False
    if holds is None or not first or not second:
        state.go(place)
    decide(state, name, holds if first and second else None)


def _raw(state: Expander) -> str:
    """The next token, a made-up name as a control sequence; braces count."""
    token = state.token()
    if token == "\\csname":
        made = constructed_name(state)
        return f"\\{made}" if made else ""
    if not token and state.peek() == "}":
        state.position += 1
        return "}"
    return token


def _if(state: Expander, name: str) -> None:
    """`\\if` of two characters; a macro or command among them leaves it open."""
    place = state.place()
    first, second = state.token(), state.token()
    if len(first) != 1 or not second or second == "\\":
        state.go(place)
        return decide(state, name, None)
    if second.startswith("\\") and isinstance(state.meanings.get(second[1:]), Own):
        state.go(place)
        return decide(state, name, None)
    return decide(state, name, first == second)


def _ifnum(state: Expander, name: str) -> None:
    """`\\ifnum` of two plain numbers, own macros among them expanded; of anything else it stays open."""
    place = state.place()
    seen = ""
    while True:
        following = state.peek()
        found = _PART.match(state.text, state.position)
        if following and found:
            seen += found[0]
            state.position = found.end()
        whole = _NUMBERS.match(seen)
        if whole or len(seen) > _LONGEST_COMPARISON or (not found and (following != "\\" or not state.expand_next())):
            break
    if whole is None or len(seen) - whole.end() > state.position:
        state.go(place)
        return decide(state, name, None)
    state.position -= len(seen) - whole.end()
    left, right = int(whole[1]), int(whole[3])
    return decide(state, name, {"<": left < right, ">": left > right, "=": left == right}[whole[2]])


def _ifdefined(state: Expander, name: str) -> None:
    place = state.place()
    made = state.name()
    known = made is not None and state.meanings.get(made) is not None
    if not known:
        state.go(place)
    decide(state, name, True if known else None)


def _ifcsname(state: Expander, name: str) -> None:
    place = state.place()
    made = constructed_name(state)
    known = made is not None and state.meanings.get(made) is not None
    if not known:
        state.go(place)
    decide(state, name, True if known else None)


def _flags(kind: str) -> dict[str, Primitive]:
    """etoolbox: `\\newbool{x}`, `\\setbool{x}{true}`, `\\booltrue{x}`, `\\ifbool{x}{yes}{no}`, and the same of toggles. A flag nobody made is not known."""

    def made(value: bool | None) -> Callable[[Expander, str], None]:
        def make(state: Expander, command: str) -> None:
            place = state.place()
            name = state.argument()
            word = state.argument() if name and value is None else None
            if not name or (value is None and word not in ("true", "false")):
                return state.leave(command, place, "no flag, or no value for it")
            state.define(f"{kind}@{name}", Conditional(word == "true" if value is None else value))
            return state.define(f"if{name}", Conditional(word == "true" if value is None else value)) if kind == "bool" else None

        return make

    def ask(negated: bool) -> Callable[[Expander, str], None]:
        def choose(state: Expander, command: str) -> None:
            place = state.place()
            letters, name = state.letters, state.argument()
            return _choose(state, command, place, letters, _known(state, kind, name), negated)

        return choose

    return {
        f"new{kind}": Primitive(made(False)),
        f"provide{kind}": Primitive(made(False)),
        f"set{kind}": Primitive(made(None)),
        f"{kind}true": Primitive(made(True)),
        f"{kind}false": Primitive(made(False)),
        f"if{kind}": Primitive(ask(False), expandable=True),
        f"not{kind}": Primitive(ask(True), expandable=True),
    }


def _known(state: Expander, kind: str, name: str | None) -> bool | None:
    for key in (f"{kind}@{name}", f"if{name}") if kind == "bool" else (f"{kind}@{name}",):
        found = state.meanings.get(key)
        if isinstance(found, Conditional) and found.holds is not None:
            return found.holds
    return None


def _choose(state: Expander, command: str, place: Place, letters: bool, holds: bool | None, negated: bool = False) -> None:
    """Goes on with the first of two arguments if it holds, else with the second."""
    branches = (state.argument(), state.argument()) if holds is not None else (None, None)
    if branches[0] is None or branches[1] is None:
        return state.leave(command, place, "what it asks for is not known")
    return state.push(branches[0] if holds is not negated else branches[1], letters)


_BOOLEAN = re.compile(r"\s*(?P<not>\\not\s*|\\NOT\s*)?\\boolean\s*+\{([^{}\\]++)\}\s*+\Z")
_EQUAL = re.compile(r"\s*(?P<not>\\not\s*|\\NOT\s*)?\\equal\s*+\{([^{}]*+)\}\s*+\{([^{}]*+)\}\s*+\Z")


def _ifthenelse(state: Expander, command: str) -> None:
    """ifthen: `\\boolean{flag}`, `\\equal{text}{text}` and a plain comparison of numbers, each maybe negated."""
    place = state.place()
    letters, test = state.letters, state.argument()
    holds, negated = None, False
    if test is not None:
        if found := _BOOLEAN.match(test):
            holds, negated = _known(state, "bool", found[2].strip()), bool(found["not"])
        elif found := _EQUAL.match(test):
            texts = [state.expanded(text, letters) for text in found.groups()[1:]]
            holds, negated = (None if any("\\" in text for text in texts) else texts[0] == texts[1]), bool(found["not"])
    return _choose(state, command, place, letters, holds, negated)


def _ifundefined(state: Expander, command: str) -> None:
    place = state.place()
    letters, name = state.letters, state.argument()
    return _choose(state, command, place, letters, False if name and state.meanings.get(name) is not None else None)


CONDITIONALS: Mapping[str, Meaning] = {
    **dict.fromkeys(
        names(
            "ifcat ifdim ifodd ifvmode ifhmode ifmmode ifinner ifvoid ifhbox ifvbox ifeof ifcase iffontchar ifincsname ifpdf ifxetex ifluatex ifPDFTeX "
            "ifXeTeX ifLuaTeX"
        ),
        Conditional(None),
    ),
    "iftrue": Conditional(True),
    "iffalse": Conditional(False),
    "ifx": Primitive(_ifx, expandable=True),
    "if": Primitive(_if, expandable=True),
    "ifnum": Primitive(_ifnum, expandable=True),
    "ifdefined": Primitive(_ifdefined, expandable=True),
    "ifcsname": Primitive(_ifcsname, expandable=True),
    "else": Primitive(_else, expandable=True),
    "fi": Primitive(_fi, expandable=True),
    "newif": Primitive(_newif),
    **_flags("bool"),
    **_flags("toggle"),
    "newboolean": _flags("bool")["newbool"],
    "provideboolean": _flags("bool")["newbool"],
    "setboolean": _flags("bool")["setbool"],
    "ifthenelse": Primitive(_ifthenelse, expandable=True),
    "@ifundefined": Primitive(_ifundefined, expandable=True),
}
