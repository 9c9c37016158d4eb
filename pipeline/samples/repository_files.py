"""GitHub's sample as archives: small invented repositories in two tars, with all that an archive may hold beside ordinary files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from pipeline.samples import stored_files
from pipeline.samples.case_files import TEXTS, Case, read

REPOSITORIES = TEXTS / "github" / "repositories.txt"
LICENCES = TEXTS / "github" / "licences"
ARCHIVES = 2  # ours: so that equal files lie in two units
KINDS = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symbolic link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
    "fifo": tarfile.FIFOTYPE,
}


def pack(folder: Path) -> list[Path]:
    """The archives under `folder`. Raises ValueError where a text is malformed."""
    held: list[list[Case]] = [[] for _ in range(ARCHIVES)]
    for case in read(REPOSITORIES):
        held[int(case.value("archive"))].append(case)
    return [
        stored_files.write(folder / f"repositories-{number:05d}.tar.gz", stored_files.gzip_member(_tar(cases)))
        for number, cases in enumerate(held)
    ]


def content(case: Case) -> bytes:
    """A file's bytes: its own text, or a licence's with its holder."""
    if "licence" in case.values:
        return (LICENCES / f"{case.value('licence')}.txt").read_bytes().replace(b"HOLDER", case.value("holder").encode())
    text = case.sections.get("text", b"")
    return text + b"\n" if text and case.values.get("ends") != "as is" else text


def _tar(cases: list[Case]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for case in cases:
            info = tarfile.TarInfo(case.name)
            info.type = KINDS[case.values.get("type", "file")]
            info.linkname = case.values.get("link", "")
            info.mtime, info.mode = stored_files.FILE_TIME, 0o755 if info.type == tarfile.DIRTYPE else 0o644
            data = content(case) if info.type == tarfile.REGTYPE else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()
