"""The samples' texts: cases, each with the fate that a run must give it, in one plain form for every source.

    what stands before the first case is for the reader
    @@@ NAME
    expect: kept                     or `dropped: LABEL`, `broken: REASON`, ...
    expect SETTING=VALUE: ...        the fate where that field of the configuration is set so
    key: value                       what else the packer wants to know
    @-- SECTION
    lines as they are, but for blank ones at the end

(`===` and `---` head nothing here, since wikitext and Markdown have them.) In a section `@@hex 0d00@@` stands for bytes, then `@@9 times x@@` for nine x.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"

_CASE = re.compile(r"@@@ (\S.*)")
_SECTION = re.compile(r"@-- ([a-z][a-z -]*)")
_VALUE = re.compile(r"([a-z][^:]*): (.*\S)")
_FATE = re.compile(r"([a-z]+)(?:: (.+))?")
_HEX = re.compile(rb"@@hex ((?:[0-9a-f]{2})+)@@")
_TIMES = re.compile(rb"@@(\d+) times (.*?)@@", re.S)


@dataclass(frozen=True)
class Fate:
    """What becomes of a case: a word such as kept, dropped or broken, and the step's label or the reason."""

    word: str
    label: str = ""


@dataclass(frozen=True)
class Case:
    """One case. `place`: file and line of its head; `sections`: their bytes, without a line break at the end."""

    name: str
    place: str
    values: Mapping[str, str]
    sections: Mapping[str, bytes]

    def value(self, key: str) -> str:
        """A value that the case must have. Raises ValueError."""
        if key not in self.values:
            raise ValueError(f"{self.place}: expected a line {key!r} in case {self.name!r}; found {', '.join(self.values) or 'none'}")
        return self.values[key]

    def section(self, name: str) -> bytes:
        """A section that the case must have. Raises ValueError."""
        if name not in self.sections:
            raise ValueError(f"{self.place}: expected a section {name!r} in case {self.name!r}; found {', '.join(self.sections) or 'none'}")
        return self.sections[name]

    def fate(self, setting: str = "") -> Fate:
        """The expected fate, where `setting` (`field=value`) is set if the case says so. Raises ValueError."""
        said = self.values.get(f"expect {setting}", self.values.get("expect", ""))
        found = _FATE.fullmatch(said)
        if found is None:
            raise ValueError(f"{self.place}: expected `expect: kept`, or another fate with its label; found {said!r}")
        return Fate(found[1], found[2] or "")


def read(path: Path) -> list[Case]:
    """The cases of a text, in order.

    Raises ValueError that names the file, the line (from 1), what was expected there and what was found.
    """
    lines = path.read_bytes().decode().split("\n")
    heads = [number for number, line in enumerate(lines) if _CASE.fullmatch(line)]
    cases = [_case(path.name, lines[begin:end], begin + 1) for begin, end in zip(heads, [*heads[1:], len(lines)], strict=True)]
    names = [case.name for case in cases]
    for number, case in enumerate(cases):
        if case.name in names[:number]:
            raise ValueError(f"{case.place}: expected a name that no earlier case has; found {case.name!r}")
    return cases


def _case(file: str, lines: list[str], begin: int) -> Case:
    values: dict[str, str] = {}
    sections: dict[str, list[str]] = {}
    body: list[str] | None = None
    for number, line in enumerate(lines[1:], begin + 1):
        head = _SECTION.fullmatch(line)
        if head:
            body = sections.setdefault(head[1], [])
        elif body is not None:
            body.append(line)
        elif line:
            value = _VALUE.fullmatch(line)
            if value is None:
                raise ValueError(f"{file}, line {number}: expected `key: value` or `@-- SECTION`; found {line[:80]!r}")
            values[value[1]] = value[2]
    return Case(lines[0].removeprefix("@@@ "), f"{file}, line {begin}", values, {name: _bytes(body) for name, body in sections.items()})


def _bytes(lines: list[str]) -> bytes:
    text = _HEX.sub(lambda found: bytes.fromhex(found[1].decode()), "\n".join(lines).rstrip("\n").encode())
    return _TIMES.sub(lambda found: int(found[1]) * found[2], text)
