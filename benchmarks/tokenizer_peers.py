"""Hugging Face tokenizers and datatrove on texts, in their own environment: run by `benchmarks.tokenizer`.

    python tokenizer_peers.py MODEL.json TEXTS.parquet      prints CPU seconds of each by corpus, and tokenizers' ids of the first texts, as JSON

MODEL.json: pieces in the order of their ids, merges in the order of their scores. It imports nothing of this project.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import pyarrow.parquet as pq
from datatrove.data import Document  # type: ignore[import-not-found]
from datatrove.pipeline.tokens import DocumentTokenizer  # type: ignore[import-not-found]
from tokenizers import Tokenizer, models, normalizers  # type: ignore[import-not-found]

ROUNDS = 2


def main(model: Path, texts: Path) -> None:
    tokenizer = build(json.loads(model.read_text(encoding="utf-8")))
    corpora: dict[str, list[str]] = {}
    for row in pq.read_table(texts).to_pylist():
        corpora.setdefault(row["corpus"], []).append(row["text"])
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tokenizer.json")
        tokenizer.save(str(path))
        for name, documents in corpora.items():
            found[name] = {
                "tokenizers": seconds(partial(tokenizer.encode_batch_fast, documents, add_special_tokens=False)),
                "datatrove": seconds(partial(datatrove, documents, path, folder)),
                "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in documents[:20]],
            }
    print(json.dumps(found))


def build(model: dict[str, list[Any]]) -> Tokenizer:
    """The same BPE model as its pieces and merges give it."""
    vocabulary = {piece: number for number, piece in enumerate(model["pieces"])}
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    return tokenizer


def datatrove(documents: list[str], tokenizer: Path, folder: str) -> None:
    """datatrove's DocumentTokenizer, which also writes its .ds files."""
    step = DocumentTokenizer(f"{folder}/tokens", tokenizer_name_or_path=str(tokenizer), eos_token=None, shuffle_documents=False)
    list(step.run(Document(text=text, id=str(number)) for number, text in enumerate(documents)) or ())


def seconds(call: Callable[[], object]) -> float:
    """CPU seconds of the faster of ROUNDS."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return min(times)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
