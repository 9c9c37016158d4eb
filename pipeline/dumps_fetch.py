"""A dump's files, brought to this machine and checked against the digests that their publisher gives, before a page of them is read.

Why a copy and not a check on the way: a unit may be a range of a file, and no range has a published digest; a stream that proves wrong at
its end has by then given its pages; servers of dumps allow few connections, a run's workers would open many; and an interrupted download
goes on. The price is the disk: the files' own size, which is asked for before the first byte. What has no published digest (CommonCrawl
gives none) is streamed as before.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from pipeline.files import PARTIAL, InputError, Listed, open_read
from pipeline.stores import scheme

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

CONNECTIONS = 2
"""ours: files fetched at a time. Servers of dumps answer 503 or 429 to clients that open many connections; more of them share one line."""

CHUNK = 1 << 20
"""ours: bytes hashed and written at a time."""

_DIGEST = re.compile(r"md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}")
"""MD5 finds damage, which is what is looked for; it is all that arXiv publishes."""


class DigestMismatch(OSError):
    """A file whose bytes are not those that its publisher announces: which file, what was expected, what was found, what to do."""


class Interrupted(Exception):
    """Another file's failure ended this download too; what has come lies there for the next run."""


def published(algorithm: str, digest: str) -> str:
    """The tag of a file whose publisher gives its digest: `md5:...`, `sha1:...` or `sha256:...`. Raises ValueError for what is no such digest."""
    tag = f"{algorithm}:{digest.lower()}"
    if not _DIGEST.fullmatch(tag):
        raise ValueError(f"expected the hexadecimal digits of a {algorithm}, found {digest!r}")
    return tag


def is_published(tag: str) -> bool:
    """Whether a file's tag is the digest that its publisher gives."""
    return _DIGEST.fullmatch(tag) is not None


def fetch(
    listing: Sequence[Listed], folder: str, transfer: Transfer | None = None, said: Callable[[str], None] = lambda line: None
) -> list[Listed]:
    """The same files with local paths, each checked against its digest; those whose tag is no digest are left where they are.

    A file lies at `folder`/its name, and takes that name only when its digest is right. One that is there is not fetched again; its digest
    is computed in every run. A broken download is continued from its last byte, within a run and by the next one. A local file is checked
    where it lies. `said` is told, in a line each, what will be fetched and what has come. Names, tags and the order stay.

    Raises DigestMismatch; SourceUnavailable where a server gives up; InputError where the disk is too small or another run fetches the same.
    """
    wanted = [file for file in listing if is_published(file.tag)]
    _check_space([file for file in wanted if scheme(file.path)], folder, said)
    stop = threading.Event()

    def brought(file: Listed) -> Listed:
        if stop.is_set():
            raise Interrupted
        try:
            return _brought(file, folder, transfer, stop, said) if is_published(file.tag) else file
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        tasks = [threads.submit(brought, file) for file in listing]
        try:
            for task in tasks:
                with suppress(Interrupted):
                    task.result()
            return [task.result() for task in tasks]
        finally:
            stop.set()
            threads.shutdown(cancel_futures=True)


def _check_space(files: Sequence[Listed], folder: str, said: Callable[[str], None]) -> None:
    """Raises InputError where what is still to come is larger than the disk has room for."""
    missing = incomplete = 0
    for file in files:
        target = _target(file, folder)
        there = [os.path.getsize(path) for path in (target, _partial(target)) if os.path.isfile(path)]
        left = max(0, file.size - max(there, default=0))
        missing, incomplete = missing + left, incomplete + (left > 0)
    if not missing:
        return
    os.makedirs(folder, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise InputError(
            f"{folder}: the dump's files need {missing:,} bytes more, the disk has {free:,} free: take fewer files, or another folder"
        )
    said(f"fetching {missing:,} bytes of {incomplete} file{'s' * (incomplete > 1)} into {folder}")


def _target(file: Listed, folder: str) -> str:
    parts = [part for part in file.name.split("/") if part]
    if ".." in parts:
        raise InputError(f"{file.path}: expected an address without '..', found {file.name!r}")
    return os.path.join(folder, *parts)


def _partial(target: str) -> str:
    return os.path.join(os.path.dirname(target), PARTIAL + os.path.basename(target))


def _brought(file: Listed, folder: str, transfer: Transfer | None, stop: threading.Event, said: Callable[[str], None]) -> Listed:
    if not scheme(file.path):
        found = _tag_of(file.path, file.tag, stop)
        if found != file.tag:
            raise _mismatch(file, found, os.path.getsize(file.path))
        return file
    target = _target(file, folder)
    if not os.path.isfile(target) or _tag_of(target, file.tag, stop) != file.tag:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(_partial(target), "ab+") as held:
            _lock(held, target)
            _download(file, held, transfer, stop)
            os.replace(_partial(target), target)
        said(f"fetched {file.name}: {os.path.getsize(target):,} bytes, {file.tag.partition(':')[0]} as published")
    return replace(file, path=os.path.abspath(target), size=os.path.getsize(target))


def _lock(held: BinaryIO, target: str) -> None:
    """Two runs never write one file: the later one stops, also where the earlier has just finished or discarded what this one opened."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held.fileno()), os.stat(_partial(target))):
            return
    except OSError:
        pass
    raise InputError(f"{target}: another run is fetching it; run again when it has ended, or name another folder")


def _download(file: Listed, held: BinaryIO, transfer: Transfer | None, stop: threading.Event) -> None:
    """Completes what is held of a file. What an earlier run left and turns out not to be the file's beginning is fetched anew, once."""
    if held.seek(0, os.SEEK_END) > file.size:
        held.truncate(0)
    left_over = held.seek(0, os.SEEK_END) > 0
    found = _complete(file, held, transfer, stop)
    if found != file.tag and left_over:
        held.truncate(0)
        found = _complete(file, held, transfer, stop)
    if found != file.tag:
        os.unlink(held.name)
        raise _mismatch(file, found, held.tell())


def _complete(file: Listed, held: BinaryIO, transfer: Transfer | None, stop: threading.Event) -> str:
    """Appends what is missing; the tag of the whole. What has come stays there when this fails."""
    algorithm = file.tag.partition(":")[0]
    digest = hashlib.new(algorithm, usedforsecurity=False)
    held.seek(0)
    while data := held.read(CHUNK):
        digest.update(data)
    with open_read(file.path, transfer) as remote:
        remote.seek(held.tell())
        while data := remote.read(CHUNK):
            digest.update(data)
            held.write(data)
            if stop.is_set():
                raise Interrupted
    held.flush()
    return published(algorithm, digest.hexdigest())


def _tag_of(path: str, tag: str, stop: threading.Event) -> str:
    """The digest of a local file, as a tag of the same kind."""
    algorithm = tag.partition(":")[0]
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as stream:
        while data := stream.read(CHUNK):
            digest.update(data)
            if stop.is_set():
                raise Interrupted
    return published(algorithm, digest.hexdigest())


def _mismatch(file: Listed, found: str, size: int) -> DigestMismatch:
    if not scheme(file.path):
        advice = "it is another file, or a damaged one: get it again"
    else:
        advice = (
            "nothing of it was kept. Run again: if it stays so, the server has another file than its listing says; take another --dump-base"
        )
    return DigestMismatch(f"{file.path}: expected {file.tag} ({file.size:,} bytes), found {found} ({size:,} bytes): {advice}")
