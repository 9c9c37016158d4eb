"""ArXiv's sample in the forms in which papers come: a bulk archive, a paper as downloaded, a zip, a folder; written at run time from the texts."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from pipeline.samples import stored_files
from pipeline.samples.case_files import TEXTS, Case, read
from pipeline.samples.repository_files import KINDS

FOLDER = TEXTS / "arxiv"
PAPERS = tuple(FOLDER / f"{name}.txt" for name in ("comments", "macros", "parts", "projects", "encodings", "kinds"))
BROKEN, LOOSE = FOLDER / "broken.txt", FOLDER / "folder.txt"
BULK = "arXiv_src_2306_001.tar"
BLOCK = 512  # POSIX: content of a tar is padded to a multiple
UNIX = 3  # APPNOTE 4.4.2: where a zip was made, which zipfile would take from the machine


def pack(folder: Path) -> list[Path]:
    """The files under `folder`. Raises ValueError where a text is malformed."""
    return _pack(folder, cases())


def pack_broken(folder: Path) -> list[Path]:
    """Files of which some cannot be read: a run over them exceeds the default error budget."""
    return _pack(folder, read(BROKEN))


def pack_folder(folder: Path) -> list[Path]:
    """The files of a paper that lies in a folder of its own, under `folder`."""
    return [
        stored_files.write(folder / paper / path, content(case))
        for case in read(LOOSE)
        if (found := file_of(case))
        for paper, path in [found]
    ]


def cases() -> list[Case]:
    """All papers, and the files of those that have several. Raises ValueError where a text is malformed."""
    return [case for text in PAPERS for case in read(text)]


def file_of(case: Case) -> tuple[str, str] | None:
    """(paper, path in it) of a case that is one of a paper's files, which is named `PAPER: PATH`; None: it is a paper, or another member of an archive."""
    paper, separator, path = case.name.partition(": ")
    return (paper, path) if separator else None


def content(case: Case) -> bytes:
    """A file's bytes, in its encoding."""
    source = case.section("source")
    source = source and source + b"\n"
    return source.decode().encode(case.value("encoding")) if "encoding" in case.values else source


def _pack(folder: Path, known: list[Case]) -> list[Path]:
    files: dict[str, dict[str, list[Case]]] = {}
    held: dict[str, list[Case]] = {}
    for case in known:
        if found := file_of(case):
            files.setdefault(found[0], {}).setdefault(found[1], []).append(case)
        else:
            held.setdefault(case.values.get("file", case.values.get("in", BULK)), []).append(case)
    written: list[Path] = []
    for name, dealt in held.items():
        inside = files.get(dealt[0].name, {})
        if "file" not in dealt[0].values:
            members = [(case.values.get("member", f"2306/{case.name}.gz"), case, files.get(case.name, {})) for case in dealt]
            packed = _tar([(member, case, _stored(member, case, inner)) for member, case, inner in members])
            written.append(stored_files.write(folder / name, packed[: len(packed) - int(dealt[0].values.get("archive cut", 0))]))
        else:
            written.append(stored_files.write(folder / name, _stored(name, dealt[0], inside)))
    return written


def _stored(name: str, case: Case, files: dict[str, list[Case]]) -> bytes:
    """A paper as it is stored under this name."""
    listed = [(path, file, content(file) if "source" in file.sections else b"") for path, found in files.items() for file in found]
    if name.endswith(".zip"):
        stored = _zip([(path, data) for path, _, data in listed])
    else:
        stored = _tar(listed) if files else content(case) if "source" in case.sections else b""
        if case.values.get("end") == "none":
            stored = stored[: -(-len(stored.rstrip(b"\0")) // BLOCK) * BLOCK]
        for _ in range({"as is": 0, "gz": 1, "gz twice": 2}[case.values.get("packed", "gz" if name.endswith(".gz") else "as is")]):
            stored = stored_files.gzip_member(stored)
    return stored[: len(stored) - int(case.values.get("cut", 0))]


def _tar(entries: list[tuple[str, Case, bytes]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, case, data in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = KINDS[case.values.get("type", "file")], case.values.get("link", "")
            info.mtime, info.mode = stored_files.FILE_TIME, 0o755 if info.isdir() else 0o644
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def _zip(entries: list[tuple[str, bytes]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name)  # its time is 1980, the first that a zip can hold
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, UNIX, 0o644 << 16
            archive.writestr(info, data)
    return packed.getvalue()
