"""The end of a run: receipts are summed to books, the books are checked, and the manifest is written last."""

from __future__ import annotations

import importlib.metadata
import json
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Any

from pipeline import books as bookkeeping
from pipeline import files, receipts, settings, state
from pipeline.inputs import Inputs
from pipeline.ledger import NAMED
from pipeline.plan import RULES, SCHEMA, Job, Work, listing_fingerprint
from pipeline.recipe import Dropping, Survey
from pipeline.totals import Total, of_stage

LIBRARIES = (
    "apache-beam",
    "brotli",
    "fastavro",
    "fasttext-numpy2",
    "isal",
    "langdetect",
    "numba",
    "numpy",
    "py7zr",
    "pyarrow",
    "resiliparse",
    "sentencepiece",
    "spdx",
    "ufal-kenlm",
)


@dataclass(frozen=True)
class Outcome:
    """What a run came to: its books, the funnel as text, what is to be said on standard error, and the exit code."""

    books: dict[str, Any]
    funnel: str
    said: list[str]
    reused: int
    code: int


def close(job: Job, given: Inputs, budget: float) -> Outcome:
    """Sums and checks the receipts, writes books, report and manifest, and clears the work folder after a run without a quarantined unit."""
    lost = quarantined(job)
    totals, shards, digests = _sum(job, {unit for _, unit, _ in lost})
    labels = [step.label for stage in job.stages for step in stage if isinstance(step, Dropping)]
    books = bookkeeping.close(job.source, totals, len(job.stages), labels, job.module.READ_AS)
    for _, unit, _ in lost:
        _withdraw(job, unit)
    for folder in job.folders:
        files.delete_partial(folder)  # of workers that were killed
    files.write_bytes(files.join(job.directory, "books.json"), json.dumps(books, indent=1, ensure_ascii=False).encode())
    manifest = _manifest(job, given, totals, shards, digests, lost)
    from pipeline import report

    report.write(job, books, totals, manifest)
    files.write_bytes(files.join(job.directory, "manifest.json"), json.dumps(manifest, indent=1, ensure_ascii=False).encode())
    reused = len(files.names(files.join(job.work, "reused")))
    outcome = _outcome(job, books, manifest, reused, budget)
    if outcome.code in (0, 4):
        state.clear_work(job, keep=("lock", "run.json"))
    return outcome


def again(job: Job, manifest: dict[str, Any], budget: float) -> Outcome:
    """The outcome of a run that stands finished: nothing is done again."""
    books = json.loads(files.read_bytes(files.join(job.directory, "books.json")))
    return _outcome(job, books, manifest, job.units, budget)


def _outcome(job: Job, books: dict[str, Any], manifest: dict[str, Any], reused: int, budget: float) -> Outcome:
    said = [line for label, rows in manifest.get("surveys", {}).items() for line in job.module.said(label, rows)]
    said += [f"{lost['name']} was quarantined: {lost['why']}" for lost in manifest["quarantined"]]
    code = 0
    over = bookkeeping.over_budget(books, manifest["unread_bytes"], manifest["input_bytes"], budget)
    if over:
        said.append(over + f"; what is broken is listed in {files.join(job.directory, 'broken')}")
        code = 4
    if not books["closed"]:
        said.extend(f"the books do not close: {error}" for error in books["errors"])
        code = 3
    if manifest["quarantined"]:
        said.append("quarantined units are tried again when the same line is run again")
        code = 1
    return Outcome(books, funnel(books, files.join(job.directory, "report.html")), said, reused, code)


def quarantined(job: Work) -> list[tuple[str, int, str]]:
    """(name, unit, why) of every unit that could not be done. Raises RuntimeError where it was an exchange: then nothing can be said of any page."""
    folder = files.join(job.work, "quarantine")
    found = [json.loads(files.read_bytes(files.join(folder, name))) for name in files.names(folder) if name.endswith(".json")]
    for entry in found:
        if entry["unit"] < 0:
            raise RuntimeError(f"the exchange {entry['name']} failed, so nothing was written: {entry['why']}\n{entry['trace']}")
    return sorted((entry["name"], entry["unit"], entry["why"]) for entry in found)


def _sum(job: Job, lost: set[int]) -> tuple[list[Total], dict[str, dict[str, Any]], dict[str, list[str | None]]]:
    """(the sum of each stage, every shard with bytes and sha256, the sha256 of every input or of its ranges), from the receipts of all units done.

    Raises RuntimeError for a unit that left neither receipt nor reason.
    """
    totals = [of_stage(stage) for stage in range(len(job.stages))]
    shards: dict[str, dict[str, Any]] = {}
    digests: dict[str, list[str | None]] = {}
    prefix = files.join(job.directory, "")
    for unit in sorted(set(range(job.units)) - lost):
        for total in totals:
            receipt = receipts.read(job.receipt(total.stage, unit))
            if receipt is None:
                raise RuntimeError(f"unit {unit} left no receipt of stage {total.stage}, and no reason why: the runner lost it")
            total.add(receipt)
            for path, size in receipt.files.items():
                if path.startswith(prefix):
                    shards[path.removeprefix(files.join(job.output, ""))] = {"bytes": size, "sha256": receipt.digests.get(path)}
            if total.stage == 0:
                digests.setdefault(receipt.name, []).append(receipt.input_digest)
    return totals, dict(sorted(shards.items())), digests


def _withdraw(job: Job, unit: int) -> None:
    """A quarantined unit leaves no shard: what an earlier stage of it wrote goes."""
    for folder in job.folders:
        path = files.join(folder, f"{unit:05d}.parquet")
        if files.exists(path):
            files.delete(path)


def _manifest(
    job: Job,
    given: Inputs,
    totals: list[Total],
    shards: dict[str, dict[str, Any]],
    digests: dict[str, list[str | None]],
    lost: list[tuple[str, int, str]],
) -> dict[str, Any]:
    return {
        "source": job.source,
        "complete": not lost,
        "run": settings.fingerprint(job.fingerprint, listing_fingerprint(given.listing)),
        "config": job.fingerprint,
        "listing": listing_fingerprint(given.listing),
        "rules": RULES,
        "schema": SCHEMA,
        "settings": settings.described(job.config),
        "models": dict(job.models.fingerprints),
        "libraries": {"unicode": unicodedata.unidata_version, **{name: importlib.metadata.version(name) for name in LIBRARIES}},
        "seeds": {},
        "inputs": [{"name": f.name, "bytes": f.size, "tag": f.tag, **_digests(digests.get(f.name, [None]))} for f in given.listing],
        "listed_twice": len(given.twice),
        "counted": {name: counts for name in NAMED if (counts := _counted(totals, name))},
        "surveys": _surveys(job),
        "input_bytes": sum(file.size for file in given.listing),
        "unread_bytes": totals[0].unread,
        "clean_text_bytes": totals[-1].text_bytes,
        "quarantined": [{"name": name, "unit": unit, "why": why} for name, unit, why in lost],
        "shards": shards,
    }


def _surveys(job: Job) -> dict[str, Any]:
    """What each Survey step found, with the totals that it went by."""
    steps = {stage: cut for stage in range(len(job.stages)) if isinstance(cut := job.cut(stage), Survey)}
    paths = {cut.label: job.verdicts(job.exchange(stage), 0, 0) for stage, cut in steps.items()}
    return {label: json.loads(files.read_bytes(path)) for label, path in paths.items() if files.exists(path)}


def _counted(totals: list[Total], name: str) -> dict[str, int]:
    """How many documents were found to have each value of a column of names (languages, licences), before any was dropped for it."""
    counts: Counter[str] = Counter()
    for total in totals:
        counts.update(total.histograms.get(name, {}))
    return dict(sorted(counts.items()))


def _digests(parts: list[str | None]) -> dict[str, Any]:
    """Of a file that was read as a whole, its sha256; of one that was read in ranges, that of each."""
    return {"sha256": parts[0]} if len(parts) == 1 else {"sha256_of_ranges": parts}


def funnel(books: dict[str, Any], report: str) -> str:
    """The books as a table of text: what each step took, kept and dropped."""
    rows = [("", "in", "kept", "dropped")]
    rows += [(step["label"], f"{step['in']:,}", f"{step['kept']:,}", f"{step['dropped']:,}") for step in books["steps"]]
    wide = [max(len(row[i]) for row in rows) for i in range(4)]
    table = ["  ".join([row[0].ljust(wide[0]), *(row[i].rjust(wide[i]) for i in (1, 2, 3))]) for row in rows]
    broken = ", ".join(f"{count:,} {reason}" for reason, count in books["broken"].items()) or "none"
    total = f"in {books['in']:,} = kept {books['kept']:,} + dropped {sum(books['dropped'].values()):,} + broken {sum(books['broken'].values()):,}"
    return "\n".join(
        [*table, f"broken: {broken}", total + (", books closed" if books["closed"] else ", BOOKS DO NOT CLOSE"), f"report: {report}"]
    )
