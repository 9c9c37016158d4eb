"""A finished run of a source, made by hand: clean shards, books and manifest, as pipeline.tokenize and its kin take them."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write(output, source, shards, row_group=2, kept=None, complete=True):
    """`shards`: a list of lists of texts, a shard each, cut into row groups of `row_group` documents. The id of a text is SOURCE/SHARD-NUMBER."""
    directory = Path(output) / source
    (directory / "clean").mkdir(parents=True)
    named, text_bytes, documents = {}, 0, 0
    for number, texts in enumerate(shards):
        path = directory / "clean" / f"{number:05d}.parquet"
        ids = [f"{source}/{number}-{place}" for place in range(len(texts))]
        places = {"origin_file": ["made.txt"] * len(texts), "origin_offset": list(range(len(texts))), "origin_inner": [None] * len(texts)}
        table = pa.table(
            {"id": ids, "source": [source] * len(texts), "url": ids, "text": texts, **places, "notes": [[]] * len(texts)},
            schema=pa.schema(
                [
                    *[(name, pa.string()) for name in ("id", "source", "url", "text", "origin_file")],
                    ("origin_offset", pa.int64()),
                    ("origin_inner", pa.int64()),
                    ("notes", pa.list_(pa.string())),
                ]
            ),
        )
        pq.write_table(table, path, row_group_size=row_group, compression="zstd")
        named[f"{source}/clean/{path.name}"] = {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        text_bytes += sum(len((text or "").encode()) for text in texts)
        documents += len(texts)
    kept = documents if kept is None else kept
    books = {"source": source, "in": kept, "kept": kept, "dropped": {}, "broken": {}, "noted": {}, "skipped": {}, "lines": {}, "steps": []}
    lost = [] if complete else [{"name": "lost.txt", "unit": 9, "why": "its worker was killed"}]
    manifest = {
        "source": source,
        "complete": complete,
        "run": "r",
        "settings": {},
        "quarantined": lost,
        "clean_text_bytes": text_bytes,
        "shards": named,
    }
    (directory / "books.json").write_text(json.dumps({**books, "closed": True}))
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return directory


def texts_of(output, source):
    """id -> text of all clean documents, in order."""
    tables = [pq.read_table(path, columns=["id", "text"]) for path in sorted((Path(output) / source / "clean").glob("*.parquet"))]
    return {name: text for table in tables for name, text in zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True)}
