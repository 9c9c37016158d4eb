"""The machine that goes through a paper: what names mean now, what is written so far, and how to take back a use that got stuck."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transforms.latex.expansion_input import Input, Place, Stuck
from transforms.latex.macros import CONTROL, LETTERS, MARK, MOST_NOTES, Bounds, Macro, Parameter, ends_in_word, substituted

_WATCHED = {
    letters: re.compile(rf"\\(?:begin|end)[ \t]*+\{{[A-Za-z*]++\}}|{pattern.pattern}|[{{}}]", re.DOTALL)
    for letters, pattern in CONTROL.items()
}
"""What is stopped at while definitions wait for their group to end; what opens and closes groups has no name in the match."""
_GROUP = re.compile(
    r"\\(?:(?P<document>(?:begin|end)\s*\{document\})|(?P<open>begin\s*\{[^{}]*\}|(?:begingroup|bgroup)(?![A-Za-z]))"
    r"|(?P<close>end\s*\{[^{}]*\}|(?:endgroup|egroup)(?![A-Za-z]))|.)|[{}]",
    re.DOTALL,
)
_INTERNAL = re.compile(r"\\(?:[A-Za-z]+@|@[A-Za-z@])")
_LINE_END = re.compile(r"[ \t]*+\n")
_MARKED = re.compile(rf"{MARK}(\d+){MARK}")
STRUCTURE = frozenset(
    ["begin", "end", "item", "documentclass", "documentstyle", "usepackage", "input", "include", "part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph", "appendix", "title", "author", "date", "maketitle", "abstract", "caption", "label", "bibliography", "printbibliography", "thebibliography", "bibitem", "document", "verb"]
)
"""Names of a paper's parts, which no definition changes here. ours: a class that draws sections its own way must not hide where they begin."""
_LAYOUT = re.compile(
    r"\\(?:kern|[hv]skip|[hv]box|lower|raise|setbox|advance|begingroup|[hv]ss|[hv]fill?|penalty|[hv]rule|fontsize|selectfont|parbox|vspace|hspace|"
    r"every\w+|catcode|newpage|clearpage|rule|settowidth|setcounter|addtocounter|setlength|addtolength|the|raisebox|ifcase|romannumeral)(?![a-z])"
)
"""What in a local package's macro makes it a drawing, not an abbreviation. ours: its name says more to a reader than its code."""
_ENGINE = re.compile(r"\\(?:(?:cat|math|lc|uc|del)code|currentgrouptype|scantokens)(?![a-z])")
"""What changes how characters are read, or asks in what state TeX is: nobody who reads text can do that, so the macro stays as written."""
_DEEPEST = 20  # ours: texts expanded to know what they say (a name, an \edef), one inside another; real ones are one deep

if TYPE_CHECKING:
    from transforms.latex.definition_environments import Environment, Open


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


class Expander(Input):
    """See the module. One is made for each paper."""

    def __init__(self, bounds: Bounds, size: int, environments: bool, stretches: Sequence[str]) -> None:
        super().__init__(bounds, bounds.effort * (bounds.floor + size))
        self.meanings: dict[str | None, Meaning] = {None: Alias("")}
        self.environments: dict[str, Environment] = {}
        self.open: Open | None = None
        self.expand_environments = environments
        self.stretches = stretches
        self.package = False
        self.out: list[str] = []
        self.written = 0
        self.most_written = bounds.floor + bounds.growth * size
        self.joint = False
        self.conditions: Condition | None = None
        self.local: Local | None = None
        self.group_depth = 0
        self.scanned = 0
        self.changes: list[tuple[str, Meaning | None]] = []
        self.only_expanding = False
        self.nesting = 0
        self.mark: Mark | None = None
        self.internal = False
        self.stores = False
        self.defined = 0
        self.expansions = 0
        self.most_expansions = bounds.uses + size + bounds.floor // 10
        self.left: Counter[str] = Counter()
        self.notes: dict[str, None] = {}

    # reading

    def read(self, text: str, letters: bool) -> str:
        """Goes through a text and gives what it becomes."""
        self.text, self.position, self.letters, self.depth, self.below = text, 0, letters, 0, None
        while self.position < len(self.text):
            try:
                self.run()
            except Stuck as stuck:
                self.take_back(str(stuck))
                if self.effort > self.most_effort or self.expansions > self.most_expansions:
                    self.note("the rest of the text: too much work for its length, it stays as written")
                    self.write(self.text[self.position :])
                    break
        return "".join(self.out)

    def run(self) -> None:
        """Copies what means nothing, does what means something, until the text is used up."""
        while True:
            if self.depth == 0 and self.mark is not None:
                self.close_use()
            text, position, get = self.text, self.position, self.meanings.get
            for found in (_WATCHED if self.local else CONTROL)[self.letters].finditer(text, position):
                meaning = get(found[1])
                if meaning is not None:
                    break
            else:
                self.write(text[position:])
                if self.below is None:
                    self.position = len(text)
                    return
                self.go(self.below)
                continue
            self.write(text[position : found.start()])
            self.position = found.end()
            if self.depth == 0:
                self.mark = self.marked(found[1] or "")
            if found[1] is None:
                self.group_edge(found)
            else:
                meaning.act(self, found[1])
            self.joint = True

    def group_edge(self, found: re.Match[str]) -> None:
        """A brace, or the beginning or end of an environment, while definitions wait for their group to end."""
        name = found[0].rstrip("}").partition("{")[0].strip("\\ \t")
        meaning = self.meanings.get(name) if name else None
        if meaning is not None:
            self.position = found.start() + 1 + len(name)
            meaning.act(self, name)
        else:
            self.write(found[0])
            self.scan_groups()

    def expanded(self, text: str, letters: bool, only: bool = True) -> str:
        """A text expanded by itself; with `only`, as in `\\edef`: nothing is defined by it."""
        if self.nesting >= _DEEPEST:
            raise Stuck(f"texts expanded inside one another deeper than {_DEEPEST}")
        place, out, scanned, joint, mode = self.place(), self.out, self.scanned, self.joint, self.only_expanding
        self.spend(len(text))
        self.text, self.position, self.letters, self.depth, self.below = text, 0, letters, self.depth + 1, None
        self.out, self.scanned, self.joint, self.only_expanding, self.nesting = [], 0, False, only, self.nesting + 1
        self.run()
        result = "".join(self.out)
        self.go(place)
        self.out, self.scanned, self.joint, self.only_expanding, self.nesting = out, scanned, joint, mode, self.nesting - 1
        return result

    # writing

    def write(self, piece: str) -> None:
        """Adds to the output; keeps letters from joining a control word, and lines from becoming empty by what went before."""
        if self.joint and piece and piece[0] in " \t\n":
            piece = self._closed_up(piece)
        self.joint = False
        if not piece:
            return
        if piece[0] in LETTERS and self.out and ends_in_word(self.out[-1]):
            piece = f" {piece}"
        self.out.append(piece)
        self.written += len(piece)
        if self.written > self.most_written and self.mark is not None and self.depth:
            raise Stuck(f"more than {self.most_written} characters of output")

    def _closed_up(self, piece: str) -> str:
        """A piece that begins with blanks, behind something that went: less its blanks behind a blank, less its line end on an empty line."""
        last = len(self.out) - 1
        while last >= 0 and not self.out[last].strip(" \t"):
            last -= 1
        before = self.out[last] if last >= 0 else "\n"
        if last == len(self.out) - 1 and before[-1] not in " \t\n":
            return piece
        begun = before.rstrip(" \t")
        found = _LINE_END.match(piece) if begun[-1:] in ("", "\n") else None
        if found is None:
            return piece.lstrip(" \t")
        if last >= 0:
            self.out[last:] = [begun] + [""] * (len(self.out) - 1 - last)
        return piece[found.end() :]

    def note(self, text: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes[text] = None

    def leave(self, name: str, place: Place, reason: str) -> None:
        """Writes a name as it stands, reads on behind it, and says why."""
        self.go(place)
        self.write(f"\\{name}" if re.fullmatch(r"[A-Za-z@]+|.", name, re.DOTALL) else f"\\csname {name}\\endcsname")
        if isinstance(self.meanings.get(name), Own):
            self.left[name] += 1
        self.note(f"\\{name}: {reason}")

    def forget_output(self) -> None:
        """Begins a new text: definitions stay, all else goes."""
        self.out, self.written, self.scanned, self.group_depth, self.local, self.conditions = [], 0, 0, 0, None, None
        self.open = None
        self.joint, self.mark, self.expansions = False, None, 0
        self.effort = 0
        self.left.clear()
        self.notes.clear()

    # uses

    def use(self, name: str, macro: Macro) -> None:
        """Replaces one use of a macro by its replacement, which is read next."""
        if self.only_expanding and macro.robust:
            self.write(f"\\{name}")
            return
        self.count()
        if macro.letters and self.is_code(macro):
            self.leave(name, self.place(), "it is the code of a class or package, not an abbreviation")
            return
        arguments: Sequence[str] = ()
        if macro.parameters or macro.prefix:
            place = self.place()
            read = self.arguments(macro)
            if read is None:
                self.leave(name, place, "its arguments are not there")
                return
            arguments = read
        body = substituted(macro.parts, arguments)
        if not macro.parameters and self.text.startswith("{}", self.position):
            body = self.without_end(body)
        self.internal = self.internal or macro.letters
        if body:
            self.push(body, macro.letters)

    def without_end(self, body: str) -> str:
        """Takes the `{}` that only ended the name, as in `\\name{} is`; it stays behind what might take it as an argument."""
        plain = body.removesuffix("\\xspace")
        if plain and (plain[-1].isalnum() or plain[-1] in ".,;:!?)$'") and not ends_in_word(plain):
            self.position += 2
            return plain
        return body

    def is_code(self, macro: Macro) -> bool:
        """Whether a replacement has internal commands that mean nothing here."""
        for part in macro.parts:
            if isinstance(part, str) and "@" in part:
                for found in CONTROL[True].finditer(part):
                    if "@" in found[1] and len(found[1]) > 1 and found[1] not in self.meanings:
                        return True
        return False

    def count(self) -> None:
        """One more expansion. Raises Stuck where this use, or all of them, had too many."""
        self.expansions += 1
        if self.expansions > self.most_expansions:
            raise Stuck(f"more than {self.most_expansions} expansions in one text")
        if self.mark is not None:
            count = self.expansions - self.mark.expansions
            if count > self.bounds.uses and count > self.bounds.uses + self.taken():
                raise Stuck(f"more than {self.bounds.uses} expansions for one use")

    def taken(self) -> int:
        """How many characters the use at hand took from the text."""
        place: Place | None = self.place()
        assert self.mark is not None
        while place is not None and place[3] > 0:
            place = place[4]  # type: ignore[assignment]
        return place[1] - self.mark.place[1] if place else 0

    def arguments(self, macro: Macro) -> list[str] | None:
        """The arguments of a macro, or None where one is missing."""
        if macro.prefix is not None:
            found = macro.prefix.match(self.text, self.position) if self.peek() else None
            if found is None:
                return None
            self.position = found.end()
        arguments: list[str] = []
        for parameter in macro.parameters:
            argument = self._argument(parameter, macro.long)
            if argument is None:
                return None
            arguments.append(argument)
        return arguments

    def _argument(self, parameter: Parameter, long: bool) -> str | None:
        if parameter.kind == "m":
            return self.argument()
        if parameter.until is not None:
            return self.until(parameter.until, long)
        if parameter.kind == "s":
            place = self.place()
            if self.skip_blanks() == parameter.marks:
                self.position += 1
                return r"\BooleanTrue"
            self.go(place)
            return r"\BooleanFalse"
        found = self.bracketed(parameter.marks or "[]")
        return parameter.default if found is None else found

    def marked(self, name: str) -> Mark:
        self.changes.clear()
        self.internal = self.stores = False
        groups, modes = (self.group_depth, self.scanned), (self.only_expanding, self.nesting)
        return Mark(name, self.place(), self.out, len(self.out), self.written, self.conditions, self.local, self.open, groups, modes, self.expansions)

    def close_use(self) -> None:
        """A use in the text is done: if it left what no document may hold, it is taken back."""
        mark = self.mark
        self.mark = None
        if mark is None or not self.internal or self.letters or not isinstance(self.meanings.get(mark.name), Own):
            return
        result = "".join(self.out[mark.pieces :])
        if self.stores or ("@" in result and _INTERNAL.search(result)):
            self.mark = mark
            self.take_back(
                "it is the code of a class or package, not an abbreviation" if not self.stores else "it stores its argument for later"
            )

    def take_back(self, reason: str) -> None:
        """Undoes the use at hand: its name stays as written, and is not tried again until it is defined anew."""
        mark = self.mark
        assert mark is not None  # every stop in the text sets one
        self.mark = None
        for name, old in reversed(self.changes):
            self._set(name, old)
        del mark.out[mark.pieces :]
        self.out, self.written, self.conditions = mark.out, mark.written, mark.conditions
        self.local, self.open = mark.local, mark.open
        (self.group_depth, self.scanned), (self.only_expanding, self.nesting) = mark.groups, mark.modes
        self.leave(mark.name, mark.place, reason)
        meaning = self.meanings.get(mark.name)
        if isinstance(meaning, Own):
            self.meanings[mark.name] = Left(meaning.macro)

    def expand_next(self, level: int = 0) -> bool:
        """Expands the token that comes next once, if it is the paper's own; else nothing is read."""
        place = self.place()
        name = self.name()
        meaning = self.meanings.get(name) if name else None
        if isinstance(meaning, Own):
            self.use(name or "", meaning.macro)
            return True
        if name == "expandafter" and level < _DEEPEST:
            first, letters = self.token(), self.letters
            if first and self.expand_next(level + 1):
                self.push(first, letters)
                return True
        self.go(place)
        return False

    def expanded_once(self, text: str) -> str:
        """A text whose first token is expanded once, if it is an own macro without arguments."""
        found = CONTROL[self.letters].match(text)
        meaning = self.meanings.get(found[1]) if found else None
        if found is None or not isinstance(meaning, Own) or meaning.macro.parameters:
            return text
        self.count()
        return substituted(("".join(map(str, meaning.macro.parts)), text[found.end() :]), ())

    # definitions

    def is_fixed(self, name: str) -> bool:
        """Whether a name keeps its meaning: parts of a paper, and what is done here."""
        return name in STRUCTURE or isinstance(self.meanings.get(name), Primitive)

    def define_macro(self, name: str, macro: Macro, is_global: bool = False) -> None:
        """Makes a name the paper's own, unless its meaning is fixed."""
        if self.is_fixed(name):
            return
        if self.depth and "@" in name:
            self.stores = True
        body = "".join(part for part in macro.parts if isinstance(part, str))
        if self.package and _LAYOUT.search(body):
            self.define(name, None, is_global)
        elif _ENGINE.search(body):
            self.define(name, Left(macro), is_global)
            if not self.package:
                self.note(f"\\{name}: it changes how characters are read, or asks for TeX's state")
        else:
            self.define(name, Own(macro), is_global)

    def define(self, name: str, meaning: Meaning | None, is_global: bool = False) -> None:
        """Gives a name a meaning until the group ends, or for good."""
        self.scan_groups()
        old = self.meanings.get(name)
        if self.group_depth > 0 and not is_global:
            self.local = Local(self.group_depth, name, old, meaning, self.local)
        self._set(name, meaning)
        self.changes.append((name, old))
        self.defined += 1

    def _set(self, name: str, meaning: Meaning | None) -> None:
        if meaning is None:
            self.meanings.pop(name, None)
        else:
            self.meanings[name] = meaning

    def scan_groups(self) -> None:
        """Follows the groups that the output opened and closed since the last time, and ends the definitions of those that closed."""
        pieces = self.out[self.scanned :]
        self.scanned = len(self.out)
        for found in _GROUP.finditer("".join(pieces)):
            if found[0] == "{" or found["open"]:
                self.group_depth += 1
            elif found[0] == "}" or found["close"]:
                self.group_depth = max(0, self.group_depth - 1)
                self.end_locals()

    def end_locals(self) -> None:
        while self.local is not None and self.local.depth > self.group_depth:
            ended = self.local
            self.local = ended.before
            if self.meanings.get(ended.name) is ended.new:
                self.changes.append((ended.name, ended.new))
                self._set(ended.name, ended.old)

    def restored(self, body: str) -> str:
        """A body with its verbatim stretches as they were written."""
        return _MARKED.sub(lambda found: self.stretches[int(found[1])], body) if MARK in body else body


@dataclass(frozen=True, slots=True)
class Left:
    """A macro that got stuck: it stays as written, and is counted."""

    macro: Macro

    def act(self, state: Expander, name: str) -> None:
        state.write(f"\\{name}")
        state.left[name] += 1
