"""A made-up source with every kind of step, its graph by hand, and what a plain reading of the recipe makes of its input.

An input file is a list of JSON lines: documents, and rows of the kinds `licence` and `blob` that feed them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import books, reading, receipts, work
from pipeline.plan import Job, Unit
from pipeline.recipe import DropDuplicates, Dropping, Gather, Keep, Measure, Merged, Removed, RemoveLines, at_least, one_of
from pipeline.records import Broken, Document, Refused, Row
from pipeline.totals import of_stage
from transforms.removal import keep_lines

READ = pa.schema([("url", pa.string()), ("repository", pa.string()), ("blob", pa.string())])
CLEAN = pa.schema(
    [("id", pa.string()), ("source", pa.string()), ("text", pa.string()), ("licence", pa.string()), ("lines_before", pa.int64())]
)
PASSED = pa.schema(
    [
        ("document", pa.uint32()),
        *CLEAN,
        *READ,
        ("origin_file", pa.string()),
        ("notes", pa.list_(pa.string())),
        *((name, pa.int64()) for name in ("origin_offset", "origin_inner", "name_length", "letters")),
    ]
)
ROWS = {"licence": pa.schema([("licence", pa.string())]), "blob": pa.schema([("content", pa.string())])}


@dataclasses.dataclass(frozen=True)
class Made:
    rejected_text: bool = True
    min_letters: int = 2


def read(part, config):
    place = 0
    for line in part.stream.read().splitlines(keepends=True):
        record = json.loads(line)
        kind = record.pop("kind")
        if kind == "document":
            columns = {"url": record["path"], "repository": record["repository"], "blob": record["blob"]}
            yield Document(record["path"], "", place, 0, columns)
        elif kind == "refused":
            yield Refused(None, "a folder", "is no file", "", place, 0)
        elif kind == "broken":
            yield Broken(place, 0, len(line), "cut", line)
        else:
            yield Row(kind, record.pop("key"), record)
        place += len(line)


def recipe(config, models):
    return [
        Measure("length of the name", lambda batch: {"name_length": pc.cast(pc.utf8_length(batch["url"]), pa.int64())}),
        Keep("a name", "name_length", at_least(3)),
        Gather("licence of the repository", "licence", lambda b: b["repository"], _with_licence, 1),
        Keep("an open licence", "licence", one_of(["mit", "apache"])),
        DropDuplicates("one path of each blob", _blob_keys, "documents", "corpus", 1, "keep_first", _by_url),
        Gather("content of the blob", "blob", lambda b: b["blob"], _with_content, None),
        RemoveLines("lines of code", _without_comments),
        Measure("letters", lambda batch: {"letters": pc.cast(pc.utf8_length(batch["text"]), pa.int64())}),
        Keep("some text", "letters", at_least(config.min_letters)),
        DropDuplicates("equal lines", _line_keys, "lines", "corpus", 1, "remove_all"),
    ]


def _hashed(values):
    return np.array([int.from_bytes(hashlib.md5(value.encode()).digest()[:8], "big") for value in values], np.uint64)


def _blob_keys(batch):
    return _hashed(value or "" for value in batch["blob"].to_pylist())


def _by_url(batch):
    return pa.array([url.encode() for url in batch["url"].to_pylist()], pa.binary())


def _with_licence(batch, found):
    return Merged({"licence": found.first("licence")})


def _with_content(batch, found):
    """All contents of a blob, one under the other."""
    content, at = found.rows.column("content").to_pylist(), found.offsets.tolist()
    return Merged({"text": pa.array(["\n".join(content[at[i] : at[i + 1]]) for i in range(len(batch))])})


def _lines(batch):
    lines, data = batch.texts.lines, batch.texts.buffer.tobytes()
    return [data[start:end].decode() for start, end in zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)]


def _line_keys(batch):
    return _hashed(_lines(batch))


def _without_comments(batch):
    kept = np.array([not line.startswith("#") for line in _lines(batch)])
    before = pa.array(np.diff(batch.texts.lines.offsets))
    counted = np.repeat(np.diff(batch.texts.offsets) > 0, np.diff(batch.texts.lines.offsets))
    removed = {"a comment": int((~kept).sum())}
    return Removed(keep_lines(batch.texts, kept), int((kept & counted).sum()), removed, {"lines_before": before})


class MadeJob(Job):
    """A job of this source; a worker process finds the class, and so the source, by the name of this file."""

    @property
    def module(self):
        names = ("read", "recipe", "READ", "PASSED", "CLEAN", "ROWS")
        return types.SimpleNamespace(**{name: globals()[name] for name in names})


def made_job(folder, corpus, partitions=2, min_letters=2):
    """Writes the inputs of a corpus, a list of records a unit; gives its job and units."""
    units = []
    (folder / "in").mkdir(parents=True)
    for number, records in enumerate(corpus):
        path = folder / "in" / f"{number}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        size = path.stat().st_size
        units.append(Unit(number, str(path), path.name, size, "t", 0, size, size))
    return MadeJob(
        "made", Made(min_letters=min_letters), types.SimpleNamespace(fingerprints={}), str(folder / "out"), len(units), partitions, "f"
    ), units


def drive(job, units):
    """The graph by hand, in one process: as pipeline/graph.py builds it."""
    read_ = done = {unit.number: work.run_unit(job, (unit, 0, []))[0] for unit in units}
    identity = _judged(job, _claims(done, reading.IDENTITY, reading.IDENTITY), None)
    for number in range(1, len(job.stages)):
        name, cut = job.exchange(number - 1), job.cut(number - 1)
        sent_by, sent_as = job.sent(number - 1)
        claims = _claims(done if sent_by else read_, sent_as, name)
        if isinstance(cut, Gather):
            for key, found in _claims(read_, f"rows-{cut.kind}", name).items():
                claims.setdefault(key, []).extend(found)
        verdicts = [*_judged(job, claims, identity), *identity]
        done = {
            unit.number: work.run_unit(job, (unit, number, [claim for reached, claim in verdicts if reached == unit.number]))[0]
            for unit in units
        }


def _claims(done, sent, name):
    found = {}
    for _, claims in done.values():
        for exchanged, partition, claim in claims:
            if exchanged == sent:
                found.setdefault(f"{name}/0/{partition}", []).append(claim)
    return found


def _judged(job, ranges, identity):
    return [given for element in ranges.items() for given in work.run_verdict(job, element, identity)]


def shards(job):
    """Every shard that stands, by name, as bytes."""
    folder = Path(job.directory)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def books_of(job):
    """The books of a run, from its receipts."""
    totals = [of_stage(stage) for stage in range(len(job.stages))]
    for total in totals:
        for unit in range(job.units):
            total.add(receipts.read(job.receipt(total.stage, unit)))
    labels = [step.label for stage in job.stages for step in stage if isinstance(step, Dropping)]
    return books.close(job.source, totals, len(job.stages), labels, "read the record")


def clean(job):
    """{id: text} of what came out, and the licences."""
    rows = [row for name in sorted(Path(job.directory, "clean").iterdir()) for row in pq.read_table(name).to_pylist()]
    return {row["id"]: (row["text"], row["licence"], row["lines_before"]) for row in rows}


def expected(corpus, min_letters=2):
    """What a plain reading of the recipe makes of a corpus: {id: (text, licence, lines before)}."""
    rows = {}
    for records in corpus:
        for record in records:
            if record["kind"] in ROWS:
                rows.setdefault((record["kind"], record["key"]), []).append(record.get("licence", record.get("content")))
    kept, chosen = [], {}
    for records in corpus:
        for record in records:
            if record["kind"] == "document" and len(record["path"]) >= 3:
                licence = rows.get(("licence", record["repository"]), [None])[0]
                if licence in ("mit", "apache"):
                    kept.append({**record, "licence": licence})
                    least = chosen.setdefault(record["blob"] or "", kept[-1])
                    if record["path"].encode() < least["path"].encode():
                        chosen[record["blob"] or ""] = kept[-1]
    pages = []
    for record in kept:
        if any(record is one for one in chosen.values()):
            before = "\n".join(rows.get(("blob", record["blob"]), [])).split("\n")
            lines = [line for line in before if not line.startswith("#")]
            if len("\n".join(lines)) >= min_letters:
                pages.append((record, lines or [""], len(before)))
    out = {}
    for record, lines, before in pages:
        others = {line for other, theirs, _ in pages if other is not record for line in theirs}
        left = [line for i, line in enumerate(lines) if line not in others and line not in lines[:i]]
        if any(left):
            out["made/" + record["path"]] = ("\n".join(left), record["licence"], before)
    return out
