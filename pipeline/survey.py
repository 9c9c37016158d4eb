"""A Survey step in the exchange: the totals of all units meet in one place, and each unit learns what they mean for its documents.

There are as many totals as units, and each is a few numbers, so they travel in the claims themselves. What was found also lies in the work folder,
for the manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline import files, settings
from pipeline.documents import Batch
from pipeline.recipe import Survey


@dataclass(frozen=True)
class Surveyed:
    """What a survey found for one unit."""

    path: str
    offset: int
    run: int
    values: Mapping[str, Any]
    digest: str


def claims(unit: int, totals: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(partition, claim) of a unit's totals: there is one partition."""
    for total in totals:
        yield 0, {"unit": unit, **total}


def measure(step: Survey, totals: Iterable[Mapping[str, Any]], path: str) -> list[tuple[int, Surveyed]]:
    """What the totals of all units mean for each; written to `path` with the totals themselves. The order in which they arrive does not matter."""
    known = sorted(totals, key=lambda total: (total["unit"], settings.canonical(dict(total))))
    found = step.measure(known)
    rows = [{**total, **found.get(total["unit"], {})} for total in known]
    files.write_bytes(path, json.dumps(rows, ensure_ascii=False).encode())
    return [
        (unit, Surveyed(path, 0, 0, values, hashlib.blake2b(settings.canonical(dict(values)).encode(), digest_size=16).hexdigest()))
        for unit, values in sorted(found.items())
    ]


def with_columns(step: Survey, arriving: Iterable[Batch], found: Sequence[Surveyed]) -> Iterator[Batch]:
    """The documents of a unit with the survey's columns, each of one value; null where the unit gave no total."""
    values = found[0].values if found else {}
    for batch in arriving:
        yield batch.with_columns(
            {field.name: pa.repeat(pa.scalar(values.get(field.name), field.type), len(batch)) for field in step.columns}
        )
