"""`python -m pipeline.explain URL_OR_ID --output=DIR`: what became of a page, and why, in words or as JSON.

With `--token=SOURCE:POSITION` the document is that of a token.

Told from the shards and the manifest of a finished run alone; its work folder may be gone.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from pipeline import explain_words, files, plan, settings
from pipeline.lookup import Found, Row, Shards


class NoRun(Exception):
    """There is no finished run to tell from."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 found, 1 not found, 2 bad usage."""
    parser = _parser()
    flags = parser.parse_args(arguments)
    if (flags.page is None) == (flags.token is None):
        parser.error("give a URL or an id, or --token=SOURCE:POSITION")
    try:
        token = _token(flags)
        told = explain(token["document"] if token else flags.page, flags.output, token["source"] if token else flags.source)
    except (NoRun, settings.SettingError) as error:
        print(f"pipeline.explain: {error}", file=sys.stderr)
        return 2
    if flags.json:
        print(json.dumps({**({"token": token} if token else {}), **told}, indent=1))
    else:
        print((token["told"] + "\n\n" if token else "") + explain_words.tell(told))
    return 0 if told["found"] else 1


def _token(flags: argparse.Namespace) -> dict[str, Any] | None:
    """What `--token` names. Raises NoRun where there is no such token."""
    if flags.token is None:
        return None
    from mixtures.token_manifest import TokensError
    from pipeline import explain_token

    try:
        return {**(found := explain_token.find(flags.token, flags.output)), "told": explain_token.tell(found)}
    except (explain_token.NoToken, TokensError) as error:
        raise NoRun(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.explain",
        description="Says what became of a page and why: kept, dropped (at which step, by which value), broken, or never seen.",
        epilog="exit codes: 0 found, 1 not found, 2 bad usage",
        allow_abbrev=False,
    )
    parser.add_argument("page", nargs="?", metavar="URL_OR_ID", help="a URL, an id such as commoncrawl/UUID, or the UUID alone")
    parser.add_argument("--token", metavar="SOURCE:POSITION", help="the document of a token, by its number among the tokens of its source")
    parser.add_argument("--output", default="out", metavar="DIR", help="the --output of a finished run (default: out)")
    parser.add_argument("--source", metavar="NAME", help="looks in this source alone (default: in all that DIR holds)")
    parser.add_argument("--json", action="store_true", help="prints one JSON object instead of words")
    return parser


def explain(page: str, output: str, source: str | None = None) -> dict[str, Any]:
    """Everything that the shards of a finished run tell of a page: `found`, `matches`, and where there is none `near`, `broken`, `quarantined`.

    Raises NoRun where the output holds no finished run, SettingError for a source that is none.
    """
    told: dict[str, Any] = {"page": page, "found": False, "matches": [], "near": [], "broken": {}, "quarantined": []}
    for name in _sources(output, source):
        directory = files.join(output, name)
        manifest = json.loads(files.read_bytes(files.join(directory, "manifest.json")))
        shards = Shards(directory)
        told["matches"] += _matches(page, name, shards, manifest)
        if not told["matches"]:
            told["near"] += _near(page, name, shards)
            told["broken"].update(sorted(shards.broken_files().items()))
            told["quarantined"] += [lost["name"] for lost in manifest["quarantined"]]
    told["found"] = bool(told["matches"])
    if told["found"]:
        told.update(near=[], broken={}, quarantined=[])
    return told


def _sources(output: str, source: str | None) -> list[str]:
    if source is not None:
        settings.one_of("--source", source, plan.SOURCES)
    wanted = [source] if source else plan.SOURCES
    finished = [name for name in wanted if files.exists(files.join(output, name, "manifest.json"))]
    if finished:
        return finished
    if any(files.exists(files.join(output, name)) for name in wanted):
        raise NoRun(f"the run in {output} has not ended (there is no manifest.json): run the same line again, then ask")
    raise NoRun(f"{output} holds no run of {' or '.join(wanted)}: name the --output of a finished run")


def _ids(page: str, source: str) -> set[str]:
    """The ids that a query may mean."""
    bare = page.strip().strip("<>").removeprefix("urn:uuid:").removeprefix(f"{source}/")
    return {f"{source}/{bare}", f"{source}/{bare.lower()}"}


def _urls(page: str) -> set[str]:
    """The URL, with and without its last slash, and with a scheme where it has none."""
    url = page.strip()
    schemes = [""] if "://" in url else ["", "http://", "https://"]
    return {f"{scheme}{url.rstrip('/')}{slash}" for scheme in schemes for slash in ("", "/")} | {url}


def _matches(page: str, source: str, shards: Shards, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    ids = _ids(page, source)
    found = shards.find(ids, _urls(page), repeats=True)
    exact = [one for one in found if one.columns["url"] == page.strip() or ids & {one.columns["id"], one.columns["id"].split("~")[0]}]
    told = [{**_document(one, shards, manifest), "exact": bool(exact)} for one in exact or found]
    _name_partners(told, shards)
    words = {name.removeprefix(f"{source}/") for name in ids}
    lost = shards.broken_naming(_urls(page) | words | {f"urn:uuid:{word}" for word in words})
    return [{"source": source, **one} for one in told + [_broken(row) for row in lost]]


def _document(found: Found, shards: Shards, manifest: dict[str, Any]) -> dict[str, Any]:
    """One document of the shards, with what is told of its lines."""
    row = found.columns
    told: dict[str, Any] = {name: row[name] for name in ("id", "url", "origin_file", "origin_offset", "origin_inner", "notes")}
    told["removed_lines"] = shards.removed_lines(found.shard, row["id"])
    if found.kind == "rejected":
        return {"outcome": "dropped", **told, **{name: row[name] for name in ("step", "reason", "value", "partner")}}
    told.update(shard=f"clean/{found.shard}", row=found.row, original_lines=row.get("original_lines"))
    return {"outcome": "kept", **told, "measures": _measures(row, manifest)}


def _measures(row: Row, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    fields = manifest["settings"]
    return [
        {"column": column, "value": row[column], "must_be": how, "bound": fields[setting]["value"], "setting": setting}
        for column, setting, how in plan.source_module(manifest["source"]).MEASURES
        if column in row and setting in fields
    ]


def _broken(row: Row) -> dict[str, Any]:
    names = ("file", "offset", "inner", "bytes", "reason")
    return {"outcome": "broken", **{name: row[name] for name in names}}


def _name_partners(told: list[dict[str, Any]], shards: Shards) -> None:
    """Adds `partners` to each document: id to URL and outcome of every document that it, or a line of it, duplicates."""
    wanted = {name for one in told for name in _partners(one)}
    known = {}
    for found in shards.find(wanted, (), repeats=False) if wanted else []:
        known[found.columns["id"]] = {"url": found.columns["url"], "outcome": "kept" if found.kind == "clean" else "dropped"}
    for one in told:
        one["partners"] = {name: known.get(name) for name in sorted(_partners(one))}


def _partners(told: dict[str, Any]) -> set[str]:
    names = {row["partner"] for row in told["removed_lines"]} | {told.get("partner")}
    return {name for name in names if name and name != told["id"]}


def _near(page: str, source: str, shards: Shards) -> list[str]:
    bare = page.strip().removeprefix(f"{source}/")
    near = []
    if "." in bare or "/" in bare:
        near = shards.nearest(bare if "://" in bare else f"http://{bare}", "url")
    return near or shards.nearest(f"{source}/{bare}", "id")


if __name__ == "__main__":
    sys.exit(main())
