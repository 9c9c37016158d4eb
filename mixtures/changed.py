"""Whether token shards are still those that their manifest names, and those that a checkpoint was made from.

A shard's size is looked up whenever a source is opened. Its content is hashed once, and the digest noted beside it:

    OUT/tokens/SOURCE/checked.json   shard -> [bytes, time of change (ns), time of status change (ns), SHA-256]

A shard that was touched since is hashed again. The second time finds a write that set the first one back; a copied corpus has others, so
it is hashed once more. Where the note cannot be written, as in a read-only folder, shards are hashed at each opening.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from mixtures.token_manifest import TokenManifest, TokensError, command

CHECKED = "checked.json"
SETTLED = 2 * 10**9
"""ours: nanoseconds. A shard touched so shortly before it was hashed is not noted: a later write could leave the times as they are (FAT counts in 2 s)."""
THREADS = 8
"""ours: hashing takes a core at some 0.5 to 2 GB/s, so this many outrun most disks."""
NAMED = 8
"""ours: how many names a message holds."""

Note = tuple[int, int, int, str]


class ShardsChanged(TokensError):
    """Token shards or settings that are not those of the manifest, or of the checkpoint."""


def check_sizes(manifest: TokenManifest) -> dict[str, os.stat_result]:
    """The status of every shard. Raises ShardsChanged, with names, where one is missing, has another size, or is not in the manifest."""
    found: dict[str, os.stat_result] = {}
    wrong: list[str] = []
    for name, shard in manifest.shards.items():
        try:
            status = os.stat(os.path.join(manifest.directory, name))
        except FileNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if status.st_size != shard.bytes:
            wrong.append(f"{name} has {status.st_size:,} bytes where the manifest says {shard.bytes:,}")
        found[name] = status
    beyond = (name for name in sorted(os.listdir(manifest.directory)) if name.endswith(".arrow") and name not in manifest.shards)
    wrong += [f"{name} is not in the manifest" for name in beyond]
    _refuse(manifest, wrong)
    return found


def check_contents(manifest: TokenManifest) -> None:
    """Hashes the shards that were touched since they were last hashed. Raises ShardsChanged with the names of those that differ from the manifest."""
    found = check_sizes(manifest)
    noted = _noted(manifest.directory)
    now = time.time_ns()
    # A note that speaks against the manifest may itself be damaged: the shard is asked.
    touched = [name for name, status in found.items() if noted.get(name) != (*_times(status), manifest.shards[name].sha256)]
    paths = [os.path.join(manifest.directory, name) for name in touched]
    if touched:
        with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
            noted.update((name, (*_times(found[name]), digest)) for name, digest in zip(touched, pool.map(_sha256, paths), strict=True))
        _note(manifest.directory, {name: noted[name] for name in found if max(noted[name][1:3]) < now - SETTLED})
    differs = [name for name, shard in manifest.shards.items() if noted[name][3] != shard.sha256]
    _refuse(manifest, [f"the content of {name} is not what it was when the manifest was written" for name in differs])


def _refuse(manifest: TokenManifest, wrong: list[str]) -> None:
    if wrong:
        raise ShardsChanged(f"{manifest.directory}: {named(wrong)}: restore the shards, or run {command(manifest.directory)} --overwrite")


def _times(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _noted(directory: str) -> dict[str, Note]:
    """What was noted; nothing where there is no note, or none that can be read: then everything is hashed."""
    path = os.path.join(directory, CHECKED)
    if not os.path.isfile(path):
        return {}
    try:
        with open(path, "rb") as stream:
            return {
                name: (int(size), int(changed), int(status), str(digest))
                for name, (size, changed, status, digest) in json.load(stream).items()
            }
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def _note(directory: str, notes: Mapping[str, Note]) -> None:
    """Writes the note, if the folder allows: without it the answer is the same, only later."""
    path = os.path.join(directory, CHECKED)
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "w") as stream:
            json.dump(notes, stream)
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            os.unlink(part)


def fingerprint(settings: Mapping[str, Any], manifests: Iterable[TokenManifest]) -> dict[str, Any]:
    """What decides the order of the tokens, as JSON: `loader`, 32 hexadecimal digits of all of it, `settings`, and for each source
    the first 8 digits of each shard's SHA-256, so that what differs can be named."""
    shards = {manifest.source: {name: shard.sha256 for name, shard in manifest.shards.items()} for manifest in manifests}
    # Through JSON, so that it equals its own copy out of a checkpoint.
    whole = json.dumps([settings, shards])
    short = {source: {name: digest[:8] for name, digest in held.items()} for source, held in shards.items()}
    return {"loader": hashlib.sha256(whole.encode()).hexdigest()[:32], "settings": json.loads(json.dumps(settings)), "shards": short}


def compare(then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises ShardsChanged, with every name, where the fingerprint of a checkpoint is not that of the loader."""
    if then["loader"] == now["loader"]:
        return
    wrong = [
        f"{name} was {_shown(then['settings'], name)} and is {_shown(now['settings'], name)}"
        for name in _differing(then["settings"], now["settings"])
    ]
    for source in [*now["shards"], *(source for source in then["shards"] if source not in now["shards"])]:
        before, after = then["shards"].get(source, {}), now["shards"].get(source, {})
        names = _differing(before, after)
        kinds = {
            "gone": [name for name in names if name not in after],
            "new": [name for name in names if name not in before],
            "changed": [name for name in names if name in before and name in after],
        }
        wrong += [f"{source}: {named(held)} {kind}" for kind, held in kinds.items() if held]
    what = "; ".join(wrong) or "a shard whose digest begins alike"
    raise ShardsChanged(
        f"the checkpoint was made from other tokens or settings, so its step means another place: {what}: restore them, or begin at step 0"
    )


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in [*after, *(name for name in before if name not in after)] if before.get(name) != after.get(name)]


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings[name]) if name in settings else "absent"


def named(names: list[str]) -> str:
    """The first NAMED of a list, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
