"""The files of one submission to arXiv, out of a tar, a folder or a single file: what may be LaTeX is held, within bounds; the rest is counted.

No link is followed and nothing is unpacked to disk. What is refused is named.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.member_names import storable
from pipeline.records import Broken
from pipeline.tar_members import DIRECTORY, FILE, Entry
from transforms.latex.main_file import TEX_NAME

FIGURES = re.compile(
    r"(?i)\.(?:pdf|e?ps[if]?|ps_page_\d+|png|jpe?g|jfif|gif|svg|tiff?|bmp|webp|wmf|emf|fig|ai|odg|mp4|avi|mov|mpe?g|wav|mp3|docx?|pptx?|xlsx?|odt"
    r"|zip|tar|t?gz|z|bz2|xz|zst|rar|7z|h5|hdf5|fits?|npy|npz|mat|pkl|parquet|root|bin|exe|dvi|ttf|otf|pf[ab]|tfm|vf|pk)$"
)
"""Files that no LaTeX text is in; an archive among them is an attached file, and stays closed."""
ARCHIVE = re.compile(r"(?i)(?<!\.ps)(?<!\.eps)(?<!\.pdf)\.(?:zip|tar|t?gz|z|bz2|xz|zst|rar|7z)$")
"""Of those: what may hold a submission of its own; packed figures do not."""
SOURCE = re.compile(r"(?i)\.(?:tex|ltx|latex|sty|cls|clo|def|bbl|tikz|inc)$|(?:^|/)00readme[^/]*$")
"""Files that are held first; of others, such as tables that \\input reads, a quarter of the bytes."""
RESOURCE_FORK = re.compile(r"(?:^|/)(?:\._[^/]*$|__MACOSX/)")
DRIVE = re.compile(r"[A-Za-z]:[/\\]|\\\\")
KINDS = {"pdf": "pdf", "ps": "ps", "eps": "ps", "htm": "html", "html": "html", "docx": "docx", "doc": "docx"}
MOST_FILES = 10_000  # ours: files held; the largest real submissions have some thousand, most of them figures
MOST_REFUSED = 100  # ours: names of refused files that are kept
ABSOLUTE, UPWARDS, OVER, MANY = "absolute path refused", "path with .. refused", "over-size file", "too many files"
CUT, CORRUPT, ENDLESS = "archive is cut", "archive is corrupt", "archive without its end"


@dataclass(slots=True)
class Submission:
    """What is known of a submission's files.

    `files`: content by path, a path being relative and without `.`; `kinds`: how many there are of a kind that is not held (pdf, ps, html,
    docx, archive, other); `refused`: `reason: name` of what was not read; `modified`: of the newest file, in seconds, 0 where nothing says;
    `damage`: the first stretch that could not be read.
    """

    file_bytes: int
    total_bytes: int
    files: dict[str, bytes] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    refused: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    modified: int = 0
    damage: Broken | None = None
    held: int = 0
    _other: int = 0

    def wanted(self, name: str) -> bool:
        """Whether a file's content is to be held, by its name and what is held already."""
        path = path_of(name)
        if path is None or FIGURES.search(path) or RESOURCE_FORK.search(path) or len(self.files) >= MOST_FILES:
            return False
        return self.held < self.total_bytes if SOURCE.search(path) else self._other < self.total_bytes // 4 and self.held < self.total_bytes

    def add(self, entry: Entry | Broken) -> None:
        """Takes an entry of an archive or folder."""
        if isinstance(entry, Broken):
            self._damaged(entry)
            return
        if entry.kind == DIRECTORY or RESOURCE_FORK.search(entry.name):
            return
        path = path_of(entry.name)
        if path is None:
            self.refuse(UPWARDS if ".." in entry.name.split("/") else ABSOLUTE, entry.name)
        elif entry.kind != FILE:
            self.refuse(f"{entry.kind} refused", entry.name)
        else:
            self.modified = max(self.modified, seconds(entry.modified))
            self._file(path, entry)

    def refuse(self, reason: str, name: str) -> None:
        self.notes[reason] = None
        if len(self.refused) < MOST_REFUSED:
            self.refused[f"{reason}: {storable(name)}"] = None

    def _file(self, path: str, entry: Entry) -> None:
        if entry.content is not None:
            if path in self.files:
                self.notes["file repeated"] = None
            self.files[path] = entry.content
            self.held += entry.size
            if not SOURCE.search(path):
                self._other += entry.size
        else:
            if TEX_NAME.search(path) or SOURCE.search(path):
                self.refuse(MANY if len(self.files) >= MOST_FILES else OVER, entry.name)
            ending = posixpath.splitext(path)[1][1:].lower()
            self.kinds["archive" if ARCHIVE.search(path) else KINDS.get(ending, "other")] += 1

    def _damaged(self, fault: Broken) -> None:
        if fault.reason.startswith("tar without its end"):
            self.notes[ENDLESS] = None
        elif fault.reason != "empty file":
            self.notes[CUT if fault.reason.endswith(" is cut") or " is cut in " in fault.reason else CORRUPT] = None
            self.damage = self.damage or fault


def path_of(name: str) -> str | None:
    """An entry's path within the submission; None for one that leads out of it."""
    if name.startswith("/") or DRIVE.match(name) or "\0" in name:
        return None
    parts = [part for part in storable(name).split("/") if part not in ("", ".")]
    return None if ".." in parts or not parts else "/".join(parts)


def seconds(modified: int) -> int:
    """A time of change; 0 for one that is none: before 1970, or beyond what ten digits say."""
    return modified if 0 < modified < 10**10 else 0


def of_folder(path: str, submission: Submission) -> None:
    """Adds the files below a folder, sorted by name in each; links are not followed, and what cannot be read is damage."""
    for entry, name in _walk(path):
        status = entry.stat(follow_symlinks=False)
        kind = FILE if stat.S_ISREG(status.st_mode) else "symbolic link" if entry.is_symlink() else "device"
        content: bytes | None = None
        if kind == FILE and status.st_size <= submission.file_bytes and submission.wanted(name):
            try:
                with open(entry.path, "rb") as file:
                    content = file.read(submission.file_bytes)
            except OSError as error:
                reason = f"file cannot be read: {type(error).__name__}"
                submission.refuse("file cannot be read", name)
                submission.add(Broken(0, 0, status.st_size, reason, storable(name).encode()))
                continue
        size = status.st_size if content is None else len(content)
        submission.add(Entry(name, kind, size, 0, "", content, 0, 0, int(status.st_mtime)))


def _walk(root: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    """(entry, relative name) of all that is no folder; hidden folders are left out."""
    folders = [(root, "")]
    while folders:
        folder, prefix = folders.pop()
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        inside = [entry for entry in found if entry.is_dir(follow_symlinks=False)]
        folders += [(entry.path, f"{prefix}{entry.name}/") for entry in reversed(inside) if not entry.name.startswith(".")]
        yield from ((entry, prefix + entry.name) for entry in found if entry not in inside)
