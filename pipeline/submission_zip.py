"""A submission that is a zip, as authors sent some: its files, as of a tar (PKWARE's APPNOTE)."""

from __future__ import annotations

import calendar
import stat
import zipfile
import zlib

from pipeline.members import EXCERPT
from pipeline.part import Part
from pipeline.records import Broken
from pipeline.submission_files import Submission
from pipeline.tar_members import DIRECTORY, FILE, Entry

MOST_ENTRIES = 100_000  # ours: a directory of a zip is held whole; real submissions have some thousand files
ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)
"""What zipfile raises for a damaged, encrypted or unknown entry."""


def of_zip(part: Part, submission: Submission, packed_bytes: int) -> None:
    """Adds the files of a zip. Its directory lies at the end: one that is cut yields nothing, and is damage."""
    part.stream.seek(0)
    excerpt = part.stream.read(EXCERPT)
    try:
        if part.size > packed_bytes:
            raise zipfile.BadZipFile("zip is over its bound")
        archive = zipfile.ZipFile(part.stream)
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise zipfile.BadZipFile("zip has more files than its bound")
    except ERRORS as error:
        known = str(error) if str(error).startswith("zip ") else "zip is corrupt or cut"
        submission.add(Broken(0, 0, part.size, known, excerpt))
        return
    if any(entry.filename.startswith("word/") for entry in entries):
        submission.kinds["docx"] += 1
        return
    for entry in entries:
        _add(archive, entry, submission)


def _add(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, submission: Submission) -> None:
    mode = entry.external_attr >> 16
    kind = DIRECTORY if entry.is_dir() else "symbolic link" if stat.S_ISLNK(mode) else FILE
    content: bytes | None = None
    if kind == FILE and submission.wanted(entry.filename):
        try:
            with archive.open(entry) as file:
                content = file.read(submission.file_bytes + 1)
        except ERRORS as error:
            submission.add(Broken(entry.header_offset, 0, entry.compress_size, f"zip entry is corrupt: {type(error).__name__}", b""))
            return
    size = entry.file_size if content is None else len(content)
    content = content if content is not None and len(content) <= submission.file_bytes else None
    submission.add(Entry(entry.filename, kind, size, mode, "", content, entry.header_offset, 0, _seconds(entry)))


def _seconds(entry: zipfile.ZipInfo) -> int:
    """Zips say local time without a zone: read as UTC, so that it is the same everywhere."""
    try:
        return calendar.timegm((*entry.date_time, 0, 0, 0))
    except (ValueError, OverflowError):
        return 0
