"""`report.html`: what a run was and what it did, in one file that needs no other and no network.

Drawn from the receipts, the books and the manifest; the same in every run but for the times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline import files, report_run, report_sums
from pipeline.ledger import EDGES
from pipeline.plan import Job
from pipeline.receipts import DOMAINS, EXCERPT
from pipeline.report_figures import bars, flow, histogram
from pipeline.report_markup import Figure, Markup, escaped, excerpt, fold, isolated, number, page, paragraph, section, share, size, table
from pipeline.totals import Total

LANGUAGES = 30
"""Languages drawn. ours: 30 are 95 % of CommonCrawl; the others are summed."""
DOMAINS_SHOWN = 20
"""Domains listed for each fate. ours."""

HISTOGRAMS = {
    "language_score": ("Language score", "confidence of the language identifier in its first guess", 1.0),
    "original_characters": (
        "Length",
        "characters of each document as read, before anything was removed; bounds grow by the square root of 2",
        None,
    ),
    "characters": ("Length of what is left", "characters; bounds grow by the square root of 2", None),
    "longest_line": ("Longest line", "characters of each file's longest line; bounds grow by the square root of 2", None),
    "average_line": ("Average line", "characters a line; bounds grow by the square root of 2", None),
    "alphanumeric": ("Alphanumeric characters", "share of each file's characters that are letters or digits", 1.0),
    "sentences": ("Sentences", "as Punkt counts them, at each of the steps that count", None),
    "perplexity": (
        "Perplexity",
        "by the language model of the page's language; low is like Wikipedia; bounds grow by the cube root of 2",
        None,
    ),
    "reference_score": ("Reference score", "how likely the page is of the kind that Wikipedia cites", 1.0),
}
"""Column: title, what it is, where its last bin ends. The bins are the ledger's."""

NAMES_OF = {
    "bucket": ("Buckets", "head, middle and tail of the perplexity; all: languages without a language model"),
    "license": ("Licences", "as SPDX expressions, before any is dropped"),
    "kind": ("Kinds of file", "and why a file counts as generated"),
    "page_rule": ("Page rules", "what one line says of its page"),
    "bad_word": ("Bad words", "the first that a page has"),
    "split": ("Split", "by the md5 of the address"),
}
"""Column of names: title, what it is."""
NAMES = 30
"""Names drawn of one column. ours: as LANGUAGES."""


def write(job: Job, books: dict[str, Any], stood: Sequence[Total], manifest: dict[str, Any]) -> str:
    """Writes the report of a run whose books are summed; gives its path."""
    path = files.join(job.directory, "report.html")
    files.write_bytes(path, render(job, books, stood, manifest).encode("utf-8", "replace"))
    return path


def render(job: Job, books: dict[str, Any], stood: Sequence[Total], manifest: dict[str, Any]) -> str:
    """The whole page."""
    parts = {
        "funnel": ("The funnel", _funnel(job, books, stood)),
        "books": ("The books", _books(books)),
        "measures": ("What was measured", _measures(job, stood)),
        **({"domains": ("Domains", _domains(job, stood))} if "domain" in job.module.PASSED.names else {}),
        "broken": ("What could not be read", report_run.broken(books, stood, manifest)),
        "run": ("What was run", report_run.run(job, manifest)),
        "time": ("Time", report_run.time(job, stood)),
        "samples": ("Samples", _samples(job, books, stood)),
    }
    links = "".join(f'<a href="#{name}">{escaped(title)}</a>' for name, (title, _) in parts.items())
    body = [
        _head(job, books, stood, manifest),
        f"<nav>{links}</nav>",
        *(section(name, title, inside) for name, (title, inside) in parts.items()),
    ]
    return page(f"{books['source']}: {books['kept']:,} of {books['in']:,} kept", "".join(body))


def _head(job: Job, books: dict[str, Any], stood: Sequence[Total], manifest: dict[str, Any]) -> str:
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


def _funnel(job: Job, books: dict[str, Any], stood: Sequence[Total]) -> str:
    whole = books["in"]
    text = report_sums.text_after(job, stood)
    rows: list[tuple[Any, ...]] = []
    broken = sum(books["broken"].values())
    read = whole - broken
    drawn = flow(read, broken, whole)
    rows.append(("all that should have become a document", whole, read, broken, share(read, whole), drawn, Figure("")))
    for step in books["steps"]:
        after = size(text[step["label"]]) if step["label"] in text else Figure("")
        drawn = flow(step["kept"], step["dropped"], whole)
        rows.append((step["label"], step["in"], step["kept"], step["dropped"], share(step["kept"], whole), drawn, after))
    head = ("step, in the paper's words", "in", "kept", "dropped", "left of all", "kept, then dropped", "text kept")
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
    fed = [
        (kind, fate, n)
        for kind, counts in books.get("inputs", {}).items()
        for fate, n in (("read", counts["read"]), ("used", counts["used"]), *counts["unused"].items())
    ]
    return (
        table(f"in = kept + dropped + broken ({closed})", ("fate", "reason", "documents", "share"), rows, ("in", "", books["in"], ""))
        + '<div class="pair">'
        + (
            table("Lines that came to the steps that remove lines", ("fate", "lines", "share"), line_rows, ("in", lines["in"], ""))
            if lines["in"]
            else ""
        )
        + (table("Rows that feed documents: read = used + the rest", ("kind", "fate", "rows"), fed) if fed else "")
        + f"<div>{_aside('Noted: read all the same, outside the sum', books['noted'])}"
        + f"{_aside('Skipped: records of other kinds, outside the sum', books['skipped'])}</div></div>"
    )


def _aside(caption: str, counts: dict[str, int]) -> Markup:
    return table(caption, ("what", "count"), counts.items())


def _measures(job: Job, stood: Sequence[Total]) -> str:
    thresholds = report_sums.thresholds(job)
    known = job.module.PASSED.names
    drawn = [_languages(stood)] if "language" in known else []
    missing = []
    for column, (title, words, end) in HISTOGRAMS.items():
        counts = report_sums.histogram(stood, column)
        if not sum(counts):
            missing += [title.lower()] if column in known else []
            continue
        marks = thresholds.get(column, [])
        drawn.append(histogram(title, f"{sum(counts):,} documents: {words}.", EDGES[column], counts, end, marks))
    for column, (title, words) in NAMES_OF.items():
        named = report_sums.named(stood, column)
        if named:
            drawn.append(bars(title, f"{words}.", column, _most_frequent(named, NAMES), named.total()))
    if missing:
        drawn.append(paragraph(f"Not measured in this run: {', '.join(missing)}.", "soft"))
    return paragraph("Each page is counted where it is measured, before the step that judges the measure.", "soft") + "".join(drawn)


def _languages(stood: Sequence[Total]) -> str:
    languages = report_sums.named(stood, "language")
    if not languages:
        return paragraph("No language was identified.", "soft")
    words = f"{languages.total():,} documents in {len(languages)} languages, before any is dropped for it."
    return bars("Language", words, "language", _most_frequent(languages, LANGUAGES), languages.total())


def _most_frequent(counts: Counter[str], most: int) -> list[tuple[str, int]]:
    """The most frequent names, and one row for all others."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    left = ordered[most:]
    return ordered[:most] + ([(f"{len(left)} others", sum(n for _, n in left))] if left else [])


def _domains(job: Job, stood: Sequence[Total]) -> str:
    drawn = report_sums.domains(stood, len(job.stages) - 1)
    tables = []
    for fate, counts in drawn.items():
        top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:DOMAINS_SHOWN]
        tables.append(table(f"Most frequent domains, {fate}", ("domain", "documents"), top))
    words = f"Drawn from the {DOMAINS} most frequent domains of each input file and stage, so a domain spread thinly over many files is undercounted."
    return paragraph(words, "soft") + f'<div class="pair">{"".join(tables)}</div>'


def _samples(job: Job, books: dict[str, Any], stood: Sequence[Total]) -> str:
    found = report_sums.samples(stood)
    counts = {step["label"]: step for step in books["steps"]}
    shown: set[tuple[str, str]] = set()
    folds = []
    for label in report_sums.labels(job):
        sides = [_side(found.get((label, fate), []), shown) for fate in ("dropped", "kept")]
        words = f"{label}: {counts[label]['dropped']:,} dropped, {counts[label]['kept']:,} kept"
        folds.append(fold(words, f'<div class="pair">{"".join(sides)}</div>', opened=True, kind="step"))
    folds.append(fold("clean: as written to the shards", _side(found.get(("clean", "kept"), []), shown), opened=True, kind="step"))
    words = (
        f"The first {EXCERPT} characters of the documents whose ids hash lowest, so the choice is the same in every run. "
        "What became of any page: python -m pipeline.explain URL_OR_ID --output=DIR."
    )
    reading = job.module.READ_AS
    refused = f' Records refused at the step "{reading}" have no text; they are in rejected/.' if reading in counts else ""
    return paragraph(words + refused, "soft") + "".join(folds)


def _side(rows: Sequence[dict[str, Any]], shown: set[tuple[str, str]]) -> str:
    """Samples of one fate; a text that an earlier step has shown already is not repeated."""
    drawn = []
    for row in rows:
        again = (row["id"], row["excerpt"]) in shown
        shown.add((row["id"], row["excerpt"]))
        value = f" · value {isolated(row['value'][:80])}" if row.get("value") else ""
        drawn.append(
            f'<div class="sample is-{escaped(row["fate"])}"><div class="soft">{escaped(row["fate"])} · <code>{isolated(row["id"])}</code>{value}'
            f"{' · shown above' if again else ''}</div>{'' if again else excerpt(row['excerpt'])}</div>"
        )
    return f"<div>{''.join(drawn) or 'none'}</div>"
