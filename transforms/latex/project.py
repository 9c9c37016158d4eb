"""The files of a LaTeX project: what binds them together, and which file a name is.

They are given as a mapping from path to text (lines end in \n, paths are relative, without `.` and `..`); nothing else is read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from transforms.latex.structure import IMPORTS, INPUTS, Command, Structure, Wrapper, structure, wrappers

MOST_COMMANDS = 100_000  # ours: commands of a project that are held; real ones have some hundred, and what is beyond stays text
MOST_WRAPPERS = 50  # ours: own macros of a project that read files, and ways in which one does; real ones have one or two
OUTSIDE = re.compile(r"[/~\\]|[A-Za-z]:[/\\]")


class OutsideError(Exception):
    """A name that leads out of the project."""


class Project:
    """A project's files, with what binds them together."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self._structures: dict[str, Structure] = {}
        self._commands = MOST_COMMANDS
        self._reads: dict[tuple[str, str], list[str]] = {}
        self._folded: dict[str, str] = {}
        for path in sorted(files, reverse=True):
            self._folded[path.casefold()] = path
        self._wrappers: dict[str, dict[Wrapper, None]] | None = None

    def structure(self, path: str) -> Structure:
        """Of a file; each is gone through once."""
        if path not in self._structures:
            wrappers = [item for items in self.wrappers().values() for item in items]
            self._structures[path] = structure(self.files[path], wrappers, self._commands)
            self._commands -= len(self._structures[path].commands)
        return self._structures[path]

    def wrappers(self) -> dict[str, dict[Wrapper, None]]:
        """The project's own macros that read files, by name."""
        if self._wrappers is None:
            self._wrappers = {}
            for path in sorted(self.files):
                if path.casefold().endswith((".tex", ".ltx", ".sty")):
                    for wrapper in wrappers(self.files[path]):
                        if wrapper.name in self._wrappers or len(self._wrappers) < MOST_WRAPPERS:
                            ways = self._wrappers.setdefault(wrapper.name, {})
                            if len(ways) < MOST_WRAPPERS:
                                ways[wrapper] = None
        return self._wrappers

    def names(self, command: Command) -> list[tuple[str, str]]:
        """(folder, name) of the file that a command reads, in the order in which they are tried."""
        if command.name in IMPORTS:
            return [(command.folder, command.argument)]
        if command.name in INPUTS:
            return [("", command.argument)]
        return [("", wrapper.before + command.argument + wrapper.after) for wrapper in self.wrappers().get(command.name, ())]

    def find(self, name: str, endings: tuple[str, ...], folders: tuple[str, ...]) -> str | None:
        """The path of the first file that exists, as written, then in any case. Raises OutsideError if every way leads outside."""
        if not name or OUTSIDE.match(name):
            raise OutsideError(name)
        within = [joined for folder in folders if (joined := _inside(folder, name))]
        if not within:
            raise OutsideError(name)
        tried = [joined + ending for joined in within for ending in endings]
        for path in tried:
            if path in self.files:
                return path
        return next((self._folded[path.casefold()] for path in tried if path.casefold() in self._folded), None)

    def reached(self, main: str) -> set[str]:
        """The files that go into a main file's text, itself included; what is missing is left out."""
        found, waiting = {main}, [main]
        while waiting:
            new = [target for target in self._read_by(waiting.pop(), main) if target not in found]
            found.update(new)
            waiting += new
        return found

    def _read_by(self, path: str, main: str) -> list[str]:
        """The files that a file reads itself, each once."""
        key = posixpath.dirname(main), path
        if key not in self._reads:
            commands = dict.fromkeys(item for command in self.structure(path).commands for item in self.names(command))
            self._reads[key] = list(dict.fromkeys(found for folder, name in commands if (found := self._found(folder, name, main, path))))
        return self._reads[key]

    def _found(self, folder: str, name: str, main: str, path: str) -> str | None:
        try:
            return self.find(posixpath.join(folder, name), (".tex", ""), places(main, path))
        except OutsideError:
            return None


def places(main: str, path: str) -> tuple[str, ...]:
    """Folders in which a file's names are looked for: TeX runs in the main file's folder; arXiv in the topmost; \\subfile in its own."""
    return tuple(dict.fromkeys((posixpath.dirname(main), "", posixpath.dirname(path))))


def _inside(folder: str, name: str) -> str | None:
    joined = posixpath.normpath(posixpath.join(folder, name))
    return None if joined in (".", "..") or joined.startswith("../") else joined
