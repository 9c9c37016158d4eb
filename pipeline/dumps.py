"""The files of a Common Crawl dump, from the dump's own listing (`crawl-data/<dump>/wet.paths.gz`)."""

from __future__ import annotations

import gzip
import re
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Literal

from pipeline.files import InputError, join, open_read

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

_DUMP = re.compile(r"CC-MAIN-(20\d\d)-(0[1-9]|[1-4]\d|5[0-3])")
"""Year and week, as of 2013-20; the three dumps before that have other names and no WET files."""


def commoncrawl(
    dump: str,
    files: int | None = None,
    kind: Literal["wet", "warc"] = "wet",
    base: str = "https://data.commoncrawl.org/",
    transfer: Transfer | None = None,
) -> list[str]:
    """The paths of the first `files` files of a dump (all where None), in the order of its listing, below `base`.

    `base` is the public web address, `s3://commoncrawl/`, or a folder that mirrors them.
    Raises InputError for a name that is no dump's, a dump without such a listing, a listing that cannot be read or has fewer files.
    """
    if not _DUMP.fullmatch(dump):
        raise InputError(f"{dump!r}: expected the name of a dump, CC-MAIN-YEAR-WEEK, such as CC-MAIN-2025-33")
    if files is not None and files < 1:
        raise InputError(f"expected to read at least 1 file of {dump}, found {files}")
    listing = join(base, "crawl-data", dump, f"{kind}.paths.gz")
    try:
        with open_read(listing, transfer) as stored, gzip.open(stored, "rt", encoding="utf-8") as lines:
            paths = list(islice((line.strip() for line in lines if line.strip()), files))
    except FileNotFoundError as error:
        raise InputError(f"{listing}: no such listing; https://index.commoncrawl.org/collinfo.json names the dumps") from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{listing}: expected a gzipped list of paths: {error}") from error
    if len(paths) < (files or 1):
        raise InputError(f"{listing}: expected {files or 'some'} {kind} files, the listing names {len(paths)}")
    for path in paths:
        if not path.startswith("crawl-data/") or ".." in path.split("/"):
            raise InputError(f"{listing}: expected paths that begin with crawl-data/, found {path!r}")
    return [join(base, path) for path in paths]
