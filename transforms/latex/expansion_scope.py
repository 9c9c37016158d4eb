"""What is written, and what names mean until their group ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from transforms.latex.expansion_input import Input, Place, Stuck
from transforms.latex.expansion_meanings import STRUCTURE, Left, Local, Mark, Meaning, Own, Primitive
from transforms.latex.macros import CONTROL, LETTERS, MARK, MOST_NOTES, Bounds, Macro, ends_in_word

_GROUP = re.compile(
    r"\\(?:(?P<document>(?:begin|end)\s*\{document\})|(?P<open>begin\s*\{[^{}]*\}|(?:begingroup|bgroup)(?![A-Za-z]))"
    r"|(?P<close>end\s*\{[^{}]*\}|(?:endgroup|egroup)(?![A-Za-z]))|.)|[{}]",
    re.DOTALL,
)
_MADE_HERE = re.compile(r"\\(?:[gex]?def|let|futurelet|@for)\s*\\([A-Za-z@]+)")
_LINE_END = re.compile(r"[ \t]*+\n")
_MARKED = re.compile(rf"{MARK}([0-9]{{1,9}}){MARK}")
_LAYOUT = re.compile(
    r"\\(?:kern|[hv]skip|[hv]box|lower|raise|setbox|advance|begingroup|[hv]ss|[hv]fill?|penalty|[hv]rule|fontsize|selectfont|parbox|vspace|hspace|"
    r"every\w+|catcode|newpage|clearpage|rule|settowidth|setcounter|addtocounter|setlength|addtolength|the|raisebox|ifcase|romannumeral)(?![a-z])"
)
"""What in a local package's macro makes it a drawing, not an abbreviation. ours: its name says more to a reader than its code."""
_ENGINE = re.compile(r"\\(?:(?:cat|math|lc|uc|del)code|currentgrouptype|scantokens)(?![a-z])")
"""What changes how characters are read, or asks in what state TeX is: nobody who reads text can do that, so the macro stays as written."""


def restored(text: str, stretches: Sequence[str]) -> str:
    """A text with the verbatim stretches that its marks stand for."""
    if MARK not in text:
        return text
    return _MARKED.sub(lambda found: stretches[number] if (number := int(found[1])) < len(stretches) else found[0], text)


class Scope(Input):
    """Output and meanings of one paper.

    Attributes:
        meanings: what names mean now; None is a brace or the edge of an environment, stopped at while definitions wait for their group to end.
        stretches: verbatim stretches by number.
        package: local packages are being read.
        out, written: the output so far, and its length; `scanned` pieces of it were gone through for groups.
        joint: something went, or was replaced, at the end of the output.
        local: definitions that end with their group; `group_depth` groups are open.
        changes: what names meant before the use at hand changed them.
        mark: how all was before the use at hand.
        stores: the use at hand defined an internal name.
        defined, left, notes: what is reported.
    """

    def __init__(self, bounds: Bounds, size: int, stretches: Sequence[str]) -> None:
        super().__init__(bounds, bounds.floor + bounds.effort * size)
        self.meanings: dict[str | None, Meaning] = {None: Own(Macro((), ()))}
        self.stretches = stretches
        self.package = False
        self.out: list[str] = []
        self.written = 0
        self.scanned = 0
        self.most_written = bounds.floor + bounds.growth * size
        self.joint = False
        self.local: Local | None = None
        self.group_depth = 0
        self.changes: list[tuple[str, Meaning | None]] = []
        self.mark: Mark | None = None
        self.stores = False
        self.defined = 0
        self.left: Counter[str] = Counter()
        self.notes: dict[str, None] = {}

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
        if self.stretches and MARK in piece:
            self.written += sum(len(self.stretches[int(number)]) for number in _MARKED.findall(piece) if int(number) < len(self.stretches))
        if self.written > self.most_written and self.mark is not None and self.depth:
            raise Stuck(f"more than {self.most_written} characters of output")

    def _closed_up(self, piece: str) -> str:
        """A piece that begins with blanks, behind something that went: less its blanks behind a blank, less its line end on an empty line."""
        if self.out and self.out[-1][-1] not in " \t\n":
            return piece
        found = _LINE_END.match(piece)
        if found is None:
            return piece.lstrip(" \t")
        last = len(self.out) - 1
        while last >= 0 and not self.out[last].strip(" \t"):
            last -= 1
        begun = self.out[last].rstrip(" \t") if last >= 0 else "\n"
        if begun[-1] != "\n":
            return piece.lstrip(" \t")
        if last >= 0:
            self.out[last] = begun
        del self.out[last + 1 :]
        self.scanned = min(self.scanned, len(self.out))
        if self.mark is not None:
            self.mark.pieces = min(self.mark.pieces, len(self.out))
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

    def is_code(self, macro: Macro) -> bool:
        """Whether a replacement has internal commands that mean nothing here."""
        body = "".join(part for part in macro.parts if isinstance(part, str))
        if "@" not in body:
            return False
        self.spend(len(body))
        unknown = {name for name in CONTROL[True].findall(body) if "@" in name and len(name) > 1 and name not in self.meanings}
        return bool(unknown) and not unknown <= set(_MADE_HERE.findall(body))

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
        return restored(body, self.stretches)
