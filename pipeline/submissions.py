"""ArXiv's submissions: bulk archives (`arXiv_src_YYMM_NNN.tar`), single papers as downloaded, and folders; each paper is one document.

A member of a bulk archive is a gzip of one file or of a tar, or a PDF (arXiv's help, "Bulk data"); what a file is, its content says. Archives within
a submission are attached files and stay closed. Which file is the main one and what it reads: transforms/latex/main_file.py and project.py.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from pipeline import one_file, repositories, submission_paper, tar_members, zip_members
from pipeline.files import InputError
from pipeline.member_names import storable
from pipeline.members import Content, Piece, Unreadable, pieces
from pipeline.part import Part
from pipeline.records import Broken, Document, Refused, Skipped
from pipeline.stores import Stat
from pipeline.submission_files import Submission, of_folder, path_of, seconds
from pipeline.submission_names import BULK, ENDING, Name, name_of
from pipeline.submission_paper import Place
from pipeline.tar_members import BLOCK, DIRECTORY, FILE, Entry
from transforms.latex.main_file import TEX_NAME

ANYTHING = Content(re.compile(rb""))
BULK_MEMBER = re.compile(r"(?i)\.(?:gz|docx)$")
EMPTY = "empty file"
FIRST_FILES = 16  # ours: files of a tar by which a bulk archive is told
HEAD = 1024  # bytes by which a file's kind is told: those in which a PDF's mark stands


@dataclass(frozen=True)
class Bounds:
    """`document_bytes`: of one file and of a paper's text; `submission_bytes`: held of a submission's files; `packed_bytes`: of a bulk archive's member.

    `member_bytes`: expanded bytes of one compressed member, or of a zip's entries.
    """

    document_bytes: int = 8 << 20  # ours: the longest papers have some MB of LaTeX
    submission_bytes: int = 64 << 20  # ours: figures are not held, so that papers have some 100 KB
    packed_bytes: int = 256 << 20  # ours: arXiv takes 50 MB, and has a few larger ones
    member_bytes: int = 64 << 30  # ours: as for WARC; a bomb ends there


def folders(path: str) -> list[tuple[str, Stat]]:
    """A folder given as input: a paper, or a folder of papers, each of which is an input. Raises InputError for a folder of neither.

    It is a paper if a .tex file lies at its top, or if it holds one below and is more than a folder of folders.
    """
    entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    files = [entry.name for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    inside = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
    if any(TEX_NAME.search(name) for name in files):
        return [(path, repositories.describe(path))]
    with_tex = [folder for folder in inside if _holds_tex(folder)]
    if with_tex and not any(name_of(name).url for name in files):
        if files or name_of(path).url:
            return [(path, repositories.describe(path))]
        return [(folder, repositories.describe(folder)) for folder in inside]
    raise InputError(
        f"{path}: expected a folder of a paper, with .tex files, or a folder of such folders, found {len(files)} files and {len(inside)} folders; "
        f"give archives by a glob: '{os.path.join(path, '*')}'"
    )


def _holds_tex(folder: str) -> bool:
    return any(TEX_NAME.search(name) for _, _, names in os.walk(folder) for name in names)


def read(part: Part, bounds: Bounds | None = None) -> Iterator[Document | Refused | Skipped | Broken]:
    """The papers of a bulk archive in their order, or the one that a file or folder is."""
    bounds = bounds or Bounds()
    if os.path.isdir(part.path):
        submission = _submission(bounds)
        of_folder(part.path, submission)
        yield submission_paper.record(submission, name_of(part.name), Place(0, 0, part.size, 0), bounds.document_bytes)
    elif _is_bulk(part, bounds):
        for entry in tar_members.read(part, lambda name: BULK_MEMBER.search(name) is not None, bounds.packed_bytes, bounds.member_bytes):
            yield entry if isinstance(entry, Broken) else _member(entry, bounds)
    else:
        yield _paper(part, name_of(part.name), Place(0, 0, part.size, 0), bounds)


def _submission(bounds: Bounds) -> Submission:
    return Submission(bounds.document_bytes, bounds.submission_bytes)


# ---- bulk archives


def _is_bulk(part: Part, bounds: Bounds) -> bool:
    """Whether a file is a tar in which one of the first files is named as arXiv names a paper in its month, or is a gzip named as a paper."""
    part.stream.seek(0)
    head, _ = _head(pieces(part.stream, "", bounds.member_bytes, ANYTHING), BLOCK)
    if not _is_tar(head):
        return False
    entries = tar_members.read(replace(part, name=""), lambda name: False, 0, bounds.member_bytes)
    files = (entry.name for entry in entries if isinstance(entry, Entry) and entry.kind == FILE)
    return any(BULK.fullmatch(name) or (name.lower().endswith(".gz") and name_of(name).url) for name in islice(files, FIRST_FILES))


def _member(entry: Entry, bounds: Bounds) -> Document | Refused | Skipped | Broken:
    """What a member of a bulk archive is."""
    if entry.kind == DIRECTORY:
        return Skipped(DIRECTORY)
    named, path = name_of(storable(entry.name)), path_of(entry.name)

    def refuse(label: str, reason: str, value: str) -> Refused:
        return Refused(named.key, label, reason, storable(value), entry.offset, entry.inner, {"url": named.url})

    if path is None:
        return refuse("unsafe path", "path with .." if ".." in entry.name.split("/") else "absolute path", entry.name)
    if entry.kind != FILE:
        return refuse("not a regular file", entry.kind, entry.link)
    place = Place(entry.offset, entry.inner, entry.size, seconds(entry.modified))
    if entry.content is None:
        kind = "pdf only" if path.lower().endswith(".pdf") else "no main file"
        return submission_paper.without_text(named, place, "over-size" if BULK_MEMBER.search(path) else kind)
    if not entry.content:
        return submission_paper.broken(named, place, EMPTY, b"")
    inner = Part(io.BytesIO(entry.content), "", "", entry.size, 0, entry.size)
    return _paper(inner, named, place, bounds)


# ---- one paper


def _paper(part: Part, named: Name, place: Place, bounds: Bounds) -> Document | Broken:
    """One paper out of a file: a tar, a single file, compressed or not."""
    part.stream.seek(0)
    stored = part.stream.read(HEAD)
    part.stream.seek(0)
    if not stored:
        return submission_paper.broken(named, place, EMPTY, b"")
    submission = _submission(bounds)
    if stored.startswith(zip_members.MAGICS):
        if submission_paper.kind_of(stored) == "docx":
            return submission_paper.without_text(named, place, "docx")
        for entry in zip_members.read(part, submission.wanted, bounds.document_bytes, bounds.member_bytes):
            submission.add(entry)
        return submission_paper.record(submission, named, place, bounds.document_bytes)
    head, rest = _head(pieces(part.stream, "", bounds.member_bytes, ANYTHING), HEAD)
    if _is_tar(head):
        for entry in tar_members.read(replace(part, name=""), submission.wanted, bounds.document_bytes, bounds.member_bytes):
            submission.add(entry)
    else:
        if state := submission_paper.kind_of(head):
            return submission_paper.without_text(named, place, state)
        found = one_file.whole(rest, bounds.document_bytes)
        if found.data is None:
            return submission_paper.without_text(named, place, "over-size")
        if found.fault:
            return submission_paper.broken(named, place, *found.fault)
        submission.notes.update(dict.fromkeys(found.notes))
        name = f"{ENDING.sub('', named.paper.rpartition('/')[2])}.tex"
        submission.add(Entry(name, FILE, len(found.data), 0, "", found.data, 0, 0, _gzip_time(stored)))
    return submission_paper.record(submission, named, place, bounds.document_bytes)


def _head(expanded: Iterator[Piece | Unreadable], size: int) -> tuple[bytes, Iterator[Piece | Unreadable]]:
    """The first bytes of a file, and all of its pieces."""
    taken: list[Piece | Unreadable] = []
    head = b""
    while len(head) < size and (piece := next(expanded, None)) is not None:
        taken.append(piece)
        if isinstance(piece, Unreadable):
            break
        head += piece.data
    return head[:size], chain(taken, expanded)


def _is_tar(head: bytes) -> bool:
    return len(head) >= BLOCK and tar_members.is_header(head[:BLOCK])


def _gzip_time(stored: bytes) -> int:
    """RFC 1952: bytes 4 to 8 of a gzip member are the time of change of what is in it."""
    return int.from_bytes(stored[4:8], "little") if stored.startswith(b"\x1f\x8b") else 0
