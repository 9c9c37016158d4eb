"""The files of C4 as allenai released it, from the listing of the hub that holds them (`api/datasets/allenai/c4/tree/main/<folder>`).

An entry is {"type": "file", "path": "en/c4-train.00000-of-01024.json.gz", "size": BYTES, "lfs": {"oid": SHA-256 of the content, ...}};
a page of them names the next one in its Link header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from pipeline.dumps_fetch import published
from pipeline.dumps_list import first
from pipeline.files import InputError, Listed, join
from pipeline.settings import did_you_mean
from pipeline.stores import HTTP, scheme
from pipeline.transfer import Attempts, Transfer

BASE = "https://huggingface.co/datasets/allenai/c4/"

VARIANTS = ("en", "en.noclean", "en.noblocklist", "realnewslike")
"""code: the folders of the release beside `multilingual`, which holds mC4's languages side by side."""
MULTILINGUAL = "multilingual"

_SHARD = re.compile(r"c4-(?:(train)|(validation))\.(\d{5})-of-(\d{5})\.json\.gz")
_MULTILINGUAL_SHARD = re.compile(r"c4-(.+?)(-validation)?\.tfrecord-(\d{5})-of-(\d{5})\.json\.gz")
_DATASET = re.compile(r"(https?://[^/]+(?:/.*)?)/(datasets/[^/]+/[^/]+)/?")
_NEXT = re.compile(r"<([^>]*)>\s*;[^<]*\brel=\"?next\b")


def is_variant(name: str) -> bool:
    """Whether a name has the form of a variant: `en`, `realnewslike`, `multilingual/fr`."""
    return name in VARIANTS or name.partition("/")[0] == MULTILINGUAL


def c4(
    variant: str, files: int | None = None, base: str = BASE, validation: bool = False, transfer: Transfer | None = None
) -> list[Listed]:
    """The first `files` shards of a variant (all where None) in the order of their numbers; tags are their SHA-256.

    `variant` is en, en.noclean, en.noblocklist, realnewslike, or multilingual/LANGUAGE with a language code of mC4. LLaMA read the training
    part; `validation` puts the held-out shards (a thousandth) behind it. `base` is the dataset's address on a hub.
    Raises InputError for a variant or language that is not there, and for a listing that cannot be read, lacks shards or digests.
    """
    folder, _, language = variant.partition("/")
    if not (variant in VARIANTS or (folder == MULTILINGUAL and language)):
        raise InputError(
            f"{variant!r}: expected one of {', '.join(VARIANTS)}, or {MULTILINGUAL}/LANGUAGE such as {MULTILINGUAL}/fr"
            f"{did_you_mean(variant, VARIANTS)}"
        )
    address, entries = _tree(base, folder, transfer)
    train, held_out, languages = _shards(entries, folder, language)
    if not train:
        there = f"; the languages are {', '.join(sorted(languages))}{did_you_mean(language, sorted(languages))}" if languages else ""
        raise InputError(f"{address}: expected shards of {variant}, found none{there}")
    parts = [_complete(train, files, address)] + ([_complete(held_out, None, address)] if validation else [])
    return first([_listed(entry, base, address) for part in parts for entry in part], files, address)


_Shard = tuple[int, int, dict[str, Any]]
"""Number, how many there are, the entry."""


def _shards(entries: list[Any], folder: str, language: str) -> tuple[list[_Shard], list[_Shard], set[str]]:
    """The training and the held-out shards of one language or variant, and the languages that the folder holds."""
    parts: tuple[list[_Shard], list[_Shard]] = ([], [])
    languages: set[str] = set()
    pattern = _MULTILINGUAL_SHARD if language else _SHARD
    for entry in entries:
        path = entry.get("path") if isinstance(entry, dict) else None
        match = pattern.fullmatch(path.removeprefix(f"{folder}/")) if isinstance(path, str) else None
        if match is None:
            continue
        if language:
            languages.add(match[1])
        if not language or match[1] == language:
            parts[match[2] is not None].append((int(match[3]), int(match[4]), entry))
    return *parts, languages


def _complete(shards: list[_Shard], files: int | None, address: str) -> list[dict[str, Any]]:
    """The entries in the order of their numbers; the first `files` of them must be there, without a gap."""
    totals = {total for _, total, _ in shards}
    if len(totals) > 1:
        raise InputError(f"{address}: expected shards of one count, found shards of {' and of '.join(map(str, sorted(totals)))}")
    by_number = {number: entry for number, _, entry in shards}
    wanted = min(files or max(totals, default=0), max(totals, default=0))
    missing = [number for number in range(wanted) if number not in by_number]
    if missing:
        raise InputError(f"{address}: expected {wanted} shards, the listing lacks {len(missing)}, the first is {missing[0]:05d}; run again")
    return [by_number[number] for number in range(wanted)]


def _listed(entry: dict[str, Any], base: str, address: str) -> Listed:
    try:
        size, tag = int(entry["lfs"]["size"]), published("sha256", entry["lfs"]["oid"].removeprefix("sha256:"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{address}: expected size and SHA-256 (lfs) of {entry['path']}, found {json.dumps(entry)[:200]}: a file that cannot be checked is"
            " not read; give it with --input, or in a list with its digest as --dump=@LIST"
        ) from error
    return Listed(join(base, "resolve/main", entry["path"]), size, tag, entry["path"])


def _tree(base: str, folder: str, transfer: Transfer | None) -> tuple[str, list[Any]]:
    """The address of a folder's listing, and its entries."""
    match = _DATASET.fullmatch(base) if scheme(base) in HTTP else None
    if match is None:
        raise InputError(
            f"{base}: expected the address of a dataset, as {BASE}; files that lie elsewhere: --input, or --dump=@LIST with their digests"
        )
    root = f"{match[1]}/api/{match[2]}/tree/main"
    address = f"{root}/{folder}"
    try:
        return address, list(_entries(address, transfer or Transfer()))
    except FileNotFoundError as error:
        raise InputError(f"{address}: no such folder{_folders(root, transfer or Transfer())}") from error
    except OSError as error:
        raise InputError(f"{address}: cannot be listed: {error}") from error


def _folders(root: str, transfer: Transfer) -> str:
    try:
        found = [entry["path"] for entry in _entries(root, transfer) if entry["type"] == "directory"]
    except (OSError, InputError, KeyError, TypeError):
        return f"; {root} cannot be listed either: check --dump-base"
    return f"; there are {', '.join(sorted(found)) or 'none'}"


def _entries(address: str, transfer: Transfer) -> Iterator[Any]:
    """The entries of all pages of a listing. Raises OSError, InputError."""
    seen: set[str] = set()
    following: str | None = address
    while following is not None:
        if following in seen:
            raise InputError(f"{address}: expected a listing that ends, its page {following} names itself as a later one")
        seen.add(following)
        data, link = _page(following, transfer)
        try:
            page = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{following}: expected a listing in JSON: {error}") from error
        if not isinstance(page, list):
            raise InputError(f"{following}: expected a list of files, found {data[:100]!r}")
        yield from page
        match = _NEXT.search(link)
        following = urljoin(following, match[1]) if match else None


def _page(address: str, transfer: Transfer) -> tuple[bytes, str]:
    """The content of a small page, and its Link header."""
    from pipeline import https

    def answered() -> tuple[bytes, str]:
        with https.send(address, "GET", {}, transfer) as response:
            return response.read(), response.headers.get("Link", "")

    return Attempts(address, transfer).run(answered, lambda: 0)
