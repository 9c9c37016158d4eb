"""`report.html`: what a run was and what it did, in one file that needs no other and no network.

Drawn from the receipts, the books and the manifest; the same in every run but for the times at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline import files, report_sums, settings
from pipeline.books import READ
from pipeline.ledger import EDGES
from pipeline.plan import Job
from pipeline.receipts import DOMAINS, EXCERPT, Receipt
from pipeline.report_figures import bars, flow, histogram
from pipeline.report_markup import Markup, escaped, excerpt, fold, isolated, number, page, paragraph, section, share, size, table

LANGUAGES = 30
"""Languages drawn. ours: 30 are 95 % of CommonCrawl; the others are summed."""
DOMAINS_SHOWN = 30
"""Domains listed for each fate. ours."""
ROWS = 500
"""Rows of a table of files. ours: keeps the report of a whole dump small; the manifest and the shards name all."""

HISTOGRAMS = {
    "language_score": ("Language score", "confidence of the language identifier in its first guess", 1.0),
    "original_characters": (
        "Length",
        "characters of each page as read, before lines were removed; bounds grow by the square root of 2",
        None,
    ),
    "perplexity": (
        "Perplexity",
        "by the language model of the page's language; low is like Wikipedia; bounds grow by the cube root of 2",
        None,
    ),
    "reference_score": ("Reference score", "how likely the page is of the kind that Wikipedia cites", 1.0),
}
"""Column: title, what it is, where its last bin ends. The bins are the ledger's."""


def write(job: Job, books: dict[str, Any], stood: Sequence[Receipt], manifest: dict[str, Any]) -> str:
    """Writes the report of a run whose books are summed; gives its path."""
    path = files.join(job.directory, "report.html")
    files.write_bytes(path, render(job, books, stood, manifest).encode("utf-8", "replace"))
    return path


def render(job: Job, books: dict[str, Any], stood: Sequence[Receipt], manifest: dict[str, Any]) -> str:
    """The whole page."""
    parts = {
        "funnel": ("The funnel", _funnel(job, books, stood)),
        "books": ("The books", _books(books)),
        "measures": ("What was measured", _measures(job, stood)),
        "domains": ("Domains", _domains(job, stood)),
        "samples": ("Samples", _samples(job, books, stood)),
        "broken": ("What could not be read", _broken(books, stood, manifest)),
        "run": ("What was run", _run(job, manifest)),
        "time": ("Time", _time(job, stood)),
    }
    links = "".join(f'<a href="#{name}">{escaped(title)}</a>' for name, (title, _) in parts.items())
    body = [
        _head(job, books, stood, manifest),
        f"<nav>{links}</nav>",
        *(section(name, title, inside) for name, (title, inside) in parts.items()),
    ]
    return page(f"{books['source']}: {books['kept']:,} of {books['in']:,} kept", "".join(body))


def _head(job: Job, books: dict[str, Any], stood: Sequence[Receipt], manifest: dict[str, Any]) -> str:
    inputs = manifest["inputs"]
    dropped, broken = sum(books["dropped"].values()), sum(books["broken"].values())
    tiles = [
        ("in", number(books["in"])),
        ("kept", f"{number(books['kept'])} ({share(books['kept'], books['in'])})"),
        ("dropped", number(dropped)),
        ("broken", number(broken)),
        ("clean text", size(report_sums.clean_text(stood, len(job.stages) - 1))),
    ]
    alarms = [paragraph(f"The books do not close: {error}", "alarm") for error in books.get("errors", [])]
    if manifest["quarantined"]:
        alarms.append(
            Markup(
                '<div class="alarm"><p>These inputs could not be done, and none of their pages is counted here. The same line, run again, tries them again.</p>'
                + table("Quarantined", ("input", "why"), [(lost["name"], lost["why"]) for lost in manifest["quarantined"]])
                + "</div>"
            )
        )
    files_of = f"{len(inputs):,} input file{'s' if len(inputs) != 1 else ''}, {size(manifest['input_bytes'])}"
    return (
        f"<h1>{escaped(books['source'])}</h1>"
        + paragraph(
            f"{files_of}. " + ("The books are closed: in = kept + dropped + broken." if books["closed"] else "THE BOOKS DO NOT CLOSE.")
        )
        + "".join(alarms)
        + '<div class="tiles">'
        + "".join(f'<div class="tile"><b>{value}</b>{name}</div>' for name, value in tiles)
        + "</div>"
    )


def _funnel(job: Job, books: dict[str, Any], stood: Sequence[Receipt]) -> str:
    whole = books["in"]
    text = report_sums.text_after(job, stood)
    rows: list[tuple[Any, ...]] = []
    broken = sum(books["broken"].values())
    rows.append(
        (
            "all that should have become a document",
            whole,
            whole - broken,
            broken,
            share(whole - broken, whole),
            flow(whole - broken, broken, whole),
            "",
        )
    )
    for step in books["steps"]:
        after = size(text[step["label"]]) if step["label"] in text else ""
        drawn = flow(step["kept"], step["dropped"], whole)
        rows.append((step["label"], step["in"], step["kept"], step["dropped"], share(step["kept"], whole), drawn, after))
    head = ("step, in the paper's words", "in", "kept", "dropped", "left of all", "kept and dropped", "text kept")
    caption = "What each step took, kept and dropped, in documents; the first row drops what could not be read. Text is counted where a stage ends."
    return table(caption, head, rows)


def _books(books: dict[str, Any]) -> str:
    parts: list[tuple[Any, ...]] = [("kept", "", books["kept"], share(books["kept"], books["in"]))]
    parts += [("dropped", label, n, share(n, books["in"])) for label, n in books["dropped"].items()]
    parts += [("broken", reason, n, share(n, books["in"])) for reason, n in books["broken"].items()]
    rows = [(Markup(escaped(fate)), reason, n, part) for fate, reason, n, part in parts]
    closed = "closed" if books["closed"] else "NOT CLOSED"
    lines = books["lines"]
    line_rows: list[tuple[Any, ...]] = [("kept", lines["kept"], share(lines["kept"], lines["in"]))]
    line_rows += [(f"dropped: {reason}", n, share(n, lines["in"])) for reason, n in lines["dropped"].items()]
    return (
        table(f"in = kept + dropped + broken ({closed})", ("fate", "reason", "documents", "share"), rows, ("in", "", books["in"], ""))
        + '<div class="pair">'
        + table("Lines that came to line deduplication", ("fate", "lines", "share"), line_rows, ("in", lines["in"], ""))
        + f"<div>{_aside('Noted: read all the same, outside the sum', books['noted'])}"
        + f"{_aside('Skipped: records of other kinds, outside the sum', books['skipped'])}</div></div>"
    )


def _aside(caption: str, counts: dict[str, int]) -> Markup:
    return table(caption, ("what", "count"), counts.items())


def _measures(job: Job, stood: Sequence[Receipt]) -> str:
    thresholds = report_sums.thresholds(job)
    drawn = [_languages(stood)]
    missing = []
    for column, (title, words, end) in HISTOGRAMS.items():
        counts = report_sums.histogram(stood, column)
        if not sum(counts):
            missing.append(title.lower())
            continue
        marks = thresholds.get(column, [])
        drawn.append(histogram(title, f"{sum(counts):,} pages: {words}.", EDGES[column], counts, end, marks))
    buckets = report_sums.named(stood, "bucket")
    if buckets:
        rows = sorted(buckets.items())
        drawn.append(
            bars(
                "Buckets",
                "head, middle and tail of the perplexity; all: languages without a language model.",
                "bucket",
                rows,
                buckets.total(),
            )
        )
    if missing:
        drawn.append(paragraph(f"Not measured in this run: {', '.join(missing)}.", "soft"))
    return paragraph("Each page is counted where it is measured, before the step that judges the measure.", "soft") + "".join(drawn)


def _languages(stood: Sequence[Receipt]) -> str:
    languages = report_sums.named(stood, "language")
    if not languages:
        return paragraph("No language was identified.", "soft")
    ordered = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    rows = ordered[:LANGUAGES]
    if len(ordered) > LANGUAGES:
        rows.append((f"{len(ordered) - LANGUAGES} others", sum(n for _, n in ordered[LANGUAGES:])))
    words = f"{languages.total():,} pages in {len(ordered)} languages, as identified, before any is dropped for it."
    return bars("Language", words, "language", rows, languages.total())


def _domains(job: Job, stood: Sequence[Receipt]) -> str:
    drawn = report_sums.domains(stood, len(job.stages) - 1)
    tables = []
    for fate, counts in drawn.items():
        top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:DOMAINS_SHOWN]
        tables.append(table(f"Most frequent domains, {fate}", ("domain", "documents"), top))
    words = f"Drawn from the {DOMAINS} most frequent domains of each input file and stage, so a domain spread thinly over many files is undercounted."
    return paragraph(words, "soft") + f'<div class="pair">{"".join(tables)}</div>'


def _samples(job: Job, books: dict[str, Any], stood: Sequence[Receipt]) -> str:
    found = report_sums.samples(stood)
    counts = {step["label"]: step for step in books["steps"]}
    folds = []
    for label in report_sums.labels(job):
        sides = "".join(f"<div>{''.join(_sample(row) for row in found.get((label, fate), []))}</div>" for fate in ("dropped", "kept"))
        step = counts[label]
        folds.append(
            fold(
                f"{label}: {step['dropped']:,} dropped, {step['kept']:,} kept", f'<div class="pair">{sides}</div>', opened=True, kind="step"
            )
        )
    clean = "".join(_sample(row) for row in found.get(("clean", "kept"), []))
    if clean:
        folds.append(fold("clean: as written to the shards", clean, opened=True, kind="step"))
    words = (
        f"The first {EXCERPT} characters of the documents whose ids hash lowest, so the choice is the same in every run. "
        "What became of any page: python -m pipeline.explain URL_OR_ID --output=DIR"
    )
    refused = f" Records refused at the step {READ!r} have no text; they are in rejected/." if READ in counts else ""
    return paragraph(words + refused, "soft") + "".join(folds)


def _sample(row: dict[str, Any]) -> str:
    value = f" · value {isolated(row['value'])}" if row.get("value") else ""
    return (
        f'<div class="sample is-{escaped(row["fate"])}"><div class="soft">{escaped(row["fate"])} · <code>{isolated(row["id"])}</code>{value}</div>'
        f"{excerpt(row['excerpt'])}</div>"
    )


def _broken(books: dict[str, Any], stood: Sequence[Receipt], manifest: dict[str, Any]) -> str:
    rows = report_sums.broken(stood)
    if not rows:
        return paragraph("Every record was read.")
    words = (
        f"{sum(books['broken'].values()):,} records, {size(manifest['unread_bytes'])} of {size(manifest['input_bytes'])}. "
        "Each has a row in broken/, with its file, offset, bytes and first bytes."
    )
    return paragraph(words) + table(
        _first("Broken records by file and reason, most first", len(rows)), ("file", "reason", "records"), rows[:ROWS]
    )


def _first(caption: str, count: int) -> str:
    return caption if count <= ROWS else f"{caption} (the first {ROWS:,} of {count:,} rows; the shards and manifest.json have all)"


def _run(job: Job, manifest: dict[str, Any]) -> str:
    usual = {name: value for name, value, _ in settings.fields(type(job.config)())}
    rows = []
    for name, entry in manifest["settings"].items():
        value = settings.canonical(entry["value"])
        default = settings.canonical(usual.get(name))
        rows.append((name, value, entry["origin"] if value == default else f"set for this run; otherwise {default}. {entry['origin']}"))
    changed = sum(1 for row in rows if row[2].startswith("set for this run"))
    inputs = manifest["inputs"]
    shown = [(entry["name"], entry["bytes"], entry["sha256"] or "not read to its end at once") for entry in inputs[:ROWS]]
    names = ("run", "config", "listing", "rules", "schema")
    return (
        table(
            "The run",
            ("what", "value"),
            [
                ("source", manifest["source"]),
                *((f"{name} fingerprint" if name in names[:3] else name, str(manifest[name])) for name in names),
            ],
        )
        + fold(
            f"settings: {len(rows)}, {changed} of them changed from LLaMA's",
            table("Settings", ("field", "value", "where the value comes from"), rows),
        )
        + table("Models", ("model", "fingerprint"), manifest["models"].items())
        + fold(f"libraries: {len(manifest['libraries'])}", table("Libraries", ("library", "version"), manifest["libraries"].items()))
        + fold(
            f"inputs: {len(inputs):,}, {size(manifest['input_bytes'])}",
            table(_first("Inputs", len(inputs)), ("file", "bytes", "sha256"), shown),
        )
        + fold(
            f"shards: {len(manifest['shards']):,}",
            table(
                _first("Shards", len(manifest["shards"])),
                ("file", "bytes", "sha256"),
                [(name, shard["bytes"], shard["sha256"] or "") for name, shard in list(manifest["shards"].items())[:ROWS]],
            ),
        )
    )


def _time(job: Job, stood: Sequence[Receipt]) -> str:
    times = report_sums.stage_times(job, stood)
    rows = []
    for number_, stage in enumerate(times):
        what = "of files" if number_ == 0 else "of text"
        rate = f"{stage.read / stage.seconds / 1e6:,.1f} MB/s" if stage.seconds else "–"
        rows.append((f"stage {number_}", stage.words, stage.units, round(stage.seconds, 1), f"{size(stage.read)} {what}", rate))
    slow = sorted(stood, key=lambda receipt: -receipt.seconds)[:5]
    words = "Seconds of work, summed over the units: with n workers the run took about an n-th. Units that stood from an earlier run keep their time."
    return (
        paragraph(words, "soft")
        + table("Stages", ("stage", "what it does", "units", "seconds", "read", "a worker's speed"), rows)
        + fold(
            "the slowest units",
            table("Slowest units", ("input", "stage", "seconds"), [(r.name, r.stage, round(r.seconds, 1)) for r in slow]),
        )
    )
