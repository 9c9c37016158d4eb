"""Lists of files with digests, in the form of sha1sum and sha256sum, and the first files of a listing."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pipeline.dumps_fetch import published
from pipeline.files import InputError, Listed, expand, join, read_bytes
from pipeline.stores import scheme

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

Item = TypeVar("Item")

_LINE = re.compile(r"([0-9A-Fa-f]{64}|[0-9A-Fa-f]{40})[ \t]+\*?(.+)")
"""sha256sum's and sha1sum's line: digits, two spaces (or a space and `*`), name. Wikimedia's sha1sums.txt are of this form."""


def digests(path: str, files: int | None = None, transfer: Transfer | None = None) -> list[Listed]:
    """The first `files` files (all where None) of a list with a digest and a path or URL a line, sorted by name; tags are the digests.

    40 digits are a SHA-1, 64 a SHA-256. Paths are relative to the list's folder; blank lines are left out.
    Raises InputError for a list that cannot be read, a line of another form, a file that is missing or named twice.
    """
    try:
        lines = [line.strip() for line in read_bytes(path, transfer).decode("utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"@{path}: expected a list of digests and files in UTF-8: {error}") from error
    tags: dict[str, str] = {}
    for line in first([line for line in lines if line], files, f"@{path}"):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(f"@{path}: expected a SHA-1 or SHA-256 and a file, found {line[:100]!r}; without digests: --input=@{path}")
        digest, name = match.groups()
        where = _beside(path, name)
        if where in tags:
            raise InputError(f"@{path}: expected each file once, found {name} twice")
        tags[where] = published("sha1" if len(digest) == 40 else "sha256", digest)
    found, twice = expand(list(tags), transfer)
    if twice:
        raise InputError(f"@{path}: expected each file once, found {twice[0]} under two names")
    return [replace(file, tag=tags[file.path]) for file in found]


def _beside(path: str, name: str) -> str:
    """Where a name of the list lies."""
    if scheme(name):
        return name
    if scheme(path):
        return join(path.rsplit("/", 1)[0], name)
    return os.path.abspath(os.path.join(os.path.dirname(path), name))


def first(listed: Sequence[Item], files: int | None, where: str) -> list[Item]:
    """The first `files` of what is listed, all where None. Raises InputError where there are fewer, or none is asked for."""
    if files is not None and files < 1:
        raise InputError(f"expected to read at least 1 file of {where}, found {files}")
    if len(listed) < (files or 1):
        raise InputError(f"{where}: expected {files or 'some'} files, it names {len(listed)}")
    return list(listed[:files])
