"""Real texts that lie beside the project, for tests of what works on texts; they skip where there are none."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from shared_data import SHARED


def c4() -> list[str]:
    """Documents of C4 and mC4, English and French."""
    return [
        value
        for path in _files("c4")
        for line in _read(path).split("\n")
        if line
        for value in json.loads(line).values()
        if isinstance(value, str)
    ]


def web() -> list[str]:
    """Texts that were extracted from web pages, in many languages."""
    return [_read(path) for path in _files("html") if path.name.endswith(".txt.gz")]


def prose() -> Iterator[str]:
    """Novels, plays, speeches, news and sayings, in a dozen languages; a file each."""
    for path in _files("text"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield archive.read(name).decode(errors="replace")
        else:
            yield _read(path)


def _files(folder: str) -> list[Path]:
    found = sorted(path for path in (SHARED / folder).rglob("*") if path.is_file())
    if not found:
        pytest.skip(f"no real text: {SHARED / folder} is absent")
    return found


def _read(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")
