"""GitHub's sample as rows of BigQuery's export, contents, paths and licences joined: JSON lines as BigQuery writes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.samples import repository_files, stored_files
from pipeline.samples.case_files import TEXTS, Case, read

JOINED = TEXTS / "github" / "joined.txt"
ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})
"""code: BigQuery's JSON exports escape these in texts; no JSON outside of texts has them."""
REGULAR = "33188"  # git's 0100644 in decimal


def pack(folder: Path) -> list[Path]:
    """The file under `folder`. Raises ValueError where a text is malformed."""
    lines = b"".join(map(line, map(_row, read(JOINED))))
    return [stored_files.write(folder / "joined-000000000000.json.gz", stored_files.gzip_member(lines))]


def line(row: dict[str, Any]) -> bytes:
    """A row as BigQuery exports it: integers are text, null columns are left out."""
    written = {name: str(value) if type(value) is int else value for name, value in row.items() if value is not None}
    return json.dumps(written).translate(ESCAPED).encode() + b"\n"


def blob(case: Case) -> dict[str, Any]:
    """The columns of `contents` but for the id; without content where the case has none."""
    data = None if case.values.get("content") == "none" else repository_files.content(case)
    return {
        "size": int(case.values.get("size", len(data or b""))),
        "content": None if data is None else data.decode(),
        "binary": case.values.get("binary") == "true",
        "copies": 1,
    }


def blob_id(data: bytes) -> str:
    """What git calls a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _row(case: Case) -> dict[str, Any]:
    repository, _, path = case.name.partition(":")
    described = blob(case)
    named = blob_id((described["content"] or case.name).encode())
    place = {"repo_name": repository, "path": path, "ref": "refs/heads/master", "mode": int(case.values.get("mode", REGULAR))}
    licence = case.value("license")
    return {"id": named, **described, **place, "license": None if licence == "none" else licence}
