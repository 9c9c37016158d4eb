"""A Beam filesystem `test://` over the folder that CRIA_TEST_STORE names: stands for a store that every machine sees.

As strict as the strictest real one: it does not rename onto a file that exists (HDFS), nor delete what is not there. Workers learn
of it by the pipeline option `--beam_plugin=folder_store.FolderStore`, with this folder on PYTHONPATH.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

from apache_beam.io.filesystem import BeamIOError, CompressedFile, CompressionTypes, FileMetadata, FileSystem

SCHEME = "test://"


class FolderStore(FileSystem):  # type: ignore[misc]
    @classmethod
    def scheme(cls) -> str:
        return "test"

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *(path.strip("/") for path in paths)])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def has_dirs(self) -> bool:
        return True

    def mkdirs(self, path: str) -> None:
        os.makedirs(local(path))

    def create(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> Any:
        return self._open(path, "wb", compression_type)

    def open(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> Any:
        return self._open(path, "rb", compression_type)

    def _open(self, path: str, mode: str, compression: str) -> Any:
        """Unpacks by the ending unless told not to, as all of Beam's filesystems do."""
        kind = self._get_compression_type(path, compression)
        file = open(local(path), mode)  # noqa: SIM115
        return file if kind == CompressionTypes.UNCOMPRESSED else CompressedFile(file, compression_type=kind)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            shutil.copyfile(local(source), local(target))

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            if os.path.exists(local(target)):
                raise BeamIOError(f"{target}: is there already")
            os.rename(local(source), local(target))

    def exists(self, path: str) -> bool:
        return os.path.exists(local(path))

    def size(self, path: str) -> int:
        return os.path.getsize(local(path))

    def last_updated(self, path: str) -> float:
        return os.path.getmtime(local(path))

    def checksum(self, path: str) -> str:
        return str(self.size(path))

    def metadata(self, path: str) -> Any:
        return FileMetadata(path, self.size(path), self.last_updated(path))

    def _list(self, dir_or_prefix: str) -> Iterator[Any]:
        root = local(dir_or_prefix)
        for folder, _, names in os.walk(root):
            for name in names:
                inside = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
                yield self.metadata(self.join(dir_or_prefix, inside))

    def delete(self, paths: list[str]) -> None:
        for match in self.match(paths):
            if not match.metadata_list:
                raise BeamIOError(f"{match.pattern}: no file to delete")
            for found in match.metadata_list:
                path = local(found.path)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


def local(path: str) -> str:
    """Where a path of the store lies on the disk."""
    if not path.startswith(SCHEME):
        raise ValueError(f"expected a path that begins with {SCHEME}, found {path!r}")
    return os.path.join(os.environ["CRIA_TEST_STORE"], *path.removeprefix(SCHEME).split("/"))
