"""Where files lie: the local disk, Beam's filesystems (`gs://`, `s3://`, ...) and read-only HTTP, behind one interface.

Only `pipeline.files` uses this module. Beam and the HTTP client are imported where a path asks for them: a worker process that reads local
files starts without either.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import importlib.util
import io
import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

Stat = tuple[int, str]
"""Size in bytes; a tag that changes with the content (etag, modification time)."""

_SCHEME = re.compile(r"([A-Za-z][-A-Za-z0-9+.]*)://")
_WILD = re.compile(r"[*?\[]")
HTTP = ("http", "https")


class Store(Protocol):
    """What a place for files can do. A missing file is FileNotFoundError; other failures are OSError or ValueError."""

    def open_read(self, path: str) -> BinaryIO: ...
    def create(self, path: str) -> BinaryIO: ...
    def rename(self, source: str, target: str) -> None: ...
    def exists(self, path: str) -> bool: ...
    def stat(self, path: str) -> Stat: ...
    def find(self, pattern: str) -> list[tuple[str, Stat | None]]: ...
    def names(self, directory: str) -> list[str]: ...
    def make_directory(self, path: str) -> None: ...
    def delete(self, path: str) -> None: ...
    def delete_tree(self, path: str) -> None: ...


def scheme(path: str) -> str:
    """The scheme of a URL in lower case; empty for a local path."""
    match = _SCHEME.match(path)
    return match.group(1).lower() if match else ""


def is_wild(path: str) -> bool:
    """Whether a path reads as a glob (`*`, `?`, `[...]`)."""
    return _WILD.search(path) is not None


def store_of(path: str, transfer: Transfer | None = None) -> Store:
    """The store that a path names by its scheme. `transfer` sets time limits and retries of HTTP."""
    kind = scheme(path)
    if not kind:
        return Local()
    return Http(transfer) if kind in HTTP else Beam()


class Local:
    """The local disk, without Beam."""

    def open_read(self, path: str) -> BinaryIO:
        return open(path, "rb")

    def create(self, path: str) -> BinaryIO:
        self.make_directory(os.path.dirname(path) or ".")
        return open(path, "wb")

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def stat(self, path: str) -> Stat:
        status = os.stat(path)
        return status.st_size, str(status.st_mtime_ns)

    def find(self, pattern: str) -> list[tuple[str, Stat | None]]:
        """Broken links stay in, so that they are named and not passed over. For `**/x/**` glob also gives a file x as `x/`."""
        found = glob.glob(pattern, recursive=True)
        return [(path, None) for path in sorted(found) if not path.endswith("/") and not os.path.isdir(path)]

    def names(self, directory: str) -> list[str]:
        try:
            return os.listdir(directory)
        except FileNotFoundError:
            return []

    def make_directory(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)

    def delete(self, path: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(path)

    def delete_tree(self, path: str) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(path)


class Beam:
    """The filesystems that Beam has registered for the path's scheme, always as stored: Beam would else unpack `.gz` in silence."""

    def open_read(self, path: str) -> BinaryIO:
        from apache_beam.io.filesystem import CompressionTypes

        return cast(BinaryIO, self._system(path).open(path, compression_type=CompressionTypes.UNCOMPRESSED))

    def create(self, path: str) -> BinaryIO:
        from apache_beam.io.filesystem import CompressionTypes

        _refuse_wild(path)
        self.make_directory(path.rsplit("/", 1)[0])
        return cast(BinaryIO, self._system(path).create(path, compression_type=CompressionTypes.UNCOMPRESSED))

    def rename(self, source: str, target: str) -> None:
        """Some stores (HDFS) do not rename onto a file that exists: there it is away for a moment."""
        try:
            self._system(source).rename([source], [target])
        except OSError:
            if not self.exists(target):
                raise
            self.delete(target)
            self._system(source).rename([source], [target])

    def exists(self, path: str) -> bool:
        return bool(self._system(path).exists(path))

    def stat(self, path: str) -> Stat:
        if not self.exists(path):
            raise FileNotFoundError(errno.ENOENT, "no such file in the store", path)
        return self._stat(self._system(path).metadata(path))

    def find(self, pattern: str) -> list[tuple[str, Stat | None]]:
        """Lists by prefix and matches here: Beam's own `a/**/b` does not find `a/b`, which the local disk does."""
        parts = pattern.split("/")
        found = self._under(_WILD.split(pattern, maxsplit=1)[0])
        return sorted((item.path, self._stat(item)) for item in found if matches(item.path.split("/"), parts))

    def names(self, directory: str) -> list[str]:
        folder = directory.rstrip("/") + "/"
        return list({item.path[len(folder) :].split("/")[0] for item in self._under(folder)})

    def make_directory(self, path: str) -> None:
        system = self._system(path)
        if system.has_dirs() and not system.exists(path):
            with suppress(FileExistsError):  # another worker was faster
                system.mkdirs(path)

    def delete(self, path: str) -> None:
        _refuse_wild(path)
        if self.exists(path):
            self._system(path).delete([path])

    def delete_tree(self, path: str) -> None:
        system = self._system(path)
        for item in self._under(path.rstrip("/") + "/"):
            self.delete(item.path)
        if system.has_dirs():
            self.delete(path)

    def _under(self, prefix: str) -> list[Any]:
        return list(self._system(prefix).match([prefix + "**"])[0].metadata_list)

    @staticmethod
    def _stat(item: Any) -> Stat:
        return int(item.size_in_bytes), repr(item.last_updated_in_seconds)

    @staticmethod
    def _system(path: str) -> Any:
        """Beam's filesystem for the path. Raises OSError where what it needs is not installed."""
        from apache_beam.io.filesystems import FileSystems
        from apache_beam.options.pipeline_options import PipelineOptions

        if path.startswith("s3:") and importlib.util.find_spec("boto3") is None:  # Beam would fail an assertion at the first use
            raise OSError(errno.ENOPKG, "s3:// needs boto3: pip install 'apache-beam[aws]'", path)
        if FileSystems._pipeline_options is None:  # before a pipeline is made, and in our worker processes
            FileSystems.set_options(PipelineOptions([]))
        return FileSystems.get_filesystem(path)


def _refuse_wild(path: str) -> None:
    if is_wild(path):
        raise ValueError(f"{path}: Beam takes *, ? and [ in a path for a glob, and would delete other files; choose another output path")


class Http:
    """Web servers: files can be read and measured, nothing else."""

    def __init__(self, transfer: Transfer | None = None) -> None:
        from pipeline.transfer import Transfer

        self._transfer = transfer or Transfer()

    def open_read(self, path: str) -> BinaryIO:
        from pipeline.https import RangeReader

        return io.BufferedReader(RangeReader(path, self._transfer), buffer_size=self._transfer.buffer_bytes)

    def exists(self, path: str) -> bool:
        try:
            self.stat(path)
        except FileNotFoundError:
            return False
        return True

    def stat(self, path: str) -> Stat:
        from pipeline import https

        return https.stat(path, self._transfer)

    def find(self, pattern: str) -> list[tuple[str, Stat | None]]:
        raise ValueError("a web server cannot be listed: give the URLs, or a file of them as @FILE")

    def create(self, path: str) -> BinaryIO:
        raise self._read_only(path)

    def rename(self, source: str, target: str) -> None:
        raise self._read_only(target)

    def names(self, directory: str) -> list[str]:
        raise self._read_only(directory)

    def make_directory(self, path: str) -> None:
        raise self._read_only(path)

    def delete(self, path: str) -> None:
        raise self._read_only(path)

    def delete_tree(self, path: str) -> None:
        raise self._read_only(path)

    @staticmethod
    def _read_only(path: str) -> OSError:
        return io.UnsupportedOperation(f"{path}: a web address can only be read; write to a local path, gs:// or s3://")


def matches(path: list[str], pattern: list[str]) -> bool:
    """Whether the parts of a path match the parts of a glob, by the rules of Python's `glob`.

    `**` stands for any number of folders, `*` for nothing that starts with a dot.

    >>> matches("a/b/c.gz".split("/"), "a/**/*.gz".split("/")), matches("a/.c.gz".split("/"), "a/*.gz".split("/"))
    (True, False)
    """
    if not pattern:
        return not path
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        return matches(path, rest or ["*"]) or (bool(path) and not path[0].startswith(".") and matches(path[1:], pattern))
    if not path or (path[0].startswith(".") and not head.startswith(".")):
        return False
    return fnmatch.fnmatchcase(path[0], head) and matches(path[1:], rest)
