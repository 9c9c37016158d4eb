"""The report's last sections: what could not be read, what names the run, and what it took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline import report_sums, settings
from pipeline.plan import Job
from pipeline.report_markup import fold, paragraph, size, table
from pipeline.totals import SLOWEST, Total

ROWS = 500
"""Rows of a table of files. ours: keeps the report of a whole dump small; the manifest and the shards name all."""


def broken(books: dict[str, Any], stood: Sequence[Total], manifest: dict[str, Any]) -> str:
    """Broken input by file and reason."""
    rows = report_sums.broken(stood)
    if not rows:
        return paragraph("Every record was read.")
    words = (
        f"{sum(books['broken'].values()):,} records, {size(manifest['unread_bytes'])} of {size(manifest['input_bytes'])}. "
        "Each has a row in broken/, with its file, offset, bytes and first bytes."
    )
    return paragraph(words) + table(
        _first("Broken records by file and reason, most first", sum(total.broken_places for total in stood)),
        ("file", "reason", "records"),
        rows[:ROWS],
    )


def _first(caption: str, count: int) -> str:
    return caption if count <= ROWS else f"{caption} (the first {ROWS:,} of {count:,} rows; the shards and manifest.json have all)"


def run(job: Job, manifest: dict[str, Any]) -> str:
    """What names the run: fingerprints, settings with their origins, models, libraries, inputs and shards."""
    names = {"source": "source", "run": "run fingerprint", "config": "config fingerprint", "listing": "listing fingerprint"}
    names |= {"rules": "rule version", "schema": "schema version"}
    inputs, shards = manifest["inputs"], manifest["shards"]
    fields = _settings(job, manifest)
    changed = sum(was != "" for _, _, was, _ in fields)
    read = [
        (
            entry["name"],
            entry["bytes"],
            entry.get("sha256") or (f"{len(entry['sha256_of_ranges'])} ranges" if "sha256_of_ranges" in entry else ""),
        )
        for entry in inputs[:ROWS]
    ]
    wrote = [(name, shard["bytes"], shard["sha256"] or "") for name, shard in list(shards.items())[:ROWS]]
    models, libraries = manifest["models"], manifest["libraries"]
    return "".join(
        [
            table("The run", ("what", "value"), [(words, str(manifest[name])) for name, words in names.items()]),
            fold(
                f"settings: {len(fields)}, {changed} of them not the default",
                table("Settings", ("field", "value", "default", "where the default comes from"), fields),
            ),
            table("Models", ("model", "fingerprint"), models.items()),
            fold(f"libraries: {len(libraries)}", table("Libraries", ("library", "version"), libraries.items())),
            fold(
                f"inputs: {len(inputs):,}, {size(manifest['input_bytes'])}",
                table(_first("Inputs", len(inputs)), ("file", "bytes", "sha256"), read),
            ),
            fold(f"shards: {len(shards):,}", table(_first("Shards", len(shards)), ("file", "bytes", "sha256"), wrote)),
        ]
    )


def _settings(job: Job, manifest: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """(field, value, the default where it is another, origin) of every setting."""
    usual = {name: settings.canonical(value) for name, value, _ in settings.fields(type(job.config)())}
    rows = []
    for name, entry in manifest["settings"].items():
        value = settings.canonical(entry["value"])
        rows.append((name, value, "" if value == usual.get(name) else usual.get(name, "none"), entry["origin"]))
    return rows


def time(job: Job, stood: Sequence[Total]) -> str:
    """Seconds and speed of each stage: the one part of the report that differs between equal runs."""
    rows = []
    for number, stage in enumerate(report_sums.stage_times(job, stood)):
        what = "of files" if number == 0 else "of text"
        rate = f"{stage.read / stage.seconds / 1e6:,.1f} MB/s" if stage.seconds else "–"
        rows.append((f"stage {number}", stage.words, stage.units, round(stage.seconds, 1), f"{size(stage.read)} {what}", rate))
    slow = sorted(((seconds, total.stage, name) for total in stood for seconds, name in total.slowest), reverse=True)[:SLOWEST]
    words = "Seconds of work, summed over units: n workers take an n-th of it. Units that stood from an earlier run keep their time."
    return (
        paragraph(words, "soft")
        + table("Stages", ("stage", "what it does", "units", "seconds", "read", "a worker's speed"), rows)
        + fold(
            "the slowest units",
            table("Slowest units", ("input", "stage", "seconds"), [(name, stage, round(seconds, 1)) for seconds, stage, name in slow]),
        )
    )
