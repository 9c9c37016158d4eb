"""The books of a run: the sum of its receipts, and the check that it closes.

in = kept + dropped + broken;   every step: in = kept + dropped, and it takes what the one before kept;   lines: in = kept + dropped
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.receipts import Receipt

WITH_PAGE = "with its page"
"""Lines of a page that a step drops between two steps that remove lines."""


def close(source: str, receipts: Sequence[Receipt], stages: int, labels: Sequence[str], reading: str) -> dict[str, Any]:
    """The books, as `books.json` holds them. `labels`: of the steps that may drop documents, in the recipe's order.

    `reading`: the label of the step at which the reader refuses records; each refusal is dropped under a label of its own.

    `closed` is False where a sum does not hold; `errors` then says which, with both sides.
    """
    first = [receipt for receipt in receipts if receipt.stage == 0]
    last = [receipt for receipt in receipts if receipt.stage == stages - 1]
    broken = _sum(receipt.broken for receipt in first)
    refused = _sum(receipt.refused for receipt in first)
    documents = sum(receipt.documents for receipt in first)
    steps = _steps(receipts, [reading, *labels], documents, refused)
    kept = sum(receipt.kept for receipt in last)
    dropped = {**refused, **{label: steps[label]["dropped"] for label in labels}}
    books: dict[str, Any] = {
        "source": source,
        "in": documents + sum(broken.values()),
        "kept": kept,
        "dropped": dropped,
        "broken": broken,
        "noted": _sum(receipt.noted for receipt in receipts),
        "skipped": _sum(receipt.skipped for receipt in first),
        "lines": _lines([receipt.lines for receipt in receipts]),
        "steps": list(steps.values()),
    }
    inputs = _inputs(receipt.inputs for receipt in receipts)
    if inputs:
        books["inputs"] = inputs
    errors = problems(books)
    return {**books, "closed": not errors, "errors": errors} if errors else {**books, "closed": True}


def _steps(receipts: Sequence[Receipt], labels: Sequence[str], documents: int, refused: dict[str, int]) -> dict[str, dict[str, Any]]:
    lost = sum(refused.values())
    reading, *labels = labels
    steps: dict[str, dict[str, Any]] = {}
    if lost or not labels:
        steps[reading] = {"label": reading, "in": documents, "kept": documents - lost, "dropped": lost}
    for label in labels:
        counts = [step for receipt in receipts for step in receipt.steps if step.label == label]
        steps[label] = {
            "label": label,
            "in": sum(count.read for count in counts),
            "kept": sum(count.kept for count in counts),
            "dropped": sum(count.dropped for count in counts),
        }
    return steps


def _lines(by_step: Iterable[dict[str, dict[str, int]]]) -> dict[str, Any]:
    """The lines from the first step that removes any to the last; those of a page that a step between them drops go with it."""
    steps: dict[str, dict[str, int]] = {}
    for receipt in by_step:
        for label, counts in receipt.items():
            steps[label] = _sum([steps.get(label, {}), counts])
    if not steps:
        return {"in": 0, "kept": 0, "dropped": {}}
    came, kept, dropped = 0, None, Counter[str]()
    for counts in steps.values():
        entered = counts.pop("in")
        if kept is None:
            came = entered
        else:
            dropped[WITH_PAGE] += kept - entered
        kept = counts.pop("kept")
        dropped.update(counts)
    return {"in": came, "kept": kept, "dropped": dict(sorted(dropped.items()))}


def _inputs(by_kind: Iterable[dict[str, dict[str, int]]]) -> dict[str, Any]:
    """For each kind of row that feeds documents: read = used + unused."""
    kinds: dict[str, dict[str, int]] = {}
    for receipt in by_kind:
        for kind, counts in receipt.items():
            kinds[kind] = _sum([kinds.get(kind, {}), counts])
    return {
        kind: {"read": counts.pop("read", 0), "used": counts.pop("used", 0), "unused": {name: n for name, n in counts.items() if n}}
        for kind, counts in sorted(kinds.items())
    }


def problems(books: dict[str, Any]) -> list[str]:
    """What does not add up, in words with both sides; empty where the books close."""
    found = []
    out = books["kept"] + sum(books["dropped"].values()) + sum(books["broken"].values())
    if books["in"] != out:
        found.append(f"in is {books['in']}, but kept + dropped + broken is {out}")
    before = books["in"] - sum(books["broken"].values())
    for step in books["steps"]:
        if step["in"] != before:
            found.append(f"{step['label']!r} took {step['in']} documents, but the step before kept {before}")
        if step["in"] != step["kept"] + step["dropped"]:
            found.append(f"{step['label']!r} took {step['in']}, but kept {step['kept']} and dropped {step['dropped']}")
        before = step["kept"]
    if before != books["kept"]:
        found.append(f"the last step kept {before}, but {books['kept']} documents were written")
    lines = books["lines"]
    if lines["in"] != lines["kept"] + sum(lines["dropped"].values()):
        found.append(f"{lines['in']} lines came in, but {lines['kept']} were kept and {lines['dropped']} dropped")
    if lines["dropped"].get(WITH_PAGE, 0) < 0:
        found.append(f"{-lines['dropped'][WITH_PAGE]} lines more came to steps that remove lines than those before them had kept")
    for kind, rows in books.get("inputs", {}).items():
        if rows["read"] != rows["used"] + sum(rows["unused"].values()):
            found.append(f"{rows['read']} rows of {kind!r} were read, but {rows['used']} were used and {rows['unused']} left")
    return found


def over_budget(books: dict[str, Any], unread: int, size: int, budget: float) -> str | None:
    """Says by how much more is broken than the budget allows, in records or in bytes; None where it is within."""
    for what, part, whole in [("records", sum(books["broken"].values()), books["in"]), ("bytes", unread, size)]:
        share = part / whole if whole else float(part > 0)
        if share > budget:
            return f"{part:,} of {whole:,} {what} could not be read ({share:.2%}); the error budget is {budget:.2%}"
    return None


def _sum(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))
