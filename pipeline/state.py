"""What the output folder holds when a run begins: nothing, the same run unfinished or finished, or another's results, which are never mixed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mixtures.json_fields import Fields, WrongField
from pipeline import files, settings
from pipeline.command_line import UsageError
from pipeline.plan import Work, listing_fingerprint


@contextmanager
def claimed(job: Work, listing: list[files.Listed], overwrite: bool) -> Iterator[dict[str, Any] | None]:
    """Holds the output for this run; gives the manifest of the same run where it stands finished, else None.

    Raises UsageError where the output holds another configuration's or another listing's results and `overwrite` is off, and where
    another run is at work there.
    """
    with _lock(job):
        mine = settings.fingerprint(job.fingerprint, listing_fingerprint(listing))
        if overwrite:
            files.delete_tree(job.directory)
            clear_work(job, keep=("lock",))
        manifest = _read(files.join(job.directory, "manifest.json"))
        begun = _read(files.join(job.work, "run.json"))
        held = (manifest or begun or {}).get("run")
        if held not in (None, mine) or (held is None and any(files.exists(folder) for folder in job.folders)):
            raise UsageError(_refusal(job, manifest or begun, listing))
        if manifest and manifest["complete"] and _stands(job, manifest):
            yield manifest
            return
        for folder in ("quarantine", "heartbeats", "reused"):
            files.delete_tree(files.join(job.work, folder))
        for folder in job.folders:
            files.make_directory(folder)
            files.delete_partial(folder)
        files.write_bytes(
            files.join(job.work, "run.json"),
            json.dumps({"run": mine, "config": job.fingerprint, "listing": listing_fingerprint(listing)}).encode(),
        )
        yield None


def _refusal(job: Work, held: dict[str, Any] | None, listing: list[files.Listed]) -> str:
    if held is None:
        what = "shards of a run that did not end, whose work folder is gone"
    elif held.get("config") != job.fingerprint:
        what = "results of another configuration (other fields, models or version)"
    elif held.get("listing") != listing_fingerprint(listing):
        what = "results of other inputs (or of inputs that have changed since)"
    else:
        what = "results of another run"
    return f"{job.directory} holds {what}. Name another --output, or clear this source with --overwrite"


def _read(path: str) -> dict[str, Any] | None:
    """A manifest, or what began a run. Raises UsageError where it is neither."""
    if not files.exists(path):
        return None
    try:
        held = Fields.of(path, files.read_bytes(path))
        if path.endswith("manifest.json"):
            held.flag("complete")
            for shard in held.each("shards").values():
                shard.count("bytes")
    except WrongField as error:
        raise UsageError(f"{error}: a run did not write this. Name another --output, or clear this source with --overwrite") from None
    return dict(held.held)


def _stands(job: Work, manifest: dict[str, Any]) -> bool:
    """Whether every shard of a finished run is there, in its size."""
    paths = ((job.shard_path(name), shard["bytes"]) for name, shard in manifest["shards"].items())
    return all(files.exists(path) and files.size(path) == size for path, size in paths)


def clear_work(job: Work, keep: Sequence[str]) -> None:
    """Deletes all of the source's work folder but the names to keep."""
    for name in files.names(job.work):
        if name not in keep:
            path = files.join(job.work, name)
            (files.delete if name.endswith(".json") else files.delete_tree)(path)


@contextmanager
def _lock(job: Work) -> Iterator[None]:
    """One run at a time in a local output; the lock goes with the process, however it ends. Object stores have none."""
    if "://" in job.work:
        yield
        return
    import fcntl

    fresh = not os.path.exists(job.work)
    os.makedirs(job.work, exist_ok=True)
    with open(os.path.join(job.work, "lock"), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another run is at work in {job.directory}") from None
        try:
            yield
        except UsageError:
            if fresh:
                os.unlink(file.name)
                os.removedirs(job.work)
            raise
