"""Github, 4.5 % of the mixture. LLaMA section 2.1, Github.

"We use the public GitHub dataset available on Google BigQuery. We only kept projects that are distributed under the Apache, BSD and MIT licenses.
Additionally, we filtered low quality files with heuristics based on the line length or proportion of alphanumeric characters, and removed
boilerplate, such as headers, with regular expressions. Finally, we deduplicate the resulting dataset at the file level, with exact matches."

A document is a file of a repository. It comes as a row of BigQuery's export that has all (`content`, `path`, `repo_name`, `license`), as rows of the
three tables apart, which meet in the exchange, or out of a repository's own files, whose licence is read from its text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import github_tables, repositories, rows, settings
from pipeline.documents import Batch
from pipeline.exchange import hashed
from pipeline.files import InputError, Listed
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import (
    DropDuplicates,
    Gather,
    Gathered,
    Keep,
    Keys,
    Mask,
    Measure,
    Merged,
    Recipe,
    Rewrite,
    Rewritten,
    Test,
    at_least,
    at_most,
    one_of,
)
from pipeline.records import Document, Read, Refused
from pipeline.settings import setting
from pipeline.stores import Stat
from transforms import licence_headers, licences, source_code

NAME = "github"
READ_AS = "read the entry as a source file"


@dataclass(frozen=True)
class GitHub:
    """What LLaMA did to GitHub's files; the numbers, which it does not give, are those of Codex and CodeParrot."""

    licences: tuple[str, ...] = setting(licences.ALLOWED, "paper: only projects under the Apache, BSD and MIT licenses; SPDX identifiers")
    max_line: int = setting(source_code.MAX_LINE, "code: Codex and CodeParrot; LLaMA says line length and gives no number")
    max_average_line: float = setting(source_code.MAX_AVERAGE_LINE, "code: Codex and CodeParrot")
    min_alphanumeric: float = setting(source_code.MIN_ALPHANUMERIC, "code: CodeParrot; LLaMA says proportion of alphanumeric characters")
    generated: Literal["dropped", "kept"] = setting("dropped", "code: CodeParrot drops files that say so in their first five lines")
    minified: Literal["dropped", "kept"] = setting("dropped", "ours: a minified script is a build product; its source stands elsewhere")
    remove_headers: bool = setting(True, "paper: removed boilerplate, such as headers, with regular expressions")
    deduplicate: Literal["cleaned", "raw", "off"] = setting(
        "cleaned", "paper: finally, the resulting dataset; raw: RedPajama compares files as stored"
    )
    form: Literal["auto", "documents", "tables"] = setting(
        "auto", "ours: tables where the names of the inputs say contents, files and licenses; documents: joined rows and repositories"
    )
    repository_depth: int = setting(1, "ours: leading folders of a tarball that name the repository; 1 reads owner__name as owner/name")
    max_document_bytes: int = setting(2**20, "code: BigQuery's contents are under 1 MiB; larger files are dropped by name")
    max_record_bytes: int = setting(
        16 * 2**20, "ours: a row as stored that is held in memory: 1 MiB of content, every character escaped, and more"
    )
    max_member_bytes: int = setting(64 * 2**30, "ours: expanded size at which a compressed member is a bomb")
    rejected_text: bool = setting(False, "ours: rejects name the file; its text is in the input")

    def __post_init__(self) -> None:
        for name in ("max_line", "max_document_bytes", "max_record_bytes", "max_member_bytes", "repository_depth"):
            if getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is at least 1, not {getattr(self, name)}")
        if self.max_document_bytes > self.max_record_bytes:
            raise settings.SettingError("max_document_bytes is at most max_record_bytes: a larger text is never held")


LLAMA = GitHub()
PRESETS = {"llama": LLAMA}

READ = pa.schema([(name, pa.string()) for name in ("url", "repository", "path", "ref", "blob", "license", "state")])
"""The columns that the reader gives beside id, source, text, notes and origin. `state`: of a table's row, what its content is."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("repository", pa.string()),
        ("path", pa.string()),
        ("ref", pa.string()),
        ("license", pa.string()),
        ("text", pa.string()),
        ("longest_line", pa.int64()),
        ("average_line", pa.float64()),
        ("alphanumeric", pa.float64()),
        ("original_characters", pa.int64()),
        *PLACE,
    ]
)
"""A source file. `license`: an SPDX expression; the measures are of the text before its header was removed, in characters."""

PASSED = pa.schema([("document", pa.uint32()), ("blob", pa.string()), ("state", pa.string()), *CLEAN])

MEASURES = (
    ("license", "licences", "one of"),
    ("longest_line", "max_line", "at most"),
    ("average_line", "max_average_line", "at most"),
    ("alphanumeric", "min_alphanumeric", "at least"),
)
"""(column of a clean shard, setting that bounds it, how), for `explain`."""

ROWS = {
    "licenses": pa.schema([("license", pa.string())]),
    "contents": pa.schema([("content", pa.string()), ("state", pa.string())]),
}
"""Rows of BigQuery's tables that feed documents; the documents are the rows of `files`."""

# ---- what the inputs are


REPOSITORY_SIGNS = re.compile(
    r"(?i)\.git|readme(?:\..*)?|licen[sc]e(?:\..*)?|copying(?:\..*)?|makefile|setup\.py|package\.json|cargo\.toml|go\.mod|pom\.xml"
)
"""Names that stand in the root folder of a repository, and not in a folder of repositories."""
ARCHIVE = re.compile(r"(?i)\.(?:tar|tgz|tbz2?|txz|tzst)(?:\.(?:gz|bz2|xz|zst))?(?:$|[?#])")


def folders(path: str) -> list[tuple[str, Stat]]:
    """A folder given as input: a repository, or a folder of repositories, each of which is an input. Raises InputError for a folder of neither."""
    entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    if any(REPOSITORY_SIGNS.fullmatch(entry.name) for entry in entries):
        return [(path, repositories.describe(path))]
    inside = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
    files = [entry.name for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    if not inside or files:
        raise InputError(
            f"{path}: expected a repository or a folder of repositories, found {len(inside)} folders and {len(files)} files; "
            f"give files by a glob: '{os.path.join(path, '*')}'"
        )
    return [(folder, repositories.describe(folder)) for folder in inside]


def resolve(config: GitHub, listing: Sequence[Listed]) -> GitHub:
    """The configuration with `form` decided. Raises InputError where tables are named and one is missing."""
    kinds = {file.name: github_tables.table_of(file.name) for file in listing}
    form = config.form
    if form == "auto":
        form = "tables" if {"contents", "files"} <= set(kinds.values()) else "documents"
    if form == "tables":
        missing = {"contents", "files", "licenses"} - set(kinds.values())
        if missing:
            raise InputError(
                f"expected BigQuery's tables contents, files and licenses, found no file or folder named {' or '.join(sorted(missing))}"
            )
        strangers = [name for name, kind in kinds.items() if kind is None]
        if strangers:
            raise InputError(f"{strangers[0]}: cannot tell which table it is: its name or its folder's says contents, files or licenses")
    return replace(config, form=form)


# ---- reading


def read(part: Part, config: GitHub) -> Iterator[Read]:
    """Every entry of a repository, or every row of a table."""
    if os.path.isdir(part.path) or ARCHIVE.search(part.name):
        yield from _entries(part, config)
        return
    bounds = rows.Bounds(member_bytes=config.max_member_bytes, row_bytes=config.max_record_bytes)
    yield from github_tables.read(part, config.form == "tables", config.max_document_bytes, bounds)


def _entries(part: Part, config: GitHub) -> Iterator[Read]:
    """The files of repositories, each under the licence of the nearest folder above it that has one."""
    bounds = repositories.Bounds(member_bytes=config.max_member_bytes, file_bytes=config.max_document_bytes)
    depth = config.repository_depth
    texts = repositories.licence_texts(part, licences.is_licence_file, bounds, depth)
    found = {place: licences.of_folder(dict(held)) for place, held in texts.items()}
    governed: dict[str, set[str]] = {}
    for repository, place in found:
        governed.setdefault(repository, set()).add(place)
    for entry in repositories.read(part, bounds, depth):
        if isinstance(entry, repositories.SourceFile):
            folder = licences.governing(entry.path, governed.get(entry.repository, ()))
            licence = found.get((entry.repository, folder)) if folder is not None else None
            columns = {
                "url": github_tables.url_of(entry.repository, entry.path, None),
                "repository": entry.repository,
                "path": entry.path,
                "license": licence or None,
                "state": "text",
            }
            yield Document(github_tables.key_of(columns), entry.text, entry.offset, entry.inner, columns, entry.notes)
        elif isinstance(entry, Refused) and entry.columns["repository"]:
            url = github_tables.url_of(entry.columns["repository"], entry.columns["path"], None)
            yield replace(entry, key=github_tables.key_of(entry.columns), columns={**entry.columns, "url": url})
        else:
            yield entry


# ---- the recipe


def recipe(config: GitHub, models: object) -> Recipe:
    """LLaMA section 2.1, the Github paragraph, clause by clause."""
    tables = config.form == "tables"
    steps: list[Gather | Keep | Measure | Rewrite | DropDuplicates | None] = [
        Gather("the repository's licence", "licenses", lambda batch: batch["repository"], _with_licence, 1) if tables else None,
        Measure("licence", lambda batch: {"license": pc.fill_null(batch["license"], licences.NONE)}),
        Keep("only kept projects under the Apache, BSD and MIT licenses", "license", _permitted(config.licences)),
        DropDuplicates("one path of a blob and file name", _blob_and_name, "documents", "corpus", 1, "keep_first", _path_order)
        if tables
        else None,
        Gather("the file's content", "contents", lambda batch: batch["blob"], _with_content, 1) if tables else None,
        Keep("text content", "state", one_of(("text",))) if tables else None,
        Measure("source code", _measures),
        Keep("no empty files", "kind", _is_not("empty")),
        Keep("no binary files", "kind", _is_not("binary")),
        Keep("no generated files", "kind", _is_not("generated")) if config.generated == "dropped" else None,
        Keep("no minified files", "kind", _is_not("minified")) if config.minified == "dropped" else None,
        Keep("heuristics based on the line length: longest", "longest_line", at_most(config.max_line)),
        Keep("heuristics based on the line length: average", "average_line", at_most(config.max_average_line)),
        Keep("proportion of alphanumeric characters", "alphanumeric", at_least(config.min_alphanumeric)),
        Measure("raw key", lambda batch: {"raw": pa.array(hashed(batch["text"]))}) if config.deduplicate == "raw" else None,
        Rewrite("removed boilerplate, such as headers", _without_header) if config.remove_headers else None,
        Measure("what is left", lambda batch: {"left": pa.array(_stripped(batch))}),
        Keep("something is left", "left", at_least(1)),
        DropDuplicates("deduplicate at the file level", _whole(config), "documents", "corpus", 1, "keep_first", _path_order)
        if config.deduplicate != "off"
        else None,
    ]
    return [step for step in steps if step is not None]


def _with_licence(batch: Batch, gathered: Gathered) -> Merged:
    return Merged({"license": gathered.first("license")})


def _with_content(batch: Batch, gathered: Gathered) -> Merged:
    return Merged({"text": pc.fill_null(gathered.first("content"), ""), "state": pc.fill_null(gathered.first("state"), "no content")})


def _permitted(allowed: tuple[str, ...]) -> Test:
    def holds(column: pa.Array) -> Mask:
        known = column.dictionary_encode()
        answers = [licences.permitted(licence, allowed) for licence in known.dictionary.to_pylist()]
        found = pc.take(pa.array(answers, pa.bool_()), known.indices)
        return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), bool)

    return Test(f"not {' or '.join(allowed)}", holds)


def _is_not(kind: str) -> Test:
    """A file's `kind` may say several things, the first words are what it is."""
    return Test(f"is {kind}", lambda column: ~np.asarray(pc.starts_with(column, kind).to_numpy(zero_copy_only=False), bool))


def _measures(batch: Batch) -> dict[str, pa.Array]:
    paths = batch["path"].to_pylist()
    measured = source_code.measures(batch.texts)
    binary, minified = source_code.binary(batch.texts, measured), source_code.minified(paths, measured)
    generated = source_code.generated(batch.texts, paths)
    empty = _stripped(batch) == 0
    kinds = [
        "empty" if is_empty else "binary" if is_binary else f"generated: {why}" if why else "minified" if is_minified else "source"
        for is_empty, is_binary, why, is_minified in zip(empty.tolist(), binary.tolist(), generated, minified.tolist(), strict=True)
    ]
    return {
        "longest_line": pa.array(measured.longest),
        "average_line": pa.array(measured.average),
        "alphanumeric": pa.array(measured.alphanumeric),
        "original_characters": pa.array(batch.texts.characters),
        "kind": pa.array(kinds, pa.string()),
    }


def _without_header(batch: Batch) -> Rewritten:
    return Rewritten(licence_headers.remove_all(batch.texts, batch["path"].to_pylist()))


def _stripped(batch: Batch) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Bytes of each text without white space at its ends."""
    return np.asarray(pc.binary_length(pc.utf8_trim_whitespace(batch["text"])), np.int64)


def _whole(config: GitHub) -> Callable[[Batch], Keys]:
    return (lambda batch: np.asarray(batch["raw"])) if config.deduplicate == "raw" else lambda batch: hashed(batch["text"])


def _path_order(batch: Batch) -> pa.BinaryArray:
    """The smallest (repository, path) stays: NUL stands in no name, and before every other character."""
    return pc.binary_join_element_wise(batch["repository"], batch["path"], "\0").cast(pa.binary())


def _blob_and_name(batch: Batch) -> Keys:
    """Of a path, the rules see the file's name alone: equal blobs of equal names have one fate and one text, and need be fetched only once."""
    names = [path.rpartition("/")[2] for path in batch["path"].to_pylist()]
    return hashed([f"{blob}\0{name}" for blob, name in zip(batch["blob"].to_pylist(), names, strict=True)])
