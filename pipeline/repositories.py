"""Repositories as trees of files: a folder on disk, or a tar of one or many in any compression. GitHub's part of LLaMA, section 2.1.

Every file is a SourceFile, or says by name why it is none. Nothing is unpacked to disk, no link is followed, and an archive within is a binary
file like any other.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pipeline import tar_members
from pipeline.member_names import ABSOLUTE, UPWARDS, storable
from pipeline.part import Part
from pipeline.records import Broken, Refused, Skipped
from pipeline.source_text import text_of
from pipeline.tar_members import DIRECTORY, FILE, Entry

GIT = ".git"
NAME_REPLACED = "name that is no UTF-8 replaced"


@dataclass(frozen=True)
class Bounds:
    """`file_bytes`: a larger file is refused by name and not held; `member_bytes`: expanded bytes of one compressed member."""

    file_bytes: int = 1 << 20  # ours: as BigQuery's contents, which hold files under 1 MiB
    member_bytes: int = 64 << 30  # ours: as for WARC; a bomb ends there


class SourceFile(NamedTuple):
    """A text file. `path`: within the repository. `size`: bytes as stored. `mode`: permissions. Its place: as `tar_members.Entry`."""

    repository: str
    path: str
    text: str
    size: int
    mode: int
    offset: int
    inner: int
    notes: tuple[str, ...]


class _Named(NamedTuple):
    repository: str
    path: str
    notes: tuple[str, ...]


def read(part: Part, bounds: Bounds | None = None, depth: int = 1) -> Iterator[SourceFile | Refused | Skipped | Broken]:
    """All entries in the order of the archive, or in sorted order of a folder.

    `depth`: how many components of a path name the repository: 1 for `repo/...` and `owner__repo/...` (which is owner/repo), 2 for
    `owner/repo/...`. A folder is one repository, named by the last components of the part's name.
    """
    bounds = bounds or Bounds()
    for entry in _entries(part, lambda name: True, bounds, depth):
        yield entry if isinstance(entry, Broken) else _outcome(entry, depth, bounds)


def licence_texts(
    part: Part, is_licence: Callable[[str], bool], bounds: Bounds | None = None, depth: int = 1
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """(repository, folder) -> [(path, text)] of the files that `is_licence` takes by their path, "" being the repository's own folder.

    A first pass, since a licence may come behind the files that it governs. What cannot be read `read` names, in the second pass.
    """
    bounds, found = bounds or Bounds(), dict[tuple[str, str], list[tuple[str, str]]]()

    def wanted(name: str) -> bool:
        named = _named(name, depth)
        return isinstance(named, _Named) and is_licence(named.path)

    for entry in _entries(part, wanted, bounds, depth):
        if isinstance(entry, Broken) or entry.content is None or entry.kind != FILE or not wanted(entry.name):
            continue
        item = _outcome(entry, depth, bounds)
        if isinstance(item, SourceFile):
            found.setdefault((item.repository, item.path.rpartition("/")[0]), []).append((item.path, item.text))
    return found


def describe(path: str) -> tuple[int, str]:
    """Bytes of all files of a folder, and a tag that changes when a file's name, size or time of change does. `.git` does not count."""
    total, tag = 0, hashlib.blake2b(digest_size=16)
    for name, _, status in _walk(path):
        if stat.S_ISREG(status.st_mode):
            total += status.st_size
        tag.update(b"%s\0%d %d %d\n" % (os.fsencode(name), status.st_mode, status.st_size, status.st_mtime_ns))
    return total, tag.hexdigest()


# ---- where entries come from


def _entries(part: Part, wanted: Callable[[str], bool], bounds: Bounds, depth: int) -> Iterator[Entry | Broken]:
    if os.path.isdir(part.path):
        return _folder(part, wanted, bounds, depth)
    return tar_members.read(part, wanted, bounds.file_bytes, bounds.member_bytes)


def _folder(part: Part, wanted: Callable[[str], bool], bounds: Bounds, depth: int) -> Iterator[Entry | Broken]:
    """The entries of a folder, named as in a tar of it. Offsets count the bytes of the files before, so that they grow up to the part's size."""
    root, offset = "/".join(_repository_of(part, depth)), 0
    for name, path, status in _walk(part.path):
        kind, called = _kind(status.st_mode), f"{root}/{name}"
        size = status.st_size if kind == FILE else 0
        content: bytes | None = None
        try:
            if kind == FILE and size <= bounds.file_bytes and wanted(called) and GIT not in name.split("/"):
                with open(path, "rb") as file:
                    content = file.read(bounds.file_bytes + 1)
                content = content if len(content) <= bounds.file_bytes else None
            link = os.readlink(path) if kind == "symbolic link" else ""
        except OSError as error:
            yield Broken(offset, 0, size, f"file cannot be read: {type(error).__name__}", called.encode("utf-8", "replace"))
        else:
            yield Entry(called, kind, len(content) if content is not None else size, stat.S_IMODE(status.st_mode), link, content, offset, 0)
        offset += size


def _repository_of(part: Part, depth: int) -> list[str]:
    """The components that name a folder's repository: the last of the part's name, or of its path where the name has too few."""
    named = [component for component in part.name.split("/") if component not in ("", ".", "..")]
    where = [component for component in os.path.abspath(part.path).split(os.sep) if component]
    return (named if len(named) >= depth else where)[-depth:]


def _walk(root: str, below: str = "") -> Iterator[tuple[str, str, os.stat_result]]:
    """(relative name, path, status) of all that is no folder, sorted by name in each folder; links are not followed, `.git` is left out."""
    folders = [(root, below)]
    while folders:
        folder, prefix = folders.pop()
        inside: list[tuple[str, str]] = []
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        for entry in found:
            if entry.name == GIT:
                continue
            if entry.is_dir(follow_symlinks=False):
                inside.append((entry.path, f"{prefix}{entry.name}/"))
            else:
                yield prefix + entry.name, entry.path, entry.stat(follow_symlinks=False)
        folders += reversed(inside)


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return FILE
    if stat.S_ISLNK(mode):
        return "symbolic link"
    return "fifo" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"


# ---- what becomes of an entry


def _outcome(entry: Entry, depth: int, bounds: Bounds) -> SourceFile | Refused | Skipped:
    named = _named(entry.name, depth)

    def refuse(label: str, reason: str, value: object) -> Refused:
        repository, path, notes = named if isinstance(named, _Named) else ("", storable(entry.name), ())
        key = f"{repository}/{path}" if repository else path
        return Refused(key, label, reason, str(value), entry.offset, entry.inner, {"repository": repository, "path": path}, notes)

    if entry.kind == DIRECTORY:
        return Skipped(DIRECTORY)
    if isinstance(named, str):
        return refuse("unsafe path" if named in UNSAFE else "no repository", named, storable(entry.name))
    if GIT in named.path.split("/"):
        return Skipped("file of git's own")
    if entry.kind != FILE:
        return refuse("not a regular file", entry.kind, storable(entry.link))
    if entry.content is None:
        return refuse("over-size file", f"more than {bounds.file_bytes} bytes", entry.size)
    decoded = text_of(entry.content)
    if decoded is None:
        return refuse("binary file", "a NUL byte, or control characters that no text has", entry.size)
    return SourceFile(named.repository, named.path, decoded[0], entry.size, entry.mode, entry.offset, entry.inner, named.notes + decoded[1])


UNSAFE = (ABSOLUTE, UPWARDS)


def _named(name: str, depth: int) -> _Named | str:
    """The repository and the path within it, or why there are none."""
    text = storable(name)
    notes = () if text == name else (NAME_REPLACED,)
    if text.startswith("/"):
        return ABSOLUTE
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        return UPWARDS
    if len(parts) <= depth:
        return f"path of {len(parts)} components: the first {depth} name the repository"
    repository = "/".join(parts[:depth])
    if depth == 1 and "__" in repository.strip("_"):
        repository = repository.replace("__", "/", 1)
    return _Named(repository, "/".join(parts[depth:]), notes)
