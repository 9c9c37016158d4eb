"""GitHub's sample as BigQuery's three tables apart, each in two shards of different formats: JSON lines, Avro, Parquet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from pipeline.samples import joined_files, stored_files
from pipeline.samples.case_files import TEXTS, Case, read

TABLES = TEXTS / "github" / "tables.txt"
FORMATS = {"contents": ("json.gz", "parquet"), "files": ("avro", "json.gz"), "licenses": ("parquet", "avro")}
"""Of each table's two shards."""


def pack_tables(folder: Path) -> list[Path]:
    """The shards under `folder`, each in its table's folder. Raises ValueError where a text is malformed."""
    cases = read(TABLES)
    ids = {case.name: _id(case, cases) for case in cases if case.value("table") == "contents"}
    shards: dict[Path, tuple[str, list[dict[str, Any]]]] = {}
    for case in cases:
        table = case.value("table")
        shard = int(case.value("shard"))
        form = FORMATS[table][shard]
        shards.setdefault(folder / table / f"{shard:012d}.{form}", (form, []))[1].append(_row(case, ids))
    return [stored_files.write(path, _packed(form, rows)) for path, (form, rows) in sorted(shards.items())]


def _id(case: Case, cases: list[Case]) -> str:
    named = case.values.get("id of", case.name)
    (blob,) = (other for other in cases if other.name == named)
    return joined_files.blob_id((joined_files.blob(blob)["content"] or named).encode())


def _row(case: Case, ids: dict[str, str]) -> dict[str, Any]:
    if case.value("table") == "contents":
        return {"id": ids[case.name], **joined_files.blob(case)}
    if case.value("table") == "licenses":
        return {"repo_name": case.value("repository"), "license": case.value("license")}
    repository, _, path = case.name.partition(":")
    mode = int(case.values.get("mode", joined_files.REGULAR))
    blob = ids.get(case.value("blob"), joined_files.blob_id(case.name.encode()))
    return {"repo_name": repository, "ref": "refs/heads/master", "path": path, "mode": mode, "id": blob}


def _packed(form: str, rows: list[dict[str, Any]]) -> bytes:
    if form == "json.gz":
        return stored_files.gzip_member(b"".join(map(joined_files.line, rows)))
    packed = io.BytesIO()
    if form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), packed, compression="zstd")
    else:
        import fastavro

        types = {str: "string", int: "long", bool: "boolean"}
        fields = [{"name": name, "type": ["null", types[type(value)]]} for name, value in rows[0].items()]
        schema = {"type": "record", "name": "Root", "fields": fields}
        fastavro.writer(packed, schema, rows, codec="deflate", sync_marker=b"sample of Cria\0\0")
    return packed.getvalue()
