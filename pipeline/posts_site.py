"""Which site a Stack Exchange dump is of, told by where it lies: the dump itself does not say."""

from __future__ import annotations

import re

UNKNOWN = "unknown"
_PACKED = re.compile(r"(?:\.(?:gz|bz2|zst|xz))?\Z", re.IGNORECASE)
_KIND = re.compile(r"\.(?:7z|xml)\Z", re.IGNORECASE)
_TABLE = re.compile(r"-posts\Z", re.IGNORECASE)


def site_of(name: str, path: str) -> str:
    """The site of a dump: of `<site>.7z`, `<site>-Posts.7z` and `<site>.xml` the file's own name, of `Posts.xml` and `Posts.7z` its folder's.

    `name`: relative to the inputs' common folder; `path`: where it lies, asked where the name has no folder. UNKNOWN where neither tells.
    """
    *folders, file = _parts(name)
    stem = _TABLE.sub("", _KIND.sub("", _PACKED.sub("", file)))
    if stem.lower() != "posts":
        return stem or UNKNOWN
    return (folders or _parts(path)[:-1] or [UNKNOWN])[-1]


def is_meta(site: str) -> bool:
    """Whether a site is about another one: `meta` is a component of its name (`meta.stackexchange.com`, `math.meta.stackexchange.com`)."""
    return "meta" in site.lower().split(".")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".", "..")] or [""]
