"""The library that does the same job, called as its documentation shows, on the text that the kernel was given: one call a document or line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import kenlm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sentencepiece
from fasttext.FastText import load_model
from isal import igzip

from benchmarks.alone import DISTINCT, HASH, IDENTIFY, PERPLEXITY, READ, REFERENCE, REMOVE, WRITE, Calls
from benchmarks.in_process import Times
from pipeline.shards import LEVEL
from pipeline.sources.commoncrawl import Models
from transforms.normalize import for_language_model
from transforms.texts import Texts

CALLS = {
    READ: "isal gunzip",
    HASH: "hashlib.sha1, a line",
    DISTINCT: "numpy.unique with inverse",
    REMOVE: "str.split and join",
    IDENTIFY: "fastText predict, a document",
    PERPLEXITY: "SentencePiece to strings, KenLM score",
    REFERENCE: "fastText predict, a document",
    WRITE: "pyarrow.parquet.write_table",
}


class Libraries:
    """The models, loaded by their own libraries."""

    def __init__(self, models: Models) -> None:
        self.language = load_model(models.language)
        self.references = load_model(models.references)
        english = models.language_models["en"]
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=english.sentencepiece)
        self.ngrams = kenlm.Model(english.ngrams)

    def replay(self, calls: Calls, paths: list[Path], times: Times) -> None:
        """Each library on what the kernel was given; lists of Python strings are made beforehand, and not counted."""
        with times(READ):
            for path in paths:
                igzip.decompress(path.read_bytes())
        with times(HASH):
            for array in calls.hashed:
                for line in Texts(array).buffer.tobytes().split(b"\n"):
                    hashlib.sha1(line).digest()
        with times(DISTINCT):
            for hashes, _ in calls.compared:
                np.unique(hashes, return_index=True, return_inverse=True)
        self._removal(calls, times)
        self._documents(calls, times)
        with times(WRITE):
            for _, tables in calls.written:
                if tables:
                    pq.write_table(pa.concat_tables(tables), pa.BufferOutputStream(), compression="zstd", compression_level=LEVEL)

    def _removal(self, calls: Calls, times: Times) -> None:
        for array, kept in calls.removed:
            texts, marks, place = array.to_pylist(), kept.tolist(), 0
            with times(REMOVE):
                for text in texts:
                    lines = text.split("\n")
                    "\n".join([line for line, stays in zip(lines, marks[place : place + len(lines)], strict=True) if stays])
                    place += len(lines)

    def _documents(self, calls: Calls, times: Times) -> None:
        for _, array in calls.identified:
            texts: list[str] = [text.replace("\n", "") for text in array.to_pylist()]
            with times(IDENTIFY):
                for text in texts:
                    self.language.predict(text)
        for _, array in calls.scored:
            texts = [for_language_model(text) for text in array.to_pylist()]
            with times(PERPLEXITY):
                for text in texts:
                    self.ngrams.score(" ".join(self.pieces.encode(text, out_type=str)))
        for _, array in calls.judged:
            texts = [" ".join(text.split("\n")) for text in array.to_pylist()]
            with times(REFERENCE):
                for text in texts:
                    self.references.predict(text, k=2)
