"""Rows of BigQuery's `github_repos`: joined by its own query, or the tables contents, files and licenses apart (spec 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pipeline import rows
from pipeline.part import Part
from pipeline.records import Broken, Document, Read, Refused, Row
from transforms import licences

SYMBOLIC_LINK, SUBMODULE = 0o120000, 0o160000  # git's modes; BigQuery has them in decimal


def table_of(name: str) -> str | None:
    """Which table a file is of, by its own name or else by its folder's."""
    for part in reversed(name.split("/")):
        found = re.match(r"(?:sample_)?(contents|files|licenses)(?![a-z])", part.lower())
        if found:
            return found[1]
    return None


def read(part: Part, tables: bool, max_text_bytes: int, bounds: rows.Bounds) -> Iterator[Read]:
    """Every row: of a joined table or of `files` a document or why it is none, of the other two what documents ask for."""
    table = (table_of(part.name) if tables else None) or "joined"
    for row in rows.read(part, COLUMNS[table], bounds):
        if isinstance(row, Broken):
            yield row
        elif table == "joined":
            yield _joined(row, max_text_bytes)
        elif table == "contents":
            yield _content(row, max_text_bytes)
        else:
            yield _file(row) if table == "files" else _licence(row)


REPOSITORY = rows.Column("repository", names=("repo_name", "sample_repo_name", "repository"))
PATH = rows.Column("path", names=("path", "sample_path"))
REF = rows.Column("ref", required=False, names=("ref", "sample_ref"))
MODE = rows.Column("mode", "integer", required=False, names=("mode", "sample_mode"))
CONTENT = (
    rows.Column("content", required=False),
    rows.Column("size", "integer", required=False),
    rows.Column("binary", "boolean", required=False),
)
COLUMNS = {
    "joined": (REPOSITORY, PATH, rows.Column("license", required=False), REF, MODE, rows.Column("id", required=False), *CONTENT),
    "files": (REPOSITORY, PATH, REF, MODE, rows.Column("id")),
    "licenses": (rows.Column("repository", names=("repo_name", "repository")), rows.Column("license")),
    "contents": (rows.Column("id"), *CONTENT),
}


def _joined(row: rows.Row, max_text_bytes: int) -> Document | Refused:
    values = row.values
    columns = {**_columns(values), "license": licences.key(values["license"]), "state": "text"}
    refused = _not_a_file(row, columns)
    if refused:
        return refused
    state, value = _state(values, max_text_bytes)
    if state != "text":
        return Refused(key_of(values), state, STATES[state], value, row.offset, row.inner, columns, row.notes)
    return Document(key_of(values), values["content"], row.offset, row.inner, columns, row.notes)


def _file(row: rows.Row) -> Document | Refused:
    columns = {**_columns(row.values), "license": None, "state": None}
    return _not_a_file(row, columns) or Document(key_of(row.values), "", row.offset, row.inner, columns, row.notes)


def _licence(row: rows.Row) -> Row:
    return Row("licenses", row.values["repository"], {"license": licences.key(row.values["license"])})


def _content(row: rows.Row, max_text_bytes: int) -> Row:
    state, _ = _state(row.values, max_text_bytes)
    return Row("contents", row.values["id"], {"content": row.values["content"] if state == "text" else None, "state": state})


STATES = {
    "binary file": "the table says that it is binary",
    "no content": "the table has no content for it: larger than 1 MiB, or binary",
    "over-size file": "it is larger than max_document_bytes",
}


def _state(values: Mapping[str, Any], max_text_bytes: int) -> tuple[str, str]:
    """(`text`, or why a row's content is none; the value that decided)."""
    if values["binary"]:
        return "binary file", "true"
    if values["content"] is None:
        return "no content", str(values["size"] or "")
    size = len(values["content"].encode()) if 4 * len(values["content"]) > max_text_bytes else 0
    return ("over-size file", str(size)) if size > max_text_bytes else ("text", "")


def _not_a_file(row: rows.Row, columns: dict[str, Any]) -> Refused | None:
    kind = {SYMBOLIC_LINK: "symbolic link", SUBMODULE: "submodule"}.get((row.values["mode"] or 0) & 0o170000)
    if kind is None:
        return None
    return Refused(key_of(row.values), kind, "the mode in the table", str(row.values["mode"]), row.offset, row.inner, columns, row.notes)


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    repository, path, ref = values["repository"], values["path"], values["ref"]
    return {"url": url_of(repository, path, ref), "repository": repository, "path": path, "ref": ref, "blob": values.get("id")}


def url_of(repository: str, path: str, ref: str | None) -> str | None:
    """The file's page on GitHub; None for a repository whose name is not owner/name."""
    if repository.count("/") != 1:
        return None
    return f"https://github.com/{repository}/blob/{(ref or 'HEAD').removeprefix('refs/heads/')}/{quote(path)}"


def key_of(values: Mapping[str, Any]) -> str:
    """A repository's name has no colon, so no two files have one key."""
    return f"{values['repository']}:{values['path']}"
