"""Commands of TeX and LaTeX that steer expansion: made-up names, order, looking ahead, the blank behind a word, verbatim printing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from transforms.latex.definition_targets import constructed_name, target_of
from transforms.latex.expansion_meanings import Alias, Own, Primitive
from transforms.latex.expansion_state import Expander
from transforms.latex.macros import Macro, latex_parameters

_NO_BLANK_BEFORE = re.compile(r"\s*+(?:[^\w\\(`\"]|\\[^A-Za-z]|\\footnote)|\s*+\Z|\w*\ufdd0")
"""xspace's manual: no blank before `{}~.!,:;?/')-` nor a footnote. ours: nor before `$^_&=` and closing brackets, which in formulas follow such names."""
_BLANKS = re.compile(r"[ \t]*+(?:\n(?!\s*\n))?+[ \t]*+")
_ASSIGNED, _DO = re.compile(r"\s*:="), re.compile(r"\\do(?![A-Za-z@])")
_NUMBER = re.compile(r"(-?\d{1,9})(?!\d)\s?")
_LARGEST = 20_000  # ours: twenty m; TeX has no bound
_DIGITS = "m cm d cd c xc l xl x ix v iv i"
_ROMAN = tuple(zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), _DIGITS.split(), strict=True))


def _xspace(state: Expander, name: str) -> None:
    """A blank, unless one or punctuation follows. Blanks in the text before punctuation go, as TeX swallows them behind the macro's name."""
    following = state.peek()
    while following in (" ", "\t", "\n"):
        found = _BLANKS.match(state.text, state.position)
        if not found or found.end() == state.position:
            return
        ahead = state.text[found.end() : found.end() + 1]
        if ahead and ahead in ".,:;?!')}":
            state.position = found.end()
        return
    if following and not _NO_BLANK_BEFORE.match(state.text[state.position : state.position + 10]):
        state.write(" ")


def _csname(state: Expander, name: str) -> None:
    place = state.place()
    made = constructed_name(state)
    meaning = state.meanings.get(made) if made else None
    if made is None or meaning is None:
        return state.leave(name, place, "its name is not one of the paper's own")
    return meaning.act(state, made)


def _nameuse(state: Expander, name: str) -> None:
    place = state.place()
    made = state.argument()
    meaning = state.meanings.get(made) if made else None
    if made is None or meaning is None:
        return state.leave(name, place, "its name is not one of the paper's own")
    return meaning.act(state, made)


def _expandafter(state: Expander, name: str) -> None:
    """The token behind the next one is expanded first, once. Where nothing here can be expanded, it stays."""
    place = state.place()
    first = state.token()
    head = state.meanings.get(first[1:]) if first.startswith("\\") else None
    if isinstance(head, Primitive) and not head.expandable:
        return head.act(state, first[1:])  # a definition: its reader looks through \expandafter and \csname itself
    letters = state.letters
    if first and state.expand_next():
        return state.push(first, letters)
    return state.leave(name, place, "nothing of the paper's own follows")


def _noexpand(state: Expander, name: str) -> None:
    token = state.token()
    if state.only_expanding or not isinstance(state.meanings.get(token[1:]), Own):
        state.write(token)


def _unexpanded(state: Expander, name: str) -> None:
    place = state.place()
    inner = state.argument()
    if inner is None:
        return state.leave(name, place, "nothing follows")
    if state.only_expanding:
        return state.write(inner)
    return state.push(inner, state.letters)


def _as_written(state: Expander, name: str) -> None:
    """`\\string` and its kin print what follows; it is not expanded."""
    written, token = f"\\{name}", state.token()
    state.write(f"{written} {token}" if token[:1].isalpha() else f"{written}{token}")


def _detokenize(state: Expander, name: str) -> None:
    state.write(f"\\{name}")
    inner = state.argument()
    if inner is not None:
        state.write(f"{{{inner}}}")


def _protect(state: Expander, name: str) -> None:
    """`\\protect` before an own macro has nothing to protect any more."""
    place = state.place()
    following = state.name()
    state.go(place)
    if not isinstance(state.meanings.get(following), Own) or not following:
        state.write("\\protect")


def _letters(value: bool) -> Callable[[Expander, str], None]:
    def change(state: Expander, name: str) -> None:
        state.write(f"\\{name}")
        state.letters = value

    return change


def _if_next(state: Expander, name: str) -> None:
    place = state.place()
    letters = state.letters
    wanted, yes, no = state.token(), state.argument(), state.argument()
    if yes is None or no is None:
        return state.leave(name, place, "its arguments are not there")
    return state.push(yes if state.skip_blanks() == wanted else no, letters)


def _if_star(state: Expander, name: str) -> None:
    place = state.place()
    letters = state.letters
    yes, no = state.argument(), state.argument()
    if yes is None or no is None:
        return state.leave(name, place, "its arguments are not there")
    if state.skip_blanks() == "*":
        state.position += 1
        return state.push(yes, letters)
    return state.push(no, letters)


def _for(state: Expander, command: str) -> None:
    """LaTeX's `\\@for\\name:=a,b,c\\do{...}`: its last argument once for each item."""
    place = state.place()
    letters, name = state.letters, target_of(state)
    items = state.until(_ASSIGNED, True) if name else None
    items = state.until(_DO, True) if items is not None else None
    body = state.argument() if items is not None else None
    if name is None or items is None or body is None:
        return state.leave(command, place, "no list or nothing to do")
    for item in state.expanded(items, letters).split(","):
        state.define(name, Own(Macro.of((), item, letters)))
        state.write(state.expanded(body, letters, only=False))
    return None


def _roman(state: Expander, command: str) -> None:
    """`\\romannumeral` of a plain number."""
    place = state.place()
    found = _NUMBER.match(state.text, state.position) if state.skip_blanks() else None
    if found is None or int(found[1]) > _LARGEST:
        return state.leave(command, place, "no plain number follows")
    state.position = found.end()
    number, out = int(found[1]), ""
    for value, digits in _ROMAN:
        while number >= value:
            number, out = number - value, out + digits
    return state.write(out)


def _future_let(state: Expander, name: str) -> None:
    """`\\futurelet\\a\\b`: what comes behind `\\b` is also what `\\a` means, then `\\b` is done."""
    place = state.place()
    target, after = target_of(state), state.token()
    if target is None or not after.startswith("\\"):
        return state.leave(name, place, "its two names are not there")
    letters, here = state.letters, state.place()
    ahead = state.token() or state.peek()
    meaning = state.meanings.get(ahead[1:]) if ahead.startswith("\\") else None
    state.go(here)
    state.define(target, meaning or Alias(ahead))
    return state.push(after, letters)


def _at_begin_document(state: Expander, name: str) -> None:
    """Its definitions count from here on; what else it holds stays in it."""
    place = state.place()
    letters, inner = state.letters, state.argument()
    if inner is None:
        return state.leave(name, place, "nothing follows")
    rest = state.expanded(inner, letters, only=False)
    return state.write(f"\\{name}{{{rest}}}") if rest.strip() else None


def _builtin(parameters: int, *parts: str | int) -> Own:
    return Own(Macro(latex_parameters(parameters, None), parts, letters=False))


PRIMITIVES: Mapping[str, Primitive | Own] = {
    "xspace": Primitive(_xspace, expandable=False),
    "csname": Primitive(_csname, expandable=True),
    "@nameuse": Primitive(_nameuse, expandable=True),
    "expandafter": Primitive(_expandafter, expandable=True),
    "noexpand": Primitive(_noexpand, expandable=True),
    "unexpanded": Primitive(_unexpanded, expandable=True),
    **dict.fromkeys(("string", "meaning", "show"), Primitive(_as_written, expandable=True)),
    "detokenize": Primitive(_detokenize, expandable=True),
    "protect": Primitive(_protect),
    "makeatletter": Primitive(_letters(True)),
    "makeatother": Primitive(_letters(False)),
    **dict.fromkeys(("@ifnextchar", "kernel@ifnextchar"), Primitive(_if_next)),
    "@ifstar": Primitive(_if_star),
    "AtBeginDocument": Primitive(_at_begin_document),
    "@for": Primitive(_for),
    "romannumeral": Primitive(_roman, expandable=True),
    "futurelet": Primitive(_future_let),
    "@firstofone": _builtin(1, 0),
    "@gobble": _builtin(1),
    "@firstoftwo": _builtin(2, 0),
    "@secondoftwo": _builtin(2, 1),
    "@empty": _builtin(0),
}
