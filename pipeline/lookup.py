"""Finds documents in the shards of a finished run, one row group of a few narrow columns at a time, so memory does not grow with the run."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import files

COMPARED = 50_000
"""Names that are compared with one that was not found. ours: a second or two; those of the same site are compared first."""
NEAR, VERY_NEAR = 0.6, 0.85
"""How like a suggestion must be, from 0 to 1: on the same site, and elsewhere. ours: difflib's own; a letter or two of a uuid."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A document's row without its text; `kind` is `clean` or `rejected`, `shard` the file's name, `row` its place there."""

    kind: str
    shard: str
    row: int
    columns: Row


class Shards:
    """The shards of one source of one output."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def names(self, kind: str) -> list[str]:
        """File names of the `clean`, `rejected`, `partners` or `broken` shards, in unit order."""
        return [name for name in files.names(files.join(self._directory, kind)) if name.endswith(".parquet")]

    def groups(self, kind: str, shard: str, columns: Sequence[str]) -> Iterator[tuple[pq.ParquetFile, int, pa.Table]]:
        """(file, row group's number, its columns) for each row group of a shard."""
        with files.open_read(files.join(self._directory, kind, shard)) as stream:
            opened = pq.ParquetFile(stream)
            for group in range(opened.num_row_groups):
                yield opened, group, opened.read_row_group(group, columns=list(columns))

    def find(self, ids: Collection[str], urls: Collection[str], repeats: bool) -> list[Found]:
        """All documents with one of these ids or URLs, kept or dropped; with `repeats` also those whose id repeats one of the ids."""
        found = []
        for kind in ("clean", "rejected"):
            for shard in self.names(kind):
                before = 0
                for opened, group, table in self.groups(kind, shard, ("id", "url")):
                    matches = pc.or_(_among(table["id"], ids), _among(table["url"], urls))
                    if repeats:
                        for name in ids:
                            matches = pc.or_(matches, pc.starts_with(table["id"], f"{name}~"))
                    places = pc.indices_nonzero(matches).to_pylist()
                    if places:
                        narrow = [field.name for field in opened.schema_arrow if field.name != "text"]
                        rows = opened.read_row_group(group, columns=narrow).take(places).to_pylist()
                        found += [Found(kind, shard, before + place, row) for place, row in zip(places, rows, strict=True)]
                    before += len(table)
        return found

    def removed_lines(self, shard: str, name: str) -> list[Row]:
        """The lines that were removed from a document, in order: `line` (from 0), `reason`, `partner`."""
        if shard not in self.names("partners"):
            return []
        rows: list[Row] = []
        for opened, group, table in self.groups("partners", shard, ("id",)):
            places = pc.indices_nonzero(pc.equal(table["id"], name)).to_pylist()
            if places:
                rows += opened.read_row_group(group, columns=["line", "reason", "partner"]).take(places).to_pylist()
        return sorted(rows, key=lambda row: row["line"])

    def broken_naming(self, words: Collection[str]) -> list[Row]:
        """Broken records whose first bytes, as far as the shard holds them, have a header with one of these values."""
        rows = []
        for shard in self.names("broken"):
            for opened, group, table in self.groups("broken", shard, ("excerpt",)):
                for place, text in enumerate(table["excerpt"].to_pylist()):
                    values = {line.partition(":")[2].strip(" \r<>") for line in text.split("\n")}
                    if values & set(words):
                        rows += opened.read_row_group(group).slice(place, 1).to_pylist()
        return rows

    def broken_files(self) -> Counter[str]:
        """Broken records by input file."""
        total: Counter[str] = Counter()
        for shard in self.names("broken"):
            for _, _, table in self.groups("broken", shard, ("file",)):
                total.update({str(pair["values"]): pair["counts"] for pair in pc.value_counts(table["file"]).to_pylist()})
        return total

    def nearest(self, wanted: str, column: str) -> list[str]:
        """At most three ids or URLs (by `column`) like one that was not found, the likest first."""
        site = _site(wanted)
        best: dict[str, float] = {}
        for only, cutoff in [(site, NEAR), ("", VERY_NEAR)] if site else [(wanted[: len(wanted) // 2], VERY_NEAR), ("", VERY_NEAR)]:
            left = COMPARED
            for values in self._column(column):
                values = values.filter(pc.match_substring(values, only)) if only else values
                names = values.slice(0, left).to_pylist()
                left -= len(names)
                for name in difflib.get_close_matches(wanted, names, n=3, cutoff=cutoff):
                    best[name] = difflib.SequenceMatcher(None, name, wanted).ratio()
            if best:
                break
        return sorted(best, key=lambda name: (-best[name], name))[:3]

    def _column(self, column: str) -> Iterator[pa.ChunkedArray]:
        for kind in ("clean", "rejected"):
            for shard in self.names(kind):
                for _, _, table in self.groups(kind, shard, (column,)):
                    yield table[column].drop_null()


def _site(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _among(column: pa.ChunkedArray, values: Collection[str]) -> pa.ChunkedArray:
    """Whether each value is one of `values`; a missing one is not."""
    return pc.is_in(column, value_set=pa.array(sorted(values), pa.string()))
