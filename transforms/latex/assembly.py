"""One LaTeX text out of a project's files: the main one with what it reads inlined, and the definitions of the packages that lie beside it.

What is not there, leads out of the project or into itself is named, and the rest is assembled.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from transforms.latex.project import OutsideError, Project, places
from transforms.latex.structure import BEGIN, CLASSES, END, IMPORTS, PACKAGES, Command, Structure

GRAPHIC = re.compile(r"(?i)\.(?:eps|epsi|epsf|ps|pdf|png|jpe?g|gif|svg|pstex|bb)$")
"""Files that are figures, though \\input reads some: what \\input{f.eps} says stays in the text."""
DISTRIBUTED = re.compile(
    r"(?i)(?:xy|xypic|epsf|epsfx|psfig|amstex|amsppt|amssym|mssymb|harvmac|lanlmac|phyzzx|jytex|texsis|eplain|pictex|pstricks|pst-\w+|tikz|pgf\w*"
    r"|multido|glyphtounicode|colordvi|rotate|tcilatex|ulem|feynman|random|size1\d|mnsym)(?:\.(?:tex|sty|def|clo))?|.*\.(?:clo|fd|cfg)"
)
"""ours: files of TeX distributions that papers read without bringing them: not missing."""
IN_DISTRIBUTION = ""
MOST_REFUSED = 100  # ours: names that are kept of what was not read
REST_OF_LINE = re.compile(r"[ \t]*\n")

MISSING, CYCLE, BEYOND, CASE = "input file missing", "input cycle", "input outside the archive", "input found in another case"
DEEP, LEFT_OUT, CUT_DEFINITIONS = "inputs too deep", "file left out by \\includeonly", "definitions over their bound"


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth`: files open at once; `inputs`: files read in all, repeats counted; `characters`: of the text, and of the definitions."""

    depth: int = 15  # code: TeX Live's max_in_open
    inputs: int = 10_000  # ours: the most seen in a real paper is some 100; files that read two others each are 2^depth
    characters: int = 32 << 20  # ours: above any paper; text as the source bounds it is dropped by name later


@dataclass(frozen=True, slots=True)
class Assembled:
    """`text` of the main file up to its \\end{document}, comments in it; `files` that went in, in order, each once.

    `definitions`: texts of packages and classes that lie in the project, in the order in which TeX reads them. `refused`: what was not read,
    each as `reason: name`, each once, as `notes`. `over`: the text is over its limits and stops there.
    """

    text: str
    files: tuple[str, ...]
    definitions: str
    notes: tuple[str, ...]
    refused: tuple[str, ...]
    over: bool


def assemble(project: Project, main: str, limits: Limits | None = None) -> Assembled:
    """The text of a main file with its inputs in it (TeXbook, chapter 20, \\input and \\endinput; LaTeX, \\include; packages import, subfiles).

    Linear in the text that comes out, which the limits bound.
    """
    work = _Assembly(project, main, limits or Limits())
    work.document()
    return Assembled("".join(work.out), tuple(work.read), "".join(work.definitions()), tuple(work.notes), tuple(work.refused), work.over)


@dataclass(slots=True)
class _Assembly:
    """What has been read of a main file so far."""

    project: Project
    main: str
    limits: Limits
    out: list[str] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    packages: dict[str, None] = field(default_factory=dict)
    over: bool = False
    finished: bool = False
    _open: list[str] = field(default_factory=list)
    _inputs: int = 0
    _characters: int = 0
    _only: set[str] | None = None
    _defining: bool = False

    def document(self) -> None:
        for command in self.project.structure(self.main).named("includeonly"):
            self._only = {name.strip() for name in command.argument.split(",")}
        self._file(self.main)

    def definitions(self) -> list[str]:
        """The texts of the packages that the files read so far name; each once, and where it is named by another, within that."""
        text, over = self.out, self.over
        self.out, self._characters, self._inputs, self._defining = [], 0, 0, True
        waiting, self.packages = list(self.packages), {}
        for path in waiting:
            self.finished = self.over = False
            if path not in self.packages:
                self.packages[path] = None
                kept = len(self.out)
                self._file(path)
                if self.over:
                    del self.out[kept:]
                    self._note(CUT_DEFINITIONS, path)
                    break
        found, self.out, self.over = self.out, text, over
        return found

    @property
    def _jobname(self) -> str:
        return posixpath.splitext(posixpath.basename(self.main))[0]

    def _note(self, label: str, name: str) -> None:
        self.notes[label] = None
        if len(self.refused) < MOST_REFUSED:
            self.refused[f"{label}: {name}"] = None

    def _emit(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > self.limits.characters:
            self.over = self.finished = True
        elif text:
            self.out.append(text)

    def _file(self, path: str) -> None:
        """Adds a file's text, with what it reads in it."""
        self._inputs += 1
        if self._inputs > self.limits.inputs:
            self.over = self.finished = True
            return
        if not self._defining:
            self.read[path] = None
        self._open.append(path)
        text, found = self.project.files[path], self.project.structure(path)
        self._inputs += len(found.commands) // 100  # so that many commands read many times end, though they give no text
        begins = next(found.named(BEGIN), None)
        own = len(self._open) > 1 and not self._defining and begins is not None and found.has(END) and found.has(*CLASSES)
        if own:  # a document of its own within another: packages subfiles and standalone take its body
            self._preamble(found, path)
        at = _behind_line_end(text, begins.end) if own and begins else 0
        for command in found.commands:
            if self.finished:
                break
            if command.begin < at:
                continue
            if command.name == "endinput":  # TeX reads to the end of the line
                self._emit(text[at : command.begin])
                rest = _rest_of_line(text, command.end)
                self._emit("" if not rest.strip() and self.out and self.out[-1].endswith("\n") else rest)  # no new paragraph
                at = len(text)
                break
            if command.name == END and not self._defining:
                self._emit(text[at : command.begin if own else command.end])
                self.finished = self.finished or not own
                at = len(text)
                break
            at = self._command(command, path, text, at)
        if not self.finished:
            self._emit(text[at:])
        self._open.pop()

    def _preamble(self, found: Structure, path: str) -> None:
        for command in found.named(*PACKAGES):
            self._packages(command, path)

    def _command(self, command: Command, path: str, text: str, at: int) -> int:
        """Adds the text before a command and what it reads; returns where the text goes on."""
        if command.name in PACKAGES:
            found = self._packages(command, path)
            if not self._defining or not found:
                return at
            self._emit(text[at : command.begin])
            for name in found:
                self._inline(name)
            return command.end
        names = [(folder, name.replace("\\jobname", self._jobname)) for folder, name in self.project.names(command)]
        if not names or any("\\" in name for _, name in names) or GRAPHIC.search(command.argument):
            return at
        target = self._target(command, names, path)
        if target == IN_DISTRIBUTION:
            return at
        self._emit(text[at : command.begin])
        paragraph = command.name.startswith("include") and target is not None
        before = len(self.out)
        self._emit("\n\n" if paragraph else "")
        if target is not None:
            self._inline(target)
        self._emit("\n\n" if paragraph else "")
        return command.end if self.finished else self._behind(text, command, len(self.out) > before)

    def _behind(self, text: str, command: Command, added: bool) -> int:
        """Where the text goes on behind a file: TeX reads its last line end, and that of the line which names it, as one.

        So does a line go of whose files none is there: an empty one would be a new paragraph.
        """
        rest = REST_OF_LINE.match(text, command.end)
        if added and not self.out[-1].endswith("\n") and rest is None:
            self._emit("\n")  # a comment in the file's last line must not swallow what follows
        return rest.end() if rest and (not self.out or self.out[-1].endswith("\n")) else command.end

    def _inline(self, path: str) -> None:
        if self.finished:
            return
        if path in self._open:
            self._note(CYCLE, path)
        elif len(self._open) >= self.limits.depth:
            self._note(DEEP, path)
        else:
            self._file(path)

    def _target(self, command: Command, names: list[tuple[str, str]], path: str) -> str | None:
        """The file that a command reads; None: refused or missing, noted; IN_DISTRIBUTION: a file that papers do not bring."""
        if command.name == "include" and self._only is not None and command.argument not in self._only:
            self._note(LEFT_OUT, command.argument)
            return None
        outside = False
        for folder, name in names:
            if command.name.startswith("sub") and command.name in IMPORTS:
                folder = posixpath.join(posixpath.dirname(path), folder)
            try:
                found = self.project.find(posixpath.join(folder, name), (".tex", ""), places(self.main, path))
            except OutsideError:
                outside = True
                continue
            if found:
                wanted = posixpath.basename(name)
                if posixpath.basename(found) not in (wanted, f"{wanted}.tex"):
                    self._note(CASE, name)
                return found
        if DISTRIBUTED.fullmatch(command.argument):
            return IN_DISTRIBUTION
        self._note(BEYOND if outside else MISSING, command.argument)
        return None

    def _packages(self, command: Command, path: str) -> list[str]:
        """The packages that a command names and that lie in the project, those that are new."""
        found = []
        for name in command.argument.split(","):
            if "\\" in name:
                continue
            endings = (".cls", ".sty") if command.name == "documentstyle" else (PACKAGES[command.name],)
            try:
                target = self.project.find(name.strip(), endings, places(self.main, path))
            except OutsideError:
                if name.strip():
                    self._note(BEYOND, name.strip())
                continue
            if target and target not in self.packages:
                self.packages[target] = None
                found.append(target)
        return found


def _behind_line_end(text: str, at: int) -> int:
    """Where the text goes on behind a command that may end its line."""
    rest = REST_OF_LINE.match(text, at)
    return rest.end() if rest else at


def _rest_of_line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[at:] if end < 0 else text[at : end + 1]
