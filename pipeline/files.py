"""All access of the pipeline to files: the listing of inputs, whole small files, and files that appear only when they are whole.

A path is local, a web address (read only), or any `scheme://` that Beam has a filesystem for. Nothing is ever unpacked here.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat as modes
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from pipeline.settings import did_you_mean
from pipeline.stores import HTTP, Stat, Store, is_wild, scheme, store_of

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

PARTIAL = ".partial-"
"""How the name of a file begins that is still being written. Hidden, and without the ending of the finished file, so no glob takes it."""

STAT_THREADS = 16
"""ours: remote files measured at a time: 100,000 URLs in minutes, and few enough connections for one client of a public server."""


@dataclass(frozen=True)
class Listed:
    """One input file. `path`: as opened (absolute where local). `size`: bytes. `tag`: etag, or modification time in ns where local.

    `name`: relative to the common folder of all inputs, "/" between its parts, the same wherever that folder lies.
    """

    path: str
    size: int
    tag: str
    name: str


class InputError(Exception):
    """An input that cannot be used: says what was expected, what was found, and what to do."""


Folders = Callable[[str], list[tuple[str, Stat]]]
"""What a source makes of a local folder that is given as input: inputs that are folders, with their sizes and tags."""


def expand(patterns: Sequence[str], transfer: Transfer | None = None, folders: Folders | None = None) -> tuple[list[Listed], list[str]]:
    """The files that paths, globs, URLs and lists name, sorted by name, and the paths of those that were named more than once.

    A glob has `*`, `?`, `[...]` and `**` (any number of folders); an existing file whose name holds such characters is that file. Folders
    that a glob matches are passed over, hidden files are matched only by a dot. `@FILE` is a text file, gzipped or not, local or not: one
    path, glob or URL a line, relative to the folder of FILE; blank lines are left out. Two local paths are one file when their real path
    is one; it is then read once. The order of `patterns` makes no difference. A local folder is what `folders` makes of it.

    Raises InputError for what is missing, a directory, not a regular file, not readable, a glob or list without a match.
    """
    if not patterns:
        raise InputError("no input: expected at least one path, glob, URL or @LIST")
    found: dict[str, tuple[str, Stat | None]] = {}
    counts: Counter[str] = Counter()
    for pattern in sorted(patterns):
        for path, known in _find(pattern, transfer, folders):
            key = _identity(path)
            counts[key] += 1
            found[key] = min(found.get(key, (path, known)), (path, known), key=lambda item: item[0])
    listed = _measure(list(found.values()), transfer)
    named = _names([path for path, _ in listed])
    files = sorted((Listed(path, size, tag, named[path]) for path, (size, tag) in listed), key=lambda file: file.name)
    return files, sorted(found[key][0] for key, count in counts.items() if count > 1)


def _find(pattern: str, transfer: Transfer | None, folders: Folders | None) -> list[tuple[str, Stat | None]]:
    if not pattern.startswith("@"):
        if folders and pattern and not scheme(pattern) and os.path.isdir(pattern):
            return [*folders(_absolute(pattern))]
        return _matches(pattern, transfer)
    entries = _entries(pattern[1:], transfer)
    if not entries:
        raise InputError(f"{pattern}: expected one path, glob or URL a line, found no line with anything on it")
    return [item for entry in entries for item in _matches(entry, transfer)]


def _entries(path: str, transfer: Transfer | None) -> list[str]:
    _measure([(_absolute(path), None)], transfer)  # names what is wrong with the list file itself
    try:
        data = read_bytes(path, transfer)
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise InputError(f"@{path}: expected a list of inputs, gzipped or plain; reading it failed: {error}") from error
    lines = (line.strip() for line in text.decode("utf-8-sig", "surrogateescape").splitlines())
    return [line if scheme(line) else join(_folder(path), line) for line in lines if line]


def _matches(pattern: str, transfer: Transfer | None) -> list[tuple[str, Stat | None]]:
    """The paths of one pattern, and what is already known of each."""
    path = _absolute(pattern)
    if not pattern:
        raise InputError("an input is an empty string: expected a path, glob, URL or @LIST")
    try:
        wild = "*" in urlsplit(path).path if scheme(path) in HTTP else is_wild(path)
        store = store_of(path, transfer)
        if not wild or (scheme(path) not in HTTP and store.exists(path)):
            return [(path, None)]
        found = store.find(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{pattern}: cannot be listed: {error}") from error
    if not found:
        raise InputError(f"{pattern}: expected a glob to match files, it matches none (DIR/** takes the files of all folders below)")
    return found


def _measure(found: list[tuple[str, Stat | None]], transfer: Transfer | None) -> list[tuple[str, Stat]]:
    """Adds size and tag where the listing did not give them: local files one by one, remote ones by several threads."""

    def known(item: tuple[str, Stat | None]) -> tuple[str, Stat]:
        path, stat = item
        if stat is not None:
            return path, stat
        return path, _remote(path, transfer) if scheme(path) else _local(path)

    if not any(scheme(path) and stat is None for path, stat in found):
        return [known(item) for item in found]
    with ThreadPoolExecutor(STAT_THREADS) as threads:
        return list(threads.map(known, found))


def _remote(path: str, transfer: Transfer | None) -> Stat:
    try:
        return store_of(path, transfer).stat(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: expected a file, found none ({error.strerror or error}); check the address") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a file that can be read: {error}") from error


def _local(path: str) -> Stat:
    """Size and tag of a local file that can be opened."""
    try:
        mode = os.stat(path).st_mode
        if modes.S_ISDIR(mode):
            raise InputError(f"{path}: expected a file, found a directory; give its files, for example '{os.path.join(path, '*')}'")
        if not modes.S_ISREG(mode):
            raise InputError(f"{path}: expected a regular file, found a pipe, socket or device; write it to a file first")
        open(path, "rb").close()
        return store_of(path).stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(_missing(path)) from error
    except OSError as error:
        raise InputError(f"{path}: expected a file that can be read: {error.strerror}; check its permissions") from error


def _missing(path: str) -> str:
    if os.path.islink(path):
        return f"{path}: expected a file, found a link to {os.readlink(path)}, which does not exist"
    folder, name = os.path.split(path)
    while not os.path.isdir(folder):
        folder, name = os.path.split(folder)
    if os.path.exists(os.path.join(folder, name)):
        return f"{path}: expected a folder named '{name}' in {folder}, found a file"
    return f"{path}: expected a file, but {folder} has no '{name}'{did_you_mean(name, os.listdir(folder)) or '; check the path'}"


def _absolute(path: str) -> str:
    """Workers may run in another folder than the command."""
    return path if scheme(path) else os.path.abspath(path)


def _identity(path: str) -> str:
    return path.split("#")[0] if scheme(path) in HTTP else path if scheme(path) else os.path.realpath(path)


def _names(paths: list[str]) -> dict[str, str]:
    """Names relative to the common folder; with several stores, the local ones relative to theirs and the others whole.

    A query is part of a name only where names would else be equal: it may hold a signature, and names are stored with every document.
    """
    whole = {path: path.split("?")[0].split("#")[0] if scheme(path) in HTTP else path for path in paths}
    uses = Counter(whole.values())
    parts = {path: (short if uses[short] == 1 else path).split("/") for path, short in whole.items()}
    roots = {path: tuple(part[:3]) if scheme(path) else () for path, part in parts.items()}
    mixed = len(set(roots.values())) > 1
    names = {}
    for root in set(roots.values()):
        inside = [path for path in paths if roots[path] == root]
        common = 0 if mixed and root else _shared([parts[path][:-1] for path in inside])
        names.update({path: "/".join(parts[path][common:]) for path in inside})
    return {path: name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for path, name in names.items()}


def _shared(folders: list[list[str]]) -> int:
    """How many leading parts are the same in all."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*folders, strict=False)))


def open_read(path: str, transfer: Transfer | None = None) -> BinaryIO:
    """Opens a file for reading, as stored (nothing is unpacked); seekable where the store allows. Raises OSError."""
    return store_of(path, transfer).open_read(path)


def read_bytes(path: str, transfer: Transfer | None = None) -> bytes:
    """The whole of a small file. Raises OSError."""
    with open_read(path, transfer) as file:
        return file.read()


def write_bytes(path: str, data: bytes) -> None:
    """Writes a whole small file; a reader sees the old content or the new, never a part. Raises OSError."""
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file to write, which takes the name `path` when the block ends, and is deleted if the block raises. Its folder is made.

    Not flushed to the disk itself: after a power cut the digests in the receipts tell. Raises OSError.
    """
    store = store_of(path)
    partial = join(_folder(path), f"{PARTIAL}{os.getpid()}-{os.urandom(4).hex()}")
    file = store.create(partial)
    try:
        yield file
        file.close()
        store.rename(partial, path)
    except BaseException:
        _discard(store, file, partial)
        raise


def _discard(store: Store, file: BinaryIO, partial: str) -> None:
    """Does not hide the error that led here: what cannot be deleted now is a left-over for the next run."""
    with suppress(Exception):
        file.close()
    with suppress(Exception):
        store.delete(partial)


def delete_partial(directory: str) -> list[str]:
    """Deletes the files in `directory` that a killed run was still writing, and says which. Call it before workers start."""
    store = store_of(directory)
    partial = sorted(join(directory, name) for name in store.names(directory) if name.startswith(PARTIAL))
    for path in partial:
        store.delete(path)
    return partial


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits. Raises OSError."""
    with open_read(str(path)) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def exists(path: str) -> bool:
    """Whether there is a file (or, where the store has them, a folder)."""
    return store_of(path).exists(path)


def size(path: str) -> int:
    """Size of a file in bytes. Raises FileNotFoundError, OSError."""
    return store_of(path).stat(path)[0]


def delete(path: str) -> None:
    """Deletes a file; one that is not there is no error."""
    store_of(path).delete(path)


def delete_tree(path: str) -> None:
    """Deletes a folder with all that is in it; one that is not there is no error."""
    store_of(path).delete_tree(path)


def make_directory(path: str) -> None:
    """Makes a folder and those above it, where the store has folders; one that is there is no error."""
    store_of(path).make_directory(path)


def names(directory: str) -> list[str]:
    """The names of the files and folders in a folder, sorted, without those still being written; none where the folder is not there."""
    return sorted(name for name in store_of(directory).names(directory) if not name.startswith(PARTIAL))


def join(folder: str, *parts: str) -> str:
    """Puts a path together; an absolute local part starts anew, as with os.path.join."""
    return "/".join([folder.rstrip("/"), *(part.strip("/") for part in parts)]) if scheme(folder) else os.path.join(folder, *parts)


def _folder(path: str) -> str:
    return path.rsplit("/", 1)[0] if scheme(path) else os.path.dirname(path)
