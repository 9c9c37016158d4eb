"""The books' sample in the forms in which books come: files of Project Gutenberg, Books3's tar, a zip, PG-19's rows; written at run time from the texts."""

from __future__ import annotations

import io
import json
import tarfile
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

from pipeline.samples import stored_files
from pipeline.samples.case_files import TEXTS, Case, read
from pipeline.samples.repository_files import KINDS

FOLDER = TEXTS / "books"
GUTENBERG, COLLECTIONS, BROKEN, PASSAGES = (FOLDER / f"{name}.txt" for name in ("gutenberg", "collections", "broken", "passages"))
MARKS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe"}
UNIX = 3  # APPNOTE 4.4.2: where a zip was made, which zipfile would take from the machine


def pack(folder: Path) -> list[Path]:
    """The files under `folder`. Raises ValueError where a text is malformed."""
    return _pack(folder, read(GUTENBERG) + read(COLLECTIONS))


def pack_broken(folder: Path) -> list[Path]:
    """Files of which some cannot be read: a run over them exceeds the default error budget."""
    return _pack(folder, read(BROKEN))


def book(case: Case) -> str:
    """The text of a book without header and footer, its lines ended by LF: its passages, then its own."""
    parts = [_passages()[name] for name in case.values.get("passages", "").split()]
    if "leaves out" in case.values:
        parts = [part.replace(case.value("leaves out"), "") for part in parts]
    if "wrap" in case.values:
        parts = [textwrap.fill(part, int(case.value("wrap"))) for part in parts]
    return "\n\n".join([*parts, *([case.section("body").decode()] if "body" in case.sections else [])])


def _passages() -> dict[str, str]:
    return {case.name: case.section("text").decode() for case in read(PASSAGES)}


def _pack(folder: Path, cases: list[Case]) -> list[Path]:
    held: dict[str, list[Case]] = {}
    for case in cases:
        held.setdefault(case.values.get("in", case.name), []).append(case)
    return [stored_files.write(folder / _stored_name(name, dealt[0]), _packed(name, dealt)) for name, dealt in held.items()]


def _stored_name(name: str, case: Case) -> str:
    return name if "packed" not in case.values else f"{name}.gz"


def _packed(name: str, cases: list[Case]) -> bytes:
    for ending, packed in ARCHIVES.items():
        if name.endswith(ending) and "in" in cases[0].values:
            return packed(cases)
    (case,) = cases
    stored = content(case)
    for _ in range({"gz": 1, "gz twice": 2}[case.value("packed")] if "packed" in case.values else 0):
        stored = stored_files.gzip_member(stored)
    return stored[: len(stored) - int(case.values.get("cut", 0))]


def content(case: Case) -> bytes:
    """A book's bytes, header and footer with it; a section `body` alone is taken as it is."""
    if case.values.get("file") == "empty":
        return b""
    if not {"passages", "encoding"} & case.values.keys() and not {"header", "footer"} & case.sections.keys():
        return case.section("body") + b"\n"
    header, footer = (case.sections.get(name, b"").decode() for name in ("header", "footer"))
    text = "\n\n\n".join(part for part in (header, book(case), footer) if part) + "\n"
    if case.values.get("lines") == "crlf":
        text = text.replace("\n", "\r\n")
    encoding = case.values.get("encoding", "utf-8")
    return (MARKS[encoding] if case.values.get("mark") == "yes" else b"") + text.encode(encoding)


def _tar(cases: list[Case]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for case in cases:
            info = tarfile.TarInfo(case.name)
            info.type, info.linkname = KINDS[case.values.get("type", "file")], case.values.get("link", "")
            info.mtime, info.mode = stored_files.FILE_TIME, 0o755 if info.isdir() else 0o644
            data = content(case) if info.isreg() else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def _zip(cases: list[Case]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for case in cases:
            info = zipfile.ZipInfo(case.name)  # its time is 1980, the first that a zip can hold
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, UNIX, 0o644 << 16
            archive.writestr(info, content(case))
    return packed.getvalue()


def _rows(cases: list[Case]) -> bytes:
    """PG-19's columns, as Hugging Face has them; a value `row` stands as it is."""
    return "".join((case.values.get("row") or json.dumps(_row(case), ensure_ascii=False)) + "\n" for case in cases).encode()


def _row(case: Case) -> dict[str, str]:
    columns = {"short_book_title": case.value("short title"), "publication_date": case.value("published")}
    return {**columns, "url": case.name, "text": book(case) + "\n"}


ARCHIVES: dict[str, Callable[[list[Case]], bytes]] = {
    ".tar": _tar,
    ".tar.gz": lambda cases: stored_files.gzip_member(_tar(cases)),
    ".zip": _zip,
    ".jsonl": _rows,
}
