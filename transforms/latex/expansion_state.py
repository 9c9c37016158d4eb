"""The machine that goes through a paper: it finds what means something, has it done, and takes back a use that got stuck."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transforms.latex.expansion_input import Place, Stuck
from transforms.latex.expansion_meanings import Condition, Left, Mark, Own
from transforms.latex.expansion_scope import Scope
from transforms.latex.macros import CONTROL, Bounds, Macro, Parameter, ends_in_word, substituted

if TYPE_CHECKING:
    from transforms.latex.definition_environments import Environment, Open

_WATCHED = {
    letters: re.compile(rf"\\(?:begin|end)[ \t]*+\{{[A-Za-z*]++\}}|{pattern.pattern}|[{{}}]", re.DOTALL)
    for letters, pattern in CONTROL.items()
}
"""What is stopped at while definitions wait for their group to end; what opens and closes groups has no name in the match."""
_INTERNAL = re.compile(r"\\(?:[A-Za-z]+@|@[A-Za-z@])")
_DEEPEST = 20  # ours: texts expanded to know what they say (a name, an \edef), one inside another; real ones are one deep


class Expander(Scope):
    """See the module. One is made for each paper.

    Attributes:
        environments, open: own environments, and those whose end is to come.
        conditions: conditionals whose end is to come.
        only_expanding: inside `\\edef`, nothing is defined.
        nesting: texts that are expanded inside one another.
        internal: the use at hand read a replacement in which `@` is a letter.
        expansions: uses gone into so far; undone: those of them that stay as written after all.
    """

    def __init__(self, bounds: Bounds, size: int, environments: bool, stretches: Sequence[str]) -> None:
        super().__init__(bounds, size, stretches)
        self.environments: dict[str, Environment] = {}
        self.open: Open | None = None
        self.expand_environments = environments
        self.conditions: Condition | None = None
        self.only_expanding = False
        self.nesting = 0
        self.internal = False
        self.expansions = self.undone = 0
        self.most_expansions = bounds.floor // 16 + size

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

    def count(self) -> None:
        """One more expansion. Raises Stuck where this use, or all of them, had too many."""
        self.expansions += 1
        if self.expansions > self.most_expansions:
            raise Stuck(f"more than {self.most_expansions} expansions in one text")
        if self.mark is not None:
            count = self.expansions - self.mark.expansions
            if count > self.bounds.uses and count > self.bounds.uses + self.taken():
                raise Stuck(f"more than {self.bounds.uses} expansions for one use")

    def look_at_effort(self) -> None:
        """Raises Stuck also where the use at hand had too much read or put in for what it took from the text."""
        super().look_at_effort()
        if self.mark is not None:
            most = self.mark.effort + self.bounds.floor // 16 + self.bounds.effort * self.taken()
            if self.effort > most:
                raise Stuck(f"more than {most - self.mark.effort} characters read as arguments and replacements by one use")
            self.next_look = min(self.most_effort, most)

    def taken(self) -> int:
        """How many characters the use at hand took from the text."""
        place: Place | None = self.place()
        assert self.mark is not None
        while place is not None and place[3] > 0:
            place = place[4]  # type: ignore[assignment]
        return place[1] - self.mark.place[1] if place else 0

    def marked(self, name: str) -> Mark:
        self.changes.clear()
        self.internal = self.stores = False
        self.next_look = min(self.most_effort, self.effort + self.bounds.floor // 16)
        groups, modes = (self.group_depth, self.scanned), (self.only_expanding, self.nesting)
        return Mark(
            name,
            self.place(),
            self.out,
            len(self.out),
            self.written,
            self.conditions,
            self.local,
            self.open,
            groups,
            modes,
            self.expansions,
            self.effort,
        )

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
        self.undone += self.expansions - mark.expansions
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

    def use(self, name: str, macro: Macro) -> None:
        """Replaces one use of a macro by its replacement, which is read next."""
        if self.only_expanding and macro.robust:
            self.write(f"\\{name}")
            return
        self.count()
        if macro.letters and self.is_code(macro):
            self.undone += 1
            self.leave(name, self.place(), "it is the code of a class or package, not an abbreviation")
            return
        arguments: Sequence[str] = ()
        if macro.parameters or macro.prefix:
            place = self.place()
            read = self.arguments(macro)
            if read is None:
                self.undone += 1
                self.leave(name, place, "its arguments are not there")
                return
            arguments = read
        body = self.filled(macro.parts, arguments)
        if not macro.parameters and self.text.startswith("{}", self.position):
            body = self.without_end(body)
        self.internal = self.internal or macro.letters
        if body:
            self.push(body, macro.letters)

    def filled(self, parts: Sequence[str | int], arguments: Sequence[str]) -> str:
        """The replacement with its arguments. Raises Stuck before it is made where it would be longer than may be put in."""
        if arguments:
            length = sum(len(part if isinstance(part, str) else arguments[part]) for part in parts)
            self.spend(length)
            self.effort -= length  # it counts where it is put in
        return substituted(parts, arguments)

    def without_end(self, body: str) -> str:
        """Takes the `{}` that only ended the name, as in `\\name{} is`; it stays behind what might take it as an argument."""
        plain = body.removesuffix("\\xspace")
        if plain and (plain[-1].isalnum() or plain[-1] in ".,;:!?)$'") and not ends_in_word(plain):
            self.position += 2
            return plain
        return body

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
        self.spend(meaning.macro.length + len(text))
        return substituted(("".join(map(str, meaning.macro.parts)), text[found.end() :]), ())
