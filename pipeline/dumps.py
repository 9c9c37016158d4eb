"""What `--dump` names becomes a listing: each source's dumps by their names, and any list of files with digests.

CommonCrawl's own listing (`crawl-data/<dump>/wet.paths.gz`) gives paths alone, Gutenberg none. Wikipedia, C4, arXiv and Stack Exchange give
digests, which become the files' tags; `dumps_fetch.fetch` brings and checks them.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from pipeline import dumps_arxiv, dumps_c4, dumps_gutenberg, dumps_list, dumps_stackexchange, dumps_wikipedia
from pipeline.files import InputError, Listed, expand, join, open_read
from pipeline.settings import did_you_mean
from pipeline.stores import scheme

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

_DUMP = re.compile(r"CC-MAIN-(20\d\d)-(0[1-9]|[1-4]\d|5[0-3])")
"""Year and week, as of 2013-20; the three dumps before that have other names and no WET files."""

VALIDATION = "+validation"
"""Behind a variant of C4: the held-out shards too."""

_FORMS = {
    "commoncrawl": "CC-MAIN-YEAR-WEEK, such as CC-MAIN-2019-09",
    "wikipedia": f"a date, YYYYMMDD, or {dumps_wikipedia.LATEST}",
    "c4": f"one of {', '.join(dumps_c4.VARIANTS)} or {dumps_c4.MULTILINGUAL}/LANGUAGE (with {VALIDATION} the held-out shards too),"
    " or a dump of CommonCrawl to rebuild it from",
    "arxiv": f"a month, YYMM, a range of months such as 2301-2306, or {dumps_arxiv.ALL}",
    "stackexchange": f"an item of archive.org, {dumps_stackexchange.ITEM} or with a date, such as {dumps_stackexchange.ITEM}_20240630",
}
_ELSEWHERE = {
    "github": "BigQuery exports it, see docs/github-bigquery.md; then --input",
    "books": "Gutenberg's come by a list, --dump=@LIST, a line the number of an ebook or a digest and a file, with --dump-base=MIRROR;"
    " other books: --input",
}
_KNOWN = {
    "c4": [*dumps_c4.VARIANTS, dumps_c4.MULTILINGUAL],
    "wikipedia": [dumps_wikipedia.LATEST],
    "arxiv": [dumps_arxiv.ALL],
    "stackexchange": [dumps_stackexchange.ITEM],
}


def listing(
    source: str, dump: str, files: int | None = None, base: str | None = None, config: Any = None, transfer: Transfer | None = None
) -> list[Listed]:
    """The files that `--dump` names, sorted by name: the first `files` (all where None) in the order of the dump's own listing.

    `dump` is a name in the source's form or, for every source, `@LIST`: files with their digests, as sha256sum, sha1sum and md5sum write
    them, and for books ebooks of Gutenberg. `base` is where the dumps lie, by default the publisher's server. `config` is the source's:
    Wikipedia's `languages` and Stack Exchange's `sites` are read from it.
    Raises InputError for a name of another form (which source it fits, or the nearest name), and for what the source's listing refuses.
    """
    if base and not scheme(base):
        base = os.path.abspath(base)
    if dump.startswith("@"):
        return dumps_list.digests(
            dump[1:], files, transfer, lambda line: dumps_gutenberg.address(line, base) if source == "books" else None
        )
    fits = _source_of(dump)
    if source not in _FORMS:
        raise InputError(f"--dump={dump}: {source} has no dump that can be named: {_ELSEWHERE.get(source, 'give files with --input')}")
    at: dict[str, Any] = {"transfer": transfer, **({"base": base} if base else {})}
    if source == "commoncrawl" and fits in (None, source):
        listed = expand(commoncrawl(dump, files, **at), transfer)[0]
    elif source == "wikipedia" and fits == source:
        listed = dumps_wikipedia.wikipedia(dump, _languages(config), files, **at)
    elif source == "c4" and fits == "commoncrawl":
        listed = expand(commoncrawl(dump, files, **at), transfer)[0]
    elif source == "c4" and fits == source:
        listed = dumps_c4.c4(dump.removesuffix(VALIDATION), files, validation=dump.endswith(VALIDATION), **at)
    elif source == "arxiv" and (fits == source or dump == dumps_arxiv.ALL):
        listed = dumps_arxiv.arxiv(dump, files, **at)
    elif source == "stackexchange" and fits == source:
        listed = dumps_stackexchange.stackexchange(dump, getattr(config, "sites", None), files, **at)
    else:
        raise InputError(f"--dump={dump}: {source} takes {_FORMS[source]}{_instead(source, dump, fits)}")
    return sorted(listed, key=lambda file: file.name)


def _source_of(dump: str) -> str | None:
    """The source whose dumps have names of this form."""
    if dump.upper().startswith("CC-MAIN"):
        return "commoncrawl"
    if dumps_wikipedia.DATE.fullmatch(dump) or dump == dumps_wikipedia.LATEST:
        return "wikipedia"
    if dumps_arxiv.MONTHS.fullmatch(dump):
        return "arxiv"
    if dumps_stackexchange.ITEMS.fullmatch(dump):
        return "stackexchange"
    return "c4" if dumps_c4.is_variant(dump.removesuffix(VALIDATION)) else None


def _instead(source: str, dump: str, fits: str | None) -> str:
    if fits is not None:
        return f"; did you mean --source={fits}?"
    digits = re.sub(r"\D", "", dump)
    if source == "wikipedia" and dumps_wikipedia.DATE.fullmatch(digits):
        return f"; did you mean {digits}?"
    if source == "stackexchange" and dumps_wikipedia.DATE.fullmatch(digits):
        return f"; did you mean {dumps_stackexchange.ITEM}_{digits}?"
    if source == "arxiv" and len(digits) == 6 and dumps_arxiv.MONTHS.fullmatch(digits[2:]):
        return f"; did you mean {digits[2:]}?"
    return did_you_mean(dump, _KNOWN.get(source, []))


def _languages(config: Any) -> tuple[str, ...]:
    languages: tuple[str, ...] | None = getattr(config, "languages", dumps_wikipedia.LANGUAGES)
    if languages is None:
        raise InputError("languages=any names no dump: say which, such as --set languages=en,fr")
    return languages


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
