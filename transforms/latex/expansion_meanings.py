"""What names can mean, and what is remembered while a paper is gone through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transforms.latex.expansion_input import Place
from transforms.latex.macros import Macro, names

if TYPE_CHECKING:
    from transforms.latex.definition_environments import Open
    from transforms.latex.expansion_state import Expander

STRUCTURE = names(
    "begin end item documentclass documentstyle usepackage input include part chapter section subsection subsubsection paragraph subparagraph appendix "
    "title author date maketitle abstract caption label bibliography printbibliography thebibliography bibitem document verb \\ ( ) [ ] { } % $ & # _"
)
"""Names of a paper's parts, which no definition changes here. ours: a class that draws sections its own way must not hide where they begin."""


class Meaning(Protocol):
    """What a control sequence does when it is met; its name has just been read."""

    def act(self, state: Expander, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Own:
    """A macro of the paper."""

    macro: Macro

    def act(self, state: Expander, name: str) -> None:
        state.use(name, self.macro)


@dataclass(frozen=True, slots=True)
class Alias:
    """What `\\let` made of a name that means nothing here: that name, as text, whatever it comes to mean later."""

    written: str

    def act(self, state: Expander, name: str) -> None:
        state.write(self.written)


@dataclass(frozen=True, slots=True)
class Primitive:
    """A command that is done here. `expandable`: it is also done inside `\\edef`."""

    do: Callable[[Expander, str], None]
    expandable: bool = False

    def act(self, state: Expander, name: str) -> None:
        if state.only_expanding and not self.expandable:
            state.write(f"\\{name}")
        else:
            self.do(state, name)


@dataclass(frozen=True, slots=True)
class Local:
    """A definition that ends with its group."""

    depth: int
    name: str
    old: Meaning | None
    new: Meaning | None
    before: Local | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A conditional whose `\\fi` is still to come: was a branch taken here, or does it stay as written; and the one around it."""

    taken: bool
    around: Condition | None


@dataclass(slots=True)
class Mark:
    """All that has to be put back when a use gets stuck."""

    name: str
    place: Place
    out: list[str]
    pieces: int
    written: int
    conditions: Condition | None
    local: Local | None
    open: Open | None
    groups: tuple[int, int]
    modes: tuple[bool, int]
    expansions: int
    effort: int


@dataclass(frozen=True, slots=True)
class Left:
    """A macro that got stuck: it stays as written, and is counted."""

    macro: Macro

    def act(self, state: Expander, name: str) -> None:
        state.write(f"\\{name}")
        state.left[name] += 1
