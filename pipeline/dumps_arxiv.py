"""The archives of arXiv's sources, from its manifest (`src/arXiv_src_manifest.xml`), by the months in which papers came.

    <arXivSRC><file><filename>src/arXiv_src_2306_001.tar</filename><md5sum>HEX</md5sum><size>BYTES</size><yymm>2306</yymm>...</file>...</arXivSRC>

They lie in `s3://arxiv/`, where whoever reads pays, and says so with each request. Beam's S3 client cannot say so: the archives are
brought with the aws command, and read and checked in the folder to which it brought them.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.dumps_list import described, first, listed, missing
from pipeline.files import InputError, Listed, join
from pipeline.stores import scheme

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

BASE = "s3://arxiv/"
ALL = "all"
MONTHS = re.compile(r"(\d\d(?:0[1-9]|1[0-2]))(?:-(\d\d(?:0[1-9]|1[0-2])))?")

_MANIFEST = "src/arXiv_src_manifest.xml"
_ARCHIVE = re.compile(r"src/arXiv_src_(\d\d(?:0[1-9]|1[0-2]))_(\d{3,6})\.tar")
_FIRST_YEAR = 91
"""arXiv's first month is 9108; years below are of the next century."""
_MOST_NAMED = 20
"""ours: as many missing archives are each named in the command that brings them; of more, their months."""


def arxiv(dump: str, files: int | None = None, base: str = BASE, transfer: Transfer | None = None) -> list[Listed]:
    """The first `files` archives (all where None) of the months, oldest first; tags are their MD5.

    `dump` is a month (`2306`), a range of months, both included (`2301-2306`), or `all`. `base` is a folder, web server or bucket that has
    `src/` with the manifest in it; in a local folder the archives must be there, with the sizes that the manifest gives.
    Raises InputError for what is no month, a manifest that will not do, months without archives, and what is missing, with the command.
    """
    start, end = _range(dump)
    if base.rstrip("/") + "/" == BASE:
        raise InputError(_paid(dump, "arxiv"))
    address = join(base, _MANIFEST)
    try:
        entries = described(address, "arXivSRC", transfer)
    except FileNotFoundError as error:
        raise InputError(f"{address}: no such manifest. {_paid(dump, base if not scheme(base) else 'arxiv')}") from error
    archives = _archives(entries, address)
    chosen = [archives[place] for place in sorted(archives) if start <= place[0] <= end]
    if not chosen:
        covered = [name.split("_")[2] for name in (archives[min(archives)]["filename"], archives[max(archives)]["filename"])]
        raise InputError(f"{address}: expected archives of {dump}, found none: it names those from {covered[0]} to {covered[1]}")
    entries = first(chosen, files, f"{address} of {dump}")
    found = [listed(entry, "md5", "md5sum", join(base, entry["filename"]), entry["filename"], address) for entry in entries]
    _refuse_missing(found, base, address)
    return found


def _range(dump: str) -> tuple[int, int]:
    """The first and the last month, numbered from the year 0."""
    match = MONTHS.fullmatch(dump)
    if dump == ALL:
        return 0, 1 << 30
    if match is None:
        raise InputError(f"{dump!r}: expected a month, YYMM such as 2306, a range of months such as 2301-2306, or {ALL}")
    start, end = _month(match[1]), _month(match[2] or match[1])
    if start > end:
        raise InputError(f"{dump}: expected the earlier month first, such as {match[2]}-{match[1]}")
    return start, end


def _month(yymm: str) -> int:
    year, month = int(yymm[:2]), int(yymm[2:])
    return (year + (1900 if year >= _FIRST_YEAR else 2000)) * 12 + month


def _archives(entries: list[dict[str, str]], address: str) -> dict[tuple[int, int], dict[str, str]]:
    """(month, number) -> what the manifest says of the archive."""
    found: dict[tuple[int, int], dict[str, str]] = {}
    for entry in entries:
        name = entry.get("filename", "")
        match = _ARCHIVE.fullmatch(name)
        if match is None:
            raise InputError(f"{address}: expected archives named src/arXiv_src_YYMM_NUMBER.tar, found {name[:200]!r}")
        place = _month(match[1]), int(match[2])
        if place in found:
            raise InputError(f"{address}: expected each archive once, found {name} twice")
        found[place] = entry
    if not found:
        raise InputError(f"{address}: expected a manifest of archives, found none in it")
    return found


def _refuse_missing(files: list[Listed], base: str, address: str) -> None:
    """Raises InputError, with the command that brings them, where archives are missing in a local folder."""
    absent = missing(files)
    if absent:
        names = [os.path.basename(file.name) for file in absent]
        patterns = names if len(names) <= _MOST_NAMED else _patterns(name.split("_")[2] for name in names)
        raise InputError(
            f"{address}: expected {len(files):,} archives beside it, {len(absent):,} are missing ({sum(file.size for file in absent):,} bytes),"
            f" the first is {absent[0].path}. At your account's cost:\n  {_sync(base, patterns)}"
        )


def _paid(dump: str, folder: str) -> str:
    """What to do about a bucket that Beam cannot read."""
    match = MONTHS.fullmatch(dump)
    patterns = ["arXiv_src_*.tar"]
    if match:
        start, end = _month(match[1]), _month(match[2] or match[1])
        patterns = _patterns(f"{(number - 1) // 12 % 100:02d}{(number - 1) % 12 + 1:02d}" for number in range(start, end + 1))
    return (
        f"arXiv's archives lie in {BASE}, where the reader pays, which Beam's S3 client cannot agree to. Get them with the aws command, at"
        f" your account's cost (about 0.5 GB an archive):\n"
        f"  aws s3 cp --request-payer requester {BASE}{_MANIFEST} {shlex.quote(join(folder, 'src/'))}\n"
        f"  {_sync(folder, patterns)}\n"
        f"then --dump={dump} --dump-base={shlex.quote(folder)}"
    )


def _sync(folder: str, patterns: list[str]) -> str:
    included = " ".join(f"--include '{pattern}'" for pattern in patterns)
    return f"aws s3 sync --request-payer requester {BASE}src/ {shlex.quote(join(folder, 'src/'))} --exclude '*' {included}"


def _patterns(months: Iterable[str]) -> list[str]:
    """Globs of these months' archives and no others (they cost money): of a whole year one."""
    found = []
    for year, group in groupby(dict.fromkeys(months), key=lambda yymm: yymm[:2]):
        inside = list(group)
        found += [f"arXiv_src_{year}??_*.tar"] if len(inside) == 12 else [f"arXiv_src_{yymm}_*.tar" for yymm in inside]
    return found
