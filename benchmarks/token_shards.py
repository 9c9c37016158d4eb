"""From clean shards to finished token shards beside SentencePiece's bare encoding of the same texts: CPU time of one thread, the same run.

    python -m benchmarks.token_shards [--model=FILE ...]

Ours reads Parquet, checks its SHA-256, encodes, counts, writes the Arrow file and hashes it; SentencePiece has the texts in memory and gives lists.
`shards`: with the model to load, once a process; `loaded`: without. Models: by default LLaMA's and one that is trained here. No corpus is repeated: the cache
begins empty. Corpora under SMALLEST are left out: what is the same for every shard, some 5 ms, is then most of what is measured.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sentencepiece

from benchmarks.tokenizer import train
from benchmarks.tokenizer_corpora import LLAMA, corpora
from pipeline import files, token_job, token_unit
from pipeline.files import Listed
from pipeline.shards import LEVEL, ROW_GROUP_BYTES

ROUNDS = 3
SMALLEST = 400_000
"""Bytes of UTF-8."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.token_shards", description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, action="append")
    flags = parser.parse_args()
    texts = corpora()
    models = [(path.name, path.read_bytes()) for path in flags.model or [LLAMA]]
    if not flags.model:
        models.append(("trained on these corpora", train(texts)))
    for name, model in models:
        print(f"\n{name}\n{'':28} {'MB':>5} {'shards':>7} {'loaded':>7} {'SentencePiece':>14} MB/s {'times':>6} {'loaded':>7}")
        for corpus, documents in texts.items():
            if sum(len(text.encode()) for text in documents) >= SMALLEST:
                one(corpus, documents, model)


def one(name: str, documents: list[str], model: bytes) -> None:
    """Prints MB of text a CPU second: to shards with the model to load, with the model loaded, and SentencePiece alone."""
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    size = sum(len(text.encode()) for text in documents) / 1e6
    times = np.full((ROUNDS, 3), np.inf)
    with tempfile.TemporaryDirectory() as folder:
        job, unit = prepared(Path(folder), documents, model)
        for number in range(ROUNDS):
            for column, ready in enumerate((False, True)):
                token_unit.loaded.cache_clear()
                files.delete_tree(job.work)
                if ready:
                    token_unit.loaded(job.model, job.model_digest)
                started = time.process_time()
                token_unit.perform(job, unit)
                times[number, column] = time.process_time() - started
            started = time.process_time()
            library.encode(documents, num_threads=1)
            times[number, 2] = time.process_time() - started
    whole, loaded, raw = times.min(0).tolist()
    print(
        f"{name:28} {size:5.1f} {size / whole:7.1f} {size / loaded:7.1f} {size / raw:14.1f}      {raw / whole:6.1f} {raw / loaded:7.1f}",
        flush=True,
    )


def prepared(folder: Path, documents: list[str], model: bytes) -> tuple[token_job.TokenJob, token_job.TokenUnit]:
    """A clean shard as pipeline.run writes it, and the job and unit that make tokens of it."""
    path = folder / "00000.parquet"
    table = pa.table({"id": [f"c4/{number}" for number in range(len(documents))], "text": documents})
    rows = max(1, len(documents) * ROW_GROUP_BYTES // max(1, table.nbytes))
    pq.write_table(table, path, row_group_size=rows, compression="zstd", compression_level=LEVEL)
    (folder / "model").write_bytes(model)
    clean = token_job.CleanShards(
        "c4",
        [Listed(str(path), path.stat().st_size, files.sha256(path), path.name)],
        len(documents),
        sum(len(text.encode()) for text in documents),
    )
    config = token_job.Tokenization()
    (unit,) = token_job.units(clean, config.shard_bytes)
    return token_job.make_job(clean, config, str(folder / "out"), str(folder / "model"), 1), unit


if __name__ == "__main__":
    main()
