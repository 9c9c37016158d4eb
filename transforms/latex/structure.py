"""What binds the files of a LaTeX project together: the commands of a file that read others, begin and end the document, or name packages.

Nothing is executed: a command counts where TeX would read it as one, outside comments and what is verbatim, whatever a conditional decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from transforms.latex.verbatim import Ends, Scan

LONGEST_ARGUMENT = 4096  # ours: characters of an argument; a list of packages may take lines, names of files have 255 at most
INPUTS = ("input", "include", "subfile", "subfileinclude")
IMPORTS = ("import", "subimport", "inputfrom", "subinputfrom", "includefrom", "subincludefrom")  # package import: {folder}{file}
PACKAGES = {
    "usepackage": ".sty",
    "RequirePackage": ".sty",
    "RequirePackageWithOptions": ".sty",
    "documentclass": ".cls",
    "documentstyle": ".cls",
    "LoadClass": ".cls",
    "LoadClassWithOptions": ".cls",
}
CLASSES = ("documentclass", "documentstyle")
BEGIN, END = "begin{document}", "end{document}"

ARGUMENT = re.compile(rf"\s{{0,100}}\{{([^{{}}]{{0,{LONGEST_ARGUMENT}}})\}}")
OPTIONS = re.compile(rf"\s{{0,100}}\[[^\]]{{0,{LONGEST_ARGUMENT}}}\]")
BARE = re.compile(r'[ \t]{1,100}\n?[ \t]{0,100}([^\s{}\\%"$#&^~]{1,255})|[ \t]{0,100}"([^"\n]{1,255})"')  # TeXbook: a name ends at a blank
COMMENT = re.compile(r"%[^\n]*\n?[ \t]*")
SECTION = re.compile(r"(?m)^[^%\n]*?\\(?:(?:sub)*section|chapter|part)\b")
PLAIN_END = r"(?:(?:bye|enddocument)(?![A-Za-z@])|end(?![A-Za-z@]|\s*+\{))"
"""How a file ends that TeX reads without LaTeX: plain TeX's and AmS-TeX's ends."""
GUARD = re.compile(r"\\(?:if|else|expandafter|fi)")
WRAPPER = re.compile(
    r"\\(?:(?:re)?newcommand\*?\s{0,9}\{?\s{0,9}\\([A-Za-z]{1,40})\s{0,9}\}?\s{0,9}\[1\]|def\s{0,9}\\([A-Za-z]{1,40})\s{0,9}#1)\s{0,9}\{([^\n]{1,300})"
)
WRAPPED = re.compile(r"\\(?:input|include)\s{0,9}\{([^{}#]{0,100})#1([^{}#]{0,100})\}")


class Command(NamedTuple):
    """A command at [begin, end) of a file: its name, its argument ("" where it has none), for \\import the folder."""

    name: str
    argument: str
    begin: int
    end: int
    folder: str = ""


class Wrapper(NamedTuple):
    """A macro of the paper's own that reads the file (before + argument + after)."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Structure:
    """`commands` in their order, those of packages and the document's begin and end among them."""

    commands: tuple[Command, ...]

    def has(self, *names: str) -> bool:
        return any(command.name in names for command in self.commands)

    def named(self, *names: str) -> Iterator[Command]:
        return (command for command in self.commands if command.name in names)


def structure(text: str, wrappers: Iterable[Wrapper] = (), most: int = 1 << 30) -> Structure:
    """The structure of a file whose lines end in \n, with at most so many commands. Linear: each place is gone through once."""
    names = frozenset(wrapper.name for wrapper in wrappers)
    return Structure(tuple(islice(_commands(text, names), most)))


def sections(text: str) -> int:
    """How many lines of a file have a heading before any comment."""
    return sum(1 for _ in SECTION.finditer(text))


def wrappers(text: str) -> list[Wrapper]:
    """The macros of one argument that a file defines to read another file by it, all ways that each tries; on one line, as they are written."""
    if "#1" not in text:
        return []
    return [Wrapper(found[1] or found[2], inner[1], inner[2]) for found in WRAPPER.finditer(text) for inner in WRAPPED.finditer(found[3])]


def ends_as_plain_tex(text: str) -> bool:
    """Whether a file ends as TeX without LaTeX must: \\bye, \\end or \\enddocument, in no comment."""
    return Scan(text, PLAIN_END).after(0) is not None


@lru_cache(64)
def _pattern(names: frozenset[str]) -> str:
    words = sorted({*INPUTS, *IMPORTS, *PACKAGES, *names, "includeonly", "endinput"}, key=lambda name: (-len(name), name))
    return rf"(?:(?:{'|'.join(words)})(?![A-Za-z@])|(?:begin|end)\s*+\{{\s*+document\s*+\}}|begin\s*+\{{comment\}})"


def _commands(text: str, wrappers: frozenset[str]) -> Iterator[Command]:
    """The commands of a file that are in no comment and nothing verbatim, nor in an environment `comment`."""
    scan, ends, position = Scan(text, _pattern(wrappers)), Ends(text), 0
    while (found := scan.after(position)) is not None:
        begin, position = found.start("command") - 1, found.end()
        name = "".join(found["command"].split())
        if name == "begin{comment}":
            position = ends.after("comment", position) or position
        elif name in (BEGIN, END):
            yield Command(name, "", begin, position)
        elif command := _command(text, name, begin, position):
            position = command.end
            yield command


def _command(text: str, name: str, begin: int, at: int) -> Command | None:
    """The command whose name ends at the place, with its arguments; None where it has none, or is in a definition."""
    if name == "endinput":
        return Command(name, "", begin, at) if _ends_file(text, begin) else None
    options = OPTIONS.match(text, at) if name in PACKAGES else None
    if options:
        at = options.end()
    elif name in IMPORTS and text[at : at + 1] == "*":
        at += 1
    found = ARGUMENT.match(text, at)
    if found is None and name == "input" and (bare := BARE.match(text, at)):
        return Command(name, bare[1] or bare[2], begin, bare.end())
    if found is None:
        return None
    argument, folder, end = _cleaned(found[1]), "", found.end()
    if name in IMPORTS:
        second = ARGUMENT.match(text, end)
        if second is None:
            return None
        folder, argument, end = argument, _cleaned(second[1]), second.end()
    elif name == "documentstyle" and options:  # LaTeX 2.09: its options are the packages
        argument = f"{_cleaned(options[0].strip()[1:-1])},{argument}"
    return Command(name, argument, begin, end, folder) if "#" not in argument + folder else None


def _ends_file(text: str, at: int) -> bool:
    """Not where a conditional before it in the line decides: so files guard themselves against being read twice."""
    line = max(text.rfind("\n", max(0, at - 200), at) + 1, at - 200, 0)
    return GUARD.search(text, line, at) is None


def _cleaned(argument: str) -> str:
    """An argument without comments, line ends and the quotes of names with blanks."""
    if "%" in argument:
        argument = COMMENT.sub("", argument)
    return " ".join(argument.split()).strip('"')
