"""Small token outputs, as `pipeline.tokenize` leaves them: shards, manifest, and the plain tokens to compare with."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from mixtures import token_shards

TOKENIZER = {"sha256": "5" * 64, "vocabulary": 1000, "bos_id": 1, "eos_id": 2}


@dataclass
class Made:
    """What was written of one source, held in memory: documents by shard, and all of it in a row."""

    directory: Path
    shards: list[list[list[int]]]
    documents: list[list[int]] = field(init=False)
    tokens: list[int] = field(init=False)

    def __post_init__(self):
        self.documents = [document for shard in self.shards for document in shard]
        self.tokens = [token for document in self.documents for token in document]


def made_documents(lengths, first=0):
    """Documents of these lengths whose tokens count up from `first`, so that each token tells its position (modulo 1,000)."""
    documents, token = [], first
    for length in lengths:
        documents.append([(token + number) % 1000 for number in range(length)])
        token += length
    return documents


def write_source(output, source, shards, *, batch=3, dtype="uint16", tokenizer=TOKENIZER, bos=True, eos=True):
    """Writes one source: `shards` is a list of lists of documents, `batch` how many documents go into a record batch."""
    directory = Path(output) / "tokens" / source
    directory.mkdir(parents=True, exist_ok=True)
    named = {}
    for number, documents in enumerate(shards):
        path = directory / token_shards.shard_name(number)
        write_shard(path, source, number, documents, batch=batch, dtype=dtype)
        named[path.name] = described(path, documents)
    write_manifest(directory, named, dtype=dtype, tokenizer=tokenizer, bos=bos, eos=eos)
    return Made(directory, shards)


def write_shard(path, source, number, documents, *, batch=3, dtype="uint16", compression=None):
    """Writes one shard; a document's id is `SOURCE/SHARD-ROW`."""
    schema = token_shards.schema(np.dtype(dtype), {"cria.format": token_shards.FORMAT})
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema, options=options) as writer:
        for start in range(0, len(documents), batch):
            held = documents[start : start + batch]
            ids = [f"{source}/{number}-{start + row}" for row in range(len(held))]
            columns = [pa.array(ids, pa.string()), pa.array(held, schema.field("tokens").type)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def described(path, documents):
    """A shard's entry in the manifest."""
    data = path.read_bytes()
    tokens = sum(map(len, documents))
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "documents": len(documents), "tokens": tokens}


def write_manifest(directory, shards, *, dtype="uint16", tokenizer=TOKENIZER, bos=True, eos=True, complete=True):
    """Writes the manifest of these shards."""
    held = {
        "source": directory.name,
        "complete": complete,
        "documents": sum(shard["documents"] for shard in shards.values()),
        "tokens": sum(shard["tokens"] for shard in shards.values()),
        "text_bytes": 0,
        "dtype": dtype,
        "tokenizer": tokenizer,
        "settings": {"bos": {"value": bos, "origin": "ours: made"}, "eos": {"value": eos, "origin": "ours: made"}},
        "shards": shards,
    }
    (directory / token_shards.MANIFEST).write_text(json.dumps(held))
