"""The commands that define: each takes its definition off the text and gives a name its meaning. What cannot be read as a definition stays as written.

Not here: `\\newtheorem`, counters, lengths, fonts, active characters. They are no macros, or change how characters are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from transforms.latex.definition_documents import DOCUMENT_DEFINERS, MISSING
from transforms.latex.definition_environments import newenvironment
from transforms.latex.definition_targets import body_of, target_of
from transforms.latex.expansion_meanings import Alias, Own, Primitive
from transforms.latex.expansion_state import Expander
from transforms.latex.macros import Macro, Parameter, latex_parameters, names, tex_parameters

_STANDARD = names("url href path text eqref textcolor textsubscript mathbb")
"""Names that `\\providecommand` does not define. ours: packages that nearly every paper loads do."""
_NUMBER = re.compile(r"\s*([1-9])\s*\Z")
_LONGEST_HEADING = 1_000  # ours: characters of a \\def's parameters and delimiters, of which TeX has nine; real ones have some twenty
_MOST_PREFIXES = 8  # ours: before one definition; TeX has four, and repeats say nothing
_PREFIXES = ("long", "global", "protected", "outer")


def _newcommand(robust: bool, only_if_new: bool) -> Callable[[Expander, str], None]:
    def define(state: Expander, command: str) -> None:
        place = state.place()
        _star(state)
        name = target_of(state)
        if name is None:
            return state.leave(command, place, "it names no control sequence")
        count, default = state.bracketed(), None
        if count is not None:
            default = state.bracketed()
        body = body_of(state)
        number = _NUMBER.match(count) if count is not None else None
        if body is None or (count is not None and count.strip() != "0" and number is None):
            return state.leave(command, place, f"no number of arguments or no body for \\{name}")
        if state.is_fixed(name) or (only_if_new and (name in _STANDARD or isinstance(state.meanings.get(name), Own))):
            return None
        parameters = latex_parameters(int(number[1]) if number else 0, default)
        return state.define_macro(name, Macro.of(parameters, body, state.letters, robust))

    return define


def _star(state: Expander) -> bool:
    place = state.place()
    if state.skip_blanks() == "*":
        state.position += 1
        return True
    state.go(place)
    return False


def _def(expanding: bool, is_global: bool) -> Callable[[Expander, str], None]:
    return lambda state, command: tex_definition(state, command, expanding, is_global, long=False, robust=False)


def tex_definition(state: Expander, command: str, expanding: bool, is_global: bool, long: bool, robust: bool) -> None:
    """`\\def` and its kin, read behind the command and its prefixes."""
    place = state.place()
    name = target_of(state)
    if name is None:
        return state.leave(command, place, "it names no control sequence")
    state.peek()
    letters = state.letters
    opened = state.text.find("{", state.position, state.position + _LONGEST_HEADING)
    heading = state.text[state.position : opened] if opened >= 0 else "#"
    if heading.strip() == "\\expandafter":
        heading = ""
    else:
        state.position = max(opened, state.position)
    read = tex_parameters(heading.strip() if heading.isspace() else heading, letters)
    body = body_of(state) if read else None
    if read is None or body is None:
        return state.leave(command, place, f"no parameters or no body for \\{name}")
    if expanding:
        body = state.expanded(body, letters)
    if state.is_fixed(name):
        return None
    plain = Macro.of(read[1], body, letters, robust)
    return state.define_macro(name, Macro(plain.parameters, plain.parts, read[0], letters, robust, long), is_global)


def _prefix(state: Expander, command: str) -> None:
    """`\\long`, `\\global`, `\\protected` and `\\outer` before a definition."""
    place = state.place()
    prefixes = [command]
    while (name := state.name()) in _PREFIXES and len(prefixes) < _MOST_PREFIXES:
        prefixes.append(name)
    if name in ("def", "edef", "gdef", "xdef"):
        is_global = name in ("gdef", "xdef") or "global" in prefixes
        return tex_definition(state, name, name in ("edef", "xdef"), is_global, "long" in prefixes, "protected" in prefixes)
    if name == "let":
        return let(state, name, "global" in prefixes)
    meaning = state.meanings.get(name) if name else None
    if name and isinstance(meaning, Primitive) and name in DEFINERS and name not in _PREFIXES:
        return meaning.act(state, name)
    return state.leave(command, place, "no definition follows")


def let(state: Expander, command: str, is_global: bool = False) -> None:
    """`\\let`: another name for what a name means now, or for one character."""
    place = state.place()
    name = target_of(state)
    if name is None:
        return state.leave(command, place, "it names no control sequence")
    if state.skip_blanks() == "=":
        state.position += 1
        if state.peek() == " ":
            state.position += 1
    if state.peek() == "{" or state.peek() == "}":
        written = {"{": r"\bgroup", "}": r"\egroup"}[state.peek()]
        state.position += 1
        value = None
    else:
        value = target_of(state)
        written = state.token() if value is None else f"\\{value}"
    if not written:
        return state.leave(command, place, f"nothing to let \\{name} be")
    if state.is_fixed(name):
        return None
    if value in ("undefined", "@undefined"):
        return state.define(name, None, is_global)
    meaning = state.meanings.get(value) if value else None
    return state.define(name, meaning or Alias("" if value == "relax" else written), is_global)


def _operator(state: Expander, command: str) -> None:
    """amsmath: `\\DeclareMathOperator{\\name}{text}` is `\\operatorname{text}`, with a star `\\operatorname*`."""
    place = state.place()
    star = "*" if _star(state) else ""
    name = target_of(state)
    body = body_of(state) if name else None
    if name is None or body is None:
        return state.leave(command, place, "no name or no text")
    return (
        None if state.is_fixed(name) else state.define_macro(name, Macro.of((), f"\\operatorname{star}{{{body.strip()}}}", state.letters))
    )


def _paired(with_body: bool) -> Callable[[Expander, str], None]:
    """mathtools: `\\abs{x}` is `\\lvert x\\rvert`, `\\abs*{x}` stretches them, `\\abs[\\big]{x}` sizes them. `\\DeclarePairedDelimiterX` also says what
    stands between them; `\\delimsize` in it is their size."""

    def define(state: Expander, command: str) -> None:
        place = state.place()
        name = target_of(state)
        count = _NUMBER.match(state.bracketed() or "1") if with_body else None
        left, right = (body_of(state), body_of(state)) if name else (None, None)
        body = body_of(state) if with_body else "#1"
        if name is None or left is None or right is None or body is None or (with_body and count is None):
            return state.leave(command, place, "no name, no number of arguments or no delimiters")
        number = int(count[1]) if count else 1
        inner = re.sub(r"#([1-7])", lambda found: f"#{int(found[1]) + 2}", body.strip())
        sizes = {size: inner.replace("\\delimsize", size) for size in ("\\middle", "#2", "")}
        sized = rf"\IfNoValueTF{{#2}}{{{left}{sizes['']}{right}}}{{#2{left}{sizes['#2']}#2{right}}}"
        text = rf"\IfBooleanTF{{#1}}{{\left{left}{sizes[chr(92) + 'middle']}\right{right}}}{{{sized}}}"
        parameters = (Parameter("s", marks="*"), Parameter("o", MISSING), *(Parameter("m"),) * number)
        return state.define_macro(name, Macro.of(parameters, text, state.letters))

    return define


def _other(state: Expander, command: str) -> None:
    """A register, symbol or character: its name is no macro, and no longer one if it was."""
    place = state.place()
    name = target_of(state)
    behind = state.place()
    state.go(place)
    state.write(f"\\{command}")
    if name is not None:
        state.write(place[0][place[1] : behind[1]] if place[4] is behind[4] else f"{{\\{name}}}")
        state.go(behind)
        if not state.is_fixed(name):
            state.define(name, None)


def _namedef(state: Expander, command: str) -> None:
    """LaTeX's `\\@namedef{name}` is `\\def` of a name made of characters."""
    place = state.place()
    name = state.argument()
    if not name or "\\" in name:
        return state.leave(command, place, "its name is not plain")
    state.push(f"\\def\\csname {name}\\endcsname", state.letters)
    return None


DEFINERS: Mapping[str, Primitive] = {
    "newcommand": Primitive(_newcommand(False, False)),
    "renewcommand": Primitive(_newcommand(False, False)),
    "providecommand": Primitive(_newcommand(False, True)),
    "DeclareRobustCommand": Primitive(_newcommand(True, False)),
    "newrobustcmd": Primitive(_newcommand(True, False)),
    "renewrobustcmd": Primitive(_newcommand(True, False)),
    "providerobustcmd": Primitive(_newcommand(True, True)),
    "def": Primitive(_def(False, False)),
    "gdef": Primitive(_def(False, True)),
    "edef": Primitive(_def(True, False)),
    "xdef": Primitive(_def(True, True)),
    "let": Primitive(let),
    **dict.fromkeys(_PREFIXES, Primitive(_prefix)),
    "DeclareMathOperator": Primitive(_operator),
    "DeclarePairedDelimiter": Primitive(_paired(False)),
    "DeclarePairedDelimiterX": Primitive(_paired(True)),
    "newenvironment": Primitive(newenvironment(False)),
    "renewenvironment": Primitive(newenvironment(False)),
    "provideenvironment": Primitive(newenvironment(True)),
    **dict.fromkeys(
        names(
            "DeclareMathSymbol DeclareMathAccent DeclareMathDelimiter newlength newcount newdimen newskip newtoks newbox newsavebox newread newwrite "
            "chardef mathchardef countdef dimendef toksdef"
        ),
        Primitive(_other),
    ),
    "@namedef": Primitive(_namedef),
    **DOCUMENT_DEFINERS,
}
