"""The archives of the Stack Exchange data dump, from archive.org's listing of an item (`<item>/<item>_files.xml`).

    <files><file name="math.stackexchange.com.7z" source="original"><size>BYTES</size><md5>HEX</md5><sha1>HEX</sha1>...</file>...</files>

An archive holds all tables of a site; of stackoverflow.com there is one for each table up to 2024 (`stackoverflow.com-Posts.7z`). The
item `stackexchange` holds the last dump that was published there, those with a date (`stackexchange_20240630`) one dump each, some in a
folder of the item.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.dumps_list import described, first, listed, missing
from pipeline.files import InputError, Listed, join
from pipeline.settings import did_you_mean

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

BASE = "https://archive.org/download/"
ITEM = "stackexchange"
ITEMS = re.compile(r"stackexchange(_\d{8}(_[a-z0-9]+)?)?")

_SITE = re.compile(r"(.+?)(?:-(Badges|Comments|PostHistory|PostLinks|Posts|Tags|Users|Votes))?\.7z")
_PATH = re.compile(r"([A-Za-z0-9][\w.-]*/)*[A-Za-z0-9][\w.-]*", re.ASCII)


def stackexchange(
    item: str = ITEM, sites: Sequence[str] | None = None, files: int | None = None, base: str = BASE, transfer: Transfer | None = None
) -> list[Listed]:
    """The first `files` archives with posts (all where None) of the sites (all where None), in the order of the listing; tags are SHA-1.

    `item` is `stackexchange` or one with a date; `sites` are named as in their addresses, `math.stackexchange.com`. `base` is where items
    lie: archive.org, or a folder or server that has `<item>/` with the listing in it.
    Raises InputError for what is no item, a listing that will not do, and a site that is not in it, with the nearest.
    """
    if not ITEMS.fullmatch(item):
        raise InputError(f"{item!r}: expected an item of archive.org with the dump, {ITEM} or with a date, such as {ITEM}_20240630")
    address = join(base, item, f"{item}_files.xml")
    try:
        entries = described(address, "files", transfer)
    except FileNotFoundError as error:
        raise InputError(
            f"{address}: no such listing; the pages https://archive.org/details/{ITEM} and .../{ITEM}_YYYYMMDD say which there are."
            " Archives without a listing: --input"
        ) from error
    archives = _archives(entries, address)
    if sites is not None:
        archives = _only(archives, sites, address)
    chosen = first(list(archives.values()), files, address)
    found = [listed(entry, "sha1", "sha1", join(base, item, entry["name"]), f"{item}/{entry['name']}", address) for entry in chosen]
    if absent := missing(found):
        raise InputError(
            f"{address}: expected {len(found):,} archives beside it, {len(absent):,} are missing, the first is {absent[0].path}:"
            f" get them from {BASE}{item}, or leave out --dump-base, then they are fetched"
        )
    return found


def _archives(entries: list[dict[str, str]], address: str) -> dict[str, dict[str, str]]:
    """site -> what is said of the archive with its posts: that of the posts alone where there is one, else that of all tables."""
    whole: dict[str, dict[str, str]] = {}
    posts: dict[str, dict[str, str]] = {}
    for entry in entries:
        name = entry.get("name", "")
        match = _SITE.fullmatch(name.rpartition("/")[2])
        if match is None:
            continue
        if not _PATH.fullmatch(name):
            raise InputError(f"{address}: expected archives named SITE.7z below the item, found {name[:200]!r}")
        found = {None: whole, "Posts": posts}.get(match[2])
        if found is None:
            continue
        if match[1] in found:
            raise InputError(f"{address}: expected one archive of {match[1]}, found {found[match[1]]['name']} and {name}")
        found[match[1]] = entry
    if not whole and not posts:
        raise InputError(f"{address}: expected archives SITE.7z, found none among {len(entries)} files")
    return {site: posts.get(site, entry) for site, entry in {**whole, **posts}.items()}


def _only(archives: dict[str, dict[str, str]], sites: Sequence[str], address: str) -> dict[str, dict[str, str]]:
    for site in sites:
        if site not in archives:
            raise InputError(
                f"{address}: expected an archive of {site}, found those of {len(archives)} other sites{did_you_mean(site, list(archives))}"
            )
    return {site: entry for site, entry in archives.items() if site in sites}
