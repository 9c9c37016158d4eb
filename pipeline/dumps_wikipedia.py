"""The files of a Wikipedia dump, from the state that each wiki publishes of it (`<wiki>/<date>/dumpstatus.json`).

    {"jobs": {"articlesmultistreamdump": {"status": "done", "files": {NAME: {"size": BYTES, "sha1": HEX, "md5": HEX, "url": PATH}}}}}

`articlesmultistreamdump` holds the current revision of every page as many bz2 streams in one file or, of large wikis, in numbered parts,
each with an index of its streams; `articlesdump` is the same as single streams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.dumps_fetch import published
from pipeline.dumps_list import first
from pipeline.files import InputError, Listed, join, names, read_bytes
from pipeline.settings import did_you_mean
from pipeline.stores import HTTP, scheme

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

BASE = "https://dumps.wikimedia.org/"

DATE = re.compile(r"20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
LATEST = "latest"

LANGUAGES = ("bg", "ca", "cs", "da", "de", "en", "es", "fr", "hr", "hu", "it", "nl", "pl", "pt", "ro", "ru", "sl", "sr", "sv", "uk")
"""paper: the 20 languages of LLaMA section 2.1; here for the nearest known word alone."""

_JOBS = ("articlesmultistreamdump", "articlesdump")
_PAGES = re.compile(r"-pages-articles(?:-multistream)?(\d*)\.xml(?:-p(\d+)p\d+)?\.bz2")
_INDEX = re.compile(r"-pages-articles-multistream-index(\d*)\.txt(?:-p(\d+)p\d+)?\.bz2")
_LANGUAGE = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


class _NotThere(InputError):
    """A dump that is not there, or not finished: an older one may be."""


def wikipedia(
    date: str,
    languages: Sequence[str],
    files: int | None = None,
    base: str = BASE,
    indexes: bool = False,
    transfer: Transfer | None = None,
) -> list[Listed]:
    """The first `files` files of pages (all where None), by language in the order given and by part; tags are their SHA-1.

    `date` is YYYYMMDD or `latest`, which is the newest date that is done in all `languages`; the date is part of every file's name.
    With `indexes`, each file of pages is followed by the index of its streams, where the wiki publishes one.
    Raises InputError for a date, language or state of a dump that will not do; it names the dates that are there.
    """
    if not languages or not all(_LANGUAGE.fullmatch(language) for language in languages):
        raise InputError(
            f"expected languages by their codes in Wikipedia's addresses, such as en,fr; found {','.join(languages) or 'none'}"
        )
    languages = list(dict.fromkeys(languages))
    if date == LATEST:
        listed = _latest(languages, base, transfer)
    elif DATE.fullmatch(date):
        listed = _all(date, languages, base, transfer)
    else:
        raise InputError(f"{date!r}: expected the date of a dump, YYYYMMDD, such as 20250801, or {LATEST}")
    chosen = first(listed, files, f"the dump of {','.join(languages)} of {date} at {base}")
    return [file for pages, index in chosen for file in (pages, index) if file is not None and (indexes or file is pages)]


_Pair = tuple[Listed, Listed | None]
"""A file of pages, and the index of its streams."""


def _all(date: str, languages: Sequence[str], base: str, transfer: Transfer | None) -> list[_Pair]:
    return [pair for language in languages for pair in _of_wiki(_wiki(language), date, base, transfer)]


def _latest(languages: Sequence[str], base: str, transfer: Transfer | None) -> list[_Pair]:
    dates: dict[str, list[str]] = {}
    for language in languages:
        try:
            dates[language] = _dates(_wiki(language), base, transfer)
        except OSError as error:
            raise InputError(f"{LATEST}: the dates of dumps cannot be listed: {error}{_no_such_wiki(language)}") from error
        if not dates[language]:
            where = join(base, _wiki(language))
            raise InputError(f"{where}: expected a page that lists the dates of dumps, found none; give a date{_no_such_wiki(language)}")
    why = ["the wikis have no date in common"]
    for date in sorted(set.intersection(*map(set, dates.values())), reverse=True):
        try:
            return _all(date, languages, base, transfer)
        except _NotThere as error:
            why.append(str(error))
    raise InputError(f"{base}: no date has a finished dump in {','.join(languages)}: {why[-1]}")


def _wiki(language: str) -> str:
    """The name of a language's wiki in addresses: `zh-min-nan` is `zh_min_nanwiki`."""
    return language.replace("-", "_") + "wiki"


def _no_such_wiki(language: str) -> str:
    return "" if language in LANGUAGES else f". Is {language!r} a Wikipedia?{did_you_mean(language, LANGUAGES)}"


def _dates(wiki: str, base: str, transfer: Transfer | None) -> list[str]:
    """The dates that a server's page about a wiki, or a folder that mirrors it, names; none where it names none. Raises OSError."""
    folder = join(base, wiki)
    if scheme(base) in HTTP:
        page = read_bytes(folder + "/", transfer).decode("utf-8", "replace")
        found = re.findall(r"""href=["']?(?:[^"'<>]*/)?(\d{8})/?["'\s>]""", page)
    else:
        found = names(folder)
    return sorted({date for date in found if DATE.fullmatch(date)})


def _of_wiki(wiki: str, date: str, base: str, transfer: Transfer | None) -> list[_Pair]:
    """The files of one wiki, in the order of their pages."""
    address = join(base, wiki, date, "dumpstatus.json")
    try:
        state = json.loads(read_bytes(address, transfer))
        jobs: dict[str, Any] = dict(state["jobs"])
    except FileNotFoundError as error:
        raise _NotThere(f"{address}: no such dump{_instead(wiki, base, transfer)}") from error
    except OSError as error:
        raise InputError(f"{address}: cannot be read: {error}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{address}: expected the state of a dump, JSON with 'jobs': {type(error).__name__}: {error}") from error
    described = _done(jobs, address, wiki, base, transfer)
    pages, indexes = (_matching(pattern, f"{wiki}-{date}", described) for pattern in (_PAGES, _INDEX))
    if not pages:
        raise InputError(f"{address}: expected files named {wiki}-{date}-pages-articles..., found {', '.join(described) or 'none'}")
    made = {name: _listed(name, described[name], f"{wiki}/{date}", base, address) for name in [*pages.values(), *indexes.values()]}
    return [(made[name], made.get(indexes.get(place, ""))) for place, name in sorted(pages.items())]


def _instead(wiki: str, base: str, transfer: Transfer | None) -> str:
    try:
        dates = _dates(wiki, base, transfer)
    except OSError:
        dates = []  # there is an error to tell already; this is its advice
    if not dates:
        return f"; {base} names no dates for {wiki}{_no_such_wiki(wiki.removesuffix('wiki'))}"
    return f"; there are {', '.join(dates)}. Servers keep some months: for an older one name a mirror that has it with --dump-base"


def _done(jobs: dict[str, Any], address: str, wiki: str, base: str, transfer: Transfer | None) -> dict[str, Any]:
    """The files of the job to read: the multistream one or, where a wiki has none, the single-stream one."""
    for name in _JOBS:
        job = jobs.get(name)
        job = job if isinstance(job, dict) else {}
        status, described = job.get("status"), job.get("files")
        if status == "done" and isinstance(described, dict):
            return described
        if status not in (None, "skipped"):
            raise _NotThere(f"{address}: expected {name} to be done, with files, found {status!r}{_instead(wiki, base, transfer)}")
    raise _NotThere(f"{address}: expected a job {' or '.join(_JOBS)}, found none of them{_instead(wiki, base, transfer)}")


def _matching(pattern: re.Pattern[str], start: str, described: dict[str, Any]) -> dict[tuple[int, int], str]:
    """(part, first page) -> name, of the files whose name is `start` and then the pattern: the parts alone where there are parts."""
    matches = [(pattern.fullmatch(name.removeprefix(start)), name) for name in described if name.startswith(start)]
    places = {(int(match[1] or 0), int(match[2] or 0)): name for match, name in matches if match}
    return {place: name for place, name in places.items() if place != (0, 0)} or places


def _listed(name: str, described: Any, folder: str, base: str, address: str) -> Listed:
    try:
        size, tag = int(described["size"]), published("sha1", described["sha1"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{address}: expected size and sha1 of {name}, found {json.dumps(described)[:200]}: a file that cannot be checked is not read;"
            " take another date, or give the file with --input"
        ) from error
    return Listed(join(base, folder, name), size, tag, f"{folder}/{name}")
